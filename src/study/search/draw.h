/* SPDX-License-Identifier: MIT
 *
 * Uniform numbers of the samplers: ls_philox() under the study's seed, with the counter words
 *
 *	c0 = trial, c1 = parameter, c2 = attempt * 65536 + candidate, c3 = (256 + purpose) * 65536 + trial >> 32
 *
 * of which words 0 and 1 are taken. The purposes of doc/numerics.md, section 7, are below 256, so that a
 * study and its trials may have the same seed. Trials are below 2^48, attempts and candidates below 2^16. An
 * attempt is what follows a point that constraints left out; its number counts from 0 in each trial.
 */
#ifndef LS_STUDY_DRAW_H
#define LS_STUDY_DRAW_H

#include <stdint.h>

enum ls_search_purpose {
	LS_SEARCH_RANDOM = 1, /* a parameter's quantile */
	LS_SEARCH_SHIFT,      /* Sobol: a parameter's digital shift; trial and candidate 0 */
	LS_SEARCH_COMPONENT,  /* TPE: which kernel a candidate comes from; parameter: its group's first */
	LS_SEARCH_COORDINATE  /* TPE: where in that kernel */
};

struct ls_search_draw {
	enum ls_search_purpose purpose;
	uint64_t trial;
	uint32_t parameter, attempt, candidate;
};

#define LS_UNIFORM_BITS 52

/* 52 random bits: (word 0 + 2^32 word 1) >> 12. */
uint64_t ls_search_bits(const struct ls_search_draw *draw, uint64_t seed);
/* (bits + 1/2) / 2^52, which is exact: from 2^-53 to 1 - 2^-53. */
double ls_search_uniform(uint64_t bits);

#endif
