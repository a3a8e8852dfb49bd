/* SPDX-License-Identifier: MIT
 *
 * One pass over the inputs makes a bit of every number; all lists are made from
 * the bits.
 */
#include "zeros.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/ranges.h"

#define WORD_BITS 64

/* Shares of numbers that are not 0 above which rows count as dense, and rows
 * below which a list is not worth its making: of the shard for the product, of
 * a slice for the gradient. (MNIST: 19 %.) */
#define DENSE 0.5
#define PRODUCT_ROWS_MIN 16
#define GRADIENT_ROWS_MIN 8

static size_t groups_of(const struct ls_arith *arith, size_t n)
{
	return (n + arith->tile - 1) / arith->tile;
}

static int allocate_for_product(struct ls_zeros *zeros)
{
	size_t n_groups = groups_of(zeros->arith, zeros->max_rows);
	zeros->positions = ls_memory_allocate(n_groups, zeros->max_columns * sizeof *zeros->positions);
	zeros->index = ls_memory_allocate(n_groups, zeros->max_columns * sizeof *zeros->index);
	zeros->n_positions = ls_memory_allocate(n_groups, sizeof *zeros->n_positions);
	return zeros->positions && zeros->index && zeros->n_positions;
}

static int allocate_for_gradient(struct ls_zeros *zeros, uint32_t max_slices)
{
	size_t n_tiles = groups_of(zeros->arith, zeros->max_columns);
	zeros->rows = ls_memory_allocate(n_tiles, zeros->max_rows * sizeof *zeros->rows);
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
	if (groups_of(shape->arith, shape->max_columns) * shape->max_rows > UINT32_MAX)
		zeros->wanted &= ~LS_ZEROS_FOR_GRADIENT; /* its lists are counted in 32 bits */
	/* A tile's bits may reach into the next word. */
	zeros->words_a_row = shape->max_columns / WORD_BITS + 2;
	zeros->bits = ls_memory_allocate(shape->max_rows + 1, zeros->words_a_row * sizeof *zeros->bits);
	if (!zeros->bits || ((zeros->wanted & LS_ZEROS_FOR_PRODUCT) && !allocate_for_product(zeros)) ||
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
	ls_memory_free(zeros->bits);
	ls_memory_free(zeros);
}

/* ---- Bits ------------------------------------------------------------ */

static uint64_t *row_bits(const struct ls_zeros *zeros, size_t row)
{
	return zeros->bits + row * zeros->words_a_row;
}

/* Numbers that are not 0. */
static uint64_t find_bits(struct ls_zeros *zeros, const struct ls_zeros_input *input)
{
	uint64_t n = 0;
	for (size_t r = 0; r < input->n_rows; r++) {
		uint64_t *bits = row_bits(zeros, r);
		memset(bits, 0, LS_BIT_WORDS(input->n_columns) * sizeof *bits);
		zeros->arith->mark_floats(input->n_columns, input->in + r * input->ld, bits);
		for (size_t i = 0; i * WORD_BITS < input->n_columns; i++)
			n += (uint64_t)__builtin_popcountll(bits[i]);
	}
	return n;
}

/* ---- Columns of row groups ------------------------------------------- */

struct ls_range ls_zeros_group(const struct ls_zeros *zeros, size_t n_rows, size_t i_group)
{
	return (struct ls_range){(uint32_t)(n_rows * i_group / zeros->n_groups),
	                         (uint32_t)(n_rows * (i_group + 1) / zeros->n_groups)};
}

static void list_columns(struct ls_zeros *zeros, const struct ls_zeros_input *input, size_t i_group)
{
	struct ls_range rows = ls_zeros_group(zeros, input->n_rows, i_group);
	uint64_t *any = row_bits(zeros, zeros->max_rows);
	uint32_t *positions = zeros->positions + i_group * zeros->max_columns;
	uint32_t *index = zeros->index + i_group * zeros->max_columns;
	size_t n = 0, n_words = (input->n_columns + WORD_BITS - 1) / WORD_BITS;

	memcpy(any, row_bits(zeros, rows.begin), n_words * sizeof *any);
	for (uint32_t r = rows.begin + 1; r < rows.end; r++)
		for (size_t i = 0; i < n_words; i++)
			any[i] |= row_bits(zeros, r)[i];
	for (size_t i = 0; i < n_words; i++)
		for (uint64_t left = any[i]; left; left &= left - 1) {
			uint32_t column = (uint32_t)(i * WORD_BITS) + (uint32_t)__builtin_ctzll(left);
			positions[n] = column;
			index[n++] = input->columns ? input->columns[column] : column;
		}
	zeros->n_positions[i_group] = n;
}

/* ---- Rows of column groups ------------------------------------------- */

/* Bits `first` and on, which the mask cuts off within a word's length. */
static uint64_t bits_from(const uint64_t *bits, size_t first, uint64_t mask)
{
	size_t i = first / WORD_BITS, shift = first % WORD_BITS;
	return (bits[i] >> shift | bits[i + 1] << 1 << (WORD_BITS - 1 - shift)) & mask;
}

/* Appends the rows of one slice to the lists of all tiles. */
static void list_slice(struct ls_zeros *zeros, struct ls_range rows, size_t n_tiles, uint32_t i_slice)
{
	size_t tile = zeros->arith->tile, stride = zeros->tile_stride;
	uint64_t mask = (UINT64_C(1) << tile) - 1;
	for (size_t t = 0; t < n_tiles; t++) {
		uint32_t end = zeros->slices[t * stride + i_slice];
		for (uint32_t r = rows.begin; r < rows.end; r++) {
			zeros->rows[end] = r;
			end += bits_from(row_bits(zeros, r), t * tile, mask) != 0;
		}
		zeros->slices[t * stride + i_slice + 1] = end;
	}
}

static void list_rows(struct ls_zeros *zeros, const struct ls_zeros_input *input)
{
	size_t n_tiles = groups_of(zeros->arith, input->n_columns);
	zeros->tile_stride = (size_t)input->n_slices + 1;
	for (size_t t = 0; t < n_tiles; t++)
		zeros->slices[t * zeros->tile_stride] = (uint32_t)(t * zeros->max_rows);
	for (uint32_t i = 0; i < input->n_slices; i++)
		list_slice(zeros, (struct ls_range){input->slices[i], input->slices[i + 1]}, n_tiles, i);
}

void ls_zeros_find(struct ls_zeros *zeros, const struct ls_zeros_input *input)
{
	int for_product = (zeros->wanted & LS_ZEROS_FOR_PRODUCT) && input->n_rows >= PRODUCT_ROWS_MIN;
	int for_gradient =
	    (zeros->wanted & LS_ZEROS_FOR_GRADIENT) && input->n_rows >= (size_t)input->n_slices * GRADIENT_ROWS_MIN;
	double n = (double)input->n_rows * (double)input->n_columns;
	int sparse = (for_product || for_gradient) && (double)find_bits(zeros, input) <= DENSE * n;

	zeros->for_product = sparse && for_product;
	zeros->for_gradient = sparse && for_gradient;
	zeros->n_groups = zeros->for_product ? groups_of(zeros->arith, input->n_rows) : 0;
	for (size_t i = 0; i < zeros->n_groups; i++)
		list_columns(zeros, input, i);
	if (zeros->for_gradient)
		list_rows(zeros, input);
}
