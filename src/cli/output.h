/* SPDX-License-Identifier: MIT
 *
 * A result that goes to stdout, or to a file that appears whole or not at all:
 * written beside its place under another name, synced and renamed. What is
 * there and is no regular file (a pipe, a device) is written as it is.
 */
#ifndef LS_CLI_OUTPUT_H
#define LS_CLI_OUTPUT_H

#include <limits.h>
#include <stdio.h>

struct ls_output {
	FILE *file;
	const char *path;              /* NULL: stdout */
	char temporary[PATH_MAX + 16]; /* empty: nothing to rename */
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
