/* SPDX-License-Identifier: MIT
 *
 * Raw bytes -> integer bit patterns -> values, one chunk at a time. Bytes are
 * put together by shifts, so that the host's byte order does not matter.
 */
#include "array.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "table.h"

#define CHUNK_BYTES 16384 /* a multiple of every element's width */

static const unsigned element_width[] = {
    [LS_ELEMENT_U8] = 1,  [LS_ELEMENT_BOOL] = 1, [LS_ELEMENT_I8] = 1,  [LS_ELEMENT_I16] = 2,
    [LS_ELEMENT_I32] = 4, [LS_ELEMENT_I64] = 8,  [LS_ELEMENT_U16] = 2, [LS_ELEMENT_U32] = 4,
    [LS_ELEMENT_U64] = 8, [LS_ELEMENT_F16] = 2,  [LS_ELEMENT_F32] = 4, [LS_ELEMENT_F64] = 8,
};

lockstep_status ls_array_set_shape(struct ls_array *array, const uint64_t *sizes, unsigned rank, const char *path,
                                   lockstep_error *error)
{
	uint64_t n_columns = 1;

	if (sizes[0] == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: has no rows", path);
	if (sizes[0] > LS_ROWS_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %" PRIu64 " rows, at most %u are possible", path,
		                    sizes[0], LS_ROWS_MAX);
	for (unsigned i = 1; i < rank; i++) {
		if (sizes[i] == 0)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: dimension %u is 0", path, i + 1);
		if (sizes[i] > LS_FEATURES_MAX / n_columns)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: more than %d values in a row", path,
			                    LS_FEATURES_MAX);
		n_columns *= sizes[i];
	}
	array->rank = rank;
	array->n_rows = (size_t)sizes[0];
	array->n_columns = (size_t)n_columns;
	return LOCKSTEP_OK;
}

static uint64_t load_bits(const uint8_t *raw, unsigned width, int big_endian)
{
	uint64_t bits = 0;
	for (unsigned i = 0; i < width; i++)
		bits = bits << 8 | raw[big_endian ? i : width - 1 - i];
	return bits;
}

static float float_of_bits(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

static double double_of_bits(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* IEEE 754 binary16; every one of its values is an fp32 value. */
static float half_of_bits(uint32_t bits)
{
	uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
	float magnitude;

	if (exponent == 31)
		magnitude = fraction ? NAN : INFINITY;
	else if (exponent == 0)
		magnitude = (float)fraction * 0x1p-24f;
	else
		magnitude = float_of_bits((exponent + 112) << 23 | fraction << 13);
	return bits & 0x8000 ? -magnitude : magnitude;
}

/* The value of an element other than uint8; NaN for what is none. */
static float element_value(enum ls_element element, uint64_t bits)
{
	switch (element) {
	case LS_ELEMENT_BOOL:
		return bits > 1 ? NAN : (float)bits;
	case LS_ELEMENT_I8:
		return (float)(int8_t)bits;
	case LS_ELEMENT_I16:
		return (float)(int16_t)bits;
	case LS_ELEMENT_I32:
		return (float)(int32_t)bits;
	case LS_ELEMENT_I64:
		return (float)(int64_t)bits;
	case LS_ELEMENT_F16:
		return half_of_bits((uint32_t)bits);
	case LS_ELEMENT_F32:
		return float_of_bits((uint32_t)bits);
	case LS_ELEMENT_F64:
		return (float)double_of_bits(bits);
	case LS_ELEMENT_U8:
	case LS_ELEMENT_U16:
	case LS_ELEMENT_U32:
	case LS_ELEMENT_U64:
		break;
	}
	return (float)bits;
}

static lockstep_status bad_element(const struct ls_array *array, size_t i_element, const char *path, uint64_t offset,
                                   lockstep_error *error)
{
	size_t row = array->column_major ? i_element % array->n_rows : i_element / array->n_columns;
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: byte %" PRIu64 ", row %zu: %s", path, offset, row + 1,
	                    array->element == LS_ELEMENT_BOOL ? "a truth value other than 0 and 1"
	                                                      : "a value that is not finite in fp32");
}

/* Appends raw elements behind the first `n_done`. */
static lockstep_status convert(struct ls_array *array, size_t n_done, const uint8_t *raw, size_t n,
                               const struct ls_bytes *stream, lockstep_error *error)
{
	unsigned width = element_width[array->element];

	for (size_t i = 0; i < n; i++) {
		float value = element_value(array->element, load_bits(raw + i * width, width, array->big_endian));
		if (!isfinite(value))
			return bad_element(array, n_done + i, ls_bytes_path(stream),
			                   ls_bytes_offset(stream) - (n - i) * width, error);
		array->floats[n_done + i] = value;
	}
	return LOCKSTEP_OK;
}

/* Room for `needed` of `n_all` elements: at first for what the file's size
 * lets expect, since touching new memory takes as long as inflating into it;
 * then doubles. Never passes n_all. */
static lockstep_status reserve(struct ls_array *array, size_t *capacity, size_t needed, size_t n_all,
                               const struct ls_bytes *stream, lockstep_error *error)
{
	int is_bytes = array->element == LS_ELEMENT_U8;
	size_t size = is_bytes ? 1 : sizeof(float);

	if (needed <= *capacity)
		return LOCKSTEP_OK;
	size_t larger = *capacity ? *capacity * 2 : ls_bytes_expected(stream) / element_width[array->element];
	larger = larger < needed ? needed : larger;
	larger = larger > n_all ? n_all : larger;
	void *values = is_bytes ? (void *)array->bytes : array->floats;
	values = ls_memory_grow(values, *capacity * size, larger, size);
	if (!values)
		return ls_error_memory(error, "the values of a data file");
	*capacity = larger;
	if (is_bytes)
		array->bytes = values;
	else
		array->floats = values;
	return LOCKSTEP_OK;
}

static lockstep_status too_short(const struct ls_array *array, const struct ls_bytes *stream, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
	                    "%s: ends after byte %" PRIu64 "; its header promises %zu rows of %zu values",
	                    ls_bytes_path(stream), ls_bytes_offset(stream), array->n_rows, array->n_columns);
}

