/* SPDX-License-Identifier: MIT
 *
 * The choice of the fastest way, on simulated machines: a made-up clock says
 * how long steps take, and the test sees what is run and what is kept.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arith_tables.h"
#include "train/tuning.h"

#define N_WAYS 5
#define ROWS_A_STEP 10

/* A machine whose ways take step_seconds[way] a step. */
struct machine {
	struct ls_tuning tuning;
	double step_seconds[N_WAYS];
	double warm_up;     /* what the first step of another way takes, in steps; 0: as any other */
	double making;      /* seconds that it takes to make another way's workers */
	uint64_t max_steps; /* that the caller can run in one go, as before an epoch's end; 0: all */
	double noise;       /* steps take up to this part longer */
	uint64_t noise_state;

	double now;
	double seconds[N_WAYS]; /* that each way has run */
	double seconds_making;
	uint64_t n_calls, n_rounds;
	uint64_t most_steps;
	uint32_t last_way;
};

static void add_ways(struct ls_tuning *tuning, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ls_tuning_add(tuning, (struct ls_way){n - i, (int)(i % 2)});
}

/* Way `fastest` takes step_seconds, the others 1.2 times as long and more. */
static struct machine machine_of(uint32_t n_ways, double step_seconds, uint32_t fastest)
{
	struct machine machine = {.last_way = UINT32_MAX};
	add_ways(&machine.tuning, n_ways);
	for (uint32_t i = 0; i < N_WAYS; i++)
		machine.step_seconds[i] = step_seconds * (i == fastest ? 1 : 1.2 + 0.1 * i);
	return machine;
}

static double noisy(struct machine *machine, double seconds)
{
	double part = (double)(next_number(&machine->noise_state) >> 11) * 0x1p-53;
	return seconds * (1 + machine->noise * part);
}

/* The first way's workers are there when a job begins. */
static void make_workers(struct machine *machine, uint32_t way)
{
	if (way == machine->last_way || machine->last_way == UINT32_MAX)
		return;
	machine->now += machine->making;
	machine->seconds_making += machine->making;
	ls_tuning_charge(&machine->tuning, machine->making);
}

/* Runs what is asked for; returns 1 when a round has ended with it. */
static int run_once(struct machine *machine)
{
	struct ls_tuning *tuning = &machine->tuning;
	uint32_t way = tuning->i_way;
	uint64_t n = ls_tuning_steps(tuning);
	cr_assert_geq(n, 1);
	cr_assert_lt(way, tuning->n_ways);
	n = machine->max_steps && machine->max_steps < n ? machine->max_steps : n;

	make_workers(machine, way);
	double steps = (double)n + (way != machine->last_way && machine->warm_up > 0 ? machine->warm_up - 1 : 0);
	double seconds = noisy(machine, steps * machine->step_seconds[way]);
	machine->last_way = way;
	machine->most_steps = n > machine->most_steps ? n : machine->most_steps;
	machine->now += seconds;
	machine->seconds[way] += seconds;
	machine->n_calls++;
	int ended = ls_tuning_record(tuning, n, n * ROWS_A_STEP, seconds);
	machine->n_rounds += (uint64_t)ended;
	return ended;
}

static void run_until(struct machine *machine, double end)
{
	while (machine->now < end)
		run_once(machine);
}

static void run_round(struct machine *machine)
{
	for (uint64_t i = 0; !run_once(machine); i++)
		cr_assert_lt(i, 1000000, "the round does not end");
}

static void expect_way(const struct machine *machine, uint32_t way)
{
	cr_assert_eq(machine->tuning.i_way, way, "way %u instead of %u", machine->tuning.i_way, way);
}

static double share_outside(const struct machine *machine, uint32_t best)
{
	double all = 0;
	for (uint32_t i = 0; i < N_WAYS; i++)
		all += machine->seconds[i];
	return 1 - machine->seconds[best] / all;
}

/* The way that the job goes on with for these seconds, whatever it tries
 * meanwhile. */
static void expect_mostly(struct machine *machine, double seconds, uint32_t way)
{
	memset(machine->seconds, 0, sizeof machine->seconds);
	run_until(machine, machine->now + seconds);
	double share = share_outside(machine, way);
	cr_assert(share <= 0.1, "%g of the time in other ways than %u", share, way);
}

/* ---- The choice ------------------------------------------------------ */

