/* SPDX-License-Identifier: MIT
 *
 * Checkpoints: a job that is stopped after any step and resumed in any way has
 * the bits of the unbroken one, down to the losses that its epochs report; a
 * checkpoint of another job, or one that does not fit together, is refused.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "signed_file.h"
#include "small_job.h"

#define EPOCHS_MAX 8
#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)

static lockstep_dataset *dataset;
static lockstep_error error;
static const char *folder;
static char path[512];

static void setup(void)
{
	dataset = small_data();
	folder = test_make_folder();
	snprintf(path, sizeof path, "%s/job.ckpt", folder);
}

static void teardown(void)
{
	lockstep_dataset_destroy(dataset);
	test_remove_folder(folder);
}

TestSuite(checkpoint, .init = setup, .fini = teardown, .timeout = 240);

/* What a job came to, by epoch. */
struct outcome {
	struct lockstep_epoch epochs[EPOCHS_MAX + 1]; /* from 1 */
	uint32_t last;
	char fingerprint[65];
};

static int keep_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct outcome *outcome = context;
	outcome->epochs[epoch->epoch] = *epoch;
	outcome->last = epoch->epoch;
	return 0;
}

static struct lockstep_train_options watched(struct lockstep_train_options options, struct outcome *outcome)
{
	options.on_epoch = keep_epoch;
	options.context = outcome;
	return options;
}

struct running {
	lockstep_network *network;
	lockstep_trainer *trainer;
};

static struct running begin(const struct lockstep_train_options *options)
{
	struct running running = {small_network(), NULL};
	EXPECT_OK(lockstep_trainer_create(&running.trainer, running.network, dataset, options, &error));
	return running;
}

static void end(struct running *running, char fingerprint[65])
{
	if (fingerprint)
		lockstep_network_fingerprint(running->network, fingerprint);
	lockstep_trainer_destroy(running->trainer);
	lockstep_network_destroy(running->network);
}

static void run_unbroken(const struct lockstep_train_options *options, struct outcome *outcome)
{
	struct lockstep_train_options own = watched(*options, outcome);
	struct running running = begin(&own);
	EXPECT_OK(lockstep_trainer_run(running.trainer, &error));
	end(&running, outcome->fingerprint);
}

/* Goes on from the file with these options for running, those of the job being
 * the checkpoint's. */
static void resume(const struct lockstep_train_options *way, struct outcome *outcome)
{
	struct lockstep_train_options options = watched(*way, outcome);
	struct lockstep_network_options network_options;
	lockstep_checkpoint *checkpoint = NULL;
	struct running running = {NULL, NULL};
	EXPECT_OK(lockstep_checkpoint_load(&checkpoint, path, &error));
	const lockstep_record *record = lockstep_checkpoint_record(checkpoint);
	lockstep_record_get_network_options(record, &network_options);
	lockstep_record_get_train_options(record, &options);
	EXPECT_OK(lockstep_network_create(&running.network, lockstep_record_layers(record), &network_options, &error));
	EXPECT_OK(lockstep_trainer_create(&running.trainer, running.network, dataset, &options, &error));
	EXPECT_OK(lockstep_trainer_resume(running.trainer, checkpoint, &error));
	lockstep_checkpoint_destroy(checkpoint);
	EXPECT_OK(lockstep_trainer_run(running.trainer, &error));
	end(&running, outcome->fingerprint);
}

static int same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

static int same_epoch(const struct lockstep_epoch *a, const struct lockstep_epoch *b)
{
	return a->n_steps == b->n_steps && same_bits(a->loss, b->loss) && a->best == b->best &&
	       same_bits(a->validation.loss, b->validation.loss) && a->test.n_exact == b->test.n_exact &&
	       same_bits(a->learning_rate, b->learning_rate);
}

static void expect_same(const struct outcome *whole, const struct outcome *resumed, uint64_t step)
{
	cr_assert_str_eq(resumed->fingerprint, whole->fingerprint, "from step %llu", (unsigned long long)step);
	for (uint32_t i = 1; i <= whole->last; i++)
		if (resumed->epochs[i].epoch)
			cr_assert(same_epoch(&resumed->epochs[i], &whole->epochs[i]), "epoch %u from step %llu", i,
			          (unsigned long long)step);
}

