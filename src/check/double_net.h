/* SPDX-License-Identifier: MIT
 *
 * The network a second time, in double, as plain loops written from the
 * formulas of doc/derivation.md: forward pass, loss and backward pass of one
 * mini-batch. It shares no code with the kernels that it judges, and decides no
 * bit of a job, so that it may use libm. Every value is kept, for one row after
 * the other, where gradcheck and its error bounds read it.
 */
#ifndef LS_TRAIN_DOUBLE_NET_H
#define LS_TRAIN_DOUBLE_NET_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/network.h"
#include "lockstep/status.h"

#define LS_DOUBLE_LAYERS_MAX 63
#define LS_DOUBLE_TENSORS_MAX (2 * LS_DOUBLE_LAYERS_MAX)

/* Layer l has the tensors 2 l, its weight [n_{l+1}][n_l], and 2 l + 1, its
 * bias [n_{l+1}], in `parameters` and `gradient` alike. The rows below are
 * [n_rows][n_l], or [n_rows][n_{l+1}] where they belong to layer l's outputs. */
struct ls_double_net {
	size_t n_layers;
	size_t sizes[LS_DOUBLE_LAYERS_MAX + 1];
	enum lockstep_activation hidden;
	double leaky_slope; /* as the kernels use it: rounded to fp32 */
	enum lockstep_loss loss;

	size_t n_parameters;
	size_t tensor_at[LS_DOUBLE_TENSORS_MAX]; /* first element */
	size_t tensor_n[LS_DOUBLE_TENSORS_MAX];  /* elements */
	double *parameters;                      /* the model file's order */
	double *gradient;                        /* of the mean loss; by ls_double_net_backward() */

	size_t n_rows;
	uint8_t *targets;                     /* [n_rows][outputs], 0 or 1 */
	double *inputs[LS_DOUBLE_LAYERS_MAX]; /* a_l: what layer l reads; the rows themselves for l = 0 */
	double *z[LS_DOUBLE_LAYERS_MAX];      /* pre-activations of layer l */
	double *delta[LS_DOUBLE_LAYERS_MAX];  /* d loss of the row / d z */
	double *keep[LS_DOUBLE_LAYERS_MAX];   /* dropout's factor of hidden outputs: 0, or 1 / (1 - p); 1 without */
	double *outputs;                      /* probabilities */
	double *scratch[2];                   /* [widest layer] */
	void *memory;
};

/* A net of the sizes and options of `options` over n_rows rows, all values 0,
 * nothing dropped. `sizes` has n_layers + 1 entries. Caller owns *out. */
lockstep_status ls_double_net_create(struct ls_double_net **out, const size_t *sizes, size_t n_layers,
                                     const struct lockstep_network_options *options, size_t n_rows,
                                     lockstep_error *error);
void ls_double_net_destroy(struct ls_double_net *net);

/* Draws dropout for the mini-batch's rows, given by their index in the file,
 * as doc/numerics.md says. */
void ls_double_net_drop(struct ls_double_net *net, double probability, uint64_t seed, uint32_t epoch,
                        const uint32_t *rows);

/* Fills z, inputs of the layers above the first, and outputs. */
void ls_double_net_forward(struct ls_double_net *net);

/* Mean loss of the rows, after a forward pass. */
double ls_double_net_loss(const struct ls_double_net *net);

/* Fills delta and gradient, after a forward pass. */
void ls_double_net_backward(struct ls_double_net *net);

/* Mean loss with element i of a tensor at `value` instead; the net is as
 * before when it returns. Uses the values of the last forward pass for all
 * that the element cannot change. *crossed becomes 1, and is left alone
 * otherwise, when a kept unit of relu or leaky-relu lies on the other side of
 * its kink than in that forward pass. */
double ls_double_net_loss_at(struct ls_double_net *net, size_t tensor, size_t i, double value, int *crossed);

#endif
