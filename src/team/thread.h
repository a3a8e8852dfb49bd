/* SPDX-License-Identifier: MIT
 *
 * A thread of its own for a job that runs beside others. It blocks all signals,
 * which go to the threads of the host program.
 */
#ifndef LS_TEAM_THREAD_H
#define LS_TEAM_THREAD_H

#include "lockstep/status.h"

struct ls_thread;

/* Calls body(context) in a new thread. *out is to be joined. */
lockstep_status ls_thread_start(struct ls_thread **out, void (*body)(void *context), void *context,
                                lockstep_error *error);

/* Waits until the body has returned, and frees. NULL is allowed and does nothing. */
void ls_thread_join(struct ls_thread *thread);

#endif
