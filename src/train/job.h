/* SPDX-License-Identifier: MIT
 *
 * The job: everything that decides the bits of a result, as one line of JSON
 * that goes into the model file.
 */
#ifndef LS_TRAIN_JOB_H
#define LS_TRAIN_JOB_H

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/train.h"

/* Writes the job of `options` (with scale resolved) on network and data set.
 * *out is the caller's, from ls_memory_allocate(). */
lockstep_status ls_job_text(char **out, const lockstep_network *network, const lockstep_dataset *dataset,
                            const struct lockstep_train_options *options, lockstep_error *error);

#endif
