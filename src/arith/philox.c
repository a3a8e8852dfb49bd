/* SPDX-License-Identifier: MIT
 *
 * Philox4x32-10 and the permutation drawn from it.
 */
#include "philox.h"

#include <stddef.h>

#define RUN (2 * LS_DRAWS_BATCH) /* entries of a permutation that a batch of draws serves */

/* The words of n counters, of which the first is `counter` and each next has
 * one more in its first word. Loops over all of them at every step of the
 * rounds, which the compiler vectorises. */
static void philox_batch(const uint32_t counter[4], uint64_t seed, uint32_t n, uint32_t *restrict words)
{
	uint32_t c0[LS_DRAWS_BATCH], c1[LS_DRAWS_BATCH], c2[LS_DRAWS_BATCH], c3[LS_DRAWS_BATCH];
	uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

	for (uint32_t i = 0; i < n; i++) {
		c0[i] = counter[0] + i;
		c1[i] = counter[1];
		c2[i] = counter[2];
		c3[i] = counter[3];
	}
	for (int round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < n; i++) {
			uint64_t a = (uint64_t)0xD2511F53u * c0[i], b = (uint64_t)0xCD9E8D57u * c2[i];
			c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0;
			c1[i] = (uint32_t)b;
			c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1;
			c3[i] = (uint32_t)a;
		}
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	for (uint32_t i = 0; i < n; i++) {
		words[4 * i] = c0[i];
		words[4 * i + 1] = c1[i];
		words[4 * i + 2] = c2[i];
		words[4 * i + 3] = c3[i];
	}
}

void ls_philox(const uint32_t counter[4], uint64_t seed, uint32_t words[4])
{
	philox_batch(counter, seed, 1, words);
}

void ls_draws(const struct ls_draw *first, uint64_t seed, uint32_t n, uint32_t *words)
{
	uint32_t counter[4] = {first->unit, first->row, first->epoch, (uint32_t)first->purpose << 16 | first->layer};
	for (uint32_t i = 0; i < n; i += LS_DRAWS_BATCH, counter[0] += LS_DRAWS_BATCH)
		philox_batch(counter, seed, n - i < LS_DRAWS_BATCH ? n - i : LS_DRAWS_BATCH, words + (size_t)i * 4);
}

void ls_draw(const struct ls_draw *draw, uint64_t seed, uint32_t words[4])
{
	ls_draws(draw, seed, 1, words);
}

/* floor(x * n / 2^64) for the 64-bit x of two words. */
static uint32_t scaled_draw(uint32_t low, uint32_t high, uint32_t n)
{
	uint64_t carried = ((uint64_t)low * n) >> 32;
	return (uint32_t)(((uint64_t)high * n + carried) >> 32);
}

/* Entries first .. end - 1, downwards; first is even, and words are the draws
 * from its unit on. */
static void permute_run(uint32_t *p, uint32_t first, uint32_t end, const uint32_t *words)
{
	for (uint32_t i = end; i-- > (first ? first : 1);) {
		const uint32_t *x = words + (size_t)(i - first) * 2;
		uint32_t j = scaled_draw(x[0], x[1], i + 1);
		uint32_t swapped = p[i];
		p[i] = p[j];
		p[j] = swapped;
	}
}

void ls_permutation(uint32_t n, uint32_t *p, enum ls_purpose purpose, uint32_t epoch, uint64_t seed)
{
	uint32_t words[4 * LS_DRAWS_BATCH];

	for (uint32_t i = 0; i < n; i++)
		p[i] = i;
	for (uint32_t end = n, first; end > 1; end = first) {
		first = (end - 1) / RUN * RUN;
		ls_draws(&(struct ls_draw){.purpose = purpose, .epoch = epoch, .unit = first / 2}, seed,
		         (end - first + 1) / 2, words);
		permute_run(p, first, end, words);
	}
}
