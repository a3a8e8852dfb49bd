/* SPDX-License-Identifier: MIT
 *
 * Rows of a table as the first layer reads them: converted to fp32 and scaled
 * while they are gathered, and only the columns in use.
 */
#ifndef LS_DATA_INPUT_H
#define LS_DATA_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "arith/arith.h"
#include "scaling.h"
#include "table.h"

/* Where inputs come from; borrowed. */
struct ls_source {
	const struct ls_table *table;
	const struct ls_scaling *scaling;
	const struct ls_arith *arith;
};

/* Some of a table's rows, by their indices; borrowed. */
struct ls_row_list {
	const uint32_t *rows; /* [n] */
	size_t n;
};

/* Room for any of n columns; 0 when memory is short. */
int ls_used_columns_init(struct ls_used_columns *columns, size_t n);
void ls_used_columns_fini(struct ls_used_columns *columns);

/* Columns in which any of the rows holds an input other than 0. Leaving the
 * others out of a chain changes no bit (doc/numerics.md, section 2). Shifted
 * columns are all in use, and not listed. */
void ls_source_columns(const struct ls_source *source, const uint32_t *rows, size_t n_rows,
                       struct ls_used_columns *columns);

/* Inputs of the rows into out [list.n][ld]: those of the columns in use, or
 * (columns NULL) all. ld is at least their number; with columns,
 * LS_ROW_ALIGNMENT floats behind `out` may be written too. The rows of `next`
 * [list.n] (may be NULL) are fetched towards the cache meanwhile. */
void ls_source_gather(const struct ls_source *source, struct ls_row_list list, const uint32_t *next,
                      const struct ls_used_columns *columns, float *out, size_t ld);

#endif
