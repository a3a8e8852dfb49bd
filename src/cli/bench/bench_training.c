/* SPDX-License-Identifier: MIT
 *
 * The parts of the benchmark that train: loops over networks, scales and
 * numbers of workers.
 */
#include "bench_run.h"
#include "cli/print/message.h"

static struct lockstep_bench_job job_of(const struct ls_bench_run *run, const struct ls_bench_case *of)
{
	return (struct lockstep_bench_job){of->network, run->dataset, of->scale, of->workers, of->split};
}

static int run_step(struct ls_bench_run *run, const struct ls_bench_case *of)
{
	const struct lockstep_bench_job job = job_of(run, of);
	struct lockstep_bench_step step;
	lockstep_error error;
	int status = ls_bench_find_peak(run, of->workers);
	if (status != LS_EXIT_DONE)
		return status;
	ls_bench_say(run, "steps", of->network->layers, of->workers);
	if (lockstep_bench_step(&job, &run->options.measure, &step, &error))
		return ls_bench_failed(run, &error);
	return ls_bench_reported(ls_bench_reporter(run)->step(of, &step, run->peaks[of->workers]));
}

static int run_phases(struct ls_bench_run *run, const struct ls_bench_case *of)
{
	const struct lockstep_bench_job job = job_of(run, of);
	struct lockstep_bench_phases phases;
	lockstep_error error;
	if (run->options.measure.engine == LOCKSTEP_SERIAL && of->workers > 1)
		return LS_EXIT_DONE; /* not timed */
	ls_bench_say(run, "phases", of->network->layers, of->workers);
	if (lockstep_bench_phases(&job, &run->options.measure, &phases, &error))
		return ls_bench_failed(run, &error);
	return ls_bench_reported(ls_bench_reporter(run)->phases(of, &phases));
}

static int run_epoch(struct ls_bench_run *run, const struct ls_bench_case *of)
{
	const struct lockstep_bench_job job = job_of(run, of);
	struct lockstep_bench_epoch epoch;
	lockstep_error error;
	ls_bench_say(run, "epochs", of->network->layers, of->workers);
	if (lockstep_bench_epoch(&job, &run->options.measure, &epoch, &error))
		return ls_bench_failed(run, &error);
	return ls_bench_reported(ls_bench_reporter(run)->epoch(of, &epoch));
}

static int run_exactness(struct ls_bench_run *run, const struct ls_bench_case *of)
{
	const struct lockstep_bench_job job = job_of(run, of);
	struct lockstep_bench_exactness exactness;
	lockstep_error error;
	ls_bench_say(run, "exactness", of->network->layers, of->workers);
	if (lockstep_bench_exactness(&job, &run->options.measure, &exactness, &error))
		return ls_bench_failed(run, &error);
	return ls_bench_reported(ls_bench_reporter(run)->exactness(of, &exactness));
}

/* Numbers of workers where they were left open. */
enum counts { EVERY, ONE_AND_MOST };

struct training_part {
	enum ls_bench_table table;
	enum counts counts;
	int with_auto; /* and last, where the numbers were left open, what --workers auto comes to */
	int (*run)(struct ls_bench_run *run, const struct ls_bench_case *of);
};

/* A worker without a slice has nothing to do. */
static int is_wanted(const struct ls_bench_run *run, enum counts counts, const struct ls_bench_case *of)
{
	uint32_t slices = of->network->slices, most = run->n_auto < slices ? run->n_auto : slices;
	if (of->workers > slices)
		return 0;
	return !run->options.automatic || counts == EVERY || of->workers == most || of->workers == 1;
}

static int can_split(const struct ls_bench_run *run, const struct ls_bench_case *of)
{
	if (of->split == LOCKSTEP_SPLIT_ROWS)
		return 1;
	return of->workers > 1 && run->options.measure.engine != LOCKSTEP_SERIAL &&
	       (of->split == LOCKSTEP_SPLIT_OWNERS || of->workers <= of->network->unit_groups);
}

static int run_splits(struct ls_bench_run *run, const struct training_part *part, struct ls_bench_case *of)
{
	static const enum lockstep_split splits[] = {LOCKSTEP_SPLIT_ROWS, LOCKSTEP_SPLIT_OWNERS, LOCKSTEP_SPLIT_UNITS};
	int status = LS_EXIT_DONE;
	for (size_t i = 0; i < sizeof splits / sizeof *splits && status == LS_EXIT_DONE; i++) {
		of->split = splits[i];
		if (can_split(run, of))
			status = part->run(run, of);
	}
	return status;
}

static int run_counts(struct ls_bench_run *run, const struct training_part *part, struct ls_bench_case *of)
{
	int status = LS_EXIT_DONE;
	for (uint32_t i = 0; i < run->options.n_counts && status == LS_EXIT_DONE; i++) {
		of->workers = run->options.counts[i];
		if (is_wanted(run, part->counts, of))
			status = run_splits(run, part, of);
	}
	return status;
}

static int run_auto(struct ls_bench_run *run, const struct training_part *part, struct ls_bench_case *of)
{
	of->workers = 0;
	of->split = LOCKSTEP_SPLIT_AUTO;
	return part->with_auto && run->options.automatic ? part->run(run, of) : LS_EXIT_DONE;
}

static int run_scales(struct ls_bench_run *run, const struct training_part *part, struct ls_bench_case *of)
{
	static const enum lockstep_scale scales[] = {LOCKSTEP_SCALE_UNIT, LOCKSTEP_SCALE_STANDARDISE};
	int status = LS_EXIT_DONE;
	for (size_t i = 0; i < sizeof scales / sizeof *scales && status == LS_EXIT_DONE; i++) {
		of->scale = scales[i];
		if (run->options.scale >= 0 && run->options.scale != (int)of->scale)
			continue;
		status = run_counts(run, part, of);
		if (status == LS_EXIT_DONE)
			status = run_auto(run, part, of);
	}
	return status;
}

static int run_training(struct ls_bench_run *run, const struct training_part *part)
{
	int status = ls_bench_reported(ls_bench_reporter(run)->heading(part->table));
	for (size_t i = 0; i < LOCKSTEP_BENCH_N_NETWORKS && status == LS_EXIT_DONE; i++) {
		struct lockstep_bench_network network;
		lockstep_bench_network_get(i, &network);
		struct ls_bench_case of = {.network = &network};
		if (run->options.networks[i])
			status = run_scales(run, part, &of);
	}
	return status;
}

int ls_bench_run_steps(struct ls_bench_run *run)
{
	static const struct training_part steps = {LS_BENCH_TABLE_STEPS, EVERY, 0, run_step};
	static const struct training_part phases = {LS_BENCH_TABLE_PHASES, EVERY, 0, run_phases};
	int status = run_training(run, &steps);
	if (status == LS_EXIT_DONE)
		status = run_training(run, &phases);
	return status;
}

int ls_bench_run_epochs(struct ls_bench_run *run)
{
	static const struct training_part epochs = {LS_BENCH_TABLE_EPOCHS, EVERY, 1, run_epoch};
	return run_training(run, &epochs);
}

int ls_bench_run_exactness(struct ls_bench_run *run)
{
	static const struct training_part exactness = {LS_BENCH_TABLE_EXACTNESS, ONE_AND_MOST, 0, run_exactness};
	return run_training(run, &exactness);
}
