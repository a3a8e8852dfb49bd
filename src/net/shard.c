/* SPDX-License-Identifier: MIT
 *
 * A shard's buffers. Leading dimensions avoid multiples of 256 bytes, so that
 * the rows of a tile do not fall into the same cache sets.
 */
#include "shard.h"

#include "base/error.h"
#include "base/memory.h"

static size_t leading_dimension(size_t n)
{
	size_t ld = ls_round_up(n, LS_ROW_ALIGNMENT);
	return ld % 64 == 0 ? ld + LS_ROW_ALIGNMENT : ld;
}

/* Deltas are turned a vector of rows at a time, so that there is room for whole ones. */
static int allocate_layer(struct ls_shard_layer *layer, size_t rows, size_t n, int last, int training, int with_dropout)
{
	layer->ld = leading_dimension(n);
	size_t count = ls_round_up(rows, LS_ROW_ALIGNMENT) * layer->ld;
	layer->a = ls_memory_allocate(count, sizeof(float));
	layer->out = layer->a;
	layer->delta = layer->a;
	if (last || !training)
		return layer->a != NULL;

	layer->delta = ls_memory_allocate(count, sizeof(float));
	if (with_dropout) {
		layer->out = ls_memory_allocate(count, sizeof(float));
		layer->kept = ls_memory_allocate(count, sizeof(uint8_t));
	}
	return layer->a && layer->delta && layer->out && (!with_dropout || layer->kept);
}

static int allocate_turned(struct ls_shard *shard, const struct ls_packed *packed)
{
	size_t n = 0;
	for (size_t i = 1; i < packed->n_layers; i++)
		n = packed->layers[i].panels.n_out > n ? packed->layers[i].panels.n_out : n;
	shard->turned = ls_memory_allocate(LS_CARRIED_INPUTS + ls_round_up(n, LS_ROW_ALIGNMENT),
	                                   packed->arith->panel * sizeof(float));
	return shard->turned != NULL;
}

lockstep_status ls_shard_create(struct ls_shard **out, const struct ls_packed *packed, size_t max_rows, int training,
                                int with_dropout, lockstep_error *error)
{
	struct ls_shard *shard = ls_memory_allocate(1, sizeof *shard);
	if (!shard)
		return ls_error_memory(error, "a worker's buffers");

	shard->max_rows = max_rows;
	shard->n_layers = packed->n_layers;
	shard->ld_inputs = leading_dimension(packed->layers[0].panels.n_k);
	shard->inputs = ls_memory_allocate(max_rows * shard->ld_inputs + LS_ROW_ALIGNMENT, sizeof(float));
	shard->losses = ls_memory_allocate(max_rows, sizeof(float));
	int complete = shard->inputs && shard->losses && (!training || allocate_turned(shard, packed));
	for (size_t i = 0; complete && i < packed->n_layers; i++)
		complete = allocate_layer(&shard->layers[i], max_rows, packed->layers[i].panels.n_out,
		                          i + 1 == packed->n_layers, training, with_dropout);
	if (!complete) {
		ls_shard_destroy(shard);
		return ls_error_memory(error, "a worker's buffers");
	}
	*out = shard;
	return LOCKSTEP_OK;
}

void ls_shard_destroy(struct ls_shard *shard)
{
	if (!shard)
		return;
	for (size_t i = 0; i < shard->n_layers; i++) {
		struct ls_shard_layer *layer = &shard->layers[i];
		if (layer->delta != layer->a)
			ls_memory_free(layer->delta);
		if (layer->out != layer->a)
			ls_memory_free(layer->out);
		ls_memory_free(layer->kept);
		ls_memory_free(layer->a);
	}
	ls_memory_free(shard->turned);
	ls_memory_free(shard->losses);
	ls_memory_free(shard->inputs);
	ls_memory_free(shard);
}

void ls_shard_find_zeros(const struct ls_shard *shard, struct ls_pass *pass, struct ls_zeros *zeros,
                         const uint32_t *slices, uint32_t n_slices)
{
	pass->zeros = zeros;
	if (zeros)
		ls_zeros_find(zeros,
		              &(struct ls_zeros_input){
				  .in = shard->inputs,
				  .ld = shard->ld_inputs,
				  .n_rows = pass->n_rows,
				  .n_columns = pass->columns ? pass->columns->n : pass->packed->layers[0].panels.n_k,
				  .columns = pass->columns ? pass->columns->index : NULL,
				  .slices = slices,
				  .n_slices = n_slices,
			      });
}
