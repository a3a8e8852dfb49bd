/* SPDX-License-Identifier: MIT
 *
 * An export as Optuna's JournalStorage reads it: JSON Lines, an operation a line. A
 * study is one operation, with one more for each of its attributes; a trial is one,
 * which tells all of it, as Optuna itself writes a trial that is added whole.
 *
 * JSON has no infinity; Optuna's journal has, as Python writes it.
 */
#define _GNU_SOURCE /* open_memstream() */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "export.h"
#include "export_space.h"

enum { CREATE_STUDY = 0, SET_STUDY_ATTRIBUTE = 2, CREATE_TRIAL = 4 };
enum { MINIMIZE = 1, MAXIMIZE = 2 };
enum { RUNNING = 0, COMPLETE = 1, PRUNED = 2, FAILED = 3 };

struct journal {
	const struct ls_export *export;
	FILE *file;
	const struct lockstep_runs_study *study;
	size_t number; /* of the study, in this file */
	struct ls_axis *axes;
	int failed; /* memory was short */
};

/* ---- JSON ---------------------------------------------------------------------------- */

static void put_number(FILE *file, double x)
{
	char text[LOCKSTEP_NUMBER_MAX];
	if (isinf(x))
		fputs(x < 0 ? "-Infinity" : "Infinity", file);
	else
		fputs(lockstep_number_text(x, text), file);
}

static void put_number_or_null(FILE *file, double x)
{
	if (isnan(x))
		fputs("null", file);
	else
		put_number(file, x);
}

static void put_text_or_null(FILE *file, const char *text)
{
	if (text)
		ls_rows_write_string(file, text);
	else
		fputs("null", file);
}

static void put_key(FILE *file, const char *key)
{
	ls_rows_write_string(file, key);
	putc(':', file);
}

/* "2026-11-27T21:01:28.123Z" with microseconds and an offset, which all Pythons read. */
static void put_time(FILE *file, const char *time)
{
	fprintf(file, "\"%.*s000+00:00\"", (int)strcspn(time, "Z"), time);
}

static void begin(const struct journal *journal, int operation)
{
	fprintf(journal->file, "{\"op_code\":%d,\"worker_id\":\"lockstep\"", operation);
}

/* ---- Studies ------------------------------------------------------------------------- */

static void put_study_attribute(const struct journal *journal, const char *key, const char *value)
{
	if (!value)
		return;
	begin(journal, SET_STUDY_ATTRIBUTE);
	fprintf(journal->file, ",\"study_id\":%zu,\"user_attr\":{", journal->number);
	put_key(journal->file, key);
	ls_rows_write_string(journal->file, value);
	fputs("}}\n", journal->file);
}

static void put_study(const struct journal *journal)
{
	const struct lockstep_runs_study *study = journal->study;
	begin(journal, CREATE_STUDY);
	fputs(",\"study_name\":", journal->file);
	ls_rows_write_string(journal->file, study->name);
	fprintf(journal->file, ",\"directions\":[%d]}\n", study->maximize ? MAXIMIZE : MINIMIZE);
	put_study_attribute(journal, "description", study->description);
	put_study_attribute(journal, "metric", study->metric);
	put_study_attribute(journal, "sampler", study->sampler);
	put_study_attribute(journal, "scheduler", study->scheduler);
	put_study_attribute(journal, "spec", study->spec);
	put_study_attribute(journal, "spec_sha256", study->spec_sha256);
	put_study_attribute(journal, "created", study->created);
}

/* ---- Parameters ---------------------------------------------------------------------- */

static void put_choice(FILE *file, const struct ls_choice *choice)
{
	if (choice->kind == LOCKSTEP_VALUE_TEXT)
		ls_rows_write_string(file, choice->text);
	else
		fputs(choice->text, file);
}

static void put_choices(FILE *file, const struct ls_axis *axis)
{
	fputs("{\"name\":\"CategoricalDistribution\",\"attributes\":{\"choices\":[", file);
	for (size_t i = 0; i < axis->n_choices; i++) {
		fputs(i ? "," : "", file);
		put_choice(file, &axis->choices[i]);
	}
	fputs("]}}", file);
}

static void put_bound(FILE *file, int is_integer, double x)
{
	if (is_integer)
		fprintf(file, "%.0f", x);
	else
		put_number(file, x);
}

static void put_bounds(FILE *file, const struct ls_axis *axis)
{
	const int is_integer = axis->kind == LS_AXIS_INTEGER;
	fprintf(file, "{\"name\":\"%s\",\"attributes\":{\"log\":%s,\"step\":",
	        is_integer ? "IntDistribution" : "FloatDistribution", axis->is_log ? "true" : "false");
	if (axis->step > 0)
		put_number(file, axis->step);
	else
		fputs(is_integer ? "1" : "null", file);
	fputs(",\"low\":", file);
	put_bound(file, is_integer, axis->low);
	fputs(",\"high\":", file);
	put_bound(file, is_integer, axis->high);
	fputs("}}", file);
}

