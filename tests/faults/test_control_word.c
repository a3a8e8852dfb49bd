/* SPDX-License-Identifier: MIT
 *
 * A host program that computes in its own way: another rounding mode, flushed
 * subnormals, short x87 precision, exceptions that trap. Nothing the library
 * does may see it, wherever it is set, and every call gives it back.
 */
#include <criterion/criterion.h>
#include <fenv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data_files.h"
#include "small_job.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

TestSuite(control_word, .init = data_setup, .fini = data_teardown, .timeout = 300);

static lockstep_error error;

#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)

/* ---- Control words ------------------------------------------------------- */

#ifdef __x86_64__

struct word {
	const char *name;
	uint32_t mxcsr;
	uint16_t x87;
};

static const struct word plain = {"plain", 0x1f80, 0x037f};
static const struct word words[] = {
    {"downward", 0x3f80, 0x077f},
    {"upward", 0x5f80, 0x0b7f},
    {"toward zero", 0x7f80, 0x0f7f},
    {"only x87 upward", 0x1f80, 0x0b7f},
    {"only SSE upward", 0x5f80, 0x037f},
    {"flushed subnormals", 0x9fc0, 0x037f},
    {"x87 in float precision", 0x1f80, 0x007f},
    {"invalid, zero and overflow trap", 0x1900, 0x0372},
    {"everything traps", 0x0000, 0x0340},
};

static void set_word(const struct word *word)
{
	__asm__ volatile("fnclex\n\tfldcw %0" ::"m"(word->x87));
	_mm_setcsr(word->mxcsr);
}

/* Status flags are no part of it. */
static int is_word(const struct word *word)
{
	uint16_t x87;
	__asm__ volatile("fnstcw %0" : "=m"(x87));
	return (_mm_getcsr() & 0xffc0u) == word->mxcsr && (x87 & 0x0f3fu) == (word->x87 & 0x0f3fu);
}

#else

struct word {
	const char *name;
	int rounding;
};

static const struct word plain = {"plain", FE_TONEAREST};
static const struct word words[] = {
    {"downward", FE_DOWNWARD},
    {"upward", FE_UPWARD},
    {"toward zero", FE_TOWARDZERO},
};

static void set_word(const struct word *word)
{
	fesetround(word->rounding);
}

static int is_word(const struct word *word)
{
	return fegetround() == word->rounding;
}

#endif

#define N_WORDS (sizeof words / sizeof *words)

/* The host computes by this word; what it does besides, by the plain one. */
static const struct word *host = &plain;

