/* SPDX-License-Identifier: MIT
 *
 * Cells are even on the scale of their parameter: of a listed one a cell a value, of discrete numbers at most a
 * cell each, and else LS_CELLS_MAX, the first and the last in the middle of the range's ends.
 */
#include "cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arith/functions64.h"
#include "density.h"

#define FEW 10  /* values that are taken for listed ones */
#define FAR 100 /* greatest by least, from which on numbers are taken for logarithmic ones */

static const struct lockstep_runs_value *value_of(const struct ls_cells *cells, size_t trial)
{
	return &cells->study->trials[trial].values[cells->parameter];
}

/* ---- From the specification -------------------------------------------------- */

static int list_values(struct ls_cells *cells, const struct ls_distribution *distribution, struct ls_arena *arena)
{
	const char **texts = ls_arena_allocate(arena, distribution->n_values, sizeof *texts);
	for (size_t i = 0; texts && i < distribution->n_values; i++) {
		const char *text = distribution->values[i].text;
		texts[i] = ls_arena_copy(arena, text ? text : "", text ? strlen(text) : 0);
		if (!texts[i])
			return 0;
	}
	cells->parameter_out->values = texts;
	cells->parameter_out->n_values = cells->n = distribution->n_values;
	return texts != NULL;
}

static void set_bounds(struct ls_cells *cells, const struct ls_distribution *distribution)
{
	const double half = cells->axis.half_step;
	struct lockstep_importance_parameter *out = cells->parameter_out;
	cells->low = cells->axis.low + half;
	cells->high = cells->axis.high - half;
	double n = half > 0 ? nearbyint((cells->high - cells->low) / (2 * half)) + 1 : LS_CELLS_MAX;
	cells->n = ls_axis_is_single(&cells->axis) ? 1 : (size_t)fmin(n, LS_CELLS_MAX);
	if (!ls_distribution_bounds(distribution, &out->low, &out->high))
		out->low = out->high = NAN;
	int is_log = cells->axis.kind == LS_AXIS_LOG || distribution->kind == LS_LOG_NORMAL ||
	             distribution->kind == LS_Q_LOG_NORMAL;
	out->scale = is_log ? LOCKSTEP_AXIS_LOG : LOCKSTEP_AXIS_LINEAR;
}

/* ---- From the values --------------------------------------------------------- */

static int is_number(const struct lockstep_runs_value *value)
{
	return (value->kind == LOCKSTEP_VALUE_INTEGER || value->kind == LOCKSTEP_VALUE_REAL) && isfinite(value->real);
}

static int compare(const void *a, const void *b)
{
	const struct lockstep_runs_value *x = *(const struct lockstep_runs_value *const *)a;
	const struct lockstep_runs_value *y = *(const struct lockstep_runs_value *const *)b;
	if (is_number(x) && is_number(y))
		return (x->real > y->real) - (x->real < y->real);
	if (is_number(x) != is_number(y))
		return is_number(x) ? -1 : 1;
	return strcmp(x->text, y->text);
}

/* The different values in order, by their texts; numbers first. Returns how many, or 0 when there are none or
 * memory is short, with NULL in *sorted then. Caller owns *sorted. */
static size_t find_values(const struct ls_cells *cells, const struct lockstep_runs_value ***sorted)
{
	size_t n = 0, n_different = 0;
	const struct lockstep_runs_value **values = calloc(cells->study->n_trials + 1, sizeof *values);
	*sorted = values;
	for (size_t i = 0; values && i < cells->study->n_trials; i++)
		if (value_of(cells, i)->kind != LOCKSTEP_VALUE_ABSENT)
			values[n++] = value_of(cells, i);
	if (!n)
		return 0;
	qsort(values, n, sizeof *values, compare);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || compare(&values[i], &values[n_different - 1]) != 0)
			values[n_different++] = values[i];
	return n_different;
}

