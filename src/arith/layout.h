/* SPDX-License-Identifier: MIT
 *
 * Numbers in another order: inputs packed for the gradient, and weights or deltas
 * transposed for the backward product. Compiled once per instruction set (isa_*.c
 * include it), whose tiles and squares they follow.
 */
#ifndef LS_ARITH_LAYOUT_H
#define LS_ARITH_LAYOUT_H

#include <string.h>

#include "arith.h"
#include "vec.h"

/* ---- Packing --------------------------------------------------------- */

/* Tiles that are packed together: each is a place of its own to write to. */
#define GROUP 8

/* Tiles begin .. end - 1, of n columns each. */
INLINE void pack_tiles(const size_t n, const struct ls_packing *p, size_t begin, size_t end)
{
	for (size_t r = 0; r < p->n_rows; r++)
		for (size_t t = begin; t < end; t++)
			memcpy(p->out + (t * p->n_rows + r) * n, p->in + r * p->ld_in + t * n, n * sizeof(float));
}

INLINE void pack_all(const size_t n, const struct ls_packing *p)
{
	size_t n_tiles = p->n_columns / n, left = p->n_columns % n;
	for (size_t begin = 0; begin < n_tiles; begin += GROUP)
		pack_tiles(n, p, begin, n_tiles - begin < GROUP ? n_tiles : begin + GROUP);
	for (size_t r = 0; left && r < p->n_rows; r++)
		memcpy(p->out + (n_tiles * p->n_rows + r) * n, p->in + r * p->ld_in + n_tiles * n,
		       left * sizeof(float));
}

static void pack(const struct ls_packing *p)
{
	switch (p->width / VEC) {
	case 1:
		pack_all(TILE_1, p);
		break;
	case 2:
		pack_all(TILE_2, p);
		break;
#if PANEL == 4
	case 3:
		pack_all(TILE_3, p);
		break;
	case 4:
		pack_all(TILE_4, p);
		break;
#endif
	default:
		break;
	}
}

/* ---- Transposition --------------------------------------------------- */

/* In squares that vec_transpose() turns in registers, and the rest. */
static void transpose(size_t n_rows, size_t n_columns, const float *from, size_t ld_from, float *to, size_t ld_to)
{
	for (size_t j = 0; j < n_columns; j += SQUARE)
		for (size_t k = 0; k < n_rows; k += SQUARE) {
			if (k + SQUARE <= n_rows && j + SQUARE <= n_columns) {
				vec_transpose(from + k * ld_from + j, ld_from, to + j * ld_to + k, ld_to);
				continue;
			}
			for (size_t i = j; i < n_columns && i < j + SQUARE; i++)
				for (size_t r = k; r < n_rows && r < k + SQUARE; r++)
					to[i * ld_to + r] = from[r * ld_from + i];
		}
}

#endif
