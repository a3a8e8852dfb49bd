/* SPDX-License-Identifier: MIT
 *
 * An export as a folder of TensorBoard event files. A run is a folder, one a trial, or
 * with several seeds one a seed in that of its trial; with several studies those are in
 * a folder of their study. At the top is what the HParams plugin needs to know of all.
 *
 * TensorBoard's scalars are floats of 32 bits. An epoch's time is the start of its job and
 * the seconds of the epochs so far, since the database has no other.
 */
#define _GNU_SOURCE /* timegm() */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/print/message.h"
#include "cli/print/output_folder.h"
#include "event_file.h"
#include "export_hparams.h"

#define NAME_LENGTH_MAX 200 /* of a study's folder, in bytes */

struct board {
	const struct ls_export *export;
	const struct lockstep_runs_study *study;
	struct ls_hparam *hparams;
	char folder[PATH_MAX]; /* of the study */
	int n_digits;          /* of a trial's number */
};

/* A run: of a trial that never began none of its jobs. */
struct run {
	const struct board *board;
	const struct lockstep_runs_trial *trial;
	const struct lockstep_runs_job *job; /* NULL: none */
	struct ls_event_file events;
	double time; /* of the latest event */
};

/* ---- Names and times ------------------------------------------------------------------- */

/* Writes a name that is one folder's: '/', '\\', control characters, a dot at the beginning,
 * and '%' and '~' become %XX. One that is too long is cut, and ends with '~' and the study's
 * place, so that no two are the same. */
