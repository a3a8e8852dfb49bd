/* SPDX-License-Identifier: MIT
 *
 * Data sets from files and from memory. Files are told apart by their first
 * bytes; the training part is read first, and the test part must match it. The
 * digests are taken once, when the data set is made.
 */
#include "lockstep/dataset.h"

#include <assert.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "bytes.h"
#include "csv.h"
#include "find.h"
#include "idx.h"
#include "npy.h"
#include "table.h"

#define FOLDER_TRAIN "train-images-idx3-ubyte"
#define FOLDER_TEST "t10k-images-idx3-ubyte"

enum format { FORMAT_NONE, FORMAT_IDX, FORMAT_NPY, FORMAT_CSV };

/* A data set while it is read from files. */
struct opening {
	lockstep_dataset *dataset;
	const struct lockstep_dataset_options *options;
	struct ls_csv csv;
	int is_csv[2]; /* by part: the columns and classes of the two belong together */
	lockstep_error *error;
};

static lockstep_status find_format(enum format *format, struct ls_bytes *stream, lockstep_error *error)
{
	const uint8_t *bytes;
	size_t n;
	lockstep_status status = ls_bytes_peek(stream, &bytes, &n, error);
	if (status)
		return status;
	if (!n)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: is empty", ls_bytes_path(stream));
	*format = bytes[0] == 0 ? FORMAT_IDX : bytes[0] == 0x93 ? FORMAT_NPY : FORMAT_CSV;
	return LOCKSTEP_OK;
}

static lockstep_status read_array(struct ls_array *array, enum format format, struct ls_bytes *stream,
                                  lockstep_error *error)
{
	return format == FORMAT_IDX ? ls_idx_read(array, stream, error) : ls_npy_read(array, stream, error);
}

static lockstep_status read_labels(struct ls_table *table, const char *path, lockstep_error *error)
{
	struct ls_bytes *stream = NULL;
	struct ls_array array = {0};
	enum format format = FORMAT_NONE;
	lockstep_status status = ls_bytes_open(&stream, path, error);
	if (!status)
		status = find_format(&format, stream, error);
	if (!status && format == FORMAT_CSV)
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: a file of labels must be IDX or NPY", path);
	if (!status)
		status = read_array(&array, format, stream, error);
	if (!status)
		status = ls_table_add_labels(table, &array, path, error);
	ls_array_fini(&array);
	ls_bytes_close(stream);
	return status;
}

/* Labels from the file named, or else from the one beside the features. */
static lockstep_status find_and_read_labels(struct ls_table *table, const char *path, const char *labels,
                                            lockstep_error *error)
{
	char *found = NULL;
	if (labels)
		return read_labels(table, labels, error);

	lockstep_status status = ls_find_labels(&found, path, error);
	if (!status && !found)
		status = ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                      "%s: no file of labels was named, and none found by name beside it", path);
	if (!status)
		status = read_labels(table, found, error);
	ls_memory_free(found);
	return status;
}

static lockstep_status read_binary(struct ls_table *table, enum format format, struct ls_bytes *stream,
                                   lockstep_error *error)
{
	struct ls_array array = {0};
	lockstep_status status = read_array(&array, format, stream, error);
	if (!status)
		status = ls_table_take_features(table, &array, ls_bytes_path(stream), error);
	ls_array_fini(&array);
	return status;
}

