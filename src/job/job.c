/* SPDX-License-Identifier: MIT
 *
 * The job as JSON, through jansson. One table says what a job is made of:
 * writing and reading walk it, so that neither can know a key that the other
 * does not. Keys are the command's option names.
 */
#include "job.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "lockstep/version.h"
#include "model/json_text.h"
#include "net/network.h"
#include "options.h"

#define VALUE_MAX 40 /* characters of a value that a message shows */

static const char *hidden_name(int value)
{
	return lockstep_activation_name((enum lockstep_activation)value);
}

static const char *loss_name(int value)
{
	return lockstep_loss_name((enum lockstep_loss)value);
}

static const char *init_name(int value)
{
	return lockstep_init_name((enum lockstep_init)value);
}

static const char *scale_name(int value)
{
	return lockstep_scale_name((enum lockstep_scale)value);
}

static const char *schedule_name(int value)
{
	return lockstep_schedule_name((enum lockstep_schedule)value);
}

static const char *monitor_name(int value)
{
	return lockstep_monitor_name((enum lockstep_monitor)value);
}

enum kind { VERSION, DIGEST, LAYERS, CHOICE, SEED, COUNT, REAL, FLAG };

struct field {
	const char *key;
	enum kind kind;
	size_t offset; /* in struct ls_job */
	const char *(*name)(int value);
	int (*parse)(const char *name);
};

#define NETWORK(member) offsetof(struct ls_job, network.member)
#define TRAIN(member) offsetof(struct ls_job, train.member)

static const struct field fields[] = {
    {"arithmetic", VERSION, 0, NULL, NULL},
    {"data", DIGEST, offsetof(struct ls_job, data), NULL, NULL},
    {"layers", LAYERS, offsetof(struct ls_job, layers), NULL, NULL},
    {"hidden", CHOICE, NETWORK(hidden), hidden_name, lockstep_activation_parse},
    {"leaky_slope", REAL, NETWORK(leaky_slope), NULL, NULL},
    {"loss", CHOICE, NETWORK(loss), loss_name, lockstep_loss_parse},
    {"init", CHOICE, NETWORK(init), init_name, lockstep_init_parse},
    {"init_seed", SEED, NETWORK(seed), NULL, NULL},
    {"scale", CHOICE, TRAIN(scale), scale_name, lockstep_scale_parse},
    {"seed", SEED, TRAIN(seed), NULL, NULL},
    {"epochs", COUNT, TRAIN(epochs), NULL, NULL},
    {"batch", COUNT, TRAIN(batch), NULL, NULL},
    {"slices", COUNT, TRAIN(slices), NULL, NULL},
    {"lr", REAL, TRAIN(learning_rate), NULL, NULL},
    {"momentum", REAL, TRAIN(momentum), NULL, NULL},
    {"nesterov", FLAG, TRAIN(nesterov), NULL, NULL},
    {"l2", REAL, TRAIN(l2), NULL, NULL},
    {"dropout", REAL, TRAIN(dropout), NULL, NULL},
    {"schedule", CHOICE, TRAIN(schedule), schedule_name, lockstep_schedule_parse},
    {"schedule_gamma", REAL, TRAIN(schedule_gamma), NULL, NULL},
    {"schedule_period", REAL, TRAIN(schedule_period), NULL, NULL},
    {"warmup", REAL, TRAIN(warmup), NULL, NULL},
    {"validation", REAL, TRAIN(validation), NULL, NULL},
    {"patience", COUNT, TRAIN(patience), NULL, NULL},
    {"monitor", CHOICE, TRAIN(monitor), monitor_name, lockstep_monitor_parse},
    {"keep_last", FLAG, TRAIN(keep_last), NULL, NULL},
    {"drop_last", FLAG, TRAIN(drop_last), NULL, NULL},
};
#define N_FIELDS (sizeof fields / sizeof *fields)

/* ---- Writing --------------------------------------------------------- */

/* A 64-bit seed does not fit JSON's signed integers. */
static json_t *seed_text(uint64_t seed)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
	return json_string(text);
}

