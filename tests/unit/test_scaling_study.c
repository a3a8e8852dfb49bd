/* SPDX-License-Identifier: MIT
 *
 * Scaling studies of a small job, as the library runs them: what comes out, what is left out and why, and
 * what is refused before anything is measured. No figure is expected, since the machine is anybody's.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../faults/small_job.h"
#include "base/memory.h"
#include "bench/team.h"

static lockstep_dataset *dataset;

static void setup(void)
{
	dataset = small_data();
}

static void teardown(void)
{
	lockstep_dataset_destroy(dataset);
}

TestSuite(scaling_study, .init = setup, .fini = teardown);

/* The job, one way to run it on 1, 2 and 3 workers, and measurements of a moment. */
struct asked {
	struct lockstep_scaling_job job;
	struct lockstep_scaling_setting settings[3];
	uint32_t workers[4];
	struct lockstep_scaling_study_options options;
	size_t n_told[LOCKSTEP_N_SCALING_STAGES];
	size_t stop_at; /* this call of on_progress, from 1 */
};

static int on_progress(const struct lockstep_scaling_progress *progress, void *context)
{
	struct asked *asked = context;
	size_t n = 1;
	asked->n_told[progress->stage]++;
	for (int i = 0; i < LOCKSTEP_N_SCALING_STAGES; i++)
		n += asked->n_told[i];
	return asked->stop_at && n > asked->stop_at;
}

static void ask(struct asked *asked)
{
	*asked = (struct asked){
	    .job = {dataset, "7-9-5-3", LOCKSTEP_NETWORK_OPTIONS_INIT, small_options()},
	    .settings = {{.batch = 8, .slices = 4},
	                 {.bind = "none", .batch = 8, .slices = 4},
	                 {.batch = 8, .slices = 2}},
	    .workers = {1, 2, 3, 4},
	    .options = LOCKSTEP_SCALING_STUDY_OPTIONS_INIT,
	};
	asked->options.settings = asked->settings;
	asked->options.n_settings = 1;
	asked->options.workers = asked->workers;
	asked->options.n_workers = 3;
	asked->options.steps = 5;
	asked->options.blocks_min = asked->options.blocks_max = 6;
	asked->options.skip_limits = 1;
	asked->options.context = asked;
	asked->options.on_progress = on_progress;
}

static struct lockstep_scaling_study *run(struct asked *asked)
{
	struct lockstep_scaling_study *study = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_scaling_study_run(&study, &asked->job, &asked->options, &error), LOCKSTEP_OK, "%s",
	             error.message);
	return study;
}

static void expect_error(struct asked *asked, lockstep_status status, const char *message)
{
	struct lockstep_scaling_study *const untouched = (void *)asked, *study = untouched;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_scaling_study_run(&study, &asked->job, &asked->options, &error), status, "%s",
	             error.message);
	cr_assert_eq(study, untouched);
	cr_assert_str_eq(error.message, message);
}

/* ---- What comes out -------------------------------------------------------- */

/* The fingerprint of the job's parameters after so many steps of one worker. */
static void train(const struct lockstep_scaling_level *level, uint64_t n_steps, char fingerprint[65])
{
	struct lockstep_train_options options = small_options();
	lockstep_network *network = small_network();
	lockstep_trainer *trainer;
	options.batch = level->batch;
	options.slices = level->slices;
	options.drop_last = 1;
	cr_assert_eq(lockstep_trainer_create(&trainer, network, dataset, &options, NULL), LOCKSTEP_OK);
	cr_assert_eq(lockstep_trainer_step(trainer, n_steps, NULL, NULL), LOCKSTEP_OK);
	cr_assert_eq(lockstep_trainer_sync(trainer, NULL), LOCKSTEP_OK);
	lockstep_network_fingerprint(network, fingerprint);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
}

