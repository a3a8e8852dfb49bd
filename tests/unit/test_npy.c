/* SPDX-License-Identifier: MIT
 *
 * NPY files: header, types, order, and what is refused.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../support/data_files.h"
#include "data/npy.h"

TestSuite(npy, .init = data_setup, .fini = data_teardown);

static lockstep_status read_path(struct ls_array *array, const char *path, lockstep_error *error)
{
	struct ls_bytes *stream = NULL;
	lockstep_status status = ls_bytes_open(&stream, path, error);
	if (!status)
		status = ls_npy_read(array, stream, error);
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

static struct ls_array read_good(const struct data_bytes *content)
{
	struct ls_array array = {0};
	lockstep_error error = {LOCKSTEP_OK, ""};
	lockstep_status status = read_path(&array, data_write("good.npy", content->bytes, content->n), &error);
	cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
	return array;
}

static void expect_bad(const struct data_bytes *content, const char *cause)
{
	data_expect_error(opener, data_write("bad.npy", content->bytes, content->n), LOCKSTEP_ERROR_FORMAT, cause);
}

static void expect_bad_header(const char *dictionary, const char *cause)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, dictionary);
	data_put(&content, "\0\0\0\0\0\0\0\0", 8);
	expect_bad(&content, cause);
}

/* Two rows of three floats: 1, 2, 3 and -4, -5, -6. */
static struct data_bytes small_floats(void)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n");
	data_put(&content, "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\xc0\0\0\xa0\xc0\0\0\xc0\xc0", 24);
	return content;
}

static void expect_six(const struct data_bytes *content, const float expected[6])
{
	struct ls_array array = read_good(content);
	cr_assert_eq(array.n_rows, 2);
	cr_assert_eq(array.n_columns, 3);
	for (int i = 0; i < 6; i++)
		cr_assert(array.floats[i] == expected[i], "value %d: %g", i, (double)array.floats[i]);
	ls_array_fini(&array);
}

Test(npy, floats_are_read_in_row_order)
{
	struct data_bytes content = small_floats();
	expect_six(&content, (float[]){1, 2, 3, -4, -5, -6});
}

Test(npy, fortran_order_is_transposed)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n");
	data_put(&content, "\0\0\x80\x3f\0\0\x80\xc0\0\0\0\x40\0\0\xa0\xc0\0\0\x40\x40\0\0\xc0\xc0", 24);
	expect_six(&content, (float[]){1, 2, 3, -4, -5, -6});
}

Test(npy, fortran_order_of_bytes_is_transposed)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}");
	data_put(&content, "\1\4\2\5\3\6", 6);
	struct ls_array array = read_good(&content);
	cr_assert_arr_eq(array.bytes, "\1\2\3\4\5\6", 6);
	ls_array_fini(&array);
}

Test(npy, keys_come_in_any_order_and_quotes)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, "{\"shape\":(2,3,),\"descr\":\"<f4\",\"fortran_order\":False}");
	data_put(&content, "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\xc0\0\0\xa0\xc0\0\0\xc0\xc0", 24);
	expect_six(&content, (float[]){1, 2, 3, -4, -5, -6});
}

Test(npy, versions_2_and_3_have_longer_lengths)
{
	struct data_bytes one = small_floats();
	for (uint8_t version = 2; version <= 3; version++) {
		struct data_bytes content = {.n = 0};
		data_put(&content, "\x93NUMPY", 6);
		data_put(&content, (uint8_t[]){version, 0, one.bytes[8], one.bytes[9], 0, 0}, 6);
		data_put(&content, one.bytes + 10, one.n - 10);
		expect_six(&content, (float[]){1, 2, 3, -4, -5, -6});
	}
}

static void expect_type(const char *descr, const void *values, size_t n_bytes, float first, float second)
{
	char dictionary[100];
	struct data_bytes content = {.n = 0};
	snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (2, 1), }\n", descr);
	data_put_npy(&content, dictionary);
	data_put(&content, values, n_bytes);
	struct ls_array array = read_good(&content);
	cr_assert_not_null(array.floats, "%s", descr);
	cr_assert(array.floats[0] == first && array.floats[1] == second, "%s: %a %a", descr, (double)array.floats[0],
	          (double)array.floats[1]);
	ls_array_fini(&array);
}

