/* SPDX-License-Identifier: MIT
 *
 * runs export: a row a trial, or an epoch, of one study or of all. Columns are
 * those of all studies together, each in the place where it comes first.
 *
 * What stands before the times is decided by the specification alone, so that a
 * study that was interrupted exports the same bytes as one that was not.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"
#include "output.h"
#include "runs_verbs.h"

struct names {
	const char **names; /* [n], borrowed from the studies */
	size_t n;
};

struct export
{
	const struct ls_runs *runs;
	struct lockstep_runs_study **studies; /* [n_studies], owned */
	size_t n_studies;
	struct names parameters, metrics;
	struct ls_rows rows;
};

/* ---- Columns -------------------------------------------------------------------- */

static size_t place_of(const struct names *names, const char *name)
{
	size_t i = 0;
	while (i < names->n && strcmp(names->names[i], name) != 0)
		i++;
	return i;
}

static int add_names(struct names *names, const char *const *more, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (place_of(names, more[i]) < names->n)
			continue;
		const char **longer = realloc(names->names, (names->n + 1) * sizeof *longer);
		if (!longer)
			return ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
		names->names = longer;
		longer[names->n++] = more[i];
	}
	return LS_EXIT_DONE;
}

static void add_columns(struct ls_rows *rows, const char *group, const struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		ls_rows_column(rows, group, names->names[i]);
}

/* `values` are of the study's own list: each goes to the place of its name. */
static void add_metrics(struct export *export, const struct lockstep_runs_study *study, const double *values)
{
	for (size_t i = 0, own = 0; i < export->metrics.n; i++) {
		for (own = 0; own < study->n_metrics && strcmp(study->metrics[own], export->metrics.names[i]) != 0;)
			own++;
		ls_rows_real(&export->rows, own < study->n_metrics ? values[own] : NAN);
	}
}

static void add_parameters(struct export *export, const struct lockstep_runs_study *study,
                           const struct lockstep_runs_trial *trial)
{
	for (size_t i = 0, own = 0; i < export->parameters.n; i++) {
		for (own = 0;
		     own < study->n_parameters && strcmp(study->parameters[own], export->parameters.names[i]) != 0;)
			own++;
		if (own < study->n_parameters)
			ls_rows_value(&export->rows, &trial->values[own]);
		else
			ls_rows_absent(&export->rows);
	}
}

/* ---- A row a trial --------------------------------------------------------------- */

/* One of each a seed, where there is any. */
static void add_seeds(struct ls_rows *rows, const struct lockstep_runs_trial *trial)
{
	ls_rows_list(rows, LS_CELL_WORDS);
	for (size_t i = 0; i < trial->n_jobs; i++)
		ls_rows_add_integer(rows, trial->jobs[i].seed);
	int is_known = 0;
	for (size_t i = 0; i < trial->n_jobs; i++)
		is_known |= trial->jobs[i].fingerprint != NULL;
	ls_rows_list(rows, LS_CELL_TEXTS);
	for (size_t i = 0; is_known && i < trial->n_jobs; i++)
		ls_rows_add(rows, trial->jobs[i].fingerprint ? trial->jobs[i].fingerprint : "-");
}

/* The earliest start; NULL: none has begun. Texts of times are in the order of time. */
static const char *started(const struct lockstep_runs_trial *trial)
{
	const char *first = NULL;
	for (size_t i = 0; i < trial->n_jobs; i++) {
		const char *own = trial->jobs[i].started;
		if (own && (!first || strcmp(own, first) < 0))
			first = own;
	}
	return first;
}

static double seconds(const struct lockstep_runs_trial *trial)
{
	double sum = NAN;
	for (size_t i = 0; i < trial->n_jobs; i++)
		if (!isnan(trial->jobs[i].seconds))
			sum = (isnan(sum) ? 0 : sum) + trial->jobs[i].seconds;
	return sum;
}

static void add_times(struct ls_rows *rows, const struct lockstep_runs_trial *trial)
{
	ls_rows_text(rows, started(trial));
	ls_rows_real(rows, seconds(trial));
	ls_rows_list(rows, LS_CELL_TEXTS);
	for (size_t i = 0; i < trial->n_jobs; i++)
		if (trial->jobs[i].cores)
			ls_rows_add(rows, trial->jobs[i].cores);
	ls_rows_list(rows, LS_CELL_WORDS);
	for (size_t i = 0; i < trial->n_jobs; i++)
		if (trial->jobs[i].workers)
			ls_rows_add_integer(rows, trial->jobs[i].workers);
	ls_rows_list(rows, LS_CELL_WORDS);
	for (size_t i = 0; i < trial->n_jobs; i++)
		if (!isnan(trial->jobs[i].samples_per_second))
			ls_rows_add_real(rows, trial->jobs[i].samples_per_second);
}

static void add_trial(struct export *export, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial)
{
	struct ls_rows *rows = &export->rows;
	ls_rows_text(rows, study->name);
	ls_rows_integer(rows, trial->number);
	ls_rows_text(rows, lockstep_trial_state_name(trial->state));
	add_parameters(export, study, trial);
	ls_rows_real(rows, trial->objective);
	ls_rows_integer(rows, trial->epochs);
	add_seeds(rows, trial);
	add_metrics(export, study, trial->last);
	if (!export->runs->no_times)
		add_times(rows, trial);
}

