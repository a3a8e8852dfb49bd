/* SPDX-License-Identifier: MIT
 *
 * Hyperband (Li et al., JMLR 18, 2018, algorithm 1): brackets as plan.c lays them
 * out, one after the other. Within one halving is synchronous: once all results of
 * a rung are seen, the best of them go on, as many as the plan says, the best
 * first. An item takes, of the rungs that are complete, the one that was the first
 * to be, and only where there is none starts a trial: of the bracket that is still
 * to be filled, or else of another. So while one bracket waits, the next one starts.
 *
 * A trial that ended has its place among the others of its rung, the last when it
 * diverged. When that is among the best, one trial fewer goes on; a rung that
 * nobody leaves ends its bracket.
 *
 * Brackets that are not over are in a queue by number. As each of them that waits
 * has an item that is not seen, there are about as many as the window is wide.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "kind.h"
#include "plan.h"
#include "rank.h"

#define CAPACITY_MIN 8

struct bracket {
	struct ls_plan plan;
	uint64_t number;               /* counted from 0, of all rounds */
	uint32_t rung;                 /* that trials are on their way to */
	uint64_t n_trials;             /* that get there */
	uint64_t n_made;               /* that were sent there */
	struct ls_ranks results;       /* that are seen of it */
	struct ls_ranks going;         /* of the rung before: those that go there, the best first */
	struct bracket *next_complete; /* the next one with trials to be sent on; NULL: the last one */
};

struct hyperband {
	struct ls_scheduler_options options;
	struct ls_starts starts;
	struct bracket **open; /* [capacity], owned, as is what it holds: brackets first, first + 1, ..., n of them;
	                          NULL: over */
	size_t n, capacity;
	uint64_t first;
	struct bracket *filling; /* the newest, when it is to start more trials; else NULL */
	struct bracket *complete, *last_complete;
};

static void free_bracket(struct bracket *bracket)
{
	if (!bracket)
		return;
	ls_ranks_fini(&bracket->results);
	ls_ranks_fini(&bracket->going);
	ls_memory_free(bracket);
}

static lockstep_status create(void **out, const struct ls_scheduler_options *options, lockstep_error *error)
{
	struct hyperband *hyperband = ls_memory_allocate(1, sizeof *hyperband);
	if (!hyperband)
		return ls_error_memory(error, "a schedule");
	hyperband->options = *options;
	hyperband->starts.most = options->trials;
	*out = hyperband;
	return LOCKSTEP_OK;
}

static void destroy(void *state)
{
	struct hyperband *hyperband = state;
	for (size_t i = 0; i < hyperband->n; i++)
		free_bracket(hyperband->open[i]);
	ls_memory_free(hyperband->open);
	ls_memory_free(hyperband);
}

/* ---- The queue of brackets --------------------------------------------- */

/* Room for one more: half of it or more where those were that are over, or else in a larger block. */
static lockstep_status reserve_bracket(struct hyperband *hyperband, lockstep_error *error)
{
	size_t size = sizeof *hyperband->open, n_over = 0;
	if (hyperband->n < hyperband->capacity)
		return LOCKSTEP_OK;
	while (n_over < hyperband->n && !hyperband->open[n_over])
		n_over++;
	if (n_over && n_over >= hyperband->n / 2) {
		hyperband->n -= n_over;
		hyperband->first += n_over;
		memmove(hyperband->open, hyperband->open + n_over, hyperband->n * size);
		return LOCKSTEP_OK;
	}
	size_t capacity = hyperband->capacity ? 2 * hyperband->capacity : CAPACITY_MIN;
	struct bracket **open = ls_memory_grow(hyperband->open, hyperband->n * size, capacity, size);
	if (!open)
		return ls_error_memory(error, "the brackets of a schedule");
	hyperband->open = open;
	hyperband->capacity = capacity;
	return LOCKSTEP_OK;
}

