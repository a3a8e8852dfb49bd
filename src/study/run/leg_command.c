/* SPDX-License-Identifier: MIT
 *
 * The thread that follows a process: it reads what the process prints, tells of every
 * new point and waits for the word to go on. The process does not know of that and runs
 * on, at most a pipe ahead; when the word takes long, since another run of its
 * trial has the cores, it is stopped meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "leg_inside.h"
#include "study/command/lines.h"
#include "study/command/process.h"
#include "study/command/tail.h"

#define GRACE_SECONDS 5.0
#define STOP_SECONDS 0.1 /* so long an answer may take before the process is stopped */
#define LOOK_MILLISECONDS 100
#define CHUNK 65536
#define DRAIN_MAX 64 /* chunks that are read after the end of a process whose children may print on */

enum ending {
	RUNS = 0,
	PAUSES,   /* the coordinator wants no more */
	DIVERGES, /* a value that is not finite */
	HAS_ALL,  /* a point more than there may be */
	FAILS     /* what the leg itself cannot do */
};

struct following {
	struct ls_leg leg; /* first, so that it is the whole */
	struct ls_leg_command command;
	struct ls_process *process;
	struct ls_process_outcome outcome;
	struct ls_lines lines;
	struct ls_point point;
	struct ls_text errors; /* path of the log */
	int64_t errors_from;   /* where this leg's part begins */
	int log;               /* of what it prints; -1: cannot be written */
	int is_closed;         /* its stdout */
	int has_ended;
	enum ending ending;
	lockstep_status status; /* of FAILS */
	int is_killed;
	double deadline;   /* the clock; of its ending */
	double last_point; /* the clock */
	uint32_t n;        /* points that are told or known */
	uint32_t n_read;   /* points of this process */
	char buffer[CHUNK];
};

/* ---- Points ------------------------------------------------------------------ */

static void begin_ending(struct following *following, enum ending ending)
{
	if (following->ending)
		return;
	double grace = following->command.grace > 0 ? following->command.grace : GRACE_SECONDS;
	following->ending = ending;
	following->deadline = ls_clock_seconds() + grace;
	ls_process_signal(following->process, SIGTERM);
}

/* By its step or epoch where it and the last known one have such a number, else by its place. */
static int is_known(const struct following *following)
{
	double key = following->point.key, known = following->command.known_key;
	if (!following->command.known)
		return 0;
	if (isnan(key) || isnan(known))
		return following->n_read <= following->command.known;
	return key <= known;
}

static void hear_answer(struct following *following)
{
	struct ls_leg *leg = &following->leg;
	if (!ls_leg_hear(leg, STOP_SECONDS)) {
		ls_process_signal(following->process, SIGSTOP);
		(void)ls_leg_hear(leg, -1);
		if (leg->order != LS_LEG_PAUSE)
			ls_process_signal(following->process, SIGCONT);
	}
	if (leg->order == LS_LEG_PAUSE)
		begin_ending(following, PAUSES);
}

static void tell(struct following *following)
{
	struct ls_point *point = &following->point;
	double now = ls_clock_seconds();
	point->number = ++following->n;
	point->seconds = now - following->last_point;
	following->leg.epoch.point = point;
	ls_leg_send(&following->leg);
	hear_answer(following);
	following->last_point = ls_clock_seconds();
}

static void take_point(struct following *following)
{
	following->n_read++;
	if (is_known(following))
		return;
	if (!isfinite(following->point.value))
		begin_ending(following, DIVERGES);
	else if (following->n >= following->command.most)
		begin_ending(following, HAS_ALL);
	else
		tell(following);
}

static void fail(struct following *following, lockstep_error *error)
{
	if (following->ending == FAILS)
		return;
	begin_ending(following, FAILS);
	following->ending = FAILS;
	following->status = ls_error_memory(error, "what a command prints");
}

static void take_lines(struct following *following, int at_end, lockstep_error *error)
{
	size_t n;
	const char *line;
	while (!following->ending && (line = ls_lines_next(&following->lines, at_end, &n))) {
		enum ls_point_kind kind = ls_point_read(&following->point, line, n, following->command.metric);
		if (kind == LS_POINT_READ)
			take_point(following);
		else if (kind == LS_POINT_NO_MEMORY)
			fail(following, error);
	}
}

/* ---- What it prints ------------------------------------------------------------- */

static void write_log(struct following *following, const char *bytes, size_t n)
{
	while (following->log >= 0 && n > 0) {
		ssize_t written = write(following->log, bytes, n);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			ls_error_set(&following->leg.ended.warning, LOCKSTEP_ERROR_IO, "%s/stdout: %s",
			             following->command.folder, strerror(errno));
			close(following->log);
			following->log = -1;
			return;
		}
		bytes += written;
		n -= (size_t)written;
	}
}

/* Whether there was something. What comes after the leg's end is logged and nothing else. */
static int read_some(struct following *following, lockstep_error *error)
{
	ssize_t n = read(ls_process_stdout(following->process), following->buffer, CHUNK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0) {
		following->is_closed = 1;
		return 0;
	}
	write_log(following, following->buffer, (size_t)n);
	if (following->ending)
		return 1;
	ls_lines_add(&following->lines, following->buffer, (size_t)n);
	if (following->lines.text.has_failed)
		fail(following, error);
	take_lines(following, 0, error);
	return 1;
}

