/* SPDX-License-Identifier: MIT
 *
 * The reduction's order: nodes ascend by slice, and after each as many sums
 * are combined as a binary counter of slices carries.
 */
#include "partition.h"

#include "base/error.h"
#include "base/memory.h"

lockstep_status ls_partition_init(struct ls_partition *partition, uint32_t slices, uint32_t n_workers,
                                  lockstep_error *error)
{
	/* At most one node a slice, and 2 log2 S a worker. */
	size_t capacity = (size_t)n_workers * LS_SUBTREES_MAX;
	capacity = capacity < slices ? capacity : slices;
	*partition = (struct ls_partition){.n_workers = n_workers, .capacity = (uint32_t)capacity};
	partition->nodes = ls_memory_allocate(capacity, sizeof *partition->nodes);
	partition->n_merges = ls_memory_allocate(capacity, sizeof *partition->n_merges);
	if (!partition->nodes || !partition->n_merges) {
		ls_partition_fini(partition);
		return ls_error_memory(error, "the reduction's order");
	}
	return LOCKSTEP_OK;
}

void ls_partition_fini(struct ls_partition *partition)
{
	ls_memory_free(partition->n_merges);
	ls_memory_free(partition->nodes);
	*partition = (struct ls_partition){0};
}

static uint8_t merges_after(struct ls_subtree subtree)
{
	uint8_t n = 0;
	for (uint32_t position = subtree.first >> subtree.level; position & 1; position >>= 1)
		n++;
	return n;
}

void ls_partition_set(struct ls_partition *partition, uint32_t n_rows, uint32_t slices)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];

	partition->n_rows = n_rows;
	partition->n_slices = ls_effective_slices(n_rows, slices);
	partition->n_nodes = 0;
	for (uint32_t worker = 0; worker < partition->n_workers; worker++) {
		uint32_t n = ls_shard_subtrees(ls_partition_slices(partition, worker), subtrees);
		for (uint32_t i = 0; i < n; i++) {
			partition->nodes[partition->n_nodes] = (struct ls_node){worker, i};
			partition->n_merges[partition->n_nodes++] = merges_after(subtrees[i]);
		}
	}
}

struct ls_range ls_partition_slices(const struct ls_partition *partition, uint32_t worker)
{
	return ls_shard_slices(partition->n_slices, partition->n_workers, worker);
}

struct ls_range ls_partition_rows(const struct ls_partition *partition, uint32_t worker)
{
	struct ls_range slices = ls_partition_slices(partition, worker);
	if (slices.begin == slices.end)
		return (struct ls_range){0, 0};
	return (struct ls_range){
	    ls_slice_rows(partition->n_rows, partition->n_slices, slices.begin).begin,
	    ls_slice_rows(partition->n_rows, partition->n_slices, slices.end - 1).end,
	};
}
