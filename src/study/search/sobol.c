/* SPDX-License-Identifier: MIT
 *
 * Quasi-random search: parameters that lead and are not constant take the sequence's dimensions in turn, and
 * their quantile at the point's coordinate. Each dimension is shifted by XOR with 52 random bits of its own,
 * which keeps the points' balance and makes seeds differ; attempt n, after constraints left out all before
 * it, has shifts of its own, so that it is point k of another shifted sequence. No point is skipped: the first,
 * which is 0 in all dimensions, is as good as any after the shift.
 */
#include "sobol.h"

#include <assert.h>

#include "base/error.h"
#include "base/memory.h"
#include "draw.h"
#include "method.h"

_Static_assert(LS_SOBOL_BITS == LS_UNIFORM_BITS, "a coordinate is a draw");

/* m[n] of the recurrence from those before it, 2^(n+1) times which is the direction. */
static uint64_t next_number(const struct ls_sobol_dimension *dimension, const uint64_t *m, unsigned n)
{
	unsigned degree = dimension->degree;
	uint64_t next = m[n - degree] ^ m[n - degree] << degree;
	for (unsigned i = 1; i < degree; i++)
		if (dimension->coefficients >> (degree - 1 - i) & 1)
			next ^= m[n - i] << i;
	return next;
}

void ls_sobol_directions(size_t dimension, uint64_t directions[LS_SOBOL_BITS])
{
	assert(dimension < LS_SOBOL_DIMENSIONS);
	for (unsigned n = 0; n < LS_SOBOL_BITS; n++) {
		directions[n] = 1;
		if (dimension == 0)
			continue;
		const struct ls_sobol_dimension *row = &ls_sobol_dimensions[dimension - 1];
		directions[n] = n < row->degree ? row->first[n] : next_number(row, directions, n);
	}
	for (unsigned n = 0; n < LS_SOBOL_BITS; n++)
		directions[n] <<= LS_SOBOL_BITS - 1 - n;
}

uint64_t ls_sobol_coordinate(const uint64_t directions[LS_SOBOL_BITS], uint64_t k)
{
	uint64_t x = 0, gray = k ^ k >> 1;
	for (unsigned n = 0; n < LS_SOBOL_BITS; n++)
		if (gray >> n & 1)
			x ^= directions[n];
	return x;
}

/* ---- The method ------------------------------------------------------------ */

struct sobol {
	size_t *dimensions;                    /* [space->n]: SIZE_MAX: none */
	uint64_t (*directions)[LS_SOBOL_BITS]; /* [dimensions in use] */
};

static void destroy(void *state)
{
	struct sobol *sobol = state;
	if (!sobol)
		return;
	ls_memory_free(sobol->dimensions);
	ls_memory_free(sobol->directions);
	ls_memory_free(sobol);
}

/* Gives out dimensions; returns how many. */
static size_t assign(const struct ls_space *space, size_t *dimensions)
{
	size_t n = 0;
	for (size_t i = 0; i < space->n; i++) {
		const struct ls_distribution *distribution = &space->parameters[i].distribution;
		int is_fixed = ls_distribution_is_listed(distribution) && distribution->n_values == 1;
		dimensions[i] = ls_parameter_leads(space, i) && !is_fixed ? n++ : SIZE_MAX;
	}
	return n;
}

static lockstep_status create(struct ls_sampler *sampler, lockstep_error *error)
{
	struct sobol *sobol = sampler->state = ls_memory_allocate(1, sizeof *sobol);
	if (!sobol)
		return ls_error_memory(error, "a sampler");
	sobol->dimensions = ls_memory_allocate(sampler->space->n, sizeof *sobol->dimensions);
	if (!sobol->dimensions)
		return ls_error_memory(error, "a sampler");
	size_t n = assign(sampler->space, sobol->dimensions);
	if (n > LS_SOBOL_DIMENSIONS)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%zu parameters, and Sobol's sequence is known here for up to %d", n,
		                    LS_SOBOL_DIMENSIONS);
	sobol->directions = ls_memory_allocate(n, sizeof *sobol->directions);
	if (!sobol->directions)
		return ls_error_memory(error, "a sampler");
	for (size_t i = 0; i < n; i++)
		ls_sobol_directions(i, sobol->directions[i]);
	return LOCKSTEP_OK;
}

static void draw_point(const struct ls_sampler *sampler, uint64_t k, uint32_t attempt, double *point)
{
	const struct ls_space *space = sampler->space;
	const struct sobol *sobol = sampler->state;
	for (size_t i = 0; i < space->n; i++) {
		point[i] = 0;
		if (sobol->dimensions[i] == SIZE_MAX)
			continue;
		struct ls_search_draw draw = {LS_SEARCH_SHIFT, 0, (uint32_t)i, attempt, 0};
		uint64_t shift = ls_search_bits(&draw, sampler->options.seed);
		uint64_t x = ls_sobol_coordinate(sobol->directions[sobol->dimensions[i]], k);
		point[i] = ls_distribution_quantile(&space->parameters[i].distribution, ls_search_uniform(x ^ shift));
	}
}

static lockstep_status propose(const struct ls_sampler *sampler, uint64_t k, const struct ls_observation *trials,
                               double *point, lockstep_error *error)
{
	(void)trials;
	return ls_sampler_attempt(sampler, k, draw_point, point, error);
}

const struct ls_method ls_method_sobol = {.name = "sobol", .create = create, .destroy = destroy, .propose = propose};
