/* SPDX-License-Identifier: MIT
 *
 * Lookups and refusals of metadata; what the texts mean is their readers'
 * business.
 */
#include "texts.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "lockstep/version.h"

const char *ls_texts_get(const struct ls_texts *texts, const char *key)
{
	return ls_safetensors_value(texts->contents, key);
}

lockstep_status ls_texts_refuse(const struct ls_texts *texts, const char *key, const char *cause, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata '%s' is '%.80s': %s", texts->path, key,
	                    ls_texts_get(texts, key), cause);
}

lockstep_status ls_texts_expect(const struct ls_texts *texts, const char *key, const char *wanted,
                                lockstep_error *error)
{
	char cause[160];
	if (!strcmp(ls_texts_get(texts, key), wanted))
		return LOCKSTEP_OK;
	snprintf(cause, sizeof cause, "expected '%.128s'", wanted);
	return ls_texts_refuse(texts, key, cause, error);
}

static lockstep_status missing(const struct ls_texts *texts, const char *key, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata '%s' is missing", texts->path, key);
}

static int is_known(const char *key, const struct ls_text_key *keys, size_t n_keys)
{
	for (size_t i = 0; i < n_keys; i++)
		if (!strcmp(key, keys[i].name))
			return 1;
	return 0;
}

lockstep_status ls_texts_check(const struct ls_texts *texts, const char *format, const struct ls_text_key *keys,
                               size_t n_keys, lockstep_error *error)
{
	const struct ls_safetensors *contents = texts->contents;
	char arithmetic[16];

	if (!ls_texts_get(texts, "format"))
		return missing(texts, "format", error);
	lockstep_status status = ls_texts_expect(texts, "format", format, error);
	if (status)
		return status;
	for (size_t i = 0; i < n_keys; i++)
		if (keys[i].required && !ls_texts_get(texts, keys[i].name))
			return missing(texts, keys[i].name, error);
	for (size_t i = 0; i < contents->n_metadata; i++)
		if (!is_known(contents->metadata[i].key, keys, n_keys))
			return ls_texts_refuse(texts, contents->metadata[i].key, "this version does not know that key",
			                       error);
	snprintf(arithmetic, sizeof arithmetic, "%d", LOCKSTEP_ARITHMETIC);
	return ls_texts_expect(texts, "arithmetic", arithmetic, error);
}

lockstep_status ls_texts_parse(const struct ls_texts *texts, const char *key, size_t n_values_max, json_t **out,
                               lockstep_error *error)
{
	char place[40];
	const char *text = ls_texts_get(texts, key);
	snprintf(place, sizeof place, "metadata '%s'", key);
	struct ls_json_source json = {texts->path, place, text, strlen(text), n_values_max, 0};
	return ls_json_parse(out, &json, error);
}
