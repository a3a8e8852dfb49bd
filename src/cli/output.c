/* SPDX-License-Identifier: MIT
 *
 * mkstemp() beside the target, because rename() does not cross file systems.
 */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "message.h"

static int is_special(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* mkstemp() makes files of mode 0600; a result has the mode that the umask gives. */
static int usual_mode(int fd)
{
	mode_t mask = umask(0);
	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

static FILE *open_temporary(struct ls_output *output)
{
	int n = snprintf(output->temporary, sizeof output->temporary, "%s.XXXXXX", output->path);
	if (n < 0 || (size_t)n >= sizeof output->temporary) {
		errno = ENAMETOOLONG;
		output->temporary[0] = '\0';
		return NULL;
	}
	int fd = mkstemp(output->temporary);
	if (fd < 0) {
		output->temporary[0] = '\0';
		return NULL;
	}
	FILE *file = usual_mode(fd) == 0 ? fdopen(fd, "w") : NULL;
	if (!file) {
		int cause = errno;
		close(fd);
		unlink(output->temporary);
		errno = cause;
	}
	return file;
}

int ls_output_open(struct ls_output *output, const char *path, const char *command)
{
	*output = (struct ls_output){.path = path};
	if (!path)
		output->file = stdout;
	else if (ls_output_check(path, command))
		return LS_EXIT_FAILED;
	else
		output->file = is_special(path) ? fopen(path, "w") : open_temporary(output);
	return output->file ? LS_EXIT_DONE : ls_message_failed(command, "%s: %s", path, strerror(errno));
}

int ls_output_commit(struct ls_output *output, const char *command)
{
	if (!output->path)
		return LS_EXIT_DONE;
	errno = 0;
	int failed = ferror(output->file) || fflush(output->file);
	failed = failed || (*output->temporary && fsync(fileno(output->file)));
	int cause = errno;
	failed = fclose(output->file) || failed;
	failed = failed || (*output->temporary && rename(output->temporary, output->path));
	if (!failed)
		return LS_EXIT_DONE;
	cause = cause ? cause : errno;
	if (*output->temporary)
		unlink(output->temporary);
	return ls_message_failed(command, "%s: %s", output->path, cause ? strerror(cause) : "write error");
}

void ls_output_abandon(struct ls_output *output)
{
	if (!output->path)
		return;
	fclose(output->file);
	if (*output->temporary)
		unlink(output->temporary);
}

int ls_output_check(const char *path, const char *command)
{
	struct stat status;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return ls_message_failed(command, "%s: %s", path, strerror(EISDIR));

	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int length = slash ? (int)(slash - path) + 1 : 1;
	if (length >= PATH_MAX)
		return ls_message_failed(command, "%s: %s", path, strerror(ENAMETOOLONG));
	snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".");
	if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0 && !is_special(path))
		return ls_message_failed(command, "%s: cannot write to folder %s: %s", path, folder, strerror(errno));
	return LS_EXIT_DONE;
}
