/* SPDX-License-Identifier: MIT
 *
 * Scaling studies as they are read. Their rows say again what their documents do, so that both are compared.
 */
#include "scaling.h"

#include <string.h>

#include "base/error.h"
#include "model/json_text.h"
#include "reader.h"

#define PLACE "the document of a scaling study"
#define VALUES_MAX ((size_t)1 << 24)
#define SCHEMA 1

/* ---- The document -------------------------------------------------------------- */

/* NULL: it has no such text. */
static const char *text_of(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

/* What a later Lockstep would say otherwise, and this one would misread. */
static int is_newer(const json_t *root)
{
	return json_integer_value(json_object_get(root, "schema")) > SCHEMA;
}

static int is_document(const json_t *root, const struct lockstep_runs_scaling *scaling)
{
	const char *kind = text_of(root, "kind");
	return kind && strcmp(kind, "scaling") == 0 && json_integer_value(json_object_get(root, "schema")) == SCHEMA &&
	       scaling->name && *scaling->name && scaling->created && scaling->type &&
	       (strcmp(scaling->type, "strong") == 0 || strcmp(scaling->type, "weak") == 0);
}

static lockstep_status copy(struct ls_arena *arena, struct lockstep_runs_scaling *scaling, lockstep_error *error)
{
	scaling->name = ls_arena_copy(arena, scaling->name, strlen(scaling->name));
	scaling->type = ls_arena_copy(arena, scaling->type, strlen(scaling->type));
	scaling->created = ls_arena_copy(arena, scaling->created, strlen(scaling->created));
	if (!scaling->name || !scaling->type || !scaling->created)
		return ls_error_memory(error, "a scaling study");
	return LOCKSTEP_OK;
}

lockstep_status ls_scaling_look(const char *path, const char *text, size_t n, struct ls_arena *arena,
                                struct lockstep_runs_scaling *scaling, lockstep_error *error)
{
	const struct ls_json_source source = {
	    .path = path, .place = PLACE, .text = text, .length = n, .n_values_max = VALUES_MAX};
	json_t *root = NULL;
	lockstep_status status = ls_json_parse(&root, &source, error);
	if (status)
		return status;
	struct lockstep_runs_scaling found = {.name = text_of(root, "name"),
	                                      .type = text_of(json_object_get(root, "study"), "type"),
	                                      .created = text_of(root, "created"),
	                                      .document = scaling->document};
	if (is_document(root, &found))
		status = copy(arena, &found, error);
	else if (is_newer(root))
		status = ls_error_set(
		    error, LOCKSTEP_ERROR_FORMAT,
		    "%s: " PLACE " '%s': schema: is %" JSON_INTEGER_FORMAT ", and this Lockstep reads %d", path,
		    found.name ? found.name : "", json_integer_value(json_object_get(root, "schema")), SCHEMA);
	else
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: " PLACE ": is none", path);
	json_decref(root);
	if (!status)
		*scaling = found;
	return status;
}

/* ---- Rows ---------------------------------------------------------------------- */

static lockstep_status read_row(struct lockstep_runs *runs, struct ls_row *row, struct lockstep_runs_scaling *scaling,
                                lockstep_error *error)
{
	(void)ls_row_integer(row);
	const char *name = ls_row_text(row), *type = ls_row_text(row), *created = ls_row_text(row);
	scaling->document = ls_row_text(row);
	lockstep_status status = ls_row_check(row, error);
	if (status)
		return status;
	status = ls_scaling_look(runs->database->path, scaling->document, strlen(scaling->document), &runs->arena,
	                         scaling, error);
	if (!status && (strcmp(name, scaling->name) != 0 || strcmp(type, scaling->type) != 0 ||
	                strcmp(created, scaling->created) != 0))
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: " PLACE ": is not that of '%s'",
		                      runs->database->path, name);
	if (status)
		ls_row_end(row);
	return status;
}

lockstep_status ls_reader_scalings(struct lockstep_runs *runs, lockstep_error *error)
{
	struct ls_row row;
	size_t room = 0;
	int is_there = 0;
	if (runs->database->version < 2) /* which brought them */
		return LOCKSTEP_OK;
	lockstep_status status = ls_row_select(&row, runs->database, LS_GET_SCALINGS, &runs->arena, error);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		runs->scalings =
		    ls_arena_grow(&runs->arena, runs->scalings, runs->n_scalings, &room, sizeof *runs->scalings);
		if (!runs->scalings) {
			ls_row_end(&row);
			return ls_error_memory(error, "a list of scaling studies");
		}
		status = read_row(runs, &row, &runs->scalings[runs->n_scalings], error);
		if (status)
			return status;
		runs->n_scalings++;
	}
	return status;
}

size_t lockstep_runs_n_scalings(const lockstep_runs *runs)
{
	return runs->n_scalings;
}

const struct lockstep_runs_scaling *lockstep_runs_get_scaling(const lockstep_runs *runs, size_t i)
{
	return &runs->scalings[i];
}
