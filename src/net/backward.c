/* SPDX-License-Identifier: MIT
 *
 * Losses and deltas of a shard (doc/numerics.md, section 3).
 */
#include "shard.h"

static struct ls_block last_block(const struct ls_shard *shard, const struct ls_pass *pass)
{
	const struct ls_shard_layer *last = &shard->layers[shard->n_layers - 1];
	return (struct ls_block){last->a, pass->n_rows, pass->packed->layers[shard->n_layers - 1].forward.n_out,
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

void ls_backward_product(const struct ls_packed_layer *layer, const struct ls_arith *arith, size_t n_rows,
                         const struct ls_shard_layer *from, const struct ls_shard_layer *to)
{
	struct ls_product whole = {.n_rows = n_rows,
	                           .n_k = layer->backward.n_k,
	                           .in = from->delta,
	                           .ld_in = from->ld,
	                           .out = to->delta,
	                           .ld_out = to->ld};
	for (size_t p = 0; p < ls_panels_count(&layer->backward); p++) {
		struct ls_product part = ls_panels_product(&layer->backward, p, layer->transposed, NULL, whole);
		arith->product(&part);
	}
}

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
		size_t first = packed->layers[i].first_in, n = packed->layers[i].backward.n_out;
		ls_backward_product(&packed->layers[i], packed->arith, pass->n_rows, &shard->layers[i], below);
		if (below->kept)
			scale_kept(below, pass->n_rows, first, n, pass->dropout.scale);
		struct ls_block block = {below->delta, pass->n_rows, n, below->ld};
		packed->arith->derive(&block, below->a + first, pass->options->hidden,
		                      (float)pass->options->leaky_slope);
	}
}
