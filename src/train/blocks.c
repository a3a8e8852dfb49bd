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
	return (i_panel - block->first_panel) * (panels->n_k + 1) * panels->wide;
}

static size_t panels_a_block(const struct ls_panels *panels)
{
	size_t n = BLOCK_FLOATS / ((panels->n_k + 1) * panels->wide);
	return n ? n : 1;
}

/* Appends the layer's blocks, or only counts them when blocks is NULL. */
static size_t cut_layer(const struct ls_packed *packed, size_t i_layer, struct ls_param_block *blocks)
{
	const struct ls_panels *panels = &packed->layers[i_layer].panels;
	size_t n_panels = ls_panels_count(panels), step = panels_a_block(panels), n = 0;

	for (size_t first = 0; first < n_panels; first += step, n++)
		if (blocks)
			blocks[n] =
			    (struct ls_param_block){i_layer, first, n_panels - first < step ? n_panels - first : step};
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
