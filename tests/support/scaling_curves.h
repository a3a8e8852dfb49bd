/* SPDX-License-Identifier: MIT
 *
 * What tests of curves through levels share.
 */
#ifndef LS_TESTS_SCALING_CURVES_H
#define LS_TESTS_SCALING_CURVES_H

#include <stddef.h>

#include "lockstep/scaling.h"

#define GAMMA LOCKSTEP_SCALING_GAMMA
#define SERIAL LOCKSTEP_SCALING_SERIAL
#define BETA LOCKSTEP_SCALING_BETA

/* SPEC SDM91 and a ray tracer, as Gunther has them in "Guerrilla Capacity Planning". */
#define N_SDM 7
#define N_RAY 11
extern const double sdm_workers[N_SDM], sdm[N_SDM], ray_workers[N_RAY], ray[N_RAY];

/* Fails the test, also by NaN, when x is not within `tolerance`, relative, of exact. */
void expect_close(double x, double exact, double tolerance, const char *what);

/* A fit that has to succeed. */
struct lockstep_scaling_curve fit(enum lockstep_scaling_model model, const double *workers, const double *throughput,
                                  size_t n);
double value(const struct lockstep_scaling_curve *curve, size_t i);
double sum_of_squares(const struct lockstep_scaling_curve *curve);

/* A model's formula as it stands, of parameters p. */
double curve_at(enum lockstep_scaling_model model, const double *p, double n);

#endif
