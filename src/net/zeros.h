/* SPDX-License-Identifier: MIT
 *
 * Where a shard's inputs are 0, so that the first layer's kernels leave those
 * terms out; exactly, by rule 2 of doc/numerics.md. Two kinds of lists, over the
 * inputs that were gathered (the columns in use of the whole mini-batch):
 *
 *   for the product    of each group of rows, as high as a kernel's tile, the
 *                      columns in which one of them is not 0
 *   for the gradient   of each group of columns, as wide as a tile, the rows of
 *                      every slice in which one of them is not 0
 *
 * They pay where rows are sparse and many; ls_zeros_find() looks, and says
 * through `for_product` and `for_gradient` whether to use them.
 */
#ifndef LS_NET_ZEROS_H
#define LS_NET_ZEROS_H

#include <stddef.h>
#include <stdint.h>

#include "arith/arith.h"
#include "lockstep/status.h"

struct ls_zeros {
	const struct ls_arith *arith;
	size_t max_rows, max_columns;
	int wanted, for_product, for_gradient;
	uint32_t *marks; /* of struct ls_marks: [LS_MARK_BLOCKS(max_rows)][ld_marks] */
	size_t ld_marks;

	/* For the product. */
	size_t n_groups;
	uint32_t *positions; /* [groups][max_columns] gathered columns, and LS_ROW_ALIGNMENT words */
	uint32_t *index;     /* likewise: their rows of the weight panels */
	size_t *n_positions; /* [groups] */

	/* For the gradient. */
	uint32_t *rows;   /* [tiles][max_rows], and LS_ROW_ALIGNMENT words */
	uint32_t *slices; /* [tiles][n_slices + 1] into rows */
	size_t tile_stride;
};

/* What to look at: the inputs [n_rows][ld] of n_columns columns, column j
 * standing for row columns[j] (NULL: j) of the weights, and first rows
 * slices[0 .. n_slices] of the slices. */
struct ls_zeros_input {
	const float *in;
	size_t ld, n_rows, n_columns;
	const uint32_t *columns;
	const uint32_t *slices;
	uint32_t n_slices;
};

#define LS_ZEROS_FOR_PRODUCT 1
#define LS_ZEROS_FOR_GRADIENT 2

/* What to make room for. */
struct ls_zeros_shape {
	const struct ls_arith *arith;
	size_t max_rows, max_columns;
	uint32_t max_slices; /* of the gradient */
	size_t n_outputs;    /* of the layer: without a full panel of them no list is read, and none is made */
	int wanted;          /* kinds of lists */
};

/* Caller owns *out. */
lockstep_status ls_zeros_create(struct ls_zeros **out, const struct ls_zeros_shape *shape, lockstep_error *error);
void ls_zeros_destroy(struct ls_zeros *zeros);

/* Makes the wanted lists that pay. */
void ls_zeros_find(struct ls_zeros *zeros, const struct ls_zeros_input *input);

/* Rows begin .. end - 1 of group i: as even as a product's tiles. */
struct ls_range ls_zeros_group(const struct ls_zeros *zeros, size_t n_rows, size_t i_group);

#endif