Test(npy, every_integer_type_becomes_fp32)
{
	expect_type("|b1", "\0\1", 2, 0, 1);
	expect_type("|i1", "\x80\x7f", 2, -128, 127);
	expect_type("<i2", "\xfe\xff\1\2", 4, -2, 513);
	expect_type(">i2", "\xff\xfe\2\1", 4, -2, 513);
	expect_type("<u2", "\xff\xff\1\0", 4, 65535, 1);
	expect_type("<i4", "\xff\xff\xff\xff\0\0\0\x80", 8, -1, -0x1p31f);
	expect_type(">u4", "\xff\xff\xff\xff\0\0\0\1", 8, 0x1p32f, 1);
	expect_type("<i8", "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\x80", 16, -1, -0x1p63f);
	expect_type("<u8", "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\x80", 16, 0x1p64f, 0x1p63f);
}

Test(npy, integers_are_rounded_to_nearest_even)
{
	/* 2^24 + 1 and 2^24 + 3 lie halfway between two floats. */
	expect_type(">i4", "\1\0\0\1\1\0\0\3", 8, 0x1p24f, 0x1p24f + 4);
	/* 2^62 + 2^38 and that plus 1: halfway, and just above. */
	expect_type(">u8", "\x40\0\0\x40\0\0\0\0\x40\0\0\x40\0\0\0\1", 16, 0x1p62f, 0x1p62f + 0x1p39f);
}

Test(npy, every_float_type_becomes_fp32)
{
	expect_type("<f2", "\0\x3c\0\xc1", 4, 1, -2.5f);
	expect_type(">f2", "\0\1\x7b\xff", 4, 0x1p-24f, 65504);
	expect_type("<f2", "\xff\3\0\4", 4, 1023 * 0x1p-24f, 0x1p-14f);
	expect_type(">f4", "\x3f\x80\0\0\x80\0\0\1", 8, 1, -0x1p-149f);
	expect_type("<f8", "\0\0\0\x10\0\0\xf0\x3f\0\0\0\x30\0\0\xf0\x3f", 16, 1, 1 + 0x1p-22f);
}

Test(npy, minus_zero_keeps_its_sign)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 1), }");
	data_put(&content, "\0\x80", 2);
	struct ls_array array = read_good(&content);
	cr_assert(array.floats[0] == 0 && __builtin_signbit(array.floats[0]));
	ls_array_fini(&array);
}

static void expect_bad_value(const char *descr, const void *values, size_t n_bytes)
{
	char dictionary[100];
	struct data_bytes content = {.n = 0};
	snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (1, 1), }\n", descr);
	data_put_npy(&content, dictionary);
	data_put(&content, values, n_bytes);
	expect_bad(&content, "row 1: a ");
}

Test(npy, values_that_are_not_finite_are_refused)
{
	expect_bad_value("<f2", "\0\x7c", 2);
	expect_bad_value("<f2", "\1\xfc", 2);
	expect_bad_value("<f4", "\0\0\xc0\x7f", 4);
	expect_bad_value("<f8", "\0\0\0\0\0\0\xf0\x7f", 8);
	expect_bad_value(">f8", "\x47\xef\xff\xff\xf0\0\0\0", 8); /* rounds up past the largest float */
	expect_bad_value("|b1", "\2", 1);
}

Test(npy, the_row_of_a_bad_value_in_fortran_order_is_named)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 2), }\n");
	data_put(&content, "\0\0\0\0\0\0\0\x7c", 8);
	expect_bad(&content, "byte 75, row 2");
}

