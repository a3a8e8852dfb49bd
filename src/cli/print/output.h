/* SPDX-License-Identifier: MIT
 *
 * A result that goes to stdout, or to a file that appears whole or not at all:
 * written beside its place under another name, synced and renamed. The mode of
 * a file that was there is kept, and one that may not be written is refused.
 * What is there and is no regular file (a pipe, a device) is written as it is.
 */
#ifndef LS_CLI_OUTPUT_H
#define LS_CLI_OUTPUT_H

#include <limits.h>
#include <stdio.h>

#include "stream.h"

struct ls_output {
	FILE *file;
	struct ls_stream stream;  /* the file's */
	const char *path;         /* NULL: stdout */
	char target[PATH_MAX];    /* of the rename: the path, or what a symbolic link comes to */
	char temporary[PATH_MAX]; /* empty: nothing to rename */
};

/* `path` NULL is stdout. Returns the exit status; on failure nothing is open. */
int ls_output_open(struct ls_output *output, const char *path, const char *command);

/* Puts the file in its place. Returns the exit status. */
int ls_output_commit(struct ls_output *output, const char *command);

/* Leaves no trace of the file. */
void ls_output_abandon(struct ls_output *output);

/* Whether a file may be created at `path`, before the work that fills it.
 * Returns the exit status. */
int ls_output_check(const char *path, const char *command);

#endif
