/* SPDX-License-Identifier: MIT
 *
 * Blocks of a scaling study on a simulated machine, whose runner makes up times and fingerprints: in what order
 * levels run, when it is enough, and that one bit of another fingerprint ends the study. Then what limits a
 * series, from figures made by hand.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "scale/study/scale.h"

TestSuite(scaling_blocks);

#define N_SERIES 2
#define N_LEVELS 3
#define RUNS_MAX 4096

/* A study of 2 series with 1, 2 and 4 workers, and the machine that it runs on. */
struct machine {
	struct ls_scale scale;
	struct ls_scale_result *result;
	struct lockstep_scaling_study_options options;
	double noise;      /* runs take up to this part longer, in turn */
	size_t broken_run; /* the run whose fingerprint differs, from 1; 0: none */
	size_t stop_at;    /* on_progress says so before this run, from 1; 0: never */
	size_t n_runs, n_told;
	uint32_t workers[RUNS_MAX]; /* of every run */
	size_t series[RUNS_MAX];
};

static int on_progress(const struct lockstep_scaling_progress *progress, void *context)
{
	struct machine *machine = context;
	cr_assert_eq(progress->stage, LOCKSTEP_SCALING_BLOCKS);
	cr_assert_eq(progress->n_runs, machine->n_runs);
	cr_assert_leq(progress->n_runs, progress->n_runs_max);
	machine->n_told++;
	return machine->stop_at == machine->n_runs + 1;
}

/* A level takes 1 s / workers a step, and some noise. */
static lockstep_status run(void *context, const struct lockstep_scaling_series *series,
                           const struct lockstep_scaling_level *level, double *seconds, char fingerprint[65],
                           lockstep_error *error)
{
	struct machine *machine = context;
	(void)error;
	machine->workers[machine->n_runs] = level->workers;
	machine->series[machine->n_runs] = (size_t)(series - machine->scale.study->series);
	machine->n_runs++;
	double slower = 1 + machine->noise * (double)(machine->n_runs % 7) / 6;
	*seconds = (double)series->steps * slower / level->workers;
	memset(fingerprint, '0' + (int)(level->batch % 10), 64);
	fingerprint[64] = '\0';
	if (machine->n_runs == machine->broken_run)
		fingerprint[63] ^= 1;
	return LOCKSTEP_OK;
}

static void setup(struct machine *machine, enum lockstep_scaling_kind kind)
{
	*machine = (struct machine){.options = LOCKSTEP_SCALING_STUDY_OPTIONS_INIT};
	machine->result = ls_memory_allocate(1, sizeof *machine->result);
	machine->options.on_progress = on_progress;
	machine->options.context = machine;
	machine->scale = (struct ls_scale){
	    .options = &machine->options, .result = machine->result, .study = &machine->result->study};
	struct lockstep_scaling_study *study = machine->scale.study;
	study->kind = kind;
	study->n = N_SERIES;
	study->series = ls_scale_allocate(&machine->scale, N_SERIES, sizeof *study->series);
	for (size_t i = 0; i < N_SERIES; i++) {
		struct lockstep_scaling_series *series = &study->series[i];
		series->setting = (struct lockstep_scaling_setting){
		    .bind = i ? "spread" : "close", .batch = 8, .split = LOCKSTEP_SPLIT_ROWS};
		series->steps = 10;
		series->n = N_LEVELS + 1;
		series->levels = ls_scale_allocate(&machine->scale, series->n, sizeof *series->levels);
		for (uint32_t k = 0; k < N_LEVELS; k++)
			series->levels[k] = (struct lockstep_scaling_level){
			    .workers = 1u << k, .batch = kind ? 8u << k : 8, .slices = 8, .measured_in = i};
		series->levels[N_LEVELS] = (struct lockstep_scaling_level){.workers = 8, .excluded = "left out"};
	}
	machine->scale.progress.n_levels = N_SERIES * N_LEVELS;
}

static lockstep_status measure(struct machine *machine, lockstep_error *error)
{
	return ls_scale_blocks(&machine->scale, run, machine, error);
}

static void measure_well(struct machine *machine)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(measure(machine, &error), LOCKSTEP_OK, "%s", error.message);
}

static void teardown(struct machine *machine)
{
	lockstep_scaling_study_destroy(machine->scale.study);
}

