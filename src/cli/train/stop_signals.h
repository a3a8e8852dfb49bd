/* SPDX-License-Identifier: MIT
 *
 * SIGINT, SIGTERM and SIGHUP while a trainer runs: the first lets the step in progress
 * finish, the second ends the process at once. A signal that was ignored when
 * the command began (as in a script's background jobs) stays ignored.
 */
#ifndef LS_CLI_STOP_SIGNALS_H
#define LS_CLI_STOP_SIGNALS_H

#include "lockstep/train.h"

/* From here to the end, signals stop `trainer`; NULL: they are only noted. One trainer at a time. */
void ls_stop_signals_begin(lockstep_trainer *trainer);

/* The signal that came so far, or 0. */
int ls_stop_signals_caught(void);

/* Signals act as before. Returns the signal that came, or 0. */
int ls_stop_signals_end(void);

#endif
