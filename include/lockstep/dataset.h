/* SPDX-License-Identifier: MIT
 *
 * Data sets: rows of features with their labels, and, where there is one, a
 * test part. A data set is read-only after it was made and may be shared by
 * any number of jobs and threads.
 *
 * Pixels stay uint8 in memory; everything else is fp32. A label is either one
 * class a row (0 .. n_labels - 1) or, for multi-label data, n_labels flags
 * (0 or 1) a row.
 */
#ifndef LOCKSTEP_DATASET_H
#define LOCKSTEP_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_dataset lockstep_dataset;

enum lockstep_part { LOCKSTEP_TRAIN = 0, LOCKSTEP_TEST = 1 };

enum lockstep_label_kind {
	LOCKSTEP_LABELS_NONE = 0, /* features only: for prediction */
	LOCKSTEP_LABELS_CLASS,    /* one class a row */
	LOCKSTEP_LABELS_MULTI     /* n_labels flags a row */
};

/* How a file is to be read; the initialiser leaves every choice to the file. */
struct lockstep_dataset_options {
	const char *test;        /* file of the test part; NULL: what the folder holds, else none */
	const char *label;       /* CSV: label columns, names or numbers from 1, comma separated; NULL: the last */
	const char *labels;      /* label file of an IDX or NPY file; NULL: found by name beside it */
	const char *test_labels; /* the same for `test` */
	int unlabelled;          /* non-zero: all columns are features (files to predict) */
	/* CSV: the classes in their order, or the names of the flags, as a trained
	 * network knows them; any other is an error. NULL: what the file holds, in
	 * ascending order when all are integers, else in the order of their bytes. */
	const char *const *label_names;
	size_t n_label_names;
};
#define LOCKSTEP_DATASET_OPTIONS_INIT                                                                                  \
	{                                                                                                              \
		0                                                                                                      \
	}

/* Opens a data set. `path` is a folder with the four IDX files of MNIST's
 * names (train-images-idx3-ubyte, train-labels-idx1-ubyte or -idx2-ubyte for
 * flags, and the same with t10k for the test part, which may be missing), or
 * one file of features: IDX, CSV or NPY. Formats are told apart by content;
 * each may be gzip-compressed.
 *
 * Labels of an IDX or NPY file are another such file of integers: of rank 1
 * (classes) or rank 2 (flags). It is found beside a file with "images" in its
 * name, under the same name with "labels" (and idx1 or idx2 for idx3).
 *
 * CSV: cells between commas, semicolons or tabs (RFC 4180). The first line is
 * a header when a word stands where a number must be. One label column holds
 * classes (any text), several hold flags.
 *
 * Rows, lines and columns in messages count from 1, bytes from 0. Caller owns
 * *out. */
LOCKSTEP_API lockstep_status lockstep_dataset_open(lockstep_dataset **out, const char *path, lockstep_error *error);

/* The same with options (NULL: the defaults). */
LOCKSTEP_API lockstep_status lockstep_dataset_open_with(lockstep_dataset **out, const char *path,
                                                        const struct lockstep_dataset_options *options,
                                                        lockstep_error *error);

/* Rows from memory, copied. Exactly one of bytes and floats is not NULL,
 * [n_rows][n_features] row-major; floats must be finite. Exactly one of
 * classes [n_rows] (< n_labels) and flags [n_rows][n_labels] (0 or 1) is not
 * NULL, or both are NULL for rows to predict. */
struct lockstep_rows {
	size_t n_rows, n_features, n_labels;
	const uint8_t *bytes;
	const float *floats;
	const uint32_t *classes;
	const uint8_t *flags;
};

/* Makes a data set of a training part and an optional test part (NULL: none)
 * of the same shape and types. Caller owns *out; the rows are copied. */
LOCKSTEP_API lockstep_status lockstep_dataset_from_rows(lockstep_dataset **out, const struct lockstep_rows *train,
                                                        const struct lockstep_rows *test, lockstep_error *error);

/* NULL is allowed and does nothing. */
LOCKSTEP_API void lockstep_dataset_destroy(lockstep_dataset *dataset);

/* Rows of a part; 0 when there is no such part. */
LOCKSTEP_API size_t lockstep_dataset_rows(const lockstep_dataset *dataset, enum lockstep_part part);
LOCKSTEP_API size_t lockstep_dataset_features(const lockstep_dataset *dataset);
/* Classes or flags; 0 without labels. */
LOCKSTEP_API size_t lockstep_dataset_labels(const lockstep_dataset *dataset);
LOCKSTEP_API enum lockstep_label_kind lockstep_dataset_label_kind(const lockstep_dataset *dataset);
/* Name of a class or flag; NULL when the file gave none. Owned by the data set. */
LOCKSTEP_API const char *lockstep_dataset_label_name(const lockstep_dataset *dataset, size_t i_label);

/* The rows of a part, borrowed until the data set is destroyed; all 0 and NULL
 * when there is no such part. */
LOCKSTEP_API void lockstep_dataset_get_rows(const lockstep_dataset *dataset, enum lockstep_part part,
                                            struct lockstep_rows *rows);

/* SHA-256 of a part's types, shape, values and labels in one canonical form
 * (doc/numerics.md), as 64 hex digits: the same rows give the same digest
 * whatever file they came from. Empty text when there is no such part. */
LOCKSTEP_API void lockstep_dataset_digest(const lockstep_dataset *dataset, enum lockstep_part part, char digest[65]);

#ifdef __cplusplus
}
#endif

#endif
