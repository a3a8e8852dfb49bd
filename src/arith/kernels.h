/* SPDX-License-Identifier: MIT
 *
 * The matrix kernels: one body, compiled once per instruction set (isa_*.c
 * include it). A tile of a few rows by one to PANEL vectors stays in registers
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

/* ---- Products -------------------------------------------------------- */

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
	size_t height = tile_height(p->width), n_tiles = (p->n_rows + height - 1) / height;
	size_t n_steps = n_tiles * LINE < p->width ? 1 : n_tiles * LINE / p->width;
	size_t share = (p->n_k + n_steps - 1) / n_steps * LINE;

	for (size_t i = 0; i < n_tiles; i++) {
		size_t first = p->n_rows * i / n_tiles, n = p->n_rows * (i + 1) / n_tiles - first;
		if (p->next && !p->index)
			fetching_rows(p, first, n, p->next + i * share, n_steps);
		else
			product_rows(p, first, n);
	}
}

/* ---- Update ---------------------------------------------------------- */

/* The options of an update, spread over vectors once. */
struct update {
	vec scale, minus_rate, momentum, l2;
	int plain; /* neither momentum nor l2, and not store_only */
	int has_momentum, has_l2, nesterov, store_only;
	vec not_finite; /* +-0 as long as every new weight was finite */
};

INLINE struct update update_begin(const struct ls_update *u)
{
	return (struct update){.scale = vec_all(u->scale),
	                       .minus_rate = vec_all(-u->rate),
	                       .momentum = vec_all(u->momentum),
	                       .l2 = vec_all(u->l2),
	                       .plain = u->momentum == 0 && u->l2 == 0 && !u->store_only,
	                       .has_momentum = u->momentum != 0,
	                       .has_l2 = u->l2 != 0,
	                       .nesterov = u->nesterov,
	                       .store_only = u->store_only,
	                       .not_finite = vec_all(0)};
}

/* Zero as long as every w was finite: w - w is 0 for a finite w and NaN else. */
INLINE vec note_finite(vec not_finite, vec w)
{
	return vec_or(not_finite, vec_subtract(w, w));
}

/* (sum + 0) * scale in one operation: what is added to a product that is not 0
 * changes no bit of it, and -0 becomes 0 here as there. */
INLINE vec mean_gradient(const struct update *u, vec sum)
{
	return vec_fma(sum, u->scale, vec_all(0));
}

INLINE vec update_plain(const struct update *u, vec sum, float *weight)
{
	vec w = vec_fma(u->minus_rate, mean_gradient(u, sum), vec_load(weight));
	vec_store(weight, w);
	return w;
}

