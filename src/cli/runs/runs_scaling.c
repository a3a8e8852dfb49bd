/* SPDX-License-Identifier: MIT
 *
 * Scaling studies in runs show and runs export: read from their documents, of which the database has seen that they
 * are one object. What a document has not is absent. People count series from 1, CSV and JSON from 0.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "cli/print/message.h"
#include "cli/print/output.h"
#include "cli/scale/scale_points.h"
#include "runs_verbs.h"

const struct lockstep_runs_scaling *ls_runs_find_scaling(const struct ls_runs *runs, const char *name)
{
	size_t n = lockstep_runs_n_scalings(runs->runs);
	if (!name)
		return n == 1 && lockstep_runs_n_studies(runs->runs) == 0 ? lockstep_runs_get_scaling(runs->runs, 0)
		                                                          : NULL;
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, lockstep_runs_get_scaling(runs->runs, i)->name) == 0)
			return lockstep_runs_get_scaling(runs->runs, i);
	return NULL;
}

const char *ls_runs_scaling_kind(const struct lockstep_runs_scaling *scaling)
{
	return strcmp(scaling->type, "weak") == 0 ? "weak scaling" : "strong scaling";
}

int ls_runs_is_scaling(const struct lockstep_runs_scaling *scaling)
{
	return ls_message_failed(LS_RUNS_COMMAND,
	                         "study '%s' is a scaling study, which has no trials: show and export know it",
	                         scaling->name);
}

/* ---- Reading the document -------------------------------------------------------- */

