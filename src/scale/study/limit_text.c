/* SPDX-License-Identifier: MIT
 *
 * The limit of a series as a sentence or two. Nothing is said that the figures do not bear out: a shard is called
 * longest only where shards differ, and what is within the noise is no loss.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ranges.h"
#include "limit.h"

#define WORTH_SAYING 0.2 /* of what is lost, from which a second obstacle is named */

struct words {
	char *text;
	size_t n;
};
#define TEXT_MAX sizeof((struct lockstep_scaling_limit *)0)->text

__attribute__((format(printf, 2, 3))) static void say(struct words *words, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(words->text + words->n, TEXT_MAX - words->n, format, arguments);
	va_end(arguments);
	words->n = n < 0 || words->n + (size_t)n >= TEXT_MAX ? TEXT_MAX - 1 : words->n + (size_t)n;
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- Places ---------------------------------------------------------------- */

static int is_list(const struct ls_scale_case *limited)
{
	const char *bind = limited->series->setting.bind;
	return bind && strncmp(bind, "list:", 5) == 0;
}

static const char *place_of(const struct ls_scale_case *limited)
{
	return is_list(limited) ? "CPU" : limited->room->is_smt ? "hardware thread" : "core";
}

/* ---- What is lost ---------------------------------------------------------- */

static uint32_t longest_shard(const struct lockstep_scaling_level *level)
{
	struct ls_range slices = ls_shard_slices(level->slices, level->workers, 0);
	return ls_slice_rows(level->batch, level->slices, slices.end - 1).end;
}

static void say_imbalance(struct words *words, const struct ls_scale_case *limited)
{
	const struct lockstep_scaling_level *top = limited->top;
	if (limited->series->setting.split != LOCKSTEP_SPLIT_UNITS && top->slices % top->workers)
		say(words,
		    "waiting for the worker with the longest shard (load balance %.2f; %u slices over %u workers)",
		    top->phases.balance, top->slices, top->workers);
	else
		say(words, "waiting for a worker that was slower than the others (load balance %.2f)",
		    top->phases.balance);
}

static void say_compute(struct words *words, const struct ls_scale_case *limited)
{
	uint32_t shard = longest_shard(limited->top);
	if (limited->series->setting.split == LOCKSTEP_SPLIT_UNITS)
		say(words, "what every worker computes for all rows, however many there are");
	else if (shard < longest_shard(limited->base))
		say(words, "shards of %u row%s, on which a core computes more slowly than on the baseline's", shard,
		    plural(shard));
	else
		say(words, "computing that takes longer than the baseline's of as many rows: caches and memory are "
		           "shared");
}

static void say_clock(struct words *words, const struct ls_scale_case *limited)
{
	double peak = limited->top->roofline.peak_gflops / limited->top->workers;
	if (limited->room->is_smt)
		say(words, "hardware threads that share cores, or a lower clock (%.0f GFLOP/s a worker at the peak)",
		    peak);
	else
		say(words, "cores that are slower when all compute (%.0f GFLOP/s a core at the peak)", peak);
}

static void say_cause(struct words *words, enum lockstep_scaling_obstacle obstacle, const struct ls_scale_case *limited)
{
	const struct lockstep_scaling_level *top = limited->top;
	switch (obstacle) {
	case LOCKSTEP_SCALING_IMBALANCE:
		say_imbalance(words, limited);
		break;
	case LOCKSTEP_SCALING_WAITING:
		say(words, "waiting for each other, which takes %.0f %% of a step",
		    100 * top->phases.mean[LOCKSTEP_PHASE_WAIT] /
		        (top->phases.compute_mean + top->phases.mean[LOCKSTEP_PHASE_WAIT]));
		break;
	case LOCKSTEP_SCALING_REDUCTION:
		say(words, "summing gradients and updating parameters");
		break;
	case LOCKSTEP_SCALING_MEMORY:
		say(words, "memory bandwidth: a step moves %.0f GB/s, and the cores stream %.0f",
		    top->roofline.gigabytes, top->roofline.peak_gigabytes);
		break;
	case LOCKSTEP_SCALING_CLOCK:
		say_clock(words, limited);
		break;
	case LOCKSTEP_SCALING_COMPUTE:
		say_compute(words, limited);
		break;
	case LOCKSTEP_SCALING_UNKNOWN:
		say(words, "not in the phases, which were measured in a run of their own");
		break;
	case LOCKSTEP_SCALING_NOTHING:
	case LOCKSTEP_N_SCALING_OBSTACLES:
		break;
	}
}

static void say_obstacle(struct words *words, const struct ls_scale_case *limited,
                         const struct lockstep_scaling_limit *limit)
{
	enum lockstep_scaling_obstacle second = ls_scale_largest(limited, limit->obstacle);
	say(words, " Of the %.0f %% that are lost, %.0f %% is ", 100 * limit->lost, 100 * limit->share);
	say_cause(words, limit->obstacle, limited);
	if (limited->cost[second] > WORTH_SAYING * limited->sum) {
		say(words, ", and %.0f %% ", 100 * limited->cost[second] / limited->sum);
		say_cause(words, second, limited);
	}
	say(words, ".");
}

/* ---- The next worker ------------------------------------------------------- */

static void say_end(struct words *words, enum lockstep_scaling_end end, const struct ls_scale_case *limited)
{
	const struct ls_scale_room *room = limited->room;
	const struct lockstep_scaling_level *top = limited->top;
	switch (end) {
	case LOCKSTEP_SCALING_SLICES:
		say(words, " One worker more would have no rows: the job has %u slice%s.", top->slices,
		    plural(top->slices));
		break;
	case LOCKSTEP_SCALING_ROWS:
		say(words, " One worker more would need %llu rows, and there are %llu.",
		    (unsigned long long)(top->workers + UINT64_C(1)) * limited->series->setting.batch,
		    (unsigned long long)room->n_rows);
		break;
	case LOCKSTEP_SCALING_CORES:
		say(words, " One worker more would have no %s of its own: %s %u.", place_of(limited),
		    is_list(limited)    ? "the list has"
		    : room->places == 1 ? "there is"
		                        : "there are",
		    room->places);
		break;
	case LOCKSTEP_SCALING_QUOTA:
		say(words, " One worker more would be held up by the control group, which grants %g CPU%s.",
		    room->quota, room->quota == 1 ? "" : "s");
		break;
	case LOCKSTEP_SCALING_OPEN:
	case LOCKSTEP_N_SCALING_ENDS:
		break;
	}
}

/* ---- How fast -------------------------------------------------------------- */

static void say_speed(struct words *words, const struct ls_scale_case *limited)
{
	const struct lockstep_scaling_level *base = limited->base, *top = limited->top;
	const struct lockstep_scaling_interval *efficiency = &top->figures.efficiency;
	if (limited->kind == LOCKSTEP_SCALING_WEAK)
		say(words, "%u workers do %.2f times as much in a time as %u", top->workers, top->figures.speedup.value,
		    base->workers);
	else
		say(words, "%u workers are %.2f times as fast as %u", top->workers, top->figures.speedup.value,
		    base->workers);
	say(words, ", an efficiency of %.0f %%", 100 * efficiency->value);
	if (efficiency->value < 1 && efficiency->high >= 1)
		say(words, ", which may be noise: its interval reaches %.0f %%", 100 * efficiency->high);
	say(words, ".");
}

/* There is no level to compare with the baseline. */
static void say_alone(struct words *words, const struct ls_scale_case *limited)
{
	const struct lockstep_scaling_series *series = limited->series;
	const char *of = limited->base ? "No other level" : "No level";
	if (limited->base && ls_scale_next(series, 1) >= series->n)
		say(words, "%u worker%s alone: nothing to compare with.", limited->base->workers,
		    plural(limited->base->workers));
	else if (series->setting.engine == LOCKSTEP_SERIAL)
		say(words, "The serial engine's workers take turns, so more of them are not faster.");
	else if (limited->room->quota > 0)
		say(words, "%s had a %s for each worker within the %g CPU%s that the control group grants.", of,
		    place_of(limited), limited->room->quota, limited->room->quota == 1 ? "" : "s");
	else
		say(words, "%s had a %s for each worker.", of, place_of(limited));
}

static void say_fastest(struct words *words, const struct ls_scale_case *limited)
{
	const struct lockstep_scaling_series *series = limited->series;
	const struct lockstep_scaling_level *enough = &series->levels[series->enough],
					    *fastest = &series->levels[series->fastest];
	if (!limited->top || fastest != limited->top)
		say(words, " The fastest level is %u worker%s.", fastest->workers, plural(fastest->workers));
	if (enough != fastest)
		say(words, " %u worker%s within 5 %% of the fastest.", enough->workers,
		    enough->workers == 1 ? " is" : "s are");
}

void ls_scale_say(const struct ls_scale_case *limited, struct lockstep_scaling_limit *limit)
{
	struct words words = {limit->text, 0};
	if (!limited->top || limited->top == limited->base)
		say_alone(&words, limited);
	else
		say_speed(&words, limited);
	say_fastest(&words, limited);
	if (!limited->top)
		return;
	if (limited->sum > 0)
		say_obstacle(&words, limited, limit);
	say_end(&words, limit->end, limited);
}
