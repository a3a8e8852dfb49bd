/* SPDX-License-Identifier: MIT
 *
 * Records of separated text (RFC 4180): cells between commas, semicolons or
 * tabs, optionally in double quotes, lines ended by LF or CRLF. Beyond the
 * RFC: a byte order mark is skipped, blanks around a cell do not belong to it,
 * and blank lines may end the file.
 */
#ifndef LS_DATA_RECORDS_H
#define LS_DATA_RECORDS_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "lockstep/status.h"

/* Room for a cell as an error shows it. */
#define LS_SHOWN_BYTES 48

struct ls_records {
	struct ls_bytes *stream; /* borrowed */
	char separator;
	uint64_t next_line; /* of the next byte, from 1 */
	/* The current record; its cells are NUL-terminated texts. */
	uint64_t line; /* where it began */
	size_t n_cells;
	size_t *cells; /* [n_cells] offsets into text */
	char *text;
	size_t n_text;
	size_t cell_capacity, text_capacity;
};

/* Prepares for the stream's first record; the separator is the most frequent
 * one in the first line. */
lockstep_status ls_records_init(struct ls_records *records, struct ls_bytes *stream, lockstep_error *error);
void ls_records_fini(struct ls_records *records);

/* Reads the next record; *more is 0 when there is none. */
lockstep_status ls_records_next(struct ls_records *records, int *more, lockstep_error *error);

/* Text of a cell of the current record, borrowed until the next one. */
const char *ls_records_cell(const struct ls_records *records, size_t i_cell);

/* The text in quotes, shortened and without control characters. */
const char *ls_text_show(const char *text, char shown[LS_SHOWN_BYTES]);

#endif
