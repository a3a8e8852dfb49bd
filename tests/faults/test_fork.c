/* SPDX-License-Identifier: MIT
 *
 * A host program that forks. The child has none of the workers' threads: it is
 * told so instead of waiting for them, can free what it inherited, and trains
 * with a trainer of its own to the same fingerprint, as its parent does with
 * the old one.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "small_job.h"

#define TEXT_SIZE 1024
#define CHILD_SECONDS 100 /* after which a child is taken to hang */

TestSuite(fork, .timeout = 300);

static lockstep_dataset *dataset;
static lockstep_network *network;
static lockstep_trainer *trainer;
static lockstep_error error;

#define EXPECT_OK(call) cr_assert_eq(call, LOCKSTEP_OK, "%s", error.message)

struct way {
	enum lockstep_engine engine;
	uint32_t workers;
};

static struct lockstep_train_options options_of(struct way way)
{
	struct lockstep_train_options options = full_options();
	options.engine = way.engine;
	options.workers = way.workers;
	options.bind = "close";
	return options;
}

static void expected_fingerprint(char fingerprint[65])
{
	struct lockstep_train_options options = options_of((struct way){LOCKSTEP_SERIAL, 1});
	small_train(&options, fingerprint);
}

/* The parent's trainer, in the middle of its job. */
static void begin(struct way way)
{
	struct lockstep_train_options options = options_of(way);
	dataset = small_data();
	network = small_network();
	EXPECT_OK(lockstep_trainer_create(&trainer, network, dataset, &options, &error));
	EXPECT_OK(lockstep_trainer_step(trainer, 3, NULL, &error));
}

/* It goes on as if there had been no child. */
static void finish(const char *expected)
{
	char fingerprint[65];
	EXPECT_OK(lockstep_trainer_run(trainer, &error));
	lockstep_network_fingerprint(network, fingerprint);
	cr_assert_str_eq(fingerprint, expected);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

/* ---- What a child does ------------------------------------------------- */

/* Each writes what it came to into `text`: "" is as it should be. */
typedef void child_body(const void *context, char text[TEXT_SIZE]);

static void in_child(child_body *body, const void *context)
{
	int ends[2], status = 0;
	char text[TEXT_SIZE] = "no answer";
	cr_assert_eq(pipe(ends), 0);
	fflush(NULL);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		alarm(CHILD_SECONDS);
		text[0] = '\0';
		body(context, text);
		_exit(write(ends[1], text, strlen(text) + 1) < 0);
	}
	close(ends[1]);
	ssize_t n = read(ends[0], text, sizeof text - 1);
	close(ends[0]);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child %s (signal %d)",
	          WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hung" : "failed",
	          WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	cr_assert_gt(n, 0);
	cr_assert_str_eq(text, "");
}

struct training {
	struct way way;
	const char *expected;
	lockstep_status status;
};

static void train_anew(const void *context, char text[TEXT_SIZE])
{
	const struct training *training = context;
	struct lockstep_train_options options = options_of(training->way);
	lockstep_dataset *own_data = small_data();
	lockstep_network *own = small_network();
	char fingerprint[65] = "";
	lockstep_status status = lockstep_train(own, own_data, &options, &error);
	if (!status)
		lockstep_network_fingerprint(own, fingerprint);
	if (status != training->status)
		snprintf(text, TEXT_SIZE, "status %d: %s", (int)status, error.message);
	else if (!status && strcmp(fingerprint, training->expected) != 0)
		snprintf(text, TEXT_SIZE, "another fingerprint");
	else if (status && !strstr(error.message, "fork"))
		snprintf(text, TEXT_SIZE, "no word of a fork: %s", error.message);
	lockstep_network_destroy(own);
	lockstep_dataset_destroy(own_data);
}

static int is_told(lockstep_status status)
{
	return status == LOCKSTEP_ERROR_SYSTEM && error.status == status && strstr(error.message, "fork") != NULL;
}

