/* SPDX-License-Identifier: MIT
 *
 * Who computes what: slices and shards cover a mini-batch once, the nodes of
 * all workers combine to the contract's tree, blocks cover all panels once.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "arith_tables.h"
#include "net/packed.h"
#include "reference.h"
#include "train/blocks.h"
#include "train/partition.h"

#define SLICES_MAX 64
#define WORKERS_MAX 20
#define ROWS_MAX 70

static void for_every_partition(void (*check)(const struct ls_partition *partition))
{
	for (uint32_t slices = 1; slices <= SLICES_MAX; slices *= 2)
		for (uint32_t n_workers = 1; n_workers <= WORKERS_MAX; n_workers++) {
			struct ls_partition partition;
			cr_assert_eq(ls_partition_init(&partition, slices, n_workers, NULL), LOCKSTEP_OK);
			for (uint32_t n_rows = 1; n_rows <= ROWS_MAX; n_rows++) {
				ls_partition_set(&partition, n_rows, slices);
				check(&partition);
			}
			ls_partition_fini(&partition);
		}
}

/* ---- Slices and shards ----------------------------------------------- */

static void expect_slices(uint32_t n_rows, uint32_t slices)
{
	struct reference_job job = {.slices = slices, .batch = slices};
	uint32_t n = ls_effective_slices(n_rows, slices), end = 0;
	cr_assert_eq(n, reference_slices(&job, n_rows), "%u rows, %u slices", n_rows, slices);
	for (uint32_t i = 0; i < n; i++) {
		struct ls_range range = ls_slice_rows(n_rows, n, i);
		cr_assert_eq(range.begin, end);
		cr_assert_eq(range.begin, reference_slice_begin(n_rows, n, i));
		cr_assert_eq(range.end - range.begin, n_rows / n + (i < n_rows % n));
		end = range.end;
	}
	cr_assert_eq(end, n_rows);
}

Test(partition, slices_cover_the_rows_as_the_contract_cuts_them)
{
	for (uint32_t slices = 1; slices <= 256; slices *= 2)
		for (uint32_t n_rows = 1; n_rows <= 600; n_rows++)
			expect_slices(n_rows, slices);
}

Test(partition, default_slices_are_the_contracts)
{
	for (uint32_t batch = 1; batch <= 10000; batch++)
		cr_assert_eq(ls_default_slices(batch), reference_default_slices(batch), "batch %u", batch);
	static const uint32_t by_hand[][2] = {{1, 1},     {3, 1},     {4, 2},      {31, 2},     {32, 4},     {127, 4},
	                                      {128, 8},   {511, 8},   {512, 16},   {1023, 16},  {1024, 32},  {2047, 32},
	                                      {2048, 64}, {4095, 64}, {4096, 128}, {8192, 128}, {60000, 128}};
	for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++)
		cr_assert_eq(ls_default_slices(by_hand[i][0]), by_hand[i][1], "batch %u", by_hand[i][0]);
}

static void check_shards(const struct ls_partition *p)
{
	uint32_t slice = 0, row = 0, shortest = UINT32_MAX, longest = 0;
	for (uint32_t worker = 0; worker < p->n_workers; worker++) {
		struct ls_range slices = ls_partition_slices(p, worker), rows = ls_partition_rows(p, worker);
		cr_assert_eq(slices.begin, slice);
		cr_assert_eq(slices.begin == slices.end, rows.begin == rows.end);
		cr_assert(rows.begin == rows.end || rows.begin == row);
		slice = slices.end;
		row = rows.begin == rows.end ? row : rows.end;
		uint32_t n = slices.end - slices.begin;
		shortest = n < shortest ? n : shortest;
		longest = n > longest ? n : longest;
	}
	cr_assert_eq(slice, p->n_slices);
	cr_assert_eq(row, p->n_rows);
	cr_assert_leq(longest - shortest, 1);
}

Test(partition, shards_cover_slices_and_rows_once_and_evenly)
{
	for_every_partition(check_shards);
}

/* ---- Nodes ----------------------------------------------------------- */

