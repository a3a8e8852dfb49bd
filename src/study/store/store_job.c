/* SPDX-License-Identifier: MIT
 *
 * Jobs: claimed by trials, found again by the SHA-256 of their records.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "records.h"
#include "writer.h"

static lockstep_status read_one(struct ls_row *row, struct ls_job_record *record, int *is_there, lockstep_error *error)
{
	lockstep_status status = ls_row_next(row, is_there, error);
	if (status || !*is_there)
		return status;
	status = ls_job_read_row(row, record, error);
	if (!status)
		ls_row_end(row);
	return status;
}

static lockstep_status find_job(struct ls_store *store, const char *digest, struct ls_job_record *record, int *is_there,
                                lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_JOB, &store->scratch, error);
	if (status)
		return status;
	ls_row_key_text(&row, digest);
	return read_one(&row, record, is_there, error);
}

static lockstep_status get_job(struct ls_store *store, int64_t id, struct ls_job_record *record, lockstep_error *error)
{
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_GET_JOB, &store->scratch, error);
	if (status)
		return status;
	ls_row_key(&row, id);
	status = read_one(&row, record, &is_there, error);
	if (!status && !is_there)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: there is no job %lld", store->database->path,
		                      (long long)id);
	return status;
}

static lockstep_status add_job(struct ls_store *store, const struct ls_store_job *job, const char *digest,
                               struct ls_job_record *record, lockstep_error *error)
{
	*record = (struct ls_job_record){.id = ls_writer_new_id(store, LS_TABLE_JOB),
	                                 .sha256 = digest,
	                                 .job = *job,
	                                 .progress = LS_STORE_PROGRESS_INIT};
	return ls_job_write_row(store->database, record, error);
}

/* Is it the run that follows? */
static lockstep_status check_order(struct ls_store *store, const struct ls_run_record *run, lockstep_error *error)
{
	struct ls_run_record before;
	int has_before = run->number == 0;
	lockstep_status status = LOCKSTEP_OK;
	if (!has_before)
		status = ls_writer_find_run(store, run->trial, run->number - 1, &before, &has_before, error);
	if (!status && !has_before)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: run %u of a trial is out of order",
		                      store->database->path, run->number);
	return status;
}

/* The run that the trial has not yet claimed. */
static lockstep_status add_run(struct ls_store *store, struct ls_run_record *run, const struct ls_store_job *job,
                               const char *digest, struct ls_job_record *record, lockstep_error *error)
{
	int is_there = 0;
	lockstep_status status = find_job(store, digest, record, &is_there, error);
	if (!status && !is_there)
		status = add_job(store, job, digest, record, error);
	if (status)
		return status;
	run->job = record->id;
	run->objective = NAN;
	return ls_run_write(store->database, run, error);
}

/* The run that it has: of the same job, or something is wrong. */
static lockstep_status check_run(struct ls_store *store, const struct ls_run_record *run, const char *digest,
                                 struct ls_job_record *record, lockstep_error *error)
{
	lockstep_status status = get_job(store, run->job, record, error);
	if (!status && strcmp(record->sha256, digest) != 0)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                      "%s: run %u of the trial is another job than it was: %.16s, not %.16s",
		                      store->database->path, run->number, digest, record->sha256);
	return status;
}

static lockstep_status claim(struct ls_store *store, int64_t trial, uint32_t number, const struct ls_store_job *job,
                             struct ls_store_claim *out, lockstep_error *error)
{
	char digest[LS_SHA256_DIGITS + 1];
	struct ls_run_record run;
	struct ls_job_record record;
	int is_there = 0;
	const int64_t last = store->last_id[LS_TABLE_JOB];
	ls_sha256(job->record, strlen(job->record), digest);
	lockstep_status status = ls_writer_find_run(store, trial, number, &run, &is_there, error);
	if (status)
		return status;
	if (is_there) {
		status = check_run(store, &run, digest, &record, error);
	} else {
		run = (struct ls_run_record){.trial = trial, .number = number};
		status = check_order(store, &run, error);
		if (!status)
			status = add_run(store, &run, job, digest, &record, error);
	}
	if (status)
		return status;
	*out = (struct ls_store_claim){.job = record.id,
	                               .state = record.progress.state,
	                               .epoch = record.progress.epoch,
	                               .is_new = record.id > last};
	memcpy(out->sha256, digest, sizeof digest);
	return LOCKSTEP_OK;
}

