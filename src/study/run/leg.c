/* SPDX-License-Identifier: MIT
 *
 * Letters and answers, and the flag that ends a leg: what crosses threads.
 */
#include "leg.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "leg_inside.h"

/* ---- The leg's side ------------------------------------------------------ */

int ls_leg_is_stopped(struct ls_leg *leg)
{
	int is_stopped = atomic_load_explicit(&leg->stop, memory_order_relaxed);
	if (is_stopped)
		leg->order = LS_LEG_PAUSE;
	return is_stopped;
}

void ls_leg_send(struct ls_leg *leg)
{
	ls_mailbox_put(leg->to, &leg->epoch.letter);
}

int ls_leg_hear(struct ls_leg *leg, double seconds)
{
	const struct ls_leg_answered *answer = (const struct ls_leg_answered *)ls_mailbox_take(leg->answers, seconds);
	if (!answer)
		return 0;
	leg->order = answer->order;
	(void)ls_leg_is_stopped(leg);
	return 1;
}

enum ls_leg_order ls_leg_tell(struct ls_leg *leg)
{
	ls_leg_send(leg);
	(void)ls_leg_hear(leg, -1);
	return leg->order;
}

static void leg_main(void *context)
{
	struct ls_leg *leg = context;
	double started = ls_clock_seconds();
	leg->ended.status = leg->body(leg, &leg->ended.error);
	leg->ended.seconds = ls_clock_seconds() - started;
	ls_mailbox_put(leg->to, &leg->ended.letter);
}

/* ---- The coordinator's side -------------------------------------------- */

void ls_leg_init(struct ls_leg *leg, ls_leg_body *body, void (*release)(struct ls_leg *leg), struct ls_mailbox *to,
                 void *owner)
{
	leg->body = body;
	leg->release = release;
	leg->to = to;
	leg->owner = owner;
	leg->epoch = (struct ls_leg_letter){.leg = leg, .event = LS_LEG_EPOCH};
	leg->ended = (struct ls_leg_letter){.leg = leg, .event = LS_LEG_ENDED, .exit_status = -1};
}

lockstep_status ls_leg_launch(struct ls_leg *leg, lockstep_error *error)
{
	lockstep_status status = ls_mailbox_create(&leg->answers, error);
	return status ? status : ls_thread_start(&leg->thread, leg_main, leg, error);
}

void ls_leg_destroy(struct ls_leg *leg)
{
	leg->release(leg);
	ls_mailbox_destroy(leg->answers);
	ls_memory_free(leg);
}

lockstep_status ls_leg_set_bind(struct ls_leg *leg, const char *bind, lockstep_error *error)
{
	if (strlen(bind) >= LS_BIND_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "bind '%.40s...': more than %d characters", bind,
		                    LS_BIND_MAX - 1);
	leg->i_bind = !leg->i_bind;
	snprintf(leg->binds[leg->i_bind], LS_BIND_MAX, "%s", bind);
	return LOCKSTEP_OK;
}

void *ls_leg_owner(const struct ls_leg *leg)
{
	return leg->owner;
}

void ls_leg_answer(struct ls_leg *leg, enum ls_leg_order order, uint32_t workers, const char *bind)
{
	if (order == LS_LEG_MOVE && ls_leg_set_bind(leg, bind, NULL))
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
	ls_leg_destroy(leg);
}
