/* SPDX-License-Identifier: MIT
 *
 * The trainer as a program sees it: what it refuses and how it says so, how a
 * job ends early, and that no way of driving it changes a bit.
 */
#define _GNU_SOURCE /* CPU_EQUAL() */
#include <criterion/criterion.h>
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "small_job.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

static lockstep_dataset *dataset;
static lockstep_network *network;
static lockstep_trainer *trainer;
static lockstep_error error;

static void setup(void)
{
	dataset = small_data();
	network = small_network();
}

static void teardown(void)
{
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

TestSuite(trainer, .init = setup, .fini = teardown, .timeout = 120);

#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)

static void create_trainer(const struct lockstep_train_options *options)
{
	lockstep_trainer_destroy(trainer);
	trainer = NULL;
	EXPECT_OK(lockstep_trainer_create(&trainer, network, dataset, options, &error));
}

static int has_fingerprint(const char *fingerprint)
{
	char found[65];
	lockstep_network_fingerprint(network, found);
	return strcmp(found, fingerprint) == 0;
}

static uint64_t steps_per_epoch(void)
{
	struct lockstep_plan plan;
	lockstep_trainer_plan(trainer, &plan);
	return plan.steps_per_epoch;
}

/* The fingerprint after the job's first n_steps steps, driven one by one. */
static void step_to(const struct lockstep_train_options *options, uint64_t n_steps, char fingerprint[65])
{
	struct lockstep_train_options mute = *options;
	lockstep_network *other = NULL;
	lockstep_trainer *steps = NULL;

	mute.on_epoch = NULL;
	mute.on_progress = NULL;
	EXPECT_OK(lockstep_network_create(&other, "7-9-5-3", NULL, &error));
	EXPECT_OK(lockstep_trainer_create(&steps, other, dataset, &mute, &error));
	while (n_steps--)
		EXPECT_OK(lockstep_trainer_step(steps, 1, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(steps, &error));
	lockstep_network_fingerprint(other, fingerprint);
	lockstep_trainer_destroy(steps);
	lockstep_network_destroy(other);
}

/* ---- What is refused ------------------------------------------------- */

static void expect_refusal(const struct lockstep_train_options *options, lockstep_status status, const char *first,
                           const char *second)
{
	lockstep_trainer *untouched = (lockstep_trainer *)&error, *made = untouched;
	error = (lockstep_error){LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_trainer_create(&made, network, dataset, options, &error), status, "'%s'", error.message);
	cr_assert_eq(made, untouched);
	cr_assert_eq(error.status, status);
	cr_assert(strstr(error.message, first) && strstr(error.message, second), "'%s' lacks '%s' or '%s'",
	          error.message, first, second);
	cr_assert_null(strchr(error.message, '\n'));
}

static void refuse(const struct lockstep_train_options *options, const char *first, const char *second)
{
	expect_refusal(options, LOCKSTEP_ERROR_ARGUMENT, first, second);
}

static void replace_network(const char *layers, enum lockstep_loss loss)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	options.loss = loss;
	lockstep_network_destroy(network);
	EXPECT_OK(lockstep_network_create(&network, layers, &options, &error));
}

Test(trainer, more_workers_than_slices_are_refused_with_both_numbers)
{
	struct lockstep_train_options options = small_options();
	options.workers = 5;
	refuse(&options, "5 workers", "4 slices");
}

Test(trainer, shapes_that_do_not_fit_the_data_are_refused)
{
	struct lockstep_train_options options = small_options();
	replace_network("6-3", LOCKSTEP_SOFTMAX);
	refuse(&options, "6 inputs", "7 features");
	replace_network("7-2", LOCKSTEP_SOFTMAX);
	refuse(&options, "2 outputs", "3 labels");
}

Test(trainer, softmax_refuses_multilabel_data)
{
	struct lockstep_train_options options = small_options();
	lockstep_dataset_destroy(dataset);
	dataset = small_multilabel_data();
	refuse(&options, "softmax", "multi-label");
	replace_network("7-4", LOCKSTEP_MULTILABEL);
	refuse(&options, "4 outputs", "3 labels");
	replace_network("7-3", LOCKSTEP_MULTILABEL);
	EXPECT_OK(lockstep_train(network, dataset, &options, &error));
}

Test(trainer, data_without_labels_are_refused)
{
	static const float values[2 * SMALL_FEATURES];
	struct lockstep_rows rows = {.n_rows = 2, .n_features = SMALL_FEATURES, .floats = values};
	struct lockstep_train_options options = small_options();
	lockstep_dataset_destroy(dataset);
	EXPECT_OK(lockstep_dataset_from_rows(&dataset, &rows, NULL, &error));
	refuse(&options, "no labels", "");
}

Test(trainer, options_that_need_another_are_refused)
{
	struct lockstep_train_options options = small_options();
	options.patience = 1;
	refuse(&options, "patience", "validation");
	options = small_options();
	options.nesterov = 1;
	refuse(&options, "nesterov", "momentum");
}

Test(trainer, slices_must_be_a_power_of_two_not_above_the_batch)
{
	struct lockstep_train_options options = small_options();
	options.slices = 3;
	refuse(&options, "slices 3", "power of two");
	options.slices = 16;
	refuse(&options, "slices 16", "8 rows");
}

Test(trainer, values_outside_their_ranges_are_refused)
{
	static const double rates[] = {0, -1, NAN, INFINITY, 1e300};
	static const double fractions[] = {-0.1, 1, NAN};
	struct lockstep_train_options options;
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		options = small_options();
		options.learning_rate = rates[i];
		refuse(&options, "learning rate", "above 0");
	}
	for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
		options = small_options();
		options.momentum = fractions[i];
		refuse(&options, "momentum", "below 1");
		options = small_options();
		options.dropout = fractions[i];
		refuse(&options, "dropout", "below 1");
	}
	options = small_options();
	options.epochs = 0;
	refuse(&options, "epochs 0", "1 or more");
	options = small_options();
	options.batch = 0;
	refuse(&options, "batch 0", "");
	options = small_options();
	options.engine = (enum lockstep_engine)3;
	refuse(&options, "engine", "");
}

