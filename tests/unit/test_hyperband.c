/* SPDX-License-Identifier: MIT
 *
 * Hyperband: the table of its paper, a sequence by hand, and every item of random
 * sweeps as the definition has it.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith_tables.h"
#include "simulated_sweep.h"

static struct ls_scheduler_options hyperband(uint32_t window, uint64_t trials, uint32_t min, uint32_t max, uint32_t eta)
{
	return (struct ls_scheduler_options){
	    .kind = LS_SCHEDULER_HYPERBAND, .window = window, .trials = trials, .min = min, .max = max, .eta = eta};
}

/* ---- The table --------------------------------------------------------- */

/* "81:1 27:3" of bracket `bracket`; "" when there is none. */
static void expect_bracket(const struct ls_scheduler_options *options, uint64_t bracket, const char *expected)
{
	struct ls_plan plan;
	char text[1024] = "";
	size_t length = 0;
	cr_assert_eq(ls_scheduler_plan(&plan, options, bracket, NULL), LOCKSTEP_OK);
	for (uint32_t i = 0; i < plan.n_rungs; i++)
		length += (size_t)sprintf(text + length, "%s%" PRIu64 ":%u", i ? " " : "", plan.rungs[i].trials,
		                          plan.rungs[i].until);
	cr_assert_str_eq(text, expected, "bracket %" PRIu64 ": %s", bracket, text);
	cr_assert_eq(plan.trials, plan.n_rungs ? plan.rungs[0].trials : 0);
}

/* Table 1 of the paper, where s = 4 .. 0. */
static const char *const table[] = {"81:1 27:3 9:9 3:27 1:81", "34:3 11:9 3:27 1:81", "15:9 5:27 1:81", "8:27 2:81",
                                    "5:81"};

Test(hyperband, a_round_is_the_papers_table)
{
	struct ls_scheduler_options options = hyperband(8, 143, 1, 81, 3);
	struct ls_plan plan;
	for (uint64_t i = 0; i < 5; i++)
		expect_bracket(&options, i, table[i]);
	expect_bracket(&options, 5, "");
	cr_assert_eq(ls_scheduler_plan(&plan, &options, 0, NULL), LOCKSTEP_OK);
	cr_assert_eq(plan.per_round, 5);
}

Test(hyperband, rounds_repeat)
{
	struct ls_scheduler_options options = hyperband(8, UINT64_MAX, 1, 81, 3);
	for (uint64_t i = 0; i < 50; i++)
		expect_bracket(&options, i, table[i % 5]);
	expect_bracket(&options, UINT64_MAX, "");
	options.trials = 3 * 143 + 81;
	for (uint64_t i = 0; i < 16; i++)
		expect_bracket(&options, i, table[i % 5]);
	expect_bracket(&options, 16, "");
	expect_bracket(&options, 17, "");
}

Test(hyperband, the_last_bracket_is_cut_from_below)
{
	static const struct {
		uint64_t trials, bracket;
		const char *rungs;
	} cuts[] = {{1, 0, "1:81"},
	            {2, 0, "2:81"},
	            {3, 0, "3:27 1:81"},
	            {8, 0, "8:27 2:81"},
	            {10, 0, "10:9 3:27 1:81"},
	            {26, 0, "26:9 8:27 2:81"},
	            {80, 0, "80:3 26:9 8:27 2:81"},
	            {81, 0, "81:1 27:3 9:9 3:27 1:81"},
	            {82, 1, "1:81"},
	            {114, 1, "33:3 11:9 3:27 1:81"},
	            {115, 2, ""},
	            {116, 2, "1:81"},
	            {138, 4, ""},
	            {140, 4, "2:81"},
	            {144, 5, "1:81"}};
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		struct ls_scheduler_options options = hyperband(8, cuts[i].trials, 1, 81, 3);
		expect_bracket(&options, cuts[i].bracket, cuts[i].rungs);
		expect_bracket(&options, cuts[i].bracket + 1, "");
	}
}

