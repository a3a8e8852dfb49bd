/* SPDX-License-Identifier: MIT
 *
 * One state machine over bytes. A record's cells lie one after the other in
 * one text buffer, which grows with the bytes that arrive, up to a limit.
 */
#include "records.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "table.h"

#define TEXT_MAX ((size_t)64 << 20) /* 64 bytes for each of LS_FEATURES_MAX cells */
#define CELLS_MAX ((size_t)LS_FEATURES_MAX + LS_LABELS_MAX)
#define FIRST_CAPACITY 256

enum state {
	CELL_BEGIN,  /* nothing but blanks so far */
	PLAIN,       /* in a cell without quotes */
	QUOTED,      /* between quotes */
	QUOTE_SEEN,  /* behind a quote that closes the cell or doubles */
	AFTER_QUOTE, /* behind the closing quote */
	RECORD_DONE
};

static lockstep_status fail(const struct ls_records *records, uint64_t line, const char *cause, lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: line %" PRIu64 ", column %zu: %s",
	                    ls_bytes_path(records->stream), line, records->n_cells, cause);
}

/* Doubles a buffer of `size`-byte elements when `n` fills it. */
static lockstep_status reserve(void **buffer, size_t n, size_t *capacity, size_t size, lockstep_error *error)
{
	if (n < *capacity)
		return LOCKSTEP_OK;
	size_t larger = *capacity ? *capacity * 2 : FIRST_CAPACITY;
	void *grown = ls_memory_grow(*buffer, *capacity * size, larger, size);
	if (!grown)
		return ls_error_memory(error, "a line of a text file");
	*buffer = grown;
	*capacity = larger;
	return LOCKSTEP_OK;
}

static lockstep_status append(struct ls_records *records, char c, lockstep_error *error)
{
	void *text = records->text;
	if (records->n_text == TEXT_MAX)
		return fail(records, records->line, "the line is too long", error);
	lockstep_status status = reserve(&text, records->n_text, &records->text_capacity, 1, error);
	records->text = text;
	if (!status)
		records->text[records->n_text++] = c;
	return status;
}

static lockstep_status begin_cell(struct ls_records *records, lockstep_error *error)
{
	void *cells = records->cells;
	if (records->n_cells == CELLS_MAX)
		return fail(records, records->line, "the line has too many columns", error);
	lockstep_status status =
	    reserve(&cells, records->n_cells, &records->cell_capacity, sizeof *records->cells, error);
	records->cells = cells;
	if (!status)
		records->cells[records->n_cells++] = records->n_text;
	return status;
}

static int is_blank(const struct ls_records *records, char c)
{
	return (c == ' ' || c == '\t') && c != records->separator;
}

static void trim_end(struct ls_records *records)
{
	size_t begin = records->cells[records->n_cells - 1];
	while (records->n_text > begin &&
	       (is_blank(records, records->text[records->n_text - 1]) || records->text[records->n_text - 1] == '\r'))
		records->n_text--;
}

/* Closes the cell, and opens the next unless the record ends (`c` is LF). */
static lockstep_status end_cell(struct ls_records *records, enum state *state, char c, lockstep_error *error)
{
	if (*state == PLAIN)
		trim_end(records);
	lockstep_status status = append(records, '\0', error);
	*state = c == '\n' ? RECORD_DONE : CELL_BEGIN;
	if (!status && *state == CELL_BEGIN)
		status = begin_cell(records, error);
	return status;
}

/* A byte outside quotes that ends no cell. */
static lockstep_status step_unquoted(struct ls_records *records, enum state *state, char c, lockstep_error *error)
{
	switch (*state) {
	case CELL_BEGIN:
		if (is_blank(records, c) || c == '\r')
			return LOCKSTEP_OK;
		*state = c == '"' ? QUOTED : PLAIN;
		return c == '"' ? LOCKSTEP_OK : append(records, c, error);
	case PLAIN:
		if (c == '"')
			return fail(records, records->next_line, "a quote inside a cell that does not begin with one",
			            error);
		return append(records, c, error);
	default:
		*state = AFTER_QUOTE;
		if (is_blank(records, c) || c == '\r')
			return LOCKSTEP_OK;
		return fail(records, records->next_line, "text behind a closing quote", error);
	}
}