static void update_vector(struct update *u, vec sum, float *weight, float *velocity)
{
	vec g = mean_gradient(u, sum);
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
	u->not_finite = note_finite(u->not_finite, w);
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
typedef float tile_sums[TILE_VECTORS * VEC];
struct tile_stack {
	_Alignas(64) tile_sums tiles[LS_SUBTREES_MAX / 2 + 1];
};

/* One tile of the sums: inputs first .., whose numbers of row r are in[r * ld_in]
 * and on, over the rows listed from slices[0] on. */
struct gradient_tile {
	const struct ls_gradient *gradient;
	const uint32_t *slices;
	size_t first;
	const float *in;
	size_t ld_in;
	struct tile_stack *stack;
};

static struct gradient_tile tile_at(const struct ls_gradient *g, uint32_t i_tile, struct tile_stack *stack)
{
	size_t height = tile_height(g->width);
	return (struct gradient_tile){
	    .gradient = g,
	    .slices = g->slices + i_tile * g->tile_stride,
	    .first = i_tile * height,
	    .in = g->in + i_tile * height * (g->packed_rows ? g->packed_rows : 1),
	    .ld_in = g->packed_rows ? height : g->ld_in,
	    .stack = stack,
	};
}

INLINE void add_products(const int vectors, const int n, const float *in, const vec d[PANEL], vec sum[TILE_1][PANEL])
{
	UNROLL for (int i = 0; i < n; i++)
	{
		vec x = vec_all(in[i]);
		UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_fma(x, d[v], sum[i][v]);
	}
}

INLINE void add_row(const int vectors, const int n, const float *in, const float *delta, vec sum[TILE_1][PANEL])
{
	vec d[PANEL];
	UNROLL for (int v = 0; v < vectors; v++) d[v] = vec_load(delta + v * VEC);
	add_products(vectors, n, in, d, sum);
}

/* Where the next row stands. A variable of its own, which no store can alias: it
 * stays in registers. */
struct cursor {
	const float *in, *delta;
	size_t ld_in, ld_delta;
};

INLINE struct cursor cursor_at(const struct gradient_tile *tile, size_t row)
{
	const struct ls_gradient *g = tile->gradient;
	return (struct cursor){tile->in + row * tile->ld_in, g->delta + row * g->ld_delta, tile->ld_in, g->ld_delta};
}

INLINE void next_row(struct cursor *at)
{
	at->in += at->ld_in;
	at->delta += at->ld_delta;
}

INLINE void add_rows(const int vectors, const int n, struct cursor *at, size_t n_rows, vec sum[TILE_1][PANEL])
{
	for (; n_rows > 0; n_rows--, next_row(at))
		add_row(vectors, n, at->in, at->delta, sum);
}

/* The rows listed from begin to end - 1. */
INLINE void add_listed_rows(const int vectors, const int n, const struct gradient_tile *tile, size_t begin, size_t end,
                            vec sum[TILE_1][PANEL])
{
	const struct cursor from = cursor_at(tile, 0);
	const uint32_t *rows = tile->gradient->rows;
	for (size_t j = begin; j < end; j++)
		add_row(vectors, n, from.in + rows[j] * from.ld_in, from.delta + rows[j] * from.ld_delta, sum);
}

INLINE void store_sums(const int vectors, const int n, vec sum[TILE_1][PANEL], float *out)
{
	UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++)
	    vec_store(out + (i * vectors + v) * VEC, sum[i][v]);
}

INLINE void update_sums_plainly(const int vectors, const int n, const struct gradient_tile *tile,
                                vec sum[TILE_1][PANEL], struct update *update)
{
	/* Copies that no store can alias: they stay in registers. */
	const struct ls_target target = tile->gradient->target;
	const struct update u = *update;
	vec not_finite = u.not_finite;
	UNROLL for (int i = 0; i < n; i++)
	{
		size_t offset = target_offset(&target, tile->first + (size_t)i, (size_t)(vectors * VEC));
		UNROLL for (int v = 0; v < vectors; v++) not_finite =
		    note_finite(not_finite, update_plain(&u, sum[i][v], target.weight + offset + v * VEC));
	}
	update->not_finite = not_finite;
}

/* The sums of n columns, [n][width], update in any way. */
static void update_rows(const struct gradient_tile *tile, size_t n, const float *sums, struct update *update)
{
	const struct ls_target *target = &tile->gradient->target;
	size_t width = tile->gradient->width;
	for (size_t i = 0; i < n; i++) {
		size_t offset = target_offset(target, tile->first + i, width);
		for (size_t v = 0; v < width; v += VEC)
			update_vector(update, vec_load(sums + i * width + v), target->weight + offset + v,
			              target->velocity ? target->velocity + offset + v : NULL);
	}
}

/* The root's sums are stored, or update. */
INLINE void finish_sums(const int vectors, const int n, const struct gradient_tile *tile, vec sum[TILE_1][PANEL],
                        struct update *update)
{
	const struct ls_gradient *g = tile->gradient;
	if (g->out) {
		store_sums(vectors, n, sum, g->out + tile->first * g->width);
	} else if (update->plain) {
		update_sums_plainly(vectors, n, tile, sum, update);
	} else {
		store_sums(vectors, n, sum, tile->stack->tiles[0]);
		update_rows(tile, n, tile->stack->tiles[0], update);
	}
}

