/* SPDX-License-Identifier: MIT
 *
 * What a kind of schedule is to the window in scheduler.c: a machine that is shown
 * results, in the order of their items and each as soon as it may be seen, and is
 * asked between two of them what comes next. It is shown nothing else, so that its
 * answers are a function of the options and of those results.
 */
#ifndef LS_STUDY_KIND_H
#define LS_STUDY_KIND_H

#include "scheduler.h"

/* The objectives of an item's epochs, as far as they were told. */
struct ls_course {
	double *averages; /* [capacity], owned; [e - 1]: mean of those of epochs 1 .. e */
	uint32_t n, capacity;
	double sum, best; /* of n epochs, in their order */
};

struct ls_result {
	struct ls_item item;
	double objective;
	int ended;                      /* 1 if objective is NaN */
	const struct ls_course *course; /* borrowed for the call */
};

/* What ends a trial. */
struct ls_limits {
	double *medians; /* [n], owned; [e - 1]: a best objective above it ends the trial after epoch e, NaN never */
	uint32_t n;
};

/* All but destroy leave things as they are on failure, and can be called again. */
struct ls_kind {
	/* The options are checked; borrowed for the call. Caller owns *out. */
	lockstep_status (*create)(void **out, const struct ls_scheduler_options *options, lockstep_error *error);
	void (*destroy)(void *state);

	/* NULL: results make no difference. */
	lockstep_status (*see)(void *state, const struct ls_result *result, lockstep_error *error);

	/* Gets *item with its number and LS_ACTION_IDLE, and leaves that when there is nothing to do before
	 * more is seen. */
	lockstep_status (*next)(void *state, struct ls_item *item, lockstep_error *error);

	/* The limits of an item that is made now; caller owns what *out holds. NULL: no limits. */
	lockstep_status (*limits)(const void *state, struct ls_limits *out, lockstep_error *error);
};

extern const struct ls_kind ls_kind_none, ls_kind_median, ls_kind_halving, ls_kind_hyperband;

/* Trials that start: all kinds count them. */
struct ls_starts {
	uint64_t n, most;
};

/* Makes the item start another trial, if there may be one; returns 1 then. */
static inline int ls_starts_next(struct ls_starts *starts, struct ls_item *item, uint32_t until)
{
	if (starts->n == starts->most)
		return 0;
	item->action = LS_ACTION_START;
	item->trial = starts->n++;
	item->until = until;
	return 1;
}

#endif
