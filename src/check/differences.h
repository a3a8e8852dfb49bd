/* SPDX-License-Identifier: MIT
 *
 * Central differences of the double net's loss against its backward pass, one
 * tensor at a time, over all coordinates or a deterministic sample.
 */
#ifndef LS_TRAIN_DIFFERENCES_H
#define LS_TRAIN_DIFFERENCES_H

#include <stddef.h>

#include "double_net.h"
#include "lockstep/gradcheck.h"

/* Tensors of more elements are sampled. */
#define LS_DIFFERENCES_ALL_BELOW 10000

/* d loss / d parameter by differences, after a forward pass. `accuracy` is the
 * absolute error at which to be content. Returns 0, and leaves *derivative
 * alone, when every step crosses a kink. */
int ls_difference(struct ls_double_net *net, size_t tensor, size_t i, double accuracy, double *derivative);

/* Compares a tensor's gradient with differences, after forward and backward
 * pass, and fills n_sampled, n_replaced and difference_error of `layer`;
 * gradient_max must be set. A tensor of more than LS_DIFFERENCES_ALL_BELOW
 * elements has `samples` compared: a quarter of them where the gradient is
 * largest, the others spread evenly. */
lockstep_status ls_differences_compare(struct ls_double_net *net, size_t tensor, size_t samples,
                                       struct lockstep_gradcheck_layer *layer, lockstep_error *error);

/* Whether the last comparison came within `bound` and compared at least half
 * of what it should have. */
int ls_differences_passed(const struct lockstep_gradcheck_layer *layer, size_t samples, double bound);

#endif