static lockstep_status step(struct ls_records *records, enum state *state, char c, lockstep_error *error)
{
	lockstep_status status;

	if (c == '\0')
		return fail(records, records->next_line, "a zero byte: this is no text, and neither IDX nor NPY",
		            error);
	if (*state == QUOTED) {
		if (c == '"')
			*state = QUOTE_SEEN;
		status = c == '"' ? LOCKSTEP_OK : append(records, c, error);
	} else if (*state == QUOTE_SEEN && c == '"') {
		*state = QUOTED;
		status = append(records, c, error);
	} else if (c == records->separator || c == '\n') {
		status = end_cell(records, state, c, error);
	} else {
		status = step_unquoted(records, state, c, error);
	}
	records->next_line += c == '\n';
	return status;
}

/* Feeds bytes until the record is done; *more is 0 when there were none. */
static lockstep_status read_record(struct ls_records *records, int *more, lockstep_error *error)
{
	enum state state = CELL_BEGIN;
	const uint8_t *bytes;
	size_t n, i;
	lockstep_status status;

	records->line = records->next_line;
	records->n_cells = records->n_text = 0;
	*more = 0;
	status = begin_cell(records, error);
	while (!status && state != RECORD_DONE) {
		status = ls_bytes_peek(records->stream, &bytes, &n, error);
		if (status || !n)
			break;
		*more = 1;
		for (i = 0; !status && i < n && state != RECORD_DONE; i++)
			status = step(records, &state, (char)bytes[i], error);
		ls_bytes_skip(records->stream, i);
	}
	if (!status && state == QUOTED)
		status = fail(records, records->line, "a quote is not closed", error);
	if (!status && state != RECORD_DONE)
		status = end_cell(records, &state, '\n', error);
	return status;
}

/* Blank lines are passed over; one that is not at the file's end is an error. */
lockstep_status ls_records_next(struct ls_records *records, int *more, lockstep_error *error)
{
	uint64_t blank_line = 0;

	for (;;) {
		lockstep_status status = read_record(records, more, error);
		if (status || !*more)
			return status;
		if (records->n_cells > 1 || records->n_text > 1)
			break;
		if (!blank_line)
			blank_line = records->line;
	}
	if (blank_line)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: line %" PRIu64 " is blank, and not the last",
		                    ls_bytes_path(records->stream), blank_line);
	if (!ls_utf8_check(records->text, records->n_text))
		return fail(records, records->line, "the line is not UTF-8 text", error);
	return LOCKSTEP_OK;
}

/* The most frequent of the three outside quotes in the first line. */
static char find_separator(const uint8_t *bytes, size_t n)
{
	static const char separators[] = ",;\t";
	size_t counts[3] = {0}, best = 0;
	int quoted = 0;

	for (size_t i = 0; i < n && (quoted || bytes[i] != '\n'); i++) {
		const char *found = bytes[i] ? strchr(separators, bytes[i]) : NULL;
		quoted ^= bytes[i] == '"';
		if (found && !quoted)
			counts[found - separators]++;
	}
	for (size_t i = 1; i < 3; i++)
		if (counts[i] > counts[best])
			best = i;
	return separators[best];
}

lockstep_status ls_records_init(struct ls_records *records, struct ls_bytes *stream, lockstep_error *error)
{
	const uint8_t *bytes;
	size_t n;
	lockstep_status status = ls_bytes_peek(stream, &bytes, &n, error);
	if (status)
		return status;
	if (n >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
		ls_bytes_skip(stream, 3);
		bytes += 3;
		n -= 3;
	}
	*records = (struct ls_records){.stream = stream, .separator = find_separator(bytes, n), .next_line = 1};
	return LOCKSTEP_OK;
}

void ls_records_fini(struct ls_records *records)
{
	ls_memory_free(records->cells);
	ls_memory_free(records->text);
	*records = (struct ls_records){0};
}

const char *ls_records_cell(const struct ls_records *records, size_t i_cell)
{
	return records->text + records->cells[i_cell];
}

const char *ls_text_show(const char *text, char shown[LS_SHOWN_BYTES])
{
	size_t room = LS_SHOWN_BYTES - sizeof "'...'", n = strlen(text), kept = n;

	if (n > room)
		for (kept = room; kept && ((unsigned char)text[kept] & 0xc0) == 0x80; kept--)
			;
	shown[0] = '\'';
	for (size_t i = 0; i < kept; i++)
		shown[1 + i] = (char)((unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i]);
	memcpy(shown + 1 + kept, n > kept ? "...'" : "'", n > kept ? 5 : 2);
	return shown;
}
