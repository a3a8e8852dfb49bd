/* SPDX-License-Identifier: MIT
 *
 * What sampler.c and the methods share: a method is a table of functions and,
 * where it prepares something, a state of its own that is never written after create.
 */
#ifndef LS_STUDY_METHOD_H
#define LS_STUDY_METHOD_H

#include <stddef.h>
#include <stdint.h>

#include "sampler.h"

struct ls_method {
	const char *name;
	/* Checks the space, prepares sampler->state and sets sampler->count if it is finite. NULL: nothing to do. */
	lockstep_status (*create)(struct ls_sampler *sampler, lockstep_error *error);
	void (*destroy)(void *state);
	/* point [space->n] is overwritten even on failure. */
	lockstep_status (*propose)(const struct ls_sampler *sampler, uint64_t k, const struct ls_observation *trials,
	                           double *point, lockstep_error *error);
};

struct ls_sampler {
	const struct ls_method *method;
	const struct ls_space *space; /* borrowed */
	struct ls_sampler_options options;
	uint64_t count;
	void *state; /* owned */
};

extern const struct ls_method ls_method_grid, ls_method_random, ls_method_sobol, ls_method_tpe;

/* Where constraints leave a point out, it is drawn again, with the next number of attempt. */
#define LS_ATTEMPTS 10000

/* Draws parameters that lead, one attempt: untouched followers and unsettled. */
typedef void ls_attempt(const struct ls_sampler *sampler, uint64_t k, uint32_t attempt, double *point);

/* Attempts until the constraints hold. */
lockstep_status ls_sampler_attempt(const struct ls_sampler *sampler, uint64_t k, ls_attempt *attempt, double *point,
                                   lockstep_error *error);

/* Attempts of the random method, also TPE's start. */
lockstep_status ls_random_propose(const struct ls_sampler *sampler, uint64_t k, double *point, lockstep_error *error);

/* Does the parameter have a draw of its own? Followers have none. */
int ls_parameter_leads(const struct ls_space *space, size_t i);

#endif
