/* SPDX-License-Identifier: MIT
 *
 * The options of the benchmark, and what they come to: which parts, networks,
 * scales and numbers of workers.
 */
#ifndef LS_CLI_BENCH_OPTIONS_H
#define LS_CLI_BENCH_OPTIONS_H

#include <stdint.h>

#include "cli/options/dataset_path.h"
#include "cli/options/options.h"
#include "lockstep/bench.h"

/* In the order in which they run. */
enum ls_bench_part {
	LS_BENCH_MACHINE = 0,
	LS_BENCH_KERNELS,
	LS_BENCH_BARRIER,
	LS_BENCH_STEPS,
	LS_BENCH_EPOCHS,
	LS_BENCH_EXACTNESS,
	LS_BENCH_N_PARTS
};

struct ls_bench_options {
	/* As given. */
	int parts[LS_BENCH_N_PARTS]; /* all 0: all */
	const char *network, *workers;
	int scale; /* enum lockstep_scale; -1: both */
	int json, quiet;
	struct ls_data_options data;
	struct lockstep_bench_options measure;

	/* Settled. */
	int networks[LOCKSTEP_BENCH_N_NETWORKS]; /* flags */
	int automatic;                           /* the numbers of workers were left open */
	uint32_t n_counts, *counts;              /* numbers of workers; with `automatic` 1, 2, ... */
};

extern const struct ls_option ls_bench_part_table[];
extern const struct ls_option ls_bench_option_table[];
extern const struct ls_option ls_bench_output_table[];

void ls_bench_options_init(struct ls_bench_options *options);

/* Reads the lists, and settles what was left open for a machine on which
 * "auto" takes n_auto workers. Returns the exit status. */
int ls_bench_options_settle(struct ls_bench_options *options, uint32_t n_auto, const char *command);
void ls_bench_options_fini(struct ls_bench_options *options);

#endif
