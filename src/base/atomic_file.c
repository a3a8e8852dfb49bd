/* SPDX-License-Identifier: MIT
 *
 * Everything goes through a descriptor of the folder, opened first: a change
 * of the working folder between create and commit does no harm, and the folder
 * can be synced after the rename. The temporary's name does not contain the
 * target's, so that a name of the greatest length can be saved as well.
 *
 * A writer holds a lock on its temporary for as long as that has its name. One that
 * can be locked was left by a crash, and the next writer in the folder removes it.
 * The file is closed before the rename, since that may fail too; a copy of the
 * descriptor keeps the lock until after it.
 */
#include "atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "memory.h"

#define TEMPORARY_PREFIX ".lockstep-"
#define TEMPORARY_SUFFIX ".tmp"
#define TEMPORARY_TRIES 1000
#define WRITE_MAX ((size_t)1 << 30)

struct ls_atomic_file {
	const char *path; /* as the caller wrote it */
	int folder;       /* descriptors; -1: closed */
	int file;
	int lock;                /* a copy of `file` that outlives it */
	char name[NAME_MAX + 1]; /* of the target in its folder */
	char temporary[64];      /* of the new content; empty: there is none */
};

static lockstep_status io_error(const struct ls_atomic_file *file, const char *what, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s: %s", file->path, what, strerror(errno));
}

/* Splits `path` at its last slash, opens the folder and keeps the name. */
static lockstep_status open_folder(struct ls_atomic_file *file, const char *path, lockstep_error *error)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;

	if (!*name)
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: this names no file", file->path);
	errno = ENAMETOOLONG;
	if (length >= sizeof folder || strlen(name) > NAME_MAX)
		return io_error(file, "cannot write", error);
	memcpy(folder, path, length);
	memcpy(folder + length, length ? "" : ".", length ? 1 : 2);
	strcpy(file->name, name);

	file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file->folder < 0 ? io_error(file, "cannot open its folder", error) : LOCKSTEP_OK;
}

/* Of a file as open_temporary() names it; the command's own outputs have other
 * names, and no locks. */
static int is_temporary(const char *name)
{
	static const char digits[] = "0123456789";
	if (strncmp(name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) != 0)
		return 0;
	const char *process = name + strlen(TEMPORARY_PREFIX);
	const char *mark = process + strspn(process, digits);
	if (mark == process || *mark != '-')
		return 0;
	const char *suffix = mark + 1 + strspn(mark + 1, digits);
	return suffix > mark + 1 && strcmp(suffix, TEMPORARY_SUFFIX) == 0;
}

static void remove_if_left(int folder, const char *name)
{
	struct stat status;
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return;
	if (!fstat(file, &status) && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
	    !flock(file, LOCK_EX | LOCK_NB))
		unlinkat(folder, name, 0);
	close(file);
}