static int list_found(struct ls_cells *cells, const struct lockstep_runs_value *const *values, size_t n,
                      struct ls_arena *arena)
{
	const char **texts = ls_arena_allocate(arena, n, sizeof *texts);
	for (size_t i = 0; texts && i < n; i++) {
		texts[i] = ls_arena_copy(arena, values[i]->text, strlen(values[i]->text));
		if (!texts[i])
			return 0;
	}
	cells->parameter_out->values = texts;
	cells->parameter_out->n_values = cells->n = n;
	return texts != NULL;
}

static void set_found_bounds(struct ls_cells *cells, double low, double high)
{
	struct lockstep_importance_parameter *out = cells->parameter_out;
	int is_log = low >= 0x1p-1022 && high / low >= FAR;
	out->scale = is_log ? LOCKSTEP_AXIS_LOG : LOCKSTEP_AXIS_LINEAR;
	out->low = low;
	out->high = high;
	cells->low = is_log ? ls_log64(low) : low;
	cells->high = is_log ? ls_log64(high) : high;
	cells->n = LS_CELLS_MAX;
}

static int guess(struct ls_cells *cells, struct ls_arena *arena)
{
	const struct lockstep_runs_value **values;
	size_t n = find_values(cells, &values);
	int is_there = values != NULL;
	if (is_there && n > FEW && is_number(values[n - 1]))
		set_found_bounds(cells, values[0]->real, values[n - 1]->real);
	else if (is_there)
		is_there = list_found(cells, values, n, arena);
	free(values);
	return is_there;
}

/* ---- Both -------------------------------------------------------------------- */

int ls_cells_init(struct ls_cells *cells, const struct lockstep_runs_study *study, size_t parameter,
                  const struct ls_distribution *distribution, struct lockstep_importance_parameter *out,
                  struct ls_arena *arena)
{
	*cells = (struct ls_cells){.study = study, .parameter = parameter, .parameter_out = out};
	out->scale = LOCKSTEP_AXIS_LISTED;
	out->low = out->high = NAN;
	if (!distribution)
		return guess(cells, arena);
	cells->axis = ls_axis(distribution);
	out->distribution = ls_distribution_name(distribution->kind);
	if (ls_distribution_is_listed(distribution))
		return list_values(cells, distribution, arena);
	set_bounds(cells, distribution);
	return 1;
}

/* Of listed values a draw is the place; without a specification texts are compared. */
static size_t listed_place(const struct ls_cells *cells, const struct lockstep_runs_value *value)
{
	const struct lockstep_importance_parameter *out = cells->parameter_out;
	if (cells->axis.distribution)
		return value->draw >= 0 && value->draw < (double)cells->n ? (size_t)value->draw : LS_CELLS_NONE;
	for (size_t i = 0; i < out->n_values; i++)
		if (strcmp(out->values[i], value->text) == 0)
			return i;
	return LS_CELLS_NONE;
}

/* What lies between two cells belongs to the lower. */
static size_t number_place(const struct ls_cells *cells, double x)
{
	double step = (cells->high - cells->low) / (double)(cells->n - 1);
	double place = ceil((x - cells->low) / step - 0.5);
	return (size_t)fmin(fmax(place, 0), (double)(cells->n - 1));
}

size_t ls_cells_place(const struct ls_cells *cells, const struct lockstep_runs_trial *trial)
{
	const struct lockstep_runs_value *value = &trial->values[cells->parameter];
	if (value->kind == LOCKSTEP_VALUE_ABSENT)
		return LS_CELLS_NONE;
	if (cells->parameter_out->scale == LOCKSTEP_AXIS_LISTED)
		return listed_place(cells, value);
	if (!is_number(value))
		return LS_CELLS_NONE;
	if (cells->n < 2)
		return 0;
	if (cells->axis.distribution)
		return number_place(cells, ls_axis_cell(&cells->axis, value->real).middle);
	return number_place(cells,
	                    cells->parameter_out->scale == LOCKSTEP_AXIS_LOG ? ls_log64(value->real) : value->real);
}
