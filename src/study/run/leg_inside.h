/* SPDX-License-Identifier: MIT
 *
 * What all kinds of legs have: the thread, the letters and the answers. A kind is a
 * struct whose first member is a struct ls_leg.
 */
#ifndef LS_STUDY_LEG_INSIDE_H
#define LS_STUDY_LEG_INSIDE_H

#include <stdatomic.h>

#include "leg.h"
#include "team/thread.h"

struct ls_leg_answered {
	struct ls_letter letter;
	enum ls_leg_order order;
};

/* In the leg's thread: to the job's end, or as far as the answers go. */
typedef lockstep_status ls_leg_body(struct ls_leg *leg, lockstep_error *error);

struct ls_leg {
	ls_leg_body *body;
	void (*release)(struct ls_leg *leg); /* what its kind has, after the thread's end */
	void *owner;
	struct ls_mailbox *to, *answers;
	struct ls_thread *thread;
	struct ls_leg_letter epoch, ended;
	struct ls_leg_answered answer; /* one is on its way at most */
	enum ls_leg_order order;       /* the last one, of the leg's own thread */
	/* Where to go on, written with the answer; the old one is in use until then. */
	char binds[2][LS_BIND_MAX];
	int i_bind;
	uint32_t workers;
	_Atomic int stop;
};

/* `leg` is the beginning of a zeroed block of ls_memory_allocate(). */
void ls_leg_init(struct ls_leg *leg, ls_leg_body *body, void (*release)(struct ls_leg *leg), struct ls_mailbox *to,
                 void *owner);
lockstep_status ls_leg_launch(struct ls_leg *leg, lockstep_error *error);
/* Of a leg that was not launched. */
void ls_leg_destroy(struct ls_leg *leg);

lockstep_status ls_leg_set_bind(struct ls_leg *leg, const char *bind, lockstep_error *error);

/* ---- In the leg's thread ------------------------------------------------------ */

/* Has it to end? Then its order is LS_LEG_PAUSE. */
int ls_leg_is_stopped(struct ls_leg *leg);
/* Sends leg->epoch, and returns the answer. */
enum ls_leg_order ls_leg_tell(struct ls_leg *leg);
/* In two parts: the answer within so many seconds, below 0 for ever; 0: none came. */
void ls_leg_send(struct ls_leg *leg);
int ls_leg_hear(struct ls_leg *leg, double seconds);

#endif
