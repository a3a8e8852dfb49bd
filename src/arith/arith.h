/* SPDX-License-Identifier: MIT
 *
 * The arithmetic contract in code: one table of functions per instruction
 * set. Every table computes the same values (doc/numerics.md); tile shapes and
 * the panel width differ, and show in no bit. No threads, no allocation.
 *
 * Weights lie in panels: panel p of a matrix with n_k inputs holds its outputs
 * p * panel .. as [n_k][width], width being `panel` floats, or for the last one
 * as many vectors as its outputs need. Padding columns are 0 and stay 0.
 */
#ifndef LS_ARITH_ARITH_H
#define LS_ARITH_ARITH_H

#include <stddef.h>
#include <stdint.h>

#include "base/ranges.h"
#include "lockstep/network.h"

/* Floats that any vector of any instruction set divides; rows of activations
 * and deltas are padded to it. */
#define LS_ROW_ALIGNMENT 16

/* out[r][0 .. width) = chain over k of in[r][position[k]] * panel[index[k]],
 * from start[]; for r < n_rows. Results are never -0. */
struct ls_product {
	size_t n_rows, n_k;
	const float *in; /* [n_rows][ld_in] */
	size_t ld_in;
	const float *panel;       /* [..][width] */
	const float *next;        /* a far panel that will be read after it, called for meanwhile; NULL: none */
	const uint32_t *index;    /* [n_k] rows of the panel; NULL: 0 .. n_k - 1 */
	const uint32_t *position; /* [n_k] columns of in, beside an index; NULL: 0 .. n_k - 1 */
	const float *start;       /* [width]; NULL: zeros */
	size_t width;             /* of one vector up to the table's panel */
	float *out;               /* [n_rows][ld_out] */
	size_t ld_out;
};

/* Deltas of up to a panel of rows carried back through a layer's weights, with a
 * row of the mini-batch in every lane, so that the weights are read as they lie:
 * out[k][r] = chain over j < n_out of weight (first + k, j) * delta[j][r], from 0; for
 * k < n, r < width. Results are never -0. */
struct ls_back_product {
	const float *weight; /* panels of n_k inputs and n_out outputs */
	size_t n_k, n_out;
	size_t first, n;    /* inputs */
	const float *delta; /* [n_out][width] */
	size_t width;       /* of one vector up to the table's panel */
	float *out;         /* [n][width] */
};

/* How a summed gradient becomes a new weight (doc/numerics.md, "Update"). */
struct ls_update {
	float scale; /* 1 / rows of the mini-batch */
	float rate, momentum, l2;
	int nesterov;
	int store_only; /* write the gradient where the weight stands, change nothing else */
};

/* Where summed gradients go: weight rows index[k] of a panel. */
struct ls_target {
	float *weight;         /* [..][width] */
	float *velocity;       /* [..][width]; NULL without momentum */
	const uint32_t *index; /* as in ls_product */
};

/* Sums, for k < n_k, the outer products in[r][k] * delta[r][0 .. width) of the
 * rows of n_slices slices (a power of two) by the tree. With `out` the sums go
 * there, [n_k][width]; without, they update the target at once.
 *
 * Inputs that are read row by row, a few columns each, from rows that lie far
 * apart miss the first-level cache; packed ones (struct ls_packing) do not.
 *
 * Slice s is the rows rows[slices[s]] .. rows[slices[s + 1] - 1]. With a
 * tile_stride, panels of the table's full width take other rows for every
 * `tile` columns of in: tile t's slices begin at slices[t * tile_stride]. */
struct ls_gradient {
	size_t n_k;
	const float *in; /* [..][ld_in] */
	size_t ld_in;
	size_t packed_rows; /* not 0: `in` was packed so, and ld_in is not read */
	const float *delta; /* [..][ld_delta] */
	size_t ld_delta, width;
	const uint32_t *rows;   /* ascending in a slice; NULL: row numbers themselves */
	const uint32_t *slices; /* [n_slices + 1] */
	size_t tile_stride;
	uint32_t n_slices;
	float *out;
	int far; /* the target's weights, from main memory, are called for early */
	struct ls_target target;
	const struct ls_update *update;
};

/* Inputs in the order in which the gradient of a panel of this width reads them:
 * tile by tile of their columns, out [tiles][n_rows][a tile's columns]. A tile
 * has at most LS_TILE_MAX of them, so that n_rows * (n_columns + LS_TILE_MAX)
 * floats are enough. */
struct ls_packing {
	size_t n_rows, n_columns, width;
	const float *in; /* [n_rows][ld_in] */
	size_t ld_in;
	float *out;
};
#define LS_TILE_MAX 16
#define LS_PACKED_ROWS_MIN 256 /* from which on it pays */

/* Combines the sums of subtrees, in slice order, by the tree, and updates. */
struct ls_reduction {
	size_t n_k, width;
	const float *const *nodes; /* [n_nodes] -> [n_k][width] */
	const uint8_t *n_merges;   /* [n_nodes] combinations that follow a node */
	uint32_t n_nodes;          /* 0: the gradient is 0 */
	struct ls_target target;
	const struct ls_update *update;
};

/* The outputs of some rows against their targets: exactly one of classes and
 * flags is not NULL. */
struct ls_targets {
	const uint32_t *rows; /* [n_rows] indices into classes or flags */
	const uint32_t *classes;
	const uint8_t *flags; /* [..][n] */
};

/* A block of rows [n_rows][ld], of which columns 0 .. n - 1 are in use. */
struct ls_block {
	float *values;
	size_t n_rows, n, ld;
};

