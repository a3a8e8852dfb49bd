/* SPDX-License-Identifier: MIT
 *
 * The forward pass of a shard (doc/numerics.md, section 2).
 */
#include "arith/philox.h"
#include "shard.h"

/* Pre-activations of one layer: every panel of outputs, for all rows. */
static void layer_products(const struct ls_packed *packed, size_t i_layer, struct ls_product product, float *out)
{
	const struct ls_packed_layer *layer = &packed->layers[i_layer];
	for (size_t p = 0; p < ls_panels_count(&layer->forward); p++) {
		struct ls_panel panel = ls_panels_get(&layer->forward, p);
		product.panel = layer->weight + panel.offset;
		product.start = layer->bias + panel.column;
		product.width = panel.width;
		product.out = out + panel.column;
		packed->arith->product(&product);
	}
}

/* Draws one row's drop flags and writes what the next layer reads. */
static void drop_row(const struct ls_dropout *dropout, uint32_t i_layer, uint32_t row, size_t n, const float *a,
                     float *out, uint8_t *kept)
{
	uint32_t words[4];
	for (uint32_t j = 0; j < n; j++) {
		if (j % 4 == 0)
			ls_draw(&(struct ls_draw){LS_PURPOSE_DROPOUT, i_layer, dropout->epoch, row, j / 4},
			        dropout->seed, words);
		kept[j] = words[j % 4] >= dropout->threshold;
		out[j] = kept[j] ? a[j] * dropout->scale : 0;
	}
}

static void drop_units(struct ls_shard_layer *layer, const struct ls_pass *pass, size_t i_layer, size_t n)
{
	for (size_t r = 0; r < pass->n_rows; r++)
		drop_row(&pass->dropout, (uint32_t)i_layer, pass->rows[r], n, layer->a + r * layer->ld,
		         layer->out + r * layer->ld, layer->kept + r * layer->ld);
}

void ls_forward(struct ls_shard *shard, const struct ls_pass *pass)
{
	const struct ls_packed *packed = pass->packed;
	struct ls_product product = {.n_rows = pass->n_rows,
	                             .n_k = pass->columns ? pass->columns->n : packed->layers[0].forward.n_k,
	                             .in = shard->inputs,
	                             .ld_in = shard->ld_inputs,
	                             .index = pass->columns ? pass->columns->index : NULL};

	for (size_t i = 0; i < packed->n_layers; i++) {
		struct ls_shard_layer *layer = &shard->layers[i];
		size_t n = packed->layers[i].forward.n_out;
		product.ld_out = layer->ld;
		layer_products(packed, i, product, layer->a);
		if (i + 1 == packed->n_layers)
			break;
		struct ls_block block = {layer->a, pass->n_rows, n, layer->ld};
		packed->arith->activate(&block, pass->options->hidden, (float)pass->options->leaky_slope);
		if (pass->dropout.threshold)
			drop_units(layer, pass, i, n);
		product.n_k = n;
		product.in = layer->out;
		product.ld_in = layer->ld;
		product.index = NULL;
	}
}
