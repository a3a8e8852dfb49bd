/* SPDX-License-Identifier: MIT
 *
 * The truth is libm's double, whose own error, a few of its units in the last
 * place, is below 2^-26 of an fp32's: nothing in a bound with two digits.
 */
#include "fp32_functions.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "arith_tables.h"
#include "reference.h"

static fp32_map *exp_of(const struct ls_arith *table)
{
	return table->exp;
}

static fp32_map *log_of(const struct ls_arith *table)
{
	return table->log;
}

static fp32_map *tanh_of(const struct ls_arith *table)
{
	return table->tanh;
}

static fp32_map *sigmoid_of(const struct ls_arith *table)
{
	return table->sigmoid;
}

static fp32_map *softplus_of(const struct ls_arith *table)
{
	return table->softplus;
}

static double sigmoid_truth(double x)
{
	double e = exp(-fabs(x));
	return (x < 0 ? e : 1.0) / (1.0 + e);
}

static double softplus_truth(double x)
{
	return (x < 0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}

const struct fp32_function fp32_functions[N_FP32_FUNCTIONS] = {
    {"exp", exp_of, reference_exp, exp, 1.1},
    {"log", log_of, reference_log, log, 0.9},
    {"tanh", tanh_of, reference_tanh, tanh, 2.5},
    {"sigmoid", sigmoid_of, reference_sigmoid, sigmoid_truth, 2.5},
    {"softplus", softplus_of, reference_softplus, softplus_truth, 2.0},
};

/* 2^(23 - e), from the exponent e of the truth, kept in -126 .. 127. */
double ulps_in_one(double truth)
{
	uint64_t bits;
	memcpy(&bits, &truth, sizeof bits);
	int64_t e = (int64_t)(bits >> 52 & 0x7ff) - 1023;
	e = e < -126 ? -126 : e > 127 ? 127 : e;
	bits = (uint64_t)(23 - e + 1023) << 52;
	double factor;
	memcpy(&factor, &bits, sizeof factor);
	return factor;
}

double ulp_error(float y, double truth)
{
	if (y != y || truth != truth)
		return truth != truth && bits_of_float(y) == 0x7fc00000 ? 0 : INFINITY;
	if (isinf(truth))
		return (double)y == truth ? 0 : INFINITY;
	double value = isinf(y) ? copysign(0x1p128, y) : (double)y;
	double target = fabs(truth) > 0x1p128 ? copysign(0x1p128, truth) : truth;
	return fabs(value - target) * ulps_in_one(target);
}
