/* SPDX-License-Identifier: MIT
 *
 * Legs: a job in a thread, ended anywhere, moved to other workers, and taken up
 * again, comes to the bits that it has alone.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data_files.h"
#include "faults/small_job.h"
#include "study/run/leg.h"

static lockstep_dataset *dataset;
static lockstep_network *network;
static struct ls_mailbox *mailbox;
static lockstep_error error;
static char checkpoint[512];

static void setup(void)
{
	data_setup();
	dataset = small_data();
	snprintf(checkpoint, sizeof checkpoint, "%s", data_path("checkpoint"));
	cr_assert_eq(ls_mailbox_create(&mailbox, &error), LOCKSTEP_OK);
}

static void teardown(void)
{
	ls_mailbox_destroy(mailbox);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
	data_teardown();
}

TestSuite(leg, .init = setup, .fini = teardown, .timeout = 120);

/* What the coordinator answers after an epoch. */
struct plan {
	uint32_t pause_after; /* 0: never */
	int moves;
};

static struct ls_leg_letter *next_letter(void)
{
	struct ls_leg_letter *letter = (struct ls_leg_letter *)ls_mailbox_take(mailbox, 60);
	cr_assert_not_null(letter);
	return letter;
}

static void answer(struct ls_leg *leg, const struct plan *plan, uint32_t epoch)
{
	if (epoch == plan->pause_after)
		ls_leg_answer(leg, LS_LEG_PAUSE, 0, NULL);
	else if (plan->moves)
		ls_leg_answer(leg, LS_LEG_MOVE, 1 + epoch % 3, epoch % 2 ? "close" : "none");
	else
		ls_leg_answer(leg, LS_LEG_GO_ON, 0, NULL);
}

static lockstep_status run_leg(const struct lockstep_train_options *options, int resumes, const struct plan *plan)
{
	struct ls_leg *leg;
	lockstep_network_destroy(network);
	network = small_network();
	const struct ls_leg_job job = {dataset, network, *options, checkpoint, resumes};
	cr_assert_eq(ls_leg_start(&leg, &job, mailbox, &leg, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(ls_leg_owner(leg), &leg);
	struct ls_leg_letter *letter = next_letter();
	for (uint32_t epoch = 0; letter->event == LS_LEG_EPOCH; letter = next_letter()) {
		cr_assert(letter->leg == leg && (!epoch || letter->epoch.epoch == epoch + 1));
		epoch = letter->epoch.epoch;
		answer(leg, plan, epoch);
	}
	lockstep_status status = letter->status;
	error = letter->error;
	cr_assert_geq(letter->seconds, 0);
	ls_leg_join(leg);
	return status;
}

static void expect_print(const char *expected)
{
	char found[65];
	lockstep_network_fingerprint(network, found);
	cr_assert_str_eq(found, expected);
}

static const struct plan straight = {0, 0}, moving = {0, 1};

Test(leg, ends_with_the_bits_of_the_job_alone)
{
	struct lockstep_train_options options = full_options();
	char expected[65];
	small_train(&options, expected);
	options.workers = 2;
	cr_assert_eq(run_leg(&options, 0, &straight), LOCKSTEP_OK);
	expect_print(expected);
	cr_assert_neq(access(checkpoint, F_OK), 0, "a job that is done leaves no checkpoint");
}

Test(leg, other_workers_after_every_epoch_change_no_bit)
{
	struct lockstep_train_options options = full_options();
	char expected[65];
	small_train(&options, expected);
	cr_assert_eq(run_leg(&options, 0, &moving), LOCKSTEP_OK);
	expect_print(expected);
}

Test(leg, goes_on_in_another_leg_from_where_it_was_paused)
{
	struct lockstep_train_options options = full_options();
	char expected[65];
	options.patience = 0;
	options.validation = 0;
	small_train(&options, expected);
	for (uint32_t epoch = 1; epoch < options.epochs; epoch++) {
		const struct plan plan = {epoch, 0};
		options.workers = epoch;
		cr_assert_eq(run_leg(&options, epoch > 1, &plan), LOCKSTEP_STOPPED);
	}
	cr_assert_eq(run_leg(&options, 1, &moving), LOCKSTEP_OK);
	expect_print(expected);
}

Test(leg, a_job_that_diverges_says_so)
{
	struct lockstep_train_options options = small_options();
	options.learning_rate = 1e10;
	options.l2 = 1e10;
	cr_assert_eq(run_leg(&options, 0, &straight), LOCKSTEP_DIVERGED);
	cr_assert_not_null(strstr(error.message, "step"));
}

Test(leg, a_checkpoint_that_is_not_there_is_an_error)
{
	struct lockstep_train_options options = small_options();
	cr_assert_eq(run_leg(&options, 1, &straight), LOCKSTEP_ERROR_IO);
	cr_assert_not_null(strstr(error.message, checkpoint));
}

Test(leg, options_that_cannot_be_are_an_error)
{
	struct lockstep_train_options options = small_options();
	options.workers = 99;
	cr_assert_eq(run_leg(&options, 0, &straight), LOCKSTEP_ERROR_ARGUMENT);
}

/* From the coordinator's thread, while steps run. */
Test(leg, is_stopped_from_outside_and_goes_on)
{
	struct lockstep_train_options options = small_options();
	struct ls_leg *leg;
	char expected[65];
	options.epochs = 30000;
	options.learning_rate = 0.001;
	small_train(&options, expected);
	network = small_network();
	const struct ls_leg_job job = {dataset, network, options, checkpoint, 0};
	cr_assert_eq(ls_leg_start(&leg, &job, mailbox, NULL, &error), LOCKSTEP_OK);
	struct ls_leg_letter *letter = next_letter();
	ls_leg_stop(leg);
	for (; letter->event == LS_LEG_EPOCH; letter = next_letter())
		ls_leg_answer(leg, LS_LEG_GO_ON, 0, NULL);
	cr_assert_eq(letter->status, LOCKSTEP_STOPPED);
	ls_leg_join(leg);
	cr_assert_eq(run_leg(&options, 1, &straight), LOCKSTEP_OK);
	expect_print(expected);
}

Test(leg, without_memory_there_is_an_error_and_no_thread)
{
	struct lockstep_train_options options = small_options();
	network = small_network();
	const struct ls_leg_job job = {dataset, network, options, checkpoint, 0};
	for (long n = 1; n <= 4; n++) {
		struct ls_leg *leg = NULL;
		ls_memory_fail_at(n);
		cr_assert_eq(ls_leg_start(&leg, &job, mailbox, NULL, &error), LOCKSTEP_ERROR_MEMORY, "%ld", n);
		ls_memory_fail_at(0);
		cr_assert_null(leg);
	}
}
