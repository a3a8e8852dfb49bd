/* SPDX-License-Identifier: MIT
 *
 * Running a sweep: its trials, several at once, each on cores of its own, with all
 * results in a database (lockstep/runs.h reads it). The same sweep finds the same
 * trials with the same results whatever the cores and however often it is
 * interrupted: called again with the same database it goes on.
 *
 * The study knows no data and no options: prepare() makes a job of a trial's
 * parameters. Jobs in which all that decides the bits is equal are trained once.
 *
 * A sweep of another program (its plan is not built_in) needs nothing of the caller: each
 * run is a process, whose words, environment and output the guide describes. The library forks for it, leaves
 * the caller's signals alone, and waits for its own children only. How far the same sweep finds the
 * same then depends on the program.
 */
#ifndef LOCKSTEP_STUDY_H
#define LOCKSTEP_STUDY_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/runs.h"
#include "lockstep/status.h"
#include "lockstep/sweep.h"
#include "lockstep/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A run of a trial: its parameters, those that are active. */
struct lockstep_study_trial {
	uint64_t number;
	size_t n;
	const char *const *names; /* [n], in the order of the specification */
	const char *const *texts; /* [n] */
	int has_seed;             /* the specification repeats trials over seeds */
	uint64_t seed;
	uint32_t epochs; /* of a whole trial, when a scheduler says so; 0: as the job has it */
};

struct lockstep_study_job {
	const lockstep_dataset *dataset;       /* stays the caller's, until the study has ended */
	const char *data;                      /* its name in the database, as long-lived; NULL: "" */
	lockstep_network *network;             /* new; becomes the study's */
	struct lockstep_train_options options; /* but for workers, bind, checkpoints and callbacks */
};

/* A trial that began, got cores or others, came to an epoch, or came to the end of its
 * item of work. */
enum lockstep_study_change {
	LOCKSTEP_STUDY_STARTED = 0,
	LOCKSTEP_STUDY_MOVED,
	LOCKSTEP_STUDY_EPOCH,
	LOCKSTEP_STUDY_REPORTED,
	LOCKSTEP_STUDY_TICK /* nothing, a few times a second: time has passed */
};

struct lockstep_study_progress {
	enum lockstep_study_change change;
	uint64_t trial; /* what changed */
	enum lockstep_trial_state state;
	uint32_t epoch, until; /* epochs done, and those at which its item ends; until 0: not known yet */
	uint32_t workers;      /* cores that it trains on; 0: it waits for some */
	double objective;      /* so far; NaN: none */
	const char *message;   /* why it failed or diverged, for the time of the call; NULL: it did not */

	/* The study. */
	uint64_t n_started, n_trials; /* n_trials: LOCKSTEP_SWEEP_UNLIMITED when there is no limit */
	uint64_t n_in_state[LOCKSTEP_N_TRIAL_STATES];
	uint32_t n_running, n_cores, n_busy; /* n_busy: cores that train */
	uint64_t n_reused;                   /* runs whose job was there */
	uint64_t best;                       /* of the trials that are done; where none is, of all */
	double best_objective;               /* NaN: none yet */
	double seconds;                      /* since the call */
	double seconds_left;                 /* at the speed until now; NaN: not known */
};

struct lockstep_study_options {
	const char *database; /* created where there is none */
	const char *base;     /* what trials have beside their parameters, as text: a part of the study as its
	                         specification is, so that it goes on with the same alone; NULL: nothing */
	const char *command;  /* kept with the study: how it was begun; NULL: not known */
	const char *name;     /* of the study; NULL: the specification's, else its digest's first digits */
	const char *bind;     /* which cores: as in the options of a training; NULL: "close" */
	int smt;
	uint32_t cores; /* at most so many; 0: as many as workers may be. With bind "none", exactly so many, even
	                   if the machine has fewer */
	void *context;
	/* Makes the job of a trial's run, in the caller's thread. May be NULL for a sweep of another
	 * program, which does not ask. */
	lockstep_status (*prepare)(const struct lockstep_study_trial *trial, struct lockstep_study_job *job,
	                           void *context, lockstep_error *error);
	/* A trial that came into being, in this call or in one before: each once, in the
	 * order of their numbers, before anything else is told of it. Its texts stay until
	 * the return; has_seed and seed are not set. NULL: silence. */
	void (*on_trial)(const struct lockstep_study_trial *trial, void *context);
	/* A return value other than 0 interrupts the study. NULL: silence. */
	int (*on_progress)(const struct lockstep_study_progress *progress, void *context);
	/* One line about something that is not an error. NULL: silence. */
	void (*on_warning)(const char *message, void *context);
};

/* LOCKSTEP_OK: the study is complete. LOCKSTEP_STOPPED: it was interrupted, by
 * on_progress or because its time was up, and goes on when it is called again. A trial that diverges or cannot be
 * trained is a result; what fails otherwise ends the study, with what was found in the
 * database. *last (may be NULL) is where it stood then. */
LOCKSTEP_API lockstep_status lockstep_study_run(const lockstep_sweep *sweep,
                                                const struct lockstep_study_options *options,
                                                struct lockstep_study_progress *last, lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
