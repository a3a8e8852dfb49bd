/* SPDX-License-Identifier: MIT
 *
 * Memory runs out: every allocation of every public call fails once. The call
 * must say so, leave its outputs and objects as they were, and succeed when it
 * is made again with the same objects. Leaks are for AddressSanitizer to find.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../support/data_files.h"
#include "base/memory.h"
#include "small_job.h"

#define ATTEMPTS_MAX 5000

TestSuite(allocations, .init = data_setup, .fini = data_teardown, .timeout = 300);

/* A call under test. It checks itself that a failure changed nothing, and that
 * a success gave the right result. */
typedef lockstep_status attempt(void *context, lockstep_error *error);

/* Makes the n-th allocation from now fail; returns how many there were. */
typedef long fail_at(long n);

static void fail_each(attempt *call, void *context, fail_at *fail, unsigned allowed)
{
	for (long n = 1; n <= ATTEMPTS_MAX; n++) {
		lockstep_error error = {LOCKSTEP_OK, ""};
		fail(n);
		lockstep_status status = call(context, &error);
		long count = fail(0);
		if (count < n) {
			cr_assert_eq(status, LOCKSTEP_OK, "no allocation failed: %s", error.message);
			cr_assert_gt(n, 1, "the call allocates nothing");
			return;
		}
		cr_assert(allowed >> status & 1, "allocation %ld failed: %s: %s", n, lockstep_status_name(status),
		          error.message);
		cr_assert_eq(error.status, status);
		cr_assert_eq(strlen(error.message) > 0, status != LOCKSTEP_OK);
	}
	cr_assert_fail("more than %d allocations", ATTEMPTS_MAX);
}

/* Every allocation of the library. */
static void exhaust(attempt *call, void *context)
{
	fail_each(call, context, ls_memory_fail_at, 1u << LOCKSTEP_ERROR_MEMORY);
}

/* What an output pointer holds before a call that has no other context. */
static char nowhere;

/* ---- jansson --------------------------------------------------------- */

static long json_count, json_failing;

static void *json_allocate(size_t size)
{
	return ++json_count == json_failing ? NULL : malloc(size);
}

static long json_fail_at(long n)
{
	long count = json_count;
	json_count = 0;
	json_failing = n;
	return count;
}

/* Every allocation of jansson. What fails while it reads, it may report as a
 * fault of the text or try again. */
static void exhaust_json(attempt *call, void *context, unsigned allowed)
{
	json_set_alloc_funcs(json_allocate, free);
	fail_each(call, context, json_fail_at, 1u << LOCKSTEP_ERROR_MEMORY | allowed);
	json_set_alloc_funcs(malloc, free);
}

/* ---- Data sets ------------------------------------------------------- */

struct opening {
	const char *path;
	struct lockstep_dataset_options options;
	char digest[65]; /* of the training part, once opened */
};

static lockstep_status try_open(void *context, lockstep_error *error)
{
	struct opening *opening = context;
	lockstep_dataset *const untouched = (lockstep_dataset *)opening, *dataset = untouched;
	char digest[65];

	lockstep_status status = lockstep_dataset_open_with(&dataset, opening->path, &opening->options, error);
	if (status) {
		cr_assert_eq(dataset, untouched);
		return status;
	}
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, digest);
	cr_assert_str_eq(digest, opening->digest);
	lockstep_dataset_destroy(dataset);
	return LOCKSTEP_OK;
}

static void exhaust_open(struct opening *opening)
{
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	cr_assert_eq(lockstep_dataset_open_with(&dataset, opening->path, &opening->options, &error), LOCKSTEP_OK, "%s",
	             error.message);
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, opening->digest);
	lockstep_dataset_destroy(dataset);
	exhaust(try_open, opening);
}

