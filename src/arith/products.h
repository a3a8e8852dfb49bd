/* SPDX-License-Identifier: MIT
 *
 * Products, tile by tile, and the peak that they are measured against.
 */
#ifndef LS_ARITH_PRODUCTS_H
#define LS_ARITH_PRODUCTS_H

#include "arith.h"
#include "tiles.h"

#define LINE 16 /* floats of a cache line */

INLINE void begin_chains(const int vectors, const int n, const struct ls_product *p, vec sum[TILE_1][PANEL])
{
	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
	    p->start ? vec_load(p->start + v * VEC) : vec_all(0);
}

INLINE void end_chains(const int vectors, const int n, const struct ls_product *p, size_t first, vec sum[TILE_1][PANEL])
{
	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++)
	    vec_store(p->out + (first + (size_t)i) * p->ld_out + v * VEC, vec_add(sum[i][v], vec_all(0)));
}

INLINE void product_tile(const int vectors, const int n, const struct ls_product *p, size_t first)
{
	const float *in = p->in + first * p->ld_in;
	vec sum[TILE_1][PANEL], weight[PANEL];

	begin_chains(vectors, n, p, sum);
	for (size_t j = 0; j < p->n_k; j++) {
		const float *row = p->panel + (p->index ? p->index[j] : j) * (size_t)(vectors * VEC);
		size_t k = p->position ? p->position[j] : j;
		UNROLL for (int v = 0; v < vectors; v++) weight[v] = vec_load(row + v * VEC);
		UNROLL for (int i = 0; i < n; i++)
		{
			vec x = vec_all(in[(size_t)i * p->ld_in + k]);
			UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_fma(x, weight[v], sum[i][v]);
		}
	}
	end_chains(vectors, n, p, first, sum);
}

/* A tile of a product over all inputs that calls for a line of the next panel, from
 * `next` on, with every n_steps steps along k. Rows are addressed from every third
 * one: three make one x86 address each from a base, and few bases stay in registers. */
INLINE void fetching_tile(const int vectors, const int n, const struct ls_product *p, size_t first, const float *next,
                          size_t n_steps)
{
	const float *in[(TILE_1 + 2) / 3], *row = p->panel;
	size_t ld = p->ld_in;
	vec sum[TILE_1][PANEL], weight[PANEL];

	UNROLL for (int i = 0; i < (n + 2) / 3; i++) in[i] = p->in + (first + 3 * (size_t)i) * ld;
	begin_chains(vectors, n, p, sum);
	for (size_t left = p->n_k, n_now; left > 0; left -= n_now, next += LINE) {
		n_now = left < n_steps ? left : n_steps;
		__builtin_prefetch(next);
		for (const float *end = row + n_now * (size_t)(vectors * VEC); row < end; row += vectors * VEC) {
			UNROLL for (int v = 0; v < vectors; v++) weight[v] = vec_load(row + v * VEC);
			UNROLL for (int i = 0; i < n; i++)
			{
				vec x = vec_all(in[i / 3][(size_t)(i % 3) * ld]);
				UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_fma(x, weight[v], sum[i][v]);
			}
			UNROLL for (int i = 0; i < (n + 2) / 3; i++) in[i]++;
		}
	}
	end_chains(vectors, n, p, first, sum);
}

static void product_rows(const struct ls_product *p, size_t first, size_t n)
{
	switch (SHAPE(p->width / VEC, n)) {
#define CALL(V, N)                                                                                                     \
	case SHAPE(V, N):                                                                                              \
		product_tile(V, N, p, first);                                                                          \
		break;
		SHAPES(CALL)
#undef CALL
	default:
		break;
	}
}

/* One switch for both kinds of tiles would make steps of 784-30-10 4 % slower. */
static void fetching_rows(const struct ls_product *p, size_t first, size_t n, const float *next, size_t n_steps)
{
	switch (SHAPE(p->width / VEC, n)) {
#define CALL(V, N)                                                                                                     \
	case SHAPE(V, N):                                                                                              \
		fetching_tile(V, N, p, first, next, n_steps);                                                          \
		break;
		SHAPES(CALL)
#undef CALL
	default:
		break;
	}
}

/* Rows go in tiles of even height, since a short last one would not fill the
 * pipeline. A large layer's panels come from main memory, which is slower than a
 * tile reads them: every tile of a panel calls for its share of the next. With 2048 x
 * 2048 weights it is 1.01 times as fast with 512 rows, 1.06 with 128 and 1.13 with 32. */
