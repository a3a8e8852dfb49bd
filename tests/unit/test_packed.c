/* SPDX-License-Identifier: MIT
 *
 * Packed parameters and their parts: what a part holds, and that every value
 * comes back through one, for every table, several shapes and every cut.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "arith_tables.h"
#include "net/packed.h"

static const char *const shapes[] = {"5-16-3",   "5-17-3",    "1-40-1",     "37-65-20",
                                     "9-33-7-4", "13-100-70", "3-64-48-16", "2-130-1-5"};
#define N_SHAPES (sizeof shapes / sizeof *shapes)
#define WORKERS_MAX 4

/* One array of a layer; n 0 when it has none. */
struct values {
	float *at;
	size_t n;
};

static size_t panel_floats(const struct ls_panels *panels)
{
	return panels->n_k * ls_panels_columns(panels);
}

/* weight, bias and the velocities, in this order. */
#define N_ARRAYS 4
static struct values array_of(const struct ls_packed_layer *layer, int i_array)
{
	size_t n_weights = panel_floats(&layer->panels), n_biases = ls_panels_columns(&layer->panels);
	switch (i_array) {
	case 0:
		return (struct values){layer->weight, n_weights};
	case 1:
		return (struct values){layer->bias, n_biases};
	case 2:
		return (struct values){layer->weight_velocity, layer->weight_velocity ? n_weights : 0};
	default:
		return (struct values){layer->bias_velocity, layer->bias_velocity ? n_biases : 0};
	}
}

/* Where element (k, column) of a matrix in panels lies, by the header's words. */
static size_t place(const struct ls_panels *panels, size_t k, size_t column)
{
	for (size_t i = 0;; i++) {
		struct ls_panel panel = ls_panels_get(panels, i);
		if (column < panel.column + panel.width)
			return panel.offset + k * panel.width + column - panel.column;
	}
}

static struct ls_packed *whole_of(const lockstep_network *network, const struct ls_arith *arith, int with_velocity)
{
	struct ls_packed *packed = NULL;
	cr_assert_eq(ls_packed_create(&packed, network, arith, with_velocity, NULL), LOCKSTEP_OK);
	return packed;
}

static lockstep_network *network_of(const char *shape, uint64_t seed)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_network *network = NULL;
	options.seed = seed;
	cr_assert_eq(lockstep_network_create(&network, shape, &options, NULL), LOCKSTEP_OK);
	return network;
}

/* Velocities that name their places; padding stays 0. */
static void fill_velocities(struct ls_packed *packed)
{
	for (size_t i = 0; i < packed->n_layers; i++) {
		struct ls_packed_layer *layer = &packed->layers[i];
		for (size_t j = 0; j < layer->panels.n_out; j++) {
			layer->bias_velocity[j] = -1 - (float)(1000 * i + j);
			for (size_t k = 0; k < layer->panels.n_k; k++)
				layer->weight_velocity[place(&layer->panels, k, j)] =
				    1 + (float)(100000 * i + 1000 * j + k);
		}
	}
}

static struct ls_packed *filled(const lockstep_network *network, const struct ls_arith *arith, int with_velocity)
{
	struct ls_packed *packed = whole_of(network, arith, with_velocity);
	ls_packed_load(packed, network);
	if (with_velocity)
		fill_velocities(packed);
	return packed;
}

static struct ls_packed *part_of(const struct ls_packed *whole, struct ls_range outputs)
{
	struct ls_packed *part = NULL;
	cr_assert_eq(ls_packed_create_part(&part, whole, outputs, NULL), LOCKSTEP_OK);
	for (size_t i = 0; i < whole->n_layers; i++)
		ls_packed_copy_layer(part, whole, i);
	return part;
}

/* The share of worker i of n, cut at multiples of LS_ROW_ALIGNMENT. */
static struct ls_range cut(size_t n_units, uint32_t n, uint32_t i)
{
	uint32_t groups = (uint32_t)((n_units + LS_ROW_ALIGNMENT - 1) / LS_ROW_ALIGNMENT);
	uint32_t begin = groups * i / n * LS_ROW_ALIGNMENT, end = groups * (i + 1) / n * LS_ROW_ALIGNMENT;
	return (struct ls_range){begin, end < n_units ? end : (uint32_t)n_units};
}

