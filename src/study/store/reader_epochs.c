/* SPDX-License-Identifier: MIT
 *
 * A job's epochs: the metrics that all jobs have stand in the row, others, which a
 * command names, in rows of their own.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "reader.h"

const char *const ls_metric_names[LS_N_METRICS] = {
    "loss",      "validation_loss", "validation_accuracy", "validation_label_accuracy",
    "test_loss", "test_accuracy",   "test_label_accuracy", "learning_rate"};

/* The study's list has all that its jobs have. */
static void set_metric(const struct lockstep_runs_study *study, double *metrics, const char *name, double value)
{
	for (size_t i = 0; i < study->n_metrics; i++)
		if (strcmp(study->metrics[i], name) == 0)
			metrics[i] = value;
}

static void set_own_metrics(const struct lockstep_runs_study *study, double *metrics,
                            const struct ls_store_epoch *epoch)
{
	const double values[LS_N_METRICS] = {
	    epoch->loss,      epoch->validation_loss, epoch->validation_accuracy, epoch->validation_label_accuracy,
	    epoch->test_loss, epoch->test_accuracy,   epoch->test_label_accuracy, epoch->learning_rate};
	for (size_t i = 0; i < study->n_metrics; i++)
		metrics[i] = NAN;
	for (size_t i = 0; i < LS_N_METRICS; i++)
		if (!isnan(values[i]))
			set_metric(study, metrics, ls_metric_names[i], values[i]);
}

static lockstep_status set_others(struct ls_database *database, const struct lockstep_runs_study *study, int64_t job,
                                  uint32_t epoch, double *metrics, lockstep_error *error)
{
	struct ls_row row;
	struct ls_arena names = {NULL};
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, database, LS_GET_METRICS, &names, error);
	if (status)
		return status;
	ls_row_key(&row, job);
	ls_row_key(&row, epoch);
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		(void)ls_row_integer(&row);
		(void)ls_row_integer(&row);
		const char *name = ls_row_text(&row);
		double value = ls_row_real(&row);
		status = ls_row_check(&row, error);
		if (status)
			break;
		set_metric(study, metrics, name, value);
	}
	ls_arena_fini(&names);
	return status;
}

/* The present row, with the metrics that are not in it. */
static lockstep_status visit_row(struct ls_row *row, const struct lockstep_runs_study *study, int64_t job,
                                 double *metrics, const struct ls_epoch_visitor *visitor, lockstep_error *error)
{
	struct ls_store_epoch epoch;
	int64_t of_job;
	lockstep_status status = ls_epoch_read(row, &of_job, &epoch, error);
	if (status)
		return status;
	set_own_metrics(study, metrics, &epoch);
	status = set_others(row->database, study, job, epoch.epoch, metrics, error);
	const struct lockstep_runs_epoch found = {epoch.epoch, metrics, epoch.fingerprint, epoch.train_seconds,
	                                          epoch.samples_per_second};
	if (!status)
		status = visitor->visit(visitor->context, &found, error);
	if (status)
		ls_row_end(row);
	return status;
}

lockstep_status ls_reader_epochs(struct ls_database *database, const struct lockstep_runs_study *study, int64_t job,
                                 double *metrics, const struct ls_epoch_visitor *visitor, lockstep_error *error)
{
	struct ls_row row;
	struct ls_arena texts = {NULL};
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, database, LS_GET_EPOCHS, &texts, error);
	if (status)
		return status;
	ls_row_key(&row, job);
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		status = visit_row(&row, study, job, metrics, visitor, error);
		if (status)
			break;
	}
	ls_arena_fini(&texts);
	return status;
}

/* ---- Kept -------------------------------------------------------------------- */

struct epochs {
	struct lockstep_runs_epochs epochs; /* first, so that it is the whole */
	struct lockstep_runs_epoch *all;
	struct ls_arena arena;
	size_t room, n_metrics;
};

static lockstep_status keep(void *context, const struct lockstep_runs_epoch *epoch, lockstep_error *error)
{
	struct epochs *epochs = context;
	double *metrics = ls_arena_allocate(&epochs->arena, epochs->n_metrics, sizeof *metrics);
	epochs->all = ls_arena_grow(&epochs->arena, epochs->all, epochs->epochs.n, &epochs->room, sizeof *epochs->all);
	const char *fingerprint = epoch->fingerprint;
	if (fingerprint)
		fingerprint = ls_arena_copy(&epochs->arena, fingerprint, strlen(fingerprint));
	if (!metrics || !epochs->all || (epoch->fingerprint && !fingerprint))
		return ls_error_memory(error, "a job's epochs");
	memcpy(metrics, epoch->metrics, epochs->n_metrics * sizeof *metrics);
	struct lockstep_runs_epoch *kept = &epochs->all[epochs->epochs.n++];
	*kept = *epoch;
	kept->metrics = metrics;
	kept->fingerprint = fingerprint;
	return LOCKSTEP_OK;
}

lockstep_status lockstep_runs_read_epochs(lockstep_runs *runs, const struct lockstep_runs_study *study,
                                          const struct lockstep_runs_job *job, struct lockstep_runs_epochs **out,
                                          lockstep_error *error)
{
	struct epochs *epochs = ls_memory_allocate(1, sizeof *epochs);
	if (!epochs)
		return ls_error_memory(error, "a job's epochs");
	epochs->n_metrics = study->n_metrics;
	const struct ls_epoch_visitor visitor = {keep, epochs};
	double *metrics = ls_arena_allocate(&epochs->arena, study->n_metrics, sizeof *metrics);
	lockstep_status status = metrics ? ls_reader_epochs(runs->database, study, job->id, metrics, &visitor, error)
	                                 : ls_error_memory(error, "a job's epochs");
	if (status) {
		lockstep_runs_epochs_destroy(&epochs->epochs);
		return status;
	}
	epochs->epochs.epochs = epochs->all;
	*out = &epochs->epochs;
	return LOCKSTEP_OK;
}

void lockstep_runs_epochs_destroy(struct lockstep_runs_epochs *epochs)
{
	struct epochs *whole = (struct epochs *)epochs;
	if (!whole)
		return;
	ls_arena_fini(&whole->arena);
	ls_memory_free(whole);
}
