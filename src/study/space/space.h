/* SPDX-License-Identifier: MIT
 *
 * The space that a sweep searches: parameters with their distributions, when they
 * are active, which are zipped, and what must hold among them.
 *
 * A point is one double a parameter (distribution.h says what it stands for);
 * an inactive parameter's is NaN.
 */
#ifndef LS_STUDY_SPACE_H
#define LS_STUDY_SPACE_H

#include <stddef.h>

#include "distribution.h"
#include "expression.h"

#define LS_LEADS ((size_t)-1)

struct ls_parameter {
	char *name; /* owned; nested ones joined with '.' */
	struct ls_distribution distribution;
	struct ls_expression *when; /* owned; NULL: always active */
	size_t follows; /* zipped: the earlier parameter whose place among its values it takes, with as many values;
	                   LS_LEADS: none */
};

struct ls_space {
	struct ls_parameter *parameters; /* [n], owned */
	size_t n;
	struct ls_expression **constraints; /* [n_constraints], owned */
	size_t n_constraints;
	size_t *order; /* [n], owned: parameters such that a condition's come before */
};

/* Settles `order` once parameters and conditions are there; LOCKSTEP_ERROR_ARGUMENT when conditions
 * go round in a circle, with a message that names one of them. */
lockstep_status ls_space_finish(struct ls_space *space, lockstep_error *error);
void ls_space_fini(struct ls_space *space);

/* Makes a point of draws for the parameters that lead: followers get theirs,
 * inactive ones NaN. *holds: do all constraints hold? */
lockstep_status ls_space_settle(const struct ls_space *space, double *point, int *holds, lockstep_error *error);

#endif
