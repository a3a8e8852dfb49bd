/* SPDX-License-Identifier: MIT
 *
 * One run: a new network and a new trainer, since a job that goes on would be another one at every level, and since
 * what a trainer has learned of the machine must not be handed on.
 */
#include "base/error.h"
#include "bench/figure.h"
#include "scale.h"

static struct lockstep_train_options options_of(const struct ls_scale *scale,
                                                const struct lockstep_scaling_series *series,
                                                const struct lockstep_scaling_level *level)
{
	struct lockstep_train_options train = scale->job->train;
	ls_bench_train_on(&train);
	train.batch = level->batch;
	train.slices = level->slices;
	train.workers = level->workers;
	train.split = series->setting.split;
	train.engine = series->setting.engine;
	train.bind = series->setting.bind;
	train.on_warning = scale->options->on_warning;
	train.context = scale->options->context;
	return train;
}

lockstep_status ls_scale_training_init(struct ls_bench_training *training, const struct ls_scale *scale,
                                       const struct lockstep_scaling_series *series,
                                       const struct lockstep_scaling_level *level, int time_phases,
                                       lockstep_error *error)
{
	const struct lockstep_scaling_job *job = scale->job;
	struct lockstep_train_options train = options_of(scale, series, level);
	train.time_phases = time_phases;
	*training = (struct ls_bench_training){NULL, NULL};
	lockstep_status status = lockstep_network_create(&training->network, job->layers, &job->network, error);
	if (!status)
		status = lockstep_trainer_create(&training->trainer, training->network, job->dataset, &train, error);
	if (status)
		ls_bench_training_fini(training);
	return status;
}

lockstep_status ls_scale_training_finish(struct ls_bench_training *training, const struct lockstep_scaling_level *level,
                                         char fingerprint[65], lockstep_error *error)
{
	struct lockstep_plan plan;
	lockstep_trainer_plan(training->trainer, &plan);
	if (plan.workers != level->workers)
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "%u workers were asked for, and the team has %u",
		                    level->workers, plan.workers);
	lockstep_status status = lockstep_trainer_sync(training->trainer, error);
	if (!status)
		lockstep_network_fingerprint(training->network, fingerprint);
	return status;
}

lockstep_status ls_scale_run(void *context, const struct lockstep_scaling_series *series,
                             const struct lockstep_scaling_level *level, double *seconds, char fingerprint[65],
                             lockstep_error *error)
{
	struct ls_bench_training training;
	lockstep_status status = ls_scale_training_init(&training, context, series, level, 0, error);
	if (status)
		return status;
	status = ls_bench_training_repeat(&training, series->warmup_steps, seconds, error);
	if (!status)
		status = ls_bench_training_repeat(&training, series->steps, seconds, error);
	if (!status)
		status = ls_scale_training_finish(&training, level, fingerprint, error);
	ls_bench_training_fini(&training);
	return status;
}

/* ---- Calibration ----------------------------------------------------------- */

#define WARMUP_MIN 2
#define STEPS_MAX ((uint64_t)1 << 40)

struct timing {
	struct ls_bench_training training;
	double step; /* seconds, of the last repetition */
};

static lockstep_status repeat_step(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	struct timing *timing = context;
	lockstep_status status = ls_bench_training_repeat(&timing->training, n, seconds, error);
	timing->step = *seconds / (double)n;
	return status;
}

/* Seconds of a step, from a run that is long enough to tell. */
static lockstep_status time_step(struct ls_scale *scale, const struct lockstep_scaling_series *series, double *step,
                                 lockstep_error *error)
{
	struct timing timing = {.step = 0};
	uint64_t n;
	lockstep_status status = ls_scale_training_init(&timing.training, scale, series, &series->levels[0], 0, error);
	if (status)
		return status;
	status = ls_bench_calibrate(repeat_step, &timing, scale->options->run_seconds / 4, &n, error);
	*step = timing.step;
	ls_bench_training_fini(&timing.training);
	return status;
}

/* A series with the same job has the same steps, or their fingerprints could not be compared. */
static const struct lockstep_scaling_series *find_alike(const struct lockstep_scaling_study *study, size_t i_series)
{
	const struct lockstep_scaling_level *own = &study->series[i_series].levels[0];
	for (size_t i = 0; i < i_series; i++) {
		const struct lockstep_scaling_level *other = &study->series[i].levels[0];
		if (own->batch == other->batch && own->slices == other->slices)
			return &study->series[i];
	}
	return NULL;
}

static lockstep_status count_steps(struct ls_scale *scale, size_t i_series, lockstep_error *error)
{
	struct lockstep_scaling_series *series = &scale->study->series[i_series];
	const struct lockstep_scaling_series *alike = find_alike(scale->study, i_series);
	double step;
	if (alike) {
		series->steps = alike->steps;
		return LOCKSTEP_OK;
	}
	if (ls_scale_tell(scale, i_series, series->levels[0].workers))
		return ls_error_set(error, LOCKSTEP_STOPPED, "the study was stopped before its first block");
	lockstep_status status = time_step(scale, series, &step, error);
	if (status)
		return status;
	double steps = scale->options->run_seconds / step;
	series->steps = steps < 1 ? 1 : steps > (double)STEPS_MAX ? STEPS_MAX : (uint64_t)steps;
	return LOCKSTEP_OK;
}

lockstep_status ls_scale_calibrate(struct ls_scale *scale, lockstep_error *error)
{
	const struct lockstep_scaling_study_options *options = scale->options;
	lockstep_status status = LOCKSTEP_OK;
	scale->progress.stage = LOCKSTEP_SCALING_CALIBRATION;
	scale->progress.n_runs = 0;
	scale->progress.n_runs_max = scale->study->n;
	for (size_t i = 0; i < scale->study->n && !status; i++, scale->progress.n_runs++) {
		struct lockstep_scaling_series *series = &scale->study->series[i];
		series->steps = options->steps;
		if (!options->steps)
			status = count_steps(scale, i, error);
		series->warmup_steps = options->warmup_steps ? options->warmup_steps : series->steps / 10;
		if (!options->warmup_steps && series->warmup_steps < WARMUP_MIN)
			series->warmup_steps = WARMUP_MIN;
	}
	return status;
}
