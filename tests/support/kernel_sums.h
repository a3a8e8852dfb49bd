/* SPDX-License-Identifier: MIT
 *
 * Every sum of the arithmetic contract as summation_tree.h probes it: those of
 * the kernels through a table, those of losses through the public interface.
 * Each function fills *summation, whose context is *sum: it must stay.
 */
#ifndef KERNEL_SUMS_H
#define KERNEL_SUMS_H

#include <stdint.h>

#include "arith/arith.h"
#include "summation_tree.h"
#include "train/partition.h"

#define EVALUATED_ROWS_MAX 4096

/* How a kernel gets its terms: all that stand in memory; those of a list, what
 * it leaves out being NaN; packed; in a bias's place, times a constant; or, of a
 * backward product, with a row in every lane. */
enum sum_inputs { SUM_ALL, SUM_LISTED, SUM_PACKED, SUM_BIAS, SUM_IN_LANES };
/* What becomes of the sum: it is stored, or updates parameters that are 0. */
enum sum_result { SUM_STORED, SUM_UPDATES, SUM_UPDATES_WITH_MOMENTUM };

struct kernel_sum {
	const struct ls_arith *table;
	enum sum_inputs inputs; /* of products all or listed; a list of gradients takes a full panel */
	enum sum_result result; /* of gradients and reductions */
	size_t width;           /* of products, gradients and reductions */
	size_t n;               /* terms */
	enum lockstep_loss loss;
	const uint32_t *slices; /* [n_slices + 1] first rows */
	uint32_t n_slices, n_workers;
	const struct ls_partition *partition;
	const uint32_t *rows; /* [n] rows of an evaluation that are terms */
	size_t n_rows;        /* in all */
};

/* Start value, then the products with inputs 0, 1, ...: n_k + 1 terms. */
void product_sum(struct kernel_sum *sum, struct summation *summation, size_t n_k);
/* The products alone, from no start value: n_k terms. */
void backward_sum(struct kernel_sum *sum, struct summation *summation, size_t n_k);
/* Rows of sum->slices. */
void gradient_sum(struct kernel_sum *sum, struct summation *summation);
/* Nodes of sum->partition. */
void reduction_sum(struct kernel_sum *sum, struct summation *summation);
/* The row sum of sum->loss over n outputs. */
void row_sum(struct kernel_sum *sum, struct summation *summation, size_t n);
/* Loss total of a mini-batch of n rows in sum->n_slices slices by
 * sum->n_workers workers. */
void batch_loss_sum(struct kernel_sum *sum, struct summation *summation, size_t n);
/* Loss of an epoch of n mini-batches of one row. */
void epoch_loss_sum(struct kernel_sum *sum, struct summation *summation, size_t n);
/* Loss of an evaluation of sum->n_rows rows, of which n are terms and the
 * others' losses 0. */
void evaluation_sum(struct kernel_sum *sum, struct summation *summation, const uint32_t *rows, size_t n);

/* The sum of a column of n floats that is to be standardised. */
void column_sum(struct kernel_sum *sum, struct summation *summation, size_t n);

#endif
