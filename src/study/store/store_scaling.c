/* SPDX-License-Identifier: MIT
 *
 * Scaling studies as they are written: by a store of their own, which is open from before the first measurement.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "lockstep/scaling_store.h"
#include "scaling.h"
#include "writer.h"

/* ---- In a store ------------------------------------------------------------------ */

static lockstep_status write_row(struct ls_store *store, const struct lockstep_runs_scaling *scaling,
                                 lockstep_error *error)
{
	struct ls_row row;
	lockstep_status status = ls_row_begin(&row, store->database, LS_TABLE_SCALING, error);
	if (status)
		return status;
	ls_row_put_integer(&row, ls_writer_new_id(store, LS_TABLE_SCALING));
	ls_row_put_text(&row, scaling->name);
	ls_row_put_text(&row, scaling->type);
	ls_row_put_text(&row, scaling->created);
	ls_row_put_text(&row, scaling->document);
	return ls_row_write(&row, error);
}

/* The text is the caller's: what is wrong with it is no fault of a file. */
static lockstep_status look(struct ls_store *store, const char *name, const char *document, size_t n,
                            struct lockstep_runs_scaling *scaling, lockstep_error *error)
{
	lockstep_error cause = {.status = LOCKSTEP_OK};
	lockstep_status status = ls_scaling_look(store->database->path, document, n, &store->scratch, scaling, &cause);
	if (status)
		return ls_error_set(error, status == LOCKSTEP_ERROR_FORMAT ? LOCKSTEP_ERROR_ARGUMENT : status, "%s",
		                    cause.message);
	if (strcmp(scaling->name, name) != 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%s: the document is of scaling study '%s', not '%s'", store->database->path,
		                    scaling->name, name);
	scaling->document = ls_arena_copy(&store->scratch, document, n);
	return scaling->document ? LOCKSTEP_OK : ls_error_memory(error, "a document");
}

lockstep_status ls_store_add_scaling(struct ls_store *store, const char *name, const char *document,
                                     lockstep_error *error)
{
	struct lockstep_runs_scaling scaling = {.name = NULL};
	size_t n = strlen(document);
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	n -= n > 0 && document[n - 1] == '\n';
	status = ls_writer_check_name(store, name, error);
	if (!status)
		status = look(store, name, document, n, &scaling, error);
	if (!status)
		status = write_row(store, &scaling, error);
	return ls_writer_leave(store, status, error);
}

/* ---- Of their own ---------------------------------------------------------------- */

struct lockstep_scaling_store {
	struct ls_store *store;
	char *name; /* owned */
	int has_added;
};

static lockstep_status fill(struct lockstep_scaling_store *own, const char *path, const char *name,
                            lockstep_error *error)
{
	own->name = ls_memory_copy_text(name);
	if (!own->name)
		return ls_error_memory(error, "a name");
	lockstep_status status = ls_store_open(&own->store, path, error);
	return status ? status : ls_store_check_name(own->store, name, error);
}

lockstep_status lockstep_scaling_store_open(lockstep_scaling_store **out, const char *path, const char *name,
                                            lockstep_error *error)
{
	if (!*name || !ls_utf8_check(name, strlen(name)))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: the name of a study is %s", path,
		                    *name ? "no UTF-8" : "empty");
	struct lockstep_scaling_store *own = ls_memory_allocate(1, sizeof *own);
	if (!own)
		return ls_error_memory(error, "a store");
	lockstep_status status = fill(own, path, name, error);
	if (status)
		lockstep_scaling_store_close(own);
	else
		*out = own;
	return status;
}

lockstep_status lockstep_scaling_store_add(lockstep_scaling_store *store, const char *document, lockstep_error *error)
{
	lockstep_status status = ls_store_add_scaling(store->store, store->name, document, error);
	store->has_added |= !status;
	return status;
}

void lockstep_scaling_store_close(lockstep_scaling_store *store)
{
	if (!store)
		return;
	if (store->store && !store->has_added)
		ls_store_discard(store->store);
	else
		ls_store_close(store->store);
	ls_memory_free(store->name);
	ls_memory_free(store);
}
