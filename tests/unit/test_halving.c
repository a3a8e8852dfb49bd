/* SPDX-License-Identifier: MIT
 *
 * Successive halving: sequences by hand, and every item of random sweeps as the
 * definition has it, which here sorts all that is seen for each.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "arith_tables.h"
#include "simulated_sweep.h"

static struct ls_scheduler_options halving(uint32_t window, uint64_t trials, uint32_t min, uint32_t max, uint32_t eta)
{
	return (struct ls_scheduler_options){
	    .kind = LS_SCHEDULER_HALVING, .window = window, .trials = trials, .min = min, .max = max, .eta = eta};
}

/* ---- By hand ----------------------------------------------------------- */

static void expect_sequence(const struct ls_scheduler_options *options, const double *objectives, const char *expected)
{
	struct sweep sweep = {.options = *options, .objectives = objectives};
	sweep_run_all_ways(&sweep, 10);
	expect_items(&sweep, expected);
	sweep_fini(&sweep);
}

static const double nine[] = {5, 3, 8, 1, 9, 2, 7, 4, 6};

Test(halving, nine_trials_one_at_a_time)
{
	struct ls_scheduler_options options = halving(1, 9, 1, 9, 3);
	expect_sequence(&options, nine, "S0 S1 S2 P1:3 S3 P3:3 S4 S5 P5:3 P3:9 S6 S7 S8");
}

Test(halving, nine_trials_two_at_a_time)
{
	struct ls_scheduler_options options = halving(2, 9, 1, 9, 3);
	expect_sequence(&options, nine, "S0 S1 S2 S3 P1:3 P3:3 S4 S5 S6 P5:3 S7 P3:9 S8 .");
}

Test(halving, equal_ones_go_on_by_number)
{
	struct ls_scheduler_options options = halving(1, 4, 1, 2, 2);
	expect_sequence(&options, (const double[]){7, 7, 7, 7}, "S0 S1 P0:2 S2 S3 P1:2");
}

/* Those of NaN are last of all, and never go on, though 2 of 4 could. */
Test(halving, failed_ones_count_and_stay)
{
	struct ls_scheduler_options options = halving(1, 4, 1, 2, 2);
	expect_sequence(&options, (const double[]){NAN, INFINITY, NAN, NAN}, "S0 S1 P1:2 S2 S3");
	expect_sequence(&options, (const double[]){NAN, NAN, NAN, 1}, "S0 S1 S2 S3 P3:2");
	expect_sequence(&options, (const double[]){NAN, NAN, NAN, NAN}, "S0 S1 S2 S3");
}

Test(halving, minus_zero_is_zero)
{
	struct ls_scheduler_options options = halving(1, 2, 1, 2, 2);
	expect_sequence(&options, (const double[]){0.0, -0.0}, "S0 S1 P0:2");
}

/* Trial 1 stops early as the best of two: its place is taken, so trial 0 has to wait for the second. */
Test(halving, one_that_stopped_early_keeps_its_place)
{
	struct ls_scheduler_options options = halving(1, 4, 1, 2, 2);
	struct ls_scheduler *scheduler = NULL;
	static const struct {
		enum ls_action action;
		uint64_t trial;
		double objective;
		int ended;
	} items[] = {{LS_ACTION_START, 0, 2, 0}, {LS_ACTION_START, 1, 1, 1},   {LS_ACTION_START, 2, 3, 0},
	             {LS_ACTION_START, 3, 4, 0}, {LS_ACTION_PROMOTE, 0, 2, 0}, {LS_ACTION_END, 0, 0, 0}};
	cr_assert_eq(ls_scheduler_create(&scheduler, &options, NULL), LOCKSTEP_OK);
	for (size_t m = 0; m < sizeof items / sizeof *items; m++) {
		struct ls_item item;
		cr_assert_eq(ls_scheduler_next(scheduler, &item, NULL), LOCKSTEP_OK);
		cr_assert_eq(item.action, items[m].action, "item %zu", m);
		cr_assert_eq(item.trial, items[m].trial, "item %zu", m);
		if (item.action != LS_ACTION_END)
			ls_scheduler_report(scheduler, m, items[m].objective, items[m].ended, NULL);
	}
	ls_scheduler_destroy(scheduler);
}

Test(halving, one_rung_has_nobody_go_on)
{
	struct ls_scheduler_options options = halving(2, 4, 9, 9, 3);
	expect_sequence(&options, nine, "S0 S1 S2 S3 .");
}

/* ---- Rungs ------------------------------------------------------------- */

