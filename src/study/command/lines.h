/* SPDX-License-Identifier: MIT
 *
 * Lines out of bytes as they come. A line that is too long is left out, so that what
 * a program prints never takes more memory than this.
 */
#ifndef LS_STUDY_LINES_H
#define LS_STUDY_LINES_H

#include <stddef.h>

#include "text.h"

#define LS_LINE_MAX ((size_t)1 << 20) /* bytes, without its end */

struct ls_lines {
	struct ls_text text; /* what has come and was not taken */
	size_t taken;        /* of it, by lines that were given out */
	int is_skipping;     /* the line that has begun is too long */
};

/* Adds bytes. All lines that are there are taken first. text.has_failed when memory is short. */
void ls_lines_add(struct ls_lines *lines, const char *bytes, size_t n);
/* The next whole line, or with `at_end` also what follows the last one; NULL: there is none.
 * *n bytes, borrowed until the next call. */
const char *ls_lines_next(struct ls_lines *lines, int at_end, size_t *n);
void ls_lines_fini(struct ls_lines *lines);

#endif
