/* SPDX-License-Identifier: MIT
 *
 * What the file is gets looked at before anything is written, its structure and
 * its schema before its rows are: a schema is a program that SQLite runs. Triggers
 * and views are never run, and the journal of a file that was refused stays as it is.
 */
#include "database.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "schema.h"
#include "snapshot.h"

#define BUSY_MILLISECONDS 10000
#define VALUE_BYTES_MAX (256 << 20) /* of one value, and so of what a damaged length can ask for */

/* ---- Errors ---------------------------------------------------------------- */

static const struct {
	int code;
	lockstep_status status;
	const char *text;
} causes[] = {
    {SQLITE_CORRUPT, LOCKSTEP_ERROR_FORMAT, "the database is damaged"},
    {SQLITE_NOTADB, LOCKSTEP_ERROR_FORMAT, "is no database of Lockstep"},
    {SQLITE_FORMAT, LOCKSTEP_ERROR_FORMAT, "the database is damaged"},
    {SQLITE_SCHEMA, LOCKSTEP_ERROR_FORMAT, "its tables were changed by another program"},
    {SQLITE_ERROR, LOCKSTEP_ERROR_FORMAT, "the database is not as it should be"},
    {SQLITE_TOOBIG, LOCKSTEP_ERROR_FORMAT, "a value is too large"},
    {SQLITE_CONSTRAINT, LOCKSTEP_ERROR_ARGUMENT, "what is to be written does not fit what is there"},
    {SQLITE_BUSY, LOCKSTEP_ERROR_IO, "is busy: another program writes to it"},
    {SQLITE_LOCKED, LOCKSTEP_ERROR_IO, "is busy: another program writes to it"},
    {SQLITE_FULL, LOCKSTEP_ERROR_IO, "cannot be written: the disk is full"},
    {SQLITE_READONLY, LOCKSTEP_ERROR_IO, "cannot be written: it or its folder is read-only"},
    {SQLITE_PERM, LOCKSTEP_ERROR_IO, "permission denied"},
    {SQLITE_CANTOPEN, LOCKSTEP_ERROR_IO, "cannot be opened"},
    {SQLITE_IOERR, LOCKSTEP_ERROR_IO, "cannot be read or written"},
};

/* SQLite says more of a fault in what it was asked than of one in the file. */
static const char *detail(const struct ls_database *database, int rc)
{
	int code = rc & 0xff;
	int system = sqlite3_system_errno(database->handle);
	if ((code == SQLITE_CANTOPEN || code == SQLITE_IOERR) && system)
		return strerror(system);
	if (code == SQLITE_ERROR || code == SQLITE_CONSTRAINT || code == SQLITE_SCHEMA)
		return sqlite3_errmsg(database->handle);
	return NULL;
}

lockstep_status ls_database_error(const struct ls_database *database, int rc, lockstep_error *error)
{
	if ((rc & 0xff) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM)
		return ls_error_set(error, LOCKSTEP_ERROR_MEMORY, "%s: out of memory", database->path);
	const char *more = detail(database, rc);
	for (size_t i = 0; i < sizeof causes / sizeof *causes; i++)
		if (causes[i].code == (rc & 0xff))
			return ls_error_set(error, causes[i].status, "%s: %s%s%s", database->path, causes[i].text,
			                    more ? ": " : "", more ? more : "");
	return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "%s: %s", database->path, sqlite3_errstr(rc));
}

/* ---- Statements ------------------------------------------------------------ */

lockstep_status ls_database_run(struct ls_database *database, const char *sql, lockstep_error *error)
{
	int rc = sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? LOCKSTEP_OK : ls_database_error(database, rc, error);
}

lockstep_status ls_database_integer(struct ls_database *database, const char *sql, int64_t *value,
                                    lockstep_error *error)
{
	sqlite3_stmt *statement = NULL;
	int rc = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	int is_row = rc == SQLITE_ROW;
	int64_t found = is_row ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	if (!is_row)
		return ls_database_error(database, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, error);
	*value = found;
	return LOCKSTEP_OK;
}

lockstep_status ls_database_statement(struct ls_database *database, enum ls_statement which, sqlite3_stmt **out,
                                      lockstep_error *error)
{
	char sql[LS_SQL_MAX];
	if (!database->statements[which]) {
		ls_statement_sql(which, sql);
		int rc = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
		                            &database->statements[which], NULL);
		if (rc != SQLITE_OK)
			return ls_database_error(database, rc, error);
	}
	*out = database->statements[which];
	return LOCKSTEP_OK;
}

/* ---- Opening --------------------------------------------------------------- */

