/* SPDX-License-Identifier: MIT
 *
 * What the parts that read share.
 */
#ifndef LS_STUDY_READER_H
#define LS_STUDY_READER_H

#include "arena.h"
#include "base/error.h"
#include "database.h"
#include "lockstep/runs.h"
#include "records.h"

struct lockstep_runs {
	struct ls_database *database;
	struct ls_arena arena;
	struct lockstep_runs_summary *summaries; /* [n] */
	struct ls_study_record *studies;         /* [n] */
	size_t n;
	struct lockstep_runs_scaling *scalings; /* [n_scalings] */
	size_t n_scalings;
};

/* All scaling studies, whole. */
lockstep_status ls_reader_scalings(struct lockstep_runs *runs, lockstep_error *error);

/* The metrics that every study may have, in the order of struct ls_store_epoch. */
#define LS_N_METRICS 8
extern const char *const ls_metric_names[LS_N_METRICS];

/* A study with the memory that it owns. */
struct ls_reading {
	struct lockstep_runs_study study; /* first, so that it is the whole */
	struct ls_arena arena;
	/* The study's lists, which can be written here. */
	const char **parameters, **metrics;
	uint64_t *seeds;
	struct lockstep_runs_data *data;
};

struct ls_reading_context {
	struct ls_database *database;
	struct ls_reading *reading;
	lockstep_error *error;
};

struct lockstep_runs_study *ls_reading_study(const struct ls_reading_context *context);

static inline lockstep_status ls_reading_memory(const struct ls_reading_context *context)
{
	return ls_error_memory(context->error, "a study");
}

/* A row that has to be there is not. */
static inline lockstep_status ls_reading_missing(const struct ls_reading_context *context, const char *what,
                                                 size_t number)
{
	return ls_error_set(context->error, LOCKSTEP_ERROR_FORMAT, "%s: study '%s': %s %zu is missing or out of place",
	                    context->database->path, context->reading->study.name, what, number);
}

/* Begins to read what belongs to `id`. */
lockstep_status ls_reading_select(const struct ls_reading_context *context, struct ls_row *row, enum ls_statement which,
                                  int64_t id);

/* Trials, once parameters, seeds and metrics are known. */
lockstep_status ls_reader_trials(const struct ls_reading_context *context);

/* Sees an epoch as it is read; its metrics and texts live for the call. */
struct ls_epoch_visitor {
	lockstep_status (*visit)(void *context, const struct lockstep_runs_epoch *epoch, lockstep_error *error);
	void *context;
};

/* Visits a job's epochs in order; `metrics` [n_metrics] of the study is the
 * caller's room for one. */
lockstep_status ls_reader_epochs(struct ls_database *database, const struct lockstep_runs_study *study, int64_t job,
                                 double *metrics, const struct ls_epoch_visitor *visitor, lockstep_error *error);

#endif
