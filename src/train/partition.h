/* SPDX-License-Identifier: MIT
 *
 * Who computes what of a mini-batch: its slices, every worker's shard, and how
 * the sums of all shards' subtrees combine to the root. Pure arithmetic over
 * base/ranges.h; made anew only when the number of rows changes.
 */
#ifndef LS_TRAIN_PARTITION_H
#define LS_TRAIN_PARTITION_H

#include <stdint.h>

#include "base/ranges.h"
#include "lockstep/status.h"

/* One subtree's sum, as the reduction meets it: in slice order. */
struct ls_node {
	uint32_t worker;
	uint32_t i_subtree; /* among the worker's own */
};

struct ls_partition {
	uint32_t n_rows, n_slices, n_workers;
	uint32_t capacity; /* nodes that fit */
	uint32_t n_nodes;
	struct ls_node *nodes; /* [n_nodes] */
	uint8_t *n_merges;     /* [n_nodes] */
};

/* Room for any mini-batch of up to `slices` slices over n_workers. */
lockstep_status ls_partition_init(struct ls_partition *partition, uint32_t slices, uint32_t n_workers,
                                  lockstep_error *error);
void ls_partition_fini(struct ls_partition *partition);

/* Lays out a mini-batch of n_rows rows, at least 1. */
void ls_partition_set(struct ls_partition *partition, uint32_t n_rows, uint32_t slices);

/* Slices of a worker, and their rows in the mini-batch. */
struct ls_range ls_partition_slices(const struct ls_partition *partition, uint32_t worker);
struct ls_range ls_partition_rows(const struct ls_partition *partition, uint32_t worker);

#endif