/* ---- The same bits --------------------------------------------------- */

static const struct way {
	enum lockstep_engine engine;
	uint32_t workers;
	enum lockstep_split split;
	const char *isa;
} ways[] = {
    {LOCKSTEP_PTHREADS, 1, LOCKSTEP_SPLIT_ROWS, "auto"},   {LOCKSTEP_PTHREADS, 3, LOCKSTEP_SPLIT_ROWS, "portable"},
    {LOCKSTEP_SERIAL, 4, LOCKSTEP_SPLIT_ROWS, "auto"},     {LOCKSTEP_OPENMP, 2, LOCKSTEP_SPLIT_OWNERS, "auto"},
    {LOCKSTEP_PTHREADS, 2, LOCKSTEP_SPLIT_OWNERS, "auto"},
};
#define N_WAYS (sizeof ways / sizeof *ways)

static struct lockstep_train_options by_way(struct lockstep_train_options options, const struct way *way)
{
	int has_engine = way->engine != LOCKSTEP_OPENMP || lockstep_has_openmp();
	options.engine = has_engine ? way->engine : LOCKSTEP_PTHREADS;
	options.workers = way->workers;
	options.split = way->split;
	options.isa = way->isa;
	return options;
}

static int count_to(const struct lockstep_progress *progress, void *context)
{
	(void)progress, (void)context;
	return 0;
}

/* Runs until the job has written a checkpoint after `step` steps, which the
 * next one would replace: so it is stopped there. */
struct stopping {
	lockstep_trainer *trainer;
	uint64_t at;
};

static void stop_at(const struct lockstep_saved *saved, void *context)
{
	struct stopping *stopping = context;
	cr_assert_null(saved->failure, "%s", saved->failure);
	if (saved->step == stopping->at)
		lockstep_trainer_stop(stopping->trainer);
}

static void stop_after(struct lockstep_train_options options, uint64_t step)
{
	struct stopping stopping = {NULL, step};
	options.checkpoint = path;
	options.checkpoint_every = (struct lockstep_interval){1, LOCKSTEP_STEPS};
	options.on_checkpoint = stop_at;
	options.on_progress = count_to;
	options.context = &stopping;
	struct running running = begin(&options);
	stopping.trainer = running.trainer;
	cr_assert_eq(lockstep_trainer_run(running.trainer, &error), LOCKSTEP_STOPPED, "step %llu: %s",
	             (unsigned long long)step, error.message);
	end(&running, NULL);
}

static void try_every_step(const struct lockstep_train_options *options)
{
	struct outcome whole = {.last = 0};
	run_unbroken(options, &whole);
	uint64_t n_steps = whole.epochs[whole.last].n_steps;
	for (uint64_t step = 1; step < n_steps; step++) {
		struct outcome resumed = {.last = 0};
		struct lockstep_train_options first = by_way(*options, &ways[step % N_WAYS]);
		struct lockstep_train_options second = by_way(*options, &ways[(step / N_WAYS + step) % N_WAYS]);
		stop_after(first, step);
		resume(&second, &resumed);
		expect_same(&whole, &resumed, step);
	}
}

Test(checkpoint, every_step_of_a_plain_job)
{
	struct lockstep_train_options options = small_options();
	try_every_step(&options);
}

Test(checkpoint, every_step_of_a_job_with_all_options)
{
	struct lockstep_train_options options = full_options();
	options.epochs = EPOCHS_MAX;
	try_every_step(&options);
}

Test(checkpoint, every_step_where_the_last_epoch_counts)
{
	struct lockstep_train_options options = full_options();
	options.keep_last = 1;
	options.drop_last = 1;
	options.monitor = LOCKSTEP_MONITOR_ACCURACY;
	options.schedule = LOCKSTEP_SCHEDULE_EXPONENTIAL;
	options.warmup = 1.5;
	try_every_step(&options);
}

