/* SPDX-License-Identifier: MIT
 *
 * Products, gradients, reductions and updates of every table against loops
 * written from doc/numerics.md: bit for bit, for sizes around every tile, with
 * strides, indices and guards; and against sums in double within a bound that
 * follows from length and epsilon.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arith_tables.h"
#include "base/ranges.h"
#include "train/partition.h"

#define TILE_MAX 14
#define COUNT_MAX (2 * TILE_MAX + 3)
#define WIDTH_MAX 64
#define K_MAX 97
#define ROWS_MAX 61
#define MANY_ROWS 149     /* too many for a gradient of a full panel to go in pairs of slices */
#define GUARD 0x7fabcdefu /* a NaN: it would show in any sum */

static const struct ls_arith *tables[ARITH_TABLES_MAX];
static size_t n_tables;

static void find_tables(void)
{
	n_tables = arith_tables(tables);
}

TestSuite(kernels, .init = find_tables);

static float guard(void)
{
	return float_of_bits(GUARD);
}

/* Fills n_rows rows of n floats each and puts guards into the rest. */
static void fill_rows(float *x, size_t n_rows, size_t n, size_t ld, uint64_t seed)
{
	fill_with(x, n_rows * ld, guard());
	for (size_t r = 0; r < n_rows; r++)
		fill_ordinary(x + r * ld, n, seed + r);
}

/* ---- Products -------------------------------------------------------- */

struct product_case {
	size_t width, n_rows, n_k;
	int with_index, with_start, with_next;
};

static float in_values[MANY_ROWS * (K_MAX + 3)];
static float panel_values[(2 * K_MAX + 1) * WIDTH_MAX];
static float start_values[WIDTH_MAX];
static float out_values[ROWS_MAX * (WIDTH_MAX + 5)];
static uint32_t k_index[K_MAX], k_position[K_MAX];

static struct ls_product make_product(const struct product_case *c)
{
	struct ls_product p = {.n_rows = c->n_rows,
	                       .n_k = c->n_k,
	                       .in = in_values,
	                       .ld_in = c->n_k + 3,
	                       .panel = panel_values,
	                       .next = c->with_next ? panel_values : NULL,
	                       .index = c->with_index ? k_index : NULL,
	                       .position = c->with_index ? k_position : NULL,
	                       .start = c->with_start ? start_values : NULL,
	                       .width = c->width,
	                       .out = out_values,
	                       .ld_out = c->width + 5};
	fill_rows(in_values, c->n_rows, c->n_k, p.ld_in, 1);
	fill_ordinary(panel_values, (2 * K_MAX + 1) * c->width, 2);
	fill_ordinary(start_values, c->width, 3);
	fill_with(out_values, ROWS_MAX * p.ld_out, guard());
	for (uint32_t k = 0; k < c->n_k; k++) {
		k_index[k] = 2 * k + k % 2;
		k_position[k] = k * 5 % (uint32_t)c->n_k; /* every column once */
	}
	return p;
}

static float product_weight(const struct ls_product *p, size_t k, size_t column)
{
	return p->panel[(p->index ? p->index[k] : k) * p->width + column];
}

static float naive_product(const struct ls_product *p, size_t row, size_t column)
{
	float z = p->start ? p->start[column] : 0.0f;
	for (size_t k = 0; k < p->n_k; k++)
		z = fmaf(p->in[row * p->ld_in + (p->position ? p->position[k] : k)], product_weight(p, k, column), z);
	return z + 0.0f;
}

static void expect_product(const struct ls_arith *table, const struct product_case *c)
{
	static float expected[ROWS_MAX * (WIDTH_MAX + 5)];
	struct ls_product p = make_product(c);
	fill_with(expected, ROWS_MAX * p.ld_out, guard());
	for (size_t r = 0; r < c->n_rows; r++)
		for (size_t j = 0; j < c->width; j++)
			expected[r * p.ld_out + j] = naive_product(&p, r, j);
	table->product(&p);
	cr_assert_eq(first_difference(out_values, expected, ROWS_MAX * p.ld_out), ROWS_MAX * p.ld_out,
	             "%s: %zu rows, %zu inputs, width %zu, index %d, start %d, next %d", table->name, c->n_rows, c->n_k,
	             c->width, c->with_index, c->with_start, c->with_next);
}