Test(trainer, dropping_the_only_mini_batch_is_refused)
{
	struct lockstep_train_options options = small_options();
	options.batch = 60;
	options.drop_last = 1;
	refuse(&options, "59 training rows", "mini-batch of 60");
}

Test(trainer, validation_must_leave_rows_on_both_sides)
{
	static const double wrong[] = {59, 60, 1e12, 0.001, 12.5};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct lockstep_train_options options = small_options();
		options.validation = wrong[i];
		refuse(&options, "validation", "59 rows");
	}
}

Test(trainer, instruction_sets_are_refused_when_unknown_or_not_there)
{
	static const char *const isas[] = {"portable", "avx2", "avx512", "neon"};
	struct lockstep_train_options options = small_options();
	int n_refused = 0;
	options.isa = "mmx";
	refuse(&options, "mmx", "");
	for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
		options.isa = isas[i];
		if (!lockstep_isa_check(isas[i], NULL)) {
			create_trainer(&options);
			continue;
		}
		expect_refusal(&options, LOCKSTEP_ERROR_UNSUPPORTED, isas[i], "");
		n_refused++;
	}
	cr_assert_geq(n_refused, 1, "no CPU has them all");
}

Test(trainer, bindings_that_make_no_sense_are_refused)
{
	static const char *const wrong[] = {"sideways", "", "list:", "list:0,x", "list:4-2"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct lockstep_train_options options = small_options();
		options.bind = wrong[i];
		refuse(&options, "bind", wrong[i]);
	}
}

Test(trainer, tensors_that_are_not_there_have_no_gradient)
{
	struct lockstep_train_options options = small_options();
	float values[SMALL_CLASSES];
	create_trainer(&options);
	cr_assert_eq(lockstep_trainer_gradient(trainer, "layers.3.bias", values, 3, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "layers.3.bias"), "%s", error.message);
	cr_assert_eq(lockstep_trainer_gradient(trainer, "layers.2.bias", values, 2, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "3 elements, not 2"), "%s", error.message);
}

