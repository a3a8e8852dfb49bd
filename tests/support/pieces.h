/* SPDX-License-Identifier: MIT
 *
 * Minutes of work in pieces, on all processors: processes that take one piece
 * after the other, and a line on stderr that says how far they are. Processes,
 * not threads, so that the pieces may use static variables. Results go to memory
 * that the processes share; a piece must not look at another's.
 */
#ifndef PIECES_H
#define PIECES_H

#include <stddef.h>

struct pieces {
	const char *what; /* for people */
	size_t n;
	size_t steps; /* a piece calls pieces_step() so often */
	void (*run)(void *shared, size_t i_piece);
	void *shared; /* from pieces_shared() */
};

/* Zeroed memory that processes made later share, or the end of the program. */
void *pieces_shared(size_t size);
/* Runs all pieces; non-zero when a process ended otherwise than it should. */
int pieces_run(const struct pieces *pieces);
/* For a piece: another step of it is done. */
void pieces_step(void);

#endif