static void expect_products(const struct ls_arith *table, size_t width, size_t n_rows)
{
	static const size_t lengths[] = {0, 1, 7, K_MAX};
	for (size_t i = 0; i < 4; i++)
		for (int options = 0; options < 8; options++)
			expect_product(table, &(struct product_case){width, n_rows, lengths[i], options & 1,
			                                             options >> 1 & 1, options >> 2});
}

Test(kernels, product_is_the_chain_for_every_shape)
{
	for (size_t t = 0; t < n_tables; t++)
		for (size_t n_rows = 0; n_rows <= COUNT_MAX; n_rows++) {
			size_t vector = tables[t]->vector;
			for (size_t width = vector; width <= tables[t]->panel; width += vector)
				expect_products(tables[t], width, n_rows);
		}
}

/* ---- Backward products ------------------------------------------------ */

#define BACK_INPUTS (COUNT_MAX + 5)
#define BACK_FIRST 3

static float back_weights[BACK_INPUTS * (2 * WIDTH_MAX + 16)], back_deltas[(2 * WIDTH_MAX + 16) * WIDTH_MAX];
static float back_out[(BACK_INPUTS + 1) * WIDTH_MAX];

/* Weight (k, j) by the words of arith.h. */
static size_t back_place(const struct ls_arith *table, const struct ls_back_product *p, size_t k, size_t j)
{
	size_t first = j / table->panel * table->panel;
	size_t rest = (p->n_out - first + table->vector - 1) / table->vector * table->vector;
	return first * p->n_k + k * (rest < table->panel ? rest : table->panel) + j - first;
}

static float naive_back_product(const struct ls_arith *table, const struct ls_back_product *p, size_t k, size_t lane)
{
	float sum = 0;
	for (size_t j = 0; j < p->n_out; j++)
		sum = fmaf(p->weight[back_place(table, p, p->first + k, j)], p->delta[j * p->width + lane], sum);
	return sum + 0.0f;
}

static void expect_back_product(const struct ls_arith *table, size_t width, size_t n, size_t n_out)
{
	static float expected[(BACK_INPUTS + 1) * WIDTH_MAX];
	struct ls_back_product p = {back_weights, BACK_INPUTS, n_out, BACK_FIRST, n, back_deltas, width, back_out};
	fill_with(back_weights, sizeof back_weights / sizeof *back_weights, guard());
	for (size_t k = 0; k < BACK_INPUTS; k++)
		for (size_t j = 0; j < n_out; j++)
			fill_ordinary(back_weights + back_place(table, &p, k, j), 1, 1000 * k + j);
	fill_ordinary(back_deltas, n_out * width, 5);
	fill_with(back_out, (n + 1) * width, guard());
	fill_with(expected, (n + 1) * width, guard());
	for (size_t k = 0; k < n; k++)
		for (size_t lane = 0; lane < width; lane++)
			expected[k * width + lane] = naive_back_product(table, &p, k, lane);
	table->back_product(&p);
	cr_assert_eq(first_difference(back_out, expected, (n + 1) * width), (n + 1) * width,
	             "%s: width %zu, %zu inputs, %zu outputs", table->name, width, n, n_out);
}

Test(kernels, back_product_is_the_chain_for_every_shape)
{
	for (size_t t = 0; t < n_tables; t++) {
		size_t panel = tables[t]->panel, vector = tables[t]->vector;
		const size_t outputs[] = {1, vector, vector + 1, panel - 1, panel, panel + 1, 2 * panel + vector - 1};
		for (size_t width = vector; width <= panel; width += vector)
			for (size_t n = 0; n <= COUNT_MAX; n++)
				for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
					expect_back_product(tables[t], width, n, outputs[i]);
	}
}

Test(kernels, back_product_is_never_negative_zero)
{
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_back_product p = {back_weights, 1, 1, 0, 1, back_deltas, tables[t]->panel, back_out};
		fill_with(back_weights, tables[t]->vector, -0x1p-100f);
		fill_with(back_deltas, p.width, 0x1p-100f);
		tables[t]->back_product(&p);
		for (size_t lane = 0; lane < p.width; lane++)
			cr_assert_eq(bits_of_float(back_out[lane]), 0, "%s", tables[t]->name);
	}
}

/* ---- Near the sums in double ------------------------------------------ */

/* The bound of a chain of n fused operations: every partial sum is at most the
 * sum of magnitudes and is rounded once. */
