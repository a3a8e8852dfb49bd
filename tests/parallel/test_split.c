/* SPDX-License-Identifier: MIT
 *
 * What the workers share out changes no bit of anything that can be seen:
 * results, losses, gradients, the step that diverges. The other side is
 * always one worker, by rows.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

TestSuite(split, .fini = teardown, .timeout = 300);

#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)
#define N_UNITS_A_WORKER 16

/* ---- Ways ------------------------------------------------------------- */

/* Calls the test with the job's options for every engine, instruction set
 * and number of workers, from 2 on, that it can have with the split. */
typedef void way_test(const struct split_job *job, const struct lockstep_train_options *options);

static uint32_t most_workers(const struct split_job *job, enum lockstep_split split)
{
	uint32_t groups = (job->units + N_UNITS_A_WORKER - 1) / N_UNITS_A_WORKER;
	uint32_t slices = job->train.slices ? job->train.slices : 2; /* of the one with the default */
	return split != LOCKSTEP_SPLIT_UNITS || slices < groups ? slices : groups;
}

static void with_workers(const struct split_job *job, way_test *test, struct lockstep_train_options *options)
{
	for (uint32_t n = 2; n <= most_workers(job, options->split) && n <= 4; n++) {
		options->workers = n;
		test(job, options);
	}
}

static void with_split(const struct split_job *job, way_test *test, enum lockstep_split split)
{
	static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
	struct lockstep_train_options options = job->train;
	options.split = split;
	for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
		if (lockstep_isa_check(isas[i], NULL))
			continue;
		options.isa = isas[i];
		options.engine = LOCKSTEP_PTHREADS;
		with_workers(job, test, &options);
		options.engine = LOCKSTEP_OPENMP;
		if (lockstep_has_openmp())
			with_workers(job, test, &options);
	}
}

static void with_every_way(const struct split_job *job, way_test *test)
{
	with_split(job, test, LOCKSTEP_SPLIT_OWNERS);
	with_split(job, test, LOCKSTEP_SPLIT_UNITS);
}

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

/* ---- Whole jobs -------------------------------------------------------- */

static struct split_result expected;

static void expect_same_result(const struct split_job *job, const struct lockstep_train_options *options)
{
	struct split_result result = split_job_run(job, data, options);
	cr_assert(split_result_equal(&result, &expected),
	          "%s: %u workers, %s, %s: status %d, step %llu, fingerprint %s", job->name, options->workers,
	          lockstep_engine_name(options->engine), options->isa, (int)result.status, result.ended_step,
	          result.fingerprint);
}

/* The jobs must be what they are there for. */
static void expect_sense(const struct split_job *job)
{
	int diverges = strncmp(job->name, "diverging", strlen("diverging")) == 0;
	cr_assert_eq(expected.status, diverges ? LOCKSTEP_DIVERGED : LOCKSTEP_OK, "%s: status %d", job->name,
	             (int)expected.status);
	cr_assert(diverges || (expected.n_epochs == job->train.epochs && expected.losses[0] != expected.losses[1]));
	cr_assert_eq(diverges, expected.ended_step > 0);
}

Test(split, owners_and_units_give_the_results_of_rows)
{
	for (size_t i = 0; i < n_split_jobs; i++) {
		open_job(&split_jobs[i]);
		expected = split_job_run(&split_jobs[i], data, &split_jobs[i].train);
		expect_sense(&split_jobs[i]);
		with_every_way(&split_jobs[i], expect_same_result);
	}
}

