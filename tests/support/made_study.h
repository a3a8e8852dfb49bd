/* SPDX-License-Identifier: MIT
 *
 * Studies that nobody ran, written through the store's interface: every number is
 * a function of the trial's, so that what is read can be compared.
 */
#ifndef TEST_MADE_STUDY_H
#define TEST_MADE_STUDY_H

#include <stddef.h>
#include <stdint.h>

#include "study/store/store.h"

#define MADE_EPOCHS 3
#define MADE_PARAMETERS 4 /* lr, batch, hidden, and momentum, which only relu has */

struct made_study {
	const char *name;
	size_t n_trials;
	const uint64_t *seeds;
	size_t n_seeds;
	int is_foreign; /* jobs of a command, with metrics that it names */
	int maximize;
	int times; /* another number, other times */
};

/* The objective of one run of a trial, and of its epoch. */
double made_objective(uint64_t trial, uint64_t seed);
double made_loss(uint64_t trial, uint64_t seed, uint32_t epoch);

/* The point of a trial: returns how many of values are set. */
size_t made_point(uint64_t trial, struct ls_store_value values[MADE_PARAMETERS]);

lockstep_status made_add_study(struct ls_store *store, const struct made_study *study, int64_t *id,
                               lockstep_error *error);

/* Trial k as item k: started and claimed in one group; its epochs one by one;
 * and its end in one group again. */
lockstep_status made_start(struct ls_store *store, int64_t id, const struct made_study *study, uint64_t trial,
                           int64_t jobs[], lockstep_error *error);
lockstep_status made_train(struct ls_store *store, const struct made_study *study, uint64_t trial, const int64_t jobs[],
                           lockstep_error *error);
lockstep_status made_finish(struct ls_store *store, int64_t id, const struct made_study *study, uint64_t trial,
                            const int64_t jobs[], lockstep_error *error);

/* All of it: each fifth trial diverges, from the second on, each seventh is pruned. */
lockstep_status made_write(struct ls_store *store, const struct made_study *study, int64_t *id, lockstep_error *error);

#endif
