/* SPDX-License-Identifier: MIT
 *
 * What a lockstep_record is made of.
 */
#ifndef LS_JOB_RECORD_H
#define LS_JOB_RECORD_H

#include "history.h"
#include "job.h"
#include "lockstep/record.h"

struct lockstep_record {
	char *text; /* of the job */
	struct ls_job job;
	struct ls_history history;
};

/* Reads the two texts of a file; `history` NULL: there is none. The record owns what it holds, and is zeroed
 * on failure. */
lockstep_status ls_record_init(struct lockstep_record *record, const char *job, const char *history, const char *path,
                               lockstep_error *error);
void ls_record_fini(struct lockstep_record *record);

#endif
