/* SPDX-License-Identifier: MIT
 *
 * What the parts of the store that write share.
 */
#ifndef LS_STUDY_WRITER_H
#define LS_STUDY_WRITER_H

#include "arena.h"
#include "database.h"
#include "lock.h"
#include "records.h"
#include "store.h"

struct ls_store {
	struct ls_database *database;
	struct ls_lock lock;
	int is_new; /* the file was not there before */
	int in_group;
	lockstep_error failure;       /* of the first write of the group that failed; status 0: none did */
	int64_t session;              /* that jobs belong to; 0: none */
	int64_t last_id[LS_N_TABLES]; /* of tables with an id */
	struct ls_arena scratch;      /* of one call */
};

/* Around what a call writes: a transaction of its own, or a part of the group's. */
lockstep_status ls_writer_enter(struct ls_store *store, lockstep_error *error);
/* Commits, or after a failure rolls back; returns what came of it. */
lockstep_status ls_writer_leave(struct ls_store *store, lockstep_status status, lockstep_error *error);

/* A number that no row of the table has had. */
int64_t ls_writer_new_id(struct ls_store *store, enum ls_table table);

/* LOCKSTEP_ERROR_ARGUMENT when a study has that name, of whatever kind. */
lockstep_status ls_writer_check_name(struct ls_store *store, const char *name, lockstep_error *error);

/* LOCKSTEP_ERROR_ARGUMENT when the study has no such trial. */
lockstep_status ls_writer_find_trial(struct ls_store *store, int64_t study, uint64_t number,
                                     struct ls_trial_record *record, lockstep_error *error);
/* *is_there 0: it was not claimed. */
lockstep_status ls_writer_find_run(struct ls_store *store, int64_t trial, uint32_t number, struct ls_run_record *record,
                                   int *is_there, lockstep_error *error);

#endif