/* Every call that would need the threads, then all that frees. */
static void use_inherited(const void *context, char text[TEXT_SIZE])
{
	float values[9 * SMALL_FEATURES];
	(void)context;
	if (!is_told(lockstep_trainer_step(trainer, 1, NULL, &error)))
		snprintf(text, TEXT_SIZE, "step: %s", error.message);
	else if (!is_told(lockstep_trainer_run(trainer, &error)))
		snprintf(text, TEXT_SIZE, "run: %s", error.message);
	else if (!is_told(lockstep_trainer_gradient(trainer, "layers.0.weight", values, 9 * SMALL_FEATURES, &error)))
		snprintf(text, TEXT_SIZE, "gradient: %s", error.message);
	else if (lockstep_trainer_sync(trainer, &error))
		snprintf(text, TEXT_SIZE, "sync: %s", error.message);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

/* A trainer without threads of its own came along whole. */
static void finish_inherited(const void *expected, char text[TEXT_SIZE])
{
	char fingerprint[65] = "";
	if (lockstep_trainer_run(trainer, &error))
		snprintf(text, TEXT_SIZE, "run: %s", error.message);
	lockstep_network_fingerprint(network, fingerprint);
	if (!*text && strcmp(fingerprint, expected) != 0)
		snprintf(text, TEXT_SIZE, "another fingerprint");
	lockstep_trainer_destroy(trainer);
}

static void train_in_child(struct way way, const char *expected, lockstep_status status)
{
	struct training training = {way, expected, status};
	in_child(train_anew, &training);
}

/* ---- Tests --------------------------------------------------------------- */

static const struct way ways[] = {
    {LOCKSTEP_PTHREADS, 1}, {LOCKSTEP_PTHREADS, 2}, {LOCKSTEP_PTHREADS, 4},
    {LOCKSTEP_PTHREADS, 0}, {LOCKSTEP_SERIAL, 1},   {LOCKSTEP_SERIAL, 3},
};
#define N_WAYS (sizeof ways / sizeof *ways)

Test(fork, a_child_trains_with_a_trainer_of_its_own)
{
	char expected[65];
	expected_fingerprint(expected);
	begin((struct way){LOCKSTEP_PTHREADS, 3});
	for (size_t i = 0; i < N_WAYS; i++)
		train_in_child(ways[i], expected, LOCKSTEP_OK);
	finish(expected);
	for (size_t i = 0; i < N_WAYS; i++)
		train_in_child(ways[i], expected, LOCKSTEP_OK);
}

Test(fork, a_child_is_told_that_the_workers_did_not_come_along)
{
	char expected[65];
	expected_fingerprint(expected);
	for (uint32_t workers = 2; workers <= 4; workers++) {
		begin((struct way){LOCKSTEP_PTHREADS, workers});
		in_child(use_inherited, NULL);
		finish(expected);
	}
}

Test(fork, a_trainer_without_threads_goes_on_in_both)
{
	static const struct way alone[] = {{LOCKSTEP_PTHREADS, 1}, {LOCKSTEP_SERIAL, 3}};
	char expected[65];
	expected_fingerprint(expected);
	for (size_t i = 0; i < sizeof alone / sizeof *alone; i++) {
		begin(alone[i]);
		in_child(finish_inherited, expected);
		finish(expected);
	}
}

Test(fork, openmp_is_refused_to_the_child_of_a_parent_that_used_it)
{
	const struct way openmp = {LOCKSTEP_OPENMP, 3}, pthreads = {LOCKSTEP_PTHREADS, 3};
	char expected[65];
	if (!lockstep_has_openmp())
		cr_skip_test("this build has no OpenMP");
	expected_fingerprint(expected);
	train_in_child(openmp, expected, LOCKSTEP_OK); /* the parent has not used it yet */
	begin(openmp);
	in_child(use_inherited, NULL);
	train_in_child(openmp, expected, LOCKSTEP_ERROR_SYSTEM);
	train_in_child(pthreads, expected, LOCKSTEP_OK);
	finish(expected);
	train_in_child(openmp, expected, LOCKSTEP_ERROR_SYSTEM);
	begin(openmp);
	finish(expected);
}

/* The child comes back from the callback into a run that it cannot go on with. */
static int fork_once(const struct lockstep_epoch *epoch, void *context)
{
	int *ends = context;
	if (epoch->epoch == 1 && fork() == 0) {
		alarm(CHILD_SECONDS);
		ends[0] = -1;
	}
	return 0;
}

Test(fork, a_child_forked_in_a_callback_is_told_so)
{
	struct lockstep_train_options options = options_of((struct way){LOCKSTEP_PTHREADS, 3});
	char expected[65], fingerprint[65];
	int ends[2] = {0}, status = 0;
	expected_fingerprint(expected);
	options.on_epoch = fork_once;
	options.context = ends;
	dataset = small_data();
	network = small_network();
	lockstep_status outcome = lockstep_train(network, dataset, &options, &error);
	if (ends[0] < 0)
		_exit(is_told(outcome) ? 0 : 1);
	cr_assert_eq(outcome, LOCKSTEP_OK, "%s", error.message);
	lockstep_network_fingerprint(network, fingerprint);
	cr_assert_str_eq(fingerprint, expected);
	cr_assert_gt(wait(&status), 0);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}
