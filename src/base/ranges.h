/* SPDX-License-Identifier: MIT
 *
 * Pure arithmetic of the data-parallel step: mini-batch -> slices -> shards ->
 * maximal aligned subtrees; and rounding up, parts and tiles. Knows no threads and no
 * data; the functions of slices are formulas of doc/numerics.md, section "Slices".
 */
#ifndef LS_BASE_RANGES_H
#define LS_BASE_RANGES_H

#include <stddef.h>
#include <stdint.h>

#define LS_SLICES_MAX 65536
/* The most maximal aligned subtrees in one shard: 2 log2(LS_SLICES_MAX). */
#define LS_SUBTREES_MAX 32

struct ls_range {
	uint32_t begin, end; /* half open */
};

/* A maximal aligned run of 2^level slices, starting at slice `first`. */
struct ls_subtree {
	uint32_t first;
	uint32_t level;
};

/* The least multiple that is not below n. */
static inline size_t ls_round_up(size_t n, size_t multiple)
{
	return (n + multiple - 1) / multiple * multiple;
}

/* Part i of n things in `parts` parts, of which the last may be one longer: they suit
 * tiles, the last of which may be short. For slices see below. */
static inline struct ls_range ls_part(uint32_t n, uint32_t parts, uint32_t i)
{
	return (struct ls_range){(uint32_t)((uint64_t)n * i / parts), (uint32_t)((uint64_t)n * (i + 1) / parts)};
}

/* Tiles of n things: the last may be short. */
static inline size_t ls_tiles(size_t n, size_t tile)
{
	return (n + tile - 1) / tile;
}

/* Part i of those, in whole tiles. */
static inline struct ls_range ls_tiles_part(size_t n, size_t tile, uint32_t parts, uint32_t i)
{
	struct ls_range tiles = ls_part((uint32_t)ls_tiles(n, tile), parts, i);
	size_t end = tiles.end * tile;
	return (struct ls_range){(uint32_t)(tiles.begin * tile), (uint32_t)(end < n ? end : n)};
}

/* The number of slices when the job names none: a rule of B alone. */
uint32_t ls_default_slices(uint32_t batch);

/* Slices that a mini-batch of `rows` rows really takes: `slices`, or the
 * largest power of two not above `rows` when there are fewer rows. */
uint32_t ls_effective_slices(uint32_t rows, uint32_t slices);

/* Rows of slice i_slice: the first rows mod slices are one row longer. */
struct ls_range ls_slice_rows(uint32_t rows, uint32_t slices, uint32_t i_slice);

/* Slices of worker i_worker: consecutive, the first slices mod n_workers
 * workers have one more; empty for a worker beyond the slices. */
struct ls_range ls_shard_slices(uint32_t slices, uint32_t n_workers, uint32_t i_worker);

/* The shard as maximal aligned subtrees in ascending order; returns their
 * number, at most LS_SUBTREES_MAX. */
uint32_t ls_shard_subtrees(struct ls_range shard, struct ls_subtree subtrees[LS_SUBTREES_MAX]);

#endif
