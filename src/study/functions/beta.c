/* SPDX-License-Identifier: MIT
 *
 * The incomplete beta function by its continued fraction (DLMF 8.17.22, evaluated by Lentz's method as
 * modified by Thompson and Barnett) on the side of its mean where that is fast, as a
 * logarithm, so that nothing underflows. log P is concave in log x, so Newton's method on these two climbs to
 * the quantile from below without a bracket; the tail beyond the mean is the other one, mirrored.
 */
#include "beta.h"

#include <math.h>

#include "arith/functions64.h"
#include "log1p.h"

#define LOG_SQRT_2PI 0x1.d67f1c864beb5p-1
#define TINY 0x1p-1000
#define SHIFTED 10 /* from here Stirling's series has the bits of a double */

/* What log-gamma is more than (z - 1/2) log z - z + log(2 pi) / 2, z >= SHIFTED; DLMF 5.11.1. */
static double stirling(double z)
{
	double s = 1 / (z * z);
	double sum = 3617.0 / 122400;
	sum = 1.0 / 156 - s * sum;
	sum = 691.0 / 360360 - s * sum;
	sum = 1.0 / 1188 - s * sum;
	sum = 1.0 / 1680 - s * sum;
	sum = 1.0 / 1260 - s * sum;
	sum = 1.0 / 360 - s * sum;
	return (1.0 / 12 - s * sum) / z;
}

/* Raises a shape to SHIFTED or more, by B(a, b) = B(a + 1, b) (a + b) / a; returns the logarithm of the factors. */
static double raise_shape(double *a, double b)
{
	double factor = 1;
	while (*a < SHIFTED) {
		factor *= (*a + b) / *a;
		*a += 1;
	}
	return ls_log64(factor);
}

/* log B(a, b), taken apart so that no two large terms cancel. */
static double log_beta(double a, double b)
{
	double raised = raise_shape(&a, b);
	raised += raise_shape(&b, a);
	double sum = a + b;
	double bulk = -a * ls_log1p64(b / a) - b * ls_log1p64(a / b);
	return raised + bulk + 0.5 * ls_log64(sum / (a * b)) + LOG_SQRT_2PI + stirling(a) + stirling(b) - stirling(sum);
}

static double away_from_zero(double x)
{
	return fabs(x) < TINY ? TINY : x;
}

/* One step of Lentz's method: the numerator `d` is followed by 1. */
struct fraction {
	double value, top, bottom;
};

static double step(struct fraction *fraction, double d)
{
	fraction->bottom = 1 / away_from_zero(1 + d * fraction->bottom);
	fraction->top = away_from_zero(1 + d / fraction->top);
	double ratio = fraction->top * fraction->bottom;
	fraction->value *= ratio;
	return ratio;
}

/* 1 + d1 / (1 + d2 / (1 + ...)); the number of terms grows as the square root of the shapes. */
static double continued_fraction(double x, double a, double b)
{
	struct fraction fraction = {1, 1, 0};
	for (int m = 0; m < 20000; m++) {
		double n = a + 2 * m;
		if (m > 0)
			step(&fraction, m * (b - m) * x / ((n - 1) * n));
		double ratio = step(&fraction, -(a + m) * (a + b + m) * x / (n * (n + 1)));
		if (fabs(ratio - 1) <= 0x1p-52)
			break;
	}
	return fraction.value;
}

/* The distribution's side below split(): log P there needs what depends on the shapes only once. */
struct side {
	double a, b, log_beta;
};

static double split(double a, double b)
{
	return (a + 1) / (a + b + 2);
}

/* log P(X < x), 0 < x <= split(); *slope: its derivative by log x. */
static double log_probability(const struct side *side, double x, double *slope)
{
	double value = continued_fraction(x, side->a, side->b);
	double log_power = side->a * ls_log64(x) + side->b * ls_log1p64(-x) - side->log_beta;
	*slope = side->a * value / (1 - x);
	return log_power - ls_log64(side->a * value);
}

double ls_beta_cdf(double x, double a, double b)
{
	if (x <= 0)
		return 0;
	if (x >= 1)
		return 1;
	double slope;
	if (x <= split(a, b))
		return ls_exp64(log_probability(&(struct side){a, b, log_beta(a, b)}, fmax(x, 0x1p-1022), &slope));
	return 1 - ls_exp64(log_probability(&(struct side){b, a, log_beta(b, a)}, 1 - x, &slope));
}

/* From the right end, whose tangent leads to the left of the quantile or to it, and on upwards. */
static double lower_quantile(double log_u, const struct side *side)
{
	double low = -708, high = ls_log64(split(side->a, side->b));
	double t = high, move = 1;
	for (int i = 0; i < 100 && fabs(move) > 0x1p-50; i++) {
		double slope, log_p = log_probability(side, ls_exp64(t), &slope);
		move = (log_u - log_p) / slope;
		move = fmin(fmax(t + move, low), high) - t;
		t += move;
	}
	return t <= low ? 0 : ls_exp64(t);
}

double ls_beta_quantile(double u, double a, double b)
{
	struct side side = {a, b, log_beta(a, b)};
	double slope;
	double log_half = log_probability(&side, split(a, b), &slope);
	if (ls_log64(u) <= log_half)
		return lower_quantile(ls_log64(u), &side);
	struct side mirrored = {b, a, side.log_beta};
	return 1 - lower_quantile(ls_log1p64(-u), &mirrored);
}