static double chain_tolerance(size_t n, double magnitudes)
{
	double u = 0x1p-24 * (double)n;
	return u / (1 - u) * magnitudes;
}

/* Elements of out that lie outside the bound; NaN does. */
static size_t n_outside(const struct ls_product *p, const float *out)
{
	size_t n = 0;
	for (size_t r = 0; r < p->n_rows; r++)
		for (size_t j = 0; j < p->width; j++) {
			double sum = p->start ? (double)p->start[j] : 0, magnitudes = fabs(sum);
			for (size_t k = 0; k < p->n_k; k++) {
				double term = (double)p->in[r * p->ld_in + k] * (double)product_weight(p, k, j);
				sum += term;
				magnitudes += fabs(term);
			}
			double tolerance = chain_tolerance(p->n_k, magnitudes);
			cr_assert(tolerance < 1e-4, "the bound says nothing");
			n += !(fabs((double)out[r * p->ld_out + j] - sum) <= tolerance);
		}
	return n;
}

Test(kernels, product_is_near_the_sum_in_double_and_wrong_results_are_not)
{
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_product p = make_product(&(struct product_case){tables[t]->panel, 29, K_MAX, 0, 1, 0});
		size_t n = p.n_rows * p.width;
		tables[t]->product(&p);
		cr_assert_eq(n_outside(&p, out_values), 0);

		static float wrong[ROWS_MAX * (WIDTH_MAX + 5)];
		memset(wrong, 0, sizeof wrong);
		cr_assert_eq(n_outside(&p, wrong), n, "all zero");
		memcpy(wrong, out_values + 1, sizeof wrong - sizeof *wrong);
		cr_assert_gt(n_outside(&p, wrong), n * 9 / 10, "shifted by one");
		fill_with(wrong, ROWS_MAX * p.ld_out, NAN);
		cr_assert_eq(n_outside(&p, wrong), n, "NaN");
		memcpy(wrong, out_values, sizeof wrong);
		wrong[28 * p.ld_out + p.width - 1] += 0x1p-8f;
		cr_assert_eq(n_outside(&p, wrong), 1, "one element");
	}
}

Test(kernels, product_is_never_negative_zero)
{
	static const float starts[] = {-0.0f, -0.0f, -0.0f, 0.0f};
	static const float inputs[] = {1.0f, -1.0f, -0x1p-100f, -0x1p-100f};
	static const float weights[] = {-0.0f, 0.0f, 0x1p-100f, 0x1p-100f};
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < 4; i++)
			for (size_t n_k = 0; n_k < 2; n_k++) {
				struct ls_product p =
				    make_product(&(struct product_case){tables[t]->panel, 1, n_k, 0, 1, 0});
				in_values[0] = inputs[i];
				fill_with(panel_values, p.width, weights[i]);
				fill_with(start_values, p.width, starts[i]);
				tables[t]->product(&p);
				for (size_t j = 0; j < p.width; j++)
					cr_assert_eq(bits_of_float(out_values[j]), 0, "%s: case %zu", tables[t]->name,
					             i);
			}
}

/* ---- Gradients ------------------------------------------------------- */

static float delta_values[MANY_ROWS * (WIDTH_MAX + 5)];
static float weight_values[(2 * K_MAX + 1) * WIDTH_MAX];
static float velocity_values[(2 * K_MAX + 1) * WIDTH_MAX];

#define N_WEIGHTS(width) ((2 * K_MAX + 1) * (width))

static struct ls_gradient make_gradient(size_t n_k, size_t width, const uint32_t *slices, uint32_t n_slices)
{
	struct ls_gradient g = {.n_k = n_k,
	                        .in = in_values,
	                        .ld_in = n_k + 3,
	                        .delta = delta_values,
	                        .ld_delta = width + 5,
	                        .width = width,
	                        .slices = slices,
	                        .n_slices = n_slices};
	fill_rows(in_values, slices[n_slices], n_k, g.ld_in, 4);
	fill_rows(delta_values, slices[n_slices], width, g.ld_delta, 5);
	return g;
}

static float slice_sum(const struct ls_gradient *g, uint32_t slice, size_t k, size_t column)
{
	float sum = 0.0f;
	for (uint32_t r = g->slices[slice]; r < g->slices[slice + 1]; r++)
		sum = fmaf(g->in[r * g->ld_in + k], g->delta[r * g->ld_delta + column], sum);
	return sum;
}

