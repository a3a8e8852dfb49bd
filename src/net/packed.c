/* SPDX-License-Identifier: MIT
 *
 * Panels: offsets, and the copies between them and canonical matrices.
 */
#include "packed.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"

#define HASH_BLOCK 1024 /* floats gathered at a time */
#define NEAR 0x40000    /* floats of a matrix that a core's caches keep from one step to the next */

/* ---- Panels ---------------------------------------------------------- */

size_t ls_panels_count(const struct ls_panels *panels)
{
	return (panels->n_out + panels->wide - 1) / panels->wide;
}

struct ls_panel ls_panels_get(const struct ls_panels *panels, size_t i_panel)
{
	size_t column = i_panel * panels->wide;
	size_t rest = ls_round_up(panels->n_out - column, panels->vector);
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

struct ls_product ls_packed_product(const struct ls_packed_layer *layer, size_t i_panel, struct ls_product whole)
{
	struct ls_panel panel = ls_panels_get(&layer->panels, i_panel);
	whole.panel = layer->weight + panel.offset;
	if (layer->far && i_panel + 1 < ls_panels_count(&layer->panels))
		whole.next = whole.panel + layer->panels.n_k * panel.width;
	whole.start = layer->bias + panel.column;
	whole.width = panel.width;
	whole.out += panel.column;
	return whole;
}

/* Element (k, column) of the matrix. */
static size_t element(const struct ls_panels *panels, size_t k, size_t column)
{
	struct ls_panel panel = ls_panels_get(panels, column / panels->wide);
	return panel.offset + k * panel.width + (column - panel.column);
}

/* ---- Packed networks ------------------------------------------------- */

static int allocate_layer(struct ls_packed_layer *layer, int with_velocity)
{
	size_t n_weights = floats(&layer->panels), n_biases = ls_panels_columns(&layer->panels);

	layer->far = n_weights > NEAR;
	layer->weight = ls_memory_allocate(n_weights, sizeof(float));
	layer->bias = ls_memory_allocate(n_biases, sizeof(float));
	if (with_velocity) {
		layer->weight_velocity = ls_memory_allocate(n_weights, sizeof(float));
		layer->bias_velocity = ls_memory_allocate(n_biases, sizeof(float));
	}
	return layer->weight && layer->bias && (!with_velocity || (layer->weight_velocity && layer->bias_velocity));
}

/* Hands the packed network over, or destroys it when memory is short. */
static lockstep_status allocate_layers(struct ls_packed **out, struct ls_packed *packed, int with_velocity,
                                       lockstep_error *error)
{
	for (size_t i = 0; i < packed->n_layers; i++)
		if (!allocate_layer(&packed->layers[i], with_velocity)) {
			ls_packed_destroy(packed);
			return ls_error_memory(error, "packed parameters");
		}
	*out = packed;
	return LOCKSTEP_OK;
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
		layer->panels = (struct ls_panels){from->n_in, from->n_out, arith->panel, arith->vector};
		layer->inputs = (struct ls_range){0, (uint32_t)from->n_in};
	}
	return allocate_layers(out, packed, with_velocity, error);
}

lockstep_status ls_packed_create_part(struct ls_packed **out, const struct ls_packed *whole, struct ls_range outputs,
                                      lockstep_error *error)
{
	struct ls_packed *packed = ls_memory_allocate(1, sizeof *packed);
	if (!packed)
		return ls_error_memory(error, "packed parameters");

	packed->arith = whole->arith;
	packed->n_layers = whole->n_layers;
	for (size_t i = 0; i < whole->n_layers; i++) {
		packed->layers[i].panels = whole->layers[i].panels;
		packed->layers[i].inputs = whole->layers[i].inputs;
	}
	packed->layers[0].first_out = outputs.begin;
	packed->layers[0].panels.n_out = outputs.end - outputs.begin;
	packed->layers[1].inputs = outputs;
	return allocate_layers(out, packed, whole->layers[0].weight_velocity != NULL, error);
}

void ls_packed_destroy(struct ls_packed *packed)
{
	if (!packed)
		return;
	for (size_t i = 0; i < packed->n_layers; i++) {
		struct ls_packed_layer *layer = &packed->layers[i];
		ls_memory_free(layer->bias_velocity);
		ls_memory_free(layer->weight_velocity);
		ls_memory_free(layer->bias);
		ls_memory_free(layer->weight);
	}
	ls_memory_free(packed);
}

/* ---- Canonical parameters --------------------------------------------- */

/* Row j of the canonical matrix [n_out][n_k], which is column j of the panels. */
static void load_row(const struct ls_panels *panels, size_t j, const float *row, float *values)
{
	struct ls_panel panel = ls_panels_get(panels, j / panels->wide);
	float *column = values + panel.offset + (j - panel.column);
	for (size_t k = 0; k < panels->n_k; k++)
		column[k * panel.width] = row[k];
}

static void store_row(const struct ls_panels *panels, size_t j, const float *values, float *row)
{
	struct ls_panel panel = ls_panels_get(panels, j / panels->wide);
	const float *column = values + panel.offset + (j - panel.column);
	for (size_t k = 0; k < panels->n_k; k++)
		row[k] = column[k * panel.width];
}

/* What is copied of a layer, in the place of its canonical parameters. */
enum kind { PARAMETERS, VELOCITIES };

struct tensors {
	float *weight, *bias;
};

static struct tensors tensors_of(const struct ls_packed_layer *layer, enum kind kind)
{
	return kind == PARAMETERS ? (struct tensors){layer->weight, layer->bias}
	                          : (struct tensors){layer->weight_velocity, layer->bias_velocity};
}

