/* SPDX-License-Identifier: MIT
 *
 * Sweeps without training: trials whose objectives are a function of a seed, run by
 * simulated workers that take as long as another seed says. What is made is
 * recorded, to be compared between timings and with a schedule's definition.
 */
#ifndef TESTS_SIMULATED_SWEEP_H
#define TESTS_SIMULATED_SWEEP_H

#include <stddef.h>

#include "study/schedule/scheduler.h"

/* An item that was made, and what it came to. */
struct made {
	struct ls_item item;
	double objective;
	int ended;
	uint32_t epochs; /* that were told; only under the median rule */
	int pruned;
};

struct sweep {
	struct ls_scheduler_options options;
	uint64_t seed;            /* of objectives: few values, so that some are equal; some trials end or fail */
	const double *objectives; /* [trials]; instead of the seed: of a trial at all rungs and epochs; or NULL */
	size_t max_items;         /* the sweep is left there; 0: at its end */
	int unreliable_memory;    /* every allocation fails at first */
	struct made *items;       /* [n], with idle ones, without LS_ACTION_END */
	size_t n;
	int has_ended;
};

/* Who runs it: up to `workers` items at a time, of random lengths. */
struct timing {
	uint32_t workers;
	uint64_t seed;
	size_t cut; /* after so many calls the scheduler is made anew and told the same calls; 0: never */
};

/* Options of a scheduler with rungs, drawn from the seed, with `trials` trials at most: small numbers, and now
 * and then the largest. */
struct ls_scheduler_options sweep_random_rungs(enum ls_scheduler_kind kind, uint64_t seed, uint32_t trials);

/* Fills items, n and has_ended, and checks on the way that no more than W items run, and that a
 * limit is asked twice with the same answer. */
void sweep_run(struct sweep *sweep, struct timing timing);
void sweep_fini(struct sweep *sweep);

/* The objective of a trial's epoch, under the median rule. */
double sweep_epoch(const struct sweep *sweep, uint64_t trial, uint32_t epoch);

/* Are the items and results of both the same? */
void expect_same_sweep(const struct sweep *a, const struct sweep *b);

/* Runs the sweep, then with other workers and timings, cut off and continued, and with allocations that
 * fail; all must be the same. Leaves the first. */
void sweep_run_all_ways(struct sweep *sweep, uint32_t n_seeds);

/* Expects S0, S1, ... of trials that start, P of promotions with the epochs they go to, "." for idle ones:
 * "S0 S1 S2 P1:3 .", and the end after that. */
void expect_items(const struct sweep *sweep, const char *expected);

/* Visible results: items below this number are seen by item m. */
size_t sweep_seen(const struct sweep *sweep, size_t m);

/* Is a result better than another one, by definition? */
int made_before(const struct made *a, const struct made *b);

/* What items that wait for nothing come to at item m: LS_ACTION_IDLE or LS_ACTION_END. */
enum ls_action sweep_idle(const struct sweep *sweep, size_t m);

#endif