static void expect_level(const struct lockstep_scaling_level *level, const struct lockstep_scaling_series *series)
{
	char fingerprint[65];
	cr_assert_null(level->excluded, "%s", level->excluded);
	cr_assert_eq(level->n, 6);
	for (size_t i = 0; i < level->n; i++)
		cr_assert(level->seconds[i] > 0 && level->seconds[i] < 60);
	cr_assert(level->step.low <= level->step.median && level->step.median <= level->step.high);
	cr_assert(level->samples_per_second > 0);
	cr_assert(level->places[level->workers - 1].worker == level->workers - 1);
	train(level, series->warmup_steps + series->steps, fingerprint);
	cr_assert_str_eq(level->fingerprint, fingerprint);
}

Test(scaling_study, a_strong_study_has_its_levels)
{
	struct asked asked;
	ask(&asked);
	struct lockstep_scaling_study *study = run(&asked);
	cr_assert(study->kind == LOCKSTEP_SCALING_STRONG && study->n == 1 && study->n_blocks == 6);
	cr_assert_eq(study->scale, LOCKSTEP_SCALE_NONE);
	const struct lockstep_scaling_series *series = &study->series[0];
	cr_assert(series->steps == 5 && series->warmup_steps == 2 && series->n == 3);
	cr_assert_eq(series->setting.split, LOCKSTEP_SPLIT_ROWS);
	for (size_t k = 0; k < 3; k++) {
		const struct lockstep_scaling_level *level = &series->levels[k];
		cr_assert(level->workers == k + 1 && level->batch == 8 && level->slices == 4);
		expect_level(level, series);
		cr_assert_str_eq(level->fingerprint, series->levels[0].fingerprint);
		cr_assert(level->has_phases && !level->has_roofline);
		cr_assert(level->phases.balance > 0 && level->phases.balance <= 1);
		cr_assert(level->phases.mean[LOCKSTEP_PHASE_FORWARD] > 0);
	}
	cr_assert_eq(series->levels[0].figures.speedup.value, 1);
	cr_assert_eq(series->n_curves, 0);
	cr_assert_str_eq(series->refusal, "there are 3 levels, and a fit needs 6 or more");
	cr_assert_gt(strlen(series->limit.text), 20);
	cr_assert(asked.n_told[LOCKSTEP_SCALING_CALIBRATION] == 0 && asked.n_told[LOCKSTEP_SCALING_BLOCKS] == 18 &&
	          asked.n_told[LOCKSTEP_SCALING_PHASES] == 3 && asked.n_told[LOCKSTEP_SCALING_LIMITS] == 0);
	lockstep_scaling_study_destroy(study);
}

Test(scaling_study, a_weak_study_has_longer_mini_batches_with_slices_of_a_length)
{
	struct asked asked;
	ask(&asked);
	asked.options.kind = LOCKSTEP_SCALING_WEAK;
	struct lockstep_scaling_study *study = run(&asked);
	const struct lockstep_scaling_series *series = &study->series[0];
	for (size_t k = 0; k < 3; k++) {
		const struct lockstep_scaling_level *level = &series->levels[k];
		cr_assert(level->batch == 8 * (k + 1) && level->slices == (k == 0 ? 4 : k == 1 ? 8 : 16));
		expect_level(level, series);
	}
	lockstep_scaling_study_destroy(study);
}

Test(scaling_study, series_of_one_job_agree)
{
	struct asked asked;
	ask(&asked);
	asked.options.n_settings = 3;
	asked.settings[1].engine = LOCKSTEP_SERIAL;
	asked.settings[2].split = LOCKSTEP_SPLIT_OWNERS;
	struct lockstep_scaling_study *study = run(&asked);
	cr_assert_eq(study->n, 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < (i == 2 ? 2 : 3); k++)
			expect_level(&study->series[i].levels[k], &study->series[i]);
	cr_assert_str_eq(study->series[0].levels[0].fingerprint, study->series[1].levels[2].fingerprint);
	cr_assert_str_neq(study->series[0].levels[0].fingerprint, study->series[2].levels[0].fingerprint);
	cr_assert(study->series[1].levels[0].has_phases && !study->series[1].levels[1].has_phases,
	          "several workers of the serial engine have no phases");
	cr_assert_str_eq(study->series[2].levels[2].excluded, "more workers than slices, of which it has 2");
	lockstep_scaling_study_destroy(study);
}

