/* SPDX-License-Identifier: MIT
 *
 * Names of data files: the four of a folder, and the labels beside a file.
 */
#ifndef LS_DATA_FIND_H
#define LS_DATA_FIND_H

#include "lockstep/status.h"

int ls_is_folder(const char *path);

/* `name` or `name`.gz in the folder; *path is NULL when there is neither.
 * Caller owns *path. */
lockstep_status ls_find_in_folder(char **path, const char *folder, const char *name, lockstep_error *error);

/* The file of labels that belongs to a file with "images" in its name; *path
 * is NULL when there is none. Caller owns *path. */
lockstep_status ls_find_labels(char **path, const char *images, lockstep_error *error);

#endif
