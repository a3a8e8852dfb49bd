/* SPDX-License-Identifier: MIT
 *
 * Legs of other programs: followed point by point, ended anywhere, with whatever they
 * have started, and taken up again with no point twice.
 */
#define _GNU_SOURCE /* sched_getaffinity() */
#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "data_files.h"
#include "study/run/leg.h"

static struct ls_mailbox *mailbox;
static lockstep_error error;
static struct ls_leg_command command;
static char folder[512], own_variable[64] = "NOTHING=";

/* Of the last leg. */
static struct {
	lockstep_status status;
	int exit_status, is_lost;
	uint32_t n, first; /* points, and the number of the first one */
	double values[64];
	char names[256]; /* of the last point */
} came;

static void setup(void)
{
	data_setup();
	snprintf(folder, sizeof folder, "%s", data_path(""));
	command = (struct ls_leg_command){
	    .folder = folder, .metric = "loss", .most = UINT32_MAX, .known_key = NAN, .grace = 0.3};
	cr_assert_eq(ls_mailbox_create(&mailbox, &error), LOCKSTEP_OK);
}

static void teardown(void)
{
	ls_mailbox_destroy(mailbox);
	data_teardown();
}

TestSuite(leg_command, .init = setup, .fini = teardown, .timeout = 60);

struct plan {
	uint32_t pause_after; /* points; 0: never */
	double wait;          /* seconds before an answer */
	double stop_after;    /* seconds; 0: never */
};

static void keep(const struct ls_point *point)
{
	if (!came.n)
		came.first = point->number;
	cr_assert_eq(point->number, came.first + came.n);
	cr_assert_lt(came.n, 64);
	came.values[came.n++] = point->value;
	came.names[0] = '\0';
	for (size_t i = 0; i < point->n_numbers; i++)
		snprintf(came.names + strlen(came.names), sizeof came.names - strlen(came.names), "%s ",
		         ls_point_name(point, i));
}

static void follow(struct ls_leg *leg, const struct plan *plan)
{
	double started = ls_clock_seconds();
	for (;;) {
		struct ls_leg_letter *letter = (struct ls_leg_letter *)ls_mailbox_take(mailbox, 0.02);
		if (plan->stop_after > 0 && ls_clock_seconds() - started > plan->stop_after)
			ls_leg_stop(leg);
		cr_assert_lt(ls_clock_seconds() - started, 40);
		if (!letter)
			continue;
		if (letter->event == LS_LEG_ENDED) {
			came.status = letter->status;
			came.exit_status = letter->exit_status;
			came.is_lost = letter->is_lost;
			error = letter->error;
			return;
		}
		keep(letter->point);
		if (plan->wait > 0)
			usleep((useconds_t)(plan->wait * 1e6));
		ls_leg_answer(leg, letter->point->number == plan->pause_after ? LS_LEG_PAUSE : LS_LEG_GO_ON, 0, NULL);
	}
}

/* A leg of the shell script. */
static void run_leg(const char *script, const struct plan *plan)
{
	static char sh[] = "sh", c[] = "-c", path[] = "PATH=/usr/bin:/bin", text[2048];
	char *const words[] = {sh, c, text, NULL}, *const environment[] = {path, own_variable, NULL};
	static const struct plan straight = {0, 0, 0};
	struct ls_leg *leg;
	snprintf(text, sizeof text, "%s", script);
	command.path = command.path ? command.path : "/bin/sh";
	command.words = words;
	command.environment = environment;
	memset(&came, 0, sizeof came);
	cr_assert_eq(ls_leg_start_command(&leg, &command, mailbox, &leg, &error), LOCKSTEP_OK, "%s", error.message);
	follow(leg, plan ? plan : &straight);
	ls_leg_join(leg);
}

#define COUNT_TO(n)                                                                                                    \
	"i=0; while [ $i -lt " #n " ]; do i=$((i+1)); echo \"{\\\"epoch\\\": $i, \\\"loss\\\": $i.5}\"; done; "

