/* SPDX-License-Identifier: MIT
 *
 * What a further worker costs in memory: its buffers, and no copy of the model.
 * Every measurement is a process of its own, whose largest resident size the
 * system keeps.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lockstep.h>

#include "shadow.h"

#define ROWS 512
#define INPUTS 784
#define LAYERS "784-2048-2048-10"
#define MODEL_BYTES (4l * (785 * 2048 + 2049 * 2048 + 2049 * 10))
#define WORKERS 4 /* a power of two: one sum each */

static float values[ROWS * INPUTS];
static uint32_t classes[ROWS];

/* One step and one evaluation. */
static lockstep_status train(uint32_t workers, enum lockstep_split split)
{
	struct lockstep_rows rows = {
	    .n_rows = ROWS, .n_features = INPUTS, .n_labels = 10, .floats = values, .classes = classes};
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_dataset *data = NULL;
	lockstep_network *network = NULL;
	options.epochs = 1;
	options.batch = ROWS;
	options.learning_rate = 0.01;
	options.workers = workers;
	options.split = split;
	lockstep_status status = lockstep_dataset_from_rows(&data, &rows, &rows, NULL);
	if (!status)
		status = lockstep_network_create(&network, LAYERS, NULL, NULL);
	if (!status)
		status = lockstep_train(network, data, &options, NULL);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(data);
	return status;
}

/* The largest resident size of such a process, bytes; without huge pages, which round
 * it up. */
static long peak_of(uint32_t workers, enum lockstep_split split)
{
	struct rusage usage;
	int status;
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		_exit(train(workers, split) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	cr_assert_eq(wait4(child, &status, 0, &usage), child);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
	return usage.ru_maxrss * 1024;
}

static void expect_no_copy(enum lockstep_split split)
{
	if (HAS_SHADOW)
		cr_skip_test("a sanitizer's memory is not ours");
	long one = peak_of(1, LOCKSTEP_SPLIT_ROWS), all = peak_of(WORKERS, split);
	cr_assert_gt(one, MODEL_BYTES, "what is measured holds a model");
	cr_assert_lt((all - one) / (WORKERS - 1), MODEL_BYTES / 4, "%ld bytes with one worker, %ld with %d", one, all,
	             WORKERS);
}

TestSuite(memory, .timeout = 120);

Test(memory, a_worker_by_rows_costs_less_than_a_quarter_of_a_model)
{
	expect_no_copy(LOCKSTEP_SPLIT_ROWS);
}

Test(memory, a_worker_by_owners_costs_less_than_a_quarter_of_a_model)
{
	expect_no_copy(LOCKSTEP_SPLIT_OWNERS);
}
