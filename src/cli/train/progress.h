/* SPDX-License-Identifier: MIT
 *
 * The live line of a training run: one line of stderr, redrawn in place, and
 * only where stderr is a terminal. Whoever prints a line of text clears it
 * first.
 */
#ifndef LS_CLI_PROGRESS_H
#define LS_CLI_PROGRESS_H

#include "lockstep/train.h"

struct ls_progress {
	int live;  /* stderr is a terminal that can redraw a line */
	int drawn; /* the line is on the screen */
};

void ls_progress_init(struct ls_progress *progress, int quiet);

/* Draws where the job stands; `last` is the epoch before, NULL in the first. */
void ls_progress_draw(struct ls_progress *progress, const struct lockstep_progress *now,
                      const struct lockstep_epoch *last);
void ls_progress_clear(struct ls_progress *progress);

#endif
