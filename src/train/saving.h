/* SPDX-License-Identifier: MIT
 *
 * When a running job writes its checkpoint. A write that fails costs neither
 * the job nor the checkpoint before it: it is told, and tried again when the
 * next one is due.
 */
#ifndef LS_TRAIN_SAVING_H
#define LS_TRAIN_SAVING_H

#include <stdint.h>

#include "trainer.h"

struct ls_saving {
	struct lockstep_trainer *trainer;
	double last; /* the clock when the job began to run, or when the last one was written */
	int is_due;  /* seconds have passed; noticed by worker 0 in the midst of steps */
};

/* Of a job that begins to run. */
void ls_saving_begin(struct ls_saving *saving, struct lockstep_trainer *trainer);

/* Steps to run before the next look: up to the next multiple of the interval,
 * counted from the job's first step. */
uint64_t ls_saving_distance(const struct ls_saving *saving);

/* Must ls_saving_notice() be asked after every step? */
int ls_saving_by_time(const struct ls_saving *saving);

/* Whether `now` is the time; the steps must then end, so that one can be saved. */
int ls_saving_notice(struct ls_saving *saving, double now);

/* Between two steps: saves when a checkpoint is due. At the end of an epoch
 * that is judged, `epoch_end` is non-zero. */
void ls_saving_consider(struct ls_saving *saving, int epoch_end);

/* Saves now, if the job has checkpoints. */
void ls_saving_finish(struct ls_saving *saving);

#endif
