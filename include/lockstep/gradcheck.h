/* SPDX-License-Identifier: MIT
 *
 * Three gradients of the same mini-batch, compared layer by layer: that of the
 * kernels (fp32), a backward pass in double written from the formulas, and
 * central differences of the loss in double. The double ones share no code
 * with the kernels.
 */
#ifndef LOCKSTEP_GRADCHECK_H
#define LOCKSTEP_GRADCHECK_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/status.h"
#include "lockstep/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One tensor's errors: max |difference| / max |gradient| over the compared
 * coordinates; 0 where both are 0, infinite for NaN. */
struct lockstep_gradcheck_layer {
	char name[40]; /* "layers.0.weight", ... */
	size_t n_parameters;
	size_t n_sampled;        /* coordinates compared with differences */
	size_t n_replaced;       /* coordinates whose every step crossed a kink; others were taken if there were */
	double gradient_max;     /* max |gradient|, of the double pass */
	double difference_error; /* double pass against central differences */
	double kernel_error;     /* kernels against the double pass, over all parameters */
	double kernel_bound;     /* what rounding may come to, by an error analysis of the contract's chains */
	size_t n_outside;        /* parameters whose kernel gradient is off by more than their own bound */
	int passed;
};

/* A tensor passes when difference_error is at most difference_bound, n_outside
 * is 0, and kernel_bound is at most kernel_limit: a bound near 1 proves
 * nothing, so that a larger one fails as unusable. At least half the
 * coordinates must have been free of kinks. */
struct lockstep_gradcheck_options {
	double difference_bound; /* 0: 1e-6 */
	double kernel_limit;     /* 0: 0.1 */
	size_t samples;          /* coordinates of a tensor above 10,000 parameters; 0: 200 */
};

/* Checks the gradient of the first mini-batch of the job. `options` may be
 * NULL: the defaults. `layers` has room for 2 * lockstep_network_n_layers()
 * entries, in the model file's order. *passed becomes non-zero when every
 * tensor passed, 0 otherwise; LOCKSTEP_OK says only that they were compared.
 * The network's parameters are unchanged. Takes time in proportion to the
 * mini-batch: a few rows are enough. */
LOCKSTEP_API lockstep_status lockstep_gradcheck(lockstep_network *network, const lockstep_dataset *dataset,
                                                const struct lockstep_train_options *train,
                                                const struct lockstep_gradcheck_options *options,
                                                struct lockstep_gradcheck_layer *layers, int *passed,
                                                lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