lockstep_status ls_store_claim_job(struct ls_store *store, int64_t study, uint64_t trial, uint32_t run,
                                   const struct ls_store_job *job, struct ls_store_claim *out, lockstep_error *error)
{
	struct ls_trial_record record;
	struct ls_store_claim claimed;
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = ls_writer_find_trial(store, study, trial, &record, error);
	if (!status)
		status = claim(store, record.id, run, job, &claimed, error);
	status = ls_writer_leave(store, status, error);
	if (!status)
		*out = claimed;
	return status;
}

lockstep_status ls_store_update_job(struct ls_store *store, int64_t job, const struct ls_store_progress *progress,
                                    lockstep_error *error)
{
	struct ls_job_record record;
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = get_job(store, job, &record, error);
	if (!status) {
		record.progress = *progress;
		record.session = store->session;
		status = ls_job_write_row(store->database, &record, error);
	}
	return ls_writer_leave(store, status, error);
}

lockstep_status ls_store_read_message(struct ls_store *store, int64_t job, char **out, lockstep_error *error)
{
	struct ls_job_record record;
	char *copy = NULL;
	lockstep_status status = get_job(store, job, &record, error);
	if (!status && record.progress.message) {
		copy = ls_memory_copy_text(record.progress.message);
		if (!copy)
			status = ls_error_memory(error, "a message");
	}
	ls_arena_fini(&store->scratch);
	if (!status)
		*out = copy;
	return status;
}

/* ---- Epochs ---------------------------------------------------------------- */

static lockstep_status delete_metrics(struct ls_store *store, int64_t job, uint32_t epoch, lockstep_error *error)
{
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_DELETE_METRICS, NULL, error);
	if (status)
		return status;
	ls_row_key(&row, job);
	ls_row_key(&row, epoch);
	return ls_row_next(&row, &is_there, error);
}

static lockstep_status add_metrics(struct ls_store *store, int64_t job, const struct ls_store_epoch *epoch,
                                   lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = delete_metrics(store, job, epoch->epoch, error);
	for (size_t i = 0; !status && i < epoch->n_metrics; i++) {
		status = ls_row_begin(&row, store->database, LS_TABLE_METRIC, error);
		if (status)
			break;
		ls_row_put_integer(&row, job);
		ls_row_put_integer(&row, epoch->epoch);
		ls_row_put_text(&row, epoch->metrics[i].name);
		ls_row_put_real(&row, epoch->metrics[i].value);
		status = ls_row_write(&row, error);
	}
	return status;
}

lockstep_status ls_store_add_epoch(struct ls_store *store, int64_t job, const struct ls_store_epoch *epoch,
                                   lockstep_error *error)
{
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	status = ls_epoch_write(store->database, job, epoch, error);
	if (!status)
		status = add_metrics(store, job, epoch, error);
	return ls_writer_leave(store, status, error);
}

lockstep_status ls_store_read_epochs(struct ls_store *store, int64_t job,
                                     void (*take)(void *context, const struct ls_store_epoch *epoch), void *context,
                                     lockstep_error *error)
{
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_GET_EPOCHS, &store->scratch, error);
	if (status)
		return status;
	ls_row_key(&row, job);
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		struct ls_store_epoch epoch;
		int64_t of_job;
		status = ls_epoch_read(&row, &of_job, &epoch, error);
		if (status)
			return status;
		take(context, &epoch);
	}
	return status;
}

lockstep_status ls_store_read_metrics(struct ls_store *store, int64_t job, uint32_t epoch,
                                      void (*take)(void *context, const struct ls_store_metric *metric), void *context,
                                      lockstep_error *error)
{
	struct ls_row row;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, store->database, LS_GET_METRICS, &store->scratch, error);
	if (status)
		return status;
	ls_row_key(&row, job);
	ls_row_key(&row, epoch);
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		struct ls_store_metric metric;
		(void)ls_row_integer(&row);
		(void)ls_row_integer(&row);
		metric.name = ls_row_text(&row);
		metric.value = ls_row_real(&row);
		status = ls_row_check(&row, error);
		if (status)
			return status;
		take(context, &metric);
	}
	return status;
}
