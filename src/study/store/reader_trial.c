/* SPDX-License-Identifier: MIT
 *
 * A study's trials, with their points, and the jobs that their runs refer to.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "interval.h"
#include "reader.h"

/* ---- Jobs -------------------------------------------------------------------- */

/* The last of every metric up to an epoch, and the time that all steps took. */
struct last {
	uint32_t until;
	double *values; /* [n_metrics] */
	size_t n_metrics;
	double seconds, samples;
	char fingerprint[65]; /* after `until`; empty: not known */
};

static lockstep_status take_last(void *context, const struct lockstep_runs_epoch *epoch, lockstep_error *error)
{
	struct last *last = context;
	(void)error;
	if (!isnan(epoch->train_seconds) && !isnan(epoch->samples_per_second)) {
		last->seconds += epoch->train_seconds;
		last->samples += epoch->train_seconds * epoch->samples_per_second;
	}
	if (epoch->epoch > last->until)
		return LOCKSTEP_OK;
	for (size_t i = 0; i < last->n_metrics; i++)
		if (!isnan(epoch->metrics[i]))
			last->values[i] = epoch->metrics[i];
	if (epoch->epoch == last->until && epoch->fingerprint)
		snprintf(last->fingerprint, sizeof last->fingerprint, "%s", epoch->fingerprint);
	return LOCKSTEP_OK;
}

/* The job's own fingerprint is that of the trial's epochs only while nobody took it
 * further. */
static lockstep_status set_fingerprint(const struct ls_reading_context *context, const struct last *last,
                                       struct lockstep_runs_job *job)
{
	if (job->epoch == last->until && job->fingerprint)
		return LOCKSTEP_OK;
	job->fingerprint = NULL;
	if (!*last->fingerprint)
		return LOCKSTEP_OK;
	job->fingerprint = ls_arena_copy(&context->reading->arena, last->fingerprint, strlen(last->fingerprint));
	return job->fingerprint ? LOCKSTEP_OK : ls_reading_memory(context);
}

static lockstep_status read_last(const struct ls_reading_context *context, uint32_t until,
                                 struct lockstep_runs_job *job)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	struct last last = {.until = until, .n_metrics = study->n_metrics};
	const struct ls_epoch_visitor visitor = {take_last, &last};
	last.values = ls_arena_allocate(&context->reading->arena, study->n_metrics, sizeof *last.values);
	double *metrics = ls_arena_allocate(&context->reading->arena, study->n_metrics, sizeof *metrics);
	if (!last.values || !metrics)
		return ls_reading_memory(context);
	for (size_t i = 0; i < study->n_metrics; i++)
		last.values[i] = NAN;
	lockstep_status status = ls_reader_epochs(context->database, study, job->id, metrics, &visitor, context->error);
	job->last = last.values;
	job->samples_per_second = last.seconds > 0 ? last.samples / last.seconds : NAN;
	return status ? status : set_fingerprint(context, &last, job);
}

/* How far the trial's results go: a running one has what its job has. */
static uint32_t epochs_of(const struct lockstep_runs_trial *trial, const struct lockstep_runs_job *job)
{
	return trial->state == LOCKSTEP_TRIAL_RUNNING ? job->epoch : trial->epochs;
}

static lockstep_status read_job(const struct ls_reading_context *context, const struct lockstep_runs_trial *trial,
                                const struct ls_run_record *run, struct lockstep_runs_job *job)
{
	struct ls_row row;
	struct ls_job_record record;
	int is_there = 0;
	lockstep_status status = ls_reading_select(context, &row, LS_GET_JOB, run->job);
	if (!status)
		status = ls_row_next(&row, &is_there, context->error);
	if (!status && !is_there)
		return ls_reading_missing(context, "job", (size_t)run->job);
	if (!status)
		status = ls_job_read_row(&row, &record, context->error);
	if (status)
		return status;
	ls_row_end(&row);
	const struct ls_store_progress *progress = &record.progress;
	*job = (struct lockstep_runs_job){
	    .sha256 = record.sha256,
	    .record = record.job.record,
	    .command = record.job.command,
	    .seed = record.job.seed,
	    .objective = run->objective,
	    .state = progress->state,
	    .epoch = progress->epoch,
	    .step = progress->step,
	    .message = progress->message,
	    .fingerprint = progress->fingerprint,
	    .exit_status = progress->exit_status,
	    .started = progress->started,
	    .ended = progress->ended,
	    .seconds = progress->seconds,
	    .workers = progress->workers,
	    .cores = progress->cores,
	    .id = record.id,
	};
	return read_last(context, epochs_of(trial, job), job);
}

/* ---- Trials ------------------------------------------------------------------ */

/* What the runs come to together. */
static lockstep_status aggregate(const struct ls_reading_context *context, struct lockstep_runs_trial *trial)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	double *last = ls_arena_allocate(&context->reading->arena, study->n_metrics, sizeof *last);
	double *values = ls_arena_allocate(&context->reading->arena, trial->n_jobs, sizeof *values);
	if (!last || !values)
		return ls_reading_memory(context);
	for (size_t m = 0; m < study->n_metrics; m++) {
		for (size_t i = 0; i < trial->n_jobs; i++)
			values[i] = trial->jobs[i].last[m];
		last[m] = ls_aggregate_values(study->aggregate, values, trial->n_jobs);
	}
	trial->last = last;
	for (size_t i = 0; i < trial->n_jobs; i++)
		values[i] = trial->jobs[i].objective;
	ls_aggregate_interval(study->aggregate, values, trial->n_jobs, &trial->low, &trial->high);
	return LOCKSTEP_OK;
}

