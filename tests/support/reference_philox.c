/* SPDX-License-Identifier: MIT
 *
 * Section 7: Philox4x32-10 and what is drawn from it, except the initial
 * parameters (reference_network.c).
 */
#include "reference.h"

#include <math.h>

#define M0 0xD2511F53u
#define M1 0xCD9E8D57u
#define KEY_STEP_0 0x9E3779B9u
#define KEY_STEP_1 0xBB67AE85u

static uint32_t high(uint64_t product)
{
	return (uint32_t)(product >> 32);
}

static uint32_t low(uint64_t product)
{
	return (uint32_t)product;
}

void reference_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4])
{
	uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];
	for (int round = 0; round < 10; round++) {
		uint64_t p0 = (uint64_t)M0 * c0;
		uint64_t p1 = (uint64_t)M1 * c2;
		c0 = high(p1) ^ c1 ^ k0;
		c1 = low(p1);
		c2 = high(p0) ^ c3 ^ k1;
		c3 = low(p0);
		k0 += KEY_STEP_0;
		k1 += KEY_STEP_1;
	}
	words[0] = c0;
	words[1] = c1;
	words[2] = c2;
	words[3] = c3;
}

void reference_philox(uint64_t seed, uint32_t unit, uint32_t row, uint32_t epoch, uint32_t purpose, uint32_t layer,
                      uint32_t words[4])
{
	const uint32_t counter[4] = {unit, row, epoch, purpose * 65536u + layer};
	const uint32_t key[2] = {low(seed), high(seed)};
	reference_philox4x32(counter, key, words);
}

/* floor(x * n / 2^64), from the two halves of x. */
static uint32_t bounded(uint32_t first, uint32_t second, uint32_t n)
{
	uint64_t carry = ((uint64_t)first * n) >> 32;
	return (uint32_t)(((uint64_t)second * n + carry) >> 32);
}

void reference_permutation(uint64_t seed, uint32_t purpose, uint32_t epoch, uint32_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint32_t)i;
	for (size_t i = n; i-- > 1;) {
		uint32_t words[4];
		reference_philox(seed, (uint32_t)(i / 2), 0, epoch, purpose, 0, words);
		size_t at = 2 * (i % 2);
		size_t j = bounded(words[at], words[at + 1], (uint32_t)i + 1);
		uint32_t swapped = p[i];
		p[i] = p[j];
		p[j] = swapped;
	}
}

int reference_dropped(uint64_t seed, double p, uint32_t j, uint32_t row, uint32_t epoch, uint32_t layer)
{
	uint32_t words[4];
	reference_philox(seed, j / 4, row, epoch, REFERENCE_DROPOUT, layer, words);
	return (double)words[j % 4] < floor(p * 0x1p32);
}
