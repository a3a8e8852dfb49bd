/* SPDX-License-Identifier: MIT
 *
 * Each formula in the form that is easiest to check by eye, not the fastest:
 * one loop a sum, one function an equation of doc/derivation.md. Whatever can
 * be evaluated in a form that neither overflows nor cancels, is: finite
 * differences of the loss are only as good as the loss.
 */
#include "double_net.h"

#include <math.h>
#include <string.h>

#include "arith/philox.h"
#include "base/error.h"
#include "base/memory.h"

#define PURPOSE_DROPOUT 5

/* ---- Memory ----------------------------------------------------------- */

/* The next n doubles of the one block that a net owns; only counts while the
 * block is NULL. */
static double *take(double *block, size_t *n_taken, size_t n)
{
	double *part = block ? block + *n_taken : NULL;
	*n_taken += n;
	return part;
}

static size_t widest(const struct ls_double_net *net)
{
	size_t most = 0;
	for (size_t l = 0; l <= net->n_layers; l++)
		most = net->sizes[l] > most ? net->sizes[l] : most;
	return most;
}

/* Points every array into `block`; returns the doubles needed. */
static size_t lay_out(struct ls_double_net *net, double *block)
{
	size_t n = 0;
	net->parameters = take(block, &n, net->n_parameters);
	net->gradient = take(block, &n, net->n_parameters);
	for (size_t l = 0; l < net->n_layers; l++) {
		size_t n_values = net->n_rows * net->sizes[l + 1];
		net->inputs[l] = take(block, &n, net->n_rows * net->sizes[l]);
		net->z[l] = take(block, &n, n_values);
		net->delta[l] = take(block, &n, n_values);
		net->keep[l] = l + 1 < net->n_layers ? take(block, &n, n_values) : NULL;
	}
	net->outputs = take(block, &n, net->n_rows * net->sizes[net->n_layers]);
	net->scratch[0] = take(block, &n, widest(net));
	net->scratch[1] = take(block, &n, widest(net));
	return n;
}

static void set_shape(struct ls_double_net *net, const size_t *sizes, size_t n_layers,
                      const struct lockstep_network_options *options, size_t n_rows)
{
	net->n_layers = n_layers;
	memcpy(net->sizes, sizes, (n_layers + 1) * sizeof *sizes);
	net->hidden = options->hidden;
	net->leaky_slope = (float)options->leaky_slope;
	net->loss = options->loss;
	net->n_rows = n_rows;
	for (size_t tensor = 0; tensor < 2 * n_layers; tensor++) {
		size_t n_out = sizes[tensor / 2 + 1];
		net->tensor_at[tensor] = net->n_parameters;
		net->tensor_n[tensor] = tensor % 2 ? n_out : n_out * sizes[tensor / 2];
		net->n_parameters += net->tensor_n[tensor];
	}
}

static void keep_all(struct ls_double_net *net)
{
	for (size_t l = 0; l + 1 < net->n_layers; l++)
		for (size_t i = 0; i < net->n_rows * net->sizes[l + 1]; i++)
			net->keep[l][i] = 1;
}

lockstep_status ls_double_net_create(struct ls_double_net **out, const size_t *sizes, size_t n_layers,
                                     const struct lockstep_network_options *options, size_t n_rows,
                                     lockstep_error *error)
{
	struct ls_double_net *net = ls_memory_allocate(1, sizeof *net);
	if (!net)
		return ls_error_memory(error, "the gradient check's network");

	set_shape(net, sizes, n_layers, options, n_rows);
	net->memory = ls_memory_allocate(lay_out(net, NULL), sizeof(double));
	net->targets = ls_memory_allocate(n_rows, sizes[n_layers]);
	if (!net->memory || !net->targets) {
		ls_double_net_destroy(net);
		return ls_error_memory(error, "the gradient check's mini-batch");
	}
	lay_out(net, net->memory);
	keep_all(net);
	*out = net;
	return LOCKSTEP_OK;
}

