/* SPDX-License-Identifier: MIT
 *
 * The table covers every option that decides bits. Row counts are chosen so
 * that an epoch's last mini-batch is short and its rows do not divide evenly
 * into slices.
 */
#include "golden_jobs.h"

#include <stdlib.h>
#include <string.h>

/* A table. */
/* clang-format off */

#define FOUNDING                                                                                                       \
	.layers = "784-30-10", .hidden = "sigmoid", .loss = "softmax", .init = "normal", .scale = "unit", .seed = 1,   \
	.batch = 10, .lr = 0.5, .schedule = "constant"

#define RELU                                                                                                           \
	.layers = "784-64-32-10", .hidden = "relu", .loss = "softmax", .init = "he", .scale = "unit", .seed = 1,       \
	.epochs = 2, .batch = 64, .slices = 16, .lr = 0.05, .momentum = 0.9, .l2 = 0.0001, .dropout = 0.2,             \
	.schedule = "cosine", .warmup = 0.5

#define MULTILABEL                                                                                                     \
	.data = GOLDEN_OVERLAY, .layers = "784-40-10", .hidden = "sigmoid", .loss = "multilabel", .init = "glorot",    \
	.scale = "unit", .seed = 1, .epochs = 2, .batch = 50, .slices = 8, .lr = 0.5, .schedule = "constant"

#define FLOATS                                                                                                         \
	.data = GOLDEN_FLOATS, .rows = 331, .hidden = "relu", .loss = "softmax", .init = "he", .seed = 7, .epochs = 4, \
	.schedule = "constant"

