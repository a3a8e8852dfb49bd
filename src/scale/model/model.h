/* SPDX-License-Identifier: MIT
 *
 * The parts of a machine model's calibration.
 */
#ifndef LS_SCALE_MODEL_H
#define LS_SCALE_MODEL_H

#include "lockstep/machine_model.h"

/* The most workers that a model knows shards of. */
#define LS_MODEL_WORKERS_MAX 256

/* Where meetings are measured: on n cores, or hardware threads. */
struct ls_model_room {
	uint32_t n; /* 2 and more */
	int smt;
};

/* LOCKSTEP_ERROR_ARGUMENT: there is one place alone. */
lockstep_status ls_model_find_room(const lockstep_topology *topology, int smt, struct ls_model_room *room,
                                   lockstep_error *error);

/* What does not depend on the job but for model->smt: bandwidths, caches, meetings, distances. */
lockstep_status ls_model_measure_machine(struct lockstep_machine_model *model,
                                         const struct lockstep_scaling_setting *setting,
                                         const struct lockstep_train_options *train, lockstep_error *error);

#endif
