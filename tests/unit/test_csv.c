/* SPDX-License-Identifier: MIT
 *
 * CSV files: cells, headers, labels, numbers, and what is refused.
 */
#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/data_files.h"
#include "data/number.h"
#include "lockstep/dataset.h"

TestSuite(csv, .init = data_setup, .fini = data_teardown);

/* Options of the opener that the trials call. */
static struct lockstep_dataset_options options;

static lockstep_status opener(const char *path, lockstep_error *error)
{
	lockstep_dataset *dataset = NULL;
	lockstep_status status = lockstep_dataset_open_with(&dataset, path, &options, error);
	if (status)
		cr_assert_null(dataset, "*out was touched");
	lockstep_dataset_destroy(dataset);
	return status;
}

static lockstep_dataset *open_good(const char *path)
{
	lockstep_dataset *dataset = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_dataset_open_with(&dataset, path, &options, &error), LOCKSTEP_OK, "%s", error.message);
	return dataset;
}

static lockstep_dataset *open_text(const char *text)
{
	return open_good(data_write_text("data.csv", text));
}

static void expect_bad(const char *text, const char *cause)
{
	data_expect_error(opener, data_write_text("bad.csv", text), LOCKSTEP_ERROR_FORMAT, cause);
}

static void expect_bad_argument(const char *text, const char *cause)
{
	data_expect_error(opener, data_write_text("bad.csv", text), LOCKSTEP_ERROR_ARGUMENT, cause);
}

/* The training part has these features and classes; the data set is freed. */
static void expect_rows(lockstep_dataset *dataset, size_t n_rows, const float *features, const uint32_t *classes)
{
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
	cr_assert_eq(rows.n_rows, n_rows, "%zu rows", rows.n_rows);
	cr_assert_null(rows.bytes);
	for (size_t i = 0; i < n_rows * rows.n_features; i++)
		cr_assert(rows.floats[i] == features[i], "value %zu: %a", i, (double)rows.floats[i]);
	for (size_t i = 0; classes && i < n_rows; i++)
		cr_assert_eq(rows.classes[i], classes[i], "class of row %zu: %u", i, rows.classes[i]);
	lockstep_dataset_destroy(dataset);
}

static void expect_names(const lockstep_dataset *dataset, size_t n, const char *const *names)
{
	cr_assert_eq(lockstep_dataset_labels(dataset), n);
	for (size_t i = 0; i < n; i++)
		cr_assert_str_eq(lockstep_dataset_label_name(dataset, i), names[i]);
	cr_assert_null(lockstep_dataset_label_name(dataset, n));
}

#define TWO_ROWS ((float[]){1, 2, 3, 4})
#define B_THEN_A ((uint32_t[]){1, 0})

Test(csv, the_last_column_is_the_class)
{
	lockstep_dataset *dataset = open_text("1,2,b\n3,4,a\n");
	cr_assert_eq(lockstep_dataset_label_kind(dataset), LOCKSTEP_LABELS_CLASS);
	cr_assert_eq(lockstep_dataset_features(dataset), 2);
	expect_names(dataset, 2, (const char *const[]){"a", "b"});
	expect_rows(dataset, 2, TWO_ROWS, B_THEN_A);
}