/* Which of a table's columns some rows use. Arrays are the caller's. */
struct ls_used_columns {
	size_t n;
	uint64_t *bits;   /* [LS_BIT_WORDS(n_columns)] column j is bit j % 64 of word j / 64; set: in use */
	uint32_t *index;  /* [n_columns + LS_ROW_ALIGNMENT] the columns in use, ascending */
	uint32_t *starts; /* [n_columns + 1] of the instruction set's own use, like: */
	int packs;
};
#define LS_BIT_WORDS(n) (((n) + 63) / 64)

/* Which numbers of some rows are not 0 (NaN included): row r's of column j is bit
 * r % LS_MARK_ROWS of words[r / LS_MARK_ROWS * ld_words + j]. Rows are read, and
 * words written, up to the next multiple of LS_ROW_ALIGNMENT columns. */
struct ls_marks {
	uint32_t n_rows;
	size_t n_columns;
	const float *in; /* [n_rows][ld_in] */
	size_t ld_in;
	uint32_t *words; /* [LS_MARK_BLOCKS(n_rows)][ld_words] */
	size_t ld_words;
};
#define LS_MARK_ROWS 32
#define LS_MARK_BLOCKS(n_rows) (((n_rows) + LS_MARK_ROWS - 1) / LS_MARK_ROWS)

/* Of every `tile` columns, the rows of each slice in which one is not 0: tile t's
 * are rows[ends[0]] .. rows[ends[1] - 1] of the first slice, and so on, with
 * ends + t * (n_slices + 1). */
struct ls_row_lists {
	const uint32_t *slices; /* [n_slices + 1] first rows, from 0 to all */
	uint32_t n_slices;
	size_t max_rows; /* room for a tile's rows */
	uint32_t *rows;  /* [tiles * max_rows + LS_ROW_ALIGNMENT] */
	uint32_t *ends;  /* [tiles][n_slices + 1] */
};

/* What a row's n columns become. */
struct ls_gather {
	size_t n;
	const struct ls_used_columns *columns; /* leaves the others out; NULL: takes all */
	int by_255;                            /* x / 255 */
	const float *shift, *scale;            /* [n] (x - shift) * scale; NULL: no shift */
};

struct ls_arith {
	const char *name;
	size_t vector; /* floats */
	size_t panel;  /* floats: a few vectors, of a full panel */
	size_t tile;   /* rows or columns of `in` that a full panel's tile spans */

	void (*product)(const struct ls_product *product);
	void (*back_product)(const struct ls_back_product *product);
	/* Both return non-zero when a parameter left the finite numbers. */
	int (*gradient)(const struct ls_gradient *gradient);
	int (*reduce)(const struct ls_reduction *reduction);
	void (*pack)(const struct ls_packing *packing);

	/* to[j][k] = from[k][j] for k < n_rows, j < n_columns. */
	void (*transpose)(size_t n_rows, size_t n_columns, const float *from, size_t ld_from, float *to, size_t ld_to);

	/* Functions of section 4, elementwise; in and out may be the same. */
	void (*exp)(size_t n, const float *in, float *out);
	void (*log)(size_t n, const float *in, float *out);
	void (*tanh)(size_t n, const float *in, float *out);
	void (*sigmoid)(size_t n, const float *in, float *out);
	void (*softplus)(size_t n, const float *in, float *out);

	/* In place: values = f(values). */
	void (*activate)(const struct ls_block *block, enum lockstep_activation activation, float slope);
	/* In place: values = derivative of f, times values; a holds f(z), same shape. */
	void (*derive)(const struct ls_block *block, const float *a, enum lockstep_activation activation, float slope);
	/* In place: pre-activations become output activations; row r's loss goes to
	 * losses[r]. targets NULL: outputs only. */
	void (*outputs)(const struct ls_block *z, enum lockstep_loss loss, const struct ls_targets *targets,
	                float *losses);
	/* In place: output activations become deltas. */
	void (*deltas)(const struct ls_block *a, enum lockstep_loss loss, const struct ls_targets *targets);

	/* Bit j of the words is set where in[j] is not 0; others stay. */
	void (*mark_bytes)(size_t n, const uint8_t *in, uint64_t *bits);
	void (*mark_floats)(size_t n, const float *in, uint64_t *bits);
	/* Returns how many numbers are marked. */
	uint64_t (*mark)(const struct ls_marks *marks);
	/* The marked columns of some rows, at most LS_MARK_ROWS: their positions, and
	 * beside each the number numbers[position] (NULL: position). Up to
	 * LS_ROW_ALIGNMENT words are written behind them, and numbers are read up to the
	 * next multiple of it. Returns how many. */
	uint32_t (*list_used)(const struct ls_marks *marks, struct ls_range rows, const uint32_t *numbers,
	                      uint32_t *positions, uint32_t *index);
	void (*list_rows)(const struct ls_marks *marks, const struct ls_row_lists *lists);
	/* Lists those of n columns whose bits are set. */
	void (*list_columns)(size_t n, struct ls_used_columns *columns);
	/* One row as fp32; with columns, up to LS_ROW_ALIGNMENT floats behind it
	 * are written too. */
	void (*gather_bytes)(const struct ls_gather *gather, const uint8_t *in, float *out);
	void (*gather_floats)(const struct ls_gather *gather, const float *in, float *out);

	/* For benchmarks: n rounds of peak_flops floating-point operations on
	 * registers alone, as fast as the processor goes. The result is of no use. */
	float (*peak)(size_t n, float x);
	size_t peak_flops;
};

/* The table of an instruction set by name (NULL or "auto": the best that this
 * CPU runs); *out is static. */
lockstep_status ls_arith_select(const struct ls_arith **out, const char *isa, lockstep_error *error);

extern const struct ls_arith ls_arith_portable;
extern const struct ls_arith ls_arith_avx2;
extern const struct ls_arith ls_arith_avx512;
extern const struct ls_arith ls_arith_neon;

#endif