Test(hyperband, max_need_not_be_a_power)
{
	struct ls_scheduler_options options = hyperband(8, UINT64_MAX, 2, 100, 3);
	/* R = 50: s_max = 3, since 27 <= 50 < 81; ceil(4 / 4 27), ceil(4 / 3 9), ceil(4 / 2 3), ceil(4 / 1). */
	expect_bracket(&options, 0, "27:3 9:11 3:33 1:100");
	expect_bracket(&options, 1, "12:11 4:33 1:100");
	expect_bracket(&options, 2, "6:33 2:100");
	expect_bracket(&options, 3, "4:100");
	options = hyperband(8, UINT64_MAX, 5, 9, 2);
	expect_bracket(&options, 0, "1:9");
	expect_bracket(&options, 1, "1:9");
	options = hyperband(8, UINT64_MAX, 1, UINT32_MAX, UINT32_MAX);
	expect_bracket(&options, 0, "4294967295:1 1:4294967295");
	expect_bracket(&options, 1, "2:4294967295");
	options = hyperband(8, UINT64_MAX, 2, UINT32_MAX, UINT32_MAX);
	expect_bracket(&options, 1, "1:4294967295");
}

/* ---- By hand ----------------------------------------------------------- */

Test(hyperband, ten_trials_two_at_a_time)
{
	static const double objectives[] = {4, 1, 3, 2, 5, 6, 7, 8, 9, 10};
	struct sweep sweep = {.options = hyperband(2, 10, 1, 4, 2), .objectives = objectives};
	sweep_run_all_ways(&sweep, 20);
	expect_items(&sweep, "S0 S1 S2 S3 S4 P1:2 P3:2 S5 P1:4 S6 S7 P4:4 S8 S9 .");
	static const uint32_t brackets[] = {0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 2, 1, 2, 2};
	for (size_t m = 0; m < 14; m++)
		cr_assert_eq(sweep.items[m].item.bracket, brackets[m], "item %zu", m);
	sweep_fini(&sweep);
}

/* ---- The definition ---------------------------------------------------- */

#define SET_MAX 2048

/* A rung of a bracket as far as it is known at an item. */
struct rung {
	const struct made *results[SET_MAX]; /* of all its trials; NULL: not seen */
	uint64_t trials[SET_MAX];            /* that get there */
	size_t n;
};

struct decision {
	struct ls_item item;
	size_t completed; /* the item that completed the rung which it promotes from */
};

static const struct made *find(const struct sweep *sweep, size_t n, uint64_t trial, uint32_t rung)
{
	for (size_t i = 0; i < n; i++)
		if (sweep->items[i].item.action != LS_ACTION_IDLE && sweep->items[i].item.trial == trial &&
		    sweep->items[i].item.rung == rung)
			return &sweep->items[i];
	return NULL;
}

/* Collects the results that item m sees; returns the number of the last one; SIZE_MAX: some are missing. */
static size_t collect(const struct sweep *sweep, size_t m, struct rung *rung, uint32_t i_rung)
{
	size_t last = 0;
	for (size_t i = 0; i < rung->n; i++) {
		rung->results[i] = find(sweep, sweep_seen(sweep, m), rung->trials[i], i_rung);
		if (!rung->results[i])
			return SIZE_MAX;
		last = rung->results[i]->item.number > last ? rung->results[i]->item.number : last;
	}
	return last;
}

static int compare(const void *a, const void *b)
{
	const struct made *const *x = a, *const *y = b;
	return made_before(*x, *y) ? -1 : made_before(*y, *x);
}

/* The trials of the next rung, of a complete one. */
static void go_on(struct rung *rung, uint64_t places)
{
	size_t n = 0;
	qsort(rung->results, rung->n, sizeof *rung->results, compare);
	for (size_t i = 0; i < rung->n && i < places; i++)
		if (!rung->results[i]->ended)
			rung->trials[n++] = rung->results[i]->item.trial;
	rung->n = n;
}

/* Looks for a promotion in the bracket, from a rung that was complete before `decision`'s. */
static void look(const struct sweep *sweep, size_t m, uint64_t first, uint32_t bracket, struct decision *decision)
{
	static struct rung rung;
	struct ls_plan plan;
	cr_assert_eq(ls_scheduler_plan(&plan, &sweep->options, bracket, NULL), LOCKSTEP_OK);
	rung.n = plan.trials;
	cr_assert_leq(rung.n, SET_MAX);
	for (size_t i = 0; i < rung.n; i++)
		rung.trials[i] = first + i;
	for (uint32_t k = 1; k < plan.n_rungs; k++) {
		size_t completed = collect(sweep, m, &rung, k - 1);
		if (completed >= decision->completed)
			return;
		go_on(&rung, plan.rungs[k].trials);
		for (size_t i = 0; i < rung.n; i++)
			if (!find(sweep, m, rung.trials[i], k)) {
				*decision = (struct decision){
				    {m, LS_ACTION_PROMOTE, rung.trials[i], bracket, k, plan.rungs[k].until}, completed};
				return;
			}
	}
}

