/* SPDX-License-Identifier: MIT
 *
 * Faults on order: preloaded into a program, makes some of its calls fail, or
 * kills it there.
 *
 *	LD_PRELOAD=.../shim.so LOCKSTEP_FAULT='write:17:ENOSPC' lockstep train ...
 *
 * LOCKSTEP_FAULT is RULE[;RULE...], a RULE is CALL[@TEXT]:WHEN:WHAT.
 *
 *	CALL	open write read fsync close rename unlink chmod
 *		pthread_create sched_setaffinity clock_gettime
 *	@TEXT	only calls on a path that contains TEXT; "@stdout" is
 *		descriptor 1 instead
 *	WHEN	N	the N-th call, from 1
 *		N+	that one and all after
 *		%N	every N-th
 *		*	every one
 *	WHAT	EIO, ENOSPC ...	fails so, and does nothing (close: closes)
 *		SHORT		write, read: takes half of the bytes
 *		KILL		SIGKILL before the call
 *		KILL-HALF	write: SIGKILL after half of the bytes
 *		KILL-AFTER	SIGKILL after the call
 *		JUMP+N JUMP-N	clock_gettime: from this call on all clocks
 *				are that many seconds further
 *		STAND		clock_gettime: the answer of the call before
 *
 * Each rule counts its own calls, and of several that meet one call the first
 * acts. Counted are calls on regular files and folders outside of /dev, /proc
 * and /sys; open: for writing; close: of a folder or of what is open for
 * writing; descriptors 0 to 2 only by "@stdout". The name `fsync` stands for
 * fdatasync too, `rename` for renameat and linkat, and so on.
 *
 * LOCKSTEP_FAULT_REPORT names a file to which every fault adds a line "CALL
 * NUMBER" as it happens: how a test knows that its fault was reached.
 * LOCKSTEP_FAULT_PROGRAM names the program that is meant (default: lockstep);
 * others, such as the shell that starts it, are let alone.
 *
 * Calls on files are caught in the kernel, by a seccomp filter that turns them
 * into SIGSYS, since a C library's own calls, those of stdio, pass no symbol
 * that could be preloaded. What the shim itself calls carries a mark in the
 * sixth argument, which none of these calls has. A thread that blocks SIGSYS
 * dies of such a call; workers make none. Where it cannot be set up the
 * program ends with status 99.
 */
#define _GNU_SOURCE /* the names of registers */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

#define RULES_MAX 16
#define PATH_SIZE 4096
#define EXIT_NO_SHIM 99
#define MARK_LOW 0x6c6f636bu
#define MARK_HIGH 0x73746570u

enum call {
	CALL_OPEN,
	CALL_WRITE,
	CALL_READ,
	CALL_FSYNC,
	CALL_CLOSE,
	CALL_RENAME,
	CALL_UNLINK,
	CALL_CHMOD,
	CALL_THREAD,
	CALL_AFFINITY,
	CALL_CLOCK,
	N_CALLS
};

static const char *const call_names[N_CALLS] = {
    "open",          "write",  "read",  "fsync",          "close",
    "rename",        "unlink", "chmod", "pthread_create", "sched_setaffinity",
    "clock_gettime",
};

enum what { FAIL, SHORT, KILL, KILL_HALF, KILL_AFTER, JUMP, STAND };

struct rule {
	enum call call;
	char text[64]; /* empty: any path */
	unsigned first, period;
	int only_first;
	enum what what;
	int error;
	long seconds;
	atomic_uint n_calls;
};

/* Written by the constructor alone, but for the counters. */
static struct rule rules[RULES_MAX];
static int n_rules;
static const char *report_path;
static atomic_long clock_shift; /* seconds */

/* ---- Rules ----------------------------------------------------------- */

static const struct {
	const char *name;
	int number;
} errors[] = {
    {"EACCES", EACCES}, {"EAGAIN", EAGAIN}, {"EBADF", EBADF},   {"EDQUOT", EDQUOT}, {"EEXIST", EEXIST},
    {"EFBIG", EFBIG},   {"EINTR", EINTR},   {"EINVAL", EINVAL}, {"EIO", EIO},       {"EMFILE", EMFILE},
    {"ENOENT", ENOENT}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"ENOSYS", ENOSYS}, {"EPERM", EPERM},
    {"EROFS", EROFS},   {"EXDEV", EXDEV},
};

static void refuse(const char *text)
{
	fprintf(stderr, "shim: cannot do this: %s\n", text);
	_exit(EXIT_NO_SHIM);
}

