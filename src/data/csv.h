/* SPDX-License-Identifier: MIT
 *
 * CSV: a row a line, numbers in the feature columns, and one label column of
 * classes (any text) or several of flags (0 or 1). A header is found by itself.
 */
#ifndef LS_DATA_CSV_H
#define LS_DATA_CSV_H

#include "bytes.h"
#include "columns.h"
#include "lockstep/dataset.h"
#include "names.h"
#include "table.h"

/* What the training file fixes, and a test file read with it must follow. */
struct ls_csv {
	struct ls_columns columns;
	struct ls_names classes;
	int classes_fixed; /* a class that is not among them is an error */
};

/* Fixes the classes before any file is read: those of options->label_names. */
lockstep_status ls_csv_init(struct ls_csv *csv, const struct lockstep_dataset_options *options, lockstep_error *error);

/* Reads a whole file from its first byte on. Caller owns what *out holds; it
 * is untouched on failure. */
lockstep_status ls_csv_read(struct ls_table *out, struct ls_csv *csv, struct ls_bytes *stream,
                            const struct lockstep_dataset_options *options, lockstep_error *error);

/* Copies the names of classes or flags into *names [table->n_labels], NULL when
 * the file gave none. Caller owns *names and its texts. */
lockstep_status ls_csv_copy_label_names(char ***names, const struct ls_csv *csv, const struct ls_table *table,
                                        lockstep_error *error);

void ls_csv_fini(struct ls_csv *csv);

#endif
