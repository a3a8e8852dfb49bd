/* SPDX-License-Identifier: MIT
 *
 * The backward product of a shard against one chain an element written from
 * doc/numerics.md, bit for bit: for every table, for numbers of rows that fill
 * lanes and such that do not, whole networks and parts, with rows of no shard
 * behind the last one and guards behind the last column.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arith_tables.h"
#include "net/network.h"
#include "net/shard.h"

#define ROWS_MAX 130

static const char *const shapes[] = {"3-1-1",   "2-5-130",   "2-16-3",  "3-33-64",    "2-97-10",
                                     "2-100-7", "3-130-129", "2-192-1", "3-200-65-9", "2-17-70-20"};
#define N_SHAPES (sizeof shapes / sizeof *shapes)

static const uint32_t row_counts[] = {1, 2, 5, 8, 15, 16, 17, 31, 32, 50, 64, 65, 80, 100, 128, ROWS_MAX};
#define N_ROW_COUNTS (sizeof row_counts / sizeof *row_counts)

static lockstep_network *network_of(const char *shape)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_network *network = NULL;
	cr_assert_eq(lockstep_network_create(&network, shape, &options, NULL), LOCKSTEP_OK);
	return network;
}

static float naive_delta(const struct ls_layer *layer, const float *deltas, size_t k)
{
	float sum = 0;
	for (size_t j = 0; j < layer->n_out; j++)
		sum = fmaf(layer->weight[j * layer->n_in + k], deltas[j], sum);
	return sum + 0.0f;
}

/* The rows' deltas; what lies beside and below them is of no shard. */
static void fill_deltas(const struct ls_shard_layer *layer, size_t n, uint32_t n_rows)
{
	for (size_t r = 0; r < ROWS_MAX; r++) {
		fill_with(layer->delta + r * layer->ld, layer->ld, NAN);
		if (r < n_rows)
			fill_ordinary(layer->delta + r * layer->ld, n, 7 * r + n);
	}
}

static void expect_row(const float *row, size_t n, size_t r, const struct ls_layer *layer, const float *deltas,
                       size_t first)
{
	for (size_t k = 0; k < n; k++)
		cr_assert_eq(bits_of_float(row[k]), bits_of_float(naive_delta(layer, deltas, first + k)),
		             "row %zu, input %zu of %zu, %zu outputs", r, first + k, layer->n_in, layer->n_out);
	for (size_t k = n; k % LS_ROW_ALIGNMENT; k++)
		cr_assert_eq(bits_of_float(row[k]), 0, "row %zu, padding %zu of %zu", r, k, layer->n_in);
}

/* Of the layer, back to the inputs that the packed network carries to. */
static void expect_product(const struct ls_packed *packed, const lockstep_network *network, struct ls_shard *shard,
                           size_t i_layer, uint32_t n_rows)
{
	const struct ls_shard_layer *from = &shard->layers[i_layer], *to = &shard->layers[i_layer - 1];
	struct ls_range inputs = packed->layers[i_layer].inputs;
	fill_deltas(from, network->layers[i_layer].n_out, n_rows);
	memset(to->delta, 0, ROWS_MAX * to->ld * sizeof *to->delta);
	ls_backward_product(shard, packed, i_layer, n_rows);
	for (size_t r = 0; r < n_rows; r++)
		expect_row(to->delta + r * to->ld, inputs.end - inputs.begin, r, &network->layers[i_layer],
		           from->delta + r * from->ld, inputs.begin);
}

static void expect_products(const struct ls_packed *packed, const lockstep_network *network)
{
	struct ls_shard *shard = NULL;
	cr_assert_eq(ls_shard_create(&shard, packed, ROWS_MAX, 1, 0, NULL), LOCKSTEP_OK);
	for (size_t i_layer = 1; i_layer < packed->n_layers; i_layer++)
		for (size_t i = 0; i < N_ROW_COUNTS; i++)
			expect_product(packed, network, shard, i_layer, row_counts[i]);
	ls_shard_destroy(shard);
}

static void expect_parts(const struct ls_packed *whole, const lockstep_network *network)
{
	uint32_t n = (uint32_t)network->layers[0].n_out;
	for (uint32_t begin = 0; begin < n; begin += 2 * LS_ROW_ALIGNMENT) {
		struct ls_packed *part = NULL;
		uint32_t end = begin + 3 * LS_ROW_ALIGNMENT < n ? begin + 3 * LS_ROW_ALIGNMENT : n;
		cr_assert_eq(ls_packed_create_part(&part, whole, (struct ls_range){begin, end}, NULL), LOCKSTEP_OK);
		for (size_t i = 0; i < whole->n_layers; i++)
			ls_packed_copy_layer(part, whole, i);
		expect_products(part, network);
		ls_packed_destroy(part);
	}
}

static void for_every_network(void (*test)(const struct ls_packed *packed, const lockstep_network *network))
{
	const struct ls_arith *tables[ARITH_TABLES_MAX];
	size_t n_tables = arith_tables(tables);
	for (size_t i = 0; i < N_SHAPES; i++) {
		lockstep_network *network = network_of(shapes[i]);
		for (size_t t = 0; t < n_tables; t++) {
			struct ls_packed *packed = NULL;
			cr_assert_eq(ls_packed_create(&packed, network, tables[t], 0, NULL), LOCKSTEP_OK);
			ls_packed_load(packed, network);
			test(packed, network);
			ls_packed_destroy(packed);
		}
		lockstep_network_destroy(network);
	}
}

Test(backward, product_is_the_chain_for_every_shape_and_number_of_rows)
{
	for_every_network(expect_products);
}

Test(backward, product_of_a_part_goes_back_to_its_units_alone)
{
	for_every_network(expect_parts);
}
