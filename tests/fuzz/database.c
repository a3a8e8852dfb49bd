/* SPDX-License-Identifier: MIT
 *
 * The database of studies. By the first byte an input is a file as it is; bytes that
 * are put over those of a valid database; or values that are put into rows of one,
 * with the checksums that belong to them, so that what is behind the checksums is
 * reached as well. What can be read of it is read whole, and where the byte says
 * so a writer opens it after that.
 */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/made_study.h"
#include "fuzz.h"
#include "study/store/row.h"

#define EDITS_MAX 32
#define TEXT_MAX 64

enum { AS_IT_IS, BYTES, ROWS, N_MODES };
#define AND_WRITER 4 /* a bit of the first byte */

/* ---- A valid database ------------------------------------------------------- */

static void remove_files(const char *path)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal", "-lock"};
	char name[LS_FUZZ_PATH + 16];
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
}

/* Small, so that its bytes are worth a change: pages of 512. */
static void shrink(const char *path)
{
	sqlite3 *handle;
	ls_fuzz_check(
	    !sqlite3_open(path, &handle) &&
		!sqlite3_exec(handle, "PRAGMA journal_mode=DELETE; PRAGMA page_size=512; VACUUM", NULL, NULL, NULL),
	    "a database can be made small");
	sqlite3_close(handle);
}

static const uint8_t *valid_database(size_t *n)
{
	static uint8_t *bytes;
	static size_t size;
	static const uint64_t seeds[] = {1, 2, 3, 4, 5, UINT64_MAX};
	static const struct made_study studies[] = {
	    {"plain", 3, seeds, 1, 0, 0, 0}, {"seeds", 2, seeds, 6, 0, 1, 0}, {"foreign", 2, seeds, 1, 1, 0, 0}};
	static const char scaling[] = "{\"schema\":1,\"kind\":\"scaling\",\"name\":\"scaling\",\"created\":\"now\","
				      "\"study\":{\"type\":\"strong\"}}";
	char path[LS_FUZZ_PATH];
	struct ls_store *store;
	lockstep_error error;
	int64_t id;
	if (!bytes) {
		ls_fuzz_path(path, "valid.db");
		remove_files(path);
		ls_fuzz_check(!ls_store_open(&store, path, &error), "a database can be made");
		for (size_t i = 0; i < sizeof studies / sizeof *studies; i++)
			ls_fuzz_check(!made_write(store, &studies[i], &id, &error), "a study can be written");
		ls_fuzz_check(!ls_store_add_scaling(store, "scaling", scaling, &error), "so can a scaling study");
		ls_store_close(store);
		shrink(path);
		bytes = ls_fuzz_read(path, &size);
		remove_files(path);
	}
	*n = size;
	return bytes;
}

/* ---- Edits ----------------------------------------------------------------- */

/* A place, a length up to 16, and the bytes. */
static void edit_bytes(struct ls_fuzz_input *input, uint8_t *bytes, size_t n)
{
	for (int i = 0; i < EDITS_MAX && ls_fuzz_left(input) > 0; i++) {
		size_t at = ls_fuzz_take_byte(input);
		at |= (size_t)ls_fuzz_take_byte(input) << 8;
		at = (at | (size_t)ls_fuzz_take_byte(input) << 16) % n;
		for (size_t left = ls_fuzz_take_byte(input) % 16 + 1; left > 0 && at < n; left--)
			bytes[at++] = ls_fuzz_take_byte(input);
	}
}

static void put_new(struct ls_row *row, struct ls_fuzz_input *input, char text[TEXT_MAX])
{
	uint64_t bits;
	double real;
	switch (ls_fuzz_take_byte(input) % 5) {
	case 0:
		ls_row_put_null(row);
		return;
	case 1:
		ls_row_put_integer(row, (int8_t)ls_fuzz_take_byte(input));
		return;
	case 2:
		bits = ls_fuzz_take_word(input);
		ls_row_put_unsigned(row, bits << 32 | ls_fuzz_take_word(input));
		return;
	case 3:
		bits = (uint64_t)ls_fuzz_take_word(input) << 32;
		memcpy(&real, &bits, sizeof real);
		ls_row_put_real(row, real);
		return;
	default:
		memset(text, 0, TEXT_MAX);
		for (size_t n = ls_fuzz_take_byte(input) % TEXT_MAX, i = 0; i < n; i++)
			text[i] = (char)ls_fuzz_take_byte(input);
		ls_row_put_text(row, text);
	}
}

static void put_old(struct ls_row *row, sqlite3_stmt *old, int column)
{
	switch (sqlite3_column_type(old, column)) {
	case SQLITE_INTEGER:
		ls_row_put_integer(row, sqlite3_column_int64(old, column));
		break;
	case SQLITE_FLOAT:
		ls_row_put_real(row, sqlite3_column_double(old, column));
		break;
	case SQLITE_TEXT:
		ls_row_put_text(row, (const char *)sqlite3_column_text(old, column));
		break;
	default:
		ls_row_put_null(row);
	}
}

