/* SPDX-License-Identifier: MIT
 *
 * The median rule: cases by hand, and every verdict of random sweeps as the
 * definition has it.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "arith_tables.h"
#include "simulated_sweep.h"

static struct ls_scheduler_options median(uint32_t window, uint64_t trials, uint32_t max, uint32_t startup)
{
	return (struct ls_scheduler_options){
	    .kind = LS_SCHEDULER_MEDIAN, .window = window, .trials = trials, .max = max, .startup = startup};
}

/* ---- By hand ----------------------------------------------------------- */

static struct ls_scheduler *create(const struct ls_scheduler_options *options)
{
	struct ls_scheduler *scheduler = NULL;
	cr_assert_eq(ls_scheduler_create(&scheduler, options, NULL), LOCKSTEP_OK);
	return scheduler;
}

static uint64_t start(struct ls_scheduler *scheduler)
{
	struct ls_item item;
	cr_assert_eq(ls_scheduler_next(scheduler, &item, NULL), LOCKSTEP_OK);
	cr_assert_eq(item.action, LS_ACTION_START);
	return item.number;
}

static int prunes_after(struct ls_scheduler *scheduler, uint64_t item, uint32_t epoch, double objective)
{
	cr_assert_eq(ls_scheduler_epoch(scheduler, item, epoch, objective, NULL), LOCKSTEP_OK);
	return ls_scheduler_prunes(scheduler, item);
}

/* A whole trial of three epochs. */
static void train(struct ls_scheduler *scheduler, double first, double second, double third)
{
	uint64_t item = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, first));
	cr_assert_not(prunes_after(scheduler, item, 2, second));
	cr_assert_not(prunes_after(scheduler, item, 3, third));
	cr_assert_eq(ls_scheduler_report(scheduler, item, third, 0, NULL), LOCKSTEP_OK);
}

/* Means up to epoch 1: 8 6 4; up to epoch 2: 7 4 3. Medians 6 and 4. */
static struct ls_scheduler *three_trials(uint32_t window, uint32_t startup, uint32_t warmup)
{
	struct ls_scheduler_options options = median(window, 100, 3, startup);
	options.warmup = warmup;
	struct ls_scheduler *scheduler = create(&options);
	train(scheduler, 8, 6, 9);
	train(scheduler, 6, 2, 9);
	train(scheduler, 4, 2, 9);
	return scheduler;
}

Test(median, a_trial_ends_whose_best_is_worse_than_the_median_of_means)
{
	struct ls_scheduler *scheduler = three_trials(1, 3, 0);
	uint64_t item = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, 6)); /* no worse than 6 */
	cr_assert(prunes_after(scheduler, item, 2, 5));     /* worse than 4 */
	ls_scheduler_report(scheduler, item, 5, 1, NULL);
	item = start(scheduler); /* medians are now 6 and (4 + 5.5) / 2 */
	cr_assert_not(prunes_after(scheduler, item, 1, 4.75));
	cr_assert_not(prunes_after(scheduler, item, 2, 100)); /* the best so far counts */
	cr_assert_not(prunes_after(scheduler, item, 3, 100)); /* whole */
	ls_scheduler_report(scheduler, item, 100, 0, NULL);
	ls_scheduler_destroy(scheduler);
}

Test(median, of_an_even_number_it_is_the_mean_of_the_middle_two)
{
	struct ls_scheduler *scheduler = three_trials(1, 3, 0);
	train(scheduler, 5, 1, 1); /* 4 5 6 8 */
	uint64_t item = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, 5.5));
	ls_scheduler_report(scheduler, item, NAN, 1, NULL);
	item = start(scheduler);
	cr_assert(prunes_after(scheduler, item, 1, nextafter(5.5, 6)));
	ls_scheduler_destroy(scheduler);
}

Test(median, needs_its_startup_trials)
{
	struct ls_scheduler *scheduler = three_trials(1, 4, 0);
	uint64_t item = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, 1000));
	ls_scheduler_destroy(scheduler);
	scheduler = three_trials(1, 3, 0);
	item = start(scheduler);
	cr_assert(prunes_after(scheduler, item, 1, 1000));
	ls_scheduler_destroy(scheduler);
}

Test(median, failed_trials_are_not_compared_with)
{
	struct ls_scheduler *scheduler = three_trials(1, 4, 0);
	uint64_t item = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, 0));
	ls_scheduler_report(scheduler, item, NAN, 0, NULL);
	item = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, 1000));
	ls_scheduler_destroy(scheduler);
}

Test(median, does_nothing_in_the_epochs_of_the_warmup)
{
	struct ls_scheduler *scheduler = three_trials(1, 3, 1);
	uint64_t item = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, 1000));
	cr_assert(prunes_after(scheduler, item, 2, 1000));
	ls_scheduler_destroy(scheduler);
}

