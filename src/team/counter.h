/* SPDX-License-Identifier: MIT
 *
 * A counter that one worker raises and others wait for. It grows for ever, so
 * that nothing left over from an earlier step can be taken for this one's.
 */
#ifndef LS_TEAM_COUNTER_H
#define LS_TEAM_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

struct ls_team;

/* Starts at 0 (zeroed memory). 128 bytes, because processors fetch cache lines
 * in pairs; aligned to 64, which is what ls_memory_allocate() gives. */
struct ls_counter {
	_Alignas(64) _Atomic uint64_t value;
	char padding[128 - sizeof(uint64_t)];
};

/* Raises the counter to `value`, with everything the caller wrote before, and
 * wakes the workers that wait for it. One worker a counter. */
void ls_counter_publish(struct ls_team *team, struct ls_counter *counter, uint64_t value);

/* The part of ls_counter_wait() that waits. */
void ls_counter_wait_slowly(struct ls_team *team, const struct ls_counter *counter, uint64_t value);

/* Returns once the counter has reached `value`, and sees what its writer wrote
 * before (the acquire pairs with the store of ls_counter_publish()). */
static inline void ls_counter_wait(struct ls_team *team, const struct ls_counter *counter, uint64_t value)
{
	if (atomic_load_explicit(&counter->value, memory_order_acquire) < value)
		ls_counter_wait_slowly(team, counter, value);
}

#endif
