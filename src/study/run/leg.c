/* SPDX-License-Identifier: MIT
 *
 * The thread that trains a leg. Trainer and team are made and destroyed in it, as
 * a team's binding asks for; what crosses threads are letters, and one flag.
 */
#include "leg.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "lockstep/checkpoint.h"
#include "team/thread.h"

#define SAVE_SECONDS 60 /* so much work is lost at most when the process is killed, or an epoch's */

struct answer {
	struct ls_letter letter;
	enum ls_leg_order order;
};

struct ls_leg {
	struct ls_leg_job job;
	char *checkpoint;
	void *owner;
	struct ls_mailbox *to, *answers;
	struct ls_thread *thread;
	lockstep_trainer *trainer; /* of the leg's own thread, as saved_at */
	double saved_at;           /* the clock */
	struct ls_leg_letter epoch, ended;
	struct answer answer; /* one is on its way at most */
	enum ls_leg_order order;
	/* Where to go on, written with the answer; the old one is in use until then. */
	char binds[2][LS_BIND_MAX];
	int i_bind;
	uint32_t workers;
	_Atomic int stop;
};

/* ---- While it trains --------------------------------------------------- */

static int is_stopped(struct ls_leg *leg)
{
	return atomic_load_explicit(&leg->stop, memory_order_relaxed);
}

/* A file that cannot be written is no reason to end: what it costs is work. */
static void save_now_and_then(struct ls_leg *leg)
{
	double now = ls_clock_seconds();
	if (now - leg->saved_at < SAVE_SECONDS)
		return;
	leg->saved_at = now;
	lockstep_trainer_save(leg->trainer, leg->checkpoint, leg->ended.warning.status ? NULL : &leg->ended.warning);
}

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct ls_leg *leg = context;
	leg->epoch.epoch = *epoch;
	ls_mailbox_put(leg->to, &leg->epoch.letter);
	const struct answer *answer = (const struct answer *)ls_mailbox_take(leg->answers, -1);
	leg->order = is_stopped(leg) ? LS_LEG_PAUSE : answer->order;
	if (leg->order == LS_LEG_GO_ON)
		save_now_and_then(leg);
	return leg->order != LS_LEG_GO_ON;
}

static int on_progress(const struct lockstep_progress *progress, void *context)
{
	struct ls_leg *leg = context;
	(void)progress;
	if (!is_stopped(leg))
		return 0;
	leg->order = LS_LEG_PAUSE;
	return 1;
}

static lockstep_status resume(const struct ls_leg *leg, lockstep_error *error)
{
	lockstep_checkpoint *checkpoint = NULL;
	lockstep_status status = lockstep_checkpoint_load(&checkpoint, leg->checkpoint, error);
	if (!status)
		status = lockstep_trainer_resume(leg->trainer, checkpoint, error);
	lockstep_checkpoint_destroy(checkpoint);
	return status;
}

/* With the workers that it has, where there is no memory for others. */
static void move(struct ls_leg *leg)
{
	lockstep_trainer_set_workers(leg->trainer, leg->workers, leg->binds[leg->i_bind], NULL);
}

/* To the job's end, or to where the coordinator ends it. */
static lockstep_status run(struct ls_leg *leg, lockstep_error *error)
{
	for (;;) {
		lockstep_status status = lockstep_trainer_run(leg->trainer, error);
		if (status != LOCKSTEP_STOPPED || leg->order != LS_LEG_MOVE)
			return status;
		move(leg);
	}
}

static lockstep_status train(struct ls_leg *leg, lockstep_error *error)
{
	lockstep_error cause;
	lockstep_status status =
	    lockstep_trainer_create(&leg->trainer, leg->job.network, leg->job.dataset, &leg->job.options, error);
	if (!status && leg->job.resumes)
		status = resume(leg, error);
	if (!status)
		status = run(leg, error);
	if (status == LOCKSTEP_STOPPED && lockstep_trainer_save(leg->trainer, leg->checkpoint, &cause))
		status = ls_error_set(error, cause.status, "%s", cause.message);
	lockstep_trainer_destroy(leg->trainer);
	return status;
}

static void leg_main(void *context)
{
	struct ls_leg *leg = context;
	double started = leg->saved_at = ls_clock_seconds();
	leg->ended.status = train(leg, &leg->ended.error);
	leg->ended.seconds = ls_clock_seconds() - started;
	ls_mailbox_put(leg->to, &leg->ended.letter);
}

/* ---- The coordinator's side -------------------------------------------- */

static void destroy(struct ls_leg *leg)
{
	ls_mailbox_destroy(leg->answers);
	ls_memory_free(leg->checkpoint);
	ls_memory_free(leg);
}

static lockstep_status set_bind(struct ls_leg *leg, const char *bind, lockstep_error *error)
{
	if (strlen(bind) >= LS_BIND_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "bind '%.40s...': more than %d characters", bind,
		                    LS_BIND_MAX - 1);
	leg->i_bind = !leg->i_bind;
	snprintf(leg->binds[leg->i_bind], LS_BIND_MAX, "%s", bind);
	return LOCKSTEP_OK;
}

static lockstep_status prepare(struct ls_leg *leg, lockstep_error *error)
{
	struct lockstep_train_options *options = &leg->job.options;
	leg->checkpoint = ls_memory_copy_text(leg->job.checkpoint);
	if (!leg->checkpoint)
		return ls_error_memory(error, "a leg");
	lockstep_status status = set_bind(leg, options->bind ? options->bind : "none", error);
	if (status)
		return status;
	options->bind = leg->binds[leg->i_bind];
	options->context = leg;
	options->on_epoch = on_epoch;
	options->on_progress = on_progress;
	options->on_choice = NULL;
	options->on_checkpoint = NULL;
	options->on_warning = NULL;
	options->checkpoint = NULL;
	return ls_mailbox_create(&leg->answers, error);
}

lockstep_status ls_leg_start(struct ls_leg **out, const struct ls_leg_job *job, struct ls_mailbox *to, void *owner,
                             lockstep_error *error)
{
	struct ls_leg *leg = ls_memory_allocate(1, sizeof *leg);
	if (!leg)
		return ls_error_memory(error, "a leg");
	leg->job = *job;
	leg->to = to;
	leg->owner = owner;
	leg->epoch = (struct ls_leg_letter){.leg = leg, .event = LS_LEG_EPOCH};
	leg->ended = (struct ls_leg_letter){.leg = leg, .event = LS_LEG_ENDED};
	lockstep_status status = prepare(leg, error);
	if (!status)
		status = ls_thread_start(&leg->thread, leg_main, leg, error);
	if (status)
		destroy(leg);
	else
		*out = leg;
	return status;
}

void *ls_leg_owner(const struct ls_leg *leg)
{
	return leg->owner;
}

void ls_leg_answer(struct ls_leg *leg, enum ls_leg_order order, uint32_t workers, const char *bind)
{
	if (order == LS_LEG_MOVE && set_bind(leg, bind, NULL))
		order = LS_LEG_GO_ON;
	leg->workers = workers;
	leg->answer.order = order;
	ls_mailbox_put(leg->answers, &leg->answer.letter);
}

void ls_leg_stop(struct ls_leg *leg)
{
	atomic_store_explicit(&leg->stop, 1, memory_order_relaxed);
}

void ls_leg_join(struct ls_leg *leg)
{
	if (!leg)
		return;
	ls_thread_join(leg->thread);
	destroy(leg);
}
