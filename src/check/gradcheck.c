/* SPDX-License-Identifier: MIT
 *
 * Puts the job's first mini-batch through the trainer and through the double
 * net, and compares. The trainer is asked for its rows and its gradient as any
 * program may ask it: nothing of a step is done differently because it is
 * checked.
 */
#include "lockstep/gradcheck.h"

#include <stdio.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/ranges.h"
#include "data/table.h"
#include "differences.h"
#include "double_net.h"
#include "kernel_bound.h"
#include "train/trainer.h"

struct gradcheck {
	struct lockstep_gradcheck_options options; /* with the defaults filled in */
	lockstep_trainer *trainer;
	struct ls_double_net *net;
	uint32_t n_rows;
	float *inputs;                           /* [n_rows][features], scaled */
	uint32_t *rows;                          /* [n_rows]: index in the training file */
	float *kernel;                           /* [largest tensor] */
	double *bound;                           /* [parameters] */
	struct lockstep_gradcheck_layer *layers; /* [2 * n_layers] */
};

static void gradcheck_fini(struct gradcheck *check)
{
	ls_memory_free(check->layers);
	ls_memory_free(check->bound);
	ls_memory_free(check->kernel);
	ls_double_net_destroy(check->net);
	ls_memory_free(check->rows);
	ls_memory_free(check->inputs);
	lockstep_trainer_destroy(check->trainer);
}

static struct lockstep_gradcheck_options filled_in(const struct lockstep_gradcheck_options *options)
{
	struct lockstep_gradcheck_options filled = {0};
	if (options)
		filled = *options;
	if (filled.difference_bound == 0)
		filled.difference_bound = 1e-6;
	if (filled.kernel_limit == 0)
		filled.kernel_limit = 0.1;
	if (filled.samples == 0)
		filled.samples = 200;
	return filled;
}

static void tensor_name(size_t tensor, char name[40])
{
	snprintf(name, 32, "layers.%u.%s", (unsigned)(tensor / 2), tensor % 2 ? "bias" : "weight");
}

/* The rows of the job's first mini-batch, as the trainer feeds them. */
static lockstep_status fetch_batch(struct gradcheck *check, size_t n_features, lockstep_error *error)
{
	const struct lockstep_trainer *trainer = check->trainer;
	size_t batch = trainer->options.batch, n_train = trainer->split.n_train;
	size_t n_rows = batch < n_train ? batch : n_train;

	check->inputs = ls_memory_allocate(n_rows, n_features * sizeof *check->inputs);
	check->rows = ls_memory_allocate(n_rows, sizeof *check->rows);
	if (!check->inputs || !check->rows)
		return ls_error_memory(error, "the gradient check's rows");
	ls_trainer_batch_inputs(check->trainer, 0, &check->n_rows, check->inputs, check->rows);
	return LOCKSTEP_OK;
}

static lockstep_status make_net(struct gradcheck *check, const lockstep_network *network, lockstep_error *error)
{
	size_t sizes[LS_DOUBLE_LAYERS_MAX + 1], n_layers = lockstep_network_n_layers(network), largest = 0;
	struct lockstep_network_options options;

	for (size_t l = 0; l <= n_layers; l++)
		sizes[l] = lockstep_network_size(network, l);
	lockstep_network_get_options(network, &options);
	lockstep_status status = ls_double_net_create(&check->net, sizes, n_layers, &options, check->n_rows, error);
	if (status)
		return status;

	for (size_t tensor = 0; tensor < 2 * n_layers; tensor++)
		largest = check->net->tensor_n[tensor] > largest ? check->net->tensor_n[tensor] : largest;
	check->kernel = ls_memory_allocate(largest, sizeof *check->kernel);
	check->bound = ls_memory_allocate(check->net->n_parameters, sizeof *check->bound);
	check->layers = ls_memory_allocate(2 * n_layers, sizeof *check->layers);
	if (!check->kernel || !check->bound || !check->layers)
		return ls_error_memory(error, "the gradient check's results");
	return LOCKSTEP_OK;
}

