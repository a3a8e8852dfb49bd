/* SPDX-License-Identifier: MIT
 *
 * Letters from threads to one that waits for them: how a coordinator of several
 * jobs hears of each. A letter is a struct of the sender's whose first member is
 * a struct ls_letter; whoever takes it owns it.
 */
#ifndef LS_TEAM_MAILBOX_H
#define LS_TEAM_MAILBOX_H

#include "lockstep/status.h"

struct ls_letter {
	struct ls_letter *next; /* the mailbox's */
};

struct ls_mailbox;

/* Caller owns *out. */
lockstep_status ls_mailbox_create(struct ls_mailbox **out, lockstep_error *error);
/* Letters that nobody took are the caller's to find first. */
void ls_mailbox_destroy(struct ls_mailbox *mailbox);

/* By any thread; cannot fail. What it wrote before is seen by who takes the letter. */
void ls_mailbox_put(struct ls_mailbox *mailbox, struct ls_letter *letter);

/* The oldest letter. Waits up to `seconds`, below 0 for ever; NULL: none came. */
struct ls_letter *ls_mailbox_take(struct ls_mailbox *mailbox, double seconds);

#endif
