/* SPDX-License-Identifier: MIT
 *
 * Sums over columns, a row at a time: exact integers for uint8, doubles in the
 * order of the rows for floats. Each column's chain is its own, so the walk
 * over the columns of a row changes no bit.
 */
#include "scaling.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

/* The rows that a fit looks at. */
struct selection {
	const struct ls_table *table;
	const uint32_t *rows; /* [n], or NULL: the first n */
	size_t n;
};

static size_t row_offset(const struct selection *selection, size_t i)
{
	return (selection->rows ? selection->rows[i] : i) * selection->table->n_features;
}

/* 1 / x in fp32; 0 where that is no finite number. */
static float reciprocal(double x)
{
	float value = (float)(1.0 / x);
	return isfinite(value) ? value : 0.0f;
}

static void standardise_bytes(struct ls_scaling *scaling, const struct selection *selection, uint64_t *sums,
                              uint64_t *squares)
{
	uint64_t n = selection->n;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *row = selection->table->bytes + row_offset(selection, i);
		for (size_t j = 0; j < scaling->n; j++) {
			sums[j] += row[j];
			squares[j] += (uint64_t)row[j] * row[j];
		}
	}
	for (size_t j = 0; j < scaling->n; j++) {
		unsigned __int128 spread = (unsigned __int128)n * squares[j] - (unsigned __int128)sums[j] * sums[j];
		double deviation = sqrt((double)spread) / (double)n;
		scaling->shift[j] = (float)((double)sums[j] / (double)n);
		scaling->scale[j] = spread ? reciprocal(deviation) : 0.0f;
	}
}

static void find_ranges(const struct selection *selection, float *smallest, float *largest)
{
	size_t n_features = selection->table->n_features;

	for (size_t i = 0; i < selection->n; i++) {
		const float *row = selection->table->floats + row_offset(selection, i);
		for (size_t j = 0; j < n_features; j++) {
			smallest[j] = i && smallest[j] <= row[j] ? smallest[j] : row[j];
			largest[j] = i && largest[j] >= row[j] ? largest[j] : row[j];
		}
	}
}

static lockstep_status check_ranges(size_t n, const float *smallest, const float *largest, lockstep_error *error)
{
	for (size_t j = 0; j < n; j++)
		if (!isfinite(largest[j] - smallest[j]))
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
			                    "feature %zu cannot be scaled: its values range from %g to %g", j + 1,
			                    (double)smallest[j], (double)largest[j]);
	return LOCKSTEP_OK;
}

static void unit_floats(struct ls_scaling *scaling, const float *smallest, const float *largest)
{
	for (size_t j = 0; j < scaling->n; j++) {
		scaling->shift[j] = smallest[j];
		scaling->scale[j] =
		    smallest[j] < largest[j] ? reciprocal((double)largest[j] - (double)smallest[j]) : 0.0f;
	}
}

/* Two passes over the rows; `means` and `squares` are zeroed work space. */
static void standardise_floats(struct ls_scaling *scaling, const struct selection *selection, double *means,
                               double *squares)
{
	for (size_t i = 0; i < selection->n; i++) {
		const float *row = selection->table->floats + row_offset(selection, i);
		for (size_t j = 0; j < scaling->n; j++)
			means[j] += (double)row[j];
	}
	for (size_t j = 0; j < scaling->n; j++)
		means[j] /= (double)selection->n;
	for (size_t i = 0; i < selection->n; i++) {
		const float *row = selection->table->floats + row_offset(selection, i);
		for (size_t j = 0; j < scaling->n; j++) {
			double difference = (double)row[j] - means[j];
			squares[j] = fma(difference, difference, squares[j]);
		}
	}
	for (size_t j = 0; j < scaling->n; j++) {
		scaling->shift[j] = (float)means[j];
		scaling->scale[j] = reciprocal(sqrt(squares[j] / (double)selection->n));
	}
}

