/* SPDX-License-Identifier: MIT
 *
 * Studies, trials and columns that several verbs need.
 */
#include <string.h>

#include "base/nearest.h"
#include "cli/print/message.h"
#include "runs_verbs.h"

enum ls_format ls_runs_format(const struct ls_runs *runs)
{
	return runs->format < 0 ? LS_FORMAT_TABLE : (enum ls_format)runs->format;
}

static int no_study(const struct ls_runs *runs, const char *name)
{
	struct ls_nearest nearest;
	ls_nearest_init(&nearest, name);
	for (size_t i = 0; i < lockstep_runs_n_studies(runs->runs); i++)
		ls_nearest_consider(&nearest, lockstep_runs_get_summary(runs->runs, i)->name);
	for (size_t i = 0; i < lockstep_runs_n_scalings(runs->runs); i++)
		ls_nearest_consider(&nearest, lockstep_runs_get_scaling(runs->runs, i)->name);
	if (nearest.name)
		return ls_message_failed(LS_RUNS_COMMAND, "%s: no study '%s'; did you mean '%s'?", runs->path, name,
		                         nearest.name);
	return ls_message_failed(LS_RUNS_COMMAND, "%s: no study '%s'", runs->path, name);
}

int ls_runs_say_which(const struct ls_runs *runs, size_t n)
{
	return ls_message_usage(LS_RUNS_COMMAND, "%s has %zu studies: say which; 'lockstep runs list' names them",
	                        runs->path, n);
}

static int find_study(const struct ls_runs *runs, const char *name, size_t *found)
{
	size_t n = lockstep_runs_n_studies(runs->runs);
	const struct lockstep_runs_scaling *scaling = ls_runs_find_scaling(runs, name);
	if (scaling)
		return ls_runs_is_scaling(scaling);
	if (!name && n > 1)
		return ls_runs_say_which(runs, n);
	if (!name && n == 0 && lockstep_runs_n_scalings(runs->runs) > 1)
		return ls_runs_say_which(runs, lockstep_runs_n_scalings(runs->runs));
	if (!name && n == 0)
		return ls_message_failed(LS_RUNS_COMMAND, "%s: no study yet", runs->path);
	for (size_t i = 0; i < n; i++)
		if (!name || strcmp(name, lockstep_runs_get_summary(runs->runs, i)->name) == 0) {
			*found = i;
			return LS_EXIT_DONE;
		}
	return no_study(runs, name);
}

int ls_runs_read(const struct ls_runs *runs, const char *name, struct lockstep_runs_study **study)
{
	lockstep_error error;
	size_t i = 0;
	int status = find_study(runs, name, &i);
	if (status)
		return status;
	return lockstep_runs_read_study(runs->runs, i, study, &error) ? ls_message_error(LS_RUNS_COMMAND, &error)
	                                                              : LS_EXIT_DONE;
}

int ls_runs_number(const char *text, uint64_t *number)
{
	size_t length = strlen(text);
	if (length == 0 || length > 18 || strspn(text, "0123456789") < length)
		return 0;
	*number = 0;
	for (; *text; text++)
		*number = *number * 10 + (uint64_t)(*text - '0');
	return 1;
}

int ls_runs_find_trial(const struct lockstep_runs_study *study, uint64_t number,
                       const struct lockstep_runs_trial **trial)
{
	if (number >= study->n_trials)
		return ls_message_failed(LS_RUNS_COMMAND, "study '%s' has no trial %llu: it has %zu, from 0",
		                         study->name, (unsigned long long)number, study->n_trials);
	*trial = &study->trials[number];
	return LS_EXIT_DONE;
}

/* ---- Columns ----------------------------------------------------------------- */

void ls_runs_columns(struct ls_rows *rows, const char *const *names)
{
	for (; *names; names++)
		ls_rows_column(rows, NULL, *names);
}

void ls_runs_parameter_columns(struct ls_rows *rows, const struct lockstep_runs_study *study)
{
	for (size_t i = 0; i < study->n_parameters; i++)
		ls_rows_column(rows, LS_PARAMETERS, study->parameters[i]);
}

void ls_runs_parameters(struct ls_rows *rows, const struct lockstep_runs_study *study,
                        const struct lockstep_runs_trial *trial)
{
	for (size_t i = 0; i < study->n_parameters; i++)
		ls_rows_value(rows, &trial->values[i]);
}

void ls_runs_metric_columns(struct ls_rows *rows, const struct lockstep_runs_study *study)
{
	for (size_t i = 0; i < study->n_metrics; i++)
		ls_rows_column(rows, LS_METRICS, study->metrics[i]);
}

void ls_runs_metrics(struct ls_rows *rows, const struct lockstep_runs_study *study, const double *values)
{
	for (size_t i = 0; i < study->n_metrics; i++)
		ls_rows_real(rows, values[i]);
}

void ls_runs_label(const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                   char label[LS_RUNS_LABEL_MAX])
{
	snprintf(label, LS_RUNS_LABEL_MAX, "%.200s:%llu", study->name, (unsigned long long)trial->number);
}