/* First layers whose panels are several parameter blocks. */
static const struct split_job block_jobs[] = {
    {.name = "blocks, pixels with unused columns, momentum",
     .layers = "4400-70-4",
     .units = 70,
     .n_rows = 45,
     .bytes = 1,
     .network = {.leaky_slope = 0.05, .init = LOCKSTEP_INIT_GLOROT, .hidden = LOCKSTEP_RELU},
     .train = {.workers = 1,
               .split = LOCKSTEP_SPLIT_ROWS,
               .schedule_gamma = 0.1,
               .scale = LOCKSTEP_SCALE_UNIT,
               .epochs = 1,
               .batch = 32,
               .slices = 4,
               .learning_rate = 0.01,
               .momentum = 0.5}},
    {.name = "blocks, packed inputs",
     .layers = "4201-67-4",
     .units = 67,
     .n_rows = 520,
     .network = {.leaky_slope = 0.05, .init = LOCKSTEP_INIT_GLOROT, .hidden = LOCKSTEP_TANH},
     .train = {.workers = 1,
               .split = LOCKSTEP_SPLIT_ROWS,
               .schedule_gamma = 0.1,
               .epochs = 1,
               .batch = 520,
               .slices = 2,
               .learning_rate = 0.01}},
};

Test(split, parts_of_panels_give_the_results_of_one_worker)
{
	for (size_t i = 0; i < sizeof block_jobs / sizeof *block_jobs; i++) {
		open_job(&block_jobs[i]);
		expected = split_job_run(&block_jobs[i], data, &block_jobs[i].train);
		cr_assert_eq(expected.status, LOCKSTEP_OK, "%s", block_jobs[i].name);
		with_split(&block_jobs[i], expect_same_result, LOCKSTEP_SPLIT_ROWS);
	}
}

Test(split, one_of_the_jobs_diverges_after_some_steps)
{
	unsigned long long latest = 0;
	for (size_t i = 0; i < n_split_jobs; i++) {
		open_job(&split_jobs[i]);
		struct split_result result = split_job_run(&split_jobs[i], data, &split_jobs[i].train);
		latest = result.ended_step > latest ? result.ended_step : latest;
	}
	cr_assert_gt(latest, 3, "step %llu", latest);
}

static void expect_same_result_with_any_split(const struct split_job *job, const struct lockstep_train_options *options)
{
	static const enum lockstep_split splits[] = {LOCKSTEP_SPLIT_AUTO, LOCKSTEP_SPLIT_ROWS, LOCKSTEP_SPLIT_OWNERS,
	                                             LOCKSTEP_SPLIT_UNITS};
	struct lockstep_train_options own = *options;
	for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
		own.split = splits[i];
		expect_same_result(job, &own);
	}
}

Test(split, automatic_workers_give_the_results_of_rows)
{
	for (size_t i = 0; i < n_split_jobs; i++) {
		struct lockstep_train_options options = split_jobs[i].train;
		open_job(&split_jobs[i]);
		expected = split_job_run(&split_jobs[i], data, &options);
		options.workers = 0;
		options.split = LOCKSTEP_SPLIT_AUTO;
		expect_same_result(&split_jobs[i], &options);
		options.split = LOCKSTEP_SPLIT_ROWS;
		expect_same_result(&split_jobs[i], &options);
		options.engine = lockstep_has_openmp() ? LOCKSTEP_OPENMP : LOCKSTEP_SERIAL;
		options.split = LOCKSTEP_SPLIT_AUTO;
		expect_same_result(&split_jobs[i], &options);
		options.workers = 2;
		options.engine = LOCKSTEP_PTHREADS;
		expect_same_result_with_any_split(&split_jobs[i], &options);
	}
}

/* One worker has all units. */
Test(split, one_worker_can_split_units_too)
{
	for (size_t i = 0; i < n_split_jobs; i++) {
		struct lockstep_train_options options = split_jobs[i].train;
		open_job(&split_jobs[i]);
		expected = split_job_run(&split_jobs[i], data, &options);
		options.split = LOCKSTEP_SPLIT_UNITS;
		expect_same_result(&split_jobs[i], &options);
	}
}

/* ---- Steps and gradients ------------------------------------------------ */

#define PARAMETERS_MAX 20000
#define N_STEPS 3

/* A job after each of its first steps: loss and fingerprint; then all gradients
 * of the step that comes next. */
