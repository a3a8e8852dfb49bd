/* SPDX-License-Identifier: MIT
 *
 * The document of a scaling study: read whole, checked, and put into the page as it is, but for integers that
 * JavaScript would round.
 */
#include "report_scaling.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"

#define COMMAND LS_REPORT_COMMAND
#define EXACT_MAX (INT64_C(1) << 53) /* up to here doubles have all integers */
#define START_MAX 65536

/* ---- Is it one? ------------------------------------------------------------------- */

/* In a text a quote has a backslash before it, so this is a member and no part of one. */
static int names_kind(const char *text)
{
	static const char key[] = "\"kind\"", value[] = "\"scaling\"";
	for (const char *at = text; (at = strstr(at, key)) != NULL;) {
		at += sizeof key - 1;
		const char *behind = at + strspn(at, " \t\r\n");
		if (*behind++ != ':')
			continue;
		behind += strspn(behind, " \t\r\n");
		if (strncmp(behind, value, sizeof value - 1) == 0)
			return 1;
	}
	return 0;
}

/* A log begins with an event. What is no whole JSON value is taken for what its beginning says. */
int ls_report_scaling_is(FILE *file)
{
	json_t *first = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL);
	if (first) {
		int is_one =
		    json_is_object(first) && !json_object_get(first, "event") && json_object_get(first, "kind");
		json_decref(first);
		return is_one;
	}
	char *start = calloc(1, START_MAX + 1);
	rewind(file);
	size_t n = start ? fread(start, 1, START_MAX, file) : 0;
	int is_one = n > 0 && names_kind(start);
	free(start);
	return is_one;
}

/* ---- Reading ---------------------------------------------------------------------- */

static int keep_integer(json_t **value)
{
	char digits[24];
	json_int_t integer = json_integer_value(*value);
	if (!json_is_integer(*value) || (integer <= EXACT_MAX && integer >= -EXACT_MAX))
		return 0;
	snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, integer);
	*value = json_string(digits);
	return 1;
}

/* The members of an object that JavaScript would round become texts: seeds. */
static int keep_integers(json_t *object)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key,
	                    value) if (keep_integer(&value) && json_object_set_new(object, key, value)) return -1;
	return 0;
}

static json_t *load(const char *path)
{
	json_error_t cause;
	FILE *file = fopen(path, "rb");
	if (!file) {
		ls_message_failed(COMMAND, "%s: %s", path, strerror(errno));
		return NULL;
	}
	json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &cause);
	if (!root && ferror(file))
		ls_message_failed(COMMAND, "%s: %s", path, strerror(errno ? errno : EIO));
	else if (!root)
		ls_message_failed(COMMAND, "%s:%d:%d: is no JSON: %s", path, cause.line, cause.column, cause.text);
	fclose(file);
	return root;
}

/* The document in one line, caller's; NULL: it is refused, or there is no memory, which was said. */
static char *make_text(json_t *root, const char *path)
{
	char *text = NULL;
	if (ls_report_scaling_check(root, path))
		return NULL;
	if (keep_integers(json_object_get(root, "study")) == 0 && keep_integers(json_object_get(root, "job")) == 0)
		text = json_dumps(root, JSON_COMPACT);
	if (!text)
		ls_message_failed(COMMAND, "out of memory for %s", path);
	return text;
}

int ls_report_scaling_open(struct ls_report_scaling *scaling, const char *path)
{
	json_t *root = load(path);
	if (!root)
		return LS_EXIT_FAILED;
	scaling->text = make_text(root, path);
	scaling->n_series = json_array_size(json_object_get(root, "series"));
	json_decref(root);
	return scaling->text ? LS_EXIT_DONE : LS_EXIT_FAILED;
}

int ls_report_scaling_take(char **text, const struct lockstep_runs_scaling *scaling, const char *path)
{
	char label[PATH_MAX];
	snprintf(label, sizeof label, "%s: scaling study '%s'", path, scaling->name);
	json_t *root = json_loads(scaling->document, JSON_REJECT_DUPLICATES, NULL);
	if (!root) /* the database has read it once */
		return ls_message_failed(COMMAND, "out of memory for %s", label);
	char *made = make_text(root, label);
	json_decref(root);
	if (!made)
		return LS_EXIT_FAILED;
	*text = made;
	return LS_EXIT_DONE;
}

void ls_report_scaling_write(const struct ls_report_scaling *scaling, struct ls_json *json)
{
	ls_json_key(json, "scalings");
	ls_json_open(json, '[');
	ls_json_value(json, scaling->text);
	ls_json_close(json, ']');
}

void ls_report_scaling_close(struct ls_report_scaling *scaling)
{
	free(scaling->text);
	*scaling = (struct ls_report_scaling){.n_series = 0};
}
