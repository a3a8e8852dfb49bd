/* SPDX-License-Identifier: MIT
 *
 * The inside of a team, and what an engine has to do: start workers, have each
 * call a body once a run, stop them. For this folder only.
 */
#ifndef LS_TEAM_LAUNCH_H
#define LS_TEAM_LAUNCH_H

#include <hwloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "counter.h"
#include "team.h"

/* Where waiting workers sleep: one lock and one condition for all, since sleeping
 * is the exception. Publishing is dear while anyone sleeps, so that workers who
 * wait for a run have a place of their own: some may rest through this one. */
struct ls_parking {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	uint32_t n_spins; /* looks at the counter before a worker sleeps; 0 with more workers than cores */
	_Alignas(64) _Atomic uint32_t n_sleepers; /* changed under the mutex, read without */
};

lockstep_status ls_parking_init(struct ls_parking *parking, lockstep_error *error);
void ls_parking_fini(struct ls_parking *parking);

/* As ls_counter_wait() and ls_counter_publish(), for those who sleep here. */
void ls_parking_wait(struct ls_parking *parking, const struct ls_counter *counter, uint64_t value);
void ls_parking_publish(struct ls_parking *parking, struct ls_counter *counter, uint64_t value);

/* One worker's own part of the team; others only read `done`. */
struct ls_member {
	struct ls_counter done; /* the last run this worker has returned from */
	uint64_t n_barriers;    /* barriers met in this run */
	struct ls_team *team;
	uint32_t worker;
	int bind_error; /* errno of the binding; 0: bound, or not asked to be */
	pthread_t thread;
};

struct ls_launcher {
	/* Prepares the workers; each binds itself with ls_team_bind(), at the
	 * latest in the first run. On failure nothing is left running. */
	lockstep_status (*start)(struct ls_team *team, lockstep_error *error);
	/* Has ls_team_work() called once for every worker. */
	void (*run)(struct ls_team *team);
	void (*stop)(struct ls_team *team);
};

extern const struct ls_launcher ls_launcher_pthreads, ls_launcher_openmp, ls_launcher_serial;

/* Written by the caller's thread between runs, when no body is running, except
 * for what the members own, the barrier's counters and the parking. */
struct ls_team {
	lockstep_topology *topology;
	struct lockstep_place *places; /* [size] */
	struct ls_member *members;     /* [size] */
	const struct ls_launcher *launcher;
	uint32_t size;
	uint32_t max_running; /* workers asked for in this run */
	uint32_t n_running;   /* workers of this run; set by the launcher before a body begins */
	uint64_t i_run;       /* runs begun */
	uint64_t number;      /* OpenMP: tells this team from others at the same address */
	ls_team_body *body;   /* of this run; NULL between runs, and for pthreads the word to stop */
	void *context;
	pid_t process;              /* that made the team: a forked child has none of its threads */
	hwloc_bitmap_t old_binding; /* of the caller's thread; NULL when nobody is bound */
	struct ls_counter begun;    /* pthreads: i_run, published to the workers */
	struct ls_counter arrived;  /* workers that came to a barrier in this run, summed up */
	struct ls_counter released; /* barriers of this run that all have come to */
	struct ls_parking parking;  /* of waits inside a run */
	struct ls_parking resting;  /* of waits for a run to begin or end */
};

/* Begins a run of n_workers: called by one thread before any ls_team_work(). */
void ls_team_begin(struct ls_team *team, uint32_t n_workers);
/* Runs the body as this worker. */
void ls_team_work(struct ls_team *team, uint32_t worker);
/* Binds the calling thread to the worker's place and checks it. */
void ls_team_bind(struct ls_team *team, uint32_t worker);
/* Gives the calling thread the binding that the caller had. */
void ls_team_unbind(struct ls_team *team);

#endif
