/* SPDX-License-Identifier: MIT
 *
 * What the limit of a series is drawn from, for its figures (limit.c) and its words (limit_text.c).
 */
#ifndef LS_SCALE_LIMIT_H
#define LS_SCALE_LIMIT_H

#include "scale.h"

struct ls_scale_case {
	const struct lockstep_scaling_series *series;
	const struct ls_scale_room *room;
	enum lockstep_scaling_kind kind;
	/* The one with most workers of those that had a place each, and what it is compared with; NULL: there is none. */
	const struct lockstep_scaling_level *top, *base;
	/* Worker-seconds of a step that each obstacle takes at the top, beyond what as many rows cost the baseline. */
	double cost[LOCKSTEP_N_SCALING_OBSTACLES];
	double sum;
};

/* The obstacle that costs most, but for one; NOTHING where there is none. */
enum lockstep_scaling_obstacle ls_scale_largest(const struct ls_scale_case *limited,
                                                enum lockstep_scaling_obstacle but);

/* Puts it into words; obstacle, end, lost and share are there. */
void ls_scale_say(const struct ls_scale_case *limited, struct lockstep_scaling_limit *limit);

#endif
