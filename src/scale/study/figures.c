/* SPDX-License-Identifier: MIT
 *
 * What the measurements come to: paired ratios to the baseline, curves, the fastest level.
 */
#include "base/error.h"
#include "base/memory.h"
#include "scale.h"

#define ENOUGH 0.95 /* of the fastest level's speed */

/* ---- Levels ---------------------------------------------------------------- */

static lockstep_status compare_level(enum lockstep_scaling_kind kind, const struct lockstep_scaling_level *base,
                                     struct lockstep_scaling_level *level, lockstep_error *error)
{
	lockstep_status status =
	    lockstep_scaling_compare(base->seconds, level->seconds, level->n, &level->ratio, error);
	if (status)
		return status;
	return (kind == LOCKSTEP_SCALING_WEAK ? lockstep_scaling_weak : lockstep_scaling_strong)(
	    &level->ratio, base->workers, level->workers, &level->figures, error);
}

static lockstep_status compare_levels(struct lockstep_scaling_series *series, enum lockstep_scaling_kind kind,
                                      lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t k = 0; k < series->n && !status; k = ls_scale_next(series, k + 1))
		status = compare_level(kind, &series->levels[0], &series->levels[k], error);
	return status;
}

/* By the speed-ups, which are paired: in a study that was disturbed the medians of two levels may be of other blocks. */
static void find_fastest(struct lockstep_scaling_series *series)
{
	const struct lockstep_scaling_level *levels = series->levels;
	for (size_t k = 0; k < series->n; k = ls_scale_next(series, k + 1))
		if (levels[k].figures.speedup.value > levels[series->fastest].figures.speedup.value)
			series->fastest = k;
	while (levels[series->enough].excluded ||
	       levels[series->enough].figures.speedup.value < ENOUGH * levels[series->fastest].figures.speedup.value)
		series->enough++;
}

/* ---- Curves ---------------------------------------------------------------- */

static lockstep_status fit_curves(struct ls_scale *scale, struct lockstep_scaling_series *series, double *workers,
                                  double *throughput)
{
	const enum lockstep_scaling_model models[] = {
	    scale->study->kind == LOCKSTEP_SCALING_WEAK ? LOCKSTEP_SCALING_GUSTAFSON : LOCKSTEP_SCALING_AMDAHL,
	    LOCKSTEP_SCALING_USL};
	lockstep_error refusal = {.status = LOCKSTEP_OK};
	size_t n = 0;
	for (size_t k = 0; k < series->n; k = ls_scale_next(series, k + 1), n++) {
		workers[n] = series->levels[k].workers;
		throughput[n] = series->levels[k].samples_per_second;
	}
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		lockstep_error error;
		if (!lockstep_scaling_fit(&series->curves[series->n_curves], models[i], workers, throughput, n, &error))
			series->n_curves++;
		else if (!refusal.status)
			refusal = error;
	}
	if (!refusal.status)
		return LOCKSTEP_OK;
	series->refusal = ls_scale_copy(scale, refusal.message);
	return series->refusal && refusal.status != LOCKSTEP_ERROR_MEMORY ? LOCKSTEP_OK : LOCKSTEP_ERROR_MEMORY;
}

static lockstep_status find_curves(struct ls_scale *scale, struct lockstep_scaling_series *series,
                                   lockstep_error *error)
{
	double *points = ls_memory_allocate(2 * series->n, sizeof *points);
	if (!points)
		return ls_error_memory(error, "the points of a curve");
	lockstep_status status = fit_curves(scale, series, points, points + series->n);
	ls_memory_free(points);
	return status ? ls_error_memory(error, "the curves of a study") : LOCKSTEP_OK;
}

lockstep_status ls_scale_figures(struct ls_scale *scale, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < scale->study->n && !status; i++) {
		struct lockstep_scaling_series *series = &scale->study->series[i];
		status = compare_levels(series, scale->study->kind, error);
		if (status)
			return status;
		find_fastest(series);
		status = find_curves(scale, series, error);
	}
	return status;
}
