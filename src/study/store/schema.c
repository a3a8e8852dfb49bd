/* SPDX-License-Identifier: MIT
 *
 * Tables are STRICT, so that a column has the type that it says. Results are of
 * type ANY, checked to be real or NULL: a REAL column makes integers of whole
 * numbers for the disk, and loses the sign of -0. Numbers of 64 bits without a sign,
 * the seeds, are stored as two's complement.
 */
#include "schema.h"

#include <string.h>

#include "base/error.h"

/* ---- Version 1 --------------------------------------------------------------- */

static const char machine[] = "CREATE TABLE machine("
			      "id INTEGER PRIMARY KEY, "
			      "digest TEXT NOT NULL UNIQUE, "
			      "cpu TEXT NOT NULL, "
			      "cores INTEGER NOT NULL, "
			      "topology TEXT NOT NULL, "
			      "sum INTEGER NOT NULL) STRICT";

static const char study[] = "CREATE TABLE study("
			    "id INTEGER PRIMARY KEY, "
			    "name TEXT NOT NULL UNIQUE, "
			    "description TEXT, "
			    "spec TEXT NOT NULL, "
			    "spec_sha256 TEXT NOT NULL, "
			    "method TEXT NOT NULL, "
			    "sampler TEXT NOT NULL, "
			    "scheduler TEXT NOT NULL, "
			    "metric TEXT NOT NULL, "
			    "maximize INTEGER NOT NULL, "
			    "aggregate TEXT NOT NULL, "
			    "seed INTEGER NOT NULL, "
			    "created TEXT NOT NULL, "
			    "sum INTEGER NOT NULL) STRICT";

static const char parameter[] = "CREATE TABLE parameter("
				"study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE, "
				"number INTEGER NOT NULL, "
				"name TEXT NOT NULL, "
				"sum INTEGER NOT NULL, "
				"PRIMARY KEY(study, number)) STRICT, WITHOUT ROWID";

static const char seed[] = "CREATE TABLE seed("
			   "study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE, "
			   "number INTEGER NOT NULL, "
			   "seed INTEGER NOT NULL, "
			   "sum INTEGER NOT NULL, "
			   "PRIMARY KEY(study, number)) STRICT, WITHOUT ROWID";

static const char data[] = "CREATE TABLE data("
			   "study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE, "
			   "number INTEGER NOT NULL, "
			   "name TEXT NOT NULL, "
			   "part TEXT NOT NULL, "
			   "digest TEXT NOT NULL, "
			   "sum INTEGER NOT NULL, "
			   "PRIMARY KEY(study, number)) STRICT, WITHOUT ROWID";

static const char session[] = "CREATE TABLE session("
			      "id INTEGER PRIMARY KEY, "
			      "study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE, "
			      "machine INTEGER NOT NULL REFERENCES machine(id), "
			      "started TEXT NOT NULL, "
			      "ended TEXT, "
			      "outcome TEXT, "
			      "version TEXT NOT NULL, "
			      "commit_id TEXT, "
			      "compiler TEXT NOT NULL, "
			      "isa TEXT NOT NULL, "
			      "command TEXT NOT NULL, "
			      "cpu_quota REAL, "
			      "sum INTEGER NOT NULL) STRICT";

static const char session_study[] = "CREATE INDEX session_study ON session(study)";

static const char trial[] = "CREATE TABLE trial("
			    "id INTEGER PRIMARY KEY, "
			    "study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE, "
			    "number INTEGER NOT NULL, "
			    "state TEXT NOT NULL, "
			    "objective ANY CHECK(typeof(objective) IN ('real','null')), "
			    "epochs INTEGER NOT NULL, "
			    "message TEXT, "
			    "sum INTEGER NOT NULL, "
			    "UNIQUE(study, number)) STRICT";

static const char point[] = "CREATE TABLE point("
			    "trial INTEGER NOT NULL REFERENCES trial(id) ON DELETE CASCADE, "
			    "parameter INTEGER NOT NULL, "
			    "kind TEXT NOT NULL, "
			    "value ANY, "
			    "draw ANY CHECK(typeof(draw) IN ('real','null')), "
			    "sum INTEGER NOT NULL, "
			    "PRIMARY KEY(trial, parameter)) STRICT, WITHOUT ROWID";

static const char job[] = "CREATE TABLE job("
			  "id INTEGER PRIMARY KEY, "
			  "sha256 TEXT NOT NULL UNIQUE, "
			  "record TEXT NOT NULL, "
			  "command TEXT, "
			  "seed INTEGER NOT NULL, "
			  "session INTEGER, "
			  "state TEXT NOT NULL, "
			  "epoch INTEGER NOT NULL, "
			  "step INTEGER NOT NULL, "
			  "message TEXT, "
			  "fingerprint TEXT, "
			  "workers INTEGER NOT NULL, "
			  "cores TEXT, "
			  "started TEXT, "
			  "ended TEXT, "
			  "seconds REAL, "
			  "exit_status INTEGER NOT NULL, "
			  "sum INTEGER NOT NULL) STRICT";

