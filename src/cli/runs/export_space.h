/* SPDX-License-Identifier: MIT
 *
 * What a study's parameters may be, as other programs' formats have it: choices, or
 * numbers between bounds, evenly or in their logarithm, with or without a step.
 *
 * It comes from the specification, and is made to hold all values that trials have: what
 * the specification leaves open, or where it cannot be read, the values decide. A normal
 * parameter has the bounds of lockstep/sweep.h, and of one that has both a logarithm and
 * a step the logarithm is kept, or where its lowest value is 0 the step.
 */
#ifndef LS_CLI_EXPORT_SPACE_H
#define LS_CLI_EXPORT_SPACE_H

#include "lockstep/runs.h"

enum ls_axis_kind { LS_AXIS_CHOICES = 0, LS_AXIS_INTEGER, LS_AXIS_REAL };

struct ls_choice {
	enum lockstep_value_kind kind;
	char *text; /* owned; as in struct lockstep_runs_value */
};

struct ls_axis {
	enum ls_axis_kind kind;
	double low, high, step; /* of numbers; step 0: none */
	int is_log;
	struct ls_choice *choices; /* [n_choices], owned; of choices */
	size_t n_choices;
};

/* Caller frees *out, which has an axis a parameter. Returns the exit status; out of
 * memory was said. */
int ls_axes_create(struct ls_axis **out, const struct lockstep_runs_study *study);
void ls_axes_destroy(struct ls_axis *axes, size_t n);

/* The number itself, or of choices the place of the value, which is not absent. */
double ls_axis_place(const struct ls_axis *axis, const struct lockstep_runs_value *value);

#endif