static lockstep_status read_runs(const struct ls_reading_context *context, int64_t id,
                                 struct lockstep_runs_trial *trial)
{
	struct ls_row row;
	struct ls_run_record run;
	struct lockstep_runs_job *jobs = NULL;
	size_t n = 0, room = 0;
	int is_there = 0;
	lockstep_status status = ls_reading_select(context, &row, LS_GET_RUNS, id);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, context->error)) && is_there) {
		status = ls_run_read(&row, &run, context->error);
		if (status)
			return status;
		jobs = ls_arena_grow(&context->reading->arena, jobs, n, &room, sizeof *jobs);
		status = !jobs             ? ls_reading_memory(context)
		         : run.number != n ? ls_reading_missing(context, "run", n)
		                           : read_job(context, trial, &run, &jobs[n]);
		if (status) {
			ls_row_end(&row);
			return status;
		}
		n++;
	}
	trial->jobs = jobs;
	trial->n_jobs = n;
	return status ? status : aggregate(context, trial);
}

static const char *copy_text(struct ls_row *row, const char *text)
{
	const char *copy = ls_arena_copy(row->arena, text, strlen(text));
	if (!copy && !row->status)
		row->status = LOCKSTEP_ERROR_MEMORY;
	return copy ? copy : "";
}

/* The next column by the kind that stands before it. */
static void read_value(struct ls_row *row, struct lockstep_runs_value *value)
{
	char text[LOCKSTEP_NUMBER_MAX];
	value->kind = (enum lockstep_value_kind)(ls_row_word(row, ls_kind_names, LS_N_KINDS) + 1);
	value->text = "null";
	switch (value->kind) {
	case LOCKSTEP_VALUE_BOOLEAN:
		value->integer = ls_row_flag(row);
		value->text = value->integer ? "true" : "false";
		break;
	case LOCKSTEP_VALUE_INTEGER:
		value->integer = ls_row_integer(row);
		value->real = (double)value->integer;
		snprintf(text, sizeof text, "%lld", (long long)value->integer);
		value->text = copy_text(row, text);
		break;
	case LOCKSTEP_VALUE_REAL:
		value->real = ls_row_real(row);
		value->text = copy_text(row, lockstep_number_text(value->real, text));
		break;
	case LOCKSTEP_VALUE_TEXT:
		value->text = ls_row_text(row);
		break;
	default:
		ls_row_null(row);
	}
}

static lockstep_status read_point(const struct ls_reading_context *context, int64_t id,
                                  struct lockstep_runs_trial *trial)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	struct ls_row row;
	int is_there = 0;
	struct lockstep_runs_value *values =
	    ls_arena_allocate(&context->reading->arena, study->n_parameters, sizeof *values);
	if (!values)
		return ls_reading_memory(context);
	for (size_t i = 0; i < study->n_parameters; i++)
		values[i] = (struct lockstep_runs_value){.text = "", .draw = NAN};
	trial->values = values;
	lockstep_status status = ls_reading_select(context, &row, LS_GET_POINT, id);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, context->error)) && is_there) {
		struct lockstep_runs_value value = {.text = ""};
		(void)ls_row_integer(&row);
		uint64_t parameter = ls_row_unsigned(&row);
		read_value(&row, &value);
		value.draw = ls_row_real(&row);
		status = ls_row_check(&row, context->error);
		if (status)
			return status;
		if (parameter >= study->n_parameters) {
			ls_row_end(&row);
			return ls_reading_missing(context, "parameter", (size_t)parameter);
		}
		values[parameter] = value;
	}
	return status;
}

/* The points and runs come after the list, whose statement is read to its end. */
lockstep_status ls_reader_trials(const struct ls_reading_context *context)
{
	struct lockstep_runs_study *study = ls_reading_study(context);
	struct ls_arena ids = {NULL};
	struct lockstep_runs_trial *trials = NULL;
	int64_t *id = NULL;
	struct ls_trial_record record;
	struct ls_row row;
	size_t n = 0, room = 0, id_room = 0;
	int is_there = 0;
	lockstep_status status = ls_reading_select(context, &row, LS_GET_TRIALS, study->id);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, context->error)) && is_there) {
		status = ls_trial_read(&row, &record, context->error);
		if (status)
			break;
		trials = ls_arena_grow(&context->reading->arena, trials, n, &room, sizeof *trials);
		id = ls_arena_grow(&ids, id, n, &id_room, sizeof *id);
		if (!trials || !id || record.number != n) {
			ls_row_end(&row);
			status = trials && id ? ls_reading_missing(context, "trial", n) : ls_reading_memory(context);
			break;
		}
		id[n] = record.id;
		trials[n++] = (struct lockstep_runs_trial){.number = record.number,
		                                           .state = record.state,
		                                           .objective = record.objective,
		                                           .epochs = record.epochs,
		                                           .message = record.message};
	}
	for (size_t i = 0; !status && i < n; i++) {
		status = read_point(context, id[i], &trials[i]);
		if (!status)
			status = read_runs(context, id[i], &trials[i]);
	}
	ls_arena_fini(&ids);
	study->trials = trials;
	study->n_trials = n;
	return status;
}
