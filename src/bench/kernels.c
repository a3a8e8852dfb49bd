/* SPDX-License-Identifier: MIT
 *
 * The kernels alone, one layer on one core: every panel in turn, as a step of
 * one worker calls them, on dense data.
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
	uint32_t n_rows, n_slices, slices[SLICES_MAX + 1];
	float *deltas;        /* [n_rows][panel] of one panel */
	float *packed_inputs; /* inputs for full panels, where that pays */
	float *sums;          /* of one panel */
	struct ls_update update;
	int not_finite;
	void (*kernel)(struct layer *layer); /* the one that is measured */
};

static void multiply(struct layer *layer)
{
	const struct ls_packed_layer *weights = layer->weights;
	struct ls_product whole = {.n_rows = layer->n_rows,
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
	ls_backward_product(layer->shard, layer->packed, layer->i_layer, layer->n_rows);
}

static void collect_deltas(struct layer *layer, struct ls_panel panel)
{
	const float *from = layer->outputs->delta + panel.column;
	for (size_t r = 0; r < layer->n_rows; r++)
		memcpy(layer->deltas + r * panel.width, from + r * layer->outputs->ld, panel.width * sizeof *from);
}

static void pack_inputs(struct layer *layer, size_t width)
{
	layer->arith->pack(&(struct ls_packing){.n_rows = layer->n_rows,
	                                        .n_columns = layer->weights->panels.n_k,
	                                        .width = width,
	                                        .in = layer->in,
	                                        .ld_in = layer->ld_in,
	                                        .out = layer->packed_inputs});
}

/* Into `out`, or with out NULL into the weights. */
static void sum_gradient(struct layer *layer, float *out)
{
	struct ls_gradient gradient = {.n_k = layer->weights->panels.n_k,
	                               .in = layer->in,
	                               .ld_in = layer->ld_in,
	                               .delta = layer->deltas,
	                               .slices = layer->slices,
	                               .n_slices = layer->n_slices,
	                               .out = out,
	                               .update = &layer->update};
	for (size_t p = 0; p < ls_panels_count(&layer->weights->panels); p++) {
		struct ls_panel panel = ls_panels_get(&layer->weights->panels, p);
		int packed = layer->packed_inputs && panel.width == layer->arith->panel;
		if (packed && p == 0)
			pack_inputs(layer, panel.width);
		gradient.in = packed ? layer->packed_inputs : layer->in;
		gradient.packed_rows = packed ? layer->n_rows : 0;
		collect_deltas(layer, panel);
		gradient.width = gradient.ld_delta = panel.width;
		gradient.far = layer->weights->far;
		gradient.target = (struct ls_target){.weight = layer->weights->weight + panel.offset};
		layer->not_finite |= layer->arith->gradient(&gradient);
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
	return status ? status : ls_shard_create(&layer->shard, layer->packed, network->batch, 1, 0, error);
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
	fill(in, layer->n_rows, layer->weights->panels.n_k, layer->ld_in);
}

static lockstep_status layer_init(struct layer *layer, const struct lockstep_bench_network *network, size_t i_layer,
                                  lockstep_error *error)
{
	lockstep_status status = allocate(layer, network, error);
	if (status)
		return status;
	layer->n_rows = network->batch;
	layer->n_slices = network->slices;
	for (uint32_t i = 0; i < layer->n_slices; i++)
		layer->slices[i + 1] = ls_slice_rows(layer->n_rows, layer->n_slices, i).end;
	layer->update = (struct ls_update){.scale = 1.0f / (float)layer->n_rows, .rate = RATE};
	point_at(layer, i_layer);
	size_t n_k = layer->weights->panels.n_k;
	layer->sums = ls_memory_allocate(n_k * layer->arith->panel, sizeof(float));
	layer->deltas = ls_memory_allocate(layer->n_rows, layer->arith->panel * sizeof(float));
	int packs = layer->n_rows >= LS_PACKED_ROWS_MIN && ls_panels_count(&layer->weights->panels) > 1;
	if (packs)
		layer->packed_inputs = ls_memory_allocate(layer->n_rows, (n_k + LS_TILE_MAX) * sizeof(float));
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
		*gflops = ls_bench_rate(each, 2e-9 * layer->n_rows * (double)panels->n_k * (double)panels->n_out);
	return status;
}

static lockstep_status measure_all(struct layer *layer, double seconds, struct lockstep_bench_kernel *kernel,
                                   lockstep_error *error)
{
	const struct ls_panels *panels = &layer->weights->panels;
	struct lockstep_bench_kernel result = {
	    .n_in = panels->n_k, .n_out = panels->n_out, .rows = layer->n_rows, .slices = layer->n_slices};
	lockstep_status status = measure(layer, multiply, seconds, &result.product, error);
	/* After the products, which the last layer writes where its deltas are. */
	fill(layer->outputs->delta, layer->n_rows, panels->n_out, layer->outputs->ld);
	if (!status && layer->below)
		status = measure(layer, carry_back, seconds, &result.backward, error);
	if (!status)
		status = measure(layer, store_gradient, seconds, &result.gradient, error);
	if (!status)
		status = measure(layer, update_weights, seconds, &result.update, error);
	if (!status)
		*kernel = result;
	return status;
}

lockstep_status lockstep_bench_kernel(const struct lockstep_bench_network *network, size_t i_layer,
                                      const struct lockstep_bench_options *options,
                                      struct lockstep_bench_kernel *kernel, lockstep_error *error)
{
	struct layer layer = {.n_rows = 0};
	struct ls_team *team; /* of the caller alone: it is bound while the team exists */
	lockstep_status status = ls_arith_select(&layer.arith, options->isa, error);
	if (!status && i_layer >= network->n_layers)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s has no layer %zu", network->layers, i_layer);
	if (!status && network->slices > SLICES_MAX)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%u slices are more than the %d there can be",
		                      network->slices, SLICES_MAX);
	if (!status)
		status = ls_bench_team(&team, 1, options, error);
	if (status)
		return status;
	status = layer_init(&layer, network, i_layer, error);
	if (!status)
		status = measure_all(&layer, options->seconds, kernel, error);
	layer_fini(&layer);
	ls_team_destroy(team);
	return status;
}