Test(trainer, a_finished_job_takes_no_more_steps)
{
	struct lockstep_train_options options = small_options();
	create_trainer(&options);
	EXPECT_OK(lockstep_trainer_step(trainer, 4 * steps_per_epoch(), NULL, &error));
	cr_assert_eq(lockstep_trainer_step(trainer, 1, NULL, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "32 steps are done"), "%s", error.message);
}

Test(trainer, a_part_without_rows_cannot_be_evaluated)
{
	static const float values[SMALL_FEATURES];
	static const uint32_t class = 0;
	struct lockstep_rows rows = {
	    .n_rows = 1, .n_features = SMALL_FEATURES, .n_labels = 3, .floats = values, .classes = &class};
	struct lockstep_metrics metrics = {.n_rows = 77};
	lockstep_dataset_destroy(dataset);
	EXPECT_OK(lockstep_dataset_from_rows(&dataset, &rows, NULL, &error));
	cr_assert_eq(lockstep_network_evaluate(network, dataset, LOCKSTEP_TEST, NULL, &metrics, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(metrics.n_rows, 77);
	cr_assert(strstr(error.message, "no rows"), "%s", error.message);
}

/* ---- Divergence ------------------------------------------------------ */

static void expect_divergence(uint32_t workers, enum lockstep_engine engine, unsigned long long *step)
{
	struct lockstep_train_options options = small_options();
	char before[65];
	float bias[SMALL_CLASSES];

	options.learning_rate = 1e38;
	options.workers = workers;
	options.engine = engine;
	lockstep_network_fingerprint(network, before);
	create_trainer(&options);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_DIVERGED);
	cr_assert_eq(sscanf(error.message, "the job diverged at step %llu", step), 1, "%s", error.message);
	cr_assert_eq(lockstep_trainer_sync(trainer, &error), LOCKSTEP_DIVERGED);
	cr_assert_eq(lockstep_trainer_step(trainer, 1, NULL, &error), LOCKSTEP_DIVERGED);
	cr_assert_eq(lockstep_trainer_gradient(trainer, "layers.2.bias", bias, SMALL_CLASSES, &error),
	             LOCKSTEP_DIVERGED);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_DIVERGED);
	cr_assert(has_fingerprint(before));
	cr_assert_null(lockstep_network_job(network));
}

Test(trainer, divergence_names_the_step_and_leaves_the_network)
{
	unsigned long long step, other;
	expect_divergence(1, LOCKSTEP_PTHREADS, &step);
	cr_assert(step >= 1 && step <= 32);
	expect_divergence(3, LOCKSTEP_PTHREADS, &other);
	cr_assert_eq(step, other);
	expect_divergence(4, LOCKSTEP_SERIAL, &other);
	cr_assert_eq(step, other);
}

/* ---- Stopping -------------------------------------------------------- */

static int stop_at_epoch_2(const struct lockstep_epoch *epoch, void *context)
{
	(void)context;
	return epoch->epoch == 2;
}

/* Asks through the trainer instead of by its return value. */
static int ask_at_epoch_2(const struct lockstep_epoch *epoch, void *context)
{
	(void)context;
	if (epoch->epoch == 2)
		lockstep_trainer_stop(trainer);
	return 0;
}

static void expect_stop_after_epoch_2(int (*on_epoch)(const struct lockstep_epoch *, void *))
{
	struct lockstep_train_options options = full_options();
	char after_2[65], whole[65];
	small_train(&options, whole);
	options.on_epoch = on_epoch;
	options.workers = 3;
	create_trainer(&options);
	step_to(&options, 2 * steps_per_epoch(), after_2);

	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	cr_assert(strstr(error.message, "epoch 2"), "%s", error.message);
	cr_assert(has_fingerprint(after_2));
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	cr_assert(has_fingerprint(whole), "going on is not the same job");
}

Test(trainer, a_job_stopped_after_an_epoch_goes_on_with_the_same_bits)
{
	expect_stop_after_epoch_2(stop_at_epoch_2);
}

