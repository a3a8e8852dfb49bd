/* SPDX-License-Identifier: MIT
 *
 * The coefficients of a curve that have the least sum of squares.
 */
#ifndef LS_STUDY_SCALING_MINIMUM_H
#define LS_STUDY_SCALING_MINIMUM_H

#include "curve.h"

/* Finds t [LS_CURVE_TERMS] >= 0; those that are at the bound are 0. Returns 0 where no minimum was reached, which
 * leaves t untouched. */
int ls_curve_minimise(const struct ls_curve_points *points, double *t);

#endif
