/* SPDX-License-Identifier: MIT
 *
 * Cutting layers into blocks.
 */
#include "blocks.h"

#include "base/error.h"
#include "base/memory.h"

#define BLOCK_FLOATS (256 * 1024 / sizeof(float))

size_t ls_block_offset(const struct ls_packed *packed, const struct ls_param_block *block, size_t i_panel)
{
	const struct ls_panels *panels = &packed->layers[block->i_layer].panels;
	size_t tile = packed->arith->tile;
	size_t n_tiles = (ls_tiles(panels->n_k, tile) + block->n_parts - 1) / block->n_parts; /* the most */
	size_t inputs = block->n_parts == 1 ? panels->n_k : n_tiles * tile;
	return (i_panel - block->first_panel) * (inputs + 1) * panels->wide;
}

/* Appends the layer's blocks, or only counts them when blocks is NULL. */
static size_t cut_layer(const struct ls_packed *packed, size_t i_layer, struct ls_param_block *blocks)
{
	const struct ls_panels *panels = &packed->layers[i_layer].panels;
	size_t n_panels = ls_panels_count(panels), n = 0;
	size_t floats = (panels->n_k + 1) * panels->wide; /* of a panel */
	size_t step = floats < BLOCK_FLOATS ? BLOCK_FLOATS / floats : 1;
	uint32_t n_parts = (uint32_t)((floats + BLOCK_FLOATS - 1) / BLOCK_FLOATS);

	for (size_t first = 0; first < n_panels; first += step)
		for (uint32_t i = 0; i < n_parts; i++, n++)
			if (blocks)
				blocks[n] = (struct ls_param_block){
				    i_layer, first, n_panels - first < step ? n_panels - first : step, i, n_parts};
	return n;
}

lockstep_status ls_blocks_init(struct ls_blocks *blocks, const struct ls_packed *packed, lockstep_error *error)
{
	*blocks = (struct ls_blocks){0};
	for (size_t i = 0; i < packed->n_layers; i++)
		blocks->n += cut_layer(packed, i, NULL);
	blocks->blocks = ls_memory_allocate(blocks->n, sizeof *blocks->blocks);
	if (!blocks->blocks)
		return ls_error_memory(error, "the parameter blocks");

	struct ls_param_block *at = blocks->blocks;
	for (size_t i = 0; i < packed->n_layers; i++)
		at += cut_layer(packed, i, at);
	for (size_t i = 0; i < blocks->n; i++) {
		const struct ls_param_block *block = &blocks->blocks[i];
		size_t floats = ls_block_offset(packed, block, block->first_panel + block->n_panels);
		blocks->max_floats = floats > blocks->max_floats ? floats : blocks->max_floats;
	}
	return LOCKSTEP_OK;
}

void ls_blocks_fini(struct ls_blocks *blocks)
{
	ls_memory_free(blocks->blocks);
	*blocks = (struct ls_blocks){0};
}