static void read_call(struct rule *rule, char *text, const char *whole)
{
	char *at = strchr(text, '@');
	if (at) {
		*at++ = '\0';
		if (strlen(at) >= sizeof rule->text)
			refuse(whole);
		strcpy(rule->text, at);
	}
	for (int i = 0; i < N_CALLS; i++)
		if (strcmp(text, call_names[i]) == 0) {
			rule->call = (enum call)i;
			return;
		}
	refuse(whole);
}

static void read_when(struct rule *rule, const char *text, const char *whole)
{
	char *end = NULL;
	rule->first = rule->period = 1;
	if (strcmp(text, "*") == 0)
		return;
	int is_period = *text == '%';
	rule->first = (unsigned)strtoul(text + is_period, &end, 10);
	rule->period = is_period ? rule->first : 1;
	rule->only_first = !is_period && *end == '\0';
	if (!rule->first || (*end && (is_period || strcmp(end, "+") != 0)))
		refuse(whole);
}

static void read_what(struct rule *rule, const char *text, const char *whole)
{
	static const char *const names[] = {"SHORT", "KILL", "KILL-HALF", "KILL-AFTER", "", "STAND"};
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (strcmp(text, errors[i].name) == 0) {
			rule->error = errors[i].number;
			return;
		}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(text, names[i]) == 0 && *text) {
			rule->what = (enum what)(SHORT + i);
			return;
		}
	char *end = NULL;
	if (strncmp(text, "JUMP", 4) != 0)
		refuse(whole);
	rule->what = JUMP;
	rule->seconds = strtol(text + 4, &end, 10);
	if (end == text + 4 || *end)
		refuse(whole);
}

static void read_rule(const char *text)
{
	char copy[256], *when, *what;
	if (n_rules == RULES_MAX || strlen(text) >= sizeof copy)
		refuse(text);
	strcpy(copy, text);
	when = strchr(copy, ':');
	what = when ? strchr(when + 1, ':') : NULL;
	if (!what)
		refuse(text);
	*when++ = *what++ = '\0';
	struct rule *rule = &rules[n_rules++];
	read_call(rule, copy, text);
	read_when(rule, when, text);
	read_what(rule, what, text);
}

static void read_rules(const char *text)
{
	char copy[1024], *rest;
	if (strlen(text) >= sizeof copy)
		refuse(text);
	strcpy(copy, text);
	for (char *one = strtok_r(copy, ";", &rest); one; one = strtok_r(NULL, ";", &rest))
		read_rule(one);
}

/* ---- What a call does ------------------------------------------------ */

/* A call that the filter lets through; the result as the kernel gives it. */
static long pass(long number, const long a[5])
{
	long mark = (long)((uint64_t)MARK_HIGH << 32 | MARK_LOW);
	long result = syscall(number, a[0], a[1], a[2], a[3], a[4], mark);
	return result == -1 ? -errno : result;
}

static void report(const struct rule *rule, unsigned i_call)
{
	char line[64];
	if (!report_path)
		return;
	int n = snprintf(line, sizeof line, "%s %u\n", call_names[rule->call], i_call);
	long fd = pass(SYS_openat, (long[5]){AT_FDCWD, (long)report_path, O_WRONLY | O_CREAT | O_APPEND, 0666});
	pass(SYS_write, (long[5]){fd, (long)line, n});
	pass(SYS_close, (long[5]){fd});
}

static int matches(const struct rule *rule, const char *path, int fd)
{
	if (fd >= 0 && fd <= STDERR_FILENO)
		return fd == STDOUT_FILENO && strcmp(rule->text, "stdout") == 0;
	return !*rule->text || strstr(path, rule->text);
}

/* The rule that acts on this call, after all have counted it. */
static const struct rule *next_fault(enum call call, const char *path, int fd)
{
	const struct rule *found = NULL;
	for (int i = 0; i < n_rules; i++) {
		struct rule *rule = &rules[i];
		if (rule->call != call || !matches(rule, path, fd))
			continue;
		unsigned i_call = atomic_fetch_add(&rule->n_calls, 1) + 1;
		int acts = i_call >= rule->first && (i_call - rule->first) % rule->period == 0 &&
		           (!rule->only_first || i_call == rule->first);
		if (!acts || found)
			continue;
		found = rule;
		report(rule, i_call);
	}
	return found;
}

static void die(void)
{
	kill(getpid(), SIGKILL);
	for (;;)
		pause();
}

/* ---- Calls on files, from the kernel --------------------------------- */

