/* SPDX-License-Identifier: MIT
 *
 * It waits for the socket and, in the same call, for SIGCHLD, which is blocked at
 * all other times.
 */
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(int socket, const struct ls_supervised *news)
{
	while (send(socket, news, sizeof *news, MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

static void close_range_of(unsigned first, unsigned last)
{
	struct rlimit limit;
#ifdef SYS_close_range
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > 65536)
		limit.rlim_cur = 65536;
	for (unsigned i = first; i <= last && i < limit.rlim_cur; i++)
		close((int)i);
}

static void sort(unsigned *numbers, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && numbers[j - 1] > numbers[j]; j--) {
			unsigned larger = numbers[j - 1];
			numbers[j - 1] = numbers[j];
			numbers[j] = larger;
		}
}

/* All but those: other supervisors' sockets too, whose ends would never be seen otherwise. */
static void close_others(const struct ls_supervision *supervision)
{
	unsigned kept[] = {(unsigned)supervision->socket, (unsigned)supervision->out, (unsigned)supervision->err,
	                   (unsigned)supervision->in};
	unsigned next = 3;
	sort(kept, 4);
	for (size_t i = 0; i < 4; i++) {
		if (kept[i] > next)
			close_range_of(next, kept[i] - 1);
		next = kept[i] + 1;
	}
	close_range_of(next, ~0U);
}

/* ---- The program ------------------------------------------------------------ */

static void reset_signals(void)
{
	struct sigaction usual;
	sigset_t none;
	memset(&usual, 0, sizeof usual);
	usual.sa_handler = SIG_DFL;
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void execute(const struct ls_supervision *supervision, pid_t parent)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (supervision->cpus)
		sched_setaffinity(0, supervision->cpus_size, supervision->cpus);
	if (dup2(supervision->in, 0) >= 0 && dup2(supervision->out, 1) >= 0 && dup2(supervision->err, 2) >= 0) {
		reset_signals();
		execve(supervision->path, supervision->words, supervision->environment);
	}
	const struct ls_supervised news = {.exec_errno = errno};
	tell(supervision->socket, &news);
	_exit(127);
}

/* ---- The supervisor ---------------------------------------------------------- */

static void on_child(int number)
{
	(void)number;
}

static void watch_children(void)
{
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_handler = on_child;
	sigaction(SIGCHLD, &action, NULL);
}

/* What left the group is a child of this process once its parent is gone. Numbers that do not fit are
 * those of the next time. */
static int kill_children(void)
{
	char text[1024];
	int file = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC), killed = 0;
	ssize_t n = file < 0 ? 0 : read(file, text, sizeof text);
	pid_t number = 0;
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			number = number * 10 + (text[i] - '0');
		} else if (number) {
			killed |= kill(number, SIGKILL) == 0;
			number = 0;
		}
	}
	if (file >= 0)
		close(file);
	return killed;
}

/* The group, before its number can be another's, and then all that is left. */
static int kill_all(pid_t program)
{
	int status = 0;
	kill(-program, SIGKILL);
	waitpid(program, &status, 0);
	while (kill_children() && waitpid(-1, NULL, 0) > 0)
		;
	return status;
}

static void end_when_ended(int socket, pid_t program)
{
	siginfo_t info = {0};
	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
		if (info.si_pid == program) {
			const struct ls_supervised news = {.has_ended = 1, .status = kill_all(program)};
			tell(socket, &news);
			_exit(0);
		}
		waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
}

static void wait_for_news(int socket, pid_t program)
{
	unsigned char number = 0;
	struct pollfd wanted = {.fd = socket, .events = POLLIN};
	sigset_t mask;
	sigfillset(&mask);
	sigdelset(&mask, SIGCHLD);
	if (ppoll(&wanted, 1, NULL, &mask) <= 0)
		return;
	ssize_t n = recv(socket, &number, 1, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		kill(-program, number);
		if (number == SIGTERM)
			kill(-program, SIGCONT); /* to be heard by what is stopped */
		return;
	}
	kill_all(program);
	_exit(0);
}

_Noreturn void ls_supervise(const struct ls_supervision *supervision)
{
	pid_t self = getpid();
	setpgid(0, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	close_others(supervision);
	watch_children();
	pid_t program = fork();
	if (program == 0)
		execute(supervision, self);
	if (program < 0) {
		const struct ls_supervised news = {.exec_errno = errno, .has_ended = 1};
		tell(supervision->socket, &news);
		_exit(1);
	}
	setpgid(program, program);
	close(supervision->out);
	close(supervision->err);
	close(supervision->in);
	for (int i = 0; i < 3; i++)
		close(i);
	for (;;) {
		end_when_ended(supervision->socket, program);
		wait_for_news(supervision->socket, program);
	}
}
