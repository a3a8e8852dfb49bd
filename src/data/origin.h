/* SPDX-License-Identifier: MIT
 *
 * Where a data set came from, so that a checkpoint can find it again: path and
 * options as lockstep_dataset_open_with() takes them, with absolute paths.
 */
#ifndef LS_DATA_ORIGIN_H
#define LS_DATA_ORIGIN_H

#include "lockstep/dataset.h"

struct ls_origin {
	char *data;                                /* NULL: not known, as of rows from memory */
	char *test, *label, *labels, *test_labels; /* NULL: not given */
};

/* Copies path and options, with paths made absolute, or as they are. `origin`
 * is zeroed memory; what it holds afterwards, also on failure, goes with
 * ls_origin_fini(). */
lockstep_status ls_origin_init(struct ls_origin *origin, const char *path,
                               const struct lockstep_dataset_options *options, lockstep_error *error);
lockstep_status ls_origin_copy(struct ls_origin *origin, const char *path,
                               const struct lockstep_dataset_options *options, lockstep_error *error);
void ls_origin_fini(struct ls_origin *origin);

#endif