static lockstep_status check_file(const char *path, int *is_missing, lockstep_error *error)
{
	struct stat file;
	*is_missing = 0;
	if (stat(path, &file)) {
		*is_missing = errno == ENOENT;
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", path, strerror(errno));
	}
	if (S_ISDIR(file.st_mode))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", path, strerror(EISDIR));
	if (!S_ISREG(file.st_mode))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: is no regular file", path);
	return LOCKSTEP_OK;
}

static lockstep_status create(struct ls_database **out, const char *path, lockstep_error *error)
{
	struct ls_database *database = ls_memory_allocate(1, sizeof *database);
	if (!database)
		return ls_error_memory(error, "a database");
	database->path = ls_memory_copy_text(path);
	if (!database->path) {
		ls_memory_free(database);
		return ls_error_memory(error, "a path");
	}
	*out = database;
	return LOCKSTEP_OK;
}

/* "file:" with all but plain characters of the path written as %XX. */
static char *uri_of(const char *path, const char *options)
{
	static const char hex[] = "0123456789ABCDEF";
	char *uri = ls_memory_allocate(strlen(path) + 4, 3);
	if (!uri)
		return NULL;
	strcpy(uri, *path == '/' ? "file://" : "file:");
	char *at = uri + strlen(uri);
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		if (c < '-' || c == '?' || c > '~') {
			*at++ = '%';
			*at++ = hex[c >> 4];
			*at++ = hex[c & 15];
		} else {
			*at++ = (char)c;
		}
	}
	char *whole = ls_memory_allocate(strlen(uri) + strlen(options) + 1, 1);
	if (whole) {
		strcpy(whole, uri);
		strcat(whole, options);
	}
	ls_memory_free(uri);
	return whole;
}

