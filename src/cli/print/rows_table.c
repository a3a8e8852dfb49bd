/* SPDX-License-Identifier: MIT
 *
 * Rows for people. A table that is wider than the terminal first shortens its
 * longest texts, then leaves out columns from the right, and says so.
 */
#include <stdlib.h>
#include <string.h>

#include "rows.h"

#define GAP 2
#define SHORT_WIDTH 10 /* a column is not shortened below this */
#define DIGITS 6
#define ELLIPSIS "~"

/* Characters, as far as UTF-8 tells; each one column wide. */
static int text_width(const char *text)
{
	int width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* The cell as a table shows it, in `number` when it is a shortened number. */
static const char *shown(const struct ls_cell *cell, char number[LOCKSTEP_NUMBER_MAX])
{
	if (cell->kind == LS_CELL_ABSENT)
		return "-";
	if (cell->kind != LS_CELL_REAL || strlen(cell->text) <= DIGITS + 2)
		return cell->text;
	snprintf(number, LOCKSTEP_NUMBER_MAX, "%.*g", DIGITS, strtod(cell->text, NULL));
	return number;
}

/* Bytes of the first `width` characters. */
static size_t bytes_of(const char *text, int width)
{
	size_t n = 0;
	while (text[n] && (width > 0 || ((unsigned char)text[n] & 0xc0) == 0x80)) {
		width -= ((unsigned char)text[n] & 0xc0) != 0x80;
		n++;
	}
	return n;
}

/* A control character would move the cursor, or worse. */
static void put_plain(FILE *file, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];
		putc(c < ' ' || c == 127 ? '?' : c, file);
	}
}

static void put_padded(FILE *file, const char *text, int width, int to_the_right, int is_last)
{
	int own = text_width(text), cut = own > width;
	int padding = cut ? 0 : width - own;
	if (to_the_right)
		fprintf(file, "%*s", padding, "");
	put_plain(file, text, bytes_of(text, cut ? width - 1 : width));
	if (cut)
		fputs(ELLIPSIS, file);
	if (!to_the_right && !is_last)
		fprintf(file, "%*s", padding, "");
}

/* ---- A line a row --------------------------------------------------------------- */

struct layout {
	int *widths;       /* [n_columns] */
	int *to_the_right; /* [n_columns]: has numbers only */
	size_t n_shown;    /* columns, from the left */
};

static void measure(const struct ls_rows *rows, struct layout *layout)
{
	char number[LOCKSTEP_NUMBER_MAX];
	layout->n_shown = rows->n_columns;
	for (size_t i = 0; i < rows->n_columns; i++) {
		layout->widths[i] = text_width(rows->columns[i].name);
		layout->to_the_right[i] = 1;
	}
	for (size_t i = 0; i < rows->n_cells; i++) {
		const struct ls_cell *cell = &rows->cells[i];
		int width = text_width(shown(cell, number)), *widest = &layout->widths[i % rows->n_columns];
		if (width > *widest)
			*widest = width;
		if (cell->kind >= LS_CELL_TEXT || cell->kind == LS_CELL_NULL)
			layout->to_the_right[i % rows->n_columns] = 0;
	}
}

static int total(const struct layout *layout)
{
	int sum = 0;
	for (size_t i = 0; i < layout->n_shown; i++)
		sum += layout->widths[i] + (i ? GAP : 0);
	return sum;
}

/* Numbers are never cut: half a number is another number. */
static size_t widest_text(const struct layout *layout)
{
	size_t widest = layout->n_shown;
	for (size_t i = 0; i < layout->n_shown; i++)
		if (!layout->to_the_right[i] && layout->widths[i] > SHORT_WIDTH &&
		    (widest == layout->n_shown || layout->widths[i] > layout->widths[widest]))
			widest = i;
	return widest;
}

static void fit(struct layout *layout, int width)
{
	while (width && total(layout) > width) {
		size_t widest = widest_text(layout);
		if (widest < layout->n_shown)
			layout->widths[widest]--;
		else if (layout->n_shown > 1)
			layout->n_shown--;
		else
			break;
	}
}

static void put_line(const struct ls_rows *rows, const struct layout *layout, const struct ls_cell *cells)
{
	char number[LOCKSTEP_NUMBER_MAX];
	for (size_t i = 0; i < layout->n_shown; i++) {
		fprintf(rows->file, "%*s", i ? GAP : 0, "");
		put_padded(rows->file, cells ? shown(&cells[i], number) : rows->columns[i].name, layout->widths[i],
		           layout->to_the_right[i], i + 1 == layout->n_shown);
	}
	putc('\n', rows->file);
}

static void write_lines(struct ls_rows *rows, struct layout *layout)
{
	measure(rows, layout);
	fit(layout, rows->width);
	put_line(rows, layout, NULL);
	for (size_t i = 0; i < rows->n_cells; i += rows->n_columns)
		put_line(rows, layout, &rows->cells[i]);
	size_t n_left = rows->n_columns - layout->n_shown;
	if (n_left)
		fprintf(rows->file, "(%zu more column%s: --format csv)\n", n_left, n_left == 1 ? "" : "s");
}

/* ---- A line a column -------------------------------------------------------------- */

/* From column `indent` on; what the width does not hold goes on below. */
static void put_wrapped(FILE *file, const char *text, int indent, int width)
{
	int room = width > indent ? width - indent : text_width(text);
	for (;;) {
		size_t n = bytes_of(text, room);
		put_plain(file, text, n);
		putc('\n', file);
		text += n;
		if (!*text)
			return;
		fprintf(file, "%*s", indent, "");
	}
}

static void write_record(const struct ls_rows *rows)
{
	char number[LOCKSTEP_NUMBER_MAX];
	int widest = 0;
	for (size_t i = 0; i < rows->n_cells; i++) {
		int width = text_width(rows->columns[i].name);
		if (rows->cells[i].kind != LS_CELL_ABSENT && width > widest)
			widest = width;
	}
	for (size_t i = 0; i < rows->n_cells; i++) {
		if (rows->cells[i].kind == LS_CELL_ABSENT)
			continue;
		put_padded(rows->file, rows->columns[i].name, widest + GAP, 0, 0);
		put_wrapped(rows->file, shown(&rows->cells[i], number), widest + GAP, rows->width);
	}
}

void ls_rows_write_table(struct ls_rows *rows)
{
	if (rows->n_columns == 0)
		return;
	if (rows->is_record) {
		write_record(rows);
		return;
	}
	struct layout layout = {calloc(rows->n_columns + 1, sizeof *layout.widths),
	                        calloc(rows->n_columns + 1, sizeof *layout.to_the_right), 0};
	if (layout.widths && layout.to_the_right)
		write_lines(rows, &layout);
	else
		rows->failed = 1;
	free(layout.widths);
	free(layout.to_the_right);
}
