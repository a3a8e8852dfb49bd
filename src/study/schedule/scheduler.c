/* SPDX-License-Identifier: MIT
 *
 * The window. Items keep their order: item m can be made once items 0 .. m - W were
 * reported, so that no more than W run at once. Before it is made, its kind is shown
 * the results up to item m - W that it has not seen, which is the one of item m - W;
 * results that came sooner wait in their slot, there or not. So whatever a kind
 * answers is a function of the options and of the results before item m - W + 1,
 * and the order of reports cannot be told from outside.
 *
 * That a sweep ends: trials that start and rungs to go on to are finite in number
 * (if the budget is), so that at some time only idle items are made. Item m sees all
 * but the W - 1 items before it. If those are idle, it has seen everything; a kind
 * that is idle then will be idle for ever, and the answer is LS_ACTION_END. So there
 * are W - 1 idle items in a row at most, and when the end has come, nothing runs.
 *
 * Slots are made once and never move, and ls_scheduler_epoch() and _prunes() use
 * their item's alone: that is what lets other threads call them. The limits that
 * end a trial are copied into its slot when its item is made.
 */
#include "scheduler.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "kind.h"
#include "plan.h"

struct slot {
	struct ls_item item;
	int running; /* made, not idle and not reported */
	double objective;
	int ended;
	struct ls_course course;
	struct ls_limits limits;
};

struct ls_scheduler {
	uint32_t window;
	const struct ls_kind *kind;
	void *state;
	struct slot *slots; /* [window]: item m is in [m % window], from when it is made to when it is seen */
	uint64_t n_made, n_seen;
	uint64_t n_hidden; /* items made, not seen and not idle */
	int has_ended;
};

static const struct ls_kind *const kinds[] = {
    [LS_SCHEDULER_NONE] = &ls_kind_none,
    [LS_SCHEDULER_MEDIAN] = &ls_kind_median,
    [LS_SCHEDULER_HALVING] = &ls_kind_halving,
    [LS_SCHEDULER_HYPERBAND] = &ls_kind_hyperband,
};

/* Also of an item that another thread runs: reads nothing that changes meanwhile. */
static struct slot *slot_of(const struct ls_scheduler *scheduler, uint64_t item)
{
	return scheduler->slots + item % scheduler->window;
}

static void empty(struct slot *slot)
{
	ls_memory_free(slot->course.averages);
	ls_memory_free(slot->limits.medians);
	*slot = (struct slot){0};
}

/* ---- Life -------------------------------------------------------------- */

lockstep_status ls_scheduler_create(struct ls_scheduler **out, const struct ls_scheduler_options *options,
                                    lockstep_error *error)
{
	lockstep_status status = ls_scheduler_check(options, error);
	if (status)
		return status;

	struct ls_scheduler *scheduler = ls_memory_allocate(1, sizeof *scheduler);
	if (!scheduler)
		return ls_error_memory(error, "a schedule");
	scheduler->window = options->window;
	scheduler->kind = kinds[options->kind];
	scheduler->slots = ls_memory_allocate(options->window, sizeof *scheduler->slots);
	status = scheduler->slots ? scheduler->kind->create(&scheduler->state, options, error)
	                          : ls_error_memory(error, "the items of a schedule");
	if (status)
		ls_scheduler_destroy(scheduler);
	else
		*out = scheduler;
	return status;
}

void ls_scheduler_destroy(struct ls_scheduler *scheduler)
{
	if (!scheduler)
		return;
	if (scheduler->state)
		scheduler->kind->destroy(scheduler->state);
	for (uint32_t i = 0; scheduler->slots && i < scheduler->window; i++)
		empty(scheduler->slots + i);
	ls_memory_free(scheduler->slots);
	ls_memory_free(scheduler);
}

/* ---- Items ------------------------------------------------------------- */

uint64_t ls_scheduler_seen(const struct ls_scheduler *scheduler, uint64_t item)
{
	return item < scheduler->window ? 0 : item - scheduler->window + 1;
}

int ls_scheduler_is_ready(const struct ls_scheduler *scheduler)
{
	return scheduler->has_ended || !slot_of(scheduler, scheduler->n_made)->running;
}

/* Shows the kind what the next item sees. */
static lockstep_status reveal(struct ls_scheduler *scheduler, lockstep_error *error)
{
	while (scheduler->n_seen < ls_scheduler_seen(scheduler, scheduler->n_made)) {
		struct slot *slot = slot_of(scheduler, scheduler->n_seen);
		int counts = slot->item.action != LS_ACTION_IDLE;
		struct ls_result result = {slot->item, slot->objective, slot->ended, &slot->course};
		lockstep_status status = counts && scheduler->kind->see
		                             ? scheduler->kind->see(scheduler->state, &result, error)
		                             : LOCKSTEP_OK;
		if (status)
			return status;
		empty(slot);
		scheduler->n_hidden -= (uint64_t)counts;
		scheduler->n_seen++;
	}
	return LOCKSTEP_OK;
}

