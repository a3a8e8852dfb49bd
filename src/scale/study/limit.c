/* SPDX-License-Identifier: MIT
 *
 * What keeps a series from being faster, drawn from its figures.
 *
 * Workers times seconds is what a step costs. The level with most workers costs more than the baseline did for the same
 * rows, and the phases say where: each one's cost less the baseline's is its growth. Waiting grows by what the busiest
 * worker has more than the mean (imbalance), and by the rest. A part of the computing's growth is the clock's: what a
 * worker's share of the probed peak has lost while all compute. The phases are measured in runs of their own, so they
 * may not show all that was lost; what is missing is unknown, and is said to be.
 */
#include "limit.h"

#include <math.h>
#include <string.h>

#define PERFECT 0.95       /* efficiency from which there is nothing to say */
#define NEAR_BANDWIDTH 0.7 /* of the roof: more is seldom reached beside computing */
#define CLOCK_LOSS 0.05    /* of a worker's peak, below which it is noise */

/* ---- Growth ---------------------------------------------------------------- */

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

/* The part of a worker's peak that is gone while all compute. */
static double clock_loss(const struct lockstep_scaling_level *base, const struct lockstep_scaling_level *top)
{
	if (!base->has_roofline || !top->has_roofline)
		return 0;
	double loss = 1 - (top->roofline.peak_gflops / top->workers) / (base->roofline.peak_gflops / base->workers);
	return loss > CLOCK_LOSS ? loss : 0;
}

/* Where the caches are not known all bytes count as the memory's, which is no proof. */
static int is_near_bandwidth(const struct lockstep_scaling_level *level)
{
	const struct lockstep_scaling_roofline *roofline = &level->roofline;
	return level->has_roofline && roofline->cache_bytes > 0 &&
	       roofline->gigabytes > NEAR_BANDWIDTH * roofline->peak_gigabytes;
}

/* What computing and reducing grew by is the memory's where that is nearly all used; of the rest the clock has its
 * part first. */
static void share_out(struct ls_scale_case *limited)
{
	const struct lockstep_scaling_level *top = limited->top;
	double *compute = &limited->cost[LOCKSTEP_SCALING_COMPUTE],
	       *reduction = &limited->cost[LOCKSTEP_SCALING_REDUCTION];
	double grown = *compute + *reduction;
	if (grown <= 0)
		return;
	double clock = fmin(grown, clock_loss(limited->base, top) * top->workers * top->phases.compute_mean);
	double left = (grown - clock) / grown;
	limited->cost[LOCKSTEP_SCALING_CLOCK] = clock;
	*compute *= left;
	*reduction *= left;
	if (is_near_bandwidth(top)) {
		limited->cost[LOCKSTEP_SCALING_MEMORY] = *compute + *reduction;
		*compute = *reduction = 0;
	}
}

/* How many times the baseline's rows the level has. */
static double work_of(const struct ls_scale_case *limited)
{
	return limited->kind == LOCKSTEP_SCALING_WEAK ? (double)limited->top->batch / limited->base->batch : 1;
}

static double sum_of(const struct ls_scale_case *limited)
{
	double sum = 0;
	for (int i = 0; i < LOCKSTEP_N_SCALING_OBSTACLES; i++)
		sum += limited->cost[i];
	return sum;
}

static void find_growth(struct ls_scale_case *limited)
{
	const struct lockstep_scaling_level *base = limited->base, *top = limited->top;
	const struct lockstep_scaling_phases *a = &base->phases, *b = &top->phases;
	double n = top->workers, n_base = work_of(limited) * base->workers, *cost = limited->cost;
	double wait = not_negative(n * b->mean[LOCKSTEP_PHASE_WAIT] - n_base * a->mean[LOCKSTEP_PHASE_WAIT]);
	double uneven =
	    not_negative(n * (b->compute_max - b->compute_mean) - n_base * (a->compute_max - a->compute_mean));
	cost[LOCKSTEP_SCALING_COMPUTE] = not_negative(n * compute_of(b) - n_base * compute_of(a));
	cost[LOCKSTEP_SCALING_REDUCTION] = not_negative(n * reduction_of(b) - n_base * reduction_of(a));
	cost[LOCKSTEP_SCALING_IMBALANCE] = fmin(uneven, wait);
	cost[LOCKSTEP_SCALING_WAITING] = wait - cost[LOCKSTEP_SCALING_IMBALANCE];
	share_out(limited);
	double lost = n * top->step.median - n_base * base->step.median;
	cost[LOCKSTEP_SCALING_UNKNOWN] = not_negative(lost - sum_of(limited));
	limited->sum = sum_of(limited);
}