/* Options that say nothing to a file of this format are errors. */
static lockstep_status check_options(const struct opening *opening, enum format format, const char *path,
                                     const char *labels)
{
	if (format == FORMAT_CSV && labels)
		return ls_error_set(opening->error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%s: a CSV file has its labels in columns, not in the file %s", path, labels);
	if (format != FORMAT_CSV && opening->options->label)
		return ls_error_set(opening->error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%s: is no CSV file, and has no label columns", path);
	return LOCKSTEP_OK;
}

static lockstep_status read_part(struct opening *opening, enum lockstep_part part, const char *path, const char *labels)
{
	struct ls_table *table = &opening->dataset->parts[part];
	struct ls_bytes *stream = NULL;
	enum format format = FORMAT_NONE;
	lockstep_status status = ls_bytes_open(&stream, path, opening->error);
	if (!status)
		status = find_format(&format, stream, opening->error);
	if (!status)
		status = check_options(opening, format, path, labels);
	opening->is_csv[part] = format == FORMAT_CSV;
	if (!status && part == LOCKSTEP_TEST && opening->is_csv[LOCKSTEP_TRAIN] != opening->is_csv[LOCKSTEP_TEST])
		status = ls_error_set(opening->error, LOCKSTEP_ERROR_FORMAT,
		                      "%s: only one of training and test part is CSV", path);
	if (!status && format == FORMAT_CSV)
		status = ls_csv_read(table, &opening->csv, stream, opening->options, opening->error);
	else if (!status)
		status = read_binary(table, format, stream, opening->error);
	ls_bytes_close(stream);
	if (!status && format != FORMAT_CSV && !opening->options->unlabelled)
		status = find_and_read_labels(table, path, labels, opening->error);
	return status;
}

static lockstep_status read_test(struct opening *opening, const char *path, const char *labels)
{
	struct ls_table *parts = opening->dataset->parts;
	lockstep_status status = read_part(opening, LOCKSTEP_TEST, path, labels);
	return status ? status : ls_table_match(&parts[LOCKSTEP_TEST], &parts[LOCKSTEP_TRAIN], path, opening->error);
}

/* A part of a folder; without a test part there is nothing to do. */
static lockstep_status read_from_folder(struct opening *opening, enum lockstep_part part, const char *folder)
{
	const char *name = part == LOCKSTEP_TRAIN ? FOLDER_TRAIN : FOLDER_TEST;
	char *path = NULL;
	lockstep_status status = ls_find_in_folder(&path, folder, name, opening->error);
	if (!status && !path && part == LOCKSTEP_TRAIN)
		status = ls_error_set(opening->error, LOCKSTEP_ERROR_IO, "%s: the folder holds neither %s nor %s.gz",
		                      folder, name, name);
	if (!status && path)
		status = part == LOCKSTEP_TRAIN ? read_part(opening, part, path, opening->options->labels)
		                                : read_test(opening, path, opening->options->test_labels);
	ls_memory_free(path);
	return status;
}

static lockstep_status read_parts(struct opening *opening, const char *path)
{
	const struct lockstep_dataset_options *options = opening->options;
	int is_folder = ls_is_folder(path);
	lockstep_status status = is_folder ? read_from_folder(opening, LOCKSTEP_TRAIN, path)
	                                   : read_part(opening, LOCKSTEP_TRAIN, path, options->labels);
	if (!status && options->test)
		status = read_test(opening, options->test, options->test_labels);
	else if (!status && is_folder)
		status = read_from_folder(opening, LOCKSTEP_TEST, path);
	else if (!status && options->test_labels)
		status = ls_error_set(opening->error, LOCKSTEP_ERROR_ARGUMENT,
		                      "%s: labels of a test part without that part", options->test_labels);
	if (!status && opening->is_csv[LOCKSTEP_TRAIN])
		status = ls_csv_copy_label_names(&opening->dataset->label_names, &opening->csv,
		                                 &opening->dataset->parts[LOCKSTEP_TRAIN], opening->error);
	return status;
}

static lockstep_status take_digests(lockstep_dataset *dataset, lockstep_error *error)
{
	lockstep_status status =
	    ls_table_digest(&dataset->parts[LOCKSTEP_TRAIN], dataset->digests[LOCKSTEP_TRAIN], error);
	return status ? status
	              : ls_table_digest(&dataset->parts[LOCKSTEP_TEST], dataset->digests[LOCKSTEP_TEST], error);
}

lockstep_status lockstep_dataset_open_with(lockstep_dataset **out, const char *path,
                                           const struct lockstep_dataset_options *options, lockstep_error *error)
{
	static const struct lockstep_dataset_options defaults = LOCKSTEP_DATASET_OPTIONS_INIT;
	struct opening opening = {.options = options ? options : &defaults, .error = error};

	assert(out && path);
	if (opening.options->unlabelled &&
	    (opening.options->label || opening.options->labels || opening.options->test_labels))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: labels are named for data without labels",
		                    path);
	opening.dataset = ls_memory_allocate(1, sizeof *opening.dataset);
	if (!opening.dataset)
		return ls_error_memory(error, "a data set");
	uint64_t saved = ls_fpcontrol_enter(); /* numbers are read rounded to nearest */
	lockstep_status status = ls_csv_init(&opening.csv, opening.options, error);
	if (!status)
		status = read_parts(&opening, path);
	if (!status)
		status = take_digests(opening.dataset, error);
	if (!status)
		status = ls_origin_init(&opening.dataset->origin, path, opening.options, error);
	ls_csv_fini(&opening.csv);
	ls_fpcontrol_leave(saved);
	if (status) {
		lockstep_dataset_destroy(opening.dataset);
		return status;
	}
	*out = opening.dataset;
	return LOCKSTEP_OK;
}

lockstep_status lockstep_dataset_open(lockstep_dataset **out, const char *path, lockstep_error *error)
{
	return lockstep_dataset_open_with(out, path, NULL, error);
}

void lockstep_dataset_destroy(lockstep_dataset *dataset)
{
	if (!dataset)
		return;
	for (size_t i = 0; dataset->label_names && i < dataset->parts[LOCKSTEP_TRAIN].n_labels; i++)
		ls_memory_free(dataset->label_names[i]);
	ls_memory_free(dataset->label_names);
	ls_origin_fini(&dataset->origin);
	ls_table_fini(&dataset->parts[LOCKSTEP_TRAIN]);
	ls_table_fini(&dataset->parts[LOCKSTEP_TEST]);
	ls_memory_free(dataset);
}

size_t lockstep_dataset_rows(const lockstep_dataset *dataset, enum lockstep_part part)
{
	return dataset->parts[part].n_rows;
}

size_t lockstep_dataset_features(const lockstep_dataset *dataset)
{
	return dataset->parts[LOCKSTEP_TRAIN].n_features;
}

size_t lockstep_dataset_labels(const lockstep_dataset *dataset)
{
	return dataset->parts[LOCKSTEP_TRAIN].n_labels;
}

enum lockstep_label_kind lockstep_dataset_label_kind(const lockstep_dataset *dataset)
{
	return dataset->parts[LOCKSTEP_TRAIN].label_kind;
}

const char *lockstep_dataset_label_name(const lockstep_dataset *dataset, size_t i_label)
{
	return dataset->label_names && i_label < lockstep_dataset_labels(dataset) ? dataset->label_names[i_label]
	                                                                          : NULL;
}

void lockstep_dataset_get_rows(const lockstep_dataset *dataset, enum lockstep_part part, struct lockstep_rows *rows)
{
	const struct ls_table *table = &dataset->parts[part];
	*rows = (struct lockstep_rows){
	    .n_rows = table->n_rows,
	    .n_features = table->n_features,
	    .n_labels = table->n_labels,
	    .bytes = table->bytes,
	    .floats = table->floats,
	    .classes = table->classes,
	    .flags = table->flags,
	};
}

void lockstep_dataset_digest(const lockstep_dataset *dataset, enum lockstep_part part, char digest[65])
{
	memcpy(digest, dataset->digests[part], sizeof dataset->digests[part]);
}