static float naive_gradient(const struct ls_gradient *g, uint32_t lo, uint32_t hi, size_t k, size_t column)
{
	if (hi - lo == 1)
		return slice_sum(g, lo, k, column);
	uint32_t mid = (lo + hi) / 2;
	return naive_gradient(g, lo, mid, k, column) + naive_gradient(g, mid, hi, k, column);
}

static void expect_sums(const struct ls_arith *table, struct ls_gradient *g)
{
	static float sums[(K_MAX + 1) * WIDTH_MAX], expected[(K_MAX + 1) * WIDTH_MAX];
	size_t n = (K_MAX + 1) * g->width;
	fill_with(sums, n, guard());
	fill_with(expected, n, guard());
	for (size_t k = 0; k < g->n_k; k++)
		for (size_t j = 0; j < g->width; j++)
			expected[k * g->width + j] = naive_gradient(g, 0, g->n_slices, k, j);
	g->out = sums;
	cr_assert_eq(table->gradient(g), 0);
	cr_assert_eq(first_difference(sums, expected, n), n, "%s: %zu inputs, width %zu, %u slices of %u rows",
	             table->name, g->n_k, g->width, g->n_slices, g->slices[g->n_slices]);
}

static void expect_gradients(const struct ls_arith *table, size_t n_k, uint32_t n_slices, uint32_t n_rows)
{
	uint32_t slices[MANY_ROWS + 1] = {0};
	for (uint32_t i = 0; i < n_slices; i++)
		slices[i + 1] = ls_slice_rows(n_rows, n_slices, i).end;
	for (size_t width = table->vector; width <= table->panel; width += table->vector) {
		struct ls_gradient g = make_gradient(n_k, width, slices, n_slices);
		expect_sums(table, &g);
	}
}

Test(kernels, gradient_is_the_tree_of_chains_for_every_shape)
{
	static const uint32_t rows[] = {1, 2, 7, 31, ROWS_MAX, MANY_ROWS};
	for (size_t t = 0; t < n_tables; t++)
		for (uint32_t n_slices = 1; n_slices <= 32; n_slices *= 2)
			for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
				for (size_t n_k = 0; n_k <= COUNT_MAX && n_slices <= rows[i]; n_k++)
					expect_gradients(tables[t], n_k, n_slices, rows[i]);
}

Test(kernels, gradient_takes_slices_of_any_lengths)
{
	static const uint32_t slices[] = {0, 5, 6, 13, 15, 20, 37, 38, 61};
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_gradient g = make_gradient(17, tables[t]->panel, slices, 8);
		expect_sums(tables[t], &g);
		/* A shard's subtree starts anywhere in it. */
		g = make_gradient(17, tables[t]->panel, slices, 8);
		g.slices += 2;
		g.n_slices = 4;
		expect_sums(tables[t], &g);
	}
}

/* Lists of some rows, other ones for every tile: fills them, and puts zeros
 * where a row is left out, so that the sums are those of all rows. */
static void leave_rows_out(struct ls_gradient *g, size_t tile, float *in, uint32_t *rows, uint32_t *slices)
{
	size_t n_tiles = (g->n_k + tile - 1) / tile;
	uint32_t n_rows = g->slices[g->n_slices], n = 0;
	for (size_t t = 0; t < n_tiles; t++)
		for (uint32_t slice = 0, row = 0; slice <= g->n_slices; slice++) {
			slices[t * (g->n_slices + 1) + slice] = n;
			for (; slice < g->n_slices && row < g->slices[slice + 1]; row++)
				if ((row * 7 + t * 5) % 11 < 4 || t % 5 == 4)
					rows[n++] = row;
				else
					for (size_t k = t * tile; k < g->n_k && k < (t + 1) * tile; k++)
						in[row * g->ld_in + k] = 0;
		}
	cr_assert_lt(n, n_rows * n_tiles);
}