enum lockstep_scaling_obstacle ls_scale_largest(const struct ls_scale_case *limited, enum lockstep_scaling_obstacle but)
{
	int found = LOCKSTEP_SCALING_NOTHING;
	for (int i = 0; i < LOCKSTEP_N_SCALING_OBSTACLES; i++)
		if (i != (int)but && limited->cost[i] > limited->cost[found])
			found = i;
	return (enum lockstep_scaling_obstacle)found;
}

/* ---- Levels ---------------------------------------------------------------- */

/* Workers that take turns on a place wait for it, which says nothing of the job. */
static int has_places(const struct ls_scale_case *limited, const struct lockstep_scaling_level *level)
{
	const struct ls_scale_room *room = limited->room;
	if (level->workers == 1)
		return 1;
	if (limited->series->setting.engine == LOCKSTEP_SERIAL || level->workers > room->places ||
	    (room->quota > 0 && level->workers > room->quota))
		return 0;
	for (uint32_t i = 0; level->places && i < level->workers; i++)
		if (level->places[i].shared)
			return 0;
	return 1;
}

static void find_levels(struct ls_scale_case *limited)
{
	const struct lockstep_scaling_series *series = limited->series;
	for (size_t k = 0; k < series->n; k = ls_scale_next(series, k + 1))
		if (has_places(limited, &series->levels[k]))
			limited->top = &series->levels[k];
	limited->base = limited->top ? &series->levels[0] : NULL;
}

/* ---- The next worker ------------------------------------------------------- */

static enum lockstep_scaling_end find_end(const struct ls_scale_case *limited)
{
	const struct ls_scale_room *room = limited->room;
	const struct lockstep_scaling_level *top = limited->top;
	uint64_t next = (uint64_t)top->workers + 1;
	if (limited->kind == LOCKSTEP_SCALING_STRONG && top->workers >= top->slices)
		return LOCKSTEP_SCALING_SLICES;
	if (limited->kind == LOCKSTEP_SCALING_WEAK && next * limited->series->setting.batch > room->n_rows)
		return LOCKSTEP_SCALING_ROWS;
	if (room->quota > 0 && (double)next > room->quota)
		return LOCKSTEP_SCALING_QUOTA;
	if (top->workers >= room->places)
		return LOCKSTEP_SCALING_CORES;
	return LOCKSTEP_SCALING_OPEN;
}

/* ---- All of it ------------------------------------------------------------- */

/* Is less lost than can be told? */
static int is_perfect(const struct lockstep_scaling_interval *efficiency)
{
	return efficiency->value >= PERFECT || efficiency->high >= 1;
}

static void find_obstacle(struct ls_scale_case *limited, struct lockstep_scaling_limit *limit)
{
	const struct lockstep_scaling_level *base = limited->base, *top = limited->top;
	limit->lost = not_negative(1 - top->figures.efficiency.value);
	if (top == base || is_perfect(&top->figures.efficiency))
		return;
	limit->obstacle = LOCKSTEP_SCALING_UNKNOWN;
	if (base->has_phases && top->has_phases)
		find_growth(limited);
	if (limited->sum <= 0)
		return;
	limit->obstacle = ls_scale_largest(limited, LOCKSTEP_SCALING_NOTHING);
	limit->share = limited->cost[limit->obstacle] / limited->sum;
}

void ls_scale_limit(struct lockstep_scaling_series *series, enum lockstep_scaling_kind kind,
                    const struct ls_scale_room *room)
{
	struct ls_scale_case limited = {.series = series, .room = room, .kind = kind};
	struct lockstep_scaling_limit *limit = &series->limit;
	*limit = (struct lockstep_scaling_limit){.end = LOCKSTEP_SCALING_OPEN};
	find_levels(&limited);
	if (limited.top) {
		limit->end = find_end(&limited);
		find_obstacle(&limited, limit);
	}
	ls_scale_say(&limited, limit);
}
