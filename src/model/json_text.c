/* SPDX-License-Identifier: MIT
 *
 * jansson takes up to a hundred bytes for a value of two characters. Counting
 * the marks that precede values, before parsing, bounds that: the text's own
 * bytes and n_values_max values are all that can be allocated.
 */
#include "json_text.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static size_t find_control_character(const char *text, size_t length)
{
	size_t i = 0;
	while (i < length && (unsigned char)text[i] >= ' ')
		i++;
	return i;
}

/* Marks outside of strings; one precedes every value but the first. */
static size_t count_marks(const char *text, size_t length)
{
	size_t count = 0;
	int in_string = 0;
	for (size_t i = 0; i < length; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (!in_string && strchr("[{,:", text[i]))
			count++;
	}
	return count;
}

lockstep_status ls_json_parse(json_t **out, const struct ls_json_source *source, lockstep_error *error)
{
	json_error_t cause;
	size_t control = find_control_character(source->text, source->length);

	if (control < source->length)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %s: control character at byte %zu", source->path,
		                    source->place, control);
	if (count_marks(source->text, source->length) > source->n_values_max)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %s: more than %zu values", source->path,
		                    source->place, source->n_values_max);

	const size_t flags =
	    JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | (source->all_real ? JSON_DECODE_INT_AS_REAL : 0);
	json_t *value = json_loadb(source->text, source->length, flags, &cause);
	/* The first allocations fail without a word or code, and some later ones as faults of the text. */
	if (!value && (json_error_code(&cause) == json_error_out_of_memory || !*cause.text))
		return ls_error_set(error, LOCKSTEP_ERROR_MEMORY, "%s: %s: out of memory", source->path, source->place);
	if (!value)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %s: byte %d: %s", source->path, source->place,
		                    cause.position, cause.text);
	*out = value;
	return LOCKSTEP_OK;
}

char *ls_json_write(const json_t *value, size_t *length)
{
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
	size_t n = json_dumpb(value, NULL, 0, flags);
	char *text = n ? ls_memory_allocate(n + 1, 1) : NULL;

	if (text && json_dumpb(value, text, n, flags) != n) {
		ls_memory_free(text);
		text = NULL;
	}
	if (text && length)
		*length = n;
	return text;
}