static void expect_rungs(uint32_t min, uint32_t max, uint32_t eta, const char *expected)
{
	struct ls_scheduler_options options = halving(1, 1000, min, max, eta);
	struct ls_plan plan;
	char text[1024] = "";
	size_t length = 0;
	cr_assert_eq(ls_scheduler_plan(&plan, &options, 0, NULL), LOCKSTEP_OK);
	for (uint32_t i = 0; i < plan.n_rungs; i++)
		length += (size_t)sprintf(text + length, "%s%" PRIu64 ":%u", i ? " " : "", plan.rungs[i].trials,
		                          plan.rungs[i].until);
	cr_assert_str_eq(text, expected);
	cr_assert_eq(plan.per_round, 1);
	cr_assert_eq(plan.trials, 1000);
}

Test(halving, rungs_are_powers_below_max_and_max)
{
	expect_rungs(1, 81, 3, "1000:1 333:3 111:9 37:27 12:81");
	expect_rungs(1, 82, 3, "1000:1 333:3 111:9 37:27 12:81 4:82");
	expect_rungs(1, 80, 3, "1000:1 333:3 111:9 37:27 12:80");
	expect_rungs(5, 100, 4, "1000:5 250:20 62:80 15:100");
	expect_rungs(7, 7, 2, "1000:7");
	expect_rungs(7, 8, 2, "1000:7 500:8");
	expect_rungs(1, UINT32_MAX, UINT32_MAX, "1000:1 0:4294967295");
	expect_rungs(2, UINT32_MAX, UINT32_MAX, "1000:2 0:4294967295");
	expect_rungs(UINT32_MAX - 1, UINT32_MAX, 2, "1000:4294967294 500:4294967295");
	expect_rungs(1, UINT32_MAX, 65536, "1000:1 0:65536 0:4294967295");
}

Test(halving, the_most_rungs_are_33)
{
	struct ls_scheduler_options options = halving(1, UINT64_MAX, 1, UINT32_MAX, 2);
	struct ls_plan plan;
	cr_assert_eq(ls_scheduler_plan(&plan, &options, 0, NULL), LOCKSTEP_OK);
	cr_assert_eq(plan.n_rungs, 33);
	cr_assert_eq(plan.rungs[31].until, 2147483648u);
	cr_assert_eq(plan.rungs[32].until, UINT32_MAX);
	cr_assert_eq(plan.rungs[32].trials, UINT64_MAX >> 32);
}

/* ---- The definition ---------------------------------------------------- */

/* Where trials that get to rung `rung` are, in exact arithmetic. */
static uint32_t rung_epochs(const struct ls_scheduler_options *options, uint32_t rung)
{
	unsigned __int128 epochs = options->min;
	for (uint32_t i = 0; i < rung && epochs < options->max; i++)
		epochs *= options->eta;
	return epochs < options->max ? (uint32_t)epochs : options->max;
}

static int was_promoted(const struct sweep *sweep, size_t m, uint64_t trial, uint32_t rung)
{
	for (size_t i = 0; i < m; i++)
		if (sweep->items[i].item.action == LS_ACTION_PROMOTE && sweep->items[i].item.trial == trial &&
		    sweep->items[i].item.rung == rung + 1)
			return 1;
	return 0;
}

static int is_result(const struct sweep *sweep, size_t i, uint32_t rung)
{
	return sweep->items[i].item.action != LS_ACTION_IDLE && sweep->items[i].item.rung == rung;
}

/* The result whose trial goes on from the rung at item m; NULL: none does. */
static const struct made *promoted(const struct sweep *sweep, size_t m, uint32_t rung)
{
	size_t seen = sweep_seen(sweep, m), n = 0;
	const struct made *best = NULL;
	for (size_t i = 0; i < seen; i++)
		n += (size_t)is_result(sweep, i, rung);
	for (size_t i = 0; i < seen; i++) {
		const struct made *made = &sweep->items[i];
		size_t n_better = 0;
		if (!is_result(sweep, i, rung) || made->ended || was_promoted(sweep, m, made->item.trial, rung))
			continue;
		for (size_t k = 0; k < seen; k++)
			n_better += is_result(sweep, k, rung) && made_before(&sweep->items[k], made);
		if (n_better < n / sweep->options.eta && (!best || made_before(made, best)))
			best = made;
	}
	return best;
}

