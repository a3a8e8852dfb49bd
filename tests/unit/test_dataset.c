/* SPDX-License-Identifier: MIT
 *
 * Data sets as a user opens them: folders, single files with their labels,
 * rows from memory, digests.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/data_files.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "lockstep/dataset.h"

TestSuite(dataset, .init = data_setup, .fini = data_teardown);

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

static struct lockstep_rows rows_of(const lockstep_dataset *dataset, enum lockstep_part part)
{
	struct lockstep_rows rows;
	lockstep_dataset_get_rows(dataset, part, &rows);
	return rows;
}

/* n_rows rows of 1 x 2 pixels: 0 1, 2 3, ... */
static struct data_bytes images(uint32_t n_rows)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x08, 3, (uint32_t[]){n_rows, 1, 2});
	for (uint32_t i = 0; i < 2 * n_rows; i++)
		data_put(&content, (uint8_t[]){(uint8_t)i}, 1);
	return content;
}

static const char *write_images(const char *name, uint32_t n_rows)
{
	struct data_bytes content = images(n_rows);
	return data_write(name, content.bytes, content.n);
}

static const char *write_classes(const char *name, uint32_t n_rows, const char *classes)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x08, 1, &n_rows);
	data_put(&content, classes, n_rows);
	return data_write(name, content.bytes, content.n);
}

static const char *write_flags(const char *name, uint32_t n_rows, uint32_t n_flags, const char *flags)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x08, 2, (uint32_t[]){n_rows, n_flags});
	data_put(&content, flags, n_rows * n_flags);
	return data_write(name, content.bytes, content.n);
}

static void write_folder(void)
{
	write_images("train-images-idx3-ubyte", 3);
	write_classes("train-labels-idx1-ubyte", 3, "\2\0\4");
	write_images("t10k-images-idx3-ubyte", 2);
	write_classes("t10k-labels-idx1-ubyte", 2, "\1\3");
}

/* ---- Folders ---------------------------------------------------------- */

Test(dataset, a_folder_holds_four_files)
{
	write_folder();
	lockstep_dataset *dataset = open_good(data_path(""));
	struct lockstep_rows train = rows_of(dataset, LOCKSTEP_TRAIN), test = rows_of(dataset, LOCKSTEP_TEST);
	cr_assert_eq(lockstep_dataset_rows(dataset, LOCKSTEP_TRAIN), 3);
	cr_assert_eq(lockstep_dataset_rows(dataset, LOCKSTEP_TEST), 2);
	cr_assert_eq(lockstep_dataset_features(dataset), 2);
	cr_assert_eq(lockstep_dataset_labels(dataset), 5);
	cr_assert_eq(lockstep_dataset_label_kind(dataset), LOCKSTEP_LABELS_CLASS);
	cr_assert_null(lockstep_dataset_label_name(dataset, 0));
	cr_assert_arr_eq(train.bytes, "\0\1\2\3\4\5", 6);
	cr_assert_arr_eq(test.bytes, "\0\1\2\3", 4);
	cr_assert_arr_eq(train.classes, ((uint32_t[]){2, 0, 4}), sizeof(uint32_t[3]));
	cr_assert_arr_eq(test.classes, ((uint32_t[]){1, 3}), sizeof(uint32_t[2]));
	cr_assert_eq(test.n_labels, 5);
	lockstep_dataset_destroy(dataset);
}

Test(dataset, the_files_of_a_folder_may_be_packed)
{
	struct data_bytes content = images(3);
	data_write_gzip("train-images-idx3-ubyte.gz", content.bytes, content.n);
	write_classes("train-labels-idx1-ubyte", 3, "\0\0\1");
	lockstep_dataset_destroy(open_good(data_path("")));
}

Test(dataset, a_folder_without_test_files_has_no_test_part)
{
	char digest[65];
	write_folder();
	unlink(data_path("t10k-images-idx3-ubyte"));
	lockstep_dataset *dataset = open_good(data_path(""));
	struct lockstep_rows rows = rows_of(dataset, LOCKSTEP_TEST);
	cr_assert_eq(lockstep_dataset_rows(dataset, LOCKSTEP_TEST), 0);
	cr_assert(!rows.n_rows && !rows.bytes && !rows.floats && !rows.classes && !rows.flags);
	lockstep_dataset_digest(dataset, LOCKSTEP_TEST, digest);
	cr_assert_str_empty(digest);
	lockstep_dataset_destroy(dataset);
}

