/* SPDX-License-Identifier: MIT
 *
 * The beta distribution with shapes a, b between 2^-10 and 2^20: its probabilities and quantiles.
 * Same bits everywhere. Errors are about 1e-13 relative, and about 1e-16 (a + b) where that is more.
 */
#ifndef LS_STUDY_BETA_H
#define LS_STUDY_BETA_H

#define LS_BETA_SHAPE_MIN 0x1p-10
#define LS_BETA_SHAPE_MAX 0x1p20

/* P(X < x), 0 <= x <= 1: the regularised incomplete beta function. */
double ls_beta_cdf(double x, double a, double b);
/* x with P(X < x) = u, 0 < u < 1; 0 where x would be below 2^-1022. */
double ls_beta_quantile(double u, double a, double b);

#endif
