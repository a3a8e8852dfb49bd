/* SPDX-License-Identifier: MIT
 *
 * Reading a model file. The shape is taken from the tensors, whose sizes the
 * container has compared with the file's, so that no allocation is larger than
 * the file; every text must then agree with it. A key that this version does
 * not know is refused, since it might decide predictions.
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "json_text.h"
#include "lockstep/train.h"
#include "lockstep/version.h"
#include "model.h"

#define SIZE_LIMIT 1048576 /* of a layer */
#define JOB_VALUES_MAX 4096
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *name;
	int required;
} keys[] = {
    {"format", 1},      {"lockstep", 1},    {"arithmetic", 1}, {"layers", 1},      {"hidden", 1},
    {"leaky_slope", 1}, {"loss", 1},        {"init", 1},       {"seed", 1},        {"scale", 1},
    {"labels", 1},      {"label_names", 0}, {"job", 0},        {"fingerprint", 1},
};

struct source {
	const char *path;
	struct ls_safetensors *contents;
};

static const char *value_of(const struct source *source, const char *key)
{
	return ls_safetensors_value(source->contents, key);
}

static lockstep_status text_error(const struct source *source, const char *key, const char *cause,
                                  lockstep_error *error)
{
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata '%s' is '%.80s': %s", source->path, key,
	                    value_of(source, key), cause);
}

static lockstep_status check_text(const struct source *source, const char *key, const char *wanted,
                                  lockstep_error *error)
{
	char cause[LS_MODEL_LAYERS_TEXT + 32];
	if (!strcmp(value_of(source, key), wanted))
		return LOCKSTEP_OK;
	snprintf(cause, sizeof cause, "expected '%s'", wanted);
	return text_error(source, key, cause, error);
}

static int is_known(const char *key)
{
	for (size_t i = 0; i < COUNT(keys); i++)
		if (!strcmp(key, keys[i].name))
			return 1;
	return 0;
}

static lockstep_status check_keys(const struct source *source, lockstep_error *error)
{
	char arithmetic[16];

	if (!value_of(source, "format"))
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata 'format' is missing", source->path);
	lockstep_status status = check_text(source, "format", LS_MODEL_FORMAT, error);
	if (status)
		return status;
	for (size_t i = 0; i < COUNT(keys); i++)
		if (keys[i].required && !value_of(source, keys[i].name))
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: metadata '%s' is missing", source->path,
			                    keys[i].name);
	for (size_t i = 0; i < source->contents->n_metadata; i++)
		if (!is_known(source->contents->metadata[i].key))
			return text_error(source, source->contents->metadata[i].key,
			                  "this version does not know that key", error);
	snprintf(arithmetic, sizeof arithmetic, "%d", LOCKSTEP_ARITHMETIC);
	return check_text(source, "arithmetic", arithmetic, error);
}

/* The sizes that the tensors claim; compare_tensors() sees whether they fit together. */
static lockstep_status read_shape(const struct source *source, struct ls_model_shape *shape, lockstep_error *error)
{
	const struct ls_safetensors *contents = source->contents;
	size_t n_tensors = contents->n_tensors;

	shape->scaled = n_tensors >= 2 && !strcmp(contents->tensors[n_tensors - 1].name, "input.scale");
	shape->n_layers = n_tensors / 2 - (shape->scaled ? 1 : 0);
	if (n_tensors % 2 || shape->n_layers < 1 || shape->n_layers > LS_LAYERS_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: %zu tensors are not a weight and a bias for 1 to %d layers", source->path,
		                    n_tensors, LS_LAYERS_MAX);
	for (size_t i = 0; i <= shape->n_layers; i++) {
		const struct ls_tensor *weight = &contents->tensors[i ? 2 * i - 2 : 0];
		uint64_t size = weight->rank == 2 ? weight->shape[i ? 0 : 1] : 0;
		if (size < 1 || size > SIZE_LIMIT)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: tensor '%.40s' is not a weight of two sizes from 1 to %d",
			                    source->path, weight->name, SIZE_LIMIT);
		shape->sizes[i] = (size_t)size;
	}
	return LOCKSTEP_OK;
}

static int same_tensor(const struct ls_tensor *a, const struct ls_tensor *b)
{
	return !strcmp(a->name, b->name) && a->rank == b->rank &&
	       !memcmp(a->shape, b->shape, a->rank * sizeof *a->shape);
}

