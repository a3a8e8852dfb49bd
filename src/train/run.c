/* SPDX-License-Identifier: MIT
 *
 * A whole job: epochs, evaluation after each, early stopping, checkpoints,
 * callbacks.
 */
#include "arith/fpcontrol.h"
#include "base/clock.h"
#include "base/error.h"
#include "job/options.h"
#include "saving.h"
#include "schedule.h"
#include "trainer.h"
#include "workers.h"

#define PROGRESS_SECONDS 0.1

/* The state of a running job that its end does not outlive. */
struct run {
	struct lockstep_trainer *trainer;
	struct ls_saving saving;
	double last_progress; /* the clock when it was sent */

	/* Of the running epoch, as far as this run did it. */
	double steps_began;   /* the clock when the steps began that run now */
	double epoch_seconds; /* of the steps before those */
	uint64_t epoch_first_step, epoch_rows;

	/* Of the epochs before. */
	double step_seconds;
	uint64_t steps_timed;
};

/* ---- Progress -------------------------------------------------------- */

static int send_progress(struct run *run, uint64_t step, double now)
{
	struct lockstep_trainer *trainer = run->trainer;
	const struct lockstep_train_options *options = &trainer->options;
	uint64_t done = step + 1 - run->epoch_first_step;
	double seconds = run->epoch_seconds + (now - run->steps_began);
	double a_step = (run->step_seconds + seconds) / (double)(run->steps_timed + done);
	struct lockstep_progress progress = {
	    .epoch = trainer->steps.epoch + 1,
	    .n_epochs = options->epochs,
	    .step = step % trainer->steps.steps_per_epoch + 1,
	    .n_steps = trainer->steps.steps_per_epoch,
	    .samples_per_second = seconds > 0 ? (double)done * options->batch / seconds : 0,
	    .seconds_left = a_step * (double)(ls_trainer_job_steps(trainer) - (step + 1)),
	};
	int stops = options->on_progress(&progress, options->context);
	ls_fpcontrol_enter(); /* the callback may have changed it */
	return stops;
}

static int on_step(void *context, uint64_t step)
{
	struct run *run = context;
	double now = ls_clock_seconds();
	if (ls_saving_notice(&run->saving, now))
		return 1;
	if (!run->trainer->options.on_progress || now - run->last_progress < PROGRESS_SECONDS)
		return 0;
	run->last_progress = now;
	return send_progress(run, step, now);
}

/* ---- Early stopping -------------------------------------------------- */

static int improves(struct ls_best *best, enum lockstep_monitor monitor, const struct lockstep_metrics *validation)
{
	if (monitor == LOCKSTEP_MONITOR_LOSS) {
		if (!(validation->loss < best->loss))
			return 0;
		best->loss = validation->loss;
		return 1;
	}
	if ((int64_t)validation->n_exact <= best->n_exact)
		return 0;
	best->n_exact = (int64_t)validation->n_exact;
	return 1;
}

static void judge(struct lockstep_trainer *trainer, struct lockstep_epoch *epoch)
{
	struct ls_best *best = &trainer->best;
	if (epoch->validation.n_rows == 0)
		return;
	epoch->best = improves(best, trainer->options.monitor, &epoch->validation);
	best->found |= epoch->best;
	if (epoch->best && trainer->best_network)
		ls_packed_store(trainer->packed, trainer->best_network);
	best->epochs_without = epoch->best ? 0 : best->epochs_without + 1;
}

static int is_over(const struct lockstep_trainer *trainer)
{
	uint32_t patience = trainer->options.patience;
	return (patience && trainer->best.epochs_without >= patience) ||
	       trainer->next_step >= ls_trainer_job_steps(trainer);
}

/* ---- Epochs ---------------------------------------------------------- */

/* What one thread alone does between two epochs, while the others evaluate: it takes
 * the fingerprint of the one, and draws the order of the next. */
struct between {
	struct lockstep_trainer *trainer;
	int is_done;
	lockstep_status status;
	lockstep_error *error;
};

