/* SPDX-License-Identifier: MIT
 *
 * A run of steps by WORKERS workers over BLOCKS parameter blocks, as
 * src/train/step.c and src/train/walk.c take it. Checked for all interleavings:
 *
 *	nobody is stuck: no two workers wait for each other;
 *	a worker reads a block's sums from a ring slot only while the slot holds
 *	that block, and nobody writes the slot in the meantime;
 *	weights are written only when all have the deltas of the step, and read
 *	only when all have written those of the step before.
 *
 * What stands for what:
 *
 *	team_step()	its two ends are reading the weights (find_deltas())
 *			and the barrier, by counters that grow
 *	walk_together()	ls_walk_together()
 *	produce()	produce_block(): two steps, between which the slot holds
 *			nothing
 *	reduce()	reduce_block(): two steps, too; a worker's share of the
 *			weights is written between them
 *	wait_for_all()	ls_steps_wait_produced(), ls_steps_wait_consumed(): a
 *			wait for each worker's counter in turn
 *
 * With WAITING_IN_FULL the waits and publications are those of waiting.pml;
 * else a wait ends as soon as the counter has the value, which is what
 * waiting.pml in full shows to be so. What is said of memory order there holds
 * here.
 *
 * Faults:
 *	NO_CONSUMED	a slot is written again without a look at `consumed`
 *	RING_SHORT	... with one slot fewer than the workers think
 *	AHEAD_TOO_FAR	blocks are reduced as late as the ring has slots
 *	NO_PRODUCED	a block is reduced without waiting for the others' sums
 *	NO_BARRIER	steps follow each other without a barrier
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef BLOCKS
#define BLOCKS 4
#endif
#ifndef STEPS
#define STEPS 2
#endif

/* src/train/worker.h; the test compares them with it. */
#define LS_RING_SLOTS 3
#define LS_RING_AHEAD 1

#ifdef RING_SHORT
#define SLOTS (LS_RING_SLOTS - 1)
#else
#define SLOTS LS_RING_SLOTS
#endif
#ifdef AHEAD_TOO_FAR
#define AHEAD LS_RING_SLOTS
#else
#define AHEAD LS_RING_AHEAD
#endif

#ifdef WAITING_IN_FULL
#include "waiting.pml"
#else
#define PARKING 0

inline wait(parking, counter, value)
{
	counter >= value
}

inline publish(parking, counter, value)
{
	counter = value
}
#endif

/* struct ls_worker */
byte produced[WORKERS], consumed[WORKERS];
/* struct ls_team */
byte arrived, released;

/* For the assertions: the block that a slot holds, by its number through all
 * steps (0: none, or it is being written), and what is done with the weights. */
typedef ring {
	byte holds[SLOTS]
}
ring rings[WORKERS];
byte n_reading, n_writing;

inline team_barrier()
{
#ifdef NO_BARRIER
	skip
#else
	atomic {
		arrived++;
		is_last = (arrived == (step + 1) * WORKERS)
	}
	if
	:: is_last ->
		is_last = false;
		publish(PARKING, released, step + 1)
	:: else -> wait(PARKING, released, step + 1)
	fi
#endif
}

inline wait_for_all(counter, value)
{
	i = 0;
	do
	:: i < WORKERS ->
		wait(PARKING, counter, value);
		i++
	:: else -> break
	od;
	i = 0
}

inline produce()
{
	rings[me].holds[sequence % SLOTS] = 0;
	rings[me].holds[sequence % SLOTS] = sequence
}

inline assert_all_hold(number)
{
	d_step {
		i = 0;
		do
		:: i < WORKERS ->
			assert(rings[i].holds[(number) % SLOTS] == number);
			i++
		:: else -> break
		od;
		i = 0
	}
}

inline reduce(number)
{
	atomic {
		assert_all_hold(number);
		assert(n_reading == 0);
		n_writing++
	}
	atomic {
		assert_all_hold(number);
		assert(n_reading == 0);
		n_writing--
	}
}

inline walk_together()
{
	b = 0;
	do
	:: b < BLOCKS + AHEAD ->
		sequence = step * BLOCKS + b + 1;
		if
		:: b < BLOCKS ->
#ifndef NO_CONSUMED
			if
			:: sequence > LS_RING_SLOTS -> wait_for_all(consumed[i], sequence - LS_RING_SLOTS)
			:: else
			fi;
#endif
			produce();
			publish(PARKING, produced[me], sequence)
		:: else
		fi;
		if
		:: b >= AHEAD ->
#ifndef NO_PRODUCED
			wait_for_all(produced[i], sequence - AHEAD);
#endif
			reduce(sequence - AHEAD);
			publish(PARKING, consumed[me], sequence - AHEAD)
		:: else
		fi;
		b++
	:: else -> break
	od;
	b = 0;
	sequence = 0
}

inline team_step()
{
	atomic {
		assert(n_writing == 0);
		n_reading++
	}
	atomic {
		assert(n_writing == 0);
		n_reading--
	}
	walk_together();
	team_barrier()
}

active [WORKERS] proctype worker()
{
	byte me = _pid, step, b, sequence, i;
	bool is_last;

	do
	:: step < STEPS ->
		team_step();
		step++
	:: else -> break
	od
}
