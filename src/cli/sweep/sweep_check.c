/* SPDX-License-Identifier: MIT
 *
 * Values are read by the tables of train, into a job whose other options leave
 * room: what a value cannot do in any company is told here, and what it cannot do
 * in the company of a trial, by the trial.
 */
#include "sweep_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/options/job_options.h"
#include "cli/options/values.h"

#define DECIDING "an option of train that decides the result"

struct checking {
	const lockstep_sweep *sweep;
	struct lockstep_sweep_plan plan;
	struct lockstep_sweep_parameter parameter;
	lockstep_error *error;
};

struct table {
	const struct ls_option *options;
	int decides; /* the result */
	int is_data; /* its target is the job's data */
};

static const struct table tables[] = {
    {ls_data_option_table, 1, 1},
    {ls_network_option_table, 1, 0},
    {ls_training_option_table, 1, 0},
    {ls_run_option_table, 0, 0},
};
#define N_TABLES (sizeof tables / sizeof *tables)

__attribute__((format(printf, 4, 5))) static lockstep_status refuse(const struct checking *checking, uint32_t line,
                                                                    uint32_t column, const char *format, ...)
{
	lockstep_error *error = checking->error;
	char cause[400], place[32] = "";
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(cause, sizeof cause, format, arguments);
	va_end(arguments);
	if (line)
		snprintf(place, sizeof place, ":%u:%u", line, column);
	error->status = line ? LOCKSTEP_ERROR_FORMAT : LOCKSTEP_ERROR_ARGUMENT;
	int room = (int)(sizeof error->message - strlen(cause) - strlen(place) - 3);
	snprintf(error->message, sizeof error->message, "%.*s%s: %s", room, checking->plan.file, place, cause);
	return error->status;
}

static int is_same(const char *parameter, const char *option)
{
	for (; *parameter && *option; parameter++, option++)
		if (*parameter != *option && !(*parameter == '_' && *option == '-'))
			return 0;
	return *parameter == *option;
}

static const struct ls_option *find(const char *name, const struct table **table)
{
	for (*table = tables; *table < tables + N_TABLES; ++*table)
		for (const struct ls_option *option = (*table)->options; option->name; option++)
			if (is_same(name, option->name))
				return option;
	return NULL;
}

static lockstep_status refuse_name(const struct checking *checking)
{
	const struct lockstep_sweep_parameter *parameter = &checking->parameter;
	struct ls_nearest nearest;
	ls_nearest_init(&nearest, parameter->name);
	for (size_t i = 0; i < N_TABLES; i++)
		for (const struct ls_option *option = tables[i].options; tables[i].decides && option->name; option++)
			ls_nearest_consider(&nearest, option->name);
	if (nearest.name)
		return refuse(checking, parameter->line, parameter->column,
		              "the parameter '%s' is no option of train: did you mean '%s'?", parameter->name,
		              nearest.name);
	return refuse(checking, parameter->line, parameter->column,
	              "the parameter '%s' is no option of train: see lockstep train --help; a sweep over another "
	              "program names it with the key program",
	              parameter->name);
}

/* A job in which most values of any option have a place. */
static void make_room(struct ls_job_options *job)
{
	ls_job_options_init(job);
	job->train.momentum = 0.5;
	job->train.validation = 0.1;
	job->train.epochs = UINT32_MAX;
	job->train.batch = 1u << 30;
}

static lockstep_status check_ranges(const struct ls_job_options *job, lockstep_error *error)
{
	lockstep_status status = lockstep_train_check(&job->train, error);
	return status ? status : lockstep_network_check(job->layers ? job->layers : "1-1", &job->network, error);
}

/* Returns NULL, or what would have been allowed. */
static const char *store(struct ls_job_options *job, const struct ls_option *option, const struct table *table,
                         const char *text)
{
	void *target = table->is_data ? (void *)&job->data : (void *)job;
	if (option->kind != LS_OPTION_FLAG)
		return ls_value_store(option, text, target);
	int is_true = strcmp(text, "true") == 0;
	if (!is_true && strcmp(text, "false") != 0)
		return "true or false";
	*(int *)((char *)target + option->offset) = is_true;
	return NULL;
}

/* What is wrong with the text, whatever the other options; an empty cause: nothing. */
static void look_at_text(const struct ls_option *option, const struct table *table, const char *text, char *cause,
                         size_t size)
{
	struct ls_job_options job;
	lockstep_error error;
	cause[0] = '\0';
	make_room(&job);
	const char *allowed = store(&job, option, table, text);
	if (allowed)
		snprintf(cause, size, "expected %s", allowed);
	else if (check_ranges(&job, &error))
		snprintf(cause, size, "%.280s", error.message);
}

