/* SPDX-License-Identifier: MIT
 *
 * What writing and reading of the container share: everything before the data,
 * and where the digest stands in it.
 */
#ifndef LS_TRAIN_FRAME_H
#define LS_TRAIN_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"

#define LS_METADATA_KEY "__metadata__"
/* First bytes of the header; the digest's digits follow. */
#define LS_HEADER_PREFIX "{\"" LS_METADATA_KEY "\":{\"digest\":\""
#define LS_LENGTH_BYTES 8
#define LS_DIGEST_AT (LS_LENGTH_BYTES + sizeof LS_HEADER_PREFIX - 1)
#define LS_HEADER_ALIGNMENT 8
#define LS_HEADER_MAX ((uint64_t)64 << 20)
/* Data pass through a block of so many floats. */
#define LS_BLOCK_FLOATS ((size_t)1 << 16)
#define LS_FLOAT_BYTES 4

/* The length word and the padded header. */
struct ls_frame {
	unsigned char *bytes;
	size_t n_bytes;
};

/* A stream that has taken the frame, with its digest's digits as '0'; the data
 * come next. NULL when memory is short. */
struct ls_sha256 *ls_frame_hash(const struct ls_frame *frame);

#endif
