/* SPDX-License-Identifier: MIT
 *
 * The checksum is FNV-1a of 64 bits (Fowler, Noll, Vo) over the table's name and
 * every column's type and bytes: each step is a bijection, so that no change of one
 * byte goes unseen. It guards against damage, not against people.
 */
#include "row.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/utf8.h"

#define FNV_START UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static void add_bytes(struct ls_row *row, const void *bytes, size_t n)
{
	const unsigned char *byte = bytes;
	for (size_t i = 0; i < n; i++)
		row->sum = (row->sum ^ byte[i]) * FNV_PRIME;
}

/* The lowest byte first, on every machine. */
static void add_word(struct ls_row *row, char type, uint64_t word)
{
	add_bytes(row, &type, 1);
	for (int i = 0; i < 8; i++) {
		unsigned char byte = (unsigned char)(word >> 8 * i);
		add_bytes(row, &byte, 1);
	}
}

static void add_real(struct ls_row *row, double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof bits);
	add_word(row, 'r', bits);
}

static void add_text(struct ls_row *row, const char *text, size_t n)
{
	add_word(row, 't', n);
	add_bytes(row, text, n);
}

static void start(struct ls_row *row)
{
	row->column = 0;
	row->sum = FNV_START;
	row->status = LOCKSTEP_OK;
	add_text(row, row->table->name, strlen(row->table->name));
}

/* ---- Writing --------------------------------------------------------------- */

static void keep_code(struct ls_row *row, int rc)
{
	if (rc != SQLITE_OK && !row->status)
		row->status = rc == SQLITE_NOMEM ? LOCKSTEP_ERROR_MEMORY : LOCKSTEP_ERROR_ARGUMENT;
}

lockstep_status ls_row_begin(struct ls_row *row, struct ls_database *database, enum ls_table table,
                             lockstep_error *error)
{
	*row = (struct ls_row){.database = database, .table = &ls_tables[table]};
	start(row);
	return ls_database_statement(database, (enum ls_statement)table, &row->statement, error);
}

void ls_row_put_integer(struct ls_row *row, int64_t value)
{
	add_word(row, 'i', (uint64_t)value);
	keep_code(row, sqlite3_bind_int64(row->statement, ++row->column, value));
}

void ls_row_put_unsigned(struct ls_row *row, uint64_t value)
{
	ls_row_put_integer(row, (int64_t)value);
}

void ls_row_put_null(struct ls_row *row)
{
	add_word(row, 'n', 0);
	keep_code(row, sqlite3_bind_null(row->statement, ++row->column));
}

void ls_row_put_real(struct ls_row *row, double value)
{
	if (isnan(value)) {
		ls_row_put_null(row);
		return;
	}
	add_real(row, value);
	keep_code(row, sqlite3_bind_double(row->statement, ++row->column, value));
}

void ls_row_put_text(struct ls_row *row, const char *text)
{
	if (!text) {
		ls_row_put_null(row);
		return;
	}
	size_t n = strlen(text);
	add_text(row, text, n);
	if (!ls_utf8_check(text, n) && !row->status)
		row->status = LOCKSTEP_ERROR_ARGUMENT;
	keep_code(row, sqlite3_bind_text64(row->statement, ++row->column, text, n, SQLITE_STATIC, SQLITE_UTF8));
}

lockstep_status ls_row_write(struct ls_row *row, lockstep_error *error)
{
	keep_code(row, sqlite3_bind_int64(row->statement, ++row->column, (int64_t)row->sum));
	lockstep_status status = row->status;
	if (status == LOCKSTEP_ERROR_MEMORY)
		ls_error_memory(error, "a row");
	else if (status)
		ls_error_set(error, status, "%s: a value for table %s is too large, or no UTF-8", row->database->path,
		             row->table->name);
	else if (sqlite3_step(row->statement) != SQLITE_DONE)
		status = ls_database_error(row->database, sqlite3_extended_errcode(row->database->handle), error);
	ls_row_end(row);
	return status;
}

/* ---- Reading --------------------------------------------------------------- */

lockstep_status ls_row_select(struct ls_row *row, struct ls_database *database, enum ls_statement which,
                              struct ls_arena *arena, lockstep_error *error)
{
	*row = (struct ls_row){.database = database, .table = &ls_tables[ls_statement_table(which)], .arena = arena};
	return ls_database_statement(database, which, &row->statement, error);
}

void ls_row_key(struct ls_row *row, int64_t value)
{
	keep_code(row, sqlite3_bind_int64(row->statement, ++row->column, value));
}

void ls_row_key_text(struct ls_row *row, const char *text)
{
	keep_code(row, sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_STATIC));
}