/* Opens the next bracket; `filling` stays NULL when no trials are left for one. */
static lockstep_status open_bracket(struct hyperband *hyperband, lockstep_error *error)
{
	uint64_t number = hyperband->first + hyperband->n;
	struct ls_plan plan;
	ls_plan_bracket(&plan, &hyperband->options, number);
	if (!plan.trials)
		return LOCKSTEP_OK;
	lockstep_status status = reserve_bracket(hyperband, error);
	if (status)
		return status;
	struct bracket *bracket = ls_memory_allocate(1, sizeof *bracket);
	if (!bracket)
		return ls_error_memory(error, "a bracket of a schedule");
	*bracket = (struct bracket){.plan = plan, .number = number, .n_trials = plan.trials};
	hyperband->open[hyperband->n++] = bracket;
	hyperband->filling = bracket;
	return LOCKSTEP_OK;
}

static void close_bracket(struct hyperband *hyperband, struct bracket *bracket)
{
	hyperband->open[bracket->number - hyperband->first] = NULL;
	free_bracket(bracket);
}

/* Of an item, which has the last 32 bits of its number; fewer than 2^32 are open. */
static struct bracket *bracket_of(const struct hyperband *hyperband, const struct ls_item *item)
{
	return hyperband->open[(uint32_t)(item->bracket - hyperband->first)];
}

/* ---- Rungs ------------------------------------------------------------- */

/* Of a complete rung: leaves in `going` the best ones that did not end. */
static void choose(struct bracket *bracket)
{
	struct ls_ranks chosen = bracket->results;
	uint64_t places = bracket->plan.rungs[bracket->rung + 1].trials;
	size_t n = chosen.n < places ? chosen.n : places;

	ls_ranks_sort(&chosen);
	chosen.n = 0;
	for (size_t i = 0; i < n; i++)
		if (!chosen.entries[i].ended)
			ls_ranks_append(&chosen, chosen.entries[i]);
	bracket->results = bracket->going;
	bracket->results.n = 0;
	bracket->going = chosen;
}

static void complete_rung(struct hyperband *hyperband, struct bracket *bracket)
{
	int is_last = bracket->rung == bracket->plan.n_rungs - 1;
	if (!is_last)
		choose(bracket);
	if (is_last || !bracket->going.n) {
		close_bracket(hyperband, bracket);
		return;
	}
	bracket->rung++;
	bracket->n_trials = bracket->going.n;
	bracket->n_made = 0;
	if (hyperband->complete)
		hyperband->last_complete->next_complete = bracket;
	else
		hyperband->complete = bracket;
	hyperband->last_complete = bracket;
}

static lockstep_status see(void *state, const struct ls_result *result, lockstep_error *error)
{
	struct hyperband *hyperband = state;
	struct bracket *bracket = bracket_of(hyperband, &result->item);
	lockstep_status status = ls_ranks_reserve(&bracket->results, error);
	if (status)
		return status;
	ls_ranks_append(&bracket->results, (struct ls_rank){result->objective, result->item.trial, result->ended});
	if (bracket->results.n == bracket->n_trials)
		complete_rung(hyperband, bracket);
	return LOCKSTEP_OK;
}

/* ---- Items ------------------------------------------------------------- */

static void send(struct bracket *bracket, struct ls_item *item)
{
	item->bracket = (uint32_t)bracket->number;
	item->rung = bracket->rung;
	item->until = bracket->plan.rungs[bracket->rung].until;
	bracket->n_made++;
}

static void promote(struct hyperband *hyperband, struct ls_item *item)
{
	struct bracket *bracket = hyperband->complete;
	item->action = LS_ACTION_PROMOTE;
	item->trial = bracket->going.entries[bracket->n_made].trial;
	send(bracket, item);
	if (bracket->n_made == bracket->n_trials) {
		hyperband->complete = bracket->next_complete;
		bracket->next_complete = NULL;
	}
}

static lockstep_status next(void *state, struct ls_item *item, lockstep_error *error)
{
	struct hyperband *hyperband = state;
	if (hyperband->complete) {
		promote(hyperband, item);
		return LOCKSTEP_OK;
	}
	lockstep_status status = hyperband->filling ? LOCKSTEP_OK : open_bracket(hyperband, error);
	struct bracket *bracket = hyperband->filling;
	if (status || !bracket)
		return status;
	ls_starts_next(&hyperband->starts, item, 0);
	send(bracket, item);
	if (bracket->n_made == bracket->n_trials)
		hyperband->filling = NULL;
	return LOCKSTEP_OK;
}

const struct ls_kind ls_kind_hyperband = {create, destroy, see, next, NULL};
