/* SPDX-License-Identifier: MIT
 *
 * The fp32 functions of the contract side by side: of a table, of the
 * reference, of libm in double, and how far from the last they may be.
 */
#ifndef FP32_FUNCTIONS_H
#define FP32_FUNCTIONS_H

#include <stddef.h>

#include "arith/arith.h"

typedef void fp32_map(size_t n, const float *in, float *out);

struct fp32_function {
	const char *name;
	fp32_map *(*of)(const struct ls_arith *table);
	float (*reference)(float x);
	double (*truth)(double x);
	double bound; /* of the error, in ulp */
};

#define N_FP32_FUNCTIONS 5
extern const struct fp32_function fp32_functions[N_FP32_FUNCTIONS];

/* Distance from y to the truth in units in the last place of an fp32 of the
 * truth's size (2^-149 below the normal numbers). An infinite y stands for
 * 2^128 and all above. A NaN on one side only, an infinity of the wrong sign
 * or for a small truth, or a NaN other than 0x7fc00000, is an infinite error. */
double ulp_error(float y, double truth);
/* How many units in the last place of an fp32 of the truth's size there are in 1. */
double ulps_in_one(double truth);

#endif
