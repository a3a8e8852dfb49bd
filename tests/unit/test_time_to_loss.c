/* SPDX-License-Identifier: MIT
 *
 * Steps to a loss: against lockstep_train() and single steps of a trainer, on every engine, and what ends a run.
 */
#define _GNU_SOURCE /* sched_setaffinity() */
#include "lockstep/time_to_loss.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../faults/small_job.h"
#include "base/memory.h"

static lockstep_dataset *data;
static struct lockstep_scaling_job job;
static struct lockstep_time_to_loss_options options;
static struct lockstep_time_to_loss *result;
static lockstep_error error;
static const uint32_t batches[] = {4, 8};
static const double rates[] = {0.2, 1, 3};

/* 59 rows: 7 steps an epoch of 8 rows and one of 3; the loss of what is trained on goes down from 1.6. */
static void setup(void)
{
	data = small_data();
	job = (struct lockstep_scaling_job){.dataset = data, .layers = "7-9-5-3"};
	job.network = (struct lockstep_network_options)LOCKSTEP_NETWORK_OPTIONS_INIT;
	job.train = small_options();
	options = (struct lockstep_time_to_loss_options)LOCKSTEP_TIME_TO_LOSS_OPTIONS_INIT;
	options.target = 0.7;
	options.part = LOCKSTEP_TARGET_TRAIN;
	options.batches = batches + 1;
	options.n_batches = 1;
	options.max_epochs = 40;
	result = NULL;
}

static void teardown(void)
{
	lockstep_time_to_loss_destroy(result);
	lockstep_dataset_destroy(data);
}

TestSuite(time_to_loss, .init = setup, .fini = teardown, .timeout = 120);

