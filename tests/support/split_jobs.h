/* SPDX-License-Identifier: MIT
 *
 * Small jobs of every kind on networks with a wide first layer, for the tests
 * that compare the ways of running the steps. Each takes milliseconds.
 */
#ifndef SPLIT_JOBS_H
#define SPLIT_JOBS_H

#include "lockstep.h"

#define SPLIT_EPOCHS_MAX 4
#define SPLIT_LABELS 4

struct split_job {
	const char *name;
	const char *layers; /* the last size is SPLIT_LABELS */
	uint32_t units;     /* of the first layer */
	size_t n_rows;
	int bytes;      /* non-zero: pixels, most of them 0; else floats, golden_rows_fill()'s */
	int sparse;     /* non-zero: most of the floats are 0 */
	int multilabel; /* non-zero: flags instead of classes */
	struct lockstep_network_options network;
	struct lockstep_train_options train; /* in one thread, by rows */
};

extern const struct split_job split_jobs[];
extern const size_t n_split_jobs;

/* Caller owns what these return; NULL when memory is short. */
lockstep_dataset *split_job_data(const struct split_job *job);
lockstep_network *split_job_network(const struct split_job *job);

/* A network and a trainer of the job in place of those that *network and *trainer
 * hold; on failure *trainer is NULL. Caller owns both. */
lockstep_status split_job_trainer(const struct split_job *job, const lockstep_dataset *data,
                                  const struct lockstep_train_options *options, lockstep_network **network,
                                  lockstep_trainer **trainer, lockstep_error *error);

/* What a run of a job came to. */
struct split_result {
	lockstep_status status;
	unsigned long long ended_step; /* that an unfinished job names; 0: none */
	char fingerprint[65];
	uint32_t n_epochs;
	double losses[SPLIT_EPOCHS_MAX];
	double validation[SPLIT_EPOCHS_MAX];
};

/* Runs the job with these options in place of job->train; their callbacks and
 * context are not used. */
struct split_result split_job_run(const struct split_job *job, const lockstep_dataset *data,
                                  const struct lockstep_train_options *options);

/* Non-zero when both are the same in every bit. */
int split_result_equal(const struct split_result *a, const struct split_result *b);

#endif