Test(median, a_nan_is_no_best_objective)
{
	struct ls_scheduler *scheduler = three_trials(1, 3, 0);
	uint64_t item = start(scheduler);
	cr_assert(prunes_after(scheduler, item, 1, NAN));
	ls_scheduler_destroy(scheduler);
}

/* With a window of 2 the third trial is not seen, and so of two means 8 and 6 the median is 7; what is
 * reported while an item runs does not change its limits. */
Test(median, a_trial_sees_what_its_item_saw)
{
	struct ls_scheduler *scheduler = three_trials(2, 2, 0);
	uint64_t item = start(scheduler), other = start(scheduler);
	cr_assert_not(prunes_after(scheduler, item, 1, 7));
	cr_assert(prunes_after(scheduler, other, 1, 7)); /* sees all three */
	ls_scheduler_report(scheduler, other, 7, 1, NULL);
	cr_assert_not(ls_scheduler_prunes(scheduler, item));
	cr_assert(prunes_after(scheduler, item, 2, 7)); /* median (7 + 4) / 2 */
	ls_scheduler_destroy(scheduler);
}

/* ---- The definition ---------------------------------------------------- */

static double mean_up_to(const struct sweep *sweep, uint64_t trial, uint32_t epoch)
{
	double sum = 0;
	for (uint32_t e = 1; e <= epoch; e++)
		sum += sweep_epoch(sweep, trial, e);
	return sum / epoch;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	x = isnan(x) ? INFINITY : x;
	y = isnan(y) ? INFINITY : y;
	return x < y ? -1 : x > y;
}

static int is_pruned(const struct sweep *sweep, size_t m, uint32_t epoch)
{
	double means[512], best = INFINITY;
	size_t n = 0, least = sweep->options.startup > 1 ? sweep->options.startup : 1;
	for (size_t i = 0; i < sweep_seen(sweep, m); i++)
		if (sweep->items[i].item.action == LS_ACTION_START && !isnan(sweep->items[i].objective) &&
		    sweep->items[i].epochs >= epoch)
			means[n++] = mean_up_to(sweep, sweep->items[i].item.trial, epoch);
	if (n < least || epoch <= sweep->options.warmup || epoch == sweep->options.max)
		return 0;
	for (uint32_t e = 1; e <= epoch; e++)
		best = fmin(best, sweep_epoch(sweep, sweep->items[m].item.trial, e));
	qsort(means, n, sizeof *means, compare);
	return best > (n % 2 ? means[n / 2] : (means[n / 2 - 1] + means[n / 2]) / 2);
}

/* Returns how many were pruned. */
static size_t expect_defined(const struct sweep *sweep)
{
	size_t n_pruned = 0;
	for (size_t m = 0; m < sweep->n; m++) {
		const struct made *made = &sweep->items[m];
		enum ls_action action = m < sweep->options.trials ? LS_ACTION_START : LS_ACTION_IDLE;
		cr_assert_eq(made->item.number, m);
		cr_assert_eq(made->item.action, action);
		if (action == LS_ACTION_IDLE)
			continue;
		cr_assert_eq(made->item.trial, m);
		cr_assert_eq(made->item.until, sweep->options.max);
		for (uint32_t epoch = 1; epoch <= made->epochs; epoch++)
			cr_assert_eq(is_pruned(sweep, m, epoch), made->pruned && epoch == made->epochs,
			             "item %zu, epoch %u", m, epoch);
		n_pruned += (size_t)made->pruned;
	}
	cr_assert_eq(sweep->n, sweep->options.trials ? sweep->options.trials + sweep->options.window - 1 : 0);
	return n_pruned;
}

static struct ls_scheduler_options random_options(uint64_t seed)
{
	uint64_t state = seed;
	uint32_t window = 1 + (uint32_t)(next_number(&state) % 10);
	uint32_t max = seed % 5 ? 1 + (uint32_t)(next_number(&state) % 20) : UINT32_MAX;
	struct ls_scheduler_options options = median(window, next_number(&state) % 80, max, (uint32_t)(seed % 8));
	options.warmup = seed % 3 ? 0 : (uint32_t)(seed % 6);
	if (seed == 11)
		options.startup = options.warmup = UINT32_MAX;
	return options;
}

Test(median, verdicts_are_those_of_the_definition)
{
	size_t n_pruned = 0;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct sweep sweep = {.options = random_options(seed), .seed = seed};
		sweep_run_all_ways(&sweep, 1);
		cr_assert(sweep.has_ended);
		n_pruned += expect_defined(&sweep);
		sweep_fini(&sweep);
	}
	cr_assert_gt(n_pruned, 1000, "only %zu were pruned", n_pruned);
}

Test(median, timings_and_workers_do_not_show)
{
	static const uint32_t windows[] = {1, 2, 8};
	for (size_t i = 0; i < 3; i++) {
		struct sweep sweep = {.options = median(windows[i], 60, 12, 5), .seed = i + 1};
		sweep_run_all_ways(&sweep, 200);
		cr_assert_gt(expect_defined(&sweep), 10);
		sweep_fini(&sweep);
	}
}
