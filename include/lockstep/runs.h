/* SPDX-License-Identifier: MIT
 *
 * Studies that were run, read from the database that sweeps and scaling studies write: sweeps,
 * their trials, the jobs behind them and their epochs; scaling studies, each one document. Nothing here
 * writes, and a database can be read at any time, also while a study runs. "Study" alone is a
 * sweep here.
 *
 * lockstep_runs_open() fixes what is seen: all reads of one handle are of the
 * same moment. As long as it is open, the journal of a study that runs only grows.
 * A handle is for one thread at a time.
 */
#ifndef LOCKSTEP_RUNS_H
#define LOCKSTEP_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum lockstep_trial_state {
	LOCKSTEP_TRIAL_RUNNING = 0, /* or waits for it, or was interrupted in it */
	LOCKSTEP_TRIAL_PAUSED,      /* at the end of a rung; may go on */
	LOCKSTEP_TRIAL_DONE,
	LOCKSTEP_TRIAL_PRUNED,   /* ended early, by its scheduler */
	LOCKSTEP_TRIAL_DIVERGED, /* a job of it left the finite numbers */
	LOCKSTEP_TRIAL_FAILED,
	LOCKSTEP_N_TRIAL_STATES
};

enum lockstep_job_state {
	LOCKSTEP_JOB_PENDING = 0,
	LOCKSTEP_JOB_RUNNING,
	LOCKSTEP_JOB_PAUSED, /* after `epoch` epochs; may go on */
	LOCKSTEP_JOB_DONE,
	LOCKSTEP_JOB_DIVERGED, /* at step `step` */
	LOCKSTEP_JOB_FAILED,
	LOCKSTEP_JOB_INTERRUPTED,
	LOCKSTEP_N_JOB_STATES
};

/* "running" and so on; static text. */
LOCKSTEP_API const char *lockstep_trial_state_name(enum lockstep_trial_state state);
LOCKSTEP_API const char *lockstep_job_state_name(enum lockstep_job_state state);

enum lockstep_value_kind {
	LOCKSTEP_VALUE_ABSENT = 0, /* the parameter is not active in this trial */
	LOCKSTEP_VALUE_NULL,
	LOCKSTEP_VALUE_BOOLEAN,
	LOCKSTEP_VALUE_INTEGER,
	LOCKSTEP_VALUE_REAL,
	LOCKSTEP_VALUE_TEXT
};

struct lockstep_runs_value {
	enum lockstep_value_kind kind;
	int64_t integer;  /* of an integer; 0 or 1 of a boolean */
	double real;      /* of a real and an integer */
	const char *text; /* of all kinds; of a real the shortest decimal that reads back; "" when absent */
	double draw;      /* what the sampler drew; NaN when absent */
};

/* ---- What is there --------------------------------------------------------- */

/* A study in short. */
struct lockstep_runs_summary {
	const char *name, *metric, *method, *sampler, *scheduler;
	const char *created; /* "2026-11-27T21:01:28.123Z" */
	int maximize;        /* non-zero: a higher objective is better */
	uint64_t n_trials;
	uint64_t n_in_state[LOCKSTEP_N_TRIAL_STATES];
	uint64_t best;         /* number of the best trial */
	double best_objective; /* NaN: there is none */
};

typedef struct lockstep_runs lockstep_runs;

/* Opens a database for reading. LOCKSTEP_ERROR_IO when it cannot be read,
 * LOCKSTEP_ERROR_FORMAT when it is damaged, of a newer version or no database of
 * Lockstep. Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_runs_open(lockstep_runs **out, const char *path, lockstep_error *error);
/* NULL is allowed and does nothing. */
LOCKSTEP_API void lockstep_runs_close(lockstep_runs *runs);

/* Studies in the order of their creation; owned by the handle. */
LOCKSTEP_API size_t lockstep_runs_n_studies(const lockstep_runs *runs);
LOCKSTEP_API const struct lockstep_runs_summary *lockstep_runs_get_summary(const lockstep_runs *runs, size_t i);

/* A scaling study (lockstep/scaling_store.h). */
struct lockstep_runs_scaling {
	const char *name;
	const char *type;     /* "strong" or "weak" */
	const char *created;  /* "2026-01-31T12:00:00Z" */
	const char *document; /* one line of JSON, checked to be one object */
};

/* Scaling studies, likewise. They have names that no other study has. */
LOCKSTEP_API size_t lockstep_runs_n_scalings(const lockstep_runs *runs);
LOCKSTEP_API const struct lockstep_runs_scaling *lockstep_runs_get_scaling(const lockstep_runs *runs, size_t i);

/* ---- A study --------------------------------------------------------------- */

/* A job, as one run of a trial refers to it. Another trial or study may have
 * taken the same job further: what is said of results here ends with the trial's own
 * epochs, while `state`, `epoch` and times are the job's. */
struct lockstep_runs_job {
	const char *sha256;  /* of the record, in hex */
	const char *record;  /* one line of JSON */
	const char *command; /* of a foreign command its command line; NULL: the built-in trainer */
	uint64_t seed;
	double objective; /* of this run alone; NaN: none */
	enum lockstep_job_state state;
	uint32_t epoch;          /* epochs done */
	uint64_t step;           /* where it diverged */
	const char *message;     /* why it failed or diverged; NULL: no reason to */
	const char *fingerprint; /* of the parameters after the trial's epochs; NULL: not known */
	int exit_status;         /* of a command; -1: none */
	const double *last;      /* [n_metrics] of the study: last values; NaN: none */

