/* SPDX-License-Identifier: MIT
 *
 * Random draws by the batch, and dropout. Compiled once per instruction set
 * (isa_*.c include it): every step of Philox's rounds is a loop over a batch of
 * units, which the compiler vectorises.
 */
#ifndef LS_ARITH_DRAWS_H
#define LS_ARITH_DRAWS_H

#include <string.h>

#include "arith.h"
#include "vec.h"

#define BATCH 16

/* One round's half: the words (x, y, z) of each unit become (hi(m x) ^ y ^ key,
 * lo(m x)) in the places of z and y. */
INLINE void mix(uint32_t m, uint32_t key, uint32_t *restrict x, uint32_t *restrict y, uint32_t *restrict high,
                uint32_t *restrict low)
{
	for (int i = 0; i < BATCH; i++) {
		uint64_t product = (uint64_t)m * x[i];
		high[i] = (uint32_t)(product >> 32) ^ y[i] ^ key;
		low[i] = (uint32_t)product;
	}
}
