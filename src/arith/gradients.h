/* SPDX-License-Identifier: MIT
 *
 * Gradients: the tree over the slices' chains, tile by tile, stored or updating at
 * once.
 */
#ifndef LS_ARITH_GRADIENTS_H
#define LS_ARITH_GRADIENTS_H

#include "arith.h"
#include "base/ranges.h"
#include "tiles.h"
#include "updates.h"

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

/* The sum of a slice, or of a pair of them, joins those that wait for it, and waits
 * in its turn or, as the last one, is the root. */
INLINE void pass_on(const int vectors, const int n, const struct gradient_tile *tile, uint32_t i, int is_last,
                    vec sum[TILE_1][PANEL], struct update *update)
{
	float *waits = add_waiting(vectors, n, tile->stack, i, sum);
	if (is_last)
		finish_sums(vectors, n, tile, sum, update);
	else
		store_sums(vectors, n, sum, waits);
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
		pass_on(vectors, n, tile, slice, slice + 1 == n_slices, sum, update);
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

/* A tile's slices, of consecutive rows, for so few columns that the sums of two stay
 * in registers: only those of pairs of slices wait in memory, counted likewise. */
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
		pass_on(vectors, n, tile, pair, pair + 1 == n_pairs, sum, update);
	}
}

/* A whole tile's slices, of two consecutive rows or more. */
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

/* Weights that come from far away are called for as many rows before their sums end as
 * the way takes: of this tile, or of one that comes later. Steps of 784-2048-2048-10
 * with one worker are 1.2 to 1.3 times as fast with 16 or 32 rows, 1.14 with 128. */
#define FETCH_ROWS 128

INLINE void fetch_weights(const int vectors, const int n, const struct gradient_tile *tile)
{
	const struct ls_gradient *g = tile->gradient;
	uint32_t n_rows = tile->slices[g->n_slices] - tile->slices[0];
	size_t first = tile->first + (size_t)n * (n_rows > 0 ? FETCH_ROWS / n_rows : 0);
	for (size_t k = first; k < first + n && k < g->n_k; k++) {
		size_t offset = target_offset(&g->target, k, (size_t)(vectors * VEC));
		UNROLL for (int v = 0; v < vectors; v++) __builtin_prefetch(g->target.weight + offset + v * VEC, 1);
	}
}

/* The end of a slice stores a whole tile's sums, and with few rows a slice the
 * processor waits for these stores, most likely as its queue of them is full. So half of
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
	int in_pairs = goes_in_pairs(vectors, n, g), are_long = all_long(g), fetch = g->far && !g->out;
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

#endif
