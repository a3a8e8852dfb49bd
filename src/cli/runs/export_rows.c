/* SPDX-License-Identifier: MIT
 *
 * An export as CSV or JSON: a row a trial, or an epoch. Columns are those of all studies
 * together, each in the place where it comes first.
 *
 * What stands before the times is decided by the specification alone, so that a
 * study that was interrupted exports the same bytes as one that was not.
 */
#include <math.h>
#include <string.h>

#include "cli/print/message.h"
#include "export.h"

struct table {
	const struct ls_export *export;
	struct ls_rows rows;
};

/* ---- Columns -------------------------------------------------------------------- */

static void add_columns(struct ls_rows *rows, const char *group, const struct ls_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		ls_rows_column(rows, group, names->names[i]);
}

/* `values` are of the study's own list: each goes to the place of its name. */
static void add_metrics(struct table *table, const struct lockstep_runs_study *study, const double *values)
{
	for (size_t i = 0, own = 0; i < table->export->metrics.n; i++) {
		for (own = 0;
		     own < study->n_metrics && strcmp(study->metrics[own], table->export->metrics.names[i]) != 0;)
			own++;
		ls_rows_real(&table->rows, own < study->n_metrics ? values[own] : NAN);
	}
}

static void add_parameters(struct table *table, const struct lockstep_runs_study *study,
                           const struct lockstep_runs_trial *trial)
{
	for (size_t i = 0, own = 0; i < table->export->parameters.n; i++) {
		for (own = 0; own < study->n_parameters &&
		              strcmp(study->parameters[own], table->export->parameters.names[i]) != 0;)
			own++;
		if (own < study->n_parameters)
			ls_rows_value(&table->rows, &trial->values[own]);
		else
			ls_rows_absent(&table->rows);
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

static void add_times(struct ls_rows *rows, const struct lockstep_runs_trial *trial)
{
	ls_rows_text(rows, ls_export_started(trial));
	ls_rows_real(rows, ls_export_seconds(trial));
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

static void add_trial(struct table *table, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial)
{
	struct ls_rows *rows = &table->rows;
	ls_rows_text(rows, study->name);
	ls_rows_integer(rows, trial->number);
	ls_rows_text(rows, lockstep_trial_state_name(trial->state));
	add_parameters(table, study, trial);
	ls_rows_real(rows, trial->objective);
	ls_rows_integer(rows, trial->epochs);
	add_seeds(rows, trial);
	add_metrics(table, study, trial->last);
	if (!table->export->runs->no_times)
		add_times(rows, trial);
}

static void add_trial_columns(struct table *table)
{
	static const char *const before[] = {"study", "trial", "state", NULL};
	static const char *const result[] = {"objective", "epochs", "seeds", "fingerprints", NULL};
	static const char *const times[] = {"started", "seconds", "cores", "workers", "samples_per_second", NULL};
	ls_runs_columns(&table->rows, before);
	add_columns(&table->rows, LS_PARAMETERS, &table->export->parameters);
	ls_runs_columns(&table->rows, result);
	add_columns(&table->rows, LS_METRICS, &table->export->metrics);
	if (!table->export->runs->no_times)
		ls_runs_columns(&table->rows, times);
}

/* ---- A row an epoch -------------------------------------------------------------- */

static void add_epoch(struct table *table, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial, const struct lockstep_runs_job *job,
                      const struct lockstep_runs_epoch *epoch)
{
	struct ls_rows *rows = &table->rows;
	ls_rows_text(rows, study->name);
	ls_rows_integer(rows, trial->number);
	ls_rows_integer(rows, job->seed);
	ls_rows_integer(rows, epoch->epoch);
	ls_rows_text(rows, epoch->fingerprint);
	add_metrics(table, study, epoch->metrics);
	if (table->export->runs->no_times)
		return;
	ls_rows_real(rows, epoch->train_seconds);
	ls_rows_real(rows, epoch->samples_per_second);
}

static int add_epochs(struct table *table, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial, const struct lockstep_runs_job *job)
{
	struct lockstep_runs_epochs *epochs;
	lockstep_error error;
	if (lockstep_runs_read_epochs(table->export->runs->runs, study, job, &epochs, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	for (size_t i = 0; i < epochs->n; i++)
		if (ls_export_is_of_trial(trial, &epochs->epochs[i]))
			add_epoch(table, study, trial, job, &epochs->epochs[i]);
	lockstep_runs_epochs_destroy(epochs);
	return LS_EXIT_DONE;
}

static int add_all_epochs(struct table *table, const struct lockstep_runs_study *study,
                          const struct lockstep_runs_trial *trial)
{
	int status = LS_EXIT_DONE;
	for (size_t i = 0; !status && i < trial->n_jobs; i++)
		status = add_epochs(table, study, trial, &trial->jobs[i]);
	return status;
}

static void add_epoch_columns(struct table *table)
{
	static const char *const before[] = {"study", "trial", "seed", "epoch", "fingerprint", NULL};
	static const char *const times[] = {"train_seconds", "samples_per_second", NULL};
	ls_runs_columns(&table->rows, before);
	add_columns(&table->rows, LS_METRICS, &table->export->metrics);
	if (!table->export->runs->no_times)
		ls_runs_columns(&table->rows, times);
}

/* ---- The whole ------------------------------------------------------------------- */

static int add_rows(struct table *table, const struct lockstep_runs_study *study)
{
	int status = LS_EXIT_DONE;
	for (size_t k = 0; !status && k < study->n_trials; k++) {
		if (table->export->runs->epochs)
			status = add_all_epochs(table, study, &study->trials[k]);
		else
			add_trial(table, study, &study->trials[k]);
	}
	return status;
}

int ls_export_rows(const struct ls_export *export, FILE *file)
{
	const enum ls_format format = export->runs->format < 0 ? LS_FORMAT_CSV : (enum ls_format) export->runs->format;
	struct table table = {.export = export};
	int status = LS_EXIT_DONE;
	ls_rows_begin(&table.rows, file, format);
	if (export->runs->epochs)
		add_epoch_columns(&table);
	else
		add_trial_columns(&table);
	for (size_t i = 0; !status && i < export->n_studies; i++)
		status = add_rows(&table, export->studies[i]);
	int ended = ls_rows_end(&table.rows, LS_RUNS_COMMAND);
	if (format == LS_FORMAT_JSON)
		putc('\n', file);
	return status ? status : ended;
}
