/* SPDX-License-Identifier: MIT
 *
 * A benchmark network in training.
 */
#ifndef LS_BENCH_JOB_H
#define LS_BENCH_JOB_H

#include "lockstep/bench.h"

struct ls_bench_training {
	lockstep_network *network;
	lockstep_trainer *trainer;
};

/* Takes from a job what would end it or interrupt its steps: epochs, a short mini-batch, checkpoints, callbacks. */
void ls_bench_train_on(struct lockstep_train_options *train);

/* The options of a job that goes on for as long as anybody measures it. */
struct lockstep_train_options ls_bench_train_options(const struct lockstep_bench_job *job,
                                                     const struct lockstep_bench_options *options);

/* A network with its initial parameters and a trainer of it; `options` are
 * checked, and that only a job of whole epochs (with on_epoch) leaves the number
 * of workers open. On failure both are NULL. */
lockstep_status ls_bench_training_init(struct ls_bench_training *training, const struct lockstep_bench_job *job,
                                       const struct lockstep_bench_options *options,
                                       const struct lockstep_train_options *train, lockstep_error *error);
void ls_bench_training_fini(struct ls_bench_training *training);

/* A ls_bench_repeat of n steps; `context` is a struct ls_bench_training. */
lockstep_status ls_bench_training_repeat(void *context, uint64_t n, double *seconds, lockstep_error *error);

#endif
