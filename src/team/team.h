/* SPDX-License-Identifier: MIT
 *
 * The team: workers that run one body together, and the barrier they meet at.
 * The caller's thread is worker 0. Create, run and destroy a team from one
 * thread; a body may use the barrier and the counters, and cannot run its own
 * team.
 *
 * The serial engine is the specification of a run: bodies one after the other,
 * worker 0 first. They must not wait for each other there.
 */
#ifndef LS_TEAM_TEAM_H
#define LS_TEAM_TEAM_H

#include <stdint.h>

#include "counter.h"
#include "lockstep/status.h"
#include "lockstep/topology.h"
#include "lockstep/train.h"

struct ls_team;

struct ls_team_options {
	uint32_t n_workers;   /* 0: auto, not above max_workers; at most LS_SLICES_MAX */
	uint32_t max_workers; /* of auto: the slices; 0: no limit */
	enum lockstep_engine engine;
	const char *bind; /* as lockstep_topology_place(), but NULL: none; not kept */
	int smt;          /* non-zero: hardware threads count as places of their own */
	/* One line when workers could not be bound, during ls_team_create() and in
	 * the caller's thread. NULL: silence. */
	void (*on_warning)(const char *message, void *context);
	void *context;
};

typedef void ls_team_body(void *context, uint32_t worker, uint32_t n_workers);

/* Starts the workers and binds them. With a `bind` other than none the
 * caller's thread is bound too, until ls_team_destroy() gives its old binding
 * back. Caller owns *out. */
lockstep_status ls_team_create(struct ls_team **out, const struct ls_team_options *options, lockstep_error *error);

/* The same on a given topology, which the team owns on success only. */
lockstep_status ls_team_create_on(struct ls_team **out, const struct ls_team_options *options,
                                  lockstep_topology *topology, lockstep_error *error);

/* Puts a team of other options in the place of *team, with the same thread as
 * worker 0. *team is as it was on failure. */
lockstep_status ls_team_replace(struct ls_team **team, const struct ls_team_options *options, lockstep_error *error);

/* NULL is allowed and does nothing. In a forked child it frees, and leaves the
 * threads to the parent. */
void ls_team_destroy(struct ls_team *team);

/* Workers asked for; OpenMP may deliver fewer to a run, never more. */
uint32_t ls_team_size(const struct ls_team *team);
int ls_team_is_serial(const struct ls_team *team);
/* Places of the workers [ls_team_size()], owned by the team. */
const struct lockstep_place *ls_team_places(const struct ls_team *team);

/* Runs body(context, worker, n_workers) for every worker and returns when all
 * have returned. n_workers is what runs: with OpenMP the size of the region.
 * Fails when called from a body of the same team, and in a forked child, where
 * the team's threads do not exist. */
lockstep_status ls_team_run(struct ls_team *team, ls_team_body *body, void *context, lockstep_error *error);

/* The same by the team's first workers alone, at most max_workers (1 and more)
 * of them; the others rest. */
lockstep_status ls_team_run_first(struct ls_team *team, uint32_t max_workers, ls_team_body *body, void *context,
                                  lockstep_error *error);

/* All workers of the running body meet; what each wrote before is seen by all
 * after. Not for the serial engine with more than one worker. */
void ls_team_barrier(struct ls_team *team, uint32_t worker);

#endif