/* ---- Order ----------------------------------------------------------------- */

Test(scaling_blocks, a_block_has_every_level_once_in_an_order_of_its_own)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.options.blocks_min = machine.options.blocks_max = 40;
	measure_well(&machine);
	cr_assert_eq(machine.n_runs, 40 * 6);
	cr_assert_eq(machine.n_told, machine.n_runs);
	size_t n_like_the_first = 0;
	for (size_t block = 0; block < 40; block++) {
		uint32_t order[6], seen = 0;
		lockstep_scaling_order(1, (uint32_t)block, 6, order);
		for (size_t i = 0; i < 6; i++) {
			size_t at = block * 6 + i;
			cr_assert_eq(machine.series[at], order[i] / 3);
			cr_assert_eq(machine.workers[at], 1u << order[i] % 3);
			seen |= 1u << order[i];
		}
		cr_assert_eq(seen, 63);
		n_like_the_first += !memcmp(machine.workers, &machine.workers[block * 6], sizeof order);
	}
	cr_assert_lt(n_like_the_first, 20, "orders are alike");
	teardown(&machine);
}

Test(scaling_blocks, measurements_are_seconds_of_a_step_in_the_order_of_the_blocks)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.noise = 0.01;
	machine.options.blocks_min = machine.options.blocks_max = 9;
	measure_well(&machine);
	const struct lockstep_scaling_level *level = &machine.scale.study->series[1].levels[2];
	cr_assert_eq(level->n, 9);
	size_t n = 0;
	for (size_t i = 0; i < machine.n_runs; i++)
		if (machine.series[i] == 1 && machine.workers[i] == 4) {
			double slower = 1 + 0.01 * (double)((i + 1) % 7) / 6;
			cr_assert_float_eq(level->seconds[n], slower / 4, 1e-12);
			n++;
		}
	cr_assert_eq(n, 9);
	cr_assert_float_eq(level->samples_per_second, 8 / level->step.median, 1e-9);
	teardown(&machine);
}

Test(scaling_blocks, the_same_run_in_two_series_is_measured_once)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.noise = 0.01;
	machine.options.blocks_min = machine.options.blocks_max = 7;
	machine.scale.study->series[1].levels[0].measured_in = 0;
	machine.scale.progress.n_levels--;
	measure_well(&machine);
	ls_scale_share(machine.scale.study);
	cr_assert_eq(machine.n_runs, 7 * 5);
	for (size_t i = 0; i < machine.n_runs; i++)
		cr_assert(machine.series[i] == 0 || machine.workers[i] > 1);
	const struct lockstep_scaling_level *first = &machine.scale.study->series[0].levels[0],
					    *second = &machine.scale.study->series[1].levels[0];
	cr_assert(second->n == 7 && second->seconds == first->seconds && second->step.median == first->step.median);
	cr_assert_str_eq(second->fingerprint, first->fingerprint);
	cr_assert_eq(machine.scale.study->series[1].levels[1].measured_in, 1);
	teardown(&machine);
}

/* ---- When it is enough ----------------------------------------------------- */

Test(scaling_blocks, precise_levels_end_it_at_the_least_number_of_blocks)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.noise = 0.01;
	measure_well(&machine);
	cr_assert_eq(machine.scale.study->outcome, LOCKSTEP_SCALING_PRECISE);
	cr_assert_eq(machine.scale.study->n_blocks, 10);
	for (size_t i = 0; i < N_SERIES; i++)
		for (size_t k = 0; k < N_LEVELS; k++)
			cr_assert(machine.scale.study->series[i].levels[k].is_precise);
	teardown(&machine);
}

Test(scaling_blocks, few_blocks_are_never_precise)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.options.blocks_min = 1;
	measure_well(&machine);
	cr_assert_eq(machine.scale.study->outcome, LOCKSTEP_SCALING_PRECISE);
	cr_assert_eq(machine.scale.study->n_blocks, 6, "%u blocks have no interval", machine.scale.study->n_blocks);
	teardown(&machine);
}

Test(scaling_blocks, noise_goes_on_to_the_most_blocks)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.noise = 0.5;
	measure_well(&machine);
	cr_assert_eq(machine.scale.study->outcome, LOCKSTEP_SCALING_BLOCKS_UP);
	cr_assert_eq(machine.scale.study->n_blocks, 50);
	cr_assert(!machine.scale.study->series[0].levels[0].is_precise);
	teardown(&machine);
}