void ls_double_net_destroy(struct ls_double_net *net)
{
	if (!net)
		return;
	ls_memory_free(net->targets);
	ls_memory_free(net->memory);
	ls_memory_free(net);
}

/* ---- Dropout ---------------------------------------------------------- */

void ls_double_net_drop(struct ls_double_net *net, double probability, uint64_t seed, uint32_t epoch,
                        const uint32_t *rows)
{
	uint64_t threshold = (uint64_t)(probability * 0x1p32);
	double factor = (float)(1.0 / (1.0 - probability));

	for (size_t l = 0; l + 1 < net->n_layers; l++) {
		size_t n_out = net->sizes[l + 1];
		for (size_t i = 0; i < net->n_rows * n_out; i++) {
			uint32_t unit = (uint32_t)(i % n_out), words[4];
			uint32_t counter[4] = {unit / 4, rows[i / n_out], epoch, PURPOSE_DROPOUT << 16 | (uint32_t)l};
			ls_philox(counter, seed, words);
			net->keep[l][i] = words[unit % 4] < threshold ? 0 : factor;
		}
	}
}

/* ---- Forward ---------------------------------------------------------- */

static double sigmoid(double z)
{
	double e = exp(-fabs(z));
	return (z < 0 ? e : 1) / (1 + e);
}

/* log(1 + e^t) */
static double softplus(double t)
{
	return (t > 0 ? t : 0) + log1p(exp(-fabs(t)));
}

static double activation(const struct ls_double_net *net, double z)
{
	switch (net->hidden) {
	case LOCKSTEP_SIGMOID:
		return sigmoid(z);
	case LOCKSTEP_TANH:
		return tanh(z);
	case LOCKSTEP_RELU:
		return z < 0 ? 0 : z;
	case LOCKSTEP_LEAKY_RELU:
		return z < 0 ? net->leaky_slope * z : z;
	}
	return NAN;
}

/* z_j = b_j + sum over k of W_jk a_k */
static double pre_activation(const struct ls_double_net *net, size_t l, size_t j, const double *a)
{
	const double *weights = net->parameters + net->tensor_at[2 * l] + j * net->sizes[l];
	double z = net->parameters[net->tensor_at[2 * l + 1] + j];
	for (size_t k = 0; k < net->sizes[l]; k++)
		z += weights[k] * a[k];
	return z;
}

/* log of the sum of e^z_j, less the largest z, which is stored in *largest. */
static double log_sum_exp(const double *z, size_t n, double *largest)
{
	*largest = z[0];
	for (size_t j = 1; j < n; j++)
		*largest = z[j] > *largest ? z[j] : *largest;
	double sum = 0;
	for (size_t j = 0; j < n; j++)
		sum += exp(z[j] - *largest);
	return log(sum);
}

static void output_activation(const struct ls_double_net *net, const double *z, double *outputs)
{
	size_t n = net->sizes[net->n_layers];
	double largest = 0, log_sum = net->loss == LOCKSTEP_SOFTMAX ? log_sum_exp(z, n, &largest) : 0;
	for (size_t j = 0; j < n; j++)
		outputs[j] = net->loss == LOCKSTEP_SOFTMAX ? exp(z[j] - largest - log_sum) : sigmoid(z[j]);
}

void ls_double_net_forward(struct ls_double_net *net)
{
	for (size_t l = 0; l < net->n_layers; l++) {
		size_t n_in = net->sizes[l], n_out = net->sizes[l + 1];
		for (size_t i = 0; i < net->n_rows * n_out; i++) {
			size_t row = i / n_out;
			net->z[l][i] = pre_activation(net, l, i % n_out, net->inputs[l] + row * n_in);
			if (l + 1 < net->n_layers)
				net->inputs[l + 1][i] = net->keep[l][i] * activation(net, net->z[l][i]);
		}
	}
	size_t last = net->n_layers - 1, n_outputs = net->sizes[net->n_layers];
	for (size_t row = 0; row < net->n_rows; row++)
		output_activation(net, net->z[last] + row * n_outputs, net->outputs + row * n_outputs);
}