static const char job_running[] = "CREATE INDEX job_running ON job(state) WHERE state='running'";

static const char run[] = "CREATE TABLE run("
			  "trial INTEGER NOT NULL REFERENCES trial(id) ON DELETE CASCADE, "
			  "number INTEGER NOT NULL, "
			  "job INTEGER NOT NULL REFERENCES job(id), "
			  "objective ANY CHECK(typeof(objective) IN ('real','null')), "
			  "sum INTEGER NOT NULL, "
			  "PRIMARY KEY(trial, number)) STRICT, WITHOUT ROWID";

static const char run_job[] = "CREATE INDEX run_job ON run(job)";

static const char epoch[] =
    "CREATE TABLE epoch("
    "job INTEGER NOT NULL REFERENCES job(id) ON DELETE CASCADE, "
    "epoch INTEGER NOT NULL, "
    "loss ANY CHECK(typeof(loss) IN ('real','null')), "
    "validation_loss ANY CHECK(typeof(validation_loss) IN ('real','null')), "
    "validation_accuracy ANY CHECK(typeof(validation_accuracy) IN ('real','null')), "
    "validation_label_accuracy ANY CHECK(typeof(validation_label_accuracy) IN ('real','null')), "
    "test_loss ANY CHECK(typeof(test_loss) IN ('real','null')), "
    "test_accuracy ANY CHECK(typeof(test_accuracy) IN ('real','null')), "
    "test_label_accuracy ANY CHECK(typeof(test_label_accuracy) IN ('real','null')), "
    "learning_rate ANY CHECK(typeof(learning_rate) IN ('real','null')), "
    "fingerprint TEXT, "
    "train_seconds REAL, "
    "samples_per_second REAL, "
    "sum INTEGER NOT NULL, "
    "PRIMARY KEY(job, epoch)) STRICT, WITHOUT ROWID";

static const char metric[] =
    "CREATE TABLE metric("
    "job INTEGER NOT NULL, "
    "epoch INTEGER NOT NULL, "
    "name TEXT NOT NULL, "
    "value ANY CHECK(typeof(value) IN ('real','null')), "
    "sum INTEGER NOT NULL, "
    "PRIMARY KEY(job, epoch, name), "
    "FOREIGN KEY(job, epoch) REFERENCES epoch(job, epoch) ON DELETE CASCADE) STRICT, WITHOUT ROWID";

static const char item[] = "CREATE TABLE item("
			   "study INTEGER NOT NULL REFERENCES study(id) ON DELETE CASCADE, "
			   "number INTEGER NOT NULL, "
			   "action TEXT NOT NULL, "
			   "trial INTEGER, "
			   "bracket INTEGER NOT NULL, "
			   "rung INTEGER NOT NULL, "
			   "until INTEGER NOT NULL, "
			   "reported INTEGER NOT NULL, "
			   "told ANY CHECK(typeof(told) IN ('real','null')), "
			   "ended INTEGER NOT NULL, "
			   "sum INTEGER NOT NULL, "
			   "PRIMARY KEY(study, number)) STRICT, WITHOUT ROWID";

static const char told[] =
    "CREATE TABLE told("
    "study INTEGER NOT NULL, "
    "item INTEGER NOT NULL, "
    "epoch INTEGER NOT NULL, "
    "objective ANY CHECK(typeof(objective) IN ('real','null')), "
    "sum INTEGER NOT NULL, "
    "PRIMARY KEY(study, item, epoch), "
    "FOREIGN KEY(study, item) REFERENCES item(study, number) ON DELETE CASCADE) STRICT, WITHOUT ROWID";

static const char *const version_1[] = {machine,       study, parameter, seed, data,        session,
                                        session_study, trial, point,     job,  job_running, run,
                                        run_job,       epoch, metric,    item, told,        NULL};

/* ---- Version 2 --------------------------------------------------------------- */

/* A scaling study is its document: what else stands here is in it too. */
static const char scaling[] = "CREATE TABLE scaling("
			      "id INTEGER PRIMARY KEY, "
			      "name TEXT NOT NULL UNIQUE, "
			      "type TEXT NOT NULL, "
			      "created TEXT NOT NULL, "
			      "document TEXT NOT NULL, "
			      "sum INTEGER NOT NULL) STRICT";

static const char *const version_2[] = {scaling, NULL};

/* ---- From version to version ------------------------------------------------- */

const char *const *const ls_schema_steps[] = {version_1, version_2};
const size_t ls_schema_version = sizeof ls_schema_steps / sizeof *ls_schema_steps;

static lockstep_status take_step(struct ls_database *database, const char *const *statements, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (; !status && *statements; statements++)
		status = ls_database_run(database, *statements, error);
	return status;
}

