/* SPDX-License-Identifier: MIT
 *
 * From draws to coordinates, and back.
 */
#include "axis.h"

#include <math.h>

#include "arith/functions64.h"
#include "study/functions/beta.h"
#include "study/functions/normal.h"

#define U_MIN 0x1p-53

static enum ls_axis_kind find_kind(const struct ls_distribution *distribution)
{
	switch (distribution->kind) {
	case LS_CONSTANT:
	case LS_CATEGORICAL:
	case LS_CATEGORICAL_W_PROBABILITIES:
		return LS_AXIS_CHOICE;
	case LS_INT_UNIFORM:
	case LS_UNIFORM:
	case LS_Q_UNIFORM:
		return LS_AXIS_LINEAR;
	case LS_NORMAL:
	case LS_Q_NORMAL:
	case LS_LOG_NORMAL:
	case LS_Q_LOG_NORMAL:
	case LS_BETA:
	case LS_Q_BETA:
		return LS_AXIS_RANK;
	default:
		return LS_AXIS_LOG;
	}
}

static void set_linear(struct ls_axis *axis)
{
	const struct ls_distribution *d = axis->distribution;
	if (d->kind == LS_INT_UNIFORM)
		axis->half_step = 0.5;
	if (d->kind == LS_Q_UNIFORM)
		axis->half_step = 0.5 * d->q;
	axis->low = ls_distribution_nearest(d, d->min) - axis->half_step;
	axis->high = ls_distribution_nearest(d, d->max) + axis->half_step;
}

static void set_log(struct ls_axis *axis)
{
	const struct ls_distribution *d = axis->distribution;
	switch (d->kind) {
	case LS_LOG_UNIFORM:
	case LS_Q_LOG_UNIFORM:
		axis->low = d->min;
		axis->high = d->max;
		break;
	case LS_INV_LOG_UNIFORM:
		axis->low = -d->max;
		axis->high = -d->min;
		break;
	default:
		axis->low = ls_log64(d->min);
		axis->high = ls_log64(d->max);
	}
}

struct ls_axis ls_axis(const struct ls_distribution *distribution)
{
	struct ls_axis axis = {.distribution = distribution, .kind = find_kind(distribution), .low = 0, .high = 1};
	if (axis.kind == LS_AXIS_LINEAR)
		set_linear(&axis);
	if (axis.kind == LS_AXIS_LOG)
		set_log(&axis);
	return axis;
}

int ls_axis_is_single(const struct ls_axis *axis)
{
	const struct ls_distribution *distribution = axis->distribution;
	return ls_distribution_quantile(distribution, U_MIN) == ls_distribution_quantile(distribution, 1 - U_MIN);
}

static double rank(const struct ls_distribution *d, double x)
{
	switch (d->kind) {
	case LS_BETA:
	case LS_Q_BETA:
		return ls_beta_cdf(x, d->a, d->b);
	case LS_NORMAL:
	case LS_Q_NORMAL:
		return ls_normal_cdf((x - d->mu) / d->sigma);
	default:
		return x < 0x1p-1022 ? 0 : ls_normal_cdf((ls_log64(x) - d->mu) / d->sigma);
	}
}

static double coordinate(const struct ls_axis *axis, double x)
{
	if (axis->kind == LS_AXIS_LOG)
		x = x < 0x1p-1022 ? axis->low : ls_log64(x);
	if (axis->kind == LS_AXIS_RANK)
		x = rank(axis->distribution, x);
	return fmin(fmax(x, axis->low), axis->high);
}

struct ls_cell ls_axis_cell(const struct ls_axis *axis, double draw)
{
	const struct ls_distribution *d = axis->distribution;
	double x = coordinate(axis, draw);
	if (axis->half_step > 0)
		return (struct ls_cell){fmax(axis->low, x - axis->half_step), x, fmin(axis->high, x + axis->half_step)};
	if (!ls_distribution_has_q(d))
		return (struct ls_cell){x, x, x};
	int is_first = ls_distribution_nearest(d, draw - d->q) == draw;
	int is_last = ls_distribution_nearest(d, draw + d->q) == draw;
	double lower = is_first ? axis->low : coordinate(axis, draw - 0.5 * d->q);
	double upper = is_last ? axis->high : coordinate(axis, draw + 0.5 * d->q);
	double middle = 0.5 * (lower + upper);
	if (!(lower < upper))
		lower = upper = middle;
	return (struct ls_cell){lower, middle, upper};
}

double ls_axis_draw(const struct ls_axis *axis, double coordinate)
{
	const struct ls_distribution *distribution = axis->distribution;
	if (axis->kind == LS_AXIS_RANK)
		return ls_distribution_quantile(distribution, fmin(fmax(coordinate, U_MIN), 1 - U_MIN));
	return ls_distribution_nearest(distribution, axis->kind == LS_AXIS_LOG ? ls_exp64(coordinate) : coordinate);
}
