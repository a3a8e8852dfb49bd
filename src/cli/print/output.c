/* SPDX-License-Identifier: MIT
 *
 * The temporary lies beside the target, because rename() does not cross file
 * systems, under a name without the target's, so that a name of the greatest
 * length can be written as well. A rename would replace a file that may not be
 * written; that is looked at before.
 */
#define _GNU_SOURCE /* mkostemps() */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

#define TEMPORARY ".lockstep-XXXXXX.tmp"
#define SUFFIX_LENGTH 4

static int is_special(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

static int failed(const char *command, const char *path)
{
	return ls_message_failed(command, "%s: %s", path, strerror(errno));
}

/* The folder of a path, with its slash; 0 when it is too long. */
static int folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) + 1 : 2;
	if (length + sizeof TEMPORARY > PATH_MAX) {
		errno = ENAMETOOLONG;
		return 0;
	}
	memcpy(folder, slash ? path : "./", length);
	folder[length] = '\0';
	return 1;
}

/* The file to replace: what a symbolic link comes to; 0 when there is no telling. */
static int find_target(struct ls_output *output)
{
	if (realpath(output->path, output->target))
		return 1;
	if (errno != ENOENT || strlen(output->path) >= sizeof output->target)
		return 0;
	strcpy(output->target, output->path);
	return 1;
}

/* mkstemp() makes files of mode 0600; a result has that of the file it
 * replaces, or the one that the umask gives. */
static int set_mode(int descriptor, const char *target)
{
	struct stat status;
	if (stat(target, &status) == 0)
		return fchmod(descriptor, status.st_mode & 0777);
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(descriptor, 0666 & ~mask);
}

static int open_temporary(struct ls_output *output)
{
	char folder[PATH_MAX];
	if (!find_target(output) || !folder_of(output->target, folder))
		return -1;
	strcpy(output->temporary, folder);
	strcat(output->temporary, TEMPORARY);
	int descriptor = mkostemps(output->temporary, SUFFIX_LENGTH, O_CLOEXEC);
	if (descriptor < 0)
		output->temporary[0] = '\0';
	else if (set_mode(descriptor, output->target) == 0)
		return descriptor;
	else
		close(descriptor);
	return -1;
}

static void remove_temporary(struct ls_output *output)
{
	int cause = errno;
	if (*output->temporary)
		unlink(output->temporary);
	output->temporary[0] = '\0';
	errno = cause;
}

int ls_output_open(struct ls_output *output, const char *path, const char *command)
{
	*output = (struct ls_output){.path = path, .file = stdout};
	if (!path)
		return LS_EXIT_DONE;
	if (ls_output_check(path, command))
		return LS_EXIT_FAILED;
	int descriptor = is_special(path) ? open(path, O_WRONLY | O_CLOEXEC) : open_temporary(output);
	output->file = descriptor < 0 ? NULL : ls_stream_open(&output->stream, descriptor);
	if (output->file)
		return LS_EXIT_DONE;
	int cause = errno;
	if (descriptor >= 0)
		close(descriptor);
	remove_temporary(output);
	return ls_message_failed(command, "%s: %s", path, strerror(cause));
}

static int sync_descriptor(int descriptor)
{
	int result;
	do
		result = fsync(descriptor);
	while (result && errno == EINTR);
	return result;
}

/* Makes the rename last; some network file systems cannot sync a folder. */
static int sync_folder(const char *target)
{
	char path[PATH_MAX];
	int folder = folder_of(target, path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int result = folder < 0 ? -1 : sync_descriptor(folder);
	int cause = errno;
	if (folder >= 0)
		close(folder);
	errno = cause;
	return result && errno == EINVAL ? 0 : result;
}

/* Writes what is left and closes. Returns an errno; -1: a failure of no known cause. */
static int finish_file(struct ls_output *output)
{
	int has_failed = fflush(output->file) || ferror(output->file);
	int cause = output->stream.error;
	if (!has_failed && *output->temporary && sync_descriptor(output->stream.descriptor)) {
		has_failed = 1;
		cause = errno;
	}
	if (fclose(output->file) && !has_failed) {
		has_failed = 1;
		cause = errno;
	}
	return !has_failed ? 0 : cause ? cause : -1;
}

int ls_output_commit(struct ls_output *output, const char *command)
{
	if (!output->path)
		return LS_EXIT_DONE;
	int cause = finish_file(output);
	if (!cause && *output->temporary && rename(output->temporary, output->target))
		cause = errno;
	if (cause) {
		remove_temporary(output);
		return ls_message_failed(command, "%s: %s", output->path, cause > 0 ? strerror(cause) : "write error");
	}
	if (*output->temporary && sync_folder(output->target))
		return ls_message_failed(command, "%s: written, but its folder cannot be synced: %s", output->path,
		                         strerror(errno));
	return LS_EXIT_DONE;
}

void ls_output_abandon(struct ls_output *output)
{
	if (!output->path)
		return;
	fclose(output->file);
	remove_temporary(output);
}

int ls_output_check(const char *path, const char *command)
{
	struct stat status;
	int exists = stat(path, &status) == 0;
	if (exists && S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		return failed(command, path);
	}
	if (exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS))
		return failed(command, path);
	if (exists && !S_ISREG(status.st_mode))
		return LS_EXIT_DONE; /* written as it is */

	char folder[PATH_MAX];
	if (!folder_of(path, folder))
		return failed(command, path);
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
		return ls_message_failed(command, "%s: cannot write to folder %s: %s", path, folder, strerror(errno));
	return LS_EXIT_DONE;
}
