/* SPDX-License-Identifier: MIT
 *
 * One thread's share of a mini-batch: its inputs, activations and deltas, and
 * the passes over them. Gradients are not computed here: they are a walk over
 * parameter blocks, shared by the workers (train/step.h).
 *
 * Rows are [n_rows][ld]; layer l's output has n = layers[l].n_out columns.
 */
#ifndef LS_NET_SHARD_H
#define LS_NET_SHARD_H

#include <stddef.h>
#include <stdint.h>

#include "packed.h"
#include "zeros.h"

/* Dropout of one epoch (doc/numerics.md, section 2); threshold 0: none. */
struct ls_dropout {
	uint32_t threshold; /* a unit is dropped when its word is below */
	float scale;        /* of the units that are kept */
	uint64_t seed;
	uint32_t epoch;
};

/* Buffers of one layer's outputs. */
struct ls_shard_layer {
	size_t ld;
	float *a;      /* activations before dropout; of the last layer: outputs, then deltas */
	float *out;    /* what the next layer reads: a, or a after dropout */
	uint8_t *kept; /* [rows][ld] flags; NULL without dropout */
	float *delta;  /* of the last layer: the same as a */
};

/* Inputs of a layer that deltas with a row a lane are carried back to at a time. */
#define LS_CARRIED_INPUTS 96

struct ls_shard {
	size_t max_rows, n_layers;
	float *inputs;
	size_t ld_inputs;
	float *losses; /* [max_rows] */
	float *turned; /* [LS_CARRIED_INPUTS + outputs of a layer][panel], for the backward product */
	struct ls_shard_layer layers[LS_LAYERS_MAX];
};

/* Buffers for max_rows rows of a network, first touched by the caller. Deltas
 * and drop flags are left out for evaluation (`training` 0). */
lockstep_status ls_shard_create(struct ls_shard **out, const struct ls_packed *packed, size_t max_rows, int training,
                                int with_dropout, lockstep_error *error);
void ls_shard_destroy(struct ls_shard *shard);

/* What the passes over a shard read besides its buffers. */
struct ls_pass {
	const struct ls_packed *packed;
	const struct lockstep_network_options *options;
	size_t n_rows;
	const uint32_t *rows;                  /* [n_rows] indices in the file, for targets and dropout */
	const struct ls_used_columns *columns; /* inputs in use; NULL: all */
	const struct ls_zeros *zeros;          /* lists of the inputs' zeros; NULL: none */
	struct ls_targets targets;             /* its rows are `rows` */
	struct ls_dropout dropout;
};

/* Lists the zeros of the pass's gathered inputs, in slices with these first rows
 * [n_slices + 1]. zeros NULL: inputs are never 0. */
void ls_shard_find_zeros(const struct ls_shard *shard, struct ls_pass *pass, struct ls_zeros *zeros,
                         const uint32_t *slices, uint32_t n_slices);

/* From inputs (of the columns in use) to the last layer's pre-activations. */
void ls_forward(struct ls_shard *shard, const struct ls_pass *pass);

/* The same in two halves, for a network of several layers: the first layer's
 * activations (before dropout) into out [n_rows][ld_out]; then, those being in
 * shard->layers[0].a, the rest. */
void ls_forward_first(struct ls_shard *shard, const struct ls_pass *pass, float *out, size_t ld_out);
void ls_forward_rest(struct ls_shard *shard, const struct ls_pass *pass);

/* Pre-activations become output activations. */
void ls_outputs(struct ls_shard *shard, const struct ls_pass *pass);

/* The same, and losses[r] is set. */
void ls_loss(struct ls_shard *shard, const struct ls_pass *pass);

/* Output activations become deltas, of every layer; of the units that a part of
 * a network (ls_packed_create_part()) leaves out they are not computed, and
 * those of the first layer begin with its first unit. */
void ls_backward(struct ls_shard *shard, const struct ls_pass *pass);

/* Its product alone, for a layer above the first: the delta of the layer below, up
 * to the activation's derivative. */
void ls_backward_product(const struct ls_shard *shard, const struct ls_packed *packed, size_t i_layer, size_t n_rows);

#endif
