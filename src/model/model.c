/* SPDX-License-Identifier: MIT
 *
 * The model file: a network in the container of safetensors.h. Its tensors, and
 * saving; model_load.c reads it.
 */
#include "model.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"
#include "base/sha256.h"
#include "json_text.h"
#include "lockstep/train.h"
#include "lockstep/version.h"

#define TEXTS_MAX 15

static const char *const label_kinds[] = {
    [LOCKSTEP_LABELS_NONE] = "none", [LOCKSTEP_LABELS_CLASS] = "class", [LOCKSTEP_LABELS_MULTI] = "multi"};

/* ---- What both directions share ------------------------------------------ */

static void add_tensor(struct ls_model_tensors *list, const char *name, uint32_t rank, size_t n_0, size_t n_1)
{
	snprintf(list->names[list->n], sizeof list->names[0], "%s", name);
	list->tensors[list->n] = (struct ls_tensor){list->names[list->n], rank, {n_0, n_1}, NULL};
	list->n++;
}

void ls_model_add_parameters(struct ls_model_tensors *list, const struct ls_model_shape *shape, const char *prefix)
{
	char name[LS_MODEL_NAME];
	for (size_t i = 0; i < shape->n_layers; i++) {
		snprintf(name, sizeof name, "%slayers.%zu.weight", prefix, i);
		add_tensor(list, name, 2, shape->sizes[i + 1], shape->sizes[i]);
		snprintf(name, sizeof name, "%slayers.%zu.bias", prefix, i);
		add_tensor(list, name, 1, shape->sizes[i + 1], 0);
	}
}

void ls_model_list(struct ls_model_tensors *list, const struct ls_model_shape *shape)
{
	list->n = 0;
	ls_model_add_parameters(list, shape, "");
	if (shape->scaled) {
		add_tensor(list, "input.shift", 1, shape->sizes[0], 0);
		add_tensor(list, "input.scale", 1, shape->sizes[0], 0);
	}
}

struct ls_tensor *ls_model_attach_parameters(struct ls_tensor *tensors, const struct lockstep_network *network)
{
	for (size_t i = 0; i < network->n_layers; i++) {
		(tensors++)->data = network->layers[i].weight;
		(tensors++)->data = network->layers[i].bias;
	}
	return tensors;
}

void ls_model_attach(struct ls_tensor *tensors, const struct lockstep_network *network)
{
	tensors = ls_model_attach_parameters(tensors, network);
	if (network->scaling.shift) {
		(tensors++)->data = network->scaling.shift;
		(tensors++)->data = network->scaling.scale;
	}
}

static int same_tensor(const struct ls_tensor *a, const struct ls_tensor *b)
{
	return !strcmp(a->name, b->name) && a->rank == b->rank &&
	       !memcmp(a->shape, b->shape, a->rank * sizeof *a->shape);
}

lockstep_status ls_model_compare_tensors(const struct ls_safetensors *contents, const struct ls_model_tensors *list,
                                         const char *path, lockstep_error *error)
{
	if (contents->n_tensors != list->n)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: %zu tensors, not %zu", path, contents->n_tensors,
		                    list->n);
	for (size_t i = 0; i < list->n; i++)
		if (!same_tensor(&contents->tensors[i], &list->tensors[i]))
			return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
			                    "%s: tensor %zu is '%.40s', not '%s' of the right shape", path, i,
			                    contents->tensors[i].name, list->tensors[i].name);
	return LOCKSTEP_OK;
}

lockstep_status ls_model_check_finite(const struct ls_safetensors *contents, const char *path, lockstep_status refusal,
                                      lockstep_error *error)
{
	for (size_t i = 0; i < contents->n_tensors; i++) {
		const struct ls_tensor *tensor = &contents->tensors[i];
		size_t elements = ls_tensor_elements(tensor);
		for (size_t k = 0; k < elements; k++)
			if (!isfinite(tensor->data[k]))
				return ls_error_set(error, refusal,
				                    "%s: tensor '%s': element %zu is not a finite number", path,
				                    tensor->name, k);
	}
	return LOCKSTEP_OK;
}

void ls_model_get_shape(struct ls_model_shape *shape, const struct lockstep_network *network)
{
	shape->n_layers = network->n_layers;
	shape->scaled = network->scaling.shift != NULL;
	for (size_t i = 0; i <= network->n_layers; i++)
		shape->sizes[i] = lockstep_network_size(network, i);
}

void ls_model_write_layers(char text[LS_MODEL_LAYERS_TEXT], const struct ls_model_shape *shape)
{
	size_t length = (size_t)snprintf(text, LS_MODEL_LAYERS_TEXT, "%zu", shape->sizes[0]);
	for (size_t i = 1; i <= shape->n_layers; i++)
		length += (size_t)snprintf(text + length, LS_MODEL_LAYERS_TEXT - length, "-%zu", shape->sizes[i]);
}

