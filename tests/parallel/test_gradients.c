/* SPDX-License-Identifier: MIT
 *
 * Asking for gradients changes nothing: epochs report the losses, checkpoints
 * hold the bytes and workers the phases of a job that nobody asked anything,
 * with every split and engine, wherever in the job the question comes.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signed_file.h"
#include "split_jobs.h"

static lockstep_dataset *data;
static lockstep_network *network;
static lockstep_trainer *trainer;
static lockstep_error error;
static const char *folder;
static char path[512];

static void setup(void)
{
	folder = test_make_folder();
	snprintf(path, sizeof path, "%s/job.ckpt", folder);
}

static void teardown(void)
{
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(data);
	test_remove_folder(folder);
}

TestSuite(gradients, .init = setup, .fini = teardown, .timeout = 300);

#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)
#define UNITS_MAX 128

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

static void destroy_trainer(void)
{
	lockstep_trainer_destroy(trainer);
	trainer = NULL;
}

/* ---- Ways ------------------------------------------------------------- */

static const struct way {
	enum lockstep_engine engine;
	uint32_t workers;
	enum lockstep_split split;
} ways[] = {
    {LOCKSTEP_PTHREADS, 1, LOCKSTEP_SPLIT_ROWS},   {LOCKSTEP_PTHREADS, 2, LOCKSTEP_SPLIT_ROWS},
    {LOCKSTEP_PTHREADS, 3, LOCKSTEP_SPLIT_ROWS},   {LOCKSTEP_PTHREADS, 2, LOCKSTEP_SPLIT_OWNERS},
    {LOCKSTEP_PTHREADS, 3, LOCKSTEP_SPLIT_OWNERS}, {LOCKSTEP_PTHREADS, 2, LOCKSTEP_SPLIT_UNITS},
    {LOCKSTEP_PTHREADS, 3, LOCKSTEP_SPLIT_UNITS},  {LOCKSTEP_OPENMP, 2, LOCKSTEP_SPLIT_ROWS},
    {LOCKSTEP_SERIAL, 1, LOCKSTEP_SPLIT_ROWS},     {LOCKSTEP_SERIAL, 3, LOCKSTEP_SPLIT_ROWS},
};
#define N_WAYS (sizeof ways / sizeof *ways)

static struct lockstep_train_options by_way(struct lockstep_train_options options, const struct way *way)
{
	int has_engine = way->engine != LOCKSTEP_OPENMP || lockstep_has_openmp();
	options.engine = has_engine ? way->engine : LOCKSTEP_PTHREADS;
	options.workers = way->workers;
	options.split = way->split;
	return options;
}

/* Steps enough to stand in the middle of an epoch, and room for three workers. */
static int is_suitable(const struct split_job *job)
{
	return job->train.learning_rate < 100 && job->n_rows > 2 * job->train.batch && job->train.slices >= 4;
}

/* ---- Losses and checkpoints --------------------------------------------- */

/* What a run came to that asks for n_questions gradients at a time. */
struct trace {
	const struct split_job *job;
	uint32_t n_questions;
	uint32_t n_epochs;
	struct lockstep_epoch epochs[SPLIT_EPOCHS_MAX];
	struct test_bytes at_start, in_epoch, at_end; /* checkpoints */
	char fingerprint[65];
};

static void ask(const struct trace *trace)
{
	float bias[UNITS_MAX];
	for (uint32_t i = 0; i < trace->n_questions; i++)
		EXPECT_OK(lockstep_trainer_gradient(trainer, "layers.0.bias", bias, trace->job->units, &error));
}

static int ask_after_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct trace *trace = context;
	trace->epochs[trace->n_epochs++] = *epoch;
	ask(trace);
	return 0;
}

static struct test_bytes ask_and_save(const struct trace *trace)
{
	ask(trace);
	EXPECT_OK(lockstep_trainer_save(trainer, path, &error));
	return test_read_file(path);
}

static struct trace follow(const struct split_job *job, const struct lockstep_train_options *options,
                           uint32_t n_questions)
{
	struct trace trace = {.job = job, .n_questions = n_questions};
	struct lockstep_train_options own = *options;
	own.on_epoch = ask_after_epoch;
	own.context = &trace;
	create_trainer(job, &own);
	trace.at_start = ask_and_save(&trace);
	EXPECT_OK(lockstep_trainer_step(trainer, 2, NULL, &error));
	trace.in_epoch = ask_and_save(&trace);
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	trace.at_end = ask_and_save(&trace);
	lockstep_network_fingerprint(network, trace.fingerprint);
	destroy_trainer(); /* its callback's context is ours */
	return trace;
}

static void forget(struct trace *trace)
{
	free(trace->at_start.data);
	free(trace->in_epoch.data);
	free(trace->at_end.data);
}