static lockstep_status read_values(struct ls_array *array, struct ls_bytes *stream, lockstep_error *error)
{
	unsigned width = element_width[array->element];
	size_t n_all = array->n_rows * array->n_columns, capacity = 0, n_read;
	uint8_t raw[CHUNK_BYTES];
	lockstep_status status = LOCKSTEP_OK;

	for (size_t done = 0, n; !status && done < n_all; done += n) {
		n = n_all - done < CHUNK_BYTES / width ? n_all - done : CHUNK_BYTES / width;
		status = ls_bytes_read(stream, raw, n * width, &n_read, error);
		if (!status && n_read < n * width)
			status = too_short(array, stream, error);
		if (!status)
			status = reserve(array, &capacity, done + n, n_all, stream, error);
		if (status)
			break;
		if (array->element == LS_ELEMENT_U8)
			memcpy(array->bytes + done, raw, n);
		else
			status = convert(array, done, raw, n, stream, error);
	}
	return status;
}

static lockstep_status check_end(struct ls_bytes *stream, lockstep_error *error)
{
	const uint8_t *bytes;
	size_t n;
	lockstep_status status = ls_bytes_peek(stream, &bytes, &n, error);
	if (!status && n)
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                      "%s: goes on after byte %" PRIu64 ", where its header promises the end",
		                      ls_bytes_path(stream), ls_bytes_offset(stream));
	return status;
}

static lockstep_status transpose(struct ls_array *array, lockstep_error *error)
{
	size_t n_rows = array->n_rows, n_columns = array->n_columns;
	uint8_t *bytes = array->bytes ? ls_memory_allocate(n_rows * n_columns, 1) : NULL;
	float *floats = array->floats ? ls_memory_allocate(n_rows * n_columns, sizeof *floats) : NULL;

	if (!bytes && !floats)
		return ls_error_memory(error, "the values of a data file");
	for (size_t row = 0; row < n_rows; row++)
		for (size_t column = 0; column < n_columns; column++)
			if (bytes)
				bytes[row * n_columns + column] = array->bytes[column * n_rows + row];
			else
				floats[row * n_columns + column] = array->floats[column * n_rows + row];
	ls_memory_free(array->bytes);
	ls_memory_free(array->floats);
	array->bytes = bytes;
	array->floats = floats;
	return LOCKSTEP_OK;
}

lockstep_status ls_array_read(struct ls_array *array, struct ls_bytes *stream, lockstep_error *error)
{
	size_t n_bytes;
	if (__builtin_mul_overflow(array->n_rows, array->n_columns, &n_bytes) ||
	    __builtin_mul_overflow(n_bytes, sizeof(double), &n_bytes))
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: %zu rows of %zu values are too many for this machine", ls_bytes_path(stream),
		                    array->n_rows, array->n_columns);

	lockstep_status status = read_values(array, stream, error);
	if (!status)
		status = check_end(stream, error);
	if (!status && array->column_major)
		status = transpose(array, error);
	if (status)
		ls_array_fini(array);
	return status;
}

void ls_array_fini(struct ls_array *array)
{
	ls_memory_free(array->bytes);
	ls_memory_free(array->floats);
	*array = (struct ls_array){0};
}
