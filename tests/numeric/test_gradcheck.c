/* SPDX-License-Identifier: MIT
 *
 * lockstep_gradcheck() over the public API: the kernels' gradient of every
 * loss, activation and dropout, on rows from memory.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lockstep/gradcheck.h"
#include "support/double_case.h"

#define ROWS 23
#define FEATURES 11
#define LABELS 3
#define LAYERS_MAX 4

static lockstep_dataset *make_dataset(int multilabel)
{
	static float floats[ROWS * FEATURES];
	static uint32_t classes[ROWS];
	static uint8_t flags[ROWS * LABELS];
	for (uint32_t i = 0; i < ROWS * FEATURES; i++)
		floats[i] = i % 4 ? irregular(i) : 0;
	for (uint32_t i = 0; i < ROWS; i++)
		classes[i] = i * i % LABELS;
	for (uint32_t i = 0; i < ROWS * LABELS; i++)
		flags[i] = irregular(1000 + i) > 0;

	struct lockstep_rows rows = {.n_rows = ROWS, .n_features = FEATURES, .n_labels = LABELS, .floats = floats};
	rows.classes = multilabel ? NULL : classes;
	rows.flags = multilabel ? flags : NULL;
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	cr_assert_eq(lockstep_dataset_from_rows(&dataset, &rows, NULL, &error), LOCKSTEP_OK, "%s", error.message);
	return dataset;
}

static lockstep_network *make_network(const char *layers, enum lockstep_activation hidden, enum lockstep_loss loss,
                                      enum lockstep_init init)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_network *network = NULL;
	lockstep_error error;
	options.hidden = hidden;
	options.loss = loss;
	options.init = init;
	cr_assert_eq(lockstep_network_create(&network, layers, &options, &error), LOCKSTEP_OK, "%s", error.message);
	return network;
}

/* Checks and asserts that every tensor passes, with bounds that prove something. */
static void assert_passes(lockstep_network *network, const lockstep_dataset *dataset,
                          const struct lockstep_train_options *train, const char *what)
{
	struct lockstep_gradcheck_layer layers[2 * LAYERS_MAX];
	size_t n_tensors = 2 * lockstep_network_n_layers(network);
	lockstep_error error;
	int passed = -1;
	lockstep_status status = lockstep_gradcheck(network, dataset, train, NULL, layers, &passed, &error);
	cr_assert_eq(status, LOCKSTEP_OK, "%s: %s", what, error.message);
	for (size_t i = 0; i < n_tensors; i++) {
		const struct lockstep_gradcheck_layer *layer = &layers[i];
		cr_assert(layer->passed, "%s, %s: %zu of %zu, differences %g, kernels %g of %g, %zu outside", what,
		          layer->name, layer->n_sampled, layer->n_parameters, layer->difference_error,
		          layer->kernel_error, layer->kernel_bound, layer->n_outside);
		cr_assert(layer->difference_error <= 1e-6);
		cr_assert(layer->kernel_error <= layer->kernel_bound && layer->kernel_bound < 0.01);
		cr_assert(layer->gradient_max > 0 && layer->kernel_error > 0, "%s, %s: nothing compared", what,
		          layer->name);
	}
	cr_assert_eq(passed, 1);
}

