/* SPDX-License-Identifier: MIT
 *
 * The learning rate of a step: a pure function of the job and the step's number.
 */
#ifndef LS_TRAIN_SCHEDULE_H
#define LS_TRAIN_SCHEDULE_H

#include <stdint.h>

#include "lockstep/train.h"

/* In double, before its one rounding to fp32; `step` counts from 0 over the job. */
double ls_schedule_rate(const struct lockstep_train_options *options, uint64_t step, uint64_t steps_per_epoch);

#endif
