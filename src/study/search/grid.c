/* SPDX-License-Identifier: MIT
 *
 * Grid search: the product of the parameters' values, the last one fastest. A combination is left out when the
 * constraints do not hold, and when it is the same point as one before it: when a parameter that is not active
 * stands at another value than its first, for conditions see active parameters only. So
 * create() goes through the whole product once, and what is left is a list without holes.
 */
#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "method.h"

#define PRODUCT_MAX 1000000
#define FIRST_ROOM 64

struct grid {
	double **values;  /* [space->n] of [sizes]: the draws, each value once; NULL of followers */
	size_t *sizes;    /* [space->n]; 1 of followers */
	size_t n;         /* space->n */
	uint32_t *points; /* [count]: places in the product; NULL: all */
	size_t n_room;
};

static void destroy(void *state)
{
	struct grid *grid = state;
	if (!grid)
		return;
	for (size_t i = 0; grid->values && i < grid->n; i++)
		ls_memory_free(grid->values[i]);
	ls_memory_free(grid->values);
	ls_memory_free(grid->sizes);
	ls_memory_free(grid->points);
	ls_memory_free(grid);
}

/* ---- Values ---------------------------------------------------------------- */

/* Do two places of parameter i stand for the same, in those that follow it too? Of a settled point, if
 * given, inactive ones do not count. */
static int same_values(const struct ls_space *space, size_t i, size_t a, size_t b, const double *settled)
{
	for (size_t other = i; other < space->n; other++) {
		const struct ls_parameter *parameter = &space->parameters[other];
		if ((other != i && parameter->follows != i) || (settled && isnan(settled[other])))
			continue;
		if (!ls_value_equal(&parameter->distribution.values[a], &parameter->distribution.values[b]))
			return 0;
	}
	return 1;
}

static int is_listed_before(const struct ls_space *space, size_t i, size_t place, const double *settled)
{
	if (!ls_distribution_is_listed(&space->parameters[i].distribution))
		return 0;
	for (size_t earlier = 0; earlier < place; earlier++)
		if (same_values(space, i, earlier, place, settled))
			return 1;
	return 0;
}

static lockstep_status list_values(struct grid *grid, const struct ls_space *space, size_t i, lockstep_error *error)
{
	const struct ls_parameter *parameter = &space->parameters[i];
	size_t n = ls_distribution_n_grid(&parameter->distribution);
	grid->sizes[i] = 1;
	if (!ls_parameter_leads(space, i))
		return LOCKSTEP_OK;
	if (n == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "parameter %s: %s has no grid", parameter->name,
		                    ls_distribution_name(parameter->distribution.kind));
	if (n > PRODUCT_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "parameter %s: %zu values, and a grid has up to %d points", parameter->name, n,
		                    PRODUCT_MAX);
	grid->values[i] = ls_memory_allocate(n, sizeof *grid->values[i]);
	if (!grid->values[i])
		return ls_error_memory(error, "a grid");
	grid->sizes[i] = 0;
	for (size_t place = 0; place < n; place++)
		if (!is_listed_before(space, i, place, NULL))
			grid->values[i][grid->sizes[i]++] = ls_distribution_grid(&parameter->distribution, place);
	return LOCKSTEP_OK;
}

static lockstep_status list_all_values(struct grid *grid, const struct ls_space *space, uint64_t *product,
                                       lockstep_error *error)
{
	uint64_t n = 1;
	for (size_t i = 0; i < space->n; i++) {
		lockstep_status status = list_values(grid, space, i, error);
		if (status)
			return status;
		n *= grid->sizes[i];
		if (n > PRODUCT_MAX)
			return ls_error_set(
			    error, LOCKSTEP_ERROR_ARGUMENT,
			    "the product of the values of all parameters up to %s is %llu, and a grid has up to %d points",
			    space->parameters[i].name, (unsigned long long)n, PRODUCT_MAX);
	}
	*product = n;
	return LOCKSTEP_OK;
}

/* ---- Points ---------------------------------------------------------------- */

