/* SPDX-License-Identifier: MIT
 *
 * IDX files, and the stream of bytes below them: plain and gzip.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/data_files.h"
#include "data/idx.h"

TestSuite(idx, .init = data_setup, .fini = data_teardown);

static lockstep_status read_path(struct ls_array *array, const char *path, lockstep_error *error)
{
	struct ls_bytes *stream = NULL;
	lockstep_status status = ls_bytes_open(&stream, path, error);
	if (!status)
		status = ls_idx_read(array, stream, error);
	ls_bytes_close(stream);
	return status;
}

static lockstep_status opener(const char *path, lockstep_error *error)
{
	struct ls_array array = {0};
	lockstep_status status = read_path(&array, path, error);
	if (status)
		cr_assert(!array.bytes && !array.floats && !array.rank, "*out was touched");
	ls_array_fini(&array);
	return status;
}

static struct ls_array read_good(const char *path)
{
	struct ls_array array = {0};
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(read_path(&array, path, &error), LOCKSTEP_OK, "%s", error.message);
	return array;
}

static void expect_bad(const struct data_bytes *content, const char *cause)
{
	data_expect_error(opener, data_write("bad", content->bytes, content->n), LOCKSTEP_ERROR_FORMAT, cause);
}

/* Two rows of 2 x 3 pixels. */
static struct data_bytes small_images(void)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x08, 3, (uint32_t[]){2, 2, 3});
	data_put(&content, "\0\1\2\3\4\5\xff\xfe\xfd\xfc\xfb\xfa", 12);
	return content;
}

static void expect_small_images(const char *path)
{
	struct ls_array array = read_good(path);
	cr_assert_eq(array.rank, 3);
	cr_assert_eq(array.n_rows, 2);
	cr_assert_eq(array.n_columns, 6);
	cr_assert_null(array.floats);
	cr_assert_arr_eq(array.bytes, "\0\1\2\3\4\5\xff\xfe\xfd\xfc\xfb\xfa", 12);
	ls_array_fini(&array);
}

Test(idx, bytes_stay_bytes_and_rows_are_flattened)
{
	struct data_bytes content = small_images();
	expect_small_images(data_write("plain", content.bytes, content.n));
}

Test(idx, gzip_is_found_by_content)
{
	struct data_bytes content = small_images();
	expect_small_images(data_write_gzip("no-suffix", content.bytes, content.n));
}

static void expect_floats(uint8_t type, const void *values, size_t n_bytes, const float *expected)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, type, 2, (uint32_t[]){1, 3});
	data_put(&content, values, n_bytes);
	struct ls_array array = read_good(data_write("typed", content.bytes, content.n));
	cr_assert_null(array.bytes);
	for (int i = 0; i < 3; i++)
		cr_assert(array.floats[i] == expected[i], "type %d, value %d: %a", type, i, (double)array.floats[i]);
	ls_array_fini(&array);
}

Test(idx, every_type_becomes_fp32)
{
	expect_floats(0x09, "\x80\xff\x7f", 3, (float[]){-128, -1, 127});
	expect_floats(0x0B, "\x80\0\xff\xfe\1\2", 6, (float[]){-32768, -2, 258});
	expect_floats(0x0C, "\x80\0\0\0\xff\xff\xff\xfd\1\0\0\1", 12, (float[]){-0x1p31f, -3, 0x1p24f});
	expect_floats(0x0D, "\x3f\x80\0\0\xc0\x20\0\0\0\0\0\1", 12, (float[]){1, -2.5f, 0x1p-149f});
	expect_floats(0x0E, "\x3f\xf0\0\0\0\0\0\0\x3f\xf0\0\0\x10\0\0\0\x3f\xf0\0\0\x30\0\0\0", 24,
	              (float[]){1, 1, 1 + 0x1p-22f});
}

Test(idx, values_that_are_not_finite_are_refused)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x0D, 2, (uint32_t[]){2, 1});
	data_put(&content, "\x3f\x80\0\0\x7f\x80\0\0", 8);
	expect_bad(&content, "byte 16, row 2: a value that is not finite");

	content.n = 0;
	data_put_idx(&content, 0x0E, 2, (uint32_t[]){1, 1});
	data_put(&content, "\x7f\xe0\0\0\0\0\0\0", 8);
	expect_bad(&content, "byte 12, row 1");
}

Test(idx, headers_that_make_no_sense_are_refused)
{
	struct data_bytes content = small_images();
	content.bytes[0] = 1;
	expect_bad(&content, "its first two bytes are not 0");
	content = small_images();
	content.bytes[2] = 0x0A;
	expect_bad(&content, "unknown IDX type 0x0a");
	content = small_images();
	content.bytes[3] = 0;
	expect_bad(&content, "rank 0, must be 1 to 4");
	content.bytes[3] = 5;
	expect_bad(&content, "rank 5, must be 1 to 4");
}

Test(idx, sizes_that_make_no_table_are_refused)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x08, 2, (uint32_t[]){0, 3});
	expect_bad(&content, "has no rows");
	content.n = 0;
	data_put_idx(&content, 0x08, 3, (uint32_t[]){3, 2, 0});
	expect_bad(&content, "dimension 3 is 0");
	content.n = 0;
	data_put_idx(&content, 0x08, 2, (uint32_t[]){UINT32_MAX, 1});
	expect_bad(&content, "at most 4294967294");
	content.n = 0;
	data_put_idx(&content, 0x08, 4, (uint32_t[]){1, UINT32_MAX, UINT32_MAX, UINT32_MAX});
	expect_bad(&content, "more than 1048576 values in a row");
	content.n = 0;
	data_put_idx(&content, 0x08, 2, (uint32_t[]){1, 1048577});
	expect_bad(&content, "more than 1048576 values in a row");
}