#define AS_HOST(call)                                                                                                  \
	do {                                                                                                           \
		set_word(host);                                                                                        \
		lockstep_status status_ = call;                                                                        \
		int is_back_ = is_word(host);                                                                          \
		set_word(&plain);                                                                                      \
		cr_assert_eq(status_, LOCKSTEP_OK, "%s: " #call ": %s", host->name, error.message);                    \
		cr_assert(is_back_, "%s: not given back by " #call, host->name);                                       \
	} while (0)

/* ---- All that the library computes ---------------------------------------- */

#define MODEL_MAX 8192
#define RESULTS_MAX 64

struct computed {
	char data_digest[65], fingerprint[65], stepped[65];
	uint32_t n;
	double losses[RESULTS_MAX];
	float probabilities[SMALL_TEST_ROWS * SMALL_CLASSES];
	float gradient[9 * SMALL_FEATURES];
	size_t n_model;
	uint8_t model[MODEL_MAX];
	const struct word *in_callbacks; /* set there; NULL: nothing is */
};

/* Numbers whose rounding shows: in text, and in floats below the least normal one. */
static const char *write_rows(void)
{
	static char text[16384];
	size_t n = (size_t)sprintf(text, "a,b,c,d,e,f,g,kind\n");
	uint32_t state = 1;
	for (int row = 0; row < SMALL_ROWS; row++) {
		for (int column = 0; column < SMALL_FEATURES; column++) {
			state = state * 1664525u + 1013904223u;
			n += (size_t)sprintf(text + n, "%s0.%09u%s,", state & 0x8000 ? "-" : "", state % 999999937u,
			                     column == 6 ? "e-38" : "");
		}
		n += (size_t)sprintf(text + n, "%c\n", "xyz"[state % 3]);
	}
	return data_write_text("rows.csv", text);
}

static int take_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct computed *computed = context;
	if (computed->n + 3 <= RESULTS_MAX) {
		computed->losses[computed->n++] = epoch->loss;
		computed->losses[computed->n++] = epoch->validation.loss;
		computed->losses[computed->n++] = epoch->learning_rate;
	}
	if (computed->in_callbacks)
		set_word(computed->in_callbacks);
	return 0;
}

static int take_progress(const struct lockstep_progress *progress, void *context)
{
	struct computed *computed = context;
	(void)progress;
	if (computed->in_callbacks)
		set_word(computed->in_callbacks);
	return 0;
}

static void take_choice(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context)
{
	(void)trials, (void)n, (void)i_chosen;
	take_progress(NULL, context);
}

static struct lockstep_train_options job(struct computed *computed, uint32_t workers, enum lockstep_engine engine)
{
	struct lockstep_train_options options = full_options();
	options.patience = 3;
	options.epochs = 6;
	options.workers = workers;
	options.engine = engine;
	options.context = computed;
	options.on_epoch = take_epoch;
	options.on_progress = take_progress;
	options.on_choice = take_choice;
	return options;
}

static void keep_file(struct computed *computed, const char *path)
{
	FILE *file = fopen(path, "rb");
	cr_assert_not_null(file);
	computed->n_model = fread(computed->model, 1, MODEL_MAX, file);
	fclose(file);
	cr_assert(computed->n_model > 0 && computed->n_model < MODEL_MAX);
}

static void take_gradient(struct computed *computed, lockstep_network *network, lockstep_dataset *dataset,
                          const struct lockstep_train_options *options)
{
	lockstep_trainer *trainer = NULL;
	AS_HOST(lockstep_trainer_create(&trainer, network, dataset, options, &error));
	AS_HOST(lockstep_trainer_step(trainer, 5, &computed->losses[computed->n], &error));
	computed->n++;
	AS_HOST(lockstep_trainer_gradient(trainer, "layers.0.weight", computed->gradient, 9 * SMALL_FEATURES, &error));
	AS_HOST(lockstep_trainer_sync(trainer, &error));
	lockstep_network_fingerprint(network, computed->stepped);
	lockstep_trainer_destroy(trainer);
}

static void use_model(struct computed *computed, const char *path, lockstep_dataset *test)
{
	lockstep_network *loaded = NULL;
	struct lockstep_metrics metrics = {0};
	AS_HOST(lockstep_network_load(&loaded, path, &error));
	AS_HOST(lockstep_network_evaluate(loaded, test, LOCKSTEP_TEST, NULL, &metrics, &error));
	computed->losses[computed->n++] = metrics.loss;
	AS_HOST(lockstep_network_predict(loaded, test, LOCKSTEP_TEST, NULL, computed->probabilities, &error));
	lockstep_network_destroy(loaded);
}

/* From the data file to predictions; `in_callbacks` as above. */
static struct computed *compute(uint32_t workers, enum lockstep_engine engine, const struct word *in_callbacks)
{
	struct computed *computed = calloc(1, sizeof *computed);
	struct lockstep_network_options shape = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_dataset *dataset = NULL, *test = NULL;
	lockstep_network *network = NULL;
	const char *path = write_rows();
	char model[4096];

	cr_assert_not_null(computed);
	computed->in_callbacks = in_callbacks;
	shape.hidden = LOCKSTEP_LEAKY_RELU;
	shape.leaky_slope = 0.1;
	struct lockstep_train_options options = job(computed, workers, engine);
	options.learning_rate = 0.1;
	snprintf(model, sizeof model, "%s", data_path("model"));
	AS_HOST(lockstep_dataset_open(&dataset, path, &error));
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, computed->data_digest);
	AS_HOST(lockstep_network_create(&network, "7-9-5-3", &shape, &error));
	take_gradient(computed, network, dataset, &options);
	AS_HOST(lockstep_train(network, dataset, &options, &error));
	lockstep_network_fingerprint(network, computed->fingerprint);
	AS_HOST(lockstep_network_save(network, model, &error));
	keep_file(computed, model);
	test = small_data();
	use_model(computed, model, test);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(test);
	lockstep_dataset_destroy(dataset);
	return computed;
}

