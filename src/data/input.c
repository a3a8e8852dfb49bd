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
	columns->used = ls_memory_allocate(n, sizeof *columns->used);
	return columns->index && columns->starts && columns->used;
}

void ls_used_columns_fini(struct ls_used_columns *columns)
{
	ls_memory_free(columns->used);
	ls_memory_free(columns->starts);
	ls_memory_free(columns->index);
}

void ls_source_columns(const struct ls_source *source, const uint32_t *rows, size_t n_rows,
                       struct ls_used_columns *columns)
{
	const struct ls_table *table = source->table;
	size_t n = table->n_features;

	memset(columns->used, source->scaling->shift != NULL, n);
	for (size_t r = 0; r < n_rows && !source->scaling->shift; r++) {
		if (table->bytes)
			source->arith->mark_bytes(n, table->bytes + rows[r] * n, columns->used);
		else
			source->arith->mark_floats(n, table->floats + rows[r] * n, columns->used);
	}
	source->arith->list_columns(n, columns);
}

static void prefetch_row(const struct ls_table *table, size_t row)
{
	size_t bytes = table->n_features * (table->bytes ? sizeof *table->bytes : sizeof *table->floats);
	const char *at = (table->bytes ? (const char *)table->bytes : (const char *)table->floats) + row * bytes;
	for (size_t i = 0; i < bytes + CACHE_LINE - 1; i += CACHE_LINE)
		__builtin_prefetch(at + i, 0, 2);
}

void ls_source_gather(const struct ls_source *source, const uint32_t *rows, size_t n_rows, const uint32_t *next,
                      const struct ls_used_columns *columns, float *out, size_t ld)
{
	const struct ls_table *table = source->table;
	const struct ls_scaling *scaling = source->scaling;
	size_t n = table->n_features;
	int by_255 = scaling->kind == LOCKSTEP_SCALE_UNIT && !scaling->shift; /* learned on bytes */

	for (size_t r = 0; r < n_rows; r++) {
		float *row = out + r * ld;
		if (table->bytes)
			source->arith->gather_bytes(n, table->bytes + rows[r] * n, columns, by_255, row);
		else
			source->arith->gather_floats(n, table->floats + rows[r] * n, columns, by_255, row);
		if (scaling->shift)
			source->arith->rescale(n, scaling->shift, scaling->scale, row);
		if (next)
			prefetch_row(table, next[r]);
	}
}