static void check_job(enum lockstep_loss loss, enum lockstep_activation hidden, double dropout)
{
	struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_dataset *dataset = make_dataset(loss == LOCKSTEP_MULTILABEL);
	lockstep_network *network = make_network("11-9-7-3", hidden, loss, LOCKSTEP_INIT_NORMAL);
	char what[80];
	snprintf(what, sizeof what, "%s, %s, dropout %g", lockstep_loss_name(loss), lockstep_activation_name(hidden),
	         dropout);
	train.dropout = dropout;
	train.workers = 1;
	assert_passes(network, dataset, &train, what);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

Test(gradcheck, passes_for_every_loss_activation_and_dropout)
{
	static const enum lockstep_activation activations[] = {LOCKSTEP_SIGMOID, LOCKSTEP_TANH, LOCKSTEP_RELU,
	                                                       LOCKSTEP_LEAKY_RELU};
	static const enum lockstep_loss losses[] = {LOCKSTEP_SOFTMAX, LOCKSTEP_MULTILABEL, LOCKSTEP_QUADRATIC};
	for (size_t i = 0; i < 24; i++)
		check_job(losses[i % 3], activations[i / 3 % 4], i < 12 ? 0 : 0.25);
}

Test(gradcheck, passes_for_every_shape_of_batch_slices_and_scale)
{
	static const uint32_t batches[] = {1, 2, 5, 8, 23, 64};
	lockstep_dataset *dataset = make_dataset(0);
	for (size_t i = 0; i < 6; i++)
		for (uint32_t slices = 0; slices <= 4 && slices <= batches[i]; slices = slices ? 2 * slices : 1) {
			struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
			lockstep_network *network = make_network(i % 2 ? "11-5-3" : "11-3", LOCKSTEP_TANH,
			                                         LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_GLOROT);
			train.batch = batches[i];
			train.slices = slices;
			train.scale = i % 2 ? LOCKSTEP_SCALE_STANDARDISE : LOCKSTEP_SCALE_UNIT;
			train.validation = i == 1 ? 0.2 : 0;
			assert_passes(network, dataset, &train, "batch");
			lockstep_network_destroy(network);
		}
	lockstep_dataset_destroy(dataset);
}

Test(gradcheck, samples_large_tensors)
{
	struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct lockstep_gradcheck_options options = {.samples = 40};
	struct lockstep_gradcheck_layer layers[4];
	lockstep_dataset *dataset = make_dataset(0);
	lockstep_network *network = make_network("11-1000-3", LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_GLOROT);
	lockstep_error error;
	int passed = 0;
	train.batch = 4;
	lockstep_status status = lockstep_gradcheck(network, dataset, &train, &options, layers, &passed, &error);
	cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
	cr_assert(passed);
	cr_assert_str_eq(layers[0].name, "layers.0.weight");
	cr_assert_str_eq(layers[3].name, "layers.1.bias");
	cr_assert_eq(layers[0].n_parameters, 11000);
	cr_assert_eq(layers[0].n_sampled, 40);
	cr_assert_eq(layers[2].n_sampled, 3000);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

Test(gradcheck, leaves_the_parameters_as_they_are)
{
	struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_dataset *dataset = make_dataset(0);
	lockstep_network *network = make_network("11-4-3", LOCKSTEP_RELU, LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_NORMAL);
	char before[65], after[65];
	lockstep_network_fingerprint(network, before);
	assert_passes(network, dataset, &train, "relu");
	lockstep_network_fingerprint(network, after);
	cr_assert_str_eq(before, after);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

Test(gradcheck, bounds_of_the_caller_decide)
{
	static const struct lockstep_gradcheck_options strict[] = {
	    {.difference_bound = 1e-300},
	    {.kernel_limit = 1e-12},
	};
	struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_dataset *dataset = make_dataset(0);
	lockstep_network *network = make_network("11-4-3", LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_NORMAL);
	for (size_t i = 0; i < 2; i++) {
		struct lockstep_gradcheck_layer layers[4];
		int passed = 1;
		lockstep_error error;
		lockstep_status status =
		    lockstep_gradcheck(network, dataset, &train, &strict[i], layers, &passed, &error);
		cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
		cr_assert_eq(passed, 0);
		cr_assert_eq(layers[0].passed, 0);
	}
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

Test(gradcheck, leaves_the_results_untouched_on_failure)
{
	struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct lockstep_gradcheck_layer layers[4], untouched[4];
	lockstep_dataset *dataset = make_dataset(0);
	lockstep_network *network = make_network("10-4-3", LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_NORMAL);
	lockstep_error error;
	int passed = 42;
	memset(layers, 0x5a, sizeof layers);
	memset(untouched, 0x5a, sizeof untouched);
	cr_assert_neq(lockstep_gradcheck(network, dataset, &train, NULL, layers, &passed, &error), LOCKSTEP_OK);
	cr_assert_eq(passed, 42);
	cr_assert_eq(memcmp(layers, untouched, sizeof layers), 0);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}

Test(gradcheck, survives_the_failure_of_any_allocation)
{
	struct lockstep_train_options train = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct lockstep_gradcheck_layer layers[4];
	lockstep_dataset *dataset = make_dataset(0);
	lockstep_network *network = make_network("11-4-3", LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_NORMAL);
	lockstep_status status = LOCKSTEP_ERROR_MEMORY;
	long n = 0;
	train.workers = 1;
	train.engine = LOCKSTEP_SERIAL;
	while (status == LOCKSTEP_ERROR_MEMORY && n < 1000) {
		int passed = 0;
		ls_memory_fail_at(++n);
		status = lockstep_gradcheck(network, dataset, &train, NULL, layers, &passed, NULL);
		ls_memory_fail_at(0);
		cr_assert(status == LOCKSTEP_ERROR_MEMORY || (status == LOCKSTEP_OK && passed), "allocation %ld: %s", n,
		          lockstep_status_name(status));
	}
	cr_assert_eq(status, LOCKSTEP_OK);
	cr_assert(n > 6);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}
