/* SPDX-License-Identifier: MIT
 *
 * A worker's memory. Sizes cover every mini-batch of the job: the full one,
 * and the shorter ones, which cut into fewer slices but never give a worker
 * more rows or more subtrees than found here.
 */
#include "worker.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/input.h"

/* Workers that the rows are shared by. */
static uint32_t n_sharing_rows(const struct ls_worker_shape *shape)
{
	return shape->split == LOCKSTEP_SPLIT_UNITS ? 1 : shape->n_workers;
}

/* The most rows that any worker's shard has, over all mini-batches of up to
 * `batch` rows: a mini-batch shorter than S is cut into slices of 1 or 2 rows. */
static uint32_t max_shard_rows(const struct ls_worker_shape *shape)
{
	uint32_t slice_rows = (shape->batch + shape->slices - 1) / shape->slices;
	uint32_t n_workers = n_sharing_rows(shape);
	uint32_t shard_slices = (shape->slices + n_workers - 1) / n_workers;
	uint64_t rows = (uint64_t)(slice_rows > 2 ? slice_rows : 2) * shard_slices;
	return rows < shape->batch ? (uint32_t)rows : shape->batch;
}

static uint32_t max_subtrees(const struct ls_worker_shape *shape)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t most = 0;
	for (uint32_t slices = shape->slices; slices > 0; slices /= 2)
		for (uint32_t i = 0; i < shape->n_workers; i++) {
			uint32_t n = ls_shard_subtrees(ls_shard_slices(slices, shape->n_workers, i), subtrees);
			most = n > most ? n : most;
		}
	return most;
}

static int allocate_lists(struct ls_worker *worker, const struct ls_worker_shape *shape)
{
	size_t n_in = shape->packed->layers[0].panels.n_k;
	worker->slice_rows = ls_memory_allocate((size_t)shape->slices + 1, sizeof *worker->slice_rows);
	worker->rest = ls_memory_allocate(n_in, sizeof *worker->rest);
	worker->nodes = ls_memory_allocate(worker->partition.capacity, sizeof *worker->nodes);
	worker->deltas =
	    ls_memory_allocate(shape->split == LOCKSTEP_SPLIT_OWNERS ? shape->batch : max_shard_rows(shape),
	                       shape->packed->arith->panel * sizeof(float));
	return ls_used_columns_init(&worker->columns, n_in) && worker->slice_rows && worker->rest && worker->nodes &&
	       worker->deltas;
}

/* The most inputs of any layer. */
static size_t max_inputs(const struct ls_packed *packed)
{
	size_t most = 0;
	for (size_t i = 0; i < packed->n_layers; i++) {
		size_t n_k = packed->layers[i].panels.n_k;
		most = n_k > most ? n_k : most;
	}
	return most;
}

static int allocate_packed(struct ls_worker *worker, const struct ls_worker_shape *shape)
{
	int has_owners = shape->split == LOCKSTEP_SPLIT_OWNERS;
	size_t n_rows = has_owners ? shape->batch : max_shard_rows(shape);
	size_t n_inputs = has_owners ? worker->ld_owned : max_inputs(shape->packed);
	if (n_rows < LS_PACKED_ROWS_MIN)
		return 1;
	worker->packed = ls_memory_allocate(n_rows, (n_inputs + LS_TILE_MAX) * sizeof *worker->packed);
	return worker->packed != NULL;
}

static int allocate_ring(struct ls_worker *worker, const struct ls_worker_shape *shape)
{
	if (n_sharing_rows(shape) == 1 || shape->split == LOCKSTEP_SPLIT_OWNERS)
		return 1;
	worker->subtree_floats = shape->blocks->max_floats;
	worker->slot_floats = worker->subtree_floats * max_subtrees(shape);
	worker->ring = ls_memory_allocate(worker->slot_floats, LS_RING_SLOTS * sizeof(float));
	return worker->ring != NULL;
}

/* Units are shared out in groups as long as a row's padding. */
static uint64_t unit_groups(const struct ls_packed *packed)
{
	return ls_tiles(packed->layers[0].panels.n_out, LS_ROW_ALIGNMENT);
}

int ls_worker_can_split_units(const struct ls_packed *packed, uint32_t n_workers)
{
	return packed->n_layers > 1 && unit_groups(packed) >= n_workers;
}

static size_t n_weights(const struct ls_packed_layer *layer)
{
	return layer->panels.n_k * layer->panels.n_out;
}

int ls_worker_may_gain_from_units(const struct ls_packed *packed)
{
	size_t above = 0;
	for (size_t i = 1; i < packed->n_layers; i++)
		above += n_weights(&packed->layers[i]);
	return above <= n_weights(&packed->layers[0]);
}

static struct ls_range unit_share(const struct ls_packed *packed, uint32_t n_workers, uint32_t i_worker)
{
	uint32_t n_units = (uint32_t)packed->layers[0].panels.n_out;
	struct ls_range groups = ls_part((uint32_t)unit_groups(packed), n_workers, i_worker);
	uint32_t begin = groups.begin * LS_ROW_ALIGNMENT, end = groups.end * LS_ROW_ALIGNMENT;
	return (struct ls_range){begin, end < n_units ? end : n_units};
}

