/* SPDX-License-Identifier: MIT
 *
 * Sets of the command line, "lr=0.1,0.5". They become the tree of a document, so
 * that all that is checked in a file is checked here too.
 */
#include "sets.h"

#include <string.h>

#include "base/memory.h"

static struct ls_node *create_node(struct ls_reader *reader, enum ls_node_kind kind)
{
	struct ls_node *node = ls_reader_allocate(reader, 1, sizeof *node);
	if (node)
		node->kind = kind;
	return node;
}

static struct ls_node *create_scalar(struct ls_reader *reader, const char *text, size_t length)
{
	struct ls_node *node = create_node(reader, LS_NODE_SCALAR);
	char *copy = ls_reader_allocate(reader, length + 1, 1);
	if (!node || !copy) {
		ls_memory_free(copy);
		ls_document_destroy(node);
		return NULL;
	}
	node->text = memcpy(copy, text, length);
	node->is_plain = 1;
	return node;
}

/* Takes the child over, and its key. */
static void append(struct ls_reader *reader, struct ls_node *parent, struct ls_node *child, const char *key,
                   size_t length)
{
	struct ls_node **last = &parent->first;
	if (!child)
		return;
	while (*last)
		last = &(*last)->next;
	*last = child;
	parent->n++;
	if (key)
		child->key = create_scalar(reader, key, length);
}

/* {values: [...]}; NULL and a failure when it is not right. */
static struct ls_node *values_of(struct ls_reader *reader, const char *set, const char *values)
{
	struct ls_node *parameter = create_node(reader, LS_NODE_MAPPING);
	struct ls_node *list = create_node(reader, LS_NODE_SEQUENCE);
	for (const char *at = values; !reader->status; at++) {
		size_t length = strcspn(at, ",");
		if (!length)
			ls_reader_refuse(reader, (struct ls_place){0}, "'%.96s': a value is empty", set);
		append(reader, list, create_scalar(reader, at, length), NULL, 0);
		at += length;
		if (!*at)
			break;
	}
	if (parameter && list)
		append(reader, parameter, list, "values", 6);
	else
		ls_document_destroy(list);
	return parameter;
}

static void add_set(struct ls_reader *reader, struct ls_node *parameters, const char *set)
{
	size_t length = strcspn(set, "=");
	if (!set[length])
		ls_reader_refuse(reader, (struct ls_place){0}, "'%.96s': expected NAME=VALUE,VALUE,...", set);
	else
		append(reader, parameters, values_of(reader, set, set + length + 1), set, length);
}

/* {method: grid, parameters: {...}} */
struct ls_node *ls_sets_document(struct ls_reader *reader, const char *const *sets, size_t n)
{
	struct ls_node *root = create_node(reader, LS_NODE_MAPPING);
	struct ls_node *parameters = create_node(reader, LS_NODE_MAPPING);
	for (size_t i = 0; i < n && !reader->status; i++)
		add_set(reader, parameters, sets[i]);
	if (root && parameters) {
		append(reader, root, create_scalar(reader, "grid", 4), "method", 6);
		append(reader, root, parameters, "parameters", 10);
	} else {
		ls_document_destroy(parameters);
	}
	return root;
}
