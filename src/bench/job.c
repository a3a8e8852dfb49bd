/* SPDX-License-Identifier: MIT
 *
 * From a benchmark network to a trainer, and steps of it against the clock.
 */
#include "job.h"

#include "base/clock.h"
#include "base/error.h"
#include "figure.h"

void ls_bench_train_on(struct lockstep_train_options *train)
{
	train->epochs = UINT32_MAX;
	train->drop_last = 1; /* every step has all rows */
	train->patience = 0;
	train->checkpoint = NULL;
	train->on_epoch = NULL;
	train->on_progress = NULL;
	train->on_choice = NULL;
	train->on_checkpoint = NULL;
}

struct lockstep_train_options ls_bench_train_options(const struct lockstep_bench_job *job,
                                                     const struct lockstep_bench_options *options)
{
	struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
	ls_bench_train_on(&train);
	train.scale = job->scale;
	train.batch = job->network->batch;
	train.learning_rate = job->network->learning_rate;
	train.workers = job->workers;
	train.split = job->workers && job->split == LOCKSTEP_SPLIT_AUTO ? LOCKSTEP_SPLIT_ROWS : job->split;
	train.engine = options->engine;
	train.isa = options->isa;
	train.bind = options->bind;
	train.smt = options->smt;
	train.on_warning = options->on_warning;
	train.context = options->context;
	return train;
}

lockstep_status ls_bench_training_init(struct ls_bench_training *training, const struct lockstep_bench_job *job,
                                       const struct lockstep_bench_options *options,
                                       const struct lockstep_train_options *train, lockstep_error *error)
{
	struct lockstep_network_options shape = LOCKSTEP_NETWORK_OPTIONS_INIT;
	shape.hidden = job->network->hidden;
	shape.init = LOCKSTEP_INIT_GLOROT;

	*training = (struct ls_bench_training){NULL, NULL};
	if (job->workers == 0 && !train->on_epoch) /* auto, whose blocks of steps may differ in their workers */
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "a measurement of steps needs a worker");
	lockstep_status status = ls_bench_check(options, error);
	if (!status)
		status = lockstep_network_create(&training->network, job->network->layers, &shape, error);
	if (!status)
		status = lockstep_trainer_create(&training->trainer, training->network, job->dataset, train, error);
	if (status)
		ls_bench_training_fini(training);
	return status;
}

void ls_bench_training_fini(struct ls_bench_training *training)
{
	lockstep_trainer_destroy(training->trainer);
	lockstep_network_destroy(training->network);
	*training = (struct ls_bench_training){NULL, NULL};
}

lockstep_status ls_bench_training_repeat(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	struct ls_bench_training *training = context;
	double started = ls_clock_seconds();
	lockstep_status status = lockstep_trainer_step(training->trainer, n, NULL, error);
	*seconds = ls_clock_seconds() - started;
	return status;
}