Test(kernels, gradient_over_lists_of_rows_leaves_the_others_out)
{
	static const uint32_t slices[] = {0, 5, 6, 13, 15, 20, 37, 38, 61};
	static uint32_t rows[ROWS_MAX * K_MAX], lists[K_MAX * 9];
	for (size_t t = 0; t < n_tables; t++)
		for (size_t n_k = 1; n_k <= K_MAX; n_k += 3)
			for (uint32_t n_slices = 1; n_slices <= 8; n_slices *= 2) {
				struct ls_gradient g = make_gradient(n_k, tables[t]->panel, slices, n_slices);
				struct ls_gradient listed = g;
				static float sums[K_MAX * WIDTH_MAX], expected[K_MAX * WIDTH_MAX];
				leave_rows_out(&g, tables[t]->tile, in_values, rows, lists);
				listed.rows = rows;
				listed.slices = lists;
				listed.tile_stride = n_slices + 1;
				g.out = expected;
				listed.out = sums;
				cr_assert_eq(tables[t]->gradient(&g), 0);
				cr_assert_eq(tables[t]->gradient(&listed), 0);
				cr_assert_eq(first_difference(sums, expected, n_k * g.width), n_k * g.width,
				             "%s: %zu inputs, %u slices", tables[t]->name, n_k, n_slices);
			}
}

/* The gradient g over packed inputs, with what lists it has. */
static void expect_packed_gradient(const struct ls_arith *table, struct ls_gradient g, uint32_t n_rows)
{
	static float packed[ROWS_MAX * (K_MAX + LS_TILE_MAX)], sums[K_MAX * WIDTH_MAX], expected[K_MAX * WIDTH_MAX];
	fill_with(packed, sizeof packed / sizeof *packed, guard());
	table->pack(&(struct ls_packing){
	    .n_rows = n_rows, .n_columns = g.n_k, .width = g.width, .in = g.in, .ld_in = g.ld_in, .out = packed});
	g.out = expected;
	cr_assert_eq(table->gradient(&g), 0);
	g.in = packed;
	g.packed_rows = n_rows;
	g.ld_in = 0;
	g.out = sums;
	cr_assert_eq(table->gradient(&g), 0);
	cr_assert_eq(first_difference(sums, expected, g.n_k * g.width), g.n_k * g.width,
	             "%s: %zu inputs, width %zu, %u slices", table->name, g.n_k, g.width, g.n_slices);
}

Test(kernels, gradient_over_packed_inputs_is_the_same)
{
	static const uint32_t slices[] = {0, 5, 6, 13, 15, 20, 37, 38, 61};
	static uint32_t rows[ROWS_MAX * K_MAX], lists[K_MAX * 9];
	for (size_t t = 0; t < n_tables; t++)
		for (size_t n_k = 1; n_k <= K_MAX; n_k++)
			for (uint32_t n_slices = 1; n_slices <= 8; n_slices *= 2) {
				struct ls_gradient g;
				for (size_t width = tables[t]->vector; width <= tables[t]->panel;
				     width += tables[t]->vector) {
					g = make_gradient(n_k, width, slices, n_slices);
					expect_packed_gradient(tables[t], g, slices[n_slices]);
				}
				leave_rows_out(&g, tables[t]->tile, in_values, rows, lists);
				g.rows = rows;
				g.slices = lists;
				g.tile_stride = n_slices + 1;
				expect_packed_gradient(tables[t], g, slices[n_slices]);
			}
}

Test(kernels, gradient_is_near_the_sum_in_double)
{
	static const uint32_t slices[] = {0, 16, 31, 46, 61};
	static float sums[K_MAX * WIDTH_MAX];
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_gradient g = make_gradient(29, tables[t]->panel, slices, 4);
		g.out = sums;
		tables[t]->gradient(&g);
		for (size_t k = 0; k < g.n_k; k++)
			for (size_t j = 0; j < g.width; j++) {
				double sum = 0, magnitudes = 0;
				for (size_t r = 0; r < 61; r++) {
					double term =
					    (double)g.in[r * g.ld_in + k] * (double)g.delta[r * g.ld_delta + j];
					sum += term;
					magnitudes += fabs(term);
				}
				/* 16 rows in the longest slice, 2 levels of the tree. */
				double tolerance = chain_tolerance(16 + 2, magnitudes);
				cr_assert(tolerance < 1e-4, "the bound says nothing");
				cr_assert(fabs((double)sums[k * g.width + j] - sum) <= tolerance);
			}
	}
}

/* ---- Updates --------------------------------------------------------- */