static json_t *write_field(const struct field *field, const struct ls_job *job)
{
	const void *value = (const char *)job + field->offset;
	switch (field->kind) {
	case VERSION:
		return json_integer(LOCKSTEP_ARITHMETIC);
	case DIGEST:
	case LAYERS:
		return json_string(value);
	case CHOICE:
		return json_string(field->name(*(const int *)value));
	case SEED:
		return seed_text(*(const uint64_t *)value);
	case COUNT:
		return json_integer(*(const uint32_t *)value);
	case REAL:
		return json_real(*(const double *)value);
	case FLAG:
		return json_boolean(*(const int *)value);
	}
	return NULL;
}

static void settle(struct ls_job *job, const lockstep_network *network, const lockstep_dataset *dataset,
                   const struct lockstep_train_options *options)
{
	struct ls_model_shape shape;
	ls_model_get_shape(&shape, network);
	ls_model_write_layers(job->layers, &shape);
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, job->data);
	job->network = network->options;
	job->train = *options;
	job->train.slices = ls_train_slices(options);
	job->train.schedule_period = ls_train_period(options);
}

lockstep_status ls_job_text(char **out, const lockstep_network *network, const lockstep_dataset *dataset,
                            const struct lockstep_train_options *options, lockstep_error *error)
{
	struct ls_job job;
	json_t *object = json_object();
	int failed = !object;
	settle(&job, network, dataset, options);
	for (size_t i = 0; i < N_FIELDS && !failed; i++)
		failed = json_object_set_new(object, fields[i].key, write_field(&fields[i], &job));
	char *text = failed ? NULL : ls_json_write(object, NULL);
	json_decref(object);
	if (!text)
		return ls_error_memory(error, "the job's record");
	*out = text;
	return LOCKSTEP_OK;
}

/* ---- Reading --------------------------------------------------------- */

static int read_version(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) == LOCKSTEP_ARITHMETIC;
}

static int read_digest(const json_t *value, char digest[65])
{
	const char *text = json_string_value(value);
	if (!text || strlen(text) != 64 || strspn(text, "0123456789abcdef") != 64)
		return 0;
	memcpy(digest, text, 65);
	return 1;
}

static int read_layers(const json_t *value, char layers[LS_MODEL_LAYERS_TEXT])
{
	struct ls_model_shape shape = {0};
	char canonical[LS_MODEL_LAYERS_TEXT];
	const char *text = json_string_value(value);
	if (!text || ls_network_parse_layers(text, shape.sizes, &shape.n_layers, NULL))
		return 0;
	ls_model_write_layers(canonical, &shape);
	if (strcmp(text, canonical) != 0)
		return 0;
	strcpy(layers, canonical);
	return 1;
}

static int read_choice(const json_t *value, const struct field *field, int *choice)
{
	const char *text = json_string_value(value);
	int found = text ? field->parse(text) : -1;
	if (found < 0) /* -1 is scale auto as well, which a job never has */
		return 0;
	*choice = found;
	return 1;
}

static int read_seed(const json_t *value, uint64_t *seed)
{
	const char *text = json_string_value(value);
	char *end;
	if (!text || !isdigit((unsigned char)*text))
		return 0;
	errno = 0;
	*seed = strtoull(text, &end, 10);
	return !*end && !errno;
}

static int read_count(const json_t *value, uint32_t *count)
{
	json_int_t number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || number > UINT32_MAX)
		return 0;
	*count = (uint32_t)number;
	return 1;
}

static int read_real(const json_t *value, double *real)
{
	*real = json_number_value(value);
	return json_is_number(value) && isfinite(*real);
}

static int read_flag(const json_t *value, int *flag)
{
	*flag = json_is_true(value);
	return json_is_boolean(value);
}

static int read_field(const struct field *field, const json_t *value, struct ls_job *job)
{
	void *target = (char *)job + field->offset;
	switch (field->kind) {
	case VERSION:
		return read_version(value);
	case DIGEST:
		return read_digest(value, target);
	case LAYERS:
		return read_layers(value, target);
	case CHOICE:
		return read_choice(value, field, target);
	case SEED:
		return read_seed(value, target);
	case COUNT:
		return read_count(value, target);
	case REAL:
		return read_real(value, target);
	case FLAG:
		return read_flag(value, target);
	}
	return 0;
}

