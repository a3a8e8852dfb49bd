/* SPDX-License-Identifier: MIT
 *
 * Verification finds what was changed, and tells data, options and weights
 * apart; and no file with a changed bit is ever loaded.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signed_file.h"
#include "small_job.h"

#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)

static lockstep_dataset *dataset;
static lockstep_error error;
static const char *folder;
static char model[512], checkpoint[512], other[512];

static void setup(void)
{
	dataset = small_data();
	folder = test_make_folder();
	snprintf(model, sizeof model, "%s/model", folder);
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
	snprintf(other, sizeof other, "%s/other", folder);
}

static void teardown(void)
{
	lockstep_dataset_destroy(dataset);
	test_remove_folder(folder);
}

TestSuite(verify, .init = setup, .fini = teardown, .timeout = 240);

/* Trains and saves a model, with a checkpoint after `n_steps`. */
static void make_files(const struct lockstep_train_options *options, uint64_t n_steps)
{
	lockstep_network *network = small_network();
	lockstep_trainer *trainer = NULL;
	EXPECT_OK(lockstep_trainer_create(&trainer, network, dataset, options, &error));
	if (n_steps) {
		EXPECT_OK(lockstep_trainer_step(trainer, n_steps, NULL, &error));
		EXPECT_OK(lockstep_trainer_save(trainer, checkpoint, &error));
	}
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	EXPECT_OK(lockstep_network_save(network, model, &error));
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
}

static struct lockstep_verification verify_file(const char *path, const struct lockstep_verify_options *options)
{
	struct lockstep_verification result = {.epoch = 12345};
	lockstep_network *network = NULL;
	EXPECT_OK(lockstep_network_load(&network, path, &error));
	EXPECT_OK(lockstep_verify(network, dataset, options, &result, &error));
	lockstep_network_destroy(network);
	cr_assert_eq(result.finding == LOCKSTEP_VERIFIED, result.message[0] == '\0');
	return result;
}

static void expect_finding(const char *path, enum lockstep_finding finding, uint32_t epoch, const char *words)
{
	struct lockstep_verification result = verify_file(path, NULL);
	cr_assert_eq(result.finding, finding, "'%s'", result.message);
	cr_assert_eq(result.epoch, epoch, "%u: '%s'", result.epoch, result.message);
	cr_assert(strstr(result.message, words), "'%s' lacks '%s'", result.message, words);
}

/* The model with this change of its header, signed again. */
static void forge(const char *from, const char *to)
{
	struct test_bytes whole = test_read_file(model), changed = test_replace(whole, from, to);
	test_write_file(other, changed);
	free(changed.data);
	free(whole.data);
}

static void expect_forgery(const char *from, const char *to, uint32_t epoch, const char *words)
{
	forge(from, to);
	expect_finding(other, LOCKSTEP_OTHER_JOB, epoch, words);
}

/* ---- Findings -------------------------------------------------------- */

Test(verify, models_are_what_they_say)
{
	struct lockstep_train_options options = full_options();
	make_files(&options, 0);
	struct lockstep_verification result = verify_file(model, NULL);
	cr_assert_eq(result.finding, LOCKSTEP_VERIFIED, "%s", result.message);
	options = small_options();
	make_files(&options, 0);
	expect_finding(model, LOCKSTEP_VERIFIED, 4, "");
}

Test(verify, runs_in_any_way)
{
	struct lockstep_train_options options = small_options();
	struct lockstep_verify_options verify = LOCKSTEP_VERIFY_OPTIONS_INIT;
	make_files(&options, 0);
	verify.train.workers = 3;
	verify.train.isa = "portable";
	verify.train.engine = LOCKSTEP_SERIAL;
	verify.train.learning_rate = 17; /* decides bits, so it is not read */
	cr_assert_eq(verify_file(model, &verify).finding, LOCKSTEP_VERIFIED);
}

Test(verify, other_data_are_told)
{
	struct lockstep_train_options options = small_options();
	struct lockstep_rows rows;
	lockstep_dataset *changed = NULL;
	make_files(&options, 0);
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
	float *values = malloc(rows.n_rows * rows.n_features * sizeof *values);
	memcpy(values, rows.floats, rows.n_rows * rows.n_features * sizeof *values);
	values[17] += 0.0625f;
	rows.floats = values;
	EXPECT_OK(lockstep_dataset_from_rows(&changed, &rows, NULL, &error));
	free(values);
	lockstep_dataset_destroy(dataset);
	dataset = changed;
	expect_finding(model, LOCKSTEP_OTHER_DATA, 0, "digest");
}

