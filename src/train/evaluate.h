/* SPDX-License-Identifier: MIT
 *
 * Loss and accuracy over rows, in fixed chunks, so that neither depends on who
 * evaluates (doc/numerics.md, section 9).
 */
#ifndef LS_TRAIN_EVALUATE_H
#define LS_TRAIN_EVALUATE_H

#include "data/input.h"
#include "net/shard.h"
#include "team/team.h"

#define LS_CHUNK_ROWS 256

/* What one chunk came to. */
struct ls_chunk {
	double loss;
	size_t n_exact, n_flags;
};

/* An evaluator: buffers for any part of up to max_rows rows. */
struct ls_evaluator;

/* Buffers for the team's workers, made in their threads, or with team NULL for the
 * caller; `packed` and `options` are borrowed until it is destroyed. Caller owns
 * *out. */
lockstep_status ls_evaluator_create(struct ls_evaluator **out, const struct ls_packed *packed,
                                    const struct lockstep_network_options *options, size_t max_rows,
                                    struct ls_team *team, lockstep_error *error);
void ls_evaluator_destroy(struct ls_evaluator *evaluator);

/* Rows of the source's table; list.rows NULL: its first list.n. */
struct ls_evaluation {
	const struct ls_source *source;
	struct ls_row_list list;
	void (*meanwhile)(void *context); /* what the caller's thread does first, while the others evaluate; or NULL */
	void *context;
};

/* Evaluates those rows on the team, or, with team NULL, in the caller's thread. No
 * rows give zeroed metrics, and no call of meanwhile. */
lockstep_status ls_evaluator_run(struct ls_evaluator *evaluator, struct ls_team *team,
                                 const struct ls_evaluation *evaluation, struct lockstep_metrics *metrics,
                                 lockstep_error *error);

/* Output activations of all rows of the source's table, in the caller's thread. */
void ls_evaluator_predict(struct ls_evaluator *evaluator, const struct ls_source *source, float *probabilities);

#endif
