/* SPDX-License-Identifier: MIT
 *
 * A parameter as TPE sees it: a coordinate between two bounds, or a choice among listed values.
 *
 *	choice  the categorical ones
 *	linear  uniform: the number; int_uniform and q_uniform: the number, with half a step more at both ends
 *	log     the log_uniform ones and the inverse ones: the logarithm (an inverse one's is that of
 *	        a log_uniform one, from the other end)
 *	rank    normal, log_normal and beta: u of the quantile, the probability below the number
 *
 * A discrete number is a cell of coordinates, those that become it; what would be rounded to a number beyond
 * the bounds becomes the last one inside, whose cell reaches to the end.
 */
#ifndef LS_STUDY_AXIS_H
#define LS_STUDY_AXIS_H

#include "study/space/distribution.h"

enum ls_axis_kind { LS_AXIS_CHOICE = 0, LS_AXIS_LINEAR, LS_AXIS_LOG, LS_AXIS_RANK };

struct ls_axis {
	const struct ls_distribution *distribution; /* borrowed */
	enum ls_axis_kind kind;
	double low, high; /* of coordinates; low < high unless all draws are the same */
	double half_step; /* of discrete linear ones */
};

/* lower = middle = upper of continuous ones. */
struct ls_cell {
	double lower, middle, upper;
};

struct ls_axis ls_axis(const struct ls_distribution *distribution);
/* Are all draws the same? There is nothing to search then. */
int ls_axis_is_single(const struct ls_axis *axis);
/* Of all kinds but choices. */
struct ls_cell ls_axis_cell(const struct ls_axis *axis, double draw);
double ls_axis_draw(const struct ls_axis *axis, double coordinate);

#endif
