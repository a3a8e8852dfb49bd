/* SPDX-License-Identifier: MIT
 *
 * The median rule (Golovin et al., Google Vizier, KDD 2017, section 3.2): a trial
 * ends after epoch e when its best objective up to e is worse than the median, over
 * the trials that reached e, of the mean of each one's objectives of epochs 1 .. e.
 *
 * Those trials are the ones seen when the trial's item was made, whole, pruned or
 * stopped early, but not failed; there must be `startup` of them. Of an even number
 * the median is the mean of the middle two. Sums are taken in the order of epochs. A
 * NaN is no best objective, and makes the means from there on the worst of all;
 * a NaN median ends nothing. Nothing ends after its last epoch: it is whole then.
 *
 * An epoch keeps its means in two heaps with the median between them, so that a
 * trial of n epochs costs n log(trials), not a sort an epoch.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "kind.h"
#include "rank.h"

struct epoch {
	struct ls_ranks better; /* the worst first; as many as `worse`, or one more */
	struct ls_ranks worse;  /* the best first */
};

struct median {
	struct ls_starts starts;
	uint32_t max, startup, warmup;
	struct epoch *epochs; /* [capacity], owned; [e - 1]: what reached epoch e, never fewer than epoch e + 1 */
	uint32_t capacity;
};

static lockstep_status create(void **out, const struct ls_scheduler_options *options, lockstep_error *error)
{
	struct median *median = ls_memory_allocate(1, sizeof *median);
	if (!median)
		return ls_error_memory(error, "a schedule");
	median->starts.most = options->trials;
	median->max = options->max;
	median->startup = options->startup ? options->startup : 1;
	median->warmup = options->warmup;
	*out = median;
	return LOCKSTEP_OK;
}

static void destroy(void *state)
{
	struct median *median = state;
	for (uint32_t i = 0; i < median->capacity; i++) {
		ls_ranks_fini(&median->epochs[i].better);
		ls_ranks_fini(&median->epochs[i].worse);
	}
	ls_memory_free(median->epochs);
	ls_memory_free(median);
}

/* ---- Results ----------------------------------------------------------- */

static lockstep_status reserve_epochs(struct median *median, uint32_t n, lockstep_error *error)
{
	size_t size = sizeof *median->epochs;
	if (n <= median->capacity)
		return LOCKSTEP_OK;
	uint32_t capacity = n < UINT32_MAX / 2 ? 2 * n : n;
	struct epoch *epochs = ls_memory_grow(median->epochs, median->capacity * size, capacity, size);
	if (!epochs)
		return ls_error_memory(error, "the medians of a schedule");
	for (uint32_t i = median->capacity; i < capacity; i++)
		epochs[i].better.worst_first = 1;
	median->epochs = epochs;
	median->capacity = capacity;
	return LOCKSTEP_OK;
}

static lockstep_status reserve(struct median *median, uint32_t n, lockstep_error *error)
{
	lockstep_status status = reserve_epochs(median, n, error);
	for (uint32_t i = 0; i < n && !status; i++) {
		status = ls_ranks_reserve(&median->epochs[i].better, error);
		if (!status)
			status = ls_ranks_reserve(&median->epochs[i].worse, error);
	}
	return status;
}

static void add(struct epoch *epoch, struct ls_rank rank)
{
	ls_ranks_push(&epoch->better, rank);
	ls_ranks_push(&epoch->worse, ls_ranks_pop(&epoch->better));
	if (epoch->worse.n > epoch->better.n)
		ls_ranks_push(&epoch->better, ls_ranks_pop(&epoch->worse));
}

static lockstep_status see(void *state, const struct ls_result *result, lockstep_error *error)
{
	struct median *median = state;
	const struct ls_course *course = result->course;
	if (isnan(result->objective))
		return LOCKSTEP_OK;
	lockstep_status status = reserve(median, course->n, error);
	for (uint32_t i = 0; i < course->n && !status; i++)
		add(&median->epochs[i], (struct ls_rank){course->averages[i], result->item.trial, 0});
	return status;
}

/* ---- Items ------------------------------------------------------------- */

static size_t count(const struct epoch *epoch)
{
	return epoch->better.n + epoch->worse.n;
}

static double middle(const struct epoch *epoch)
{
	double lower = epoch->better.entries[0].objective;
	return epoch->better.n > epoch->worse.n ? lower : (lower + epoch->worse.entries[0].objective) / 2;
}

static lockstep_status limits(const void *state, struct ls_limits *out, lockstep_error *error)
{
	const struct median *median = state;
	uint32_t n = 0;
	while (n < median->capacity && count(&median->epochs[n]) >= median->startup)
		n++;
	double *medians = ls_memory_allocate(n, sizeof *medians);
	if (!medians)
		return ls_error_memory(error, "the medians of a trial");
	for (uint32_t i = 0; i < n; i++)
		medians[i] = i < median->warmup ? (double)NAN : middle(&median->epochs[i]);
	*out = (struct ls_limits){medians, n};
	return LOCKSTEP_OK;
}

static lockstep_status next(void *state, struct ls_item *item, lockstep_error *error)
{
	struct median *median = state;
	(void)error;
	ls_starts_next(&median->starts, item, median->max);
	return LOCKSTEP_OK;
}

const struct ls_kind ls_kind_median = {create, destroy, see, next, limits};
