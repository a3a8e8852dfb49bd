/* SPDX-License-Identifier: MIT
 *
 * The curves in a form that is easier to fit: coefficients t that are only bounded by 0, two or three, the third
 * being 0 where there are two. With M a power
 * of two above all numbers of workers N, and u = N / M,
 *
 *	AMDAHL      X = u / (t0 + t1 u)                gamma = 1 / (t0 M + t1), s = t1 gamma
 *	GUSTAFSON   X = t0 + t1 u                      gamma = t0 + t1 / M, s = t0 / gamma
 *	USL         X = u / (t0 + t1 v + t2 u v)       gamma = 1 / (t0 M), alpha = t1 / (t0 M), beta = t2 / (t0 M^2)
 *	            with v = (N - 1) / M
 *
 * All ranges of the parameters are t >= 0, not all of them 0. An infinite gamma is t0 = 0 of the USL, where the
 * search may end as anywhere else.
 */
#ifndef LS_STUDY_SCALING_CURVE_H
#define LS_STUDY_SCALING_CURVE_H

#include <stddef.h>

#include "lockstep/scaling.h"

#define LS_CURVE_TERMS 3

struct ls_curve_point {
	double workers, y; /* y: throughput / 2^exponent, below 1 */
	double u;
	double d[LS_CURVE_TERMS]; /* what the coefficients are multiplied by; of two the third is 0 */
};

struct ls_curve_points {
	enum lockstep_scaling_model model;
	size_t n, n_levels;
	double unit;                  /* M */
	int unit_exponent;            /* M is 2 to this, 1 to 31 */
	int exponent;                 /* throughput is y 2^exponent */
	struct ls_curve_point *point; /* [n], in the order of workers and y */
};

/* Points (workers, throughput) [n], which are checked; ls_curve_points_fini() frees them. */
lockstep_status ls_curve_points_init(struct ls_curve_points *points, enum lockstep_scaling_model model,
                                     const double *workers, const double *throughput, size_t n, lockstep_error *error);
void ls_curve_points_fini(struct ls_curve_points *points);

/* The curve at a point, in the unit of y. */
double ls_curve_at(const struct ls_curve_points *points, const struct ls_curve_point *point, const double *t);

/* Half the sum of squared residuals, its gradient, its Hessian, and the squares of the derivatives of X (the
 * diagonal of J^T J). */
struct ls_curve_sums {
	double half_squares, gradient[LS_CURVE_TERMS], hessian[LS_CURVE_TERMS][LS_CURVE_TERMS], squares[LS_CURVE_TERMS];
};
void ls_curve_add_up(const struct ls_curve_points *points, const double *t, struct ls_curve_sums *sums);

/* Values of the model's parameters, of throughput y. */
void ls_curve_parameters(const struct ls_curve_points *points, const double *t, double *values);

/* X at N workers by the parameters, divided by gamma, and g[i], [LOCKSTEP_SCALING_PARAMETERS]: its derivative with
 * respect to parameter i divided by X; gamma's is gamma's own, so 1 with respect to its logarithm. */
double ls_curve_shape(enum lockstep_scaling_model model, const double *values, double workers, double *g);

#endif
