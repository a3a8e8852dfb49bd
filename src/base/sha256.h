/* SPDX-License-Identifier: MIT
 *
 * SHA-256 through libcrypto, as a stream or of one block.
 */
#ifndef LS_BASE_SHA256_H
#define LS_BASE_SHA256_H

#include <stddef.h>

#define LS_SHA256_DIGITS 64

struct ls_sha256;

/* NULL when memory is short. */
struct ls_sha256 *ls_sha256_create(void);
void ls_sha256_add(struct ls_sha256 *hash, const void *bytes, size_t n_bytes);
/* Writes 64 lower-case hex digits and a NUL, and destroys the stream. */
void ls_sha256_finish(struct ls_sha256 *hash, char digest[LS_SHA256_DIGITS + 1]);

/* Digest of one block. */
void ls_sha256(const void *bytes, size_t n_bytes, char digest[LS_SHA256_DIGITS + 1]);

#endif
