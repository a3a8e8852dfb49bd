/* SPDX-License-Identifier: MIT
 *
 * The table names what each job is there for; row counts leave a short last
 * mini-batch, some of them shorter than the slices.
 */
#include "split_jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden_rows.h"

/* A table. */
/* clang-format off */

#define NETWORK(...) .network = {.leaky_slope = 0.05, .init = LOCKSTEP_INIT_GLOROT, .seed = 3, __VA_ARGS__}
#define TRAIN(...) .train = {.workers = 1, .split = LOCKSTEP_SPLIT_ROWS, .schedule_gamma = 0.1, .seed = 9, __VA_ARGS__}

const struct split_job split_jobs[] = {
    {.name = "two layers, sigmoid",
     .layers = "9-64-4",
     .units = 64,
     .n_rows = 150,
     NETWORK(.hidden = LOCKSTEP_SIGMOID),
     TRAIN(.epochs = 2, .batch = 16, .slices = 4, .learning_rate = 0.1)},
    {.name = "three layers, momentum, tanh",
     .layers = "11-61-19-4",
     .units = 61,
     .n_rows = 131,
     NETWORK(.hidden = LOCKSTEP_TANH),
     TRAIN(.epochs = 2, .batch = 20, .slices = 4, .learning_rate = 0.1, .momentum = 0.75)},
    {.name = "five layers, nesterov and l2, relu",
     .layers = "9-70-17-33-5-4",
     .units = 70,
     .n_rows = 101,
     NETWORK(.hidden = LOCKSTEP_RELU),
     TRAIN(.epochs = 2, .batch = 13, .slices = 8, .learning_rate = 0.1, .momentum = 0.5, .nesterov = 1, .l2 = 0.01)},
    {.name = "dropout, leaky relu",
     .layers = "10-64-32-4",
     .units = 64,
     .n_rows = 90,
     NETWORK(.hidden = LOCKSTEP_LEAKY_RELU),
     TRAIN(.epochs = 2, .batch = 12, .slices = 4, .learning_rate = 0.1, .dropout = 0.3)},
    {.name = "multilabel",
     .layers = "9-50-4",
     .units = 50,
     .n_rows = 77,
     .multilabel = 1,
     NETWORK(.loss = LOCKSTEP_MULTILABEL),
     TRAIN(.epochs = 2, .batch = 16, .slices = 4, .learning_rate = 0.1, .l2 = 0.001)},
    {.name = "quadratic",
     .layers = "9-49-4",
     .units = 49,
     .n_rows = 77,
     NETWORK(.loss = LOCKSTEP_QUADRATIC),
     TRAIN(.epochs = 2, .batch = 16, .slices = 8, .learning_rate = 0.5)},
    {.name = "pixels with unused columns, momentum",
     .layers = "97-96-4",
     .units = 96,
     .n_rows = 90,
     .bytes = 1,
     NETWORK(.hidden = LOCKSTEP_RELU),
     TRAIN(.scale = LOCKSTEP_SCALE_UNIT, .epochs = 2, .batch = 8, .slices = 4, .learning_rate = 0.1, .momentum = 0.9)},
    {.name = "pixels, standardised",
     .layers = "61-52-4",
     .units = 52,
     .n_rows = 90,
     .bytes = 1,
     NETWORK(.hidden = LOCKSTEP_SIGMOID),
     TRAIN(.scale = LOCKSTEP_SCALE_STANDARDISE, .epochs = 2, .batch = 20, .slices = 4, .learning_rate = 0.1)},
    {.name = "floats, standardised, everything else too",
     .layers = "9-64-30-4",
     .units = 64,
     .n_rows = 120,
     NETWORK(.hidden = LOCKSTEP_TANH),
     TRAIN(.scale = LOCKSTEP_SCALE_STANDARDISE, .epochs = 4, .batch = 16, .slices = 4, .learning_rate = 0.1,
           .momentum = 0.5, .nesterov = 1, .l2 = 0.001, .dropout = 0.25, .schedule = LOCKSTEP_SCHEDULE_COSINE,
           .warmup = 0.5, .validation = 25, .patience = 3)},
    {.name = "mini-batches large enough for packed inputs, momentum",
     .layers = "97-70-65-4",
     .units = 70,
     .n_rows = 1300,
     .bytes = 1,
     NETWORK(.hidden = LOCKSTEP_RELU),
     TRAIN(.scale = LOCKSTEP_SCALE_UNIT, .epochs = 2, .batch = 600, .slices = 16, .learning_rate = 0.1, .momentum = 0.5)},
    {.name = "mini-batches large enough for packed inputs, standardised",
     .layers = "61-70-4",
     .units = 70,
     .n_rows = 1300,
     .bytes = 1,
     NETWORK(.hidden = LOCKSTEP_TANH),
     TRAIN(.scale = LOCKSTEP_SCALE_STANDARDISE, .epochs = 2, .batch = 600, .slices = 16, .learning_rate = 0.1)},
    {.name = "floats, most of them zeros of both signs and subnormals",
     .layers = "97-128-20-4",
     .units = 128,
     .n_rows = 200,
     .sparse = 1,
     NETWORK(.hidden = LOCKSTEP_TANH),
     TRAIN(.epochs = 2, .batch = 64, .slices = 4, .learning_rate = 0.1, .momentum = 0.5, .l2 = 0.01)},
    {.name = "a last mini-batch below the slices",
     .layers = "9-64-4",
     .units = 64,
     .n_rows = 67,
     NETWORK(.hidden = LOCKSTEP_SIGMOID),
     TRAIN(.epochs = 2, .batch = 32, .slices = 32, .learning_rate = 0.1)},
    {.name = "the default slices of a small batch",
     .layers = "9-30-4",
     .units = 30,
     .n_rows = 51,
     NETWORK(.hidden = LOCKSTEP_SIGMOID),
     TRAIN(.epochs = 2, .batch = 5, .learning_rate = 0.1)},
    {.name = "one mini-batch of fewer rows than the batch",
     .layers = "9-64-4",
     .units = 64,
     .n_rows = 19,
     NETWORK(.hidden = LOCKSTEP_RELU),
     TRAIN(.epochs = 4, .batch = 64, .slices = 8, .learning_rate = 0.1)},
    {.name = "the last mini-batch dropped",
     .layers = "9-40-4",
     .units = 40,
     .n_rows = 59,
     NETWORK(.hidden = LOCKSTEP_RELU),
     TRAIN(.epochs = 2, .batch = 8, .slices = 4, .learning_rate = 0.1, .drop_last = 1, .keep_last = 1)},
    {.name = "diverging at once",
     .layers = "9-64-4",
     .units = 64,
     .n_rows = 100,
     NETWORK(.hidden = LOCKSTEP_RELU),
     TRAIN(.epochs = 2, .batch = 10, .slices = 4, .learning_rate = 1e38)},
    {.name = "diverging later",
     .layers = "9-64-16-4",
     .units = 64,
     .n_rows = 100,
     NETWORK(.hidden = LOCKSTEP_LEAKY_RELU),
     TRAIN(.epochs = 4, .batch = 10, .slices = 4, .learning_rate = 300.0)},
};

