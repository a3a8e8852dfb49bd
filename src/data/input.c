/* SPDX-License-Identifier: MIT
 *
 * Gathering inputs. Shifted columns hold no zeros to skip, so they count as in
 * use without a look.
 */
#include "input.h"

#include <string.h>

#define COLUMNS_CHUNK 256

static void mark_bytes(const struct ls_table *table, const uint32_t *rows, size_t n_rows, size_t first, size_t n,
                       uint8_t *used)
{
	for (size_t r = 0; r < n_rows; r++) {
		const uint8_t *row = table->bytes + (size_t)rows[r] * table->n_features + first;
		for (size_t i = 0; i < n; i++)
			used[i] |= row[i];
	}
}

static void mark_floats(const struct ls_table *table, const uint32_t *rows, size_t n_rows, size_t first, size_t n,
                        uint8_t *used)
{
	for (size_t r = 0; r < n_rows; r++) {
		const float *row = table->floats + (size_t)rows[r] * table->n_features + first;
		for (size_t i = 0; i < n; i++)
			used[i] |= row[i] != 0;
	}
}

size_t ls_source_columns(const struct ls_source *source, const uint32_t *rows, size_t n_rows, uint32_t *index)
{
	const struct ls_table *table = source->table;
	size_t n_used = 0;

	for (size_t first = 0; first < table->n_features; first += COLUMNS_CHUNK) {
		size_t n = table->n_features - first < COLUMNS_CHUNK ? table->n_features - first : COLUMNS_CHUNK;
		uint8_t used[COLUMNS_CHUNK] = {0};
		if (source->scaling->shift)
			memset(used, 1, sizeof used);
		else if (table->bytes)
			mark_bytes(table, rows, n_rows, first, n, used);
		else
			mark_floats(table, rows, n_rows, first, n, used);
		for (size_t i = 0; i < n; i++) {
			index[n_used] = (uint32_t)(first + i);
			n_used += used[i] != 0;
		}
	}
	return n_used;
}

void ls_source_gather(const struct ls_source *source, const uint32_t *rows, size_t n_rows, const uint32_t *columns,
                      size_t n_columns, float *out, size_t ld)
{
	const struct ls_table *table = source->table;
	const struct ls_scaling *scaling = source->scaling;
	int by_255 = scaling->kind == LOCKSTEP_SCALE_UNIT && !scaling->shift; /* learned on bytes */

	for (size_t r = 0; r < n_rows; r++) {
		size_t at = (size_t)rows[r] * table->n_features;
		float *row = out + r * ld;
		if (table->bytes)
			source->arith->gather_bytes(n_columns, table->bytes + at, columns, by_255, row);
		else
			source->arith->gather_floats(n_columns, table->floats + at, columns, by_255, row);
		if (scaling->shift)
			source->arith->rescale(n_columns, scaling->shift, scaling->scale, row);
	}
}