const struct golden_job golden_jobs[] = {
    {.name = "founding", .rows = 997, .epochs = 2, FOUNDING},
    {.name = "founding8", .rows = 997, .epochs = 2, .slices = 8, FOUNDING},
    {.name = "relu", .rows = 6371, RELU},
    {.name = "multilabel", .rows = 4973, MULTILABEL},
    {.name = "tanh",
     .rows = 3203,
     .layers = "784-40-10",
     .hidden = "tanh",
     .loss = "quadratic",
     .init = "glorot",
     .scale = "unit",
     .seed = 2,
     .epochs = 2,
     .batch = 32,
     .slices = 4,
     .lr = 0.25,
     .momentum = 0.75,
     .nesterov = 1,
     .schedule = "step",
     .schedule_gamma = 0.3,
     .schedule_period = 0.4},
    {.name = "leaky",
     .rows = 2011,
     .layers = "784-32-24-10",
     .hidden = "leaky-relu",
     .leaky_slope = 0.01,
     .loss = "softmax",
     .init = "he",
     .scale = "standardise",
     .seed = 3,
     .epochs = 2,
     .batch = 20,
     .slices = 8,
     .lr = 0.02,
     .l2 = 0.001,
     .schedule = "exponential",
     .schedule_gamma = 0.7,
     .drop_last = 1},
    {.name = "early-loss",
     .rows = 370,
     .epochs = 6,
     .validation = 0.1,
     .patience = 1,
     .monitor = "loss",
     .layers = "784-30-10",
     .hidden = "sigmoid",
     .loss = "softmax",
     .init = "normal",
     .scale = "unit",
     .seed = 1,
     .batch = 10,
     .lr = 3.0,
     .schedule = "constant"},
    {.name = "early-accuracy",
     .rows = 650,
     .epochs = 6,
     .validation = 300,
     .patience = 2,
     .monitor = "accuracy",
     .layers = "784-24-10",
     .hidden = "tanh",
     .loss = "softmax",
     .init = "glorot",
     .scale = "unit",
     .seed = 5,
     .batch = 11,
     .slices = 2,
     .lr = 0.45,
     .dropout = 0.5,
     .schedule = "constant",
     .keep_last = 1},
    {.name = "scale-none",
     .rows = 403,
     .epochs = 2,
     .layers = "784-16-10",
     .hidden = "sigmoid",
     .loss = "softmax",
     .init = "glorot",
     .scale = "none",
     .seed = 4,
     .batch = 8,
     .lr = 0.01,
     .schedule = "cosine",
     .schedule_period = 0.7},
    {.name = "linear",
     .rows = 1000,
     .epochs = 2,
     .layers = "784-10",
     .loss = "softmax",
     .init = "normal",
     .scale = "unit",
     .seed = 18446744073709551557u,
     .batch = 128,
     .lr = 0.5,
     .schedule = "constant"},
    {.name = "diverging",
     .rows = 997,
     .epochs = 2,
     .layers = "784-30-10",
     .hidden = "relu",
     .loss = "softmax",
     .init = "normal",
     .scale = "unit",
     .seed = 1,
     .batch = 10,
     .lr = 1e30,
     .schedule = "constant"},
    {.name = "floats-none", .layers = "13-17-11-4", .scale = "none", .batch = 9, .slices = 4, .lr = 0.125, FLOATS},
    {.name = "floats-unit", .layers = "13-17-4", .scale = "unit", .batch = 1, .lr = 0.1, .momentum = 0.5, FLOATS},
    {.name = "floats-standardise",
     .layers = "13-17-4",
     .scale = "standardise",
     .batch = 70,
     .slices = 64,
     .lr = 0.5,
     FLOATS},
    {.name = "classes-multilabel", /* one-hot targets, l2 beside Nesterov, a validation part that decides nothing */
     .data = GOLDEN_FLOATS,
     .rows = 503,
     .layers = "13-22-4",
     .hidden = "leaky-relu",
     .leaky_slope = 0.2,
     .loss = "multilabel",
     .init = "he",
     .scale = "unit",
     .seed = 1099511627783u,
     .epochs = 3,
     .batch = 48,
     .slices = 16,
     .lr = 0.05,
     .momentum = 0.8,
     .nesterov = 1,
     .l2 = 0.003,
     .dropout = 0.3,
     .schedule = "exponential",
     .schedule_gamma = 0.6,
     .schedule_period = 0.5,
     .warmup = 1.5,
     .validation = 0.2},
    {.name = "wide", /* several panels, and inputs that are packed */
     .data = GOLDEN_FLOATS,
     .rows = 613,
     .layers = "40-130-4",
     .hidden = "sigmoid",
     .loss = "softmax",
     .init = "glorot",
     .scale = "standardise",
     .seed = 11,
     .epochs = 1,
     .batch = 300,
     .lr = 0.2,
     .momentum = 0.9,
     .dropout = 0.1,
     .schedule = "constant",
     .validation = 3},
    {.name = "one-batch", /* fewer rows than a mini-batch, 128 slices */
     .data = GOLDEN_FLOATS,
     .rows = 601,
     .layers = "13-9-4",
     .hidden = "tanh",
     .loss = "quadratic",
     .init = "normal",
     .scale = "unit",
     .seed = 12,
     .epochs = 4,
     .batch = 4096,
     .lr = 0.4,
     .l2 = 0.01,
     .schedule = "cosine",
     .warmup = 2},
    {.name = "pixels", /* scaling is fitted without the validation rows */
     .rows = 97,
     .layers = "784-5-10",
     .hidden = "relu",
     .loss = "multilabel",
     .init = "he",
     .scale = "standardise",
     .seed = 4294967311u,
     .epochs = 3,
     .batch = 7,
     .lr = 0.05,
     .schedule = "constant",
     .validation = 0.25,
     .patience = 3,
     .monitor = "loss",
     .drop_last = 1},
    {.name = "single-rows", /* a slice a row; decisions by the loss, and a seed of 64 bits for all purposes */
     .data = GOLDEN_FLOATS,
     .rows = 331,
     .layers = "13-70-19-4",
     .hidden = "tanh",
     .loss = "softmax",
     .init = "normal",
     .scale = "unit",
     .seed = 13835058055282163729u,
     .epochs = 6,
     .batch = 16,
     .slices = 16,
     .lr = 0.15,
     .momentum = 0.5,
     .nesterov = 1,
     .dropout = 0.25,
     .schedule = "step",
     .schedule_gamma = 0.5,
     .schedule_period = 1,
     .warmup = 0.7,
     .validation = 0.3,
     .patience = 2,
     .monitor = "loss",
     .drop_last = 1},
    {.name = "flags-multilabel", /* floats with flags, more than two for a lane */
     .data = GOLDEN_FLAGS,
     .rows = 401,
     .layers = "13-18-21",
     .hidden = "sigmoid",
     .loss = "multilabel",
     .init = "normal",
     .seed = 14,
     .epochs = 7,
     .batch = 37,
     .lr = 2,
     .l2 = 0.0005,
     .dropout = 0.4,
     .schedule = "constant",
     .validation = 57,
     .patience = 1,
     .monitor = "loss",
     .keep_last = 1},
    {.name = "flags-quadratic",
     .data = GOLDEN_FLAGS,
     .rows = 307,
     .layers = "11-12-9",
     .hidden = "relu",
     .loss = "quadratic",
     .init = "he",
     .scale = "standardise",
     .seed = 15,
     .epochs = 5,
     .batch = 25,
     .slices = 4,
     .lr = 0.6,
     .momentum = 0.7,
     .schedule = "cosine",
     .schedule_period = 1.5,
     .validation = 0.25,
     .patience = 2,
     .monitor = "accuracy"},
    {.name = "nearly-nothing", /* options that come to 0 in fp32, in draws or in steps */
     .data = GOLDEN_FLOATS,
     .rows = 101,
     .layers = "7-33-4",
     .hidden = "leaky-relu",
     .leaky_slope = 0.125,
     .loss = "quadratic",
     .init = "glorot",
     .scale = "none",
     .seed = 16,
     .epochs = 2,
     .batch = 3,
     .lr = 0.3,
     .momentum = 1e-60,
     .nesterov = 1,
     .l2 = 1e-60,
     .dropout = 1e-12,
     .schedule = "step",
     .schedule_gamma = 1,
     .schedule_period = 0.01,
     .warmup = 0.001},
    {.name = "founding-60000", .epochs = 2, .slow = 1, FOUNDING},
    {.name = "founding8-60000", .epochs = 2, .slices = 8, .slow = 1, FOUNDING},
    {.name = "relu-60000", .slow = 1, RELU},
    {.name = "multilabel-60000", .slow = 1, MULTILABEL},
};
/* clang-format on */

