/* SPDX-License-Identifier: MIT
 *
 * The columns of a CSV file: which are labels, which are features, and what
 * they are called. Fixed by the training file; the test file must follow.
 */
#ifndef LS_DATA_COLUMNS_H
#define LS_DATA_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "records.h"

#define LS_COLUMN_FEATURE (-1)

struct ls_columns {
	size_t n; /* 0: not known yet */
	size_t n_labels;
	int32_t *label; /* [n]: which label the column holds, or LS_COLUMN_FEATURE */
	char **names;   /* [n], or NULL without a header */
	int named;      /* a label column was chosen by its name: there is a header */
};

/* What the first record of a file may be. */
enum ls_first_record {
	LS_FIRST_IS_ROW,
	LS_FIRST_IS_HEADER,
	LS_FIRST_IS_OPEN /* numbers, but for a word as its class: a header if all other classes are numbers */
};

/* Sets n and label from the first record of the training file. */
lockstep_status ls_columns_resolve(struct ls_columns *columns, const struct ls_records *first,
                                   const struct lockstep_dataset_options *options, lockstep_error *error);

enum ls_first_record ls_columns_judge(const struct ls_columns *columns, const struct ls_records *first);

/* Takes the names of a header, or checks it against those already taken. */
lockstep_status ls_columns_take_names(struct ls_columns *columns, const struct ls_records *header,
                                      lockstep_error *error);
void ls_columns_drop_names(struct ls_columns *columns);

/* Index of the column that holds a label. */
size_t ls_columns_of_label(const struct ls_columns *columns, size_t i_label);

void ls_columns_fini(struct ls_columns *columns);

#endif
