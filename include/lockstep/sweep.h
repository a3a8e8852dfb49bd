/* SPDX-License-Identifier: MIT
 *
 * Sweeps: what a specification says, before anything is trained. It is read from
 * a file in the W&B sweep schema, YAML or JSON, with one block of our own,
 * `lockstep:`; or made of sets of values.
 */
#ifndef LOCKSTEP_SWEEP_H
#define LOCKSTEP_SWEEP_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_sweep lockstep_sweep;

/* Reads a specification. LOCKSTEP_ERROR_FORMAT with "FILE:LINE:COLUMN: what is wrong:
 * what was expected". `name` is what messages call a text. Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_sweep_load(lockstep_sweep **out, const char *path, lockstep_error *error);
LOCKSTEP_API lockstep_status lockstep_sweep_parse(lockstep_sweep **out, const char *text, size_t length,
                                                  const char *name, lockstep_error *error);

/* A grid over n_sets sets, 1 and more, each "NAME=VALUE,VALUE,...", in the order given.
 * Values are numbers, true, false, null or texts, as in a specification. */
LOCKSTEP_API lockstep_status lockstep_sweep_create(lockstep_sweep **out, const char *const *sets, size_t n_sets,
                                                   lockstep_error *error);

/* How many epochs a whole trial has, 1 and more, where a scheduler gives them out and the
 * specification leaves them open. LOCKSTEP_ERROR_ARGUMENT when it says another number, or
 * first rungs of more; nothing is changed then. */
LOCKSTEP_API lockstep_status lockstep_sweep_set_epochs(lockstep_sweep *sweep, uint32_t epochs, lockstep_error *error);

/* NULL is allowed and does nothing. */
LOCKSTEP_API void lockstep_sweep_destroy(lockstep_sweep *sweep);

/* ---- The plan -------------------------------------------------------------- */

#define LOCKSTEP_SWEEP_UNLIMITED UINT64_MAX

/* Texts and arrays are owned by the sweep. */
struct lockstep_sweep_plan {
	const char *file;               /* what messages call the specification */
	const char *name, *description; /* NULL: none */

	int built_in;        /* trials are of the built-in trainer, whose options the parameters are */
	const char *program; /* NULL: none */
	size_t n_command;    /* words of the command; 0: none, or the program's default */

	const char *metric; /* NULL: none is named */
	int maximize;
	int has_target;
	double target;

	size_t n_parameters, n_constraints, n_warnings;

	const char *sampler; /* "grid", "random", "sobol", "tpe" */
	uint64_t seed;
	uint32_t startup;  /* of tpe: trials that are drawn at random first; 0: of others */
	uint64_t n_points; /* of a grid, conditions, constraints and zip counted in; else LOCKSTEP_SWEEP_UNLIMITED */
	uint64_t n_trials; /* at most so many, by points and budget; or LOCKSTEP_SWEEP_UNLIMITED */

	const char *scheduler; /* "none", "median", "successive-halving", "hyperband" */
	/* Of the first rung and of a whole trial; 0: of none. Those of another program are the
	 * points that it prints; UINT32_MAX: as many as there are. */
	uint32_t min_epochs, max_epochs;
	uint32_t eta; /* of successive-halving and hyperband; else 0 */
	uint32_t median_startup, median_warmup;
	size_t n_brackets; /* of a round; 0 without rungs */

	const uint64_t *repeat_seeds; /* [n_repeat_seeds]; none: each trial is trained once */
	size_t n_repeat_seeds;
	const char *aggregate; /* "median", "mean", "min", "max" */

	uint32_t window;                      /* trial k sees the results of those before k - window + 1 */
	uint32_t cores_per_trial, concurrent; /* 0: auto */
	double wall_seconds;                  /* 0: no limit */
};
LOCKSTEP_API void lockstep_sweep_describe(const lockstep_sweep *sweep, struct lockstep_sweep_plan *plan);

/* Word i of the command, its macros as written. */
LOCKSTEP_API const char *lockstep_sweep_command(const lockstep_sweep *sweep, size_t i);
LOCKSTEP_API const char *lockstep_sweep_constraint(const lockstep_sweep *sweep, size_t i);
/* "FILE:LINE:COLUMN: ...": something that may be meant otherwise than it is read. */
LOCKSTEP_API const char *lockstep_sweep_warning(const lockstep_sweep *sweep, size_t i);

/* A step of a bracket of the scheduler. */
struct lockstep_sweep_rung {
	uint32_t epochs;   /* that trials have behind them there; UINT32_MAX: all */
	uint64_t n_trials; /* that get there when none fails; LOCKSTEP_SWEEP_UNLIMITED: no limit */
};
LOCKSTEP_API size_t lockstep_sweep_n_rungs(const lockstep_sweep *sweep, size_t bracket);
LOCKSTEP_API void lockstep_sweep_get_rung(const lockstep_sweep *sweep, size_t bracket, size_t i,
                                          struct lockstep_sweep_rung *rung);

/* ---- Parameters ------------------------------------------------------------ */

/* Lines and columns, in characters, count from 1; 0 where there is no file. */
struct lockstep_sweep_parameter {
	const char *name; /* nested ones joined with '.' */
	uint32_t line, column;
	const char *distribution; /* "uniform" and so on */
	const char *range;        /* "0 .. 1, q 0.1", "mu 0, sigma 1"; NULL where all values are listed */
	size_t n_values;          /* all of them where they are listed, else three draws: low, high, middle */
	const char *when;         /* the condition under which it is active; NULL: always */
	const char *follows;      /* zipped: the parameter whose place among its values it takes; NULL: none */

	/* Where the values are not listed they are numbers from low to high, both of them among
	 * the values; of a normal one, which has no bounds, all but 1 of 1,024 at either end. */
	double low, high; /* NaN where they are listed */
	double q;         /* values are its multiples; 0: they are not, or none is between low and high */
	int is_log;       /* their logarithm is what is drawn */
};
LOCKSTEP_API void lockstep_sweep_get_parameter(const lockstep_sweep *sweep, size_t i,
                                               struct lockstep_sweep_parameter *parameter);

enum lockstep_sweep_kind {
	LOCKSTEP_SWEEP_NULL = 0,
	LOCKSTEP_SWEEP_BOOLEAN,
	LOCKSTEP_SWEEP_INTEGER,
	LOCKSTEP_SWEEP_REAL,
	LOCKSTEP_SWEEP_TEXT
};

struct lockstep_sweep_value {
	enum lockstep_sweep_kind kind;
	const char *text;   /* of a number the shortest decimal that reads back as the same */
	double probability; /* of categorical_w_probabilities; else 0 */
	uint32_t line, column;
};
LOCKSTEP_API void lockstep_sweep_get_value(const lockstep_sweep *sweep, size_t parameter, size_t i,
                                           struct lockstep_sweep_value *value);

#ifdef __cplusplus
}
#endif

#endif
