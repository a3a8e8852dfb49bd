/* SPDX-License-Identifier: MIT
 *
 * The kernels alone, one layer on one core: every panel in turn, as a step calls
 * them for the first worker's shard, on dense data.
 */
#include <string.h>

#include "arith/arith.h"
#include "arith/philox.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/ranges.h"
#include "figure.h"
#include "net/shard.h"
#include "team.h"

/* Small, since every repetition goes on from the last one's weights. */
#define RATE 1e-6f
#define SLICES_MAX 128 /* of the default rule */

struct layer {
	const struct ls_arith *arith;
	struct ls_packed *packed; /* of the whole network, as is the shard */
	struct ls_shard *shard;
	size_t i_layer;
	struct ls_packed_layer *weights;
	const struct ls_shard_layer *outputs, *below; /* below NULL: the first layer */
	const float *in;                              /* [n_rows][ld_in] */
	size_t ld_in;
	struct lockstep_bench_shard rows;
	uint32_t slices[SLICES_MAX + 1];
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t n_subtrees;
	float *deltas;        /* [n_rows][panel] of one panel */
	float *packed_inputs; /* inputs for full panels, where that pays */
	float *sums;          /* of one panel, a subtree after the other */
	struct ls_update update;
	int not_finite;
	void (*kernel)(struct layer *layer); /* the one that is measured */
};

static void multiply(struct layer *layer)
{
	const struct ls_packed_layer *weights = layer->weights;
	struct ls_product whole = {.n_rows = layer->rows.rows,
	                           .n_k = weights->panels.n_k,
	                           .in = layer->in,
	                           .ld_in = layer->ld_in,
	                           .out = layer->outputs->a,
	                           .ld_out = layer->outputs->ld};
	for (size_t p = 0; p < ls_panels_count(&weights->panels); p++) {
		struct ls_product part = ls_packed_product(weights, p, whole);
		layer->arith->product(&part);
	}
}

static void carry_back(struct layer *layer)
{
	ls_backward_product(layer->shard, layer->packed, layer->i_layer, layer->rows.rows);
}

static void collect_deltas(struct layer *layer, struct ls_panel panel)
{
	const float *from = layer->outputs->delta + panel.column;
	for (size_t r = 0; r < layer->rows.rows; r++)
		memcpy(layer->deltas + r * panel.width, from + r * layer->outputs->ld, panel.width * sizeof *from);
}

static void pack_inputs(struct layer *layer, size_t width)
{
	layer->arith->pack(&(struct ls_packing){.n_rows = layer->rows.rows,
	                                        .n_columns = layer->weights->panels.n_k,
	                                        .width = width,
	                                        .in = layer->in,
	                                        .ld_in = layer->ld_in,
	                                        .out = layer->packed_inputs});
}

/* Of a panel, whose deltas are collected and whose inputs, where that pays, are packed. */
static void sum_panel(struct layer *layer, struct ls_panel panel, int packed, float *out)
{
	struct ls_gradient gradient = {.n_k = layer->weights->panels.n_k,
	                               .in = packed ? layer->packed_inputs : layer->in,
	                               .ld_in = layer->ld_in,
	                               .packed_rows = packed ? layer->rows.rows : 0,
	                               .delta = layer->deltas,
	                               .ld_delta = panel.width,
	                               .width = panel.width,
	                               .far = layer->weights->far,
	                               .target = {.weight = layer->weights->weight + panel.offset},
	                               .update = &layer->update};
	for (uint32_t i = 0; i < layer->n_subtrees; i++) {
		gradient.slices = layer->slices + layer->subtrees[i].first;
		gradient.n_slices = 1u << layer->subtrees[i].level;
		gradient.out = out ? out + i * gradient.n_k * panel.width : NULL;
		layer->not_finite |= layer->arith->gradient(&gradient);
	}
}

