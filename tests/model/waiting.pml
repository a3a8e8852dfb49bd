/* SPDX-License-Identifier: MIT
 *
 * How workers wait for each other, as src/team/counter.c does it; included by
 * the models of what they wait for. Every name is that of the C code.
 *
 *	wait(parking, counter, value)
 *		ls_counter_wait(), ls_parking_wait(). A look that does not see the
 *		value changes nothing, so looks are not counted: each may be the last
 *		before the worker sleeps, which covers n_spins of 0 and of any number.
 *	sleep_until(parking, counter, value)
 *		sleep_until(): a step each for the lock, the addition to n_sleepers,
 *		every look, pthread_cond_wait() going to sleep (it gives the mutex
 *		back in the same step, as POSIX has it), waking up, and getting the
 *		mutex again.
 *	publish(parking, counter, value)
 *		ls_parking_publish(): the store, the look at n_sleepers, lock,
 *		broadcast, unlock.
 *
 * A sleeper wakes when a broadcast came after it had gone to sleep, or without
 * a reason. The latter SPURIOUS times in all: without a limit a worker whom
 * nobody wakes would not be stuck, and a lost wake-up not be found.
 *
 * Memory order. A model has one memory that all see alike. For the four
 * operations of the argument in counter.c (store the value, load n_sleepers;
 * add to n_sleepers, load the value) that is what sequential consistency says,
 * so they must be memory_order_seq_cst in C: two of the faults below are what
 * a processor or compiler may do to weaker ones. Everything else is plain data
 * handed over by a release store or addition and the acquire load that saw it;
 * that such pairs are where they must be is for ThreadSanitizer to see, not
 * for this model, which would find a missing step but no missing barrier.
 *
 * Faults, each of which a check must find:
 *	NO_SECOND_LOOK		the waiter looks, raises n_sleepers, and sleeps
 *	LOOK_BEFORE_STORE	the publisher looks at n_sleepers first
 *	NO_MUTEX		the publisher broadcasts without the mutex
 *	WAKE_ONE		pthread_cond_signal() instead of the broadcast
 */
#ifndef SPURIOUS
#define SPURIOUS 1
#endif

#define PARKING 0 /* of waits inside a run */
#define RESTING 1 /* of waits for a run to begin or end */

bool locked[2];       /* mutex */
byte n_sleepers[2];
byte in_wait[2];      /* wake: bit i for worker i asleep in pthread_cond_wait() */
byte spurious = SPURIOUS;

#define BIT(worker) (1 << (worker))

inline lock(parking)
{
	atomic {
		!locked[parking];
		locked[parking] = true
	}
}

inline unlock(parking)
{
	locked[parking] = false
}

/* pthread_cond_wait() */
inline cond_wait(parking)
{
	atomic {
		unlock(parking);
		in_wait[parking] = in_wait[parking] | BIT(me)
	}
	if
	:: !(in_wait[parking] & BIT(me))
	:: atomic {
		spurious > 0 && (in_wait[parking] & BIT(me));
		spurious--;
		in_wait[parking] = in_wait[parking] & ~BIT(me)
	}
	fi
	lock(parking)
}

inline broadcast(parking)
{
#ifdef WAKE_ONE
	if /* any of them */
	:: atomic { in_wait[parking] & BIT(0); in_wait[parking] = in_wait[parking] & ~BIT(0) }
	:: atomic { in_wait[parking] & BIT(1); in_wait[parking] = in_wait[parking] & ~BIT(1) }
	:: atomic { in_wait[parking] & BIT(2); in_wait[parking] = in_wait[parking] & ~BIT(2) }
	:: atomic { in_wait[parking] & BIT(3); in_wait[parking] = in_wait[parking] & ~BIT(3) }
	:: in_wait[parking] == 0
	fi
#else
	in_wait[parking] = 0
#endif
}

inline sleep_until(parking, counter, value)
{
	lock(parking);
	n_sleepers[parking]++;
#ifdef NO_SECOND_LOOK
	cond_wait(parking);
#endif
	do
	:: counter >= value -> break
	:: else -> cond_wait(parking)
	od;
	n_sleepers[parking]--;
	unlock(parking)
}

inline wait(parking, counter, value)
{
	if
	:: counter >= value
#ifdef NO_SECOND_LOOK
	:: counter < value -> sleep_until(parking, counter, value)
#else
	:: true -> sleep_until(parking, counter, value)
#endif
	fi
}

inline wake_sleepers(parking)
{
#ifdef NO_MUTEX
	broadcast(parking)
#else
	lock(parking);
	broadcast(parking);
	unlock(parking)
#endif
}

inline publish(parking, counter, value)
{
#ifdef LOOK_BEFORE_STORE
	if
	:: n_sleepers[parking] == 0 -> counter = value
	:: else -> counter = value; wake_sleepers(parking)
	fi
#else
	counter = value;
	if
	:: n_sleepers[parking] == 0
	:: else -> wake_sleepers(parking)
	fi
#endif
}
