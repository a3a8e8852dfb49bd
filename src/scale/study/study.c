/* SPDX-License-Identifier: MIT
 *
 * A whole scaling study, part by part.
 */
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "scale.h"

void *ls_scale_allocate(struct ls_scale *scale, size_t n, size_t size)
{
	return ls_arena_allocate(&scale->result->arena, n, size);
}

char *ls_scale_copy(struct ls_scale *scale, const char *text)
{
	return ls_arena_copy(&scale->result->arena, text, strlen(text));
}

int ls_scale_tell(struct ls_scale *scale, size_t i_series, uint32_t workers)
{
	struct lockstep_scaling_progress *progress = &scale->progress;
	progress->series = i_series;
	progress->workers = workers;
	progress->seconds = ls_clock_seconds() - scale->started;
	if (scale->options->on_progress && scale->options->on_progress(progress, scale->options->context))
		scale->is_stopped = 1;
	return scale->is_stopped;
}

/* A study that was stopped has what its blocks gave, and ends soon. */
static lockstep_status measure_rest(struct ls_scale *scale, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	if (!scale->options->skip_phases && !scale->is_stopped)
		status = ls_scale_phases(scale, error);
	if (!status && !scale->options->skip_limits && !scale->is_stopped)
		status = ls_scale_rooflines(scale, error);
	if (scale->is_stopped)
		scale->study->outcome = LOCKSTEP_SCALING_STOPPED;
	return status;
}

static lockstep_status find_room(const struct ls_scale *scale, const struct lockstep_scaling_setting *setting,
                                 struct ls_scale_room *room, lockstep_error *error)
{
	struct lockstep_topology_summary summary;
	int is_smt = scale->job->train.smt;
	lockstep_topology_describe(scale->topology, &summary);
	*room = (struct ls_scale_room){is_smt ? summary.pus : summary.cores, is_smt, summary.cpu_quota, scale->n_rows};
	if (!setting->bind || strncmp(setting->bind, "list:", 5) != 0)
		return LOCKSTEP_OK;
	return lockstep_topology_auto_workers(scale->topology, setting->bind, is_smt, &room->places, error);
}

static lockstep_status find_limits(struct ls_scale *scale, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < scale->study->n && !status; i++) {
		struct lockstep_scaling_series *series = &scale->study->series[i];
		struct ls_scale_room room;
		status = find_room(scale, &series->setting, &room, error);
		if (!status)
			ls_scale_limit(series, scale->study->kind, &room);
	}
	return status;
}

static lockstep_status measure(struct ls_scale *scale, lockstep_error *error)
{
	lockstep_status status = ls_scale_plan(scale, error);
	if (!status)
		status = ls_scale_calibrate(scale, error);
	if (!status)
		status = ls_scale_blocks(scale, ls_scale_run, scale, error);
	if (!status)
		status = measure_rest(scale, error);
	if (status)
		return status;
	ls_scale_share(scale->study);
	status = ls_scale_figures(scale, error);
	if (!status)
		status = find_limits(scale, error);
	scale->study->seconds = ls_clock_seconds() - scale->started;
	return status;
}

lockstep_status lockstep_scaling_study_run(struct lockstep_scaling_study **out, const struct lockstep_scaling_job *job,
                                           const struct lockstep_scaling_study_options *options, lockstep_error *error)
{
	struct ls_scale scale = {.job = job, .options = options, .started = ls_clock_seconds()};
	lockstep_status status = ls_scale_check(options, error);
	if (status)
		return status;
	scale.result = ls_memory_allocate(1, sizeof *scale.result);
	if (!scale.result)
		return ls_error_memory(error, "a scaling study");
	scale.study = &scale.result->study;
	status = lockstep_topology_create(&scale.topology, NULL, error);
	if (!status)
		status = measure(&scale, error);
	lockstep_topology_destroy(scale.topology);
	if (status)
		lockstep_scaling_study_destroy(scale.study);
	else
		*out = scale.study;
	return status;
}

void lockstep_scaling_study_destroy(struct lockstep_scaling_study *study)
{
	struct ls_scale_result *result = (struct ls_scale_result *)study;
	if (!result)
		return;
	ls_arena_fini(&result->arena);
	ls_memory_free(result);
}
