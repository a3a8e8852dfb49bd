/* SPDX-License-Identifier: MIT
 *
 * Networks as their user sees them: created from a text of layer sizes, their
 * tensors read and written by name. Canonical parameters live in one block in
 * the model file's order, so that the fingerprint is the digest of that block.
 */
#include "network.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"
#include "base/sha256.h"
#include "init.h"

#define SIZE_LIMIT 1048576

static const char *const activation_names[] = {"sigmoid", "tanh", "relu", "leaky-relu"};
static const char *const loss_names[] = {"softmax", "multilabel", "quadratic"};
static const char *const init_names[] = {"normal", "glorot", "he"};

#define COUNT(names) (sizeof(names) / sizeof *(names))

const char *lockstep_activation_name(enum lockstep_activation activation)
{
	return activation_names[activation];
}

const char *lockstep_loss_name(enum lockstep_loss loss)
{
	return loss_names[loss];
}

const char *lockstep_init_name(enum lockstep_init init)
{
	return init_names[init];
}

int lockstep_activation_parse(const char *name)
{
	return ls_name_find(name, activation_names, COUNT(activation_names));
}

int lockstep_loss_parse(const char *name)
{
	return ls_name_find(name, loss_names, COUNT(loss_names));
}

int lockstep_init_parse(const char *name)
{
	return ls_name_find(name, init_names, COUNT(init_names));
}

lockstep_status ls_network_check_options(const struct lockstep_network_options *options, lockstep_error *error)
{
	if ((unsigned)options->hidden >= COUNT(activation_names))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "unknown hidden activation %d",
		                    (int)options->hidden);
	if ((unsigned)options->loss >= COUNT(loss_names))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "unknown loss %d", (int)options->loss);
	if ((unsigned)options->init >= COUNT(init_names))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "unknown init %d", (int)options->init);
	if (!(options->leaky_slope >= 0 && options->leaky_slope <= 1))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "leaky slope %g is not between 0 and 1",
		                    options->leaky_slope);
	return LOCKSTEP_OK;
}

/* ---- Shape ----------------------------------------------------------- */

lockstep_status ls_network_parse_layers(const char *text, size_t sizes[LS_LAYERS_MAX + 1], size_t *n_layers,
                                        lockstep_error *error)
{
	size_t n = 0;
	for (const char *at = text;; at++) {
		char *end;
		unsigned long size = isdigit((unsigned char)*at) ? strtoul(at, &end, 10) : 0;
		if (size < 1 || size > SIZE_LIMIT)
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
			                    "layers '%.100s': size %zu is not a whole number from 1 to %d", text, n + 1,
			                    SIZE_LIMIT);
		if (n > LS_LAYERS_MAX)
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "layers '%.100s': more than %d sizes", text,
			                    LS_LAYERS_MAX + 1);
		sizes[n++] = size;
		at = end;
		if (*at == '\0')
			break;
		if (*at != '-')
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
			                    "layers '%.100s': '%c' after size %zu; sizes are joined by '-'", text, *at,
			                    n);
	}
	if (n < 2)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "layers '%.100s': a network has at least two sizes, inputs and outputs", text);
	*n_layers = n - 1;
	return LOCKSTEP_OK;
}

static lockstep_status count_parameters(const size_t *sizes, size_t n_layers, size_t *n_parameters,
                                        lockstep_error *error)
{
	size_t n = 0;
	for (size_t i = 0; i < n_layers; i++)
		n += sizes[i + 1] * (sizes[i] + 1); /* at most 63 * 2^40 */
	if (n > SIZE_MAX / 64)
		return ls_error_memory(error, "the parameters");
	*n_parameters = n;
	return LOCKSTEP_OK;
}

