/* SPDX-License-Identifier: MIT
 *
 * How far trials train: a sweep as one sequence of work items. An item starts a
 * new trial, or takes a paused one further; what item m is depends on the options
 * and on the results of the items before m - W + 1 alone (W: how many may run at
 * once, part of the spec), so that neither timing, cores nor restarts decide.
 * Items are made in order, and reported in any order.
 *
 *	none       every trial to the end
 *	median     the same, but a trial ends early that is worse than the median
 *	halving    trials pause at rungs, and the best of a rung go on (ASHA, arXiv
 *	           1810.05934, with pause and promotion)
 *	hyperband  rounds of brackets of synchronous halving (Li et al., JMLR 18, 2018)
 *
 * Objectives are minimised. NaN, which a trial has that failed or diverged, is
 * worse than all numbers; equal ones are ranked by trial number.
 *
 * A sweep that was cut off goes on after its scheduler was made again, and told
 * the same once more: the same calls in the same order give the same items.
 *
 * Not for use by several threads at once, but for ls_scheduler_epoch() and
 * ls_scheduler_prunes(), which touch nothing but their item: the thread that runs
 * it may call them, between ls_scheduler_next() and ls_scheduler_report().
 */
#ifndef LS_STUDY_SCHEDULER_H
#define LS_STUDY_SCHEDULER_H

#include <stdint.h>

#include "lockstep/status.h"

enum ls_scheduler_kind { LS_SCHEDULER_NONE = 0, LS_SCHEDULER_MEDIAN, LS_SCHEDULER_HALVING, LS_SCHEDULER_HYPERBAND };

#define LS_WINDOW_MAX 65536
#define LS_RUNGS_MAX 33 /* 2^0, 2^1, ... 2^31 and the largest max, 2^32 - 1 */

struct ls_scheduler_options {
	enum ls_scheduler_kind kind;
	uint32_t window;  /* W, 1 .. LS_WINDOW_MAX */
	uint64_t trials;  /* at most so many are started; UINT64_MAX: no limit but the sampler's */
	uint32_t min;     /* halving, hyperband: epochs of the first rung, 1 .. max */
	uint32_t max;     /* epochs of a whole trial, 1 and more */
	uint32_t eta;     /* halving, hyperband: of a rung 1 / eta goes on; 2 and more */
	uint32_t startup; /* median: so many trials must have reached an epoch for one to end there; 0 is taken as 1 */
	uint32_t warmup;  /* median: in the first so many epochs no trial ends */
};

enum ls_action {
	LS_ACTION_START = 0, /* trial `trial`, a new one, from the start to `until` */
	LS_ACTION_PROMOTE,   /* trial `trial`, paused, on to `until` */
	LS_ACTION_IDLE,      /* nothing until more is seen: done at once, not to be reported */
	LS_ACTION_END        /* nothing any more: all items were reported, and seen */
};

struct ls_item {
	uint64_t number; /* m, counted from 0 */
	enum ls_action action;
	uint64_t trial;         /* counted from 0 in the order of their start */
	uint32_t bracket, rung; /* counted from 0, brackets through all rounds */
	uint32_t until;         /* epochs done when it ends; max: the trial is whole then */
};

struct ls_scheduler;

/* LOCKSTEP_ERROR_ARGUMENT when an option that the kind uses is outside its range.
 * Caller owns *out. */
lockstep_status ls_scheduler_create(struct ls_scheduler **out, const struct ls_scheduler_options *options,
                                    lockstep_error *error);
void ls_scheduler_destroy(struct ls_scheduler *scheduler);

/* May the next item be made, or has one before it to be reported first? */
int ls_scheduler_is_ready(const struct ls_scheduler *scheduler);

/* The next item; only when it is ready, LOCKSTEP_ERROR_ARGUMENT otherwise. After
 * LS_ACTION_END, which takes no number, every call gives it again. On failure
 * nothing has changed, and the call can be made again. */
lockstep_status ls_scheduler_next(struct ls_scheduler *scheduler, struct ls_item *item, lockstep_error *error);

/* An epoch's objective of a running item: of epochs 1, 2, ... in order, none left
 * out (epoch e is the one after which e are done). Kept for the median rule, to be
 * seen by others once the item is reported; other kinds do not look at it. */
lockstep_status ls_scheduler_epoch(struct ls_scheduler *scheduler, uint64_t item, uint32_t epoch, double objective,
                                   lockstep_error *error);

/* Does the item's trial end here, after the epochs that ls_scheduler_epoch() was told?
 * Only of the median rule. */
int ls_scheduler_prunes(const struct ls_scheduler *scheduler, uint64_t item);

/* The item is done: its objective, NaN when the trial failed or diverged. `ended`: the
 * trial will not go on, whatever its objective (pruned, stopped early); one of NaN
 * never does. LOCKSTEP_ERROR_ARGUMENT when no such item runs. */
lockstep_status ls_scheduler_report(struct ls_scheduler *scheduler, uint64_t item, double objective, int ended,
                                    lockstep_error *error);

/* Highest number + 1 of the items whose results item m sees: those before m - W + 1. */
uint64_t ls_scheduler_seen(const struct ls_scheduler *scheduler, uint64_t item);

/* What is known of a bracket before the sweep. */
struct ls_plan {
	uint64_t trials;    /* that it starts; 0: there is no such bracket. UINT64_MAX: no limit */
	uint32_t n_rungs;   /* 0 when there is no such bracket */
	uint32_t per_round; /* brackets in a round; 1 but for hyperband */
	struct ls_plan_rung {
		uint64_t trials; /* how many get there when none fails. Halving, which does not wait for a rung
		                    to be complete, sends no fewer on, and often a few more */
		uint32_t until;  /* epochs done there */
	} rungs[LS_RUNGS_MAX];
};

/* Bracket `bracket`, counted from 0 through all rounds, of a sweep with such
 * options. LOCKSTEP_ERROR_ARGUMENT as ls_scheduler_create(). */
lockstep_status ls_scheduler_plan(struct ls_plan *out, const struct ls_scheduler_options *options, uint64_t bracket,
                                  lockstep_error *error);

#endif
