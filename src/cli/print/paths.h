/* SPDX-License-Identifier: MIT
 *
 * Do two options name one file? Of two results one would be lost, and of an input and a result the input. To be asked
 * before the work is done.
 */
#ifndef LS_CLI_PATHS_H
#define LS_CLI_PATHS_H

struct ls_named_path {
	const char *name; /* as messages call it: "--json"; NULL ends a list */
	const char *path; /* NULL: not given; "-" is standard output */
};

/* By device and inode, whatever they are called; what is not there yet, by its folder and its name there. */
int ls_paths_are_same(const char *a, const char *b);

/* Refuses two of `outputs` that go to one file, and one that is a regular file of `inputs`. Returns the exit status. */
int ls_paths_check(const struct ls_named_path *outputs, const struct ls_named_path *inputs, const char *command);

/* Of a database: a file, and so never standard output. Returns the exit status. */
int ls_paths_check_database(const char *path, const char *command);

#endif
