/* SPDX-License-Identifier: MIT
 *
 * Rows of named columns, written as a table for people, as CSV or as JSON. A row is
 * put together cell by cell; CSV and JSON write it as soon as it is whole, a table
 * when all are there, since its columns are as wide as what is in them.
 *
 * CSV is that of RFC 4180 with '\n' as the end of a line; an absent cell is empty,
 * and an empty text is "". JSON is an array of one object a line. Numbers are the
 * shortest decimals that read back; a table shortens them to six digits.
 */
#ifndef LS_CLI_ROWS_H
#define LS_CLI_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lockstep/runs.h"

enum ls_format { LS_FORMAT_TABLE = 0, LS_FORMAT_CSV, LS_FORMAT_JSON, LS_N_ROW_FORMATS };

enum ls_cell_kind {
	LS_CELL_ABSENT = 0, /* left out of JSON when its column has a group, else null */
	LS_CELL_NULL,
	LS_CELL_WORD, /* a number or a boolean, as JSON has it */
	LS_CELL_REAL, /* a number that a table may shorten */
	LS_CELL_TEXT,
	LS_CELL_WORDS, /* lists: words with blanks between them */
	LS_CELL_TEXTS
};

struct ls_cell {
	enum ls_cell_kind kind;
	char *text; /* owned; NULL: none */
};

struct ls_column {
	const char *group; /* an object of its own in JSON, "group.name" in CSV; NULL: none */
	char *name;        /* owned */
};

struct ls_rows {
	FILE *file;
	enum ls_format format;
	int is_record; /* one row: JSON is an object, a table has a line a column */
	int width;     /* that a table fits; 0: any */
	struct ls_column *columns;
	size_t n_columns;
	struct ls_cell *cells; /* [n_cells], rows one after another */
	size_t n_cells, room;
	size_t n_written; /* rows, of CSV and JSON */
	int failed;       /* memory was short */
};

void ls_rows_begin(struct ls_rows *rows, FILE *file, enum ls_format format);
/* One row instead of many. */
void ls_rows_begin_record(struct ls_rows *rows, FILE *file, enum ls_format format);

/* The next column; all of them before the first cell. */
void ls_rows_column(struct ls_rows *rows, const char *group, const char *name);

/* The next cell of the row; text NULL is absent. */
void ls_rows_text(struct ls_rows *rows, const char *text);
void ls_rows_integer(struct ls_rows *rows, uint64_t value);
void ls_rows_real(struct ls_rows *rows, double value); /* NaN: absent */
void ls_rows_absent(struct ls_rows *rows);
void ls_rows_value(struct ls_rows *rows, const struct lockstep_runs_value *value);
/* A list: its first item, then the others. */
void ls_rows_list(struct ls_rows *rows, enum ls_cell_kind kind);
void ls_rows_add(struct ls_rows *rows, const char *text);
void ls_rows_add_integer(struct ls_rows *rows, uint64_t value);
void ls_rows_add_real(struct ls_rows *rows, double value);

/* Writes what is left and frees all. Returns the exit status: when memory was short
 * it has said so for `command`. */
int ls_rows_end(struct ls_rows *rows, const char *command);

/* A text as JSON has it, in quotes. */
void ls_rows_write_string(FILE *file, const char *text);

/* ---- Of the writers ---------------------------------------------------------- */

void ls_rows_write_csv(struct ls_rows *rows);   /* the row that is whole, with the header before the first */
void ls_rows_write_json(struct ls_rows *rows);  /* the same */
void ls_rows_write_table(struct ls_rows *rows); /* all rows */

#endif
