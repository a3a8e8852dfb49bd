/* SPDX-License-Identifier: MIT
 *
 * What can be seen of the way that steps are run, other than bits: how a run
 * that splits units or chooses its workers is stopped, what it tells of the
 * choice and of its time.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "split_jobs.h"

static lockstep_dataset *data;
static lockstep_network *network;
static lockstep_trainer *trainer;
static lockstep_error error;

static void teardown(void)
{
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(data);
}

TestSuite(ways, .fini = teardown, .timeout = 300);

#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)

static void open_job(const struct split_job *job)
{
	lockstep_dataset_destroy(data);
	data = split_job_data(job);
	cr_assert(data, "%s", job->name);
}

static void create_trainer(const struct split_job *job, const struct lockstep_train_options *options)
{
	EXPECT_OK(split_job_trainer(job, data, options, &network, &trainer, &error));
}

/* ---- Ending early -------------------------------------------------------- */

/* Epochs of tenths of a second. */
static const struct split_job long_job = {
    .name = "long",
    .layers = "200-200-4",
    .units = 200,
    .n_rows = 12000,
    .bytes = 1,
    .network = {.init = LOCKSTEP_INIT_GLOROT, .seed = 1},
    .train = {.scale = LOCKSTEP_SCALE_AUTO,
              .epochs = 1000,
              .batch = 8,
              .slices = 4,
              .workers = 1,
              .learning_rate = 0.001,
              .schedule_gamma = 0.1,
              .momentum = 0.5,
              .isa = "portable",
              .split = LOCKSTEP_SPLIT_ROWS,
              .seed = 1},
};

/* Steps done by a job that was stopped in an epoch or after one. */
static uint64_t stopped_step(void)
{
	unsigned long long n;
	struct lockstep_plan plan;
	lockstep_trainer_plan(trainer, &plan);
	if (sscanf(error.message, "stopped after step %llu", &n) == 1)
		return n;
	cr_assert_eq(sscanf(error.message, "stopped after epoch %llu", &n), 1, "%s", error.message);
	return n * plan.steps_per_epoch;
}

