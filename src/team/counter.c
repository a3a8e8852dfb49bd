/* SPDX-License-Identifier: MIT
 *
 * Waiting: look at the counter a number of times, then sleep. Publishing costs
 * a store and a load as long as nobody sleeps.
 *
 * Why no wake-up is lost: the publisher stores the value, then loads the number
 * of sleepers; the waiter raises that number, then loads the value. All four
 * are sequentially consistent, so at least one of the two sees the other
 * (Dekker). When the waiter sees the value it does not sleep. When the
 * publisher sees the sleeper it takes the mutex, which the waiter holds from
 * before its last look until it sleeps; the broadcast thus comes after.
 */
#include "counter.h"

#include <string.h>

#include "base/error.h"
#include "launch.h"

/* About 20 to 50 us of pause instructions: longer than the workers of one step
 * differ, and not much longer than putting a thread to sleep and waking it. On
 * cores of their own workers do not come to sleep with it (784-30-10, two Zen 5
 * cores: some 50 switches in a run of 100,000 steps); ten times as many pauses
 * gave the same speed. */
#define N_SPINS 1000

lockstep_status ls_parking_init(struct ls_parking *parking, lockstep_error *error)
{
	int code = pthread_mutex_init(&parking->mutex, NULL);
	if (!code) {
		code = pthread_cond_init(&parking->wake, NULL);
		if (code)
			pthread_mutex_destroy(&parking->mutex);
	}
	if (code)
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "the team's lock: %s", strerror(code));
	parking->n_spins = N_SPINS;
	return LOCKSTEP_OK;
}

void ls_parking_fini(struct ls_parking *parking)
{
	pthread_cond_destroy(&parking->wake);
	pthread_mutex_destroy(&parking->mutex);
}

/* Tells the processor that this is a waiting loop. */
static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("isb"); /* "yield" does nothing on most of them */
#endif
}

static void sleep_until(struct ls_parking *parking, const struct ls_counter *counter, uint64_t value)
{
	pthread_mutex_lock(&parking->mutex);
	atomic_fetch_add(&parking->n_sleepers, 1);
	while (atomic_load(&counter->value) < value)
		pthread_cond_wait(&parking->wake, &parking->mutex);
	atomic_fetch_sub(&parking->n_sleepers, 1);
	pthread_mutex_unlock(&parking->mutex);
}

void ls_parking_wait(struct ls_parking *parking, const struct ls_counter *counter, uint64_t value)
{
	for (uint32_t i = 0; i < parking->n_spins; i++) {
		if (atomic_load_explicit(&counter->value, memory_order_acquire) >= value)
			return;
		relax();
	}
	sleep_until(parking, counter, value);
}

void ls_counter_wait_slowly(struct ls_team *team, const struct ls_counter *counter, uint64_t value)
{
	ls_parking_wait(&team->parking, counter, value);
}

void ls_counter_publish(struct ls_team *team, struct ls_counter *counter, uint64_t value)
{
	ls_parking_publish(&team->parking, counter, value);
}

void ls_parking_publish(struct ls_parking *parking, struct ls_counter *counter, uint64_t value)
{
	atomic_store(&counter->value, value);
	if (!atomic_load(&parking->n_sleepers))
		return;
	pthread_mutex_lock(&parking->mutex);
	pthread_cond_broadcast(&parking->wake);
	pthread_mutex_unlock(&parking->mutex);
}
