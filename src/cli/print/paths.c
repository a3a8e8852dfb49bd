/* SPDX-License-Identifier: MIT
 *
 * What is there is known by its number. Of what is not, the folder is: so links, dots and double slashes on the way
 * make no difference.
 */
#include "paths.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

/* Where a path leads. */
struct place {
	struct stat status; /* the file's; of one that is not there, its folder's */
	const char *name;   /* in the folder; NULL: the file is there */
};

static int find_folder(const char *path, size_t length, struct stat *status)
{
	char folder[PATH_MAX];
	if (length >= sizeof folder)
		return 0;
	memcpy(folder, path, length);
	folder[length] = '\0';
	return stat(folder, status) == 0;
}

/* 0: leads nowhere. */
static int find(const char *path, struct place *place)
{
	const char *slash = strrchr(path, '/');
	place->name = NULL;
	if (strcmp(path, "-") == 0)
		return fstat(STDOUT_FILENO, &place->status) == 0;
	if (stat(path, &place->status) == 0)
		return 1;
	place->name = slash ? slash + 1 : path;
	return slash ? find_folder(path, (size_t)(slash - path) + 1, &place->status)
	             : find_folder(".", 1, &place->status);
}

static int is_same_place(const struct place *a, const struct place *b)
{
	if (a->status.st_dev != b->status.st_dev || a->status.st_ino != b->status.st_ino)
		return 0;
	return a->name && b->name ? strcmp(a->name, b->name) == 0 : !a->name && !b->name;
}

int ls_paths_are_same(const char *a, const char *b)
{
	struct place x, y;
	return strcmp(a, b) == 0 || (find(a, &x) && find(b, &y) && is_same_place(&x, &y));
}

/* A terminal or a pipe may be read and written. */
static int is_regular(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int check_one(const struct ls_named_path *output, const struct ls_named_path *others,
                     const struct ls_named_path *inputs, const char *command)
{
	for (; others->name; others++)
		if (others->path && ls_paths_are_same(output->path, others->path))
			return ls_message_usage(command, "%s and %s both go to '%s'", output->name, others->name,
			                        output->path);
	for (; inputs->name; inputs++)
		if (inputs->path && is_regular(inputs->path) && ls_paths_are_same(output->path, inputs->path))
			return ls_message_usage(command, "%s '%s': is the file of %s, which is read", output->name,
			                        output->path, inputs->name);
	return LS_EXIT_DONE;
}

int ls_paths_check(const struct ls_named_path *outputs, const struct ls_named_path *inputs, const char *command)
{
	int status = LS_EXIT_DONE;
	for (; outputs->name && status == LS_EXIT_DONE; outputs++)
		if (outputs->path)
			status = check_one(outputs, outputs + 1, inputs, command);
	return status;
}

int ls_paths_check_database(const char *path, const char *command)
{
	if (strcmp(path, "-") == 0)
		return ls_message_usage(command,
		                        "--db '-': a database is a file, and never standard output; ./- is one");
	return LS_EXIT_DONE;
}
