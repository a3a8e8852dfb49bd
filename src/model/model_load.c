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

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "lockstep/train.h"
#include "lockstep/version.h"
#include "model.h"
#include "texts.h"

#define SIZE_LIMIT 1048576      /* of a layer */
#define RECORD_VALUES_MAX 32768 /* of job and history, which have readers of their own */
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct ls_text_key keys[] = {
    {"format", 1},      {"lockstep", 1},    {"arithmetic", 1}, {"layers", 1},  {"hidden", 1},
    {"leaky_slope", 1}, {"loss", 1},        {"init", 1},       {"seed", 1},    {"scale", 1},
    {"labels", 1},      {"label_names", 0}, {"job", 0},        {"history", 0}, {"fingerprint", 1},
};

/* The sizes that the tensors claim; compare_tensors() sees whether they fit together. */
static lockstep_status read_shape(const struct ls_texts *texts, struct ls_model_shape *shape, lockstep_error *error)
{
	const struct ls_safetensors *contents = texts->contents;
	size_t n_tensors = contents->n_tensors;

	shape->scaled = n_tensors >= 2 && !strcmp(contents->tensors[n_tensors - 1].name, "input.scale");
	shape->n_layers = n_tensors / 2 - (shape->scaled ? 1 : 0);
	if (n_tensors % 2 || shape->n_layers < 1 || shape->n_layers > LS_LAYERS_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
		                    "%s: %zu tensors are not a weight and a bias for 1 to %d layers", texts->path,
		                    n_tensors, LS_LAYERS_MAX);
	for (size_t i = 0; i <= shape->n_layers; i++) {
		const struct ls_tensor *weight = &contents->tensors[i ? 2 * i - 2 : 0];
		uint64_t size = weight->rank == 2 ? weight->shape[i ? 0 : 1] : 0;
		if (size < 1 || size > SIZE_LIMIT)
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: tensor '%.40s' is not a weight of two sizes from 1 to %d", texts->path,
			                    weight->name, SIZE_LIMIT);
		shape->sizes[i] = (size_t)size;
	}
	return LOCKSTEP_OK;
}

static lockstep_status compare_tensors(const struct ls_texts *texts, const struct ls_model_shape *shape,
                                       lockstep_error *error)
{
	struct ls_model_tensors list;
	char layers[LS_MODEL_LAYERS_TEXT];

	ls_model_list(&list, shape);
	lockstep_status status = ls_model_compare_tensors(texts->contents, &list, texts->path, error);
	if (status)
		return status;
	ls_model_write_layers(layers, shape);
	return ls_texts_expect(texts, "layers", layers, error);
}

/* The value of a key among names; `unknown` is what the parser says to others. */
static lockstep_status read_choice(const struct ls_texts *texts, const char *key, int (*parse)(const char *),
                                   int unknown, int *choice, lockstep_error *error)
{
	int value = parse(ls_texts_get(texts, key));
	if (value == unknown)
		return ls_texts_refuse(texts, key, "this version does not know that value", error);
	*choice = value;
	return LOCKSTEP_OK;
}

static lockstep_status read_seed(const struct ls_texts *texts, uint64_t *seed, lockstep_error *error)
{
	const char *text = ls_texts_get(texts, "seed");
	char *end = NULL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno)
		return ls_texts_refuse(texts, "seed", "not a whole number below 2^64", error);
	*seed = value;
	return LOCKSTEP_OK;
}

static lockstep_status read_leaky_slope(const struct ls_texts *texts, double *slope, lockstep_error *error)
{
	json_t *number = NULL;
	lockstep_status status = ls_texts_parse(texts, "leaky_slope", 0, &number, error);
	if (status)
		return status;
	double value = json_is_number(number) ? json_number_value(number) : -1;
	json_decref(number);
	if (!(value >= 0 && value <= 1))
		return ls_texts_refuse(texts, "leaky_slope", "not a number from 0 to 1", error);
	*slope = value;
	return LOCKSTEP_OK;
}

static lockstep_status read_options(const struct ls_texts *texts, struct lockstep_network_options *options,
                                    lockstep_error *error)
{
	int hidden = 0, loss = 0, init = 0;
	lockstep_status status = read_choice(texts, "hidden", lockstep_activation_parse, -1, &hidden, error);
	if (!status)
		status = read_choice(texts, "loss", lockstep_loss_parse, -1, &loss, error);
	if (!status)
		status = read_choice(texts, "init", lockstep_init_parse, -1, &init, error);
	if (!status)
		status = read_leaky_slope(texts, &options->leaky_slope, error);
	if (!status)
		status = read_seed(texts, &options->seed, error);
	options->hidden = (enum lockstep_activation)hidden;
	options->loss = (enum lockstep_loss)loss;
	options->init = (enum lockstep_init)init;
	return status;
}

/* Makes room for the vectors; only floats scaled to the unit range, and
 * everything standardised, have them. */
static lockstep_status make_scaling(const struct ls_texts *texts, struct lockstep_network *network, int scaled,
                                    lockstep_error *error)
{
	int kind = 0;
	struct ls_scaling *scaling = &network->scaling;
	lockstep_status status = read_choice(texts, "scale", lockstep_scale_parse, -2, &kind, error);
	if (status)
		return status;
	if (kind == LOCKSTEP_SCALE_STANDARDISE ? !scaled : scaled && kind != LOCKSTEP_SCALE_UNIT)
		return ls_texts_refuse(texts, "scale", "the tensors input.shift and input.scale do not agree with that",
		                       error);
	scaling->kind = (enum lockstep_scale)kind;
	scaling->n = kind == LOCKSTEP_SCALE_AUTO ? 0 : network->layers[0].n_in;
	if (!scaled)
		return LOCKSTEP_OK;
	scaling->shift = ls_memory_allocate(scaling->n, sizeof *scaling->shift);
	scaling->scale = ls_memory_allocate(scaling->n, sizeof *scaling->scale);
	return scaling->shift && scaling->scale ? LOCKSTEP_OK : ls_error_memory(error, "the input scaling");
}

