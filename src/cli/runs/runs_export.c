/* SPDX-License-Identifier: MIT
 *
 * runs export: the trials of one study or of all, in one of the forms that export.h
 * lists.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "cli/print/output.h"
#include "export.h"

/* ---- Of all forms -------------------------------------------------------------- */

/* Texts of times are in the order of time. */
const char *ls_export_started(const struct lockstep_runs_trial *trial)
{
	const char *first = NULL;
	for (size_t i = 0; i < trial->n_jobs; i++) {
		const char *own = trial->jobs[i].started;
		if (own && (!first || strcmp(own, first) < 0))
			first = own;
	}
	return first;
}

const char *ls_export_ended(const struct lockstep_runs_trial *trial)
{
	const char *last = NULL;
	for (size_t i = 0; i < trial->n_jobs; i++) {
		const char *own = trial->jobs[i].ended;
		if (own && (!last || strcmp(own, last) > 0))
			last = own;
	}
	return last;
}

double ls_export_seconds(const struct lockstep_runs_trial *trial)
{
	double sum = NAN;
	for (size_t i = 0; i < trial->n_jobs; i++)
		if (!isnan(trial->jobs[i].seconds))
			sum = (isnan(sum) ? 0 : sum) + trial->jobs[i].seconds;
	return sum;
}

int ls_export_is_of_trial(const struct lockstep_runs_trial *trial, const struct lockstep_runs_epoch *epoch)
{
	return trial->state == LOCKSTEP_TRIAL_RUNNING || epoch->epoch <= trial->epochs;
}

/* ---- Studies ------------------------------------------------------------------- */

static size_t place_of(const struct ls_names *names, const char *name)
{
	size_t i = 0;
	while (i < names->n && strcmp(names->names[i], name) != 0)
		i++;
	return i;
}

static int add_names(struct ls_names *names, const char *const *more, size_t n)
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

/* ---- The whole ----------------------------------------------------------------- */

static int write_output(struct ls_export *export)
{
	struct ls_output output;
	if (export->runs->format == LS_FORMAT_TENSORBOARD)
		return ls_export_tensorboard(export);
	int status = ls_output_open(&output, export->runs->output, LS_RUNS_COMMAND);
	if (status)
		return status;
	status = export->runs->format == LS_FORMAT_OPTUNA ? ls_export_optuna(export, output.file)
	                                                  : ls_export_rows(export, output.file);
	if (!status)
		return ls_output_commit(&output, LS_RUNS_COMMAND);
	ls_output_abandon(&output);
	return status;
}

static int read_studies(struct ls_export *export)
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

int ls_runs_export(struct ls_runs *runs)
{
	struct ls_export export = {.runs = runs};
	const struct lockstep_runs_scaling *scaling = ls_runs_find_scaling(runs, runs->operands[0]);
	const size_t n_scalings = lockstep_runs_n_scalings(runs->runs);
	if (scaling)
		return ls_runs_export_scaling(runs, scaling);
	if (!runs->operands[0] && lockstep_runs_n_studies(runs->runs) == 0 && n_scalings > 1)
		return ls_runs_say_which(runs, n_scalings);
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
