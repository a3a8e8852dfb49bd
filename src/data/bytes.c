/* SPDX-License-Identifier: MIT
 *
 * read(2) and zlib's inflate behind one window. gzFile is not used: it drops
 * what follows the gzip data without a word, it takes damaged headers for
 * plain text, and its memory cannot be made to fail in a test.
 */
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/error.h"
#include "base/memory.h"

#define GZIP_RATIO 8                 /* expected; MNIST's images come to 4.7, its labels to 2.1 */
#define GZIP_MEMBER (MAX_WBITS + 16) /* inflateInit2: a gzip header and trailer, nothing else */

struct ls_bytes {
	const char *path;
	int file;
	int is_gzip;
	int has_inflater;
	int in_member;     /* gzip: between a member's first byte and its trailer */
	int ended;         /* nothing comes after the window */
	z_stream inflater; /* next_in and avail_in serve plain files too */
	uint64_t n_file;   /* bytes read from the file */
	uint64_t n_consumed;
	size_t begin, end; /* what is left of the window */
	uint8_t input[LS_BYTES_WINDOW];
	uint8_t window[LS_BYTES_WINDOW];
};

static voidpf allocate_for_zlib(voidpf unused, uInt count, uInt size)
{
	(void)unused;
	return ls_memory_allocate(count, size);
}

static void free_for_zlib(voidpf unused, voidpf block)
{
	(void)unused;
	ls_memory_free(block);
}

/* Replaces the used-up input; it is short at the file's end only. */
static lockstep_status refill_input(struct ls_bytes *stream, lockstep_error *error)
{
	size_t n = 0;

	while (n < sizeof stream->input) {
		ssize_t n_new = read(stream->file, stream->input + n, sizeof stream->input - n);
		if (n_new < 0 && errno == EINTR)
			continue;
		if (n_new < 0)
			return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot read after byte %" PRIu64 ": %s",
			                    stream->path, stream->n_file, strerror(errno));
		if (!n_new)
			break;
		n += (size_t)n_new;
		stream->n_file += (uint64_t)n_new;
	}
	stream->inflater.next_in = stream->input;
	stream->inflater.avail_in = (uInt)n;
	return LOCKSTEP_OK;
}

static uint64_t file_offset(const struct ls_bytes *stream)
{
	return stream->n_file - stream->inflater.avail_in;
}

static lockstep_status check_inflated(const struct ls_bytes *stream, int result, lockstep_error *error)
{
	if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR)
		return LOCKSTEP_OK;
	if (result == Z_MEM_ERROR)
		return ls_error_memory(error, "decompression");
	return ls_error_set(
	    error, LOCKSTEP_ERROR_FORMAT, "%s: gzip data is damaged near byte %" PRIu64 " of the file: %s",
	    stream->path, file_offset(stream), stream->inflater.msg ? stream->inflater.msg : "a dictionary is wanted");
}

/* A member has ended and the file goes on: only another member may follow. */
static lockstep_status begin_member(struct ls_bytes *stream, lockstep_error *error)
{
	if (stream->inflater.next_in[0] != 0x1f)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: byte %" PRIu64 " of the file follows the end of the gzip data", stream->path,
		                    file_offset(stream));
	inflateReset(&stream->inflater);
	stream->in_member = 1;
	return LOCKSTEP_OK;
}

static lockstep_status inflate_some(struct ls_bytes *stream, lockstep_error *error)
{
	if (!stream->in_member) {
		lockstep_status status = begin_member(stream, error);
		if (status)
			return status;
	}
	stream->inflater.next_out = stream->window + stream->end;
	stream->inflater.avail_out = (uInt)(sizeof stream->window - stream->end);
	int result = inflate(&stream->inflater, Z_NO_FLUSH);
	stream->end = sizeof stream->window - stream->inflater.avail_out;
	stream->in_member = result != Z_STREAM_END;
	return check_inflated(stream, result, error);
}

static void copy_some(struct ls_bytes *stream)
{
	size_t n = sizeof stream->window - stream->end;
	if (n > stream->inflater.avail_in)
		n = stream->inflater.avail_in;
	memcpy(stream->window + stream->end, stream->inflater.next_in, n);
	stream->inflater.next_in += n;
	stream->inflater.avail_in -= (uInt)n;
	stream->end += n;
}

