/* SPDX-License-Identifier: MIT
 *
 * print_trees [ISA]: the order of every sum that Lockstep takes, found out from
 * its results (summation_tree.h explains how, and the notation), in the form in
 * which doc/numerics.md has it. A kernel has one tree, however it gets its terms,
 * whatever becomes of the sum and on every width of a panel; else this fails.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arith_tables.h"
#include "base/ranges.h"
#include "kernel_sums.h"

static int n_failed;

/* ---- One tree of many sums ------------------------------------------- */

/* Sets up the summation of one way; what all of them are called is `name`. */
struct ways {
	char name[64];
	char text[SUMMATION_TEXT];
};

static struct ways *begin_ways(const char *format, ...) __attribute__((format(printf, 1, 2)));

static struct ways *begin_ways(const char *format, ...)
{
	static struct ways ways;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(ways.name, sizeof ways.name, format, arguments);
	va_end(arguments);
	ways.text[0] = '\0';
	return &ways;
}

static void add_way(struct ways *ways, const struct summation *summation)
{
	static struct summation_tree tree;
	char text[SUMMATION_TEXT] = "no tree";
	if (summation_tree_find(&tree, summation))
		n_failed++;
	else
		summation_tree_text(&tree, text);
	if (!ways->text[0])
		strcpy(ways->text, text);
	if (strcmp(ways->text, text) == 0)
		return;
	printf("%s: also %s\n", ways->name, text);
	n_failed++;
}

static void end_ways(const struct ways *ways)
{
	printf("  %-28s %s\n", ways->name, ways->text);
}

static size_t next_width(const struct kernel_sum *sum)
{
	return sum->width + sum->table->vector;
}

/* ---- Products -------------------------------------------------------- */

static void print_products(struct kernel_sum *sum)
{
	struct summation summation;
	struct ways *ways = begin_ways("97 inputs");
	puts("forward product, the start value being 0; over all inputs, and over those of a list");
	for (sum->width = sum->table->vector; sum->width <= sum->table->panel; sum->width = next_width(sum))
		for (sum->inputs = SUM_ALL; sum->inputs <= SUM_LISTED; sum->inputs++) {
			product_sum(sum, &summation, 97);
			add_way(ways, &summation);
		}
	end_ways(ways);

	puts("backward product, without a start value");
	ways = begin_ways("97 outputs");
	for (sum->width = sum->table->vector; sum->width <= sum->table->panel; sum->width = next_width(sum))
		for (int in_lanes = 0; in_lanes < 2; in_lanes++) {
			sum->inputs = in_lanes ? SUM_IN_LANES : SUM_ALL;
			backward_sum(sum, &summation, 97);
			add_way(ways, &summation);
		}
	sum->inputs = SUM_ALL;
	end_ways(ways);
}

/* ---- Gradients ------------------------------------------------------- */

/* Every way to read the rows, and everything that may become of the sum. */
static void add_gradients(struct ways *ways, struct kernel_sum *sum)
{
	struct summation summation;
	sum->result = SUM_STORED;
	for (sum->inputs = SUM_ALL; sum->inputs <= SUM_BIAS; sum->inputs++) {
		if (sum->inputs == SUM_LISTED && sum->width < sum->table->panel)
			continue;
		gradient_sum(sum, &summation);
		add_way(ways, &summation);
	}
	sum->inputs = SUM_ALL;
	for (sum->result = SUM_UPDATES; sum->result <= SUM_UPDATES_WITH_MOMENTUM; sum->result++) {
		gradient_sum(sum, &summation);
		add_way(ways, &summation);
	}
}

static void print_gradient(struct kernel_sum *sum, uint32_t n_rows, uint32_t n_slices)
{
	struct ways *ways = begin_ways("%u rows, %u slice%s", n_rows, n_slices, n_slices > 1 ? "s" : "");
	uint32_t slices[17];
	for (uint32_t i = 0; i <= n_slices; i++)
		slices[i] = i < n_slices ? ls_slice_rows(n_rows, n_slices, i).begin : n_rows;
	sum->slices = slices;
	sum->n_slices = n_slices;
	for (sum->width = sum->table->vector; sum->width <= sum->table->panel; sum->width = next_width(sum))
		add_gradients(ways, sum);
	end_ways(ways);
}

