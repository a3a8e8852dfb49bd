/* SPDX-License-Identifier: MIT
 *
 * The process between a study and a program of it. It was forked in a process of many
 * threads, so it makes system calls and nothing else.
 */
#ifndef LS_STUDY_SUPERVISOR_H
#define LS_STUDY_SUPERVISOR_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stddef.h>

/* What comes from it. */
struct ls_supervised {
	int exec_errno; /* other than 0: the program was not executed */
	int has_ended;
	int status; /* as waitpid() has it */
};

struct ls_supervision {
	const char *path;
	char *const *words, *const *environment;
	const cpu_set_t *cpus; /* NULL: none */
	size_t cpus_size;
	int socket;       /* signals to send come in, a byte each; struct ls_supervised go out */
	int out, err, in; /* of the program; any number above 2, as the socket's */
};

/* Starts the program, and ends when it has, or when the socket's other end is closed. */
_Noreturn void ls_supervise(const struct ls_supervision *supervision);

#endif
