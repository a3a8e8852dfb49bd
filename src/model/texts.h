/* SPDX-License-Identifier: MIT
 *
 * The texts in a file's metadata, as its reader takes them: each by its key,
 * with errors that name file and key.
 */
#ifndef LS_MODEL_TEXTS_H
#define LS_MODEL_TEXTS_H

#include <stddef.h>

#include "json_text.h"
#include "safetensors.h"

struct ls_texts {
	const char *path;
	const struct ls_safetensors *contents;
};

struct ls_text_key {
	const char *name;
	int required;
};

/* NULL when there is none. */
const char *ls_texts_get(const struct ls_texts *texts, const char *key);

/* The text of `key` is not what it should be. */
lockstep_status ls_texts_refuse(const struct ls_texts *texts, const char *key, const char *cause,
                                lockstep_error *error);

/* The text of `key` must be `wanted`. */
lockstep_status ls_texts_expect(const struct ls_texts *texts, const char *key, const char *wanted,
                                lockstep_error *error);

/* Are these the keys of this kind of file? "format" and "arithmetic" must be
 * among them, with the given format and this version of the arithmetic. A key
 * that is not known is refused, since it might decide something. */
lockstep_status ls_texts_check(const struct ls_texts *texts, const char *format, const struct ls_text_key *keys,
                               size_t n_keys, lockstep_error *error);

/* Parses the text of `key` as JSON of at most n_values_max values. Caller owns *out. */
lockstep_status ls_texts_parse(const struct ls_texts *texts, const char *key, size_t n_values_max, json_t **out,
                               lockstep_error *error);

#endif
