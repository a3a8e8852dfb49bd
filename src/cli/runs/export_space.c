/* SPDX-License-Identifier: MIT
 *
 * A study's specification is a file's text, or the sets of a command line, one a line;
 * behind either stands a comment, the options of that line.
 */
#include "export_space.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "lockstep/sweep.h"
#include "runs_verbs.h"

#define SETS_MAX 256

/* ---- The specification ------------------------------------------------------------- */

/* Lines that are comments are none; texts are those of `copy`, which is cut up. */
static size_t split_sets(char *copy, const char *sets[SETS_MAX])
{
	size_t n = 0;
	char *rest = NULL;
	for (char *line = strtok_r(copy, "\n", &rest); line && n < SETS_MAX; line = strtok_r(NULL, "\n", &rest))
		if (*line != '#')
			sets[n++] = line;
	return n;
}

/* NULL: it is neither, or memory is short, which will show elsewhere. */
static lockstep_sweep *read_spec(const struct lockstep_runs_study *study)
{
	const char *sets[SETS_MAX];
	lockstep_sweep *sweep = NULL;
	if (!lockstep_sweep_parse(&sweep, study->spec, strlen(study->spec), study->name, NULL))
		return sweep;
	char *copy = strdup(study->spec);
	size_t n = copy ? split_sets(copy, sets) : 0;
	if (n > 0)
		(void)lockstep_sweep_create(&sweep, sets, n, NULL);
	free(copy);
	return sweep;
}

/* ---- Choices ----------------------------------------------------------------------- */

static size_t find_choice(const struct ls_axis *axis, enum lockstep_value_kind kind, const char *text)
{
	size_t i = 0;
	while (i < axis->n_choices && (axis->choices[i].kind != kind || strcmp(axis->choices[i].text, text) != 0))
		i++;
	return i;
}

static int add_choice(struct ls_axis *axis, enum lockstep_value_kind kind, const char *text)
{
	struct ls_choice *choices = realloc(axis->choices, (axis->n_choices + 1) * sizeof *choices);
	char *copy = strdup(text);
	if (choices)
		axis->choices = choices;
	if (!choices || !copy) {
		free(copy);
		return ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
	}
	choices[axis->n_choices++] = (struct ls_choice){kind, copy};
	return LS_EXIT_DONE;
}

static int add_missing(struct ls_axis *axis, const struct lockstep_runs_study *study, size_t parameter)
{
	int status = LS_EXIT_DONE;
	for (size_t i = 0; i < study->n_trials && !status; i++) {
		const struct lockstep_runs_value *value = &study->trials[i].values[parameter];
		if (value->kind != LOCKSTEP_VALUE_ABSENT &&
		    find_choice(axis, value->kind, value->text) == axis->n_choices)
			status = add_choice(axis, value->kind, value->text);
	}
	return status;
}

/* ---- An axis ----------------------------------------------------------------------- */

static int take_listed(struct ls_axis *axis, const lockstep_sweep *sweep, size_t parameter, size_t n)
{
	int status = LS_EXIT_DONE;
	for (size_t i = 0; i < n && !status; i++) {
		struct lockstep_sweep_value value;
		lockstep_sweep_get_value(sweep, parameter, i, &value);
		status = add_choice(axis, (enum lockstep_value_kind)(value.kind + 1), value.text);
	}
	return status;
}

/* Without a specification: numbers when all values are, between no bounds yet. */
static void guess(struct ls_axis *axis)
{
	*axis = (struct ls_axis){.kind = LS_AXIS_INTEGER, .low = INFINITY, .high = -INFINITY};
}

static int take_spec(struct ls_axis *axis, const lockstep_sweep *sweep, const char *name)
{
	struct lockstep_sweep_plan plan = {.n_parameters = 0};
	struct lockstep_sweep_parameter parameter;
	guess(axis);
	if (sweep)
		lockstep_sweep_describe(sweep, &plan);
	for (size_t i = 0; i < plan.n_parameters; i++) {
		lockstep_sweep_get_parameter(sweep, i, &parameter);
		if (strcmp(parameter.name, name) != 0)
			continue;
		axis->kind = !parameter.range                                     ? LS_AXIS_CHOICES
		             : strcmp(parameter.distribution, "int_uniform") == 0 ? LS_AXIS_INTEGER
		                                                                  : LS_AXIS_REAL;
		if (axis->kind == LS_AXIS_CHOICES)
			return take_listed(axis, sweep, i, parameter.n_values);
		axis->low = parameter.low;
		axis->high = parameter.high;
		axis->step = parameter.q;
		axis->is_log = parameter.is_log;
	}
	return LS_EXIT_DONE;
}

/* Makes room for a value; what is no number makes choices of it all. */
static void widen(struct ls_axis *axis, const struct lockstep_runs_value *value)
{
	if (value->kind == LOCKSTEP_VALUE_ABSENT || axis->kind == LS_AXIS_CHOICES)
		return;
	if (value->kind != LOCKSTEP_VALUE_INTEGER && value->kind != LOCKSTEP_VALUE_REAL) {
		axis->kind = LS_AXIS_CHOICES;
		return;
	}
	if (value->kind == LOCKSTEP_VALUE_REAL)
		axis->kind = LS_AXIS_REAL;
	axis->low = fmin(axis->low, value->real);
	axis->high = fmax(axis->high, value->real);
}

static int create_axis(struct ls_axis *axis, const lockstep_sweep *sweep, const struct lockstep_runs_study *study,
                       size_t parameter)
{
	int status = take_spec(axis, sweep, study->parameters[parameter]);
	if (status)
		return status;
	for (size_t i = 0; i < study->n_trials; i++)
		widen(axis, &study->trials[i].values[parameter]);
	if (axis->low > axis->high)
		axis->kind = LS_AXIS_CHOICES; /* no trial has it */
	axis->is_log = axis->is_log && axis->low > 0;
	if (axis->is_log)
		axis->step = 0;
	return axis->kind == LS_AXIS_CHOICES ? add_missing(axis, study, parameter) : LS_EXIT_DONE;
}

/* ---- All of them ------------------------------------------------------------------- */

int ls_axes_create(struct ls_axis **out, const struct lockstep_runs_study *study)
{
	struct ls_axis *axes = calloc(study->n_parameters + 1, sizeof *axes);
	if (!axes)
		return ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
	lockstep_sweep *sweep = read_spec(study);
	int status = LS_EXIT_DONE;
	for (size_t i = 0; i < study->n_parameters && !status; i++)
		status = create_axis(&axes[i], sweep, study, i);
	lockstep_sweep_destroy(sweep);
	if (status)
		ls_axes_destroy(axes, study->n_parameters);
	else
		*out = axes;
	return status;
}

void ls_axes_destroy(struct ls_axis *axes, size_t n)
{
	for (size_t i = 0; axes && i < n; i++) {
		for (size_t k = 0; k < axes[i].n_choices; k++)
			free(axes[i].choices[k].text);
		free(axes[i].choices);
	}
	free(axes);
}

double ls_axis_place(const struct ls_axis *axis, const struct lockstep_runs_value *value)
{
	return axis->kind == LS_AXIS_CHOICES ? (double)find_choice(axis, value->kind, value->text) : value->real;
}
