/* SPDX-License-Identifier: MIT
 *
 * The order of every sum, found out from its results (summation_tree.h), is
 * the order that doc/numerics.md gives, for every table, panel width and
 * number of workers.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "arith_tables.h"
#include "base/ranges.h"
#include "kernel_sums.h"

static const struct ls_arith *tables[ARITH_TABLES_MAX];
static size_t n_tables;

static void find_tables(void)
{
	n_tables = arith_tables(tables);
}

TestSuite(summation_order, .init = find_tables);

static void expect_text(const struct summation *summation, const char *expected, const char *what)
{
	static struct summation_tree found;
	char text[SUMMATION_TEXT];
	cr_assert_eq(summation_tree_find(&found, summation), 0, "%s: no tree", what);
	summation_tree_text(&found, text);
	cr_assert_str_eq(text, expected, "%s: %s instead of %s", what, text, expected);
}

static void expect_tree(const struct summation *summation, const struct summation_tree *expected, const char *what)
{
	char text[SUMMATION_TEXT];
	summation_tree_text(expected, text);
	expect_text(summation, text, what);
}

/* Calls the check for every table and width of a panel. */
static void for_every_width(void (*check)(struct kernel_sum *sum))
{
	for (size_t t = 0; t < n_tables; t++)
		for (size_t width = tables[t]->vector; width <= tables[t]->panel; width += tables[t]->vector) {
			struct kernel_sum sum = {.table = tables[t], .width = width};
			check(&sum);
		}
}

/* ---- Products -------------------------------------------------------- */

static void check_products(struct kernel_sum *sum)
{
	static const size_t lengths[] = {0, 1, 2, 7, 16, 17, 97};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct summation_tree expected = {0};
		struct summation summation;
		summation_tree_chain(&expected, summation_tree_leaf(&expected, 0), 1, lengths[i], 1);
		product_sum(sum, &summation, lengths[i]);
		expect_tree(&summation, &expected, sum->table->name);
	}
}

Test(summation_order, product_is_one_chain_from_its_start)
{
	for_every_width(check_products);
}

static void check_backward_products(struct kernel_sum *sum)
{
	static const size_t lengths[] = {1, 2, 7, 16, 17, 63, 64, 65, 97};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		for (int in_lanes = 0; in_lanes < 2; in_lanes++) {
			struct summation_tree expected = {0};
			struct summation summation;
			summation_tree_chain(&expected, summation_tree_leaf(&expected, 0), 1, lengths[i] - 1, 1);
			sum->inputs = in_lanes ? SUM_IN_LANES : SUM_ALL;
			backward_sum(sum, &summation, lengths[i]);
			expect_tree(&summation, &expected, sum->table->name);
		}
}

Test(summation_order, backward_product_is_one_chain_turned_either_way)
{
	for_every_width(check_backward_products);
}

/* ---- Gradients ------------------------------------------------------- */

/* The contract's tree over slices lo .. hi - 1, chains below. */
static size_t slice_tree(struct summation_tree *tree, const uint32_t *slices, uint32_t lo, uint32_t hi)
{
	if (hi - lo == 1)
		return summation_tree_chain(tree, summation_tree_leaf(tree, slices[lo]), slices[lo] + 1,
		                            slices[lo + 1] - slices[lo] - 1, 1);
	size_t left = slice_tree(tree, slices, lo, (lo + hi) / 2);
	return summation_tree_join(tree, left, slice_tree(tree, slices, (lo + hi) / 2, hi));
}

static void cut_slices(uint32_t n_rows, uint32_t n_slices, uint32_t slices[SUMMATION_MAX + 1])
{
	for (uint32_t i = 0; i < n_slices; i++)
		slices[i] = ls_slice_rows(n_rows, n_slices, i).begin;
	slices[n_slices] = n_rows;
}

static void check_gradient(struct kernel_sum *sum, const uint32_t *slices, uint32_t n_slices)
{
	struct summation_tree expected = {0};
	struct summation summation;
	slice_tree(&expected, slices, 0, n_slices);
	sum->slices = slices;
	sum->n_slices = n_slices;
	gradient_sum(sum, &summation);
	expect_tree(&summation, &expected, sum->table->name);
}

static void check_gradients(struct kernel_sum *sum)
{
	uint32_t slices[SUMMATION_MAX + 1];
	for (uint32_t n_slices = 1; n_slices <= 16; n_slices *= 2)
		for (uint32_t n_rows = n_slices; n_rows <= 53; n_rows += n_rows < 4 ? 1 : 7) {
			cut_slices(n_rows, n_slices, slices);
			check_gradient(sum, slices, n_slices);
		}
	check_gradient(sum, (const uint32_t[]){0, 5, 6, 13, 15, 20, 37, 38, 61}, 8);
}

