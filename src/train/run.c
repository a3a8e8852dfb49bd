/* SPDX-License-Identifier: MIT
 *
 * A whole job: epochs, evaluation after each, early stopping, callbacks.
 */
#include "arith/fpcontrol.h"
#include "base/clock.h"
#include "base/error.h"
#include "schedule.h"
#include "trainer.h"

#define PROGRESS_SECONDS 0.1

/* The state of a running job that its end does not outlive. */
struct run {
	struct lockstep_trainer *trainer;
	double epoch_started, last_progress;
	uint64_t epoch_first_step;
	double step_seconds; /* of all epochs before this one */
	uint64_t steps_timed;
};

/* ---- Progress -------------------------------------------------------- */

static int send_progress(struct run *run, uint64_t step, double now)
{
	struct lockstep_trainer *trainer = run->trainer;
	const struct lockstep_train_options *options = &trainer->options;
	uint64_t done = step + 1 - run->epoch_first_step;
	double seconds = now - run->epoch_started;
	double a_step = (run->step_seconds + seconds) / (double)(run->steps_timed + done);
	struct lockstep_progress progress = {
	    .epoch = trainer->steps.epoch + 1,
	    .n_epochs = options->epochs,
	    .step = step % trainer->steps.steps_per_epoch + 1,
	    .n_steps = trainer->steps.steps_per_epoch,
	    .samples_per_second = (double)done * options->batch / seconds,
	    .seconds_left = a_step * (double)(ls_trainer_job_steps(trainer) - (step + 1)),
	};
	return options->on_progress(&progress, options->context);
}

static int on_step(void *context, uint64_t step)
{
	struct run *run = context;
	double now = ls_clock_seconds();
	if (now - run->last_progress < PROGRESS_SECONDS)
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
	if (epoch->best && best->network)
		ls_packed_store(trainer->packed, best->network);
	best->epochs_without = epoch->best ? 0 : best->epochs_without + 1;
}

static int is_over(const struct lockstep_trainer *trainer)
{
	uint32_t patience = trainer->options.patience;
	return (patience && trainer->best.epochs_without >= patience) ||
	       trainer->next_step >= ls_trainer_job_steps(trainer);
}

/* ---- Epochs ---------------------------------------------------------- */

static lockstep_status evaluate_epoch(struct lockstep_trainer *trainer, struct lockstep_epoch *epoch,
                                      lockstep_error *error)
{
	const struct ls_split *split = &trainer->split;
	struct ls_source test = {&trainer->dataset->parts[LOCKSTEP_TEST], &trainer->scaling, trainer->arith};
	lockstep_status status = ls_evaluator_run(trainer->evaluator, trainer->team, &trainer->steps.source,
	                                          split->validation, split->n_validation, &epoch->validation, error);
	if (!status)
		status = ls_evaluator_run(trainer->evaluator, trainer->team, &test, NULL, test.table->n_rows,
		                          &epoch->test, error);
	return status;
}

/* Steps to the end of the current epoch. */
static lockstep_status run_epoch(struct run *run, struct lockstep_epoch *epoch, lockstep_error *error)
{
	struct lockstep_trainer *trainer = run->trainer;
	run->epoch_first_step = trainer->next_step;
	run->epoch_started = run->last_progress = ls_clock_seconds();
	lockstep_status status = ls_trainer_advance(trainer, UINT64_MAX, error);
	if (status)
		return status;

	const struct ls_steps *steps = &trainer->steps;
	double seconds = ls_clock_seconds() - run->epoch_started;
	run->step_seconds += seconds;
	run->steps_timed += steps->n_done;
	*epoch = (struct lockstep_epoch){
	    .epoch = steps->epoch + 1,
	    .n_epochs = trainer->options.epochs,
	    .n_steps = trainer->next_step,
	    .loss = steps->loss / (double)steps->n_rows,
	    .learning_rate = ls_schedule_rate(&trainer->options, trainer->next_step - 1, steps->steps_per_epoch),
	    .train_seconds = seconds,
	    .samples_per_second = (double)steps->n_rows / seconds,
	};
	return evaluate_epoch(trainer, epoch, error);
}

/* A stop is asked for once: when it is granted, the request is spent. */
static int take_stop_request(struct lockstep_trainer *trainer)
{
	return atomic_exchange_explicit(&trainer->stop_request, 0, memory_order_relaxed);
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
		int stops = options->on_epoch && options->on_epoch(&epoch, options->context);
		if (!is_over(trainer) && (stops || take_stop_request(trainer)))
			return ls_error_set(error, LOCKSTEP_STOPPED, "stopped after epoch %u", epoch.epoch);
	}
	return LOCKSTEP_OK;
}

static lockstep_status run_job(struct lockstep_trainer *trainer, lockstep_error *error)
{
	struct run run = {.trainer = trainer};
	lockstep_status status = LOCKSTEP_OK;
	lockstep_error ignored;

	if (trainer->options.patience && !trainer->options.keep_last && !trainer->best.network)
		status = ls_network_clone(&trainer->best.network, trainer->network, error);
	if (status)
		return status;
	if (trainer->options.on_progress) {
		trainer->steps.on_step = on_step;
		trainer->steps.context = &run;
	}
	status = run_epochs(&run, error);
	trainer->steps.on_step = NULL;

	if (status == LOCKSTEP_OK && trainer->best.network && trainer->best.found)
		ls_packed_load(trainer->packed, trainer->best.network);
	if (status == LOCKSTEP_OK)
		status = lockstep_trainer_sync(trainer, error);
	else if (status == LOCKSTEP_STOPPED && lockstep_trainer_sync(trainer, &ignored))
		status = ls_error_set(error, ignored.status, "%s", ignored.message);
	return status;
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
