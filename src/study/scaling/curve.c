/* SPDX-License-Identifier: MIT
 *
 * Points are put in order first, so that sums do not depend on the order they came in; throughput and numbers of
 * workers are divided by powers of two, which changes no digit and keeps squares in range.
 */
#include "curve.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

#define SPREAD_MIN 0x1p-8 /* below, the curves are one straight line, and rounding decides which parameter is 0 */

/* ---- Points ---------------------------------------------------------------- */

static lockstep_status check_point(double workers, double throughput, size_t i, lockstep_error *error)
{
	if (!(workers >= 1 && workers <= LOCKSTEP_SCALING_WORKERS_MAX))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "a fit: point %zu has %g workers: numbers of workers are between 1 and 2^30", i + 1,
		                    workers);
	if (!(throughput > 0 && isfinite(throughput)))
		return ls_error_set(
		    error, LOCKSTEP_ERROR_ARGUMENT,
		    "a fit: point %zu (%g workers) has a throughput of %g: it has to be finite and above 0", i + 1,
		    workers, throughput);
	return LOCKSTEP_OK;
}

static lockstep_status check_levels(const struct ls_curve_points *points, lockstep_error *error)
{
	if (points->n_levels == 1)
		return ls_error_set(
		    error, LOCKSTEP_ERROR_ARGUMENT, "all points have %g worker%s, and a fit needs %d levels or more",
		    points->point[0].workers, points->point[0].workers == 1 ? "" : "s", LOCKSTEP_SCALING_LEVELS_MIN);
	if (points->n_levels < LOCKSTEP_SCALING_LEVELS_MIN)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "there are %zu levels, and a fit needs %d or more",
		                    points->n_levels, LOCKSTEP_SCALING_LEVELS_MIN);
	double least = points->point[0].workers, most = points->point[points->n - 1].workers;
	if (most - least < SPREAD_MIN * least)
		return ls_error_set(
		    error, LOCKSTEP_ERROR_ARGUMENT,
		    "a fit: the levels, %g to %g workers, are too close together to tell the parameters apart", least,
		    most);
	return LOCKSTEP_OK;
}

static int compare(const void *a, const void *b)
{
	const struct ls_curve_point *x = a, *y = b;
	if (x->workers != y->workers)
		return x->workers > y->workers ? 1 : -1;
	return (x->y > y->y) - (x->y < y->y);
}

static void set_basis(const struct ls_curve_points *points, struct ls_curve_point *point)
{
	point->u = point->workers / points->unit;
	point->d[0] = 1;
	point->d[1] = point->u;
	if (points->model == LOCKSTEP_SCALING_USL) {
		point->d[1] = (point->workers - 1) / points->unit;
		point->d[2] = point->u * point->d[1];
	}
}

static void scale_points(struct ls_curve_points *points)
{
	double most = 0;
	for (size_t i = 0; i < points->n; i++)
		most = fmax(most, points->point[i].y);
	(void)frexp(most, &points->exponent);
	(void)frexp(points->point[points->n - 1].workers, &points->unit_exponent);
	points->unit = ldexp(1, points->unit_exponent);
	for (size_t i = 0; i < points->n; i++) {
		points->point[i].y = ldexp(points->point[i].y, -points->exponent);
		set_basis(points, &points->point[i]);
	}
}

static size_t count_levels(const struct ls_curve_points *points)
{
	size_t n_levels = points->n > 0;
	for (size_t i = 1; i < points->n; i++)
		n_levels += points->point[i].workers != points->point[i - 1].workers;
	return n_levels;
}

lockstep_status ls_curve_points_init(struct ls_curve_points *points, enum lockstep_scaling_model model,
                                     const double *workers, const double *throughput, size_t n, lockstep_error *error)
{
	struct ls_curve_points made = {.model = model, .n = n};
	for (size_t i = 0; i < n; i++) {
		lockstep_status status = check_point(workers[i], throughput[i], i, error);
		if (status)
			return status;
	}
	made.point = ls_memory_allocate(n, sizeof *made.point);
	if (!made.point)
		return ls_error_memory(error, "the points of a fit");
	for (size_t i = 0; i < n; i++)
		made.point[i] = (struct ls_curve_point){.workers = workers[i], .y = throughput[i]};
	qsort(made.point, n, sizeof *made.point, compare);
	made.n_levels = count_levels(&made);
	lockstep_status status = check_levels(&made, error);
	if (status) {
		ls_curve_points_fini(&made);
		return status;
	}
	scale_points(&made);
	*points = made;
	return LOCKSTEP_OK;
}