/* A chain that begins with a product in place of 0 + product differs in the sign
 * of a zero at most, which no sum keeps. */
INLINE void begin_slice(const int vectors, const int n, struct cursor *at, vec sum[TILE_1][PANEL])
{
	vec d[PANEL];
	UNROLL for (int v = 0; v < vectors; v++) d[v] = vec_load(at->delta + v * VEC);
	UNROLL for (int i = 0; i < n; i++)
	{
		vec x = vec_all(at->in[i]);
		UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_mul(x, d[v]);
	}
	next_row(at);
}

/* From a slice to the next: adds the one's last row, adds the sum to the `adds`
 * sums that wait, the last of them first, lets that wait in the first one's
 * place, and begins the other. The row and the sums one vector after the other: a
 * processor stores less in a cycle than it multiplies, and stores alone would
 * hold it up for as long as two rows take. */
INLINE void turn_slice(const int vectors, const int n, const int adds, struct cursor *at, tile_sums *waiting,
                       vec sum[TILE_1][PANEL])
{
	vec d[PANEL];
	UNROLL for (int v = 0; v < vectors; v++) d[v] = vec_load(at->delta + v * VEC);
	UNROLL for (int i = 0; i < n; i++)
	{
		vec x = vec_all(at->in[i]);
		UNROLL for (int v = 0; v < vectors; v++)
		{
			int place = (i * vectors + v) * VEC;
			vec ended = vec_fma(x, d[v], sum[i][v]);
			UNROLL for (int a = adds; a > 0; a--) ended = vec_add(vec_load(waiting[a - 1] + place), ended);
			vec_store(waiting[0] + place, ended);
		}
	}
	next_row(at);
	begin_slice(vectors, n, at, sum);
}

/* The end of a slice that is not the last one. As many sums wait as its
 * number has ones, and as many are combined as it has trailing ones. */
INLINE void end_slice(const int vectors, const int n, struct tile_stack *stack, uint32_t slice, struct cursor *at,
                      vec sum[TILE_1][PANEL])
{
	tile_sums *end = stack->tiles + __builtin_popcount(slice);

	if (!(slice & 1)) {
		turn_slice(vectors, n, 0, at, end, sum);
		return;
	}
	if (!(slice & 2)) {
		turn_slice(vectors, n, 1, at, end - 1, sum);
		return;
	}
	turn_slice(vectors, n, 2, at, end - 2, sum);
	for (uint32_t ones = slice >> 2; ones & 1; ones >>= 1, end--)
		for (int i = 0; i < n * vectors * VEC; i += VEC)
			vec_store(end[-3] + i, vec_add(vec_load(end[-3] + i), vec_load(end[-2] + i)));
}

/* Adds what waits for the slice, and returns where what comes of it waits in
 * its turn. */
INLINE float *add_waiting(const int vectors, const int n, struct tile_stack *stack, uint32_t slice,
                          vec sum[TILE_1][PANEL])
{
	tile_sums *waiting = stack->tiles + __builtin_popcount(slice);
	for (uint32_t ones = slice; ones & 1; ones >>= 1) {
		const float *left = *--waiting;
		UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
		    vec_add(vec_load(left + (i * vectors + v) * VEC), sum[i][v]);
	}
	return *waiting;
}

/* A tile's slices. A binary counter: after slice s, as many waiting sums are
 * added as s has trailing ones, so that as many wait before it as it has ones;
 * what is left when the slices end is the root. */
INLINE void sum_slices(const int vectors, const int n, const struct gradient_tile *tile, struct update *update)
{
	uint32_t n_slices = tile->gradient->n_slices;
	for (uint32_t slice = 0; slice < n_slices; slice++) {
		size_t begin = tile->slices[slice], end = tile->slices[slice + 1];
		vec sum[TILE_1][PANEL];
		UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = vec_all(0);
		if (tile->gradient->rows) {
			add_listed_rows(vectors, n, tile, begin, end, sum);
		} else {
			struct cursor at = cursor_at(tile, begin);
			add_rows(vectors, n, &at, end - begin, sum);
		}
		float *waits = add_waiting(vectors, n, tile->stack, slice, sum);
		if (slice + 1 == n_slices)
			finish_sums(vectors, n, tile, sum, update);
		else
			store_sums(vectors, n, sum, waits);
	}
}

