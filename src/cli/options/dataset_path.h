/* SPDX-License-Identifier: MIT
 *
 * The options that say which data to read, and how a data set's name becomes
 * a path: `mnist` is found wherever the command runs, once it is installed.
 */
#ifndef LS_CLI_DATASET_PATH_H
#define LS_CLI_DATASET_PATH_H

#include <limits.h>

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "options.h"

struct ls_data_options {
	const char *data; /* name, folder or file */
	struct lockstep_dataset_options files;
};
#define LS_DATA_OPTIONS_INIT                                                                                           \
	{                                                                                                              \
		.data = "mnist", .files = LOCKSTEP_DATASET_OPTIONS_INIT                                                \
	}

/* Of a struct ls_data_options. */
extern const struct ls_option ls_data_option_table[];

/* `data` where it is a path; NULL: a name, or none is given. */
const char *ls_data_file(const struct ls_data_options *options);

/* The path of `data`. A text with '/' or '.' is a path as it is. Any other is
 * a name, looked up in $LOCKSTEP_DATA where that is set, else in the installed
 * data folder and in ./datasets, and then taken as a path if it is one. The
 * error lists the places. */
lockstep_status ls_dataset_path(const char *data, char path[PATH_MAX], lockstep_error *error);

/* Opens the data set that the options name. Caller owns *out. */
lockstep_status ls_dataset_open(lockstep_dataset **out, const struct ls_data_options *options, lockstep_error *error);

/* The same with the classes numbered as the network knows them, also when a
 * file lacks some of them. */
lockstep_status ls_dataset_open_for(lockstep_dataset **out, const struct ls_data_options *options,
                                    const lockstep_network *network, lockstep_error *error);

#endif