/* doc/numerics.md, "Update"; returns whether the new weight is finite. */
static int naive_update(const struct ls_update *u, float sum, float *weight, float *velocity)
{
	float g = (sum + 0.0f) * u->scale;
	if (u->store_only) {
		*weight = g;
		return 1;
	}
	if (u->l2 != 0)
		g = fmaf(u->l2, *weight, g);
	float step = g;
	if (u->momentum != 0) {
		*velocity = fmaf(u->momentum, *velocity, g);
		step = u->nesterov ? fmaf(u->momentum, *velocity, g) : *velocity;
	}
	*weight = fmaf(-u->rate, step, *weight);
	return isfinite(*weight);
}

/* Every kind of update, by number. */
#define N_UPDATES 12

static struct ls_update make_update(int i)
{
	return (struct ls_update){.scale = 1.0f / 61.0f,
	                          .rate = 0.3f,
	                          .momentum = i / 2 % 3 ? 0.9f : 0,
	                          .l2 = i % 2 ? 0.01f : 0,
	                          .nesterov = i / 2 % 3 == 2,
	                          .store_only = i / 6};
}

static struct ls_target make_target(const struct ls_update *update, size_t width, int with_index)
{
	for (uint32_t k = 0; k < K_MAX; k++)
		k_index[k] = 2 * k + k % 2;
	fill_ordinary(weight_values, N_WEIGHTS(width), 6);
	fill_ordinary(velocity_values, N_WEIGHTS(width), 7);
	return (struct ls_target){weight_values, update->momentum != 0 ? velocity_values : NULL,
	                          with_index ? k_index : NULL};
}

static float expected_weight[(2 * K_MAX + 1) * WIDTH_MAX], expected_velocity[(2 * K_MAX + 1) * WIDTH_MAX];

/* Applies the update to the expected copies of weight row k. */
static int update_expected(const struct ls_target *target, const struct ls_update *update, const float *sums, size_t k,
                           size_t width)
{
	size_t row = target->index ? target->index[k] : k;
	int finite = 1;
	for (size_t j = 0; j < width; j++)
		finite &= naive_update(update, sums[j], &expected_weight[row * width + j],
		                       &expected_velocity[row * width + j]);
	return finite;
}

static void copy_expected(void)
{
	memcpy(expected_weight, weight_values, sizeof weight_values);
	memcpy(expected_velocity, velocity_values, sizeof velocity_values);
}

static void expect_parameters(size_t width, const char *what, const struct ls_arith *table)
{
	cr_assert_eq(first_difference(weight_values, expected_weight, N_WEIGHTS(width)), N_WEIGHTS(width),
	             "%s by %s: weights", what, table->name);
	cr_assert_eq(first_difference(velocity_values, expected_velocity, N_WEIGHTS(width)), N_WEIGHTS(width),
	             "%s by %s: velocities", what, table->name);
}

static void expect_updated_gradient(const struct ls_arith *table, size_t n_k, size_t width, int i_update,
                                    int with_index)
{
	static const uint32_t slices[] = {0, 3, 5, 7, 9};
	struct ls_update update = make_update(i_update);
	struct ls_gradient g = make_gradient(n_k, width, slices, 4);
	g.target = make_target(&update, width, with_index);
	g.update = &update;
	g.far = n_k % 2;
	copy_expected();
	for (size_t k = 0; k < n_k; k++) {
		float sums[WIDTH_MAX];
		for (size_t j = 0; j < width; j++)
			sums[j] = naive_gradient(&g, 0, 4, k, j);
		update_expected(&g.target, &update, sums, k, width);
	}
	cr_assert_eq(table->gradient(&g), 0);
	expect_parameters(width, "gradient", table);
}

Test(kernels, gradient_updates_as_written_and_only_its_rows)
{
	for (size_t t = 0; t < n_tables; t++)
		for (int i = 0; i < N_UPDATES; i++)
			for (size_t n_k = 0; n_k <= COUNT_MAX; n_k++) {
				expect_updated_gradient(tables[t], n_k, tables[t]->vector, i, n_k % 2);
				expect_updated_gradient(tables[t], n_k, tables[t]->panel, i, 1 - n_k % 2);
			}
}

/* ---- Reductions ------------------------------------------------------ */

#define SLICES_MAX 16
#define REDUCED_K 7

static float slice_sums[SLICES_MAX][REDUCED_K * WIDTH_MAX];
static float node_sums[SLICES_MAX][REDUCED_K * WIDTH_MAX];