static void expect_same_bytes(struct test_bytes found, struct test_bytes expected, const struct way *way)
{
	cr_assert(found.n == expected.n && memcmp(found.data, expected.data, found.n) == 0,
	          "a checkpoint differs with %u workers, %s, %s", way->workers, lockstep_split_name(way->split),
	          lockstep_engine_name(way->engine));
}

static void expect_same_epochs(const struct trace *found, const struct trace *expected, const struct way *way)
{
	cr_assert_eq(found->n_epochs, expected->n_epochs);
	for (uint32_t i = 0; i < expected->n_epochs; i++) {
		cr_assert_eq(found->epochs[i].epoch, expected->epochs[i].epoch);
		cr_assert_eq(found->epochs[i].n_steps, expected->epochs[i].n_steps);
		cr_assert_eq(memcmp(&found->epochs[i].loss, &expected->epochs[i].loss, sizeof(double)), 0,
		             "%s: loss %.17g instead of %.17g with %u workers, %s, %s", found->job->name,
		             found->epochs[i].loss, expected->epochs[i].loss, way->workers,
		             lockstep_split_name(way->split), lockstep_engine_name(way->engine));
	}
	cr_assert_str_eq(found->fingerprint, expected->fingerprint);
}

Test(gradients, losses_and_checkpoints_are_those_of_a_run_without)
{
	for (size_t i = 0; i < n_split_jobs; i++) {
		const struct split_job *job = &split_jobs[i];
		if (!is_suitable(job))
			continue;
		open_job(job);
		struct trace expected = follow(job, &job->train, 0);
		for (size_t w = 0; w < N_WAYS; w++) {
			struct lockstep_train_options options = by_way(job->train, &ways[w]);
			struct trace found = follow(job, &options, 1 + w % 3);
			expect_same_epochs(&found, &expected, &ways[w]);
			expect_same_bytes(found.at_start, expected.at_start, &ways[w]);
			expect_same_bytes(found.in_epoch, expected.in_epoch, &ways[w]);
			expect_same_bytes(found.at_end, expected.at_end, &ways[w]);
			forget(&found);
		}
		forget(&expected);
	}
}

/* ---- Divergence --------------------------------------------------------- */

/* Outputs of the network are sums of terms that none can hold. */
static void spoil_network(const struct split_job *job)
{
	float weights[SPLIT_LABELS * UNITS_MAX];
	for (size_t i = 0; i < SPLIT_LABELS * job->units; i++)
		weights[i] = 3e38f;
	EXPECT_OK(lockstep_network_set(network, "layers.1.weight", weights, SPLIT_LABELS * job->units, &error));
}

static void expect_divergence(const struct split_job *job)
{
	float bias[UNITS_MAX] = {5};
	cr_assert_eq(lockstep_trainer_gradient(trainer, "layers.0.bias", bias, job->units, &error), LOCKSTEP_DIVERGED);
	cr_assert(strstr(error.message, "step 1 "), "%s", error.message);
	cr_assert_eq(bias[0], 5);
}

static lockstep_checkpoint *load(struct test_bytes bytes)
{
	lockstep_checkpoint *checkpoint = NULL;
	test_write_file(path, bytes);
	EXPECT_OK(lockstep_checkpoint_load(&checkpoint, path, &error));
	return checkpoint;
}

/* A trainer of other parameters, whose gradient diverges, takes up the job in
 * the middle: nothing of the failure may be left in its workers. */
static struct trace follow_after_divergence(const struct split_job *job, const struct lockstep_train_options *options,
                                            const lockstep_checkpoint *from)
{
	struct trace trace = {.job = job, .n_questions = 1};
	struct lockstep_train_options own = *options;
	own.on_epoch = ask_after_epoch;
	own.context = &trace;
	lockstep_network_destroy(network);
	network = split_job_network(job);
	spoil_network(job);
	EXPECT_OK(lockstep_trainer_create(&trainer, network, data, &own, &error));
	for (int i = 0; i < 3; i++)
		expect_divergence(job);
	EXPECT_OK(lockstep_trainer_save(trainer, path, &error));
	trace.at_start = test_read_file(path);
	EXPECT_OK(lockstep_trainer_resume(trainer, from, &error));
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	lockstep_network_fingerprint(network, trace.fingerprint);
	destroy_trainer();
	return trace;
}

static struct test_bytes spoilt_checkpoint(const struct split_job *job)
{
	lockstep_network_destroy(network);
	network = split_job_network(job);
	spoil_network(job);
	EXPECT_OK(lockstep_trainer_create(&trainer, network, data, &job->train, &error));
	EXPECT_OK(lockstep_trainer_save(trainer, path, &error));
	destroy_trainer();
	return test_read_file(path);
}

