/* SPDX-License-Identifier: MIT
 *
 * When the room is used up, every second entry goes, and from then on every
 * second of the epochs that would have been kept is.
 */
#include "history.h"

#include <jansson.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "model/json_text.h"

#define PLACE "metadata 'history'"

lockstep_status ls_history_init(struct ls_history *history, uint32_t n_epochs, lockstep_error *error)
{
	uint32_t capacity = n_epochs < LS_HISTORY_MAX ? n_epochs + 1 : LS_HISTORY_MAX;
	*history = (struct ls_history){.every = 1, .capacity = capacity};
	history->fingerprints = ls_memory_allocate(capacity, sizeof *history->fingerprints);
	return history->fingerprints ? LOCKSTEP_OK : ls_error_memory(error, "the fingerprints of epochs");
}

void ls_history_fini(struct ls_history *history)
{
	ls_memory_free(history->fingerprints);
	*history = (struct ls_history){0};
}

static void thin_out(struct ls_history *history)
{
	history->n = (history->n + 1) / 2;
	history->every *= 2;
	for (uint32_t i = 1; i < history->n; i++)
		memcpy(history->fingerprints[i], history->fingerprints[2 * i], sizeof *history->fingerprints);
}

void ls_history_add(struct ls_history *history, uint32_t epoch, const char fingerprint[65])
{
	if (epoch % history->every)
		return;
	if (history->n == history->capacity)
		thin_out(history);
	if (epoch % history->every == 0)
		memcpy(history->fingerprints[history->n++], fingerprint, sizeof *history->fingerprints);
}

const char *ls_history_get(const struct ls_history *history, uint32_t epoch)
{
	if (epoch % history->every || epoch / history->every >= history->n)
		return NULL;
	return history->fingerprints[epoch / history->every];
}

uint32_t ls_history_last(const struct ls_history *history)
{
	return (history->n - 1) * history->every;
}

void ls_history_copy(struct ls_history *history, const struct ls_history *from)
{
	history->every = from->every;
	history->n = from->n;
	memcpy(history->fingerprints, from->fingerprints, from->n * sizeof *history->fingerprints);
}

/* ---- Text ------------------------------------------------------------ */

lockstep_status ls_history_text(char **out, const struct ls_history *history, lockstep_error *error)
{
	json_t *list = json_array();
	int failed = !list;
	for (uint32_t i = 0; i < history->n && !failed; i++)
		failed = json_array_append_new(list, json_string(history->fingerprints[i]));
	json_t *object =
	    failed ? NULL : json_pack("{s:I, s:O}", "every", (json_int_t)history->every, "fingerprints", list);
	char *text = object ? ls_json_write(object, NULL) : NULL;
	json_decref(object);
	json_decref(list);
	if (!text)
		return ls_error_memory(error, "the fingerprints of epochs");
	*out = text;
	return LOCKSTEP_OK;
}

static int read_fingerprint(char fingerprint[65], const json_t *value)
{
	const char *text = json_string_value(value);
	if (!text || strlen(text) != LS_SHA256_DIGITS || strspn(text, "0123456789abcdef") != LS_SHA256_DIGITS)
		return 0;
	memcpy(fingerprint, text, LS_SHA256_DIGITS + 1);
	return 1;
}

static lockstep_status refuse(const char *path, const char *cause, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: " PLACE ": %s", path, cause);
}

static lockstep_status read_object(struct ls_history *history, const json_t *object, const char *path,
                                   lockstep_error *error)
{
	json_t *list = json_object_get(object, "fingerprints");
	json_int_t every = json_integer_value(json_object_get(object, "every"));
	size_t n = json_array_size(list);

	if (json_object_size(object) != 2 || n < 1 || n > LS_HISTORY_MAX)
		return refuse(path, "not 'every' and a list of 'fingerprints'", error);
	if (every < 1 || every & (every - 1) || every > UINT32_MAX)
		return refuse(path, "'every' is not a power of two", error);
	lockstep_status status = ls_history_init(history, (uint32_t)n - 1, error);
	history->every = (uint32_t)every;
	for (size_t i = 0; i < n && !status; i++)
		if (!read_fingerprint(history->fingerprints[history->n++], json_array_get(list, i)))
			status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                      "%s: " PLACE ": entry %zu is not a fingerprint", path, i);
	return status;
}

lockstep_status ls_history_read(struct ls_history *out, const char *text, const char *path, lockstep_error *error)
{
	struct ls_json_source source = {path, PLACE, text, strlen(text), LS_HISTORY_MAX + 8, 0};
	struct ls_history history = {0};
	json_t *object = NULL;
	lockstep_status status = ls_json_parse(&object, &source, error);
	if (!status)
		status = read_object(&history, object, path, error);
	json_decref(object);
	if (status)
		ls_history_fini(&history);
	else
		*out = history;
	return status;
}
