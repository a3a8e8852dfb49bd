/* SPDX-License-Identifier: MIT
 *
 * Whoever could write to the journal while it is copied would have an index there,
 * and no copy would be made.
 */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

#define COPY_BYTES 65536
#define NAME "runs.db"

static int copy_descriptor(int from, int to)
{
	char bytes[COPY_BYTES];
	for (;;) {
		ssize_t n = read(from, bytes, sizeof bytes);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		for (ssize_t done = 0; done < n;) {
			ssize_t written = write(to, bytes + done, (size_t)(n - done));
			if (written < 0 && errno != EINTR)
				return -1;
			done += written > 0 ? written : 0;
		}
	}
}

static lockstep_status copy_file(const char *path, const char *copy, const char *suffix, lockstep_error *error)
{
	size_t size = strlen(path) + strlen(copy) + 16;
	char *names = ls_memory_allocate(size, 2);
	if (!names)
		return ls_error_memory(error, "a path");
	snprintf(names, size, "%s%s", path, suffix);
	snprintf(names + size, size, "%s%s", copy, suffix);
	int from = open(names, O_RDONLY | O_CLOEXEC);
	int to = from < 0 ? -1 : open(names + size, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int failed = to < 0 || copy_descriptor(from, to);
	int cause = errno;
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	ls_memory_free(names);
	return failed ? ls_error_set(error, LOCKSTEP_ERROR_IO, "%s%s: cannot copy it to read it: %s", path, suffix,
	                             strerror(cause))
	              : LOCKSTEP_OK;
}

static lockstep_status make_folder(char **folder, char **copy, lockstep_error *error)
{
	const char *where = getenv("TMPDIR");
	if (!where || !*where)
		where = "/tmp";
	size_t size = strlen(where) + 64;
	char *name = ls_memory_allocate(size, 1), *file = ls_memory_allocate(size, 1);
	lockstep_status status = name && file ? LOCKSTEP_OK : ls_error_memory(error, "a path");
	if (!status)
		snprintf(name, size, "%s/lockstep-XXXXXX", where);
	if (!status && !mkdtemp(name))
		status = ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", where, strerror(errno));
	if (status) {
		ls_memory_free(name);
		ls_memory_free(file);
		return status;
	}
	snprintf(file, size, "%s/%s", name, NAME);
	*folder = name;
	*copy = file;
	return LOCKSTEP_OK;
}

lockstep_status ls_snapshot_create(const char *path, char **folder, char **copy, lockstep_error *error)
{
	char *new_folder = NULL, *new_copy = NULL;
	lockstep_status status = make_folder(&new_folder, &new_copy, error);
	if (status)
		return status;
	status = copy_file(path, new_copy, "", error);
	if (!status)
		status = copy_file(path, new_copy, "-wal", error);
	if (status) {
		ls_snapshot_remove(new_folder);
		ls_memory_free(new_folder);
		ls_memory_free(new_copy);
		return status;
	}
	*folder = new_folder;
	*copy = new_copy;
	return LOCKSTEP_OK;
}

void ls_snapshot_remove(const char *folder)
{
	static const char *const names[] = {NAME, NAME "-wal", NAME "-shm"};
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		(void)unlinkat(descriptor, names[i], 0);
	close(descriptor);
	(void)rmdir(folder);
}