Test(dataset, labels_of_rank_2_are_flags)
{
	write_images("train-images-idx3-ubyte", 2);
	write_flags("train-labels-idx2-ubyte", 2, 3, "\0\1\0\1\1\0");
	lockstep_dataset *dataset = open_good(data_path(""));
	struct lockstep_rows rows = rows_of(dataset, LOCKSTEP_TRAIN);
	cr_assert_eq(lockstep_dataset_label_kind(dataset), LOCKSTEP_LABELS_MULTI);
	cr_assert_eq(rows.n_labels, 3);
	cr_assert_null(rows.classes);
	cr_assert_arr_eq(rows.flags, "\0\1\0\1\1\0", 6);
	lockstep_dataset_destroy(dataset);
}

Test(dataset, a_folder_that_lacks_files_is_refused)
{
	data_expect_error(opener, data_path(""), LOCKSTEP_ERROR_IO, "holds neither train-images-idx3-ubyte nor");
	write_images("train-images-idx3-ubyte", 3);
	data_expect_error(opener, data_path(""), LOCKSTEP_ERROR_ARGUMENT, "none found by name beside it");
	options.unlabelled = 1;
	lockstep_dataset_destroy(open_good(data_path("")));
}

Test(dataset, the_test_file_of_the_options_goes_before_that_of_the_folder)
{
	write_folder();
	options.test = write_images("other-images", 3);
	options.test_labels = write_classes("anything", 3, "\0\0\0");
	lockstep_dataset *dataset = open_good(data_path(""));
	cr_assert_eq(lockstep_dataset_rows(dataset, LOCKSTEP_TEST), 3);
	lockstep_dataset_destroy(dataset);
}

/* ---- Single files ----------------------------------------------------- */

static void expect_labels_found(const char *images_name, const char *labels_name)
{
	const char *path = write_images(images_name, 2);
	const char *labels = write_classes(labels_name, 2, "\0\1");
	lockstep_dataset *dataset = open_good(path);
	cr_assert_eq(lockstep_dataset_labels(dataset), 2);
	lockstep_dataset_destroy(dataset);
	unlink(labels);
	data_expect_error(opener, path, LOCKSTEP_ERROR_ARGUMENT, "none found by name beside it");
}

Test(dataset, labels_are_found_by_name)
{
	expect_labels_found("a-images-idx3-ubyte", "a-labels-idx1-ubyte");
	expect_labels_found("b-images-idx3-ubyte", "b-labels-idx1-ubyte.gz");
	expect_labels_found("c-images-idx3-ubyte.gz", "c-labels-idx1-ubyte");
	expect_labels_found("d-images-idx3-ubyte", "d-labels-idx2-ubyte");
	expect_labels_found("images.of.images.npy", "images.of.labels.npy");
	data_expect_error(opener, write_images("pictures", 2), LOCKSTEP_ERROR_ARGUMENT, "none found by name beside it");
}

Test(dataset, labels_may_be_named)
{
	const char *path = write_images("pictures", 2);
	options.labels = write_classes("kinds", 2, "\0\1");
	lockstep_dataset_destroy(open_good(path));
	options.labels = data_path("missing");
	data_expect_error(opener, path, LOCKSTEP_ERROR_IO, "missing: cannot open");
	options.labels = data_write_text("text", "1\n");
	data_expect_error(opener, path, LOCKSTEP_ERROR_FORMAT, "a file of labels must be IDX or NPY");
}

