/* SPDX-License-Identifier: MIT
 *
 * What keeps a series from being faster, as a sentence drawn from its figures.
 *
 * Workers times seconds is what a step costs. The level with most workers costs more than the baseline did for the same
 * rows, and the phases say where: each one's cost less the baseline's is its growth. Waiting
 * grows by what the busiest worker has more than the mean (imbalance), and by the rest. A part of the computing's growth
 * is the clock's: what the probed peak of a core has lost while all compute.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "scale.h"

#define PERFECT 0.95       /* efficiency from which there is nothing to say */
#define NEAR_BANDWIDTH 0.7 /* of the roof: more is seldom reached beside computing */
#define CLOCK_LOSS 0.05    /* of a core's peak, below which it is noise */

/* ---- Growth ---------------------------------------------------------------- */

struct growth {
	double cost[LOCKSTEP_N_SCALING_OBSTACLES]; /* worker-seconds of a step */
	double sum;
};

static double reduction_of(const struct lockstep_scaling_phases *phases)
{
	return phases->mean[LOCKSTEP_PHASE_GRADIENT] + phases->mean[LOCKSTEP_PHASE_UPDATE];
}

static double compute_of(const struct lockstep_scaling_phases *phases)
{
	return phases->mean[LOCKSTEP_PHASE_GATHER] + phases->mean[LOCKSTEP_PHASE_FORWARD] +
	       phases->mean[LOCKSTEP_PHASE_BACKWARD];
}

static double not_negative(double x)
{
	return x > 0 ? x : 0;
}

/* The part of a core's peak that is gone while all compute. */
static double clock_loss(const struct lockstep_scaling_level *base, const struct lockstep_scaling_level *top)
{
	if (!base->has_roofline || !top->has_roofline)
		return 0;
	double loss = 1 - (top->roofline.peak_gflops / top->workers) / (base->roofline.peak_gflops / base->workers);
	return loss > CLOCK_LOSS ? loss : 0;
}

/* Where the caches are not known, as of workers that are not bound, all bytes count as the memory's, which is no proof. */
static int is_near_bandwidth(const struct lockstep_scaling_level *level)
{
	const struct lockstep_scaling_roofline *roofline = &level->roofline;
	return level->has_roofline && roofline->cache_bytes > 0 &&
	       roofline->gigabytes > NEAR_BANDWIDTH * roofline->peak_gigabytes;
}

/* What computing and reducing grew by is the memory's where that is nearly all used; of the rest the clock has its
 * part first. */
static void share_out(struct growth *growth, const struct lockstep_scaling_level *base,
                      const struct lockstep_scaling_level *top)
{
	double *compute = &growth->cost[LOCKSTEP_SCALING_COMPUTE],
	       *reduction = &growth->cost[LOCKSTEP_SCALING_REDUCTION];
	double grown = *compute + *reduction;
	if (grown <= 0)
		return;
	double clock = fmin(grown, clock_loss(base, top) * top->workers * top->phases.compute_mean);
	double left = (grown - clock) / grown;
	growth->cost[LOCKSTEP_SCALING_CLOCK] = clock;
	*compute *= left;
	*reduction *= left;
	if (is_near_bandwidth(top)) {
		growth->cost[LOCKSTEP_SCALING_MEMORY] = *compute + *reduction;
		*compute = *reduction = 0;
	}
}

/* `work` is how many times the baseline's rows the level has. */
static void find_growth(struct growth *growth, const struct lockstep_scaling_level *base,
                        const struct lockstep_scaling_level *top, double work)
{
	const struct lockstep_scaling_phases *a = &base->phases, *b = &top->phases;
	double n = top->workers, n_base = work * base->workers;
	double wait = not_negative(n * b->mean[LOCKSTEP_PHASE_WAIT] - n_base * a->mean[LOCKSTEP_PHASE_WAIT]);
	double uneven =
	    not_negative(n * (b->compute_max - b->compute_mean) - n_base * (a->compute_max - a->compute_mean));
	*growth = (struct growth){.sum = 0};
	growth->cost[LOCKSTEP_SCALING_COMPUTE] = not_negative(n * compute_of(b) - n_base * compute_of(a));
	growth->cost[LOCKSTEP_SCALING_REDUCTION] = not_negative(n * reduction_of(b) - n_base * reduction_of(a));
	growth->cost[LOCKSTEP_SCALING_IMBALANCE] = fmin(uneven, wait);
	growth->cost[LOCKSTEP_SCALING_WAITING] = wait - growth->cost[LOCKSTEP_SCALING_IMBALANCE];
	share_out(growth, base, top);
	for (int i = 0; i < LOCKSTEP_N_SCALING_OBSTACLES; i++)
		growth->sum += growth->cost[i];
}

static enum lockstep_scaling_obstacle largest(const struct growth *growth, enum lockstep_scaling_obstacle but)
{
	int found = LOCKSTEP_SCALING_NOTHING;
	for (int i = 0; i < LOCKSTEP_N_SCALING_OBSTACLES; i++)
		if (i != (int)but && growth->cost[i] > growth->cost[found])
			found = i;
	return (enum lockstep_scaling_obstacle)found;
}

/* ---- The next worker ------------------------------------------------------- */

static enum lockstep_scaling_end find_end(const struct lockstep_scaling_level *top, enum lockstep_scaling_kind kind,
                                          const struct ls_scale_room *room)
{
	if (kind == LOCKSTEP_SCALING_STRONG && top->workers >= top->slices)
		return LOCKSTEP_SCALING_SLICES;
	if (room->quota > 0 && top->workers + 1 > room->quota)
		return LOCKSTEP_SCALING_QUOTA;
	if (top->workers >= room->cores)
		return LOCKSTEP_SCALING_CORES;
	return LOCKSTEP_SCALING_OPEN;
}

