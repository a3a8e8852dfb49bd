/* SPDX-License-Identifier: MIT
 *
 * Gathering inputs. Shifted columns hold no zeros to skip, so they count as in
 * use without a look. Rows are drawn from all over the table: the processor
 * cannot guess the next one, so it is told.
 */
#include "input.h"

#include <string.h>

#include "base/memory.h"

#define CACHE_LINE 64

int ls_used_columns_init(struct ls_used_columns *columns, size_t n)
{
	columns->index = ls_memory_allocate(n + LS_ROW_ALIGNMENT, sizeof *columns->index);
	columns->starts = ls_memory_allocate(n + 1, sizeof *columns->starts);
	columns->bits = ls_memory_allocate(LS_BIT_WORDS(n), sizeof *columns->bits);
	return columns->index && columns->starts && columns->bits;
}

void ls_used_columns_fini(struct ls_used_columns *columns)
{
	ls_memory_free(columns->bits);
	ls_memory_free(columns->starts);
	ls_memory_free(columns->index);
}

void ls_source_columns(const struct ls_source *source, const uint32_t *rows, size_t n_rows,
                       struct ls_used_columns *columns)
{
	const struct ls_table *table = source->table;
	size_t n = table->n_features;

	if (source->scaling->shift) {
		columns->n = n;
		return;
	}
	memset(columns->bits, 0, LS_BIT_WORDS(n) * sizeof *columns->bits);
	for (size_t r = 0; r < n_rows; r++) {
		if (table->bytes)
			source->arith->mark_bytes(n, table->bytes + rows[r] * n, columns->bits);
		else
			source->arith->mark_floats(n, table->floats + rows[r] * n, columns->bits);
	}
	source->arith->list_columns(n, columns);
}

/* Into the first-level cache: rows that were called into the second one came late. */
static void prefetch_row(const struct ls_table *table, size_t row)
{
	size_t bytes = table->n_features * (table->bytes ? sizeof *table->bytes : sizeof *table->floats);
	const char *at = (table->bytes ? (const char *)table->bytes : (const char *)table->floats) + row * bytes;
	for (size_t i = 0; i < bytes + CACHE_LINE - 1; i += CACHE_LINE)
		__builtin_prefetch(at + i, 0, 3);
}

void ls_source_gather(const struct ls_source *source, struct ls_row_list list, const uint32_t *next,
                      const struct ls_used_columns *columns, float *out, size_t ld)
{
	const struct ls_table *table = source->table;
	const struct ls_scaling *scaling = source->scaling;
	struct ls_gather gather = {
	    .n = table->n_features,
	    .columns = columns,
	    .by_255 = scaling->kind == LOCKSTEP_SCALE_UNIT && !scaling->shift, /* learned on bytes */
	    .shift = scaling->shift,
	    .scale = scaling->scale,
	};

	for (size_t r = 0; r < list.n; r++) {
		float *row = out + r * ld;
		if (table->bytes)
			source->arith->gather_bytes(&gather, table->bytes + list.rows[r] * gather.n, row);
		else
			source->arith->gather_floats(&gather, table->floats + list.rows[r] * gather.n, row);
		if (next)
			prefetch_row(table, next[r]);
	}
}
