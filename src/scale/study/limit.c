/* SPDX-License-Identifier: MIT
 *
 * What keeps a series from being faster, drawn from its figures.
 *
 * Workers times seconds is what a step costs. The level with most workers costs more than the baseline did for the same
 * rows, and the phases say where: each one's cost less the baseline's is its growth. Waiting grows by what the busiest
 * worker has more than the mean (imbalance), and by the rest. A part of the growth is the clock's, where a worker's share
 * of the probed peak is lower while all compute and every phase of arithmetic has become longer: a peak is probed once, and
 * is no proof alone. The phases are measured in runs of their own, so they may not show all that was lost; what is
 * missing is unknown, and is said to be.
 */
#include "limit.h"

#include <math.h>
#include <string.h>

#define PERFECT 0.95       /* efficiency from which there is nothing to say */
#define NEAR_BANDWIDTH 0.7 /* of the roof: more is seldom reached beside computing */
#define CLOCK_LOSS 0.05    /* longer by a worker's peak, below which it is noise */

/* ---- Growth ---------------------------------------------------------------- */

static double not_negative(double x)
{
	return x > 0 ? x : 0;
}

/* How many times the baseline's rows the level has. */
static double work_of(const struct ls_scale_case *limited)
{
	return limited->kind == LOCKSTEP_SCALING_WEAK ? (double)limited->top->batch / limited->base->batch : 1;
}

/* Worker-seconds of a phase: of as many rows on the baseline, and on the top. */
static double before_of(const struct ls_scale_case *limited, enum lockstep_phase phase)
{
	return work_of(limited) * limited->base->workers * limited->base->phases.mean[phase];
}

static double after_of(const struct ls_scale_case *limited, enum lockstep_phase phase)
{
	return (double)limited->top->workers * limited->top->phases.mean[phase];
}

static double growth_of(const struct ls_scale_case *limited, enum lockstep_phase phase)
{
	return after_of(limited, phase) - before_of(limited, phase);
}

/* How much longer a worker's arithmetic takes by its share of the probed peak, while all compute: 0.25 of a fifth. */
static double clock_loss(const struct lockstep_scaling_level *base, const struct lockstep_scaling_level *top)
{
	if (!base->has_roofline || !top->has_roofline)
		return 0;
	double longer = (base->roofline.peak_gflops / base->workers) / (top->roofline.peak_gflops / top->workers) - 1;
	return longer > CLOCK_LOSS ? longer : 0;
}

/* A phase's part in that, which is not above its growth. */
static double clock_of(const struct ls_scale_case *limited, enum lockstep_phase phase, double longer)
{
	return not_negative(fmin(longer * before_of(limited, phase), growth_of(limited, phase)));
}

/* A lower clock makes all arithmetic longer: forward, backward and gradient have to have grown by as much. */
static double clock_seen(const struct ls_scale_case *limited)
{
	static const enum lockstep_phase phases[] = {LOCKSTEP_PHASE_FORWARD, LOCKSTEP_PHASE_BACKWARD,
	                                             LOCKSTEP_PHASE_GRADIENT};
	double longer = clock_loss(limited->base, limited->top);
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
		double before = before_of(limited, phases[i]);
		if (before > 0)
			longer = fmin(longer, after_of(limited, phases[i]) / before - 1);
	}
	return not_negative(longer);
}

/* Where the caches are not known all bytes count as the memory's, which is no proof. */
static int is_near_bandwidth(const struct lockstep_scaling_level *level)
{
	const struct lockstep_scaling_roofline *roofline = &level->roofline;
	return level->has_roofline && roofline->cache_bytes > 0 &&
	       roofline->gigabytes > NEAR_BANDWIDTH * roofline->peak_gigabytes;
}

/* What computing and reducing grew by is the clock's first, and of the rest the memory's where that is nearly all used. */
static void share_out(struct ls_scale_case *limited)
{
	double *cost = limited->cost, longer = clock_seen(limited);
	double compute = fmin(cost[LOCKSTEP_SCALING_COMPUTE], clock_of(limited, LOCKSTEP_PHASE_GATHER, longer) +
	                                                          clock_of(limited, LOCKSTEP_PHASE_FORWARD, longer) +
	                                                          clock_of(limited, LOCKSTEP_PHASE_BACKWARD, longer));
	double reduction = fmin(cost[LOCKSTEP_SCALING_REDUCTION], clock_of(limited, LOCKSTEP_PHASE_GRADIENT, longer));
	cost[LOCKSTEP_SCALING_COMPUTE] -= compute;
	cost[LOCKSTEP_SCALING_REDUCTION] -= reduction;
	cost[LOCKSTEP_SCALING_CLOCK] = compute + reduction;
	if (!is_near_bandwidth(limited->top))
		return;
	cost[LOCKSTEP_SCALING_MEMORY] = cost[LOCKSTEP_SCALING_COMPUTE] + cost[LOCKSTEP_SCALING_REDUCTION];
	cost[LOCKSTEP_SCALING_COMPUTE] = cost[LOCKSTEP_SCALING_REDUCTION] = 0;
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
	double wait = not_negative(growth_of(limited, LOCKSTEP_PHASE_WAIT));
	double uneven =
	    not_negative(n * (b->compute_max - b->compute_mean) - n_base * (a->compute_max - a->compute_mean));
	cost[LOCKSTEP_SCALING_COMPUTE] =
	    not_negative(growth_of(limited, LOCKSTEP_PHASE_GATHER) + growth_of(limited, LOCKSTEP_PHASE_FORWARD) +
	                 growth_of(limited, LOCKSTEP_PHASE_BACKWARD));
	cost[LOCKSTEP_SCALING_REDUCTION] =
	    not_negative(growth_of(limited, LOCKSTEP_PHASE_GRADIENT) + growth_of(limited, LOCKSTEP_PHASE_UPDATE));
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
