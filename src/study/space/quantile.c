/* SPDX-License-Identifier: MIT
 *
 * The distributions' quantile functions. Each has its own few lines that cannot leave the bounds:
 * rounding may, so what it gives is held between them.
 */
#include <math.h>

#include "arith/functions64.h"
#include "distribution.h"
#include "study/functions/beta.h"
#include "study/functions/normal.h"
#include "study/space/multiple.h"

static double clamp(double x, double min, double max)
{
	return x < min ? min : x > max ? max : x;
}

/* Rises with u; halves, so that no width overflows. */
static double between(double u, double min, double max)
{
	double half = 0.5 * max - 0.5 * min;
	return clamp(2 * fma(u, half, 0.5 * min), min, max);
}

/* The nearest multiple of q inside; where there is none, the nearer bound. */
static double round_within(double x, double q, double min, double max)
{
	struct ls_multiples multiples = ls_multiples_within(q, min, max);
	double k = clamp(rint(x / q), multiples.first, multiples.last);
	if (!(fabs(k) < 0x1p53) || multiples.last < multiples.first)
		return clamp(ls_multiple_round(q, x), min, max);
	return clamp(ls_multiple(q, k), min, max);
}

static double integer(const struct ls_distribution *d, double u)
{
	double n = d->max - d->min + 1;
	return clamp(d->min + floor(u * n), d->min, d->max);
}

/* Cumulative sums from left to right; what is missing to 1 is the last possible one's. */
static double by_probability(const struct ls_distribution *d, double u)
{
	double sum = 0;
	size_t last = 0;
	for (size_t i = 0; i < d->n_values; i++) {
		sum += d->probabilities[i];
		if (d->probabilities[i] > 0)
			last = i;
		if (u < sum)
			return (double)i;
	}
	return (double)last;
}

/* Of the log ones the exponents, and of the normal ones the normal number. */
static double exponent(const struct ls_distribution *d, double u)
{
	switch (d->kind) {
	case LS_LOG_UNIFORM:
	case LS_Q_LOG_UNIFORM:
		return between(u, d->min, d->max);
	case LS_LOG_UNIFORM_VALUES:
	case LS_Q_LOG_UNIFORM_VALUES:
		return between(u, ls_log64(d->min), ls_log64(d->max));
	case LS_INV_LOG_UNIFORM:
		return -between(u, d->min, d->max);
	case LS_INV_LOG_UNIFORM_VALUES:
		return -between(u, -ls_log64(d->max), -ls_log64(d->min));
	default:
		return d->mu + d->sigma * ls_normal_quantile(u);
	}
}

static double raw(const struct ls_distribution *d, double u)
{
	switch (d->kind) {
	case LS_UNIFORM:
	case LS_Q_UNIFORM:
		return between(u, d->min, d->max);
	case LS_NORMAL:
	case LS_Q_NORMAL:
		return clamp(exponent(d, u), -0x1.fffffffffffffp1023, 0x1.fffffffffffffp1023);
	case LS_BETA:
	case LS_Q_BETA:
		return ls_beta_quantile(u, d->a, d->b);
	case LS_LOG_NORMAL:
	case LS_Q_LOG_NORMAL:
		return ls_exp64(clamp(exponent(d, u), -LS_EXPONENT_MAX, LS_EXPONENT_MAX));
	default:
		return ls_exp64(exponent(d, u));
	}
}

int ls_distribution_bounds(const struct ls_distribution *distribution, double *min, double *max)
{
	double low = distribution->min, high = distribution->max;
	switch (distribution->kind) {
	case LS_INT_UNIFORM:
	case LS_UNIFORM:
	case LS_Q_UNIFORM:
	case LS_LOG_UNIFORM_VALUES:
	case LS_Q_LOG_UNIFORM_VALUES:
	case LS_INV_LOG_UNIFORM_VALUES:
		break;
	case LS_LOG_UNIFORM:
	case LS_Q_LOG_UNIFORM:
		low = ls_exp64(distribution->min);
		high = ls_exp64(distribution->max);
		break;
	case LS_INV_LOG_UNIFORM:
		low = ls_exp64(-distribution->max);
		high = ls_exp64(-distribution->min);
		break;
	case LS_BETA:
	case LS_Q_BETA:
		low = 0;
		high = 1;
		break;
	default:
		return 0;
	}
	*min = low;
	*max = high;
	return 1;
}

double ls_distribution_nearest(const struct ls_distribution *distribution, double x)
{
	double min, max, q = distribution->q;
	int is_bounded = ls_distribution_bounds(distribution, &min, &max);
	if (distribution->kind == LS_INT_UNIFORM)
		return clamp(rint(x) + 0.0, min, max);
	if (!ls_distribution_has_q(distribution))
		return is_bounded ? clamp(x, min, max) : x;
	return is_bounded ? round_within(x, q, min, max) : ls_multiple_round(q, x);
}

double ls_distribution_quantile(const struct ls_distribution *distribution, double u)
{
	if (distribution->kind == LS_CONSTANT)
		return 0;
	if (distribution->kind == LS_CATEGORICAL)
		return fmin(floor(u * (double)distribution->n_values), (double)distribution->n_values - 1);
	if (distribution->kind == LS_CATEGORICAL_W_PROBABILITIES)
		return by_probability(distribution, u);
	if (distribution->kind == LS_INT_UNIFORM)
		return integer(distribution, u);

	return ls_distribution_nearest(distribution, raw(distribution, u));
}
