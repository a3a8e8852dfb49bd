/* SPDX-License-Identifier: MIT
 *
 * The matrix kernels: one body, compiled once per instruction set (isa_*.c
 * include it). A tile of TILE rows by one or two vectors stays in registers
 * while the chain runs over k (product) or over a slice's rows (gradient).
 *
 * The tile functions take their shape as constants: always inlined into a
 * switch, each case has its loops over the tile unrolled, so that no
 * accumulator is spilled (a spilled array costs threefold).
 */
#ifndef LS_ARITH_KERNELS_H
#define LS_ARITH_KERNELS_H

#include <math.h>
#include <string.h>

#include "arith.h"
#include "base/ranges.h"
#include "vec.h"

/* clang-format off: it takes UNROLL for a name */

/* Calls tile(n, 1 or 2, ...) with n a constant of 1 .. TILE. */
#if TILE == 14
#define LS_CASES(CALL)                                                                                                 \
	CALL(1)                                                                                                        \
	CALL(2) CALL(3) CALL(4) CALL(5) CALL(6) CALL(7) CALL(8) CALL(9) CALL(10) CALL(11) CALL(12) CALL(13) CALL(14)
#elif TILE == 12
#define LS_CASES(CALL)                                                                                                 \
	CALL(1) CALL(2) CALL(3) CALL(4) CALL(5) CALL(6) CALL(7) CALL(8) CALL(9) CALL(10) CALL(11) CALL(12)
#elif TILE == 6
#define LS_CASES(CALL) CALL(1) CALL(2) CALL(3) CALL(4) CALL(5) CALL(6)
#else
#define LS_CASES(CALL) CALL(1) CALL(2) CALL(3) CALL(4)
#endif

#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed" /* the epilogues may stay loops */
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* ---- Products -------------------------------------------------------- */

INLINE void product_tile(const int n, const int vectors, const struct ls_product *p, size_t first)
{
	const float *in = p->in + first * p->ld_in;
	vec sum[TILE][2];

	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
	    p->start ? vec_load(p->start + v * VEC) : vec_all(0);
	for (size_t k = 0; k < p->n_k; k++) {
		const float *row = p->panel + (p->index ? p->index[k] : k) * (size_t)(vectors * VEC);
		vec weight[2];
		UNROLL for (int v = 0; v < vectors; v++) weight[v] = vec_load(row + v * VEC);
		UNROLL for (int i = 0; i < n; i++)
		{
			vec x = vec_all(in[(size_t)i * p->ld_in + k]);
			UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_fma(x, weight[v], sum[i][v]);
		}
	}
	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++)
	    vec_store(p->out + (first + (size_t)i) * p->ld_out + v * VEC, vec_add(sum[i][v], vec_all(0)));
}

static void product_rows(const struct ls_product *p, size_t first, size_t n)
{
	switch (n) {
#define CALL(N)                                                                                                        \
	case N:                                                                                                        \
		if (p->width == VEC)                                                                                   \
			product_tile(N, 1, p, first);                                                                  \
		else                                                                                                   \
			product_tile(N, 2, p, first);                                                                  \
		break;
		LS_CASES(CALL)
#undef CALL
	default:
		break;
	}
}

static void product(const struct ls_product *p)
{
	for (size_t first = 0; first < p->n_rows; first += TILE)
		product_rows(p, first, p->n_rows - first < TILE ? p->n_rows - first : TILE);
}

/* ---- Update ---------------------------------------------------------- */

/* The options of an update, spread over vectors once. */
struct update {
	vec scale, minus_rate, momentum, l2;
	int has_momentum, has_l2, nesterov, store_only;
	vec not_finite; /* 0 as long as every new weight was finite */
};

INLINE struct update update_begin(const struct ls_update *u)
{
	return (struct update){.scale = vec_all(u->scale),
	                       .minus_rate = vec_all(-u->rate),
	                       .momentum = vec_all(u->momentum),
	                       .l2 = vec_all(u->l2),
	                       .has_momentum = u->momentum != 0,
	                       .has_l2 = u->l2 != 0,
	                       .nesterov = u->nesterov,
	                       .store_only = u->store_only,
	                       .not_finite = vec_all(0)};
}

INLINE void update_vector(struct update *u, vec sum, float *weight, float *velocity)
{
	vec g = vec_mul(vec_add(sum, vec_all(0)), u->scale);
	if (u->store_only) {
		vec_store(weight, g);
		return;
	}
	vec w = vec_load(weight);
	if (u->has_l2)
		g = vec_fma(u->l2, w, g);
	if (u->has_momentum) {
		vec v = vec_fma(u->momentum, vec_load(velocity), g);
		vec_store(velocity, v);
		g = u->nesterov ? vec_fma(u->momentum, v, g) : v;
	}
	w = vec_fma(u->minus_rate, g, w);
	vec_store(weight, w);
	u->not_finite = vec_fma(w, vec_all(0), u->not_finite);
}

INLINE int update_end(const struct update *u)
{
	float lanes[VEC];
	int found = 0;
	vec_store(lanes, u->not_finite);
	for (int i = 0; i < VEC; i++)
		found |= lanes[i] != 0; /* true for NaN */
	return found;
}

INLINE size_t target_offset(const struct ls_target *target, size_t k, size_t width)
{
	return (target->index ? target->index[k] : k) * width;
}