static void expect(lockstep_status status, uint32_t n, const char *message)
{
	cr_assert_eq(came.status, status, "%d: %s", (int)came.status, error.message);
	cr_assert_eq(came.n, n, "%u points", came.n);
	if (message)
		cr_assert(strstr(error.message, message), "%s", error.message);
}

/* Is a process with this text among its words there? */
static int is_alive(const char *text)
{
	DIR *directory = opendir("/proc");
	int found = 0;
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		char path[300], words[1024];
		snprintf(path, sizeof path, "/proc/%.200s/cmdline", entry->d_name);
		FILE *file = fopen(path, "r");
		size_t n = file ? fread(words, 1, sizeof words - 1, file) : 0;
		if (file)
			fclose(file);
		for (size_t i = 0; i < n; i++)
			words[i] = words[i] ? words[i] : ' ';
		words[n] = '\0';
		found |= strstr(words, text) != NULL;
	}
	closedir(directory);
	return found;
}

static int is_alive_soon(const char *text, int wanted)
{
	for (int i = 0; i < 100 && is_alive(text) != wanted; i++)
		usleep(20000);
	return is_alive(text);
}

/* ---- Points and ends ------------------------------------------------------------- */

Test(leg_command, points_come_one_by_one)
{
	run_leg(COUNT_TO(5), NULL);
	expect(LOCKSTEP_OK, 5, NULL);
	cr_assert_eq(came.exit_status, 0);
	cr_assert_eq(came.first, 1);
	cr_assert_eq(came.values[4], 5.5);
	cr_assert_str_eq(came.names, "epoch loss ");
}

Test(leg_command, more_than_a_pipe_holds)
{
	command.metric = "last";
	run_leg(
	    "i=0; while [ $i -lt 4000 ]; do i=$((i+1)); echo '{\"loss\": 1, \"text\": \"0123456789012345678901234567890123456789\"}'; "
	    "done; echo '{\"last\": 1}'",
	    NULL);
	expect(LOCKSTEP_OK, 1, NULL);
}

Test(leg_command, the_last_line_needs_no_end)
{
	run_leg("printf '{\"loss\": 2}'", NULL);
	expect(LOCKSTEP_OK, 1, NULL);
}

Test(leg_command, ends_and_their_reasons)
{
	run_leg(COUNT_TO(2) "echo why >&2; exit 7", NULL);
	expect(LOCKSTEP_ERROR_SYSTEM, 2, "exit status 7: why");
	cr_assert_eq(came.exit_status, 7);
	run_leg("exit 7", NULL);
	expect(LOCKSTEP_ERROR_SYSTEM, 0, "exit status 7");
	cr_assert_null(strstr(error.message, "why"), "of the leg before");
	run_leg("kill -s KILL $$", NULL);
	expect(LOCKSTEP_ERROR_SYSTEM, 0, "ended by signal 9");
	cr_assert_eq(came.exit_status, 137);
	run_leg("echo loss 3", NULL);
	expect(LOCKSTEP_ERROR_FORMAT, 0, "no point: no line that it printed is a JSON object with a number 'loss'");
	cr_assert_eq(came.exit_status, 0);
	run_leg("echo '{\"loss\": 1}'; echo '{\"loss\": NaN}'; sleep 30", NULL);
	expect(LOCKSTEP_DIVERGED, 1, "point 2: loss is not finite");
}

Test(leg_command, a_program_that_is_none)
{
	static const char text[] = "no program";
	char path[512];
	snprintf(path, sizeof path, "%s", data_write("plain", text, sizeof text));
	cr_assert_eq(chmod(path, 0755), 0);
	command.path = path;
	run_leg("", NULL);
	expect(LOCKSTEP_ERROR_SYSTEM, 0, "Exec format error");
	command.path = "/nowhere/at/all";
	run_leg("", NULL);
	expect(LOCKSTEP_ERROR_SYSTEM, 0, "/nowhere/at/all: No such file or directory");
	cr_assert_not(came.is_lost);
	command.path = NULL;
	command.folder = "/nowhere/at/all";
	run_leg("", NULL);
	expect(LOCKSTEP_ERROR_IO, 0, "/nowhere/at/all/stdout");
	cr_assert(came.is_lost, "a result of the program's");
}

