/* SPDX-License-Identifier: MIT
 *
 * How well a curve's parameters are known.
 */
#ifndef LS_STUDY_SCALING_UNCERTAINTY_H
#define LS_STUDY_SCALING_UNCERTAINTY_H

#include "curve.h"

/* Sets correlations and standard errors of a curve whose parameters have their values, and say which are at a bound.
 * `t` are its coefficients, `residual_error` is in the unit of y. The standard error of gamma comes out relative to
 * gamma. LOCKSTEP_ERROR_ARGUMENT when the points do not tell the parameters apart. */
lockstep_status ls_curve_uncertainty(struct lockstep_scaling_curve *curve, const struct ls_curve_points *points,
                                     const double *t, double residual_error, lockstep_error *error);

#endif
