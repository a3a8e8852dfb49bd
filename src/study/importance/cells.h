/* SPDX-License-Identifier: MIT
 *
 * A parameter of a study cut into cells, each trial's value in one of them. What it is drawn from is
 * the specification's, where that can be read; else it is taken for what its values look like: texts
 * and few numbers are listed, more numbers lie between the least and the greatest, on a logarithmic scale when these
 * are above 0 and far apart.
 */
#ifndef LS_STUDY_CELLS_H
#define LS_STUDY_CELLS_H

#include "lockstep/importance.h"
#include "study/search/axis.h"
#include "study/store/arena.h"

#define LS_CELLS_NONE ((size_t)-1)

struct ls_cells {
	const struct lockstep_runs_study *study; /* borrowed */
	size_t parameter;
	size_t n;            /* cells; below 2: there is one value only */
	struct ls_axis axis; /* of the specification; without `distribution` there is none */
	double low, high;    /* coordinates of the first and last cell of numbers */
	struct lockstep_importance_parameter *parameter_out; /* scale, low, high and values are set; borrowed */
};

/* `distribution` may be NULL. 0: memory was short. */
int ls_cells_init(struct ls_cells *cells, const struct lockstep_runs_study *study, size_t parameter,
                  const struct ls_distribution *distribution, struct lockstep_importance_parameter *out,
                  struct ls_arena *arena);

/* The cell of a trial's value; LS_CELLS_NONE: the parameter is not active in it. */
size_t ls_cells_place(const struct ls_cells *cells, const struct lockstep_runs_trial *trial);

#endif