static lockstep_status compare_tensors(const struct source *source, const struct ls_model_shape *shape,
                                       lockstep_error *error)
{
	struct ls_model_tensors list;
	char layers[LS_MODEL_LAYERS_TEXT];

	ls_model_list(&list, shape);
	for (size_t i = 0; i < list.n; i++)
		if (!same_tensor(&source->contents->tensors[i], &list.tensors[i]))
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: tensor %zu is '%.40s', not '%s' of the right shape", source->path, i,
			                    source->contents->tensors[i].name, list.tensors[i].name);
	ls_model_write_layers(layers, shape);
	return check_text(source, "layers", layers, error);
}

/* The value of a key among names; `unknown` is what the parser says to others. */
static lockstep_status read_choice(const struct source *source, const char *key, int (*parse)(const char *),
                                   int unknown, int *choice, lockstep_error *error)
{
	int value = parse(value_of(source, key));
	if (value == unknown)
		return text_error(source, key, "this version does not know that value", error);
	*choice = value;
	return LOCKSTEP_OK;
}

static lockstep_status read_seed(const struct source *source, uint64_t *seed, lockstep_error *error)
{
	const char *text = value_of(source, "seed");
	char *end = NULL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno)
		return text_error(source, "seed", "not a whole number below 2^64", error);
	*seed = value;
	return LOCKSTEP_OK;
}

static lockstep_status parse_text(const struct source *source, const char *key, size_t n_values_max, json_t **out,
                                  lockstep_error *error)
{
	char place[40];
	const char *text = value_of(source, key);
	snprintf(place, sizeof place, "metadata '%s'", key);
	struct ls_json_source json = {source->path, place, text, strlen(text), n_values_max};
	return ls_json_parse(out, &json, error);
}

static lockstep_status read_leaky_slope(const struct source *source, double *slope, lockstep_error *error)
{
	json_t *number = NULL;
	lockstep_status status = parse_text(source, "leaky_slope", 0, &number, error);
	if (status)
		return status;
	double value = json_is_number(number) ? json_number_value(number) : -1;
	json_decref(number);
	if (!(value >= 0 && value <= 1))
		return text_error(source, "leaky_slope", "not a number from 0 to 1", error);
	*slope = value;
	return LOCKSTEP_OK;
}

static lockstep_status read_options(const struct source *source, struct lockstep_network_options *options,
                                    lockstep_error *error)
{
	int hidden = 0, loss = 0, init = 0;
	lockstep_status status = read_choice(source, "hidden", lockstep_activation_parse, -1, &hidden, error);
	if (!status)
		status = read_choice(source, "loss", lockstep_loss_parse, -1, &loss, error);
	if (!status)
		status = read_choice(source, "init", lockstep_init_parse, -1, &init, error);
	if (!status)
		status = read_leaky_slope(source, &options->leaky_slope, error);
	if (!status)
		status = read_seed(source, &options->seed, error);
	options->hidden = (enum lockstep_activation)hidden;
	options->loss = (enum lockstep_loss)loss;
	options->init = (enum lockstep_init)init;
	return status;
}

/* Makes room for the vectors; only floats scaled to the unit range, and
 * everything standardised, have them. */
static lockstep_status make_scaling(const struct source *source, struct lockstep_network *network, int scaled,
                                    lockstep_error *error)
{
	int kind = 0;
	struct ls_scaling *scaling = &network->scaling;
	lockstep_status status = read_choice(source, "scale", lockstep_scale_parse, -2, &kind, error);
	if (status)
		return status;
	if (kind == LOCKSTEP_SCALE_STANDARDISE ? !scaled : scaled && kind != LOCKSTEP_SCALE_UNIT)
		return text_error(source, "scale", "the tensors input.shift and input.scale do not agree with that",
		                  error);
	scaling->kind = (enum lockstep_scale)kind;
	scaling->n = kind == LOCKSTEP_SCALE_AUTO ? 0 : network->layers[0].n_in;
	if (!scaled)
		return LOCKSTEP_OK;
	scaling->shift = ls_memory_allocate(scaling->n, sizeof *scaling->shift);
	scaling->scale = ls_memory_allocate(scaling->n, sizeof *scaling->scale);
	return scaling->shift && scaling->scale ? LOCKSTEP_OK : ls_error_memory(error, "the input scaling");
}

