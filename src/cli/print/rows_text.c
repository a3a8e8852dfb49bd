/* SPDX-License-Identifier: MIT
 *
 * Rows for programs: CSV and JSON. Write errors stay in the FILE.
 */
#include <string.h>

#include "rows.h"

/* ---- CSV --------------------------------------------------------------------- */

static void put_quoted(FILE *file, const char *text)
{
	putc('"', file);
	for (; *text; text++) {
		if (*text == '"')
			putc('"', file);
		putc(*text, file);
	}
	putc('"', file);
}

static void put_field(FILE *file, const char *text)
{
	if (!*text || strpbrk(text, ",\"\r\n"))
		put_quoted(file, text);
	else
		fputs(text, file);
}

static void put_header(const struct ls_rows *rows)
{
	char name[512];
	for (size_t i = 0; i < rows->n_columns; i++) {
		const struct ls_column *column = &rows->columns[i];
		snprintf(name, sizeof name, "%s%s%s", column->group ? column->group : "", column->group ? "." : "",
		         column->name);
		if (i)
			putc(',', rows->file);
		put_field(rows->file, name);
	}
	putc('\n', rows->file);
}

/* An empty list is an empty field, as is what is absent. */
static void put_cell(FILE *file, const struct ls_cell *cell)
{
	if (cell->kind == LS_CELL_ABSENT || (cell->kind >= LS_CELL_WORDS && !*cell->text))
		return;
	put_field(file, cell->text);
}

void ls_rows_write_csv(struct ls_rows *rows)
{
	if (rows->n_written == 0)
		put_header(rows);
	if (rows->n_cells == 0)
		return;
	for (size_t i = 0; i < rows->n_columns; i++) {
		if (i)
			putc(',', rows->file);
		put_cell(rows->file, &rows->cells[i]);
	}
	putc('\n', rows->file);
}

/* ---- JSON -------------------------------------------------------------------- */

static void put_string(FILE *file, const char *text, size_t length)
{
	putc('"', file);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c < ' ')
			fprintf(file, "\\u%04x", c);
		else
			putc(c, file);
	}
	putc('"', file);
}

void ls_rows_write_string(FILE *file, const char *text)
{
	put_string(file, text, strlen(text));
}

/* JSON has no infinity and no NaN. */
static void put_word(FILE *file, const char *text, size_t length)
{
	if (text[length - 1] == 'f' || text[length - 1] == 'n')
		fputs("null", file);
	else
		fwrite(text, 1, length, file);
}

static void put_list(FILE *file, const struct ls_cell *cell)
{
	const char *text = cell->text;
	putc('[', file);
	while (*text) {
		size_t length = strcspn(text, " ");
		if (cell->kind == LS_CELL_TEXTS)
			put_string(file, text, length);
		else
			put_word(file, text, length);
		text += length + (text[length] == ' ');
		if (*text)
			putc(',', file);
	}
	putc(']', file);
}

static void put_json_cell(FILE *file, const struct ls_cell *cell)
{
	switch (cell->kind) {
	case LS_CELL_ABSENT:
	case LS_CELL_NULL:
		fputs("null", file);
		break;
	case LS_CELL_WORD:
	case LS_CELL_REAL:
		put_word(file, cell->text, strlen(cell->text));
		break;
	case LS_CELL_TEXT:
		put_string(file, cell->text, strlen(cell->text));
		break;
	case LS_CELL_WORDS:
	case LS_CELL_TEXTS:
		put_list(file, cell);
		break;
	}
}

static int is_same_group(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Columns of one group stand side by side, and become one object. */
static void put_object(const struct ls_rows *rows)
{
	const char *group = NULL, *between = "";
	putc('{', rows->file);
	for (size_t i = 0; i < rows->n_columns; i++) {
		const struct ls_column *column = &rows->columns[i];
		if (!is_same_group(group, column->group)) {
			fputs(group ? "}" : "", rows->file);
			between = group ? "," : between;
			group = column->group;
			if (group) {
				fprintf(rows->file, "%s\"%s\":{", between, group);
				between = "";
			}
		}
		if (group && rows->cells[i].kind == LS_CELL_ABSENT)
			continue;
		fputs(between, rows->file);
		put_string(rows->file, column->name, strlen(column->name));
		putc(':', rows->file);
		put_json_cell(rows->file, &rows->cells[i]);
		between = ",";
	}
	fputs(group ? "}}" : "}", rows->file);
}

void ls_rows_write_json(struct ls_rows *rows)
{
	if (!rows->is_record)
		fputs(rows->n_written ? ",\n" : "[\n", rows->file);
	put_object(rows);
}