static void expect_same(const struct computed *found, const struct computed *expected, const char *name)
{
	cr_assert_str_eq(found->data_digest, expected->data_digest, "%s: the data", name);
	cr_assert_str_eq(found->stepped, expected->stepped, "%s: five steps", name);
	cr_assert_arr_eq(found->gradient, expected->gradient, sizeof expected->gradient, "%s: the gradient", name);
	cr_assert_str_eq(found->fingerprint, expected->fingerprint, "%s: the job", name);
	cr_assert_eq(found->n, expected->n, "%s: epochs", name);
	cr_assert_arr_eq(found->losses, expected->losses, sizeof expected->losses, "%s: losses", name);
	cr_assert_eq(found->n_model, expected->n_model, "%s: the model file's length", name);
	cr_assert_arr_eq(found->model, expected->model, sizeof expected->model, "%s: the model file", name);
	cr_assert_arr_eq(found->probabilities, expected->probabilities, sizeof expected->probabilities,
	                 "%s: predictions", name);
}

static void try_words(uint32_t workers, enum lockstep_engine engine)
{
	struct computed *expected = compute(1, LOCKSTEP_SERIAL, NULL);
	cr_assert_geq(expected->n, 3 * 3);
	for (size_t i = 0; i < N_WORDS; i++) {
		host = &words[i];
		struct computed *found = compute(workers, engine, NULL);
		expect_same(found, expected, words[i].name);
		free(found);
	}
	free(expected);
}

Test(control_word, the_hosts_is_not_seen_by_one_worker)
{
	try_words(1, LOCKSTEP_PTHREADS);
}

Test(control_word, the_hosts_is_not_seen_by_several)
{
	try_words(3, LOCKSTEP_PTHREADS);
	try_words(2, LOCKSTEP_SERIAL);
	if (lockstep_has_openmp())
		try_words(2, LOCKSTEP_OPENMP);
}

/* Set by the host's callbacks in the middle of a run. */
Test(control_word, that_of_callbacks_is_not_seen_and_goes_with_the_run)
{
	struct computed *expected = compute(1, LOCKSTEP_SERIAL, NULL);
	for (size_t i = 0; i < N_WORDS; i++)
		for (uint32_t workers = 0; workers <= 2; workers++) {
			struct computed *found = compute(workers, LOCKSTEP_PTHREADS, &words[i]);
			expect_same(found, expected, words[i].name);
			free(found);
		}
	free(expected);
}

/* Between create and run. */
Test(control_word, that_of_the_run_may_differ_from_that_of_create)
{
	struct lockstep_train_options options = full_options();
	char expected[65], found[65];
	small_train(&options, expected);
	options.workers = 3;
	for (size_t i = 0; i < N_WORDS; i++) {
		lockstep_dataset *dataset = small_data();
		lockstep_network *network = small_network();
		lockstep_trainer *trainer = NULL;
		host = &words[i];
		AS_HOST(lockstep_trainer_create(&trainer, network, dataset, &options, &error));
		host = &words[(i + 1) % N_WORDS];
		AS_HOST(lockstep_trainer_step(trainer, 2, NULL, &error));
		host = &words[(i + 2) % N_WORDS];
		AS_HOST(lockstep_trainer_run(trainer, &error));
		lockstep_network_fingerprint(network, found);
		cr_assert_str_eq(found, expected, "%s", words[i].name);
		lockstep_trainer_destroy(trainer);
		lockstep_network_destroy(network);
		lockstep_dataset_destroy(dataset);
	}
}