Test(summation_order, gradient_is_a_chain_in_a_slice_and_a_balanced_tree_over_slices)
{
	for_every_width(check_gradients);
}

/* ---- Reductions ------------------------------------------------------ */

/* The contract's tree over slices lo .. hi - 1, cut where a whole subtree is
 * one node; *next is the next node. */
static size_t node_tree(struct summation_tree *tree, const struct ls_subtree *subtrees, size_t *next, uint32_t lo,
                        uint32_t hi)
{
	const struct ls_subtree *subtree = &subtrees[*next];
	if (subtree->first == lo && 1u << subtree->level == hi - lo)
		return summation_tree_leaf(tree, (*next)++);
	size_t left = node_tree(tree, subtrees, next, lo, (lo + hi) / 2);
	return summation_tree_join(tree, left, node_tree(tree, subtrees, next, (lo + hi) / 2, hi));
}

static void check_reduction(struct kernel_sum *sum, uint32_t n_slices, uint32_t n_workers)
{
	struct ls_subtree subtrees[SUMMATION_MAX];
	struct summation_tree expected = {0};
	struct summation summation;
	struct ls_partition partition;
	size_t n = 0, next = 0;
	for (uint32_t worker = 0; worker < n_workers; worker++)
		n += ls_shard_subtrees(ls_shard_slices(n_slices, n_workers, worker), subtrees + n);
	node_tree(&expected, subtrees, &next, 0, n_slices);

	cr_assert_eq(ls_partition_init(&partition, n_slices, n_workers, NULL), LOCKSTEP_OK);
	ls_partition_set(&partition, n_slices, n_slices);
	cr_assert_eq(partition.n_nodes, n);
	sum->partition = &partition;
	reduction_sum(sum, &summation);
	expect_tree(&summation, &expected, sum->table->name);
	ls_partition_fini(&partition);
}

static void check_reductions(struct kernel_sum *sum)
{
	for (uint32_t n_slices = 8; n_slices <= 32; n_slices *= 2)
		for (uint32_t n_workers = 1; n_workers <= 9; n_workers++)
			check_reduction(sum, n_slices, n_workers);
}

Test(summation_order, reduction_completes_the_tree_for_any_number_of_workers)
{
	for_every_width(check_reductions);
}

/* ---- Row sums -------------------------------------------------------- */

#define NO_NODE ((size_t)-1)

static size_t join_present(struct summation_tree *tree, size_t a, size_t b)
{
	if (a == NO_NODE || b == NO_NODE)
		return a == NO_NODE ? b : a;
	return summation_tree_join(tree, a, b);
}

static size_t lane(struct summation_tree *tree, size_t i, size_t n)
{
	return i >= n ? NO_NODE : summation_tree_chain(tree, summation_tree_leaf(tree, i), i + 8, (n - i - 1) / 8, 8);
}

/* ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7)) */
static void lane_tree(struct summation_tree *tree, size_t n)
{
	size_t pairs[4];
	for (size_t i = 0; i < 4; i++) {
		size_t low = lane(tree, i, n);
		pairs[i] = join_present(tree, low, lane(tree, i + 4, n));
	}
	size_t even = join_present(tree, pairs[0], pairs[2]), odd = join_present(tree, pairs[1], pairs[3]);
	join_present(tree, even, odd);
}

Test(summation_order, row_sums_have_eight_lanes)
{
	for (size_t t = 0; t < n_tables; t++)
		for (int loss = LOCKSTEP_SOFTMAX; loss <= LOCKSTEP_QUADRATIC; loss++)
			for (size_t n = 1; n <= 37; n++) {
				struct kernel_sum sum = {.table = tables[t], .loss = (enum lockstep_loss)loss};
				struct summation_tree expected = {0};
				struct summation summation;
				lane_tree(&expected, n);
				row_sum(&sum, &summation, n);
				expect_tree(&summation, &expected, tables[t]->name);
			}
}

/* ---- Losses ---------------------------------------------------------- */

static void expect_batch(uint32_t n_rows, uint32_t n_slices, uint32_t n_workers)
{
	uint32_t slices[SUMMATION_MAX + 1];
	struct kernel_sum sum = {.table = tables[0], .n_slices = n_slices, .n_workers = n_workers};
	struct summation_tree expected = {0};
	struct summation summation;
	cut_slices(n_rows, n_slices, slices);
	slice_tree(&expected, slices, 0, n_slices);
	batch_loss_sum(&sum, &summation, n_rows);
	expect_tree(&summation, &expected, "batch loss");
}