static int configure(sqlite3 *handle)
{
	static const struct {
		int option, value;
	} settings[] = {{SQLITE_DBCONFIG_ENABLE_FKEY, 1},      {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
	                {SQLITE_DBCONFIG_ENABLE_VIEW, 0},      {SQLITE_DBCONFIG_DEFENSIVE, 1},
	                {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},   {SQLITE_DBCONFIG_DQS_DML, 0},
	                {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1}, {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0}};
	int rc = SQLITE_OK;
	for (size_t i = 0; rc == SQLITE_OK && i < sizeof settings / sizeof *settings; i++)
		rc = sqlite3_db_config(handle, settings[i].option, settings[i].value, (int *)NULL);
	sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_extended_result_codes(handle, 1);
	sqlite3_busy_timeout(handle, BUSY_MILLISECONDS);
	return rc == SQLITE_OK ? sqlite3_exec(handle, "PRAGMA cell_size_check=ON", NULL, NULL, NULL) : rc;
}

/* Opens `file` with the options of a URI; the first read tells what it is. */
static int connect(struct ls_database *database, const char *file, const char *options, int flags)
{
	sqlite3_close(database->handle);
	database->handle = NULL;
	char *uri = uri_of(file, options);
	if (!uri)
		return SQLITE_NOMEM;
	int rc = sqlite3_open_v2(uri, &database->handle, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
	ls_memory_free(uri);
	if (rc == SQLITE_OK)
		rc = configure(database->handle);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(database->handle, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
	return rc;
}

/* In a folder that cannot be written there may be no index of the journal, which a
 * writer or a reader with more rights would have made. Without a journal
 * nothing of the file can change while it is read; with one, a copy is read. */
static lockstep_status connect_read_only(struct ls_database *database, lockstep_error *error)
{
	char *copy = NULL;
	struct stat journal;
	size_t size = strlen(database->path) + sizeof "-wal";
	char *name = ls_memory_allocate(size, 1);
	if (!name)
		return ls_error_memory(error, "a path");
	strcpy(name, database->path);
	strcat(name, "-wal");
	int has_journal = stat(name, &journal) == 0 && journal.st_size > 0;
	ls_memory_free(name);
	lockstep_status status = LOCKSTEP_OK;
	int rc;
	if (has_journal)
		status = ls_snapshot_create(database->path, &database->snapshot, &copy, error);
	if (status)
		return status;
	rc = has_journal ? connect(database, copy, "", SQLITE_OPEN_READWRITE)
	                 : connect(database, database->path, "?immutable=1", SQLITE_OPEN_READONLY);
	ls_memory_free(copy);
	return rc == SQLITE_OK ? LOCKSTEP_OK : ls_database_error(database, rc, error);
}

/* With the right to write, if there is one: the last reader takes a dead writer's
 * journal away. */
static lockstep_status connect_reader(struct ls_database *database, lockstep_error *error)
{
	int rc = connect(database, database->path, "", SQLITE_OPEN_READWRITE);
	if (rc == SQLITE_OK)
		return LOCKSTEP_OK;
	if ((rc & 0xff) == SQLITE_CANTOPEN || (rc & 0xff) == SQLITE_READONLY)
		return connect_read_only(database, error);
	return ls_database_error(database, rc, error);
}

static lockstep_status damaged(const struct ls_database *database, const char *how, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: the database is damaged: %s", database->path,
	                    how ? how : "no more is known");
}

/* Runs a check, whose first row says `good`, or, when that is NULL, of which there is
 * no row, or else what is wrong. */
static lockstep_status check(struct ls_database *database, const char *sql, const char *good, lockstep_error *error)
{
	sqlite3_stmt *statement = NULL;
	lockstep_status status = LOCKSTEP_OK;
	int rc = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (rc == SQLITE_ROW && !good)
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                      "%s: the database is damaged: a row of table %s belongs to nothing",
		                      database->path, text ? text : "?");
	else if (rc == SQLITE_ROW && (!text || strcmp(text, good) != 0))
		status = damaged(database, text, error);
	else if (rc != SQLITE_ROW && (rc != SQLITE_DONE || good))
		status = ls_database_error(database, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, error);
	sqlite3_finalize(statement);
	return status;
}

/* Structure, order, types and constraints of all tables and indices. A row whose key is
 * damaged would not be looked at by its checksum, since nobody finds it: it is out of
 * order, or belongs to nothing. Takes some 10 ms for 1,000 trials of 10 epochs. */
static lockstep_status check_structure(struct ls_database *database, lockstep_error *error)
{
	lockstep_status status = check(database, "PRAGMA integrity_check(1)", "ok", error);
	return status ? status : check(database, "PRAGMA foreign_key_check", NULL, error);
}

static lockstep_status check_all(struct ls_database *database, lockstep_error *error)
{
	lockstep_status status = ls_schema_check(database, error);
	if (!status)
		status = check_structure(database, error);
	if (!status)
		(void)sqlite3_db_config(database->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, (int *)NULL);
	return status;
}

static lockstep_status prepare_reader(struct ls_database *database, lockstep_error *error)
{
	lockstep_status status = connect_reader(database, error);
	if (!status)
		status = ls_database_run(database, "PRAGMA query_only=1; BEGIN", error);
	if (!status)
		status = ls_schema_identify(database, &database->version, error);
	if (!status && database->version == 0)
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: is empty", database->path);
	return status ? status : check_all(database, error);
}

lockstep_status ls_database_open_to_read(struct ls_database **out, const char *path, lockstep_error *error)
{
	int is_missing;
	struct ls_database *database = NULL;
	lockstep_status status = check_file(path, &is_missing, error);
	if (!status)
		status = create(&database, path, error);
	if (status)
		return status;
	status = prepare_reader(database, error);
	if (status)
		ls_database_close(database);
	else
		*out = database;
	return status;
}

/* A commit is not synced, a move of the journal into the file is: done for every
 * 16 MiB of journal, some hundreds of trials, it costs a trial 0.1 ms of a disk that
 * takes 20 ms. */
static const char journal[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=4096";

/* What is not ours is known before the journal's mode is touched. */
static lockstep_status prepare_writer(struct ls_database *database, lockstep_error *error)
{
	size_t version = 0;
	int rc = connect(database, database->path, "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	lockstep_status status = rc == SQLITE_OK ? LOCKSTEP_OK : ls_database_error(database, rc, error);
	if (!status)
		status = ls_schema_identify(database, &version, error);
	if (!status && sqlite3_db_readonly(database->handle, "main"))
		status = ls_database_error(database, SQLITE_READONLY, error);
	if (!status)
		status = ls_database_run(database, journal, error);
	if (!status && version < ls_schema_version)
		status = ls_schema_migrate(database, ls_schema_steps, version, ls_schema_version, error);
	database->version = ls_schema_version;
	return status ? status : check_all(database, error);
}

lockstep_status ls_database_open_to_write(struct ls_database **out, const char *path, lockstep_error *error)
{
	int is_missing;
	struct ls_database *database = NULL;
	lockstep_status status = check_file(path, &is_missing, error);
	if (!status || is_missing)
		status = create(&database, path, error);
	if (status)
		return status;
	status = prepare_writer(database, error);
	if (status)
		ls_database_close(database);
	else
		*out = database;
	return status;
}

void ls_database_close(struct ls_database *database)
{
	if (!database)
		return;
	for (size_t i = 0; i < LS_N_STATEMENTS; i++)
		sqlite3_finalize(database->statements[i]);
	sqlite3_close(database->handle);
	if (database->snapshot)
		ls_snapshot_remove(database->snapshot);
	ls_memory_free(database->snapshot);
	ls_memory_free(database->path);
	ls_memory_free(database);
}