/* The file of the finished job leads to the same end, without a step. */
Test(checkpoint, of_a_finished_job)
{
	struct lockstep_train_options options = full_options();
	struct outcome whole = {.last = 0}, resumed = {.last = 0};
	options.checkpoint = path;
	run_unbroken(&options, &whole);
	options.checkpoint = NULL;
	resume(&options, &resumed);
	cr_assert_eq(resumed.last, 0);
	cr_assert_str_eq(resumed.fingerprint, whole.fingerprint);
}

/* Steps driven by hand, saved by hand, and again from the file, several times.
 * Nobody judges epochs then, so there are no validation rows. */
Test(checkpoint, by_hand_and_in_a_chain)
{
	struct lockstep_train_options options = full_options();
	struct outcome whole = {.last = 0}, resumed = {.last = 0};
	options.patience = 0;
	options.validation = 0;
	run_unbroken(&options, &whole);
	for (uint32_t i = 0; i < 4; i++) {
		struct running running = begin(&options);
		lockstep_checkpoint *checkpoint = NULL;
		if (i > 0) {
			EXPECT_OK(lockstep_checkpoint_load(&checkpoint, path, &error));
			EXPECT_OK(lockstep_trainer_resume(running.trainer, checkpoint, &error));
			cr_assert_eq(lockstep_checkpoint_step(checkpoint), 3 * i);
		}
		EXPECT_OK(lockstep_trainer_step(running.trainer, 3, NULL, &error));
		EXPECT_OK(lockstep_trainer_save(running.trainer, path, &error));
		lockstep_checkpoint_destroy(checkpoint);
		end(&running, NULL);
	}
	resume(&options, &resumed);
	expect_same(&whole, &resumed, 12);
}

/* The gradient of the step to come, and the steps, after a trainer went back. */
Test(checkpoint, puts_a_trainer_back)
{
	struct lockstep_train_options options = full_options();
	float before[27], after[27];
	lockstep_checkpoint *checkpoint = NULL;
	struct outcome whole = {.last = 0};
	char fingerprint[65];
	run_unbroken(&options, &whole);
	struct running running = begin(&options);
	EXPECT_OK(lockstep_trainer_step(running.trainer, 4, NULL, &error));
	EXPECT_OK(lockstep_trainer_save(running.trainer, path, &error));
	EXPECT_OK(lockstep_trainer_gradient(running.trainer, "layers.2.bias", before, 3, &error));
	EXPECT_OK(lockstep_trainer_step(running.trainer, 9, NULL, &error));
	EXPECT_OK(lockstep_checkpoint_load(&checkpoint, path, &error));
	EXPECT_OK(lockstep_trainer_resume(running.trainer, checkpoint, &error));
	EXPECT_OK(lockstep_trainer_gradient(running.trainer, "layers.2.bias", after, 3, &error));
	cr_assert_arr_eq(after, before, 3 * sizeof *before);
	EXPECT_OK(lockstep_trainer_run(running.trainer, &error));
	end(&running, fingerprint);
	cr_assert_str_eq(fingerprint, whole.fingerprint);
	lockstep_checkpoint_destroy(checkpoint);
}

/* ---- When one is written --------------------------------------------- */

struct seen {
	uint64_t steps[64];
	size_t n;
	char failure[512];
};

static void note(const struct lockstep_saved *saved, void *context)
{
	struct seen *seen = context;
	cr_assert(seen->n < 64);
	seen->steps[seen->n++] = saved->step;
	if (saved->failure)
		snprintf(seen->failure, sizeof seen->failure, "%s", saved->failure);
}

static void run_seen(struct lockstep_train_options options, struct lockstep_interval every, struct seen *seen)
{
	*seen = (struct seen){.n = 0};
	options.checkpoint_every = every;
	options.on_checkpoint = note;
	options.context = seen;
	struct running running = begin(&options);
	EXPECT_OK(lockstep_trainer_run(running.trainer, &error));
	end(&running, NULL);
}

