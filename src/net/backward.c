/* SPDX-License-Identifier: MIT
 *
 * Losses and deltas of a shard (doc/numerics.md, section 3).
 */
#include "shard.h"

#include <string.h>

static struct ls_block last_block(const struct ls_shard *shard, const struct ls_pass *pass)
{
	const struct ls_shard_layer *last = &shard->layers[shard->n_layers - 1];
	return (struct ls_block){last->a, pass->n_rows, pass->packed->layers[shard->n_layers - 1].panels.n_out,
	                         last->ld};
}

void ls_outputs(struct ls_shard *shard, const struct ls_pass *pass)
{
	struct ls_block z = last_block(shard, pass);
	pass->packed->arith->outputs(&z, pass->options->loss, NULL, NULL);
}

void ls_loss(struct ls_shard *shard, const struct ls_pass *pass)
{
	struct ls_block z = last_block(shard, pass);
	pass->packed->arith->outputs(&z, pass->options->loss, &pass->targets, shard->losses);
}

/* ---- The product ------------------------------------------------------ */

/* The weights lie as the forward product reads them. Here either they are turned, or
 * the deltas are: with a row of the mini-batch in every lane, weights are read as they
 * lie. That pays where the rows fill the lanes. A turned copy of the weights, kept by
 * every update, would go through main memory for a large layer: without one, steps of
 * 784-2048-2048-10 are 1.45 times as fast with 32 rows, 1.07 with 128, and about as
 * fast with 512; of 784-512-512-10 with 5 rows a worker 0.95, with 64 1.01 to 1.03. */

/* But for a sixteenth of the rows at most. */
static int fills_lanes(const struct ls_arith *arith, size_t n_rows)
{
	return (ls_round_up(n_rows, arith->vector) - n_rows) * 16 <= n_rows;
}

/* The deltas of a layer's outputs, and where those of its inputs go. */
struct delta_rows {
	size_t n_rows;
	const float *from; /* [n_rows][ld_from] */
	float *to;         /* [n_rows][ld_to] */
	size_t ld_from, ld_to;
};

/* Up to a panel of rows, whose deltas are turned. Inputs go a few at a time, so that
 * what comes of them is turned back while it is in cache; padding columns become 0. */
static void multiply_panel_of_rows(const struct ls_packed_layer *layer, const struct ls_arith *arith, float *turned,
                                   const struct delta_rows *deltas)
{
	size_t n_inputs = layer->inputs.end - layer->inputs.begin, width = ls_round_up(deltas->n_rows, arith->vector);
	float *turned_deltas = turned + LS_CARRIED_INPUTS * width;
	struct ls_back_product part = {.weight = layer->weight,
	                               .n_k = layer->panels.n_k,
	                               .n_out = layer->panels.n_out,
	                               .delta = turned_deltas,
	                               .width = width,
	                               .out = turned};
	arith->transpose(width, ls_round_up(part.n_out, arith->vector), deltas->from, deltas->ld_from, turned_deltas,
	                 width);
	for (size_t i = 0; i < n_inputs; i += part.n) {
		part.first = layer->inputs.begin + i;
		part.n = n_inputs - i < LS_CARRIED_INPUTS ? n_inputs - i : LS_CARRIED_INPUTS;
		arith->back_product(&part);
		size_t n_padded = ls_round_up(part.n, LS_ROW_ALIGNMENT);
		memset(turned + part.n * width, 0, (n_padded - part.n) * width * sizeof *turned);
		arith->transpose(n_padded, width, turned, width, deltas->to + i, deltas->ld_to);
	}
}

/* All rows, a panel of them at a time. */
static void multiply_in_lanes(const struct ls_packed_layer *layer, const struct ls_arith *arith, float *turned,
                              struct delta_rows deltas)
{
	for (size_t left = deltas.n_rows; left > 0; left -= deltas.n_rows) {
		deltas.n_rows = left < arith->panel ? left : arith->panel;
		multiply_panel_of_rows(layer, arith, turned, &deltas);
		deltas.from += deltas.n_rows * deltas.ld_from;
		deltas.to += deltas.n_rows * deltas.ld_to;
	}
}

