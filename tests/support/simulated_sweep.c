/* SPDX-License-Identifier: MIT
 *
 * A simulation is a list of running items with the times at which they do their
 * next step: an epoch under the median rule, else all that they have to do. The
 * earliest goes first. All calls are logged, to be replayed.
 */
#include "simulated_sweep.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith_tables.h"
#include "base/memory.h"

struct call {
	char what; /* 'n'ext, 'e'poch, 'r'eport */
	uint64_t item;
	uint32_t epoch;
	double objective;
	int ended;
};

struct running {
	uint64_t item, time;
};

struct simulation {
	struct sweep *sweep;
	struct timing timing;
	struct ls_scheduler *scheduler;
	struct call *calls;
	size_t n_calls, capacity_calls, capacity_items;
	struct running running[64];
	uint32_t n_running;
	uint64_t now, random;
};

/* ---- Trials ------------------------------------------------------------ */

static uint64_t mix(uint64_t a, uint64_t b, uint64_t c)
{
	uint64_t state = a;
	state = next_number(&state) ^ b;
	state = next_number(&state) ^ c;
	return next_number(&state);
}

double sweep_epoch(const struct sweep *sweep, uint64_t trial, uint32_t epoch)
{
	if (sweep->objectives)
		return sweep->objectives[trial];
	uint64_t number = mix(sweep->seed, trial, epoch);
	if (number % 97 == 0)
		return NAN;
	return (double)(mix(sweep->seed, trial, 0) % 16) + (double)(number % 8) / 8 - (double)epoch / 4;
}

/* What the trial's item comes to at its end, if it is not pruned. */
static void settle(const struct sweep *sweep, struct made *made)
{
	uint64_t number = mix(sweep->seed, made->item.trial, 1000 + made->item.rung);
	made->objective = (double)(number % 32) - 4;
	made->ended = 0;
	if (sweep->objectives)
		made->objective = sweep->objectives[made->item.trial];
	else if (number >> 32 & 1 && sweep->seed % 4)
		made->ended = (number >> 33) % 4 == 0;
	else if (sweep->seed % 4 && (number >> 33) % 6 == 0)
		made->objective = NAN;
	made->ended |= isnan(made->objective) != 0;
}

/* Under the median rule: a trial may fail or stop early after any epoch. */
static int is_last_epoch(const struct sweep *sweep, const struct made *made)
{
	uint64_t number = mix(sweep->seed, made->item.trial, 2000 + made->epochs);
	return made->epochs == made->item.until || (!sweep->objectives && number % 16 == 0);
}

/* ---- Calls ------------------------------------------------------------- */

static lockstep_status make_call(struct simulation *simulation, const struct call *call, lockstep_error *error)
{
	struct sweep *sweep = simulation->sweep;
	struct ls_item item;
	lockstep_status status = LOCKSTEP_OK;
	if (call->what == 'e')
		return ls_scheduler_epoch(simulation->scheduler, call->item, call->epoch, call->objective, error);
	if (call->what == 'r')
		return ls_scheduler_report(simulation->scheduler, call->item, call->objective, call->ended, error);
	memset(&item, 0x55, sizeof item);
	struct ls_item before = item;
	status = ls_scheduler_next(simulation->scheduler, &item, error);
	if (status) {
		cr_assert_eq(memcmp(&item, &before, sizeof item), 0, "an item was touched by a failure");
		return status;
	}
	cr_assert_eq(item.number, call->item);
	if (call->item < sweep->n) {
		cr_assert_eq(item.trial, sweep->items[call->item].item.trial);
		cr_assert_eq(item.action, sweep->items[call->item].item.action);
		return status;
	}
	sweep->has_ended = item.action == LS_ACTION_END;
	if (!sweep->has_ended)
		sweep->items[sweep->n++] = (struct made){.item = item};
	return status;
}

/* With unreliable memory the first allocation fails, then the second, ... */
static void repeat_call(struct simulation *simulation, const struct call *call)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	for (long n = simulation->sweep->unreliable_memory ? 1 : 0;; n++) {
		ls_memory_fail_at(n);
		lockstep_status status = make_call(simulation, call, &error);
		long count = ls_memory_fail_at(0);
		if (!n || count < n) {
			cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY);
	}
}

static void create(struct simulation *simulation)
{
	lockstep_error error;
	struct ls_scheduler *scheduler = NULL;
	cr_assert_eq(ls_scheduler_create(&scheduler, &simulation->sweep->options, &error), LOCKSTEP_OK, "%s",
	             error.message);
	simulation->scheduler = scheduler;
}

