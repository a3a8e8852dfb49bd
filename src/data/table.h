/* SPDX-License-Identifier: MIT
 *
 * What a lockstep_dataset is made of: two tables of rows with labels.
 * Plain data, read-only once made; owned by the data set.
 */
#ifndef LS_DATA_TABLE_H
#define LS_DATA_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "origin.h"

#define LS_ROWS_MAX (UINT32_MAX - 1)
#define LS_FEATURES_MAX 1048576
#define LS_LABELS_MAX 1048576

struct ls_table {
	size_t n_rows, n_features;
	uint8_t *bytes;  /* [n_rows][n_features], or NULL */
	float *floats;   /* [n_rows][n_features], finite, or NULL; exactly one of the two */
	size_t n_labels; /* classes or flags */
	enum lockstep_label_kind label_kind;
	uint32_t *classes; /* [n_rows], < n_labels; LOCKSTEP_LABELS_CLASS only */
	uint8_t *flags;    /* [n_rows][n_labels], 0 or 1; LOCKSTEP_LABELS_MULTI only */
};

struct lockstep_dataset {
	struct ls_table parts[2]; /* by enum lockstep_part; a missing one has n_rows 0 */
	char digests[2][65];      /* of the parts; "" for a missing one */
	char **label_names;       /* [n_labels], or NULL when the file gave none */
	struct ls_origin origin;
};

struct ls_array;

/* Moves the values of an array of rank 2 or more into the table; `path` is
 * its file, for errors. The array keeps what it had on failure. */
lockstep_status ls_table_take_features(struct ls_table *table, struct ls_array *array, const char *path,
                                       lockstep_error *error);
/* Adds the labels in an array of integers: classes (rank 1) or flags (rank 2),
 * one for each row of the table. */
lockstep_status ls_table_add_labels(struct ls_table *table, const struct ls_array *array, const char *path,
                                    lockstep_error *error);
/* Checks that a test part has the training part's types and shape, and gives
 * it the training part's number of classes. `path` names the test part. */
lockstep_status ls_table_match(struct ls_table *test, const struct ls_table *train, const char *path,
                               lockstep_error *error);

/* Writes the canonical SHA-256 (doc/numerics.md); "" for a table without rows. */
lockstep_status ls_table_digest(const struct ls_table *table, char digest[65], lockstep_error *error);

/* Frees what the table owns and zeroes it. */
void ls_table_fini(struct ls_table *table);

#endif