Test(trainer, a_job_asked_to_stop_after_an_epoch_goes_on_with_the_same_bits)
{
	replace_network("7-9-5-3", LOCKSTEP_SOFTMAX);
	expect_stop_after_epoch_2(ask_at_epoch_2);
}

Test(trainer, a_stop_asked_for_in_advance_comes_after_one_step)
{
	struct lockstep_train_options options = small_options();
	char after_1[65], whole[65];
	small_train(&options, whole);
	step_to(&options, 1, after_1);
	create_trainer(&options);
	lockstep_trainer_stop(trainer);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	cr_assert(strstr(error.message, "stopped after step 1"), "%s", error.message);
	cr_assert(has_fingerprint(after_1));

	for (uint64_t step = 1; step < 4 * steps_per_epoch(); step++)
		EXPECT_OK(lockstep_trainer_step(trainer, 1, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	cr_assert(has_fingerprint(whole));
}

/* An epoch of seconds, of which the tests below see a tenth of one. */
#define LONG_ROWS 40000
#define LONG_FEATURES 256

static void use_long_job(struct lockstep_train_options *options)
{
	uint8_t *bytes = malloc((size_t)LONG_ROWS * LONG_FEATURES);
	uint32_t *classes = malloc(LONG_ROWS * sizeof *classes);
	struct lockstep_rows rows = {
	    .n_rows = LONG_ROWS, .n_features = LONG_FEATURES, .n_labels = 3, .bytes = bytes, .classes = classes};
	cr_assert(bytes && classes);
	for (size_t i = 0; i < (size_t)LONG_ROWS * LONG_FEATURES; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 24);
	for (size_t i = 0; i < LONG_ROWS; i++)
		classes[i] = i % 3;
	lockstep_dataset_destroy(dataset);
	EXPECT_OK(lockstep_dataset_from_rows(&dataset, &rows, NULL, &error));
	free(classes);
	free(bytes);
	replace_network("256-512-512-3", LOCKSTEP_SOFTMAX);
	*options = small_options();
	options->isa = "portable";
	options->learning_rate = 0.001;
}

/* The network must be what as many single steps make of it. */
static void expect_stopped_at_named_step(const struct lockstep_train_options *options)
{
	unsigned long long step;
	char stopped[65];
	cr_assert_eq(sscanf(error.message, "stopped after step %llu", &step), 1, "%s", error.message);
	cr_assert(step >= 1 && step < LONG_ROWS / 8);
	lockstep_network_fingerprint(network, stopped);

	struct lockstep_train_options mute = *options;
	mute.on_progress = NULL;
	replace_network("256-512-512-3", LOCKSTEP_SOFTMAX);
	create_trainer(&mute);
	EXPECT_OK(lockstep_trainer_step(trainer, step, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	cr_assert(has_fingerprint(stopped));
}

static int stop_at_once(const struct lockstep_progress *progress, void *context)
{
	*(struct lockstep_progress *)context = *progress;
	return 1;
}

Test(trainer, progress_can_stop_a_job_in_the_middle_of_an_epoch)
{
	struct lockstep_train_options options;
	struct lockstep_progress progress = {0};
	use_long_job(&options);
	options.on_progress = stop_at_once;
	options.context = &progress;
	options.workers = 2;
	create_trainer(&options);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	cr_assert_eq(progress.epoch, 1);
	cr_assert_eq(progress.n_epochs, 4);
	cr_assert_eq(progress.n_steps, LONG_ROWS / 8);
	cr_assert_gt(progress.samples_per_second, 0);
	cr_assert_gt(progress.seconds_left, 0);
	expect_stopped_at_named_step(&options);
}

static void *stop_soon(void *argument)
{
	(void)argument;
	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	lockstep_trainer_stop(trainer);
	return NULL;
}

Test(trainer, another_thread_can_stop_a_job)
{
	struct lockstep_train_options options;
	pthread_t thread;
	use_long_job(&options);
	options.workers = 3;
	create_trainer(&options);
	cr_assert_eq(pthread_create(&thread, NULL, stop_soon, NULL), 0);
	lockstep_status status = lockstep_trainer_run(trainer, &error);
	pthread_join(thread, NULL);
	cr_assert_eq(status, LOCKSTEP_STOPPED);
	expect_stopped_at_named_step(&options);
}

/* ---- The same bits --------------------------------------------------- */

static void expect_whole_job_in_steps(uint32_t workers, enum lockstep_engine engine, uint64_t stride)
{
	struct lockstep_train_options options = full_options();
	char whole[65], stepped[65];
	options.patience = 0;
	small_train(&options, whole);
	options.workers = workers;
	options.engine = engine;
	create_trainer(&options);
	uint64_t n_steps = options.epochs * steps_per_epoch();
	for (uint64_t done = 0; done < n_steps; done += stride)
		EXPECT_OK(
		    lockstep_trainer_step(trainer, stride < n_steps - done ? stride : n_steps - done, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	lockstep_network_fingerprint(network, stepped);
	cr_assert_str_eq(stepped, whole);
}

Test(trainer, single_steps_make_the_whole_job)
{
	expect_whole_job_in_steps(1, LOCKSTEP_PTHREADS, 1);
	replace_network("7-9-5-3", LOCKSTEP_SOFTMAX);
	expect_whole_job_in_steps(3, LOCKSTEP_PTHREADS, 1);
	replace_network("7-9-5-3", LOCKSTEP_SOFTMAX);
	expect_whole_job_in_steps(4, LOCKSTEP_SERIAL, 5);
	if (!lockstep_has_openmp())
		return;
	replace_network("7-9-5-3", LOCKSTEP_SOFTMAX);
	expect_whole_job_in_steps(2, LOCKSTEP_OPENMP, 7);
}

Test(trainer, a_batch_above_the_rows_takes_all_of_them)
{
	struct lockstep_train_options options = small_options();
	char one[65], three[65];
	options.batch = 1u << 30;
	options.slices = 0;
	small_train(&options, one);
	options.workers = 3;
	small_train(&options, three);
	cr_assert_str_eq(one, three);
	create_trainer(&options);
	cr_assert_eq(steps_per_epoch(), 1);
}

struct other_job {
	struct lockstep_train_options options;
	char fingerprint[65];
};

static void *train_beside(void *argument)
{
	struct other_job *job = argument;
	lockstep_network *other = NULL;
	if (lockstep_network_create(&other, "7-9-5-3", NULL, NULL) == LOCKSTEP_OK &&
	    lockstep_train(other, dataset, &job->options, NULL) == LOCKSTEP_OK)
		lockstep_network_fingerprint(other, job->fingerprint);
	lockstep_network_destroy(other);
	return NULL;
}

Test(trainer, two_jobs_at_once_do_not_see_each_other)
{
	struct other_job jobs[2] = {{.options = full_options()}, {.options = full_options()}};
	struct lockstep_train_options alone = full_options();
	pthread_t threads[2];
	char whole[65];
	small_train(&alone, whole);
	jobs[0].options.workers = 3;
	jobs[1].options.workers = 2;
	for (int i = 0; i < 2; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, train_beside, &jobs[i]), 0);
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		cr_assert_str_eq(jobs[i].fingerprint, whole);
	}
}

/* What a job that computes everything comes to. */
struct computed {
	char fingerprint[65];
	uint32_t n;
	double losses[16];
};

static int record_losses(const struct lockstep_epoch *epoch, void *context)
{
	struct computed *computed = context;
	computed->losses[computed->n++] = epoch->loss;
	computed->losses[computed->n++] = epoch->validation.loss;
	computed->losses[computed->n++] = epoch->test.loss;
	return 0;
}

static struct computed compute(void)
{
	struct lockstep_train_options options = full_options();
	struct computed computed = {.n = 0};
	struct lockstep_metrics metrics = {0};
	options.validation = 0.22;
	options.workers = 2;
	options.on_epoch = record_losses;
	options.context = &computed;
	replace_network("7-9-5-3", LOCKSTEP_SOFTMAX);
	create_trainer(&options);
	EXPECT_OK(lockstep_trainer_step(trainer, 1, &computed.losses[computed.n], &error));
	computed.n++;
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	EXPECT_OK(lockstep_network_evaluate(network, dataset, LOCKSTEP_TEST, NULL, &metrics, &error));
	computed.losses[computed.n++] = metrics.loss;
	lockstep_network_fingerprint(network, computed.fingerprint);
	return computed;
}

static void expect_same(const struct computed *found, const struct computed *expected)
{
	cr_assert_str_eq(found->fingerprint, expected->fingerprint);
	cr_assert_arr_eq(found->losses, expected->losses, sizeof expected->losses);
}

Test(trainer, the_hosts_rounding_mode_is_not_seen_and_comes_back)
{
	static const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
	struct computed expected = compute();
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		fesetround(modes[i]);
		struct computed found = compute();
		int after = fegetround();
		fesetround(FE_TONEAREST);
		cr_assert_eq(after, modes[i]);
		expect_same(&found, &expected);
	}
}

#ifdef __x86_64__
Test(trainer, the_hosts_flush_to_zero_is_not_seen_and_comes_back)
{
	struct computed expected = compute();
	unsigned before = _mm_getcsr(), flushing = before | _MM_FLUSH_ZERO_ON | 0x40u /* denormals are zero */;
	_mm_setcsr(flushing);
	struct computed found = compute();
	unsigned after = _mm_getcsr();
	_mm_setcsr(before);
	cr_assert_eq(after, flushing);
	expect_same(&found, &expected);
}
#endif

/* ---- Gradients ------------------------------------------------------- */

#define WEIGHTS (9 * SMALL_FEATURES)

Test(trainer, the_gradient_is_what_a_step_of_plain_descent_takes)
{
	struct lockstep_train_options options = small_options();
	float before[WEIGHTS], after[WEIGHTS], gradient[WEIGHTS];
	double largest_weight = 0, largest = 0, error_of = 0;

	options.workers = 3;
	create_trainer(&options);
	EXPECT_OK(lockstep_network_get(network, "layers.0.weight", before, WEIGHTS, &error));
	EXPECT_OK(lockstep_trainer_gradient(trainer, "layers.0.weight", gradient, WEIGHTS, &error));
	EXPECT_OK(lockstep_trainer_step(trainer, 1, NULL, &error));
	EXPECT_OK(lockstep_trainer_sync(trainer, &error));
	EXPECT_OK(lockstep_network_get(network, "layers.0.weight", after, WEIGHTS, &error));
	for (size_t i = 0; i < WEIGHTS; i++) {
		double difference = ((double)before[i] - (double)after[i]) / options.learning_rate;
		error_of = fmax(error_of, fabs(difference - (double)gradient[i]));
		largest = fmax(largest, fabs((double)gradient[i]));
		largest_weight = fmax(largest_weight, fabs((double)after[i]));
	}
	/* The update rounds each weight once. */
	double tolerance = largest_weight * (double)FLT_EPSILON / 2 / options.learning_rate;
	cr_assert(!(tolerance >= largest / 1000), "the gradient is too small to tell");
	cr_assert(error_of <= tolerance, "%g", error_of);
}

Test(trainer, asking_for_gradients_changes_nothing)
{
	struct lockstep_train_options options = full_options();
	float gradients[2][WEIGHTS];
	char whole[65];
	options.patience = 0;
	small_train(&options, whole);
	for (uint32_t i = 0; i < 2; i++) {
		replace_network("7-9-5-3", LOCKSTEP_SOFTMAX);
		options.workers = i ? 3 : 1;
		create_trainer(&options);
		EXPECT_OK(lockstep_trainer_step(trainer, 9, NULL, &error));
		EXPECT_OK(lockstep_trainer_gradient(trainer, "layers.0.weight", gradients[i], WEIGHTS, &error));
		EXPECT_OK(lockstep_trainer_gradient(trainer, "layers.0.weight", gradients[i], WEIGHTS, &error));
		EXPECT_OK(lockstep_trainer_run(trainer, &error));
		cr_assert(has_fingerprint(whole));
	}
	cr_assert_arr_eq(gradients[0], gradients[1], sizeof gradients[0]);
}

/* ---- Epochs and early stopping --------------------------------------- */

#define EPOCHS_MAX 80

struct record {
	uint32_t n;
	struct lockstep_epoch epochs[EPOCHS_MAX];
};

static int record_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct record *record = context;
	record->epochs[record->n++] = *epoch;
	return 0;
}

/* The last epoch, from 1, that was called the best, checked by the rule. */
static uint32_t best_epoch(const struct record *record, enum lockstep_monitor monitor)
{
	uint32_t best = 0;
	for (uint32_t i = 0; i < record->n; i++) {
		const struct lockstep_metrics *metrics = &record->epochs[i].validation;
		const struct lockstep_metrics *held = &record->epochs[best ? best - 1 : 0].validation;
		int improves = best == 0 || (monitor == LOCKSTEP_MONITOR_LOSS ? metrics->loss < held->loss
		                                                              : metrics->n_exact > held->n_exact);
		cr_assert_eq(!record->epochs[i].best, !improves, "epoch %u", i + 1);
		best = improves ? i + 1 : best;
	}
	return best;
}

static void expect_early_stop(enum lockstep_monitor monitor, int keep_last)
{
	struct record record = {0};
	struct lockstep_train_options options = small_options();
	char kept[65];
	options.epochs = EPOCHS_MAX;
	options.learning_rate = 4;
	options.validation = 13;
	options.patience = 3;
	options.monitor = monitor;
	options.keep_last = keep_last;
	options.on_epoch = record_epoch;
	options.context = &record;
	replace_network("7-9-5-3", LOCKSTEP_SOFTMAX);
	create_trainer(&options);
	EXPECT_OK(lockstep_trainer_run(trainer, &error));

	uint32_t best = best_epoch(&record, monitor);
	cr_assert_lt(record.n, EPOCHS_MAX, "nothing stopped the job");
	cr_assert_eq(record.n, best + options.patience);
	step_to(&options, (keep_last ? record.n : best) * steps_per_epoch(), kept);
	cr_assert(has_fingerprint(kept));
}

Test(trainer, early_stopping_keeps_the_best_weights_or_the_last)
{
	expect_early_stop(LOCKSTEP_MONITOR_LOSS, 0);
	expect_early_stop(LOCKSTEP_MONITOR_LOSS, 1);
	expect_early_stop(LOCKSTEP_MONITOR_ACCURACY, 0);
	expect_early_stop(LOCKSTEP_MONITOR_ACCURACY, 1);
}

Test(trainer, epochs_tell_what_they_came_to)
{
	struct record record = {0};
	struct lockstep_train_options options = full_options();
	struct lockstep_metrics metrics;
	options.patience = 0;
	options.on_epoch = record_epoch;
	options.context = &record;
	EXPECT_OK(lockstep_train(network, dataset, &options, &error));
	cr_assert_eq(record.n, 4);
	for (uint32_t i = 0; i < record.n; i++) {
		const struct lockstep_epoch *epoch = &record.epochs[i];
		cr_assert_eq(epoch->epoch, i + 1);
		cr_assert_eq(epoch->n_epochs, 4);
		cr_assert_eq(epoch->n_steps, (i + 1) * 6);
		cr_assert_eq(epoch->validation.n_rows, 13);
		cr_assert_eq(epoch->test.n_rows, SMALL_TEST_ROWS);
		cr_assert(epoch->loss > 0 && isfinite(epoch->loss));
		cr_assert(epoch->learning_rate > 0 && epoch->learning_rate <= 0.5);
		cr_assert(epoch->train_seconds > 0 && epoch->samples_per_second > 0);
	}
	EXPECT_OK(lockstep_network_evaluate(network, dataset, LOCKSTEP_TEST, NULL, &metrics, &error));
	cr_assert_eq(metrics.loss, record.epochs[3].test.loss);
	cr_assert_eq(metrics.n_exact, record.epochs[3].test.n_exact);
}

Test(trainer, the_plan_says_what_options_come_to)
{
	struct lockstep_train_options options = full_options();
	struct lockstep_plan plan;
	options.workers = 2;
	options.isa = "portable";
	create_trainer(&options);
	lockstep_trainer_plan(trainer, &plan);
	cr_assert_eq(plan.slices, 4);
	cr_assert_eq(plan.workers, 2);
	cr_assert_eq(plan.steps_per_epoch, 6);
	cr_assert_eq(plan.train_rows, SMALL_ROWS - 13);
	cr_assert_eq(plan.validation_rows, 13);
	cr_assert_eq(plan.scale, LOCKSTEP_SCALE_STANDARDISE);
	cr_assert_str_eq(plan.isa, "portable");
}

/* ---- Other workers on the way ------------------------------------------ */

static void set_workers(uint32_t workers, const char *bind, uint32_t expected)
{
	struct lockstep_plan plan;
	EXPECT_OK(lockstep_trainer_set_workers(trainer, workers, bind, &error));
	lockstep_trainer_plan(trainer, &plan);
	cr_assert_eq(plan.workers, expected);
}

/* All before the end of the first epoch, which a run judges. */
static void run_with_changes(enum lockstep_engine engine)
{
	struct lockstep_train_options options = full_options();
	options.engine = engine;
	options.workers = 1;
	create_trainer(&options);
	EXPECT_OK(lockstep_trainer_step(trainer, 1, NULL, &error));
	set_workers(2, "close", 2);
	EXPECT_OK(lockstep_trainer_step(trainer, 2, NULL, &error));
	set_workers(4, NULL, 4);
	EXPECT_OK(lockstep_trainer_step(trainer, 2, NULL, &error));
	set_workers(1, "close", 1);
	set_workers(3, "none", 3);
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
}

Test(trainer, other_workers_on_the_way_change_no_bit)
{
	struct lockstep_train_options options = full_options();
	char expected[65];
	small_train(&options, expected);
	for (int engine = LOCKSTEP_PTHREADS; engine <= LOCKSTEP_SERIAL; engine++) {
		if (engine == LOCKSTEP_OPENMP && !lockstep_has_openmp())
			continue;
		lockstep_network_destroy(network);
		network = small_network();
		run_with_changes((enum lockstep_engine)engine);
		cr_assert(has_fingerprint(expected), "engine %s", lockstep_engine_name((enum lockstep_engine)engine));
	}
}

static int stop_after_first(const struct lockstep_epoch *epoch, void *context)
{
	(void)context;
	return epoch->epoch == 1;
}

Test(trainer, a_run_that_was_stopped_goes_on_with_other_workers)
{
	struct lockstep_train_options options = full_options();
	char expected[65];
	small_train(&options, expected);
	options.on_epoch = stop_after_first;
	create_trainer(&options);
	cr_assert_eq(lockstep_trainer_run(trainer, &error), LOCKSTEP_STOPPED);
	set_workers(3, NULL, 3);
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	cr_assert(has_fingerprint(expected));
}

Test(trainer, workers_that_cannot_be_leave_the_old_ones)
{
	struct lockstep_train_options options = full_options();
	struct lockstep_plan plan;
	char expected[65];
	small_train(&options, expected);
	options.workers = 2;
	create_trainer(&options);
	cr_assert_eq(lockstep_trainer_set_workers(trainer, 5, NULL, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(lockstep_trainer_set_workers(trainer, 2, "list:x", &error), LOCKSTEP_ERROR_ARGUMENT);
	lockstep_trainer_plan(trainer, &plan);
	cr_assert_eq(plan.workers, 2);
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	cr_assert(has_fingerprint(expected));
}

#ifdef __linux__
/* The thread that calls is bound while it has a bound team, and gets its own
 * places back at the end. */
Test(trainer, the_callers_binding_outlives_other_workers)
{
	struct lockstep_train_options options = full_options();
	cpu_set_t before, after;
	cr_assert_eq(sched_getaffinity(0, sizeof before, &before), 0);
	options.bind = "close";
	create_trainer(&options);
	set_workers(2, "close", 2);
	set_workers(1, "close", 1);
	lockstep_trainer_destroy(trainer);
	trainer = NULL;
	cr_assert_eq(sched_getaffinity(0, sizeof after, &after), 0);
	cr_assert(CPU_EQUAL(&before, &after));
}
#endif
