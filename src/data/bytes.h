/* SPDX-License-Identifier: MIT
 *
 * The bytes of a file, plain or gzip (told apart by content), as a stream.
 * Damage is an error with the file's name and the place, never a short read:
 * when the end is reported, it is the real end.
 */
#ifndef LS_DATA_BYTES_H
#define LS_DATA_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

/* What one peek shows at least, unless the stream ends before. */
#define LS_BYTES_WINDOW 65536

struct ls_bytes;

/* `path` is borrowed until the stream is closed. Caller owns *out. */
lockstep_status ls_bytes_open(struct ls_bytes **out, const char *path, lockstep_error *error);
/* NULL is allowed and does nothing. */
void ls_bytes_close(struct ls_bytes *stream);

const char *ls_bytes_path(const struct ls_bytes *stream);
/* Bytes consumed so far, counted after decompression. */
uint64_t ls_bytes_offset(const struct ls_bytes *stream);

/* Bytes of the whole stream to make room for: its size, where the file tells;
 * of gzip data a guess, in proportion to the file's size. Never 0. */
size_t ls_bytes_expected(const struct ls_bytes *stream);

/* The bytes that come next, not consumed; *n_bytes is 0 at the end only. At
 * the start of the stream they are LS_BYTES_WINDOW bytes or the whole of it.
 * *bytes is borrowed until the next call. */
lockstep_status ls_bytes_peek(struct ls_bytes *stream, const uint8_t **bytes, size_t *n_bytes, lockstep_error *error);
/* Consumes `n_bytes` of those that the last peek showed. */
void ls_bytes_skip(struct ls_bytes *stream, size_t n_bytes);

/* Consumes `n_bytes` into `buffer`, fewer only at the end of the stream;
 * *n_read says how many. */
lockstep_status ls_bytes_read(struct ls_bytes *stream, void *buffer, size_t n_bytes, size_t *n_read,
                              lockstep_error *error);

#endif
