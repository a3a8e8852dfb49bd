/* SPDX-License-Identifier: MIT
 *
 * Growing by doubling.
 */
#include "text.h"

#include <string.h>

#include "base/memory.h"
#include "model/json_text.h"

void ls_text_add_bytes(struct ls_text *text, const char *bytes, size_t n)
{
	if (text->has_failed)
		return;
	if (text->room - text->n <= n) {
		size_t room = 2 * text->room + n + 64;
		char *grown = ls_memory_grow(text->bytes, text->n, room, 1);
		if (!grown) {
			text->has_failed = 1;
			return;
		}
		text->bytes = grown;
		text->room = room;
	}
	if (n)
		memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
	text->bytes[text->n] = '\0';
}

void ls_text_add(struct ls_text *text, const char *more)
{
	ls_text_add_bytes(text, more, strlen(more));
}

void ls_text_add_json(struct ls_text *text, const char *more)
{
	json_t *string = json_string(more);
	char *json = string ? ls_json_write(string, NULL) : NULL;
	if (json)
		ls_text_add(text, json);
	else
		text->has_failed = 1;
	ls_memory_free(json);
	json_decref(string);
}

void ls_text_fini(struct ls_text *text)
{
	ls_memory_free(text->bytes);
	*text = (struct ls_text){0};
}
