/* SPDX-License-Identifier: MIT
 *
 * The top level of the specification. The order matters: conditions need the
 * parameters, and the scheduler needs to know what is trained.
 */
#include "spec.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"
#include "reader.h"
#include "sets.h"

enum top_key {
	NAME,
	DESCRIPTION,
	METHOD,
	METRIC,
	PARAMETERS,
	EARLY_TERMINATE,
	RUN_CAP,
	PROGRAM,
	COMMAND,
	LOCKSTEP,
	FIRST_UNUSED, /* keys of W&B's that say nothing here */
	N_TOP = FIRST_UNUSED + 5
};
static const char *const top_keys[N_TOP] = {
    "name",     "description", "method", "metric",     "parameters", "early_terminate", "run_cap", "program", "command",
    "lockstep", "project",     "entity", "apiVersion", "kind",       "controller"};

static void read_metric(struct ls_reader *reader, const struct ls_node *node)
{
	enum { METRIC_NAME, GOAL, TARGET, IMPUTE, IMPUTE_WHILE_RUNNING, N_FIELDS };
	static const char *const names[] = {"name", "goal", "target", "impute", "impute_while_running"};
	static const char *const goals[] = {"minimize", "maximize"};
	struct ls_spec *spec = reader->spec;
	const struct ls_node *fields[N_FIELDS];
	if (reader->status || !node)
		return;
	ls_read_fields(reader, node, names, N_FIELDS, fields);
	if (!reader->status && !fields[METRIC_NAME])
		ls_reader_refuse(reader, node->place, "name is missing: expected what to optimise");
	ls_read_text(reader, fields[METRIC_NAME], &spec->metric);
	ls_read_choice(reader, fields[GOAL], goals, 2, &spec->maximize);
	ls_read_real(reader, fields[TARGET], &spec->target);
	spec->has_target = fields[TARGET] != NULL;
	for (int i = IMPUTE; i < N_FIELDS; i++)
		if (fields[i])
			ls_reader_warn(reader, fields[i]->key->place, "%s says nothing here", names[i]);
}

/* A key of the block that was written beside it. */
static void look_for_block_keys(struct ls_reader *reader, const struct ls_node *root)
{
	if (root->kind != LS_NODE_MAPPING)
		return;
	for (const struct ls_node *child = root->first; child; child = child->next)
		if (ls_name_find(child->key->text, ls_block_keys, ls_block_n_keys) >= 0)
			ls_reader_refuse(reader, child->key->place, "'%s' belongs into the block lockstep",
			                 child->key->text);
}

static void read_top(struct ls_reader *reader, const struct ls_node *root)
{
	const struct ls_node *fields[N_TOP];
	struct ls_spec *spec = reader->spec;
	look_for_block_keys(reader, root);
	ls_read_fields(reader, root, top_keys, N_TOP, fields);
	ls_read_text(reader, fields[NAME], &spec->name);
	ls_read_text(reader, fields[DESCRIPTION], &spec->description);
	ls_read_text(reader, fields[PROGRAM], &spec->program);
	ls_read_command(reader, fields[COMMAND]);
	read_metric(reader, fields[METRIC]);
	if (!reader->status && !fields[PARAMETERS])
		ls_reader_refuse(reader, root->place, "parameters is missing: expected a mapping of names");
	if (!reader->status)
		ls_read_parameters(reader, fields[PARAMETERS]);
	ls_read_block(reader, fields[LOCKSTEP],
	              &(struct ls_course){root, fields[METHOD], fields[EARLY_TERMINATE], fields[RUN_CAP]});
	for (int i = FIRST_UNUSED; i < N_TOP; i++)
		if (fields[i])
			ls_reader_warn(reader, fields[i]->key->place, "%s says nothing here", top_keys[i]);
}

/* ---- ------------------------------------------------------------------------ */

static struct ls_spec *create_spec(const char *file, lockstep_error *error)
{
	struct ls_spec *spec = ls_memory_allocate(1, sizeof *spec);
	if (spec)
		spec->file = ls_memory_copy_text(file);
	if (spec && spec->file)
		return spec;
	ls_memory_free(spec);
	ls_error_memory(error, file);
	return NULL;
}