static float naive_node(uint32_t lo, uint32_t hi, size_t at)
{
	if (hi - lo == 1)
		return slice_sums[lo][at];
	return naive_node(lo, (lo + hi) / 2, at) + naive_node((lo + hi) / 2, hi, at);
}

/* Subtree sums of all workers' shards, as the walk leaves them. */
static void fill_nodes(const struct ls_partition *partition, const float *nodes[SLICES_MAX], size_t n)
{
	for (uint32_t i = 0; i < partition->n_nodes; i++) {
		struct ls_subtree subtrees[LS_SUBTREES_MAX];
		ls_shard_subtrees(ls_partition_slices(partition, partition->nodes[i].worker), subtrees);
		struct ls_subtree subtree = subtrees[partition->nodes[i].i_subtree];
		for (size_t at = 0; at < n; at++)
			node_sums[i][at] = naive_node(subtree.first, subtree.first + (1u << subtree.level), at);
		nodes[i] = node_sums[i];
	}
}

static void expect_reduction(const struct ls_arith *table, uint32_t n_slices, uint32_t n_workers, size_t width,
                             int i_update)
{
	struct ls_update update = make_update(i_update);
	const float *nodes[SLICES_MAX];
	struct ls_partition partition;
	cr_assert_eq(ls_partition_init(&partition, n_slices, n_workers, NULL), LOCKSTEP_OK);
	ls_partition_set(&partition, 61, n_slices);
	for (uint32_t i = 0; i < n_slices; i++)
		fill_ordinary(slice_sums[i], REDUCED_K * width, i + 8);
	fill_nodes(&partition, nodes, REDUCED_K * width);

	struct ls_reduction r = {
	    REDUCED_K, width, nodes, partition.n_merges, partition.n_nodes, make_target(&update, width, i_update % 2),
	    &update};
	copy_expected();
	for (size_t k = 0; k < REDUCED_K; k++) {
		float sums[WIDTH_MAX];
		for (size_t j = 0; j < width; j++)
			sums[j] = naive_node(0, n_slices, k * width + j);
		update_expected(&r.target, &update, sums, k, width);
	}
	cr_assert_eq(table->reduce(&r), 0);
	expect_parameters(width, "reduction", table);
	ls_partition_fini(&partition);
}

Test(kernels, reduction_is_the_same_tree_for_every_number_of_workers)
{
	for (size_t t = 0; t < n_tables; t++)
		for (uint32_t n_slices = 1; n_slices <= SLICES_MAX; n_slices *= 2)
			for (uint32_t n_workers = 1; n_workers <= n_slices + 1; n_workers++)
				for (int i = 0; i < N_UPDATES; i++) {
					expect_reduction(tables[t], n_slices, n_workers, tables[t]->vector, i);
					expect_reduction(tables[t], n_slices, n_workers, tables[t]->panel, i);
				}
}

Test(kernels, reduction_of_nothing_is_a_gradient_of_zero)
{
	static const float zeros[WIDTH_MAX] = {0};
	for (size_t t = 0; t < n_tables; t++)
		for (int i = 0; i < N_UPDATES; i++) {
			struct ls_update update = make_update(i);
			struct ls_reduction r = {
			    5, tables[t]->panel, NULL, NULL, 0, make_target(&update, tables[t]->panel, 1), &update};
			copy_expected();
			for (size_t k = 0; k < 5; k++)
				update_expected(&r.target, &update, zeros, k, r.width);
			cr_assert_eq(tables[t]->reduce(&r), 0);
			expect_parameters(r.width, "rest", tables[t]);
		}
}

/* ---- Zeros and infinities -------------------------------------------- */

/* The only term of the sum underflows to -0. */
static struct ls_gradient make_negative_zero(size_t width)
{
	static const uint32_t slices[] = {0, 1};
	struct ls_gradient g = make_gradient(1, width, slices, 1);
	in_values[0] = -0x1p-100f;
	fill_with(delta_values, width, 0x1p-100f);
	return g;
}

