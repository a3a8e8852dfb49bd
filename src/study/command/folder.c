/* SPDX-License-Identifier: MIT
 *
 * Nothing is ever removed: what a program left is its user's.
 */
#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"

#define NUMBER_MAX 24

lockstep_status ls_folder_make(const char *path, lockstep_error *error)
{
	if (mkdir(path, 0777) && errno != EEXIST)
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", path, strerror(errno));
	return LOCKSTEP_OK;
}

void ls_folder_add_name(struct ls_text *text, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	for (; *name; name++)
		ls_text_add_bytes(text, strchr(plain, *name) ? name : "_", 1);
}

char *ls_folder_join(const char *first, const char *second)
{
	struct ls_text text = {0};
	ls_text_add(&text, first);
	ls_text_add(&text, second);
	if (text.has_failed)
		ls_text_fini(&text);
	return text.bytes;
}

lockstep_status ls_folder_clear(const char *path, lockstep_error *error)
{
	char number[NUMBER_MAX];
	struct stat state;
	if (lstat(path, &state))
		return LOCKSTEP_OK;
	for (unsigned i = 1; i < 10000; i++) {
		snprintf(number, sizeof number, ".old%u", i);
		char *other = ls_folder_join(path, number);
		int is_free = other && lstat(other, &state) && errno == ENOENT;
		int is_moved = is_free && rename(path, other) == 0;
		ls_memory_free(other);
		if (is_moved)
			return LOCKSTEP_OK;
		if (is_free || !other)
			break;
	}
	return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: is there already, and cannot be moved away", path);
}
