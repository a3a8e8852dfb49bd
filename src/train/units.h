/* SPDX-License-Identifier: MIT
 *
 * Steps that split the first layer's units, not the rows. In a small network
 * the weights that travel between two cores' caches cost more than the
 * arithmetic. Here they stay: every worker has all rows, and of the first layer
 * its share of the units, in a copy of its own; the layers above, being small,
 * are computed and updated by every worker alike. A step exchanges the first
 * layer's activations, nothing else:
 *
 *   every worker   gathers all rows, activations of its units; shows them
 *   meeting        all have shown theirs; the step before is settled
 *   every worker   takes the others' activations; forward, losses, deltas;
 *                  gradient, tree and update of its copy
 *
 * A worker sums every slice of its units, by the same tree, so the bits are
 * those of the rows' way.
 */
#ifndef LS_TRAIN_UNITS_H
#define LS_TRAIN_UNITS_H

#include "step.h"

/* One worker's part of the run: the body of ls_steps_run(). The weights are
 * taken from steps->packed before the first step, and given to steps->target
 * after the last. */
void ls_units_run(struct ls_steps *steps, uint32_t i_worker);

#endif
