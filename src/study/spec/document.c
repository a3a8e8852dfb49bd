/* SPDX-License-Identifier: MIT
 *
 * libyaml's events, nested by recursion, which the limit of depth bounds. It reads
 * UTF-8 alone: other encodings, which it would take by their first bytes, are
 * refused before.
 */
#include "document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

struct reading {
	yaml_parser_t parser;
	yaml_event_t event; /* the latest; to be deleted */
	const char *name, *bytes;
	size_t n_bytes, n_nodes;
	lockstep_error *error;
};

lockstep_status(ls_document_refuse)(const char *name, struct ls_place place, lockstep_error *error, const char *format,
                                    ...)
{
	char cause[sizeof error->message];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(cause, sizeof cause, format, arguments);
	va_end(arguments);
	if (!place.line)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %s", name, cause);
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s:%u:%u: %s", name, place.line, place.column, cause);
}

static struct ls_place place_of_mark(const yaml_mark_t *mark)
{
	return (struct ls_place){(uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

static struct ls_place place_of_byte(const char *bytes, size_t offset)
{
	struct ls_place place = {1, 1};
	for (size_t i = 0; i < offset; i++) {
		place.column += ((unsigned char)bytes[i] & 0xc0) != 0x80;
		if (bytes[i] == '\n')
			place = (struct ls_place){place.line + 1, 1};
	}
	return place;
}

static lockstep_status refuse_event(struct reading *reading, const char *cause)
{
	return ls_document_refuse(reading->name, place_of_mark(&reading->event.start_mark), reading->error, "%s",
	                          cause);
}

/* As which the file's name ends. */
static const char *language(const char *name)
{
	size_t length = strlen(name);
	return length > 5 && strcmp(name + length - 5, ".json") == 0 ? "JSON" : "YAML";
}

/* What libyaml says is kept, since its words are known from everywhere, but for one that speaks of documents. */
static const char *problem_of(const yaml_parser_t *parser)
{
	if (!parser->problem)
		return "it cannot be read";
	return strcmp(parser->problem, "did not find expected <document start>") == 0
	           ? "something stands behind the end"
	           : parser->problem;
}

static lockstep_status refuse_text(struct reading *reading)
{
	const yaml_parser_t *parser = &reading->parser;
	struct ls_place place = place_of_mark(&parser->problem_mark);
	if (parser->error == YAML_MEMORY_ERROR)
		return ls_error_memory(reading->error, reading->name);
	if (parser->error == YAML_READER_ERROR)
		place = place_of_byte(reading->bytes, parser->problem_offset < reading->n_bytes ? parser->problem_offset
		                                                                                : reading->n_bytes);
	return ls_document_refuse(reading->name, place, reading->error, "not %s: %s%s%s", language(reading->name),
	                          problem_of(parser), parser->context ? " " : "",
	                          parser->context ? parser->context : "");
}

static lockstep_status take_event(struct reading *reading)
{
	yaml_event_delete(&reading->event);
	return yaml_parser_parse(&reading->parser, &reading->event) ? LOCKSTEP_OK : refuse_text(reading);
}

/* ---- Nodes ----------------------------------------------------------------- */

static lockstep_status create_node(struct reading *reading, enum ls_node_kind kind, struct ls_node **out)
{
	if (++reading->n_nodes > LS_DOCUMENT_NODES)
		return refuse_event(reading, "too many values and keys");
	struct ls_node *node = ls_memory_allocate(1, sizeof *node);
	if (!node)
		return ls_error_memory(reading->error, reading->name);
	node->kind = kind;
	node->place = place_of_mark(&reading->event.start_mark);
	*out = node;
	return LOCKSTEP_OK;
}

static lockstep_status read_scalar(struct reading *reading, struct ls_node **out)
{
	const yaml_char_t *value = reading->event.data.scalar.value;
	size_t length = reading->event.data.scalar.length;
	struct ls_node *node = NULL;
	if (reading->event.data.scalar.anchor || reading->event.data.scalar.tag)
		return refuse_event(reading, "anchors and tags are not taken");
	if (memchr(value, '\0', length))
		return refuse_event(reading, "the text has a NUL in it");
	lockstep_status status = create_node(reading, LS_NODE_SCALAR, &node);
	if (status)
		return status;
	node->is_plain = reading->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->text = ls_memory_copy_text((const char *)value);
	if (!node->text) {
		ls_document_destroy(node);
		return ls_error_memory(reading->error, reading->name);
	}
	*out = node;
	return LOCKSTEP_OK;
}

static lockstep_status check_key(struct reading *reading, const struct ls_node *mapping, const char *key)
{
	if (mapping->n == LS_DOCUMENT_KEYS)
		return refuse_event(reading, "too many keys in one mapping");
	for (const struct ls_node *child = mapping->first; child; child = child->next)
		if (strcmp(child->key->text, key) == 0)
			return ls_document_refuse(reading->name, place_of_mark(&reading->event.start_mark),
			                          reading->error, "the key '%.64s' is there already, in line %u", key,
			                          child->key->place.line);
	return LOCKSTEP_OK;
}

static lockstep_status read_key(struct reading *reading, const struct ls_node *mapping, struct ls_node **out)
{
	if (reading->event.type == YAML_ALIAS_EVENT)
		return refuse_event(reading, "aliases are not taken: write the value out");
	if (reading->event.type != YAML_SCALAR_EVENT)
		return refuse_event(reading, "expected a key");
	struct ls_node *key = NULL;
	lockstep_status status = read_scalar(reading, &key);
	if (status)
		return status;
	status = check_key(reading, mapping, key->text);
	if (!status)
		status = take_event(reading);
	if (status)
		ls_document_destroy(key);
	else
		*out = key;
	return status;
}

static lockstep_status read_node(struct reading *reading, unsigned depth, struct ls_node **out);

/* One child of `parent`; the event is its first, or its key's. */
static lockstep_status read_child(struct reading *reading, unsigned depth, struct ls_node *parent, struct ls_node **out)
{
	struct ls_node *key = NULL;
	lockstep_status status = parent->kind == LS_NODE_MAPPING ? read_key(reading, parent, &key) : LOCKSTEP_OK;
	if (!status)
		status = read_node(reading, depth, out);
	if (status) {
		ls_document_destroy(key);
		return status;
	}
	(*out)->key = key;
	parent->n++;
	return take_event(reading);
}

static lockstep_status read_children(struct reading *reading, unsigned depth, struct ls_node *parent)
{
	struct ls_node **next = &parent->first;
	lockstep_status status = take_event(reading);
	while (!status && reading->event.type != YAML_SEQUENCE_END_EVENT &&
	       reading->event.type != YAML_MAPPING_END_EVENT) {
		status = read_child(reading, depth + 1, parent, next);
		if (*next)
			next = &(*next)->next;
	}
	return status;
}

static lockstep_status read_collection(struct reading *reading, unsigned depth, struct ls_node **out)
{
	int is_mapping = reading->event.type == YAML_MAPPING_START_EVENT;
	struct ls_node *node = NULL;
	if (is_mapping ? reading->event.data.mapping_start.anchor || reading->event.data.mapping_start.tag
	               : reading->event.data.sequence_start.anchor || reading->event.data.sequence_start.tag)
		return refuse_event(reading, "anchors and tags are not taken");
	if (depth >= LS_DOCUMENT_DEPTH)
		return refuse_event(reading, "too much is nested here");
	lockstep_status status = create_node(reading, is_mapping ? LS_NODE_MAPPING : LS_NODE_SEQUENCE, &node);
	if (status)
		return status;
	status = read_children(reading, depth, node);
	if (status)
		ls_document_destroy(node);
	else
		*out = node;
	return status;
}

static lockstep_status read_node(struct reading *reading, unsigned depth, struct ls_node **out)
{
	if (reading->event.type == YAML_SCALAR_EVENT)
		return read_scalar(reading, out);
	if (reading->event.type == YAML_ALIAS_EVENT)
		return refuse_event(reading, "aliases are not taken: write the value out");
	return read_collection(reading, depth, out);
}

void ls_document_destroy(struct ls_node *root)
{
	while (root) {
		struct ls_node *next = root->next;
		ls_document_destroy(root->first);
		ls_document_destroy(root->key);
		ls_memory_free(root->text);
		ls_memory_free(root);
		root = next;
	}
}

/* ---- Documents ------------------------------------------------------------- */

/* From the event after the stream's start, to the end. */
static lockstep_status read_document(struct reading *reading, struct ls_node **out)
{
	struct ls_node *root = NULL;
	if (reading->event.type != YAML_DOCUMENT_START_EVENT)
		return refuse_event(reading, "there is nothing in it");
	lockstep_status status = take_event(reading);
	if (!status)
		status = read_node(reading, 0, &root);
	if (status)
		return status;
	status = take_event(reading); /* the document's end */
	if (!status)
		status = take_event(reading);
	if (!status && reading->event.type != YAML_STREAM_END_EVENT)
		status = refuse_event(reading, "expected one document, and here begins another");
	if (status)
		ls_document_destroy(root);
	else
		*out = root;
	return status;
}

static lockstep_status read_stream(struct reading *reading, struct ls_node **out)
{
	yaml_parser_set_encoding(&reading->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reading->parser, (const unsigned char *)reading->bytes, reading->n_bytes);
	lockstep_status status = take_event(reading); /* the stream's start */
	if (!status)
		status = take_event(reading);
	if (!status)
		status = read_document(reading, out);
	yaml_event_delete(&reading->event);
	return status;
}

lockstep_status ls_document_parse(struct ls_node **out, const char *bytes, size_t n_bytes, const char *name,
                                  lockstep_error *error)
{
	size_t n_good = n_bytes, n_mark = n_bytes >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	struct reading reading = {.name = name, .bytes = bytes + n_mark, .n_bytes = n_bytes - n_mark, .error = error};
	if (n_bytes > LS_DOCUMENT_MAX)
		return ls_document_refuse(name, (struct ls_place){0}, error, "more than %zu bytes", LS_DOCUMENT_MAX);
	if (!ls_utf8_check(bytes, n_bytes)) {
		for (n_good = 0; ls_utf8_check(bytes + n_good, 1); n_good++)
			; /* the first byte that is not ASCII */
		return ls_document_refuse(name, place_of_byte(bytes, n_good), error,
		                          "not UTF-8, here or in what follows");
	}
	if (!yaml_parser_initialize(&reading.parser))
		return ls_error_memory(error, name);
	lockstep_status status = read_stream(&reading, out);
	yaml_parser_delete(&reading.parser);
	return status;
}

static lockstep_status read_file(FILE *file, char *bytes, const char *path, size_t *n, lockstep_error *error)
{
	errno = 0;
	*n = fread(bytes, 1, LS_DOCUMENT_MAX + 1, file);
	if (ferror(file))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", path, strerror(errno));
	return LOCKSTEP_OK;
}

lockstep_status ls_document_read(char **out, size_t *n_bytes, const char *path, lockstep_error *error)
{
	size_t n = 0;
	FILE *file = fopen(path, "rbe");
	if (!file)
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", path, strerror(errno));
	char *bytes = ls_memory_allocate(LS_DOCUMENT_MAX + 2, 1);
	lockstep_status status = bytes ? read_file(file, bytes, path, &n, error) : ls_error_memory(error, path);
	fclose(file);
	if (status) {
		ls_memory_free(bytes);
		return status;
	}
	*out = bytes;
	*n_bytes = n;
	return LOCKSTEP_OK;
}