lockstep_status ls_row_next(struct ls_row *row, int *is_there, lockstep_error *error)
{
	int rc = row->status ? SQLITE_NOMEM : sqlite3_step(row->statement);
	lockstep_status status = LOCKSTEP_OK;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		status = ls_database_error(row->database, rc, error);
	*is_there = rc == SQLITE_ROW;
	if (rc != SQLITE_ROW)
		ls_row_end(row);
	start(row);
	return status;
}

int ls_row_type(const struct ls_row *row)
{
	return sqlite3_column_type(row->statement, row->column);
}

static int expect(struct ls_row *row, int type)
{
	if (ls_row_type(row) == type)
		return 1;
	if (!row->status)
		row->status = LOCKSTEP_ERROR_FORMAT;
	return 0;
}

int64_t ls_row_integer(struct ls_row *row)
{
	int64_t value = expect(row, SQLITE_INTEGER) ? sqlite3_column_int64(row->statement, row->column) : 0;
	add_word(row, 'i', (uint64_t)value);
	row->column++;
	return value;
}

uint64_t ls_row_unsigned(struct ls_row *row)
{
	return (uint64_t)ls_row_integer(row);
}

static int64_t read_up_to(struct ls_row *row, int64_t max)
{
	int64_t value = ls_row_integer(row);
	if (value >= 0 && value <= max)
		return value;
	if (!row->status)
		row->status = LOCKSTEP_ERROR_FORMAT;
	return 0;
}

uint32_t ls_row_u32(struct ls_row *row)
{
	return (uint32_t)read_up_to(row, UINT32_MAX);
}

int ls_row_flag(struct ls_row *row)
{
	return (int)read_up_to(row, 1);
}

static void skip_null(struct ls_row *row)
{
	add_word(row, 'n', 0);
	row->column++;
}

void ls_row_null(struct ls_row *row)
{
	expect(row, SQLITE_NULL);
	skip_null(row);
}

double ls_row_real(struct ls_row *row)
{
	if (ls_row_type(row) == SQLITE_NULL) {
		skip_null(row);
		return NAN;
	}
	double value = expect(row, SQLITE_FLOAT) ? sqlite3_column_double(row->statement, row->column) : 0;
	add_real(row, value);
	row->column++;
	return value;
}

const char *ls_row_text(struct ls_row *row)
{
	const char *text = NULL;
	if (expect(row, SQLITE_TEXT))
		text = (const char *)sqlite3_column_text(row->statement, row->column);
	size_t n = text ? (size_t)sqlite3_column_bytes(row->statement, row->column) : 0;
	add_text(row, text, n);
	if (text && (strlen(text) != n || !ls_utf8_check(text, n)) && !row->status)
		row->status = LOCKSTEP_ERROR_FORMAT;
	row->column++;
	const char *copy = text ? ls_arena_copy(row->arena, text, n) : NULL;
	if (!copy && !row->status)
		row->status = LOCKSTEP_ERROR_MEMORY;
	return copy ? copy : "";
}

const char *ls_row_text_or_null(struct ls_row *row)
{
	if (ls_row_type(row) != SQLITE_NULL)
		return ls_row_text(row);
	skip_null(row);
	return NULL;
}

int ls_row_word(struct ls_row *row, const char *const *words, size_t n)
{
	const char *word =
	    expect(row, SQLITE_TEXT) ? (const char *)sqlite3_column_text(row->statement, row->column) : "";
	int i = word ? ls_name_find(word, words, n) : -1;
	if (i < 0 && !row->status)
		row->status = word ? LOCKSTEP_ERROR_FORMAT : LOCKSTEP_ERROR_MEMORY;
	add_text(row, i < 0 ? "" : words[i], i < 0 ? 0 : strlen(words[i]));
	row->column++;
	return i < 0 ? 0 : i;
}

static lockstep_status column_error(const struct ls_row *row, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
	                    "%s: table %s: a row has a value that it cannot have; the file is damaged, or was "
	                    "changed by another program",
	                    row->database->path, row->table->name);
}

lockstep_status ls_row_check(struct ls_row *row, lockstep_error *error)
{
	lockstep_status status = row->status;
	if (status == LOCKSTEP_ERROR_MEMORY)
		ls_error_memory(error, "a row");
	else if (status)
		column_error(row, error);
	else if (ls_row_type(row) != SQLITE_INTEGER)
		status = column_error(row, error);
	else if ((uint64_t)sqlite3_column_int64(row->statement, row->column) != row->sum)
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                      "%s: table %s: a row does not match its checksum; the file is damaged, or was "
		                      "changed by another program",
		                      row->database->path, row->table->name);
	if (status)
		ls_row_end(row);
	return status;
}

void ls_row_end(struct ls_row *row)
{
	sqlite3_reset(row->statement);
	sqlite3_clear_bindings(row->statement);
}