static void write_idx(const char *images, const char *labels, uint32_t n_rows)
{
	static struct data_bytes content;
	content.n = 0;
	data_put_idx(&content, 8, 3, (uint32_t[]){n_rows, 2, 2});
	for (uint32_t i = 0; i < n_rows * 4; i++)
		data_put(&content, (uint8_t[]){(uint8_t)(i * 37)}, 1);
	data_write_gzip(images, content.bytes, content.n);
	content.n = 0;
	data_put_idx(&content, 8, 1, &n_rows);
	for (uint32_t i = 0; i < n_rows; i++)
		data_put(&content, (uint8_t[]){(uint8_t)(i % 3)}, 1);
	data_write(labels, content.bytes, content.n);
}

Test(allocations, opening_an_idx_folder)
{
	write_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte", 6);
	write_idx("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte", 4);
	struct opening opening = {.path = data_path("")};
	exhaust_open(&opening);
}

Test(allocations, opening_csv_files)
{
	struct opening opening = {
	    .path = data_write_text("train.csv", "a,kind,b\n1,dog,0.25\n-2.5,cat,3\n4,\"a \"\"c\"\"\",1e-3\n")};
	opening.options.test = data_write_text("test.csv", "a,kind,b\n7,cat,8\n");
	opening.options.label = "kind";
	exhaust_open(&opening);
}

static const char *write_npy(const char *name, const char *dictionary, const void *values, size_t n_bytes)
{
	static struct data_bytes content;
	content.n = 0;
	data_put_npy(&content, dictionary);
	data_put(&content, values, n_bytes);
	return data_write(name, content.bytes, content.n);
}

Test(allocations, opening_npy_files)
{
	static const float features[] = {1, 2, 3, 4, 5, 6};
	static const int64_t labels[] = {0, 1, 1};
	struct opening opening = {.path =
	                              write_npy("x.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }",
	                                        features, sizeof features)};
	opening.options.labels =
	    write_npy("y.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (3,), }", labels, sizeof labels);
	exhaust_open(&opening);
}

static lockstep_status try_rows(void *context, lockstep_error *error)
{
	static const float features[] = {1, 2, 3, 4, 5, 6};
	static const uint8_t flags[] = {0, 1, 1, 1, 0, 0};
	struct lockstep_rows rows = {.n_rows = 3, .n_features = 2, .n_labels = 2, .floats = features, .flags = flags};
	lockstep_dataset *const untouched = context, *dataset = untouched;

	lockstep_status status = lockstep_dataset_from_rows(&dataset, &rows, &rows, error);
	if (status)
		cr_assert_eq(dataset, untouched);
	else
		lockstep_dataset_destroy(dataset);
	return status;
}

Test(allocations, rows_from_memory)
{
	exhaust(try_rows, &nowhere);
}

/* ---- Networks -------------------------------------------------------- */

static lockstep_status try_create_network(void *context, lockstep_error *error)
{
	lockstep_network *const untouched = context, *network = untouched;
	lockstep_status status = lockstep_network_create(&network, "7-9-5-3", NULL, error);
	if (status)
		cr_assert_eq(network, untouched);
	else
		lockstep_network_destroy(network);
	return status;
}

Test(allocations, creating_a_network)
{
	exhaust(try_create_network, &nowhere);
}

/* A trained network with its data, which stay as they are. */
struct trained {
	lockstep_dataset *dataset;
	lockstep_network *network;
	const char *path;
	char fingerprint[65];
	struct lockstep_metrics metrics;
	float probabilities[SMALL_TEST_ROWS * SMALL_CLASSES];
};

static lockstep_status try_evaluate(void *context, lockstep_error *error)
{
	const struct trained *trained = context;
	struct lockstep_metrics metrics = {.n_rows = 12345};
	lockstep_status status =
	    lockstep_network_evaluate(trained->network, trained->dataset, LOCKSTEP_TEST, NULL, &metrics, error);
	if (status)
		cr_assert_eq(metrics.n_rows, 12345);
	else
		cr_assert_eq(metrics.loss, trained->metrics.loss);
	return status;
}

