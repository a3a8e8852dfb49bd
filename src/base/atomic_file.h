/* SPDX-License-Identifier: MIT
 *
 * A file that appears whole or not at all: written beside its target under a
 * temporary name, synced, then renamed over it. Until the rename the old file
 * is untouched; whatever fails, the temporary is removed. A crash leaves the
 * old file or the new one, and at worst a ".lockstep-*.tmp" beside it, which the
 * next file written in that folder by the same user takes away.
 */
#ifndef LS_BASE_ATOMIC_FILE_H
#define LS_BASE_ATOMIC_FILE_H

#include <stddef.h>

#include "lockstep/status.h"

struct ls_atomic_file;

/* Starts a new content for `path`, which is borrowed until commit or discard.
 * A symbolic link is followed. The target keeps its mode when it exists; only
 * a regular file that the caller may write is ever replaced. Errors name the
 * path. */
lockstep_status ls_atomic_file_create(struct ls_atomic_file **out, const char *path, lockstep_error *error);

lockstep_status ls_atomic_file_write(struct ls_atomic_file *file, const void *bytes, size_t n_bytes,
                                     lockstep_error *error);

/* Puts the new content in place and destroys `file`, also on failure. */
lockstep_status ls_atomic_file_commit(struct ls_atomic_file *file, lockstep_error *error);

/* Drops the new content and destroys `file`. NULL is allowed. */
void ls_atomic_file_discard(struct ls_atomic_file *file);

#endif