/* ---- Gradients ------------------------------------------------------- */

/* Sums waiting for their right-hand neighbour: one tile a level. */
struct tile_stack {
	float tiles[LS_SUBTREES_MAX / 2 + 1][TILE * 2 * VEC];
};

INLINE void slice_sum(const int n, const int vectors, const struct ls_gradient *g, size_t first, uint32_t slice,
                      vec sum[TILE][2])
{
	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_all(0);
	for (size_t r = g->slices[slice]; r < g->slices[slice + 1]; r++) {
		const float *in = g->in + r * g->ld_in + first;
		vec delta[2];
		UNROLL for (int v = 0; v < vectors; v++) delta[v] = vec_load(g->delta + r * g->ld_delta + v * VEC);
		UNROLL for (int i = 0; i < n; i++)
		{
			vec x = vec_all(in[i]);
			UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_fma(x, delta[v], sum[i][v]);
		}
	}
}

/* A binary counter: after slice s, as many waiting sums are added as s has
 * trailing ones; what is left when the slices end is the root. */
INLINE void gradient_tile(const int n, const int vectors, const struct ls_gradient *g, size_t first,
                          struct update *update)
{
	struct tile_stack stack;
	uint32_t top = 0;
	vec sum[TILE][2];

	for (uint32_t slice = 0;; slice++) {
		slice_sum(n, vectors, g, first, slice, sum);
		for (uint32_t ones = slice; ones & 1; ones >>= 1) {
			const float *tile = stack.tiles[--top];
			UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
			    vec_add(vec_load(tile + (i * 2 + v) * VEC), sum[i][v]);
		}
		if (slice + 1 == g->n_slices)
			break;
		float *tile = stack.tiles[top++];
		UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++)
		    vec_store(tile + (i * 2 + v) * VEC, sum[i][v]);
	}

	UNROLL for (int i = 0; i < n; i++)
	{
		size_t offset = g->out ? 0 : target_offset(&g->target, first + (size_t)i, (size_t)(vectors * VEC));
		UNROLL for (int v = 0; v < vectors; v++)
		{
			if (g->out)
				vec_store(g->out + (first + (size_t)i) * (size_t)(vectors * VEC) + v * VEC, sum[i][v]);
			else
				update_vector(update, sum[i][v], g->target.weight + offset + v * VEC,
				              g->target.velocity ? g->target.velocity + offset + v * VEC : NULL);
		}
	}
}

static void gradient_columns(const struct ls_gradient *g, size_t first, size_t n, struct update *update)
{
	switch (n) {
#define CALL(N)                                                                                                        \
	case N:                                                                                                        \
		if (g->width == VEC)                                                                                   \
			gradient_tile(N, 1, g, first, update);                                                         \
		else                                                                                                   \
			gradient_tile(N, 2, g, first, update);                                                         \
		break;
		LS_CASES(CALL)
#undef CALL
	default:
		break;
	}
}

static int gradient(const struct ls_gradient *g)
{
	static const struct ls_update none;
	struct update update = update_begin(g->out ? &none : g->update);
	for (size_t first = 0; first < g->n_k; first += TILE)
		gradient_columns(g, first, g->n_k - first < TILE ? g->n_k - first : TILE, &update);
	return update_end(&update);
}

/* ---- Reduction ------------------------------------------------------- */

INLINE vec tree_sum(const struct ls_reduction *r, size_t at)
{
	vec waiting[LS_SUBTREES_MAX + 1];
	uint32_t top = 0;

	for (uint32_t i = 0; i < r->n_nodes; i++) {
		vec sum = vec_load(r->nodes[i] + at);
		for (uint8_t n = r->n_merges[i]; n > 0; n--)
			sum = vec_add(waiting[--top], sum);
		waiting[top++] = sum;
	}
	return r->n_nodes ? waiting[0] : vec_all(0);
}

static int reduce(const struct ls_reduction *r)
{
	struct update update = update_begin(r->update);
	for (size_t k = 0; k < r->n_k; k++) {
		size_t offset = target_offset(&r->target, k, r->width);
		for (size_t v = 0; v < r->width; v += VEC)
			update_vector(&update, tree_sum(r, k * r->width + v), r->target.weight + offset + v,
			              r->target.velocity ? r->target.velocity + offset + v : NULL);
	}
	return update_end(&update);
}

/* ---- Peak ------------------------------------------------------------ */

/* As many independent chains as a full tile has, fed from registers. */
static float peak(size_t n, float x)
{
	vec sum[TILE][2], factor = vec_all(x);
	UNROLL for (int i = 0; i < TILE; i++) UNROLL for (int v = 0; v < 2; v++) sum[i][v] =
	    vec_all((float)(2 * i + v));
	for (size_t round = 0; round < n; round++)
		UNROLL for (int i = 0; i < TILE; i++) UNROLL for (int v = 0; v < 2; v++) sum[i][v] =
		    vec_fma(sum[i][v], factor, factor);

	float lanes[VEC];
	UNROLL for (int i = 1; i < TILE; i++) sum[0][0] = vec_add(sum[0][0], vec_add(sum[i][0], sum[i][1]));
	vec_store(lanes, sum[0][0]);
	return lanes[0];
}

#endif
