/* SPDX-License-Identifier: MIT
 *
 * What the parts of a scaling study share. A study goes through plan, calibration, blocks, phases, limits and figures,
 * each of which fills its part of the result, which owns all its memory through an arena.
 */
#ifndef LS_SCALE_SCALE_H
#define LS_SCALE_SCALE_H

#include "bench/job.h"
#include "lockstep/scaling_spec.h"
#include "lockstep/scaling_study.h"
#include "study/store/arena.h"

#define LS_SCALE_LEVELS_MAX 4096 /* of all series */

/* A study with the memory that it owns. */
struct ls_scale_result {
	struct lockstep_scaling_study study; /* first, so that it is the whole */
	struct ls_arena arena;
};

struct ls_scale {
	const struct lockstep_scaling_job *job;
	const struct lockstep_scaling_study_options *options;
	struct ls_scale_result *result;
	struct lockstep_scaling_study *study; /* result's */
	lockstep_topology *topology;
	uint64_t n_rows; /* that are trained on, once the plan is made */
	struct lockstep_scaling_progress progress;
	double started;
	int is_stopped; /* on_progress said so */
};

/* Room in the result; NULL when memory is short. */
void *ls_scale_allocate(struct ls_scale *scale, size_t n, size_t size);
char *ls_scale_copy(struct ls_scale *scale, const char *text);

/* Tells where the study stands; returns non-zero when it is to end. */
int ls_scale_tell(struct ls_scale *scale, size_t i_series, uint32_t workers);

/* ---- Plan ------------------------------------------------------------------ */

/* Options in their ranges? Texts and pointers aside. */
lockstep_status ls_scale_check(const struct lockstep_scaling_study_options *options, lockstep_error *error);

/* Mini-batch and slices of k workers in a weak study, from those of one; the slices are not above the mini-batch. */
void ls_scale_weak(uint32_t batch, uint32_t slices, uint32_t k, uint64_t *level_batch, uint32_t *level_slices);

/* Makes series and levels, with their places, and leaves out those that cannot be. A baseline that cannot is an error.
 * Levels know the first series that has the same run. */
lockstep_status ls_scale_plan(struct ls_scale *scale, lockstep_error *error);

/* ---- Runs ------------------------------------------------------------------ */

/* A trainer of a level with its new network. On failure both are NULL. */
lockstep_status ls_scale_training_init(struct ls_bench_training *training, const struct ls_scale *scale,
                                       const struct lockstep_scaling_series *series,
                                       const struct lockstep_scaling_level *level, int time_phases,
                                       lockstep_error *error);

/* The fingerprint of its parameters now. LOCKSTEP_ERROR_SYSTEM when it has not the workers of the level. */
lockstep_status ls_scale_training_finish(struct ls_bench_training *training, const struct lockstep_scaling_level *level,
                                         char fingerprint[65], lockstep_error *error);

/* Steps of every series, where the options leave them open. */
lockstep_status ls_scale_calibrate(struct ls_scale *scale, lockstep_error *error);

/* ---- Blocks ---------------------------------------------------------------- */

/* Measures a level once: *seconds of all steps that count, and the fingerprint at their end. */
typedef lockstep_status ls_scale_runner(void *context, const struct lockstep_scaling_series *series,
                                        const struct lockstep_scaling_level *level, double *seconds,
                                        char fingerprint[65], lockstep_error *error);

/* The real one; `context` is the struct ls_scale. */
lockstep_status ls_scale_run(void *context, const struct lockstep_scaling_series *series,
                             const struct lockstep_scaling_level *level, double *seconds, char fingerprint[65],
                             lockstep_error *error);

/* Runs blocks until the levels are precise, or a limit is reached, and sets the outcome. Levels have seconds, step
 * and fingerprint then. */
lockstep_status ls_scale_blocks(struct ls_scale *scale, ls_scale_runner *runner, void *context, lockstep_error *error);

/* Does the fingerprint agree with what was seen before of the same job? It becomes the level's when it is the first. */
lockstep_status ls_scale_agree(struct ls_scale *scale, const struct lockstep_scaling_series *series,
                               struct lockstep_scaling_level *level, const char fingerprint[65], lockstep_error *error);

/* ---- After the blocks ------------------------------------------------------ */

lockstep_status ls_scale_phases(struct ls_scale *scale, lockstep_error *error);
lockstep_status ls_scale_rooflines(struct ls_scale *scale, lockstep_error *error);
/* Gives levels what was measured in an earlier series. */
void ls_scale_share(struct lockstep_scaling_study *study);
/* Ratios, speed-ups, curves, the fastest level. */
lockstep_status ls_scale_figures(struct ls_scale *scale, lockstep_error *error);

/* What there is for the workers of a series. */
struct ls_scale_room {
	uint32_t places; /* that workers can have each: cores, hardware threads, or CPUs of a list */
	int is_smt;      /* places are hardware threads */
	double quota;    /* CPUs; 0: no limit */
	uint64_t n_rows; /* to train on */
};
/* What limits a series, from the figures of its levels. */
void ls_scale_limit(struct lockstep_scaling_series *series, enum lockstep_scaling_kind kind,
                    const struct ls_scale_room *room);

/* The next level that was not left out, from `i` on; series->n: none. */
static inline size_t ls_scale_next(const struct lockstep_scaling_series *series, size_t i)
{
	while (i < series->n && series->levels[i].excluded)
		i++;
	return i;
}

/* Is it measured, and in this series? */
static inline int ls_scale_is_own(const struct lockstep_scaling_level *level, size_t i_series)
{
	return !level->excluded && level->measured_in == i_series;
}

#endif