Test(csv, line_ends_and_blank_ends_do_not_matter)
{
	static const char *const texts[] = {
	    "1,2,b\r\n3,4,a\r\n",
	    "1,2,b\n3,4,a",
	    "1,2,b\r\n3,4,a\r",
	    "1,2,b\n3,4,a\n\n\r\n\n",
	    "\xef\xbb\xbf\x31,2,b\n3,4,a\n",
	    "1;2;b\n3;4;a\n",
	    "1\t2\tb\n3\t4\ta\n",
	    " 1 , 2,\tb \n3,4 , a\n",
	    "x,y,z\n1,2,b\n3,4,a\n",
	    "\"1\",\"2\",\"b\"\n\"3\",4,\"a\"\r\n",
	    "\xef\xbb\xbf\"x\";\"y,y,y,y\";z\n1;2;b\n3;4;a\n",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_rows(open_text(texts[i]), 2, TWO_ROWS, B_THEN_A);
}

Test(csv, gzip_is_found_by_content)
{
	expect_rows(open_good(data_write_gzip("data.csv.gz", "1,2,b\n3,4,a\n", 12)), 2, TWO_ROWS, B_THEN_A);
}

Test(csv, quoted_cells_hold_anything)
{
	lockstep_dataset *dataset = open_text("1,\"a \"\"b\"\", c\"\n2,\"two\nlines \"\n3,\"\xc3\xa9\"\n");
	expect_names(dataset, 3, (const char *const[]){"a \"b\", c", "two\nlines ", "\xc3\xa9"});
	expect_rows(dataset, 3, (float[]){1, 2, 3}, (uint32_t[]){0, 1, 2});
}

Test(csv, integer_classes_are_ordered_by_value)
{
	lockstep_dataset *dataset = open_text("1,10\n2,-3\n3,9\n4,10\n");
	expect_names(dataset, 3, (const char *const[]){"-3", "9", "10"});
	expect_rows(dataset, 4, (float[]){1, 2, 3, 4}, (uint32_t[]){2, 0, 1, 2});
}

Test(csv, other_classes_are_ordered_by_their_bytes)
{
	lockstep_dataset *dataset = open_text("1,10\n2,9\n3,a\n4,Z\n5,9x\n");
	expect_names(dataset, 5, (const char *const[]){"10", "9", "9x", "Z", "a"});
	expect_rows(dataset, 5, (float[]){1, 2, 3, 4, 5}, (uint32_t[]){0, 1, 4, 3, 2});
}

Test(csv, many_classes_are_told_apart)
{
	enum { N = 3000 };
	char *text = malloc(N * 16), *end = text;
	for (int i = 0; i < N; i++)
		end += sprintf(end, "%d,c%04d\n", i, (i * 7) % N);
	lockstep_dataset *dataset = open_text(text);
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
	cr_assert_eq(rows.n_labels, N);
	for (uint32_t i = 0; i < N; i++)
		cr_assert_eq(rows.classes[i], i * 7 % N);
	lockstep_dataset_destroy(dataset);
	free(text);
}

Test(csv, a_header_is_found_in_the_features)
{
	expect_rows(open_text("x,1,2\n3,4,5\n"), 1, (float[]){3, 4}, (uint32_t[]){0});
	expect_rows(open_text(",y,class\n3,4,a\n"), 1, (float[]){3, 4}, (uint32_t[]){0});
}

Test(csv, a_header_of_numbers_is_found_by_its_class)
{
	lockstep_dataset *dataset = open_text("0,1,label\n1,2,8\n3,4,7\n");
	expect_names(dataset, 2, (const char *const[]){"7", "8"});
	expect_rows(dataset, 2, TWO_ROWS, B_THEN_A);
}

Test(csv, a_first_row_with_a_word_as_class_is_a_row)
{
	expect_rows(open_text("1,2,b\n3,4,7\n5,6,b\n"), 3, (float[]){1, 2, 3, 4, 5, 6}, (uint32_t[]){1, 0, 1});
	expect_rows(open_text("1,2,b\n3,4,7\n5,6,a\n"), 3, (float[]){1, 2, 3, 4, 5, 6}, (uint32_t[]){2, 0, 1});
	expect_rows(open_text("1,2,b\n"), 1, (float[]){1, 2}, (uint32_t[]){0});
}

Test(csv, a_damaged_first_row_is_not_taken_for_a_header)
{
	expect_bad("nan,2,a\n3,4,b\n", "line 1, column 1: 'nan' is not finite");
	expect_bad("1,-Infinity,a\n3,4,b\n", "line 1, column 2: '-Infinity' is not finite");
	expect_bad("1,,a\n3,4,b\n", "line 1, column 2: '' is not a number");
}

Test(csv, label_columns_are_chosen_by_number_or_name)
{
	options.label = "1";
	expect_rows(open_text("b,1,2\na,3,4\n"), 2, TWO_ROWS, B_THEN_A);
	options.label = "kind";
	expect_rows(open_text("x,kind,y\n1,b,2\n3,a,4\n"), 2, TWO_ROWS, B_THEN_A);
}

Test(csv, several_label_columns_are_flags)
{
	options.label = "q,p";
	lockstep_dataset *dataset = open_text("p,x,q,y\n0,1,1,2\n1.0,3,0,4\n");
	cr_assert_eq(lockstep_dataset_label_kind(dataset), LOCKSTEP_LABELS_MULTI);
	expect_names(dataset, 2, (const char *const[]){"q", "p"});
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
	cr_assert_arr_eq(rows.flags, "\1\0\0\1", 4);
	expect_rows(dataset, 2, TWO_ROWS, NULL);
}

Test(csv, flags_without_a_header_have_no_names)
{
	options.label = "1,3";
	lockstep_dataset *dataset = open_text("0,1,1,2\n1,3,0,4\n");
	cr_assert_null(lockstep_dataset_label_name(dataset, 0));
	expect_rows(dataset, 2, TWO_ROWS, NULL);
	expect_bad("0,1,1,2\n1,3,2,4\n", "line 2, column 3: '2' is not a flag");
	expect_bad("0,1,1,2\n,3,1,4\n", "line 2, column 1: '' is not a flag");
}

Test(csv, unlabelled_files_are_features_only)
{
	options.unlabelled = 1;
	lockstep_dataset *dataset = open_text("x,y\n1,2\n3,4\n");
	cr_assert_eq(lockstep_dataset_label_kind(dataset), LOCKSTEP_LABELS_NONE);
	cr_assert_eq(lockstep_dataset_labels(dataset), 0);
	cr_assert_null(lockstep_dataset_label_name(dataset, 0));
	expect_rows(dataset, 2, TWO_ROWS, NULL);
	expect_rows(open_text("7\n8\n"), 2, (float[]){7, 8}, NULL);
}

Test(csv, label_columns_that_cannot_be_are_refused)
{
	options.label = "4";
	expect_bad_argument("1,2,a\n", "label column 4 of 3 columns");
	options.label = "0";
	expect_bad_argument("1,2,a\n", "no column is called '0'");
	options.label = "kind";
	expect_bad_argument("x,y,z\n1,2,a\n", "no column is called 'kind'");
	expect_bad_argument("kind,kind,z\n1,2,a\n", "more than one column is called 'kind'");
	options.label = "1,1";
	expect_bad_argument("1,2,a\n", "column 1 is named twice");
	options.label = "";
	expect_bad_argument("1,2,a\n", "no column is called ''");
	options.label = "1,2,3";
	expect_bad("1,0,1\n", "no column is left for features");
	options.label = NULL;
	expect_bad("1\n2\n", "no column is left for features");
}

Test(csv, numbers_are_rounded_once)
{
	expect_rows(open_text("16777217,16777219,9999999,+1e-45,0x\n"
	                      "1.00000005960464477539062500000000000000000000000001,-.5,7.,3.4028235677973365e38,0x\n"
	                      "1.0000000596046447753906250,1E2,0000001,1.401298464324817e-45,0x\n"),
	            3,
	            (float[]){0x1p24f, 0x1p24f + 4, 9999999, 0x1p-149f, 1 + 0x1p-23f, -0.5f, 7, 0x1.fffffep127f, 1, 100,
	                      1, 0x1p-149f},
	            NULL);
}

Test(csv, cells_that_are_no_numbers_are_refused)
{
	expect_bad("x,y,z\n1,abc,a\n", "line 2, column 2 ('y'): 'abc' is not a number");
	expect_bad("1,2,a\n1,0x10,a\n", "line 2, column 2: '0x10' is not a number");
	expect_bad("1,2,a\n1,1 2,a\n", "'1 2' is not a number");
	expect_bad("1,2,a\n1,--2,a\n", "is not a number");
	expect_bad("1,2,a\n1,e,a\n", "is not a number");
	expect_bad("1,2,a\n1,inf,a\n", "'inf' is not finite in fp32");
	expect_bad("1,2,a\n1,3.5e38,a\n", "'3.5e38' is not finite in fp32");
	expect_bad("1,2,a\n1,2,\n", "line 2, column 3: '' is no class");
	expect_bad("1,2,a\n1,\"x\ny\033\",a\n", "'x?y?' is not a number");
	expect_bad("1,2,a\n1,12345678901234567890123456789012345678901234567890x,a\n", "...' is not a number");
}

Test(csv, the_locale_of_the_program_does_not_matter)
{
	float value = 0;
	if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "fr_FR.UTF-8"))
		cr_skip_test("no locale with a decimal comma is installed");
	cr_assert_eq(ls_number_parse("1.5", &value), LS_NUMBER_FINITE);
	cr_assert_eq(value, 1.5f);
	cr_assert_eq(ls_number_parse("1,5", &value), LS_NUMBER_WORD);
}

