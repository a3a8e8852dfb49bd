/* SPDX-License-Identifier: MIT
 *
 * What a study is to measure, before it measures: series, levels, the places of their workers. Whether a level can be
 * is found by making its trainer, whose words say why not, and by a step, since OpenMP may deliver fewer workers.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/ranges.h"
#include "scale.h"

/* ---- Options --------------------------------------------------------------- */

static lockstep_status refuse(lockstep_error *error, const char *what)
{
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s", what);
}

static lockstep_status check_workers(const struct lockstep_scaling_study_options *options, lockstep_error *error)
{
	if (!options->n_settings || !options->n_workers)
		return refuse(error, "a scaling study needs a setting and a number of workers");
	if (options->n_settings > LS_SCALE_LEVELS_MAX / options->n_workers)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%zu settings with %zu numbers of workers are more than %d levels",
		                    options->n_settings, options->n_workers, LS_SCALE_LEVELS_MAX);
	for (size_t i = 0; i < options->n_workers; i++)
		if (!options->workers[i] || (i && options->workers[i] <= options->workers[i - 1]))
			return refuse(error, "numbers of workers are 1 and more, and rise");
	return LOCKSTEP_OK;
}

lockstep_status ls_scale_check(const struct lockstep_scaling_study_options *options, lockstep_error *error)
{
	if (!(options->run_seconds > 0 && options->run_seconds <= LOCKSTEP_SCALING_SPEC_RUN_SECONDS_MAX))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "a run takes more than 0 seconds, at most %d",
		                    LOCKSTEP_SCALING_SPEC_RUN_SECONDS_MAX);
	if (options->blocks_min < 1 || options->blocks_min > options->blocks_max ||
	    options->blocks_max > LOCKSTEP_SCALING_SPEC_BLOCKS_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%u to %u blocks: expected 1 and more, up to %d, the first not above the second",
		                    options->blocks_min, options->blocks_max, LOCKSTEP_SCALING_SPEC_BLOCKS_MAX);
	if (!(options->precision > 0 && isfinite(options->precision)))
		return refuse(error, "a precision is above 0");
	if (!(options->seconds >= 0 && isfinite(options->seconds)))
		return refuse(error, "a limit of seconds is 0 and more");
	return check_workers(options, error);
}

/* ---- Series ---------------------------------------------------------------- */

static void settle_split(struct lockstep_scaling_setting *setting)
{
	if (setting->split == LOCKSTEP_SPLIT_AUTO)
		setting->split = LOCKSTEP_SPLIT_ROWS;
}

static lockstep_status add_series(struct ls_scale *scale, size_t i, lockstep_error *error)
{
	struct lockstep_scaling_series *series = &scale->study->series[i];
	series->setting = scale->options->settings[i];
	settle_split(&series->setting);
	if (series->setting.bind)
		series->setting.bind = ls_scale_copy(scale, series->setting.bind);
	series->n = scale->options->n_workers;
	series->levels = ls_scale_allocate(scale, series->n, sizeof *series->levels);
	if (!series->levels || (!series->setting.bind && scale->options->settings[i].bind))
		return ls_error_memory(error, "the levels of a study");
	return LOCKSTEP_OK;
}

void ls_scale_weak(uint32_t batch, uint32_t slices, uint32_t k, uint64_t *level_batch, uint32_t *level_slices)
{
	uint64_t wanted = (uint64_t)slices * k, power = 1;
	*level_batch = (uint64_t)batch * k;
	while (power < wanted && power < LS_SLICES_MAX)
		power *= 2;
	while (power > *level_batch)
		power /= 2;
	*level_slices = (uint32_t)power;
}

/* A mini-batch of more rows than there are is the trainer's to refuse. */
static void shape_level(const struct ls_scale *scale, const struct lockstep_scaling_setting *setting,
                        struct lockstep_scaling_level *level)
{
	uint32_t slices = setting->slices ? setting->slices : ls_default_slices(setting->batch);
	uint64_t batch = setting->batch;
	if (scale->options->kind == LOCKSTEP_SCALING_WEAK)
		ls_scale_weak(setting->batch, slices, level->workers, &batch, &slices);
	level->batch = batch < UINT32_MAX ? (uint32_t)batch : UINT32_MAX;
	level->slices = slices;
}

/* ---- Levels ---------------------------------------------------------------- */

static lockstep_status place(struct ls_scale *scale, const struct lockstep_scaling_series *series,
                             struct lockstep_scaling_level *level, lockstep_error *error)
{
	struct lockstep_place *places = ls_scale_allocate(scale, level->workers, sizeof *places);
	if (!places)
		return ls_error_memory(error, "the places of a level");
	level->places = places;
	return lockstep_topology_place(scale->topology, level->workers,
	                               series->setting.bind ? series->setting.bind : "none", scale->job->train.smt,
	                               places, error);
}

