/* SPDX-License-Identifier: MIT
 *
 * Where inputs are not 0, and the lists that the matrix kernels' tiles read in place
 * of all columns or rows. Compiled once per instruction set (isa_*.c include it). One
 * pass over the inputs makes a bit of every number, column by column: a word holds 32
 * rows, so that both kinds of lists come out of few operations.
 */
#ifndef LS_ARITH_MARKS_H
#define LS_ARITH_MARKS_H

#include "arith.h"
#include "tiles.h"

INLINE uint32_t *marks_of_block(const struct ls_marks *m, uint32_t i_block)
{
	return m->words + i_block * m->ld_words;
}

static uint64_t mark(const struct ls_marks *m)
{
	uint64_t n = 0;
	for (uint32_t first = 0; first < m->n_rows; first += LS_MARK_ROWS) {
		uint32_t n_rows = m->n_rows - first < LS_MARK_ROWS ? m->n_rows - first : LS_MARK_ROWS;
		uint32_t *marks = marks_of_block(m, first / LS_MARK_ROWS);
		for (size_t j = 0; j < m->n_columns; j += VEC) {
			const float *in = m->in + first * m->ld_in + j;
			words seen = words_none();
			for (uint32_t r = 0; r < n_rows; r++, in += m->ld_in)
				seen = mark_lanes(vec_load(in), UINT32_C(1) << r, seen);
			words_store(marks + j, seen);
		}
		for (size_t j = 0; j < m->n_columns; j++)
			n += (uint64_t)__builtin_popcount(marks[j]);
	}
	return n;
}

/* A group's rows lie in one word, or in two. */
static uint32_t list_used(const struct ls_marks *m, struct ls_range rows, const uint32_t *numbers, uint32_t *positions,
                          uint32_t *index)
{
	const uint32_t *marks = marks_of_block(m, rows.begin / LS_MARK_ROWS);
	uint64_t mask = ((UINT64_C(1) << (rows.end - rows.begin)) - 1) << rows.begin % LS_MARK_ROWS;
	uint32_t low = (uint32_t)mask, high = (uint32_t)(mask >> LS_MARK_ROWS), n = 0;
	for (size_t j = 0; j < m->n_columns; j += VEC) {
		uint32_t lanes = marked_lanes(marks + j, low);
		if (high)
			lanes |= marked_lanes(marks + m->ld_words + j, high);
		if (m->n_columns - j < VEC)
			lanes &= (UINT32_C(1) << (m->n_columns - j)) - 1;
		list_lanes(lanes, (uint32_t)j, positions + n);
		n += numbers ? pick_lanes(lanes, numbers + j, index + n) : list_lanes(lanes, (uint32_t)j, index + n);
	}
	return n;
}

INLINE uint32_t any_of(const uint32_t *marks, size_t n)
{
	uint32_t any = 0;
	for (size_t j = 0; j < n; j++)
		any |= marks[j];
	return any;
}

/* A tile's list of all rows, word by word, and where in it the slices end. */
static void list_tile_rows(const struct ls_marks *m, size_t first_column, size_t n_columns,
                           const struct ls_row_lists *lists, uint32_t *ends)
{
	uint32_t n = ends[0], i_slice = 0;
	for (uint32_t first = 0; first < m->n_rows; first += LS_MARK_ROWS) {
		uint64_t any = any_of(marks_of_block(m, first / LS_MARK_ROWS) + first_column, n_columns);
		for (; i_slice < lists->n_slices && lists->slices[i_slice + 1] - first <= LS_MARK_ROWS; i_slice++) {
			uint64_t before = (UINT64_C(1) << (lists->slices[i_slice + 1] - first)) - 1;
			ends[i_slice + 1] = n + (uint32_t)__builtin_popcountll(any & before);
		}
		for (uint32_t row = first; any; any >>= VEC, row += VEC)
			n += list_lanes((uint32_t)any, row, lists->rows + n);
	}
}

static void list_rows(const struct ls_marks *m, const struct ls_row_lists *lists)
{
	for (size_t first = 0, t = 0; first < m->n_columns; first += TILE, t++) {
		size_t left = m->n_columns - first;
		uint32_t *ends = lists->ends + t * (lists->n_slices + 1);
		ends[0] = (uint32_t)(t * lists->max_rows);
		list_tile_rows(m, first, left < TILE ? left : TILE, lists, ends);
	}
}

#endif
