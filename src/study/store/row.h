/* SPDX-License-Identifier: MIT
 *
 * Rows, column by column in the table's order, with a checksum that is made of
 * the same columns on the way in and on the way out. Faults are kept until the row
 * is written or checked, so that its columns stand as one list.
 */
#ifndef LS_STUDY_ROW_H
#define LS_STUDY_ROW_H

#include <stdint.h>

#include "arena.h"
#include "database.h"

struct ls_row {
	struct ls_database *database;
	sqlite3_stmt *statement;
	const struct ls_table_text *table;
	struct ls_arena *arena; /* of texts that are read */
	int column;             /* next one, from 0 */
	uint64_t sum;
	lockstep_status status; /* of the first fault; LOCKSTEP_ERROR_FORMAT: a column's type, else memory */
};

/* ---- Writing --------------------------------------------------------------- */

/* Begins a row of a table. */
lockstep_status ls_row_begin(struct ls_row *row, struct ls_database *database, enum ls_table table,
                             lockstep_error *error);
void ls_row_put_integer(struct ls_row *row, int64_t value);
void ls_row_put_unsigned(struct ls_row *row, uint64_t value);
void ls_row_put_real(struct ls_row *row, double value);     /* NaN: NULL */
void ls_row_put_text(struct ls_row *row, const char *text); /* NULL: NULL; borrowed until the write */
void ls_row_put_null(struct ls_row *row);
lockstep_status ls_row_write(struct ls_row *row, lockstep_error *error);

/* ---- Reading --------------------------------------------------------------- */

/* Begins to read what a statement finds; its keys are bound in order. */
lockstep_status ls_row_select(struct ls_row *row, struct ls_database *database, enum ls_statement which,
                              struct ls_arena *arena, lockstep_error *error);
void ls_row_key(struct ls_row *row, int64_t value);
void ls_row_key_text(struct ls_row *row, const char *text); /* borrowed until the end */

/* The next row; *is_there 0: there is none, and the statement has ended. On failure
 * it has ended too. */
lockstep_status ls_row_next(struct ls_row *row, int *is_there, lockstep_error *error);
int64_t ls_row_integer(struct ls_row *row);
uint64_t ls_row_unsigned(struct ls_row *row);
uint32_t ls_row_u32(struct ls_row *row);
int ls_row_flag(struct ls_row *row);         /* 0 or 1 */
double ls_row_real(struct ls_row *row);      /* NULL: NaN */
const char *ls_row_text(struct ls_row *row); /* not NULL; in the arena */
const char *ls_row_text_or_null(struct ls_row *row);
int ls_row_word(struct ls_row *row, const char *const *words, size_t n); /* its place among them */
void ls_row_null(struct ls_row *row);                                    /* must be NULL */
int ls_row_type(const struct ls_row *row);                               /* SQLITE_INTEGER ... of the next column */
/* At a row's end: were all columns as they should be? On failure the statement has
 * ended. */
lockstep_status ls_row_check(struct ls_row *row, lockstep_error *error);
void ls_row_end(struct ls_row *row);

#endif
