/* SPDX-License-Identifier: MIT
 *
 * A connection to the database: opened with care for what the file may be, its
 * statements prepared once, and SQLite's codes made errors of one line.
 */
#ifndef LS_STUDY_DATABASE_H
#define LS_STUDY_DATABASE_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"
#include "table.h"

struct ls_database {
	sqlite3 *handle;
	char *path;     /* as the caller wrote it; owned */
	size_t version; /* of its schema; what a later one has, an older one that is read has not */
	char *snapshot; /* folder of a private copy, to be removed; owned; NULL: none */
	sqlite3_stmt *statements[LS_N_STATEMENTS];
};

/* For writing: creates what is not there, migrates what is old, checks all. The
 * caller holds the lock (lock.h). Caller owns *out. */
lockstep_status ls_database_open_to_write(struct ls_database **out, const char *path, lockstep_error *error);

/* For reading: one moment is seen, from here to the close. An older version is read as it is. */
lockstep_status ls_database_open_to_read(struct ls_database **out, const char *path, lockstep_error *error);

/* NULL is allowed. */
void ls_database_close(struct ls_database *database);

/* Runs statements that have no result. */
lockstep_status ls_database_run(struct ls_database *database, const char *sql, lockstep_error *error);

/* The first column of the first row. */
lockstep_status ls_database_integer(struct ls_database *database, const char *sql, int64_t *value,
                                    lockstep_error *error);

/* The error of the last call, whose code `rc` was; it names the file. */
lockstep_status ls_database_error(const struct ls_database *database, int rc, lockstep_error *error);

/* A statement of table.h, reset; prepared by its first use. */
lockstep_status ls_database_statement(struct ls_database *database, enum ls_statement which, sqlite3_stmt **out,
                                      lockstep_error *error);

#endif