static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* NaN: there is none. */
static double number_of(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static uint32_t count_of(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value > 0 && value <= UINT32_MAX ? (uint32_t)value : 0;
}

static int parse(const struct lockstep_runs_scaling *scaling, json_t **root)
{
	*root = json_loads(scaling->document, 0, NULL);
	return *root ? LS_EXIT_DONE : ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
}

/* Visits the levels, series by series. */
typedef void visit_level(struct ls_rows *rows, const json_t *series, size_t i_series, const json_t *level,
                         const char *type);

static void visit_levels(struct ls_rows *rows, const json_t *root, visit_level *visit)
{
	size_t i, k;
	const json_t *series, *level;
	const char *type = text_of(json_object_get(root, "study"), "type");
	json_array_foreach(json_object_get(root, "series"), i, series)
	    json_array_foreach(json_object_get(series, "levels"), k, level) visit(rows, series, i, level, type);
}

/* ---- show -------------------------------------------------------------------------- */

static int print_study(const struct lockstep_runs_scaling *scaling, const json_t *root)
{
	static const char *const names[] = {"study",   "kind",   "created", "command", "outcome", "seconds", "blocks",
	                                    "version", "commit", "isa",     "cpu",     "cores",   NULL};
	const json_t *study = json_object_get(root, "study"), *machine = json_object_get(root, "machine");
	struct ls_rows rows;
	ls_rows_begin_record(&rows, stdout, LS_FORMAT_TABLE);
	ls_runs_columns(&rows, names);
	ls_rows_text(&rows, scaling->name);
	ls_rows_text(&rows, ls_runs_scaling_kind(scaling));
	ls_rows_text(&rows, scaling->created);
	ls_rows_text(&rows, text_of(root, "command"));
	ls_rows_text(&rows, text_of(study, "outcome"));
	ls_rows_real(&rows, number_of(study, "seconds"));
	ls_rows_integer(&rows, count_of(study, "blocks"));
	ls_rows_text(&rows, text_of(root, "version"));
	ls_rows_text(&rows, text_of(root, "commit"));
	ls_rows_text(&rows, text_of(root, "isa"));
	ls_rows_text(&rows, text_of(machine, "cpu"));
	ls_rows_integer(&rows, count_of(machine, "cores"));
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

static void add_interval(struct ls_rows *rows, const json_t *level, const char *name)
{
	const json_t *interval = json_object_get(level, name);
	ls_rows_real(rows, number_of(interval, "value"));
	ls_rows_real(rows, number_of(interval, "low"));
	ls_rows_real(rows, number_of(interval, "high"));
}

static void add_level(struct ls_rows *rows, const json_t *series, size_t i_series, const json_t *level,
                      const char *type)
{
	(void)type; /* all have the same */
	ls_rows_integer(rows, rows->format == LS_FORMAT_TABLE ? i_series + 1 : i_series);
	ls_rows_text(rows, text_of(series, "bind"));
	ls_rows_text(rows, text_of(series, "engine"));
	ls_rows_text(rows, text_of(series, "split"));
	ls_rows_integer(rows, count_of(level, "workers"));
	ls_rows_integer(rows, count_of(level, "batch"));
	ls_rows_real(rows, number_of(level, "samples_per_second"));
	add_interval(rows, level, "speedup");
	ls_rows_real(rows, number_of(json_object_get(level, "efficiency"), "value"));
	ls_rows_text(rows, text_of(level, "excluded"));
}

static int print_levels(const json_t *root, enum ls_format format)
{
	static const char *const names[] = {
	    "series",  "bind", "engine", "split",      "workers",  "batch", "samples_per_second",
	    "speedup", "low",  "high",   "efficiency", "excluded", NULL};
	struct ls_rows rows;
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, names);
	visit_levels(&rows, root, add_level);
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

/* What limits each series, a line each. */
static void print_limits(const json_t *root)
{
	size_t i;
	const json_t *series;
	json_array_foreach(json_object_get(root, "series"), i, series)
	{
		const char *text = text_of(json_object_get(series, "limit"), "text");
		if (text && *text)
			printf("\nseries %zu: %s\n", i + 1, text);
	}
}

int ls_runs_show_scaling(const struct ls_runs *runs, const struct lockstep_runs_scaling *scaling)
{
	enum ls_format format = ls_runs_format(runs);
	json_t *root;
	if (format == LS_FORMAT_JSON)
		return puts(scaling->document) < 0; /* which main() says */
	int status = parse(scaling, &root);
	if (status)
		return status;
	if (format == LS_FORMAT_TABLE)
		status = print_study(scaling, root);
	if (!status && format == LS_FORMAT_TABLE)
		puts("\nlevels");
	if (!status)
		status = print_levels(root, format);
	if (!status && format == LS_FORMAT_TABLE)
		print_limits(root);
	json_decref(root);
	return status;
}

/* ---- export ------------------------------------------------------------------------ */

static void add_points(struct ls_rows *rows, const json_t *series, size_t i_series, const json_t *level,
                       const char *type)
{
	const struct ls_scale_place place = {.type = type,
	                                     .series = i_series,
	                                     .bind = text_of(series, "bind"),
	                                     .engine = text_of(series, "engine"),
	                                     .split = text_of(series, "split"),
	                                     .workers = count_of(level, "workers"),
	                                     .batch = count_of(level, "batch"),
	                                     .slices = count_of(level, "slices"),
	                                     .fingerprint = text_of(level, "fingerprint")};
	size_t i;
	const json_t *seconds;
	json_array_foreach(json_object_get(level, "seconds"), i, seconds)
	    ls_scale_point(rows, &place, i + 1, json_number_value(seconds));
}

/* Of one series, at its place in the document; what is no number would be written as 0. */
static int check_seconds(const struct lockstep_runs_scaling *scaling, const json_t *series, size_t i_series)
{
	size_t k, i;
	const json_t *level, *seconds;
	json_array_foreach(json_object_get(series, "levels"), k, level)
	{
		json_array_foreach(json_object_get(level, "seconds"), i, seconds)
		{
			if (!json_is_number(seconds))
				return ls_message_failed(
				    LS_RUNS_COMMAND,
				    "scaling study '%s': series[%zu].levels[%zu].seconds[%zu]: is no number",
				    scaling->name, i_series, k, i);
		}
	}
	return LS_EXIT_DONE;
}

static int check_points(const struct lockstep_runs_scaling *scaling, const json_t *root)
{
	int status = LS_EXIT_DONE;
	const json_t *all = json_object_get(root, "series");
	for (size_t i = 0; status == LS_EXIT_DONE && i < json_array_size(all); i++)
		status = check_seconds(scaling, json_array_get(all, i), i);
	return status;
}

static int write_points(const json_t *root, FILE *file)
{
	struct ls_rows rows;
	ls_rows_begin(&rows, file, LS_FORMAT_CSV);
	ls_scale_point_columns(&rows);
	visit_levels(&rows, root, add_points);
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

static int write_export(const struct ls_runs *runs, const struct lockstep_runs_scaling *scaling, FILE *file)
{
	json_t *root;
	if (runs->format == LS_FORMAT_JSON) {
		fprintf(file, "%s\n", scaling->document);
		return LS_EXIT_DONE;
	}
	int status = parse(scaling, &root);
	if (status)
		return status;
	status = check_points(scaling, root);
	if (status == LS_EXIT_DONE)
		status = write_points(root, file);
	json_decref(root);
	return status;
}

/* Of which a scaling study knows nothing. */
static int check_export(const struct ls_runs *runs, const struct lockstep_runs_scaling *scaling)
{
	const char *what = runs->epochs                            ? "--epochs"
	                   : runs->no_times                        ? "--no-times"
	                   : runs->format == LS_FORMAT_OPTUNA      ? "--format optuna-journal"
	                   : runs->format == LS_FORMAT_TENSORBOARD ? "--format tensorboard"
	                                                           : NULL;
	if (what)
		return ls_message_usage(LS_RUNS_COMMAND, "%s is of trials, and study '%s' is a scaling study", what,
		                        scaling->name);
	return LS_EXIT_DONE;
}

int ls_runs_export_scaling(const struct ls_runs *runs, const struct lockstep_runs_scaling *scaling)
{
	struct ls_output output;
	int status = check_export(runs, scaling);
	if (!status)
		status = ls_output_open(&output, runs->output, LS_RUNS_COMMAND);
	if (status)
		return status;
	status = write_export(runs, scaling, output.file);
	if (!status)
		return ls_output_commit(&output, LS_RUNS_COMMAND);
	ls_output_abandon(&output);
	return status;
}
