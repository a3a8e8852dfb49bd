/* SPDX-License-Identifier: MIT
 *
 * Random search: each parameter's quantile at a uniform number of its own.
 */
#include "draw.h"
#include "method.h"

static void draw_point(const struct ls_sampler *sampler, uint64_t k, uint32_t attempt, double *point)
{
	const struct ls_space *space = sampler->space;
	for (size_t i = 0; i < space->n; i++) {
		struct ls_search_draw draw = {LS_SEARCH_RANDOM, k, (uint32_t)i, attempt, 0};
		uint64_t bits = ls_search_bits(&draw, sampler->options.seed);
		point[i] = 0;
		if (ls_parameter_leads(space, i))
			point[i] =
			    ls_distribution_quantile(&space->parameters[i].distribution, ls_search_uniform(bits));
	}
}

lockstep_status ls_random_propose(const struct ls_sampler *sampler, uint64_t k, double *point, lockstep_error *error)
{
	return ls_sampler_attempt(sampler, k, draw_point, point, error);
}

static lockstep_status propose(const struct ls_sampler *sampler, uint64_t k, const struct ls_observation *trials,
                               double *point, lockstep_error *error)
{
	(void)trials;
	return ls_random_propose(sampler, k, point, error);
}

const struct ls_method ls_method_random = {.name = "random", .propose = propose};