Test(scaling_blocks, time_that_is_up_ends_it_after_a_whole_block)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.options.seconds = 1e-9;
	measure_well(&machine);
	cr_assert_eq(machine.scale.study->outcome, LOCKSTEP_SCALING_TIME_UP);
	cr_assert_eq(machine.scale.study->n_blocks, 1);
	cr_assert_eq(machine.n_runs, 6);
	cr_assert(isnan(machine.scale.study->series[0].levels[0].step.low));
	teardown(&machine);
}

Test(scaling_blocks, a_study_that_is_stopped_has_its_whole_blocks)
{
	struct machine machine;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.stop_at = 3 * 6 + 4;
	measure_well(&machine);
	cr_assert_eq(machine.scale.study->outcome, LOCKSTEP_SCALING_STOPPED);
	cr_assert_eq(machine.scale.study->n_blocks, 3);
	cr_assert_eq(machine.n_runs, 3 * 6 + 3);
	for (size_t k = 0; k < N_LEVELS; k++)
		cr_assert_eq(machine.scale.study->series[1].levels[k].n, 3);
	teardown(&machine);
}

Test(scaling_blocks, stopped_in_its_first_block_it_has_nothing)
{
	struct machine machine;
	lockstep_error error;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.stop_at = 6;
	cr_assert_eq(measure(&machine, &error), LOCKSTEP_STOPPED);
	cr_assert_str_eq(error.message, "the study was stopped before its first block was whole");
	teardown(&machine);
}

/* ---- Fingerprints ---------------------------------------------------------- */

/* Whichever run differs, by one bit, is found at once, and named. */
Test(scaling_blocks, another_fingerprint_fails_the_study_and_names_the_level)
{
	for (size_t broken = 2; broken <= 30; broken++) {
		struct machine machine;
		lockstep_error error;
		char start[96];
		setup(&machine, LOCKSTEP_SCALING_STRONG);
		machine.broken_run = broken;
		cr_assert_eq(measure(&machine, &error), LOCKSTEP_ERROR_SYSTEM);
		cr_assert_eq(machine.n_runs, broken);
		snprintf(start, sizeof start,
		         "%u worker%s (bind %s, engine pthreads, split rows) ended with fingerprint 8888",
		         machine.workers[broken - 1], machine.workers[broken - 1] == 1 ? "" : "s",
		         machine.series[broken - 1] ? "spread" : "close");
		cr_assert_eq(strncmp(error.message, start, strlen(start)), 0, "%s", error.message);
		cr_assert(strstr(error.message, "the same job has to give the same bits"), "%s", error.message);
		teardown(&machine);
	}
}

Test(scaling_blocks, the_first_run_of_all_may_be_the_wrong_one)
{
	struct machine machine;
	lockstep_error error;
	setup(&machine, LOCKSTEP_SCALING_STRONG);
	machine.broken_run = 1;
	cr_assert_eq(measure(&machine, &error), LOCKSTEP_ERROR_SYSTEM);
	cr_assert_eq(machine.n_runs, 2);
	teardown(&machine);
}

/* Levels of a weak study are jobs of their own: they agree with themselves and with those of the other series. */
Test(scaling_blocks, weak_levels_agree_with_their_own_job_only)
{
	struct machine machine;
	lockstep_error error;
	setup(&machine, LOCKSTEP_SCALING_WEAK);
	machine.options.blocks_min = machine.options.blocks_max = 2;
	measure_well(&machine);
	const struct lockstep_scaling_series *series = machine.scale.study->series;
	for (size_t k = 0; k < N_LEVELS; k++)
		cr_assert_str_eq(series[0].levels[k].fingerprint, series[1].levels[k].fingerprint);
	cr_assert_str_neq(series[0].levels[0].fingerprint, series[0].levels[1].fingerprint);
	teardown(&machine);

	setup(&machine, LOCKSTEP_SCALING_WEAK);
	machine.broken_run = 7; /* the second block's first */
	cr_assert_eq(measure(&machine, &error), LOCKSTEP_ERROR_SYSTEM);
	teardown(&machine);
}

