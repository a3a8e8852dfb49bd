/* SPDX-License-Identifier: MIT
 *
 * Levels under the roofs of the machine: what a step computes and touches, counted, and what the cores and the memory
 * in the same places can do, measured.
 */
#include <string.h>

#include "base/error.h"
#include "lockstep/bench.h"
#include "scale.h"
#include "team/neighbours.h"

#define PROBE_SECONDS 0.15

/* ---- What a step is -------------------------------------------------------- */

static double input_bytes(const lockstep_dataset *dataset)
{
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
	return (double)(rows.n_features * (rows.bytes ? sizeof *rows.bytes : sizeof *rows.floats));
}

/* What the layers of a network come to. */
struct work {
	double flops;     /* of a row: forward and gradient, the backward product of all but the first layer */
	double row_bytes; /* activations and deltas of a row */
	double kept;      /* numbers that stay: weights, biases and their velocities */
	double moved;     /* numbers that a step reads and writes: forward, backward, update */
};

static struct work count_layers(const lockstep_network *network, int has_momentum)
{
	struct work work = {.flops = 0};
	for (size_t i = 0; i < lockstep_network_n_layers(network); i++) {
		double n_in = (double)lockstep_network_size(network, i);
		double n_out = (double)lockstep_network_size(network, i + 1);
		double n = n_in * n_out + n_out;
		work.flops += (i ? 6 : 4) * n_in * n_out;
		work.row_bytes += 2 * n_out * sizeof(float);
		work.kept += n * (has_momentum ? 2 : 1);
		work.moved += n * ((i ? 4 : 3) + (has_momentum ? 2 : 0));
	}
	return work;
}

static void count_step(const struct ls_scale *scale, const struct work *work, struct lockstep_scaling_level *level)
{
	struct lockstep_scaling_roofline *roofline = &level->roofline;
	double rows = level->batch, inputs = rows * input_bytes(scale->job->dataset);
	roofline->cache_bytes = ls_neighbours_cache_bytes(scale->topology, level->places, level->workers);
	roofline->flops = rows * work->flops;
	roofline->kept_bytes = work->kept * sizeof(float) + rows * work->row_bytes;
	roofline->bytes = inputs;
	if (!(roofline->kept_bytes <= roofline->cache_bytes))
		roofline->bytes += work->moved * sizeof(float) + 2 * rows * work->row_bytes;
	roofline->gflops = roofline->flops / level->step.median * 1e-9;
	roofline->gigabytes = roofline->bytes / level->step.median * 1e-9;
}

/* ---- The roofs ------------------------------------------------------------- */

static int is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* A level of the series so far with its workers in the same places, or NULL. */
static const struct lockstep_scaling_level *find_probed(const struct ls_scale *scale, size_t i_series, uint32_t workers)
{
	const struct lockstep_scaling_setting *own = &scale->study->series[i_series].setting;
	for (size_t i = 0; i < i_series; i++) {
		const struct lockstep_scaling_series *series = &scale->study->series[i];
		if (series->setting.engine != own->engine || !is_same(series->setting.bind, own->bind))
			continue;
		for (size_t k = 0; k < series->n; k++)
			if (series->levels[k].has_roofline && series->levels[k].workers == workers)
				return &series->levels[k];
	}
	return NULL;
}

static lockstep_status probe(const struct ls_scale *scale, const struct lockstep_scaling_setting *setting,
                             struct lockstep_scaling_level *level, lockstep_error *error)
{
	const struct lockstep_bench_options options = {
	    .seconds = PROBE_SECONDS,
	    .engine = setting->engine,
	    .isa = scale->job->train.isa,
	    .bind = setting->bind,
	    .smt = scale->job->train.smt,
	    .on_warning = scale->options->on_warning,
	    .context = scale->options->context,
	};
	struct lockstep_bench_memory memory;
	lockstep_status status = lockstep_bench_peak(level->workers, &options, &level->roofline.peak_gflops, error);
	if (!status)
		status = lockstep_bench_memory(level->workers, &options, &memory, error);
	if (!status)
		level->roofline.peak_gigabytes = memory.triad.median;
	return status;
}

static lockstep_status find_roofs(struct ls_scale *scale, size_t i_series, struct lockstep_scaling_level *level,
                                  lockstep_error *error)
{
	const struct lockstep_scaling_level *probed = find_probed(scale, i_series, level->workers);
	if (probed) {
		level->roofline.peak_gflops = probed->roofline.peak_gflops;
		level->roofline.peak_gigabytes = probed->roofline.peak_gigabytes;
		level->has_roofline = 1;
		return LOCKSTEP_OK;
	}
	if (ls_scale_tell(scale, i_series, level->workers))
		return LOCKSTEP_OK;
	lockstep_status status = probe(scale, &scale->study->series[i_series].setting, level, error);
	level->has_roofline = !status;
	return status;
}

static lockstep_status find_rooflines(struct ls_scale *scale, const struct work *work, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < scale->study->n && !status; i++) {
		struct lockstep_scaling_series *series = &scale->study->series[i];
		for (size_t k = 0; k < series->n && !status && !scale->is_stopped; k++) {
			if (!ls_scale_is_own(&series->levels[k], i))
				continue;
			count_step(scale, work, &series->levels[k]);
			status = find_roofs(scale, i, &series->levels[k], error);
			scale->progress.n_runs++;
		}
	}
	return status;
}

lockstep_status ls_scale_rooflines(struct ls_scale *scale, lockstep_error *error)
{
	lockstep_network *network;
	scale->progress.stage = LOCKSTEP_SCALING_LIMITS;
	scale->progress.n_runs = 0;
	scale->progress.n_runs_max = scale->progress.n_levels;
	lockstep_status status = lockstep_network_create(&network, scale->job->layers, &scale->job->network, error);
	if (status)
		return status;
	const struct work work = count_layers(network, scale->job->train.momentum > 0);
	lockstep_network_destroy(network);
	return find_rooflines(scale, &work, error);
}
