/* SPDX-License-Identifier: MIT
 *
 * The parts of the benchmark without training: the machine, the kernels, and
 * how workers meet.
 */
#include <stdlib.h>
#include <string.h>

#include "bench_run.h"
#include "cli/print/message.h"
#include "lockstep/version.h"

/* ---- Limits ------------------------------------------------------------------ */

/* One core and all of them, where the numbers were left open. */
static int is_limit_wanted(const struct ls_bench_run *run, uint32_t i_count)
{
	return !run->options.automatic || i_count == 0 || i_count + 1 == run->options.n_counts;
}

static int measure_limits(struct ls_bench_run *run, size_t *n)
{
	const struct ls_bench_options *options = &run->options;
	lockstep_error error;
	*n = 0;
	for (uint32_t i = 0; i < options->n_counts && options->parts[LS_BENCH_MACHINE]; i++) {
		uint32_t workers = options->counts[i];
		if (!is_limit_wanted(run, i))
			continue;
		int status = ls_bench_find_peak(run, workers);
		if (status != LS_EXIT_DONE)
			return status;
		ls_bench_say(run, "memory", "", workers);
		struct ls_bench_limit *limit = &run->limits[(*n)++];
		*limit = (struct ls_bench_limit){.workers = workers, .peak_gflops = run->peaks[workers]};
		if (lockstep_bench_memory(workers, &options->measure, &limit->memory, &error))
			return ls_bench_failed(run, &error);
	}
	return LS_EXIT_DONE;
}

static int report_machine(struct ls_bench_run *run, struct lockstep_place *places)
{
	const struct lockstep_bench_options *measure = &run->options.measure;
	struct lockstep_topology_summary summary;
	lockstep_topology_describe(run->topology, &summary);
	struct ls_bench_machine machine = {
	    .topology = &summary,
	    .isa = strcmp(measure->isa, "auto") == 0 ? lockstep_isa() : measure->isa,
	    .engine = lockstep_engine_name(measure->engine),
	    .bind = measure->bind,
	    .places = places,
	    .n_places = run->n_auto,
	    .limits = run->limits,
	};
	int status = measure_limits(run, &machine.n_limits);
	return status == LS_EXIT_DONE ? ls_bench_reported(ls_bench_reporter(run)->machine(&machine)) : status;
}

int ls_bench_run_machine(struct ls_bench_run *run)
{
	lockstep_error error;
	struct lockstep_place *places = calloc(run->n_auto, sizeof *places);
	if (!places)
		return ls_message_failed(LS_BENCH_COMMAND, "out of memory for %u places", run->n_auto);
	int status = lockstep_topology_place(run->topology, run->n_auto, run->options.measure.bind, 0, places, &error)
	                 ? ls_bench_failed(run, &error)
	                 : report_machine(run, places);
	free(places);
	return status;
}

/* ---- Kernels and meetings ------------------------------------------------ */

static int run_layers(struct ls_bench_run *run, const struct lockstep_bench_network *network, uint32_t workers)
{
	struct lockstep_bench_kernel kernel;
	lockstep_error error;
	for (size_t i = 0; i < network->n_layers; i++) {
		ls_bench_say(run, "kernels", network->layers, workers);
		if (lockstep_bench_kernel(network, i, workers, &run->options.measure, &kernel, &error))
			return ls_bench_failed(run, &error);
		int status = ls_bench_reported(ls_bench_reporter(run)->kernel(network, i, &kernel, run->peaks[1]));
		if (status != LS_EXIT_DONE)
			return status;
	}
	return LS_EXIT_DONE;
}

/* Is the shape of the shard with count i_count none of those before it, of which the whole mini-batch is the first? */
static int is_new_shape(const struct ls_bench_run *run, const struct lockstep_bench_network *network, uint32_t i_count)
{
	const uint32_t *counts = run->options.counts;
	struct lockstep_bench_shard shard, before;
	if (counts[i_count] > network->slices)
		return 0;
	lockstep_bench_shard_get(network, counts[i_count], &shard);
	int is_new = shard.slices < network->slices;
	for (uint32_t i = 0; i < i_count && is_new; i++)
		if (counts[i] <= network->slices) {
			lockstep_bench_shard_get(network, counts[i], &before);
			is_new = before.rows != shard.rows || before.slices != shard.slices;
		}
	return is_new;
}

/* The whole mini-batch, then the other shapes. */
static int run_shapes(struct ls_bench_run *run, const struct lockstep_bench_network *network)
{
	int status = run_layers(run, network, 1);
	for (uint32_t i = 0; i < run->options.n_counts && status == LS_EXIT_DONE; i++)
		if (is_new_shape(run, network, i))
			status = run_layers(run, network, run->options.counts[i]);
	return status;
}

int ls_bench_run_kernels(struct ls_bench_run *run)
{
	int status = ls_bench_find_peak(run, 1);
	if (status == LS_EXIT_DONE)
		status = ls_bench_reported(ls_bench_reporter(run)->heading(LS_BENCH_TABLE_KERNELS));
	for (size_t i = 0; i < LOCKSTEP_BENCH_N_NETWORKS && status == LS_EXIT_DONE; i++) {
		struct lockstep_bench_network network;
		lockstep_bench_network_get(i, &network);
		if (run->options.networks[i])
			status = run_shapes(run, &network);
	}
	return status;
}

static int run_handover(struct ls_bench_run *run)
{
	struct lockstep_bench_figure ns;
	lockstep_error error;
	ls_bench_say(run, "hand-over", "", 2);
	if (lockstep_bench_handover(&run->options.measure, &ns, &error))
		return ls_bench_failed(run, &error);
	return ls_bench_reported(ls_bench_reporter(run)->handover(&ns));
}

/* A hand-over needs two workers, and is measured where so many are. */
int ls_bench_run_barriers(struct ls_bench_run *run)
{
	struct lockstep_bench_barrier barrier;
	lockstep_error error;
	uint32_t most = 0;
	int status = ls_bench_reported(ls_bench_reporter(run)->heading(LS_BENCH_TABLE_BARRIER));
	for (uint32_t i = 0; i < run->options.n_counts && status == LS_EXIT_DONE; i++) {
		uint32_t workers = run->options.counts[i];
		most = workers > most ? workers : most;
		ls_bench_say(run, "barrier", "", workers);
		if (lockstep_bench_barrier(workers, &run->options.measure, &barrier, &error))
			return ls_bench_failed(run, &error);
		status = ls_bench_reported(ls_bench_reporter(run)->barrier(&barrier));
	}
	return status == LS_EXIT_DONE && most > 1 ? run_handover(run) : status;
}
