/* SPDX-License-Identifier: MIT
 *
 * What a checkpoint holds, and its file: container and digest are those of
 * model files (model/safetensors.h).
 */
#ifndef LS_JOB_CHECKPOINT_H
#define LS_JOB_CHECKPOINT_H

#include "data/origin.h"
#include "lockstep/checkpoint.h"
#include "net/network.h"
#include "record.h"

#define LS_CHECKPOINT_FORMAT "lockstep-checkpoint-1"
/* What the names of tensors begin with. */
#define LS_CHECKPOINT_VELOCITY "velocity."
#define LS_CHECKPOINT_BEST "best."

/* What early stopping knows. */
struct ls_best {
	int found;               /* some epoch improved */
	double loss;             /* the lowest so far; infinity at first */
	int64_t n_exact;         /* the most so far; -1 at first */
	uint32_t epochs_without; /* improvement */
};

/* Where a job stands. At an epoch's end that epoch has been judged already. */
struct ls_standing {
	uint64_t step;     /* steps done */
	double epoch_loss; /* sum of the loss totals of the steps of an epoch that has begun, in their order */
	struct ls_best best;
};

/* Everything in the file; all borrowed. */
struct ls_checkpoint_contents {
	const char *job;
	const struct ls_history *history;
	const struct ls_origin *origin;
	struct ls_standing standing;
	const struct lockstep_network *parameters;
	const struct lockstep_network *velocity; /* its parameters are the momentum's; NULL without momentum */
	const struct lockstep_network *best;     /* after the best epoch; NULL when that does not count */
};

/* Writes a checkpoint atomically. */
lockstep_status ls_checkpoint_save(const struct ls_checkpoint_contents *contents, const char *path,
                                   lockstep_error *error);

/* A checkpoint that was read; owns all it holds. */
struct lockstep_checkpoint {
	lockstep_record record;
	struct ls_origin origin;
	struct ls_standing standing;
	struct lockstep_network *parameters, *velocity, *best; /* as above */
};

#endif
