/* SPDX-License-Identifier: MIT
 *
 * The thread that trains a leg. Trainer and team are made and destroyed in it, as
 * a team's binding asks for; what crosses threads are letters, and one flag.
 */
#include "leg_inside.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "lockstep/checkpoint.h"

#define SAVE_SECONDS 60 /* so much work is lost at most when the process is killed, or an epoch's */

struct training {
	struct ls_leg leg; /* first, so that it is the whole */
	struct ls_leg_job job;
	char *checkpoint;
	lockstep_trainer *trainer;
	double saved_at; /* the clock */
};

/* ---- While it trains --------------------------------------------------- */

/* A file that cannot be written is no reason to end: what it costs is work. */
static void save_now_and_then(struct training *training)
{
	double now = ls_clock_seconds();
	if (now - training->saved_at < SAVE_SECONDS)
		return;
	training->saved_at = now;
	lockstep_error *warning = &training->leg.ended.warning;
	lockstep_trainer_save(training->trainer, training->checkpoint, warning->status ? NULL : warning);
}

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct training *training = context;
	training->leg.epoch.epoch = *epoch;
	enum ls_leg_order order = ls_leg_tell(&training->leg);
	if (order == LS_LEG_GO_ON)
		save_now_and_then(training);
	return order != LS_LEG_GO_ON;
}

static int on_progress(const struct lockstep_progress *progress, void *context)
{
	struct training *training = context;
	(void)progress;
	return ls_leg_is_stopped(&training->leg);
}

static lockstep_status resume(struct training *training, lockstep_error *error)
{
	lockstep_checkpoint *checkpoint = NULL;
	lockstep_status status = lockstep_checkpoint_load(&checkpoint, training->checkpoint, error);
	if (!status)
		status = lockstep_trainer_resume(training->trainer, checkpoint, error);
	lockstep_checkpoint_destroy(checkpoint);
	training->leg.ended.is_lost = status != LOCKSTEP_OK;
	return status;
}

/* To go on from, which is no matter of the job's. */
static lockstep_status save(struct training *training, lockstep_error *error)
{
	lockstep_error cause;
	if (!lockstep_trainer_save(training->trainer, training->checkpoint, &cause))
		return LOCKSTEP_STOPPED;
	training->leg.ended.is_lost = 1;
	return ls_error_set(error, cause.status, "%s", cause.message);
}

/* With the workers that it has, where there is no memory for others. */
static void move(struct training *training)
{
	lockstep_trainer_set_workers(training->trainer, training->leg.workers,
	                             training->leg.binds[training->leg.i_bind], NULL);
}

/* To the job's end, or to where the coordinator ends it. */
static lockstep_status run(struct training *training, lockstep_error *error)
{
	for (;;) {
		lockstep_status status = lockstep_trainer_run(training->trainer, error);
		if (status != LOCKSTEP_STOPPED || training->leg.order != LS_LEG_MOVE)
			return status;
		move(training);
	}
}

static lockstep_status train(struct ls_leg *leg, lockstep_error *error)
{
	struct training *training = (struct training *)leg;
	training->saved_at = ls_clock_seconds();
	lockstep_status status = lockstep_trainer_create(&training->trainer, training->job.network,
	                                                 training->job.dataset, &training->job.options, error);
	if (!status && training->job.resumes)
		status = resume(training, error);
	if (!status)
		status = run(training, error);
	if (status == LOCKSTEP_STOPPED)
		status = save(training, error);
	if (status == LOCKSTEP_ERROR_SYSTEM || status == LOCKSTEP_ERROR_MEMORY)
		leg->ended.is_lost = 1; /* threads, cores or memory that are not to be had */
	lockstep_trainer_destroy(training->trainer);
	return status;
}

/* ---- Start --------------------------------------------------------------- */

static void release(struct ls_leg *leg)
{
	ls_memory_free(((struct training *)leg)->checkpoint);
}

static lockstep_status prepare(struct training *training, lockstep_error *error)
{
	struct lockstep_train_options *options = &training->job.options;
	training->checkpoint = ls_memory_copy_text(training->job.checkpoint);
	if (!training->checkpoint)
		return ls_error_memory(error, "a leg");
	lockstep_status status = ls_leg_set_bind(&training->leg, options->bind ? options->bind : "none", error);
	if (status)
		return status;
	options->bind = training->leg.binds[training->leg.i_bind];
	options->context = training;
	options->on_epoch = on_epoch;
	options->on_progress = on_progress;
	options->on_choice = NULL;
	options->on_checkpoint = NULL;
	options->on_warning = NULL;
	options->checkpoint = NULL;
	return LOCKSTEP_OK;
}

lockstep_status ls_leg_start(struct ls_leg **out, const struct ls_leg_job *job, struct ls_mailbox *to, void *owner,
                             lockstep_error *error)
{
	struct training *training = ls_memory_allocate(1, sizeof *training);
	if (!training)
		return ls_error_memory(error, "a leg");
	training->job = *job;
	ls_leg_init(&training->leg, train, release, to, owner);
	lockstep_status status = prepare(training, error);
	if (!status)
		status = ls_leg_launch(&training->leg, error);
	if (status)
		ls_leg_destroy(&training->leg);
	else
		*out = &training->leg;
	return status;
}