/* Fills the empty window to its brim, or to the end of the stream. */
static lockstep_status fill_window(struct ls_bytes *stream, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;

	stream->begin = stream->end = 0;
	while (!status && !stream->ended && stream->end < sizeof stream->window) {
		if (!stream->inflater.avail_in)
			status = refill_input(stream, error);
		if (status)
			break;
		if (stream->inflater.avail_in && stream->is_gzip)
			status = inflate_some(stream, error);
		else if (stream->inflater.avail_in)
			copy_some(stream);
		else if (stream->in_member)
			status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                      "%s: gzip data is cut off: the file ends after %" PRIu64 " bytes",
			                      stream->path, stream->n_file);
		else
			stream->ended = 1;
	}
	return status;
}

/* Reads the first bytes, and prepares inflate when they are gzip's. */
static lockstep_status start(struct ls_bytes *stream, lockstep_error *error)
{
	lockstep_status status = refill_input(stream, error);
	if (status)
		return status;
	stream->is_gzip = stream->inflater.avail_in >= 2 && stream->input[0] == 0x1f && stream->input[1] == 0x8b;
	if (!stream->is_gzip)
		return LOCKSTEP_OK;
	stream->inflater.zalloc = allocate_for_zlib;
	stream->inflater.zfree = free_for_zlib;
	if (inflateInit2(&stream->inflater, GZIP_MEMBER) != Z_OK)
		return ls_error_memory(error, "decompression");
	stream->has_inflater = 1;
	stream->in_member = 1;
	return LOCKSTEP_OK;
}

lockstep_status ls_bytes_open(struct ls_bytes **out, const char *path, lockstep_error *error)
{
	struct ls_bytes *stream = ls_memory_allocate(1, sizeof *stream);
	if (!stream)
		return ls_error_memory(error, "a file's buffers");
	stream->path = path;
	stream->file = open(path, O_RDONLY | O_CLOEXEC);
	lockstep_status status = LOCKSTEP_OK;
	if (stream->file < 0)
		status = ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: cannot open: %s", path, strerror(errno));
	if (!status)
		status = start(stream, error);
	if (status) {
		ls_bytes_close(stream);
		return status;
	}
	*out = stream;
	return LOCKSTEP_OK;
}

void ls_bytes_close(struct ls_bytes *stream)
{
	if (!stream)
		return;
	if (stream->has_inflater)
		inflateEnd(&stream->inflater);
	if (stream->file >= 0)
		close(stream->file);
	ls_memory_free(stream);
}

const char *ls_bytes_path(const struct ls_bytes *stream)
{
	return stream->path;
}

uint64_t ls_bytes_offset(const struct ls_bytes *stream)
{
	return stream->n_consumed;
}

size_t ls_bytes_expected(const struct ls_bytes *stream)
{
	struct stat file;
	if (fstat(stream->file, &file) || file.st_size <= 0 || (uintmax_t)file.st_size > SIZE_MAX / GZIP_RATIO)
		return LS_BYTES_WINDOW;
	return (size_t)file.st_size * (stream->is_gzip ? GZIP_RATIO : 1);
}

lockstep_status ls_bytes_peek(struct ls_bytes *stream, const uint8_t **bytes, size_t *n_bytes, lockstep_error *error)
{
	if (stream->begin == stream->end) {
		lockstep_status status = fill_window(stream, error);
		if (status)
			return status;
	}
	*bytes = stream->window + stream->begin;
	*n_bytes = stream->end - stream->begin;
	return LOCKSTEP_OK;
}

void ls_bytes_skip(struct ls_bytes *stream, size_t n_bytes)
{
	stream->begin += n_bytes;
	stream->n_consumed += n_bytes;
}

lockstep_status ls_bytes_read(struct ls_bytes *stream, void *buffer, size_t n_bytes, size_t *n_read,
                              lockstep_error *error)
{
	size_t done = 0;

	while (done < n_bytes) {
		const uint8_t *bytes;
		size_t n;
		lockstep_status status = ls_bytes_peek(stream, &bytes, &n, error);
		if (status)
			return status;
		if (!n)
			break;
		if (n > n_bytes - done)
			n = n_bytes - done;
		memcpy((char *)buffer + done, bytes, n);
		ls_bytes_skip(stream, n);
		done += n;
	}
	*n_read = done;
	return LOCKSTEP_OK;
}