	/* What differs from run to run. */
	const char *started, *ended; /* as `created`; NULL: not yet */
	double seconds;              /* that it took, all its parts together; NaN: not known */
	double samples_per_second;   /* over the steps; NaN: not known */
	uint32_t workers;            /* 0: not known */
	const char *cores;           /* "0-3"; NULL: not known */
	int64_t id;                  /* in the database */
};

struct lockstep_runs_trial {
	uint64_t number; /* from 0, in the order of start */
	enum lockstep_trial_state state;
	double objective;                         /* of the runs together; NaN: none */
	double low, high;                         /* its 95 % interval, of a median or mean; NaN: none */
	uint32_t epochs;                          /* behind the objective */
	const char *message;                      /* why it failed; NULL: no reason to */
	const struct lockstep_runs_value *values; /* [n_parameters] */
	size_t n_jobs;                            /* runs that were begun, one a seed */
	const struct lockstep_runs_job *jobs;     /* [n_jobs], in the order of the study's seeds */
	const double *last;                       /* [n_metrics]: the runs' last values together, by `aggregate` */
};

/* A time in which the study ran: its first start, and each one after that. */
struct lockstep_runs_session {
	const char *started, *ended;                             /* `ended` NULL: it runs, or was killed */
	const char *outcome;                                     /* NULL as long as it runs */
	const char *version, *commit, *compiler, *isa, *command; /* of Lockstep; commit NULL: not known */
	const char *cpu;                                         /* model */
	uint32_t cores;                                          /* that the study used */
	double cpu_quota;     /* CPUs that the control group granted; NaN: no limit */
	const char *topology; /* XML of hwloc; may be empty */
};

/* A part of the data that trials used. */
struct lockstep_runs_data {
	const char *name;   /* what chose them: of the command, "mnist" or "a.csv --label kind" */
	const char *part;   /* "train" or "test" */
	const char *digest; /* of its rows (lockstep_dataset_digest()) */
};

struct lockstep_runs_study {
	const char *name, *description; /* description NULL: none */
	const char *spec, *spec_sha256;
	const char *method, *sampler, *scheduler;
	const char *metric;
	const char *aggregate; /* median, mean, min or max: what runs with several seeds come to */
	const char *created;
	int maximize;
	uint64_t seed;                 /* of the sampler */
	const uint64_t *seeds;         /* [n_seeds]: of a trial's runs */
	size_t n_seeds;                /* 0: each trial is run once, with the seed of its own job */
	const char *const *parameters; /* [n_parameters], in the order of the spec */
	size_t n_parameters;
	const struct lockstep_runs_data *data; /* [n_data] */
	size_t n_data;
	const struct lockstep_runs_session *sessions; /* [n_sessions], in order */
	size_t n_sessions;
	const char *const *metrics; /* [n_metrics]: all that a job has values of */
	size_t n_metrics;
	const struct lockstep_runs_trial *trials; /* [n_trials], by number */
	size_t n_trials;
	uint64_t n_items, n_reported; /* of work: begun, and those of them with a result */
	int64_t id;                   /* in the database */
};

/* Reads study i whole. Caller owns *out, which does not need the handle. */
LOCKSTEP_API lockstep_status lockstep_runs_read_study(lockstep_runs *runs, size_t i, struct lockstep_runs_study **out,
                                                      lockstep_error *error);
LOCKSTEP_API void lockstep_runs_study_destroy(struct lockstep_runs_study *study);

/* Trials from the best to the worst, of equal ones the earlier first: those that
 * are done, or where none is, all that have an objective. `order` [n_trials]
 * receives places in study->trials; returns how many. */
LOCKSTEP_API size_t lockstep_runs_rank(const struct lockstep_runs_study *study, size_t *order);

/* ---- A job's epochs -------------------------------------------------------- */

struct lockstep_runs_epoch {
	uint32_t epoch;
	const double *metrics;                    /* [n_metrics] of the study; NaN: none */
	const char *fingerprint;                  /* of the parameters after it; NULL: not known */
	double train_seconds, samples_per_second; /* NaN: not known */
};

struct lockstep_runs_epochs {
	size_t n;
	const struct lockstep_runs_epoch *epochs; /* [n], in order */
};

/* Of a job of this study, which was read from the same handle. Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_runs_read_epochs(lockstep_runs *runs, const struct lockstep_runs_study *study,
                                                       const struct lockstep_runs_job *job,
                                                       struct lockstep_runs_epochs **out, lockstep_error *error);
LOCKSTEP_API void lockstep_runs_epochs_destroy(struct lockstep_runs_epochs *epochs);

/* ---- Numbers --------------------------------------------------------------- */

#define LOCKSTEP_NUMBER_MAX 32

/* The shortest decimal that reads back as x, in the C locale whatever the
 * program's; "nan", "inf" or "-inf" when it is not finite. Returns `text`. */
LOCKSTEP_API const char *lockstep_number_text(double x, char text[LOCKSTEP_NUMBER_MAX]);

#ifdef __cplusplus
}
#endif

#endif