static void grow(void *list, size_t n, size_t *capacity, size_t size)
{
	void **block = list;
	if (n < *capacity)
		return;
	*capacity = *capacity ? 2 * *capacity : 64;
	*block = realloc(*block, *capacity * size);
	cr_assert(*block);
}

static void call_and_log(struct simulation *simulation, struct call call)
{
	repeat_call(simulation, &call);
	grow(&simulation->calls, simulation->n_calls, &simulation->capacity_calls, sizeof call);
	simulation->calls[simulation->n_calls++] = call;
	if (simulation->n_calls != simulation->timing.cut)
		return;
	ls_scheduler_destroy(simulation->scheduler);
	create(simulation);
	for (size_t i = 0; i < simulation->n_calls; i++)
		repeat_call(simulation, &simulation->calls[i]);
}

/* ---- Time -------------------------------------------------------------- */

/* Mostly alike, sometimes a hundred times as long. */
static uint64_t random_time(struct simulation *simulation)
{
	uint64_t number = next_number(&simulation->random);
	return 1 + number % 100 * (number >> 32 & 7 ? 1 : 100);
}

static void start_item(struct simulation *simulation)
{
	struct sweep *sweep = simulation->sweep;
	grow(&sweep->items, sweep->n, &simulation->capacity_items, sizeof *sweep->items);
	call_and_log(simulation, (struct call){.what = 'n', .item = sweep->n});
	if (sweep->has_ended || sweep->items[sweep->n - 1].item.action == LS_ACTION_IDLE)
		return;
	cr_assert_lt(simulation->n_running, sweep->options.window);
	simulation->running[simulation->n_running++] =
	    (struct running){sweep->n - 1, simulation->now + random_time(simulation)};
}

/* One epoch; returns 1 when it was the last. */
static int train_epoch(struct simulation *simulation, struct made *made)
{
	struct sweep *sweep = simulation->sweep;
	uint64_t item = made->item.number;
	cr_assert_not(ls_scheduler_prunes(simulation->scheduler, item), "a verdict has changed");
	made->epochs++;
	double objective = sweep_epoch(sweep, made->item.trial, made->epochs);
	call_and_log(simulation, (struct call){'e', item, made->epochs, objective, 0});
	made->pruned = ls_scheduler_prunes(simulation->scheduler, item);
	return made->pruned || is_last_epoch(sweep, made);
}

static void report(struct simulation *simulation, struct made *made)
{
	settle(simulation->sweep, made);
	if (made->pruned) {
		made->objective = 1;
		made->ended = 1;
	}
	/* NaN ends a trial whether or not that is said. */
	int ended = made->ended && (!isnan(made->objective) || made->item.number % 2);
	call_and_log(simulation, (struct call){'r', made->item.number, 0, made->objective, ended});
}

/* The earliest running item's next step. */
static void step(struct simulation *simulation)
{
	uint32_t first = 0;
	for (uint32_t i = 1; i < simulation->n_running; i++)
		if (simulation->running[i].time < simulation->running[first].time)
			first = i;
	struct running *running = &simulation->running[first];
	struct made *made = &simulation->sweep->items[running->item];
	simulation->now = running->time;
	running->time += random_time(simulation);
	if (simulation->sweep->options.kind == LS_SCHEDULER_MEDIAN && !train_epoch(simulation, made))
		return;
	report(simulation, made);
	*running = simulation->running[--simulation->n_running];
}

void sweep_run(struct sweep *sweep, struct timing timing)
{
	struct simulation simulation = {.sweep = sweep, .timing = timing, .random = timing.seed};
	size_t most = sweep->max_items ? sweep->max_items : SIZE_MAX;
	sweep->n = 0;
	sweep->items = NULL;
	sweep->has_ended = 0;
	cr_assert_leq(timing.workers, 64);
	create(&simulation);
	while (!sweep->has_ended && sweep->n < most) {
		if (simulation.n_running < timing.workers && ls_scheduler_is_ready(simulation.scheduler)) {
			start_item(&simulation);
			continue;
		}
		cr_assert_gt(simulation.n_running, 0, "nothing runs, and nothing can be made");
		step(&simulation);
	}
	cr_assert(!sweep->has_ended || !simulation.n_running, "the end has come while items run");
	while (simulation.n_running)
		step(&simulation);
	ls_scheduler_destroy(simulation.scheduler);
	free(simulation.calls);
}

void sweep_fini(struct sweep *sweep)
{
	free(sweep->items);
	sweep->items = NULL;
}

/* ---- Comparing --------------------------------------------------------- */

