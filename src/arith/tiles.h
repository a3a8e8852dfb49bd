/* SPDX-License-Identifier: MIT
 *
 * The shapes of the matrix kernels' tiles: a few rows of one to PANEL vectors that
 * stay in registers while a chain runs over k (products.h) or over a slice's rows
 * (gradients.h).
 *
 * The tile functions take their shape as constants: always inlined into a
 * switch, each case has its loops over the tile unrolled, so that no
 * accumulator is spilled (a spilled array costs threefold).
 */
#ifndef LS_ARITH_TILES_H
#define LS_ARITH_TILES_H

#include <stddef.h>

#include "vec.h"

/* CALL(V, n) for n of 1 .. N, and for every shape of a tile: V vectors wide, n
 * rows high. A shape's number is SHAPE(V, n). */
#define ROWS_4(CALL, V) CALL(V, 1) CALL(V, 2) CALL(V, 3) CALL(V, 4)
#define ROWS_6(CALL, V) ROWS_4(CALL, V) CALL(V, 5) CALL(V, 6)
#define ROWS_9(CALL, V) ROWS_6(CALL, V) CALL(V, 7) CALL(V, 8) CALL(V, 9)
#define ROWS_12(CALL, V) ROWS_9(CALL, V) CALL(V, 10) CALL(V, 11) CALL(V, 12)
#define ROWS_14(CALL, V) ROWS_12(CALL, V) CALL(V, 13) CALL(V, 14)
#define ROWS_OF(N, CALL, V) ROWS_##N(CALL, V)
#define ROWS(N, CALL, V) ROWS_OF(N, CALL, V)
#if PANEL == 4
#define SHAPES(CALL) ROWS(TILE_1, CALL, 1) ROWS(TILE_2, CALL, 2) ROWS(TILE_3, CALL, 3) ROWS(TILE_4, CALL, 4)
#else
#define SHAPES(CALL) ROWS(TILE_1, CALL, 1) ROWS(TILE_2, CALL, 2)
#endif
#define SHAPE(V, n) (16 * (V) + (n))

#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* the epilogues may stay loops */
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* The most rows that a tile of this width has. */
static size_t tile_height(size_t width)
{
	switch (width / VEC) {
	case 1:
		return TILE_1;
	case 2:
		return TILE_2;
#if PANEL == 4
	case 3:
		return TILE_3;
	case 4:
		return TILE_4;
#endif
	default:
		return 0;
	}
}

#endif