/* The sum of a slice of n_rows consecutive rows. Its few columns would let the
 * compiler read the deltas from memory for each of them: held, they come once. */
INLINE void sum_slice(const int vectors, const int n, struct cursor *at, size_t n_rows, vec sum[TILE_1][PANEL])
{
	vec d[PANEL];
	begin_slice(vectors, n, at, sum);
	for (; n_rows > 1; n_rows--, next_row(at)) {
		UNROLL for (int v = 0; v < vectors; v++) d[v] = vec_hold(vec_load(at->delta + v * VEC));
		add_products(vectors, n, at->in, d, sum);
	}
}

/* The same for consecutive rows and so few columns that the sums of two slices
 * stay in registers: only those of a pair of slices wait in memory. */
INLINE void sum_pairs(const int vectors, const int n, const struct gradient_tile *tile, struct update *update)
{
	const uint32_t *first_row = tile->slices;
	uint32_t n_pairs = tile->gradient->n_slices / 2;
	struct cursor at = cursor_at(tile, first_row[0]);
	for (uint32_t pair = 0; pair < n_pairs; pair++, first_row += 2) {
		vec left[TILE_1][PANEL], sum[TILE_1][PANEL];
		sum_slice(vectors, n, &at, first_row[1] - first_row[0], left);
		sum_slice(vectors, n, &at, first_row[2] - first_row[1], sum);
		UNROLL for (int i = 0; i < n; i++) UNROLL for (int v = 0; v < vectors; v++) sum[i][v] =
		    vec_add(left[i][v], sum[i][v]);
		float *waits = add_waiting(vectors, n, tile->stack, pair, sum);
		if (pair + 1 == n_pairs)
			finish_sums(vectors, n, tile, sum, update);
		else
			store_sums(vectors, n, sum, waits);
	}
}

/* The same for whole tiles of slices of two consecutive rows or more. */
INLINE void sum_long_slices(const int vectors, const int n, const struct gradient_tile *tile, struct update *update)
{
	const uint32_t *first_row = tile->slices;
	uint32_t last = tile->gradient->n_slices - 1;
	struct cursor at = cursor_at(tile, first_row[0]);
	vec sum[TILE_1][PANEL];

	begin_slice(vectors, n, &at, sum);
	for (uint32_t slice = 0; slice < last; slice++) {
		add_rows(vectors, n, &at, first_row[slice + 1] - first_row[slice] - 2, sum);
		end_slice(vectors, n, tile->stack, slice, &at, sum);
	}
	add_rows(vectors, n, &at, first_row[last + 1] - first_row[last] - 1, sum);
	add_waiting(vectors, n, tile->stack, last, sum);
	finish_sums(vectors, n, tile, sum, update);
}

/* Has every slice two consecutive rows or more? */
static int all_long(const struct ls_gradient *g)
{
	if (g->rows)
		return 0;
	for (uint32_t i = 0; i < g->n_slices; i++)
		if (g->slices[i + 1] - g->slices[i] < 2)
			return 0;
	return 1;
}

/* Weights come from far away when a tile's turn comes once a step and it has many
 * rows: called for before the rows, they are there after them (1.07 times as fast
 * with 2048 x 2048 weights and 512 rows; of few rows the calls cost more). */
#define FETCH_ROWS_MIN 256

static int fetches(const struct ls_gradient *g)
{
	return !g->out && !g->rows && g->slices[g->n_slices] - g->slices[0] >= FETCH_ROWS_MIN;
}