static const struct traced {
	long number;
	enum call call;
	int i_path, i_path2; /* arguments that are paths; -1: none, argument 0 is a descriptor */
} traced[] = {
    {SYS_openat, CALL_OPEN, 1, -1},     {SYS_write, CALL_WRITE, -1, -1},     {SYS_read, CALL_READ, -1, -1},
    {SYS_fsync, CALL_FSYNC, -1, -1},    {SYS_fdatasync, CALL_FSYNC, -1, -1}, {SYS_close, CALL_CLOSE, -1, -1},
#ifdef SYS_open
    {SYS_open, CALL_OPEN, 0, -1},       {SYS_rename, CALL_RENAME, 0, 1},     {SYS_link, CALL_RENAME, 0, 1},
    {SYS_unlink, CALL_UNLINK, 0, -1},   {SYS_chmod, CALL_CHMOD, 0, -1},
#endif
#ifdef SYS_renameat
    {SYS_renameat, CALL_RENAME, 1, 3},
#endif
    {SYS_renameat2, CALL_RENAME, 1, 3}, {SYS_linkat, CALL_RENAME, 1, 3},     {SYS_unlinkat, CALL_UNLINK, 1, -1},
    {SYS_fchmodat, CALL_CHMOD, 1, -1},  {SYS_fchmod, CALL_CHMOD, -1, -1},
};
#define N_TRACED (sizeof traced / sizeof *traced)

static int is_of_the_system(const char *path)
{
	return strncmp(path, "/proc", 5) == 0 || strncmp(path, "/sys", 4) == 0 || strncmp(path, "/dev", 4) == 0;
}

/* Whether this descriptor counts; its path goes to `path`. */
static int counts_descriptor(enum call call, int fd, char path[PATH_SIZE])
{
	char link[32];
	struct stat status;
	if (fstat(fd, &status) || (fd > STDERR_FILENO && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)))
		return 0;
	if (call == CALL_CLOSE && !S_ISDIR(status.st_mode) && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, PATH_SIZE - 1);
	path[n < 0 ? 0 : n] = '\0';
	return fd <= STDERR_FILENO || !is_of_the_system(path);
}

/* Two paths become one text. */
static int counts_path(const struct traced *traced_call, const long a[5], char path[PATH_SIZE])
{
	int opens_to_read = traced_call->call == CALL_OPEN && (a[traced_call->i_path + 1] & O_ACCMODE) == O_RDONLY;
	snprintf(path, PATH_SIZE, "%s %s", (const char *)a[traced_call->i_path],
	         traced_call->i_path2 >= 0 ? (const char *)a[traced_call->i_path2] : "");
	return !opens_to_read && !is_of_the_system(path);
}

static const struct rule *fault_of(const struct traced *traced_call, const long a[5])
{
	char path[PATH_SIZE];
	int has_path = traced_call->i_path >= 0;
	int counts =
	    has_path ? counts_path(traced_call, a, path) : counts_descriptor(traced_call->call, (int)a[0], path);
	return counts ? next_fault(traced_call->call, path, has_path ? -1 : (int)a[0]) : NULL;
}

static long call_with_half(long number, const long a[5])
{
	return pass(number, (long[5]){a[0], a[1], (a[2] + 1) / 2});
}

static long perform(const struct traced *traced_call, const long a[5])
{
	const struct rule *rule = fault_of(traced_call, a);
	long number = traced_call->number;
	if (!rule)
		return pass(number, a);
	switch (rule->what) {
	case SHORT:
		return call_with_half(number, a);
	case KILL_HALF:
		if (traced_call->call == CALL_WRITE)
			call_with_half(number, a);
		die();
		break;
	case KILL_AFTER:
		pass(number, a);
		die();
		break;
	case KILL:
		die();
		break;
	case FAIL:
		if (traced_call->call == CALL_CLOSE)
			pass(number, a);
		return -rule->error;
	case JUMP:
	case STAND:
		break;
	}
	return pass(number, a);
}

#if defined __x86_64__

#define HAS_REGISTERS 1

static void get_arguments(const ucontext_t *context, long a[5])
{
	static const int registers[5] = {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8};
	for (int i = 0; i < 5; i++)
		a[i] = (long)context->uc_mcontext.gregs[registers[i]];
}

static void set_result(ucontext_t *context, long result)
{
	context->uc_mcontext.gregs[REG_RAX] = result;
}

#elif defined __aarch64__

#define HAS_REGISTERS 1

static void get_arguments(const ucontext_t *context, long a[5])
{
	for (int i = 0; i < 5; i++)
		a[i] = (long)context->uc_mcontext.regs[i];
}