static void add_trial_columns(struct export *export)
{
	static const char *const before[] = {"study", "trial", "state", NULL};
	static const char *const result[] = {"objective", "epochs", "seeds", "fingerprints", NULL};
	static const char *const times[] = {"started", "seconds", "cores", "workers", "samples_per_second", NULL};
	ls_runs_columns(&export->rows, before);
	add_columns(&export->rows, LS_PARAMETERS, &export->parameters);
	ls_runs_columns(&export->rows, result);
	add_columns(&export->rows, LS_METRICS, &export->metrics);
	if (!export->runs->no_times)
		ls_runs_columns(&export->rows, times);
}

/* ---- A row an epoch -------------------------------------------------------------- */

/* What another trial made of the same job later is not this one's. */
static int is_of_trial(const struct lockstep_runs_trial *trial, const struct lockstep_runs_epoch *epoch)
{
	return trial->state == LOCKSTEP_TRIAL_RUNNING || epoch->epoch <= trial->epochs;
}

static void add_epoch(struct export *export, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial, const struct lockstep_runs_job *job,
                      const struct lockstep_runs_epoch *epoch)
{
	struct ls_rows *rows = &export->rows;
	ls_rows_text(rows, study->name);
	ls_rows_integer(rows, trial->number);
	ls_rows_integer(rows, job->seed);
	ls_rows_integer(rows, epoch->epoch);
	ls_rows_text(rows, epoch->fingerprint);
	add_metrics(export, study, epoch->metrics);
	if (export->runs->no_times)
		return;
	ls_rows_real(rows, epoch->train_seconds);
	ls_rows_real(rows, epoch->samples_per_second);
}

static int add_epochs(struct export *export, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial, const struct lockstep_runs_job *job)
{
	struct lockstep_runs_epochs *epochs;
	lockstep_error error;
	if (lockstep_runs_read_epochs(export->runs->runs, study, job, &epochs, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	for (size_t i = 0; i < epochs->n; i++)
		if (is_of_trial(trial, &epochs->epochs[i]))
			add_epoch(export, study, trial, job, &epochs->epochs[i]);
	lockstep_runs_epochs_destroy(epochs);
	return LS_EXIT_DONE;
}

static int add_all_epochs(struct export *export, const struct lockstep_runs_study *study,
                          const struct lockstep_runs_trial *trial)
{
	int status = LS_EXIT_DONE;
	for (size_t i = 0; !status && i < trial->n_jobs; i++)
		status = add_epochs(export, study, trial, &trial->jobs[i]);
	return status;
}

static void add_epoch_columns(struct export *export)
{
	static const char *const before[] = {"study", "trial", "seed", "epoch", "fingerprint", NULL};
	static const char *const times[] = {"train_seconds", "samples_per_second", NULL};
	ls_runs_columns(&export->rows, before);
	add_columns(&export->rows, LS_METRICS, &export->metrics);
	if (!export->runs->no_times)
		ls_runs_columns(&export->rows, times);
}

/* ---- The whole ------------------------------------------------------------------- */

static int write_rows(struct export *export, FILE *file)
{
	const enum ls_format format = export->runs->format < 0 ? LS_FORMAT_CSV : (enum ls_format) export->runs->format;
	int status = LS_EXIT_DONE;
	ls_rows_begin(&export->rows, file, format);
	if (export->runs->epochs)
		add_epoch_columns(export);
	else
		add_trial_columns(export);
	for (size_t i = 0; i < export->n_studies; i++)
		for (size_t k = 0; !status && k < export->studies[i]->n_trials; k++) {
			const struct lockstep_runs_trial *trial = &export->studies[i]->trials[k];
			if (export->runs->epochs)
				status = add_all_epochs(export, export->studies[i], trial);
			else
				add_trial(export, export->studies[i], trial);
		}
	int ended = ls_rows_end(&export->rows, LS_RUNS_COMMAND);
	if (format == LS_FORMAT_JSON)
		putc('\n', file);
	return status ? status : ended;
}

static int write_output(struct export *export)
{
	struct ls_output output;
	int status = ls_output_open(&output, export->runs->output, LS_RUNS_COMMAND);
	if (status)
		return status;
	status = write_rows(export, output.file);
	if (!status)
		return ls_output_commit(&output, LS_RUNS_COMMAND);
	ls_output_abandon(&output);
	return status;
}

static int read_studies(struct export *export)
{
	const struct ls_runs *runs = export->runs;
	const char *name = runs->operands[0];
	const size_t n = name ? 1 : lockstep_runs_n_studies(runs->runs);
	int status = LS_EXIT_DONE;
	export->studies = calloc(n + 1, sizeof(struct lockstep_runs_study *));
	if (!export->studies)
		return ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
	for (size_t i = 0; !status && i < n; i++) {
		const char *next = name ? name : lockstep_runs_get_summary(runs->runs, i)->name;
		status = ls_runs_read(runs, next, &export->studies[i]);
		if (status)
			break;
		const struct lockstep_runs_study *study = export->studies[export->n_studies++];
		status = add_names(&export->parameters, study->parameters, study->n_parameters);
		if (!status)
			status = add_names(&export->metrics, study->metrics, study->n_metrics);
	}
	return status;
}

int ls_runs_export(const struct ls_runs *runs)
{
	struct export export = {.runs = runs};
	int status = read_studies(&export);
	if (!status)
		status = write_output(&export);
	for (size_t i = 0; i < export.n_studies; i++)
		lockstep_runs_study_destroy(export.studies[i]);
	free(export.studies);
	free(export.parameters.names);
	free(export.metrics.names);
	return status;
}
