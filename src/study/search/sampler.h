/* SPDX-License-Identifier: MIT
 *
 * Search: which point a sweep tries next. A sampler has no state that grows:
 * trial k's point is a function of the space, the seed, k and the results of the
 * trials that it is allowed to see, so that neither timing nor a restart can
 * change it.
 */
#ifndef LS_STUDY_SAMPLER_H
#define LS_STUDY_SAMPLER_H

#include <stdint.h>

#include "lockstep/status.h"
#include "study/space/space.h"

enum ls_sampler_kind { LS_SAMPLER_GRID = 0, LS_SAMPLER_RANDOM, LS_SAMPLER_SOBOL, LS_SAMPLER_TPE };

struct ls_sampler_options {
	enum ls_sampler_kind kind;
	uint64_t seed;
	uint32_t startup; /* TPE: random until so many of the trials seen have an objective */
};

enum ls_observed {
	LS_OBSERVED_DONE = 0, /* has an objective */
	LS_OBSERVED_PRUNED,   /* ended early, with the objective that it had then */
	LS_OBSERVED_FAILED,   /* has none: diverged, or its command failed */
	LS_OBSERVED_PENDING   /* not to be seen yet; its point is known */
};

/* A trial, as a later one sees it. */
struct ls_observation {
	const double *point; /* [space->n], borrowed */
	enum ls_observed state;
	double objective;  /* to be minimised */
	uint32_t resource; /* epochs behind the objective */
};

struct ls_sampler;

/* The space is borrowed until destroy. LOCKSTEP_ERROR_ARGUMENT when the space
 * does not suit the kind, such as a grid over `uniform`; the message names the
 * parameter. Caller owns *out. */
lockstep_status ls_sampler_create(struct ls_sampler **out, const struct ls_space *space,
                                  const struct ls_sampler_options *options, lockstep_error *error);
void ls_sampler_destroy(struct ls_sampler *sampler);

/* How many points there are: of a grid; UINT64_MAX otherwise. */
uint64_t ls_sampler_count(const struct ls_sampler *sampler);

/* The point of trial k, counted from 0, below 2^48 and of a grid below its count; trials [k] are
 * those before it, which TPE alone looks at. point [space->n] is settled and its constraints hold; untouched on
 * failure. A point that constraints leave out is drawn again (draw.h says from what);
 * LOCKSTEP_ERROR_ARGUMENT when none of 10,000 met them. */
lockstep_status ls_sampler_propose(const struct ls_sampler *sampler, uint64_t k, const struct ls_observation *trials,
                                   double *point, lockstep_error *error);

#endif