Test(leg_command, stdout_that_is_closed_or_held)
{
	run_leg(COUNT_TO(1) "exec >&-; sleep 0.2; exit 3", NULL);
	expect(LOCKSTEP_ERROR_SYSTEM, 1, "exit status 3");
	double started = ls_clock_seconds();
	run_leg(COUNT_TO(1) "sleep 31.25 & exit 0", NULL);
	expect(LOCKSTEP_OK, 1, NULL);
	cr_assert_lt(ls_clock_seconds() - started, 10);
	cr_assert_not(is_alive_soon("sleep 31.25", 0));
	run_leg(COUNT_TO(1) "(setsid sleep 38.25 & setsid sleep 38.25 & exit) & sleep 0.3; exit 0", NULL);
	expect(LOCKSTEP_OK, 1, NULL);
	cr_assert_not(is_alive_soon("sleep 38.25", 0), "it left the group");
}

Test(leg_command, what_it_is_given)
{
	snprintf(own_variable, sizeof own_variable, "OURS=1");
	run_leg(
	    "[ \"$OURS\" = 1 ] && [ -z \"$HOME\" ] && ! read x && [ $(ls /proc/$$/fd | wc -l) -le 5 ] && echo '{\"loss\": 1}'",
	    NULL);
	expect(LOCKSTEP_OK, 1, NULL);
	run_leg("trap 'echo \"{\\\"loss\\\": 1}\"; exit 0' TERM; kill -s TERM $$", NULL);
	expect(LOCKSTEP_OK, 1, NULL);
}

Test(leg_command, runs_on_the_cpus_that_it_is_given)
{
	cpu_set_t set;
	char cpus[16], script[128];
	int cpu = CPU_SETSIZE - 1;
	cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
	while (!CPU_ISSET(cpu, &set))
		cpu--;
	snprintf(cpus, sizeof cpus, "%d", cpu);
	snprintf(script, sizeof script,
	         "grep -q 'Cpus_allowed_list:[^0-9]%d$' /proc/self/status && echo '{\"loss\": 1}'", cpu);
	command.cpus = cpus;
	run_leg(script, NULL);
	expect(LOCKSTEP_OK, 1, NULL);
}

/* ---- Ended by the coordinator --------------------------------------------------------- */

Test(leg_command, ends_where_the_coordinator_wants)
{
	static const struct plan plan = {3, 0, 0};
	run_leg(COUNT_TO(9) "exec sleep 32.25", &plan);
	expect(LOCKSTEP_STOPPED, 3, NULL);
	cr_assert_eq(came.exit_status, -1);
	cr_assert_not(is_alive_soon("sleep 32.25", 0));
}

Test(leg_command, is_stopped_at_any_time)
{
	static const struct plan plan = {0, 0, 0.2};
	double started = ls_clock_seconds();
	run_leg("exec sleep 33.25", &plan);
	expect(LOCKSTEP_STOPPED, 0, NULL);
	cr_assert_lt(ls_clock_seconds() - started, 10);
}

Test(leg_command, what_does_not_hear_sigterm_is_killed_with_its_children)
{
	static const struct plan plan = {1, 0, 0};
	run_leg("trap '' TERM; sleep 34.25 & " COUNT_TO(1) "while :; do sleep 34.25; done", &plan);
	expect(LOCKSTEP_STOPPED, 1, NULL);
	cr_assert_not(is_alive_soon("sleep 34.25", 0));
}

Test(leg_command, has_time_to_end_by_itself)
{
	static const struct plan plan = {1, 0, 0};
	command.grace = 20;
	char script[1024], path[600];
	snprintf(path, sizeof path, "%s/ended", folder);
	snprintf(script, sizeof script,
	         "trap 'sleep 0.4; echo >%s; exit 0' TERM; " COUNT_TO(1) "while :; do sleep 0.05; done", path);
	run_leg(script, &plan);
	expect(LOCKSTEP_STOPPED, 1, NULL);
	cr_assert_eq(access(path, F_OK), 0, "it was killed before");
}

