/* SPDX-License-Identifier: MIT
 *
 * Random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as
 * easy as 1, 2, 3", SC'11), a function of counter and seed without state, so
 * that nothing depends on who draws. Counters are those of doc/numerics.md,
 * section 7.
 */
#ifndef LS_ARITH_PHILOX_H
#define LS_ARITH_PHILOX_H

#include <stdint.h>

enum ls_purpose {
	LS_PURPOSE_WEIGHT = 1,
	LS_PURPOSE_BIAS,
	LS_PURPOSE_SHUFFLE,
	LS_PURPOSE_SPLIT,
	LS_PURPOSE_DROPOUT,
	LS_PURPOSE_BLOCK = 320 /* of no job, but of a scaling study: section 13 */
};

struct ls_draw {
	enum ls_purpose purpose;
	uint32_t layer, epoch, row, unit;
};

/* The four words of one draw. */
void ls_draw(const struct ls_draw *draw, uint64_t seed, uint32_t words[4]);

/* Those of the n draws whose units are first->unit and on, into words [4 n]. */
void ls_draws(const struct ls_draw *first, uint64_t seed, uint32_t n, uint32_t *words);
#define LS_DRAWS_BATCH 64 /* draws that are made together: multiples of it are the fastest */

/* The bare function: counter words c0 .. c3 under the seed's two key words. */
void ls_philox(const uint32_t counter[4], uint64_t seed, uint32_t words[4]);

/* Permutes 0 .. n-1 into p by Fisher and Yates, from the draws of purpose and epoch. */
void ls_permutation(uint32_t n, uint32_t *p, enum ls_purpose purpose, uint32_t epoch, uint64_t seed);

#endif