static lockstep_status read_parameters(struct ls_safetensors_reader *reader, const struct source *source,
                                       struct lockstep_network *network, lockstep_error *error)
{
	char fingerprint[LS_SHA256_DIGITS + 1];
	ls_model_attach(source->contents->tensors, network);
	lockstep_status status = ls_safetensors_read(reader, error);
	if (!status)
		status = ls_model_check_finite(source->contents, source->path, LOCKSTEP_ERROR_FORMAT, error);
	if (status)
		return status;
	lockstep_network_fingerprint(network, fingerprint);
	return check_text(source, "fingerprint", fingerprint, error);
}

static lockstep_status set_names(const struct source *source, struct lockstep_network *network, const json_t *array,
                                 size_t n, lockstep_error *error)
{
	if (!json_is_array(array) || json_array_size(array) != n)
		return text_error(source, "label_names", "not one name for each output", error);
	for (size_t i = 0; i < n; i++)
		if (!json_is_string(json_array_get(array, i)))
			return text_error(source, "label_names", "not an array of texts", error);

	network->label_names = ls_memory_allocate(n, sizeof *network->label_names);
	int complete = network->label_names != NULL;
	for (size_t i = 0; complete && i < n; i++) {
		network->label_names[i] = ls_memory_copy_text(json_string_value(json_array_get(array, i)));
		complete = network->label_names[i] != NULL;
	}
	return complete ? LOCKSTEP_OK : ls_error_memory(error, "the label names");
}

static lockstep_status read_label_names(const struct source *source, struct lockstep_network *network,
                                        lockstep_error *error)
{
	size_t n = network->layers[network->n_layers - 1].n_out;
	json_t *array = NULL;
	if (!value_of(source, "label_names"))
		return LOCKSTEP_OK;
	lockstep_status status = parse_text(source, "label_names", n, &array, error);
	if (!status)
		status = set_names(source, network, array, n, error);
	json_decref(array);
	return status;
}

static lockstep_status read_job(const struct source *source, struct lockstep_network *network, lockstep_error *error)
{
	json_t *job = NULL;
	if (!value_of(source, "job"))
		return LOCKSTEP_OK;
	lockstep_status status = parse_text(source, "job", JOB_VALUES_MAX, &job, error);
	int is_object = json_is_object(job);
	json_decref(job);
	if (status)
		return status;
	if (!is_object)
		return text_error(source, "job", "not a JSON object", error);
	network->job = ls_memory_copy_text(value_of(source, "job"));
	return network->job ? LOCKSTEP_OK : ls_error_memory(error, "the job");
}

static lockstep_status read_labels(const struct source *source, struct lockstep_network *network, lockstep_error *error)
{
	int kind = 0;
	lockstep_status status = read_choice(source, "labels", ls_model_label_kind_parse, -1, &kind, error);
	network->label_kind = (enum lockstep_label_kind)kind;
	return status ? status : read_label_names(source, network, error);
}

/* Allocates the network once the tensors' shapes are known to fit. */
static lockstep_status make_network(const struct source *source, struct lockstep_network **out, lockstep_error *error)
{
	struct ls_model_shape shape = {0};
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_status status = check_keys(source, error);
	if (!status)
		status = read_shape(source, &shape, error);
	if (!status)
		status = compare_tensors(source, &shape, error);
	if (!status)
		status = read_options(source, &options, error);
	if (!status)
		status = ls_network_allocate(out, shape.sizes, shape.n_layers, &options, error);
	return status ? status : make_scaling(source, *out, shape.scaled, error);
}

lockstep_status lockstep_network_load(lockstep_network **out, const char *path, lockstep_error *error)
{
	struct ls_safetensors_reader *reader = NULL;
	struct lockstep_network *network = NULL;
	lockstep_status status = ls_safetensors_open(&reader, path, error);
	if (status)
		return status;

	struct source source = {path, ls_safetensors_contents(reader)};
	status = make_network(&source, &network, error);
	if (!status)
		status = read_parameters(reader, &source, network, error);
	if (!status)
		status = read_labels(&source, network, error);
	if (!status)
		status = read_job(&source, network, error);

	if (status)
		lockstep_network_destroy(network);
	else
		*out = network;
	ls_safetensors_close(reader);
	return status;
}
