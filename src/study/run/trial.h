/* SPDX-License-Identifier: MIT
 *
 * A trial as its coordinator sees it: one point of the space, trained once with
 * each seed. The runs of a trial take turns on its cores.
 */
#ifndef LS_STUDY_TRIAL_H
#define LS_STUDY_TRIAL_H

#include "leg.h"
#include "lockstep/study.h"
#include "objective.h"

struct ls_command;
struct ls_trial;

struct ls_run {
	struct ls_trial *trial;
	uint32_t number;
	int is_of_command; /* not of the built-in trainer */
	struct lockstep_study_job
	    job;                    /* network NULL: not prepared; of a command its epochs, which are points, alone */
	struct ls_command *command; /* owned; NULL: of the built-in trainer, or not prepared */
	int64_t id;                 /* of the job in the database */
	char sha256[65];
	enum lockstep_job_state state;
	struct ls_score score;
	double *values; /* [epochs of the job], or of a command [capacity]: the value after each epoch that is known */
	uint32_t capacity; /* of a command's values */
	double key;        /* of a command's last point: its step or epoch; NaN: none */
	int exit_status;   /* of a command; -1: none */
	uint32_t epoch;    /* how many are */
	uint32_t resume;   /* epochs that the checkpoint may have behind it; 0: there is none to go on from */
	struct ls_leg *leg;
	int waits;         /* for an answer to its epoch's letter */
	uint64_t known_at; /* runner->n_legs_ended when the database was last asked of the job */
	/* Where its leg is, and how many trials ran when its epoch began. */
	uint32_t first_core, n_cores, beside;
	double seconds;
	double seconds_before; /* of a command: its legs before the one that runs */
	char fingerprint[65];  /* of the parameters after `epoch`, or of the job's; "": not known */
	char started[LS_STORE_TIME_MAX];
	char *message; /* owned; why it failed or diverged; NULL */
};

/* A result that later trials may see once the item's turn has come. */
struct ls_result {
	uint64_t item;
	enum ls_observed state;
	double told;
	uint32_t epochs;
};

struct ls_trial {
	uint64_t number;
	double *point;       /* [parameters], owned */
	struct ls_run *runs; /* [n_runs], owned */
	uint32_t n_runs;
	struct ls_result *results; /* [n_results], owned: one an item, in order */
	size_t n_results;

	enum lockstep_trial_state state;
	double objective; /* as the metric has it */
	uint32_t epochs;

	/* Of the running item. */
	uint64_t item;
	uint32_t until; /* epochs; 0: to the job's end */
	uint32_t told;  /* epochs that the scheduler knows */
	int is_pruned, is_failed;
	uint32_t first_core, n_cores; /* places that it trains on */
};

/* Has the run come as far as the item goes, or further, or to an end of its own? */
int ls_run_is_there(const struct ls_run *run);
/* Will its job never go on? */
int ls_run_has_ended(const struct ls_run *run);
/* The same, looked at from where the item ends. */
int ls_run_ends_there(const struct ls_run *run);
/* Did it end there without being done? */
int ls_run_has_failed(const struct ls_run *run);

/* The run that trains next: with `by_epoch` the one that is least far, else the first
 * that is not there; NULL when all are. */
struct ls_run *ls_trial_next(struct ls_trial *trial, int by_epoch);

/* Why the trial failed or diverged, NULL: it did not. Not what became of a job beyond
 * the trial's end. */
const char *ls_trial_message(const struct ls_trial *trial);

/* A run's value after `epoch` epochs, its last one where it ended before; NaN when it failed before. */
double ls_run_value(const struct ls_run *run, uint32_t epoch);

/* What the runs come to after `epoch` epochs, those that ended before with their last value. */
double ls_trial_value(const struct ls_trial *trial, enum ls_aggregate aggregate, uint32_t epoch);
/* Epochs that all runs have behind them, or have ended before. */
uint32_t ls_trial_epochs(const struct ls_trial *trial);

void ls_run_destroy_job(struct ls_run *run);
void ls_trial_destroy(struct ls_trial *trial);

#endif