/* Writes the row again with another value in a column: over the old one, or beside it
 * where the key is another. What the schema forbids stays undone. */
static void edit_row(struct ls_database *database, struct ls_fuzz_input *input)
{
	char sql[512], text[TEXT_MAX];
	struct ls_row row;
	sqlite3_stmt *old = NULL;
	enum ls_table table = (enum ls_table)(ls_fuzz_take_byte(input) % LS_N_TABLES);
	const int offset = ls_fuzz_take_byte(input), changed = ls_fuzz_take_byte(input);
	snprintf(sql, sizeof sql, "SELECT %s FROM %s LIMIT 1 OFFSET %d", ls_tables[table].columns,
	         ls_tables[table].name, offset);
	ls_fuzz_check(!sqlite3_prepare_v2(database->handle, sql, -1, &old, NULL), "rows can be asked for");
	if (sqlite3_step(old) == SQLITE_ROW && !ls_row_begin(&row, database, table, NULL)) {
		const int n = sqlite3_column_count(old);
		for (int i = 0; i < n; i++)
			if (i == changed % n)
				put_new(&row, input, text);
			else
				put_old(&row, old, i);
		(void)ls_row_write(&row, NULL);
	}
	sqlite3_finalize(old);
}

static void delete_row(struct ls_database *database, struct ls_fuzz_input *input)
{
	char sql[512];
	const struct ls_table_text *table = &ls_tables[ls_fuzz_take_byte(input) % LS_N_TABLES];
	snprintf(sql, sizeof sql, "DELETE FROM %s WHERE (%s)=(SELECT %s FROM %s LIMIT 1 OFFSET %d)", table->name,
	         table->key, table->key, table->name, ls_fuzz_take_byte(input));
	(void)sqlite3_exec(database->handle, sql, NULL, NULL, NULL);
}

static void edit_rows(struct ls_fuzz_input *input, const char *path)
{
	struct ls_database *database = NULL;
	lockstep_error error;
	ls_fuzz_check(!ls_database_open_to_write(&database, path, &error), "a valid database can be opened");
	(void)sqlite3_exec(database->handle, "PRAGMA journal_mode=MEMORY; BEGIN", NULL, NULL, NULL);
	for (int i = 0; i < EDITS_MAX && ls_fuzz_left(input) > 0; i++)
		if (ls_fuzz_take_byte(input) % 8 == 0)
			delete_row(database, input);
		else
			edit_row(database, input);
	(void)sqlite3_exec(database->handle, "COMMIT", NULL, NULL, NULL);
	ls_database_close(database);
}

static void write_input(struct ls_fuzz_input *input, int mode, const char *path)
{
	size_t n = 0;
	if (mode == AS_IT_IS) {
		ls_fuzz_write(path, input->at, ls_fuzz_left(input));
		return;
	}
	const uint8_t *valid = valid_database(&n);
	uint8_t *bytes = malloc(n);
	ls_fuzz_check(bytes != NULL, "a database fits into memory");
	memcpy(bytes, valid, n);
	if (mode == BYTES)
		edit_bytes(input, bytes, n);
	ls_fuzz_write(path, bytes, n);
	free(bytes);
	if (mode == ROWS)
		edit_rows(input, path);
}

/* ---- What reading promises -------------------------------------------------- */

static void check_failure(lockstep_status status, const lockstep_error *error, const void *out, const char *path)
{
	ls_fuzz_check_failure(status, error, out);
	ls_fuzz_check(status == LOCKSTEP_ERROR_FORMAT || status == LOCKSTEP_ERROR_IO,
	              "what is read is bad or not there");
	ls_fuzz_check(strstr(error->message, path) != NULL, "an error names the file");
}

static void check_epochs(lockstep_runs *runs, const struct lockstep_runs_study *study,
                         const struct lockstep_runs_job *job, const char *path)
{
	struct lockstep_runs_epochs *epochs = NULL;
	lockstep_error error = {0};
	size_t n_none = 0;
	lockstep_status status = lockstep_runs_read_epochs(runs, study, job, &epochs, &error);
	if (status) {
		check_failure(status, &error, epochs, path);
		return;
	}
	for (size_t i = 0; i < epochs->n; i++) {
		ls_fuzz_check(i == 0 || epochs->epochs[i - 1].epoch < epochs->epochs[i].epoch, "epochs are in order");
		for (size_t k = 0; k < study->n_metrics; k++)
			n_none += isnan(epochs->epochs[i].metrics[k]) != 0;
	}
	ls_fuzz_check(n_none <= epochs->n * study->n_metrics, "a metric is a number or none");
	lockstep_runs_epochs_destroy(epochs);
}