Test(gradients, one_that_diverges_leaves_the_job_as_it_was)
{
	const struct split_job *job = &split_jobs[0];
	open_job(job);
	struct trace expected = follow(job, &job->train, 0);
	struct test_bytes spoilt = spoilt_checkpoint(job);
	lockstep_checkpoint *from = load(expected.in_epoch);
	for (size_t w = 0; w < N_WAYS; w++) {
		struct lockstep_train_options options = by_way(job->train, &ways[w]);
		struct trace found = follow_after_divergence(job, &options, from);
		expect_same_bytes(found.at_start, spoilt, &ways[w]);
		expect_same_epochs(&found, &expected, &ways[w]);
		forget(&found);
	}
	lockstep_checkpoint_destroy(from);
	free(spoilt.data);
	forget(&expected);
}

/* ---- Between two trials of ways ------------------------------------------- */

struct choice {
	const struct split_job *job;
	int is_made;
	float bias[UNITS_MAX]; /* the gradient then */
};

static void ask_at_choice(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context)
{
	struct choice *choice = context;
	(void)trials, (void)n, (void)i_chosen;
	if (choice->is_made)
		return;
	choice->is_made = 1;
	EXPECT_OK(lockstep_trainer_gradient(trainer, "layers.0.bias", choice->bias, choice->job->units, &error));
	EXPECT_OK(lockstep_trainer_save(trainer, path, &error));
}

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Steps done until a choice was told, and some more; 0: none was. */
static uint64_t step_past_choice(const struct choice *choice)
{
	uint64_t n = 0;
	for (double end = seconds_now() + 60; seconds_now() < end && !choice->is_made; n += 100)
		EXPECT_OK(lockstep_trainer_step(trainer, 100, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	return choice->is_made ? n : 0;
}

Test(gradients, one_between_trials_is_of_the_next_step_and_changes_nothing)
{
	const struct split_job *job = &split_jobs[1];
	struct lockstep_train_options plain = job->train, options;
	struct choice choice = {.job = job};
	lockstep_checkpoint *checkpoint = NULL;
	float bias[UNITS_MAX];
	char found[65], expected[65];
	open_job(job);
	plain.epochs = 1000000;
	options = plain;
	options.workers = 0;
	options.split = LOCKSTEP_SPLIT_AUTO;
	options.on_choice = ask_at_choice;
	options.context = &choice;
	create_trainer(job, &options);
	uint64_t n_steps = step_past_choice(&choice);
	lockstep_network_fingerprint(network, found);
	if (!n_steps)
		cr_skip_test("one core leaves nothing to choose");
	EXPECT_OK(lockstep_checkpoint_load(&checkpoint, path, &error));
	uint64_t at = lockstep_checkpoint_step(checkpoint);
	lockstep_checkpoint_destroy(checkpoint);

	create_trainer(job, &plain);
	cr_assert(at > 0 && at <= n_steps);
	EXPECT_OK(lockstep_trainer_step(trainer, at, NULL, &error));
	EXPECT_OK(lockstep_trainer_gradient(trainer, "layers.0.bias", bias, job->units, &error));
	cr_assert_eq(memcmp(bias, choice.bias, job->units * sizeof *bias), 0, "not the gradient after step %llu",
	             (unsigned long long)at);
	if (at < n_steps)
		EXPECT_OK(lockstep_trainer_step(trainer, n_steps - at, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	lockstep_network_fingerprint(network, expected);
	cr_assert_str_eq(found, expected, "after %llu steps", (unsigned long long)n_steps);
}

/* ---- Phases --------------------------------------------------------------- */

static void read_phases(uint32_t n_workers, double seconds[][LOCKSTEP_N_PHASES])
{
	for (uint32_t i = 0; i < n_workers; i++)
		lockstep_trainer_phases(trainer, i, seconds[i]);
}

Test(gradients, phases_are_those_of_the_steps_alone)
{
	const struct split_job *job = &split_jobs[0];
	struct trace trace = {.job = job, .n_questions = 3};
	double before[4][LOCKSTEP_N_PHASES], after[4][LOCKSTEP_N_PHASES];
	open_job(job);
	for (size_t w = 0; w < N_WAYS; w++) {
		struct lockstep_train_options options = by_way(job->train, &ways[w]);
		size_t n_bytes = options.workers * sizeof *before;
		options.time_phases = 1;
		create_trainer(job, &options);
		EXPECT_OK(lockstep_trainer_step(trainer, 2, NULL, &error));
		read_phases(options.workers, before);
		ask(&trace);
		read_phases(options.workers, after);
		cr_assert_eq(memcmp(after, before, n_bytes), 0, "%u workers, %s", options.workers,
		             lockstep_split_name(options.split));
		EXPECT_OK(lockstep_trainer_step(trainer, 2, NULL, &error));
		read_phases(options.workers, after);
		int is_timed = options.workers == 1 || options.engine != LOCKSTEP_SERIAL;
		cr_assert_eq(memcmp(after, before, n_bytes) != 0, is_timed);
	}
}
