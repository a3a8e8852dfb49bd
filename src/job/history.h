/* SPDX-License-Identifier: MIT
 *
 * The fingerprints that a job went through: before its first step and after
 * its epochs, so that each epoch can be verified alone. Of very long jobs only
 * every second, fourth, ... epoch is kept.
 */
#ifndef LS_JOB_HISTORY_H
#define LS_JOB_HISTORY_H

#include <stdint.h>

#include "lockstep/status.h"

#define LS_HISTORY_MAX 16384 /* fingerprints; about 1 MB */

struct ls_history {
	uint32_t every, n;        /* epochs 0, every, 2 every, ... (n - 1) every are there */
	char (*fingerprints)[65]; /* [capacity] */
	uint32_t capacity;
};

/* Room for the start and n_epochs, as far as they are kept; empty. */
lockstep_status ls_history_init(struct ls_history *history, uint32_t n_epochs, lockstep_error *error);
/* Frees what the history owns and zeroes it. */
void ls_history_fini(struct ls_history *history);

/* Takes the fingerprint after `epoch` (0: before the first step). Epochs come
 * in order. */
void ls_history_add(struct ls_history *history, uint32_t epoch, const char fingerprint[65]);
/* NULL when it is not kept. */
const char *ls_history_get(const struct ls_history *history, uint32_t epoch);
/* Number of the last epoch that is kept; the history must not be empty. */
uint32_t ls_history_last(const struct ls_history *history);

/* Replaces what is there by `from`, which must fit. */
void ls_history_copy(struct ls_history *history, const struct ls_history *from);

/* One line of JSON; *out is the caller's, from ls_memory_allocate(). */
lockstep_status ls_history_text(char **out, const struct ls_history *history, lockstep_error *error);
/* Reads such a line, found in the file `path`. Caller owns what *out holds,
 * untouched on failure. */
lockstep_status ls_history_read(struct ls_history *out, const char *text, const char *path, lockstep_error *error);

#endif