Test(leg_command, rests_while_the_word_takes_long)
{
	static const struct plan plan = {3, 0.4, 0};
	char path[600], line[64];
	double before = 0, now, rest = 0;
	snprintf(path, sizeof path, "%s/ticks", folder);
	char script[1024];
	snprintf(script, sizeof script,
	         "while :; do echo '{\"loss\": 1}'; cut -d' ' -f1 /proc/uptime >>%s; sleep 0.03; done", path);
	run_leg(script, &plan);
	expect(LOCKSTEP_STOPPED, 3, NULL);
	FILE *file = fopen(path, "r");
	cr_assert_not_null(file);
	while (fgets(line, sizeof line, file)) {
		now = strtod(line, NULL);
		rest = before > 0 && now - before > rest ? now - before : rest;
		before = now;
	}
	fclose(file);
	cr_assert_gt(rest, 0.2, "it ran on while it waited");
}

Test(leg_command, a_point_too_many_ends_it)
{
	command.most = 3;
	run_leg(COUNT_TO(3) "exit 5", NULL);
	expect(LOCKSTEP_ERROR_SYSTEM, 3, "exit status 5");
	run_leg(COUNT_TO(4) "sleep 35.25", NULL);
	expect(LOCKSTEP_OK, 3, NULL);
	cr_assert_not(is_alive_soon("sleep 35.25", 0));
}

/* ---- Taken up again -------------------------------------------------------------------- */

Test(leg_command, points_that_are_known_are_left_out)
{
	command.known = 3;
	run_leg("for i in 1 2 3 4 5; do echo \"{\\\"loss\\\": $i}\"; done", NULL);
	expect(LOCKSTEP_OK, 2, NULL);
	cr_assert_eq(came.first, 4);
	cr_assert_eq(came.values[0], 4);
	command.known_key = 3;
	run_leg(COUNT_TO(5), NULL);
	expect(LOCKSTEP_OK, 2, NULL);
	cr_assert_eq(came.values[0], 4.5);
}

Test(leg_command, a_program_with_a_checkpoint_begins_where_it_wants)
{
	command.known = 3;
	command.known_key = 30;
	run_leg("for i in 30 40 50; do echo \"{\\\"step\\\": $i, \\\"loss\\\": $i}\"; done", NULL);
	expect(LOCKSTEP_OK, 2, NULL);
	cr_assert_eq(came.first, 4);
	cr_assert_eq(came.values[0], 40);
	run_leg("exit 0", NULL);
	expect(LOCKSTEP_OK, 0, NULL);
}

Test(leg_command, logs_go_on)
{
	char path[600], text[64] = "";
	run_leg("echo one; echo err >&2; echo '{\"loss\": 1}'", NULL);
	run_leg("echo two", NULL);
	snprintf(path, sizeof path, "%s/stdout", folder);
	FILE *file = fopen(path, "r");
	cr_assert_not_null(file);
	cr_assert_gt(fread(text, 1, sizeof text - 1, file), 0);
	fclose(file);
	cr_assert_str_eq(text, "one\n{\"loss\": 1}\ntwo\n");
}

/* ---- The end of the host ------------------------------------------------------------------ */

/* As a study that is killed: nothing is closed, nobody is told. */
Test(leg_command, nothing_outlives_its_host)
{
	pid_t host = fork();
	cr_assert_geq(host, 0);
	if (host == 0) {
		static const struct plan plan = {0, 0, 0};
		run_leg("trap '' TERM HUP; (sleep 36.25 & setsid sleep 36.25) & " COUNT_TO(
			    1) "while :; do sleep 36.25; done",
		        &plan);
		_exit(1);
	}
	cr_assert(is_alive_soon("sleep 36.25", 1));
	usleep(200000);
	kill(host, SIGKILL);
	cr_assert_not(is_alive_soon("sleep 36.25", 0));
}
