/* SPDX-License-Identifier: MIT
 *
 * rename() puts a folder in the place of an empty one, and of no other, so that what
 * comes to be there meanwhile is kept too.
 */
#define _GNU_SOURCE /* mkdtemp(), nftw(), syncfs() */

#include "output_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

#define TEMPORARY ".lockstep-XXXXXX"

static int failed(const char *command, const char *path)
{
	return ls_message_failed(command, "%s: %s", path, strerror(errno));
}

/* With links followed and without slashes at its end. */
static int find_target(struct ls_output_folder *folder, const char *path)
{
	if (realpath(path, folder->target))
		return 1;
	size_t length = strlen(path);
	if (errno != ENOENT || length >= sizeof folder->target)
		return 0;
	while (length > 1 && path[length - 1] == '/')
		length--;
	memcpy(folder->target, path, length);
	folder->target[length] = '\0';
	return length > 0;
}

static int is_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry = NULL;
	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			break;
	if (folder)
		closedir(folder);
	return folder && !entry;
}

static int check_target(const struct ls_output_folder *folder, const char *path, const char *command)
{
	struct stat status;
	if (stat(folder->target, &status))
		return errno == ENOENT ? LS_EXIT_DONE : failed(command, path);
	if (!S_ISDIR(status.st_mode))
		return ls_message_failed(command, "%s: is there, and no folder", path);
	if (!is_empty(folder->target))
		return ls_message_failed(command, "%s: the folder has something in it: name a new one", path);
	return LS_EXIT_DONE;
}

int ls_output_folder_open(struct ls_output_folder *folder, const char *path, const char *command)
{
	if (!find_target(folder, path))
		return failed(command, path);
	int status = check_target(folder, path, command);
	if (status)
		return status;
	const char *slash = strrchr(folder->target, '/');
	int length = slash ? (int)(slash - folder->target) + 1 : 0;
	if ((size_t)length + sizeof TEMPORARY > sizeof folder->temporary) {
		errno = ENAMETOOLONG;
		return failed(command, path);
	}
	memcpy(folder->temporary, folder->target, (size_t)length);
	strcpy(folder->temporary + length, TEMPORARY);
	return mkdtemp(folder->temporary) ? LS_EXIT_DONE : failed(command, path);
}

/* mkdtemp() makes folders of mode 0700. All is on the disk before the name is. */
static int settle(const char *path)
{
	mode_t mask = umask(0);
	umask(mask);
	int descriptor = open(path, O_RDONLY | O_DIRECTORY);
	int fails = descriptor < 0 || syncfs(descriptor) || fchmod(descriptor, 0777 & ~mask);
	int cause = errno;
	if (descriptor >= 0)
		close(descriptor);
	errno = cause;
	return fails;
}

int ls_output_folder_commit(struct ls_output_folder *folder, const char *command)
{
	if (!settle(folder->temporary) && !rename(folder->temporary, folder->target))
		return LS_EXIT_DONE;
	int status = failed(command, folder->target);
	ls_output_folder_abandon(folder);
	return status;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status;
	(void)kind;
	(void)place;
	remove(path);
	return 0;
}

void ls_output_folder_abandon(struct ls_output_folder *folder)
{
	nftw(folder->temporary, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