static struct ls_subtree node_subtree(const struct ls_partition *p, uint32_t i_node)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t n = ls_shard_subtrees(ls_partition_slices(p, p->nodes[i_node].worker), subtrees);
	cr_assert_lt(p->nodes[i_node].i_subtree, n);
	return subtrees[p->nodes[i_node].i_subtree];
}

static void check_nodes(const struct ls_partition *p)
{
	uint32_t slice = 0;
	cr_assert_leq(p->n_nodes, p->capacity);
	for (uint32_t i = 0; i < p->n_nodes; i++) {
		struct ls_subtree subtree = node_subtree(p, i);
		cr_assert_eq(subtree.first, slice);
		cr_assert_eq(subtree.first % (1u << subtree.level), 0);
		slice += 1u << subtree.level;
	}
	cr_assert_eq(slice, p->n_slices);
}

Test(partition, nodes_are_aligned_subtrees_in_slice_order)
{
	for_every_partition(check_nodes);
}

/* A sum is the aligned run of slices in it; only two neighbours under one
 * parent of the balanced tree may be combined. */
static void check_merges(const struct ls_partition *p)
{
	struct ls_subtree waiting[ROWS_MAX];
	uint32_t n = 0;
	for (uint32_t i = 0; i < p->n_nodes; i++) {
		struct ls_subtree sum = node_subtree(p, i);
		for (uint32_t merge = 0; merge < p->n_merges[i]; merge++) {
			cr_assert_gt(n, 0);
			struct ls_subtree left = waiting[--n];
			cr_assert_eq(left.level, sum.level);
			cr_assert_eq(left.first % (2u << left.level), 0);
			cr_assert_eq(left.first + (1u << left.level), sum.first);
			sum = (struct ls_subtree){left.first, left.level + 1};
		}
		waiting[n++] = sum;
	}
	cr_assert_eq(n, 1, "%u roots", n);
	cr_assert_eq(waiting[0].first, 0);
	cr_assert_eq(1u << waiting[0].level, p->n_slices);
}

Test(partition, merges_build_the_balanced_tree)
{
	for_every_partition(check_merges);
}

Test(partition, largest_job_stays_within_its_limits)
{
	for (uint32_t n_workers = 1; n_workers <= 1031; n_workers += 103) {
		struct ls_partition partition;
		cr_assert_eq(ls_partition_init(&partition, LS_SLICES_MAX, n_workers, NULL), LOCKSTEP_OK);
		ls_partition_set(&partition, 3 * LS_SLICES_MAX + 1, LS_SLICES_MAX);
		cr_assert_eq(partition.n_slices, LS_SLICES_MAX);
		check_nodes(&partition);
		ls_partition_fini(&partition);
		cr_assert_null(partition.nodes);
	}
}

/* ---- Blocks ---------------------------------------------------------- */

static struct ls_packed pack(const struct ls_arith *arith, const size_t *sizes, size_t n_layers)
{
	struct ls_packed packed = {.arith = arith, .n_layers = n_layers};
	for (size_t i = 0; i < n_layers; i++)
		packed.layers[i].panels = (struct ls_panels){sizes[i], sizes[i + 1], arith->panel, arith->vector};
	return packed;
}

/* The block that begins with part i_part of the panel; returns the panel after its last one. */
static size_t expect_block(const struct ls_packed *packed, const struct ls_param_block *block, size_t panel,
                           uint32_t i_part)
{
	const struct ls_panels *panels = &packed->layers[block->i_layer].panels;
	size_t floats = ls_block_offset(packed, block, panel + block->n_panels);
	cr_assert_eq(block->first_panel, panel);
	cr_assert_eq(block->i_part, i_part);
	cr_assert_gt(block->n_panels, 0);
	cr_assert(block->n_panels == 1 || block->n_parts == 1);
	cr_assert_leq(panel + block->n_panels, ls_panels_count(panels));
	cr_assert_leq(floats * sizeof(float), 256 * 1024 + (packed->arith->tile + 1) * panels->wide * sizeof(float));
	return panel + block->n_panels;
}