/* ---- Words ----------------------------------------------------------------- */

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

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

static void say_cause(struct words *words, enum lockstep_scaling_obstacle obstacle,
                      const struct lockstep_scaling_level *top)
{
	const struct lockstep_scaling_roofline *roofline = &top->roofline;
	switch (obstacle) {
	case LOCKSTEP_SCALING_IMBALANCE:
		say(words,
		    "waiting for the worker with the longest shard (load balance %.2f; %u slices over %u workers)",
		    top->phases.balance, top->slices, top->workers);
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
		say(words, "memory bandwidth: a step moves %.0f GB/s, and the cores stream %.0f", roofline->gigabytes,
		    roofline->peak_gigabytes);
		break;
	case LOCKSTEP_SCALING_CLOCK:
		say(words, "cores that are slower when all compute (%.0f GFLOP/s a core at the peak)",
		    roofline->peak_gflops / top->workers);
		break;
	case LOCKSTEP_SCALING_COMPUTE:
		say(words, "shards of %u rows, on which a core computes more slowly than on the baseline's",
		    (top->batch + top->workers - 1) / top->workers);
		break;
	case LOCKSTEP_SCALING_NOTHING:
	case LOCKSTEP_SCALING_UNKNOWN:
	case LOCKSTEP_N_SCALING_OBSTACLES:
		say(words, "not known");
	}
}

static void say_obstacle(struct words *words, const struct lockstep_scaling_limit *limit, const struct growth *growth,
                         const struct lockstep_scaling_level *top)
{
	enum lockstep_scaling_obstacle second = largest(growth, limit->obstacle);
	say(words, " Of the %.0f %% that are lost, %.0f %% is ", 100 * limit->lost, 100 * limit->share);
	say_cause(words, limit->obstacle, top);
	if (growth->cost[second] > 0.2 * growth->sum) {
		say(words, ", and %.0f %% ", 100 * growth->cost[second] / growth->sum);
		say_cause(words, second, top);
	}
	say(words, ".");
}

static void say_end(struct words *words, enum lockstep_scaling_end end, const struct lockstep_scaling_level *top,
                    const struct ls_scale_room *room)
{
	switch (end) {
	case LOCKSTEP_SCALING_SLICES:
		say(words, " One worker more would have no rows: the job has %u slice%s.", top->slices,
		    plural(top->slices));
		break;
	case LOCKSTEP_SCALING_CORES:
		say(words, " One worker more would have no core of its own: there %s %u.",
		    room->cores == 1 ? "is" : "are", room->cores);
		break;
	case LOCKSTEP_SCALING_QUOTA:
		say(words, " One worker more would be held up by the control group, which grants %g CPUs.",
		    room->quota);
		break;
	case LOCKSTEP_SCALING_OPEN:
	case LOCKSTEP_N_SCALING_ENDS:
		break;
	}
}

static void say_speed(struct words *words, const struct lockstep_scaling_series *series,
                      const struct lockstep_scaling_level *top)
{
	const struct lockstep_scaling_level *base = &series->levels[0], *enough = &series->levels[series->enough],
					    *fastest = &series->levels[series->fastest];
	if (top != base)
		say(words, "%u workers are %.2f times as fast as %u, %.0f %% of what they could be.", top->workers,
		    top->figures.speedup.value, base->workers, 100 * top->figures.efficiency.value);
	else
		say(words, "%u worker%s alone: nothing to compare with.", top->workers, plural(top->workers));
	if (fastest != top)
		say(words, " The fastest level is %u worker%s.", fastest->workers, plural(fastest->workers));
	if (enough != fastest)
		say(words, " %u worker%s within 5 %% of the fastest.", enough->workers,
		    enough->workers == 1 ? " is" : "s are");
}

/* ---- All of it ------------------------------------------------------------- */

/* The level with most workers that had a core each; more of them wait for cores, which says nothing of the job. */
static const struct lockstep_scaling_level *find_top(const struct lockstep_scaling_series *series,
                                                     const struct ls_scale_room *room)
{
	size_t top = 0;
	for (size_t k = 0; k < series->n; k = ls_scale_next(series, k + 1))
		if (series->levels[k].workers <= room->cores)
			top = k;
	return &series->levels[top];
}

void ls_scale_limit(struct lockstep_scaling_series *series, enum lockstep_scaling_kind kind,
                    const struct ls_scale_room *room)
{
	const struct lockstep_scaling_level *base = &series->levels[0], *top = find_top(series, room);
	struct lockstep_scaling_limit *limit = &series->limit;
	struct words words = {limit->text, 0};
	struct growth growth = {.sum = 0};
	*limit = (struct lockstep_scaling_limit){.end = find_end(top, kind, room)};
	limit->lost = not_negative(1 - top->figures.efficiency.value);
	say_speed(&words, series, top);
	if (1 - limit->lost < PERFECT) {
		limit->obstacle = LOCKSTEP_SCALING_UNKNOWN;
		if (base->has_phases && top->has_phases)
			find_growth(&growth, base, top,
			            kind == LOCKSTEP_SCALING_WEAK ? (double)top->batch / base->batch : 1);
	}
	if (growth.sum > 0) {
		limit->obstacle = largest(&growth, LOCKSTEP_SCALING_NOTHING);
		limit->share = growth.cost[limit->obstacle] / growth.sum;
		say_obstacle(&words, limit, &growth, top);
	}
	say_end(&words, limit->end, top, room);
}