static struct ls_item defined_item(const struct sweep *sweep, size_t m, uint64_t n_started)
{
	struct decision decision = {{.number = m}, SIZE_MAX};
	struct ls_plan plan;
	uint32_t bracket = 0;
	for (uint64_t first = 0;; first += plan.trials, bracket++) {
		cr_assert_eq(ls_scheduler_plan(&plan, &sweep->options, bracket, NULL), LOCKSTEP_OK);
		if (first + plan.trials > n_started || !plan.trials)
			break;
		look(sweep, m, first, bracket, &decision);
	}
	if (decision.completed != SIZE_MAX)
		return decision.item;
	if (!plan.trials)
		return (struct ls_item){.number = m, .action = sweep_idle(sweep, m)};
	return (struct ls_item){m, LS_ACTION_START, n_started, bracket, 0, plan.rungs[0].until};
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
		cr_assert_eq(item->bracket, defined.bracket, "item %zu", m);
		cr_assert_eq(item->rung, defined.rung, "item %zu", m);
		cr_assert_eq(item->until, defined.until, "item %zu", m);
		n_started += item->action == LS_ACTION_START;
	}
	cr_assert_leq(n_started, sweep->options.trials);
	if (sweep->has_ended) {
		cr_assert_eq(n_started, sweep->options.trials);
		cr_assert_eq(defined_item(sweep, sweep->n, n_started).action, LS_ACTION_END);
	}
}

/* Where no trial ended, exactly the planned ones got to every rung. */
static void expect_planned_counts(const struct sweep *sweep)
{
	struct ls_plan plan;
	for (size_t m = 0; m < sweep->n; m++)
		if (sweep->items[m].ended)
			return;
	for (uint32_t bracket = 0;; bracket++) {
		uint64_t n[LS_RUNGS_MAX] = {0};
		cr_assert_eq(ls_scheduler_plan(&plan, &sweep->options, bracket, NULL), LOCKSTEP_OK);
		if (!plan.trials)
			return;
		for (size_t m = 0; m < sweep->n; m++)
			if (sweep->items[m].item.action != LS_ACTION_IDLE && sweep->items[m].item.bracket == bracket)
				n[sweep->items[m].item.rung]++;
		for (uint32_t rung = 0; rung < plan.n_rungs; rung++)
			cr_assert_eq(n[rung], plan.rungs[rung].trials);
		cr_assert_geq(n[plan.n_rungs - 1], 1);
		cr_assert_eq(plan.rungs[plan.n_rungs - 1].until, sweep->options.max);
	}
}

Test(hyperband, items_are_those_of_the_definition)
{
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct sweep sweep = {.options = sweep_random_rungs(LS_SCHEDULER_HYPERBAND, seed, 90), .seed = seed};
		sweep_run_all_ways(&sweep, 1);
		cr_assert(sweep.has_ended);
		expect_defined(&sweep);
		expect_planned_counts(&sweep);
		sweep_fini(&sweep);
	}
}

Test(hyperband, timings_and_workers_do_not_show)
{
	static const uint32_t windows[] = {1, 2, 8};
	for (size_t i = 0; i < 3; i++) {
		struct sweep sweep = {.options = hyperband(windows[i], 70, 1, 9, 3), .seed = i + 1};
		sweep_run_all_ways(&sweep, 400);
		expect_defined(&sweep);
		sweep_fini(&sweep);
	}
}

Test(hyperband, without_a_limit_rounds_go_on)
{
	struct sweep sweep = {.options = hyperband(5, UINT64_MAX, 1, 4, 2), .seed = 4, .max_items = 300};
	sweep_run_all_ways(&sweep, 5);
	cr_assert_not(sweep.has_ended);
	expect_defined(&sweep);
	cr_assert_gt(sweep.items[sweep.n - 1].item.bracket, 30);
	sweep_fini(&sweep);
}

/* Nobody waits for a slow bracket as long as there are trials to start. */
Test(hyperband, no_item_is_idle_before_the_trials_are_used_up)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct sweep sweep = {.options = hyperband(8, 100, 1, 27, 3), .seed = seed};
		uint64_t n_started = 0;
		sweep_run(&sweep, (struct timing){.workers = 4});
		for (size_t m = 0; m < sweep.n; m++) {
			n_started += sweep.items[m].item.action == LS_ACTION_START;
			cr_assert(n_started == 100 || sweep.items[m].item.action != LS_ACTION_IDLE);
		}
		sweep_fini(&sweep);
	}
}