static void print_gradients(struct kernel_sum *sum)
{
	puts("gradient of weights and of biases; over rows as they stand, packed, and of a list; stored, and in an\n"
	     "update without and with momentum");
	for (uint32_t n_slices = 1; n_slices <= 16; n_slices *= 2)
		print_gradient(sum, 37, n_slices);
	print_gradient(sum, 19, 16);
}

/* ---- Reductions ------------------------------------------------------ */

static void print_reduction(struct kernel_sum *sum, uint32_t n_workers)
{
	struct ways *ways = begin_ways("%u worker%s", n_workers, n_workers > 1 ? "s" : "");
	struct ls_partition partition;
	struct summation summation;
	if (ls_partition_init(&partition, 16, n_workers, NULL)) {
		n_failed++;
		return;
	}
	ls_partition_set(&partition, 16, 16);
	sum->partition = &partition;
	for (sum->width = sum->table->vector; sum->width <= sum->table->panel; sum->width = next_width(sum))
		for (sum->result = SUM_STORED; sum->result <= SUM_UPDATES_WITH_MOMENTUM; sum->result++) {
			reduction_sum(sum, &summation);
			add_way(ways, &summation);
		}
	end_ways(ways);
	ls_partition_fini(&partition);
}

static void print_reductions(struct kernel_sum *sum)
{
	puts("reduction of 16 slices: the sums of the workers' subtrees; stored, and in an update without and with\n"
	     "momentum");
	for (uint32_t n_workers = 1; n_workers <= 8; n_workers++)
		print_reduction(sum, n_workers);
}

/* ---- Losses and data ------------------------------------------------- */

static void print_row_sums(struct kernel_sum *sum)
{
	static const int sizes[] = {7, 20};
	puts("row sum: of exponentials (softmax), of the losses of flags (multilabel), of squares (quadratic)");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct ways *ways = begin_ways("%d outputs", sizes[i]);
		for (int loss = LOCKSTEP_SOFTMAX; loss <= LOCKSTEP_QUADRATIC; loss++) {
			struct summation summation;
			sum->loss = (enum lockstep_loss)loss;
			row_sum(sum, &summation, (size_t)sizes[i]);
			add_way(ways, &summation);
		}
		end_ways(ways);
	}
}

static void print_losses(struct kernel_sum *sum)
{
	static const uint32_t rows[] = {0, 255, 256, 511, 512, 767, 768, 1023, 1024, 1025};
	struct summation summation;
	struct ways *ways = begin_ways("9 rows, 4 slices");
	puts("losses: of a mini-batch, by 1 to 4 workers; of an epoch; of an evaluation (two rows of every chunk)");
	sum->n_slices = 4;
	for (sum->n_workers = 1; sum->n_workers <= 4; sum->n_workers++) {
		batch_loss_sum(sum, &summation, 9);
		add_way(ways, &summation);
	}
	end_ways(ways);

	ways = begin_ways("7 mini-batches");
	epoch_loss_sum(sum, &summation, 7);
	add_way(ways, &summation);
	end_ways(ways);

	ways = begin_ways("1026 rows, 5 chunks");
	sum->n_rows = 1026;
	evaluation_sum(sum, &summation, rows, sizeof rows / sizeof *rows);
	add_way(ways, &summation);
	end_ways(ways);
}

static void print_columns(struct kernel_sum *sum)
{
	struct summation summation;
	struct ways *ways = begin_ways("37 rows");
	puts("mean of a column of floats, for standardising");
	column_sum(sum, &summation, 37);
	add_way(ways, &summation);
	end_ways(ways);
}

int main(int argc, char **argv)
{
	struct kernel_sum sum = {0};
	lockstep_error error;
	if (ls_arith_select(&sum.table, argc > 1 ? argv[1] : NULL, &error)) {
		fprintf(stderr, "print_trees: %s\n", error.message);
		return 2;
	}
	puts("```");
	print_products(&sum);
	print_gradients(&sum);
	print_reductions(&sum);
	print_row_sums(&sum);
	print_losses(&sum);
	print_columns(&sum);
	puts("```");
	return n_failed > 0;
}
