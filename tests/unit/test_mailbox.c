/* SPDX-License-Identifier: MIT
 *
 * Letters between threads: none is lost, each sender's come in its order, and
 * waits end.
 */
#include <criterion/criterion.h>
#include <signal.h>

#include "base/clock.h"
#include "base/memory.h"
#include "team/mailbox.h"
#include "team/thread.h"

#define N_SENDERS 5
#define N_LETTERS 2003

struct note {
	struct ls_letter letter;
	int sender, number;
};

struct sender {
	struct ls_mailbox *mailbox;
	int sender;
	struct note notes[N_LETTERS];
};

static struct ls_mailbox *mailbox;
static lockstep_error error;

static void setup(void)
{
	cr_assert_eq(ls_mailbox_create(&mailbox, &error), LOCKSTEP_OK, "%s", error.message);
}

static void teardown(void)
{
	ls_mailbox_destroy(mailbox);
}

TestSuite(mailbox, .init = setup, .fini = teardown, .timeout = 60);

static void send_all(void *context)
{
	struct sender *sender = context;
	for (int i = 0; i < N_LETTERS; i++) {
		sender->notes[i] = (struct note){{NULL}, sender->sender, i};
		ls_mailbox_put(sender->mailbox, &sender->notes[i].letter);
	}
}

Test(mailbox, letters_of_many_come_each_once_and_in_their_senders_order)
{
	static struct sender senders[N_SENDERS];
	struct ls_thread *threads[N_SENDERS];
	int next[N_SENDERS] = {0};
	for (int i = 0; i < N_SENDERS; i++) {
		senders[i].mailbox = mailbox;
		senders[i].sender = i;
		cr_assert_eq(ls_thread_start(&threads[i], send_all, &senders[i], &error), LOCKSTEP_OK);
	}
	for (int i = 0; i < N_SENDERS * N_LETTERS; i++) {
		struct note *note = (struct note *)ls_mailbox_take(mailbox, -1);
		cr_assert_eq(note->number, next[note->sender]++);
	}
	for (int i = 0; i < N_SENDERS; i++)
		ls_thread_join(threads[i]);
	cr_assert_null(ls_mailbox_take(mailbox, 0));
}

Test(mailbox, a_wait_ends_when_its_time_is_over)
{
	double started = ls_clock_seconds();
	cr_assert_null(ls_mailbox_take(mailbox, 0.05));
	cr_assert_geq(ls_clock_seconds() - started, 0.05);
}

static void send_late(void *context)
{
	struct sender *sender = context;
	double started = ls_clock_seconds();
	while (ls_clock_seconds() - started < 0.05)
		;
	ls_mailbox_put(sender->mailbox, &sender->notes[0].letter);
}

Test(mailbox, a_letter_ends_a_wait)
{
	static struct sender sender;
	struct ls_thread *thread;
	sender.mailbox = mailbox;
	cr_assert_eq(ls_thread_start(&thread, send_late, &sender, &error), LOCKSTEP_OK);
	cr_assert_eq(ls_mailbox_take(mailbox, 50), &sender.notes[0].letter);
	ls_thread_join(thread);
}

static void see_mask(void *context)
{
	pthread_sigmask(SIG_SETMASK, NULL, context);
}

Test(mailbox, threads_block_signals_and_leave_the_callers_alone)
{
	struct ls_thread *thread;
	sigset_t seen, before, after;
	pthread_sigmask(SIG_SETMASK, NULL, &before);
	cr_assert_eq(ls_thread_start(&thread, see_mask, &seen, &error), LOCKSTEP_OK);
	ls_thread_join(thread);
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	cr_assert(sigismember(&seen, SIGINT) && sigismember(&seen, SIGTERM));
	cr_assert_eq(sigismember(&before, SIGINT), sigismember(&after, SIGINT));
}

Test(mailbox, without_memory_there_is_an_error)
{
	struct ls_mailbox *other = mailbox;
	struct ls_thread *thread = NULL;
	ls_memory_fail_at(1);
	cr_assert_eq(ls_mailbox_create(&other, &error), LOCKSTEP_ERROR_MEMORY);
	ls_memory_fail_at(1);
	cr_assert_eq(ls_thread_start(&thread, see_mask, NULL, &error), LOCKSTEP_ERROR_MEMORY);
	ls_memory_fail_at(0);
	cr_assert(other == mailbox && !thread);
}
