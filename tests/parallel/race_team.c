/* SPDX-License-Identifier: MIT
 *
 * The team's runs, barrier and counters with their results checked, on both
 * engines, as a plain program: for ThreadSanitizer, under which the test framework does not start.
 * Takes a second or two; prints what is wrong and returns 1.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockstep/version.h"
#include "team/team.h"

#define WORKERS_MAX 8
#define N_RUNS 30
#define N_ROUNDS 40

/* Plain memory, so that a missing order is a race that can be seen. */
struct work {
	struct ls_team *team;
	uint64_t i_run;
	uint64_t sums[2][WORKERS_MAX];
	struct ls_counter written[WORKERS_MAX]; /* rounds whose token a worker has written */
	struct ls_counter read[WORKERS_MAX];    /* rounds whose token it has read from its neighbour */
	uint64_t tokens[WORKERS_MAX];
	uint64_t n_wrong[WORKERS_MAX];
};

static uint64_t token_of(uint64_t round, uint32_t worker)
{
	return 1000 * round + worker;
}

/* Everybody writes, meets, and reads what all wrote. */
static void meet(struct work *work, uint64_t round, uint32_t worker, uint32_t n_workers)
{
	uint64_t *sums = work->sums[round % 2];
	sums[worker] = token_of(round, worker);
	ls_team_barrier(work->team, worker);
	for (uint32_t i = 0; i < n_workers; i++)
		work->n_wrong[worker] += sums[i] != token_of(round, i);
}

/* Everybody hands a token to the next one, which must have read the last. */
static void hand_on(struct work *work, uint64_t round, uint32_t worker, uint32_t n_workers)
{
	uint32_t before = (worker + n_workers - 1) % n_workers, after = (worker + 1) % n_workers;
	ls_counter_wait(work->team, &work->read[after], round - 1);
	work->tokens[worker] = token_of(round, worker);
	ls_counter_publish(work->team, &work->written[worker], round);
	ls_counter_wait(work->team, &work->written[before], round);
	work->n_wrong[worker] += work->tokens[before] != token_of(round, before);
	ls_counter_publish(work->team, &work->read[worker], round);
}

static void work_rounds(void *context, uint32_t worker, uint32_t n_workers)
{
	struct work *work = context;
	for (uint64_t i = 1; i <= N_ROUNDS; i++) {
		uint64_t round = work->i_run * N_ROUNDS + i;
		meet(work, round, worker, n_workers);
		hand_on(work, round, worker, n_workers);
	}
}

/* For the team's first workers, in between: its tokens are those of no round. */
static void meet_often(void *context, uint32_t worker, uint32_t n_workers)
{
	struct work *work = context;
	for (uint64_t i = 1; i <= N_ROUNDS; i++)
		meet(work, UINT64_MAX / 2000 + i, worker, n_workers);
}

/* Errors found in a team of this size; -1 when it could not be made or run. */
static int64_t try_team(enum lockstep_engine engine, uint32_t n_workers, const char *bind)
{
	static struct work work;
	struct ls_team_options options = {.n_workers = n_workers, .engine = engine, .bind = bind};
	lockstep_error error;
	int64_t n_wrong = 0;

	work = (struct work){0};
	if (ls_team_create(&work.team, &options, &error)) {
		fprintf(stderr, "%u workers: %s\n", n_workers, error.message);
		return -1;
	}
	for (; work.i_run < N_RUNS && n_wrong >= 0; work.i_run++)
		if (ls_team_run(work.team, work_rounds, &work, &error) ||
		    ls_team_run_first(work.team, 1 + (uint32_t)work.i_run % n_workers, meet_often, &work, &error))
			n_wrong = -1;
	ls_team_destroy(work.team);
	for (uint32_t i = 0; i < n_workers && n_wrong >= 0; i++)
		n_wrong += (int64_t)work.n_wrong[i];
	return n_wrong;
}

/* Non-zero when anything was wrong. */
static int try_engine(enum lockstep_engine engine)
{
	static const char *const binds[] = {"none", "close"};
	int failed = 0;
	for (uint32_t n = 1; n <= WORKERS_MAX; n++)
		for (int i = 0; i < 2; i++) {
			int64_t n_wrong = try_team(engine, n, binds[i]);
			if (n_wrong)
				fprintf(stderr, "%s, %u workers, bind %s: %lld wrong values\n",
				        lockstep_engine_name(engine), n, binds[i], (long long)n_wrong);
			failed |= n_wrong != 0;
		}
	return failed;
}

int main(void)
{
	int failed = try_engine(LOCKSTEP_PTHREADS);
	if (lockstep_has_openmp())
		failed |= try_engine(LOCKSTEP_OPENMP);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
