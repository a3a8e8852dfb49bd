/* SPDX-License-Identifier: MIT
 *
 * How many jobs run at once, and on which cores each: pure decisions over measured
 * speeds, which change no result. Cores are numbered 0 .. n_cores - 1 in the
 * order of the machine's topology, and a job's cores are consecutive.
 */
#ifndef LS_STUDY_PACKING_H
#define LS_STUDY_PACKING_H

#include <stdint.h>

#include "base/ranges.h"

#define LS_PACKINGS_MAX 32 /* halves of the cores */

struct ls_packing {
	uint32_t n_cores, at_most; /* at_most: jobs at once */
	uint32_t chosen;           /* jobs at once; 0: not decided yet */
	/* The candidates, each half as many jobs as the one before, of which the
	 * first n_measured are known. */
	uint32_t candidates[LS_PACKINGS_MAX], n_candidates, n_measured;
	double rates[LS_PACKINGS_MAX]; /* of all jobs together */
	double sum;                    /* of the running measurement */
	uint32_t n_notes;
};

/* per_trial: cores of a job; concurrent: jobs at once; 0 leaves either to be found.
 * No more than `window` jobs run at once, nor than there are cores. */
void ls_packing_init(struct ls_packing *packing, uint32_t n_cores, uint32_t per_trial, uint32_t concurrent,
                     uint32_t window);

/* How many jobs may run at once now. */
uint32_t ls_packing_concurrent(const struct ls_packing *packing);

/* What a job came to in an epoch while `running` of them ran from its beginning to
 * its end: any measure of work a second that can be compared between jobs. */
void ls_packing_note(struct ls_packing *packing, uint32_t running, double rate);

/* The cores of job i of n: of all cores, as even as can be. */
struct ls_range ls_packing_share(const struct ls_packing *packing, uint32_t i, uint32_t n);

#endif