void ls_curve_points_fini(struct ls_curve_points *points)
{
	ls_memory_free(points->point);
	*points = (struct ls_curve_points){.n = 0};
}

/* ---- By coefficients ------------------------------------------------------- */

static double product(const double *d, const double *t)
{
	double sum = 0;
	for (size_t i = 0; i < LS_CURVE_TERMS; i++)
		sum += t[i] * d[i];
	return sum;
}

double ls_curve_at(const struct ls_curve_points *points, const struct ls_curve_point *point, const double *t)
{
	double sum = product(point->d, t);
	return points->model == LOCKSTEP_SCALING_GUSTAFSON ? sum : point->u / sum;
}

/* With z = t d the residual f(z) - y has the gradient (f - y) f' d and the Hessian (f'^2 + (f - y) f'') d d^T;
 * of f = u / z that is f' = -f / z and f'' = 2 f / z^2. */
static void add_point(const struct ls_curve_points *points, const struct ls_curve_point *point, const double *t,
                      struct ls_curve_sums *sums)
{
	double z = product(point->d, t), f = z, slope = 1, curvature = 0;
	if (points->model != LOCKSTEP_SCALING_GUSTAFSON) {
		f = point->u / z;
		slope = -f / z;
		curvature = -2 * slope / z;
	}
	double residual = f - point->y;
	sums->half_squares += 0.5 * (residual * residual);
	for (size_t i = 0; i < LS_CURVE_TERMS; i++) {
		sums->gradient[i] += residual * slope * point->d[i];
		sums->squares[i] += slope * slope * (point->d[i] * point->d[i]);
		for (size_t j = 0; j < LS_CURVE_TERMS; j++)
			sums->hessian[i][j] += (slope * slope + residual * curvature) * (point->d[i] * point->d[j]);
	}
}

void ls_curve_add_up(const struct ls_curve_points *points, const double *t, struct ls_curve_sums *sums)
{
	*sums = (struct ls_curve_sums){.half_squares = 0};
	for (size_t i = 0; i < points->n; i++)
		add_point(points, &points->point[i], t, sums);
}

/* ---- By parameters --------------------------------------------------------- */

void ls_curve_parameters(const struct ls_curve_points *points, const double *t, double *values)
{
	double unit = points->unit;
	if (points->model == LOCKSTEP_SCALING_USL) {
		values[LOCKSTEP_SCALING_GAMMA] = 1 / (t[0] * unit);
		values[LOCKSTEP_SCALING_SERIAL] = t[1] / (t[0] * unit);
		values[LOCKSTEP_SCALING_BETA] = t[2] / (t[0] * unit) / unit;
	} else if (points->model == LOCKSTEP_SCALING_AMDAHL) {
		values[LOCKSTEP_SCALING_GAMMA] = 1 / (t[0] * unit + t[1]);
		values[LOCKSTEP_SCALING_SERIAL] = t[1] / (t[0] * unit + t[1]);
	} else {
		values[LOCKSTEP_SCALING_GAMMA] = t[0] + t[1] / unit;
		values[LOCKSTEP_SCALING_SERIAL] = t[0] / (t[0] + t[1] / unit);
	}
}

double ls_curve_shape(enum lockstep_scaling_model model, const double *values, double workers, double *g)
{
	double more = workers - 1, s = values[LOCKSTEP_SCALING_SERIAL], shape;
	g[LOCKSTEP_SCALING_GAMMA] = 1;
	if (model == LOCKSTEP_SCALING_GUSTAFSON) {
		shape = s + (1 - s) * workers;
		g[LOCKSTEP_SCALING_SERIAL] = -more / shape;
		return shape;
	}
	double delay = 1 + s * more;
	if (model == LOCKSTEP_SCALING_USL) {
		delay += values[LOCKSTEP_SCALING_BETA] * workers * more;
		g[LOCKSTEP_SCALING_BETA] = -workers * more / delay;
	}
	g[LOCKSTEP_SCALING_SERIAL] = -more / delay;
	return workers / delay;
}
