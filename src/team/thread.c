/* SPDX-License-Identifier: MIT
 *
 * Threads that are started and joined.
 */
#include "thread.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

struct ls_thread {
	pthread_t thread;
	void (*body)(void *context);
	void *context;
};

static void *thread_main(void *argument)
{
	struct ls_thread *thread = argument;
	thread->body(thread->context);
	return NULL;
}

lockstep_status ls_thread_start(struct ls_thread **out, void (*body)(void *context), void *context,
                                lockstep_error *error)
{
	struct ls_thread *thread = ls_memory_allocate(1, sizeof *thread);
	sigset_t all, before;
	if (!thread)
		return ls_error_memory(error, "a thread");
	thread->body = body;
	thread->context = context;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int code = pthread_create(&thread->thread, NULL, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code) {
		ls_memory_free(thread);
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "a thread could not be created: %s", strerror(code));
	}
	*out = thread;
	return LOCKSTEP_OK;
}

void ls_thread_join(struct ls_thread *thread)
{
	if (!thread)
		return;
	pthread_join(thread->thread, NULL);
	ls_memory_free(thread);
}
