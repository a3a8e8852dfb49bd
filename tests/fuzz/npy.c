/* SPDX-License-Identifier: MIT
 *
 * NPY files. What was read is written again in the plainest form (version 1,
 * uint8 or little-endian fp32, C order, two dimensions) and read back.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/bytes.h"
#include "data/npy.h"
#include "data/table.h"
#include "fuzz.h"

static lockstep_status read_file(struct ls_array *array, const char *path, lockstep_error *error)
{
	struct ls_bytes *stream = NULL;
	lockstep_status status = ls_bytes_open(&stream, path, error);
	if (!status)
		status = ls_npy_read(array, stream, error);
	ls_bytes_close(stream);
	return status;
}

static void check_array(const struct ls_array *array)
{
	size_t n = array->n_rows * array->n_columns;

	ls_fuzz_check(array->rank >= 1 && array->rank <= LS_RANK_MAX, "a rank is 1 to 32");
	ls_fuzz_check(array->n_rows && array->n_rows <= LS_ROWS_MAX && array->n_columns &&
	                  array->n_columns <= LS_FEATURES_MAX && (array->rank > 1 || array->n_columns == 1),
	              "an array has rows and columns within their limits");
	ls_fuzz_check(!array->bytes == !!array->floats && !array->bytes == (array->element != LS_ELEMENT_U8),
	              "uint8 stays, all else becomes fp32");
	for (size_t i = 0; array->floats && i < n; i++)
		ls_fuzz_check(isfinite(array->floats[i]), "values are finite");
	for (size_t i = 0; array->element == LS_ELEMENT_BOOL && i < n; i++)
		ls_fuzz_check(array->floats[i] == 0 || array->floats[i] == 1, "truth values are 0 and 1");
}

static void write_array(const char *path, const struct ls_array *array)
{
	size_t n = array->n_rows * array->n_columns;
	char header[118];
	FILE *file = fopen(path, "wb");

	ls_fuzz_check(file != NULL, "a scratch file can be written");
	memset(header, ' ', sizeof header);
	int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }",
	                      array->bytes ? "|u1" : "<f4", array->n_rows, array->n_columns);
	header[length] = ' ';
	header[sizeof header - 1] = '\n';
	fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, file);
	fwrite(header, 1, sizeof header, file);
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = array->bytes ? array->bytes[i] : 0;
		if (array->floats)
			memcpy(&bits, &array->floats[i], sizeof bits);
		for (int k = 0; k < (array->bytes ? 1 : 4); k++)
			putc((int)(bits >> 8 * k & 255), file);
	}
	fclose(file);
}

static void check_again(const struct ls_array *array)
{
	char path[LS_FUZZ_PATH];
	struct ls_array again = {0};
	lockstep_error error = {0};
	size_t n = array->n_rows * array->n_columns;

	ls_fuzz_path(path, "again.npy");
	write_array(path, array);
	ls_fuzz_check(!read_file(&again, path, &error), "what was written again can be read");
	ls_fuzz_check(again.n_rows == array->n_rows && again.n_columns == array->n_columns, "the shape is as before");
	ls_fuzz_check(array->bytes ? !memcmp(again.bytes, array->bytes, n)
	                           : !memcmp(again.floats, array->floats, n * sizeof *again.floats),
	              "values are as before, bit by bit");
	ls_array_fini(&again);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];
	struct ls_array array = {0};
	lockstep_error error = {0};

	ls_fuzz_path(path, "file");
	ls_fuzz_write(path, bytes, n);
	lockstep_status status = read_file(&array, path, &error);
	if (status) {
		ls_fuzz_check_failure(status, &error, array.bytes);
		ls_fuzz_check(!array.floats && !array.n_rows, "outputs are untouched on failure");
	} else {
		check_array(&array);
		check_again(&array);
	}
	ls_array_fini(&array);
	return 0;
}