static void show_value(char text[VALUE_MAX + 1], const json_t *value)
{
	if (json_is_real(value))
		snprintf(text, VALUE_MAX + 1, "%.15g", json_real_value(value));
	else if (json_is_integer(value))
		snprintf(text, VALUE_MAX + 1, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_string(value))
		snprintf(text, VALUE_MAX + 1, "%s", json_string_value(value));
	else
		snprintf(text, VALUE_MAX + 1, "%s",
		         json_is_true(value)    ? "true"
		         : json_is_false(value) ? "false"
		                                : "nothing");
}

static lockstep_status field_error(const char *path, const char *key, const json_t *value, lockstep_error *error)
{
	char text[VALUE_MAX + 1];
	if (!value)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata 'job': '%s' is missing", path, key);
	show_value(text, value);
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata 'job': '%s' cannot be %s", path, key, text);
}

static lockstep_status read_fields(struct ls_job *job, const json_t *object, const char *path, lockstep_error *error)
{
	if (!json_is_object(object))
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata 'job': not a JSON object", path);
	for (size_t i = 0; i < N_FIELDS; i++) {
		const json_t *value = json_object_get(object, fields[i].key);
		if (!read_field(&fields[i], value, job))
			return field_error(path, fields[i].key, value, error);
	}
	if (json_object_size(object) != N_FIELDS)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: metadata 'job': it has keys that this version does not know", path);
	return LOCKSTEP_OK;
}

/* Ranges are those of the options, whose errors do not know of a file; but nothing
 * is left to a default. */
static lockstep_status check_ranges(const struct ls_job *job, const char *path, lockstep_error *error)
{
	lockstep_error cause;
	if (job->train.slices == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata 'job': no slices", path);
	if (!ls_network_check_options(&job->network, &cause) && !ls_train_check_options(&job->train, &cause))
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata 'job': %s", path, cause.message);
}

lockstep_status ls_job_read(struct ls_job *out, const char *text, const char *path, lockstep_error *error)
{
	static const struct lockstep_train_options defaults = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct ls_json_source source = {path, "metadata 'job'", text, strlen(text), 4 * N_FIELDS, 0};
	struct ls_job job = {.train = defaults};
	json_t *object = NULL;
	lockstep_status status = ls_json_parse(&object, &source, error);
	if (!status)
		status = read_fields(&job, object, path, error);
	if (!status)
		status = check_ranges(&job, path, error);
	json_decref(object);
	if (!status)
		*out = job;
	return status;
}

/* ---- Comparing ------------------------------------------------------- */

struct difference {
	char text[400];
	size_t length;
};

static void add_difference(struct difference *difference, const char *key, const json_t *is, const json_t *expected)
{
	char left[VALUE_MAX + 1], right[VALUE_MAX + 1];
	size_t room = sizeof difference->text - difference->length;
	show_value(left, is);
	show_value(right, expected);
	int n = snprintf(difference->text + difference->length, room, "%s%s %s, not %s", difference->length ? "; " : "",
	                 key, left, right);
	difference->length += n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

lockstep_status ls_job_compare(const char *text, const char *expected, const char *what, lockstep_error *error)
{
	struct difference difference = {.length = 0};
	json_t *left = json_loads(text, 0, NULL), *right = json_loads(expected, 0, NULL);
	int complete = left && right;
	for (size_t i = 0; complete && i < N_FIELDS; i++) {
		const json_t *is = json_object_get(left, fields[i].key);
		const json_t *other = json_object_get(right, fields[i].key);
		if (!json_equal(is, other))
			add_difference(&difference, fields[i].key, is, other);
	}
	json_decref(right);
	json_decref(left);
	if (!complete)
		return ls_error_memory(error, "two jobs");
	if (difference.length == 0)
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s%s", what, difference.text);
}
