/* SPDX-License-Identifier: MIT
 *
 * A text that grows, and remembers that memory was short.
 */
#ifndef LS_STUDY_TEXT_H
#define LS_STUDY_TEXT_H

#include <stddef.h>

struct ls_text {
	char *bytes; /* owned; ends with a 0; NULL: nothing was added yet */
	size_t n, room;
	int has_failed; /* what was added since is missing */
};

void ls_text_add(struct ls_text *text, const char *more);
void ls_text_add_bytes(struct ls_text *text, const char *bytes, size_t n);
/* As a string of JSON, in quotes. A text that is not UTF-8 counts as a failure. */
void ls_text_add_json(struct ls_text *text, const char *more);
void ls_text_fini(struct ls_text *text);

#endif