static void load(const struct ls_packed *packed, enum kind kind, const struct lockstep_network *network)
{
	for (size_t i = 0; i < packed->n_layers; i++) {
		const struct ls_layer *from = &network->layers[i];
		struct tensors to = tensors_of(&packed->layers[i], kind);
		for (size_t j = 0; j < from->n_out; j++)
			load_row(&packed->layers[i].panels, j, from->weight + j * from->n_in, to.weight);
		memcpy(to.bias, from->bias, from->n_out * sizeof *to.bias);
	}
}

static void store(const struct ls_packed *packed, enum kind kind, struct lockstep_network *network)
{
	for (size_t i = 0; i < packed->n_layers; i++) {
		struct ls_layer *to = &network->layers[i];
		struct tensors from = tensors_of(&packed->layers[i], kind);
		for (size_t j = 0; j < to->n_out; j++)
			store_row(&packed->layers[i].panels, j, from.weight, to->weight + j * to->n_in);
		memcpy(to->bias, from.bias, to->n_out * sizeof *to->bias);
	}
}

void ls_packed_load(struct ls_packed *packed, const struct lockstep_network *network)
{
	load(packed, PARAMETERS, network);
}

void ls_packed_store(const struct ls_packed *packed, struct lockstep_network *network)
{
	store(packed, PARAMETERS, network);
}

void ls_packed_load_velocity(struct ls_packed *packed, const struct lockstep_network *network)
{
	load(packed, VELOCITIES, network);
}

void ls_packed_store_velocity(const struct ls_packed *packed, struct lockstep_network *network)
{
	store(packed, VELOCITIES, network);
}

/* Row j of the canonical matrix, a block at a time. */
static void hash_row(struct ls_sha256 *hash, const struct ls_panels *panels, size_t j, const float *values)
{
	float block[HASH_BLOCK];
	struct ls_panel panel = ls_panels_get(panels, j / panels->wide);
	const float *column = values + panel.offset + (j - panel.column);
	for (size_t first = 0, n; first < panels->n_k; first += n) {
		n = panels->n_k - first < HASH_BLOCK ? panels->n_k - first : HASH_BLOCK;
		for (size_t k = 0; k < n; k++)
			block[k] = column[(first + k) * panel.width];
		ls_sha256_add(hash, block, n * sizeof *block);
	}
}

lockstep_status ls_packed_fingerprint(const struct ls_packed *packed, char fingerprint[65], lockstep_error *error)
{
	struct ls_sha256 *hash = ls_sha256_create();
	if (!hash)
		return ls_error_memory(error, "a fingerprint");
	for (size_t i = 0; i < packed->n_layers; i++) {
		const struct ls_packed_layer *layer = &packed->layers[i];
		for (size_t j = 0; j < layer->panels.n_out; j++)
			hash_row(hash, &layer->panels, j, layer->weight);
		ls_sha256_add(hash, layer->bias, layer->panels.n_out * sizeof *layer->bias);
	}
	ls_sha256_finish(hash, fingerprint);
	return LOCKSTEP_OK;
}

/* ---- Copies ---------------------------------------------------------- */

/* One of a layer's matrices, n_k rows of panels, with the outputs it holds. */
struct panel_matrix {
	struct ls_panels panels;
	size_t first_out;
	float *values; /* NULL: there is none */
};

static struct panel_matrix matrix_of(const struct ls_packed_layer *layer, float *values, size_t n_k)
{
	struct panel_matrix matrix = {layer->panels, layer->first_out, values};
	matrix.panels.n_k = n_k;
	return matrix;
}

/* A vector's length of outputs at a time: that many lie side by side in both. */
static void copy_outputs(struct panel_matrix to, struct panel_matrix from)
{
	size_t end_to = to.first_out + to.panels.n_out, end_from = from.first_out + from.panels.n_out;
	size_t end = end_to < end_from ? end_to : end_from;
	size_t vector = to.panels.vector;
	size_t first = to.first_out > from.first_out ? to.first_out : from.first_out;

	for (size_t column = first; to.values && column < end; column += vector)
		for (size_t k = 0; k < to.panels.n_k; k++)
			memcpy(to.values + element(&to.panels, k, column - to.first_out),
			       from.values + element(&from.panels, k, column - from.first_out), vector * sizeof(float));
}

void ls_packed_copy_layer(struct ls_packed *to, const struct ls_packed *from, size_t i_layer)
{
	struct ls_packed_layer *target = &to->layers[i_layer];
	const struct ls_packed_layer *source = &from->layers[i_layer];
	size_t n_k = target->panels.n_k;

	copy_outputs(matrix_of(target, target->weight, n_k), matrix_of(source, source->weight, n_k));
	copy_outputs(matrix_of(target, target->weight_velocity, n_k), matrix_of(source, source->weight_velocity, n_k));
	copy_outputs(matrix_of(target, target->bias, 1), matrix_of(source, source->bias, 1));
	copy_outputs(matrix_of(target, target->bias_velocity, 1), matrix_of(source, source->bias_velocity, 1));
}

void ls_packed_clear(struct ls_packed *packed)
{
	for (size_t i = 0; i < packed->n_layers; i++) {
		struct ls_packed_layer *layer = &packed->layers[i];
		memset(layer->weight, 0, floats(&layer->panels) * sizeof(float));
		memset(layer->bias, 0, ls_panels_columns(&layer->panels) * sizeof(float));
	}
}
