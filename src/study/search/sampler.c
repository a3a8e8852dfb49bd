/* SPDX-License-Identifier: MIT
 *
 * Which method, and what all have in common: nothing is written before success, and
 * attempts end somewhere.
 */
#include "sampler.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "method.h"

static const struct ls_method *find_method(enum ls_sampler_kind kind)
{
	switch (kind) {
	case LS_SAMPLER_GRID:
		return &ls_method_grid;
	case LS_SAMPLER_RANDOM:
		return &ls_method_random;
	case LS_SAMPLER_SOBOL:
		return &ls_method_sobol;
	default:
		return &ls_method_tpe;
	}
}

lockstep_status ls_sampler_create(struct ls_sampler **out, const struct ls_space *space,
                                  const struct ls_sampler_options *options, lockstep_error *error)
{
	struct ls_sampler *sampler = ls_memory_allocate(1, sizeof *sampler);
	if (!sampler)
		return ls_error_memory(error, "a sampler");
	*sampler = (struct ls_sampler){
	    .method = find_method(options->kind), .space = space, .options = *options, .count = UINT64_MAX};
	if (sampler->method->create) {
		lockstep_status status = sampler->method->create(sampler, error);
		if (status) {
			ls_sampler_destroy(sampler);
			return status;
		}
	}
	*out = sampler;
	return LOCKSTEP_OK;
}

void ls_sampler_destroy(struct ls_sampler *sampler)
{
	if (sampler && sampler->method->destroy)
		sampler->method->destroy(sampler->state);
	ls_memory_free(sampler);
}

uint64_t ls_sampler_count(const struct ls_sampler *sampler)
{
	return sampler->count;
}

lockstep_status ls_sampler_propose(const struct ls_sampler *sampler, uint64_t k, const struct ls_observation *trials,
                                   double *point, lockstep_error *error)
{
	assert(k < sampler->count);
	size_t n = sampler->space->n;
	double *proposal = ls_memory_allocate(n, sizeof *proposal);
	if (!proposal)
		return ls_error_memory(error, "a point of the space");
	lockstep_status status = sampler->method->propose(sampler, k, trials, proposal, error);
	if (status == LOCKSTEP_OK && n > 0)
		memcpy(point, proposal, n * sizeof *point);
	ls_memory_free(proposal);
	return status;
}

lockstep_status ls_sampler_attempt(const struct ls_sampler *sampler, uint64_t k, ls_attempt *attempt, double *point,
                                   lockstep_error *error)
{
	for (uint32_t i = 0; i < LS_ATTEMPTS; i++) {
		int holds = 0;
		attempt(sampler, k, i, point);
		lockstep_status status = ls_space_settle(sampler->space, point, &holds, error);
		if (status || holds)
			return status;
	}
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "no point of %d met the constraints", LS_ATTEMPTS);
}

int ls_parameter_leads(const struct ls_space *space, size_t i)
{
	return space->parameters[i].follows == LS_LEADS;
}
