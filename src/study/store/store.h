/* SPDX-License-Identifier: MIT
 *
 * The database of studies, as the runner that fills it sees it. One file holds
 * many studies; one process at a time writes to it. Reading is lockstep/runs.h,
 * whose structs come from here as well.
 *
 *	open -> add_study or find_study -> add_session
 *	     -> for every item: add_item, claim_job for each seed, update_job and
 *	        add_epoch as it trains, report
 *	     -> end_session -> close
 *
 * Every call that writes is one transaction, unless it stands between begin and
 * commit: then all of them are. A process that is killed leaves what was committed
 * and nothing else. A power failure may take the last commits away as well, but
 * no part of one (synchronous = NORMAL in WAL mode): what is lost is done again,
 * and comes out the same, so that no commit has to wait for the disk. A model's
 * checkpoint can therefore be ahead of what the database says of its job.
 *
 * A row carries a checksum over all its columns, since SQLite has none: damage is
 * an error, never a wrong number. Rows that another program changes are damaged in
 * this sense; it may delete and read them.
 *
 * To resume: find_study; lockstep_runs_open() beside the store, which sees what was
 * committed, for trials, points and jobs; and ls_store_read_items() for what the
 * scheduler has to be told again. Objectives come back with all their bits, the sign of -0
 * included, but a NaN is just a NaN: it is stored as NULL.
 *
 * Texts are UTF-8. Texts and arrays are borrowed for the call. For one thread at a time, and not
 * across fork(). Errors name the file and the cause; *out is untouched on failure.
 */
#ifndef LS_STUDY_STORE_H
#define LS_STUDY_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/runs.h"
#include "lockstep/status.h"
#include "study/schedule/scheduler.h"
#include "study/space/value.h"

struct ls_store;

/* Opens the database for writing, and creates it where there is none, or an empty
 * file. LOCKSTEP_ERROR_SYSTEM with one line when another process writes to it; its
 * lock is on PATH-lock, held until close or the process's end, however that
 * comes. An older version is migrated, a newer one or another kind of file refused
 * and left as it is. Jobs that were running when a process ended are
 * interrupted from here on. */
lockstep_status ls_store_open(struct ls_store **out, const char *path, lockstep_error *error);
/* Rolls an open group back. NULL is allowed. */
void ls_store_close(struct ls_store *store);
/* The same, and removes the database where opening created it: it is for those who wrote nothing. */
void ls_store_discard(struct ls_store *store);

/* A group of writes that are seen together. Groups do not nest. When a write in it
 * fails, commit rolls back and fails as well. */
lockstep_status ls_store_begin(struct ls_store *store, lockstep_error *error);
lockstep_status ls_store_commit(struct ls_store *store, lockstep_error *error);
void ls_store_rollback(struct ls_store *store);

/* The time as all texts of the database have it, UTC: "2026-11-27T21:01:28.123Z". */
#define LS_STORE_TIME_MAX 32
void ls_store_now(char text[LS_STORE_TIME_MAX]);

/* ---- Studies --------------------------------------------------------------- */

struct ls_store_study {
	const char *name, *description; /* description NULL: none */
	const char *spec;               /* its SHA-256 is made here */
	const char *method, *sampler, *scheduler;
	const char *metric, *aggregate; /* as in struct lockstep_runs_study */
	const char *created;            /* NULL: now */
	int maximize;
	uint64_t seed;
	const uint64_t *seeds;         /* [n_seeds] */
	size_t n_seeds;                /* 0: each trial is run once, with the seed of its own job */
	const char *const *parameters; /* [n_parameters] */
	size_t n_parameters;
};

/* LOCKSTEP_ERROR_ARGUMENT when there is a study of that name, a scaling study included. */
lockstep_status ls_store_add_study(struct ls_store *store, const struct ls_store_study *study, int64_t *id,
                                   lockstep_error *error);
/* *id: 0 when there is none. digest: of its spec. */
lockstep_status ls_store_find_study(struct ls_store *store, const char *name, int64_t *id, char digest[65],
                                    lockstep_error *error);

/* LOCKSTEP_ERROR_ARGUMENT when a study has that name already. Reads only. */
lockstep_status ls_store_check_name(struct ls_store *store, const char *name, lockstep_error *error);
/* A scaling study, as its document (lockstep/scaling_store.h), under a name that nobody has. */
lockstep_status ls_store_add_scaling(struct ls_store *store, const char *name, const char *document,
                                     lockstep_error *error);

/* A part of the data that a trial uses; once is enough, again changes nothing. */
lockstep_status ls_store_add_data(struct ls_store *store, int64_t study, const struct lockstep_runs_data *data,
                                  lockstep_error *error);

/* The study begins to run, or goes on. Jobs claimed from here on belong to this
 * session. `ended` and `outcome` are not read, `started` NULL: now. */
lockstep_status ls_store_add_session(struct ls_store *store, int64_t study, const struct lockstep_runs_session *session,
                                     lockstep_error *error);
/* outcome: one word, such as "done", "interrupted" or "failed". */
lockstep_status ls_store_end_session(struct ls_store *store, const char *outcome, lockstep_error *error);

/* ---- Items and trials ------------------------------------------------------ */

/* A parameter of a trial that is active. */
struct ls_store_value {
	size_t parameter; /* its place in the study's list; ascending */
	struct ls_value value;
	double draw; /* the point's number */
};

/* The next item, in order: item->number is one more than the last one's. A START
 * adds its trial, running, with its point; a PROMOTE sets its trial running again; the
 * others have no trial. values [n]: of a START. */
lockstep_status ls_store_add_item(struct ls_store *store, int64_t study, const struct ls_item *item,
                                  const struct ls_store_value *values, size_t n, lockstep_error *error);

