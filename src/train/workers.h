/* SPDX-License-Identifier: MIT
 *
 * The workers of a trainer, made for its options.
 */
#ifndef LS_TRAIN_WORKERS_H
#define LS_TRAIN_WORKERS_H

#include "trainer.h"

/* Makes the team. */
lockstep_status ls_workers_start(struct lockstep_trainer *trainer, lockstep_error *error);

/* Makes what the team's workers and the evaluation work in, unless it is there. */
lockstep_status ls_workers_ensure(struct lockstep_trainer *trainer, lockstep_error *error);

/* Makes the workers of a way, or of one with fewer workers: the team is what a run
 * delivers, which with OpenMP may be fewer than asked for, and may change. */
lockstep_status ls_workers_fit(struct lockstep_trainer *trainer, struct ls_way way, lockstep_error *error);

void ls_workers_destroy(struct lockstep_trainer *trainer);

#endif