Test(dataset, npy_and_idx_go_together)
{
	struct data_bytes content = {.n = 0};
	data_put_npy(&content, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }\n");
	data_put(&content, "\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	const char *path = write_images("pictures", 2);
	options.labels = data_write("classes.npy", content.bytes, content.n);
	lockstep_dataset *dataset = open_good(path);
	cr_assert_eq(rows_of(dataset, LOCKSTEP_TRAIN).classes[0], 2);
	cr_assert_eq(rows_of(dataset, LOCKSTEP_TRAIN).n_labels, 3);
	lockstep_dataset_destroy(dataset);
}

static void expect_bad_labels(const struct data_bytes *content, const char *cause)
{
	options.labels = data_write("bad-labels", content->bytes, content->n);
	data_expect_error(opener, write_images("pictures", 2), LOCKSTEP_ERROR_FORMAT, cause);
}

Test(dataset, labels_that_cannot_be_are_refused)
{
	struct data_bytes content = {.n = 0};
	data_put_idx(&content, 0x08, 1, (uint32_t[]){3});
	data_put(&content, "\0\1\2", 3);
	expect_bad_labels(&content, "3 rows of labels for 2 rows of features");
	content.n = 0;
	data_put_idx(&content, 0x09, 1, (uint32_t[]){2});
	data_put(&content, "\0\xff", 2);
	expect_bad_labels(&content, "row 2: label -1");
	content.n = 0;
	data_put_idx(&content, 0x0C, 1, (uint32_t[]){2});
	data_put(&content, "\0\x10\0\0\0\0\0\0", 8);
	expect_bad_labels(&content, "row 1: label 1048576, must be 0 to 1,048,575");
	content.n = 0;
	data_put_idx(&content, 0x08, 2, (uint32_t[]){2, 2});
	data_put(&content, "\0\1\2\0", 4);
	expect_bad_labels(&content, "row 2: label 2, must be 0 or 1");
	content.n = 0;
	data_put_idx(&content, 0x0D, 1, (uint32_t[]){2});
	data_put(&content, "\0\0\0\0\0\0\0\0", 8);
	expect_bad_labels(&content, "labels must be integers");
	content.n = 0;
	data_put_idx(&content, 0x08, 3, (uint32_t[]){2, 1, 1});
	data_put(&content, "\0\1", 2);
	expect_bad_labels(&content, "has 3 dimensions, labels have one");
}

Test(dataset, files_of_one_dimension_hold_no_features)
{
	options.unlabelled = 1;
	data_expect_error(opener, write_classes("classes", 2, "\0\1"), LOCKSTEP_ERROR_FORMAT, "has one dimension");
}

Test(dataset, options_that_do_not_fit_are_refused)
{
	const char *path = write_images("pictures", 2);
	options.label = "1";
	data_expect_error(opener, path, LOCKSTEP_ERROR_ARGUMENT, "is no CSV file, and has no label columns");
	options.unlabelled = 1;
	data_expect_error(opener, path, LOCKSTEP_ERROR_ARGUMENT, "labels are named for data without labels");
	options = (struct lockstep_dataset_options){.labels = write_classes("kinds", 2, "\0\1")};
	options.test_labels = options.labels;
	data_expect_error(opener, path, LOCKSTEP_ERROR_ARGUMENT, "labels of a test part without that part");
}

Test(dataset, empty_and_missing_files_are_errors)
{
	data_expect_error(opener, data_write_text("empty", ""), LOCKSTEP_ERROR_FORMAT, "is empty");
	data_expect_error(opener, data_write_gzip("empty.gz", "", 0), LOCKSTEP_ERROR_FORMAT, "is empty");
	data_expect_error(opener, data_path("missing"), LOCKSTEP_ERROR_IO, "cannot open: No such file");
}

/* ---- Test parts ------------------------------------------------------- */

static void expect_bad_test(const char *path, const char *labels, const char *cause)
{
	options.test = path;
	options.test_labels = labels;
	options.labels = write_classes("train-kinds", 3, "\0\1\2");
	data_expect_error(opener, write_images("pictures", 3), LOCKSTEP_ERROR_FORMAT, cause);
}

Test(dataset, a_test_part_must_match)
{
	struct data_bytes wide = {.n = 0}, floats = {.n = 0};
	data_put_idx(&wide, 0x08, 2, (uint32_t[]){1, 3});
	data_put(&wide, "\0\1\2", 3);
	data_put_idx(&floats, 0x0D, 2, (uint32_t[]){1, 2});
	data_put(&floats, "\0\0\0\0\0\0\0\0", 8);
	const char *one = write_classes("one", 1, "\2");

	expect_bad_test(data_write("wide", wide.bytes, wide.n), one, "wide: 3 features, the training part has 2");
	expect_bad_test(data_write("floats", floats.bytes, floats.n), one,
	                "floats: has values of fp32, the training part of uint8");
	expect_bad_test(write_images("t", 1), write_classes("three", 1, "\3"),
	                "t: row 1: class 3, the training part has 3 classes");
	expect_bad_test(write_images("t", 1), write_flags("flags", 1, 3, "\0\1\0"),
	                "t: has flags as labels, the training part classes as labels");
}

Test(dataset, a_test_part_must_have_as_many_flags)
{
	options.labels = write_flags("flags", 3, 1, "\0\1\0");
	options.test = write_images("t", 1);
	options.test_labels = write_flags("test-flags", 1, 2, "\0\1");
	data_expect_error(opener, write_images("pictures", 3), LOCKSTEP_ERROR_FORMAT,
	                  "2 flags, the training part has 1");
}

/* ---- Rows from memory ------------------------------------------------- */

static lockstep_dataset *make_good(const struct lockstep_rows *train, const struct lockstep_rows *test)
{
	lockstep_dataset *dataset = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_dataset_from_rows(&dataset, train, test, &error), LOCKSTEP_OK, "%s", error.message);
	return dataset;
}

