/* SPDX-License-Identifier: MIT
 *
 * Blocks: one run of every level each, in an order of its own. A block that is not whole counts for nothing, since
 * speed-ups are taken in pairs.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "scale.h"

/* ---- Fingerprints ---------------------------------------------------------- */

struct seen {
	const struct lockstep_scaling_series *series;
	const struct lockstep_scaling_level *level;
};

static int is_same_job(const struct seen *a, const struct seen *b)
{
	return a->level->batch == b->level->batch && a->level->slices == b->level->slices &&
	       a->series->steps == b->series->steps && a->series->warmup_steps == b->series->warmup_steps;
}

/* A level of the same job that has a fingerprint; its own first. */
static int find_seen(const struct ls_scale *scale, const struct seen *own, struct seen *found)
{
	*found = *own;
	if (*own->level->fingerprint)
		return 1;
	for (size_t i = 0; i < scale->study->n; i++)
		for (size_t k = 0; k < scale->study->series[i].n; k++) {
			*found = (struct seen){&scale->study->series[i], &scale->study->series[i].levels[k]};
			if (*found->level->fingerprint && is_same_job(own, found))
				return 1;
		}
	return 0;
}

static void describe(const struct seen *seen, char text[160])
{
	const struct lockstep_scaling_setting *setting = &seen->series->setting;
	snprintf(text, 160, "%u %s (bind %.64s, engine %s, split %s)", seen->level->workers,
	         seen->level->workers == 1 ? "worker" : "workers", setting->bind ? setting->bind : "none",
	         lockstep_engine_name(setting->engine), lockstep_split_name(setting->split));
}

lockstep_status ls_scale_agree(struct ls_scale *scale, const struct lockstep_scaling_series *series,
                               struct lockstep_scaling_level *level, const char fingerprint[65], lockstep_error *error)
{
	const struct seen own = {series, level};
	struct seen other;
	char text[160], other_text[160];
	int is_seen = find_seen(scale, &own, &other);
	if (is_seen && strcmp(other.level->fingerprint, fingerprint) != 0) {
		describe(&own, text);
		describe(&other, other_text);
		return ls_error_set(
		    error, LOCKSTEP_ERROR_SYSTEM,
		    "%s ended with fingerprint %.16s..., and %s %s with %.16s...: the same job has to give "
		    "the same bits",
		    text, fingerprint, other.level == level ? "before" : "of the same job", other_text,
		    other.level->fingerprint);
	}
	memcpy(level->fingerprint, fingerprint, 65);
	return LOCKSTEP_OK;
}

/* ---- Levels ---------------------------------------------------------------- */

/* The levels of all series that are measured, and their measurements. */
struct block_level {
	size_t series;
	struct lockstep_scaling_level *level;
	double *seconds; /* [blocks_max] */
	double last;     /* of the block that runs */
};

struct blocks {
	struct ls_scale *scale;
	ls_scale_runner *runner;
	void *context;
	struct block_level *levels; /* [n] */
	uint32_t n, *order;         /* [n] */
};

static lockstep_status blocks_init(struct blocks *blocks, lockstep_error *error)
{
	struct ls_scale *scale = blocks->scale;
	blocks->levels = ls_memory_allocate(scale->progress.n_levels, sizeof *blocks->levels);
	blocks->order = ls_memory_allocate(scale->progress.n_levels, sizeof *blocks->order);
	if (!blocks->levels || !blocks->order)
		return ls_error_memory(error, "the blocks of a study");
	for (size_t i = 0; i < scale->study->n; i++) {
		struct lockstep_scaling_series *series = &scale->study->series[i];
		for (size_t k = 0; k < series->n; k++) {
			if (!ls_scale_is_own(&series->levels[k], i))
				continue;
			double *seconds = ls_scale_allocate(scale, scale->options->blocks_max, sizeof *seconds);
			if (!seconds)
				return ls_error_memory(error, "the measurements of a level");
			series->levels[k].seconds = seconds;
			blocks->levels[blocks->n++] = (struct block_level){i, &series->levels[k], seconds, 0};
		}
	}
	return LOCKSTEP_OK;
}

static void blocks_fini(struct blocks *blocks)
{
	ls_memory_free(blocks->levels);
	ls_memory_free(blocks->order);
}

