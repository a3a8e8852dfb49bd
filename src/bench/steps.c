/* SPDX-License-Identifier: MIT
 *
 * Training steps: their speed, and where their time goes. Two runs, since a
 * clock that is read six times a step slows small networks down.
 */
#include <assert.h>

#include "figure.h"
#include "job.h"

lockstep_status lockstep_bench_step(const struct lockstep_bench_job *job, const struct lockstep_bench_options *options,
                                    struct lockstep_bench_step *step, lockstep_error *error)
{
	const struct lockstep_train_options train = ls_bench_train_options(job, options);
	struct ls_bench_training training;
	struct lockstep_bench_figure seconds;
	lockstep_status status = ls_bench_training_init(&training, job, options, &train, error);
	if (status)
		return status;
	status = ls_bench_measure(ls_bench_training_repeat, &training, options->seconds, &seconds, error);
	if (!status) {
		step->samples_per_second = ls_bench_rate(seconds, job->network->batch);
		step->us = seconds.median * 1e6;
		step->gflops = step->samples_per_second.median * job->network->flops_per_row * 1e-9;
	}
	ls_bench_training_fini(&training);
	return status;
}

/* ---- Phases ----------------------------------------------------------- */

const char *lockstep_bench_phase_name(enum lockstep_phase phase)
{
	static const char *const names[] = {"gather", "forward", "backward", "gradient", "update", "wait"};
	_Static_assert(sizeof names / sizeof *names == LOCKSTEP_N_PHASES, "a name for every phase");
	assert((unsigned)phase < LOCKSTEP_N_PHASES);
	return names[phase];
}

/* Adds `factor` times the us of worker 0 to first, of all to mean. */
static void add_phases(const lockstep_trainer *trainer, double factor, struct lockstep_bench_phases *sums)
{
	struct lockstep_plan plan;
	double seconds[LOCKSTEP_N_PHASES];
	lockstep_trainer_plan(trainer, &plan);
	for (uint32_t worker = 0; worker < plan.workers; worker++) {
		lockstep_trainer_phases(trainer, worker, seconds);
		for (int i = 0; i < LOCKSTEP_N_PHASES; i++) {
			sums->us_mean[i] += factor * 1e6 * seconds[i] / plan.workers;
			sums->us_first[i] += worker ? 0 : factor * 1e6 * seconds[i];
		}
	}
}

/* The phases add up from the beginning, so the warm-up's are taken off. */
static lockstep_status measure_phases(struct ls_bench_training *training, double seconds,
                                      struct lockstep_bench_phases *phases, lockstep_error *error)
{
	struct lockstep_bench_phases sums = {{0}, {0}};
	double taken;
	uint64_t n;
	lockstep_status status = ls_bench_calibrate(ls_bench_training_repeat, training, seconds / 4, &n, error);
	if (status)
		return status;
	add_phases(training->trainer, -1 / (double)n, &sums);
	status = ls_bench_training_repeat(training, n, &taken, error);
	if (status)
		return status;
	add_phases(training->trainer, 1 / (double)n, &sums);
	*phases = sums;
	return LOCKSTEP_OK;
}

lockstep_status lockstep_bench_phases(const struct lockstep_bench_job *job,
                                      const struct lockstep_bench_options *options,
                                      struct lockstep_bench_phases *phases, lockstep_error *error)
{
	struct lockstep_train_options train = ls_bench_train_options(job, options);
	struct ls_bench_training training;
	train.time_phases = 1;
	lockstep_status status = ls_bench_training_init(&training, job, options, &train, error);
	if (status)
		return status;
	status = measure_phases(&training, options->seconds, phases, error);
	ls_bench_training_fini(&training);
	return status;
}
