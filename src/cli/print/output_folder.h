/* SPDX-License-Identifier: MIT
 *
 * A result that is a folder, which appears whole or not at all: it is filled beside its
 * place under another name, and renamed. What is there already is not touched, but for a
 * folder with nothing in it, whose place it takes.
 */
#ifndef LS_CLI_OUTPUT_FOLDER_H
#define LS_CLI_OUTPUT_FOLDER_H

#include <limits.h>

struct ls_output_folder {
	char target[PATH_MAX];
	char temporary[PATH_MAX]; /* to be filled */
};

/* Each returns the exit status; on failure nothing is open. */
int ls_output_folder_open(struct ls_output_folder *folder, const char *path, const char *command);
int ls_output_folder_commit(struct ls_output_folder *folder, const char *command);

/* Leaves no trace of the folder. */
void ls_output_folder_abandon(struct ls_output_folder *folder);

#endif
