/* SPDX-License-Identifier: MIT
 *
 * The record of a training: a job is what it was after writing and reading, and
 * a history that grows without end keeps what it says it keeps.
 */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "faults/small_job.h"
#include "job/history.h"
#include "job/job.h"
#include "job/record.h"
#include "net/network.h"

static lockstep_error error;

TestSuite(record, .timeout = 60);

/* A fingerprint that tells its epoch. */
static void write_fingerprint(char fingerprint[65], uint32_t epoch)
{
	snprintf(fingerprint, 65, "%064x", epoch);
}

static void add_epochs(struct ls_history *history, uint32_t first, uint32_t last)
{
	char fingerprint[65];
	for (uint32_t epoch = first; epoch <= last; epoch++) {
		write_fingerprint(fingerprint, epoch);
		ls_history_add(history, epoch, fingerprint);
	}
}

/* Every multiple of `every` up to the last epoch, and nothing else. */
static void expect_kept(const struct ls_history *history, uint32_t last, uint32_t every)
{
	char expected[65];
	cr_assert_eq(history->every, every);
	cr_assert_eq(ls_history_last(history), last / every * every);
	for (uint32_t epoch = 0; epoch <= last + 2 * every; epoch++) {
		const char *found = ls_history_get(history, epoch);
		write_fingerprint(expected, epoch);
		int is_kept = epoch <= last && epoch % every == 0;
		cr_assert(is_kept ? found && !strcmp(found, expected) : !found, "epoch %u", epoch);
	}
}

Test(record, short_histories_are_whole)
{
	struct ls_history history = {0};
	cr_assert_eq(ls_history_init(&history, 5, &error), LOCKSTEP_OK);
	add_epochs(&history, 0, 0);
	expect_kept(&history, 0, 1);
	add_epochs(&history, 1, 5);
	expect_kept(&history, 5, 1);
	ls_history_fini(&history);
}

Test(record, long_histories_are_thinned_out)
{
	struct ls_history history = {0};
	cr_assert_eq(ls_history_init(&history, UINT32_MAX, &error), LOCKSTEP_OK);
	add_epochs(&history, 0, 16383);
	expect_kept(&history, 16383, 1);
	add_epochs(&history, 16384, 16384);
	expect_kept(&history, 16384, 2);
	add_epochs(&history, 16385, 32767);
	expect_kept(&history, 32767, 2);
	add_epochs(&history, 32768, 200000);
	expect_kept(&history, 200000, 16);
	ls_history_fini(&history);
}

Test(record, histories_are_read_as_written)
{
	static const uint32_t lengths[] = {0, 1, 16383, 40000};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct ls_history history = {0}, read = {0};
		char *text = NULL;
		cr_assert_eq(ls_history_init(&history, lengths[i], &error), LOCKSTEP_OK);
		add_epochs(&history, 0, lengths[i]);
		cr_assert_eq(ls_history_text(&text, &history, &error), LOCKSTEP_OK);
		cr_assert_eq(ls_history_read(&read, text, "file", &error), LOCKSTEP_OK, "%s", error.message);
		expect_kept(&read, lengths[i], history.every);
		ls_memory_free(text);
		ls_history_fini(&read);
		ls_history_fini(&history);
	}
}

/* Every option away from its default, and from any other that could be taken
 * for it. */
static struct lockstep_train_options other_options(void)
{
	struct lockstep_train_options options = full_options();
	options.scale = LOCKSTEP_SCALE_STANDARDISE;
	options.epochs = 4000000000u;
	options.batch = 37;
	options.slices = 32;
	options.learning_rate = 0.1 + 0.2;
	options.l2 = 5e-324;
	options.schedule = LOCKSTEP_SCHEDULE_EXPONENTIAL;
	options.schedule_gamma = 0x1.fffffffffffffp-3;
	options.schedule_period = 1e300;
	options.warmup = 1.0 / 3;
	options.validation = 0.1;
	options.patience = 4294967295u;
	options.monitor = LOCKSTEP_MONITOR_ACCURACY;
	options.keep_last = 1;
	options.drop_last = 1;
	options.seed = UINT64_MAX;
	return options;
}

static char *write_job(const struct lockstep_train_options *options, const struct lockstep_network_options *network)
{
	lockstep_dataset *dataset = small_data();
	lockstep_network *made = NULL;
	char *text = NULL;
	cr_assert_eq(lockstep_network_create(&made, "7-9-5-3", network, &error), LOCKSTEP_OK);
	cr_assert_eq(ls_job_text(&text, made, dataset, options, &error), LOCKSTEP_OK);
	lockstep_network_destroy(made);
	lockstep_dataset_destroy(dataset);
	return text;
}

