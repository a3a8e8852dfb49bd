/* SPDX-License-Identifier: MIT
 *
 * A list under a lock. Letters are rare beside steps, so nobody spins.
 */
#include "mailbox.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/memory.h"

struct ls_mailbox {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct ls_letter *first, **end; /* `end`: where the next one is hung in */
};

/* Waits are told in seconds from now: a calendar that is set must not matter. */
static int init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	int code = pthread_condattr_init(&attributes);
	if (code)
		return code;
	code = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (!code)
		code = pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
	return code;
}

lockstep_status ls_mailbox_create(struct ls_mailbox **out, lockstep_error *error)
{
	struct ls_mailbox *mailbox = ls_memory_allocate(1, sizeof *mailbox);
	if (!mailbox)
		return ls_error_memory(error, "a mailbox");
	int code = pthread_mutex_init(&mailbox->mutex, NULL);
	if (!code) {
		code = init_condition(&mailbox->wake);
		if (code)
			pthread_mutex_destroy(&mailbox->mutex);
	}
	if (code) {
		ls_memory_free(mailbox);
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "a mailbox's lock: %s", strerror(code));
	}
	mailbox->end = &mailbox->first;
	*out = mailbox;
	return LOCKSTEP_OK;
}

void ls_mailbox_destroy(struct ls_mailbox *mailbox)
{
	if (!mailbox)
		return;
	pthread_cond_destroy(&mailbox->wake);
	pthread_mutex_destroy(&mailbox->mutex);
	ls_memory_free(mailbox);
}

void ls_mailbox_put(struct ls_mailbox *mailbox, struct ls_letter *letter)
{
	letter->next = NULL;
	pthread_mutex_lock(&mailbox->mutex);
	*mailbox->end = letter;
	mailbox->end = &letter->next;
	pthread_cond_signal(&mailbox->wake);
	pthread_mutex_unlock(&mailbox->mutex);
}

static struct timespec after(double seconds)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	double whole = floor(seconds);
	at.tv_sec += (time_t)whole;
	at.tv_nsec += (long)((seconds - whole) * 1e9);
	if (at.tv_nsec >= 1000000000L) {
		at.tv_nsec -= 1000000000L;
		at.tv_sec++;
	}
	return at;
}

static void wait_for_letter(struct ls_mailbox *mailbox, double seconds)
{
	const struct timespec limit = after(seconds < 0 ? 0 : seconds);
	int code = 0;
	while (!mailbox->first && !code) {
		if (seconds < 0)
			pthread_cond_wait(&mailbox->wake, &mailbox->mutex);
		else
			code = pthread_cond_timedwait(&mailbox->wake, &mailbox->mutex, &limit);
	}
}

struct ls_letter *ls_mailbox_take(struct ls_mailbox *mailbox, double seconds)
{
	pthread_mutex_lock(&mailbox->mutex);
	wait_for_letter(mailbox, seconds);
	struct ls_letter *letter = mailbox->first;
	if (letter) {
		mailbox->first = letter->next;
		if (!mailbox->first)
			mailbox->end = &mailbox->first;
	}
	pthread_mutex_unlock(&mailbox->mutex);
	return letter;
}