/* One worker has nothing to split; another engine is another run, and so is another number of slices. */
Test(scaling_study, the_same_run_is_measured_once_for_all_series)
{
	struct asked asked;
	ask(&asked);
	asked.options.n_settings = 3;
	asked.options.n_workers = 2;
	asked.settings[0].bind = "none";
	asked.settings[1].split = LOCKSTEP_SPLIT_OWNERS;
	asked.settings[2] = asked.settings[1];
	struct lockstep_scaling_study *study = run(&asked);
	cr_assert_eq(asked.n_told[LOCKSTEP_SCALING_BLOCKS], 6 * 3);
	cr_assert_eq(asked.n_told[LOCKSTEP_SCALING_PHASES], 3);
	static const size_t measured_in[3][2] = {{0, 0}, {0, 1}, {0, 1}};
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 2; k++) {
			const struct lockstep_scaling_level *level = &study->series[i].levels[k];
			cr_assert_eq(level->measured_in, measured_in[i][k], "series %zu, level %zu", i, k);
			cr_assert_eq(level->seconds, study->series[level->measured_in].levels[k].seconds);
			cr_assert(level->has_phases);
			expect_level(level, &study->series[i]);
		}
	lockstep_scaling_study_destroy(study);

	asked.settings[1].engine = LOCKSTEP_OPENMP;
	asked.settings[2].slices = 2;
	study = run(&asked);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(study->series[i].levels[0].measured_in, i);
	lockstep_scaling_study_destroy(study);
}