INLINE void fetch_weights(const int vectors, const int n, const struct gradient_tile *tile)
{
	const struct ls_target *target = &tile->gradient->target;
	UNROLL for (int i = 0; i < n; i++)
	{
		size_t offset = target_offset(target, tile->first + (size_t)i, (size_t)(vectors * VEC));
		UNROLL for (int v = 0; v < vectors; v++) __builtin_prefetch(target->weight + offset + v * VEC, 1);
	}
}

/* The end of a slice stores a whole tile's sums, and with few rows a slice the
 * processor's queue of stores is full before the last: it stands still. So half of
 * the columns go first and their slices in pairs, which stores half as much at a
 * time and in all. With 5 rows a slice a gradient with update is 1.25 times as fast,
 * with 8 rows 1.09, with 16 rows 1.03 (AVX-512). Every half reads all deltas, which
 * must stay in the first-level cache, and must have as many chains as two
 * multipliers with a latency of 4 cycles keep under way. */
#define PAIRED_DELTAS_MAX 8192 /* floats */
#define CHAINS_MIN 8

INLINE int goes_in_pairs(const int vectors, const int n, const struct ls_gradient *g)
{
	return vectors * (n / 2) >= CHAINS_MIN && g->n_slices > 1 && !g->rows &&
	       (g->slices[g->n_slices] - g->slices[0]) * g->width <= PAIRED_DELTAS_MAX;
}

INLINE void sum_halves(const int vectors, const int n, struct gradient_tile tile, struct update *update)
{
	const int half = n / 2;
	sum_pairs(vectors, half, &tile, update);
	tile.first += half;
	tile.in += half;
	sum_pairs(vectors, n - half, &tile, update);
}

/* Tiles begin .. end - 1, of n columns each. */
INLINE void sum_tiles(const int vectors, const int n, const struct ls_gradient *g, struct ls_range tiles,
                      struct update *update)
{
	struct tile_stack stack;
	int in_pairs = goes_in_pairs(vectors, n, g), are_long = all_long(g), fetch = fetches(g);
	for (uint32_t i = tiles.begin; i < tiles.end; i++) {
		struct gradient_tile tile = tile_at(g, i, &stack);
		if (fetch)
			fetch_weights(vectors, n, &tile);
		if (in_pairs)
			sum_halves(vectors, n, tile, update);
		else if (are_long)
			sum_long_slices(vectors, n, &tile, update);
		else
			sum_slices(vectors, n, &tile, update);
	}
}

static void sum_columns(size_t n, const struct ls_gradient *g, struct ls_range tiles, struct update *update)
{
	switch (SHAPE(g->width / VEC, n)) {
#define CALL(V, N)                                                                                                     \
	case SHAPE(V, N):                                                                                              \
		sum_tiles(V, N, g, tiles, update);                                                                     \
		break;
		SHAPES(CALL)
#undef CALL
	default:
		break;
	}
}

static int gradient(const struct ls_gradient *g)
{
	static const struct ls_update none;
	struct update update = update_begin(g->out ? &none : g->update);
	size_t height = tile_height(g->width);
	uint32_t n_full = (uint32_t)(g->n_k / height);

	sum_columns(height, g, (struct ls_range){0, n_full}, &update);
	sum_columns(g->n_k % height, g, (struct ls_range){n_full, n_full + 1}, &update);
	return update_end(&update);
}

/* ---- Reduction ------------------------------------------------------- */

INLINE vec tree_sum(const struct ls_reduction *r, size_t at)
{
	vec waiting[LS_SUBTREES_MAX + 1];
	uint32_t top = 0;

	if (r->n_nodes == 2) /* of two workers, mostly */
		return vec_add(vec_load(r->nodes[0] + at), vec_load(r->nodes[1] + at));
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
		for (size_t v = 0; v < r->width; v += VEC) {
			vec sum = tree_sum(r, k * r->width + v);
			if (update.plain)
				update.not_finite = note_finite(
				    update.not_finite, update_plain(&update, sum, r->target.weight + offset + v));
			else
				update_vector(&update, sum, r->target.weight + offset + v,
				              r->target.velocity ? r->target.velocity + offset + v : NULL);
		}
	}
	return update_end(&update);
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
