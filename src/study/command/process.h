/* SPDX-License-Identifier: MIT
 *
 * A process of another program, with all that it starts: a group of its own, on given
 * CPUs, its stdout in a pipe, stdin empty, and no way to outlive this process.
 *
 * Between the two stands a supervisor, forked and never anything else: it has one end
 * of a socket of which this process has the other, so it knows when that is gone, however it
 * went, and kills the group. The parent-death signal alone would not do: it is bound to
 * the thread that forks, and reaches the program but not what the program has started.
 *
 * When the program itself has ended, what it left behind is killed: the cores are for
 * others now. The supervisor is the parent of what lost its own, so that nothing gets
 * away by leaving the group.
 */
#ifndef LS_STUDY_PROCESS_H
#define LS_STUDY_PROCESS_H

#include "lockstep/status.h"

struct ls_process;

/* All is borrowed for the call. */
struct ls_process_options {
	const char *path;         /* of the program */
	char *const *words;       /* [n] and a NULL */
	char *const *environment; /* the same */
	const char *cpus;         /* "0,2,5": the CPUs that it may use; NULL: those that the caller may */
	const char *errors;       /* file that its stderr is added to */
};

/* Caller owns *out. That the program cannot be executed is known later: ls_process_poll(). */
lockstep_status ls_process_start(struct ls_process **out, const struct ls_process_options *options,
                                 lockstep_error *error);

/* To read from without waiting, and to wait for with poll(): what it prints, and its end. */
int ls_process_stdout(const struct ls_process *process);
int ls_process_end(const struct ls_process *process);

/* Sends a signal to the group. */
void ls_process_signal(struct ls_process *process, int number);

struct ls_process_outcome {
	int exec_errno;  /* other than 0: it was not executed */
	int exit_status; /* of an exit; 128 and the signal otherwise, as shells have it */
	int signal;      /* 0: it has exited */
};
/* Whether it has ended. */
int ls_process_poll(struct ls_process *process, struct ls_process_outcome *outcome);

/* Kills it when it has not ended. NULL is allowed. */
void ls_process_destroy(struct ls_process *process);

#endif
