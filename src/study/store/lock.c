/* SPDX-License-Identifier: MIT
 *
 * flock() on a side file: on the database itself another descriptor would do harm,
 * since closing it drops the locks that SQLite has there. The lock belongs to the
 * open file, so that it is refused within one process too; a child that runs
 * another program closes it.
 *
 * The file is removed while it is locked. One who waited for, or opened, what is
 * no longer in the folder sees that by its number, and begins again.
 */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

#define SUFFIX "-lock"
#define TRIES 100

static lockstep_status io_error(const char *path, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s%s: %s", path, SUFFIX, strerror(errno));
}

/* The folder of a database, which would have the lock too. */
static lockstep_status no_folder(const char *path, lockstep_error *error)
{
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) + 1 : 2;
	return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot write to folder %.*s: %s", path, length,
	                    slash ? path : "./", strerror(errno));
}

/* Of the database; of one that is not there yet, of its folder with its name. */
static char *real_path(const char *path)
{
	char folder[PATH_MAX];
	char *real = realpath(path, NULL);
	if (real || errno != ENOENT)
		return real;
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) + 1 : 2;
	if (length >= sizeof folder) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(folder, slash ? path : "./", length);
	folder[length] = '\0';
	const char *name = slash ? slash + 1 : path;
	char *real_folder = realpath(folder, NULL);
	if (!real_folder)
		return NULL;
	size_t size = strlen(real_folder) + strlen(name) + 2;
	real = malloc(size);
	if (real)
		snprintf(real, size, "%s/%s", real_folder, name);
	free(real_folder);
	return real;
}

static lockstep_status lock_path(struct ls_lock *lock, const char *path, lockstep_error *error)
{
	char *real = real_path(path);
	if (!real)
		return errno == ENOMEM ? ls_error_memory(error, "a path") : no_folder(path, error);
	size_t size = strlen(real) + sizeof SUFFIX;
	lock->path = ls_memory_allocate(size, 1);
	if (lock->path)
		snprintf(lock->path, size, "%s%s", real, SUFFIX);
	free(real);
	return lock->path ? LOCKSTEP_OK : ls_error_memory(error, "a path");
}

/* Who holds it, as the holder wrote it there. */
static lockstep_status held_error(const struct ls_lock *lock, const char *path, lockstep_error *error)
{
	char text[24] = "";
	ssize_t n = pread(lock->descriptor, text, sizeof text - 1, 0);
	size_t digits = n > 0 ? strspn(text, "0123456789") : 0;
	return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "%s: another process%s%.*s%s runs a study on it", path,
	                    digits ? " (" : "", (int)digits, text, digits ? ")" : "");
}

/* Is the file that was opened still the one of its name? */
static int is_current(const struct ls_lock *lock)
{
	struct stat opened, named;
	return fstat(lock->descriptor, &opened) == 0 && stat(lock->path, &named) == 0 &&
	       opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

static void write_owner(const struct ls_lock *lock)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	/* For messages only: a failure changes nothing. */
	if (ftruncate(lock->descriptor, 0) == 0 && pwrite(lock->descriptor, text, (size_t)n, 0) != n)
		(void)ftruncate(lock->descriptor, 0);
}

static void close_lock(struct ls_lock *lock)
{
	close(lock->descriptor);
	lock->descriptor = -1;
}

static int lock_file(int descriptor)
{
	int result;
	do
		result = flock(descriptor, LOCK_EX | LOCK_NB);
	while (result && errno == EINTR);
	return result;
}

/* *is_held: the lock of the file that has the name. */
static lockstep_status try_lock(struct ls_lock *lock, const char *path, int *is_held, lockstep_error *error)
{
	*is_held = 0;
	lock->descriptor = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (lock->descriptor < 0)
		return io_error(path, error);
	lockstep_status status = LOCKSTEP_OK;
	if (lock_file(lock->descriptor))
		status = errno == EWOULDBLOCK ? held_error(lock, path, error) : io_error(path, error);
	else
		*is_held = is_current(lock);
	if (!*is_held)
		close_lock(lock);
	return status;
}

lockstep_status ls_lock_take(struct ls_lock *lock, const char *path, lockstep_error *error)
{
	int is_held = 0;
	*lock = (struct ls_lock){-1, NULL};
	lockstep_status status = lock_path(lock, path, error);
	for (int i = 0; !status && !is_held && i < TRIES; i++)
		status = try_lock(lock, path, &is_held, error);
	if (!status && !is_held)
		status = ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "%s%s: comes and goes", path, SUFFIX);
	if (status)
		ls_lock_release(lock);
	else
		write_owner(lock);
	return status;
}

void ls_lock_release(struct ls_lock *lock)
{
	if (lock->descriptor >= 0) {
		unlink(lock->path);
		close_lock(lock);
	}
	ls_memory_free(lock->path);
	lock->path = NULL;
}
