/* SPDX-License-Identifier: MIT
 *
 * Panels: offsets, and the copies between them and canonical matrices.
 */
#include "packed.h"

#include "base/error.h"
#include "base/memory.h"

/* ---- Panels ---------------------------------------------------------- */

size_t ls_panels_count(const struct ls_panels *panels)
{
	return (panels->n_out + panels->wide - 1) / panels->wide;
}

struct ls_panel ls_panels_get(const struct ls_panels *panels, size_t i_panel)
{
	size_t column = i_panel * panels->wide;
	size_t rest = (panels->n_out - column + panels->vector - 1) / panels->vector * panels->vector;
	return (struct ls_panel){column, rest < panels->wide ? rest : panels->wide, column * panels->n_k};
}

size_t ls_panels_columns(const struct ls_panels *panels)
{
	struct ls_panel last = ls_panels_get(panels, ls_panels_count(panels) - 1);
	return last.column + last.width;
}

static size_t floats(const struct ls_panels *panels)
{
	return panels->n_k * ls_panels_columns(panels);
}

/* Element (k, column) of the matrix. */
static size_t element(const struct ls_panels *panels, size_t k, size_t column)
{
	struct ls_panel panel = ls_panels_get(panels, column / panels->wide);
	return panel.offset + k * panel.width + (column - panel.column);
}

/* ---- Packed networks ------------------------------------------------- */

static int allocate_layer(struct ls_packed_layer *layer, int first, int with_velocity)
{
	size_t n_weights = floats(&layer->forward), n_biases = ls_panels_columns(&layer->forward);

	layer->weight = ls_memory_allocate(n_weights, sizeof(float));
	layer->bias = ls_memory_allocate(n_biases, sizeof(float));
	if (!first)
		layer->transposed = ls_memory_allocate(floats(&layer->backward), sizeof(float));
	if (with_velocity) {
		layer->weight_velocity = ls_memory_allocate(n_weights, sizeof(float));
		layer->bias_velocity = ls_memory_allocate(n_biases, sizeof(float));
	}
	return layer->weight && layer->bias && (first || layer->transposed) &&
	       (!with_velocity || (layer->weight_velocity && layer->bias_velocity));
}

lockstep_status ls_packed_create(struct ls_packed **out, const struct lockstep_network *network,
                                 const struct ls_arith *arith, int with_velocity, lockstep_error *error)
{
	struct ls_packed *packed = ls_memory_allocate(1, sizeof *packed);
	if (!packed)
		return ls_error_memory(error, "packed parameters");

	packed->arith = arith;
	packed->n_layers = network->n_layers;
	for (size_t i = 0; i < network->n_layers; i++) {
		const struct ls_layer *from = &network->layers[i];
		struct ls_packed_layer *layer = &packed->layers[i];
		layer->forward = (struct ls_panels){from->n_in, from->n_out, arith->panel, arith->vector};
		layer->backward = (struct ls_panels){from->n_out, from->n_in, arith->panel, arith->vector};
		if (!allocate_layer(layer, i == 0, with_velocity)) {
			ls_packed_destroy(packed);
			return ls_error_memory(error, "packed parameters");
		}
	}
	*out = packed;
	return LOCKSTEP_OK;
}

void ls_packed_destroy(struct ls_packed *packed)
{
	if (!packed)
		return;
	for (size_t i = 0; i < packed->n_layers; i++) {
		struct ls_packed_layer *layer = &packed->layers[i];
		ls_memory_free(layer->bias_velocity);
		ls_memory_free(layer->weight_velocity);
		ls_memory_free(layer->transposed);
		ls_memory_free(layer->bias);
		ls_memory_free(layer->weight);
	}
	ls_memory_free(packed);
}

void ls_packed_load(struct ls_packed *packed, const struct lockstep_network *network)
{
	for (size_t i = 0; i < packed->n_layers; i++) {
		const struct ls_layer *from = &network->layers[i];
		struct ls_packed_layer *layer = &packed->layers[i];
		for (size_t j = 0; j < from->n_out; j++) {
			layer->bias[j] = from->bias[j];
			for (size_t k = 0; k < from->n_in; k++) {
				float w = from->weight[j * from->n_in + k];
				layer->weight[element(&layer->forward, k, j)] = w;
				if (layer->transposed)
					layer->transposed[element(&layer->backward, j, k)] = w;
			}
		}
	}
}

void ls_packed_store(const struct ls_packed *packed, struct lockstep_network *network)
{
	for (size_t i = 0; i < packed->n_layers; i++) {
		struct ls_layer *to = &network->layers[i];
		const struct ls_packed_layer *layer = &packed->layers[i];
		for (size_t j = 0; j < to->n_out; j++) {
			to->bias[j] = layer->bias[j];
			for (size_t k = 0; k < to->n_in; k++)
				to->weight[j * to->n_in + k] = layer->weight[element(&layer->forward, k, j)];
		}
	}
}

void ls_packed_transpose(struct ls_packed_layer *layer, size_t i_panel, size_t k)
{
	struct ls_panel from = ls_panels_get(&layer->forward, i_panel);
	struct ls_panel to = ls_panels_get(&layer->backward, k / layer->backward.wide);
	const float *row = layer->weight + from.offset + k * from.width;
	size_t n = layer->forward.n_out - from.column;
	float *at = layer->transposed + to.offset + from.column * to.width + (k - to.column);

	for (size_t j = 0; j < n && j < from.width; j++)
		at[j * to.width] = row[j];
}
