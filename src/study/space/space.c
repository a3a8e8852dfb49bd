/* SPDX-License-Identifier: MIT
 *
 * Order and points of a space. Values are needed for conditions alone, and those
 * that are drawn as numbers need no text for that.
 */
#include "space.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"

/* ---- Order ----------------------------------------------------------------- */

struct ordering {
	size_t n;
	size_t *order;   /* [n], the result */
	char *depends;   /* [n][n]: does the first depend on the second? */
	char *is_placed; /* [n] */
};

static int depends_on(const struct ls_parameter *parameter, size_t other)
{
	return parameter->follows == other || (parameter->when && ls_expression_uses(parameter->when, other));
}

static void fill_depends(const struct ls_space *space, char *depends)
{
	for (size_t i = 0; i < space->n; i++)
		for (size_t other = 0; other < space->n; other++)
			depends[i * space->n + other] = depends_on(&space->parameters[i], other) ? 1 : 0;
}

/* What parameter i still waits for; n: nothing. */
static size_t waits_for(const struct ordering *ordering, size_t i)
{
	size_t other = 0;
	while (other < ordering->n && (ordering->is_placed[other] || !ordering->depends[i * ordering->n + other]))
		other++;
	return other;
}

/* The first that is left and waits for nothing; n: none. */
static size_t find_free(const struct ordering *ordering)
{
	size_t i = 0;
	while (i < ordering->n && (ordering->is_placed[i] || waits_for(ordering, i) < ordering->n))
		i++;
	return i;
}

/* One of those that go round, when all that are left wait: whoever one of them waits
 * for in the end. */
static size_t find_in_circle(const struct ordering *ordering)
{
	size_t i = 0;
	while (ordering->is_placed[i])
		i++;
	for (size_t n = 0; n < ordering->n; n++)
		i = waits_for(ordering, i);
	return i;
}

static lockstep_status put_in_order(const struct ls_space *space, struct ordering *ordering, lockstep_error *error)
{
	fill_depends(space, ordering->depends);
	for (size_t n = 0; n < space->n; n++) {
		size_t i = find_free(ordering);
		if (i == space->n)
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
			                    "whether '%s' is active depends on itself, directly or through others",
			                    space->parameters[find_in_circle(ordering)].name);
		ordering->is_placed[i] = 1;
		ordering->order[n] = i;
	}
	return LOCKSTEP_OK;
}

lockstep_status ls_space_finish(struct ls_space *space, lockstep_error *error)
{
	struct ordering ordering = {
	    .n = space->n,
	    .order = ls_memory_allocate(space->n, sizeof *ordering.order),
	    .depends = ls_memory_allocate(space->n, space->n),
	    .is_placed = ls_memory_allocate(space->n, 1),
	};
	int is_complete = ordering.order && ordering.depends && ordering.is_placed;
	lockstep_status status =
	    is_complete ? put_in_order(space, &ordering, error) : ls_error_memory(error, "the order of parameters");
	ls_memory_free(ordering.is_placed);
	ls_memory_free(ordering.depends);
	if (status) {
		ls_memory_free(ordering.order);
		return status;
	}
	ls_memory_free(space->order);
	space->order = ordering.order;
	return LOCKSTEP_OK;
}

void ls_space_fini(struct ls_space *space)
{
	for (size_t i = 0; i < space->n; i++) {
		ls_memory_free(space->parameters[i].name);
		ls_distribution_fini(&space->parameters[i].distribution);
		ls_expression_destroy(space->parameters[i].when);
	}
	for (size_t i = 0; i < space->n_constraints; i++)
		ls_expression_destroy(space->constraints[i]);
	ls_memory_free(space->parameters);
	ls_memory_free(space->constraints);
	ls_memory_free(space->order);
	*space = (struct ls_space){.n = 0};
}

/* ---- Points ---------------------------------------------------------------- */

struct settling {
	const struct ls_space *space;
	double *point;
	struct ls_value *drawn;         /* [n]: of those whose values are not listed */
	const struct ls_value **values; /* [n]; NULL: inactive */
};

static void settle_one(struct settling *settling, size_t i)
{
	const struct ls_parameter *parameter = &settling->space->parameters[i];
	double *draw = &settling->point[i];
	if (parameter->follows != LS_LEADS)
		*draw = settling->point[parameter->follows];
	if (parameter->when && !ls_expression_holds(parameter->when, settling->values))
		*draw = NAN;
	if (isnan(*draw)) {
		settling->values[i] = NULL;
	} else if (ls_distribution_is_listed(&parameter->distribution)) {
		settling->values[i] = &parameter->distribution.values[(size_t)*draw];
	} else {
		settling->drawn[i] = (struct ls_value){.kind = LS_VALUE_REAL, .real = *draw};
		settling->values[i] = &settling->drawn[i];
	}
}

static int constraints_hold(const struct ls_space *space, const struct ls_value *const *values)
{
	for (size_t i = 0; i < space->n_constraints; i++)
		if (!ls_expression_holds(space->constraints[i], values))
			return 0;
	return 1;
}

static int has_conditions(const struct ls_space *space)
{
	for (size_t i = 0; i < space->n; i++)
		if (space->parameters[i].when)
			return 1;
	return space->n_constraints > 0;
}

static void follow(const struct ls_space *space, double *point)
{
	for (size_t k = 0; k < space->n; k++) {
		size_t i = space->order[k], leader = space->parameters[i].follows;
		if (leader != LS_LEADS)
			point[i] = point[leader];
	}
}

lockstep_status ls_space_settle(const struct ls_space *space, double *point, int *holds, lockstep_error *error)
{
	if (!has_conditions(space)) {
		follow(space, point);
		*holds = 1;
		return LOCKSTEP_OK;
	}
	struct settling settling = {
	    .space = space,
	    .point = point,
	    .drawn = ls_memory_allocate(space->n, sizeof *settling.drawn),
	    .values = ls_memory_allocate(space->n, sizeof *settling.values),
	};
	lockstep_status status = LOCKSTEP_OK;
	if (settling.drawn && settling.values) {
		for (size_t k = 0; k < space->n; k++)
			settle_one(&settling, space->order[k]);
		*holds = constraints_hold(space, settling.values);
	} else {
		status = ls_error_memory(error, "a point of the space");
	}
	ls_memory_free(settling.values);
	ls_memory_free(settling.drawn);
	return status;
}
