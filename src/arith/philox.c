/* SPDX-License-Identifier: MIT
 *
 * Philox4x32-10 and the permutation drawn from it.
 */
#include "philox.h"

#include <string.h>

void ls_philox(const uint32_t counter[4], uint64_t seed, uint32_t words[4])
{
	uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
	uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

	for (int round = 0; round < 10; round++) {
		uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
		c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
		c1 = (uint32_t)b;
		c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
		c3 = (uint32_t)a;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	words[0] = c0;
	words[1] = c1;
	words[2] = c2;
	words[3] = c3;
}

void ls_draw(const struct ls_draw *draw, uint64_t seed, uint32_t words[4])
{
	const uint32_t counter[4] = {draw->unit, draw->row, draw->epoch, (uint32_t)draw->purpose << 16 | draw->layer};
	ls_philox(counter, seed, words);
}

/* floor(x * n / 2^64) for the 64-bit x of two words. */
static uint32_t scaled_draw(uint32_t low, uint32_t high, uint32_t n)
{
	uint64_t carried = ((uint64_t)low * n) >> 32;
	return (uint32_t)(((uint64_t)high * n + carried) >> 32);
}

void ls_permutation(uint32_t n, uint32_t *p, enum ls_purpose purpose, uint32_t epoch, uint64_t seed)
{
	uint32_t words[4], drawn = UINT32_MAX;

	for (uint32_t i = 0; i < n; i++)
		p[i] = i;
	for (uint32_t i = n; i-- > 1;) {
		if (drawn != i / 2) {
			drawn = i / 2;
			ls_draw(&(struct ls_draw){.purpose = purpose, .epoch = epoch, .unit = drawn}, seed, words);
		}
		uint32_t j = scaled_draw(words[i % 2 * 2], words[i % 2 * 2 + 1], i + 1);
		uint32_t swapped = p[i];
		p[i] = p[j];
		p[j] = swapped;
	}
}