static void combine(const struct grid *grid, uint64_t place, double *point)
{
	for (size_t i = grid->n; i-- > 0;) {
		point[i] = grid->values[i] ? grid->values[i][place % grid->sizes[i]] : 0;
		place /= grid->sizes[i];
	}
}

static int has_followers(const struct ls_space *space, size_t i)
{
	for (size_t other = i + 1; other < space->n; other++)
		if (space->parameters[other].follows == i)
			return 1;
	return 0;
}

/* Does every inactive parameter stand at its first value, and every active one at the first place where what
 * follows it and is active has these values? */
static int is_first_of_its_kind(const struct grid *grid, const struct ls_space *space, uint64_t place,
                                const double *settled)
{
	for (size_t i = grid->n; i-- > 0;) {
		if (isnan(settled[i]) && place % grid->sizes[i] != 0)
			return 0;
		if (!isnan(settled[i]) && has_followers(space, i) &&
		    is_listed_before(space, i, (size_t)settled[i], settled))
			return 0;
		place /= grid->sizes[i];
	}
	return 1;
}

static lockstep_status keep(struct grid *grid, uint64_t place, uint64_t *count, lockstep_error *error)
{
	if (*count == grid->n_room) {
		size_t n_room = grid->n_room ? 2 * grid->n_room : FIRST_ROOM;
		uint32_t *points = ls_memory_grow(grid->points, grid->n_room * sizeof *points, n_room, sizeof *points);
		if (!points)
			return ls_error_memory(error, "a grid");
		grid->points = points;
		grid->n_room = n_room;
	}
	grid->points[(*count)++] = (uint32_t)place;
	return LOCKSTEP_OK;
}

/* point [grid->n] is scratch. */
static lockstep_status sift(struct ls_sampler *sampler, uint64_t product, double *point, lockstep_error *error)
{
	struct grid *grid = sampler->state;
	uint64_t count = 0;
	for (uint64_t place = 0; place < product; place++) {
		int holds = 0;
		combine(grid, place, point);
		lockstep_status status = ls_space_settle(sampler->space, point, &holds, error);
		if (status == LOCKSTEP_OK && holds && is_first_of_its_kind(grid, sampler->space, place, point))
			status = keep(grid, place, &count, error);
		if (status)
			return status;
	}
	if (count == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "no point of the grid's %llu meets the constraints",
		                    (unsigned long long)product);
	sampler->count = count;
	return LOCKSTEP_OK;
}

static int has_conditions(const struct ls_space *space)
{
	for (size_t i = 0; i < space->n; i++)
		if (space->parameters[i].when)
			return 1;
	return space->n_constraints > 0;
}

static lockstep_status create(struct ls_sampler *sampler, lockstep_error *error)
{
	const struct ls_space *space = sampler->space;
	struct grid *grid = sampler->state = ls_memory_allocate(1, sizeof *grid);
	if (!grid)
		return ls_error_memory(error, "a grid");
	grid->n = space->n;
	grid->values = ls_memory_allocate(space->n, sizeof *grid->values);
	grid->sizes = ls_memory_allocate(space->n, sizeof *grid->sizes);
	if (!grid->values || !grid->sizes)
		return ls_error_memory(error, "a grid");
	uint64_t product = 1;
	lockstep_status status = list_all_values(grid, space, &product, error);
	sampler->count = product;
	if (status || !has_conditions(space))
		return status;
	double *point = ls_memory_allocate(space->n, sizeof *point);
	if (!point)
		return ls_error_memory(error, "a grid");
	status = sift(sampler, product, point, error);
	ls_memory_free(point);
	return status;
}

static lockstep_status propose(const struct ls_sampler *sampler, uint64_t k, const struct ls_observation *trials,
                               double *point, lockstep_error *error)
{
	(void)trials;
	const struct grid *grid = sampler->state;
	int holds = 0;
	combine(grid, grid->points ? grid->points[k] : k, point);
	return ls_space_settle(sampler->space, point, &holds, error);
}

const struct ls_method ls_method_grid = {.name = "grid", .create = create, .destroy = destroy, .propose = propose};
