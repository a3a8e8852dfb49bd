/* SPDX-License-Identifier: MIT
 *
 * One panel of a layer's parameters, as the walks over them see it: which of its
 * inputs are in use, where its weights lie, and what makes its gradient.
 */
#ifndef LS_TRAIN_PANEL_H
#define LS_TRAIN_PANEL_H

#include "net/packed.h"
#include "worker.h"

struct ls_panel_view {
	size_t i_layer, i_panel;
	struct ls_packed_layer *layer;
	struct ls_panel panel;
	size_t n_k;              /* inputs in use */
	const uint32_t *columns; /* NULL: all of them */
};

/* The panel in `target`, with the inputs that the worker's mini-batch uses. */
struct ls_panel_view ls_panel_view(struct ls_packed *target, const struct ls_worker *worker, size_t i_layer,
                                   size_t i_panel);

/* Whose sum a gradient is: slices of rows, with inputs [..][ld_in] (the panel's in use,
 * from first_input on) and deltas [..][panel width]. */
struct ls_panel_rows {
	const float *in;
	size_t first_input;
	size_t ld_in;
	const float *deltas;
	const uint32_t *slices; /* [n_slices + 1] first rows */
	uint32_t n_slices;
	const struct ls_zeros *zeros; /* of those inputs; NULL: none. Its lists begin with slice: */
	uint32_t first_slice;
};

/* Weights of the inputs in use first .. end - 1, and biases. */
struct ls_target ls_panel_weights(const struct ls_panel_view *view, size_t first);
struct ls_target ls_panel_biases(const struct ls_panel_view *view);

/* Biases decay not by l2; otherwise they are weights of a constant input. */
struct ls_update ls_panel_bias_update(const struct ls_worker *worker);

/* Before a panel: packs the inputs `inputs` of the worker's n_rows rows, the first of
 * which is rows->first_input, where that pays: for a layer's first panel, when more
 * follow. The last one takes them as they stand when it is narrower. */
void ls_panel_pack_inputs(struct ls_worker *worker, const struct ls_panel_view *view, struct ls_range inputs,
                          const struct ls_panel_rows *rows, size_t n_rows);

/* The gradient of those weights (inputs.begin a tile's first one), and of the biases, into `out` or, with out
 * NULL, straight into the parameters. Non-zero: one left the finite numbers. */
int ls_panel_weight_gradient(const struct ls_worker *worker, const struct ls_panel_view *view, struct ls_range inputs,
                             const struct ls_panel_rows *rows, float *out);
int ls_panel_bias_gradient(const struct ls_worker *worker, const struct ls_panel_view *view,
                           const struct ls_panel_rows *rows, float *out);

/* Updates of the first layer's inputs that are not in use, when they need one:
 * part i_part of n_parts of them. */
int ls_panel_update_rest(const struct ls_worker *worker, const struct ls_panel_view *view, uint32_t n_parts,
                         uint32_t i_part);

/* Copies rows of deltas [..][ld] of the panel behind each other. */
void ls_panel_collect_deltas(const struct ls_panel_view *view, const struct ls_shard *shard, size_t n_rows, float *out);

#endif