Test(csv, damaged_lines_are_refused)
{
	expect_bad("1,2,a\n1,2\n", "line 2 has 2 columns, not 3");
	expect_bad("1,2,a\n1,2,a,b\n", "line 2 has 4 columns, not 3");
	expect_bad("1,2,a\n\n1,2,a\n", "line 2 is blank, and not the last");
	expect_bad("\n1,2,a\n", "line 1 is blank, and not the last");
	expect_bad("1,2,a\n1,2,\"a\n", "line 2, column 3: a quote is not closed");
	expect_bad("1,2,a\n1,2,b\"a\n", "line 2, column 3: a quote inside a cell");
	expect_bad("1,2,\"a\"\n\"1\"2,2,b\n", "line 2, column 1: text behind a closing quote");
	expect_bad("1,2,\"a\n\"\n1,2\n", "line 3 has 2 columns");
	data_expect_error(opener, data_write("zero.csv", "1,2,a\n1,\0,b\n", 12), LOCKSTEP_ERROR_FORMAT,
	                  "line 2, column 2: a zero byte");
}

Test(csv, files_without_rows_are_refused)
{
	expect_bad("", "is empty");
	expect_bad("\n\n", "is empty");
	expect_bad("\xef\xbb\xbf", "is empty");
	expect_bad("x,y,z\n", "has a header and no rows");
}

