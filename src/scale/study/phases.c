/* SPDX-License-Identifier: MIT
 *
 * Where the time of a level goes, from a run of its own: reading a clock six times a step slows small networks down.
 */
#include "base/error.h"
#include "base/memory.h"
#include "scale.h"

/* Adds `factor` times the trainer's. */
static void add(const struct ls_bench_training *training, uint32_t n_workers, double factor,
                double (*sums)[LOCKSTEP_N_PHASES])
{
	double seconds[LOCKSTEP_N_PHASES];
	for (uint32_t worker = 0; worker < n_workers; worker++) {
		lockstep_trainer_phases(training->trainer, worker, seconds);
		for (int i = 0; i < LOCKSTEP_N_PHASES; i++)
			sums[worker][i] += factor * seconds[i];
	}
}

static struct lockstep_scaling_phases come_to(double (*sums)[LOCKSTEP_N_PHASES], uint32_t n_workers, double n_steps)
{
	struct lockstep_scaling_phases phases = {.balance = 1};
	for (uint32_t worker = 0; worker < n_workers; worker++) {
		double compute = 0;
		for (int i = 0; i < LOCKSTEP_N_PHASES; i++) {
			phases.mean[i] += sums[worker][i] / n_steps / n_workers;
			compute += i == LOCKSTEP_PHASE_WAIT ? 0 : sums[worker][i] / n_steps;
		}
		phases.compute_mean += compute / n_workers;
		phases.compute_max = compute > phases.compute_max ? compute : phases.compute_max;
	}
	if (phases.compute_max > 0)
		phases.balance = phases.compute_mean / phases.compute_max;
	return phases;
}

/* The phases add up from the trainer's beginning, so those of the warm-up are taken off. */
static lockstep_status time_level(struct ls_scale *scale, const struct lockstep_scaling_series *series,
                                  struct lockstep_scaling_level *level, double (*sums)[LOCKSTEP_N_PHASES],
                                  lockstep_error *error)
{
	struct ls_bench_training training;
	double seconds;
	char fingerprint[65];
	lockstep_status status = ls_scale_training_init(&training, scale, series, level, 1, error);
	if (status)
		return status;
	status = ls_bench_training_repeat(&training, series->warmup_steps, &seconds, error);
	if (!status) {
		add(&training, level->workers, -1, sums);
		status = ls_bench_training_repeat(&training, series->steps, &seconds, error);
	}
	if (!status) {
		add(&training, level->workers, 1, sums);
		status = ls_scale_training_finish(&training, level, fingerprint, error);
	}
	if (!status)
		status = ls_scale_agree(scale, series, level, fingerprint, error);
	ls_bench_training_fini(&training);
	return status;
}

static lockstep_status find_phases(struct ls_scale *scale, const struct lockstep_scaling_series *series,
                                   struct lockstep_scaling_level *level, lockstep_error *error)
{
	double(*sums)[LOCKSTEP_N_PHASES] = ls_memory_allocate(level->workers, sizeof *sums);
	if (!sums)
		return ls_error_memory(error, "the phases of a level");
	lockstep_status status = time_level(scale, series, level, sums, error);
	if (!status) {
		level->phases = come_to(sums, level->workers, (double)series->steps);
		level->has_phases = 1;
	}
	ls_memory_free(sums);
	return status;
}

lockstep_status ls_scale_phases(struct ls_scale *scale, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	scale->progress.stage = LOCKSTEP_SCALING_PHASES;
	scale->progress.n_runs = 0;
	scale->progress.n_runs_max = scale->progress.n_levels;
	for (size_t i = 0; i < scale->study->n; i++) {
		struct lockstep_scaling_series *series = &scale->study->series[i];
		for (size_t k = 0; k < series->n; k++) {
			struct lockstep_scaling_level *level = &series->levels[k];
			if (!ls_scale_is_own(level, i) ||
			    (series->setting.engine == LOCKSTEP_SERIAL && level->workers > 1))
				continue;
			if (ls_scale_tell(scale, i, level->workers))
				return LOCKSTEP_OK;
			status = find_phases(scale, series, level, error);
			scale->progress.n_runs++;
			if (status)
				return status;
		}
	}
	return status;
}