/* A distribution is a text of JSON in JSON. */
static void put_distribution(struct journal *journal, const struct ls_axis *axis)
{
	char *text = NULL;
	size_t length;
	FILE *file = open_memstream(&text, &length);
	if (file && axis->kind == LS_AXIS_CHOICES)
		put_choices(file, axis);
	else if (file)
		put_bounds(file, axis);
	if (!file || fclose(file) || !text)
		journal->failed = 1;
	else
		ls_rows_write_string(journal->file, text);
	free(text);
}

static void put_parameters(struct journal *journal, const struct lockstep_runs_trial *trial, int are_values)
{
	const struct lockstep_runs_study *study = journal->study;
	const char *between = "";
	putc('{', journal->file);
	for (size_t i = 0; i < study->n_parameters; i++) {
		if (trial->values[i].kind == LOCKSTEP_VALUE_ABSENT)
			continue;
		fputs(between, journal->file);
		put_key(journal->file, study->parameters[i]);
		if (are_values)
			put_number(journal->file, ls_axis_place(&journal->axes[i], &trial->values[i]));
		else
			put_distribution(journal, &journal->axes[i]);
		between = ",";
	}
	putc('}', journal->file);
}

/* ---- Values on the way --------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* As the study has it for the objective; sorts. */
static double together(const char *aggregate, double *values, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		if (isnan(values[i]))
			return NAN;
	qsort(values, n, sizeof *values, compare_doubles);
	for (size_t i = 0; i < n; i++)
		sum += values[i];
	if (strcmp(aggregate, "mean") == 0)
		return sum / (double)n;
	if (strcmp(aggregate, "min") == 0)
		return values[0];
	if (strcmp(aggregate, "max") == 0)
		return values[n - 1];
	return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

/* A run that ended before has its last value, but for one that failed. */
static double value_of(const struct lockstep_runs_job *job, const struct lockstep_runs_epochs *epochs, size_t metric,
                       uint32_t epoch)
{
	const int failed = job->state == LOCKSTEP_JOB_DIVERGED || job->state == LOCKSTEP_JOB_FAILED;
	size_t i = epochs->n;
	while (i > 0 && epochs->epochs[i - 1].epoch > epoch)
		i--;
	if (i == 0 || (epochs->epochs[i - 1].epoch < epoch && failed))
		return NAN;
	return epochs->epochs[i - 1].metrics[metric];
}

/* How far all runs of the trial have come. */
static uint32_t last_epoch(const struct lockstep_runs_trial *trial, struct lockstep_runs_epochs *const *epochs)
{
	uint32_t last = UINT32_MAX;
	if (trial->state != LOCKSTEP_TRIAL_RUNNING)
		return trial->epochs;
	for (size_t i = 0; i < trial->n_jobs; i++) {
		uint32_t own = epochs[i]->n ? epochs[i]->epochs[epochs[i]->n - 1].epoch : 0;
		last = own < last ? own : last;
	}
	return last;
}

static void put_epochs(const struct journal *journal, const struct lockstep_runs_trial *trial,
                       struct lockstep_runs_epochs *const *epochs, size_t metric, double *values)
{
	const char *between = "";
	const uint32_t last = last_epoch(trial, epochs);
	for (uint32_t epoch = 1; epoch <= last; epoch++) {
		for (size_t i = 0; i < trial->n_jobs; i++)
			values[i] = value_of(&trial->jobs[i], epochs[i], metric, epoch);
		double value = together(journal->study->aggregate, values, trial->n_jobs);
		if (isnan(value))
			continue;
		fprintf(journal->file, "%s\"%u\":", between, epoch);
		put_number(journal->file, value);
		between = ",";
	}
}

static int put_intermediate(const struct journal *journal, const struct lockstep_runs_trial *trial)
{
	const struct lockstep_runs_study *study = journal->study;
	struct lockstep_runs_epochs **epochs = calloc(trial->n_jobs + 1, sizeof *epochs);
	double *values = calloc(trial->n_jobs + 1, sizeof *values);
	lockstep_error error;
	int status =
	    epochs && values ? LS_EXIT_DONE : ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
	size_t metric = 0;
	while (metric < study->n_metrics && strcmp(study->metrics[metric], study->metric) != 0)
		metric++;
	for (size_t i = 0; i < trial->n_jobs && !status; i++)
		if (lockstep_runs_read_epochs(journal->export->runs->runs, study, &trial->jobs[i], &epochs[i], &error))
			status = ls_message_error(LS_RUNS_COMMAND, &error);
	if (!status && metric < study->n_metrics && trial->n_jobs > 0)
		put_epochs(journal, trial, epochs, metric, values);
	for (size_t i = 0; epochs && i < trial->n_jobs; i++)
		lockstep_runs_epochs_destroy(epochs[i]);
	free(epochs);
	free(values);
	return status;
}

/* ---- Trials -------------------------------------------------------------------------- */

/* One that waits at the end of a rung is what Optuna calls pruned there. */
static int state_of(const struct lockstep_runs_trial *trial)
{
	switch (trial->state) {
	case LOCKSTEP_TRIAL_RUNNING:
		return RUNNING;
	case LOCKSTEP_TRIAL_DONE:
		return isnan(trial->objective) ? FAILED : COMPLETE;
	case LOCKSTEP_TRIAL_PAUSED:
	case LOCKSTEP_TRIAL_PRUNED:
		return PRUNED;
	default:
		return FAILED;
	}
}

static void put_list(FILE *file, const char *key, const struct lockstep_runs_trial *trial,
                     const char *(*text)(const struct lockstep_runs_job *job))
{
	putc(',', file);
	put_key(file, key);
	putc('[', file);
	for (size_t i = 0; i < trial->n_jobs; i++) {
		fputs(i ? "," : "", file);
		put_text_or_null(file, text(&trial->jobs[i]));
	}
	putc(']', file);
}

static const char *fingerprint_of(const struct lockstep_runs_job *job)
{
	return job->fingerprint;
}

static const char *cores_of(const struct lockstep_runs_job *job)
{
	return job->cores;
}

static const char *sha256_of(const struct lockstep_runs_job *job)
{
	return job->sha256;
}

static void put_attributes(FILE *file, const struct lockstep_runs_trial *trial)
{
	fprintf(file, "{\"state\":\"%s\",\"epochs\":%u,\"message\":", lockstep_trial_state_name(trial->state),
	        trial->epochs);
	put_text_or_null(file, trial->message);
	fputs(",\"seconds\":", file);
	put_number_or_null(file, ls_export_seconds(trial));
	fputs(",\"seeds\":[", file);
	for (size_t i = 0; i < trial->n_jobs; i++)
		fprintf(file, "%s%llu", i ? "," : "", (unsigned long long)trial->jobs[i].seed);
	putc(']', file);
	put_list(file, "fingerprints", trial, fingerprint_of);
	put_list(file, "cores", trial, cores_of);
	put_list(file, "jobs", trial, sha256_of);
	putc('}', file);
}

/* A trial that is over has both times, whatever is known. */
static void put_times(const struct journal *journal, const struct lockstep_runs_trial *trial, int state)
{
	const char *started = ls_export_started(trial), *ended = ls_export_ended(trial);
	if (!started)
		started = journal->study->created;
	fputs(",\"datetime_start\":", journal->file);
	put_time(journal->file, started);
	if (state == RUNNING)
		return;
	fputs(",\"datetime_complete\":", journal->file);
	put_time(journal->file, ended && strcmp(ended, started) >= 0 ? ended : started);
}

static int put_trial(struct journal *journal, const struct lockstep_runs_trial *trial)
{
	FILE *file = journal->file;
	const int state = state_of(trial);
	begin(journal, CREATE_TRIAL);
	fprintf(file, ",\"study_id\":%zu,\"state\":%d,\"value\":", journal->number, state);
	put_number_or_null(file, state == COMPLETE || state == PRUNED ? trial->objective : NAN);
	fputs(",\"values\":null", file);
	put_times(journal, trial, state);
	fputs(",\"distributions\":", file);
	put_parameters(journal, trial, 0);
	fputs(",\"params\":", file);
	put_parameters(journal, trial, 1);
	fputs(",\"user_attrs\":", file);
	put_attributes(file, trial);
	fputs(",\"system_attrs\":{},\"intermediate_values\":{", file);
	int status = put_intermediate(journal, trial);
	fputs("}}\n", file);
	return status;
}

static int put_trials(struct journal *journal)
{
	int status = ls_axes_create(&journal->axes, journal->study);
	if (status)
		return status;
	for (size_t i = 0; i < journal->study->n_trials && !status; i++)
		status = put_trial(journal, &journal->study->trials[i]);
	ls_axes_destroy(journal->axes, journal->study->n_parameters);
	if (!status && journal->failed)
		status = ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
	return status;
}

int ls_export_optuna(const struct ls_export *export, FILE *file)
{
	int status = LS_EXIT_DONE;
	for (size_t i = 0; i < export->n_studies && !status; i++) {
		struct journal journal = {.export = export, .file = file, .study = export->studies[i], .number = i};
		put_study(&journal);
		status = put_trials(&journal);
	}
	return status;
}
