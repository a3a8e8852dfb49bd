/* SPDX-License-Identifier: MIT
 *
 * A network's parameters as the kernels read them: every weight matrix in
 * panels. Layout and padding belong to the instruction set; they show in no bit.
 */
#ifndef LS_NET_PACKED_H
#define LS_NET_PACKED_H

#include <stddef.h>

#include "arith/arith.h"
#include "base/ranges.h"
#include "network.h"

/* Panels of a matrix with n_k inputs and n_out outputs. */
struct ls_panels {
	size_t n_k, n_out;
	size_t wide, vector; /* width of a panel; the last one's is as many vectors as it needs */
};

struct ls_panel {
	size_t column; /* first output */
	size_t width;
	size_t offset; /* floats before it */
};

size_t ls_panels_count(const struct ls_panels *panels);
struct ls_panel ls_panels_get(const struct ls_panels *panels, size_t i_panel);
/* Outputs with the last panel's padding. */
size_t ls_panels_columns(const struct ls_panels *panels);

struct ls_packed_layer {
	struct ls_panels panels;
	size_t first_out;       /* the layer's output that the panels begin with: 0 but in parts */
	struct ls_range inputs; /* those that deltas are carried back to: all but in parts */
	int far;                /* the weights are too many to stay in a core's caches from step to step */
	float *weight;          /* the panels, one after the other */
	float *bias;            /* [ls_panels_columns(panels)] */
	float *weight_velocity; /* like weight and bias; NULL without momentum */
	float *bias_velocity;
};

/* One panel's part of the product of all outputs: `whole` has the rows and where
 * output 0 goes. */
struct ls_product ls_packed_product(const struct ls_packed_layer *layer, size_t i_panel, struct ls_product whole);

struct ls_packed {
	const struct ls_arith *arith;
	size_t n_layers;
	struct ls_packed_layer layers[LS_LAYERS_MAX];
};

/* Room for the parameters of `network`'s shape, all 0. Caller owns *out. */
lockstep_status ls_packed_create(struct ls_packed **out, const struct lockstep_network *network,
                                 const struct ls_arith *arith, int with_velocity, lockstep_error *error);
void ls_packed_destroy(struct ls_packed *packed);

/* Room for a part of `whole`: of the first layer the outputs begin .. end - 1
 * alone (begin a multiple of LS_ROW_ALIGNMENT), and all of the others; of
 * the second layer's inputs only those outputs are carried back. */
lockstep_status ls_packed_create_part(struct ls_packed **out, const struct ls_packed *whole, struct ls_range outputs,
                                      lockstep_error *error);

/* Copies what both hold of a layer: parameters and velocities. */
void ls_packed_copy_layer(struct ls_packed *to, const struct ls_packed *from, size_t i_layer);

/* Sets weights and biases to 0. */
void ls_packed_clear(struct ls_packed *packed);

/* Copies canonical parameters in, and out again. */
void ls_packed_load(struct ls_packed *packed, const struct lockstep_network *network);
void ls_packed_store(const struct ls_packed *packed, struct lockstep_network *network);

/* The same for the velocities, which stand where the network's parameters do. */
void ls_packed_load_velocity(struct ls_packed *packed, const struct lockstep_network *network);
void ls_packed_store_velocity(const struct ls_packed *packed, struct lockstep_network *network);

/* SHA-256 of the parameters as lockstep_network_fingerprint() takes it, without
 * a copy of them. */
lockstep_status ls_packed_fingerprint(const struct ls_packed *packed, char fingerprint[65], lockstep_error *error);

#endif