static void do_between(void *context)
{
	struct between *between = context;
	struct lockstep_trainer *trainer = between->trainer;
	if (between->is_done)
		return;
	between->is_done = 1;
	between->status = ls_trainer_record_epoch(trainer, between->error);
	if (trainer->next_step < ls_trainer_job_steps(trainer))
		ls_trainer_draw_order(trainer, (uint32_t)(trainer->next_step / trainer->steps.steps_per_epoch));
}

/* between NULL: the job stands still. */
static lockstep_status evaluate(struct lockstep_trainer *trainer, enum ls_job_rows rows, struct between *between,
                                struct lockstep_metrics *metrics, lockstep_error *error)
{
	const struct ls_split *split = &trainer->split;
	struct ls_source test = {&trainer->dataset->parts[LOCKSTEP_TEST], &trainer->scaling, trainer->arith};
	const struct ls_source *source = rows == LS_ROWS_TEST ? &test : &trainer->steps.source;
	const struct ls_row_list lists[] = {
	    [LS_ROWS_TRAINED] = {split->train, split->n_train},
	    [LS_ROWS_VALIDATION] = {split->validation, split->n_validation},
	    [LS_ROWS_TEST] = {NULL, test.table->n_rows},
	};
	struct ls_evaluation evaluation = {
	    .source = source, .list = lists[rows], .meanwhile = between ? do_between : NULL, .context = between};
	return ls_evaluator_run(trainer->evaluator, trainer->team, &evaluation, metrics, error);
}

lockstep_status ls_trainer_evaluate(struct lockstep_trainer *trainer, enum ls_job_rows rows,
                                    struct lockstep_metrics *metrics, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = ls_trainer_check_not_ended(trainer, error);
	if (!status)
		status = ls_workers_ensure(trainer, error);
	if (!status)
		status = evaluate(trainer, rows, NULL, metrics, error);
	ls_fpcontrol_leave(saved);
	return status;
}

static lockstep_status evaluate_epoch(struct lockstep_trainer *trainer, struct lockstep_epoch *epoch,
                                      lockstep_error *error)
{
	struct between between = {.trainer = trainer, .error = error};
	lockstep_status status = evaluate(trainer, LS_ROWS_VALIDATION, &between, &epoch->validation, error);
	if (!status)
		status = evaluate(trainer, LS_ROWS_TEST, &between, &epoch->test, error);
	if (!status)
		do_between(&between); /* nothing was evaluated */
	return status ? status : between.status;
}

/* A stop is asked for once: when it is granted, the request is spent. */
static int take_stop_request(struct lockstep_trainer *trainer)
{
	return atomic_exchange_explicit(&trainer->stop_request, 0, memory_order_relaxed);
}

/* Steps as far as the next checkpoint, at most to the end of the epoch. */
static lockstep_status run_some(struct run *run, lockstep_error *error)
{
	struct lockstep_trainer *trainer = run->trainer;
	run->steps_began = ls_clock_seconds();
	lockstep_status status = ls_trainer_advance(trainer, ls_saving_distance(&run->saving), error);
	run->epoch_seconds += ls_clock_seconds() - run->steps_began;
	run->epoch_rows += trainer->steps.account.n_rows;
	return status == LOCKSTEP_STOPPED && run->saving.is_due ? LOCKSTEP_OK : status;
}

/* Steps to the end of the current epoch. */
static lockstep_status run_steps(struct run *run, lockstep_error *error)
{
	struct lockstep_trainer *trainer = run->trainer;
	for (;;) {
		lockstep_status status = run_some(run, error);
		if (status || trainer->next_step % trainer->steps.steps_per_epoch == 0)
			return status;
		ls_saving_consider(&run->saving, 0);
		if (take_stop_request(trainer))
			return ls_error_set(error, LOCKSTEP_STOPPED, "stopped after step %llu",
			                    (unsigned long long)trainer->next_step);
	}
}

static uint64_t rows_of_epoch(const struct ls_steps *steps)
{
	uint64_t whole = steps->steps_per_epoch * steps->options->batch;
	return whole < steps->n_order ? whole : steps->n_order;
}