static void set_result(ucontext_t *context, long result)
{
	context->uc_mcontext.regs[0] = (unsigned long long)result;
}

#else

#define HAS_REGISTERS 0

static void get_arguments(const ucontext_t *context, long a[5])
{
	(void)context, (void)a;
}

static void set_result(ucontext_t *context, long result)
{
	(void)context, (void)result;
}

#endif

static void on_call(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	long a[5] = {0};
	(void)number;
	get_arguments(context, a);
	for (size_t i = 0; i < N_TRACED; i++)
		if (traced[i].number == info->si_syscall) {
			set_result(context, perform(&traced[i], a));
			break;
		}
	errno = saved;
}

static int is_needed(enum call call)
{
	for (int i = 0; i < n_rules; i++)
		if (rules[i].call == call)
			return 1;
	return 0;
}

static void add(struct sock_filter *code, unsigned short *n, struct sock_filter instruction)
{
	code[(*n)++] = instruction;
}

/* Calls that carry the mark pass, the others that a rule names are trapped. */
static void catch_calls(void)
{
	struct sock_filter code[8 + 2 * N_TRACED];
	unsigned short n = 0;
	const unsigned mark = offsetof(struct seccomp_data, args[5]);
	const struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	add(code, &n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, mark));
	add(code, &n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK_LOW, 0, 3));
	add(code, &n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, mark + 4));
	add(code, &n, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MARK_HIGH, 0, 1));
	add(code, &n, allow);
	add(code, &n, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
	unsigned short n_start = n;
	for (size_t i = 0; i < N_TRACED; i++) {
		if (!is_needed(traced[i].call))
			continue;
		add(code, &n,
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)traced[i].number, 0, 1));
		add(code, &n, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
	}
	add(code, &n, allow);
	if (n == n_start + 1)
		return;

	struct sigaction action = {.sa_sigaction = on_call, .sa_flags = SA_SIGINFO | SA_NODEFER};
	struct sock_fprog filter = {n, code};
	if (!HAS_REGISTERS || sigaction(SIGSYS, &action, NULL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		refuse("no seccomp filter here");
}

static int is_program_meant(void)
{
	const char *wanted = getenv("LOCKSTEP_FAULT_PROGRAM");
	char path[PATH_SIZE];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
	path[n < 0 ? 0 : n] = '\0';
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	if (strncmp(name, "lt-", 3) == 0)
		name += 3;
	return strcmp(name, wanted ? wanted : "lockstep") == 0;
}

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("LOCKSTEP_FAULT");
	if (!text || !is_program_meant())
		return;
	report_path = getenv("LOCKSTEP_FAULT_REPORT");
	read_rules(text);
	catch_calls();
}

/* ---- Calls by their symbols ------------------------------------------ */

/* dlsym() gives an object's address where C wants a function's. */
static void find_next(const char *name, void *function)
{
	void *address = dlsym(RTLD_NEXT, name);
	if (!address)
		refuse(name);
	memcpy(function, &address, sizeof address);
}

EXPORTED int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
	int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
	const struct rule *rule = next_fault(CALL_THREAD, "", -1);
	if (rule && rule->what == FAIL)
		return rule->error;
	if (rule && rule->what == KILL)
		die();
	find_next("pthread_create", &next);
	int code = next(thread, attributes, start, argument);
	if (rule && rule->what == KILL_AFTER)
		die();
	return code;
}

EXPORTED int sched_setaffinity(pid_t thread, size_t size, const cpu_set_t *set)
{
	int (*next)(pid_t, size_t, const cpu_set_t *);
	const struct rule *rule = next_fault(CALL_AFFINITY, "", -1);
	if (rule && rule->what == FAIL) {
		errno = rule->error;
		return -1;
	}
	find_next("sched_setaffinity", &next);
	return next(thread, size, set);
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *now)
{
	static struct timespec last; /* callers of STAND have one thread that asks */
	const struct rule *rule = next_fault(CALL_CLOCK, "", -1);
	if (rule && rule->what == FAIL) {
		errno = rule->error;
		return -1;
	}
	if (rule && rule->what == JUMP)
		atomic_fetch_add(&clock_shift, rule->seconds);
	if (rule && rule->what == STAND && last.tv_sec) {
		*now = last;
		return 0;
	}
	int result = (int)syscall(SYS_clock_gettime, clock, now);
	now->tv_sec += atomic_load(&clock_shift);
	last = *now;
	return result;
}