static lockstep_status try_predict(void *context, lockstep_error *error)
{
	const struct trained *trained = context;
	float probabilities[SMALL_TEST_ROWS * SMALL_CLASSES] = {-1};
	lockstep_status status =
	    lockstep_network_predict(trained->network, trained->dataset, LOCKSTEP_TEST, NULL, probabilities, error);
	if (status)
		cr_assert_eq(probabilities[0], -1);
	else
		cr_assert_arr_eq(probabilities, trained->probabilities, sizeof probabilities);
	return status;
}

static lockstep_status try_load(void *context, lockstep_error *error)
{
	const struct trained *trained = context;
	lockstep_network *const untouched = trained->network, *network = untouched;
	char fingerprint[65];
	lockstep_status status = lockstep_network_load(&network, trained->path, error);
	if (status) {
		cr_assert_eq(network, untouched);
		return status;
	}
	lockstep_network_fingerprint(network, fingerprint);
	cr_assert_str_eq(fingerprint, trained->fingerprint);
	lockstep_network_destroy(network);
	return status;
}

/* What could not be saved leaves the file that was there before. */
static lockstep_status try_save(void *context, lockstep_error *error)
{
	const struct trained *trained = context;
	lockstep_network *network = NULL;
	char fingerprint[65];
	lockstep_status status = lockstep_network_save(trained->network, trained->path, error);
	if (!status)
		return status;
	ls_memory_fail_at(0);
	json_failing = 0;
	cr_assert_eq(lockstep_network_load(&network, trained->path, NULL), LOCKSTEP_OK);
	lockstep_network_fingerprint(network, fingerprint);
	cr_assert_str_neq(fingerprint, trained->fingerprint);
	lockstep_network_destroy(network);
	return status;
}