static void expect_digest(const lockstep_dataset *dataset, const void *bytes, size_t n)
{
	char digest[65], expected[65];
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, digest);
	ls_sha256(bytes, n, expected);
	cr_assert_str_eq(digest, expected);
}

Test(dataset, rows_are_copied)
{
	float values[] = {1, -2, 3, 4};
	uint32_t classes[] = {1, 0};
	struct lockstep_rows rows = {2, 2, 3, NULL, values, classes, NULL};
	lockstep_dataset *dataset = make_good(&rows, &rows);
	values[0] = 7;
	classes[0] = 0;
	struct lockstep_rows copy = rows_of(dataset, LOCKSTEP_TEST);
	cr_assert(copy.floats[0] == 1 && copy.floats[3] == 4 && copy.classes[0] == 1);
	cr_assert_eq(copy.n_labels, 3);
	lockstep_dataset_destroy(dataset);
}

Test(dataset, digests_are_of_the_canonical_form)
{
	static const char with_classes[] = "lockstep-data-1 f32 2 1 class 3\n\0\0\x80\x3f\0\0\0\xc0\1\0\0\0\2\0\0\0";
	static const char with_flags[] = "lockstep-data-1 u8 1 3 multi 2\n\7\x08\xff\1\0";
	static const char plain[] = "lockstep-data-1 u8 1 3 none 0\n\7\x08\xff";
	struct lockstep_rows a = {2, 1, 3, NULL, (float[]){1, -2}, (uint32_t[]){1, 2}, NULL};
	struct lockstep_rows b = {1, 3, 2, (uint8_t[]){7, 8, 255}, NULL, NULL, (uint8_t[]){1, 0}};
	struct lockstep_rows c = {1, 3, 0, (uint8_t[]){7, 8, 255}, NULL, NULL, NULL};

	lockstep_dataset *dataset = make_good(&a, NULL);
	expect_digest(dataset, with_classes, sizeof with_classes - 1);
	lockstep_dataset_destroy(dataset);
	dataset = make_good(&b, NULL);
	expect_digest(dataset, with_flags, sizeof with_flags - 1);
	lockstep_dataset_destroy(dataset);
	dataset = make_good(&c, NULL);
	expect_digest(dataset, plain, sizeof plain - 1);
	lockstep_dataset_destroy(dataset);
}

Test(dataset, the_same_rows_have_the_same_digest_from_any_file)
{
	struct lockstep_rows rows = {2, 1, 2, NULL, (float[]){1.5f, -2}, (uint32_t[]){1, 0}, NULL};
	char from_memory[65], from_file[65];
	lockstep_dataset *memory = make_good(&rows, NULL);
	lockstep_dataset *file = open_good(data_write_text("a.csv", "x,kind\n1.5,no\n-2,maybe\n"));
	lockstep_dataset_digest(memory, LOCKSTEP_TRAIN, from_memory);
	lockstep_dataset_digest(file, LOCKSTEP_TRAIN, from_file);
	cr_assert_str_eq(from_memory, from_file);
	lockstep_dataset_destroy(memory);
	lockstep_dataset_destroy(file);
}

static void expect_bad_rows(const struct lockstep_rows *train, const struct lockstep_rows *test, const char *cause)
{
	lockstep_dataset *dataset = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	lockstep_status status = lockstep_dataset_from_rows(&dataset, train, test, &error);
	cr_assert(status == LOCKSTEP_ERROR_ARGUMENT || status == LOCKSTEP_ERROR_FORMAT, "%s", cause);
	cr_assert_null(dataset, "*out was touched");
	cr_assert_not_null(strstr(error.message, cause), "%s", error.message);
}

