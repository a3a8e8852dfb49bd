/* SPDX-License-Identifier: MIT
 *
 * A set of different texts, each with an index: the classes of a CSV file.
 */
#ifndef LS_DATA_NAMES_H
#define LS_DATA_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

struct ls_names {
	size_t n;
	char **texts;    /* [n], in the order of their indices */
	size_t capacity; /* of texts */
	uint32_t *slots; /* [n_slots] hash table: an index + 1, or 0 */
	size_t n_slots;  /* 0 or a power of two, above 2 n */
};

/* *index of the text, which is added when it is new. */
lockstep_status ls_names_add(struct ls_names *names, const char *text, uint32_t *index, lockstep_error *error);

/* Whether the text is there; if so, *index is its index. */
int ls_names_find(const struct ls_names *names, const char *text, uint32_t *index);

/* Whether every text is a finite number; the first `from` are not looked at. */
int ls_names_are_numbers(const struct ls_names *names, size_t from);

/* Takes out index 0: every other index sinks by one. */
void ls_names_drop_first(struct ls_names *names);

/* Puts the texts in order: by value when all are integers, else by bytes.
 * Afterwards old index i is new_index[i], [n]. */
lockstep_status ls_names_sort(struct ls_names *names, uint32_t *new_index, lockstep_error *error);

void ls_names_fini(struct ls_names *names);

#endif
