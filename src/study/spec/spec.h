/* SPDX-License-Identifier: MIT
 *
 * A sweep's specification: the W&B sweep schema (docs.wandb.ai, "Sweep
 * configuration options") as it is, and one block of our own, `lockstep:`. What
 * the file leaves open is settled here, so that all members have their values.
 *
 * A spec with neither program nor command is of the built-in trainer, whose
 * options the parameters are; the command checks that they are.
 */
#ifndef LS_STUDY_SPEC_H
#define LS_STUDY_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "document.h"
#include "lockstep/status.h"
#include "study/schedule/scheduler.h"
#include "study/search/sampler.h"
#include "study/space/space.h"

#define LS_PARAMETERS_MAX 256
#define LS_SEEDS_MAX 1024
#define LS_VALUES_MAX 4096 /* of one parameter */

enum ls_aggregate { LS_AGGREGATE_MEDIAN = 0, LS_AGGREGATE_MEAN, LS_AGGREGATE_MIN, LS_AGGREGATE_MAX };

/* Where a parameter was written; line 0 where a member was not. */
struct ls_parameter_places {
	struct ls_place name, distribution, min, max;
	struct ls_place *values; /* [n_values], owned; of a distribution with listed values */
};

struct ls_warning {
	struct ls_place place;
	char *text; /* owned; one line */
};

struct ls_spec {
	char *file;               /* owned; what messages call it */
	char *text;               /* owned; as it was read; of sets one a line */
	char *name, *description; /* owned; NULL: none */

	/* What a trial runs: a program, a command of n_command words with macros such
	 * as ${args}, or neither: the built-in trainer. Owned. */
	char *program;
	char **command;
	size_t n_command;

	char *metric; /* owned; NULL: the runner's own choice */
	int maximize;
	int has_target;
	double target;

	struct ls_space space;
	struct ls_parameter_places *places; /* [space.n], owned */
	struct ls_sampler_options sampler;
	/* From lockstep.scheduler, or from early_terminate, which becomes successive
	 * halving: min_iter is `min`, and of max_iter and s `min` is max_iter / eta^s,
	 * rounded down and 1 at least, and `max` is max_iter. Iterations are epochs. Of
	 * LS_SCHEDULER_NONE min and max are 1: a trial is of one piece. Epochs of a command are
	 * the points that it prints; with min_iter `max` is UINT32_MAX: to the program's own end. */
	struct ls_scheduler_options scheduler;
	int max_is_open; /* nothing in the specification says `max` */

	uint64_t *seeds; /* [n_seeds], owned; none: each trial is trained once, with its own seed */
	size_t n_seeds;
	enum ls_aggregate aggregate;
	uint32_t cores_per_trial, concurrent; /* 0: auto */
	double wall_seconds;                  /* 0: no limit */

	struct ls_warning *warnings; /* [n_warnings], owned; about what was read and may be meant otherwise */
	size_t n_warnings;
};

/* Reads a text or a file. LOCKSTEP_ERROR_FORMAT with "FILE:LINE:COLUMN: what is
 * wrong: what was expected". Caller owns *out. */
lockstep_status ls_spec_parse(struct ls_spec **out, const char *bytes, size_t n_bytes, const char *name,
                              lockstep_error *error);
lockstep_status ls_spec_load(struct ls_spec **out, const char *path, lockstep_error *error);

/* A grid over sets [n], each "NAME=V1,V2,...": values in this order, the last set
 * changing fastest, typed as plain scalars are. LOCKSTEP_ERROR_ARGUMENT when one is not so. */
lockstep_status ls_spec_from_sets(struct ls_spec **out, const char *const *sets, size_t n, lockstep_error *error);

void ls_spec_destroy(struct ls_spec *spec);

int ls_spec_is_built_in(const struct ls_spec *spec);

const char *ls_aggregate_name(enum ls_aggregate aggregate);
const char *ls_sampler_kind_name(enum ls_sampler_kind kind);
const char *ls_scheduler_kind_name(enum ls_scheduler_kind kind);

#endif
