/* SPDX-License-Identifier: MIT
 *
 * Scalars by type. Numbers are read as values are, so that what is a number in a
 * parameter is one in an option as well.
 */
#include "reader.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"
#include "base/nearest.h"

#define MESSAGE_MAX 384
#define WARNINGS_MAX 64

void ls_reader_refuse(struct ls_reader *reader, struct ls_place place, const char *format, ...)
{
	char cause[MESSAGE_MAX];
	va_list arguments;
	if (reader->status)
		return;
	va_start(arguments, format);
	vsnprintf(cause, sizeof cause, format, arguments);
	va_end(arguments);
	reader->status = ls_document_refuse(reader->file, place, reader->error, "%s", cause);
}

void ls_reader_warn(struct ls_reader *reader, struct ls_place place, const char *format, ...)
{
	struct ls_spec *spec = reader->spec;
	char text[MESSAGE_MAX];
	va_list arguments;
	if (reader->status || spec->n_warnings == WARNINGS_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	size_t n = spec->n_warnings, size = sizeof *spec->warnings;
	struct ls_warning *warnings = ls_memory_grow(spec->warnings, n * size, n + 1, size);
	char *copy = ls_reader_copy(reader, text);
	if (warnings)
		spec->warnings = warnings;
	if (!warnings || !copy) {
		ls_memory_free(copy);
		reader->status = ls_error_memory(reader->error, "a warning");
		return;
	}
	spec->warnings[spec->n_warnings++] = (struct ls_warning){place, copy};
}

void ls_reader_expected(struct ls_reader *reader, const struct ls_node *node, const char *what)
{
	const char *key = node->key ? node->key->text : "", *blank = node->key ? " " : "";
	const char *subject = node->key ? key : "here";
	static const char *const kinds[] = {"scalar", "sequence", "mapping"};
	if (node->kind != LS_NODE_SCALAR)
		ls_reader_refuse(reader, node->place, "%.64s is a %s: expected %s", subject, kinds[node->kind], what);
	else if (node->is_plain && !*node->text)
		ls_reader_refuse(reader, node->place, "%.64s is nothing: expected %s", subject, what);
	else
		ls_reader_refuse(reader, node->place, "%.64s%s'%.64s': expected %s", key, blank, node->text, what);
}

void *ls_reader_allocate(struct ls_reader *reader, size_t n, size_t size)
{
	void *block = reader->status ? NULL : ls_memory_allocate(n, size);
	if (!block && !reader->status)
		reader->status = ls_error_memory(reader->error, reader->file);
	return block;
}

char *ls_reader_copy(struct ls_reader *reader, const char *text)
{
	char *copy = ls_reader_allocate(reader, strlen(text) + 1, 1);
	return copy ? strcpy(copy, text) : NULL;
}

/* ---- Mappings and sequences ------------------------------------------------- */

static void refuse_key(struct ls_reader *reader, const struct ls_node *key, const char *const *names, size_t n)
{
	struct ls_nearest nearest;
	ls_nearest_init(&nearest, key->text);
	for (size_t i = 0; i < n; i++)
		ls_nearest_consider(&nearest, names[i]);
	if (nearest.name)
		ls_reader_refuse(reader, key->place, "unknown key '%.64s': did you mean '%s'?", key->text,
		                 nearest.name);
	char known[MESSAGE_MAX / 2] = "";
	for (size_t i = 0, at = 0; i < n && at < sizeof known; i++)
		at += (size_t)snprintf(known + at, sizeof known - at, "%s%s", i ? ", " : "", names[i]);
	ls_reader_refuse(reader, key->place, "unknown key '%.64s': expected one of %s", key->text, known);
}

void ls_read_fields(struct ls_reader *reader, const struct ls_node *node, const char *const *names, size_t n,
                    const struct ls_node **fields)
{
	for (size_t i = 0; i < n; i++)
		fields[i] = NULL;
	if (reader->status)
		return;
	if (node->kind != LS_NODE_MAPPING) {
		ls_reader_expected(reader, node, "a mapping");
		return;
	}
	for (const struct ls_node *child = node->first; child && !reader->status; child = child->next) {
		int i = ls_name_find(child->key->text, names, n);
		if (i < 0)
			refuse_key(reader, child->key, names, n);
		else
			fields[i] = child;
	}
}

int ls_read_is_list(struct ls_reader *reader, const struct ls_node *node, const char *what)
{
	char expected[96];
	if (reader->status)
		return 0;
	snprintf(expected, sizeof expected, "a list of %s", what);
	if (node->kind == LS_NODE_SEQUENCE && node->n > 0)
		return 1;
	if (node->kind == LS_NODE_SEQUENCE)
		ls_reader_refuse(reader, node->place, "the list is empty: expected %s", expected);
	else
		ls_reader_expected(reader, node, expected);
	return 0;
}

/* ---- Scalars ---------------------------------------------------------------- */

void ls_read_value(struct ls_reader *reader, const struct ls_node *node, struct ls_value *out)
{
	lockstep_error error;
	if (reader->status || !node)
		return;
	if (node->kind != LS_NODE_SCALAR) {
		ls_reader_expected(reader, node, "one value: a number, a text, true, false or null");
		return;
	}
	lockstep_status status =
	    node->is_plain ? ls_value_parse(out, node->text, &error) : ls_value_of_text(out, node->text, &error);
	if (status == LOCKSTEP_ERROR_MEMORY)
		reader->status = ls_error_memory(reader->error, reader->file);
	else if (status)
		ls_reader_refuse(reader, node->place, "'%.64s': %s", node->text, error.message);
}

/* Reads a value of which the caller only wants to look at; its text is gone. */
static int look_at(struct ls_reader *reader, const struct ls_node *node, struct ls_value *out)
{
	*out = (struct ls_value){.kind = LS_VALUE_NULL};
	if (!reader->status && node && node->kind == LS_NODE_SCALAR && node->is_plain)
		ls_read_value(reader, node, out);
	ls_value_fini(out);
	return !reader->status && node;
}

void ls_read_text(struct ls_reader *reader, const struct ls_node *node, char **out)
{
	struct ls_value value;
	if (!look_at(reader, node, &value))
		return;
	if (node->kind != LS_NODE_SCALAR || !*node->text || (node->is_plain && value.kind == LS_VALUE_NULL)) {
		ls_reader_expected(reader, node, "a text");
		return;
	}
	char *copy = ls_reader_copy(reader, node->text);
	if (copy)
		*out = copy;
}

void ls_read_flag(struct ls_reader *reader, const struct ls_node *node, int *out)
{
	struct ls_value value;
	if (!look_at(reader, node, &value))
		return;
	if (value.kind == LS_VALUE_BOOLEAN)
		*out = (int)value.integer;
	else
		ls_reader_expected(reader, node, "true or false");
}

static void read_unsigned(struct ls_reader *reader, const struct ls_node *node, uint64_t least, uint64_t most,
                          uint64_t *out)
{
	char what[80];
	struct ls_value value;
	if (!look_at(reader, node, &value))
		return;
	if (value.kind == LS_VALUE_INTEGER && value.integer >= 0 && (uint64_t)value.integer >= least &&
	    (uint64_t)value.integer <= most) {
		*out = (uint64_t)value.integer;
		return;
	}
	if (most > UINT32_MAX)
		snprintf(what, sizeof what, "an integer of %llu and more", (unsigned long long)least);
	else
		snprintf(what, sizeof what, "an integer from %llu to %llu", (unsigned long long)least,
		         (unsigned long long)most);
	ls_reader_expected(reader, node, what);
}

void ls_read_u32(struct ls_reader *reader, const struct ls_node *node, uint32_t least, uint32_t *out)
{
	uint64_t value = *out;
	read_unsigned(reader, node, least, UINT32_MAX, &value);
	*out = (uint32_t)value;
}

void ls_read_u64(struct ls_reader *reader, const struct ls_node *node, uint64_t least, uint64_t *out)
{
	read_unsigned(reader, node, least, INT64_MAX, out);
}

void ls_read_real(struct ls_reader *reader, const struct ls_node *node, double *out)
{
	struct ls_value value;
	if (!look_at(reader, node, &value))
		return;
	if (value.kind == LS_VALUE_INTEGER || value.kind == LS_VALUE_REAL)
		*out = value.real;
	else
		ls_reader_expected(reader, node, "a number");
}

void ls_read_choice(struct ls_reader *reader, const struct ls_node *node, const char *const *words, size_t n, int *out)
{
	char what[128] = "";
	if (reader->status || !node)
		return;
	int i = node->kind == LS_NODE_SCALAR ? ls_name_find(node->text, words, n) : -1;
	if (i >= 0) {
		*out = i;
		return;
	}
	for (size_t k = 0, at = 0; k < n && at < sizeof what; k++)
		at += (size_t)snprintf(what + at, sizeof what - at, "%s%s",
		                       !k          ? ""
		                       : k + 1 < n ? ", "
		                                   : " or ",
		                       words[k]);
	ls_reader_expected(reader, node, what);
}

int ls_read_is_integer(struct ls_reader *reader, const struct ls_node *node)
{
	struct ls_value value;
	return look_at(reader, node, &value) && value.kind == LS_VALUE_INTEGER;
}