/* Eight steps an epoch, four epochs. */
Test(checkpoint, at_the_intervals)
{
	static const uint64_t by_steps[] = {5, 10, 15, 20, 25, 30, 32}, by_epochs[] = {16, 32}, at_end[] = {32};
	struct lockstep_train_options options = small_options();
	struct seen seen;
	options.checkpoint = path;
	run_seen(options, (struct lockstep_interval){5, LOCKSTEP_STEPS}, &seen);
	cr_assert_eq(seen.n, 7);
	cr_assert_arr_eq(seen.steps, by_steps, sizeof by_steps);
	run_seen(options, (struct lockstep_interval){2, LOCKSTEP_EPOCHS}, &seen);
	cr_assert_eq(seen.n, 2);
	cr_assert_arr_eq(seen.steps, by_epochs, sizeof by_epochs);
	run_seen(options, (struct lockstep_interval){3600, LOCKSTEP_SECONDS}, &seen);
	cr_assert_eq(seen.n, 1);
	cr_assert_arr_eq(seen.steps, at_end, sizeof at_end);
	run_seen(options, (struct lockstep_interval){16, LOCKSTEP_STEPS}, &seen);
	cr_assert_eq(seen.n, 2, "the last step's checkpoint is written once");
	cr_assert_arr_eq(seen.steps, by_epochs, sizeof by_epochs);
}

struct stopped_saving {
	lockstep_trainer *trainer;
	size_t n;
};

static void stop_in_saving(const struct lockstep_saved *saved, void *context)
{
	struct stopped_saving *saving = context;
	cr_assert_null(saved->failure, "%s", saved->failure);
	if (++saving->n == 1)
		lockstep_trainer_stop(saving->trainer);
}

/* The first one comes after a second of an endless job; a stop that is asked
 * for while it is written is not lost. */
Test(checkpoint, after_seconds)
{
	struct lockstep_train_options options = small_options();
	struct stopped_saving saving = {NULL, 0};
	options.epochs = UINT32_MAX;
	options.learning_rate = 1e-6;
	options.checkpoint = path;
	options.checkpoint_every = (struct lockstep_interval){1, LOCKSTEP_SECONDS};
	options.on_checkpoint = stop_in_saving;
	options.context = &saving;
	struct running running = begin(&options);
	saving.trainer = running.trainer;
	cr_assert_eq(lockstep_trainer_run(running.trainer, &error), LOCKSTEP_STOPPED);
	cr_assert_eq(saving.n, 2, "and a stopped job saves where it stands");
	end(&running, NULL);
}

Test(checkpoint, that_cannot_be_written_costs_nothing)
{
	struct lockstep_train_options options = full_options();
	struct outcome whole = {.last = 0};
	struct seen seen;
	char elsewhere[600], fingerprint[65];
	run_unbroken(&options, &whole);
	snprintf(elsewhere, sizeof elsewhere, "%s/no-folder/job.ckpt", folder);
	options.checkpoint = elsewhere;
	options.checkpoint_every = (struct lockstep_interval){1, LOCKSTEP_EPOCHS};
	options.on_checkpoint = note;
	options.context = &seen;
	seen = (struct seen){.n = 0};
	struct running running = begin(&options);
	EXPECT_OK(lockstep_trainer_run(running.trainer, &error));
	end(&running, fingerprint);
	cr_assert_str_eq(fingerprint, whole.fingerprint);
	cr_assert(seen.n > 1 && strstr(seen.failure, elsewhere), "'%s'", seen.failure);
	cr_assert_eq(test_count_entries(folder), 0);
}

Test(checkpoint, of_a_diverged_job_is_not_written)
{
	struct lockstep_train_options options = small_options();
	struct seen seen = {.n = 0};
	options.learning_rate = 3e38;
	options.checkpoint = path;
	options.on_checkpoint = note;
	options.context = &seen;
	struct running running = begin(&options);
	cr_assert_eq(lockstep_trainer_run(running.trainer, &error), LOCKSTEP_DIVERGED);
	cr_assert_eq(lockstep_trainer_save(running.trainer, path, &error), LOCKSTEP_DIVERGED);
	end(&running, NULL);
	cr_assert_eq(seen.n, 0);
	cr_assert_eq(test_count_entries(folder), 0);
}

/* ---- What is refused ------------------------------------------------- */

