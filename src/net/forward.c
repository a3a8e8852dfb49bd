/* SPDX-License-Identifier: MIT
 *
 * The forward pass of a shard (doc/numerics.md, section 2).
 */
#include "arith/philox.h"
#include "base/ranges.h"
#include "shard.h"

/* Pre-activations of one layer: every panel of outputs, for all rows. */
static void layer_products(const struct ls_packed_layer *layer, const struct ls_arith *arith, struct ls_product whole)
{
	for (size_t p = 0; p < ls_panels_count(&layer->panels); p++) {
		struct ls_product part = ls_packed_product(layer, p, whole);
		arith->product(&part);
	}
}

/* The same over the inputs that are not 0. Narrow panels, whose tiles are higher
 * than the lists' groups of rows, take all. */
static void sparse_products(const struct ls_packed_layer *layer, const struct ls_zeros *zeros, struct ls_product whole)
{
	for (size_t p = 0; p < ls_panels_count(&layer->panels); p++) {
		struct ls_product panel = ls_packed_product(layer, p, whole);
		if (panel.width < zeros->arith->panel) {
			zeros->arith->product(&panel);
			continue;
		}
		for (size_t i = 0; i < zeros->n_groups; i++) {
			struct ls_range rows = ls_zeros_group(zeros, panel.n_rows, i);
			struct ls_product part = panel;
			part.n_rows = rows.end - rows.begin;
			part.in += rows.begin * part.ld_in;
			part.out += rows.begin * part.ld_out;
			part.n_k = zeros->n_positions[i];
			part.position = zeros->positions + i * zeros->max_columns;
			part.index = zeros->index + i * zeros->max_columns;
			zeros->arith->product(&part);
		}
	}
}

/* What the next layer reads of n units, whose words were drawn. No branch: the
 * words are random, and the loop is vectorised. */
static void drop(const struct ls_dropout *dropout, const uint32_t *restrict words, size_t n, const float *restrict a,
                 float *restrict out, uint8_t *restrict kept)
{
	uint32_t threshold = dropout->threshold;
	float scale = dropout->scale;
	for (size_t j = 0; j < n; j++) {
		float scaled = a[j] * scale;
		kept[j] = words[j] >= threshold;
		out[j] = words[j] >= threshold ? scaled : 0;
	}
}

/* The same of a row's units, from the draw of the first one. */
static void drop_row(const struct ls_dropout *dropout, struct ls_draw draw, size_t n, const float *a, float *out,
                     uint8_t *kept)
{
	uint32_t words[4 * LS_DRAWS_BATCH];
	for (size_t j = 0; j < n; j += 4 * LS_DRAWS_BATCH, draw.unit += LS_DRAWS_BATCH) {
		size_t n_drawn = n - j < 4 * LS_DRAWS_BATCH ? n - j : 4 * LS_DRAWS_BATCH;
		ls_draws(&draw, dropout->seed, (uint32_t)(n_drawn + 3) / 4, words);
		drop(dropout, words, n_drawn, a + j, out + j, kept + j);
	}
}

static void drop_units(struct ls_shard_layer *layer, const struct ls_pass *pass, size_t i_layer, size_t n)
{
	for (size_t r = 0; r < pass->n_rows; r++)
		drop_row(&pass->dropout,
		         (struct ls_draw){.purpose = LS_PURPOSE_DROPOUT,
		                          .layer = (uint32_t)i_layer,
		                          .epoch = pass->dropout.epoch,
		                          .row = pass->rows[r]},
		         n, layer->a + r * layer->ld, layer->out + r * layer->ld, layer->kept + r * layer->ld);
}

static void first_products(const struct ls_shard *shard, const struct ls_pass *pass, float *out, size_t ld_out)
{
	const struct ls_packed_layer *layer = &pass->packed->layers[0];
	struct ls_product product = {.n_rows = pass->n_rows,
	                             .n_k = pass->columns ? pass->columns->n : layer->panels.n_k,
	                             .in = shard->inputs,
	                             .ld_in = shard->ld_inputs,
	                             .index = pass->columns ? pass->columns->index : NULL,
	                             .out = out,
	                             .ld_out = ld_out};
	if (pass->zeros && pass->zeros->for_product)
		sparse_products(layer, pass->zeros, product);
	else
		layer_products(layer, pass->packed->arith, product);
}

static void activate(const struct ls_pass *pass, size_t i_layer, float *a, size_t ld)
{
	struct ls_block block = {a, pass->n_rows, pass->packed->layers[i_layer].panels.n_out, ld};
	pass->packed->arith->activate(&block, pass->options->hidden, (float)pass->options->leaky_slope);
}

void ls_forward_first(struct ls_shard *shard, const struct ls_pass *pass, float *out, size_t ld_out)
{
	first_products(shard, pass, out, ld_out);
	activate(pass, 0, out, ld_out);
}

void ls_forward_rest(struct ls_shard *shard, const struct ls_pass *pass)
{
	const struct ls_packed *packed = pass->packed;
	for (size_t i = 1; i < packed->n_layers; i++) {
		struct ls_shard_layer *below = &shard->layers[i - 1], *layer = &shard->layers[i];
		size_t n_in = packed->layers[i].panels.n_k;
		if (below->kept)
			drop_units(below, pass, i - 1, n_in);
		struct ls_product product = {.n_rows = pass->n_rows,
		                             .n_k = n_in,
		                             .in = below->out,
		                             .ld_in = below->ld,
		                             .out = layer->a,
		                             .ld_out = layer->ld};
		layer_products(&packed->layers[i], packed->arith, product);
		if (i + 1 < packed->n_layers)
			activate(pass, i, layer->a, layer->ld);
	}
}

void ls_forward(struct ls_shard *shard, const struct ls_pass *pass)
{
	struct ls_shard_layer *first = &shard->layers[0];
	if (pass->packed->n_layers == 1)
		first_products(shard, pass, first->a, first->ld);
	else
		ls_forward_first(shard, pass, first->a, first->ld);
	ls_forward_rest(shard, pass);
}
