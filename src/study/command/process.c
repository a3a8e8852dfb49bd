/* SPDX-License-Identifier: MIT
 *
 * This process's side of the socket.
 */
#include "supervisor.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

struct ls_process {
	pid_t supervisor;
	int socket, out;
	int exec_errno, has_ended;
	int status; /* once it has ended */
};

/* ---- CPUs ------------------------------------------------------------------- */

static size_t largest(const char *cpus)
{
	size_t most = 0;
	for (const char *at = cpus; *at;) {
		char *end;
		size_t cpu = strtoul(at, &end, 10);
		most = cpu > most ? cpu : most;
		at = *end == ',' ? end + 1 : end;
		if (end == at)
			break;
	}
	return most;
}

static cpu_set_t *make_cpus(const char *cpus, size_t *size)
{
	size_t n = largest(cpus) + 1;
	*size = CPU_ALLOC_SIZE(n);
	cpu_set_t *set = ls_memory_allocate(*size, 1);
	for (const char *at = cpus; set && *at;) {
		char *end;
		size_t cpu = strtoul(at, &end, 10);
		if (end == at)
			break;
		CPU_SET_S(cpu, *size, set);
		at = *end == ',' ? end + 1 : end;
	}
	return set;
}

/* ---- Start ------------------------------------------------------------------- */

/* Numbers of 0 to 2, which a host may have closed, are what the program gets others in. */
static int above_2(int fd)
{
	if (fd < 0 || fd > 2)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return moved;
}

struct pieces {
	int socket[2], out[2], in, err;
};

static void close_pieces(struct pieces *pieces)
{
	int *const all[] = {&pieces->socket[0], &pieces->socket[1], &pieces->out[0],
	                    &pieces->out[1],    &pieces->in,        &pieces->err};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (*all[i] >= 0)
			close(*all[i]);
		*all[i] = -1;
	}
}

static int open_both(int fds[2], int code)
{
	if (code) {
		fds[0] = fds[1] = -1;
		return -1;
	}
	fds[0] = above_2(fds[0]);
	fds[1] = above_2(fds[1]);
	return fds[0] < 0 || fds[1] < 0 ? -1 : 0;
}

static lockstep_status open_pieces(struct pieces *pieces, const char *errors, lockstep_error *error)
{
	*pieces = (struct pieces){{-1, -1}, {-1, -1}, -1, -1};
	pieces->err = above_2(open(errors, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
	if (pieces->err < 0)
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", errors, strerror(errno));
	int code = open_both(pieces->socket, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pieces->socket));
	if (!code)
		code = open_both(pieces->out, pipe2(pieces->out, O_CLOEXEC));
	if (!code)
		pieces->in = above_2(open("/dev/null", O_RDONLY | O_CLOEXEC));
	if (!code && pieces->in >= 0)
		code = fcntl(pieces->out[0], F_SETFL, O_NONBLOCK);
	if (code || pieces->in < 0) {
		code = errno;
		close_pieces(pieces);
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "a process cannot be started: %s", strerror(code));
	}
	return LOCKSTEP_OK;
}

/* With all signals blocked, which the program has open again. */
static pid_t fork_supervisor(const struct ls_supervision *supervision)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		ls_supervise(supervision);
	int code = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = code;
	return pid;
}

lockstep_status ls_process_start(struct ls_process **out, const struct ls_process_options *options,
                                 lockstep_error *error)
{
	struct pieces pieces;
	size_t size = 0;
	struct ls_process *process = ls_memory_allocate(1, sizeof *process);
	cpu_set_t *cpus = options->cpus ? make_cpus(options->cpus, &size) : NULL;
	lockstep_status status = !process || (options->cpus && !cpus) ? ls_error_memory(error, "a process")
	                                                              : open_pieces(&pieces, options->errors, error);
	if (!status) {
		const struct ls_supervision supervision = {options->path, options->words, options->environment,
		                                           cpus,          size,           pieces.socket[1],
		                                           pieces.out[1], pieces.err,     pieces.in};
		pid_t pid = fork_supervisor(&supervision);
		if (pid < 0)
			status = ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "a process cannot be started: %s",
			                      strerror(errno));
		else {
			*process =
			    (struct ls_process){.supervisor = pid, .socket = pieces.socket[0], .out = pieces.out[0]};
			pieces.socket[0] = pieces.out[0] = -1;
		}
		close_pieces(&pieces);
	}
	ls_memory_free(cpus);
	if (status)
		ls_memory_free(process);
	else
		*out = process;
	return status;
}

/* ---- While it runs -------------------------------------------------------------- */

int ls_process_stdout(const struct ls_process *process)
{
	return process->out;
}

int ls_process_end(const struct ls_process *process)
{
	return process->socket;
}

void ls_process_signal(struct ls_process *process, int number)
{
	const unsigned char byte = (unsigned char)number;
	if (!process->has_ended)
		(void)!send(process->socket, &byte, 1, MSG_NOSIGNAL);
}

static void take(struct ls_process *process, const struct ls_supervised *news)
{
	if (news->exec_errno)
		process->exec_errno = news->exec_errno;
	if (news->has_ended) {
		process->has_ended = 1;
		process->status = news->status;
	}
}

/* A supervisor that is gone without a word was killed, and its program with it. */
int ls_process_poll(struct ls_process *process, struct ls_process_outcome *outcome)
{
	struct ls_supervised news;
	while (!process->has_ended) {
		ssize_t n = recv(process->socket, &news, sizeof news, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n != (ssize_t)sizeof news)
			news = (struct ls_supervised){.has_ended = 1, .status = SIGKILL};
		take(process, &news);
	}
	int number = WIFSIGNALED(process->status) ? WTERMSIG(process->status) : 0;
	*outcome = (struct ls_process_outcome){process->exec_errno,
	                                       number ? 128 + number : WEXITSTATUS(process->status), number};
	return 1;
}

void ls_process_destroy(struct ls_process *process)
{
	if (!process)
		return;
	close(process->socket);
	close(process->out);
	while (waitpid(process->supervisor, NULL, 0) < 0 && errno == EINTR)
		;
	ls_memory_free(process);
}