/* A checkpoint after two steps, going on from it, and the model's verification. */
static void save_resume_verify(lockstep_dataset *dataset, const struct lockstep_train_options *options,
                               const char *checkpoint_path, const char *expected)
{
	lockstep_network *first = small_network(), *second = small_network();
	lockstep_trainer *trainer = NULL;
	lockstep_checkpoint *checkpoint = NULL;
	struct lockstep_verify_options how = LOCKSTEP_VERIFY_OPTIONS_INIT;
	struct lockstep_verification result;
	char found[65];

	AS_HOST(lockstep_trainer_create(&trainer, first, dataset, options, &error));
	AS_HOST(lockstep_trainer_step(trainer, 2, NULL, &error));
	AS_HOST(lockstep_trainer_save(trainer, checkpoint_path, &error));
	lockstep_trainer_destroy(trainer);
	AS_HOST(lockstep_checkpoint_load(&checkpoint, checkpoint_path, &error));
	AS_HOST(lockstep_trainer_create(&trainer, second, dataset, options, &error));
	AS_HOST(lockstep_trainer_resume(trainer, checkpoint, &error));
	AS_HOST(lockstep_trainer_run(trainer, &error));
	lockstep_network_fingerprint(second, found);
	cr_assert_str_eq(found, expected, "%s", host->name);
	for (int from_checkpoint = 0; from_checkpoint <= 1; from_checkpoint++) {
		how.train.workers = options->workers;
		how.from = from_checkpoint ? checkpoint : NULL;
		AS_HOST(lockstep_verify(second, dataset, &how, &result, &error));
		cr_assert_eq(result.finding, LOCKSTEP_VERIFIED, "%s: %s", host->name, result.message);
	}
	lockstep_trainer_destroy(trainer);
	lockstep_checkpoint_destroy(checkpoint);
	lockstep_network_destroy(second);
	lockstep_network_destroy(first);
}

Test(control_word, checkpoints_and_verification_give_it_back)
{
	struct lockstep_train_options options = full_options();
	char expected[65], path[512];
	small_train(&options, expected);
	snprintf(path, sizeof path, "%s", data_path("checkpoint"));
	lockstep_dataset *dataset = small_data();
	for (size_t i = 0; i < N_WORDS; i++) {
		host = &words[i];
		options.workers = 1 + (uint32_t)i % 3;
		save_resume_verify(dataset, &options, path, expected);
	}
	lockstep_dataset_destroy(dataset);
}

/* Rows from memory, and the check of gradients. */
Test(control_word, rows_from_memory_and_gradcheck_give_it_back)
{
	struct lockstep_train_options options = small_options();
	struct lockstep_gradcheck_layer expected[6], found[6];
	lockstep_dataset *dataset = small_data();
	lockstep_network *network = small_network();
	int passed = 0;
	AS_HOST(lockstep_gradcheck(network, dataset, &options, NULL, expected, &passed, &error));
	for (size_t i = 0; i < N_WORDS; i++) {
		struct lockstep_rows rows;
		lockstep_dataset *copy = NULL;
		char digests[2][65];
		host = &words[i];
		lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
		AS_HOST(lockstep_dataset_from_rows(&copy, &rows, NULL, &error));
		lockstep_dataset_digest(copy, LOCKSTEP_TRAIN, digests[0]);
		lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, digests[1]);
		cr_assert_str_eq(digests[0], digests[1]);
		lockstep_dataset_destroy(copy);
		AS_HOST(lockstep_gradcheck(network, dataset, &options, NULL, found, &passed, &error));
		cr_assert(passed, "%s", words[i].name);
		cr_assert_arr_eq(found, expected, sizeof expected, "%s", words[i].name);
	}
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}
