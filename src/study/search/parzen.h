/* SPDX-License-Identifier: MIT
 *
 * A joint density of some axes' coordinates: a sum of kernels, one an observation and a wide one, the
 * prior. A kernel is a product over the axes: a normal distribution cut off at the axis' bounds,
 * integrated over the cell of a discrete number, or for choices the observed one smoothed by the prior.
 *
 * What Optuna 3.1 does with multivariate=True: the bandwidth is 0.2 n^(-1 / (d + 4)) of an axis' range for n
 * observations and d axes, at least 1 / min(100, n + 2) of it ("magic clip"); the prior's is the range, around
 * the middle; weights are 1 for the prior and the last 25 observations, and rise from 1 / n to 1
 * over those before. There is one difference: Optuna 3.1 leaves the bandwidth out of the normal density
 * (optuna#5109), which makes its prior too heavy; here kernels integrate to 1.
 */
#ifndef LS_STUDY_PARZEN_H
#define LS_STUDY_PARZEN_H

#include <stddef.h>

#include "axis.h"
#include "lockstep/status.h"
#include "study/functions/table.h"

struct ls_parzen {
	const struct ls_axis *axes; /* [n_axes], borrowed */
	size_t n_axes, n;
	const struct ls_table64 *table; /* borrowed, from ls_parzen_fit() on */
	double *coordinates;            /* [n_axes][n]: the middles of observations' cells, or their choices */
	double *weights;                /* [n + 1], sum 1; the prior's is the last, here and below */
	double *offsets; /* [n + 1]: log weight, less the logarithms of what the bounds leave of each kernel */
	double *sigmas;  /* [n_axes] */
	double *
	    *distances; /* [n_axes] of discrete linear axes: log masses by the distance in steps, NaN: not yet known;
	                        NULL: of other axes, and where there are too many */
};

/* For n observations, whose coordinates the caller fills in before ls_parzen_fit(), in the order of time.
 * Caller owns what is in *parzen, until ls_parzen_fini(), which may be called on zeros. */
lockstep_status ls_parzen_init(struct ls_parzen *parzen, const struct ls_axis *axes, size_t n_axes, size_t n,
                               lockstep_error *error);
lockstep_status ls_parzen_fit(struct ls_parzen *parzen, const struct ls_table64 *table, lockstep_error *error);
void ls_parzen_fini(struct ls_parzen *parzen);

/* The component that a candidate comes from, 0 < u < 1. */
size_t ls_parzen_component(const struct ls_parzen *parzen, double u);
/* A draw on axis i from that component. */
double ls_parzen_draw(const struct ls_parzen *parzen, size_t component, size_t i, double u);

/* Log density at cells [n_axes]; of choices `middle` is the place. scratch [n + 1]. Remembers what it
 * computed on the way, so one thread at a time. */
double ls_parzen_log_density(struct ls_parzen *parzen, const struct ls_cell *cells, double *scratch);

#endif
