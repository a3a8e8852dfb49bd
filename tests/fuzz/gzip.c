/* SPDX-License-Identifier: MIT
 *
 * The stream of bytes under all data files. The input is read as a file, and
 * what comes out is compared with zlib run over the whole of it at once; and it
 * is a text that is compressed here, cut off or added to, where what must come
 * out is known.
 */
#include <string.h>
#include <zlib.h>

#include "data/bytes.h"
#include "fuzz.h"

#define OUTPUT_MAX ((size_t)8 << 20) /* 6,144 bytes inflate to 6.4 million at most */

struct buffer {
	size_t n;
	uint8_t bytes[OUTPUT_MAX];
};

/* What came out of the stream, what must, and a file made here. */
static struct buffer found, wanted, file;

/* ---- The stream under test --------------------------------------------- */

/* Reads a file by peeking and skipping, or by reading odd numbers of bytes.
 * Returns whether it came to the end. */
static int read_stream(const char *path, size_t step)
{
	struct ls_bytes *stream = NULL;
	lockstep_error error = {0};
	const uint8_t *seen;
	size_t n_read = 1;

	found.n = 0;
	lockstep_status status = ls_bytes_open(&stream, path, &error);
	while (!status && n_read && found.n + 2 * LS_BYTES_WINDOW < OUTPUT_MAX) {
		if (step) {
			status = ls_bytes_read(stream, found.bytes + found.n, step, &n_read, &error);
		} else if (!(status = ls_bytes_peek(stream, &seen, &n_read, &error))) {
			memcpy(found.bytes + found.n, seen, n_read);
			ls_bytes_skip(stream, n_read);
		}
		found.n += status ? 0 : n_read;
		ls_fuzz_check(status || ls_bytes_offset(stream) == found.n, "the offset counts what was consumed");
	}
	if (status)
		ls_fuzz_check_failure(status, &error, NULL);
	ls_bytes_close(stream);
	return !status;
}

static void expect(const char *path, size_t step, int complete)
{
	int ended = read_stream(path, step);
	ls_fuzz_check(ended == complete, "damage is told from the end of a stream");
	ls_fuzz_check(!ended || (found.n == wanted.n && !memcmp(found.bytes, wanted.bytes, found.n)),
	              "a stream holds its file's bytes");
}

/* ---- Any file ----------------------------------------------------------- */

/* All members in one call each; returns whether the data are whole. */
static int inflate_all(const uint8_t *bytes, size_t n)
{
	z_stream zlib = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};
	int result;

	ls_fuzz_check(inflateInit2(&zlib, MAX_WBITS + 16) == Z_OK, "zlib starts");
	do {
		inflateReset(&zlib);
		zlib.next_out = wanted.bytes + wanted.n;
		zlib.avail_out = (uInt)(OUTPUT_MAX - wanted.n);
		result = inflate(&zlib, Z_FINISH);
		wanted.n = OUTPUT_MAX - zlib.avail_out;
	} while (result == Z_STREAM_END && zlib.avail_in && zlib.next_in[0] == 0x1f);
	int whole = result == Z_STREAM_END && !zlib.avail_in;
	inflateEnd(&zlib);
	return whole;
}

static void check_file(const char *path, const uint8_t *bytes, size_t n)
{
	int whole = 1;

	ls_fuzz_write(path, bytes, n);
	wanted.n = 0;
	if (n >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b) {
		whole = inflate_all(bytes, n);
	} else {
		memcpy(wanted.bytes, bytes, n);
		wanted.n = n;
	}
	expect(path, 0, whole);
}

/* ---- A text compressed here ---------------------------------------------- */

static void append_member(const uint8_t *bytes, size_t n, int level)
{
	z_stream zlib = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)n};

	ls_fuzz_check(deflateInit2(&zlib, level, Z_DEFLATED, 9 + 16, 1, Z_DEFAULT_STRATEGY) == Z_OK, "zlib starts");
	zlib.next_out = file.bytes + file.n;
	zlib.avail_out = (uInt)(OUTPUT_MAX - file.n);
	ls_fuzz_check(deflate(&zlib, Z_FINISH) == Z_STREAM_END, "zlib compresses");
	file.n = OUTPUT_MAX - zlib.avail_out;
	deflateEnd(&zlib);
}

/* The first byte says how: level, two members, repeated, cut off, added to. */
static void check_compressed(const char *path, struct ls_fuzz_input input)
{
	uint8_t how = ls_fuzz_take_byte(&input), change = ls_fuzz_take_byte(&input);
	size_t n = ls_fuzz_left(&input), n_copies = how & 0x10 && n ? 1 + LS_BYTES_WINDOW / n : 1;
	int complete = 1;

	wanted.n = file.n = 0;
	for (; n_copies && wanted.n + n < OUTPUT_MAX / 4; n_copies--, wanted.n += n)
		memcpy(wanted.bytes + wanted.n, input.at, n);
	size_t first = how & 0x04 ? wanted.n / 3 : wanted.n;
	append_member(wanted.bytes, first, how & 0x03);
	if (how & 0x04)
		append_member(wanted.bytes + first, wanted.n - first, 1);
	if (how & 0x20) { /* within the last member, whose header and trailer are 18 bytes */
		file.n -= 1 + change % 17;
		complete = 0;
	} else if (how & 0x40 && change != 0x1f) {
		file.bytes[file.n++] = change;
		complete = 0;
	}
	ls_fuzz_write(path, file.bytes, file.n);
	expect(path, how & 0x80 ? 1009 + (size_t)change * 769 : 0, complete);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];

	if (n > 6144)
		return 0;
	ls_fuzz_path(path, "file");
	check_file(path, bytes, n);
	check_compressed(path, (struct ls_fuzz_input){bytes, bytes + n});
	return 0;
}