/* The document is borrowed; the spec is gone on failure. */
static lockstep_status finish_spec(struct ls_spec **out, struct ls_reader *reader, const struct ls_node *root)
{
	if (!reader->status)
		read_top(reader, root);
	if (reader->status)
		ls_spec_destroy(reader->spec);
	else
		*out = reader->spec;
	return reader->status;
}

/* Takes the document over. */
static lockstep_status read_document(struct ls_spec **out, struct ls_node *root, const char *file,
                                     lockstep_error *error)
{
	struct ls_reader reader = {.file = file, .spec = create_spec(file, error), .error = error};
	lockstep_status status = reader.spec ? finish_spec(out, &reader, root) : LOCKSTEP_ERROR_MEMORY;
	ls_document_destroy(root);
	return status;
}

/* One a line. */
static char *join(const char *const *sets, size_t n)
{
	size_t size = 1;
	for (size_t i = 0; i < n; i++)
		size += strlen(sets[i]) + 1;
	char *text = ls_memory_allocate(size, 1);
	for (size_t i = 0, at = 0; text && i < n; i++)
		at += (size_t)sprintf(text + at, "%s\n", sets[i]);
	return text;
}

lockstep_status ls_spec_from_sets(struct ls_spec **out, const char *const *sets, size_t n, lockstep_error *error)
{
	lockstep_error cause;
	struct ls_reader reader = {.file = "--set", .spec = create_spec("--set", &cause), .error = &cause};
	if (!reader.spec)
		return ls_error_memory(error, "--set");
	struct ls_node *root = ls_sets_document(&reader, sets, n);
	reader.spec->text = join(sets, n);
	if (!reader.spec->text && !reader.status)
		reader.status = ls_error_memory(&cause, "--set");
	lockstep_status status = finish_spec(out, &reader, root);
	ls_document_destroy(root);
	if (!status)
		return status;
	/* What is wrong is an argument, not a file. */
	return ls_error_set(error, status == LOCKSTEP_ERROR_FORMAT ? LOCKSTEP_ERROR_ARGUMENT : status, "%s",
	                    cause.message);
}

/* Takes `text` over, the bytes with a 0 behind them. */
static lockstep_status parse(struct ls_spec **out, char *text, size_t n_bytes, const char *name, lockstep_error *error)
{
	struct ls_node *root = NULL;
	lockstep_status status = ls_document_parse(&root, text, n_bytes, name, error);
	if (!status)
		status = read_document(out, root, name, error);
	if (status)
		ls_memory_free(text);
	else
		(*out)->text = text;
	return status;
}

lockstep_status ls_spec_parse(struct ls_spec **out, const char *bytes, size_t n_bytes, const char *name,
                              lockstep_error *error)
{
	char *text = ls_memory_allocate(n_bytes + 1, 1);
	if (!text)
		return ls_error_memory(error, name);
	memcpy(text, bytes, n_bytes);
	return parse(out, text, n_bytes, name, error);
}

lockstep_status ls_spec_load(struct ls_spec **out, const char *path, lockstep_error *error)
{
	char *text = NULL;
	size_t n_bytes = 0;
	lockstep_status status = ls_document_read(&text, &n_bytes, path, error);
	return status ? status : parse(out, text, n_bytes, path, error);
}

void ls_spec_destroy(struct ls_spec *spec)
{
	if (!spec)
		return;
	for (size_t i = 0; i < spec->space.n; i++)
		ls_memory_free(spec->places[i].values);
	for (size_t i = 0; i < spec->n_command; i++)
		ls_memory_free(spec->command[i]);
	for (size_t i = 0; i < spec->n_warnings; i++)
		ls_memory_free(spec->warnings[i].text);
	ls_space_fini(&spec->space);
	ls_memory_free(spec->places);
	ls_memory_free(spec->command);
	ls_memory_free(spec->warnings);
	ls_memory_free(spec->seeds);
	ls_memory_free(spec->metric);
	ls_memory_free(spec->program);
	ls_memory_free(spec->description);
	ls_memory_free(spec->name);
	ls_memory_free(spec->text);
	ls_memory_free(spec->file);
	ls_memory_free(spec);
}

int ls_spec_is_built_in(const struct ls_spec *spec)
{
	return !spec->program && !spec->n_command;
}
