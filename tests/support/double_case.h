/* SPDX-License-Identifier: MIT
 *
 * Small double nets with fixed, irregular parameters and rows, for the tests
 * of the gradient check's parts.
 */
#ifndef TESTS_SUPPORT_DOUBLE_CASE_H
#define TESTS_SUPPORT_DOUBLE_CASE_H

#include <stddef.h>
#include <stdint.h>

#include "check/double_net.h"

/* A net of the given sizes, n_layers + 1 of them, with parameters in [-1, 1],
 * inputs in [-1, 1] (every fifth 0) and targets that suit the loss; all are
 * fp32 numbers. Forward and backward pass are done. Aborts when memory is
 * short. Caller owns it. */
struct ls_double_net *double_case(const size_t *sizes, size_t n_layers, enum lockstep_activation hidden,
                                  enum lockstep_loss loss, size_t n_rows);

/* Forward and backward pass, after a change. */
void double_case_run(struct ls_double_net *net);

/* The i-th of a fixed sequence of fp32 numbers in [-1, 1]. */
float irregular(uint32_t i);

#endif
