/* SPDX-License-Identifier: MIT
 *
 * The last line of a log, which says why a program failed.
 */
#ifndef LS_STUDY_TAIL_H
#define LS_STUDY_TAIL_H

#include <stdint.h>

#define LS_TAIL_MAX 256

/* The size of the file; 0 when there is none. */
int64_t ls_tail_begin(const char *path);
/* The last line with something on it that was written after the first `from` bytes,
 * into `line`; a line of what is not UTF-8 has '?' for it, and a long one is cut. "" when there is none. */
void ls_tail_read(const char *path, int64_t from, char line[LS_TAIL_MAX]);

#endif
