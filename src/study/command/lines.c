/* SPDX-License-Identifier: MIT
 *
 * What is left of a line stays at the front of the buffer.
 */
#include "lines.h"

#include <string.h>

static void move_to_front(struct ls_lines *lines)
{
	struct ls_text *text = &lines->text;
	if (!lines->taken)
		return;
	memmove(text->bytes, text->bytes + lines->taken, text->n - lines->taken);
	text->n -= lines->taken;
	lines->taken = 0;
}

void ls_lines_add(struct ls_lines *lines, const char *bytes, size_t n)
{
	move_to_front(lines);
	if (lines->is_skipping) {
		const char *end = memchr(bytes, '\n', n);
		size_t skipped = end ? (size_t)(end - bytes) : n;
		bytes += skipped;
		n -= skipped;
	}
	ls_text_add_bytes(&lines->text, bytes, n);
}

/* Forgets what has come of the line, and so ends with its end, an empty line. */
static void skip(struct ls_lines *lines)
{
	lines->is_skipping = 1;
	lines->text.n = lines->taken;
}

const char *ls_lines_next(struct ls_lines *lines, int at_end, size_t *n)
{
	const struct ls_text *text = &lines->text;
	for (;;) {
		const char *line = text->bytes + lines->taken;
		size_t left = text->n - lines->taken;
		const char *end = left ? memchr(line, '\n', left) : NULL;
		size_t length = end ? (size_t)(end - line) : left;
		if (!end && length > LS_LINE_MAX)
			skip(lines);
		if (!end && (!at_end || !left || lines->is_skipping))
			return NULL;
		lines->taken += length + (end != NULL);
		if (lines->is_skipping || length > LS_LINE_MAX) {
			lines->is_skipping = 0;
			continue;
		}
		*n = length;
		return line;
	}
}

void ls_lines_fini(struct ls_lines *lines)
{
	ls_text_fini(&lines->text);
	*lines = (struct ls_lines){0};
}