const char *ls_model_label_kind_name(enum lockstep_label_kind kind)
{
	return label_kinds[kind];
}

int ls_model_label_kind_parse(const char *name)
{
	return ls_name_find(name, label_kinds, sizeof label_kinds / sizeof *label_kinds);
}

/* ---- Saving --------------------------------------------------------------- */

struct texts {
	char arithmetic[16], layers[LS_MODEL_LAYERS_TEXT], seed[24], fingerprint[LS_SHA256_DIGITS + 1];
	char *leaky_slope, *label_names; /* owned */
	size_t n;
	struct ls_metadata metadata[TEXTS_MAX];
};

/* A number as JSON writes it: 17 digits, which restore every double, and a
 * point in every locale. NULL when memory is short. */
static char *write_number(double value)
{
	json_t *number = json_real(value);
	char *text = number ? ls_json_write(number, NULL) : NULL;
	json_decref(number);
	return text;
}

/* NULL when memory is short or a name is not UTF-8. */
static char *write_names(char *const *names, size_t n)
{
	json_t *array = json_array();
	int failed = !array;
	for (size_t i = 0; i < n && !failed; i++)
		failed = json_array_append_new(array, json_string(names[i]));
	char *text = failed ? NULL : ls_json_write(array, NULL);
	json_decref(array);
	return text;
}

/* Adds a pair; one without a value is left out. */
static void add_text(struct texts *texts, const char *key, const char *value)
{
	if (value)
		texts->metadata[texts->n++] = (struct ls_metadata){key, value};
}

static void list_texts(struct texts *texts, const struct lockstep_network *network)
{
	add_text(texts, "format", LS_MODEL_FORMAT);
	add_text(texts, "lockstep", lockstep_version());
	add_text(texts, "arithmetic", texts->arithmetic);
	add_text(texts, "layers", texts->layers);
	add_text(texts, "hidden", lockstep_activation_name(network->options.hidden));
	add_text(texts, "leaky_slope", texts->leaky_slope);
	add_text(texts, "loss", lockstep_loss_name(network->options.loss));
	add_text(texts, "init", lockstep_init_name(network->options.init));
	add_text(texts, "seed", texts->seed);
	add_text(texts, "scale", lockstep_scale_name(network->scaling.kind));
	add_text(texts, "labels", ls_model_label_kind_name(network->label_kind));
	add_text(texts, "label_names", texts->label_names);
	add_text(texts, "job", network->job);
	add_text(texts, "history", network->history);
	add_text(texts, "fingerprint", texts->fingerprint);
}

static lockstep_status texts_init(struct texts *texts, const struct lockstep_network *network,
                                  const struct ls_model_shape *shape, const char *path, lockstep_error *error)
{
	memset(texts, 0, sizeof *texts);
	texts->leaky_slope = write_number(network->options.leaky_slope);
	if (!texts->leaky_slope)
		return ls_error_memory(error, "a model file");
	if (network->label_names) {
		texts->label_names = write_names(network->label_names, shape->sizes[shape->n_layers]);
		if (!texts->label_names)
			return ls_error_set(error, LOCKSTEP_ERROR_MEMORY,
			                    "%s: cannot write the label names: out of memory, or one is not UTF-8",
			                    path);
	}
	snprintf(texts->arithmetic, sizeof texts->arithmetic, "%d", LOCKSTEP_ARITHMETIC);
	snprintf(texts->seed, sizeof texts->seed, "%" PRIu64, network->options.seed);
	ls_model_write_layers(texts->layers, shape);
	lockstep_network_fingerprint(network, texts->fingerprint);
	list_texts(texts, network);
	return LOCKSTEP_OK;
}

static void texts_fini(struct texts *texts)
{
	ls_memory_free(texts->leaky_slope);
	ls_memory_free(texts->label_names);
}

static lockstep_status save(const lockstep_network *network, const char *path, lockstep_error *error)
{
	struct ls_model_shape shape;
	struct ls_model_tensors list;
	struct texts texts;

	ls_model_get_shape(&shape, network);
	ls_model_list(&list, &shape);
	ls_model_attach(list.tensors, network);

	lockstep_status status = texts_init(&texts, network, &shape, path, error);
	struct ls_safetensors contents = {list.n, list.tensors, texts.n, texts.metadata};
	if (!status)
		status = ls_model_check_finite(&contents, path, LOCKSTEP_ERROR_ARGUMENT, error);
	if (!status)
		status = ls_safetensors_save(&contents, path, error);
	texts_fini(&texts);
	return status;
}

/* Numbers are written as text, which the host's rounding mode would change. */
lockstep_status lockstep_network_save(const lockstep_network *network, const char *path, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = save(network, path, error);
	ls_fpcontrol_leave(saved);
	return status;
}
