/* SPDX-License-Identifier: MIT
 *
 * IDX files. A second reader, written from the format's description alone,
 * says which files are right and what they hold.
 */
#include <math.h>
#include <string.h>

#include "data/bytes.h"
#include "data/idx.h"
#include "data/table.h"
#include "fuzz.h"

static unsigned width_of(uint8_t type)
{
	static const unsigned widths[] = {[0x08] = 1, [0x09] = 1, [0x0B] = 2, [0x0C] = 4, [0x0D] = 4, [0x0E] = 8};
	return type < sizeof widths / sizeof *widths ? widths[type] : 0;
}

static uint64_t big_endian(const uint8_t *bytes, unsigned width)
{
	uint64_t value = 0;
	while (width--)
		value = value << 8 | *bytes++;
	return value;
}

static float value_of(uint8_t type, uint64_t bits)
{
	float single;
	double value;
	uint32_t low = (uint32_t)bits;

	if (type == 0x0D) {
		memcpy(&single, &low, sizeof single);
		return single;
	}
	if (type == 0x0E) {
		memcpy(&value, &bits, sizeof value);
		return (float)value;
	}
	return type == 0x09 ? (float)(int8_t)bits : type == 0x0B ? (float)(int16_t)bits : (float)(int32_t)bits;
}

struct expected {
	uint64_t n_rows, n_columns;
	const uint8_t *values;
};

static int parse_header(struct expected *expected, const uint8_t *bytes, size_t n)
{
	if (n < 4 || bytes[0] || bytes[1] || !width_of(bytes[2]) || bytes[3] < 1 || bytes[3] > 4 ||
	    n < 4 + 4 * (size_t)bytes[3])
		return 0;
	expected->n_rows = big_endian(bytes + 4, 4);
	expected->n_columns = 1;
	for (unsigned i = 1; i < bytes[3] && expected->n_columns <= LS_FEATURES_MAX; i++)
		expected->n_columns *= big_endian(bytes + 4 + 4 * i, 4);
	expected->values = bytes + 4 + 4 * (size_t)bytes[3];
	return expected->n_rows && expected->n_rows <= LS_ROWS_MAX && expected->n_columns &&
	       expected->n_columns <= LS_FEATURES_MAX;
}

static int parse(struct expected *expected, const uint8_t *bytes, size_t n)
{
	if (!parse_header(expected, bytes, n))
		return 0;
	unsigned width = width_of(bytes[2]);
	uint64_t n_values = expected->n_rows * expected->n_columns;
	if ((uint64_t)(bytes + n - expected->values) != n_values * width)
		return 0;
	for (uint64_t i = 0; i < n_values; i++)
		if (!isfinite(value_of(bytes[2], big_endian(expected->values + i * width, width))))
			return 0;
	return 1;
}

static void check_array(const struct ls_array *array, const struct expected *expected, uint8_t type, uint8_t rank)
{
	size_t n = array->n_rows * array->n_columns;
	unsigned width = width_of(type);

	ls_fuzz_check(array->rank == rank && array->n_rows == expected->n_rows &&
	                  array->n_columns == expected->n_columns,
	              "an array has its header's shape");
	ls_fuzz_check(!array->bytes == (type != 0x08) && !array->floats == (type == 0x08),
	              "uint8 stays, all else becomes fp32");
	if (array->bytes)
		ls_fuzz_check(!memcmp(array->bytes, expected->values, n), "bytes are those of the file");
	for (size_t i = 0; array->floats && i < n; i++) {
		float value = value_of(type, big_endian(expected->values + i * width, width));
		ls_fuzz_check(!memcmp(&value, &array->floats[i], sizeof value), "floats are those of the file");
	}
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];
	struct ls_bytes *stream = NULL;
	struct ls_array array = {0};
	struct expected expected = {0, 0, NULL};
	lockstep_error error = {0};

	ls_fuzz_path(path, "file");
	ls_fuzz_write(path, bytes, n);
	lockstep_status status = ls_bytes_open(&stream, path, &error);
	if (!status)
		status = ls_idx_read(&array, stream, &error);
	ls_bytes_close(stream);
	if (status) {
		ls_fuzz_check_failure(status, &error, array.bytes);
		ls_fuzz_check(!array.floats && !array.n_rows, "outputs are untouched on failure");
	}

	int is_gzip = n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
	if (!is_gzip) {
		ls_fuzz_check(parse(&expected, bytes, n) == !status, "the files taken are those that are right");
		if (!status)
			check_array(&array, &expected, bytes[2], bytes[3]);
	}
	ls_array_fini(&array);
	return 0;
}