/* ---- Weak shapes ----------------------------------------------------------- */

Test(scaling_blocks, weak_levels_keep_the_length_of_slices)
{
	static const uint32_t known[][5] = {
	    /* rows and slices of one worker, workers, slices, rows */
	    {10, 2, 1, 2, 10},
	    {10, 2, 2, 4, 20},
	    {10, 2, 3, 8, 30},
	    {10, 2, 4, 8, 40},
	    {32, 4, 16, 64, 512},
	    {1, 1, 3, 2, 3},
	    {3, 2, 5, 8, 15},
	    {1, 1, 1, 1, 1},
	    {2, 2, 7, 8, 14},
	    {512, 16, 128, 2048, 65536},
	    {4096, 128, 4096, 65536, 16777216},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		uint64_t batch;
		uint32_t slices;
		ls_scale_weak(known[i][0], known[i][1], known[i][2], &batch, &slices);
		cr_assert(batch == known[i][4] && slices == known[i][3], "case %zu: %llu rows, %u slices", i,
		          (unsigned long long)batch, slices);
	}
}

/* ---- What limits a series -------------------------------------------------- */

struct made {
	struct lockstep_scaling_series series;
	struct lockstep_scaling_level levels[2];
	struct ls_scale_room room;
};

/* One worker and eight. A lone worker computes for 8 ms, of which 2 are for gradients; of eight each takes
 * `compute` and `reduction` ms and waits for the rest; its shard has 1 / balance times as much at most. */
static void make(struct made *made, double compute, double reduction, double wait, double balance)
{
	*made = (struct made){.room = {.places = 16, .n_rows = 60000}};
	made->series = (struct lockstep_scaling_series){.n = 2, .levels = made->levels, .fastest = 1, .enough = 1};
	for (int k = 0; k < 2; k++) {
		struct lockstep_scaling_level *level = &made->levels[k];
		struct lockstep_scaling_phases *phases = &level->phases;
		*level =
		    (struct lockstep_scaling_level){.workers = k ? 8 : 1, .batch = 128, .slices = 16, .has_phases = 1};
		phases->mean[LOCKSTEP_PHASE_FORWARD] = k ? compute : 6;
		phases->mean[LOCKSTEP_PHASE_GRADIENT] = k ? reduction : 2;
		phases->mean[LOCKSTEP_PHASE_WAIT] = k ? wait : 0;
		phases->compute_mean = k ? compute + reduction : 8;
		phases->balance = k ? balance : 1;
		phases->compute_max = phases->compute_mean / phases->balance;
	}
	double speedup = 8 / (compute + reduction + wait);
	made->levels[0].figures.speedup.value = made->levels[0].figures.efficiency.value = 1;
	made->levels[1].figures.speedup.value = speedup;
	made->levels[1].figures.efficiency.value = speedup / 8;
}

static void add_roofs(struct made *made, double peak, double gigabytes)
{
	for (int k = 0; k < 2; k++) {
		made->levels[k].has_roofline = 1;
		made->levels[k].roofline = (struct lockstep_scaling_roofline){.gflops = 10,
		                                                              .peak_gflops = k ? peak : 100,
		                                                              .gigabytes = k ? gigabytes : 5,
		                                                              .peak_gigabytes = k ? 60 : 20,
		                                                              .cache_bytes = 1 << 20};
	}
}

static const struct lockstep_scaling_limit *limit_of(struct made *made)
{
	ls_scale_limit(&made->series, LOCKSTEP_SCALING_STRONG, &made->room);
	cr_assert_lt(strlen(made->series.limit.text), sizeof made->series.limit.text - 1);
	return &made->series.limit;
}

static void expect_limit(struct made *made, enum lockstep_scaling_obstacle obstacle, double share)
{
	const struct lockstep_scaling_limit *limit = limit_of(made);
	cr_assert_str_eq(lockstep_scaling_obstacle_name(limit->obstacle), lockstep_scaling_obstacle_name(obstacle));
	cr_assert(fabs(limit->share - share) < 1e-9, "share %g: %s", limit->share, limit->text);
}