/* clang-format on */

const size_t n_split_jobs = sizeof split_jobs / sizeof split_jobs[0];

/* Two in three pixels are 0, and every fifth column is in most rows. */
static void fill_pixels(uint8_t *pixels, size_t n_rows, size_t n_features)
{
	uint32_t state = 12345;
	for (size_t i = 0; i < n_rows * n_features; i++) {
		state = state * 1664525u + 1013904223u;
		int rare = i % n_features % 5 != 0;
		pixels[i] = (state >> 8) % 24 < (rare ? 1 : 20) ? (uint8_t)(state >> 24) : 0;
	}
}

/* Two in three become 0, of either sign. */
static void blank_most(float *values, size_t n_values)
{
	for (size_t i = 0; i < n_values; i++)
		if (i % 3)
			values[i] = i % 2 ? -0.0f : 0.0f;
}

static void fill_flags(uint8_t *flags, const uint32_t *classes, size_t n_rows)
{
	for (size_t i = 0; i < n_rows * SPLIT_LABELS; i++)
		flags[i] = classes[i / SPLIT_LABELS] >= i % SPLIT_LABELS;
}

lockstep_dataset *split_job_data(const struct split_job *job)
{
	size_t n_features = strtoul(job->layers, NULL, 10);
	lockstep_dataset *data = NULL;
	float *values = calloc(job->n_rows * n_features, sizeof *values);
	uint32_t *classes = calloc(job->n_rows, sizeof *classes);
	uint8_t *pixels = calloc(job->n_rows, n_features), *flags = calloc(job->n_rows, SPLIT_LABELS);
	if (values && classes && pixels && flags) {
		golden_rows_fill(job->n_rows, n_features, values, classes);
		if (job->sparse)
			blank_most(values, job->n_rows * n_features);
		fill_pixels(pixels, job->n_rows, n_features);
		fill_flags(flags, classes, job->n_rows);
		struct lockstep_rows rows = {.n_rows = job->n_rows,
		                             .n_features = n_features,
		                             .n_labels = SPLIT_LABELS,
		                             .bytes = job->bytes ? pixels : NULL,
		                             .floats = job->bytes ? NULL : values,
		                             .classes = job->multilabel ? NULL : classes,
		                             .flags = job->multilabel ? flags : NULL};
		lockstep_dataset_from_rows(&data, &rows, NULL, NULL);
	}
	free(flags);
	free(pixels);
	free(classes);
	free(values);
	return data;
}

lockstep_network *split_job_network(const struct split_job *job)
{
	lockstep_network *network = NULL;
	lockstep_network_create(&network, job->layers, &job->network, NULL);
	return network;
}

lockstep_status split_job_trainer(const struct split_job *job, const lockstep_dataset *data,
                                  const struct lockstep_train_options *options, lockstep_network **network,
                                  lockstep_trainer **trainer, lockstep_error *error)
{
	lockstep_trainer_destroy(*trainer);
	*trainer = NULL;
	lockstep_network_destroy(*network);
	*network = split_job_network(job);
	return lockstep_trainer_create(trainer, *network, data, options, error);
}

static int record_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct split_result *result = context;
	result->losses[result->n_epochs] = epoch->loss;
	result->validation[result->n_epochs++] = epoch->validation.loss;
	return 0;
}

int split_result_equal(const struct split_result *a, const struct split_result *b)
{
	size_t n = a->n_epochs * sizeof(double);
	return a->status == b->status && a->ended_step == b->ended_step &&
	       strcmp(a->fingerprint, b->fingerprint) == 0 && a->n_epochs == b->n_epochs &&
	       memcmp(a->losses, b->losses, n) == 0 && memcmp(a->validation, b->validation, n) == 0;
}

struct split_result split_job_run(const struct split_job *job, const lockstep_dataset *data,
                                  const struct lockstep_train_options *options)
{
	struct split_result result = {.n_epochs = 0};
	struct lockstep_train_options own = *options;
	lockstep_network *network = split_job_network(job);
	lockstep_error error = {LOCKSTEP_OK, ""};

	own.on_epoch = record_epoch;
	own.context = &result;
	result.status = lockstep_train(network, data, &own, &error);
	if (result.status)
		sscanf(error.message, "the job diverged at step %llu", &result.ended_step);
	lockstep_network_fingerprint(network, result.fingerprint);
	lockstep_network_destroy(network);
	return result;
}
