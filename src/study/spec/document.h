/* SPDX-License-Identifier: MIT
 *
 * A YAML or JSON text as a tree of nodes, each with its place, for readers that
 * know what should be there. The text is hostile: its size, its depth and the
 * number of nodes and of keys are limited, and what could make more of it than
 * was written (anchors, aliases, tags) is refused, as is a key that comes twice.
 */
#ifndef LS_STUDY_DOCUMENT_H
#define LS_STUDY_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

#define LS_DOCUMENT_MAX ((size_t)1 << 20) /* bytes */
#define LS_DOCUMENT_DEPTH 32
#define LS_DOCUMENT_NODES 65536
#define LS_DOCUMENT_KEYS 1024 /* of one mapping */

/* Line and column, in characters, from 1. Line 0: of no file. */
struct ls_place {
	uint32_t line, column;
};

enum ls_node_kind { LS_NODE_SCALAR = 0, LS_NODE_SEQUENCE, LS_NODE_MAPPING };

struct ls_node {
	enum ls_node_kind kind;
	struct ls_place place;
	char *text;                   /* of a scalar; owned */
	int is_plain;                 /* of a scalar: without quotes, so that it may be a number */
	size_t n;                     /* children of the others */
	struct ls_node *first, *next; /* child and sibling, in the order of the text; owned */
	struct ls_node *key;          /* of a mapping's child: a scalar; owned */
};

/* One document; `name` is what errors call it. LOCKSTEP_ERROR_FORMAT with a line
 * "NAME:LINE:COLUMN: ..." when it is not well-formed UTF-8 and YAML, or beyond a
 * limit. Caller owns *out. */
lockstep_status ls_document_parse(struct ls_node **out, const char *bytes, size_t n_bytes, const char *name,
                                  lockstep_error *error);

/* The bytes of a file, as far as LS_DOCUMENT_MAX + 1, with a 0 behind them. Caller owns
 * *out. */
lockstep_status ls_document_read(char **out, size_t *n_bytes, const char *path, lockstep_error *error);

void ls_document_destroy(struct ls_node *root);

/* "NAME:LINE:COLUMN: ...", or "NAME: ..." without a place; returns LOCKSTEP_ERROR_FORMAT. */
lockstep_status ls_document_refuse(const char *name, struct ls_place place, lockstep_error *error, const char *format,
                                   ...) __attribute__((format(printf, 4, 5)));

#ifdef __clang_analyzer__
#define ls_document_refuse(name, place, error, ...)                                                                    \
	(ls_document_refuse(name, place, error, __VA_ARGS__), LOCKSTEP_ERROR_FORMAT)
#endif

#endif