Test(npy, headers_are_parsed_strictly)
{
	expect_bad_header("", "it must begin with {");
	expect_bad_header("{", "a quoted text is missing");
	expect_bad_header("{}", "it must have the keys");
	expect_bad_header("{'descr': '<f4', 'fortran_order': False}", "it must have the keys");
	expect_bad_header("{'descr': '<f4', 'descr': '<f4'}", "a key comes twice");
	expect_bad_header("{'color': 'red'}", "this key is unknown");
	expect_bad_header("{'a very long key that no file has': 1}", "too long");
	expect_bad_header("{'descr", "its quote is not closed");
	expect_bad_header("{'descr' '<f4'}", "a colon is missing");
	expect_bad_header("{'descr': '<f4' 'shape': (2,)}", "a comma is missing");
	expect_bad_header("{'descr': [('a', '<f4')]}", "structured types");
	expect_bad_header("{'fortran_order': 1}", "must be True or False");
	expect_bad_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), } x", "something follows");
	expect_bad_header("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2, 1), }", "up to two dimensions");
}

Test(npy, types_without_numbers_are_refused)
{
	const char *const types[] = {"O", "", "<", "|O", "<U3", "<c8", "<f16", "f4", "|f4", "=f4", "<M8[ns]", "|S1"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		char dictionary[100];
		snprintf(dictionary, sizeof dictionary, "{'descr': '%s', 'fortran_order': False, 'shape': (1, 1), }",
		         types[i]);
		expect_bad_header(dictionary, "this type of values is not supported");
	}
}

static void expect_bad_shape(const char *shape, const char *cause)
{
	char dictionary[200];
	snprintf(dictionary, sizeof dictionary, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
	expect_bad_header(dictionary, cause);
}

Test(npy, shapes_are_parsed_strictly)
{
	expect_bad_shape("()", "an array without dimensions");
	expect_bad_shape("3", "must be a tuple");
	expect_bad_shape("(3)", "must be a tuple");
	expect_bad_shape("(3 4)", "a comma is missing in the shape");
	expect_bad_shape("(3,,4)", "a size is missing");
	expect_bad_shape("(-3, 4)", "a size is missing");
	expect_bad_shape("(3L, 4L)", "a comma is missing in the shape");
	expect_bad_shape("(99999999999999999999, 4)", "a size is too large");
	expect_bad_shape(
	    "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)",
	    "too many dimensions");
	expect_bad_shape("(0, 4)", "has no rows");
	expect_bad_shape("(4, 0)", "dimension 2 is 0");
	expect_bad_shape("(4294967295, 1)", "at most 4294967294");
	expect_bad_shape("(1, 18446744073709551615)", "more than 1048576 values in a row");
	expect_bad_shape("(1, 1024, 1024, 2)", "more than 1048576 values in a row");
}

Test(npy, lying_counts_are_refused)
{
	expect_bad_shape("(1, 1)", "goes on after byte");
	expect_bad_shape("(1, 3)", "its header promises 1 rows of 3 values");
}

Test(npy, huge_claims_cost_no_memory)
{
	long before = data_peak_memory();
	expect_bad_shape("(4294967294, 1048576)", "its header promises 4294967294 rows of 1048576 values");
	cr_assert_lt(data_peak_memory() - before, 32 * 1024);
}

Test(npy, magic_version_and_header_length_are_checked)
{
	struct data_bytes content = small_floats();
	content.bytes[3] = 'n';
	expect_bad(&content, "is no NPY file");
	content = small_floats();
	content.bytes[6] = 4;
	expect_bad(&content, "NPY version 4.0 is unknown");
	content.bytes[6] = 2;
	content.bytes[11] = 0xff;
	expect_bad(&content, "an NPY header of");
	content = small_floats();
	content.bytes[9] = 2;
	expect_bad(&content, "within the NPY header");
}

Test(npy, every_truncation_is_refused)
{
	struct data_bytes content = small_floats();
	data_try_truncated(opener, content.bytes, content.n);
}

Test(npy, no_changed_byte_does_harm)
{
	struct data_bytes content = small_floats();
	data_try_changed(opener, content.bytes, content.n);
}

Test(npy, every_failed_allocation_is_reported)
{
	struct data_bytes content = small_floats();
	data_try_short_of_memory(opener, data_write("a.npy", content.bytes, content.n));
	content.n = 0;
	data_put_npy(&content, "{'descr': '<f2', 'fortran_order': True, 'shape': (2, 2), }\n");
	data_put(&content, "\0\0\0\0\0\0\0\0", 8);
	data_try_short_of_memory(opener, data_write("b.npy", content.bytes, content.n));
}