Test(idx, lying_counts_are_refused)
{
	struct data_bytes content = small_images();
	content.bytes[7] = 3;
	expect_bad(&content, "ends after byte 28; its header promises 3 rows of 6 values");
	content.bytes[7] = 1;
	expect_bad(&content, "goes on after byte 22");
}

Test(idx, huge_claims_cost_no_memory)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x0E, 2, (uint32_t[]){0xfffffff0, 1048576});
	data_put(&content, (uint8_t[80]){0}, 80);
	long before = data_peak_memory();
	expect_bad(&content, "its header promises 4294967280 rows of 1048576 values");
	cr_assert_lt(data_peak_memory() - before, 32 * 1024);
}

Test(idx, an_empty_file_and_a_missing_one_are_errors)
{
	struct data_bytes content = {.n = 0};
	expect_bad(&content, "ends after byte 0, within the IDX header");
	data_expect_error(opener, data_path("missing"), LOCKSTEP_ERROR_IO, "cannot open");
	data_expect_error(opener, data_path(""), LOCKSTEP_ERROR_IO, "cannot read");
}

Test(idx, every_truncation_is_refused)
{
	struct data_bytes content = small_images();
	data_try_truncated(opener, content.bytes, content.n);
}

Test(idx, no_changed_byte_does_harm)
{
	struct data_bytes content = small_images();
	data_try_changed(opener, content.bytes, content.n);
}

Test(idx, every_failed_allocation_is_reported)
{
	struct data_bytes content = small_images();
	data_try_short_of_memory(opener, data_write("plain", content.bytes, content.n));
	data_try_short_of_memory(opener, data_write_gzip("packed", content.bytes, content.n));
}

/* ---- gzip ------------------------------------------------------------- */

static struct data_bytes load(const char *path)
{
	struct data_bytes content = {.n = 0};
	FILE *file = fopen(path, "rb");
	cr_assert_not_null(file);
	content.n = fread(content.bytes, 1, sizeof content.bytes, file);
	fclose(file);
	return content;
}

static struct data_bytes small_gzip(void)
{
	struct data_bytes content = small_images();
	return load(data_write_gzip("small.gz", content.bytes, content.n));
}

Test(idx, every_truncated_gzip_is_refused)
{
	struct data_bytes packed = small_gzip();
	data_try_truncated(opener, packed.bytes, packed.n);
	data_expect_error(opener, data_write("cut", packed.bytes, packed.n - 1), LOCKSTEP_ERROR_FORMAT, "is cut off");
}

Test(idx, a_wrong_check_sum_is_refused)
{
	struct data_bytes packed = small_gzip();
	packed.bytes[packed.n - 8] ^= 1;
	expect_bad(&packed, "gzip data is damaged");
	packed.bytes[packed.n - 8] ^= 1;
	packed.bytes[packed.n - 1] ^= 1;
	expect_bad(&packed, "gzip data is damaged");
}

Test(idx, no_changed_byte_of_a_gzip_does_harm)
{
	struct data_bytes packed = small_gzip();
	data_try_changed(opener, packed.bytes, packed.n);
}

Test(idx, bytes_behind_the_gzip_data_are_refused)
{
	struct data_bytes packed = small_gzip();
	data_put(&packed, "x", 1);
	expect_bad(&packed, "follows the end of the gzip data");
	packed.bytes[packed.n - 1] = 0;
	expect_bad(&packed, "follows the end of the gzip data");
	packed.bytes[packed.n - 1] = 0x1f;
	expect_bad(&packed, "is cut off");
}

Test(idx, gzip_members_are_joined)
{
	struct data_bytes whole = small_images();
	struct data_bytes packed = load(data_write_gzip("first.gz", whole.bytes, 19));
	struct data_bytes second = load(data_write_gzip("second.gz", whole.bytes + 19, whole.n - 19));
	data_put(&packed, second.bytes, second.n);
	expect_small_images(data_write("joined.gz", packed.bytes, packed.n));
}

Test(idx, files_larger_than_any_buffer_are_read)
{
	enum { ROWS = 1000, COLUMNS = 331 };
	size_t n = 12 + ROWS * COLUMNS;
	struct data_bytes header = {.n = 0};
	uint8_t *bytes = malloc(n);
	cr_assert_not_null(bytes);

	data_put_idx(&header, 0x08, 2, (uint32_t[]){ROWS, COLUMNS});
	memcpy(bytes, header.bytes, header.n);
	for (size_t i = 12; i < n; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	for (int packed = 0; packed < 2; packed++) {
		struct ls_array array =
		    read_good(packed ? data_write_gzip("large.gz", bytes, n) : data_write("large", bytes, n));
		cr_assert_eq(array.n_rows, ROWS);
		cr_assert_eq(memcmp(array.bytes, bytes + 12, n - 12), 0);
		ls_array_fini(&array);
	}
	free(bytes);
}