Test(record, jobs_are_read_as_written)
{
	const struct lockstep_network_options network = {LOCKSTEP_LEAKY_RELU, 0.3, LOCKSTEP_QUADRATIC,
	                                                 LOCKSTEP_INIT_GLOROT, UINT64_MAX - 1};
	struct lockstep_train_options options = other_options();
	struct ls_job job;
	char *first = write_job(&options, &network);
	cr_assert_eq(ls_job_read(&job, first, "file", &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_str_eq(job.layers, "7-9-5-3");
	char *second = write_job(&job.train, &job.network);
	cr_assert_str_eq(second, first);
	cr_assert_eq(ls_job_compare(first, second, "", &error), LOCKSTEP_OK);
	ls_memory_free(second);
	ls_memory_free(first);
}

/* A job without a history is a record too, as far as it goes. */
Test(record, of_a_job_alone)
{
	const struct lockstep_network_options network = {LOCKSTEP_RELU, 0.3, LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_HE, 9};
	struct lockstep_train_options options = other_options(), read = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct lockstep_network_options read_network = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_record *record = NULL, *none = NULL;
	char *text = write_job(&options, &network);
	cr_assert_eq(lockstep_record_parse(&record, text, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_str_eq(lockstep_record_job(record), text);
	cr_assert_str_eq(lockstep_record_layers(record), "7-9-5-3");
	cr_assert_eq(lockstep_record_last_epoch(record), 0);
	cr_assert_null(lockstep_record_fingerprint(record, 0));
	cr_assert_null(lockstep_record_fingerprint(record, 1));
	lockstep_record_get_network_options(record, &read_network);
	lockstep_record_get_train_options(record, &read);
	char *again = write_job(&read, &read_network);
	cr_assert_str_eq(again, text);
	text[strlen(text) / 2] = '\0';
	cr_assert_eq(lockstep_record_parse(&none, text, &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert_eq(lockstep_record_parse(&none, "{}", &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert_null(none);
	ls_memory_free(again);
	ls_memory_free(text);
	lockstep_record_destroy(record);
}

/* Each option alone is seen and named. */
static void expect_named(const char *base, const struct lockstep_train_options *options, const char *name)
{
	struct lockstep_network_options network = LOCKSTEP_NETWORK_OPTIONS_INIT;
	char *text = write_job(options, &network), beginning[80];
	snprintf(beginning, sizeof beginning, "here: %s ", name);
	cr_assert_eq(ls_job_compare(text, base, "here: ", &error), LOCKSTEP_ERROR_ARGUMENT, "%s", name);
	cr_assert_eq(strncmp(error.message, beginning, strlen(beginning)), 0, "'%s'", error.message);
	ls_memory_free(text);
}

#define MEMBER(name)                                                                                                   \
	offsetof(struct lockstep_train_options, name), sizeof(((struct lockstep_train_options *)NULL)->name)

static const struct {
	const char *key;
	size_t offset, size;
} members[] = {
    {"batch", MEMBER(batch)},
    {"slices", MEMBER(slices)},
    {"lr", MEMBER(learning_rate)},
    {"l2", MEMBER(l2)},
    {"schedule", MEMBER(schedule)},
    {"schedule_gamma", MEMBER(schedule_gamma)},
    {"schedule_period", MEMBER(schedule_period)},
    {"warmup", MEMBER(warmup)},
    {"validation", MEMBER(validation)},
    {"patience", MEMBER(patience)},
    {"monitor", MEMBER(monitor)},
    {"keep_last", MEMBER(keep_last)},
    {"drop_last", MEMBER(drop_last)},
    {"seed", MEMBER(seed)},
};

Test(record, differences_are_named)
{
	struct lockstep_network_options network = LOCKSTEP_NETWORK_OPTIONS_INIT;
	const struct lockstep_train_options base = full_options(), other = other_options();
	char *text = write_job(&base, &network);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		struct lockstep_train_options changed = base;
		memcpy((char *)&changed + members[i].offset, (const char *)&other + members[i].offset, members[i].size);
		expect_named(text, &changed, members[i].key);
	}
	ls_memory_free(text);
}

/* All of them at once fit into one message, cut if need be. */
Test(record, many_differences_are_one_line)
{
	const struct lockstep_network_options network = {LOCKSTEP_RELU, 0.5, LOCKSTEP_MULTILABEL, LOCKSTEP_INIT_HE, 7},
					      plain = LOCKSTEP_NETWORK_OPTIONS_INIT;
	const struct lockstep_train_options base = small_options(), other = other_options();
	char *one = write_job(&base, &plain), *two = write_job(&other, &network);
	cr_assert_eq(ls_job_compare(one, two, "here: ", &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strlen(error.message) < sizeof error.message && !strchr(error.message, '\n'));
	cr_assert(
	    strstr(error.message, "hidden sigmoid, not relu; leaky_slope 0.01, not 0.5; loss softmax, not multilabel"),
	    "'%s'", error.message);
	ls_memory_free(two);
	ls_memory_free(one);
}

/* What a trained network tells of itself. */
Test(record, of_a_trained_network)
{
	lockstep_dataset *dataset = small_data();
	lockstep_network *network = small_network();
	struct lockstep_train_options options = small_options(), read = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_record *record = NULL, *none = NULL;
	char fingerprint[65], digest[65];
	cr_assert_eq(lockstep_record_create(&none, network, &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert_null(none);
	lockstep_network_fingerprint(network, fingerprint);
	cr_assert_eq(lockstep_train(network, dataset, &options, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(lockstep_record_create(&record, network, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_str_eq(lockstep_record_fingerprint(record, 0), fingerprint);
	lockstep_network_fingerprint(network, fingerprint);
	cr_assert_eq(lockstep_record_last_epoch(record), 4);
	cr_assert_str_eq(lockstep_record_fingerprint(record, 4), fingerprint);
	cr_assert_str_neq(lockstep_record_fingerprint(record, 3), fingerprint);
	cr_assert_null(lockstep_record_fingerprint(record, 5));
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, digest);
	cr_assert_str_eq(lockstep_record_data(record), digest);
	cr_assert_str_eq(lockstep_record_job(record), lockstep_network_job(network));
	read.workers = 3;
	lockstep_record_get_train_options(record, &read);
	cr_assert(read.epochs == 4 && read.batch == 8 && read.slices == 4 && read.workers == 3);
	cr_assert_eq(read.scale, LOCKSTEP_SCALE_NONE, "auto is resolved");
	lockstep_record_destroy(record);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}
