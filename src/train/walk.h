/* SPDX-License-Identifier: MIT
 *
 * The second half of a step: from deltas to new weights, parameter block by
 * parameter block (step.h says how the workers share it). Each call returns
 * non-zero when a parameter left the finite numbers.
 */
#ifndef LS_TRAIN_WALK_H
#define LS_TRAIN_WALK_H

#include "step.h"

/* A worker that has all slices updates every parameter of `target`, which it
 * alone writes: gradient, tree and update of a tile happen in registers. */
int ls_walk_alone(struct ls_worker *worker, struct ls_packed *target);

/* A worker's part in a walk that all workers take together. `before` counts
 * the blocks of the walks since the counters were 0. */
int ls_walk_together(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t before);

/* The same walk by one thread for all workers. */
int ls_walk_serially(const struct ls_steps *steps, uint64_t before);

#endif
