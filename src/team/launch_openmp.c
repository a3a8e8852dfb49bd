/* SPDX-License-Identifier: MIT
 *
 * One parallel region a run. The team is what the region delivers: the host
 * program's limits, dynamic adjustment and nesting are its own business.
 *
 * The runtime may replace its threads between two regions, and a new thread
 * inherits the binding of worker 0. So every thread looks at the start of a
 * region whether it is bound for this team already. The only file that is
 * compiled with OpenMP; without it the engine is refused.
 */
#include "base/error.h"
#include "launch.h"
#include "lockstep/version.h"

#ifdef _OPENMP

#include <omp.h>

/* The team and worker this thread is bound for; 0: none. Teams have numbers,
 * because a new team may get an old one's address. */
static _Thread_local uint64_t bound_for;
static _Atomic uint64_t n_teams;

int lockstep_has_openmp(void)
{
	return 1;
}

static lockstep_status start(struct ls_team *team, lockstep_error *error)
{
	(void)error;
	team->number = atomic_fetch_add(&n_teams, 1) + 1;
	return LOCKSTEP_OK;
}

static void bind_once(struct ls_team *team, uint32_t worker)
{
	uint64_t wanted = team->number << 32 | worker;
	if (!team->old_binding || bound_for == wanted)
		return;
	ls_team_bind(team, worker);
	bound_for = wanted;
}

/* The single construct's barrier shows all workers what it wrote. */
static void run(struct ls_team *team)
{
#pragma omp parallel num_threads((int)team->size)
	{
		uint32_t worker = (uint32_t)omp_get_thread_num();
#pragma omp single
		ls_team_begin(team, (uint32_t)omp_get_num_threads());
		bind_once(team, worker);
		ls_team_work(team, worker);
	}
}

static void stop(struct ls_team *team)
{
	if (!team->old_binding)
		return;
#pragma omp parallel num_threads((int)team->size)
	{
		ls_team_unbind(team);
		bound_for = 0;
	}
}

#else

int lockstep_has_openmp(void)
{
	return 0;
}

static lockstep_status start(struct ls_team *team, lockstep_error *error)
{
	(void)team;
	return ls_error_set(error, LOCKSTEP_ERROR_UNSUPPORTED,
	                    "this build has no OpenMP engine; pthreads and serial are there");
}

/* Never called: no such team can start. */
static void run(struct ls_team *team)
{
	(void)team;
}

static void stop(struct ls_team *team)
{
	(void)team;
}

#endif

const struct ls_launcher ls_launcher_openmp = {start, run, stop};