/* 9 units of the first layer are too few for two workers, which have 16 each but for the last. */
Test(scaling_study, a_level_can_be_asked_about_beforehand)
{
	struct asked asked;
	lockstep_error error = {LOCKSTEP_OK, ""};
	ask(&asked);
	struct lockstep_scaling_setting *setting = &asked.settings[0];
	cr_assert_eq(lockstep_scaling_level_check(&asked.job, LOCKSTEP_SCALING_STRONG, setting, 4, &error),
	             LOCKSTEP_OK);
	cr_assert_eq(lockstep_scaling_level_check(&asked.job, LOCKSTEP_SCALING_STRONG, setting, 5, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "more workers than slices, of which it has 4");
	cr_assert_eq(lockstep_scaling_level_check(&asked.job, LOCKSTEP_SCALING_WEAK, setting, 5, &error), LOCKSTEP_OK);
	cr_assert_eq(lockstep_scaling_level_check(&asked.job, LOCKSTEP_SCALING_WEAK, setting, 0, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	setting->split = LOCKSTEP_SPLIT_UNITS;
	cr_assert_eq(lockstep_scaling_level_check(&asked.job, LOCKSTEP_SCALING_STRONG, setting, 1, &error),
	             LOCKSTEP_OK);
	cr_assert_eq(lockstep_scaling_level_check(&asked.job, LOCKSTEP_SCALING_STRONG, setting, 2, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(setting->split, LOCKSTEP_SPLIT_UNITS);
}

/* Whatever bind is, the study has its own copy. */
Test(scaling_study, texts_are_the_studys_own)
{
	struct asked asked;
	char bind[] = "none";
	ask(&asked);
	asked.settings[0].bind = bind;
	struct lockstep_scaling_study *study = run(&asked);
	memset(bind, 'x', 4);
	cr_assert_str_eq(study->series[0].setting.bind, "none");
	lockstep_scaling_study_destroy(study);
}

Test(scaling_study, steps_that_are_left_open_are_counted_by_the_clock)
{
	struct asked asked;
	ask(&asked);
	asked.options.steps = 0;
	asked.options.n_settings = 3;
	asked.options.run_seconds = 0.01;
	struct lockstep_scaling_study *study = run(&asked);
	cr_assert(study->series[0].steps >= 1 && study->series[0].warmup_steps >= 2);
	cr_assert_eq(study->series[0].steps, study->series[1].steps, "one job, and other steps");
	cr_assert_eq(asked.n_told[LOCKSTEP_SCALING_CALIBRATION], 2);
	lockstep_scaling_study_destroy(study);
}

/* Multiply-adds of 7-9-5-3: 4 x 63 and 6 x (45 + 15) a row; 7 floats in, 2 x 17 of activations and deltas, moved twice;
 * parameters 72, 50 and 18: kept once, moved three times of the first layer and four times of the others. */
Test(scaling_study, a_step_under_the_roofs)
{
	struct asked asked;
	ask(&asked);
	asked.options.skip_limits = 0;
	asked.options.n_workers = 1;
	struct lockstep_scaling_study *study = run(&asked);
	const struct lockstep_scaling_level *level = &study->series[0].levels[0];
	const struct lockstep_scaling_roofline *roofline = &level->roofline;
	cr_assert(level->has_roofline);
	cr_assert_eq(roofline->flops, 8 * (4 * 63 + 6 * 60));
	cr_assert_eq(roofline->kept_bytes, 4 * (8 * 2 * 17 + 72 + 68));
	cr_assert_eq(roofline->bytes, roofline->cache_bytes > 0 ? 4 * 8 * 7 : 4 * (8 * (7 + 4 * 17) + 3 * 72 + 4 * 68));
	cr_assert_float_eq(roofline->gflops, roofline->flops / level->step.median * 1e-9, 1e-9);
	cr_assert(roofline->peak_gflops > roofline->gflops && roofline->peak_gigabytes > 0);
	lockstep_scaling_study_destroy(study);
}

static void expect_streams(int smt, uint32_t second_pu, double megabytes)
{
	struct lockstep_bench_options options = LOCKSTEP_BENCH_OPTIONS_INIT;
	struct lockstep_bench_memory memory;
	struct ls_team *team;
	options.seconds = 0.001;
	options.bind = "close";
	options.smt = smt;
	cr_assert_eq(ls_bench_team(&team, 2, &options, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_team_places(team)[1].pu, (int32_t)second_pu);
	ls_team_destroy(team);
	cr_assert_eq(lockstep_bench_memory(2, &options, &memory, NULL), LOCKSTEP_OK);
	cr_assert_float_eq((double)memory.worker_bytes, 1e6 * megabytes, 1000);
}

/* Two caches of 20 MB: two cores have both, two hardware threads of a core have one; streams have four times that. */
Test(scaling_study, roofs_are_measured_where_the_workers_are)
{
	cr_assert(!setenv("HWLOC_SYNTHETIC", "pack:1 l3:2(size=20000000) core:1 pu:2", 1));
	cr_assert(!setenv("HWLOC_THISSYSTEM", "0", 1));
	expect_streams(0, 2, 80);
	expect_streams(1, 1, 40);
}

/* ---- What ends it ---------------------------------------------------------- */

Test(scaling_study, it_can_be_stopped_anywhere)
{
	struct asked asked;
	ask(&asked);
	asked.stop_at = 2;
	expect_error(&asked, LOCKSTEP_STOPPED, "the study was stopped before its first block was whole");
	ask(&asked);
	asked.stop_at = 8;
	struct lockstep_scaling_study *study = run(&asked);
	cr_assert(study->n_blocks == 2 && study->outcome == LOCKSTEP_SCALING_STOPPED);
	cr_assert(!study->series[0].levels[0].has_phases);
	lockstep_scaling_study_destroy(study);
	ask(&asked);
	asked.stop_at = 20; /* at the phases of the second level */
	study = run(&asked);
	cr_assert(study->n_blocks == 6 && study->series[0].levels[0].has_phases &&
	          !study->series[0].levels[1].has_phases);
	lockstep_scaling_study_destroy(study);
}

Test(scaling_study, a_job_that_diverges_ends_it)
{
	struct asked asked;
	struct lockstep_scaling_study *study;
	lockstep_error error;
	ask(&asked);
	asked.job.train.learning_rate = 1e38;
	asked.options.steps = 1000;
	cr_assert_eq(lockstep_scaling_study_run(&study, &asked.job, &asked.options, &error), LOCKSTEP_DIVERGED);
}

Test(scaling_study, what_cannot_be_is_refused)
{
	struct asked asked;
	ask(&asked);
	asked.options.n_settings = 0;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT, "a scaling study needs a setting and a number of workers");
	ask(&asked);
	asked.workers[1] = 1;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT, "numbers of workers are 1 and more, and rise");
	ask(&asked);
	asked.workers[0] = 0;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT, "numbers of workers are 1 and more, and rise");
	ask(&asked);
	asked.options.n_workers = 5000;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT,
	             "1 settings with 5000 numbers of workers are more than 4096 levels");
	ask(&asked);
	asked.options.run_seconds = NAN;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT, "a run takes more than 0 seconds, at most 3600");
	ask(&asked);
	asked.options.blocks_min = 7;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT,
	             "7 to 6 blocks: expected 1 and more, up to 10000, the first not above the second");
	ask(&asked);
	asked.options.precision = 0;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT, "a precision is above 0");
	ask(&asked);
	asked.options.seconds = -1;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT, "a limit of seconds is 0 and more");
}