struct course {
	double losses[N_STEPS];
	char fingerprints[N_STEPS][65];
	size_t n_gradients;
	float gradients[PARAMETERS_MAX];
};

static struct course rows_course, units_course;

/* The gradient of all tensors, each by its name. */
static void read_gradients(const struct split_job *job, struct course *course)
{
	course->n_gradients = 0;
	for (size_t i = 0; i < lockstep_network_n_layers(network); i++) {
		size_t n_out = lockstep_network_size(network, i + 1);
		size_t sizes[] = {n_out * lockstep_network_size(network, i), n_out};
		for (int bias = 0; bias < 2; bias++) {
			char name[48];
			snprintf(name, sizeof name, "layers.%zu.%s", i, bias ? "bias" : "weight");
			cr_assert_leq(course->n_gradients + sizes[bias], PARAMETERS_MAX, "%s", job->name);
			EXPECT_OK(lockstep_trainer_gradient(trainer, name, course->gradients + course->n_gradients,
			                                    sizes[bias], &error));
			course->n_gradients += sizes[bias];
		}
	}
}

static void follow(const struct split_job *job, const struct lockstep_train_options *options, struct course *course)
{
	memset(course, 0, sizeof *course);
	create_trainer(job, options);
	for (int i = 0; i < N_STEPS; i++) {
		EXPECT_OK(lockstep_trainer_step(trainer, 1, &course->losses[i], &error));
		EXPECT_OK(lockstep_trainer_sync(trainer, &error));
		lockstep_network_fingerprint(network, course->fingerprints[i]);
	}
	read_gradients(job, course);
}

static void expect_same_course(const struct split_job *job, const struct lockstep_train_options *options)
{
	follow(job, options, &units_course);
	for (int i = 0; i < N_STEPS; i++) {
		cr_assert_eq(units_course.losses[i], rows_course.losses[i], "%s, step %d", job->name, i + 1);
		cr_assert_str_eq(units_course.fingerprints[i], rows_course.fingerprints[i], "%s, step %d", job->name,
		                 i + 1);
	}
	size_t n_bytes = rows_course.n_gradients * sizeof(float);
	cr_assert(memcmp(units_course.gradients, rows_course.gradients, n_bytes) == 0, "%s, %u workers, %s: gradients",
	          job->name, options->workers, options->isa);
}

static int takes_steps(const struct split_job *job)
{
	return job->train.learning_rate < 100 && job->n_rows > 2 * job->train.batch;
}

Test(split, single_steps_and_gradients_are_those_of_rows)
{
	for (size_t i = 0; i < n_split_jobs; i++) {
		if (!takes_steps(&split_jobs[i]))
			continue;
		open_job(&split_jobs[i]);
		follow(&split_jobs[i], &split_jobs[i].train, &rows_course);
		with_every_way(&split_jobs[i], expect_same_course);
	}
}

static uint64_t job_steps(const struct lockstep_train_options *options)
{
	struct lockstep_plan plan;
	lockstep_trainer_plan(trainer, &plan);
	return plan.steps_per_epoch * options->epochs;
}

/* Steps one by one, with gradients asked for in between, are the run. */
static void expect_steps_to_be_the_run(const struct split_job *job, const struct lockstep_train_options *options)
{
	char fingerprint[65];
	create_trainer(job, options);
	for (uint64_t step = 0, n = job_steps(options); step < n; step++) {
		float bias[SPLIT_LABELS * 64];
		if (step % 3 == 1)
			EXPECT_OK(lockstep_trainer_gradient(trainer, "layers.0.bias", bias, job->units, &error));
		EXPECT_OK(lockstep_trainer_step(trainer, 1, NULL, &error));
	}
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	lockstep_network_fingerprint(network, fingerprint);
	cr_assert_str_eq(fingerprint, expected.fingerprint, "%s, %u workers, %s", job->name, options->workers,
	                 options->isa);
}