static lockstep_status run_epoch(struct run *run, struct lockstep_epoch *epoch, lockstep_error *error)
{
	struct lockstep_trainer *trainer = run->trainer;
	const struct ls_steps *steps = &trainer->steps;
	run->epoch_first_step = trainer->next_step;
	run->epoch_seconds = 0;
	run->epoch_rows = 0;
	run->last_progress = ls_clock_seconds();
	lockstep_status status = run_steps(run, error);
	if (status)
		return status;

	double seconds = run->epoch_seconds;
	run->step_seconds += seconds;
	run->steps_timed += trainer->next_step - run->epoch_first_step;
	*epoch = (struct lockstep_epoch){
	    .epoch = (uint32_t)(trainer->next_step / steps->steps_per_epoch),
	    .n_epochs = trainer->options.epochs,
	    .n_steps = trainer->next_step,
	    .loss = steps->account.epoch_loss / (double)rows_of_epoch(steps),
	    .learning_rate = ls_schedule_rate(&trainer->options, trainer->next_step - 1, steps->steps_per_epoch),
	    .train_seconds = seconds,
	    .samples_per_second = seconds > 0 ? (double)run->epoch_rows / seconds : 0,
	    .fingerprint = trainer->fingerprint,
	};
	return evaluate_epoch(trainer, epoch, error);
}

static lockstep_status run_epochs(struct run *run, lockstep_error *error)
{
	struct lockstep_trainer *trainer = run->trainer;
	const struct lockstep_train_options *options = &trainer->options;

	while (!is_over(trainer)) {
		struct lockstep_epoch epoch;
		lockstep_status status = run_epoch(run, &epoch, error);
		if (status)
			return status;
		judge(trainer, &epoch);
		if (!is_over(trainer))
			ls_saving_consider(&run->saving, 1);
		int stops = options->on_epoch && options->on_epoch(&epoch, options->context);
		ls_fpcontrol_enter(); /* the callback may have changed it */
		if (!is_over(trainer) && (stops || take_stop_request(trainer)))
			return ls_error_set(error, LOCKSTEP_STOPPED, "stopped after epoch %u", epoch.epoch);
	}
	return LOCKSTEP_OK;
}

/* The job's result, or where it was stopped, goes into the network. */
static lockstep_status hand_over(struct lockstep_trainer *trainer, lockstep_status status, lockstep_error *error)
{
	lockstep_error cause;
	if (status == LOCKSTEP_OK && trainer->best_network && trainer->best.found)
		ls_packed_load(trainer->packed, trainer->best_network);
	if (status == LOCKSTEP_OK)
		return lockstep_trainer_sync(trainer, error);
	if (status == LOCKSTEP_STOPPED && lockstep_trainer_sync(trainer, &cause))
		return ls_error_set(error, cause.status, "%s", cause.message);
	return status;
}

static lockstep_status run_job(struct lockstep_trainer *trainer, lockstep_error *error)
{
	struct run run = {.trainer = trainer};
	lockstep_status status = LOCKSTEP_OK;

	if (ls_train_keeps_best(&trainer->options) && !trainer->best_network)
		status = ls_network_clone(&trainer->best_network, trainer->network, error);
	if (status)
		return status;
	ls_saving_begin(&run.saving, trainer);
	if (trainer->options.on_progress || ls_saving_by_time(&run.saving)) {
		trainer->steps.on_step = on_step;
		trainer->steps.context = &run;
	}
	status = run_epochs(&run, error);
	trainer->steps.on_step = NULL;
	if (status == LOCKSTEP_OK || status == LOCKSTEP_STOPPED)
		ls_saving_finish(&run.saving);
	return hand_over(trainer, status, error);
}

lockstep_status lockstep_trainer_run(lockstep_trainer *trainer, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = run_job(trainer, error);
	ls_fpcontrol_leave(saved);
	return status;
}

lockstep_status lockstep_train(lockstep_network *network, const lockstep_dataset *dataset,
                               const struct lockstep_train_options *options, lockstep_error *error)
{
	lockstep_trainer *trainer = NULL;
	lockstep_status status = lockstep_trainer_create(&trainer, network, dataset, options, error);
	if (!status)
		status = lockstep_trainer_run(trainer, error);
	lockstep_trainer_destroy(trainer);
	return status;
}