/* The weights of n inputs as a panel of as many outputs, with padding 0. */
static void turn_weights(const struct ls_packed_layer *layer, const struct ls_arith *arith, size_t first, size_t n,
                         size_t width, float *turned)
{
	size_t n_out = layer->panels.n_out;
	if (n < width)
		memset(turned, 0, n_out * width * sizeof *turned);
	for (size_t p = 0; p < ls_panels_count(&layer->panels); p++) {
		struct ls_panel panel = ls_panels_get(&layer->panels, p);
		size_t n_columns = n_out - panel.column < panel.width ? n_out - panel.column : panel.width;
		arith->transpose(n, n_columns, layer->weight + panel.offset + first * panel.width, panel.width,
		                 turned + panel.column * width, width);
	}
}

/* All rows, a panel of inputs at a time, whose weights are turned. */
static void multiply_in_panels(const struct ls_packed_layer *layer, const struct ls_arith *arith, float *turned,
                               const struct delta_rows *deltas)
{
	size_t n_inputs = layer->inputs.end - layer->inputs.begin;
	struct ls_product product = {.n_rows = deltas->n_rows,
	                             .n_k = layer->panels.n_out,
	                             .in = deltas->from,
	                             .ld_in = deltas->ld_from,
	                             .panel = turned,
	                             .out = deltas->to,
	                             .ld_out = deltas->ld_to};
	for (size_t i = 0; i < n_inputs; i += arith->panel, product.out += arith->panel) {
		size_t n = n_inputs - i < arith->panel ? n_inputs - i : arith->panel;
		product.width = ls_round_up(n, arith->vector);
		turn_weights(layer, arith, layer->inputs.begin + i, n, product.width, turned);
		arith->product(&product);
	}
}

void ls_backward_product(const struct ls_shard *shard, const struct ls_packed *packed, size_t i_layer, size_t n_rows)
{
	const struct ls_packed_layer *layer = &packed->layers[i_layer];
	const struct ls_shard_layer *above = &shard->layers[i_layer], *below = &shard->layers[i_layer - 1];
	struct delta_rows deltas = {n_rows, above->delta, below->delta, above->ld, below->ld};
	if (fills_lanes(packed->arith, n_rows))
		multiply_in_lanes(layer, packed->arith, shard->turned, deltas);
	else
		multiply_in_panels(layer, packed->arith, shard->turned, &deltas);
}

/* ---- Deltas ----------------------------------------------------------- */

/* Units first .. first + n - 1; deltas begin with the first of them. */
static void scale_kept(struct ls_shard_layer *layer, size_t n_rows, size_t first, size_t n, float scale)
{
	for (size_t r = 0; r < n_rows; r++) {
		float *delta = layer->delta + r * layer->ld;
		const uint8_t *kept = layer->kept + r * layer->ld + first;
		for (size_t j = 0; j < n; j++)
			delta[j] = kept[j] ? delta[j] * scale : 0;
	}
}

void ls_backward(struct ls_shard *shard, const struct ls_pass *pass)
{
	const struct ls_packed *packed = pass->packed;
	struct ls_block outputs = last_block(shard, pass);
	packed->arith->deltas(&outputs, pass->options->loss, &pass->targets);

	for (size_t i = packed->n_layers - 1; i > 0; i--) {
		struct ls_shard_layer *below = &shard->layers[i - 1];
		size_t first = packed->layers[i].inputs.begin, n = packed->layers[i].inputs.end - first;
		ls_backward_product(shard, packed, i, pass->n_rows);
		if (below->kept)
			scale_kept(below, pass->n_rows, first, n, pass->dropout.scale);
		struct ls_block block = {below->delta, pass->n_rows, n, below->ld};
		packed->arith->derive(&block, below->a + first, pass->options->hidden,
		                      (float)pass->options->leaky_slope);
	}
}
