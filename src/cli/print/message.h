/* SPDX-License-Identifier: MIT
 *
 * What the command says on stderr, one line at a time, and the exit status
 * that goes with it.
 */
#ifndef LS_CLI_MESSAGE_H
#define LS_CLI_MESSAGE_H

#include "lockstep/status.h"

enum {
	LS_EXIT_DONE = 0,
	LS_EXIT_FAILED = 1,
	LS_EXIT_USAGE = 2,
	LS_EXIT_DIVERGED = 3,
	LS_EXIT_SIGNAL = 128 /* plus the signal's number */
};

/* "lockstep train: <text>"; without a command, "lockstep: <text>". */
void ls_message_note(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, and LS_EXIT_FAILED. */
int ls_message_failed(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, then "Try 'lockstep train --help'", and LS_EXIT_USAGE. */
int ls_message_usage(const char *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a library call failed with. An argument that is out of range is wrong
 * usage; divergence has a status of its own. */
int ls_message_error(const char *command, const lockstep_error *error);

/* Flushes stdout; when that, or any write before, failed, says so and returns
 * LS_EXIT_FAILED, else `status`. */
int ls_message_finish(const char *command, int status);

#endif