static lockstep_status run_level(struct blocks *blocks, struct block_level *level, lockstep_error *error)
{
	const struct lockstep_scaling_series *series = &blocks->scale->study->series[level->series];
	char fingerprint[65];
	double seconds;
	lockstep_status status = blocks->runner(blocks->context, series, level->level, &seconds, fingerprint, error);
	if (!status)
		status = ls_scale_agree(blocks->scale, series, level->level, fingerprint, error);
	if (!status)
		level->last = seconds / (double)series->steps;
	blocks->scale->progress.n_runs++;
	return status;
}

static lockstep_status run_block(struct blocks *blocks, uint32_t block, lockstep_error *error)
{
	struct ls_scale *scale = blocks->scale;
	lockstep_status status = LOCKSTEP_OK;
	lockstep_scaling_order(scale->options->seed, block, blocks->n, blocks->order);
	scale->progress.block = block + 1;
	for (uint32_t i = 0; i < blocks->n && !status; i++) {
		struct block_level *level = &blocks->levels[blocks->order[i]];
		if (ls_scale_tell(scale, level->series, level->level->workers))
			return LOCKSTEP_OK;
		status = run_level(blocks, level, error);
	}
	return status;
}

/* ---- When it is enough ----------------------------------------------------- */

static lockstep_status count_block(struct blocks *blocks, lockstep_error *error)
{
	struct ls_scale *scale = blocks->scale;
	uint32_t n = scale->study->n_blocks++;
	scale->progress.n_precise = 0;
	for (uint32_t i = 0; i < blocks->n; i++) {
		struct block_level *own = &blocks->levels[i];
		own->seconds[n] = own->last;
		own->level->n = n + 1;
		lockstep_status status =
		    lockstep_scaling_summarise(own->seconds, own->level->n, &own->level->step, error);
		if (status)
			return status;
		own->level->is_precise = lockstep_scaling_is_within(&own->level->step, scale->options->precision);
		own->level->samples_per_second = own->level->batch / own->level->step.median;
		scale->progress.n_precise += (size_t)own->level->is_precise;
	}
	return LOCKSTEP_OK;
}

/* Has it come to an end? Sets the outcome then. */
static int is_enough(const struct ls_scale *scale)
{
	const struct lockstep_scaling_study_options *options = scale->options;
	struct lockstep_scaling_study *study = scale->study;
	int is_late = options->seconds > 0 && ls_clock_seconds() - scale->started >= options->seconds;
	if (study->n_blocks >= options->blocks_min && scale->progress.n_precise == scale->progress.n_levels)
		study->outcome = LOCKSTEP_SCALING_PRECISE;
	else if (scale->is_stopped)
		study->outcome = LOCKSTEP_SCALING_STOPPED;
	else if (study->n_blocks >= options->blocks_max)
		study->outcome = LOCKSTEP_SCALING_BLOCKS_UP;
	else if (study->n_blocks && is_late)
		study->outcome = LOCKSTEP_SCALING_TIME_UP;
	else
		return 0;
	return 1;
}

static lockstep_status run_blocks(struct blocks *blocks, lockstep_error *error)
{
	struct ls_scale *scale = blocks->scale;
	lockstep_status status = LOCKSTEP_OK;
	while (!status && !is_enough(scale)) {
		status = run_block(blocks, scale->study->n_blocks, error);
		if (!status && !scale->is_stopped)
			status = count_block(blocks, error);
	}
	if (!status && !scale->study->n_blocks)
		status =
		    ls_error_set(error, LOCKSTEP_STOPPED, "the study was stopped before its first block was whole");
	return status;
}

lockstep_status ls_scale_blocks(struct ls_scale *scale, ls_scale_runner *runner, void *context, lockstep_error *error)
{
	struct blocks blocks = {.scale = scale, .runner = runner, .context = context};
	scale->progress.stage = LOCKSTEP_SCALING_BLOCKS;
	scale->progress.n_runs = 0;
	scale->progress.n_runs_max = scale->progress.n_levels * scale->options->blocks_max;
	lockstep_status status = blocks_init(&blocks, error);
	if (!status)
		status = run_blocks(&blocks, error);
	scale->progress.block = 0;
	blocks_fini(&blocks);
	return status;
}