/* An option that acts from the first step on, and one that does later. */
Test(verify, a_changed_option_is_told)
{
	struct lockstep_train_options options = small_options();
	options.schedule = LOCKSTEP_SCHEDULE_STEP;
	options.schedule_period = 2;
	make_files(&options, 0);
	expect_forgery("\\\"lr\\\":0.5", "\\\"lr\\\":0.25", 0, "epoch 1:");
	expect_forgery("\\\"seed\\\":\\\"1\\\"", "\\\"seed\\\":\\\"2\\\"", 0, "epoch 1:");
	expect_forgery("\\\"schedule_gamma\\\":0.1", "\\\"schedule_gamma\\\":0.2", 2, "epoch 3:");
	expect_forgery("\\\"epochs\\\":4", "\\\"epochs\\\":5", 4, "epoch 5: the record ends");
	expect_forgery("\\\"init_seed\\\":\\\"1\\\"", "\\\"init_seed\\\":\\\"2\\\"", 0, "init or seed");
	expect_forgery("\"hidden\":\"sigmoid\"", "\"hidden\":\"tanh\"", 0, "hidden");
	expect_forgery("\"loss\":\"softmax\"", "\"loss\":\"quadratic\"", 0, "loss");
}

/* The best epoch is not the last here, so that keeping it or not is seen. */
Test(verify, an_option_that_chooses_the_epoch_is_told)
{
	struct lockstep_train_options options = full_options();
	options.epochs = 8;
	options.learning_rate = 5;
	make_files(&options, 0);
	expect_forgery("\\\"keep_last\\\":false", "\\\"keep_last\\\":true", 6,
	               "the parameters are those after epoch 4");
	expect_forgery("\\\"patience\\\":2", "\\\"patience\\\":1", 5, "the job ends after epoch 5, the record after 6");
}