static lockstep_status read_parameters(struct ls_safetensors_reader *reader, const struct ls_texts *texts,
                                       struct lockstep_network *network, lockstep_error *error)
{
	char fingerprint[LS_SHA256_DIGITS + 1];
	ls_model_attach(texts->contents->tensors, network);
	lockstep_status status = ls_safetensors_read(reader, error);
	if (!status)
		status = ls_model_check_finite(texts->contents, texts->path, LOCKSTEP_ERROR_FORMAT, error);
	if (status)
		return status;
	lockstep_network_fingerprint(network, fingerprint);
	return ls_texts_expect(texts, "fingerprint", fingerprint, error);
}

static lockstep_status set_names(const struct ls_texts *texts, struct lockstep_network *network, const json_t *array,
                                 size_t n, lockstep_error *error)
{
	if (!json_is_array(array) || json_array_size(array) != n)
		return ls_texts_refuse(texts, "label_names", "not one name for each output", error);
	for (size_t i = 0; i < n; i++)
		if (!json_is_string(json_array_get(array, i)))
			return ls_texts_refuse(texts, "label_names", "not an array of texts", error);

	network->label_names = ls_memory_allocate(n, sizeof *network->label_names);
	int complete = network->label_names != NULL;
	for (size_t i = 0; complete && i < n; i++) {
		network->label_names[i] = ls_memory_copy_text(json_string_value(json_array_get(array, i)));
		complete = network->label_names[i] != NULL;
	}
	return complete ? LOCKSTEP_OK : ls_error_memory(error, "the label names");
}

static lockstep_status read_label_names(const struct ls_texts *texts, struct lockstep_network *network,
                                        lockstep_error *error)
{
	size_t n = network->layers[network->n_layers - 1].n_out;
	json_t *array = NULL;
	if (!ls_texts_get(texts, "label_names"))
		return LOCKSTEP_OK;
	lockstep_status status = ls_texts_parse(texts, "label_names", n, &array, error);
	if (!status)
		status = set_names(texts, network, array, n, error);
	json_decref(array);
	return status;
}

/* A part of the record, kept as text; NULL where the file has none. */
static lockstep_status copy_object(const struct ls_texts *texts, const char *key, char **out, lockstep_error *error)
{
	json_t *object = NULL;
	if (!ls_texts_get(texts, key))
		return LOCKSTEP_OK;
	lockstep_status status = ls_texts_parse(texts, key, RECORD_VALUES_MAX, &object, error);
	int is_object = json_is_object(object);
	json_decref(object);
	if (status)
		return status;
	if (!is_object)
		return ls_texts_refuse(texts, key, "not a JSON object", error);
	*out = ls_memory_copy_text(ls_texts_get(texts, key));
	return *out ? LOCKSTEP_OK : ls_error_memory(error, "a network's record");
}

static lockstep_status read_labels(const struct ls_texts *texts, struct lockstep_network *network,
                                   lockstep_error *error)
{
	int kind = 0;
	lockstep_status status = read_choice(texts, "labels", ls_model_label_kind_parse, -1, &kind, error);
	network->label_kind = (enum lockstep_label_kind)kind;
	return status ? status : read_label_names(texts, network, error);
}

/* Allocates the network once the tensors' shapes are known to fit. */
static lockstep_status make_network(const struct ls_texts *texts, struct lockstep_network **out, lockstep_error *error)
{
	struct ls_model_shape shape = {0};
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_status status = ls_texts_check(texts, LS_MODEL_FORMAT, keys, COUNT(keys), error);
	if (!status)
		status = read_shape(texts, &shape, error);
	if (!status)
		status = compare_tensors(texts, &shape, error);
	if (!status)
		status = read_options(texts, &options, error);
	if (!status)
		status = ls_network_allocate(out, shape.sizes, shape.n_layers, &options, error);
	return status ? status : make_scaling(texts, *out, shape.scaled, error);
}

static lockstep_status load(lockstep_network **out, const char *path, lockstep_error *error)
{
	struct ls_safetensors_reader *reader = NULL;
	struct lockstep_network *network = NULL;
	lockstep_status status = ls_safetensors_open(&reader, path, error);
	if (status)
		return status;

	struct ls_texts texts = {path, ls_safetensors_contents(reader)};
	status = make_network(&texts, &network, error);
	if (!status)
		status = read_parameters(reader, &texts, network, error);
	if (!status)
		status = read_labels(&texts, network, error);
	if (!status)
		status = copy_object(&texts, "job", &network->job, error);
	if (!status)
		status = copy_object(&texts, "history", &network->history, error);

	if (status)
		lockstep_network_destroy(network);
	else
		*out = network;
	ls_safetensors_close(reader);
	return status;
}

/* Numbers are read from text, which the host's rounding mode would change. */
lockstep_status lockstep_network_load(lockstep_network **out, const char *path, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = load(out, path, error);
	ls_fpcontrol_leave(saved);
	return status;
}