static lockstep_status create_replica(struct ls_worker *worker, const struct ls_worker_shape *shape, uint32_t i_worker,
                                      lockstep_error *error)
{
	struct ls_range units = unit_share(shape->packed, shape->n_workers, i_worker);
	lockstep_status status = ls_packed_create_part(&worker->replica, shape->packed, units, error);
	if (status)
		return status;
	worker->ld_shown = ls_round_up(units.end - units.begin, LS_ROW_ALIGNMENT);
	for (int parity = 0; parity < 2; parity++) {
		worker->shown[parity] = ls_memory_allocate(max_shard_rows(shape), worker->ld_shown * sizeof(float));
		if (!worker->shown[parity])
			return ls_error_memory(error, "a worker's activations");
	}
	return LOCKSTEP_OK;
}

/* The most inputs of a layer that one worker owns, in whole tiles and vectors. */
static size_t max_owned(const struct ls_worker_shape *shape)
{
	const struct ls_arith *arith = shape->packed->arith;
	size_t n_tiles = ls_tiles(max_inputs(shape->packed), arith->tile);
	size_t n = (n_tiles + shape->n_workers - 1) / shape->n_workers * arith->tile;
	return ls_round_up(n, LS_ROW_ALIGNMENT);
}

static lockstep_status create_owned(struct ls_worker *worker, const struct ls_worker_shape *shape,
                                    lockstep_error *error)
{
	worker->ld_owned = max_owned(shape);
	worker->owned = ls_memory_allocate(shape->batch, worker->ld_owned * sizeof *worker->owned);
	worker->batch_slices = ls_memory_allocate((size_t)shape->slices + 1, sizeof *worker->batch_slices);
	if (!worker->owned || !worker->batch_slices)
		return ls_error_memory(error, "a worker's inputs");
	if (!shape->with_zeros)
		return LOCKSTEP_OK;
	return ls_zeros_create(&worker->owned_zeros,
	                       &(struct ls_zeros_shape){.arith = shape->packed->arith,
	                                                .max_rows = shape->batch,
	                                                .max_columns = worker->ld_owned,
	                                                .max_slices = shape->slices,
	                                                .n_outputs = shape->packed->layers[0].panels.n_out,
	                                                .wanted = LS_ZEROS_FOR_GRADIENT},
	                       error);
}

static lockstep_status create_zeros(struct ls_worker *worker, const struct ls_worker_shape *shape,
                                    lockstep_error *error)
{
	const struct ls_packed *packed = worker->replica ? worker->replica : shape->packed;
	if (!shape->with_zeros)
		return LOCKSTEP_OK;
	return ls_zeros_create(
	    &worker->zeros,
	    &(struct ls_zeros_shape){.arith = packed->arith,
	                             .max_rows = max_shard_rows(shape),
	                             .max_columns = packed->layers[0].panels.n_k,
	                             .max_slices = shape->slices,
	                             .n_outputs = packed->layers[0].panels.n_out,
	                             .wanted = LS_ZEROS_FOR_PRODUCT |
	                                       (shape->split == LOCKSTEP_SPLIT_OWNERS ? 0 : LS_ZEROS_FOR_GRADIENT)},
	    error);
}

lockstep_status ls_worker_create(struct ls_worker **out, const struct ls_worker_shape *shape, uint32_t i_worker,
                                 lockstep_error *error)
{
	struct ls_worker *worker = ls_memory_allocate(1, sizeof *worker);
	if (!worker)
		return ls_error_memory(error, "a worker");

	lockstep_status status = ls_partition_init(&worker->partition, shape->slices, n_sharing_rows(shape), error);
	if (!status)
		status = ls_shard_create(&worker->shard, shape->packed, max_shard_rows(shape), 1, shape->with_dropout,
		                         error);
	if (!status && shape->split == LOCKSTEP_SPLIT_UNITS)
		status = create_replica(worker, shape, i_worker, error);
	if (!status)
		status = create_zeros(worker, shape, error);
	if (!status && shape->split == LOCKSTEP_SPLIT_OWNERS)
		status = create_owned(worker, shape, error);
	if (!status &&
	    (!allocate_lists(worker, shape) || !allocate_packed(worker, shape) || !allocate_ring(worker, shape)))
		status = ls_error_set(error, LOCKSTEP_ERROR_MEMORY, "out of memory for worker %u", i_worker);
	if (status) {
		ls_worker_destroy(worker);
		return status;
	}
	*out = worker;
	return LOCKSTEP_OK;
}

void ls_worker_destroy(struct ls_worker *worker)
{
	if (!worker)
		return;
	ls_memory_free(worker->ring);
	ls_memory_free(worker->batch_slices);
	ls_zeros_destroy(worker->owned_zeros);
	ls_memory_free(worker->owned);
	ls_zeros_destroy(worker->zeros);
	ls_memory_free(worker->packed);
	ls_memory_free(worker->deltas);
	ls_memory_free(worker->shown[1]);
	ls_memory_free(worker->shown[0]);
	ls_packed_destroy(worker->replica);
	ls_memory_free(worker->nodes);
	ls_memory_free(worker->rest);
	ls_used_columns_fini(&worker->columns);
	ls_memory_free(worker->slice_rows);
	ls_shard_destroy(worker->shard);
	ls_partition_fini(&worker->partition);
	ls_memory_free(worker);
}

void ls_worker_begin_phases(struct ls_worker *worker, int times_phases)
{
	worker->times_phases = times_phases;
	if (times_phases)
		worker->phase_began = ls_clock_seconds();
}

void ls_worker_end_phase(struct ls_worker *worker, enum lockstep_phase phase)
{
	if (!worker->times_phases)
		return;
	double now = ls_clock_seconds();
	worker->phases[phase] += now - worker->phase_began;
	worker->phase_began = now;
}