static void save_after(const struct lockstep_train_options *options, uint64_t n_steps)
{
	struct running running = begin(options);
	EXPECT_OK(lockstep_trainer_step(running.trainer, n_steps, NULL, &error));
	EXPECT_OK(lockstep_trainer_save(running.trainer, path, &error));
	end(&running, NULL);
}

/* Another job's trainer is refused, with these words, and goes on untouched. */
static void refuse_resume(const struct lockstep_train_options *other, lockstep_status status, const char *words)
{
	struct outcome whole = {.last = 0};
	struct lockstep_train_options own = watched(*other, &whole);
	lockstep_checkpoint *checkpoint = NULL;
	char fingerprint[65];
	run_unbroken(other, &whole);
	struct running running = begin(&own);
	EXPECT_OK(lockstep_checkpoint_load(&checkpoint, path, &error));
	cr_assert_eq(lockstep_trainer_resume(running.trainer, checkpoint, &error), status, "'%s'", error.message);
	cr_assert(strstr(error.message, words), "'%s' lacks '%s'", error.message, words);
	EXPECT_OK(lockstep_trainer_run(running.trainer, &error));
	end(&running, fingerprint);
	cr_assert_str_eq(fingerprint, whole.fingerprint);
	lockstep_checkpoint_destroy(checkpoint);
}

Test(checkpoint, of_another_job_is_refused_by_name)
{
	struct lockstep_train_options options = full_options(), other = options;
	save_after(&options, 5);
	other.learning_rate = 0.25;
	other.batch = 7;
	refuse_resume(&other, LOCKSTEP_ERROR_ARGUMENT, "batch 7, not 8; lr 0.25, not 0.5");
	other = options;
	other.nesterov = 0;
	refuse_resume(&other, LOCKSTEP_ERROR_ARGUMENT, ": nesterov false, not true");
	other = options;
	other.seed = UINT64_MAX;
	refuse_resume(&other, LOCKSTEP_ERROR_ARGUMENT, ": seed 18446744073709551615, not 1");
	other = options;
	other.schedule = LOCKSTEP_SCHEDULE_STEP;
	refuse_resume(&other, LOCKSTEP_ERROR_ARGUMENT, ": schedule step, not cosine; schedule_period 10, not 4");
}

Test(checkpoint, of_other_data_is_refused)
{
	struct lockstep_train_options options = small_options();
	struct lockstep_rows rows;
	save_after(&options, 5);
	lockstep_dataset *smaller = NULL;
	lockstep_dataset_get_rows(dataset, LOCKSTEP_TRAIN, &rows);
	rows.n_rows--;
	EXPECT_OK(lockstep_dataset_from_rows(&smaller, &rows, NULL, &error));
	lockstep_dataset_destroy(dataset);
	dataset = smaller;
	refuse_resume(&options, LOCKSTEP_ERROR_ARGUMENT, ": data ");
}

static void refuse_file(const char *from, const char *to, const char *words)
{
	struct test_bytes whole = test_read_file(path), changed = test_replace(whole, from, to);
	lockstep_checkpoint *untouched = (lockstep_checkpoint *)&error, *checkpoint = untouched;
	char other[600];
	snprintf(other, sizeof other, "%s/other.ckpt", folder);
	test_write_file(other, changed);
	cr_assert_eq(lockstep_checkpoint_load(&checkpoint, other, &error), LOCKSTEP_ERROR_FORMAT, "%s -> %s: '%s'",
	             from, to, error.message);
	cr_assert_eq(checkpoint, untouched);
	cr_assert(strstr(error.message, words) && strstr(error.message, other), "'%s' lacks '%s'", error.message,
	          words);
	free(changed.data);
	free(whole.data);
}

