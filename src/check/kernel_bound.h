/* SPDX-License-Identifier: MIT
 *
 * How far an fp32 gradient computed as doc/numerics.md says may lie from the
 * exact one: a running error analysis (doc/derivation.md, "What rounding may
 * do"), and the comparison that uses it. The bound is a worst case; nothing in
 * it is tuned.
 */
#ifndef LS_TRAIN_KERNEL_BOUND_H
#define LS_TRAIN_KERNEL_BOUND_H

#include <stddef.h>
#include <stdint.h>

#include "double_net.h"
#include "lockstep/gradcheck.h"

/* Writes a bound for every parameter of the net into bound[n_parameters],
 * after forward and backward pass. `slices` is the number of slices that the
 * mini-batch takes. */
lockstep_status ls_kernel_bound(const struct ls_double_net *net, uint32_t slices, double *bound, lockstep_error *error);

/* Compares one tensor, element by element, and fills gradient_max,
 * kernel_error, kernel_bound and n_outside of `layer`. NaN lies outside. */
void ls_kernel_compare(const float *kernel, const double *gradient, const double *bound, size_t n,
                       struct lockstep_gradcheck_layer *layer);

/* Whether the last comparison passed, and its bound was below `limit`. */
int ls_kernel_passed(const struct lockstep_gradcheck_layer *layer, double limit);

/* An error relative to the largest gradient; 0 of 0 is 0, anything else of 0
 * infinite. */
double ls_relative_error(double error, double gradient_max);

#endif