/* What ls_scheduler_epoch() was told. */
struct ls_store_told {
	uint32_t epoch;
	double objective; /* to be minimised */
};

/* An item's result: what the scheduler is told, and what becomes of the trial. */
struct ls_store_report {
	uint64_t item;
	double told; /* to be minimised; NaN: none */
	int ended;   /* the trial will not go on */
	const struct ls_store_told *epochs;
	size_t n_epochs;

	enum lockstep_trial_state state;
	double objective; /* as the metric has it; NaN: none */
	uint32_t epochs_done;
	const char *message; /* NULL: none */
	const double *runs;  /* [n_runs]: objective of each run, as the metric has it; NaN: none */
	size_t n_runs;       /* not above those that were claimed */
};

/* LOCKSTEP_ERROR_ARGUMENT when the item was reported before, or has no trial. */
lockstep_status ls_store_report(struct ls_store *store, int64_t study, const struct ls_store_report *report,
                                lockstep_error *error);

/* ---- Jobs ------------------------------------------------------------------ */

struct ls_store_job {
	const char *record;  /* one line; two jobs are the same when their records are */
	const char *command; /* NULL: the built-in trainer */
	uint64_t seed;
};

/* How far a job is. Of pending jobs all is 0, NULL, -1 or NaN. */
struct ls_store_progress {
	enum lockstep_job_state state;
	uint32_t epoch;
	uint64_t step;
	const char *message, *fingerprint; /* NULL: none */
	uint32_t workers;
	const char *cores;
	const char *started, *ended;
	double seconds; /* NaN: not known */
	int exit_status;
};
#define LS_STORE_PROGRESS_INIT                                                                                         \
	{                                                                                                              \
		.seconds = __builtin_nan(""), .exit_status = -1                                                        \
	}

/* What was claimed, and how far it is: a job that is done, or has enough epochs,
 * need not be trained again. */
struct ls_store_claim {
	int64_t job; /* its number in the database */
	char sha256[65];
	enum lockstep_job_state state;
	uint32_t epoch;
	int is_new; /* nobody had claimed it */
};

/* Run `run` (from 0, the place of its seed) of a trial is this job, which is
 * added when it is not there, and taken as it is when it is. Runs of a trial are
 * claimed in order. Claiming again what was claimed changes nothing. */
lockstep_status ls_store_claim_job(struct ls_store *store, int64_t study, uint64_t trial, uint32_t run,
                                   const struct ls_store_job *job, struct ls_store_claim *claim, lockstep_error *error);

/* Replaces all that is known of the job's progress. Others may share the job and
 * have taken it further than this trial: what a trial has of it ends with the
 * trial's own epochs. */
lockstep_status ls_store_update_job(struct ls_store *store, int64_t job, const struct ls_store_progress *progress,
                                    lockstep_error *error);

/* Why a job failed or diverged: *out is the caller's, NULL where there is no message. */
lockstep_status ls_store_read_message(struct ls_store *store, int64_t job, char **out, lockstep_error *error);

struct ls_store_metric {
	const char *name;
	double value;
};

/* NaN: there is none. */
struct ls_store_epoch {
	uint32_t epoch;
	double loss;
	double validation_loss, validation_accuracy, validation_label_accuracy;
	double test_loss, test_accuracy, test_label_accuracy; /* label_accuracy: multi-label data only */
	double learning_rate;
	const char *fingerprint; /* of the parameters after it; NULL: not known */
	double train_seconds, samples_per_second;
	const struct ls_store_metric *metrics; /* [n_metrics]: others, of a command */
	size_t n_metrics;
};

#define LS_STORE_NONE __builtin_nan("")
#define LS_STORE_EPOCH_INIT                                                                                            \
	{                                                                                                              \
		.loss = LS_STORE_NONE, .validation_loss = LS_STORE_NONE, .validation_accuracy = LS_STORE_NONE,         \
		.validation_label_accuracy = LS_STORE_NONE, .test_loss = LS_STORE_NONE,                                \
		.test_accuracy = LS_STORE_NONE, .test_label_accuracy = LS_STORE_NONE, .learning_rate = LS_STORE_NONE,  \
		.train_seconds = LS_STORE_NONE, .samples_per_second = LS_STORE_NONE                                    \
	}

/* An epoch's metrics, in the place of those that it may have from before. */
lockstep_status ls_store_add_epoch(struct ls_store *store, int64_t job, const struct ls_store_epoch *epoch,
                                   lockstep_error *error);

/* Calls take() for every epoch of the job, in order. */
lockstep_status ls_store_read_epochs(struct ls_store *store, int64_t job,
                                     void (*take)(void *context, const struct ls_store_epoch *epoch), void *context,
                                     lockstep_error *error);

/* Calls take() for every metric of the epoch that it has beside those of all jobs, by name. */
lockstep_status ls_store_read_metrics(struct ls_store *store, int64_t job, uint32_t epoch,
                                      void (*take)(void *context, const struct ls_store_metric *metric), void *context,
                                      lockstep_error *error);

/* ---- To replay ------------------------------------------------------------- */

struct ls_store_item {
	struct ls_item item;
	int is_reported;
	double told; /* as in struct ls_store_report */
	int ended;
	const struct ls_store_told *epochs; /* [n_epochs] */
	size_t n_epochs;
};

struct ls_store_items {
	size_t n;
	const struct ls_store_item *items; /* [n]: item i is number i */
};

/* Caller owns *out. */
lockstep_status ls_store_read_items(struct ls_store *store, int64_t study, struct ls_store_items **out,
                                    lockstep_error *error);
void ls_store_items_destroy(struct ls_store_items *items);

#endif
