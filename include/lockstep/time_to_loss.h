/* SPDX-License-Identifier: MIT
 *
 * How many steps a job needs to come to a loss, by mini-batch. Throughput alone misleads: larger mini-batches have more
 * of it and need more epochs (Shallue et al., "Measuring the effects of data parallelism on neural network training",
 * JMLR 20, 2019). The steps are the same on any number of workers, with any engine, split and instruction set, since
 * the bits are; times the seconds of a step, which a scaling study measures, they are the time to that loss.
 *
 * A run is one mini-batch with one learning rate: a new network and a new trainer, whose steps are done in pieces.
 * Between two pieces the loss is evaluated, which takes no part of a step's time. doc/scaling.md tells what the
 * figures mean.
 */
#ifndef LOCKSTEP_TIME_TO_LOSS_H
#define LOCKSTEP_TIME_TO_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/scaling_study.h"
#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The rows that the loss is the mean over: those that are trained on, the test part, or the rows that the job keeps
 * from training (`validation` of its options). */
enum lockstep_target_part {
	LOCKSTEP_TARGET_TRAIN = LOCKSTEP_TRAIN,
	LOCKSTEP_TARGET_TEST = LOCKSTEP_TEST,
	LOCKSTEP_TARGET_VALIDATION,
	LOCKSTEP_N_TARGET_PARTS
};

/* "train", "test", "validation"; static text. */
LOCKSTEP_API const char *lockstep_target_part_name(enum lockstep_target_part part);
/* -2: unknown. */
LOCKSTEP_API int lockstep_target_part_parse(const char *name);

/* Sent when a run begins, about ten times a second, and after every evaluation. */
struct lockstep_time_to_loss_progress {
	size_t i_run, n_runs;
	uint32_t batch;
	double learning_rate;
	uint64_t step, n_steps; /* of the run; n_steps: at most */
	double loss;            /* at its last evaluation; NaN: none yet */
};

struct lockstep_time_to_loss_options {
	double target;                  /* above 0 */
	enum lockstep_target_part part; /* that the loss is taken over */
	const uint32_t *batches;        /* [n_batches] 1 and more */
	size_t n_batches;
	/* [n_rates]: each is tried, and the one with the fewest steps taken; none: the job's. */
	const double *learning_rates;
	size_t n_rates;
	double max_epochs;            /* above 0 up to 10^6: a run ends there, unsuccessful */
	double evaluations_per_epoch; /* above 0 */
	void *context;
	/* Non-zero ends the call with the runs that were finished; with LOCKSTEP_STOPPED where none was. NULL: silence. */
	int (*on_progress)(const struct lockstep_time_to_loss_progress *progress, void *context);
	/* One line about something that is not an error; what every run would say again is said once. NULL: silence. */
	void (*on_warning)(const char *message, void *context);
};
#define LOCKSTEP_TIME_TO_LOSS_OPTIONS_INIT                                                                             \
	{                                                                                                              \
		.part = LOCKSTEP_TARGET_TEST, .max_epochs = 30, .evaluations_per_epoch = 4                             \
	}

struct lockstep_time_to_loss_run {
	uint32_t batch, slices;
	double learning_rate;
	int is_reached; /* else one of the next two says why it was not, or max_epochs were over: */
	int is_diverged;
	/* It had as many steps as the best run of the same mini-batch before it needed, and was not there: it was ended,
	 * and might have come to the loss later. */
	int is_beaten;
	uint64_t steps;       /* at the first evaluation with a loss not above the target; or those that were done */
	double epochs;        /* likewise, fractions included */
	double loss;          /* at the last evaluation; NaN: there was none */
	char fingerprint[65]; /* of the parameters there; empty where it diverged */
};

struct lockstep_time_to_loss {
	size_t n;
	/* Below n: on_progress ended the call, and later runs have `batch` and `learning_rate` alone. */
	size_t n_finished;
	struct lockstep_time_to_loss_run *runs; /* [n], batch by batch, learning rate by learning rate */
	/* [n_batches]: a batch's run with fewest steps; of two with as many steps that with the lower loss, and the
	 * first when that is equal too; n where none reached it. */
	size_t *best;
	size_t n_batches;
};

/* Trains job after job, each on the workers that job->train names (0: auto), or one a slice where it has fewer. What
 * becomes of job->train: `batch` and `learning_rate` are the run's; `epochs` is max_epochs, rounded up, so that a
 * schedule over all epochs ends there; `slices`, with 0 for the default rule of each mini-batch, `drop_last` and all
 * else that decides the bits are the job's. So a run's parameters are those of lockstep_train() with the same options
 * after as many steps. Patience, checkpoints and callbacks are left out.
 *
 * The k-th evaluation is after k / evaluations_per_epoch epochs, rounded up to whole steps, one step after the last one
 * at least, and there is one where max_epochs are over (rounded down, one step at least). There is none before the
 * first step. A job that diverges is a result: is_diverged.
 *
 * LOCKSTEP_ERROR_ARGUMENT when an option is out of its range, a mini-batch or a learning rate one that lockstep_train()
 * refuses, or there are no rows of the part. All mini-batches and rates are checked before the first run. Caller owns
 * *out. Calls must come from one thread at a time; job->train.bind binds the caller's thread while a run lasts. */
LOCKSTEP_API lockstep_status lockstep_time_to_loss_measure(struct lockstep_time_to_loss **out,
                                                           const struct lockstep_scaling_job *job,
                                                           const struct lockstep_time_to_loss_options *options,
                                                           lockstep_error *error);
/* NULL is allowed. */
LOCKSTEP_API void lockstep_time_to_loss_destroy(struct lockstep_time_to_loss *result);

#ifdef __cplusplus
}
#endif

#endif
