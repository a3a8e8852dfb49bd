/* SPDX-License-Identifier: MIT
 *
 * A whole data set: features and labels, of a training and a test part, in
 * files that are named or found. An input is two bytes of choices and up to
 * four files with a mark between them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "data/table.h"
#include "fuzz.h"
#include "lockstep/dataset.h"

#define MARK "|@@|"

enum { TRAIN, TRAIN_LABELS, TEST, TEST_LABELS, N_FILES };

/* As in a folder, and as files that were named. */
static const char *const folder_names[][N_FILES] = {
    {"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
    {"train-images-idx3-ubyte.gz", "train-labels-idx2-ubyte.gz", "t10k-images-idx3-ubyte", "t10k-labels-idx2-ubyte"},
    {"images", "labels", "test-images", "test-labels"},
    {"a", "b", "c", "d"},
};

static void write_gzip(const char *path, const struct ls_fuzz_input *part)
{
	uint8_t packed[16384];
	size_t n = ls_fuzz_left(part);
	z_stream zlib = {.next_in = (Bytef *)(uintptr_t)part->at, .avail_in = (uInt)n};

	ls_fuzz_check(deflateInit2(&zlib, 1, Z_DEFLATED, 9 + 16, 1, Z_DEFAULT_STRATEGY) == Z_OK, "zlib starts");
	zlib.next_out = packed;
	zlib.avail_out = sizeof packed;
	ls_fuzz_check(deflate(&zlib, Z_FINISH) == Z_STREAM_END, "zlib compresses");
	deflateEnd(&zlib);
	ls_fuzz_write(path, packed, sizeof packed - zlib.avail_out);
}

/* Writes the files that the input has; the others are missing. */
static void write_files(char paths[N_FILES][LS_FUZZ_PATH], struct ls_fuzz_input *input, const char *const *names,
                        unsigned compressed)
{
	for (int i = 0; i < N_FILES; i++) {
		int is_there = !i || ls_fuzz_left(input);
		struct ls_fuzz_input part = ls_fuzz_take_part(input, MARK);
		ls_fuzz_path(paths[i], names[i]);
		if (!is_there)
			continue;
		if (compressed >> i & 1)
			write_gzip(paths[i], &part);
		else
			ls_fuzz_write(paths[i], part.at, ls_fuzz_left(&part));
	}
}

static void remove_files(char paths[N_FILES][LS_FUZZ_PATH])
{
	for (int i = 0; i < N_FILES; i++)
		unlink(paths[i]);
}

/* ---- What a data set promises --------------------------------------------- */

static void check_labels(const struct lockstep_rows *rows)
{
	ls_fuzz_check(!rows->classes || !rows->flags, "labels are of one kind");
	ls_fuzz_check((rows->classes || rows->flags) == !!rows->n_labels, "labels are counted where there are any");
	ls_fuzz_check(rows->n_labels <= LS_LABELS_MAX, "labels are within their limit");
	for (size_t i = 0; rows->classes && i < rows->n_rows; i++)
		ls_fuzz_check(rows->classes[i] < rows->n_labels, "classes are below their number");
	for (size_t i = 0; rows->flags && i < rows->n_rows * rows->n_labels; i++)
		ls_fuzz_check(rows->flags[i] <= 1, "flags are 0 or 1");
}

static void check_rows(const struct lockstep_rows *rows)
{
	ls_fuzz_check(rows->n_features && rows->n_features <= LS_FEATURES_MAX, "features are within their limit");
	ls_fuzz_check(!rows->bytes == !!rows->floats, "rows are bytes or floats");
	for (size_t i = 0; rows->floats && i < rows->n_rows * rows->n_features; i++)
		ls_fuzz_check(isfinite(rows->floats[i]), "values are finite");
	check_labels(rows);
}

static void check_names(const lockstep_dataset *dataset)
{
	size_t n = lockstep_dataset_labels(dataset), n_named = 0;
	for (size_t i = 0; i < n; i++)
		n_named += lockstep_dataset_label_name(dataset, i) != NULL;
	ls_fuzz_check(!n_named || n_named == n, "all labels have names, or none");
}

/* The rows handed out make the same data set. */
static void check_again(const lockstep_dataset *dataset, const struct lockstep_rows rows[2])
{
	lockstep_dataset *again = NULL;
	lockstep_error error = {0};
	char before[65], after[65];

	ls_fuzz_check(!lockstep_dataset_from_rows(&again, &rows[0], rows[1].n_rows ? &rows[1] : NULL, &error),
	              "the rows of a data set make one");
	for (int part = 0; part < 2; part++) {
		lockstep_dataset_digest(dataset, (enum lockstep_part)part, before);
		lockstep_dataset_digest(again, (enum lockstep_part)part, after);
		ls_fuzz_check(!strcmp(before, after) && strlen(before) == (rows[part].n_rows ? 64 : 0),
		              "the same rows have the same digest");
	}
	lockstep_dataset_destroy(again);
}

static void check_dataset(const lockstep_dataset *dataset)
{
	struct lockstep_rows rows[2];
	for (int part = 0; part < 2; part++)
		lockstep_dataset_get_rows(dataset, (enum lockstep_part)part, &rows[part]);
	ls_fuzz_check(rows[0].n_rows && rows[0].n_rows == lockstep_dataset_rows(dataset, LOCKSTEP_TRAIN),
	              "a data set has training rows");
	check_rows(&rows[0]);
	if (rows[1].n_rows) {
		check_rows(&rows[1]);
		ls_fuzz_check(rows[1].n_features == rows[0].n_features && rows[1].n_labels == rows[0].n_labels &&
		                  !rows[1].bytes == !rows[0].bytes && !rows[1].classes == !rows[0].classes &&
		                  !rows[1].flags == !rows[0].flags,
		              "a test part matches its training part");
	}
	check_names(dataset);
	check_again(dataset, rows);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	static const char *const labels[] = {NULL, "1", "kind", "1,2"};
	char paths[N_FILES][LS_FUZZ_PATH], folder[LS_FUZZ_PATH];
	struct ls_fuzz_input input = {bytes, bytes + n};
	struct lockstep_dataset_options options = LOCKSTEP_DATASET_OPTIONS_INIT;
	lockstep_dataset *dataset = NULL;
	lockstep_error error = {0};

	if (n > 6144)
		return 0;
	uint8_t choice = ls_fuzz_take_byte(&input), named = ls_fuzz_take_byte(&input);
	write_files(paths, &input, folder_names[choice & 3], choice >> 4);
	ls_fuzz_path(folder, "");
	options.unlabelled = (choice & 0x0c) == 0x04;
	options.label = labels[named & 3];
	options.test = named & 4 ? paths[TEST] : NULL;
	options.labels = named & 8 ? paths[TRAIN_LABELS] : NULL;
	options.test_labels = named & 16 ? paths[TEST_LABELS] : NULL;

	lockstep_status status =
	    lockstep_dataset_open_with(&dataset, (choice & 0x0c) == 0x08 ? folder : paths[TRAIN], &options, &error);
	if (status)
		ls_fuzz_check_failure(status, &error, dataset);
	else
		check_dataset(dataset);
	lockstep_dataset_destroy(dataset);
	remove_files(paths);
	return 0;
}
