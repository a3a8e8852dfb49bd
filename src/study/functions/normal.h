/* SPDX-License-Identifier: MIT
 *
 * The standard normal distribution in double: probabilities in both tails and
 * their logarithms, quantiles, and draws between bounds. The same bits everywhere, for they
 * need only correctly rounded operations, ls_exp64() and ls_log64(). Relative errors stay below 1e-13
 * unless said otherwise.
 */
#ifndef LS_STUDY_NORMAL_H
#define LS_STUDY_NORMAL_H

/* P(X < x); 0 below -39, gradually less accurate below -37.5, where it is subnormal. */
double ls_normal_cdf(double x);
/* log P(X < x), for any finite x whose square is finite. */
double ls_normal_log_cdf(double x);
/* log P(a < X < b), a < b. */
double ls_normal_log_mass(double a, double b);
/* log P(middle - width / 2 < X < middle + width / 2), where the width is small:
 * width * max(1, |middle|) <= LS_NORMAL_NARROW. Loses nothing as the width goes to 0. */
double ls_normal_log_cell(double middle, double width);
#define LS_NORMAL_NARROW 0.375
#define LS_NORMAL_CELL_TERMS 6
/* The same as a polynomial of middle^2 from its lowest coefficient, for many middles. */
void ls_normal_cell_series(double width, double series[LS_NORMAL_CELL_TERMS]);
#define LS_NORMAL_LOG_SQRT_2PI 0x1.d67f1c864beb5p-1 /* log(sqrt(2 pi)) */

/* x with P(X < x) = p, 2^-1022 <= p < 1; ls_normal64() where that is defined. */
double ls_normal_quantile(double p);
/* Quantile at u, 0 < u < 1, of X on condition a <= X <= b; a < b, and one of them within 37 of 0. */
double ls_normal_truncated(double u, double a, double b);

#endif