/* The same of a value, with its kind. */
static void look_at(const struct ls_option *option, const struct table *table, const struct lockstep_sweep_value *value,
                    char *cause, size_t size)
{
	char path[PATH_MAX];
	lockstep_error error;
	if (option->kind == LS_OPTION_FLAG && value->kind != LOCKSTEP_SWEEP_BOOLEAN) {
		snprintf(cause, size, "expected true or false");
		return;
	}
	if (value->kind == LOCKSTEP_SWEEP_NULL) {
		snprintf(cause, size, "expected a value");
		return;
	}
	look_at_text(option, table, value->text, cause, size);
	if (!*cause && strcmp(option->name, "data") == 0 && ls_dataset_path(value->text, path, &error))
		snprintf(cause, size, "%.280s", error.message);
}

/* The cause without what it begins with, "layers '784--10': ", which is said before. */
static const char *without_beginning(const char *cause, const struct ls_option *option, const char *value)
{
	char beginning[128];
	int n = snprintf(beginning, sizeof beginning, "%s '%.64s': ", option->name, value);
	const char *at = strncmp(cause, "--", 2) == 0 ? cause + 2 : cause;
	return strncmp(at, beginning, (size_t)n) == 0 ? at + n : cause;
}

static lockstep_status check_value(const struct checking *checking, size_t i_parameter, size_t i,
                                   const struct ls_option *option, const struct table *table)
{
	struct lockstep_sweep_value value;
	char cause[300];
	lockstep_sweep_get_value(checking->sweep, i_parameter, i, &value);
	look_at(option, table, &value, cause, sizeof cause);
	if (!*cause)
		return LOCKSTEP_OK;
	return refuse(checking, value.line, value.column, "%s '%.64s'%s%s: %s", checking->parameter.name, value.text,
	              checking->parameter.range ? ", which is drawn from " : "",
	              checking->parameter.range ? checking->parameter.distribution : "",
	              without_beginning(cause, option, value.text));
}

static lockstep_status check_parameter(struct checking *checking, size_t i_parameter)
{
	const struct lockstep_sweep_parameter *parameter = &checking->parameter;
	const struct table *table;
	lockstep_status status = LOCKSTEP_OK;
	lockstep_sweep_get_parameter(checking->sweep, i_parameter, &checking->parameter);
	const struct ls_option *option = find(parameter->name, &table);
	if (!option)
		return refuse_name(checking);
	if (!table->decides)
		return refuse(checking, parameter->line, parameter->column,
		              "the parameter '%s' never changes a result: there is nothing to search", parameter->name);
	for (size_t i = 0; i < parameter->n_values && !status; i++)
		status = check_value(checking, i_parameter, i, option, table);
	return status;
}

lockstep_status ls_sweep_check(const lockstep_sweep *sweep, lockstep_error *error)
{
	struct checking checking = {.sweep = sweep, .error = error};
	lockstep_status status = LOCKSTEP_OK;
	lockstep_sweep_describe(sweep, &checking.plan);
	for (size_t i = 0; i < checking.plan.n_parameters && !status; i++)
		status = check_parameter(&checking, i);
	return status;
}

int ls_sweep_is_data(const char *name)
{
	const struct table *table;
	return find(name, &table) && table->is_data;
}

lockstep_status ls_sweep_set(struct ls_job_options *job, const char *name, const char *text, lockstep_error *error)
{
	const struct table *table;
	const struct ls_option *option = find(name, &table);
	const char *allowed = option ? store(job, option, table, text) : DECIDING;
	if (!allowed)
		return LOCKSTEP_OK;
	error->status = LOCKSTEP_ERROR_ARGUMENT;
	snprintf(error->message, sizeof error->message, "%.80s '%.80s': expected %s", name, text, allowed);
	return error->status;
}

lockstep_status ls_sweep_try(const char *name, const char *text, lockstep_error *error)
{
	const struct table *table;
	const struct ls_option *option = find(name, &table);
	char cause[300] = "expected " DECIDING;
	if (option)
		look_at_text(option, table, text, cause, sizeof cause);
	if (!*cause)
		return LOCKSTEP_OK;
	const char *rest = option ? without_beginning(cause, option, text) : cause;
	error->status = LOCKSTEP_ERROR_ARGUMENT;
	snprintf(error->message, sizeof error->message, "%.80s '%.64s': %s", name, text, rest);
	return error->status;
}