/* A history of more epochs than the job has cannot be. */
Test(verify, a_record_that_cannot_be_is_an_error)
{
	struct lockstep_train_options options = small_options();
	lockstep_network *network = NULL;
	struct lockstep_verification result;
	make_files(&options, 0);
	forge("\\\"epochs\\\":4", "\\\"epochs\\\":3");
	EXPECT_OK(lockstep_network_load(&network, other, &error));
	cr_assert_eq(lockstep_verify(network, dataset, NULL, &result, &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert(strstr(error.message, "4 epochs, but the job has only 3"), "'%s'", error.message);
	lockstep_network_destroy(network);
	network = small_network();
	cr_assert_eq(lockstep_verify(network, dataset, NULL, &result, &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert(strstr(error.message, "no record"), "'%s'", error.message);
	lockstep_network_destroy(network);
}

/* A weight changed by whoever also made the fingerprint and digest right. */
Test(verify, a_changed_weight_is_told)
{
	struct lockstep_train_options options = small_options();
	lockstep_network *network = NULL;
	float weights[15];
	make_files(&options, 0);
	EXPECT_OK(lockstep_network_load(&network, model, &error));
	EXPECT_OK(lockstep_network_get(network, "layers.2.weight", weights, 15, &error));
	weights[7] += 0x1p-20f;
	EXPECT_OK(lockstep_network_set(network, "layers.2.weight", weights, 15, &error));
	EXPECT_OK(lockstep_network_save(network, other, &error));
	lockstep_network_destroy(network);
	expect_finding(other, LOCKSTEP_OTHER_PARAMETERS, 4, "a weight was changed");
}

Test(verify, changed_scaling_is_told)
{
	struct lockstep_train_options options = full_options();
	make_files(&options, 0);
	struct test_bytes bytes = test_read_file(model);
	bytes.data[bytes.n - 1] ^= 0x01; /* of the last tensor, input.scale */
	test_sign(bytes);
	test_write_file(other, bytes);
	free(bytes.data);
	struct lockstep_verification result = verify_file(other, NULL);
	cr_assert_eq(result.finding, LOCKSTEP_OTHER_PARAMETERS, "%s", result.message);
	cr_assert(strstr(result.message, "scaling"), "'%s'", result.message);
}

/* A training that began from other parameters than its init gives. */
Test(verify, another_start_is_told)
{
	struct lockstep_train_options options = small_options();
	lockstep_network *network = NULL;
	make_files(&options, 0);
	EXPECT_OK(lockstep_network_load(&network, model, &error));
	EXPECT_OK(lockstep_train(network, dataset, &options, &error));
	EXPECT_OK(lockstep_network_save(network, other, &error));
	lockstep_network_destroy(network);
	expect_finding(other, LOCKSTEP_OTHER_JOB, 0, "start:");
}

/* ---- From and until -------------------------------------------------- */

struct watching {
	uint32_t first, last;
};

static int watch(const struct lockstep_epoch *epoch, void *context)
{
	struct watching *watching = context;
	watching->first = watching->first ? watching->first : epoch->epoch;
	watching->last = epoch->epoch;
	return 0;
}

static struct lockstep_verification verify_from(uint32_t until, struct watching *watching)
{
	struct lockstep_verify_options verify = LOCKSTEP_VERIFY_OPTIONS_INIT;
	lockstep_checkpoint *from = NULL;
	EXPECT_OK(lockstep_checkpoint_load(&from, checkpoint, &error));
	*watching = (struct watching){0, 0};
	verify.from = from;
	verify.until = until;
	verify.train.on_epoch = watch;
	verify.train.context = watching;
	struct lockstep_verification result = verify_file(model, &verify);
	lockstep_checkpoint_destroy(from);
	return result;
}

/* Eight steps an epoch: the checkpoint is that of the second. */
Test(verify, one_epoch_alone)
{
	struct lockstep_train_options options = small_options();
	struct watching watching;
	make_files(&options, 16);
	struct lockstep_verification result = verify_from(3, &watching);
	cr_assert_eq(result.finding, LOCKSTEP_VERIFIED, "%s", result.message);
	cr_assert(watching.first == 3 && watching.last == 3 && result.epoch == 3);
	result = verify_from(0, &watching);
	cr_assert_eq(result.finding, LOCKSTEP_VERIFIED, "%s", result.message);
	cr_assert(watching.first == 3 && watching.last == 4 && result.epoch == 4);
}

Test(verify, a_checkpoint_within_an_epoch)
{
	struct lockstep_train_options options = small_options();
	struct watching watching;
	make_files(&options, 11);
	struct lockstep_verification result = verify_from(2, &watching);
	cr_assert_eq(result.finding, LOCKSTEP_VERIFIED, "%s", result.message);
	cr_assert(watching.first == 2 && watching.last == 2);
}

/* Signed again after its parameters were changed: they are not what the
 * model's record has for that epoch, and the next epoch shows it as well. */
Test(verify, a_changed_checkpoint_is_told)
{
	struct lockstep_train_options options = small_options();
	struct watching watching;
	for (uint64_t n_steps = 15; n_steps <= 16; n_steps++) {
		make_files(&options, n_steps);
		struct test_bytes bytes = test_read_file(checkpoint);
		bytes.data[bytes.n - 2] ^= 0x10;
		test_sign(bytes);
		test_write_file(checkpoint, bytes);
		free(bytes.data);
		struct lockstep_verification result = verify_from(3, &watching);
		cr_assert_eq(result.finding, LOCKSTEP_OTHER_JOB);
		cr_assert(strstr(result.message, "epoch 2:"), "'%s'", result.message);
	}
}

Test(verify, a_checkpoint_of_another_job_is_refused)
{
	struct lockstep_train_options options = small_options(), changed = options;
	struct lockstep_verify_options verify = LOCKSTEP_VERIFY_OPTIONS_INIT;
	struct lockstep_verification result;
	lockstep_checkpoint *from = NULL;
	lockstep_network *network = NULL;
	changed.l2 = 0.5;
	make_files(&changed, 8);
	make_files(&options, 0);
	EXPECT_OK(lockstep_checkpoint_load(&from, checkpoint, &error));
	EXPECT_OK(lockstep_network_load(&network, model, &error));
	verify.from = from;
	cr_assert_eq(lockstep_verify(network, dataset, &verify, &result, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "another job: l2 0.5, not 0"), "'%s'", error.message);
	lockstep_checkpoint_destroy(from);
	from = NULL;
	make_files(&options, 24);
	EXPECT_OK(lockstep_checkpoint_load(&from, checkpoint, &error));
	verify.from = from;
	verify.until = 2;
	cr_assert_eq(lockstep_verify(network, dataset, &verify, &result, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "until 2"), "'%s'", error.message);
	lockstep_checkpoint_destroy(from);
	lockstep_network_destroy(network);
}

static int stop_at_once(const struct lockstep_epoch *epoch, void *context)
{
	(void)epoch, (void)context;
	return 1;
}

Test(verify, can_be_stopped)
{
	struct lockstep_train_options options = small_options();
	struct lockstep_verify_options verify = LOCKSTEP_VERIFY_OPTIONS_INIT;
	struct lockstep_verification result;
	lockstep_network *network = NULL;
	make_files(&options, 0);
	EXPECT_OK(lockstep_network_load(&network, model, &error));
	verify.train.on_epoch = stop_at_once;
	cr_assert_eq(lockstep_verify(network, dataset, &verify, &result, &error), LOCKSTEP_STOPPED);
	lockstep_network_destroy(network);
}

/* ---- Bits ------------------------------------------------------------ */

static lockstep_status load_model(const char *path)
{
	lockstep_network *network = NULL;
	lockstep_status status = lockstep_network_load(&network, path, &error);
	cr_assert_eq(network == NULL, status != LOCKSTEP_OK);
	lockstep_network_destroy(network);
	return status;
}

static lockstep_status load_checkpoint(const char *path)
{
	lockstep_checkpoint *loaded = NULL;
	lockstep_status status = lockstep_checkpoint_load(&loaded, path, &error);
	cr_assert_eq(loaded == NULL, status != LOCKSTEP_OK);
	lockstep_checkpoint_destroy(loaded);
	return status;
}

static void expect_bit_refused(struct test_bytes bytes, size_t bit, lockstep_status (*load)(const char *path))
{
	bytes.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	test_write_file(other, bytes);
	bytes.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
	error.message[0] = '\0';
	cr_assert_eq(load(other), LOCKSTEP_ERROR_FORMAT, "bit %zu of byte %zu", bit % 8, bit / 8);
	cr_assert(strstr(error.message, other) && !strchr(error.message, '\n'), "'%s'", error.message);
}

/* A file of some 2 kB, each bit of it in turn. */
static void make_smallest(void)
{
	static const uint8_t values[] = {0, 1, 1, 0};
	static const uint32_t classes[] = {0, 1};
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_network *network = NULL;
	lockstep_trainer *trainer = NULL;
	lockstep_dataset_destroy(dataset);
	struct lockstep_rows rows = {2, 2, 2, values, NULL, classes, NULL};
	EXPECT_OK(lockstep_dataset_from_rows(&dataset, &rows, NULL, &error));
	EXPECT_OK(lockstep_network_create(&network, "2-2", NULL, &error));
	options.epochs = 1;
	options.batch = 1;
	options.workers = 1;
	EXPECT_OK(lockstep_trainer_create(&trainer, network, dataset, &options, &error));
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	EXPECT_OK(lockstep_trainer_save(trainer, checkpoint, &error));
	EXPECT_OK(lockstep_network_save(network, model, &error));
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
}

static void flip_all(const char *path, lockstep_status (*load)(const char *path))
{
	cr_assert_eq(load(path), LOCKSTEP_OK, "%s", error.message);
	struct test_bytes bytes = test_read_file(path);
	for (size_t bit = 0; bit < 8 * bytes.n; bit++)
		expect_bit_refused(bytes, bit, load);
	free(bytes.data);
}

Test(verify, no_bit_of_a_small_file_can_be_changed)
{
	make_smallest();
	flip_all(model, load_model);
	flip_all(checkpoint, load_checkpoint);
}

static void flip_some(const char *path, lockstep_status (*load)(const char *path))
{
	struct test_bytes bytes = test_read_file(path);
	uint64_t state = 20261125;
	for (int i = 0; i < 500; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		expect_bit_refused(bytes, (size_t)((state >> 20) % (8 * bytes.n)), load);
	}
	free(bytes.data);
}

Test(verify, no_bit_of_a_larger_file_can_be_changed)
{
	struct lockstep_train_options options = full_options();
	make_files(&options, 9);
	flip_some(model, load_model);
	flip_some(checkpoint, load_checkpoint);
}
