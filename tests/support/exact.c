/* SPDX-License-Identifier: MIT
 *
 * Every function by those that MPFR rounds correctly, in a form in which nothing
 * cancels. The quantile has no such form: the result itself is improved by a step
 * of Newton's method on the distribution, which doubles its digits.
 */
#include "exact.h"

#include <math.h>
#include <mpfr.h>
#include <stdio.h>
#include <string.h>

#define BITS 160
#define NEAREST MPFR_RNDN

const struct exact_format exact_fp32 = {24, -126, 127}, exact_double = {53, -1022, 1023};

/* Made once, and used by all. */
static mpfr_t value, one, work, pi;
static int is_ready;

static void begin(void)
{
	if (is_ready)
		return;
	mpfr_inits2(BITS, value, one, work, pi, (mpfr_ptr)NULL);
	mpfr_set_ui(one, 1, NEAREST);
	mpfr_const_pi(pi, NEAREST);
	is_ready = 1;
}

void exact_end(void)
{
	if (is_ready)
		mpfr_clears(value, one, work, pi, (mpfr_ptr)NULL);
	is_ready = 0;
	mpfr_free_cache();
}

/* ---- Values ---------------------------------------------------------- */

/* e^-|x| into work. */
static void exp_of_minus(double x)
{
	mpfr_set_d(work, -fabs(x), NEAREST);
	mpfr_exp(work, work, NEAREST);
}

static void find_sigmoid(double x)
{
	exp_of_minus(x);
	mpfr_set(value, x < 0 ? work : one, NEAREST);
	mpfr_add(work, work, one, NEAREST);
	mpfr_div(value, value, work, NEAREST);
}

static void find_softplus(double x)
{
	exp_of_minus(x);
	mpfr_log1p(value, work, NEAREST);
	if (x > 0)
		mpfr_add_d(value, value, x, NEAREST);
}

/* cos(pi t), for t up to 1/2; beyond 1/4 as a sine, so that the zero is exact. */
static void find_cospi(double t)
{
	int sine = t > 0.25;
	mpfr_set_d(work, t, NEAREST);
	if (sine)
		mpfr_d_sub(work, 0.5, work, NEAREST);
	mpfr_mul(work, work, pi, NEAREST);
	(sine ? mpfr_sin : mpfr_cos)(value, work, NEAREST);
}

static void find(enum exact_function function, double x)
{
	mpfr_set_d(value, x, NEAREST);
	switch (function) {
	case EXACT_EXP:
		mpfr_exp(value, value, NEAREST);
		break;
	case EXACT_LOG:
		mpfr_log(value, value, NEAREST);
		break;
	case EXACT_TANH:
		mpfr_tanh(value, value, NEAREST);
		break;
	case EXACT_SIGMOID:
		find_sigmoid(x);
		break;
	case EXACT_SOFTPLUS:
		find_softplus(x);
		break;
	default:
		find_cospi(x > 0.5 ? 1 - x : x); /* an exact difference */
		if (x > 0.5)
			mpfr_neg(value, value, NEAREST);
	}
}

/* The lower tail's probability below z, erfc(-z / sqrt 2) / 2, minus p; divided
 * by the density at z, this is how far z lies above the quantile, up to a
 * relative error of the size of that distance times z. Into value, the distance
 * itself into work. */
static void find_quantile(double p, double z)
{
	mpfr_t density;
	mpfr_init2(density, BITS);
	mpfr_set_d(value, z, NEAREST);
	mpfr_sqr(density, value, NEAREST);
	mpfr_div_si(density, density, -2, NEAREST);
	mpfr_exp(density, density, NEAREST);
	mpfr_mul_ui(work, pi, 2, NEAREST);
	mpfr_rec_sqrt(work, work, NEAREST);
	mpfr_mul(density, density, work, NEAREST);

	mpfr_set_ui(work, 2, NEAREST);
	mpfr_rec_sqrt(work, work, NEAREST);
	mpfr_mul_d(work, work, -z, NEAREST);
	mpfr_erfc(work, work, NEAREST);
	mpfr_div_ui(work, work, 2, NEAREST);
	mpfr_sub_d(work, work, p, NEAREST);
	mpfr_div(work, work, density, NEAREST);
	mpfr_sub(value, value, work, NEAREST);
	mpfr_clear(density);
}

/* ---- Errors ---------------------------------------------------------- */

/* |y - value| into work: what an infinite y, or value, stands for is 2^(most + 1). */
static void find_distance(const struct exact_format *format, double y)
{
	mpfr_t limit;
	mpfr_init2(limit, BITS);
	mpfr_set_ui_2exp(limit, 1, format->most + 1, NEAREST);
	if (mpfr_cmpabs(value, limit) > 0)
		mpfr_copysign(value, limit, value, NEAREST);
	if (isinf(y))
		mpfr_setsign(limit, limit, y < 0, NEAREST);
	else
		mpfr_set_d(limit, y, NEAREST);
	mpfr_sub(work, limit, value, NEAREST);
	mpfr_clear(limit);
}

/* work in units in the last place of value. */
static double in_ulps(const struct exact_format *format)
{
	long exponent = mpfr_zero_p(value) ? format->least : (long)mpfr_get_exp(value) - 1;
	exponent = exponent < format->least ? format->least : exponent > format->most ? format->most : exponent;
	mpfr_abs(work, work, NEAREST);
	mpfr_mul_2si(work, work, format->digits - 1 - exponent, NEAREST);
	return mpfr_get_d(work, NEAREST);
}

double exact_error(enum exact_function function, const struct exact_format *format, double x, double y)
{
	begin();
	if (function == EXACT_NORMAL) {
		if (!isfinite(y))
			return INFINITY;
		/* The upper half by symmetry, where the lower tail would cancel. */
		find_quantile(x > 0.5 ? 1 - x : x, x > 0.5 ? -y : y);
		return in_ulps(format);
	}
	find(function, x);
	if (mpfr_nan_p(value) || isnan(y))
		return mpfr_nan_p(value) && isnan(y) ? 0 : INFINITY;
	if (mpfr_inf_p(value))
		return mpfr_get_d(value, NEAREST) == y ? 0 : INFINITY;
	find_distance(format, y);
	return in_ulps(format);
}

double exact_relative(enum exact_function function, double x, double y)
{
	begin();
	find(function, x);
	if (!mpfr_number_p(value) || mpfr_zero_p(value))
		return mpfr_get_d(value, NEAREST) == y || (mpfr_nan_p(value) && isnan(y)) ? 0 : INFINITY;
	mpfr_d_sub(work, y, value, NEAREST);
	mpfr_div(work, work, value, NEAREST);
	return fabs(mpfr_get_d(work, NEAREST));
}

int exact_is_settled(double error)
{
	char low[32], high[32];
	snprintf(low, sizeof low, "%.4f", error * (1 - 0x1p-40));
	snprintf(high, sizeof high, "%.4f", error * (1 + 0x1p-40));
	return strcmp(low, high) == 0;
}
