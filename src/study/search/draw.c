/* SPDX-License-Identifier: MIT
 *
 * Counters of a search, and what becomes of their words.
 */
#include "draw.h"

#include <assert.h>

#include "arith/philox.h"

#define FIRST_PURPOSE 256

uint64_t ls_search_bits(const struct ls_search_draw *draw, uint64_t seed)
{
	assert(draw->trial < (uint64_t)1 << 48 && draw->attempt < 65536 && draw->candidate < 65536);
	uint32_t counter[4] = {(uint32_t)draw->trial, draw->parameter, draw->attempt << 16 | draw->candidate,
	                       (FIRST_PURPOSE + (uint32_t)draw->purpose) << 16 | (uint32_t)(draw->trial >> 32)};
	uint32_t words[4];
	ls_philox(counter, seed, words);
	return ((uint64_t)words[1] << 32 | words[0]) >> (64 - LS_UNIFORM_BITS);
}

double ls_search_uniform(uint64_t bits)
{
	return ((double)bits + 0.5) * 0x1p-52;
}
