/* SPDX-License-Identifier: MIT
 *
 * A file counts as found unless the system says that it does not exist: one
 * that cannot be read is then reported by whoever opens it.
 */
#include "find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"

#define SUFFIX ".gz"

int ls_is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int exists(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* Cuts the suffix off, or adds it if there is none; there must be room. */
static void toggle_suffix(char *path)
{
	size_t length = strlen(path), n = strlen(SUFFIX);
	if (length > n && strcmp(path + length - n, SUFFIX) == 0)
		path[length - n] = '\0';
	else
		memcpy(path + length, SUFFIX, n + 1);
}

/* Whether the file is there as it is named, or with the suffix toggled. */
static int exists_either_way(char *path)
{
	if (exists(path))
		return 1;
	toggle_suffix(path);
	if (exists(path))
		return 1;
	toggle_suffix(path);
	return 0;
}

lockstep_status ls_find_in_folder(char **path, const char *folder, const char *name, lockstep_error *error)
{
	size_t size = strlen(folder) + strlen(name) + sizeof "/" SUFFIX;
	char *candidate = ls_memory_allocate(size, 1);
	if (!candidate)
		return ls_error_memory(error, "a file's name");
	snprintf(candidate, size, "%s/%s", folder, name);
	if (!exists_either_way(candidate)) {
		ls_memory_free(candidate);
		candidate = NULL;
	}
	*path = candidate;
	return LOCKSTEP_OK;
}

/* The last "images" in the path's last part, or NULL. */
static char *find_images(char *path)
{
	char *name = strrchr(path, '/'), *found = NULL;
	for (char *at = name ? name : path; (at = strstr(at, "images")); at++)
		found = at;
	return found;
}

lockstep_status ls_find_labels(char **path, const char *images, lockstep_error *error)
{
	size_t size = strlen(images) + sizeof SUFFIX;
	char *candidate = ls_memory_allocate(size, 1), *word, *rank = NULL;
	int found = 0;

	if (!candidate)
		return ls_error_memory(error, "a file's name");
	memcpy(candidate, images, strlen(images) + 1);
	word = find_images(candidate);
	if (word) {
		memcpy(word, "labels", 6);
		rank = strstr(word, "idx3");
	}
	if (word && !rank)
		found = exists_either_way(candidate);
	for (char digit = '1'; rank && !found && digit <= '2'; digit++) {
		rank[3] = digit;
		found = exists_either_way(candidate);
	}
	if (!found) {
		ls_memory_free(candidate);
		candidate = NULL;
	}
	*path = candidate;
	return LOCKSTEP_OK;
}