Test(dataset, rows_that_cannot_be_are_refused)
{
	uint8_t bytes[] = {1, 2};
	float floats[] = {1, NAN};
	uint32_t classes[] = {0, 2};
	uint8_t flags[] = {0, 2};

	expect_bad_rows(&(struct lockstep_rows){0, 1, 0, bytes, NULL, NULL, NULL}, NULL, "0 of them");
	expect_bad_rows(&(struct lockstep_rows){UINT32_MAX, 1, 0, bytes, NULL, NULL, NULL}, NULL,
	                "must be 1 to 4294967294");
	expect_bad_rows(&(struct lockstep_rows){1, 0, 0, bytes, NULL, NULL, NULL}, NULL, "0 features");
	expect_bad_rows(&(struct lockstep_rows){1, 1048577, 0, bytes, NULL, NULL, NULL}, NULL, "1048577 features");
	expect_bad_rows(&(struct lockstep_rows){1, 1, 0, NULL, NULL, NULL, NULL}, NULL,
	                "exactly one of bytes and floats");
	expect_bad_rows(&(struct lockstep_rows){1, 1, 0, bytes, floats, NULL, NULL}, NULL,
	                "exactly one of bytes and floats");
	expect_bad_rows(&(struct lockstep_rows){1, 1, 1, bytes, NULL, classes, flags}, NULL, "both classes and flags");
	expect_bad_rows(&(struct lockstep_rows){1, 1, 0, bytes, NULL, classes, NULL}, NULL, "0 labels");
	expect_bad_rows(&(struct lockstep_rows){1, 1, 1, bytes, NULL, NULL, NULL}, NULL, "0 without classes or flags");
	expect_bad_rows(&(struct lockstep_rows){2, 1, 0, NULL, floats, NULL, NULL}, NULL,
	                "row 2, feature 1 is not finite");
	expect_bad_rows(&(struct lockstep_rows){2, 1, 2, bytes, NULL, classes, NULL}, NULL,
	                "row 2: class 2 of 2 classes");
	expect_bad_rows(&(struct lockstep_rows){1, 1, 2, bytes, NULL, NULL, flags}, NULL, "row 1: flag 2");
	expect_bad_rows(&(struct lockstep_rows){1, 2, 0, bytes, NULL, NULL, NULL},
	                &(struct lockstep_rows){2, 1, 0, bytes, NULL, NULL, NULL}, "test rows: 1 features");
}

Test(dataset, every_failed_allocation_of_a_copy_is_reported)
{
	struct lockstep_rows rows = {1, 1, 1, NULL, (float[]){1}, (uint32_t[]){0}, NULL};
	lockstep_dataset *dataset = NULL;
	for (long i = 1; i <= 5; i++) {
		ls_memory_fail_at(i);
		cr_assert_eq(lockstep_dataset_from_rows(&dataset, &rows, &rows, NULL), LOCKSTEP_ERROR_MEMORY);
		cr_assert_null(dataset);
	}
	ls_memory_fail_at(0);
	lockstep_dataset_destroy(make_good(&rows, &rows));
}

Test(dataset, every_failed_allocation_of_a_file_is_reported)
{
	write_folder();
	data_try_short_of_memory(opener, data_path(""));
	data_try_short_of_memory(opener, data_path("train-images-idx3-ubyte"));
	options.test = data_path("t10k-images-idx3-ubyte");
	data_try_short_of_memory(opener, data_path("train-images-idx3-ubyte"));
}

Test(dataset, nothing_is_destroyed_without_harm)
{
	lockstep_dataset_destroy(NULL);
}

/* ---- MNIST ------------------------------------------------------------ */

Test(dataset, mnist_is_what_it_was)
{
	char path[4096], digest[65];
	const char *source = getenv("srcdir");
	snprintf(path, sizeof path, "%s/datasets/mnist", source ? source : ".");
	lockstep_dataset *dataset = open_good(path);
	struct lockstep_rows test = rows_of(dataset, LOCKSTEP_TEST);

	cr_assert_eq(lockstep_dataset_rows(dataset, LOCKSTEP_TRAIN), 60000);
	cr_assert_eq(lockstep_dataset_rows(dataset, LOCKSTEP_TEST), 10000);
	cr_assert_eq(lockstep_dataset_features(dataset), 784);
	cr_assert_eq(lockstep_dataset_labels(dataset), 10);
	cr_assert_eq(test.classes[0], 7);
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, digest);
	cr_assert_str_eq(digest, "58b4c9b7504169b4d434e5c578db30e4de83d4f03783c5b6b99d0290e6461171");
	lockstep_dataset_digest(dataset, LOCKSTEP_TEST, digest);
	cr_assert_str_eq(digest, "6cbcc29997071d5a3f8c5e1eabd116da36b32d72b08e82d388831782dd9c149b");
	lockstep_dataset_destroy(dataset);
}