static const double step_lengths[] = {1e-6, 7e-5, 1e-3, 0.03, 0.1, 1.5};
#define N_LENGTHS (sizeof step_lengths / sizeof *step_lengths)

Test(tuning, the_fastest_way_is_kept)
{
	for (size_t length = 0; length < N_LENGTHS; length++)
		for (uint32_t n_ways = 2; n_ways <= N_WAYS; n_ways++)
			for (uint32_t fastest = 0; fastest < n_ways; fastest++) {
				struct machine machine = machine_of(n_ways, step_lengths[length], fastest);
				expect_way(&machine, 0);
				run_round(&machine);
				expect_way(&machine, fastest);
				expect_mostly(&machine, 3 * machine.now + 1, fastest);
			}
}

Test(tuning, rates_are_those_of_the_ways)
{
	struct machine machine = machine_of(4, 1e-4, 2);
	run_round(&machine);
	for (uint32_t i = 0; i < 4; i++) {
		double rate = ROWS_A_STEP / machine.step_seconds[i];
		cr_assert(fabs(machine.tuning.rates[i] - rate) <= 1e-9 * rate, "way %u: %g instead of %g", i,
		          machine.tuning.rates[i], rate);
	}
}

/* Two ways a few parts in a thousand apart are told apart without noise. */
Test(tuning, small_differences_count)
{
	struct machine machine = machine_of(3, 1e-4, 1);
	machine.step_seconds[0] = machine.step_seconds[2] = 1.003e-4;
	run_round(&machine);
	expect_way(&machine, 1);
}

Test(tuning, ways_beyond_the_most_are_left_out)
{
	struct ls_tuning tuning = {0};
	add_ways(&tuning, LS_WAYS_MAX + 3);
	cr_assert_eq(tuning.n_ways, LS_WAYS_MAX);
	cr_assert_eq(tuning.ways[0].n_workers, LS_WAYS_MAX + 3);
	cr_assert_eq(tuning.ways[LS_WAYS_MAX - 1].n_workers, 4);
}

Test(tuning, with_one_way_there_is_nothing_to_choose)
{
	struct machine machine = machine_of(1, 1e-4, 0);
	cr_assert_geq(ls_tuning_steps(&machine.tuning), UINT64_C(1) << 32, "the run is cut");
	machine.max_steps = 1000;
	for (int i = 0; i < 10000; i++)
		cr_assert_not(run_once(&machine));
	expect_way(&machine, 0);
}

/* ---- Trials ---------------------------------------------------------- */

Test(tuning, slow_steps_are_tried_by_few_and_fast_ones_by_many)
{
	struct machine slow = machine_of(3, 0.1, 1), fast = machine_of(3, 1e-6, 1);
	run_round(&slow);
	cr_assert_leq(slow.most_steps, 2);
	/* Three ways, twice: a warm step and one that counts. */
	cr_assert_leq(slow.now, 3 * 2 * 2 * 0.15);
	run_round(&fast);
	cr_assert_geq(fast.most_steps, 1000);
	cr_assert_leq(fast.n_calls, 3 * 2 * 5, "%llu calls", (unsigned long long)fast.n_calls);
	cr_assert(fast.now > 0.001 && fast.now < 0.2, "%g s", fast.now);
}

/* A trial must not go on for long because of what the steps before took. */
Test(tuning, a_trial_of_fast_steps_takes_milliseconds)
{
	for (uint32_t fastest = 0; fastest < 3; fastest++) {
		struct machine machine = machine_of(3, 1e-6, fastest);
		machine.warm_up = 2000;
		run_round(&machine);
		expect_way(&machine, fastest);
		for (uint32_t i = 0; i < 3; i++)
			cr_assert(machine.seconds[i] < 0.05, "way %u: %g s", i, machine.seconds[i]);
	}
}

Test(tuning, the_first_step_of_a_trial_does_not_count)
{
	struct machine machine = machine_of(4, 1e-4, 3);
	machine.warm_up = 200;
	run_round(&machine);
	expect_way(&machine, 3);
	for (uint32_t i = 0; i < 4; i++) {
		double rate = ROWS_A_STEP / machine.step_seconds[i];
		cr_assert(fabs(machine.tuning.rates[i] - rate) <= 1e-9 * rate, "way %u", i);
	}
}

Test(tuning, a_settled_job_runs_long_stretches)
{
	struct machine machine = machine_of(3, 1e-6, 1);
	run_round(&machine);
	uint64_t n_calls = machine.n_calls;
	run_until(&machine, machine.now + 4);
	cr_assert_leq(machine.n_calls - n_calls, 400, "%llu interruptions",
	              (unsigned long long)(machine.n_calls - n_calls));
}