lockstep_status ls_network_allocate(struct lockstep_network **out, const size_t *sizes, size_t n_layers,
                                    const struct lockstep_network_options *options, lockstep_error *error)
{
	size_t n_parameters = 0;
	lockstep_status status = ls_network_check_options(options, error);
	if (status || (status = count_parameters(sizes, n_layers, &n_parameters, error)))
		return status;

	struct lockstep_network *network = ls_memory_allocate(1, sizeof *network);
	if (!network)
		return ls_error_memory(error, "a network");
	network->parameters = ls_memory_allocate(n_parameters, sizeof *network->parameters);
	if (!network->parameters) {
		ls_memory_free(network);
		return ls_error_set(error, LOCKSTEP_ERROR_MEMORY, "out of memory for %zu parameters of 4 bytes",
		                    n_parameters);
	}
	network->n_layers = n_layers;
	network->n_parameters = n_parameters;
	network->options = *options;
	network->scaling.kind = LOCKSTEP_SCALE_AUTO;
	float *at = network->parameters;
	for (size_t i = 0; i < n_layers; i++) {
		struct ls_layer *layer = &network->layers[i];
		*layer = (struct ls_layer){.n_in = sizes[i], .n_out = sizes[i + 1], .weight = at};
		layer->bias = at + layer->n_in * layer->n_out;
		at = layer->bias + layer->n_out;
	}
	*out = network;
	return LOCKSTEP_OK;
}

lockstep_status ls_network_clone(struct lockstep_network **out, const struct lockstep_network *network,
                                 lockstep_error *error)
{
	size_t sizes[LS_LAYERS_MAX + 1];
	for (size_t i = 0; i <= network->n_layers; i++)
		sizes[i] = lockstep_network_size(network, i);
	lockstep_status status = ls_network_allocate(out, sizes, network->n_layers, &network->options, error);
	if (!status)
		memcpy((*out)->parameters, network->parameters, network->n_parameters * sizeof *network->parameters);
	return status;
}

static lockstep_status create(lockstep_network **out, const char *layers,
                              const struct lockstep_network_options *options, lockstep_error *error)
{
	static const struct lockstep_network_options defaults = LOCKSTEP_NETWORK_OPTIONS_INIT;
	size_t sizes[LS_LAYERS_MAX + 1], n_layers = 0;

	lockstep_status status = ls_network_parse_layers(layers, sizes, &n_layers, error);
	if (!status)
		status = ls_network_allocate(out, sizes, n_layers, options ? options : &defaults, error);
	if (!status)
		ls_network_init(*out);
	return status;
}

lockstep_status lockstep_network_create(lockstep_network **out, const char *layers,
                                        const struct lockstep_network_options *options, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = create(out, layers, options, error);
	ls_fpcontrol_leave(saved);
	return status;
}

lockstep_status lockstep_network_check(const char *layers, const struct lockstep_network_options *options,
                                       lockstep_error *error)
{
	size_t sizes[LS_LAYERS_MAX + 1], n_layers = 0;
	lockstep_status status = ls_network_parse_layers(layers, sizes, &n_layers, error);
	return status || !options ? status : ls_network_check_options(options, error);
}

void lockstep_network_destroy(lockstep_network *network)
{
	if (!network)
		return;
	ls_network_set_label_names(network, NULL, NULL);
	ls_scaling_fini(&network->scaling);
	ls_memory_free(network->history);
	ls_memory_free(network->job);
	ls_memory_free(network->parameters);
	ls_memory_free(network);
}

size_t lockstep_network_n_layers(const lockstep_network *network)
{
	return network->n_layers;
}

size_t lockstep_network_size(const lockstep_network *network, size_t i_size)
{
	return i_size == 0 ? network->layers[0].n_in : network->layers[i_size - 1].n_out;
}

size_t lockstep_network_n_parameters(const lockstep_network *network)
{
	return network->n_parameters;
}

void lockstep_network_get_options(const lockstep_network *network, struct lockstep_network_options *options)
{
	*options = network->options;
}

lockstep_status ls_network_check_features(const struct lockstep_network *network, const struct ls_table *table,
                                          lockstep_error *error)
{
	if (table->n_features == network->layers[0].n_in)
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
	                    "the network has %zu inputs, but the data have %zu features a row", network->layers[0].n_in,
	                    table->n_features);
}

