/* SPDX-License-Identifier: MIT
 *
 * What schedules of all kinds share: the window, the options, the plan, and that
 * nothing but options and results decides.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arith_tables.h"
#include "base/memory.h"
#include "simulated_sweep.h"
#include "study/schedule/plan.h"

static struct ls_scheduler_options options_of(enum ls_scheduler_kind kind, uint32_t window, uint64_t trials)
{
	return (struct ls_scheduler_options){
	    .kind = kind, .window = window, .trials = trials, .min = 1, .max = 9, .eta = 3, .startup = 5};
}

static struct ls_scheduler *scheduler_of(const struct ls_scheduler_options *options)
{
	struct ls_scheduler *scheduler = NULL;
	cr_assert_eq(ls_scheduler_create(&scheduler, options, NULL), LOCKSTEP_OK);
	return scheduler;
}

static struct ls_item next_of(struct ls_scheduler *scheduler)
{
	struct ls_item item;
	cr_assert(ls_scheduler_is_ready(scheduler));
	cr_assert_eq(ls_scheduler_next(scheduler, &item, NULL), LOCKSTEP_OK);
	return item;
}

/* ---- The window -------------------------------------------------------- */

Test(scheduler, no_more_items_run_than_the_window_holds)
{
	for (uint32_t window = 1; window <= 9; window++) {
		struct ls_scheduler_options options = options_of(LS_SCHEDULER_NONE, window, 100);
		struct ls_scheduler *scheduler = scheduler_of(&options);
		for (uint32_t m = 0; m < window; m++)
			cr_assert_eq(next_of(scheduler).number, m);
		for (uint32_t m = window - 1; m; m--) {
			cr_assert_not(ls_scheduler_is_ready(scheduler));
			cr_assert_eq(ls_scheduler_report(scheduler, m, 1, 0, NULL), LOCKSTEP_OK);
		}
		cr_assert_not(ls_scheduler_is_ready(scheduler));
		cr_assert_eq(ls_scheduler_report(scheduler, 0, 1, 0, NULL), LOCKSTEP_OK);
		for (uint32_t m = window; m < 2 * window; m++)
			cr_assert_eq(next_of(scheduler).number, m);
		cr_assert_not(ls_scheduler_is_ready(scheduler));
		ls_scheduler_destroy(scheduler);
	}
}

Test(scheduler, an_item_sees_what_the_window_has_left)
{
	struct ls_scheduler_options options = options_of(LS_SCHEDULER_NONE, 8, 100);
	struct ls_scheduler *scheduler = scheduler_of(&options);
	static const uint64_t seen[][2] = {
	    {0, 0}, {6, 0}, {7, 0}, {8, 1}, {9, 2}, {100, 93}, {UINT64_MAX, UINT64_MAX - 7}};
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++)
		cr_assert_eq(ls_scheduler_seen(scheduler, seen[i][0]), seen[i][1]);
	ls_scheduler_destroy(scheduler);
	options.window = 1;
	scheduler = scheduler_of(&options);
	cr_assert_eq(ls_scheduler_seen(scheduler, 0), 0);
	cr_assert_eq(ls_scheduler_seen(scheduler, 5), 5);
	ls_scheduler_destroy(scheduler);
}

Test(scheduler, none_trains_every_trial_whole)
{
	for (uint32_t window = 1; window <= 3; window++) {
		static const char *const expected[] = {"S0 S1 S2", "S0 S1 S2 .", "S0 S1 S2 . ."};
		struct sweep sweep = {.options = options_of(LS_SCHEDULER_NONE, window, 3), .seed = 1};
		sweep_run(&sweep, (struct timing){.workers = 2});
		expect_items(&sweep, expected[window - 1]);
		for (size_t m = 0; m < 3; m++) {
			cr_assert_eq(sweep.items[m].item.until, 9);
			cr_assert_eq(sweep.items[m].item.bracket, 0);
			cr_assert_eq(sweep.items[m].item.rung, 0);
		}
		sweep_fini(&sweep);
	}
}