static void measure(void)
{
	lockstep_time_to_loss_destroy(result);
	result = NULL;
	cr_assert_eq(lockstep_time_to_loss_measure(&result, &job, &options, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(result->n_batches, options.n_batches);
	cr_assert_eq(result->n, options.n_batches * (options.n_rates ? options.n_rates : 1));
}

/* Loss and fingerprint after so many steps, another way: one worker, and the network's own evaluation. */
static double loss_after(const struct lockstep_time_to_loss_run *run, uint64_t n_steps, char fingerprint[65])
{
	lockstep_network *network = NULL;
	lockstep_trainer *trainer = NULL;
	struct lockstep_metrics metrics;
	struct lockstep_train_options train = job.train;
	train.batch = run->batch;
	train.learning_rate = run->learning_rate;
	train.epochs = (uint32_t)ceil(options.max_epochs);
	cr_assert_eq(lockstep_network_create(&network, job.layers, &job.network, &error), LOCKSTEP_OK);
	cr_assert_eq(lockstep_trainer_create(&trainer, network, data, &train, &error), LOCKSTEP_OK);
	cr_assert_eq(lockstep_trainer_step(trainer, n_steps, NULL, &error), LOCKSTEP_OK);
	cr_assert_eq(lockstep_trainer_sync(trainer, &error), LOCKSTEP_OK);
	cr_assert_eq(lockstep_network_evaluate(network, data, (enum lockstep_part)options.part, NULL, &metrics, &error),
	             LOCKSTEP_OK);
	lockstep_network_fingerprint(network, fingerprint);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	return metrics.loss;
}

/* ---- Against the trainer -------------------------------------------------- */

static void expect_as_trained(const struct lockstep_time_to_loss_run *run, uint64_t piece)
{
	char fingerprint[65];
	cr_assert(run->is_reached && !run->is_diverged && !run->is_beaten);
	cr_assert_gt(run->steps, piece, "reached at once");
	cr_expect_eq(run->steps % piece, 0);
	cr_expect_eq(run->loss, loss_after(run, run->steps, fingerprint));
	cr_expect_str_eq(run->fingerprint, fingerprint);
	cr_expect_leq(run->loss, options.target);
	for (uint64_t step = piece; step < run->steps; step += piece)
		cr_expect_gt(loss_after(run, step, fingerprint), options.target, "reached after %d steps", (int)step);
}

Test(time_to_loss, the_first_evaluation_that_is_there_counts)
{
	measure();
	expect_as_trained(&result->runs[0], 2);
	cr_expect_eq(result->best[0], 0);
	cr_expect_eq(result->runs[0].batch, 8);
	cr_expect_eq(result->runs[0].slices, 4);
	cr_expect_eq(result->runs[0].learning_rate, 0.5);
	cr_expect_eq(result->runs[0].epochs, (double)result->runs[0].steps / 8);
}

Test(time_to_loss, of_the_test_part)
{
	options.part = LOCKSTEP_TARGET_TEST;
	options.target = 1;
	measure();
	expect_as_trained(&result->runs[0], 2);
}

Test(time_to_loss, evaluations_after_every_step_at_most_and_after_several_epochs)
{
	options.evaluations_per_epoch = 1000;
	measure();
	expect_as_trained(&result->runs[0], 1);
	options.evaluations_per_epoch = 0.5;
	options.target = 0.5;
	measure();
	expect_as_trained(&result->runs[0], 16);
}

/* Steps at which the loss is another one than before: those of the evaluations. */
struct evaluations {
	uint64_t steps[6];
	size_t n;
	double loss;
};

static int note(const struct lockstep_time_to_loss_progress *progress, void *context)
{
	struct evaluations *seen = context;
	if (!isnan(progress->loss) && progress->loss != seen->loss)
		seen->steps[seen->n++] = progress->step;
	seen->loss = progress->loss;
	return seen->n == 6;
}

Test(time_to_loss, pieces_that_divide_no_epoch_are_rounded_up)
{
	static const uint64_t steps[] = {3, 6, 8, 11, 14, 16};
	struct evaluations seen = {.loss = NAN};
	options.evaluations_per_epoch = 3;
	options.target = 1e-9;
	options.on_progress = note;
	options.context = &seen;
	cr_assert_eq(lockstep_time_to_loss_measure(&result, &job, &options, &error), LOCKSTEP_STOPPED);
	cr_assert_eq(seen.n, 6);
	for (size_t i = 0; i < 6; i++)
		cr_expect_eq(seen.steps[i], steps[i], "evaluation %zu at step %d", i, (int)seen.steps[i]);
}

struct at_epochs {
	double validation[64];
	char fingerprint[64][65];
};

static int keep_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct at_epochs *at = context;
	at->validation[epoch->epoch] = epoch->validation.loss;
	snprintf(at->fingerprint[epoch->epoch], 65, "%s", epoch->fingerprint);
	return 0;
}

/* The whole job with all that decides its bits, and its validation rows. */
Test(time_to_loss, of_validation_rows_as_a_training_has_them)
{
	static struct at_epochs at;
	lockstep_network *network = small_network();
	job.train = full_options();
	options.part = LOCKSTEP_TARGET_VALIDATION;
	options.evaluations_per_epoch = 1;
	options.target = 0.95;
	measure();
	const struct lockstep_time_to_loss_run *run = &result->runs[0];
	struct lockstep_train_options train = job.train;
	train.epochs = 40;
	train.patience = 0;
	train.on_epoch = keep_epoch;
	train.context = &at;
	cr_assert_eq(lockstep_train(network, data, &train, &error), LOCKSTEP_OK, "%s", error.message);
	uint32_t epoch = (uint32_t)run->epochs;
	cr_assert(run->is_reached && epoch > 1 && run->epochs == epoch, "%g epochs, loss %g", run->epochs, run->loss);
	cr_expect_eq(run->loss, at.validation[epoch]);
	cr_expect_str_eq(run->fingerprint, at.fingerprint[epoch]);
	for (uint32_t i = 1; i < epoch; i++)
		cr_expect_gt(at.validation[i], options.target);
	lockstep_network_destroy(network);
}

/* ---- Nothing that runs it changes it --------------------------------------- */

static struct lockstep_time_to_loss *reference;

static void expect_same(void)
{
	measure();
	cr_assert_eq(memcmp(result->best, reference->best, result->n_batches * sizeof *result->best), 0);
	for (size_t i = 0; i < result->n; i++) {
		const struct lockstep_time_to_loss_run *a = &result->runs[i], *b = &reference->runs[i];
		cr_expect(a->steps == b->steps && a->epochs == b->epochs && a->loss == b->loss, "run %zu", i);
		cr_expect(a->is_reached == b->is_reached && a->is_beaten == b->is_beaten, "run %zu", i);
		cr_expect_str_eq(a->fingerprint, b->fingerprint);
	}
}

Test(time_to_loss, workers_engine_split_and_instruction_set_change_nothing)
{
	static const enum lockstep_engine engines[] = {LOCKSTEP_PTHREADS, LOCKSTEP_OPENMP, LOCKSTEP_SERIAL};
	options.batches = batches;
	options.n_batches = 2;
	options.learning_rates = rates;
	options.n_rates = 3;
	measure();
	reference = result;
	result = NULL;
	cr_assert_neq(reference->runs[reference->best[0]].steps, reference->runs[reference->best[1]].steps);
	for (size_t i = 0; i < 3; i++)
		for (job.train.workers = 1; job.train.workers <= 3; job.train.workers++) {
			job.train.engine = engines[i];
			if (engines[i] != LOCKSTEP_OPENMP || lockstep_has_openmp())
				expect_same();
		}
	job.train.engine = LOCKSTEP_PTHREADS;
	job.train.workers = 3;
	job.train.split = LOCKSTEP_SPLIT_OWNERS;
	expect_same();
	job.train.isa = "portable";
	expect_same();
	job.train.workers = 0;
	job.train.split = LOCKSTEP_SPLIT_AUTO;
	expect_same();
	lockstep_time_to_loss_destroy(reference);
}

Test(time_to_loss, a_mini_batch_of_few_slices_takes_fewer_workers)
{
	job.train.slices = 0;
	job.train.workers = 3;
	options.batches = (const uint32_t[]){1};
	measure();
	cr_expect(result->runs[0].is_reached);
	cr_expect_eq(result->runs[0].slices, 1);
}

/* ---- What ends a run -------------------------------------------------------- */

Test(time_to_loss, it_ends_unsuccessful_at_the_last_step)
{
	options.target = 1e-9;
	options.max_epochs = 2.7;
	measure();
	const struct lockstep_time_to_loss_run *run = &result->runs[0];
	char fingerprint[65];
	cr_expect(!run->is_reached && !run->is_diverged && !run->is_beaten);
	cr_expect_eq(run->steps, 21);
	cr_expect_eq(run->epochs, 21.0 / 8);
	cr_expect_eq(run->loss, loss_after(run, 21, fingerprint));
	cr_expect_str_eq(run->fingerprint, fingerprint);
	cr_expect_eq(result->best[0], result->n);
	options.max_epochs = 0.01;
	measure();
	cr_expect_eq(result->runs[0].steps, 1);
}

Test(time_to_loss, short_mini_batches_are_left_out_where_the_job_does_so)
{
	options.target = 1e-9;
	options.max_epochs = 2;
	job.train.drop_last = 1;
	measure();
	cr_expect_eq(result->runs[0].steps, 14);
	cr_expect_eq(result->runs[0].epochs, 2);
}

/* The best of three, and which of them were beaten; the same alone, one rate after the other. */
Test(time_to_loss, a_later_rate_is_beaten_by_a_better_one_before_it)
{
	struct lockstep_time_to_loss_run alone[3];
	for (size_t i = 0; i < 3; i++) {
		options.learning_rates = &rates[i];
		options.n_rates = 1;
		measure();
		alone[i] = result->runs[0];
		cr_assert(alone[i].is_reached, "%g", rates[i]);
	}
	cr_assert(alone[1].steps < alone[0].steps, "the rate matters");
	options.learning_rates = (const double[]){rates[1], rates[0]};
	options.n_rates = 2;
	measure();
	cr_expect_eq(result->best[0], 0);
	cr_expect_eq(result->runs[0].steps, alone[1].steps);
	cr_expect(result->runs[1].is_beaten && !result->runs[1].is_reached);
	cr_expect_eq(result->runs[1].steps, alone[1].steps);
	cr_expect_gt(result->runs[1].loss, options.target);
	cr_expect_eq(strlen(result->runs[1].fingerprint), 64);
	options.learning_rates = rates;
	measure();
	cr_expect_eq(result->best[0], 1);
	cr_expect_eq(result->runs[0].steps, alone[0].steps);
	cr_expect_not(result->runs[0].is_beaten);
}

Test(time_to_loss, with_as_many_steps_the_lower_loss_is_better)
{
	options.learning_rates = rates;
	options.n_rates = 3;
	options.target = 100;
	measure();
	size_t lowest = 0;
	for (size_t i = 0; i < 3; i++) {
		cr_assert(result->runs[i].is_reached && result->runs[i].steps == 2);
		lowest = result->runs[i].loss < result->runs[lowest].loss ? i : lowest;
	}
	cr_expect_eq(result->best[0], lowest);
	options.learning_rates = (const double[]){1, 1};
	options.n_rates = 2;
	measure();
	cr_expect_eq(result->best[0], 0);
}

Test(time_to_loss, a_job_that_diverges_is_a_result)
{
	options.learning_rates = (const double[]){3e38, 0.5};
	options.n_rates = 2;
	measure();
	const struct lockstep_time_to_loss_run *run = &result->runs[0];
	cr_expect(run->is_diverged && !run->is_reached && !run->is_beaten);
	cr_expect_str_empty(run->fingerprint);
	cr_expect_lt(run->steps, 8);
	cr_expect(result->runs[1].is_reached);
	cr_expect_eq(result->best[0], 1);
}

/* ---- Progress ---------------------------------------------------------------- */

struct watch {
	size_t n, n_begun, n_without_loss, stop_at;
	struct lockstep_time_to_loss_progress last;
};

static int watch(const struct lockstep_time_to_loss_progress *progress, void *context)
{
	struct watch *seen_so_far = context;
	cr_assert_leq(progress->step, progress->n_steps);
	cr_assert_eq(progress->n_runs, 4);
	if (progress->step == 0)
		seen_so_far->n_begun++;
	else
		cr_assert_geq(progress->step, seen_so_far->last.step);
	cr_assert(progress->step || isnan(progress->loss));
	seen_so_far->last = *progress;
	return ++seen_so_far->n == seen_so_far->stop_at;
}

Test(time_to_loss, it_tells_where_it_stands)
{
	struct watch w = {0};
	options.batches = batches;
	options.n_batches = 2;
	options.learning_rates = rates;
	options.n_rates = 2;
	options.on_progress = watch;
	options.context = &w;
	measure();
	cr_expect_eq(w.n_begun, 4);
	cr_expect_eq(w.last.i_run, 3);
	cr_expect_eq(w.last.batch, 8);
	cr_expect_eq(w.last.learning_rate, 1);
	cr_expect_eq(w.last.step, result->runs[3].steps);
	cr_expect_eq(w.last.n_steps, 320);
	cr_expect_eq(w.last.loss, result->runs[3].loss);
}

static int stop_in_third(const struct lockstep_time_to_loss_progress *progress, void *context)
{
	(void)context;
	return progress->i_run == 2 && progress->step > 0;
}

Test(time_to_loss, what_is_finished_when_it_stops_is_kept)
{
	struct lockstep_time_to_loss_run whole[2];
	options.batches = batches;
	options.n_batches = 2;
	options.learning_rates = rates;
	options.n_rates = 2;
	measure();
	memcpy(whole, result->runs, sizeof whole);
	size_t best = result->best[0];
	cr_assert_eq(result->n_finished, 4);
	options.on_progress = stop_in_third;
	measure();
	cr_assert_eq(result->n_finished, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_eq(result->runs[i].steps, whole[i].steps);
		cr_expect_str_eq(result->runs[i].fingerprint, whole[i].fingerprint);
		const struct lockstep_time_to_loss_run *left = &result->runs[2 + i];
		cr_expect(left->batch == 8 && left->learning_rate == rates[i] && left->steps == 0 && isnan(left->loss));
		cr_expect(!left->is_reached && !left->is_diverged && !left->is_beaten);
	}
	cr_expect_eq(result->best[0], best);
	cr_expect_eq(result->best[1], result->n);
}

Test(time_to_loss, it_stops_when_told_to)
{
	struct lockstep_time_to_loss *const untouched = (void *)&error, *out = untouched;
	char message[128];
	options.batches = batches;
	options.n_batches = 2;
	options.learning_rates = rates;
	options.n_rates = 2;
	options.on_progress = watch;
	for (size_t at = 1; at < 6; at++) {
		struct watch w = {.stop_at = at};
		options.context = &w;
		cr_assert_eq(lockstep_time_to_loss_measure(&out, &job, &options, &error), LOCKSTEP_STOPPED);
		snprintf(message, sizeof message, "stopped after step %d with mini-batches of 4 rows",
		         (int)w.last.step);
		cr_expect_str_eq(error.message, message);
		cr_expect_eq(w.n, at);
		cr_expect_eq(out, untouched);
	}
}

/* In place of the C library's, for hwloc: a machine where nothing can be bound. */
static int is_binding_forbidden;
__attribute__((visibility("default"))) int sched_setaffinity(pid_t id, size_t size, const cpu_set_t *set)
{
	if (!is_binding_forbidden)
		return (int)syscall(SYS_sched_setaffinity, id, size, set);
	errno = EPERM;
	return -1;
}

static void count_warning(const char *message, void *context)
{
	cr_expect_not_null(strstr(message, "could not be bound"), "%s", message);
	*(int *)context += 1;
}

Test(time_to_loss, a_warning_of_every_run_is_given_once)
{
	int n = 0;
	options.learning_rates = rates;
	options.n_rates = 3;
	options.on_warning = count_warning;
	options.context = &n;
	job.train.bind = "close";
	is_binding_forbidden = 1;
	measure();
	cr_expect_eq(n, 1, "%d warnings", n);
}

/* ---- What is refused ----------------------------------------------------------- */

static void expect_refusal(const char *message)
{
	struct lockstep_time_to_loss *const untouched = (void *)&error, *out = untouched;
	cr_assert_eq(lockstep_time_to_loss_measure(&out, &job, &options, &error), LOCKSTEP_ERROR_ARGUMENT, "%s",
	             message);
	cr_expect_str_eq(error.message, message, "%s", error.message);
	cr_expect_eq(out, untouched);
	lockstep_dataset_destroy(data);
	setup();
}

Test(time_to_loss, numbers_out_of_range)
{
	options.target = 0;
	expect_refusal("target loss 0: it must be above 0 and finite");
	options.target = NAN;
	expect_refusal("target loss nan: it must be above 0 and finite");
	options.target = INFINITY;
	expect_refusal("target loss inf: it must be above 0 and finite");
	options.max_epochs = 0;
	expect_refusal("epochs at most 0: it must be above 0, up to 1000000");
	options.max_epochs = 1000000.5;
	expect_refusal("epochs at most 1e+06: it must be above 0, up to 1000000");
	options.evaluations_per_epoch = -1;
	expect_refusal("evaluations an epoch -1: it must be above 0 and finite");
	options.evaluations_per_epoch = INFINITY;
	expect_refusal("evaluations an epoch inf: it must be above 0 and finite");
	options.part = (enum lockstep_target_part)7;
	expect_refusal("part 7: it must be one of its names");
	options.n_batches = 0;
	expect_refusal("a time to a loss needs a mini-batch");
}

/* Before anything runs. */
static int never(const struct lockstep_time_to_loss_progress *progress, void *context)
{
	(void)progress, (void)context;
	cr_assert_fail("it runs");
	return 1;
}

Test(time_to_loss, jobs_that_cannot_be_trained)
{
	options.on_progress = never;
	options.batches = (const uint32_t[]){8, 0};
	options.n_batches = 2;
	expect_refusal("batch 0: it must be from 1 to 1073741824");
	options.on_progress = never;
	options.learning_rates = (const double[]){0.5, -1};
	options.n_rates = 2;
	expect_refusal("learning rate -1: it must be above 0 and finite");
	options.on_progress = never;
	job.train.slices = 8;
	options.batches = batches;
	options.n_batches = 2;
	expect_refusal("slices 8: more than the 4 rows of a mini-batch");
	options.on_progress = never;
	job.layers = "7";
	cr_assert_eq(lockstep_time_to_loss_measure(&result, &job, &options, &error), LOCKSTEP_ERROR_ARGUMENT);
}

Test(time_to_loss, parts_that_are_not_there)
{
	options.part = LOCKSTEP_TARGET_VALIDATION;
	expect_refusal("the target loss is of the validation rows, and the job keeps none");
	struct lockstep_rows rows;
	lockstep_dataset *alone = NULL;
	lockstep_dataset_get_rows(data, LOCKSTEP_TRAIN, &rows);
	cr_assert_eq(lockstep_dataset_from_rows(&alone, &rows, NULL, &error), LOCKSTEP_OK);
	job.dataset = alone;
	options.part = LOCKSTEP_TARGET_TEST;
	expect_refusal("the target loss is of the test part, and the data have none");
	lockstep_dataset_destroy(alone);
}

Test(time_to_loss, names_of_parts)
{
	for (int part = 0; part < LOCKSTEP_N_TARGET_PARTS; part++)
		cr_expect_eq(lockstep_target_part_parse(lockstep_target_part_name((enum lockstep_target_part)part)),
		             part);
	cr_expect_str_eq(lockstep_target_part_name(LOCKSTEP_TARGET_TEST), "test");
	cr_expect_eq(lockstep_target_part_parse("tset"), -2);
}

/* ---- Memory ---------------------------------------------------------------------- */

Test(time_to_loss, every_allocation_that_fails)
{
	struct lockstep_time_to_loss *const untouched = (void *)&error, *out = untouched;
	job.train.workers = 3;
	options.learning_rates = rates;
	options.n_rates = 2;
	options.max_epochs = 0.5;
	for (long n = 1;; n++) {
		ls_memory_fail_at(n);
		lockstep_status status = lockstep_time_to_loss_measure(&out, &job, &options, &error);
		if (ls_memory_fail_at(0) < n) {
			cr_assert_eq(status, LOCKSTEP_OK);
			cr_assert_gt(n, 20);
			lockstep_time_to_loss_destroy(out);
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY, "allocation %ld: %s", n, error.message);
		cr_assert_eq(out, untouched);
		cr_assert_neq(*error.message, '\0');
	}
}