Test(scaling_study, a_baseline_that_cannot_be_is_an_error_other_levels_are_left_out)
{
	struct asked asked;
	ask(&asked);
	asked.workers[0] = 5;
	asked.workers[1] = 6;
	asked.workers[2] = 7;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT, "5 workers: more workers than slices, of which it has 4");
	ask(&asked);
	asked.settings[0].batch = 60;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT,
	             "1 worker: 59 training rows give no whole mini-batch of 60, and a short one is left out");
	ask(&asked);
	asked.job.train.validation = 52;
	expect_error(&asked, LOCKSTEP_ERROR_ARGUMENT,
	             "1 worker: 7 training rows give no whole mini-batch of 8, and a short one is left out");
	ask(&asked);
	asked.options.kind = LOCKSTEP_SCALING_WEAK;
	asked.settings[0].batch = 20;
	struct lockstep_scaling_study *study = run(&asked);
	cr_assert_null(study->series[0].levels[1].excluded);
	cr_assert_str_eq(study->series[0].levels[2].excluded,
	                 "59 training rows give no whole mini-batch of 60, and a short one is left out");
	cr_assert_eq(study->series[0].levels[2].n, 0);
	lockstep_scaling_study_destroy(study);
}

/* Each allocation fails in turn: an error, nothing lost, nothing left. */
Test(scaling_study, memory_may_be_short_at_any_time)
{
	struct asked asked;
	ask(&asked);
	asked.options.n_workers = 2;
	asked.options.blocks_min = asked.options.blocks_max = 1;
	long n = 0;
	for (;;) {
		struct lockstep_scaling_study *study = NULL;
		lockstep_error error;
		ls_memory_fail_at(++n);
		lockstep_status status = lockstep_scaling_study_run(&study, &asked.job, &asked.options, &error);
		int is_over = ls_memory_fail_at(0) < n;
		if (is_over)
			cr_assert_eq(status, LOCKSTEP_OK);
		else
			cr_assert(status == LOCKSTEP_ERROR_MEMORY || (status == LOCKSTEP_OK && study),
			          "allocation %ld: %s", n, error.message);
		if (!status)
			lockstep_scaling_study_destroy(study);
		if (is_over)
			break;
	}
	cr_assert_gt(n, 50);
}
