/* SPDX-License-Identifier: MIT
 *
 * See small_job.h.
 */
#include "small_job.h"

#include <criterion/criterion.h>

/* Multiples of 1/16 in [-2, 2), from a linear congruential generator; two in
 * five are 0, and column 3 is always. */
static void fill(float *values, uint32_t *classes, uint8_t *flags, size_t n_rows, uint32_t state)
{
	for (size_t r = 0; r < n_rows; r++) {
		float sum = 0;
		for (size_t k = 0; k < SMALL_FEATURES; k++) {
			state = state * 1664525u + 1013904223u;
			int value = (int)(state >> 26) - 32;
			values[r * SMALL_FEATURES + k] = k == 3 || state % 5 < 2 ? 0 : (float)value / 16;
			sum += values[r * SMALL_FEATURES + k];
		}
		classes[r] = sum < -1 ? 0 : sum < 1 ? 1 : 2;
		for (uint32_t label = 0; label < SMALL_CLASSES; label++)
			flags[r * SMALL_CLASSES + label] = values[r * SMALL_FEATURES + label] > 0;
	}
}

static lockstep_dataset *make_data(int multilabel)
{
	static float values[2][SMALL_ROWS * SMALL_FEATURES];
	static uint32_t classes[2][SMALL_ROWS];
	static uint8_t flags[2][SMALL_ROWS * SMALL_CLASSES];
	static const size_t n_rows[2] = {SMALL_ROWS, SMALL_TEST_ROWS};
	struct lockstep_rows rows[2];
	lockstep_dataset *dataset = NULL;
	lockstep_error error;

	for (uint32_t part = 0; part < 2; part++) {
		fill(values[part], classes[part], flags[part], n_rows[part], part + 1);
		rows[part] = (struct lockstep_rows){.n_rows = n_rows[part],
		                                    .n_features = SMALL_FEATURES,
		                                    .n_labels = SMALL_CLASSES,
		                                    .floats = values[part],
		                                    .classes = multilabel ? NULL : classes[part],
		                                    .flags = multilabel ? flags[part] : NULL};
	}
	cr_assert_eq(lockstep_dataset_from_rows(&dataset, &rows[0], &rows[1], &error), LOCKSTEP_OK, "%s",
	             error.message);
	return dataset;
}

lockstep_dataset *small_data(void)
{
	return make_data(0);
}

lockstep_dataset *small_multilabel_data(void)
{
	return make_data(1);
}

lockstep_network *small_network(void)
{
	lockstep_network *network = NULL;
	lockstep_error error;
	cr_assert_eq(lockstep_network_create(&network, "7-9-5-3", NULL, &error), LOCKSTEP_OK, "%s", error.message);
	return network;
}

struct lockstep_train_options small_options(void)
{
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	options.epochs = 4;
	options.batch = 8;
	options.slices = 4;
	options.workers = 1;
	return options;
}

struct lockstep_train_options full_options(void)
{
	struct lockstep_train_options options = small_options();
	options.scale = LOCKSTEP_SCALE_STANDARDISE;
	options.momentum = 0.5;
	options.nesterov = 1;
	options.l2 = 0.001;
	options.dropout = 0.25;
	options.schedule = LOCKSTEP_SCHEDULE_COSINE;
	options.validation = 13;
	options.patience = 2;
	return options;
}

void small_train(const struct lockstep_train_options *options, char fingerprint[65])
{
	lockstep_dataset *dataset = small_data();
	lockstep_network *network = small_network();
	lockstep_error error;
	cr_assert_eq(lockstep_train(network, dataset, options, &error), LOCKSTEP_OK, "%s", error.message);
	lockstep_network_fingerprint(network, fingerprint);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
}
