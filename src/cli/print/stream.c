/* SPDX-License-Identifier: MIT
 *
 * fopencookie() over a descriptor: stdio's buffers with a write of our own.
 */
#define _GNU_SOURCE /* fopencookie() */

#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ls_stream of_stdout = {.descriptor = STDOUT_FILENO};

/* Takes back what was written since `start`. */
static void cut(const struct ls_stream *stream, off_t start)
{
	int cause = errno;
	if (stream->is_regular && start >= 0 && ftruncate(stream->descriptor, start) == 0)
		(void)lseek(stream->descriptor, start, SEEK_SET);
	errno = cause;
}

/* 0 is what a cookie's write says of a failure. */
static ssize_t write_all(void *cookie, const char *bytes, size_t n_bytes)
{
	struct ls_stream *stream = cookie;
	off_t start = stream->is_regular ? lseek(stream->descriptor, 0, SEEK_CUR) : -1;
	for (size_t done = 0; done < n_bytes;) {
		ssize_t n = write(stream->descriptor, bytes + done, n_bytes - done);
		if (n >= 0) {
			done += (size_t)n;
		} else if (errno != EINTR) {
			if (!stream->error)
				stream->error = errno;
			cut(stream, start);
			return 0;
		}
	}
	return (ssize_t)n_bytes;
}

/* An interrupted close() has closed all the same. */
static int close_descriptor(void *cookie)
{
	struct ls_stream *stream = cookie;
	int result = close(stream->descriptor);
	return result && errno != EINTR ? -1 : 0;
}

FILE *ls_stream_open(struct ls_stream *stream, int descriptor)
{
	static const cookie_io_functions_t functions = {.write = write_all, .close = close_descriptor};
	struct stat status;
	*stream = (struct ls_stream){descriptor, 0, fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)};
	return fopencookie(stream, "w", functions);
}

/* An open() takes the lowest number that is free. */
static void keep_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return;
}

void ls_stream_take_stdout(void)
{
	keep_standard_descriptors();
#ifdef __GLIBC__
	static const cookie_io_functions_t functions = {.write = write_all};
	FILE *file = fopencookie(&of_stdout, "w", functions);
	if (!file)
		return;
	if (isatty(STDOUT_FILENO))
		setvbuf(file, NULL, _IOLBF, BUFSIZ);
	stdout = file;
#endif
}

int ls_stream_stdout_error(void)
{
	return of_stdout.error;
}