/* Into `out`, or with out NULL, which takes a lone subtree, into the weights. */
static void sum_gradient(struct layer *layer, float *out)
{
	for (size_t p = 0; p < ls_panels_count(&layer->weights->panels); p++) {
		struct ls_panel panel = ls_panels_get(&layer->weights->panels, p);
		int packed = layer->packed_inputs && panel.width == layer->arith->panel;
		if (packed && p == 0)
			pack_inputs(layer, panel.width);
		collect_deltas(layer, panel);
		sum_panel(layer, panel, packed, out);
	}
}

static void store_gradient(struct layer *layer)
{
	sum_gradient(layer, layer->sums);
}

static void update_weights(struct layer *layer)
{
	sum_gradient(layer, NULL);
}

static lockstep_status repeat(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	struct layer *layer = context;
	double started = ls_clock_seconds();
	for (uint64_t i = 0; i < n; i++)
		layer->kernel(layer);
	*seconds = ls_clock_seconds() - started;
	if (layer->not_finite)
		return ls_error_set(error, LOCKSTEP_DIVERGED, "the weights of a kernel's measurement diverged");
	return LOCKSTEP_OK;
}

/* ---- Preparation ------------------------------------------------------ */

/* Values between -1 and 1, never 0. */
static void fill(float *values, size_t n_rows, size_t n, size_t ld)
{
	uint32_t words[4];
	for (size_t r = 0; r < n_rows; r++)
		for (size_t i = 0; i < n; i++) {
			if (i % 4 == 0)
				ls_philox((uint32_t[4]){(uint32_t)r, (uint32_t)i}, 1, words);
			values[r * ld + i] = ((float)(words[i % 4] >> 8) + 0.5f - 0x1p23f) * 0x1p-23f;
		}
}

static void layer_fini(struct layer *layer)
{
	ls_memory_free(layer->sums);
	ls_memory_free(layer->packed_inputs);
	ls_memory_free(layer->deltas);
	ls_shard_destroy(layer->shard);
	ls_packed_destroy(layer->packed);
}

static lockstep_status allocate(struct layer *layer, const struct lockstep_bench_network *network,
                                lockstep_error *error)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_network *parameters;
	options.init = LOCKSTEP_INIT_GLOROT;
	lockstep_status status = lockstep_network_create(&parameters, network->layers, &options, error);
	if (status)
		return status;
	status = ls_packed_create(&layer->packed, parameters, layer->arith, 0, error);
	if (!status)
		ls_packed_load(layer->packed, parameters);
	lockstep_network_destroy(parameters);
	return status ? status : ls_shard_create(&layer->shard, layer->packed, layer->rows.rows, 1, 0, error);
}

static void point_at(struct layer *layer, size_t i_layer)
{
	const struct ls_shard *shard = layer->shard;
	float *in = i_layer ? shard->layers[i_layer - 1].out : shard->inputs;
	layer->i_layer = i_layer;
	layer->weights = &layer->packed->layers[i_layer];
	layer->outputs = &shard->layers[i_layer];
	layer->below = i_layer ? &shard->layers[i_layer - 1] : NULL;
	layer->in = in;
	layer->ld_in = i_layer ? shard->layers[i_layer - 1].ld : shard->ld_inputs;
	fill(in, layer->rows.rows, layer->weights->panels.n_k, layer->ld_in);
}