Test(csv, a_file_longer_than_any_buffer_is_read)
{
	enum { N = 20000 };
	char *text = malloc(N * 24), *end = text;
	for (int i = 0; i < N; i++)
		end += sprintf(end, "%d,%d.25,%c\n", i, i, 'a' + i % 3);
	lockstep_dataset *dataset = open_text(text);
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
	cr_assert_eq(rows.n_rows, N);
	for (uint32_t i = 0; i < N; i++) {
		cr_assert(rows.floats[2 * i] == (float)i && rows.floats[2 * i + 1] == (float)i + 0.25f);
		cr_assert_eq(rows.classes[i], i % 3);
	}
	lockstep_dataset_destroy(dataset);
	free(text);
}

/* ---- Test parts ------------------------------------------------------- */

static void expect_bad_test(const char *train, const char *test, const char *cause)
{
	options.test = data_write_text("test.csv", test);
	expect_bad(train, cause);
}

Test(csv, classes_of_the_test_part_are_those_of_the_training_part)
{
	options.test = data_write_text("test.csv", "5,6,c\n7,8,a\n");
	lockstep_dataset *dataset = open_text("1,2,b\n3,4,a\n3,4,c\n");
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TEST, &rows);
	cr_assert_eq(rows.n_labels, 3);
	cr_assert_eq(rows.classes[0], 2);
	cr_assert_eq(rows.classes[1], 0);
	lockstep_dataset_destroy(dataset);
	expect_bad("1,2,b\n", "test.csv: line 1, column 3: 'c' is none of the known classes");
}

static void expect_test_rows(const char *train, const char *test, size_t n_rows)
{
	options.test = data_write_text("test.csv", test);
	lockstep_dataset *dataset = open_text(train);
	cr_assert_eq(lockstep_dataset_rows(dataset, LOCKSTEP_TEST), n_rows);
	lockstep_dataset_destroy(dataset);
}

Test(csv, a_test_part_has_the_same_header_or_none)
{
	expect_test_rows("x,y,z\n1,2,a\n", "x,y,z\n1,2,a\n", 1);
	expect_test_rows("x,y,z\n1,2,a\n", "1,2,a\n3,4,a\n", 2);
	expect_test_rows("1,2,a\n", "x,y,z\n3,4,a\n", 1);
	expect_test_rows("0,1,label\n1,2,8\n3,4,7\n", "0,1,label\n3,4,7\n", 1);
	expect_test_rows("1,2,8\n3,4,7\n", "0,1,label\n3,4,7\n", 1);
	expect_bad_test("x,y,z\n1,2,a\n", "x,w,z\n1,2,a\n", "column 2 is called 'w', in the training file 'y'");
	expect_bad_test("x,y,z\n1,2,a\n", "x,z\n1,a\n", "line 1 has 2 columns, the training file 3");
}