Test(scheduler, the_end_comes_at_once_without_trials_and_stays)
{
	for (unsigned kind = LS_SCHEDULER_NONE; kind <= LS_SCHEDULER_HYPERBAND; kind++) {
		struct ls_scheduler_options options = options_of((enum ls_scheduler_kind)kind, 4, 0);
		struct ls_scheduler *scheduler = scheduler_of(&options);
		for (int i = 0; i < 10; i++) {
			struct ls_item item = next_of(scheduler);
			cr_assert_eq(item.action, LS_ACTION_END);
			cr_assert_eq(item.number, 0);
		}
		ls_scheduler_destroy(scheduler);
	}
}

Test(scheduler, calls_out_of_turn_are_refused)
{
	struct ls_scheduler_options options = options_of(LS_SCHEDULER_MEDIAN, 2, 3);
	struct ls_scheduler *scheduler = scheduler_of(&options);
	struct ls_item item = next_of(scheduler);
	lockstep_error error;

	cr_assert_eq(ls_scheduler_report(scheduler, 1, 1, 0, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "item 1 is not one that runs");
	cr_assert_eq(ls_scheduler_epoch(scheduler, 1, 1, 1, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_not(ls_scheduler_prunes(scheduler, 1));
	cr_assert_eq(ls_scheduler_epoch(scheduler, 0, 2, 1, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "item 0 of 9 epochs is told of epoch 2 after epoch 0");
	for (uint32_t epoch = 1; epoch <= 9; epoch++)
		cr_assert_eq(ls_scheduler_epoch(scheduler, 0, epoch, 1, &error), LOCKSTEP_OK);
	cr_assert_eq(ls_scheduler_epoch(scheduler, 0, 9, 1, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(ls_scheduler_epoch(scheduler, 0, 10, 1, &error), LOCKSTEP_ERROR_ARGUMENT);

	next_of(scheduler);
	cr_assert_eq(ls_scheduler_next(scheduler, &item, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "item 2 comes after the report of item 0");
	cr_assert_eq(item.number, 0);
	cr_assert_eq(ls_scheduler_report(scheduler, 0, 1, 0, &error), LOCKSTEP_OK);
	cr_assert_eq(ls_scheduler_report(scheduler, 0, 1, 0, &error), LOCKSTEP_ERROR_ARGUMENT);
	next_of(scheduler);
	cr_assert_eq(ls_scheduler_report(scheduler, 0, 1, 0, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(ls_scheduler_report(scheduler, 1, 1, 0, &error), LOCKSTEP_OK);
	cr_assert_eq(next_of(scheduler).action, LS_ACTION_IDLE);
	cr_assert_eq(ls_scheduler_report(scheduler, 3, 1, 0, &error), LOCKSTEP_ERROR_ARGUMENT);
	ls_scheduler_destroy(scheduler);
}

Test(scheduler, other_kinds_than_the_median_do_not_look_at_epochs)
{
	struct ls_scheduler_options options = options_of(LS_SCHEDULER_HALVING, 2, 3);
	struct ls_scheduler *scheduler = scheduler_of(&options);
	next_of(scheduler);
	cr_assert_eq(ls_scheduler_epoch(scheduler, 0, 1, 1e9, NULL), LOCKSTEP_OK);
	cr_assert_not(ls_scheduler_prunes(scheduler, 0));
	cr_assert_eq(ls_scheduler_epoch(scheduler, 1, 1, 1, NULL), LOCKSTEP_ERROR_ARGUMENT);
	ls_scheduler_destroy(scheduler);
}

/* ---- Options ----------------------------------------------------------- */

static void expect_refused(struct ls_scheduler_options options, const char *message)
{
	char nowhere;
	struct ls_scheduler *scheduler = (void *)&nowhere;
	struct ls_plan plan = {.trials = 17};
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_scheduler_create(&scheduler, &options, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, message);
	cr_assert_eq((void *)scheduler, &nowhere);
	cr_assert_eq(ls_scheduler_plan(&plan, &options, 0, NULL), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(plan.trials, 17);
}

Test(scheduler, options_outside_their_range_are_refused)
{
	struct ls_scheduler_options options = options_of(LS_SCHEDULER_HALVING, 8, 10);
	options.window = 0;
	expect_refused(options, "window 0 is not from 1 to 65536");
	options.window = 65537;
	expect_refused(options, "window 65537 is not from 1 to 65536");
	options.window = 8;
	options.min = 0;
	expect_refused(options, "min 0 is not from 1 to max, which is 9");
	options.min = 10;
	expect_refused(options, "min 10 is not from 1 to max, which is 9");
	options.min = 9;
	options.eta = 1;
	expect_refused(options, "eta 1 is below 2");
	options.kind = LS_SCHEDULER_HYPERBAND;
	expect_refused(options, "eta 1 is below 2");
	options.kind = LS_SCHEDULER_NONE;
	options.max = 0;
	expect_refused(options, "max is 0 epochs");
	options.max = 1;
	options.kind = (enum ls_scheduler_kind)4;
	expect_refused(options, "there is no scheduler 4");
	/* What a kind has no use for may be anything. */
	options.kind = LS_SCHEDULER_MEDIAN;
	options.min = 0;
	ls_scheduler_destroy(scheduler_of(&options));
}

static void create_without_memory(enum ls_scheduler_kind kind)
{
	char nowhere;
	struct ls_scheduler_options options = options_of(kind, 8, 10);
	for (long n = 1;; n++) {
		struct ls_scheduler *scheduler = (void *)&nowhere;
		lockstep_error error = {LOCKSTEP_OK, ""};
		ls_memory_fail_at(n);
		lockstep_status status = ls_scheduler_create(&scheduler, &options, &error);
		if (ls_memory_fail_at(0) < n) {
			cr_assert_eq(status, LOCKSTEP_OK);
			cr_assert_gt(n, 3);
			ls_scheduler_destroy(scheduler);
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY);
		cr_assert_eq((void *)scheduler, &nowhere);
		cr_assert_gt(strlen(error.message), 0);
	}
}

/* Of the other calls it is a matter of every simulated sweep. */
Test(scheduler, creating_one_without_memory_fails_and_leaks_nothing)
{
	for (unsigned kind = LS_SCHEDULER_NONE; kind <= LS_SCHEDULER_HYPERBAND; kind++)
		create_without_memory((enum ls_scheduler_kind)kind);
	ls_scheduler_destroy(NULL);
}

/* ---- Integers ---------------------------------------------------------- */

Test(scheduler, logarithms_are_those_of_multiplication)
{
	static const uint32_t bases[] = {2, 3, 4, 5, 7, 10, 255, 256, 65535, 65536, 65537, 2147483648u, UINT32_MAX};
	for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
		unsigned __int128 power = 1;
		for (uint32_t s = 0; power <= UINT64_MAX; s++, power *= bases[i]) {
			cr_assert_eq(ls_power(bases[i], s), (uint64_t)power);
			cr_assert_eq(ls_floor_log((uint64_t)power, bases[i]), s);
			if (power > 1)
				cr_assert_eq(ls_floor_log((uint64_t)power - 1, bases[i]), s - 1);
		}
	}
	cr_assert_eq(ls_floor_log(UINT64_MAX, 2), 63);
	cr_assert_eq(ls_floor_log(UINT64_MAX, UINT32_MAX), 2);
}

/* ---- The plan ---------------------------------------------------------- */

static void expect_plan(const struct ls_scheduler_options *options, uint64_t bracket, uint32_t n,
                        const uint64_t rungs[][2])
{
	struct ls_plan plan;
	cr_assert_eq(ls_scheduler_plan(&plan, options, bracket, NULL), LOCKSTEP_OK);
	cr_assert_eq(plan.n_rungs, n);
	cr_assert_eq(plan.trials, n ? rungs[0][0] : 0);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(plan.rungs[i].trials, rungs[i][0], "rung %u", i);
		cr_assert_eq(plan.rungs[i].until, rungs[i][1], "rung %u", i);
	}
}

Test(scheduler, plans_without_rungs_are_one_bracket_of_whole_trials)
{
	struct ls_scheduler_options options = options_of(LS_SCHEDULER_NONE, 8, 10);
	expect_plan(&options, 0, 1, (const uint64_t[][2]){{10, 9}});
	expect_plan(&options, 1, 0, NULL);
	options.kind = LS_SCHEDULER_MEDIAN;
	options.trials = UINT64_MAX;
	expect_plan(&options, 0, 1, (const uint64_t[][2]){{UINT64_MAX, 9}});
	options.trials = 0;
	expect_plan(&options, 0, 0, NULL);
}

/* ---- All kinds, all ways ------------------------------------------------- */

static void run_kind(enum ls_scheduler_kind kind)
{
	static const uint32_t windows[] = {1, 2, 8};
	for (uint32_t i = 0; i < 3; i++)
		for (uint64_t seed = 0; seed < 5; seed++) {
			struct sweep sweep = {.options = options_of(kind, windows[i], 60 + seed), .seed = 3 * seed + i};
			sweep_run_all_ways(&sweep, 100);
			cr_assert(sweep.has_ended);
			sweep_fini(&sweep);
		}
}

Test(scheduler, timing_workers_restarts_and_short_memory_do_not_show)
{
	for (unsigned kind = LS_SCHEDULER_NONE; kind <= LS_SCHEDULER_HYPERBAND; kind++)
		run_kind((enum ls_scheduler_kind)kind);
}

/* The other way round: a simulation that did not depend on the window, or on results, would show
 * nothing. */
Test(scheduler, the_window_and_the_results_do_show)
{
	for (unsigned kind = LS_SCHEDULER_MEDIAN; kind <= LS_SCHEDULER_HYPERBAND; kind++) {
		struct sweep a = {.options = options_of((enum ls_scheduler_kind)kind, 2, 60), .seed = 1}, b = a, c = a;
		b.options.window = 3;
		c.seed = 2;
		sweep_run(&a, (struct timing){.workers = 1});
		sweep_run(&b, (struct timing){.workers = 1});
		sweep_run(&c, (struct timing){.workers = 1});
		int same_b = a.n == b.n, same_c = a.n == c.n;
		for (size_t m = 0; m < a.n && m < b.n; m++)
			same_b &=
			    a.items[m].item.trial == b.items[m].item.trial && a.items[m].epochs == b.items[m].epochs;
		for (size_t m = 0; m < a.n && m < c.n; m++)
			same_c &=
			    a.items[m].item.trial == c.items[m].item.trial && a.items[m].epochs == c.items[m].epochs;
		cr_assert_not(same_b, "kind %u", kind);
		cr_assert_not(same_c, "kind %u", kind);
		sweep_fini(&a);
		sweep_fini(&b);
		sweep_fini(&c);
	}
}

/* ---- The widest window --------------------------------------------------- */

Test(scheduler, the_widest_window_ends_too)
{
	for (unsigned kind = LS_SCHEDULER_NONE; kind <= LS_SCHEDULER_HYPERBAND; kind++) {
		struct sweep sweep = {.options = options_of((enum ls_scheduler_kind)kind, LS_WINDOW_MAX, 40),
		                      .seed = 1};
		sweep_run(&sweep, (struct timing){.workers = 64});
		cr_assert(sweep.has_ended);
		sweep_fini(&sweep);
	}
}