Test(summation_order, batch_loss_follows_the_slices_for_any_number_of_workers)
{
	expect_batch(5, 1, 1);
	expect_batch(7, 2, 2);
	expect_batch(9, 4, 3);
	expect_batch(9, 8, 1);
}

/* Two or three rows of every chunk of 256 stand for all of them. */
static void expect_evaluation(size_t n_rows, const uint32_t *rows, size_t n, const char *expected)
{
	struct kernel_sum sum = {.table = tables[0], .n_rows = n_rows};
	struct summation summation;
	evaluation_sum(&sum, &summation, rows, n);
	expect_text(&summation, expected, "evaluation");
}

Test(summation_order, evaluation_is_chains_of_chunks_and_a_tree_over_them)
{
	expect_evaluation(256, (const uint32_t[]){0, 1, 254, 255}, 4, "(0..3)");
	expect_evaluation(257, (const uint32_t[]){0, 100, 255, 256}, 4, "(0..3)");
	expect_evaluation(512, (const uint32_t[]){0, 255, 256, 511}, 4, "((0 1) (2 3))");
	expect_evaluation(700, (const uint32_t[]){0, 255, 256, 511, 512, 699}, 6, "(((0 1) (2 3)) (4 5))");
	expect_evaluation(1026, (const uint32_t[]){0, 255, 256, 511, 512, 767, 768, 1023, 1024, 1025}, 10,
	                  "((((0 1) (2 3)) ((4 5) (6 7))) (8 9))");
	expect_evaluation(1700,
	                  (const uint32_t[]){0, 255, 256, 511, 512, 767, 768, 1023, 1024, 1279, 1280, 1535, 1536, 1699},
	                  14, "((((0 1) (2 3)) ((4 5) (6 7))) (((8 9) (10 11)) (12 13)))");
}

/* ---- The prober ------------------------------------------------------ */

static float term_value(enum summation_term term)
{
	static const float values[] = {0.0f, 1.0f, 0x1p60f, -0x1p60f};
	return values[term];
}

static double backwards(void *context, const enum summation_term *terms)
{
	size_t n = *(const size_t *)context;
	float sum = 0;
	while (n-- > 0)
		sum += term_value(terms[n]);
	return (double)sum;
}

static double pairwise(void *context, const enum summation_term *terms)
{
	(void)context;
	float low = term_value(terms[0]) + term_value(terms[1]), high = term_value(terms[2]) + term_value(terms[3]);
	return (double)(low + high);
}

/* Three terms and more in one rounding: no tree of additions of two. */
static double all_at_once(void *context, const enum summation_term *terms)
{
	double units = 0, huge = 0;
	for (size_t i = 0; i < *(const size_t *)context; i++) {
		huge += terms[i] >= TERM_HUGE ? (double)term_value(terms[i]) : 0;
		units += terms[i] == TERM_UNIT;
	}
	return huge != 0 ? huge : units;
}

static double not_a_number(void *context, const enum summation_term *terms)
{
	(void)context;
	(void)terms;
	return 0.0 / (double)(float)term_value(TERM_ZERO);
}

Test(summation_order, prober_tells_trees_apart)
{
	size_t n = 4;
	expect_text(&(struct summation){4, 1, backwards, &n}, "(0 (1 (2 3)))", "backwards");
	expect_text(&(struct summation){4, 1, pairwise, NULL}, "((0 1) (2 3))", "pairwise");
}

Test(summation_order, prober_refuses_what_is_no_tree)
{
	static struct summation_tree tree;
	size_t n = 5;
	cr_assert_eq(summation_tree_find(&tree, &(struct summation){5, 1, all_at_once, &n}), -1);
	cr_assert_eq(summation_tree_find(&tree, &(struct summation){5, 1, not_a_number, NULL}), -1);
}

Test(summation_order, text_is_unambiguous)
{
	struct summation_tree tree = {0};
	char text[SUMMATION_TEXT];
	size_t left = summation_tree_chain(&tree, summation_tree_leaf(&tree, 0), 8, 2, 8);
	size_t right = summation_tree_chain(&tree, summation_tree_leaf(&tree, 1), 2, 4, 1);
	size_t both = summation_tree_join(&tree, right, left);
	summation_tree_chain(&tree, both, 20, 2, 1);
	summation_tree_text(&tree, text);
	cr_assert_str_eq(text, "(((0 8 16) (1..5)) 20 21)");
}