static lockstep_status layer_init(struct layer *layer, const struct lockstep_bench_network *network, size_t i_layer,
                                  lockstep_error *error)
{
	lockstep_status status = allocate(layer, network, error);
	if (status)
		return status;
	uint32_t n_rows = layer->rows.rows;
	for (uint32_t i = 0; i < layer->rows.slices; i++)
		layer->slices[i + 1] = ls_slice_rows(network->batch, network->slices, i).end;
	layer->n_subtrees = ls_shard_subtrees((struct ls_range){0, layer->rows.slices}, layer->subtrees);
	layer->update = (struct ls_update){.scale = 1.0f / (float)network->batch, .rate = RATE};
	point_at(layer, i_layer);
	size_t n_k = layer->weights->panels.n_k;
	layer->sums = ls_memory_allocate(layer->n_subtrees * n_k, layer->arith->panel * sizeof(float));
	layer->deltas = ls_memory_allocate(n_rows, layer->arith->panel * sizeof(float));
	int packs = n_rows >= LS_PACKED_ROWS_MIN && ls_panels_count(&layer->weights->panels) > 1;
	if (packs)
		layer->packed_inputs = ls_memory_allocate(n_rows, (n_k + LS_TILE_MAX) * sizeof(float));
	int made = layer->sums && layer->deltas && (layer->packed_inputs || !packs);
	return made ? LOCKSTEP_OK : ls_error_memory(error, "the gradient of a panel");
}

/* ---- Measurement ------------------------------------------------------ */

static lockstep_status measure(struct layer *layer, void (*kernel)(struct layer *layer), double seconds,
                               struct lockstep_bench_figure *gflops, lockstep_error *error)
{
	const struct ls_panels *panels = &layer->weights->panels;
	struct lockstep_bench_figure each;
	layer->kernel = kernel;
	lockstep_status status = ls_bench_measure(repeat, layer, seconds, &each, error);
	if (!status)
		*gflops = ls_bench_rate(each, 2e-9 * layer->rows.rows * (double)panels->n_k * (double)panels->n_out);
	return status;
}

static lockstep_status measure_all(struct layer *layer, double seconds, struct lockstep_bench_kernel *kernel,
                                   lockstep_error *error)
{
	const struct ls_panels *panels = &layer->weights->panels;
	struct lockstep_bench_kernel result = {.n_in = panels->n_k, .n_out = panels->n_out, .shard = layer->rows};
	lockstep_status status = measure(layer, multiply, seconds, &result.product, error);
	/* After the products, which the last layer writes where its deltas are. */
	fill(layer->outputs->delta, layer->rows.rows, panels->n_out, layer->outputs->ld);
	if (!status && layer->below)
		status = measure(layer, carry_back, seconds, &result.backward, error);
	if (!status)
		status = measure(layer, store_gradient, seconds, &result.gradient, error);
	if (!status && layer->rows.workers == 1)
		status = measure(layer, update_weights, seconds, &result.update, error);
	if (!status)
		*kernel = result;
	return status;
}

static lockstep_status check(const struct lockstep_bench_network *network, size_t i_layer, uint32_t n_workers,
                             lockstep_error *error)
{
	if (i_layer >= network->n_layers)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s has no layer %zu", network->layers, i_layer);
	if (network->slices > SLICES_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%u slices are more than the %d there can be",
		                    network->slices, SLICES_MAX);
	if (n_workers == 0 || n_workers > network->slices)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%u workers: %s has shards for 1 to %u", n_workers,
		                    network->layers, network->slices);
	return LOCKSTEP_OK;
}

lockstep_status lockstep_bench_kernel(const struct lockstep_bench_network *network, size_t i_layer, uint32_t n_workers,
                                      const struct lockstep_bench_options *options,
                                      struct lockstep_bench_kernel *kernel, lockstep_error *error)
{
	struct layer layer = {.n_subtrees = 0};
	struct ls_team *team; /* of the caller alone: it is bound while the team exists */
	lockstep_status status = ls_arith_select(&layer.arith, options->isa, error);
	if (!status)
		status = check(network, i_layer, n_workers, error);
	if (!status)
		status = ls_bench_team(&team, 1, options, error);
	if (status)
		return status;
	lockstep_bench_shard_get(network, n_workers, &layer.rows);
	status = layer_init(&layer, network, i_layer, error);
	if (!status)
		status = measure_all(&layer, options->seconds, kernel, error);
	layer_fini(&layer);
	ls_team_destroy(team);
	return status;
}