const size_t n_golden_jobs = sizeof golden_jobs / sizeof golden_jobs[0];

void golden_result_print(FILE *file, const char *name, const struct golden_result *result)
{
	if (result->diverged_step)
		fprintf(file, "%s diverged@%llu", name, (unsigned long long)result->diverged_step);
	else
		fprintf(file, "%s %s", name, result->fingerprint);
	for (uint32_t i = 0; i < result->n_epochs; i++)
		fprintf(file, " %a", result->losses[i]);
	if (result->has_validation)
		fputs(" validation", file);
	for (uint32_t i = 0; result->has_validation && i < result->n_epochs; i++)
		fprintf(file, " %a", result->validation[i]);
	fputc('\n', file);
}

/* Reads up to GOLDEN_MAX_EPOCHS numbers; `text` ends behind the last one. */
static uint32_t parse_losses(const char **text, double *losses)
{
	uint32_t n = 0;
	while (n < GOLDEN_MAX_EPOCHS) {
		char *end;
		losses[n] = strtod(*text, &end);
		if (end == *text)
			break;
		*text = end;
		n++;
	}
	return n;
}

static int parse_line(const char *text, struct golden_result *result)
{
	static const char diverged[] = "diverged@";
	char word[65];
	int length = 0;
	memset(result, 0, sizeof *result);
	if (sscanf(text, "%64s%n", word, &length) != 1)
		return -1;
	text += length;
	if (strncmp(word, diverged, strlen(diverged)) == 0)
		result->diverged_step = strtoull(word + strlen(diverged), NULL, 10);
	else
		memcpy(result->fingerprint, word, sizeof word);
	result->n_epochs = parse_losses(&text, result->losses);
	if (sscanf(text, " %64s%n", word, &length) == 1 && strcmp(word, "validation") == 0) {
		text += length;
		result->has_validation = 1;
		if (parse_losses(&text, result->validation) != result->n_epochs)
			return -1;
	}
	if (text[strspn(text, " \n")] != '\0')
		return -1;
	return result->diverged_step || strlen(result->fingerprint) == 64 ? 0 : -1;
}

int golden_result_read(const char *path, const char *name, struct golden_result *result)
{
	char line[1024];
	int status = -1;
	FILE *file = fopen(path, "r");
	if (!file)
		return -1;
	while (status && fgets(line, sizeof line, file)) {
		size_t length = strcspn(line, " ");
		if (length == strlen(name) && strncmp(line, name, length) == 0)
			status = parse_line(line + length, result);
	}
	fclose(file);
	return status;
}

int golden_result_equal(const struct golden_result *a, const struct golden_result *b)
{
	size_t n = a->n_epochs * sizeof(double);
	return strcmp(a->fingerprint, b->fingerprint) == 0 && a->diverged_step == b->diverged_step &&
	       a->n_epochs == b->n_epochs && a->has_validation == b->has_validation &&
	       memcmp(a->losses, b->losses, n) == 0 && memcmp(a->validation, b->validation, n) == 0;
}
