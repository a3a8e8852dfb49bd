/* SPDX-License-Identifier: MIT
 *
 * The double functions of doc/numerics.md, section 5: for initial parameters
 * and schedules, so accuracy and fixed bits count, not speed.
 */
#ifndef LS_ARITH_FUNCTIONS64_H
#define LS_ARITH_FUNCTIONS64_H

double ls_exp64(double x);
/* x positive, finite and normal. */
double ls_log64(double x);
/* cos(pi t), 0 <= t <= 1. */
double ls_cospi64(double t);
/* Quantile of the standard normal distribution, 2^-33 <= p < 1. */
double ls_normal64(double p);

#endif
