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

/* Columns in which any of the rows holds an input other than 0, ascending,
 * into index [n_features]; returns their number. Leaving the others out of a
 * chain changes no bit (doc/numerics.md, section 2). */
size_t ls_source_columns(const struct ls_source *source, const uint32_t *rows, size_t n_rows, uint32_t *index);

/* Inputs of the rows into out [n_rows][ld]: those of n_columns columns
 * (columns NULL: all n_columns features). */
void ls_source_gather(const struct ls_source *source, const uint32_t *rows, size_t n_rows, const uint32_t *columns,
                      size_t n_columns, float *out, size_t ld);

#endif
