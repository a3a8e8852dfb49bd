/* SPDX-License-Identifier: MIT
 *
 * Section 6 without the files: the validation split, and input scaling.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Split ------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

void reference_split_make(struct reference_split *split, size_t n_rows, double validation, uint64_t seed)
{
	size_t n_validation = (size_t)(validation < 1.0 ? floor(validation * (double)n_rows) : validation);
	uint32_t *p = reference_alloc(n_rows, sizeof *p);
	split->n_validation = n_validation;
	split->n_train = n_rows - n_validation;
	split->train = reference_alloc(split->n_train, sizeof *p);
	split->validation = reference_alloc(n_validation, sizeof *p);
	reference_permutation(seed, REFERENCE_SPLIT, 0, p, n_rows);
	memcpy(split->train, p, split->n_train * sizeof *p);
	memcpy(split->validation, p + split->n_train, n_validation * sizeof *p);
	qsort(split->train, split->n_train, sizeof *p, ascending);
	qsort(split->validation, n_validation, sizeof *p, ascending);
	free(p);
}

void reference_split_free(struct reference_split *split)
{
	free(split->train);
	free(split->validation);
}

/* ---- Scaling ---------------------------------------------------------- */

/* One column of the training rows. */
struct column {
	const struct reference_data *data;
	const uint32_t *rows;
	size_t n_rows, k;
};

static uint8_t byte_at(const struct column *column, size_t i)
{
	return column->data->bytes[(size_t)column->rows[i] * column->data->n_features + column->k];
}

static float float_at(const struct column *column, size_t i)
{
	return column->data->floats[(size_t)column->rows[i] * column->data->n_features + column->k];
}

/* (float)(1 / spread), or 0 where there is no spread. */
static float factor_of(double spread)
{
	float factor = (float)(1.0 / spread);
	return isfinite(factor) ? factor : 0.0f;
}

static void unit_floats(const struct column *column, float *shift, float *factor)
{
	float min = float_at(column, 0), max = min;
	for (size_t i = 1; i < column->n_rows; i++) {
		float x = float_at(column, i);
		min = x < min ? x : min;
		max = x > max ? x : max;
	}
	*shift = min;
	*factor = factor_of((double)max - (double)min);
}

static void standardise_bytes(const struct column *column, float *shift, float *factor)
{
	uint64_t t = 0, q = 0, n = column->n_rows;
	for (size_t i = 0; i < n; i++) {
		uint64_t x = byte_at(column, i);
		t += x;
		q += x * x;
	}
	*shift = (float)((double)t / (double)n);
	*factor = factor_of(sqrt((double)(n * q - t * t)) / (double)n);
}

static int is_constant(const struct column *column)
{
	for (size_t i = 1; i < column->n_rows; i++)
		if (float_at(column, i) != float_at(column, 0))
			return 0;
	return 1;
}

static void standardise_floats(const struct column *column, float *shift, float *factor)
{
	double n = (double)column->n_rows, sum = 0.0, v = 0.0;
	for (size_t i = 0; i < column->n_rows; i++)
		sum = sum + (double)float_at(column, i);
	double mean = sum / n;
	for (size_t i = 0; i < column->n_rows; i++) {
		double d = (double)float_at(column, i) - mean;
		v = fma(d, d, v);
	}
	*shift = (float)mean;
	*factor = is_constant(column) ? 0.0f : factor_of(sqrt(v / n));
}

void reference_scaling_fit(struct reference_scaling *scaling, enum reference_scale scale,
                           const struct reference_data *data, const uint32_t *rows, size_t n_rows)
{
	if (scale == REFERENCE_SCALE_AUTO)
		scale = data->bytes ? REFERENCE_UNIT : REFERENCE_NONE;
	memset(scaling, 0, sizeof *scaling);
	scaling->quotient = scale == REFERENCE_UNIT && data->bytes;
	scaling->affine = scale != REFERENCE_NONE && !scaling->quotient;
	if (!scaling->affine)
		return;
	scaling->shift = reference_alloc(data->n_features, sizeof(float));
	scaling->factor = reference_alloc(data->n_features, sizeof(float));
	for (size_t k = 0; k < data->n_features; k++) {
		struct column column = {data, rows, n_rows, k};
		if (scale == REFERENCE_UNIT)
			unit_floats(&column, &scaling->shift[k], &scaling->factor[k]);
		else if (data->bytes)
			standardise_bytes(&column, &scaling->shift[k], &scaling->factor[k]);
		else
			standardise_floats(&column, &scaling->shift[k], &scaling->factor[k]);
	}
}

void reference_scaling_apply(const struct reference_scaling *scaling, const struct reference_data *data, size_t row,
                             float *x)
{
	size_t n = data->n_features;
	for (size_t k = 0; k < n; k++) {
		float value = data->bytes ? (float)data->bytes[row * n + k] : data->floats[row * n + k];
		if (scaling->quotient)
			value = value / 255.0f;
		else if (scaling->affine)
			value = (value - scaling->shift[k]) * scaling->factor[k];
		x[k] = value;
	}
}

void reference_scaling_free(struct reference_scaling *scaling)
{
	free(scaling->shift);
	free(scaling->factor);
}
