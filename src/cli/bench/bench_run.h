/* SPDX-License-Identifier: MIT
 *
 * A run of the benchmark, shared by its parts: what was asked for, the machine,
 * what is known already, and what to say on the way.
 */
#ifndef LS_CLI_BENCH_RUN_H
#define LS_CLI_BENCH_RUN_H

#include "bench_options.h"
#include "bench_report.h"
#include "cli/train/progress.h"

#define LS_BENCH_COMMAND "bench"

struct ls_bench_run {
	struct ls_bench_options options;
	const struct ls_bench_report *report;
	lockstep_topology *topology;
	uint32_t n_auto;               /* workers that "auto" takes on this machine */
	lockstep_dataset *dataset;     /* NULL when no part needs it */
	double *peaks;                 /* [largest number of workers + 1] 0 until measured */
	struct ls_bench_limit *limits; /* [n_counts] */
	struct ls_progress progress;
	lockstep_error warning; /* the last one shown */
};

/* The parts. Each returns the exit status. The machine is the first result of
 * every run; its limits are measured only when they were asked for. */
int ls_bench_run_machine(struct ls_bench_run *run);
int ls_bench_run_kernels(struct ls_bench_run *run);
int ls_bench_run_barriers(struct ls_bench_run *run);
int ls_bench_run_steps(struct ls_bench_run *run);
int ls_bench_run_epochs(struct ls_bench_run *run);
int ls_bench_run_exactness(struct ls_bench_run *run);

/* Of the measurements; `context` is the run. */
void ls_bench_on_warning(const char *message, void *context);

/* What is being measured, where stderr is a terminal; 0 workers: not said. */
void ls_bench_say(struct ls_bench_run *run, const char *part, const char *layers, uint32_t workers);

/* A library call failed. Returns the exit status. */
int ls_bench_failed(struct ls_bench_run *run, const lockstep_error *error);

/* The report, to print with: the line on the terminal goes. */
const struct ls_bench_report *ls_bench_reporter(struct ls_bench_run *run);

/* The exit status of what the report returned. */
int ls_bench_reported(int no_memory);

/* Puts the FMA peak of so many workers into run->peaks, once. Returns the exit
 * status. */
int ls_bench_find_peak(struct ls_bench_run *run, uint32_t workers);

#endif
