/* SPDX-License-Identifier: MIT
 *
 * lockstep bench: the speed of the machine, of the kernels, of the team and of
 * whole training steps. Measuring is the library's; a run's parts are in
 * bench_machine.c and bench_training.c.
 */
#include <stdlib.h>
#include <string.h>

#include "bench_run.h"
#include "cli/command.h"
#include "cli/print/message.h"
#include "lockstep/version.h"

static const struct ls_usage usage = {
    .command = LS_BENCH_COMMAND,
    .operands = "",
    .summary = "Measures what this machine can do and what training makes of it, with four networks on MNIST: "
	       "784-30-10 (mini-batches of 10 rows), 784-128-10 (32), 784-512-512-10 (128) and 784-2048-2048-10 "
	       "(512). Without an option that names a part all parts run, for about five minutes on two cores.",
    .closing = "A figure is the median of nine blocks after a warm-up, with the slowest and the fastest beside "
	       "it. GFLOP/s of steps count every product as if it were dense: where zeros are skipped they are "
	       "no measure of the kernels.\n"
	       "\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage.",
};

typedef int part_runner(struct ls_bench_run *run);

static int run_parts(struct ls_bench_run *run)
{
	static part_runner *const runners[LS_BENCH_N_PARTS] = {
	    [LS_BENCH_KERNELS] = ls_bench_run_kernels,     [LS_BENCH_BARRIER] = ls_bench_run_barriers,
	    [LS_BENCH_STEPS] = ls_bench_run_steps,         [LS_BENCH_EPOCHS] = ls_bench_run_epochs,
	    [LS_BENCH_EXACTNESS] = ls_bench_run_exactness,
	};
	int status = ls_bench_run_machine(run);
	for (int i = LS_BENCH_MACHINE + 1; i < LS_BENCH_N_PARTS && status == LS_EXIT_DONE; i++)
		if (run->options.parts[i])
			status = runners[i](run);
	return status;
}

static uint32_t most_workers(const struct ls_bench_run *run)
{
	uint32_t most = 1;
	for (uint32_t i = 0; i < run->options.n_counts; i++)
		most = run->options.counts[i] > most ? run->options.counts[i] : most;
	return most;
}

/* All parts, and what else may show in their figures. */
static int run_observed(struct ls_bench_run *run)
{
	struct ls_bench_surroundings surroundings = {
	    .use = {.workers = most_workers(run), .is_bound = strcmp(run->options.measure.bind, "none") != 0}};
	lockstep_environment_read(&surroundings.before);
	int status = run_parts(run);
	if (status != LS_EXIT_DONE)
		return status;
	lockstep_environment_read(&surroundings.after);
	return ls_bench_reported(ls_bench_reporter(run)->surroundings(&surroundings));
}

static int allocate(struct ls_bench_run *run)
{
	uint32_t most = most_workers(run);
	run->peaks = calloc((size_t)most + 1, sizeof *run->peaks);
	run->limits = calloc(run->options.n_counts, sizeof *run->limits);
	return run->peaks && run->limits ? LS_EXIT_DONE
	                                 : ls_message_failed(LS_BENCH_COMMAND, "out of memory for the results");
}

static int open_data(struct ls_bench_run *run)
{
	const int *parts = run->options.parts;
	lockstep_error error;
	if (!parts[LS_BENCH_STEPS] && !parts[LS_BENCH_EPOCHS] && !parts[LS_BENCH_EXACTNESS])
		return LS_EXIT_DONE;
	return ls_dataset_open(&run->dataset, &run->options.data, &error) ? ls_bench_failed(run, &error) : LS_EXIT_DONE;
}

/* What does not fit is refused before the first measurement. */
static int prepare(struct ls_bench_run *run)
{
	struct ls_bench_options *options = &run->options;
	lockstep_error error;
	if (lockstep_isa_check(options->measure.isa, &error) ||
	    lockstep_topology_create(&run->topology, NULL, &error) ||
	    lockstep_topology_auto_workers(run->topology, options->measure.bind, 0, &run->n_auto, &error))
		return ls_bench_failed(run, &error);
	int status = ls_bench_options_settle(options, run->n_auto, LS_BENCH_COMMAND);
	if (status == LS_EXIT_DONE)
		status = allocate(run);
	return status == LS_EXIT_DONE ? open_data(run) : status;
}

static int bench(struct ls_bench_run *run)
{
	run->report = run->options.json ? &ls_bench_json : &ls_bench_text;
	run->options.measure.on_warning = ls_bench_on_warning;
	run->options.measure.context = run;
	ls_progress_init(&run->progress, run->options.quiet);
	int status = prepare(run);
	if (status == LS_EXIT_DONE)
		status = run_observed(run);
	free(run->limits);
	free(run->peaks);
	lockstep_dataset_destroy(run->dataset);
	lockstep_topology_destroy(run->topology);
	ls_bench_options_fini(&run->options);
	return status;
}

int ls_command_bench(int argc, char **argv)
{
	struct ls_bench_run run = {.report = NULL};
	ls_bench_options_init(&run.options);
	const struct ls_option_group groups[] = {
	    {"Parts", ls_bench_part_table, &run.options},
	    {"Measurement", ls_bench_option_table, &run.options},
	    {"Output", ls_bench_output_table, &run.options},
	    {0},
	};
	int status = ls_options_parse(&usage, groups, argc, argv, NULL);
	return status == LS_OPTIONS_PARSED ? bench(&run) : status;
}
