/* SPDX-License-Identifier: MIT
 *
 * The results of the benchmark on stdout: as tables, or as JSON, one object a
 * line. Lines appear as soon as they are measured.
 */
#ifndef LS_CLI_BENCH_REPORT_H
#define LS_CLI_BENCH_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/bench.h"
#include "lockstep/environment.h"
#include "lockstep/topology.h"

#define LS_BENCH_SCHEMA 1

struct ls_bench_limit {
	uint32_t workers;
	double peak_gflops;
	struct lockstep_bench_memory memory;
};

struct ls_bench_machine {
	const struct lockstep_topology_summary *topology;
	const char *isa, *engine, *bind;
	const struct lockstep_place *places; /* of as many workers as auto takes */
	uint32_t n_places;
	const struct ls_bench_limit *limits; /* [n_limits]; none when they were not measured */
	size_t n_limits;
};

/* What a figure of training belongs to. */
struct ls_bench_case {
	const struct lockstep_bench_network *network;
	enum lockstep_scale scale;
	uint32_t workers; /* 0: auto, and then split is too */
	enum lockstep_split split;
};

enum ls_bench_table {
	LS_BENCH_TABLE_KERNELS,
	LS_BENCH_TABLE_BARRIER,
	LS_BENCH_TABLE_STEPS,
	LS_BENCH_TABLE_PHASES,
	LS_BENCH_TABLE_EPOCHS,
	LS_BENCH_TABLE_EXACTNESS
};

/* What the whole run was like. */
struct ls_bench_surroundings {
	struct lockstep_environment before, after;
	struct lockstep_environment_use use;
};

/* Each returns non-zero when memory is short. */
struct ls_bench_report {
	int (*machine)(const struct ls_bench_machine *machine);
	int (*heading)(enum ls_bench_table table);
	int (*kernel)(const struct lockstep_bench_network *network, size_t i_layer,
	              const struct lockstep_bench_kernel *kernel, double peak_gflops);
	int (*barrier)(const struct lockstep_bench_barrier *barrier);
	int (*handover)(const struct lockstep_bench_figure *ns);
	int (*step)(const struct ls_bench_case *of, const struct lockstep_bench_step *step, double peak_gflops);
	int (*phases)(const struct ls_bench_case *of, const struct lockstep_bench_phases *phases);
	int (*epoch)(const struct ls_bench_case *of, const struct lockstep_bench_epoch *epoch);
	int (*exactness)(const struct ls_bench_case *of, const struct lockstep_bench_exactness *exactness);
	int (*surroundings)(const struct ls_bench_surroundings *surroundings);
};

extern const struct ls_bench_report ls_bench_text;
extern const struct ls_bench_report ls_bench_json;

#endif
