/* SPDX-License-Identifier: MIT
 *
 * What a scaling study was asked for: the one level of all series that is best, for its text and for its document.
 */
#ifndef LS_CLI_SCALE_ANSWER_H
#define LS_CLI_SCALE_ANSWER_H

#include "scale_result.h"

#define LS_SCALE_ANSWER 1024
struct ls_scale_answer {
	const struct lockstep_scaling_level *level; /* the study's; NULL: none was measured */
	size_t series;                              /* that it is of */
	const char *by; /* static text: "loss", the time to it, or "samples" a second; NULL without a level */
	char text[LS_SCALE_ANSWER]; /* a sentence, then a line for each that must be said with it */
};
void ls_scale_answer(const struct ls_scale_result *result, struct ls_scale_answer *answer);

/* The fastest level of all series; with a run, of those that compute what it did, with its mini-batch and its slices,
 * so that its steps are theirs. NULL: there is none; then *i_series is not set. */
const struct lockstep_scaling_level *ls_scale_fastest(const struct lockstep_scaling_study *study,
                                                      const struct lockstep_time_to_loss_run *run, size_t *i_series);

/* Have series other mini-batches than others? */
int ls_scale_has_batches(const struct lockstep_scaling_study *study);

/* "4 workers (bind spread)" */
#define LS_SCALE_WAY 256
const char *ls_scale_way(const struct ls_scale_result *result, size_t i_series, uint32_t workers,
                         char text[LS_SCALE_WAY]);

/* The first level that was measured: the baseline; NULL: there is none. */
const struct lockstep_scaling_level *ls_scale_baseline(const struct lockstep_scaling_series *series);

#endif