/* The test for every table and shape, with velocities and without. */
static void for_every_network(void (*test)(const lockstep_network *network, const struct ls_arith *arith,
                                           int with_velocity))
{
	const struct ls_arith *tables[ARITH_TABLES_MAX];
	size_t n_tables = arith_tables(tables);
	for (size_t i = 0; i < N_SHAPES; i++) {
		lockstep_network *network = network_of(shapes[i], i + 1);
		for (size_t t = 0; t < n_tables; t++)
			for (int with_velocity = 0; with_velocity < 2; with_velocity++)
				test(network, tables[t], with_velocity);
		lockstep_network_destroy(network);
	}
}

static uint32_t most_parts(const struct ls_packed *whole)
{
	size_t groups = (whole->layers[0].panels.n_out + LS_ROW_ALIGNMENT - 1) / LS_ROW_ALIGNMENT;
	return groups < WORKERS_MAX ? (uint32_t)groups : WORKERS_MAX;
}

/* ---- What a part holds ------------------------------------------------ */

static void expect_first_layer(const struct ls_packed *part, const struct ls_packed *whole, struct ls_range outputs)
{
	const struct ls_packed_layer *a = &part->layers[0], *b = &whole->layers[0];
	cr_assert_eq(a->panels.n_out, outputs.end - outputs.begin);
	cr_assert_eq(a->panels.n_k, b->panels.n_k);
	cr_assert_eq(a->first_out, outputs.begin);
	for (size_t j = 0; j < a->panels.n_out; j++) {
		cr_assert_eq(a->bias[j], b->bias[outputs.begin + j]);
		for (size_t k = 0; k < a->panels.n_k; k++)
			cr_assert_eq(a->weight[place(&a->panels, k, j)],
			             b->weight[place(&b->panels, k, outputs.begin + j)]);
	}
}

/* All of the second layer, but carried back to the part's outputs alone. */
static void expect_second_layer(const struct ls_packed *part, const struct ls_packed *whole, struct ls_range outputs)
{
	const struct ls_packed_layer *a = &part->layers[1], *b = &whole->layers[1];
	cr_assert_eq(a->panels.n_out, b->panels.n_out);
	cr_assert_eq(a->first_out, 0);
	cr_assert_eq(a->inputs.begin, outputs.begin);
	cr_assert_eq(a->inputs.end, outputs.end);
	cr_assert_arr_eq(a->weight, b->weight, panel_floats(&b->panels) * sizeof(float));
}

/* What lies between the last output and the panel's end is 0. */
static void expect_padding(const struct ls_packed *packed)
{
	for (size_t i = 0; i < packed->n_layers; i++) {
		const struct ls_packed_layer *layer = &packed->layers[i];
		size_t end = ls_panels_columns(&layer->panels);
		for (size_t j = layer->panels.n_out; j < end; j++) {
			cr_assert_eq(bits_of_float(layer->bias[j]), 0);
			for (size_t k = 0; k < layer->panels.n_k; k++)
				cr_assert_eq(bits_of_float(layer->weight[place(&layer->panels, k, j)]), 0);
		}
	}
}

static void expect_parts_hold_theirs(const lockstep_network *network, const struct ls_arith *arith, int with_velocity)
{
	struct ls_packed *whole = filled(network, arith, with_velocity);
	for (uint32_t n = 1; n <= most_parts(whole); n++)
		for (uint32_t i = 0; i < n; i++) {
			struct ls_range outputs = cut(whole->layers[0].panels.n_out, n, i);
			struct ls_packed *part = part_of(whole, outputs);
			cr_assert_eq(part->n_layers, whole->n_layers);
			cr_assert_eq(part->layers[0].weight_velocity != NULL, with_velocity);
			expect_first_layer(part, whole, outputs);
			expect_second_layer(part, whole, outputs);
			expect_padding(part);
			ls_packed_destroy(part);
		}
	ls_packed_destroy(whole);
}

Test(packed, a_part_holds_its_outputs)
{
	for_every_network(expect_parts_hold_theirs);
}

/* ---- Round trips ------------------------------------------------------ */

static void expect_equal(const struct ls_packed *a, const struct ls_packed *b)
{
	for (size_t i = 0; i < a->n_layers; i++)
		for (int i_array = 0; i_array < N_ARRAYS; i_array++) {
			struct values x = array_of(&a->layers[i], i_array), y = array_of(&b->layers[i], i_array);
			cr_assert_eq(x.n, y.n);
			cr_assert_eq(first_difference(x.at, y.at, x.n), x.n, "layer %zu, array %d", i, i_array);
		}
}

/* Every part brings its outputs into an empty network, the first one also the
 * layers that all have. */