/* What cannot be looked at or removed stays: it does no harm. */
static void remove_leftovers(const struct ls_atomic_file *file)
{
	int folder = openat(file->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = folder < 0 ? NULL : fdopendir(folder);
	if (!list) {
		if (folder >= 0)
			close(folder);
		return;
	}
	for (const struct dirent *entry; (entry = readdir(list));)
		if (is_temporary(entry->d_name))
			remove_if_left(file->folder, entry->d_name);
	closedir(list);
}

/* False when a writer that looks for leftovers has taken the file for one,
 * between its creation and its lock. Where there are no locks nobody can. */
static int is_ours(int file)
{
	struct stat status;
	return !(flock(file, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) &&
	       !(fstat(file, &status) == 0 && status.st_nlink == 0);
}

static lockstep_status open_temporary(struct ls_atomic_file *file, lockstep_error *error)
{
	static atomic_uint n_temporaries; /* relaxed: it only makes names differ */

	for (int i = 0; i < TEMPORARY_TRIES && file->file < 0; i++) {
		unsigned number = atomic_fetch_add_explicit(&n_temporaries, 1, memory_order_relaxed);
		snprintf(file->temporary, sizeof file->temporary, TEMPORARY_PREFIX "%ld-%u" TEMPORARY_SUFFIX,
		         (long)getpid(), number);
		file->file = openat(file->folder, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file->file < 0 && errno != EEXIST && errno != EINTR)
			break;
		if (file->file >= 0 && !is_ours(file->file)) {
			close(file->file);
			file->file = -1;
		}
	}
	if (file->file >= 0)
		return LOCKSTEP_OK;
	file->temporary[0] = '\0';
	return io_error(file, "cannot create a file in its folder", error);
}

/* Opens the temporary, with the mode of the file that it will replace. A file
 * that may not be written is not replaced either, although a rename could. */
static lockstep_status open_beside_target(struct ls_atomic_file *file, lockstep_error *error)
{
	struct stat target;
	int exists = !fstatat(file->folder, file->name, &target, AT_SYMLINK_NOFOLLOW) && !S_ISLNK(target.st_mode);

	if (exists && !S_ISREG(target.st_mode))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot write: %s", file->path,
		                    S_ISDIR(target.st_mode) ? strerror(EISDIR) : "not a regular file");
	if (exists && faccessat(file->folder, file->name, W_OK, AT_EACCESS))
		return io_error(file, "cannot write", error);
	remove_leftovers(file);
	lockstep_status status = open_temporary(file, error);
	if (!status && exists && fchmod(file->file, target.st_mode & 0777))
		status = io_error(file, "cannot keep its mode", error);
	return status;
}

lockstep_status ls_atomic_file_create(struct ls_atomic_file **out, const char *path, lockstep_error *error)
{
	char target[PATH_MAX];
	struct ls_atomic_file *file = ls_memory_allocate(1, sizeof *file);
	if (!file)
		return ls_error_memory(error, "a new file");
	file->path = path;
	file->folder = file->file = file->lock = -1;

	lockstep_status status = LOCKSTEP_OK;
	int exists = realpath(path, target) != NULL;
	if (!exists && errno != ENOENT)
		status = io_error(file, "cannot write", error);
	if (!status)
		status = open_folder(file, exists ? target : path, error);
	if (!status)
		status = open_beside_target(file, error);

	if (status)
		ls_atomic_file_discard(file);
	else
		*out = file;
	return status;
}

lockstep_status ls_atomic_file_write(struct ls_atomic_file *file, const void *bytes, size_t n_bytes,
                                     lockstep_error *error)
{
	const char *rest = bytes;
	while (n_bytes) {
		ssize_t n = write(file->file, rest, n_bytes < WRITE_MAX ? n_bytes : WRITE_MAX);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return io_error(file, "cannot write", error);
		rest += n;
		n_bytes -= (size_t)n;
	}
	return LOCKSTEP_OK;
}

static int sync_descriptor(int descriptor)
{
	int result;
	do
		result = fsync(descriptor);
	while (result && errno == EINTR);
	return result;
}

/* An interrupted close() has closed all the same, and the content is safe. */
static int sync_and_close(struct ls_atomic_file *file)
{
	if (sync_descriptor(file->file))
		return -1;
	file->lock = fcntl(file->file, F_DUPFD_CLOEXEC, 0);
	if (file->lock < 0)
		return -1;
	int result = close(file->file);
	file->file = -1;
	return result && errno != EINTR ? -1 : 0;
}

lockstep_status ls_atomic_file_commit(struct ls_atomic_file *file, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;

	if (sync_and_close(file)) {
		status = io_error(file, "cannot write", error);
	} else if (renameat(file->folder, file->temporary, file->folder, file->name)) {
		status = io_error(file, "cannot put the new file in place", error);
	} else {
		file->temporary[0] = '\0';
		if (sync_descriptor(file->folder) &&
		    errno != EINVAL) /* some network file systems cannot sync a folder */
			status = io_error(file, "written, but its folder cannot be synced", error);
	}
	ls_atomic_file_discard(file);
	return status;
}

void ls_atomic_file_discard(struct ls_atomic_file *file)
{
	if (!file)
		return;
	if (file->file >= 0)
		close(file->file);
	if (file->temporary[0])
		unlinkat(file->folder, file->temporary, 0);
	if (file->lock >= 0)
		close(file->lock);
	if (file->folder >= 0)
		close(file->folder);
	ls_memory_free(file);
}
