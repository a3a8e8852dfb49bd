/* SPDX-License-Identifier: MIT
 *
 * Whether lists pay, and room for them; the kernels of arith/marks.h make them.
 */
#include "zeros.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/ranges.h"

/* Shares of numbers that are not 0 above which rows count as dense, and rows
 * below which a list is not worth its making: of the shard for the product, of
 * a slice for the gradient. (MNIST: 19 %. Steps of 784-512-10 with 8 rows a shard are
 * 1.03 to 1.07 times as fast with lists for the product; of 784-128-10 with 4 rows a
 * slice 0.93 with lists for the gradient, which end slice by slice.) */
#define DENSE 0.5
#define PRODUCT_ROWS_MIN 8
#define GRADIENT_ROWS_MIN 8

static int allocate_for_product(struct ls_zeros *zeros)
{
	size_t n_groups = ls_tiles(zeros->max_rows, zeros->arith->tile);
	size_t n = n_groups * zeros->max_columns + LS_ROW_ALIGNMENT;
	zeros->positions = ls_memory_allocate(n, sizeof *zeros->positions);
	zeros->index = ls_memory_allocate(n, sizeof *zeros->index);
	zeros->n_positions = ls_memory_allocate(n_groups, sizeof *zeros->n_positions);
	return zeros->positions && zeros->index && zeros->n_positions;
}

static int allocate_for_gradient(struct ls_zeros *zeros, uint32_t max_slices)
{
	size_t n_tiles = ls_tiles(zeros->max_columns, zeros->arith->tile);
	zeros->rows = ls_memory_allocate(n_tiles * zeros->max_rows + LS_ROW_ALIGNMENT, sizeof *zeros->rows);
	zeros->slices = ls_memory_allocate(n_tiles, ((size_t)max_slices + 1) * sizeof *zeros->slices);
	return zeros->rows && zeros->slices;
}

lockstep_status ls_zeros_create(struct ls_zeros **out, const struct ls_zeros_shape *shape, lockstep_error *error)
{
	struct ls_zeros *zeros = ls_memory_allocate(1, sizeof *zeros);
	if (!zeros)
		return ls_error_memory(error, "the lists of zeros");

	*zeros = (struct ls_zeros){.arith = shape->arith,
	                           .max_rows = shape->max_rows,
	                           .max_columns = shape->max_columns,
	                           .wanted = shape->n_outputs < shape->arith->panel ? 0 : shape->wanted};
	if (ls_tiles(shape->max_columns, shape->arith->tile) * shape->max_rows > UINT32_MAX)
		zeros->wanted &= ~LS_ZEROS_FOR_GRADIENT; /* its lists are counted in 32 bits */
	zeros->ld_marks = ls_round_up(shape->max_columns, LS_ROW_ALIGNMENT);
	zeros->marks = ls_memory_allocate(LS_MARK_BLOCKS(shape->max_rows), zeros->ld_marks * sizeof *zeros->marks);
	if (!zeros->marks || ((zeros->wanted & LS_ZEROS_FOR_PRODUCT) && !allocate_for_product(zeros)) ||
	    ((zeros->wanted & LS_ZEROS_FOR_GRADIENT) && !allocate_for_gradient(zeros, shape->max_slices))) {
		ls_zeros_destroy(zeros);
		return ls_error_memory(error, "the lists of zeros");
	}
	*out = zeros;
	return LOCKSTEP_OK;
}

void ls_zeros_destroy(struct ls_zeros *zeros)
{
	if (!zeros)
		return;
	ls_memory_free(zeros->slices);
	ls_memory_free(zeros->rows);
	ls_memory_free(zeros->n_positions);
	ls_memory_free(zeros->index);
	ls_memory_free(zeros->positions);
	ls_memory_free(zeros->marks);
	ls_memory_free(zeros);
}

struct ls_range ls_zeros_group(const struct ls_zeros *zeros, size_t n_rows, size_t i_group)
{
	return ls_part((uint32_t)n_rows, (uint32_t)zeros->n_groups, (uint32_t)i_group);
}

static void list_for_product(struct ls_zeros *zeros, const struct ls_marks *marks, const uint32_t *columns)
{
	zeros->n_groups = ls_tiles(marks->n_rows, zeros->arith->tile);
	for (size_t i = 0; i < zeros->n_groups; i++) {
		size_t first = i * zeros->max_columns;
		zeros->n_positions[i] = zeros->arith->list_used(marks, ls_zeros_group(zeros, marks->n_rows, i), columns,
		                                                zeros->positions + first, zeros->index + first);
	}
}

static void list_for_gradient(struct ls_zeros *zeros, const struct ls_marks *marks, const struct ls_zeros_input *input)
{
	zeros->tile_stride = (size_t)input->n_slices + 1;
	zeros->arith->list_rows(marks, &(struct ls_row_lists){.slices = input->slices,
	                                                      .n_slices = input->n_slices,
	                                                      .max_rows = zeros->max_rows,
	                                                      .rows = zeros->rows,
	                                                      .ends = zeros->slices});
}

void ls_zeros_find(struct ls_zeros *zeros, const struct ls_zeros_input *input)
{
	int for_product = (zeros->wanted & LS_ZEROS_FOR_PRODUCT) && input->n_rows >= PRODUCT_ROWS_MIN;
	int for_gradient =
	    (zeros->wanted & LS_ZEROS_FOR_GRADIENT) && input->n_rows >= (size_t)input->n_slices * GRADIENT_ROWS_MIN;
	struct ls_marks marks = {.n_rows = (uint32_t)input->n_rows,
	                         .n_columns = input->n_columns,
	                         .in = input->in,
	                         .ld_in = input->ld,
	                         .words = zeros->marks,
	                         .ld_words = zeros->ld_marks};
	double n = (double)input->n_rows * (double)input->n_columns;
	int sparse = (for_product || for_gradient) && (double)zeros->arith->mark(&marks) <= DENSE * n;

	zeros->for_product = sparse && for_product;
	zeros->for_gradient = sparse && for_gradient;
	if (zeros->for_product)
		list_for_product(zeros, &marks, input->columns);
	if (zeros->for_gradient)
		list_for_gradient(zeros, &marks, input);
}