Test(kernels, summed_gradient_is_never_negative_zero)
{
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_update update = {.scale = 1, .rate = 1, .store_only = 1};
		struct ls_gradient g = make_negative_zero(tables[t]->panel);
		cr_assert_eq(bits_of_float(slice_sum(&g, 0, 0, 0)), 0x80000000, "the case is not one");
		g.target = make_target(&update, g.width, 0);
		g.update = &update;
		tables[t]->gradient(&g);
		for (size_t j = 0; j < g.width; j++)
			cr_assert_eq(bits_of_float(weight_values[j]), 0);

		static const float *nodes[] = {node_sums[0]};
		static const uint8_t n_merges[] = {0};
		fill_with(node_sums[0], g.width, -0.0f);
		struct ls_reduction r = {1, g.width, nodes, n_merges, 1, make_target(&update, g.width, 0), &update};
		tables[t]->reduce(&r);
		for (size_t j = 0; j < g.width; j++)
			cr_assert_eq(bits_of_float(weight_values[j]), 0);
	}
}

/* A gradient of 1 everywhere but at (k, column), where it is `value`. */
static int update_with(const struct ls_arith *table, const struct ls_update *update, size_t n_k, size_t k,
                       size_t column, float value)
{
	static const uint32_t slices[] = {0, 1};
	struct ls_gradient g = make_gradient(n_k, table->panel, slices, 1);
	fill_with(in_values, n_k, 1.0f);
	fill_with(delta_values, g.width, 1.0f);
	g.target = make_target(update, g.width, 0);
	g.update = update;
	if (update->store_only) {
		delta_values[column] = value;
	} else {
		weight_values[k * g.width + column] = value;
		velocity_values[k * g.width + column] = 0;
	}
	return table->gradient(&g);
}

static int reduce_with(const struct ls_arith *table, const struct ls_update *update, size_t n_k, size_t k,
                       size_t column, float value)
{
	static const float *nodes[] = {node_sums[0]};
	static const uint8_t n_merges[] = {0};
	struct ls_reduction r = {n_k, table->panel, nodes, n_merges, 1, make_target(update, table->panel, 0), update};
	fill_with(node_sums[0], n_k * r.width, 1.0f);
	node_sums[0][k * r.width + column] = value;
	return table->reduce(&r);
}

Test(kernels, parameter_that_is_not_finite_is_found_wherever_it_is)
{
	struct ls_update update = {.scale = 1, .rate = 0x1p-10f, .momentum = 0.5f};
	for (size_t t = 0; t < n_tables; t++)
		for (size_t k = 0; k < 17; k++)
			for (size_t j = 0; j < tables[t]->panel; j++) {
				cr_assert(update_with(tables[t], &update, 17, k, j, INFINITY));
				cr_assert(update_with(tables[t], &update, 17, k, j, -INFINITY));
				cr_assert(update_with(tables[t], &update, 17, k, j, NAN));
				cr_assert_not(update_with(tables[t], &update, 17, k, j, FLT_MAX));
				cr_assert(reduce_with(tables[t], &update, REDUCED_K, k % REDUCED_K, j, INFINITY));
				cr_assert(reduce_with(tables[t], &update, REDUCED_K, k % REDUCED_K, j, NAN));
				cr_assert_not(reduce_with(tables[t], &update, REDUCED_K, k % REDUCED_K, j, FLT_MAX));
			}
}

Test(kernels, overflow_in_the_update_itself_is_found)
{
	struct ls_update update = {.scale = 1, .rate = 0x1p126f};
	for (size_t t = 0; t < n_tables; t++) {
		cr_assert_not(reduce_with(tables[t], &update, 3, 1, 2, 1.0f));
		cr_assert(reduce_with(tables[t], &update, 3, 1, 2, 4.0f));
		cr_assert(reduce_with(tables[t], &update, 3, 1, 2, -4.0f));
	}
}

Test(kernels, stored_gradients_and_sums_are_not_parameters)
{
	struct ls_update update = {.scale = 1, .rate = 1, .store_only = 1};
	for (size_t t = 0; t < n_tables; t++) {
		static const uint32_t slices[] = {0, 1};
		static float sums[WIDTH_MAX];
		cr_assert_not(update_with(tables[t], &update, 3, 0, 2, INFINITY));
		cr_assert_not(reduce_with(tables[t], &update, 3, 1, 2, INFINITY));
		struct ls_gradient g = make_gradient(1, tables[t]->panel, slices, 1);
		delta_values[1] = INFINITY;
		g.out = sums;
		cr_assert_not(tables[t]->gradient(&g));
	}
}
