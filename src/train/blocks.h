/* SPDX-License-Identifier: MIT
 *
 * Parameter blocks: the units of the walk in a step. A block is a few column
 * panels of one layer with their biases, or a part of a large panel's inputs: at
 * most 256 KiB and a tile, so that it stays in a core's second-level cache from the
 * gradient to the update, and a worker's ring is small whatever the layer.
 */
#ifndef LS_TRAIN_BLOCKS_H
#define LS_TRAIN_BLOCKS_H

#include <stddef.h>

#include "net/packed.h"

struct ls_param_block {
	size_t i_layer;
	size_t first_panel, n_panels;
	uint32_t i_part, n_parts; /* part of the inputs, by ls_tiles_part(); the last one has the biases. 0 of 1: all */
};

struct ls_blocks {
	size_t n;
	struct ls_param_block *blocks; /* in layer order */
	size_t max_floats;             /* of one gradient sum of the largest block */
};

lockstep_status ls_blocks_init(struct ls_blocks *blocks, const struct ls_packed *packed, lockstep_error *error);
void ls_blocks_fini(struct ls_blocks *blocks);

/* Where panel i of the block's gradient sum starts: [inputs of the part][width], then
 * the biases [width]. */
size_t ls_block_offset(const struct ls_packed *packed, const struct ls_param_block *block, size_t i_panel);

#endif