lockstep_status ls_network_check_labels(const struct lockstep_network *network, const struct ls_table *table,
                                        lockstep_error *error)
{
	size_t n_out = network->layers[network->n_layers - 1].n_out;
	int are_flags = table->label_kind == LOCKSTEP_LABELS_MULTI;

	if (table->label_kind == LOCKSTEP_LABELS_NONE)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "the data have no labels");
	if (are_flags ? table->n_labels != n_out : table->n_labels > n_out)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "the network has %zu outputs, but the data have %zu labels", n_out,
		                    table->n_labels);
	if (are_flags && network->options.loss == LOCKSTEP_SOFTMAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "loss softmax needs one class a row, but the data are multi-label; use multilabel "
		                    "or quadratic");
	return LOCKSTEP_OK;
}

/* ---- What belongs to the parameters ---------------------------------- */

static void free_names(char **names, size_t n)
{
	for (size_t i = 0; names && i < n; i++)
		ls_memory_free(names[i]);
	ls_memory_free(names);
}

lockstep_status ls_network_set_label_names(struct lockstep_network *network, char *const *names, lockstep_error *error)
{
	size_t n = network->layers[network->n_layers - 1].n_out;
	char **copies = NULL;

	if (names) {
		copies = ls_memory_allocate(n, sizeof *copies);
		for (size_t i = 0; copies && i < n; i++) {
			copies[i] = ls_memory_copy_text(names[i]);
			if (!copies[i]) {
				free_names(copies, n);
				copies = NULL;
			}
		}
		if (!copies)
			return ls_error_memory(error, "the label names");
	}
	free_names(network->label_names, n);
	network->label_names = copies;
	return LOCKSTEP_OK;
}

const char *lockstep_network_label_name(const lockstep_network *network, size_t i_label)
{
	return network->label_names ? network->label_names[i_label] : NULL;
}

enum lockstep_label_kind lockstep_network_label_kind(const lockstep_network *network)
{
	return network->label_kind;
}

const char *lockstep_network_job(const lockstep_network *network)
{
	return network->job;
}

void lockstep_network_fingerprint(const lockstep_network *network, char fingerprint[65])
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the fingerprint is defined over little-endian bytes; a big-endian port must swap here"
#endif
	ls_sha256(network->parameters, network->n_parameters * sizeof *network->parameters, fingerprint);
}

/* ---- Tensors by name ------------------------------------------------- */

/* Finds "layers.I.weight" or "layers.I.bias" with `n` elements. */
lockstep_status ls_network_find(const struct lockstep_network *network, const char *name, size_t n, float **values,
                                lockstep_error *error)
{
	char wanted[40];
	for (size_t i = 0; i < network->n_layers; i++) {
		const struct ls_layer *layer = &network->layers[i];
		float *found = NULL;
		size_t n_found = layer->n_out;
		snprintf(wanted, sizeof wanted, "layers.%zu.weight", i);
		if (strcmp(name, wanted) == 0) {
			found = layer->weight;
			n_found *= layer->n_in;
		}
		snprintf(wanted, sizeof wanted, "layers.%zu.bias", i);
		if (strcmp(name, wanted) == 0)
			found = layer->bias;
		if (!found)
			continue;
		if (n != n_found)
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "tensor %s has %zu elements, not %zu", name,
			                    n_found, n);
		*values = found;
		return LOCKSTEP_OK;
	}
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
	                    "no tensor '%.100s': names are layers.I.weight and layers.I.bias with I from 0 to %zu",
	                    name, network->n_layers - 1);
}

lockstep_status lockstep_network_get(const lockstep_network *network, const char *name, float *values, size_t n,
                                     lockstep_error *error)
{
	float *tensor = NULL;
	lockstep_status status = ls_network_find(network, name, n, &tensor, error);
	if (!status)
		memcpy(values, tensor, n * sizeof *values);
	return status;
}

lockstep_status lockstep_network_set(lockstep_network *network, const char *name, const float *values, size_t n,
                                     lockstep_error *error)
{
	float *tensor = NULL;
	lockstep_status status = ls_network_find(network, name, n, &tensor, error);
	if (status)
		return status;
	for (size_t i = 0; i < n; i++)
		if (!isfinite(values[i]))
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "tensor %s: element %zu is not finite",
			                    name, i);
	memcpy(tensor, values, n * sizeof *values);
	return LOCKSTEP_OK;
}
