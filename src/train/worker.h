/* SPDX-License-Identifier: MIT
 *
 * What one worker owns in training: its shard's buffers, its ring of private
 * gradient buffers, and its view of the current mini-batch. Created by the
 * worker's own thread, so that the memory lies near its core; afterwards
 * written by it alone. Once it is published the others read the ring, or with
 * owners the shard, or with units split what is shown.
 */
#ifndef LS_TRAIN_WORKER_H
#define LS_TRAIN_WORKER_H

#include <stdint.h>

#include "blocks.h"
#include "lockstep/train.h"
#include "net/shard.h"
#include "partition.h"
#include "team/counter.h"

/* Ring slots, and how many blocks a worker produces ahead of its reductions:
 * below the ring's length, so that nobody waits in a circle. */
#define LS_RING_SLOTS 3
#define LS_RING_AHEAD 1

struct ls_worker {
	struct ls_counter produced; /* blocks written into the ring, or meetings; raised by this worker */
	struct ls_counter consumed; /* blocks whose share this worker has reduced */

	struct ls_shard *shard;
	struct ls_partition partition;
	uint32_t *slice_rows;           /* [slices + 1] first rows of the shard's slices, from the shard's first row */
	struct ls_used_columns columns; /* first layer's inputs in use in the mini-batch */
	uint32_t *rest;                 /* the others; filled only when they need an update too */
	const float **nodes;            /* [partition.capacity] the reduction's operands */
	struct ls_packed *replica;      /* the worker's part of the network when units are split; else NULL */
	float *shown[2]; /* [rows][replica's first outputs]: activations for the others, by step's parity */
	size_t ld_shown;
	struct ls_zeros *zeros; /* of the worker's rows; NULL: inputs are never 0 */
	float *owned;           /* [batch][ld_owned] inputs of its own weights, when these have owners; else NULL */
	size_t ld_owned;
	struct ls_zeros *owned_zeros; /* of the first layer's owned inputs; NULL likewise */
	uint32_t *batch_slices;       /* [slices + 1] first rows of the mini-batch's slices */
	float *deltas;                /* [rows][panel] of one panel at a time */
	float *packed;      /* inputs of one layer at a time, packed for its full panels; NULL: too few rows */
	size_t packed_rows; /* 0: they are not, in this layer */
	float *ring;        /* [LS_RING_SLOTS][max subtrees][block floats]; NULL when nothing is reduced */
	size_t slot_floats, subtree_floats;

	/* The current step's mini-batch, as this worker sees it. */
	struct ls_pass pass;
	uint32_t n_subtrees;
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t first_slice, n_slices;
	size_t n_rest;
	struct ls_update update;

	/* Seconds since the worker was made, when the options ask for them. */
	int times_phases;
	double phases[LOCKSTEP_N_PHASES];
	double phase_began;
};

struct ls_worker_shape {
	const struct ls_packed *packed;
	const struct ls_blocks *blocks;
	uint32_t batch, slices, n_workers;
	int with_dropout;
	int with_zeros; /* inputs may be 0 */
	enum lockstep_split split;
};

/* Can the first layer's units be split over n_workers? Each gets groups of
 * LS_ROW_ALIGNMENT of them. */
int ls_worker_can_split_units(const struct ls_packed *packed, uint32_t n_workers);

/* Every worker holds and computes the layers above the first. Where these have more weights than the first, that is
 * more than half of the model for each: 858 MiB in place of 247 with 16 workers of 784-2048-2048-10, at 0.6 of the speed. */
int ls_worker_may_gain_from_units(const struct ls_packed *packed);

lockstep_status ls_worker_create(struct ls_worker **out, const struct ls_worker_shape *shape, uint32_t i_worker,
                                 lockstep_error *error);
void ls_worker_destroy(struct ls_worker *worker);

/* Before a step's first phase, and after each: the time since the last call was
 * of this phase. */
void ls_worker_begin_phases(struct ls_worker *worker, int times_phases);
void ls_worker_end_phase(struct ls_worker *worker, enum lockstep_phase phase);

#endif