static struct ls_item defined_item(const struct sweep *sweep, size_t m, uint64_t n_started)
{
	struct ls_item item = {.number = m, .action = LS_ACTION_PROMOTE};
	uint32_t top = 0;
	while (rung_epochs(&sweep->options, top) < sweep->options.max)
		top++;
	for (item.rung = top; item.rung; item.rung--) {
		const struct made *made = promoted(sweep, m, item.rung - 1);
		if (made) {
			item.trial = made->item.trial;
			item.until = rung_epochs(&sweep->options, item.rung);
			return item;
		}
	}
	item.action = n_started < sweep->options.trials ? LS_ACTION_START : sweep_idle(sweep, m);
	item.trial = item.action == LS_ACTION_START ? n_started : 0;
	item.until = item.action == LS_ACTION_START ? sweep->options.min : 0;
	return item;
}

static void expect_defined(const struct sweep *sweep)
{
	uint64_t n_started = 0;
	for (size_t m = 0; m < sweep->n; m++) {
		const struct ls_item *item = &sweep->items[m].item;
		struct ls_item defined = defined_item(sweep, m, n_started);
		cr_assert_eq(item->number, m);
		cr_assert_eq(item->action, defined.action, "item %zu: %u, not %u", m, item->action, defined.action);
		cr_assert_eq(item->trial, defined.trial, "item %zu", m);
		cr_assert_eq(item->rung, defined.rung, "item %zu", m);
		cr_assert_eq(item->until, defined.until, "item %zu", m);
		cr_assert_eq(item->bracket, 0);
		n_started += item->action == LS_ACTION_START;
	}
	cr_assert_leq(n_started, sweep->options.trials);
	if (sweep->has_ended) {
		cr_assert_eq(n_started, sweep->options.trials);
		cr_assert_eq(defined_item(sweep, sweep->n, n_started).action, LS_ACTION_END);
	}
}

/* Every path goes through consecutive rungs, each after its result before was seen, none after an end. */
static void expect_paths(const struct sweep *sweep)
{
	for (size_t m = 0; m < sweep->n; m++) {
		const struct ls_item *item = &sweep->items[m].item;
		size_t before = SIZE_MAX;
		if (item->action == LS_ACTION_IDLE)
			continue;
		for (size_t i = 0; i < m; i++)
			if (sweep->items[i].item.action != LS_ACTION_IDLE && sweep->items[i].item.trial == item->trial)
				before = i;
		cr_assert_eq(before == SIZE_MAX, item->action == LS_ACTION_START);
		if (before == SIZE_MAX)
			continue;
		cr_assert_eq(item->rung, sweep->items[before].item.rung + 1);
		cr_assert_gt(item->until, sweep->items[before].item.until);
		cr_assert_lt(before, sweep_seen(sweep, m));
		cr_assert_not(sweep->items[before].ended);
	}
}

/* With no trial that ended, floor(n / eta) of a rung went on, or more, for some were among the best at
 * their time. */
static void expect_counts(const struct sweep *sweep)
{
	uint64_t n[LS_RUNGS_MAX + 1] = {0};
	uint32_t top = 0;
	for (size_t m = 0; m < sweep->n; m++) {
		const struct made *made = &sweep->items[m];
		if (made->item.action == LS_ACTION_IDLE)
			continue;
		if (made->ended)
			return;
		n[made->item.rung]++;
		top = made->item.until == sweep->options.max ? made->item.rung : top;
	}
	for (uint32_t rung = 0; rung < top; rung++)
		cr_assert_geq(n[rung + 1], n[rung] / sweep->options.eta);
}

Test(halving, items_are_those_of_the_definition)
{
	for (uint64_t seed = 0; seed < 600; seed++) {
		struct sweep sweep = {.options = sweep_random_rungs(LS_SCHEDULER_HALVING, seed, 80), .seed = seed};
		sweep_run_all_ways(&sweep, 1);
		cr_assert(sweep.has_ended);
		expect_defined(&sweep);
		expect_paths(&sweep);
		expect_counts(&sweep);
		sweep_fini(&sweep);
	}
}

Test(halving, timings_and_workers_do_not_show)
{
	static const uint32_t windows[] = {1, 2, 8};
	for (size_t i = 0; i < 3; i++) {
		struct sweep sweep = {.options = halving(windows[i], 100, 1, 20, 2), .seed = i + 1};
		sweep_run_all_ways(&sweep, 400);
		expect_defined(&sweep);
		sweep_fini(&sweep);
	}
}

Test(halving, without_a_limit_trials_start_for_ever)
{
	struct sweep sweep = {.options = halving(4, UINT64_MAX, 1, 9, 3), .seed = 4, .max_items = 400};
	sweep_run_all_ways(&sweep, 5);
	cr_assert_not(sweep.has_ended);
	expect_defined(&sweep);
	sweep_fini(&sweep);
}