Test(scaling_blocks, obstacles_are_what_grew_most)
{
	struct made made;
	make(&made, 0.75, 0.25, 0, 1);
	expect_limit(&made, LOCKSTEP_SCALING_NOTHING, 0);
	make(&made, 1.5, 0.25, 0, 1);
	expect_limit(&made, LOCKSTEP_SCALING_COMPUTE, 1);
	make(&made, 0.75, 1, 0, 1);
	expect_limit(&made, LOCKSTEP_SCALING_REDUCTION, 1);
	make(&made, 0.75, 0.25, 1, 1);
	expect_limit(&made, LOCKSTEP_SCALING_WAITING, 1);
	make(&made, 0.75, 0.25, 1, 0.5);
	expect_limit(&made, LOCKSTEP_SCALING_IMBALANCE, 1);
	make(&made, 0.75, 0.25, 1, 0.8); /* a quarter of the waiting is for the longest shard */
	expect_limit(&made, LOCKSTEP_SCALING_WAITING, 0.75);
	make(&made, 0.75, 0.75, 1, 1);
	expect_limit(&made, LOCKSTEP_SCALING_WAITING, 1 / 1.5);
}

Test(scaling_blocks, roofs_say_why_computing_grew)
{
	struct made made;
	make(&made, 1.5, 0.5, 0, 1);
	add_roofs(&made, 800, 50);
	expect_limit(&made, LOCKSTEP_SCALING_MEMORY, 1);
	made.levels[1].roofline.cache_bytes = 0; /* not known */
	expect_limit(&made, LOCKSTEP_SCALING_COMPUTE, 0.75);
	add_roofs(&made, 800, 30);
	expect_limit(&made, LOCKSTEP_SCALING_COMPUTE, 0.75);
	add_roofs(&made, 400, 30); /* half the clock: all that grew */
	expect_limit(&made, LOCKSTEP_SCALING_CLOCK, 1);
	add_roofs(&made, 640, 30); /* a quarter longer, of what is twice as long */
	expect_limit(&made, LOCKSTEP_SCALING_COMPUTE, 0.75 * 0.75);
}

/* A peak that was probed in a bad moment is no proof: a lower clock makes all arithmetic longer. */
Test(scaling_blocks, the_clock_is_not_blamed_for_what_did_not_become_longer)
{
	struct made made;
	make(&made, 1.5, 0.25, 0.25, 1); /* the gradient takes as long as before */
	add_roofs(&made, 400, 30);
	expect_limit(&made, LOCKSTEP_SCALING_COMPUTE, 0.75);
	make(&made, 1.5, 0.3, 0.2, 1); /* and now a fifth longer: 1.2 of the 6 and 0.4 of the 2 ms are the clock's */
	add_roofs(&made, 400, 30);
	expect_limit(&made, LOCKSTEP_SCALING_COMPUTE, (6 - 1.2) / 8);
	make(&made, 1.5, 0.5, 0, 1);
	made.levels[0].phases.mean[LOCKSTEP_PHASE_BACKWARD] = 0.08;
	made.levels[1].phases.mean[LOCKSTEP_PHASE_BACKWARD] = 0.01; /* as long as before */
	add_roofs(&made, 400, 30);
	expect_limit(&made, LOCKSTEP_SCALING_COMPUTE, 0.75);
}

Test(scaling_blocks, without_phases_the_obstacle_is_unknown)
{
	struct made made;
	make(&made, 1.5, 0.5, 0, 1);
	made.levels[1].has_phases = 0;
	expect_limit(&made, LOCKSTEP_SCALING_UNKNOWN, 0);
}

Test(scaling_blocks, the_next_worker_needs_rows_a_core_and_a_share)
{
	struct made made;
	make(&made, 0.75, 0.25, 0, 1);
	cr_assert_eq(limit_of(&made)->end, LOCKSTEP_SCALING_OPEN);
	made.room.places = 8;
	cr_assert_eq(limit_of(&made)->end, LOCKSTEP_SCALING_CORES);
	made.room.quota = 8.5;
	cr_assert_eq(limit_of(&made)->end, LOCKSTEP_SCALING_QUOTA);
	made.levels[1].slices = 8;
	cr_assert_eq(limit_of(&made)->end, LOCKSTEP_SCALING_SLICES);
	cr_assert_str_eq(made.series.limit.text, "8 workers are 8.00 times as fast as 1, an efficiency of 100 %. "
	                                         "One worker more would have no rows: the job has 8 slices.");
}