/* Signed files whose texts are not what they must be. */
Test(checkpoint, that_says_nonsense_is_refused)
{
	struct lockstep_train_options options = full_options();
	save_after(&options, 17);
	refuse_file("lockstep-checkpoint-1", "lockstep-checkpoint-2", "'format'");
	refuse_file("\\\"batch\\\":8,", "", "'batch' is missing");
	refuse_file("\\\"batch\\\":8", "\\\"batch\\\":0", "batch 0");
	refuse_file("\\\"batch\\\":8", "\\\"batch\\\":\\\"8\\\"", "'batch' cannot be 8");
	refuse_file("\\\"batch\\\":8", "\\\"batch\\\":8,\\\"bach\\\":8", "keys that this version does not know");
	refuse_file("\\\"layers\\\":\\\"7-9-5-3", "\\\"layers\\\":\\\"7-9-5-0", "'layers' cannot be 7-9-5-0");
	refuse_file("\\\"layers\\\":\\\"7-9-5-3", "\\\"layers\\\":\\\"7-9-53", "tensors");
	refuse_file("\\\"layers\\\":\\\"7-9-5-3", "\\\"layers\\\":\\\"7-9-1048576-1048576", "tensor");
	refuse_file("\\\"hidden\\\":\\\"sigmoid", "\\\"hidden\\\":\\\"sigmund", "'hidden' cannot be sigmund");
	refuse_file("\\\"scale\\\":\\\"standardise", "\\\"scale\\\":\\\"auto", "'scale' cannot be auto");
	refuse_file("\\\"seed\\\":\\\"1\\\"", "\\\"seed\\\":\\\"18446744073709551616\\\"", "'seed' cannot be");
	refuse_file("\\\"momentum\\\":0.5", "\\\"momentum\\\":1.5", "momentum 1.5");
	refuse_file("\\\"momentum\\\":0.5,\\\"nesterov\\\":true", "\\\"momentum\\\":0.0,\\\"nesterov\\\":false",
	            "tensors");
	refuse_file("\\\"arithmetic\\\":1", "\\\"arithmetic\\\":2", "'arithmetic' cannot be 2");
	refuse_file("\\\"step\\\":17", "\\\"step\\\":-1", "'standing'");
	refuse_file("\\\"step\\\":17", "\\\"step\\\":1.5", "'standing'");
	refuse_file("\\\"found\\\":false", "\\\"found\\\":true", "tensors");
	refuse_file("\\\"best_rows\\\":-1", "\\\"best_rows\\\":-2", "'standing'");
	refuse_file("\\\"every\\\":1", "\\\"every\\\":3", "'history'");
	refuse_file("\\\"every\\\":1", "\\\"every\\\":4", "it has");
	refuse_file("\\\"fingerprints\\\":[\\\"", "\\\"fingerprints\\\":[\\\"x", "entry 0");
	refuse_file("\\\"fingerprints\\\":[", "\\\"fingerprints\\\":[],\\\"more\\\":[", "'history'");
	refuse_file("\"origin\":\"{}\"", "\"origin\":\"[]\"", "'origin'");
	refuse_file("\"velocity.layers.1.bias\"", "\"velocity.layers.1.bios\"", "velocity.layers.1.bias");
}

/* A step that does not go with the history, which only the data can tell. */
Test(checkpoint, that_stands_nowhere_is_refused)
{
	struct lockstep_train_options options = small_options();
	save_after(&options, 17);
	struct test_bytes whole = test_read_file(path);
	static const char *const steps[] = {"\\\"step\\\":7", "\\\"step\\\":24", "\\\"step\\\":99"};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct test_bytes changed = test_replace(whole, "\\\"step\\\":17", steps[i]);
		test_write_file(path, changed);
		refuse_resume(&options, LOCKSTEP_ERROR_FORMAT, "does not go with its job");
		free(changed.data);
	}
	free(whole.data);
}

/* Each reader tells the other's file. */
Test(checkpoint, is_no_model_and_a_model_is_none)
{
	struct lockstep_train_options options = small_options();
	lockstep_network *network = NULL;
	lockstep_checkpoint *checkpoint = NULL;
	save_after(&options, 3);
	cr_assert_eq(lockstep_network_load(&network, path, &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert(strstr(error.message, "lockstep-checkpoint-1"), "'%s'", error.message);
	network = small_network();
	EXPECT_OK(lockstep_network_save(network, path, &error));
	lockstep_network_destroy(network);
	cr_assert_eq(lockstep_checkpoint_load(&checkpoint, path, &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert(strstr(error.message, "lockstep-model-1"), "'%s'", error.message);
}
