/* SPDX-License-Identifier: MIT
 *
 * print_trees [TABLE]: the order of every sum that Lockstep takes, as found
 * out from its results (summation_tree.h explains how, and the notation).
 */
#include <stdio.h>

#include "arith_tables.h"
#include "base/ranges.h"
#include "kernel_sums.h"

static int print(const char *what, const struct summation *summation)
{
	static struct summation_tree tree;
	char text[SUMMATION_TEXT];
	if (summation_tree_find(&tree, summation)) {
		printf("%-44s no tree\n", what);
		return 1;
	}
	summation_tree_text(&tree, text);
	printf("%-44s %s\n", what, text);
	return 0;
}

static int print_products(struct kernel_sum *sum)
{
	struct summation summation;
	product_sum(sum, &summation, 97);
	return print("product, start and 97 inputs", &summation);
}

static int print_gradients(struct kernel_sum *sum)
{
	char what[64];
	int failed = 0;
	for (uint32_t n_slices = 1; n_slices <= 16; n_slices *= 2) {
		uint32_t slices[17];
		struct summation summation;
		for (uint32_t i = 0; i <= n_slices; i++)
			slices[i] = i < n_slices ? ls_slice_rows(37, n_slices, i).begin : 37;
		sum->slices = slices;
		sum->n_slices = n_slices;
		gradient_sum(sum, &summation);
		snprintf(what, sizeof what, "gradient, 37 rows, %u slices", n_slices);
		failed |= print(what, &summation);
	}
	return failed;
}

static int print_reductions(struct kernel_sum *sum)
{
	char what[64];
	int failed = 0;
	for (uint32_t n_workers = 1; n_workers <= 8; n_workers++) {
		struct ls_partition partition;
		struct summation summation;
		if (ls_partition_init(&partition, 16, n_workers, NULL))
			return 1;
		ls_partition_set(&partition, 16, 16);
		sum->partition = &partition;
		reduction_sum(sum, &summation);
		snprintf(what, sizeof what, "reduction, 16 slices, %u workers, nodes", n_workers);
		failed |= print(what, &summation);
		ls_partition_fini(&partition);
	}
	return failed;
}

static int print_row_sums(struct kernel_sum *sum)
{
	char what[64];
	int failed = 0;
	for (int loss = LOCKSTEP_SOFTMAX; loss <= LOCKSTEP_QUADRATIC; loss++) {
		struct summation summation;
		sum->loss = (enum lockstep_loss)loss;
		row_sum(sum, &summation, 20);
		snprintf(what, sizeof what, "row sum, %s, 20 outputs", lockstep_loss_name(sum->loss));
		failed |= print(what, &summation);
	}
	return failed;
}

static int print_losses(struct kernel_sum *sum)
{
	static const uint32_t rows[] = {0, 255, 256, 511, 512, 767, 768, 1023, 1024, 1025};
	struct summation summation;
	sum->n_slices = 4;
	sum->n_workers = 3;
	batch_loss_sum(sum, &summation, 13);
	int failed = print("batch loss, 13 rows, 4 slices, 3 workers", &summation);
	sum->n_rows = 1026;
	evaluation_sum(sum, &summation, rows, sizeof rows / sizeof *rows);
	return failed | print("evaluation, 1026 rows, ends of its 5 chunks", &summation);
}

int main(int argc, char **argv)
{
	struct kernel_sum sum = {0};
	lockstep_error error;
	if (ls_arith_select(&sum.table, argc > 1 ? argv[1] : NULL, &error)) {
		fprintf(stderr, "print_trees: %s\n", error.message);
		return 2;
	}
	sum.width = sum.table->panel;
	printf("%-44s %s\n", "table", sum.table->name);
	int failed = print_products(&sum);
	failed |= print_gradients(&sum);
	failed |= print_reductions(&sum);
	failed |= print_row_sums(&sum);
	return failed | print_losses(&sum);
}