static void train_to(struct trained *trained)
{
	struct lockstep_train_options options = full_options();
	lockstep_error error;
	*trained = (struct trained){.dataset = small_data(), .network = small_network(), .path = data_path("model")};
	cr_assert_eq(lockstep_network_save(trained->network, trained->path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_train(trained->network, trained->dataset, &options, &error), LOCKSTEP_OK, "%s",
	             error.message);
	lockstep_network_fingerprint(trained->network, trained->fingerprint);
	lockstep_network_evaluate(trained->network, trained->dataset, LOCKSTEP_TEST, NULL, &trained->metrics, NULL);
	lockstep_network_predict(trained->network, trained->dataset, LOCKSTEP_TEST, NULL, trained->probabilities, NULL);
}

static void free_trained(struct trained *trained)
{
	lockstep_network_destroy(trained->network);
	lockstep_dataset_destroy(trained->dataset);
}

Test(allocations, evaluating_and_predicting)
{
	struct trained trained;
	train_to(&trained);
	exhaust(try_evaluate, &trained);
	exhaust(try_predict, &trained);
	free_trained(&trained);
}

Test(allocations, saving_and_loading)
{
	struct trained trained;
	train_to(&trained);
	exhaust(try_save, &trained);
	exhaust(try_load, &trained);
	free_trained(&trained);
}

Test(allocations, saving_and_loading_without_memory_for_json)
{
	struct trained trained;
	train_to(&trained);
	exhaust_json(try_save, &trained, 0);
	exhaust_json(try_load, &trained, 1u << LOCKSTEP_ERROR_FORMAT | 1u << LOCKSTEP_OK);
	free_trained(&trained);
}

/* ---- Training -------------------------------------------------------- */

struct training {
	struct lockstep_train_options options;
	lockstep_dataset *dataset;
	lockstep_network *network;
	lockstep_trainer *trainer;
	char before[65], after[65]; /* fingerprints without the job and with it */
};

static int has_fingerprint(const lockstep_network *network, const char *fingerprint)
{
	char found[65];
	lockstep_network_fingerprint(network, found);
	return strcmp(found, fingerprint) == 0;
}

static struct training training_of(uint32_t workers, enum lockstep_engine engine)
{
	struct training training = {.options = full_options(), .dataset = small_data(), .network = small_network()};
	lockstep_network_fingerprint(training.network, training.before);
	small_train(&training.options, training.after);
	training.options.workers = workers;
	training.options.engine = engine;
	return training;
}

static void free_training(struct training *training)
{
	lockstep_trainer_destroy(training->trainer);
	lockstep_network_destroy(training->network);
	lockstep_dataset_destroy(training->dataset);
}

static lockstep_status try_train(void *context, lockstep_error *error)
{
	struct training *training = context;
	lockstep_status status = lockstep_train(training->network, training->dataset, &training->options, error);
	cr_assert(has_fingerprint(training->network, status ? training->before : training->after));
	if (status)
		cr_assert_null(lockstep_network_job(training->network));
	return status;
}

static lockstep_status try_create_trainer(void *context, lockstep_error *error)
{
	struct training *training = context;
	lockstep_trainer *const untouched = (lockstep_trainer *)training, *trainer = untouched;
	lockstep_status status =
	    lockstep_trainer_create(&trainer, training->network, training->dataset, &training->options, error);
	if (status)
		cr_assert_eq(trainer, untouched);
	else
		lockstep_trainer_destroy(trainer);
	return status;
}

static void exhaust_training(uint32_t workers, enum lockstep_engine engine)
{
	struct training training = training_of(workers, engine);
	exhaust(try_train, &training);
	exhaust(try_create_trainer, &training);
	free_training(&training);
}

Test(allocations, training_with_one_worker)
{
	exhaust_training(1, LOCKSTEP_PTHREADS);
}

Test(allocations, training_with_pthreads)
{
	exhaust_training(3, LOCKSTEP_PTHREADS);
}

Test(allocations, training_with_openmp)
{
	if (!lockstep_has_openmp())
		cr_skip_test("this build has no OpenMP engine");
	exhaust_training(3, LOCKSTEP_OPENMP);
}

Test(allocations, training_in_one_thread_for_three_workers)
{
	exhaust_training(3, LOCKSTEP_SERIAL);
}

/* A network whose first layer can be split over three workers. */
static lockstep_network *wide_network(void)
{
	lockstep_network *network = NULL;
	cr_assert_eq(lockstep_network_create(&network, "7-40-5-3", NULL, NULL), LOCKSTEP_OK);
	return network;
}

/* The same as training_of(), on the wide network. */
static struct training wide_training_of(const struct lockstep_train_options *options)
{
	struct training training = {.options = *options, .dataset = small_data(), .network = wide_network()};
	lockstep_network *trained = wide_network();
	lockstep_error error;
	lockstep_network_fingerprint(training.network, training.before);
	cr_assert_eq(lockstep_train(trained, training.dataset, options, &error), LOCKSTEP_OK, "%s", error.message);
	lockstep_network_fingerprint(trained, training.after);
	lockstep_network_destroy(trained);
	return training;
}

static void exhaust_split(enum lockstep_engine engine, enum lockstep_split split)
{
	struct lockstep_train_options options = full_options();
	struct training training = wide_training_of(&options);
	training.options.workers = 3;
	training.options.engine = engine;
	training.options.split = split;
	exhaust(try_train, &training);
	exhaust(try_create_trainer, &training);
	free_training(&training);
}

Test(allocations, training_with_units_split)
{
	exhaust_split(LOCKSTEP_PTHREADS, LOCKSTEP_SPLIT_UNITS);
}

Test(allocations, training_with_owners_of_parameters)
{
	exhaust_split(LOCKSTEP_PTHREADS, LOCKSTEP_SPLIT_OWNERS);
}

Test(allocations, training_with_units_split_by_openmp)
{
	if (!lockstep_has_openmp())
		cr_skip_test("this build has no OpenMP engine");
	exhaust_split(LOCKSTEP_OPENMP, LOCKSTEP_SPLIT_UNITS);
}

/* A worker for whose binding there is no memory goes on unbound. */
Test(allocations, binding_the_workers)
{
	struct training training = training_of(1, LOCKSTEP_PTHREADS);
	training.options.bind = "close";
	fail_each(try_create_trainer, &training, ls_memory_fail_at, 1u << LOCKSTEP_ERROR_MEMORY | 1u << LOCKSTEP_OK);
	free_training(&training);
}

/* ---- A trainer that lives through it --------------------------------- */

static lockstep_status try_gradient(void *context, lockstep_error *error)
{
	struct training *training = context;
	float bias[SMALL_CLASSES] = {-1};
	lockstep_status status =
	    lockstep_trainer_gradient(training->trainer, "layers.2.bias", bias, SMALL_CLASSES, error);
	cr_assert_eq(status != LOCKSTEP_OK, bias[0] == -1);
	return status;
}

static lockstep_status try_sync(void *context, lockstep_error *error)
{
	struct training *training = context;
	lockstep_status status = lockstep_trainer_sync(training->trainer, error);
	cr_assert_eq(has_fingerprint(training->network, training->before), status != LOCKSTEP_OK);
	return status;
}

static lockstep_status try_run(void *context, lockstep_error *error)
{
	struct training *training = context;
	lockstep_status status = lockstep_trainer_run(training->trainer, error);
	cr_assert(has_fingerprint(training->network, status ? training->before : training->after));
	return status;
}

static void create_trainer(struct training *training)
{
	lockstep_error error;
	cr_assert_eq(lockstep_trainer_create(&training->trainer, training->network, training->dataset,
	                                     &training->options, &error),
	             LOCKSTEP_OK, "%s", error.message);
}

Test(allocations, gradient_by_name)
{
	struct training training = training_of(3, LOCKSTEP_PTHREADS);
	create_trainer(&training);
	exhaust(try_gradient, &training);
	exhaust(try_run, &training);
	free_training(&training);
}

static void count_choice(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context)
{
	(void)trials, (void)n, (void)i_chosen;
	*(int *)context += 1;
}

/* Long enough to try all ways, whose memory is made in the middle of the run;
 * one that fails there is followed by another that goes on. */
Test(allocations, running_with_automatic_workers)
{
	struct lockstep_train_options options = small_options();
	int n_choices = 0;
	options.epochs = 4000;
	options.learning_rate = 0.01;
	struct training training = wide_training_of(&options);
	training.options.workers = 0;
	training.options.on_choice = count_choice;
	training.options.context = &n_choices;
	exhaust(try_create_trainer, &training);
	create_trainer(&training);
	struct lockstep_plan plan;
	lockstep_trainer_plan(training.trainer, &plan);
	exhaust(try_run, &training);
	cr_assert(n_choices > 0 || plan.workers == 1, "no choice was made");
	free_training(&training);
}

/* Without memory for others the trainer has its old workers or gets new ones with the
 * next step; and the job goes on. */
static void expect_steps_after_each(struct training *training)
{
	for (long n = 1; n <= ATTEMPTS_MAX; n++) {
		lockstep_error error;
		ls_memory_fail_at(n);
		lockstep_status status = lockstep_trainer_set_workers(training->trainer, 1 + n % 4, NULL, &error);
		if (ls_memory_fail_at(0) < n) {
			cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
			cr_assert_gt(n, 10);
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY);
		cr_assert_eq(lockstep_trainer_step(training->trainer, 1, NULL, &error), LOCKSTEP_OK, "%s",
		             error.message);
	}
	cr_assert_fail("more than %d allocations", ATTEMPTS_MAX);
}

Test(allocations, other_workers_on_the_way)
{
	struct lockstep_train_options options = small_options();
	options.epochs = 100;
	options.learning_rate = 0.01;
	struct training training = wide_training_of(&options);
	create_trainer(&training);
	expect_steps_after_each(&training);
	exhaust(try_run, &training);
	free_training(&training);
}

Test(allocations, parameters_brought_back)
{
	struct training training = training_of(3, LOCKSTEP_PTHREADS);
	create_trainer(&training);
	cr_assert_eq(lockstep_trainer_step(training.trainer, 1, NULL, NULL), LOCKSTEP_OK);
	exhaust(try_sync, &training);
	free_training(&training);
}

Test(allocations, parameters_brought_back_without_memory_for_json)
{
	struct training training = training_of(1, LOCKSTEP_PTHREADS);
	create_trainer(&training);
	cr_assert_eq(lockstep_trainer_step(training.trainer, 1, NULL, NULL), LOCKSTEP_OK);
	exhaust_json(try_sync, &training, 0);
	free_training(&training);
}

/* libgomp's and libomp's; not there without them. */
void omp_set_max_active_levels(int n) __attribute__((weak));

static lockstep_status try_step_on_fewer(void *context, lockstep_error *error)
{
	struct training *training = context;
	float bias[SMALL_CLASSES];
	omp_set_max_active_levels(0);
	lockstep_status status = lockstep_trainer_step(training->trainer, 1, NULL, error);
	omp_set_max_active_levels(1);
	if (status) {
		ls_memory_fail_at(0);
		cr_assert_eq(lockstep_trainer_gradient(training->trainer, "layers.2.bias", bias, SMALL_CLASSES, NULL),
		             LOCKSTEP_OK, "not usable with three workers again");
	}
	return status;
}

/* OpenMP may deliver one worker to a trainer that was made for three: their
 * memory is made anew, in the middle of the job. */
Test(allocations, fewer_workers_delivered)
{
	if (!lockstep_has_openmp() || !omp_set_max_active_levels)
		cr_skip_test("this build has no OpenMP engine");
	struct training training = training_of(3, LOCKSTEP_OPENMP);
	create_trainer(&training);
	exhaust(try_step_on_fewer, &training);
	cr_assert_eq(lockstep_trainer_run(training.trainer, NULL), LOCKSTEP_OK);
	cr_assert(has_fingerprint(training.network, training.after));
	free_training(&training);
}

/* ---- Sweeps ---------------------------------------------------------- */

/* With all that a specification can have. */
static const char spec_text[] =
    "name: n\ndescription: d\nmethod: grid\nproject: p\nprogram: train.py\ncommand: ['${program}', '${args}']\n"
    "metric: {name: loss, target: 1}\nrun_cap: 9\nparameters:\n"
    "  a: {values: [1, 2.5, x, true, null, yes]}\n  b: {values: [1, 2], probabilities: [0.25, 0.75]}\n"
    "  c: {min: 0, max: 1}\n  d: {parameters: {e: {distribution: q_uniform, min: 0, max: 1, q: 0.5}}}\n"
    "  f: {values: [1, 2]}\n  g: {values: [3, 4]}\n"
    "early_terminate: {type: hyperband, max_iter: 9, s: 1, strict: false}\n"
    "lockstep:\n  repeats: {seeds: [1, 2]}\n  when: {c: 'a in [1, 2] and f == 1'}\n"
    "  constraints: [not b == 1 or a == x]\n  zip: [[g, f]]\n  cores: {per_trial: 2}\n  budget: {wall: 2h}\n";

static void check_plan(const lockstep_sweep *sweep)
{
	struct lockstep_sweep_plan plan;
	struct lockstep_sweep_parameter parameter;
	lockstep_sweep_describe(sweep, &plan);
	lockstep_sweep_get_parameter(sweep, 2, &parameter);
	cr_assert_eq(plan.n_parameters, 6);
	cr_assert_eq(plan.n_warnings, 5);
	cr_assert_str_eq(parameter.distribution, "int_uniform");
	/* With b = 2 or a = x; c where a is 1 and f is 1; d has 3: */
	cr_assert_eq(plan.n_points, 3 * (2 * 6 + 2 + 1));
}

static lockstep_status try_parse_sweep(void *context, lockstep_error *error)
{
	lockstep_sweep *const untouched = context, *sweep = untouched;
	lockstep_status status = lockstep_sweep_parse(&sweep, spec_text, sizeof spec_text - 1, "spec", error);
	if (status) {
		cr_assert_eq(sweep, untouched);
		return status;
	}
	check_plan(sweep);
	lockstep_sweep_destroy(sweep);
	return LOCKSTEP_OK;
}

Test(allocations, reading_a_specification)
{
	exhaust(try_parse_sweep, &nowhere);
}

static lockstep_status try_load_sweep(void *context, lockstep_error *error)
{
	lockstep_sweep *const untouched = (lockstep_sweep *)&nowhere, *sweep = untouched;
	lockstep_status status = lockstep_sweep_load(&sweep, context, error);
	if (status) {
		cr_assert_eq(sweep, untouched);
		return status;
	}
	check_plan(sweep);
	lockstep_sweep_destroy(sweep);
	return LOCKSTEP_OK;
}

Test(allocations, reading_a_specification_from_a_file)
{
	data_write("sweep.yaml", spec_text, sizeof spec_text - 1);
	exhaust(try_load_sweep, (void *)(uintptr_t)data_path("sweep.yaml"));
}

static lockstep_status try_sets(void *context, lockstep_error *error)
{
	static const char *const sets[] = {"lr=0.1,0.5,1", "layers=784-30-10,784-100-10", "batch=010"};
	lockstep_sweep *const untouched = context, *sweep = untouched;
	lockstep_status status = lockstep_sweep_create(&sweep, sets, 3, error);
	if (status) {
		cr_assert_eq(sweep, untouched);
		return status;
	}
	struct lockstep_sweep_plan plan;
	lockstep_sweep_describe(sweep, &plan);
	cr_assert(plan.n_points == 6 && plan.n_warnings == 1);
	lockstep_sweep_destroy(sweep);
	return LOCKSTEP_OK;
}

Test(allocations, sets_of_values)
{
	exhaust(try_sets, &nowhere);
}

/* ---- Gradient check and topology ------------------------------------- */

static lockstep_status try_gradcheck(void *context, lockstep_error *error)
{
	struct training *training = context;
	struct lockstep_gradcheck_layer layers[6] = {{.name = "untouched"}};
	int passed = -1;
	lockstep_status status =
	    lockstep_gradcheck(training->network, training->dataset, &training->options, NULL, layers, &passed, error);
	cr_assert_eq(passed, status ? -1 : 1);
	cr_assert_eq(strcmp(layers[0].name, "untouched") == 0, status != LOCKSTEP_OK);
	cr_assert(has_fingerprint(training->network, training->before));
	return status;
}

Test(allocations, checking_gradients)
{
	struct training training = training_of(1, LOCKSTEP_PTHREADS);
	exhaust(try_gradcheck, &training);
	free_training(&training);
}

static lockstep_status try_topology(void *context, lockstep_error *error)
{
	lockstep_topology *const untouched = context, *topology = untouched;
	struct lockstep_place places[5];
	const char *text = NULL, *xml = NULL;
	lockstep_status status = lockstep_topology_create(&topology, "pack:2 core:4 pu:2", error);
	if (status) {
		cr_assert_eq(topology, untouched);
		return status;
	}
	status = lockstep_topology_place(topology, 5, "spread", 1, places, error);
	if (!status)
		status = lockstep_topology_text(topology, &text, error);
	if (!status)
		status = lockstep_topology_xml(topology, &xml, error);
	cr_assert_eq(xml == NULL, status != LOCKSTEP_OK);
	lockstep_topology_destroy(topology);
	return status;
}

Test(allocations, topology_and_placement)
{
	exhaust(try_topology, &nowhere);
}