/* ---- Loss ------------------------------------------------------------- */

/* sum over j of y_j (log sum exp(z) - z_j), the -log p_c of the row's class */
static double softmax_loss(const double *z, const uint8_t *y, size_t n)
{
	double largest, log_sum = log_sum_exp(z, n, &largest), loss = 0;
	for (size_t j = 0; j < n; j++)
		loss += y[j] ? log_sum - (z[j] - largest) : 0;
	return loss;
}

/* -log p_j = softplus(-z_j) where y_j = 1, -log(1 - p_j) = softplus(z_j) where it is 0 */
static double multilabel_loss(const double *z, const uint8_t *y, size_t n)
{
	double loss = 0;
	for (size_t j = 0; j < n; j++)
		loss += softplus(y[j] ? -z[j] : z[j]);
	return loss;
}

/* half of sum over j of (a_j - y_j)^2; sigmoid(-z) is 1 - a without its cancellation */
static double quadratic_loss(const double *z, const uint8_t *y, size_t n)
{
	double sum = 0;
	for (size_t j = 0; j < n; j++) {
		double distance = sigmoid(y[j] ? -z[j] : z[j]);
		sum += distance * distance;
	}
	return 0.5 * sum;
}

static double row_loss(const struct ls_double_net *net, size_t row, const double *z)
{
	size_t n = net->sizes[net->n_layers];
	const uint8_t *y = net->targets + row * n;
	switch (net->loss) {
	case LOCKSTEP_SOFTMAX:
		return softmax_loss(z, y, n);
	case LOCKSTEP_MULTILABEL:
		return multilabel_loss(z, y, n);
	case LOCKSTEP_QUADRATIC:
		return quadratic_loss(z, y, n);
	}
	return NAN;
}

double ls_double_net_loss(const struct ls_double_net *net)
{
	double total = 0;
	for (size_t row = 0; row < net->n_rows; row++)
		total += row_loss(net, row, net->z[net->n_layers - 1] + row * net->sizes[net->n_layers]);
	return total / (double)net->n_rows;
}

/* ---- Loss with one parameter moved ------------------------------------- */

/* The value of hidden unit j of layer l for a new z; notes a crossed kink. */
static double moved_unit(const struct ls_double_net *net, size_t l, size_t row, size_t j, double z, int *crossed)
{
	size_t i = row * net->sizes[l + 1] + j;
	int kinked = net->hidden == LOCKSTEP_RELU || net->hidden == LOCKSTEP_LEAKY_RELU;
	if (kinked && net->keep[l][i] != 0 && (z > 0) != (net->z[l][i] > 0))
		*crossed = 1;
	return net->keep[l][i] * activation(net, z);
}

/* One row's loss when a parameter of unit j of layer l has moved: the unit
 * anew, then all layers above it. */
static double moved_row_loss(const struct ls_double_net *net, size_t l, size_t j, size_t row, int *crossed)
{
	size_t n_out = net->sizes[l + 1];
	double moved_z = pre_activation(net, l, j, net->inputs[l] + row * net->sizes[l]);
	double *a = net->scratch[0], *z = net->scratch[1];

	if (l + 1 == net->n_layers) {
		memcpy(z, net->z[l] + row * n_out, n_out * sizeof *z);
		z[j] = moved_z;
		return row_loss(net, row, z);
	}
	memcpy(a, net->inputs[l + 1] + row * n_out, n_out * sizeof *a);
	a[j] = moved_unit(net, l, row, j, moved_z, crossed);
	for (size_t m = l + 1; m < net->n_layers; m++) {
		for (size_t i = 0; i < net->sizes[m + 1]; i++) {
			z[i] = pre_activation(net, m, i, a);
			if (m + 1 < net->n_layers)
				z[i] = moved_unit(net, m, row, i, z[i], crossed);
		}
		double *lower = a;
		a = z;
		z = lower;
	}
	return row_loss(net, row, a);
}