static lockstep_status load_parameters(struct gradcheck *check, const lockstep_network *network, lockstep_error *error)
{
	struct ls_double_net *net = check->net;
	for (size_t tensor = 0; tensor < 2 * net->n_layers; tensor++) {
		char name[40];
		tensor_name(tensor, name);
		size_t n = net->tensor_n[tensor];
		lockstep_status status = lockstep_network_get(network, name, check->kernel, n, error);
		if (status)
			return status;
		for (size_t i = 0; i < n; i++)
			net->parameters[net->tensor_at[tensor] + i] = check->kernel[i];
	}
	return LOCKSTEP_OK;
}

static void load_batch(struct gradcheck *check, const struct ls_table *table)
{
	struct ls_double_net *net = check->net;
	size_t n_outputs = net->sizes[net->n_layers];
	for (size_t i = 0; i < net->n_rows * net->sizes[0]; i++)
		net->inputs[0][i] = check->inputs[i];
	for (size_t row = 0; row < net->n_rows; row++) {
		uint8_t *targets = net->targets + row * n_outputs;
		if (table->label_kind == LOCKSTEP_LABELS_CLASS)
			targets[table->classes[check->rows[row]]] = 1;
		else
			memcpy(targets, table->flags + check->rows[row] * n_outputs, n_outputs);
	}
}

/* The double pass and its bounds. */
static lockstep_status compute(struct gradcheck *check, lockstep_error *error)
{
	const struct lockstep_train_options *options = &check->trainer->options;
	uint32_t slices = ls_effective_slices(check->n_rows, check->trainer->steps.slices);

	if (options->dropout > 0)
		ls_double_net_drop(check->net, options->dropout, options->seed, 0, check->rows);
	ls_double_net_forward(check->net);
	ls_double_net_backward(check->net);
	return ls_kernel_bound(check->net, slices, check->bound, error);
}

static lockstep_status compare_tensor(struct gradcheck *check, size_t tensor, lockstep_error *error)
{
	struct ls_double_net *net = check->net;
	struct lockstep_gradcheck_layer *layer = &check->layers[tensor];
	const struct lockstep_gradcheck_options *options = &check->options;
	size_t at = net->tensor_at[tensor], n = net->tensor_n[tensor];

	tensor_name(tensor, layer->name);
	layer->n_parameters = n;
	lockstep_status status = lockstep_trainer_gradient(check->trainer, layer->name, check->kernel, n, error);
	if (status)
		return status;
	ls_kernel_compare(check->kernel, net->gradient + at, check->bound + at, n, layer);
	status = ls_differences_compare(net, tensor, options->samples, layer, error);
	layer->passed = ls_kernel_passed(layer, options->kernel_limit) &&
	                ls_differences_passed(layer, options->samples, options->difference_bound);
	return status;
}

static lockstep_status prepare(struct gradcheck *check, lockstep_network *network, const lockstep_dataset *dataset,
                               const struct lockstep_train_options *train, lockstep_error *error)
{
	lockstep_status status = lockstep_trainer_create(&check->trainer, network, dataset, train, error);
	if (!status)
		status = fetch_batch(check, lockstep_dataset_features(dataset), error);
	if (!status)
		status = make_net(check, network, error);
	if (!status)
		status = load_parameters(check, network, error);
	if (status)
		return status;
	load_batch(check, &dataset->parts[LOCKSTEP_TRAIN]);
	return compute(check, error);
}

lockstep_status lockstep_gradcheck(lockstep_network *network, const lockstep_dataset *dataset,
                                   const struct lockstep_train_options *train,
                                   const struct lockstep_gradcheck_options *options,
                                   struct lockstep_gradcheck_layer *layers, int *passed, lockstep_error *error)
{
	struct gradcheck check = {.options = filled_in(options)};
	size_t n_tensors = 2 * lockstep_network_n_layers(network), n_passed = 0;
	uint64_t saved = ls_fpcontrol_enter();

	lockstep_status status = prepare(&check, network, dataset, train, error);
	for (size_t tensor = 0; tensor < n_tensors && !status; tensor++) {
		status = compare_tensor(&check, tensor, error);
		n_passed += !status && check.layers[tensor].passed;
	}
	if (!status) {
		memcpy(layers, check.layers, n_tensors * sizeof *layers);
		*passed = n_passed == n_tensors;
	}
	gradcheck_fini(&check);
	ls_fpcontrol_leave(saved);
	return status;
}