static void wait_for_more(const struct following *following)
{
	struct pollfd wanted[2] = {{.fd = ls_process_end(following->process), .events = POLLIN},
	                           {.fd = ls_process_stdout(following->process), .events = POLLIN}};
	poll(wanted, following->is_closed ? 1 : 2, LOOK_MILLISECONDS);
}

static void look_at_ending(struct following *following)
{
	if (ls_leg_is_stopped(&following->leg))
		begin_ending(following, PAUSES);
	if (!following->ending || following->is_killed || ls_clock_seconds() < following->deadline)
		return;
	following->is_killed = 1;
	ls_process_signal(following->process, SIGKILL);
}

static void follow(struct following *following, lockstep_error *error)
{
	while (!following->has_ended) {
		wait_for_more(following);
		following->has_ended = ls_process_poll(following->process, &following->outcome);
		if (!following->has_ended && !following->is_closed)
			read_some(following, error);
		look_at_ending(following);
	}
	for (int i = 0; i < DRAIN_MAX && !following->is_closed && read_some(following, error); i++)
		;
	take_lines(following, 1, error);
}

/* ---- What it came to -------------------------------------------------------------- */

/* "exit status 1: the last line of stderr" */
static lockstep_status say_why(const struct following *following, lockstep_error *error)
{
	char line[LS_TAIL_MAX], how[64];
	const struct ls_process_outcome *outcome = &following->outcome;
	ls_tail_read(following->errors.bytes, following->errors_from, line);
	if (outcome->signal)
		snprintf(how, sizeof how, "ended by signal %d (%s)", outcome->signal, strsignal(outcome->signal));
	else
		snprintf(how, sizeof how, "exit status %d", outcome->exit_status);
	return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "%s%s%s", how, *line ? ": " : "", line);
}

static lockstep_status conclude(struct following *following, lockstep_error *error)
{
	const struct ls_leg_command *command = &following->command;
	const struct ls_process_outcome *outcome = &following->outcome;
	switch (following->ending) {
	case PAUSES:
		return ls_error_set(error, LOCKSTEP_STOPPED, "the command was ended");
	case DIVERGES:
		return ls_error_set(error, LOCKSTEP_DIVERGED, "point %u: %.80s is not finite", following->n + 1,
		                    command->metric);
	case HAS_ALL:
		return LOCKSTEP_OK;
	case FAILS:
		return following->status;
	case RUNS:
		break;
	}
	if (outcome->exec_errno)
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "%.200s: %s", command->path,
		                    strerror(outcome->exec_errno));
	following->leg.ended.exit_status = outcome->exit_status;
	if (outcome->exit_status || outcome->signal)
		return say_why(following, error);
	if (following->n == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "no point: no line that it printed is a JSON object with a number '%.80s'",
		                    command->metric);
	return LOCKSTEP_OK;
}

static lockstep_status open_logs(struct following *following, lockstep_error *error)
{
	struct ls_text output = {0};
	ls_text_add(&output, following->command.folder);
	ls_text_add(&output, "/stdout");
	ls_text_add(&following->errors, following->command.folder);
	ls_text_add(&following->errors, "/stderr");
	lockstep_status status = LOCKSTEP_OK;
	if (output.has_failed || following->errors.has_failed)
		status = ls_error_memory(error, "a path");
	else
		following->log = open(output.bytes, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (!status && following->log < 0)
		status = ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", output.bytes, strerror(errno));
	if (!status)
		following->errors_from = ls_tail_begin(following->errors.bytes);
	ls_text_fini(&output);
	return status;
}

static lockstep_status run(struct ls_leg *leg, lockstep_error *error)
{
	struct following *following = (struct following *)leg;
	const struct ls_leg_command *command = &following->command;
	lockstep_status status = open_logs(following, error);
	const struct ls_process_options options = {command->path, command->words, command->environment, command->cpus,
	                                           following->errors.bytes};
	if (!status)
		status = ls_process_start(&following->process, &options, error);
	if (!status) {
		following->last_point = ls_clock_seconds();
		follow(following, error);
		status = conclude(following, error);
		leg->ended.is_lost = following->ending == FAILS;
	} else {
		leg->ended.is_lost = 1;
	}
	ls_process_destroy(following->process);
	if (following->log >= 0)
		close(following->log);
	return status;
}

/* ---- Start ------------------------------------------------------------------------- */

static void release(struct ls_leg *leg)
{
	struct following *following = (struct following *)leg;
	ls_lines_fini(&following->lines);
	ls_point_fini(&following->point);
	ls_text_fini(&following->errors);
}

lockstep_status ls_leg_start_command(struct ls_leg **out, const struct ls_leg_command *command, struct ls_mailbox *to,
                                     void *owner, lockstep_error *error)
{
	struct following *following = ls_memory_allocate(1, sizeof *following);
	if (!following)
		return ls_error_memory(error, "a leg");
	following->command = *command;
	following->n = command->known;
	following->log = -1;
	ls_leg_init(&following->leg, run, release, to, owner);
	lockstep_status status = ls_leg_launch(&following->leg, error);
	if (status)
		ls_leg_destroy(&following->leg);
	else
		*out = &following->leg;
	return status;
}