Test(tuning, what_is_far_behind_gets_no_second_trial)
{
	struct machine machine = machine_of(4, 1e-4, 1);
	uint32_t n_trials[4] = {0}, last = UINT32_MAX;
	machine.step_seconds[0] = machine.step_seconds[3] = 5e-4;
	machine.step_seconds[2] = 1.1e-4;
	for (int ended = 0; !ended; last = machine.last_way) {
		ended = run_once(&machine);
		n_trials[machine.last_way] += machine.last_way != last;
	}
	cr_assert_eq(n_trials[0], 1);
	cr_assert_eq(n_trials[1], 2);
	cr_assert_eq(n_trials[2], 2);
	cr_assert_eq(n_trials[3], 1);
	expect_way(&machine, 1);
}

/* Every trial of the first turn takes a quarter longer for the fastest way. */
Test(tuning, a_noisy_first_trial_does_not_decide)
{
	for (uint32_t fastest = 0; fastest < 4; fastest++) {
		struct machine machine = machine_of(4, 1e-4, fastest);
		uint32_t n_trials = 0, last = UINT32_MAX;
		for (int ended = 0; !ended; last = machine.last_way) {
			machine.step_seconds[fastest] = n_trials < 2 && machine.tuning.i_way == fastest ? 1.3e-4 : 1e-4;
			ended = run_once(&machine);
			n_trials += machine.last_way == fastest && last != fastest;
			if (machine.last_way != fastest && n_trials == 1)
				n_trials = 2;
		}
		expect_way(&machine, fastest);
	}
}

/* Epochs end in the middle of what is asked for. */
Test(tuning, short_epochs_do_not_change_the_choice)
{
	for (uint64_t max_steps = 1; max_steps <= 7; max_steps++)
		for (uint32_t fastest = 0; fastest < 4; fastest++) {
			struct machine machine = machine_of(4, 3e-4, fastest);
			machine.max_steps = max_steps;
			run_round(&machine);
			expect_way(&machine, fastest);
			expect_mostly(&machine, 20, fastest);
		}
}

/* ---- Another machine after a while ------------------------------------ */

Test(tuning, a_slowdown_by_half_leads_to_the_now_fastest_way)
{
	for (size_t length = 0; length < N_LENGTHS; length++) {
		double step = step_lengths[length];
		struct machine machine = machine_of(4, step, 1);
		run_round(&machine);
		run_until(&machine, machine.now + 1);
		expect_way(&machine, 1);
		machine.step_seconds[1] *= 2;
		run_until(&machine, machine.now + 2 + 30 * step);
		cr_assert_eq(machine.n_rounds, 2);
		expect_mostly(&machine, 2 + 10 * step, 0);
	}
}

Test(tuning, a_job_that_became_faster_is_looked_at_again)
{
	struct machine machine = machine_of(4, 1e-4, 1);
	run_round(&machine);
	for (uint32_t i = 0; i < 4; i++)
		machine.step_seconds[i] = i == 2 ? 2e-5 : 5e-5;
	run_until(&machine, machine.now + 3);
	expect_mostly(&machine, 3, 2);
}

Test(tuning, one_short_disturbance_starts_no_round)
{
	struct machine machine = machine_of(4, 1e-4, 1);
	run_round(&machine);
	run_until(&machine, machine.now + 1);
	while (ls_tuning_steps(&machine.tuning) < 100)
		run_once(&machine); /* the first of a stretch */
	machine.step_seconds[1] *= 3;
	run_once(&machine);
	machine.step_seconds[1] /= 3;
	run_until(&machine, machine.now + 2);
	cr_assert_eq(machine.n_rounds, 1);
}

/* The speed of the present way says nothing of the others'. */
Test(tuning, a_way_that_becomes_the_fastest_is_found)
{
	struct machine machine = machine_of(4, 1e-4, 1);
	run_round(&machine);
	run_until(&machine, machine.now + 1);
	machine.step_seconds[3] = 0.5e-4;
	run_until(&machine, machine.now + 10);
	expect_mostly(&machine, 5, 3);
}

/* ---- What it costs ---------------------------------------------------- */