/* ---- In words -------------------------------------------------------------- */

static void expect_text(struct made *made, enum lockstep_scaling_kind kind, const char *text)
{
	ls_scale_limit(&made->series, kind, &made->room);
	cr_assert_str_eq(made->series.limit.text, text);
}

static void expect_cause(struct made *made, const char *text)
{
	char whole[640];
	snprintf(whole, sizeof whole,
	         "8 workers are 4.00 times as fast as 1, an efficiency of 50 %%. Of the 50 %% "
	         "that are lost, %s.",
	         text);
	expect_text(made, LOCKSTEP_SCALING_STRONG, whole);
}

Test(scaling_blocks, every_cause_has_its_words)
{
	struct made made;
	make(&made, 1.75, 0.25, 0, 1);
	expect_cause(&made, "100 % is shards of 16 rows, on which a core computes more slowly than on the baseline's");
	made.series.setting.split = LOCKSTEP_SPLIT_UNITS;
	expect_cause(&made, "100 % is what every worker computes for all rows, however many there are");
	make(&made, 0.75, 1.25, 0, 1);
	expect_cause(&made, "100 % is summing gradients and updating parameters");
	make(&made, 0.75, 0.25, 1, 1);
	expect_cause(&made, "100 % is waiting for each other, which takes 50 % of a step");
	make(&made, 1.5, 0.5, 0, 1);
	add_roofs(&made, 800, 50);
	expect_cause(&made, "100 % is memory bandwidth: a step moves 50 GB/s, and the cores stream 60");
	add_roofs(&made, 400, 5);
	expect_cause(&made, "100 % is cores that are slower when all compute (50 GFLOP/s a core at the peak)");
	made.room.is_smt = 1;
	expect_cause(&made, "100 % is hardware threads that share cores, or a lower clock (50 GFLOP/s a worker at the "
	                    "peak)");
	make(&made, 1.35, 0.65, 0, 1);
	expect_cause(&made,
	             "60 % is shards of 16 rows, on which a core computes more slowly than on the baseline's, and "
	             "40 % summing gradients and updating parameters");
}

Test(scaling_blocks, shards_are_called_longest_where_they_differ)
{
	struct made made;
	make(&made, 0.75, 0.25, 1, 0.5);
	expect_cause(&made, "100 % is waiting for a worker that was slower than the others (load balance 0.50)");
	made.levels[1].slices = 12;
	expect_cause(&made,
	             "100 % is waiting for the worker with the longest shard (load balance 0.50; 12 slices over 8 "
	             "workers)");
	made.series.setting.split = LOCKSTEP_SPLIT_UNITS;
	expect_cause(&made, "100 % is waiting for a worker that was slower than the others (load balance 0.50)");
	make(&made, 1.75, 0.25, 0, 1);
	made.levels[0].slices = made.levels[1].slices = 12; /* of 11 rows, 4 of them; two slices are longest */
	made.levels[0].batch = made.levels[1].batch = 124;
	expect_cause(&made, "100 % is shards of 22 rows, on which a core computes more slowly than on the baseline's");
}

Test(scaling_blocks, what_the_phases_do_not_show_is_said)
{
	struct made made;
	make(&made, 0.775, 0.25, 0.975, 1); /* 8 ms that they show */
	made.levels[0].step.median = 8;
	made.levels[1].step.median = 5; /* and 32 that were lost */
	expect_limit(&made, LOCKSTEP_SCALING_UNKNOWN, 0.75);
	cr_assert(strstr(made.series.limit.text,
	                 "75 % is not in the phases, which were measured in a run of their own, and "
	                 "24 % waiting for each other"),
	          "%s", made.series.limit.text);
}

Test(scaling_blocks, a_loss_within_the_noise_is_none)
{
	struct made made;
	make(&made, 1.75, 0.25, 0, 1);
	made.levels[1].figures.efficiency.high = 1.021;
	expect_text(&made, LOCKSTEP_SCALING_STRONG,
	            "8 workers are 4.00 times as fast as 1, an efficiency of 50 %, which may be noise: its interval "
	            "reaches 102 %.");
	cr_assert_eq(made.series.limit.obstacle, LOCKSTEP_SCALING_NOTHING);
	made.levels[1].figures.efficiency.value = 1.25;
	made.levels[1].figures.speedup.value = 10;
	expect_text(&made, LOCKSTEP_SCALING_STRONG, "8 workers are 10.00 times as fast as 1, an efficiency of 125 %.");
}