static lockstep_status make(struct ls_scheduler *scheduler, struct slot *slot, lockstep_error *error)
{
	lockstep_status status = reveal(scheduler, error);
	if (!status && scheduler->kind->limits)
		status = scheduler->kind->limits(scheduler->state, &slot->limits, error);
	return status ? status : scheduler->kind->next(scheduler->state, &slot->item, error);
}

lockstep_status ls_scheduler_next(struct ls_scheduler *scheduler, struct ls_item *item, lockstep_error *error)
{
	uint64_t number = scheduler->n_made;
	struct slot slot = {.item = {.number = number, .action = LS_ACTION_IDLE}, .course.best = INFINITY};
	if (!ls_scheduler_is_ready(scheduler))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "item %" PRIu64 " comes after the report of item %" PRIu64, number,
		                    number - scheduler->window);

	lockstep_status status = scheduler->has_ended ? LOCKSTEP_OK : make(scheduler, &slot, error);
	if (status) {
		empty(&slot);
		return status;
	}
	slot.running = slot.item.action != LS_ACTION_IDLE;
	scheduler->has_ended = !slot.running && !scheduler->n_hidden;
	if (scheduler->has_ended) {
		empty(&slot);
		*item = (struct ls_item){.number = number, .action = LS_ACTION_END};
		return LOCKSTEP_OK;
	}
	*item = slot.item;
	*slot_of(scheduler, number) = slot;
	scheduler->n_hidden += (uint64_t)slot.running;
	scheduler->n_made++;
	return LOCKSTEP_OK;
}

/* ---- What items come to ------------------------------------------------ */

static int runs(const struct ls_scheduler *scheduler, uint64_t item)
{
	const struct slot *slot = slot_of(scheduler, item);
	return slot->running && slot->item.number == item;
}

static lockstep_status refuse(uint64_t item, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "item %" PRIu64 " is not one that runs", item);
}

static lockstep_status reserve_epoch(struct ls_course *course, lockstep_error *error)
{
	size_t size = sizeof *course->averages;
	if (course->n < course->capacity)
		return LOCKSTEP_OK;
	uint32_t capacity = course->capacity < UINT32_MAX / 2 ? 2 * course->capacity + 8 : UINT32_MAX;
	double *averages = ls_memory_grow(course->averages, course->n * size, capacity, size);
	if (!averages)
		return ls_error_memory(error, "the objectives of a trial");
	course->averages = averages;
	course->capacity = capacity;
	return LOCKSTEP_OK;
}

lockstep_status ls_scheduler_epoch(struct ls_scheduler *scheduler, uint64_t item, uint32_t epoch, double objective,
                                   lockstep_error *error)
{
	struct slot *slot = slot_of(scheduler, item);
	struct ls_course *course = &slot->course;
	if (!runs(scheduler, item))
		return refuse(item, error);
	if (!scheduler->kind->limits)
		return LOCKSTEP_OK;
	if (epoch != course->n + 1 || epoch > slot->item.until)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "item %" PRIu64 " of %u epochs is told of epoch %u after epoch %u", item,
		                    slot->item.until, epoch, course->n);
	lockstep_status status = reserve_epoch(course, error);
	if (status)
		return status;
	course->sum += objective;
	course->best = objective < course->best ? objective : course->best;
	course->averages[course->n++] = course->sum / epoch;
	return LOCKSTEP_OK;
}

int ls_scheduler_prunes(const struct ls_scheduler *scheduler, uint64_t item)
{
	const struct slot *slot = slot_of(scheduler, item);
	uint32_t epoch = slot->course.n;
	return runs(scheduler, item) && epoch && epoch < slot->item.until && epoch <= slot->limits.n &&
	       slot->course.best > slot->limits.medians[epoch - 1];
}

lockstep_status ls_scheduler_report(struct ls_scheduler *scheduler, uint64_t item, double objective, int ended,
                                    lockstep_error *error)
{
	struct slot *slot = slot_of(scheduler, item);
	if (!runs(scheduler, item))
		return refuse(item, error);
	slot->running = 0;
	slot->objective = objective;
	slot->ended = ended || isnan(objective);
	return LOCKSTEP_OK;
}
