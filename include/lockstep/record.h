/* SPDX-License-Identifier: MIT
 *
 * The record of a training, which model files and checkpoints carry: the job,
 * and the fingerprints that the parameters went through. It is enough to train
 * the same network again, anywhere, from the same data.
 */
#ifndef LOCKSTEP_RECORD_H
#define LOCKSTEP_RECORD_H

#include <stdint.h>

#include "lockstep/network.h"
#include "lockstep/status.h"
#include "lockstep/train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_record lockstep_record;

/* The record of a trained network, copied; LOCKSTEP_ERROR_FORMAT when it has
 * none, or one that does not say what it must. Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_record_create(lockstep_record **out, const lockstep_network *network,
                                                    lockstep_error *error);
/* The record of a job alone, the line of JSON that lockstep_record_job() gives and a
 * database keeps (lockstep/runs.h): without fingerprints, so that its last epoch is 0.
 * LOCKSTEP_ERROR_FORMAT when the line is no job of this version. Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_record_parse(lockstep_record **out, const char *job, lockstep_error *error);
/* NULL is allowed and does nothing. */
LOCKSTEP_API void lockstep_record_destroy(lockstep_record *record);

/* Texts are owned by the record. The job is one line of JSON. */
LOCKSTEP_API const char *lockstep_record_job(const lockstep_record *record);
/* Sizes of the network, "784-30-10". */
LOCKSTEP_API const char *lockstep_record_layers(const lockstep_record *record);
/* Digest of the training part (lockstep_dataset_digest()). */
LOCKSTEP_API const char *lockstep_record_data(const lockstep_record *record);

LOCKSTEP_API void lockstep_record_get_network_options(const lockstep_record *record,
                                                      struct lockstep_network_options *options);
/* Sets the members that decide the bits, with nothing left to a default, and
 * leaves the others as they are. */
LOCKSTEP_API void lockstep_record_get_train_options(const lockstep_record *record,
                                                    struct lockstep_train_options *options);

/* The last epoch whose fingerprint is kept. */
LOCKSTEP_API uint32_t lockstep_record_last_epoch(const lockstep_record *record);
/* Fingerprint of the parameters after an epoch, and before the first step for
 * epoch 0. NULL when it is not kept: of more than 16,383 epochs only every
 * second one is, of more than 32,766 every fourth, and so on. */
LOCKSTEP_API const char *lockstep_record_fingerprint(const lockstep_record *record, uint32_t epoch);

#ifdef __cplusplus
}
#endif

#endif