/* Eight times the rows, and the shards are those of the baseline. */
Test(scaling_blocks, weak_studies_do_more_in_a_time)
{
	struct made made;
	make(&made, 12, 4, 0, 1);
	made.levels[0].slices = 2;
	made.levels[1].batch = 1024;
	made.levels[1].slices = 16;
	made.series.setting.batch = 128;
	made.levels[1].figures.speedup.value = 4;
	made.levels[1].figures.efficiency.value = 0.5;
	const char *more =
	    "8 workers do 4.00 times as much in a time as 1, an efficiency of 50 %. Of the 50 % that are lost, 75 % "
	    "is computing that takes longer than the baseline's of as many rows: caches and memory are shared, "
	    "and 25 % summing gradients and updating parameters.";
	expect_text(&made, LOCKSTEP_SCALING_WEAK, more);
	char text[640];
	made.room.n_rows = 1151;
	snprintf(text, sizeof text, "%s One worker more would need 1152 rows, and there are 1151.", more);
	expect_text(&made, LOCKSTEP_SCALING_WEAK, text);
	cr_assert_eq(made.series.limit.end, LOCKSTEP_SCALING_ROWS);
}

/* ---- Places ---------------------------------------------------------------- */

static void expect_no_evidence(struct made *made, const char *text)
{
	expect_text(made, LOCKSTEP_SCALING_STRONG, text);
	cr_assert_eq(made->series.limit.obstacle, LOCKSTEP_SCALING_NOTHING);
	cr_assert_eq(made->series.limit.lost, 0);
}

Test(scaling_blocks, workers_without_places_of_their_own_are_no_evidence)
{
	struct made made;
	struct lockstep_place places[8] = {{.shared = 0}};
	make(&made, 1.5, 0.5, 0, 1);
	made.room.places = 4;
	expect_no_evidence(&made, "No other level had a core for each worker. The fastest level is 8 workers.");
	made.room.is_smt = 1;
	expect_no_evidence(&made,
	                   "No other level had a hardware thread for each worker. The fastest level is 8 workers.");
	made.room = (struct ls_scale_room){.places = 1, .n_rows = 1};
	made.series.setting.bind = "list:0";
	expect_no_evidence(&made,
	                   "No other level had a CPU for each worker. The fastest level is 8 workers. One worker "
	                   "more would have no CPU of its own: the list has 1.");
	made.room.places = 16;
	made.levels[1].places = places;
	made.series.setting.bind = "close";
	cr_assert_eq(limit_of(&made)->obstacle, LOCKSTEP_SCALING_COMPUTE);
	places[3].shared = places[4].shared = 1;
	expect_no_evidence(&made, "No other level had a core for each worker. The fastest level is 8 workers.");
	made.levels[0].workers = 4;
	made.room.places = 2;
	expect_no_evidence(&made, "No level had a core for each worker. The fastest level is 8 workers.");
}

Test(scaling_blocks, a_quota_leaves_levels_without_evidence)
{
	struct made made;
	make(&made, 1.5, 0.5, 0, 1);
	made.room.quota = 1.5;
	expect_no_evidence(&made,
	                   "No other level had a core for each worker within the 1.5 CPUs that the control group "
	                   "grants. The fastest level is 8 workers. One worker more would be held up by the control "
	                   "group, which grants 1.5 CPUs.");
	cr_assert_eq(made.series.limit.end, LOCKSTEP_SCALING_QUOTA);
}

Test(scaling_blocks, serial_workers_take_turns)
{
	struct made made;
	make(&made, 6, 2, 0, 1);
	made.series.setting.engine = LOCKSTEP_SERIAL;
	made.series.fastest = made.series.enough = 0;
	expect_no_evidence(&made, "The serial engine's workers take turns, so more of them are not faster.");
}

Test(scaling_blocks, one_level_is_alone)
{
	struct made made;
	make(&made, 6, 2, 0, 1);
	made.series.n = 1;
	made.series.fastest = made.series.enough = 0;
	expect_no_evidence(&made, "1 worker alone: nothing to compare with.");
}
