/* SPDX-License-Identifier: MIT
 *
 * Checkpoints: a job in the middle, as a file. A job that was stopped at any
 * moment and goes on from a checkpoint ends with the fingerprint that it would
 * have had, also with other workers, another engine or instruction set.
 *
 * Going on, in a program:
 *
 *	lockstep_checkpoint_load(&checkpoint, path, &error)
 *	record = lockstep_checkpoint_record(checkpoint)
 *	lockstep_record_get_network_options(record, &network_options)
 *	lockstep_record_get_train_options(record, &options)
 *	lockstep_network_create(&network, lockstep_record_layers(record), &network_options, &error)
 *	lockstep_trainer_create(&trainer, network, dataset, &options, &error)
 *	lockstep_trainer_resume(trainer, checkpoint, &error)
 *	lockstep_trainer_run(trainer, &error)
 *
 * The file is a safetensors file: the parameters by their names in the model
 * file, the momentum's under "velocity.", those of the best epoch under
 * "best.", and in the metadata the record (lockstep/record.h), where the data
 * came from, where the job stands, and the SHA-256 of the whole file.
 */
#ifndef LOCKSTEP_CHECKPOINT_H
#define LOCKSTEP_CHECKPOINT_H

#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/record.h"
#include "lockstep/status.h"
#include "lockstep/train.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_checkpoint lockstep_checkpoint;

/* Reads a checkpoint; a file that was changed in any bit is refused. Caller
 * owns *out. */
LOCKSTEP_API lockstep_status lockstep_checkpoint_load(lockstep_checkpoint **out, const char *path,
                                                      lockstep_error *error);
/* NULL is allowed and does nothing. */
LOCKSTEP_API void lockstep_checkpoint_destroy(lockstep_checkpoint *checkpoint);

/* Owned by the checkpoint. */
LOCKSTEP_API const lockstep_record *lockstep_checkpoint_record(const lockstep_checkpoint *checkpoint);

/* Steps that the job had done. */
LOCKSTEP_API uint64_t lockstep_checkpoint_step(const lockstep_checkpoint *checkpoint);

/* SHA-256 of the parameters at that step, as 64 hex digits. */
LOCKSTEP_API void lockstep_checkpoint_fingerprint(const lockstep_checkpoint *checkpoint, char fingerprint[65]);

/* Where the data were: the absolute path that lockstep_dataset_open_with() was
 * given, and its options. NULL, and options untouched, when the rows came from
 * memory. The texts are owned by the checkpoint. */
LOCKSTEP_API const char *lockstep_checkpoint_data(const lockstep_checkpoint *checkpoint,
                                                  struct lockstep_dataset_options *options);

/* Writes a checkpoint of the steps done so far, between steps and runs, and from
 * on_epoch too. The file appears whole or not
 * at all; one that it replaces stays until then. */
LOCKSTEP_API lockstep_status lockstep_trainer_save(lockstep_trainer *trainer, const char *path, lockstep_error *error);

/* Puts a trainer to where the checkpoint's job stood. Its job must be the same:
 * LOCKSTEP_ERROR_ARGUMENT otherwise, with a message that names the options that
 * differ. The trainer is untouched on failure. */
LOCKSTEP_API lockstep_status lockstep_trainer_resume(lockstep_trainer *trainer, const lockstep_checkpoint *checkpoint,
                                                     lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
