/* SPDX-License-Identifier: MIT
 *
 * The job: everything that decides the bits of a result, and its form as one
 * line of JSON, which model files and checkpoints carry.
 */
#ifndef LS_JOB_JOB_H
#define LS_JOB_JOB_H

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/train.h"
#include "model/model.h"

struct ls_job {
	char data[65];                     /* digest of the training part */
	char layers[LS_MODEL_LAYERS_TEXT]; /* "784-30-10" */
	struct lockstep_network_options network;
	struct lockstep_train_options train; /* scale, slices and period resolved; what never decides has its default */
};

/* Writes the job of `options` (with scale resolved) on network and data set.
 * *out is the caller's, from ls_memory_allocate(). */
lockstep_status ls_job_text(char **out, const lockstep_network *network, const lockstep_dataset *dataset,
                            const struct lockstep_train_options *options, lockstep_error *error);

/* Reads such a line, found in the file `path`: every key must be there and none
 * else, and every value in its range. Untouched on failure. */
lockstep_status ls_job_read(struct ls_job *out, const char *text, const char *path, lockstep_error *error);

/* Are two lines that were written or read by the functions above the same job?
 * If not, LOCKSTEP_ERROR_ARGUMENT and a text that begins with `what` and names
 * every key that differs, with the value in `text` and the one in `expected`. */
lockstep_status ls_job_compare(const char *text, const char *expected, const char *what, lockstep_error *error);

#endif