Test(tuning, an_hour_is_spent_in_the_best_way)
{
	for (size_t length = 0; length < N_LENGTHS; length++)
		for (uint32_t fastest = 0; fastest < N_WAYS; fastest++) {
			struct machine machine = machine_of(N_WAYS, step_lengths[length], fastest);
			machine.step_seconds[(fastest + 1) % N_WAYS] *= 8;
			run_until(&machine, 3600);
			double share = share_outside(&machine, fastest);
			cr_assert(share <= 0.016, "steps of %g s: %g outside", step_lengths[length], share);
			/* By rounds of half a minute an hour is not a long time. */
			cr_assert(machine.n_rounds > 1 || step_lengths[length] > 1, "never tried again");
		}
}

/* However long it takes to make workers: of the time from one round's end on, trials
 * and what they are made with take a hundredth. */
Test(tuning, making_workers_is_a_part_of_the_hundredth)
{
	static const double making[] = {0, 0.001, 0.02, 0.5};
	for (size_t i = 0; i < sizeof making / sizeof *making; i++)
		for (uint32_t fastest = 0; fastest < N_WAYS; fastest++) {
			struct machine machine = machine_of(N_WAYS, 1e-4, fastest);
			machine.making = making[i];
			run_round(&machine);
			run_once(&machine);
			double began = machine.now;
			memset(machine.seconds, 0, sizeof machine.seconds);
			machine.seconds_making = 0;
			run_until(&machine, began + 7200);
			double all = machine.now - began, elsewhere = all - machine.seconds[fastest];
			cr_assert(elsewhere <= 0.01 * all, "%g s to make workers: %g of the time", making[i],
			          elsewhere / all);
			cr_assert_gt(machine.n_rounds, 5, "never tried again");
		}
}

Test(tuning, making_workers_is_no_part_of_a_ways_speed)
{
	struct machine machine = machine_of(4, 1e-4, 2);
	machine.making = 0.1;
	run_round(&machine);
	expect_way(&machine, 2);
	for (uint32_t i = 0; i < 4; i++) {
		double rate = ROWS_A_STEP / machine.step_seconds[i];
		cr_assert(fabs(machine.tuning.rates[i] - rate) <= 1e-9 * rate, "way %u", i);
	}
	run_until(&machine, machine.now + 4);
	cr_assert_eq(machine.n_rounds, 1, "it was taken for another speed");
}

/* Stretches that take up to a tenth longer are no other speed. */
Test(tuning, noise_does_not_make_it_restless)
{
	struct machine machine = machine_of(4, 1e-4, 2);
	machine.noise = 0.1;
	machine.noise_state = 5;
	run_until(&machine, 3600);
	double share = share_outside(&machine, 2);
	cr_assert(share <= 0.015, "%g outside", share);
	cr_assert_leq(machine.n_rounds, 3600 / 5 + 1);
}

/* ---- Clocks that misbehave -------------------------------------------- */

static void expect_sane(const struct ls_tuning *tuning)
{
	cr_assert_lt(tuning->i_way, tuning->n_ways);
	cr_assert_geq(ls_tuning_steps(tuning), 1);
	for (uint32_t i = 0; i < tuning->n_ways; i++)
		cr_assert(isfinite(tuning->rates[i]) && tuning->rates[i] >= 0);
}

/* Before a round, in it, and after it. */
static void with_jumps(double seconds, uint32_t n_jumps)
{
	for (uint32_t before = 0; before < 60; before++) {
		struct machine machine = machine_of(3, 1e-3, 1);
		machine.max_steps = 100;
		for (uint32_t i = 0; i < before; i++)
			run_once(&machine);
		for (uint32_t i = 0; i < n_jumps; i++) {
			uint64_t n = ls_tuning_steps(&machine.tuning);
			n = n < machine.max_steps ? n : machine.max_steps;
			ls_tuning_record(&machine.tuning, n, n * ROWS_A_STEP, seconds);
			expect_sane(&machine.tuning);
		}
		run_until(&machine, machine.now + 10);
		expect_sane(&machine.tuning);
		expect_mostly(&machine, 5, 1);
	}
}

Test(tuning, a_clock_that_stands_still_does_no_harm)
{
	with_jumps(0, 1000);
}

Test(tuning, a_clock_that_jumps_back_does_no_harm)
{
	with_jumps(-0.002, 1);
	with_jumps(-1, 1);
	with_jumps(-1e-9, 100);
}

Test(tuning, a_clock_of_tiny_differences_does_no_harm)
{
	with_jumps(1e-300, 10);
	with_jumps(1e-12, 100);
}
