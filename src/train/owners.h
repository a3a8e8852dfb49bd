/* SPDX-License-Identifier: MIT
 *
 * The second half of a step without private gradient buffers: once all workers
 * have their deltas, each computes the whole gradient, over all rows, of the
 * parameters that it owns, and updates them. It reads the others' activations
 * and deltas where the walk (walk.h) reads their gradients: less, unless the
 * mini-batch has more rows than a layer has inputs. The tree makes it the same
 * bits.
 */
#ifndef LS_TRAIN_OWNERS_H
#define LS_TRAIN_OWNERS_H

#include "step.h"

/* A worker's part: of every panel a run of its inputs, and the biases of every
 * n_workers-th panel. Non-zero: a parameter left the finite numbers. */
int ls_owners_walk(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker);

#endif