static void expect_everything_comes_back(const lockstep_network *network, const struct ls_arith *arith,
                                         int with_velocity)
{
	struct ls_packed *whole = filled(network, arith, with_velocity);
	for (uint32_t n = 1; n <= most_parts(whole); n++) {
		struct ls_packed *copy = whole_of(network, arith, with_velocity);
		for (uint32_t i = n; i-- > 0;) {
			struct ls_packed *part = part_of(whole, cut(whole->layers[0].panels.n_out, n, i));
			ls_packed_copy_layer(copy, part, 0);
			for (size_t layer = 1; i == 0 && layer < whole->n_layers; layer++)
				ls_packed_copy_layer(copy, part, layer);
			ls_packed_destroy(part);
		}
		expect_equal(copy, whole);
		ls_packed_destroy(copy);
	}
	ls_packed_destroy(whole);
}

Test(packed, everything_comes_back_through_parts)
{
	for_every_network(expect_everything_comes_back);
}

/* A part's copy leaves the outputs alone that are not its own. */
static void expect_others_untouched(const lockstep_network *network, const struct ls_arith *arith, int with_velocity)
{
	struct ls_packed *whole = filled(network, arith, with_velocity), *other = filled(network, arith, with_velocity);
	uint32_t n = most_parts(whole);
	struct ls_range outputs = cut(whole->layers[0].panels.n_out, n, n - 1);
	struct ls_packed_layer *layer = &other->layers[0];
	struct ls_packed *part = part_of(whole, outputs);

	fill_with(part->layers[0].weight, panel_floats(&part->layers[0].panels), 7);
	fill_with(part->layers[0].bias, ls_panels_columns(&part->layers[0].panels), 7);
	ls_packed_copy_layer(other, part, 0);
	for (size_t j = 0; j < layer->panels.n_out; j++) {
		int is_own = j >= outputs.begin && j < outputs.end;
		cr_assert_eq(layer->bias[j], is_own ? 7 : whole->layers[0].bias[j]);
		for (size_t k = 0; k < layer->panels.n_k; k++) {
			size_t at = place(&layer->panels, k, j);
			cr_assert_eq(layer->weight[at], is_own ? 7 : whole->layers[0].weight[at]);
		}
	}
	ls_packed_destroy(part);
	ls_packed_destroy(other);
	ls_packed_destroy(whole);
}

Test(packed, a_part_brings_back_its_outputs_alone)
{
	for_every_network(expect_others_untouched);
}

/* A part between two multiples of the alignment, not an even share. */
Test(packed, any_aligned_range_can_be_a_part)
{
	const struct ls_arith *tables[ARITH_TABLES_MAX];
	size_t n_tables = arith_tables(tables);
	lockstep_network *network = network_of("6-203-5", 3);
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_packed *whole = filled(network, tables[t], 1);
		for (uint32_t begin = 0; begin < 203; begin += LS_ROW_ALIGNMENT)
			for (uint32_t end = begin + LS_ROW_ALIGNMENT; end < 203 + LS_ROW_ALIGNMENT;
			     end += LS_ROW_ALIGNMENT) {
				struct ls_range outputs = {begin, end < 203 ? end : 203};
				struct ls_packed *part = part_of(whole, outputs);
				expect_first_layer(part, whole, outputs);
				expect_second_layer(part, whole, outputs);
				expect_padding(part);
				ls_packed_destroy(part);
			}
		ls_packed_destroy(whole);
	}
	lockstep_network_destroy(network);
}

/* ---- Clearing --------------------------------------------------------- */

static void expect_cleared(const struct ls_packed *packed)
{
	for (size_t i = 0; i < packed->n_layers; i++)
		for (int i_array = 0; i_array < 2; i_array++) {
			struct values values = array_of(&packed->layers[i], i_array);
			for (size_t at = 0; at < values.n; at++)
				cr_assert_eq(bits_of_float(values.at[at]), 0);
		}
}

static void expect_clear_clears(const lockstep_network *network, const struct ls_arith *arith, int with_velocity)
{
	struct ls_packed *whole = filled(network, arith, with_velocity);
	uint32_t n = most_parts(whole);
	struct ls_packed *part = part_of(whole, cut(whole->layers[0].panels.n_out, n, n - 1));
	ls_packed_clear(part);
	expect_cleared(part);
	expect_padding(whole);
	ls_packed_clear(whole);
	expect_cleared(whole);
	if (with_velocity)
		cr_assert_eq(whole->layers[0].bias_velocity[0], -1, "velocities are no weights");
	ls_packed_destroy(part);
	ls_packed_destroy(whole);
}

Test(packed, clearing_leaves_zeros)
{
	for_every_network(expect_clear_clears);
}