/* The network must be what as many steps of one worker by rows make of it. */
static void expect_stopped_between_steps(void)
{
	char stopped[65], stepped[65];
	uint64_t step = stopped_step();
	cr_assert_gt(step, 1);
	lockstep_network_fingerprint(network, stopped);
	create_trainer(&long_job, &long_job.train);
	EXPECT_OK(lockstep_trainer_step(trainer, step, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	lockstep_network_fingerprint(network, stepped);
	cr_assert_str_eq(stopped, stepped, "stopped after step %llu", (unsigned long long)step);
}

static void *stop_soon(void *context)
{
	const struct timespec tenth = {0, 100000000};
	nanosleep(&tenth, NULL);
	lockstep_trainer_stop(context);
	return NULL;
}

static struct lockstep_train_options long_options(uint32_t workers, enum lockstep_split split)
{
	struct lockstep_train_options options = long_job.train;
	options.workers = workers;
	options.split = split;
	return options;
}

static void expect_stop_from_another_thread(uint32_t workers, enum lockstep_split split)
{
	struct lockstep_train_options options = long_options(workers, split);
	pthread_t thread;
	open_job(&long_job);
	create_trainer(&long_job, &options);
	cr_assert_eq(pthread_create(&thread, NULL, stop_soon, trainer), 0);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	pthread_join(thread, NULL);
	expect_stopped_between_steps();
}

Test(ways, a_stop_from_another_thread_ends_the_run_after_a_step)
{
	for (uint32_t workers = 1; workers <= 4; workers++)
		expect_stop_from_another_thread(workers, LOCKSTEP_SPLIT_UNITS);
}

Test(ways, a_stop_from_another_thread_ends_a_run_of_automatic_workers)
{
	expect_stop_from_another_thread(0, LOCKSTEP_SPLIT_AUTO);
}

static int stop_at_once(const struct lockstep_progress *progress, void *context)
{
	cr_assert(progress->step >= 1 && progress->step < progress->n_steps);
	*(int *)context += 1;
	return 1;
}

static void expect_stop_by_progress(uint32_t workers, enum lockstep_split split)
{
	struct lockstep_train_options options = long_options(workers, split);
	int n_calls = 0;
	options.on_progress = stop_at_once;
	options.context = &n_calls;
	open_job(&long_job);
	create_trainer(&long_job, &options);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	cr_assert_eq(n_calls, 1);
	expect_stopped_between_steps();
}

Test(ways, progress_can_stop_a_run)
{
	for (uint32_t workers = 1; workers <= 3; workers++)
		expect_stop_by_progress(workers, LOCKSTEP_SPLIT_UNITS);
}

Test(ways, progress_can_stop_a_run_of_automatic_workers)
{
	expect_stop_by_progress(0, LOCKSTEP_SPLIT_AUTO);
}

static void expect_stop_in_advance(uint32_t workers, enum lockstep_split split)
{
	const struct split_job *job = &split_jobs[0];
	struct lockstep_train_options options = job->train;
	char found[65];
	options.workers = workers;
	options.split = split;
	open_job(job);
	struct split_result expected = split_job_run(job, data, &job->train);
	create_trainer(job, &options);
	lockstep_trainer_stop(trainer);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	cr_assert(strstr(error.message, "stopped after step 1"), "%s", error.message);
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	lockstep_network_fingerprint(network, found);
	cr_assert_str_eq(found, expected.fingerprint, "going on is not the same job");
}

Test(ways, a_stop_asked_for_in_advance_comes_after_one_step)
{
	for (uint32_t workers = 1; workers <= 4; workers++)
		expect_stop_in_advance(workers, LOCKSTEP_SPLIT_UNITS);
}

Test(ways, a_stop_asked_for_in_advance_with_automatic_workers_too)
{
	expect_stop_in_advance(0, LOCKSTEP_SPLIT_AUTO);
}

/* Steps of tenths of a second, so that a trial is one or two of them. */
static struct split_job slow_job(void)
{
	struct split_job job = long_job;
	job.train.epochs = 1;
	job.train.batch = 1500;
	job.train.workers = 0;
	job.train.split = LOCKSTEP_SPLIT_AUTO;
	return job;
}

static void expect_stopped_in_the_epoch(void)
{
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	cr_assert(strstr(error.message, "stopped after step"), "%s", error.message);
}

Test(ways, slow_steps_of_automatic_workers_can_be_stopped)
{
	struct split_job job = slow_job();
	open_job(&job);
	create_trainer(&job, &job.train);
	lockstep_trainer_stop(trainer);
	expect_stopped_in_the_epoch();
}

Test(ways, slow_steps_of_automatic_workers_tell_their_progress)
{
	struct split_job job = slow_job();
	int n_calls = 0;
	job.train.on_progress = stop_at_once;
	job.train.context = &n_calls;
	open_job(&job);
	create_trainer(&job, &job.train);
	expect_stopped_in_the_epoch();
	cr_assert_eq(n_calls, 1);
}

/* ---- What is said of the choice ------------------------------------------- */

struct choices {
	uint32_t n;
	size_t n_trials, i_chosen;
	struct lockstep_trial trials[64];
};

static void record_choice(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context)
{
	struct choices *choices = context;
	cr_assert(n >= 2 && n <= 64 && i_chosen < n);
	memcpy(choices->trials, trials, n * sizeof *trials);
	choices->n_trials = n;
	choices->i_chosen = i_chosen;
	choices->n++;
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Steps of some microseconds until a choice is told, for so long at most. */
static void choose(struct lockstep_train_options options, double seconds, struct choices *choices)
{
	struct split_job job = split_jobs[0];
	*choices = (struct choices){.n = 0};
	options.epochs = 1000000;
	options.on_choice = record_choice;
	options.context = choices;
	open_job(&job);
	create_trainer(&job, &options);
	for (double end = seconds_now() + seconds; seconds_now() < end && choices->n == 0;)
		EXPECT_OK(lockstep_trainer_step(trainer, 100, NULL, &error));
}

Test(ways, the_choice_is_the_fastest_of_the_trials)
{
	struct choices choices;
	struct lockstep_train_options options = split_jobs[0].train;
	uint32_t cores = 0;
	options.workers = 0;
	options.split = LOCKSTEP_SPLIT_AUTO;
	lockstep_topology *topology = NULL;
	EXPECT_OK(lockstep_topology_create(&topology, NULL, &error));
	EXPECT_OK(lockstep_topology_auto_workers(topology, "none", 0, &cores, &error));
	lockstep_topology_destroy(topology);
	choose(options, 60, &choices);
	if (cores < 2)
		cr_skip_test("one core leaves nothing to choose");
	cr_assert_eq(choices.n, 1);
	double fastest = 0;
	for (size_t i = 0; i < choices.n_trials; i++) {
		const struct lockstep_trial *trial = &choices.trials[i];
		cr_assert(trial->workers >= 1 && trial->workers <= cores && trial->workers <= options.slices);
		cr_assert(LOCKSTEP_SPLIT_ROWS <= trial->split && trial->split <= LOCKSTEP_SPLIT_UNITS);
		cr_assert_gt(trial->samples_per_second, 0, "every way is tried");
		fastest = trial->samples_per_second > fastest ? trial->samples_per_second : fastest;
	}
	cr_assert_eq(choices.trials[choices.i_chosen].samples_per_second, fastest);
}

Test(ways, given_workers_and_split_are_not_chosen)
{
	struct choices choices;
	struct lockstep_train_options options = split_jobs[0].train;
	for (int split = LOCKSTEP_SPLIT_ROWS; split <= LOCKSTEP_SPLIT_UNITS; split++) {
		options.workers = 2;
		options.split = (enum lockstep_split)split;
		choose(options, 0.2, &choices);
		cr_assert_eq(choices.n, 0);
	}
	options.workers = 0;
	options.split = LOCKSTEP_SPLIT_AUTO;
	options.engine = LOCKSTEP_SERIAL;
	choose(options, 0.2, &choices);
	cr_assert_eq(choices.n, 0, "the serial engine has one way");
}

/* ---- Phases --------------------------------------------------------------- */

static double sum_of(const double seconds[LOCKSTEP_N_PHASES])
{
	double sum = 0;
	for (int i = 0; i < LOCKSTEP_N_PHASES; i++) {
		cr_assert(seconds[i] >= 0);
		sum += seconds[i];
	}
	return sum;
}

/* A worker is in some phase all the time, but for beginning and end of a run. */
static void expect_phases(uint32_t workers, enum lockstep_split split)
{
	struct lockstep_train_options options = long_options(workers, split);
	options.time_phases = 1;
	open_job(&long_job);
	create_trainer(&long_job, &options);
	EXPECT_OK(lockstep_trainer_step(trainer, 10, NULL, &error));
	double before[4], started = seconds_now();
	for (uint32_t i = 0; i < workers; i++) {
		double seconds[LOCKSTEP_N_PHASES];
		lockstep_trainer_phases(trainer, i, seconds);
		before[i] = sum_of(seconds);
		cr_assert_gt(before[i], 0);
	}
	EXPECT_OK(lockstep_trainer_step(trainer, 300, NULL, &error));
	double wall = seconds_now() - started;
	for (uint32_t i = 0; i < workers; i++) {
		double seconds[LOCKSTEP_N_PHASES];
		lockstep_trainer_phases(trainer, i, seconds);
		double sum = sum_of(seconds) - before[i];
		cr_assert(sum > 0.8 * wall && sum < 1.02 * wall + 0.001, "worker %u of %u: %g s of %g", i, workers, sum,
		          wall);
		for (int phase = 0; phase <= LOCKSTEP_PHASE_GRADIENT; phase++)
			cr_assert_gt(seconds[phase], 0, "phase %d of worker %u", phase, i);
		cr_assert_eq(seconds[LOCKSTEP_PHASE_WAIT] > 0, workers > 1);
	}
}

Test(ways, phases_add_up_to_the_time_of_the_steps)
{
	expect_phases(1, LOCKSTEP_SPLIT_ROWS);
	expect_phases(2, LOCKSTEP_SPLIT_ROWS);
	expect_phases(2, LOCKSTEP_SPLIT_UNITS);
}

Test(ways, without_the_option_phases_are_zeros)
{
	struct lockstep_train_options options = long_options(2, LOCKSTEP_SPLIT_UNITS);
	double seconds[LOCKSTEP_N_PHASES];
	open_job(&long_job);
	for (int split = LOCKSTEP_SPLIT_ROWS; split <= LOCKSTEP_SPLIT_UNITS; split++) {
		options.split = (enum lockstep_split)split;
		create_trainer(&long_job, &options);
		EXPECT_OK(lockstep_trainer_step(trainer, 10, NULL, &error));
		for (uint32_t i = 0; i < 2; i++) {
			memset(seconds, 1, sizeof seconds);
			lockstep_trainer_phases(trainer, i, seconds);
			cr_assert_eq(sum_of(seconds), 0);
		}
	}
}

Test(ways, the_serial_engine_has_no_phases_of_several_workers)
{
	struct lockstep_train_options options = long_options(3, LOCKSTEP_SPLIT_ROWS);
	double seconds[LOCKSTEP_N_PHASES];
	options.engine = LOCKSTEP_SERIAL;
	options.time_phases = 1;
	open_job(&long_job);
	create_trainer(&long_job, &options);
	EXPECT_OK(lockstep_trainer_step(trainer, 10, NULL, &error));
	for (uint32_t i = 0; i < 3; i++) {
		lockstep_trainer_phases(trainer, i, seconds);
		cr_assert_eq(sum_of(seconds), 0);
	}
}