static lockstep_status fit_bytes(struct ls_scaling *scaling, const struct selection *selection, lockstep_error *error)
{
	uint64_t *sums = ls_memory_allocate(scaling->n, 2 * sizeof *sums);
	if (!sums)
		return ls_error_memory(error, "input scaling");
	standardise_bytes(scaling, selection, sums, sums + scaling->n);
	ls_memory_free(sums);
	return LOCKSTEP_OK;
}

static lockstep_status fit_floats(struct ls_scaling *scaling, const struct selection *selection, lockstep_error *error)
{
	size_t n = scaling->n;
	float *ranges = ls_memory_allocate(n, 2 * sizeof *ranges);
	double *sums = ls_memory_allocate(n, 2 * sizeof *sums);
	lockstep_status status = ranges && sums ? LOCKSTEP_OK : ls_error_memory(error, "input scaling");

	if (!status) {
		find_ranges(selection, ranges, ranges + n);
		status = check_ranges(n, ranges, ranges + n, error);
	}
	if (!status && scaling->kind == LOCKSTEP_SCALE_UNIT)
		unit_floats(scaling, ranges, ranges + n);
	else if (!status)
		standardise_floats(scaling, selection, sums, sums + n);
	for (size_t j = 0; !status && j < n; j++)
		if (!(ranges[j] < ranges[n + j]))
			scaling->scale[j] = 0.0f;
	ls_memory_free(sums);
	ls_memory_free(ranges);
	return status;
}

enum lockstep_scale ls_scaling_kind(enum lockstep_scale kind, const struct ls_table *table)
{
	if (kind != LOCKSTEP_SCALE_AUTO)
		return kind;
	return table->bytes ? LOCKSTEP_SCALE_UNIT : LOCKSTEP_SCALE_NONE;
}

lockstep_status ls_scaling_fit(struct ls_scaling *out, enum lockstep_scale kind, const struct ls_table *table,
                               const uint32_t *rows, size_t n_rows, lockstep_error *error)
{
	struct selection selection = {table, rows, rows ? n_rows : table->n_rows};
	struct ls_scaling scaling = {.kind = ls_scaling_kind(kind, table), .n = table->n_features};
	lockstep_status status = LOCKSTEP_OK;

	assert(selection.n > 0);
	if (scaling.kind == LOCKSTEP_SCALE_STANDARDISE || (scaling.kind == LOCKSTEP_SCALE_UNIT && table->floats)) {
		scaling.shift = ls_memory_allocate(scaling.n, sizeof *scaling.shift);
		scaling.scale = ls_memory_allocate(scaling.n, sizeof *scaling.scale);
		if (!scaling.shift || !scaling.scale)
			status = ls_error_memory(error, "input scaling");
		else
			status = table->bytes ? fit_bytes(&scaling, &selection, error)
			                      : fit_floats(&scaling, &selection, error);
	}
	if (status)
		ls_scaling_fini(&scaling);
	else
		*out = scaling;
	return status;
}

lockstep_status ls_scaling_copy(struct ls_scaling *out, const struct ls_scaling *scaling, lockstep_error *error)
{
	struct ls_scaling copy = {.kind = scaling->kind, .n = scaling->n};
	if (scaling->shift) {
		copy.shift = ls_memory_allocate(copy.n, sizeof *copy.shift);
		copy.scale = ls_memory_allocate(copy.n, sizeof *copy.scale);
		if (!copy.shift || !copy.scale) {
			ls_scaling_fini(&copy);
			return ls_error_memory(error, "input scaling");
		}
		memcpy(copy.shift, scaling->shift, copy.n * sizeof *copy.shift);
		memcpy(copy.scale, scaling->scale, copy.n * sizeof *copy.scale);
	}
	*out = copy;
	return LOCKSTEP_OK;
}

void ls_scaling_fini(struct ls_scaling *scaling)
{
	ls_memory_free(scaling->shift);
	ls_memory_free(scaling->scale);
	*scaling = (struct ls_scaling){0};
}