Test(csv, a_label_named_in_the_training_part_is_the_same_column_in_the_test_part)
{
	options.label = "kind";
	expect_test_rows("kind,x\nb,1\na,2\n", "a,1\nb,2\n", 2);
}

Test(csv, only_csv_goes_with_csv)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x0D, 2, (uint32_t[]){1, 1});
	data_put(&content, "\0\0\0\0", 4);
	options.test = data_write("test-images", content.bytes, content.n);
	data_expect_error(opener, data_write_text("train.csv", "1,a\n"), LOCKSTEP_ERROR_FORMAT,
	                  "only one of training and test part is CSV");
	options.test = NULL;
	options.labels = data_path("labels");
	expect_bad_argument("1,a\n", "a CSV file has its labels in columns");
}

/* ---- Names that the caller knows -------------------------------------- */

Test(csv, known_classes_keep_their_places)
{
	static const char *const names[] = {"c", "b", "a"};
	options.label_names = names;
	options.n_label_names = 3;
	lockstep_dataset *dataset = open_text("1,2,a\n3,4,b\n");
	expect_names(dataset, 3, names);
	expect_rows(dataset, 2, TWO_ROWS, (uint32_t[]){2, 1});
	expect_bad("1,2,d\n3,4,b\n", "line 1, column 3: 'd' is none of the known classes");
}

Test(csv, known_names_of_flags_are_compared)
{
	static const char *const names[] = {"p", "q"};
	options.label_names = names;
	options.n_label_names = 2;
	options.label = "2,3";
	lockstep_dataset_destroy(open_text("x,p,q\n1,0,1\n"));
	lockstep_dataset_destroy(open_text("1,0,1\n"));
	expect_bad("x,q,p\n1,0,1\n", "'q' is not the label expected in this place");
	options.label = "1,2,3";
	expect_bad("p,q,r,x\n1,0,1,2\n", "3 label columns, where 2 are expected");
}

Test(csv, known_names_must_differ)
{
	static const char *const names[] = {"p", "q", "p"};
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	options.label_names = names;
	options.n_label_names = 3;
	cr_assert_eq(lockstep_dataset_open_with(&dataset, data_write_text("a.csv", "1,p\n"), &options, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "label names 1 and 3 are the same");
}

/* ---- Trials ----------------------------------------------------------- */

#define SMALL "x,y,\"the, class\"\r\n1,2.5e0,\"b \"\"\"\r\n-3,4,a\r\n"

Test(csv, no_truncation_does_harm)
{
	for (size_t n = 0; n < sizeof SMALL - 1; n++)
		data_try_changed(opener, SMALL, n);
}

Test(csv, no_changed_byte_does_harm)
{
	data_try_changed(opener, SMALL, sizeof SMALL - 1);
	options.label = "1,3";
	data_try_changed(opener, "a,b,c\n0,1,1\n1,5,0\n", 18);
}

Test(csv, every_truncated_gzip_is_refused)
{
	char packed[256];
	FILE *file = fopen(data_write_gzip("small.gz", SMALL, sizeof SMALL - 1), "rb");
	size_t n = fread(packed, 1, sizeof packed, file);
	fclose(file);
	for (size_t length = 2; length < n; length++)
		data_expect_error(opener, data_write("cut.gz", packed, length), LOCKSTEP_ERROR_FORMAT,
		                  "gzip data is cut off");
}

Test(csv, every_failed_allocation_is_reported)
{
	static const char *const names[] = {"a", "b \""};
	data_try_short_of_memory(opener, data_write_text("a.csv", SMALL));
	data_try_short_of_memory(opener, data_write_text("b.csv", "0,1,label\n1,2,8\n3,4,7\n3,4,7\n3,4,7\n"));
	options.test = data_write_text("test.csv", SMALL);
	data_try_short_of_memory(opener, data_write_text("a.csv", SMALL));
	options.label_names = names;
	options.n_label_names = 2;
	data_try_short_of_memory(opener, data_write_text("a.csv", SMALL));
	options = (struct lockstep_dataset_options){.label = "p,3"};
	data_try_short_of_memory(opener, data_write_text("c.csv", "p,x,q\n0,1,1\n1,5,0\n"));
}
