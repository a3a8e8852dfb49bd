/* SPDX-License-Identifier: MIT
 *
 * Batch -> slices -> shards -> subtrees. No state, no memory, no threads.
 */
#include "ranges.h"

static uint32_t power_of_two_not_above(uint32_t n)
{
	uint32_t power = 1;
	while (power <= n / 2)
		power *= 2;
	return power;
}

uint32_t ls_default_slices(uint32_t batch)
{
	if (batch < 4)
		return 1;
	if (batch < 32)
		return 2;
	if (batch < 128)
		return 4;
	if (batch < 512)
		return 8;
	if (batch < 1024)
		return 16;
	uint32_t slices = power_of_two_not_above(batch / 32);
	return slices < 128 ? slices : 128;
}

uint32_t ls_effective_slices(uint32_t rows, uint32_t slices)
{
	return rows >= slices ? slices : power_of_two_not_above(rows);
}

/* Part i of n in `parts` parts, the first n mod parts one longer. */
static struct ls_range even_part(uint32_t n, uint32_t parts, uint32_t i)
{
	uint32_t base = n / parts, longer = n % parts;
	uint32_t begin = i * base + (i < longer ? i : longer);
	return (struct ls_range){begin, begin + base + (i < longer)};
}

struct ls_range ls_slice_rows(uint32_t rows, uint32_t slices, uint32_t i_slice)
{
	return even_part(rows, slices, i_slice);
}

struct ls_range ls_shard_slices(uint32_t slices, uint32_t n_workers, uint32_t i_worker)
{
	return even_part(slices, n_workers, i_worker);
}

uint32_t ls_shard_subtrees(struct ls_range shard, struct ls_subtree subtrees[LS_SUBTREES_MAX])
{
	uint32_t n = 0;
	for (uint32_t first = shard.begin; first < shard.end; n++) {
		uint32_t level = 0;
		while (first % (2u << level) == 0 && first + (2u << level) <= shard.end)
			level++;
		subtrees[n] = (struct ls_subtree){first, level};
		first += 1u << level;
	}
	return n;
}
