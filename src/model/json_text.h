/* SPDX-License-Identifier: MIT
 *
 * JSON from files nobody vouches for, and back to text: jansson with a bound
 * on the memory that a small text may take, and one-line errors.
 */
#ifndef LS_TRAIN_JSON_TEXT_H
#define LS_TRAIN_JSON_TEXT_H

#include <jansson.h>
#include <stddef.h>

#include "lockstep/status.h"

struct ls_json_source {
	const char *path; /* file and place, for errors */
	const char *place;
	const char *text; /* [length]; no NUL needed */
	size_t length;
	size_t n_values_max; /* arrays, objects, their members and keys in all, to be refused above */
	int all_real;        /* integers are read as reals, and may be of any size */
};

/* Parses one value of any type. Duplicate keys and control characters are
 * refused, so that what errors quote stays on its line. Caller owns *out. */
lockstep_status ls_json_parse(json_t **out, const struct ls_json_source *source, lockstep_error *error);

/* The value as compact text on one line, with a NUL, from ls_memory_allocate().
 * NULL when memory is short. `length` may be NULL. */
char *ls_json_write(const json_t *value, size_t *length);

#endif
