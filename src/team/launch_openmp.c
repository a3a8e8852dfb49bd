/* SPDX-License-Identifier: MIT
 *
 * One parallel region a run. The team is what the region delivers: the host
 * program's limits, dynamic adjustment and nesting are its own business.
 *
 * The runtime may replace its threads between two regions, and a new thread
 * inherits the binding of worker 0. So every thread looks at the start of a
 * region whether it is bound for this team already. The only file that is
 * compiled with OpenMP; without it the engine is refused.
 *
 * Two ends that the runtime would take are refused before it can: gcc's ends
 * the whole process when a thread cannot be created, and waits for ever in a
 * forked child for the threads of its parent.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
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

/* The threads that the runtime keeps for this thread's regions: how many this
 * one included, and in which process. */
static _Thread_local uint32_t pool_size;
static _Thread_local pid_t pool_process;

static void *pass_gate(void *gate)
{
	pthread_mutex_lock(gate);
	pthread_mutex_unlock(gate);
	return NULL;
}

/* Creates n threads that live at the same time, and ends them. Returns an errno. */
static int try_threads(pthread_t *threads, uint32_t n)
{
	pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
	uint32_t n_created = 0;
	int code = 0;
	pthread_mutex_lock(&gate);
	while (n_created < n && !code) {
		code = pthread_create(&threads[n_created], NULL, pass_gate, &gate);
		n_created += !code;
	}
	pthread_mutex_unlock(&gate);
	for (uint32_t i = 0; i < n_created; i++)
		pthread_join(threads[i], NULL);
	return code;
}

/* Threads that a region of this team may make the runtime create. */
static uint32_t threads_to_come(const struct ls_team *team)
{
	uint32_t limit = (uint32_t)omp_get_thread_limit();
	uint32_t most = team->size < limit ? team->size : limit;
	if (omp_get_active_level() >= omp_get_max_active_levels())
		return 0;
	return most > pool_size ? most - (pool_size ? pool_size : 1) : 0;
}

static lockstep_status start(struct ls_team *team, lockstep_error *error)
{
	if (pool_process && pool_process != team->process && team->size > 1)
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM,
		                    "OpenMP was in use when this process was forked, and its threads did not come "
		                    "along: use pthreads, or exec");
	uint32_t n = threads_to_come(team);
	pthread_t *threads = ls_memory_allocate(n, sizeof *threads);
	if (!threads)
		return ls_error_memory(error, "the team");
	int code = try_threads(threads, n);
	ls_memory_free(threads);
	if (code)
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM,
		                    "%u workers: OpenMP's threads could not be created: %s", team->size,
		                    strerror(code));
	team->number = atomic_fetch_add(&n_teams, 1) + 1;
	return LOCKSTEP_OK;
}

/* After a region of n threads; one of a single thread leaves the pool alone. */
static void note_pool(const struct ls_team *team, uint32_t n)
{
	if (n < 2)
		return;
	pool_size = n;
	pool_process = team->process;
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
		if (worker == 0)
			note_pool(team, (uint32_t)omp_get_num_threads());
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