double ls_double_net_loss_at(struct ls_double_net *net, size_t tensor, size_t i, double value, int *crossed)
{
	size_t l = tensor / 2, j = tensor % 2 ? i : i / net->sizes[l];
	double *parameter = net->parameters + net->tensor_at[tensor] + i, unmoved = *parameter;

	*parameter = value;
	double total = 0;
	for (size_t row = 0; row < net->n_rows; row++)
		total += moved_row_loss(net, l, j, row, crossed);
	*parameter = unmoved;
	return total / (double)net->n_rows;
}

/* ---- Backward --------------------------------------------------------- */

/* f'(z); at a kink that of the left side, as in doc/numerics.md. */
static double activation_derivative(const struct ls_double_net *net, double z)
{
	switch (net->hidden) {
	case LOCKSTEP_SIGMOID:
		return sigmoid(z) * sigmoid(-z);
	case LOCKSTEP_TANH:
		return (1 - tanh(z)) * (1 + tanh(z));
	case LOCKSTEP_RELU:
		return z > 0 ? 1 : 0;
	case LOCKSTEP_LEAKY_RELU:
		return z > 0 ? 1 : net->leaky_slope;
	}
	return NAN;
}

/* d loss / d z of the outputs: p - y for both cross-entropies, (a - y) a (1 - a) for the quadratic loss. */
static void output_delta(struct ls_double_net *net)
{
	size_t last = net->n_layers - 1;
	for (size_t i = 0; i < net->n_rows * net->sizes[net->n_layers]; i++) {
		double z = net->z[last][i], distance = net->outputs[i] - net->targets[i];
		if (net->loss == LOCKSTEP_QUADRATIC)
			distance *= sigmoid(z) * sigmoid(-z);
		net->delta[last][i] = distance;
	}
}

/* delta_k of layer l = f'(z_k) keep_k sum over j of delta_j W_jk, j the units of the layer above */
static void hidden_delta(struct ls_double_net *net, size_t l)
{
	size_t n = net->sizes[l + 1], n_above = net->sizes[l + 2];
	const double *weights = net->parameters + net->tensor_at[2 * (l + 1)];
	for (size_t row = 0; row < net->n_rows; row++) {
		const double *above = net->delta[l + 1] + row * n_above;
		double *delta = net->delta[l] + row * n;
		for (size_t k = 0; k < n; k++) {
			double sum = 0;
			for (size_t j = 0; j < n_above; j++)
				sum += above[j] * weights[j * n + k];
			delta[k] = sum * net->keep[l][row * n + k] * activation_derivative(net, net->z[l][row * n + k]);
		}
	}
}

/* dW = mean of delta a^T, db = mean of delta, over the rows */
static void layer_gradient(struct ls_double_net *net, size_t l)
{
	size_t n_in = net->sizes[l], n_out = net->sizes[l + 1];
	double *d_weight = net->gradient + net->tensor_at[2 * l];
	double *d_bias = net->gradient + net->tensor_at[2 * l + 1];
	for (size_t row = 0; row < net->n_rows; row++) {
		const double *a = net->inputs[l] + row * n_in;
		for (size_t j = 0; j < n_out; j++) {
			double delta = net->delta[l][row * n_out + j] / (double)net->n_rows;
			d_bias[j] += delta;
			for (size_t k = 0; k < n_in; k++)
				d_weight[j * n_in + k] += delta * a[k];
		}
	}
}

void ls_double_net_backward(struct ls_double_net *net)
{
	memset(net->gradient, 0, net->n_parameters * sizeof *net->gradient);
	output_delta(net);
	for (size_t l = net->n_layers - 1; l > 0; l--)
		hidden_delta(net, l - 1);
	for (size_t l = 0; l < net->n_layers; l++)
		layer_gradient(net, l);
}
