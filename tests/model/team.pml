/* SPDX-License-Identifier: MIT
 *
 * The team of src/team with its pthreads engine: up to RUNS runs by WORKERS
 * threads, BARRIERS barriers each, then the word to stop. waiting.pml is how
 * they wait. Checked for all interleavings:
 *
 *	nobody is stuck (no invalid end state): every wait ends, everybody ends;
 *	nobody passes barrier k before all have come to barrier k;
 *	each worker of a run calls its body once, none of the others does, and the
 *	caller's thread returns after them all.
 *
 * What stands for what:
 *
 *	team_begin()	ls_team_begin()
 *	team_work()	ls_team_work(), and the body, which is BARRIERS barriers
 *	team_barrier()	ls_team_barrier(); the addition to `arrived` and the
 *			comparison of its result are one step, since nothing that
 *			others write is read in between
 *	worker		worker_main(), each worker but 0
 *	coordinator	create_workers(), run() as often as the caller likes, stop()
 *
 * A run may be of the team's first workers alone (ls_team_run_first()); the
 * others rest through it.
 *
 * team_begin() is one step: it writes when no body is running and no worker
 * reads what it writes before it has seen `begun`, which comes after.
 *
 * Faults, besides those of waiting.pml:
 *	ONE_TOO_FEW	the barrier opens when all but one have come
 *	NO_RESET	ls_team_begin() leaves `arrived` and `released` as they are
 *	NO_DONE		run() returns without waiting for the workers
 */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef RUNS
#define RUNS 2
#endif
#ifndef BARRIERS
#define BARRIERS 2
#endif

#include "waiting.pml"

/* struct ls_team */
byte n_running;
byte i_run;
bool body; /* not NULL */
byte begun, arrived, released;
/* struct ls_member */
byte done[WORKERS];

/* For the assertions only. */
byte came[WORKERS];  /* barriers of this run that the worker has come to */
byte calls[WORKERS]; /* of its body in this run */
byte n_ended;        /* threads */

inline team_begin(n)
{
	d_step {
		n_running = n;
		i_run++;
#ifndef NO_RESET
		arrived = 0;
		released = 0;
#endif
		i = 0;
		do
		:: i < WORKERS ->
			came[i] = 0;
			calls[i] = 0;
			i++
		:: else -> break
		od;
		i = 0
	}
}

inline assert_all_came()
{
	d_step {
		i = 0;
		do
		:: i < n_running ->
			assert(came[i] >= n_barriers);
			i++
		:: else -> break
		od;
		i = 0
	}
}

inline team_barrier()
{
	atomic {
		n_barriers++;
		came[me]++;
		arrived++;
#ifdef ONE_TOO_FEW
		is_last = (arrived + 1 == n_barriers * n_running)
#else
		is_last = (arrived == n_barriers * n_running)
#endif
	}
	if
	:: is_last ->
		is_last = false;
		publish(PARKING, released, n_barriers)
	:: else -> wait(PARKING, released, n_barriers)
	fi
	assert_all_came()
}

inline team_work()
{
	if
	:: me >= n_running
	:: else ->
		n_barriers = 0;
		do
		:: n_barriers < BARRIERS -> team_barrier()
		:: else -> break
		od;
		atomic {
			calls[me]++;
			n_barriers = 0
		}
	fi
}

proctype worker(byte me)
{
	byte my_run = 1, n_barriers, i;
	bool is_last;

	do
	:: wait(RESTING, begun, my_run);
		if
		:: !body -> break
		:: else
		fi;
		assert(i_run == my_run && calls[me] == 0);
		team_work();
		publish(RESTING, done[me], my_run);
		my_run++
	od;
	n_ended++
}

inline assert_all_called()
{
	d_step {
		i = 0;
		do
		:: i < WORKERS ->
			assert(calls[i] == (i < n_running -> 1 : 0));
			i++
		:: else -> break
		od;
		i = 0
	}
}

inline run_team(n)
{
	body = true;
	team_begin(n);
	publish(RESTING, begun, i_run);
	team_work();
#ifndef NO_DONE
	other = 1;
	do
	:: other < WORKERS ->
		wait(RESTING, done[other], i_run);
		other++
	:: else -> break
	od;
	other = 0;
#endif
	assert_all_called();
	body = false
}

inline stop_team()
{
	team_begin(WORKERS);
	publish(RESTING, begun, i_run);
	n_ended == WORKERS - 1 /* pthread_join() */
}

/* `first` workers run: all, or any smaller number in the last run. */
active proctype coordinator()
{
	byte me, n_barriers, i, other, first = WORKERS;
	bool is_last;
	atomic {
		other = 1;
		do
		:: other < WORKERS ->
			run worker(other);
			other++
		:: else -> break
		od;
		other = 0
	}
	do
	:: i_run < RUNS ->
		if
		:: i_run == RUNS - 1 ->
			do
			:: first > 1 -> first--
			:: break
			od
		:: else
		fi;
		run_team(first)
	:: break
	od;
	stop_team();
	assert(!locked[PARKING] && !locked[RESTING] && n_sleepers[PARKING] == 0 && n_sleepers[RESTING] == 0)
}
