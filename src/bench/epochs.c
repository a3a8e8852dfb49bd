/* SPDX-License-Identifier: MIT
 *
 * Whole epochs, as a training job runs them. The job says how long its steps
 * took; what else passes between two epochs is the evaluation. Which workers
 * took them the trainer tells as it tells every program: by its choices, or,
 * where there was nothing to choose, by what it made.
 */
#include "base/clock.h"
#include "figure.h"
#include "job.h"
#include "train/trainer.h"

#define EPOCHS_MAX 64

struct watch {
	double seconds, started, mark;
	uint32_t n;
	double train[EPOCHS_MAX], evaluation[EPOCHS_MAX];
	struct ls_way way; /* of the last choice; 0 and auto: none yet */
	const struct lockstep_bench_options *options;
};

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct watch *watch = context;
	double now = ls_clock_seconds(), rest = now - watch->mark - epoch->train_seconds;
	watch->train[watch->n] = epoch->train_seconds;
	watch->evaluation[watch->n] = rest > 0 ? rest : 0;
	watch->mark = now;
	return ++watch->n == EPOCHS_MAX || now - watch->started >= watch->seconds;
}

static void on_choice(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context)
{
	struct watch *watch = context;
	(void)n;
	watch->way = (struct ls_way){trials[i_chosen].workers, trials[i_chosen].split};
}

static void on_warning(const char *message, void *context)
{
	const struct watch *watch = context;
	if (watch->options->on_warning)
		watch->options->on_warning(message, watch->options->context);
}

static lockstep_status run(struct watch *watch, lockstep_trainer *trainer, lockstep_error *error)
{
	watch->started = watch->mark = ls_clock_seconds();
	lockstep_status status = lockstep_trainer_run(trainer, error);
	if (trainer->tuning.n_ways == 1)
		watch->way = (struct ls_way){trainer->n_workers, trainer->steps.split};
	return status == LOCKSTEP_STOPPED ? LOCKSTEP_OK : status;
}

lockstep_status lockstep_bench_epoch(const struct lockstep_bench_job *job, const struct lockstep_bench_options *options,
                                     struct lockstep_bench_epoch *epoch, lockstep_error *error)
{
	struct lockstep_train_options train = ls_bench_train_options(job, options);
	struct ls_bench_training training;
	struct watch watch = {.seconds = options->seconds, .options = options};
	train.context = &watch;
	train.on_epoch = on_epoch;
	train.on_choice = on_choice;
	train.on_warning = on_warning;
	lockstep_status status = ls_bench_training_init(&training, job, options, &train, error);
	if (status)
		return status;
	status = run(&watch, training.trainer, error);
	if (!status)
		*epoch =
		    (struct lockstep_bench_epoch){.n_epochs = watch.n,
		                                  .workers = watch.way.n_workers,
		                                  .split = watch.way.split,
		                                  .train_seconds = ls_bench_figure(watch.train, watch.n),
		                                  .evaluation_seconds = ls_bench_figure(watch.evaluation, watch.n)};
	ls_bench_training_fini(&training);
	return status;
}
