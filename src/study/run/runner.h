/* SPDX-License-Identifier: MIT
 *
 * The coordinator of a study, in one thread: it makes items, starts their trials on
 * free cores, hears of every epoch, and writes all of it down before anybody acts on it.
 */
#ifndef LS_STUDY_RUNNER_H
#define LS_STUDY_RUNNER_H

#include "lockstep/topology.h"
#include "packing.h"
#include "study/schedule/scheduler.h"
#include "study/search/sampler.h"
#include "study/spec/spec.h"
#include "study/store/store.h"
#include "trial.h"

/* What the time that is left is told from, in units of work (forecast.c). */
struct ls_forecast {
	int in_epochs;    /* else in trials */
	double planned;   /* of the whole study; NaN: not known */
	double before;    /* done before the call */
	double looked_at; /* seconds since the call */
};

struct ls_runner {
	const struct ls_spec *spec;
	const struct lockstep_study_options *options;
	enum ls_metric metric; /* not of a command */
	const char *metric_name;
	uint32_t window;
	int by_epoch;          /* runs of a trial go epoch by epoch: the scheduler wants to know */
	uint32_t whole;        /* epochs of a whole trial by the scheduler; 0: by the job */
	const uint64_t *seeds; /* [n_seeds], NULL: one run with its own seed */
	uint32_t n_runs;       /* of a trial */

	struct ls_sampler *sampler;
	struct ls_scheduler *scheduler;
	struct ls_store *store;
	int64_t study;
	const lockstep_dataset *noted; /* the last one that the database was told of */
	char *name;                    /* of the study in the database */
	char *folder;                  /* of checkpoints */
	char *trial_folders;           /* of a command: the folder of its trials' folders; NULL: not made yet */

	struct ls_mailbox *mailbox;
	struct lockstep_place *places; /* [n_cores] */
	unsigned char *taken;          /* [n_cores] */
	uint32_t n_cores;
	struct ls_packing packing;

	struct ls_trial **trials; /* [n_trials] by number */
	size_t n_trials, capacity;
	struct ls_trial **running; /* [n_running], in the order of their items; room for `window` */
	uint32_t n_running;
	uint64_t next_item;    /* number of the one that is made next */
	uint64_t n_legs_ended; /* what is known of a job may be of old when others ended since */

	struct lockstep_study_progress progress;
	struct ls_forecast forecast;
	double started; /* the clock */
	int best_is_done;
	int has_ended;   /* there are no more items */
	int is_stopping; /* nothing is begun any more, and what trains is paused */
	lockstep_status status;
	lockstep_error error; /* of the first failure */
};

/* Runs until all is done or stopped. */
lockstep_status ls_runner_run(struct ls_runner *runner, lockstep_error *error);

/* Notes the first failure, after which the study stops. */
void ls_runner_fail(struct ls_runner *runner, lockstep_status status, const lockstep_error *error);

/* Begins an item that is written down: its trial runs from here on. */
lockstep_status ls_runner_begin(struct ls_runner *runner, struct ls_trial *trial, const struct ls_item *item,
                                lockstep_error *error);

/* ---- items.c: what is trained ---------------------------------------------- */

/* A trial of an item that starts one, at its point, without its runs; written down when it is_new. */
lockstep_status ls_runner_add_trial(struct ls_runner *runner, const struct ls_item *item, int is_new,
                                    struct ls_trial **out, lockstep_error *error);
/* Makes the jobs of the trial's runs, and finds what the database knows of them. A trial that cannot be is marked failed. */
lockstep_status ls_runner_prepare(struct ls_runner *runner, struct ls_trial *trial, lockstep_error *error);
/* The values of a point's active parameters; caller owns *out and their texts. */
lockstep_status ls_runner_values(const struct ls_space *space, const double *point, struct ls_store_value **out,
                                 size_t *n_values, lockstep_error *error);
void ls_runner_free_values(struct ls_store_value *values, size_t n);
/* Claims the job for the run, with its state and message where the database has it. */
lockstep_status ls_runner_claim(struct ls_runner *runner, struct ls_run *run, const struct ls_store_job *job,
                                int *is_new, lockstep_error *error);
/* What the database knows of the run's job, which another trial may have trained. */
lockstep_status ls_runner_learn(struct ls_runner *runner, struct ls_run *run, lockstep_error *error);
/* Keeps a result of the trial for those after it. */
lockstep_status ls_runner_keep_result(struct ls_trial *trial, const struct ls_result *result, lockstep_error *error);
/* The file of a job's checkpoint, into `path`. */
void ls_runner_checkpoint(const struct ls_runner *runner, const struct ls_run *run, char *path, size_t size);
double ls_runner_told(const struct ls_runner *runner, double objective);

/* ---- report.c: what came of it ------------------------------------------------- */

/* Writes down where the run stands, with an epoch that it came to; NULL: none. */
void ls_runner_write_job(struct ls_runner *runner, struct ls_run *run, const struct ls_store_epoch *epoch);
/* The end of the trial's item: no leg of it is left. */
void ls_runner_complete(struct ls_runner *runner, struct ls_trial *trial);
void ls_runner_remove_checkpoint(const struct ls_runner *runner, const struct ls_run *run);

/* ---- progress.c: what is told -------------------------------------------------- */

void ls_runner_set_state(struct ls_runner *runner, struct ls_trial *trial, enum lockstep_trial_state state);
/* The best of those that are done so far; where none is, of all with an objective. */
void ls_runner_consider_best(struct ls_runner *runner, const struct ls_trial *trial);
/* `trial` is what changed; NULL: nothing did. */
void ls_runner_tell(struct ls_runner *runner, enum lockstep_study_change change, const struct ls_trial *trial);

/* ---- cores.c: where --------------------------------------------------------- */

/* Gives the trial cores that are free, as many as it should have; 0: there is none. */
int ls_cores_any(const struct ls_runner *runner);
int ls_cores_take(struct ls_runner *runner, struct ls_trial *trial);
void ls_cores_give_back(struct ls_runner *runner, struct ls_trial *trial);
/* More or fewer for the trial, which is between two epochs. */
void ls_cores_adjust(struct ls_runner *runner, struct ls_trial *trial);
/* "list:0,2" of the trial's first n_workers cores, into `bind`. */
void ls_cores_bind(const struct ls_runner *runner, const struct ls_trial *trial, uint32_t n_workers, char *bind,
                   size_t size);

/* ---- forecast.c: how long still ---------------------------------------------- */

struct ls_forecast ls_forecast_init(const struct ls_scheduler_options *options);
double ls_forecast_done(const struct ls_runner *runner);
/* Seconds, when `seconds` have gone since the call; NaN: not known. */
double ls_forecast_left(const struct ls_runner *runner, double seconds);

/* ---- replay.c: what was done before ---------------------------------------- */

/* Tells sampler and scheduler of a study that was interrupted, and begins its open items. */
lockstep_status ls_runner_replay(struct ls_runner *runner, lockstep_error *error);

#endif
