/* SPDX-License-Identifier: MIT
 *
 * Rows as structs, for the tables whose rows are read, changed and written again,
 * or read on both sides. Texts that are read are the row's arena's.
 */
#ifndef LS_STUDY_RECORDS_H
#define LS_STUDY_RECORDS_H

#include "row.h"
#include "store.h"

struct ls_study_record {
	int64_t id;
	const char *name, *description, *spec, *spec_sha256, *method, *sampler, *scheduler, *metric;
	int maximize;
	const char *aggregate;
	uint64_t seed;
	const char *created;
};

struct ls_session_record {
	int64_t id, study, machine;
	struct lockstep_runs_session session; /* cpu, cores, topology are the machine's, and not in the row */
};

struct ls_trial_record {
	int64_t id, study;
	uint64_t number;
	enum lockstep_trial_state state;
	double objective;
	uint32_t epochs;
	const char *message;
};

struct ls_job_record {
	int64_t id;
	const char *sha256;
	struct ls_store_job job;
	int64_t session; /* in which it ran last; 0: none */
	struct ls_store_progress progress;
};

struct ls_run_record {
	int64_t trial;
	uint32_t number;
	int64_t job;
	double objective;
};

struct ls_item_record {
	int64_t study;
	struct ls_store_item item; /* without epochs */
};

/* Each reads the columns of the present row and checks it; on failure the
 * statement has ended. */
lockstep_status ls_study_read(struct ls_row *row, struct ls_study_record *record, lockstep_error *error);
lockstep_status ls_session_read(struct ls_row *row, struct ls_session_record *record, lockstep_error *error);
lockstep_status ls_trial_read(struct ls_row *row, struct ls_trial_record *record, lockstep_error *error);
lockstep_status ls_job_read_row(struct ls_row *row, struct ls_job_record *record, lockstep_error *error);
lockstep_status ls_run_read(struct ls_row *row, struct ls_run_record *record, lockstep_error *error);
lockstep_status ls_item_read(struct ls_row *row, struct ls_item_record *record, lockstep_error *error);
/* *job receives the row's first column. */
lockstep_status ls_epoch_read(struct ls_row *row, int64_t *job, struct ls_store_epoch *epoch, lockstep_error *error);

/* Each writes a row, over the one with its key. */
lockstep_status ls_study_write(struct ls_database *database, const struct ls_study_record *record,
                               lockstep_error *error);
lockstep_status ls_session_write(struct ls_database *database, const struct ls_session_record *record,
                                 lockstep_error *error);
lockstep_status ls_trial_write(struct ls_database *database, const struct ls_trial_record *record,
                               lockstep_error *error);
lockstep_status ls_job_write_row(struct ls_database *database, const struct ls_job_record *record,
                                 lockstep_error *error);
lockstep_status ls_run_write(struct ls_database *database, const struct ls_run_record *record, lockstep_error *error);
lockstep_status ls_item_write(struct ls_database *database, const struct ls_item_record *record, lockstep_error *error);
lockstep_status ls_epoch_write(struct ls_database *database, int64_t job, const struct ls_store_epoch *epoch,
                               lockstep_error *error);

/* Kinds of a point's values, as the column has them: of enum ls_value_kind. */
#define LS_N_KINDS 5
extern const char *const ls_kind_names[LS_N_KINDS];

#endif