static void expect_blocks(const struct ls_packed *packed)
{
	struct ls_blocks blocks;
	size_t i_layer = 0, next = 0, largest = 0;
	cr_assert_eq(ls_blocks_init(&blocks, packed, NULL), LOCKSTEP_OK);
	for (size_t i = 0; i < blocks.n;) {
		const struct ls_param_block *block = &blocks.blocks[i];
		size_t after = next;
		if (next == ls_panels_count(&packed->layers[i_layer].panels)) {
			i_layer++;
			next = 0;
		}
		cr_assert_gt(block->n_parts, 0);
		for (uint32_t part = 0; part < block->n_parts; part++, i++) {
			cr_assert_lt(i, blocks.n);
			cr_assert_eq(blocks.blocks[i].i_layer, i_layer);
			cr_assert_eq(blocks.blocks[i].n_parts, block->n_parts);
			after = expect_block(packed, &blocks.blocks[i], next, part);
			size_t floats = ls_block_offset(packed, &blocks.blocks[i], after);
			largest = floats > largest ? floats : largest;
		}
		next = after;
	}
	cr_assert_eq(i_layer + 1, packed->n_layers);
	cr_assert_eq(next, ls_panels_count(&packed->layers[i_layer].panels));
	cr_assert_eq(blocks.max_floats, largest);
	ls_blocks_fini(&blocks);
	cr_assert_null(blocks.blocks);
}

Test(partition, blocks_cover_every_panel_once_in_order)
{
	static const size_t sizes[][4] = {{1, 1, 1, 1},    {784, 30, 10, 1},    {784, 2500, 2000, 10},
	                                  {7, 16, 17, 33}, {100003, 5, 997, 3}, {3, 4096, 15, 1048576}};
	const struct ls_arith *tables[ARITH_TABLES_MAX];
	size_t n_tables = arith_tables(tables);
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			for (size_t n_layers = 1; n_layers <= 3; n_layers++) {
				struct ls_packed packed = pack(tables[t], sizes[i], n_layers);
				expect_blocks(&packed);
			}
}

/* Every part has room for its inputs in use, however many they are, and the biases. */
Test(partition, parts_of_a_panel_have_room_for_any_inputs_in_use)
{
	static const size_t sizes[] = {20011, 997};
	const struct ls_arith *tables[ARITH_TABLES_MAX];
	size_t n_tables = arith_tables(tables);
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_packed packed = pack(tables[t], sizes, 1);
		struct ls_blocks blocks;
		cr_assert_eq(ls_blocks_init(&blocks, &packed, NULL), LOCKSTEP_OK);
		const struct ls_param_block *block = &blocks.blocks[0];
		cr_assert_gt(block->n_parts, 1);
		for (size_t n = 0; n <= sizes[0]; n++) {
			size_t next = 0;
			for (uint32_t part = 0; part < block->n_parts; part++) {
				struct ls_range inputs = ls_tiles_part(n, tables[t]->tile, block->n_parts, part);
				cr_assert_eq(inputs.begin, next);
				cr_assert_geq(inputs.end, inputs.begin);
				cr_assert_leq((inputs.end - inputs.begin + 1) * tables[t]->panel, blocks.max_floats);
				next = inputs.end;
			}
			cr_assert_eq(next, n);
		}
		ls_blocks_fini(&blocks);
	}
}

/* A panel's place in its block's sum has room for weights and biases. */
Test(partition, panels_of_a_block_do_not_overlap)
{
	const struct ls_arith *tables[ARITH_TABLES_MAX];
	size_t n_tables = arith_tables(tables);
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_packed packed = pack(tables[t], (const size_t[]){97, 1009}, 1);
		struct ls_param_block block = {.first_panel = 3, .n_panels = 5, .n_parts = 1};
		for (size_t p = 3; p < 8; p++) {
			struct ls_panel panel = ls_panels_get(&packed.layers[0].panels, p);
			size_t begin = ls_block_offset(&packed, &block, p),
			       end = ls_block_offset(&packed, &block, p + 1);
			cr_assert_geq(end - begin, (97 + 1) * panel.width);
		}
		cr_assert_eq(ls_block_offset(&packed, &block, 3), 0);
	}
}
