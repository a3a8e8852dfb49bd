/* SPDX-License-Identifier: MIT
 *
 * The specification of a scaling study: a YAML or JSON file with the job's options as constants and one block of our
 * own, in the dialect of a sweep's specification (lockstep/sweep.h). doc/scaling.md describes it. What the file does
 * not say is kept apart from what it says, so that a command line can say it instead.
 */
#ifndef LOCKSTEP_SCALING_SPEC_H
#define LOCKSTEP_SCALING_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/scaling_study.h"
#include "lockstep/status.h"
#include "lockstep/time_to_loss.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of what a study is asked for, in a file and on the command line of lockstep scale. */
#define LOCKSTEP_SCALING_SPEC_LEVELS_MAX 1024       /* numbers of workers */
#define LOCKSTEP_SCALING_SPEC_WORKERS_MAX 65536     /* each of them: the most slices that a job can have */
#define LOCKSTEP_SCALING_SPEC_BINDS_MAX 16          /* placements */
#define LOCKSTEP_SCALING_SPEC_LIST_MAX 64           /* items of the other lists */
#define LOCKSTEP_SCALING_SPEC_BATCH_MAX 1073741824  /* rows */
#define LOCKSTEP_SCALING_SPEC_STEPS_MAX 4294967295u /* of a run that count, or warm up */
#define LOCKSTEP_SCALING_SPEC_RUN_SECONDS_MAX 3600
#define LOCKSTEP_SCALING_SPEC_BLOCKS_MAX 10000
#define LOCKSTEP_SCALING_SPEC_EPOCHS_MAX 1000000 /* on the way to a loss */

/* An option of the job by its name on the command line, without dashes before it, and its value as that would have it.
 * Places are in the file, from 1: of the name and of the value. */
struct lockstep_scaling_option {
	const char *name, *text;
	uint32_t line, column;
	uint32_t value_line, value_column;
};

/* Lists are empty, texts NULL and numbers 0 where the file does not say them, but where another value is named. */
struct lockstep_scaling_spec {
	const char *file;                              /* what messages call it */
	const char *name, *description;                /* of the study */
	const struct lockstep_scaling_option *options; /* [n_options] of the job, in the file's order, each name once */
	size_t n_options;

	int kind;                /* an enum lockstep_scaling_kind; -1: not said */
	int all_workers;         /* "all": every number up to what the machine has */
	const uint32_t *workers; /* [n_workers] rising */
	size_t n_workers;
	const char *const *binds; /* [n_binds] */
	size_t n_binds;
	const enum lockstep_engine *engines; /* [n_engines] */
	size_t n_engines;
	const enum lockstep_split *splits; /* [n_splits] */
	size_t n_splits;
	const uint32_t *batches; /* [n_batches] */
	size_t n_batches;
	uint32_t slices;
	uint64_t steps;
	int has_warmup_steps; /* it may be said to be 0, as by default */
	uint64_t warmup_steps;
	double run_seconds;
	uint32_t blocks_min, blocks_max;
	double precision;
	double seconds;
	int has_seed;
	uint64_t seed; /* of the blocks' orders */

	double target_loss;
	int target_part; /* an enum lockstep_target_part; -1: not said */
	const double *learning_rates;
	size_t n_learning_rates;
	double max_epochs;
	const char *const *predict; /* [n_predict] machines, as hwloc describes synthetic ones */
	size_t n_predict;
};

/* Reads a text, which errors call `name`, or a file. LOCKSTEP_ERROR_FORMAT with one line "NAME:LINE:COLUMN: what is
 * wrong: what was expected": values beyond the limits, and what excludes or needs another key, too. What the trainer
 * makes of the job's options is not looked at. Caller owns *out, with all that it points to. */
LOCKSTEP_API lockstep_status lockstep_scaling_spec_parse(struct lockstep_scaling_spec **out, const char *bytes,
                                                         size_t n_bytes, const char *name, lockstep_error *error);
LOCKSTEP_API lockstep_status lockstep_scaling_spec_load(struct lockstep_scaling_spec **out, const char *path,
                                                        lockstep_error *error);
/* Where the file says a key of the block or a parameter, '_' and '-' alike: the place of its value, from 1. Returns 1, or
 * 0 where it does not say it, and then both are left alone. */
LOCKSTEP_API int lockstep_scaling_spec_find(const struct lockstep_scaling_spec *spec, const char *key, uint32_t *line,
                                            uint32_t *column);
/* NULL is allowed. */
LOCKSTEP_API void lockstep_scaling_spec_destroy(struct lockstep_scaling_spec *spec);

#ifdef __cplusplus
}
#endif

#endif