lockstep_status ls_schema_migrate(struct ls_database *database, const char *const *const *steps, size_t version,
                                  size_t n, lockstep_error *error)
{
	char mark[96];
	sqlite3_snprintf(sizeof mark, mark, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
	                 LS_APPLICATION_ID, (int)n);
	lockstep_status status = ls_database_run(database, "BEGIN IMMEDIATE", error);
	if (status)
		return status;
	for (size_t i = version; !status && i < n; i++)
		status = take_step(database, steps[i], error);
	if (!status)
		status = ls_database_run(database, mark, error);
	if (status)
		(void)ls_database_run(database, "ROLLBACK", NULL);
	return status;
}

static lockstep_status not_ours(const struct ls_database *database, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: is no database of Lockstep", database->path);
}

lockstep_status ls_schema_identify(struct ls_database *database, size_t *version, lockstep_error *error)
{
	int64_t application = 0, user = 0, n_objects = 0;
	lockstep_status status = ls_database_integer(database, "PRAGMA application_id", &application, error);
	if (!status)
		status = ls_database_integer(database, "PRAGMA user_version", &user, error);
	if (!status && application == LS_APPLICATION_ID && user > (int64_t)ls_schema_version)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: is of version %lld, from a newer Lockstep; this one reads up to %zu",
		                    database->path, (long long)user, ls_schema_version);
	if (!status)
		status = ls_database_integer(database, "SELECT count(*) FROM sqlite_schema", &n_objects, error);
	if (status)
		return status;
	int is_ours = application == LS_APPLICATION_ID && user >= 1;
	int is_empty = application == 0 && user == 0 && n_objects == 0;
	if (!is_ours && !is_empty)
		return not_ours(database, error);
	*version = is_ours ? (size_t)user : 0;
	return LOCKSTEP_OK;
}

/* ---- Is it all as it should be? --------------------------------------------- */

static const char list_objects[] =
    "SELECT name,sql FROM sqlite_schema WHERE type IN ('table','index') AND sql IS NOT NULL ORDER BY name";

static lockstep_status next_object(const struct ls_database *database, sqlite3_stmt *statement, const char **name,
                                   const char **sql, lockstep_error *error)
{
	int rc = sqlite3_step(statement);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return ls_database_error(database, rc, error);
	*name = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	*sql = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 1) : NULL;
	if (rc == SQLITE_ROW && (!*name || !*sql))
		return ls_database_error(database, SQLITE_CORRUPT, error);
	return LOCKSTEP_OK;
}

/* Both lists are sorted: the first difference is what one of them lacks. */
static lockstep_status compare(const struct ls_database *database, sqlite3_stmt *found, sqlite3_stmt *expected,
                               lockstep_error *error)
{
	const char *name = NULL, *sql = NULL, *right_name = NULL, *right_sql = NULL;
	for (;;) {
		lockstep_status status = next_object(database, found, &name, &sql, error);
		if (!status)
			status = next_object(database, expected, &right_name, &right_sql, error);
		if (status || (!name && !right_name))
			return status;
		if (!name || !right_name || strcmp(name, right_name) != 0 || strcmp(sql, right_sql) != 0)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: its tables are not those of version %zu; see '%s'", database->path,
			                    database->version, right_name ? right_name : name);
	}
}

/* The schema of that version, made from the same steps in memory. */
static lockstep_status open_expected(const struct ls_database *database, sqlite3 **out, lockstep_error *error)
{
	int rc = sqlite3_open_v2(":memory:", out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	const size_t n = database->version < ls_schema_version ? database->version : ls_schema_version;
	for (size_t i = 0; rc == SQLITE_OK && i < n; i++)
		for (const char *const *at = ls_schema_steps[i]; rc == SQLITE_OK && *at; at++)
			rc = sqlite3_exec(*out, *at, NULL, NULL, NULL);
	return rc == SQLITE_OK ? LOCKSTEP_OK : ls_database_error(database, rc, error);
}

lockstep_status ls_schema_check(struct ls_database *database, lockstep_error *error)
{
	sqlite3 *memory = NULL;
	sqlite3_stmt *found = NULL, *expected = NULL;
	lockstep_status status = open_expected(database, &memory, error);
	int rc = SQLITE_OK;
	if (!status)
		rc = sqlite3_prepare_v2(memory, list_objects, -1, &expected, NULL);
	if (!status && rc == SQLITE_OK)
		rc = sqlite3_prepare_v2(database->handle, list_objects, -1, &found, NULL);
	if (!status && rc != SQLITE_OK)
		status = ls_database_error(database, rc, error);
	if (!status)
		status = compare(database, found, expected, error);
	sqlite3_finalize(found);
	sqlite3_finalize(expected);
	sqlite3_close(memory);
	return status;
}