Test(split, steps_driven_one_by_one_are_the_run)
{
	for (size_t i = 0; i < n_split_jobs; i++) {
		if (!takes_steps(&split_jobs[i]) || split_jobs[i].train.patience)
			continue;
		open_job(&split_jobs[i]);
		expected = split_job_run(&split_jobs[i], data, &split_jobs[i].train);
		with_every_way(&split_jobs[i], expect_steps_to_be_the_run);
	}
}

/* ---- What is refused ----------------------------------------------------- */

static void refuse(const struct split_job *job, const struct lockstep_train_options *options, const char *text)
{
	lockstep_trainer *untouched = (lockstep_trainer *)&error, *made = untouched;
	error = (lockstep_error){LOCKSTEP_OK, ""};
	lockstep_network_destroy(network);
	network = split_job_network(job);
	cr_assert_eq(lockstep_trainer_create(&made, network, data, options, &error), LOCKSTEP_ERROR_ARGUMENT, "%s",
	             error.message);
	cr_assert_eq(made, untouched);
	cr_assert_eq(error.status, LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "units") && strstr(error.message, text), "%s", error.message);
	cr_assert_null(strchr(error.message, '\n'));
}

static struct lockstep_train_options units_options(uint32_t workers)
{
	struct lockstep_train_options options = split_jobs[0].train;
	options.workers = workers;
	options.split = LOCKSTEP_SPLIT_UNITS;
	return options;
}

Test(split, units_are_refused_in_the_serial_engine)
{
	struct lockstep_train_options options = units_options(2);
	open_job(&split_jobs[0]);
	options.engine = LOCKSTEP_SERIAL;
	refuse(&split_jobs[0], &options, "serial");
	options.workers = 1;
	refuse(&split_jobs[0], &options, "serial");
	options.workers = 0;
	refuse(&split_jobs[0], &options, "serial");
}

Test(split, units_are_refused_in_one_layer)
{
	struct split_job job = split_jobs[0];
	struct lockstep_train_options options = units_options(2);
	open_job(&job);
	job.layers = "9-4";
	refuse(&job, &options, "two layers");
	options.workers = 1;
	refuse(&job, &options, "two layers");
	options.workers = 0;
	refuse(&job, &options, "two layers");
}

/* Every worker gets 16 units, but for the last, which gets what is left. */
Test(split, units_are_refused_to_too_many_workers)
{
	static const char *const layers[] = {"9-1-4", "9-16-4", "9-17-4", "9-32-4", "9-33-4", "9-48-4"};
	static const uint32_t most[] = {1, 1, 2, 2, 3, 3};
	struct split_job job = split_jobs[0];
	open_job(&job);
	for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
		job.layers = layers[i];
		for (uint32_t workers = 1; workers <= 4; workers++) {
			struct lockstep_train_options options = units_options(workers);
			if (workers <= most[i])
				create_trainer(&job, &options);
			else
				refuse(&job, &options, "units or more");
		}
	}
}

Test(split, unknown_splits_are_refused)
{
	struct lockstep_train_options options = units_options(1);
	open_job(&split_jobs[0]);
	options.split = (enum lockstep_split)4;
	error = (lockstep_error){LOCKSTEP_OK, ""};
	network = split_job_network(&split_jobs[0]);
	cr_assert_eq(lockstep_trainer_create(&trainer, network, data, &options, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "split"), "%s", error.message);
}

Test(split, names_are_read_as_they_are_written)
{
	static const enum lockstep_split splits[] = {LOCKSTEP_SPLIT_AUTO, LOCKSTEP_SPLIT_ROWS, LOCKSTEP_SPLIT_OWNERS,
	                                             LOCKSTEP_SPLIT_UNITS};
	static const char *const names[] = {"auto", "rows", "owners", "units"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		cr_assert_str_eq(lockstep_split_name(splits[i]), names[i]);
		cr_assert_eq(lockstep_split_parse(names[i]), (int)splits[i]);
	}
	cr_assert_eq(lockstep_split_parse("columns"), -2);
	cr_assert_eq(lockstep_split_parse(""), -2);
}
