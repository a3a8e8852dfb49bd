/* SPDX-License-Identifier: MIT
 *
 * Verification: trains a network again from its own record and compares the
 * fingerprints on the way and at the end.
 */
#ifndef LOCKSTEP_VERIFY_H
#define LOCKSTEP_VERIFY_H

#include <stdint.h>

#include "lockstep/checkpoint.h"
#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/status.h"
#include "lockstep/train.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lockstep_finding {
	LOCKSTEP_VERIFIED = 0, /* the job of the record gives what the record says */
	LOCKSTEP_OTHER_DATA,   /* the data are not those that the record names */
	LOCKSTEP_OTHER_JOB,    /* the record's job does not give the fingerprints on its way: an option was changed */
	LOCKSTEP_OTHER_PARAMETERS /* it gives all of them, but not the parameters: a weight was changed */
};

struct lockstep_verification {
	enum lockstep_finding finding;
	uint32_t epoch;    /* last one that was found equal; 0: the start, or none */
	char message[256]; /* one line that says what differs; empty when verified */
};

struct lockstep_verify_options {
	const lockstep_checkpoint *from; /* start from here, not from the beginning; NULL: from the beginning */
	uint32_t until;                  /* last epoch to look at; 0: all, and the parameters */
	/* How to run; members that decide the bits are not read. on_progress may
	 * end the verification with LOCKSTEP_STOPPED; on_epoch is called after
	 * the epoch was found equal, with `context`. */
	struct lockstep_train_options train;
};
#define LOCKSTEP_VERIFY_OPTIONS_INIT                                                                                   \
	{                                                                                                              \
		.train = LOCKSTEP_TRAIN_OPTIONS_INIT                                                                   \
	}

/* LOCKSTEP_OK: the comparison was made, and *result says what was found. `from`
 * must be a checkpoint of the same job: LOCKSTEP_ERROR_ARGUMENT otherwise.
 * `options` may be NULL. */
LOCKSTEP_API lockstep_status lockstep_verify(const lockstep_network *network, const lockstep_dataset *dataset,
                                             const struct lockstep_verify_options *options,
                                             struct lockstep_verification *result, lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