static lockstep_status try_level(struct ls_scale *scale, const struct lockstep_scaling_series *series,
                                 const struct lockstep_scaling_level *level, lockstep_error *error)
{
	struct ls_bench_training training;
	double seconds;
	struct lockstep_plan plan;
	if (level->workers > level->slices)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "more workers than slices, of which it has %u",
		                    level->slices);
	lockstep_status status = ls_scale_training_init(&training, scale, series, level, 0, error);
	if (status)
		return status;
	status = ls_bench_training_repeat(&training, 1, &seconds, error);
	lockstep_trainer_plan(training.trainer, &plan);
	scale->study->isa = plan.isa;
	scale->study->scale = plan.scale;
	scale->n_rows = plan.train_rows;
	if (!status && plan.workers != level->workers)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "the %s engine delivers %u worker%s",
		                      lockstep_engine_name(series->setting.engine), plan.workers,
		                      plan.workers == 1 ? "" : "s");
	ls_bench_training_fini(&training);
	return status;
}

lockstep_status lockstep_scaling_level_check(const struct lockstep_scaling_job *job, enum lockstep_scaling_kind kind,
                                             const struct lockstep_scaling_setting *setting, uint32_t workers,
                                             lockstep_error *error)
{
	const struct lockstep_scaling_study_options options = {.kind = kind};
	struct lockstep_scaling_study study = {.n = 0};
	struct ls_scale scale = {.job = job, .options = &options, .study = &study};
	struct lockstep_scaling_series series = {.setting = *setting};
	struct lockstep_scaling_level level = {.workers = workers};
	if (workers == 0)
		return refuse(error, "a level needs a worker");
	settle_split(&series.setting);
	shape_level(&scale, setting, &level);
	return try_level(&scale, &series, &level, error);
}

static lockstep_status add_level(struct ls_scale *scale, struct lockstep_scaling_series *series, size_t i,
                                 lockstep_error *error)
{
	struct lockstep_scaling_level *level = &series->levels[i];
	lockstep_error reason;
	level->workers = scale->options->workers[i];
	shape_level(scale, &series->setting, level);
	lockstep_status status = try_level(scale, series, level, &reason);
	if (!status)
		return place(scale, series, level, error);
	if (status != LOCKSTEP_ERROR_ARGUMENT || i == 0) {
		return ls_error_set(error, status, "%u %s: %s", level->workers,
		                    level->workers == 1 ? "worker" : "workers", reason.message);
	}
	level->excluded = ls_scale_copy(scale, reason.message);
	return level->excluded ? LOCKSTEP_OK : ls_error_memory(error, "the levels of a study");
}

/* ---- The same runs --------------------------------------------------------- */

static int has_same_places(const struct lockstep_scaling_level *a, const struct lockstep_scaling_level *b)
{
	for (uint32_t i = 0; i < a->workers; i++)
		if (strcmp(a->places[i].cpuset, b->places[i].cpuset) != 0)
			return 0;
	return 1;
}

/* Are the k-th levels of both one run? One worker has nothing to split. */
static int is_same_run(const struct lockstep_scaling_series *a, const struct lockstep_scaling_series *b, size_t k)
{
	return a->setting.batch == b->setting.batch && a->levels[0].slices == b->levels[0].slices &&
	       a->setting.engine == b->setting.engine &&
	       (a->setting.split == b->setting.split || a->levels[k].workers == 1) &&
	       has_same_places(&a->levels[k], &b->levels[k]);
}

/* The first series with the same run at its k-th level. */
static size_t find_first(const struct lockstep_scaling_study *study, size_t i_series, size_t k)
{
	const struct lockstep_scaling_series *series = study->series;
	size_t i = 0;
	while (i < i_series && (series[i].levels[k].excluded || !is_same_run(&series[i_series], &series[i], k)))
		i++;
	return i;
}

void ls_scale_share(struct lockstep_scaling_study *study)
{
	for (size_t i = 0; i < study->n; i++)
		for (size_t k = 0; k < study->series[i].n; k++) {
			struct lockstep_scaling_level *level = &study->series[i].levels[k];
			if (!level->excluded)
				*level = study->series[level->measured_in].levels[k];
		}
}

/* ---- All of it ------------------------------------------------------------- */

static lockstep_status add_levels(struct ls_scale *scale, size_t i_series, lockstep_error *error)
{
	struct lockstep_scaling_series *series = &scale->study->series[i_series];
	lockstep_status status = LOCKSTEP_OK;
	for (size_t k = 0; k < series->n && !status; k++) {
		status = add_level(scale, series, k, error);
		if (status || series->levels[k].excluded)
			continue;
		series->levels[k].measured_in = find_first(scale->study, i_series, k);
		scale->progress.n_levels += series->levels[k].measured_in == i_series;
	}
	return status;
}

lockstep_status ls_scale_plan(struct ls_scale *scale, lockstep_error *error)
{
	struct lockstep_scaling_study *study = scale->study;
	study->kind = scale->options->kind;
	study->n = scale->options->n_settings;
	study->series = ls_scale_allocate(scale, study->n, sizeof *study->series);
	if (!study->series)
		return ls_error_memory(error, "the series of a study");
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < study->n && !status; i++) {
		status = add_series(scale, i, error);
		if (!status)
			status = add_levels(scale, i, error);
	}
	return status;
}
