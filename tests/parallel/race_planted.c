/* SPDX-License-Identifier: MIT
 *
 *	race_planted ENGINE ordered|racy|ordered-vectors|racy-vectors
 *
 * Workers of a team who share plain memory, with a barrier between them or, on
 * purpose, without one: to see that the tests for races would find a race. One
 * number, or a row of floats that is written and read by the widest vectors
 * there are, as weights are: clang's ThreadSanitizer does not look at these.
 */
#include <stdio.h>
#include <string.h>

#include "arith/arith.h"
#include "team/team.h"

#define N_WORKERS 2
#define N_ROUNDS 20
#define N_FLOATS 256

struct work {
	struct ls_team *team;
	const struct ls_arith *arith;
	int is_racy, by_vectors;
	uint64_t number;
	float row[N_FLOATS], read[N_FLOATS];
};

static void meet(struct work *work, uint32_t worker)
{
	if (!work->is_racy)
		ls_team_barrier(work->team, worker);
}

/* All raise one number, one after the other. */
static void count(struct work *work, uint32_t worker, uint32_t n_workers)
{
	for (uint32_t i = 0; i < n_workers; i++) {
		if (i == worker)
			work->number++;
		meet(work, worker);
	}
}

/* The first worker writes the row, then the last one reads it. */
static void hand_on(struct work *work, uint32_t worker, uint32_t n_workers)
{
	const float zeros[N_FLOATS] = {0};
	if (worker == 0)
		work->arith->exp(N_FLOATS, zeros, work->row);
	meet(work, worker);
	if (worker == n_workers - 1)
		work->arith->exp(N_FLOATS, work->row, work->read);
	meet(work, worker);
}

static void work_rounds(void *context, uint32_t worker, uint32_t n_workers)
{
	struct work *work = context;
	/* Else one worker may be done before the other wakes up, and all that it
	 * did be in order by the lock that they sleep under. */
	ls_team_barrier(work->team, worker);
	for (int round = 0; round < N_ROUNDS; round++) {
		if (work->by_vectors)
			hand_on(work, worker, n_workers);
		else
			count(work, worker, n_workers);
	}
}

/* Non-zero for a name that is none. */
static int choose_work(struct work *work, const char *name)
{
	static const char *const names[2][2] = {{"ordered", "racy"}, {"ordered-vectors", "racy-vectors"}};
	for (work->by_vectors = 0; work->by_vectors < 2; work->by_vectors++)
		for (work->is_racy = 0; work->is_racy < 2; work->is_racy++)
			if (strcmp(name, names[work->by_vectors][work->is_racy]) == 0)
				return 0;
	return -1;
}

int main(int argc, char **argv)
{
	static struct work work;
	lockstep_error error;
	int engine = argc == 3 ? lockstep_engine_parse(argv[1]) : -1;
	if (engine < 0 || choose_work(&work, argv[2])) {
		fputs("usage: race_planted ENGINE ordered|racy|ordered-vectors|racy-vectors\n", stderr);
		return 2;
	}
	struct ls_team_options options = {.n_workers = N_WORKERS, .engine = (enum lockstep_engine)engine};
	if (ls_arith_select(&work.arith, NULL, &error) || ls_team_create(&work.team, &options, &error) ||
	    ls_team_run(work.team, work_rounds, &work, &error)) {
		fprintf(stderr, "%s\n", error.message);
		return 1;
	}
	ls_team_destroy(work.team);
	return 0;
}
