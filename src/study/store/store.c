/* SPDX-License-Identifier: MIT
 *
 * Opening, closing and groups. Every call that writes runs between
 * ls_writer_enter() and ls_writer_leave().
 */
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "records.h"
#include "writer.h"

/* ---- Transactions ---------------------------------------------------------- */

/* What is written to a file without its name is gone at the end. */
static lockstep_status begin(struct ls_store *store, lockstep_error *error)
{
	int is_gone = 0;
	(void)sqlite3_file_control(store->database->handle, "main", SQLITE_FCNTL_HAS_MOVED, &is_gone);
	if (is_gone)
		return ls_error_set(error, LOCKSTEP_ERROR_IO,
		                    "%s: was removed, renamed or replaced while a study wrote to it",
		                    store->database->path);
	return ls_database_run(store->database, "BEGIN IMMEDIATE", error);
}

lockstep_status ls_writer_enter(struct ls_store *store, lockstep_error *error)
{
	if (!store->in_group)
		return begin(store, error);
	if (store->failure.status)
		return ls_error_set(error, store->failure.status, "%s", store->failure.message);
	return LOCKSTEP_OK;
}

static lockstep_status finish(struct ls_store *store, lockstep_status status, lockstep_error *error)
{
	if (!status)
		status = ls_database_run(store->database, "COMMIT", error);
	if (status && !sqlite3_get_autocommit(store->database->handle))
		(void)ls_database_run(store->database, "ROLLBACK", NULL);
	return status;
}

lockstep_status ls_writer_leave(struct ls_store *store, lockstep_status status, lockstep_error *error)
{
	ls_arena_fini(&store->scratch);
	if (!store->in_group)
		return finish(store, status, error);
	if (status && !store->failure.status)
		(void)ls_error_set(&store->failure, status, "%s",
		                   error ? error->message : "a write of the group failed");
	return status;
}

int64_t ls_writer_new_id(struct ls_store *store, enum ls_table table)
{
	return ++store->last_id[table];
}

lockstep_status ls_store_begin(struct ls_store *store, lockstep_error *error)
{
	assert(!store->in_group);
	lockstep_status status = begin(store, error);
	if (status)
		return status;
	store->in_group = 1;
	store->failure = (lockstep_error){.status = LOCKSTEP_OK};
	return LOCKSTEP_OK;
}

lockstep_status ls_store_commit(struct ls_store *store, lockstep_error *error)
{
	assert(store->in_group);
	store->in_group = 0;
	if (store->failure.status)
		(void)ls_error_set(error, store->failure.status, "%s", store->failure.message);
	return finish(store, store->failure.status, error);
}

void ls_store_rollback(struct ls_store *store)
{
	assert(store->in_group);
	store->in_group = 0;
	if (!sqlite3_get_autocommit(store->database->handle))
		(void)ls_database_run(store->database, "ROLLBACK", NULL);
}

/* ---- Opening --------------------------------------------------------------- */

static lockstep_status find_last_ids(struct ls_store *store, lockstep_error *error)
{
	static const enum ls_table tables[] = {LS_TABLE_MACHINE, LS_TABLE_STUDY, LS_TABLE_SESSION,
	                                       LS_TABLE_TRIAL,   LS_TABLE_JOB,   LS_TABLE_SCALING};
	char sql[64];
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; !status && i < sizeof tables / sizeof *tables; i++) {
		sqlite3_snprintf(sizeof sql, sql, "SELECT coalesce(max(id),0) FROM %s", ls_tables[tables[i]].name);
		status = ls_database_integer(store->database, sql, &store->last_id[tables[i]], error);
	}
	return status;
}

static lockstep_status interrupt_one(struct ls_store *store, int *is_there, lockstep_error *error)
{
	struct ls_row row;
	struct ls_job_record record;
	lockstep_status status = ls_row_select(&row, store->database, LS_FIND_RUNNING_JOB, &store->scratch, error);
	if (!status)
		status = ls_row_next(&row, is_there, error);
	if (status || !*is_there)
		return status;
	status = ls_job_read_row(&row, &record, error);
	if (status)
		return status;
	ls_row_end(&row);
	record.progress.state = LOCKSTEP_JOB_INTERRUPTED;
	return ls_job_write_row(store->database, &record, error);
}

/* Whoever ran them is gone: the lock is ours. */
static lockstep_status interrupt_running(struct ls_store *store, lockstep_error *error)
{
	int is_there = 1;
	lockstep_status status = ls_writer_enter(store, error);
	if (status)
		return status;
	while (!status && is_there)
		status = interrupt_one(store, &is_there, error);
	return ls_writer_leave(store, status, error);
}

lockstep_status ls_store_open(struct ls_store **out, const char *path, lockstep_error *error)
{
	struct ls_store *store = ls_memory_allocate(1, sizeof *store);
	if (!store)
		return ls_error_memory(error, "a store");
	lockstep_status status = ls_lock_take(&store->lock, path, error);
	store->is_new = !status && access(path, F_OK) != 0 && errno == ENOENT;
	if (!status)
		status = ls_database_open_to_write(&store->database, path, error);
	if (!status)
		status = find_last_ids(store, error);
	if (!status)
		status = interrupt_running(store, error);
	if (status)
		ls_store_close(store);
	else
		*out = store;
	return status;
}

/* Closed, it has no journal, if nobody reads it; what a reader has open stays whole for that one. */
static void remove_files(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	char name[PATH_MAX];
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		int n = snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
		if (n > 0 && (size_t)n < sizeof name)
			unlink(name);
	}
}

static void close_database(struct ls_store *store, int discards)
{
	char *path = discards && store->is_new ? realpath(store->database->path, NULL) : NULL;
	ls_database_close(store->database); /* which rolls an open transaction back */
	if (path)
		remove_files(path);
	free(path);
}

void ls_store_discard(struct ls_store *store)
{
	close_database(store, 1);
	store->database = NULL;
	ls_store_close(store);
}

void ls_store_close(struct ls_store *store)
{
	if (!store)
		return;
	ls_arena_fini(&store->scratch);
	close_database(store, 0);
	ls_lock_release(&store->lock);
	ls_memory_free(store);
}

void ls_store_now(char text[LS_STORE_TIME_MAX])
{
	struct timespec now;
	struct tm utc;
	char seconds[24];
	clock_gettime(CLOCK_REALTIME, &now);
	strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
	snprintf(text, LS_STORE_TIME_MAX, "%s.%03uZ", seconds, (unsigned)(now.tv_nsec / 1000000) % 1000);
}
