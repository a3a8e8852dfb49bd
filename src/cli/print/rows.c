/* SPDX-License-Identifier: MIT
 *
 * Cells are collected; a writer looks at them when its time has come.
 */
#include "rows.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "message.h"

/* Of the terminal; 0 when it is none, and COLUMNS does not say more. */
static int find_width(void)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	long width = columns ? strtol(columns, NULL, 10) : 0;
	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	return width > 0 && width < 10000 ? (int)width : 0;
}

void ls_rows_begin(struct ls_rows *rows, FILE *file, enum ls_format format)
{
	*rows = (struct ls_rows){.file = file, .format = format, .width = find_width()};
}

void ls_rows_begin_record(struct ls_rows *rows, FILE *file, enum ls_format format)
{
	ls_rows_begin(rows, file, format);
	rows->is_record = 1;
}

void ls_rows_column(struct ls_rows *rows, const char *group, const char *name)
{
	struct ls_column *columns = realloc(rows->columns, (rows->n_columns + 1) * sizeof *columns);
	char *copy = strdup(name);
	if (columns)
		rows->columns = columns;
	if (!columns || !copy) {
		free(copy);
		rows->failed = 1;
		return;
	}
	columns[rows->n_columns++] = (struct ls_column){group, copy};
}

/* ---- Cells ------------------------------------------------------------------- */

static void drop_cells(struct ls_rows *rows)
{
	for (size_t i = 0; i < rows->n_cells; i++)
		free(rows->cells[i].text);
	rows->n_cells = 0;
}

/* The row before is whole when the next begins. */
static void write_whole(struct ls_rows *rows)
{
	if (rows->format == LS_FORMAT_TABLE || rows->n_cells < rows->n_columns || rows->n_columns == 0)
		return;
	if (!rows->failed && rows->format == LS_FORMAT_CSV)
		ls_rows_write_csv(rows);
	else if (!rows->failed)
		ls_rows_write_json(rows);
	rows->n_written++;
	drop_cells(rows);
}

static struct ls_cell *next_cell(struct ls_rows *rows)
{
	write_whole(rows);
	if (rows->n_cells == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 64;
		struct ls_cell *cells = realloc(rows->cells, room * sizeof *cells);
		if (!cells) {
			rows->failed = 1;
			return NULL;
		}
		rows->cells = cells;
		rows->room = room;
	}
	rows->cells[rows->n_cells] = (struct ls_cell){LS_CELL_ABSENT, NULL};
	return &rows->cells[rows->n_cells++];
}

static void add_cell(struct ls_rows *rows, enum ls_cell_kind kind, const char *text)
{
	struct ls_cell *cell = next_cell(rows);
	if (!cell)
		return;
	cell->kind = kind;
	cell->text = strdup(text);
	rows->failed |= !cell->text;
}

void ls_rows_absent(struct ls_rows *rows)
{
	(void)next_cell(rows);
}

void ls_rows_text(struct ls_rows *rows, const char *text)
{
	if (text)
		add_cell(rows, LS_CELL_TEXT, text);
	else
		ls_rows_absent(rows);
}

void ls_rows_integer(struct ls_rows *rows, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	add_cell(rows, LS_CELL_WORD, text);
}

void ls_rows_real(struct ls_rows *rows, double value)
{
	char text[LOCKSTEP_NUMBER_MAX];
	if (isnan(value))
		ls_rows_absent(rows);
	else
		add_cell(rows, LS_CELL_REAL, lockstep_number_text(value, text));
}

void ls_rows_value(struct ls_rows *rows, const struct lockstep_runs_value *value)
{
	static const enum ls_cell_kind kinds[] = {
	    [LOCKSTEP_VALUE_ABSENT] = LS_CELL_ABSENT, [LOCKSTEP_VALUE_NULL] = LS_CELL_NULL,
	    [LOCKSTEP_VALUE_BOOLEAN] = LS_CELL_WORD,  [LOCKSTEP_VALUE_INTEGER] = LS_CELL_WORD,
	    [LOCKSTEP_VALUE_REAL] = LS_CELL_REAL,     [LOCKSTEP_VALUE_TEXT] = LS_CELL_TEXT,
	};
	if (value->kind == LOCKSTEP_VALUE_ABSENT)
		ls_rows_absent(rows);
	else
		add_cell(rows, kinds[value->kind], value->text);
}

void ls_rows_list(struct ls_rows *rows, enum ls_cell_kind kind)
{
	add_cell(rows, kind, "");
}

void ls_rows_add(struct ls_rows *rows, const char *text)
{
	struct ls_cell *cell = rows->n_cells ? &rows->cells[rows->n_cells - 1] : NULL;
	if (!cell || !cell->text)
		return;
	size_t length = strlen(cell->text);
	char *longer = realloc(cell->text, length + strlen(text) + 2);
	if (!longer) {
		rows->failed = 1;
		return;
	}
	if (length)
		longer[length++] = ' ';
	strcpy(longer + length, text);
	cell->text = longer;
}

void ls_rows_add_integer(struct ls_rows *rows, uint64_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)value);
	ls_rows_add(rows, text);
}

void ls_rows_add_real(struct ls_rows *rows, double value)
{
	char text[LOCKSTEP_NUMBER_MAX];
	ls_rows_add(rows, lockstep_number_text(value, text));
}

/* ---- The end ----------------------------------------------------------------- */

int ls_rows_end(struct ls_rows *rows, const char *command)
{
	write_whole(rows);
	assert(rows->failed || rows->n_columns == 0 || rows->n_cells % rows->n_columns == 0);
	if (!rows->failed && rows->format == LS_FORMAT_TABLE)
		ls_rows_write_table(rows);
	else if (!rows->failed && rows->n_written == 0 && rows->format == LS_FORMAT_CSV)
		ls_rows_write_csv(rows);
	else if (rows->format == LS_FORMAT_JSON && !rows->is_record)
		fputs(rows->n_written ? "\n]" : "[]", rows->file);
	drop_cells(rows);
	for (size_t i = 0; i < rows->n_columns; i++)
		free(rows->columns[i].name);
	free(rows->columns);
	free(rows->cells);
	return rows->failed ? ls_message_failed(command, "out of memory for the result") : LS_EXIT_DONE;
}