static void check_trial(lockstep_runs *runs, const struct lockstep_runs_study *study, size_t k, const char *path)
{
	const struct lockstep_runs_trial *trial = &study->trials[k];
	ls_fuzz_check(trial->number == k, "trials are in order");
	ls_fuzz_check((unsigned)trial->state < LOCKSTEP_N_TRIAL_STATES, "a state is one of its list");
	ls_fuzz_check(isnan(trial->low) == isnan(trial->high) && !(trial->low > trial->high),
	              "an interval has two ends");
	for (size_t i = 0; i < study->n_parameters; i++)
		ls_fuzz_check((unsigned)trial->values[i].kind <= LOCKSTEP_VALUE_TEXT && trial->values[i].text,
		              "a value has a kind and a text");
	for (size_t i = 0; i < trial->n_jobs; i++) {
		ls_fuzz_check((unsigned)trial->jobs[i].state < LOCKSTEP_N_JOB_STATES, "so is a job's");
		check_epochs(runs, study, &trial->jobs[i], path);
	}
}

static void check_rank(const struct lockstep_runs_study *study)
{
	size_t *order = malloc((study->n_trials + 1) * sizeof *order);
	ls_fuzz_check(order != NULL, "an order fits into memory");
	size_t n = lockstep_runs_rank(study, order);
	ls_fuzz_check(n <= study->n_trials, "not more are ranked than there are");
	for (size_t i = 0; i < n; i++) {
		ls_fuzz_check(order[i] < study->n_trials, "an order has places of trials");
		double own = study->trials[order[i]].objective,
		       before = i ? study->trials[order[i - 1]].objective : own;
		ls_fuzz_check(study->maximize ? own <= before : own >= before, "the best comes first");
	}
	free(order);
}

static void check_study(lockstep_runs *runs, size_t i, const char *path)
{
	const struct lockstep_runs_summary *summary = lockstep_runs_get_summary(runs, i);
	struct lockstep_runs_study *study = NULL;
	lockstep_error error = {0};
	lockstep_status status = lockstep_runs_read_study(runs, i, &study, &error);
	if (status) {
		check_failure(status, &error, study, path);
		return;
	}
	ls_fuzz_check(strcmp(study->name, summary->name) == 0, "a study has its name");
	ls_fuzz_check(study->n_trials == summary->n_trials, "a study has the trials of its summary");
	for (size_t k = 0; k < study->n_trials; k++)
		check_trial(runs, study, k, path);
	check_rank(study);
	lockstep_runs_study_destroy(study);
}

static void check_scaling(const struct lockstep_runs_scaling *scaling)
{
	const char *document = scaling->document;
	ls_fuzz_check(*document == '{' || strchr(" \t", *document), "a document is an object");
	ls_fuzz_check(!strchr(document, '\n'), "of one line");
	ls_fuzz_check(strcmp(scaling->type, "strong") == 0 || strcmp(scaling->type, "weak") == 0,
	              "a scaling study has one of two types");
	ls_fuzz_check(*scaling->name && scaling->created, "and a name");
}

static void read_all(const char *path)
{
	lockstep_runs *runs = NULL;
	lockstep_error error = {0};
	lockstep_status status = lockstep_runs_open(&runs, path, &error);
	if (status) {
		check_failure(status, &error, runs, path);
		return;
	}
	for (size_t i = 0; i < lockstep_runs_n_studies(runs); i++)
		check_study(runs, i, path);
	for (size_t i = 0; i < lockstep_runs_n_scalings(runs); i++)
		check_scaling(lockstep_runs_get_scaling(runs, i));
	lockstep_runs_close(runs);
}

/* As a runner does that goes on with a study. */
static void open_writer(const char *path)
{
	struct ls_store *store = NULL;
	struct ls_store_items *items = NULL;
	char digest[65];
	int64_t id = 0;
	lockstep_error error = {0};
	lockstep_status status = ls_store_open(&store, path, &error);
	if (status) {
		ls_fuzz_check_failure(status, &error, store);
		return;
	}
	status = ls_store_find_study(store, "plain", &id, digest, &error);
	if (!status)
		status = ls_store_read_items(store, id, &items, &error);
	if (status)
		check_failure(status, &error, items, path);
	ls_store_items_destroy(items);
	ls_store_close(store);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	char path[LS_FUZZ_PATH];
	struct ls_fuzz_input input = {bytes, bytes + n};
	const unsigned first = ls_fuzz_take_byte(&input);
	ls_fuzz_path(path, "runs.db");
	remove_files(path);
	write_input(&input, (int)(first % AND_WRITER % N_MODES), path);
	read_all(path);
	if (first & AND_WRITER)
		open_writer(path);
	remove_files(path);
	return 0;
}
