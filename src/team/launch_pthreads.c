/* SPDX-License-Identifier: MIT
 *
 * Threads that live as long as the team. Between runs they wait for `begun`;
 * after each run a thread publishes its own `done`, and the caller's thread
 * waits for all of these. A run without a body is the word to stop.
 */
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "launch.h"

/* Acquires team->body and the rest by its wait for `begun`, gives back what
 * the body wrote by publishing `done`. */
static void *worker_main(void *argument)
{
	struct ls_member *member = argument;
	struct ls_team *team = member->team;
	ls_team_bind(team, member->worker);
	for (uint64_t i_run = 1;; i_run++) {
		ls_parking_wait(&team->resting, &team->begun, i_run);
		if (!team->body)
			return NULL;
		ls_team_work(team, member->worker);
		ls_parking_publish(&team->resting, &member->done, i_run);
	}
}

/* Ends workers 1 .. n_workers - 1. */
static void join_workers(struct ls_team *team, uint32_t n_workers)
{
	ls_team_begin(team, n_workers);
	ls_parking_publish(&team->resting, &team->begun, team->i_run);
	for (uint32_t i = 1; i < n_workers; i++)
		pthread_join(team->members[i].thread, NULL);
}

static lockstep_status create_workers(struct ls_team *team, lockstep_error *error)
{
	for (uint32_t i = 1; i < team->size; i++) {
		int code = pthread_create(&team->members[i].thread, NULL, worker_main, &team->members[i]);
		if (!code)
			continue;
		join_workers(team, i);
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM,
		                    "worker %u of %u: its thread could not be created: %s", i, team->size,
		                    strerror(code));
	}
	return LOCKSTEP_OK;
}

/* New threads inherit the creator's signal mask: all blocked, so that the host
 * program's handlers run in its own threads. The caller's thread is bound
 * last, since the new ones would inherit that as well. */
static lockstep_status start(struct ls_team *team, lockstep_error *error)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	lockstep_status status = create_workers(team, error);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!status)
		ls_team_bind(team, 0);
	return status;
}

static void run(struct ls_team *team)
{
	ls_team_begin(team, team->size);
	ls_parking_publish(&team->resting, &team->begun, team->i_run);
	ls_team_work(team, 0);
	for (uint32_t i = 1; i < team->size; i++)
		ls_parking_wait(&team->resting, &team->members[i].done, team->i_run);
}

static void stop(struct ls_team *team)
{
	join_workers(team, team->size);
}

const struct ls_launcher ls_launcher_pthreads = {start, run, stop};