static void write_name(const char *name, size_t place, char text[NAME_LENGTH_MAX + 32])
{
	size_t n = 0, at = 0;
	for (; name[at] && n + 3 <= NAME_LENGTH_MAX; at++) {
		const unsigned char c = (unsigned char)name[at];
		if (c < ' ' || c == 127 || strchr("/\\%~", c) || (c == '.' && at == 0))
			n += (size_t)sprintf(text + n, "%%%02X", c);
		else
			text[n++] = (char)c;
	}
	text[n] = '\0';
	if (!name[at])
		return;
	while (n > 0 && ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--; /* no half of a character */
	n -= n > 0 && (unsigned char)text[n - 1] >= 0xc0;
	sprintf(text + n, "~%zu", place);
}

/* The next number of a text, and behind it. */
static int next_number(const char **text)
{
	int number = 0;
	for (; **text && !isdigit((unsigned char)**text); ++*text)
		;
	for (; isdigit((unsigned char)**text) && number < 100000; ++*text)
		number = 10 * number + (**text - '0');
	return number;
}

/* Seconds since 1970 of "2026-11-27T21:01:28.123Z", as databases have times; 0: there
 * is none. */
static double seconds_of(const char *text)
{
	struct tm tm = {0};
	if (!text)
		return 0;
	tm.tm_year = next_number(&text) - 1900;
	tm.tm_mon = next_number(&text) - 1;
	tm.tm_mday = next_number(&text);
	tm.tm_hour = next_number(&text);
	tm.tm_min = next_number(&text);
	tm.tm_sec = next_number(&text);
	return (double)timegm(&tm) + 1e-3 * next_number(&text);
}

/* ---- Files ----------------------------------------------------------------------------- */

static int failed(const char *path, int cause)
{
	return ls_message_failed(LS_RUNS_COMMAND, "%s: %s", path, strerror(cause));
}

/* Appends a part to the path of a folder, and makes that. */
static int enter(char path[PATH_MAX], const char *part)
{
	const size_t length = strlen(path);
	const int n = snprintf(path + length, PATH_MAX - length, "/%s", part);
	if (n < 0 || (size_t)n >= PATH_MAX - length - 64)
		return failed(path, ENAMETOOLONG);
	return mkdir(path, 0777) ? failed(path, errno) : LS_EXIT_DONE;
}

static int open_events(struct ls_event_file *events, const char *folder, double time)
{
	char path[PATH_MAX + 64];
	snprintf(path, sizeof path, "%s/events.out.tfevents.%010.0f.lockstep", folder, time);
	int cause = ls_event_file_open(events, path, time);
	return cause ? failed(path, cause) : LS_EXIT_DONE;
}

static int close_events(struct ls_event_file *events, const char *folder, int status)
{
	int cause = ls_event_file_close(events);
	return status || !cause ? status : failed(folder, cause);
}

/* ---- Scalars --------------------------------------------------------------------------- */

static void add_scalar(struct run *run, const char *tag, uint32_t step, double x)
{
	struct ls_protobuf value = {.n = 0}, summary = {.n = 0};
	if (isnan(x))
		return;
	ls_protobuf_text(&value, 1, tag);
	ls_protobuf_float(&value, 2, (float)x);
	ls_protobuf_message(&summary, 1, &value);
	ls_event_file_add(&run->events, run->time, step, &summary);
}

static void add_epoch(struct run *run, const struct lockstep_runs_epoch *epoch)
{
	const struct lockstep_runs_study *study = run->board->study;
	if (!isnan(epoch->train_seconds))
		run->time += epoch->train_seconds;
	for (size_t i = 0; i < study->n_metrics; i++)
		add_scalar(run, study->metrics[i], epoch->epoch, epoch->metrics[i]);
	add_scalar(run, "train_seconds", epoch->epoch, epoch->train_seconds);
	add_scalar(run, "samples_per_second", epoch->epoch, epoch->samples_per_second);
}

static int has_objective_metric(const struct lockstep_runs_study *study)
{
	for (size_t i = 0; i < study->n_metrics; i++)
		if (strcmp(study->metrics[i], LS_OBJECTIVE_TAG) == 0)
			return 1;
	return 0;
}

static int add_epochs(struct run *run)
{
	const struct lockstep_runs_study *study = run->board->study;
	struct lockstep_runs_epochs *epochs;
	lockstep_error error;
	if (lockstep_runs_read_epochs(run->board->export->runs->runs, study, run->job, &epochs, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	for (size_t i = 0; i < epochs->n; i++)
		if (ls_export_is_of_trial(run->trial, &epochs->epochs[i]))
			add_epoch(run, &epochs->epochs[i]);
	lockstep_runs_epochs_destroy(epochs);
	if (!has_objective_metric(study))
		add_scalar(run, LS_OBJECTIVE_TAG, run->trial->epochs, run->job->objective);
	return LS_EXIT_DONE;
}

/* ---- Runs ------------------------------------------------------------------------------ */

static int fill_run(struct run *run)
{
	const struct board *board = run->board;
	char group[LS_RUNS_LABEL_MAX];
	ls_runs_label(board->study, run->trial, group);
	struct ls_protobuf start =
	    ls_hparams_start(board->export, board->hparams, board->study, run->trial, group, run->time);
	ls_event_file_add(&run->events, run->time, 0, &start);
	int status = run->job ? add_epochs(run) : LS_EXIT_DONE;
	if (run->trial->state == LOCKSTEP_TRIAL_RUNNING)
		return status;
	if (run->job)
		run->time = fmax(run->time, seconds_of(run->job->ended));
	struct ls_protobuf end = ls_hparams_end(run->trial->state, run->time);
	ls_event_file_add(&run->events, run->time, 0, &end);
	return status;
}

static int write_run(const struct board *board, const struct lockstep_runs_trial *trial,
                     const struct lockstep_runs_job *job, const char *folder)
{
	const char *started = job && job->started ? job->started : board->study->created;
	struct run run = {.board = board, .trial = trial, .job = job, .time = seconds_of(started)};
	int status = open_events(&run.events, folder, run.time);
	return status ? status : close_events(&run.events, folder, fill_run(&run));
}

static int write_seed(const struct board *board, const struct lockstep_runs_trial *trial,
                      const struct lockstep_runs_job *job, const char *folder)
{
	char path[PATH_MAX], part[32];
	snprintf(path, sizeof path, "%s", folder);
	snprintf(part, sizeof part, "seed-%llu", (unsigned long long)job->seed);
	int status = enter(path, part);
	return status ? status : write_run(board, trial, job, path);
}

static int write_trial(const struct board *board, const struct lockstep_runs_trial *trial)
{
	char path[PATH_MAX], part[32];
	snprintf(path, sizeof path, "%s", board->folder);
	snprintf(part, sizeof part, "trial-%0*llu", board->n_digits, (unsigned long long)trial->number);
	int status = enter(path, part);
	if (status)
		return status;
	if (board->study->n_seeds <= 1 || trial->n_jobs == 0)
		return write_run(board, trial, trial->n_jobs ? &trial->jobs[0] : NULL, path);
	for (size_t i = 0; i < trial->n_jobs && !status; i++)
		status = write_seed(board, trial, &trial->jobs[i], path);
	return status;
}

/* ---- Studies ---------------------------------------------------------------------------- */

static int n_digits_of(size_t n)
{
	int digits = 1;
	for (n = n ? n - 1 : 0; n > 9; n /= 10)
		digits++;
	return digits;
}

static int write_study(struct board *board, size_t place, const char *folder)
{
	char name[NAME_LENGTH_MAX + 32];
	int status = LS_EXIT_DONE;
	board->study = board->export->studies[place];
	board->n_digits = n_digits_of(board->study->n_trials);
	snprintf(board->folder, sizeof board->folder, "%s", folder);
	write_name(board->study->name, place, name);
	if (board->export->n_studies > 1)
		status = enter(board->folder, name);
	for (size_t i = 0; i < board->study->n_trials && !status; i++)
		status = write_trial(board, &board->study->trials[i]);
	return status;
}

static int write_experiment(const struct board *board, const char *folder)
{
	const struct ls_export *export = board->export;
	struct ls_event_file events;
	double created = export->n_studies ? seconds_of(export->studies[0]->created) : 0;
	int status = open_events(&events, folder, created);
	if (status)
		return status;
	struct ls_protobuf experiment = ls_hparams_experiment(export, board->hparams, created);
	ls_event_file_add(&events, created, 0, &experiment);
	return close_events(&events, folder, LS_EXIT_DONE);
}

static int fill(const struct ls_export *export, const char *folder)
{
	struct board board = {.export = export};
	int status = ls_hparams_create(&board.hparams, export);
	if (!status)
		status = write_experiment(&board, folder);
	for (size_t i = 0; i < export->n_studies && !status; i++)
		status = write_study(&board, i, folder);
	free(board.hparams);
	return status;
}

int ls_export_tensorboard(const struct ls_export *export)
{
	struct ls_output_folder folder;
	int status = ls_output_folder_open(&folder, export->runs->output, LS_RUNS_COMMAND);
	if (status)
		return status;
	status = fill(export, folder.temporary);
	if (!status)
		return ls_output_folder_commit(&folder, LS_RUNS_COMMAND);
	ls_output_folder_abandon(&folder);
	return status;
}