static void expect_same_item(const struct made *a, const struct made *b)
{
	uint64_t m = a->item.number;
	cr_assert_eq(m, b->item.number);
	cr_assert_eq(a->item.action, b->item.action, "item %" PRIu64, m);
	cr_assert_eq(a->item.trial, b->item.trial, "item %" PRIu64, m);
	cr_assert_eq(a->item.bracket, b->item.bracket, "item %" PRIu64, m);
	cr_assert_eq(a->item.rung, b->item.rung, "item %" PRIu64, m);
	cr_assert_eq(a->item.until, b->item.until, "item %" PRIu64, m);
	cr_assert_eq(a->epochs, b->epochs, "item %" PRIu64, m);
	cr_assert_eq(a->pruned, b->pruned, "item %" PRIu64, m);
	cr_assert_eq(memcmp(&a->objective, &b->objective, sizeof a->objective), 0, "item %" PRIu64, m);
}

void expect_same_sweep(const struct sweep *a, const struct sweep *b)
{
	cr_assert_eq(a->n, b->n);
	cr_assert_eq(a->has_ended, b->has_ended);
	for (size_t m = 0; m < a->n; m++)
		expect_same_item(&a->items[m], &b->items[m]);
}

static void expect_same_with(const struct sweep *sweep, struct timing timing, int unreliable_memory)
{
	struct sweep other = *sweep;
	other.unreliable_memory = unreliable_memory;
	sweep_run(&other, timing);
	expect_same_sweep(sweep, &other);
	sweep_fini(&other);
}

void sweep_run_all_ways(struct sweep *sweep, uint32_t n_seeds)
{
	static const uint32_t workers[] = {1, 2, 4, 64};
	sweep_run(sweep, (struct timing){.workers = 1});
	for (uint32_t seed = 0; seed < n_seeds; seed++)
		for (size_t i = 0; i < sizeof workers / sizeof *workers; i++)
			expect_same_with(sweep, (struct timing){workers[i], seed, 0}, 0);
	expect_same_with(sweep, (struct timing){3, 1, 1 + sweep->n / 3}, 0);
	expect_same_with(sweep, (struct timing){3, 2, 1 + sweep->n}, 0);
	expect_same_with(sweep, (struct timing){3, 3, 0}, 1);
}

void expect_items(const struct sweep *sweep, const char *expected)
{
	char text[4096] = "";
	size_t length = 0;
	for (size_t m = 0; m < sweep->n && length < sizeof text - 64; m++) {
		const struct ls_item *item = &sweep->items[m].item;
		cr_assert_eq(item->number, m);
		const char *space = m ? " " : "";
		if (item->action == LS_ACTION_START)
			length += (size_t)sprintf(text + length, "%sS%" PRIu64, space, item->trial);
		else if (item->action == LS_ACTION_PROMOTE)
			length += (size_t)sprintf(text + length, "%sP%" PRIu64 ":%u", space, item->trial, item->until);
		else
			length += (size_t)sprintf(text + length, "%s.", space);
	}
	cr_assert_str_eq(text, expected);
	cr_assert(sweep->has_ended);
}

/* ---- For definitions --------------------------------------------------- */

size_t sweep_seen(const struct sweep *sweep, size_t m)
{
	return m + 1 <= sweep->options.window ? 0 : m + 1 - sweep->options.window;
}

int made_before(const struct made *a, const struct made *b)
{
	double x = isnan(a->objective) ? INFINITY : a->objective, y = isnan(b->objective) ? INFINITY : b->objective;
	return x < y || (x == y && a->item.trial < b->item.trial);
}

enum ls_action sweep_idle(const struct sweep *sweep, size_t m)
{
	for (size_t i = sweep_seen(sweep, m); i < m; i++)
		if (sweep->items[i].item.action != LS_ACTION_IDLE)
			return LS_ACTION_IDLE;
	return LS_ACTION_END;
}

/* ---- Options ---------------------------------------------------------------- */

static uint32_t random_number(uint64_t *state, uint32_t min, uint32_t max)
{
	return min + (uint32_t)(next_number(state) % ((uint64_t)max - min + 1));
}

struct ls_scheduler_options sweep_random_rungs(enum ls_scheduler_kind kind, uint64_t seed, uint32_t trials)
{
	uint64_t state = seed;
	struct ls_scheduler_options options = {.kind = kind};
	options.eta = seed % 7 ? random_number(&state, 2, 5) : random_number(&state, 2, UINT32_MAX);
	options.min = seed % 5 ? random_number(&state, 1, 10) : random_number(&state, 1, UINT32_MAX);
	options.max = seed % 3 ? random_number(&state, 10, 100) : UINT32_MAX;
	if (options.max < options.min)
		options.max = options.min;
	options.trials = random_number(&state, 0, trials);
	options.window = random_number(&state, 1, 12);
	return options;
}