static void product(const struct ls_product *p)
{
	size_t height = tile_height(p->width), n_tiles = ls_tiles(p->n_rows, height);
	size_t n_steps = n_tiles * LINE < p->width ? 1 : n_tiles * LINE / p->width;
	size_t share = (p->n_k + n_steps - 1) / n_steps * LINE;

	for (size_t i = 0; i < n_tiles; i++) {
		struct ls_range rows = ls_part((uint32_t)p->n_rows, (uint32_t)n_tiles, (uint32_t)i);
		if (p->next && !p->index)
			fetching_rows(p, rows.begin, rows.end - rows.begin, p->next + i * share, n_steps);
		else
			product_rows(p, rows.begin, rows.end - rows.begin);
	}
}

/* ---- Backward -------------------------------------------------------- */

/* Columns of one panel, whose rows are width floats long. The next tile's weights are
 * called for, a line with every line that is read: a large layer's come from far away,
 * and those of a near one are in the second-level cache (512 x 512: 1.015 times as fast). */
INLINE void back_columns(const int vectors, const int n, const float *weight, size_t width, size_t n_columns,
                         const float *delta, vec sum[TILE_1][PANEL])
{
	for (size_t begin = 0, end; begin < n_columns; begin = end) {
		end = begin + LINE < n_columns ? begin + LINE : n_columns;
		UNROLL for (int i = n; i < 2 * n; i++) __builtin_prefetch(weight + (size_t)i * width + begin);
		for (size_t j = begin; j < end; j++, delta += vectors * VEC) {
			vec d[PANEL];
			UNROLL for (int v = 0; v < vectors; v++) d[v] = vec_load(delta + v * VEC);
			UNROLL for (int i = 0; i < n; i++)
			{
				vec w = vec_all(weight[(size_t)i * width + j]);
				UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_fma(w, d[v], sum[i][v]);
			}
		}
	}
}

INLINE void back_tile(const int vectors, const int n, const struct ls_back_product *p, size_t first)
{
	const size_t wide = PANEL * VEC;
	const float *delta = p->delta, *weight = p->weight;
	size_t row = p->first + first, left = p->n_out;
	vec sum[TILE_1][PANEL];

	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_all(0);
	for (; left >= wide; left -= wide, weight += p->n_k * wide, delta += wide * (size_t)(vectors * VEC))
		back_columns(vectors, n, weight + row * wide, wide, wide, delta, sum);
	if (left > 0) {
		size_t width = ls_round_up(left, VEC);
		back_columns(vectors, n, weight + row * width, width, left, delta, sum);
	}
	float *out = p->out + first * (size_t)(vectors * VEC);
	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++)
	    vec_store(out + (i * vectors + v) * VEC, vec_add(sum[i][v], vec_all(0)));
}

static void back_rows(const struct ls_back_product *p, size_t first, size_t n)
{
	switch (SHAPE(p->width / VEC, n)) {
#define CALL(V, N)                                                                                                     \
	case SHAPE(V, N):                                                                                              \
		back_tile(V, N, p, first);                                                                             \
		break;
		SHAPES(CALL)
#undef CALL
	default:
		break;
	}
}

static void back_product(const struct ls_back_product *p)
{
	size_t height = tile_height(p->width), n_tiles = ls_tiles(p->n, height);
	for (size_t i = 0; i < n_tiles; i++) {
		struct ls_range rows = ls_part((uint32_t)p->n, (uint32_t)n_tiles, (uint32_t)i);
		back_rows(p, rows.begin, rows.end - rows.begin);
	}
}

/* ---- Peak ------------------------------------------------------------ */

/* As many independent chains as a full tile has, fed from registers. */
static float peak(size_t n, float x)
{
	vec sum[TILE_2][2], factor = vec_all(x);
	UNROLL for (int i = 0; i < TILE_2; i++) UNROLL for (int v = 0; v < 2; v++) sum[i][v] =
	    vec_all((float)(2 * i + v));
	for (size_t round = 0; round < n; round++)
		UNROLL for (int i = 0; i < TILE_2; i++) UNROLL for (int v = 0; v < 2; v++) sum[i][v] =
		    vec_fma(sum[i][v], factor, factor);

	float lanes[VEC];
	UNROLL for (int i = 1; i < TILE_2; i++) sum[0][0] = vec_add(sum[0][0], vec_add(sum[i][0], sum[i][1]));
	vec_store(lanes, sum[0][0]);
	return lanes[0];
}

#endif
