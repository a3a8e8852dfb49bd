/* SPDX-License-Identifier: MIT
 *
 * A FILE to write to that is not upset by an interrupted call, and that knows
 * afterwards what its first failure was: stdio's own keeps only that there was
 * one.
 */
#ifndef LS_CLI_STREAM_H
#define LS_CLI_STREAM_H

#include <stdio.h>

struct ls_stream {
	int descriptor;
	int error;      /* errno of the first failure to write; 0: none */
	int is_regular; /* a file, and ours alone */
};

/* `stream` is borrowed until fclose(), which closes the descriptor too; NULL
 * with errno on failure, and the descriptor is still the caller's. What a
 * regular file takes only a part of is cut off again, so that no half of a line
 * stays on a full disk. */
FILE *ls_stream_open(struct ls_stream *stream, int descriptor);

/* Makes stdout such a stream, where the C library lets it be set. Standard
 * descriptors that are closed are taken up first, or the next file to be opened
 * would become one of them: what is written there then fails. */
void ls_stream_take_stdout(void);

/* The errno of stdout's first failure; 0: none, or not known. */
int ls_stream_stdout_error(void);

#endif
