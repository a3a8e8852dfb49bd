/* SPDX-License-Identifier: MIT
 *
 * What a person sees of a sweep that runs, on stderr: a line for each trial that came
 * to the end of its item, and on a terminal below them a table, redrawn in place, of
 * the study, its best trial and those that run.
 */
#ifndef LS_CLI_SWEEP_WATCH_H
#define LS_CLI_SWEEP_WATCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lockstep/study.h"

struct ls_watched_trial {
	char *parameters; /* "lr=0.1 hidden=30", owned; NULL: not known */
	int is_running;
	uint32_t epoch, until, workers;
	double objective;
};

struct ls_sweep_watch {
	const lockstep_sweep *sweep;
	const char *metric;
	int quiet;
	int live;       /* the table is drawn */
	size_t n_drawn; /* lines of it that are on the screen */
	double drawn_at;
	FILE *reports; /* lines that wait for the next drawing; NULL: none */
	char *report_text;
	size_t report_size;
	struct ls_watched_trial *trials; /* [n_trials] by number, owned */
	size_t n_trials, capacity;
};

/* `sweep` and `metric` are borrowed. */
void ls_sweep_watch_init(struct ls_sweep_watch *watch, const lockstep_sweep *sweep, const char *metric, int quiet);
void ls_sweep_watch_fini(struct ls_sweep_watch *watch);

void ls_sweep_watch_trial(struct ls_sweep_watch *watch, const struct lockstep_study_trial *trial);
/* "lr=0.1 hidden=30": the trial's parameters, but for constants; "": there are none. */
const char *ls_sweep_watch_parameters(const struct ls_sweep_watch *watch, uint64_t number);
void ls_sweep_watch_progress(struct ls_sweep_watch *watch, const struct lockstep_study_progress *progress);

/* Takes the table off the screen, before something else is printed. */
void ls_sweep_watch_clear(struct ls_sweep_watch *watch);

/* Trials that will not go on. */
uint64_t ls_sweep_n_ended(const struct lockstep_study_progress *progress);

#endif
