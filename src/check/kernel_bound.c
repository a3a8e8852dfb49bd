/* SPDX-License-Identifier: MIT
 *
 * Every intermediate value v of the kernels comes with an e such that
 * |fp32 v - exact v| <= e. The double pass stands for the exact v: its own
 * errors are 2^29 times smaller. One rounding of a value that is v exactly,
 * and off by e already, adds at most u (|v| + e) + eta, eta for results below
 * the normal numbers. Chains add this up over their partial sums, whose order
 * the contract fixes; this is far sharper than n u / (1 - n u) times the sum of
 * magnitudes, which is used only over the rows, where n is small.
 */
#include "kernel_bound.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"

/* lay_out() is called twice, and only the first time without memory, which is
 * too much for the analyzer. NOLINTBEGIN(clang-analyzer-core.NullDereference) */

#define U 0x1p-24    /* unit roundoff of fp32 */
#define ETA 0x1p-149 /* its smallest number */
/* Relative error of exp, sigmoid and tanh of doc/numerics.md: 4 ulp, a ulp
 * being 2 U at most. The tests of src/arith find less over all inputs. */
#define FUNCTION_ERROR (8 * U)

/* One row's errors; deltas and products are per layer, as they are needed. */
struct row_errors {
	const struct ls_double_net *net;
	size_t row;
	double growth;                        /* gamma of the chain over the rows, with tree and mean */
	double *inputs[LS_DOUBLE_LAYERS_MAX]; /* [n_l], of a_l */
	double *z[LS_DOUBLE_LAYERS_MAX];      /* [n_{l+1}] */
	double *outputs;                      /* [outputs] */
	double *delta[LS_DOUBLE_LAYERS_MAX];  /* [n_{l+1}] */
	double *sum;                          /* [widest hidden layer]: W^T delta ... */
	double *sum_error;                    /* ... and its error */
};

static double rounded(double value, double error)
{
	return error + U * (fabs(value) + error) + ETA;
}

/* Of x y, before its rounding. */
static double product_error(double x, double x_error, double y, double y_error)
{
	return fabs(x) * y_error + fabs(y) * x_error + x_error * y_error;
}

static double gamma_of(double n)
{
	return n * U / (1 - n * U);
}

/* ---- Forward ---------------------------------------------------------- */

/* z: the chain from the bias over ascending inputs. A zero that is exact adds nothing. */
static double pre_activation_error(const struct row_errors *e, size_t l, size_t j)
{
	const struct ls_double_net *net = e->net;
	size_t n_in = net->sizes[l];
	const double *weights = net->parameters + net->tensor_at[2 * l] + j * n_in;
	const double *a = net->inputs[l] + e->row * n_in;
	double z = net->parameters[net->tensor_at[2 * l + 1] + j], error = 0;

	for (size_t k = 0; k < n_in; k++) {
		if (a[k] == 0 && e->inputs[l][k] == 0)
			continue;
		z += weights[k] * a[k];
		error = rounded(z, error + fabs(weights[k]) * e->inputs[l][k]);
	}
	return error;
}

/* Of sigmoid(z): its slope s = a (1 - a) has |d log s / dz| <= 1, so within
 * z_error of z it is at most s e^z_error. */
static double sigmoid_error(double a, double slope, double z_error)
{
	double moved = fmin(0.25, slope * exp(z_error)) * z_error;
	return fmin(1, moved + FUNCTION_ERROR * (a + moved) + ETA);
}

/* Of tanh(z): likewise, with |d log s / dz| <= 2. */
static double tanh_error(double a, double slope, double z_error)
{
	double moved = fmin(1, slope * exp(2 * z_error)) * z_error;
	return fmin(2, moved + FUNCTION_ERROR * (fabs(a) + moved) + ETA);
}

/* Within z_error of the kink it is unknown which piece fp32 took. */
static int kink_in_reach(double z, double z_error)
{
	return z_error > 0 && fabs(z) <= z_error;
}

static double activation_error(const struct ls_double_net *net, double z, double z_error)
{
	double steepest = z > 0 || kink_in_reach(z, z_error) ? 1 : net->leaky_slope;
	switch (net->hidden) {
	case LOCKSTEP_SIGMOID:
		return sigmoid_error(1 / (1 + exp(-z)), 1 / ((1 + exp(-z)) * (1 + exp(z))), z_error);
	case LOCKSTEP_TANH:
		return tanh_error(tanh(z), (1 - tanh(z)) * (1 + tanh(z)), z_error);
	case LOCKSTEP_RELU:
		return z > 0 || kink_in_reach(z, z_error) ? z_error : 0;
	case LOCKSTEP_LEAKY_RELU:
		return z > z_error ? z_error : rounded(net->leaky_slope * z, steepest * z_error);
	}
	return INFINITY;
}

static void forward_errors(struct row_errors *e)
{
	const struct ls_double_net *net = e->net;
	for (size_t l = 0; l < net->n_layers; l++) {
		size_t n_out = net->sizes[l + 1];
		for (size_t j = 0; j < n_out; j++) {
			size_t i = e->row * n_out + j;
			e->z[l][j] = pre_activation_error(e, l, j);
			if (l + 1 == net->n_layers)
				continue;
			double keep = net->keep[l][i], error = keep * activation_error(net, net->z[l][i], e->z[l][j]);
			e->inputs[l + 1][j] = keep == 0 || keep == 1 ? error : rounded(net->inputs[l + 1][i], error);
		}
	}
}

/* ---- Outputs ---------------------------------------------------------- */

/* Softmax p_j = sigmoid(z_j - log sum over k != j of e^z_k): errors of at most
 * `most` in every z_k move that argument by at most 2 most. exp's own error and
 * the rounding of z - m count as errors of z (an error of m moves no p); the
 * sum of positive terms over 8 lanes and the division as a factor of p. */
static void softmax_errors(struct row_errors *e)
{
	const struct ls_double_net *net = e->net;
	size_t n = net->sizes[net->n_layers], last = net->n_layers - 1;
	const double *z = net->z[last] + e->row * n, *p = net->outputs + e->row * n;
	double largest = z[0], z_error = 0, most = 0, factor = gamma_of((double)n / 8 + 5);

	for (size_t j = 0; j < n; j++) {
		largest = fmax(largest, z[j]);
		z_error = fmax(z_error, e->z[last][j]);
	}
	for (size_t j = 0; j < n; j++)
		most = fmax(most, rounded(largest - z[j] + z_error, z_error) + 2 * FUNCTION_ERROR);
	for (size_t j = 0; j < n; j++) {
		double moved = fmin(0.25, p[j] * (1 - p[j]) * exp(2 * most)) * 2 * most;
		e->outputs[j] = fmin(1, moved + factor * (p[j] + moved) + ETA);
	}
}

static void output_errors(struct row_errors *e)
{
	const struct ls_double_net *net = e->net;
	size_t n = net->sizes[net->n_layers], last = net->n_layers - 1;
	const double *a = net->outputs + e->row * n;

	if (net->loss == LOCKSTEP_SOFTMAX)
		softmax_errors(e);
	for (size_t j = 0; j < n; j++) {
		if (net->loss != LOCKSTEP_SOFTMAX)
			e->outputs[j] = sigmoid_error(a[j], a[j] * (1 - a[j]), e->z[last][j]);
		e->delta[last][j] = rounded(a[j] - net->targets[e->row * n + j], e->outputs[j]);
	}
}

/* ---- Backward --------------------------------------------------------- */

/* Of a (1 - a), both operations rounded. */
static double sigmoid_slope_error(double a, double a_error)
{
	double rest_error = rounded(1 - a, a_error);
	/* a and 1 - a move against each other: the product by |1 - 2 a| a_error. */
	double error = a_error * (fabs(1 - 2 * a) + a_error) + (fabs(a) + a_error) * (rest_error - a_error);
	return rounded(a * (1 - a), error);
}

static void quadratic_errors(struct row_errors *e)
{
	const struct ls_double_net *net = e->net;
	size_t n = net->sizes[net->n_layers], last = net->n_layers - 1;
	for (size_t j = 0; j < n; j++) {
		double a = net->outputs[e->row * n + j], distance = a - net->targets[e->row * n + j];
		double slope = a * (1 - a), slope_error = sigmoid_slope_error(a, e->outputs[j]);
		double error = product_error(distance, e->delta[last][j], slope, slope_error);
		e->delta[last][j] = rounded(distance * slope, error);
	}
}

/* Of f'(z) c, written in the activation. */
static double derivative_error(const struct ls_double_net *net, double z, double z_error, double c, double c_error)
{
	double a, slope, slope_error;
	switch (net->hidden) {
	case LOCKSTEP_SIGMOID:
		a = 1 / (1 + exp(-z));
		slope = 1 / ((1 + exp(-z)) * (1 + exp(z)));
		slope_error = sigmoid_slope_error(a, sigmoid_error(a, slope, z_error));
		return rounded(c * slope, product_error(c, c_error, slope, slope_error));
	case LOCKSTEP_TANH:
		a = tanh(z);
		slope = (1 - a) * (1 + a);
		slope_error = tanh_error(a, slope, z_error);
		slope_error = rounded(slope, slope_error * (2 * fabs(a) + slope_error));
		return rounded(c * slope, product_error(c, c_error, slope, slope_error));
	case LOCKSTEP_RELU:
		if (kink_in_reach(z, z_error))
			return fabs(c) + c_error;
		return z > 0 ? c_error : 0;
	case LOCKSTEP_LEAKY_RELU:
		if (kink_in_reach(z, z_error))
			return rounded(c, c_error + (1 - net->leaky_slope) * fabs(c));
		return z > 0 ? c_error : rounded(net->leaky_slope * c, net->leaky_slope * c_error);
	}
	return INFINITY;
}

/* sum_k = the chain over ascending j of delta_j W_jk */
static void chain_of_deltas(struct row_errors *e, size_t l)
{
	const struct ls_double_net *net = e->net;
	size_t n = net->sizes[l + 1], n_above = net->sizes[l + 2];
	const double *weights = net->parameters + net->tensor_at[2 * (l + 1)];

	for (size_t k = 0; k < n; k++)
		e->sum[k] = e->sum_error[k] = 0;
	for (size_t j = 0; j < n_above; j++) {
		double delta = net->delta[l + 1][e->row * n_above + j], error = e->delta[l + 1][j];
		if (delta == 0 && error == 0)
			continue;
		for (size_t k = 0; k < n; k++) {
			double weight = weights[j * n + k];
			e->sum[k] += delta * weight;
			e->sum_error[k] = rounded(e->sum[k], e->sum_error[k] + fabs(weight) * error);
		}
	}
}

static void hidden_delta_errors(struct row_errors *e, size_t l)
{
	const struct ls_double_net *net = e->net;
	size_t n = net->sizes[l + 1];
	chain_of_deltas(e, l);
	for (size_t k = 0; k < n; k++) {
		double keep = net->keep[l][e->row * n + k], c = keep * e->sum[k], error = keep * e->sum_error[k];
		if (keep != 0 && keep != 1)
			error = rounded(c, error);
		double z = net->z[l][e->row * n + k];
		e->delta[l][k] = keep == 0 ? 0 : derivative_error(net, z, e->z[l][k], c, error);
	}
}

/* ---- Sum over the rows ------------------------------------------------- */

/* Adds the row's share: the errors of its terms, and what the sum's roundings may make of their magnitudes. */
static void add_row(const struct row_errors *e, size_t l, double *bound)
{
	const struct ls_double_net *net = e->net;
	size_t n_in = net->sizes[l], n_out = net->sizes[l + 1];
	const double *a = net->inputs[l] + e->row * n_in, *a_error = e->inputs[l];
	double *weight_bound = bound + net->tensor_at[2 * l], *bias_bound = bound + net->tensor_at[2 * l + 1];

	for (size_t j = 0; j < n_out; j++) {
		double delta = net->delta[l][e->row * n_out + j], error = e->delta[l][j];
		double magnitude = fabs(delta) + error;
		bias_bound[j] += error + e->growth * magnitude + ETA;
		for (size_t k = 0; k < n_in; k++)
			weight_bound[j * n_in + k] += product_error(a[k], a_error[k], delta, error) +
			                              e->growth * (fabs(a[k]) + a_error[k]) * magnitude + ETA;
	}
}

static void add_row_errors(struct row_errors *e, double *bound)
{
	const struct ls_double_net *net = e->net;
	forward_errors(e);
	output_errors(e);
	if (net->loss == LOCKSTEP_QUADRATIC)
		quadratic_errors(e);
	for (size_t l = net->n_layers - 1; l > 0; l--)
		hidden_delta_errors(e, l - 1);
	for (size_t l = 0; l < net->n_layers; l++)
		add_row(e, l, bound);
}

/* The longest chain that a row's term goes through: its slice, the tree, the mean's two roundings. */
static double row_chain(size_t n_rows, uint32_t slices)
{
	double slice = ceil((double)n_rows / slices);
	return slice + ceil(log2(slices)) + 2;
}

/* Lays the arrays of one row out in `block` (NULL: only counts). */
static size_t lay_out(struct row_errors *e, double *block)
{
	size_t n = 0, widest = 0;
	for (size_t l = 0; l < e->net->n_layers; l++) {
		size_t n_in = e->net->sizes[l], n_out = e->net->sizes[l + 1];
		e->inputs[l] = block ? block + n : NULL;
		e->z[l] = block ? e->inputs[l] + n_in : NULL;
		e->delta[l] = block ? e->z[l] + n_out : NULL;
		n += n_in + 2 * n_out;
		widest = n_out > widest ? n_out : widest;
	}
	e->outputs = block ? block + n : NULL;
	e->sum = block ? e->outputs + widest : NULL;
	e->sum_error = block ? e->sum + widest : NULL;
	return n + 3 * widest;
}

lockstep_status ls_kernel_bound(const struct ls_double_net *net, uint32_t slices, double *bound, lockstep_error *error)
{
	struct row_errors e = {.net = net, .growth = gamma_of(row_chain(net->n_rows, slices))};
	double *block = ls_memory_allocate(lay_out(&e, NULL), sizeof *block);
	if (!block)
		return ls_error_memory(error, "the gradient check's error bounds");
	lay_out(&e, block);

	for (size_t i = 0; i < net->n_parameters; i++)
		bound[i] = 0;
	for (e.row = 0; e.row < net->n_rows; e.row++)
		add_row_errors(&e, bound);
	for (size_t i = 0; i < net->n_parameters; i++)
		bound[i] = bound[i] / (double)net->n_rows + ETA;
	ls_memory_free(block);
	return LOCKSTEP_OK;
}

/* ---- Comparison ------------------------------------------------------- */

double ls_relative_error(double error, double gradient_max)
{
	if (error == 0)
		return 0;
	return gradient_max > 0 ? error / gradient_max : INFINITY;
}

void ls_kernel_compare(const float *kernel, const double *gradient, const double *bound, size_t n,
                       struct lockstep_gradcheck_layer *layer)
{
	double largest = 0, worst = 0, widest = 0;
	layer->n_outside = 0;
	for (size_t i = 0; i < n; i++) {
		double difference = fabs((double)kernel[i] - gradient[i]);
		difference = isnan(difference) ? INFINITY : difference;
		layer->n_outside += !(difference <= bound[i]);
		worst = fmax(worst, difference);
		largest = fmax(largest, fabs(gradient[i]));
		widest = isnan(bound[i]) ? INFINITY : fmax(widest, bound[i]);
	}
	layer->gradient_max = largest;
	layer->kernel_error = ls_relative_error(worst, largest);
	layer->kernel_bound = largest > 0 ? ls_relative_error(widest, largest) : 0;
}

int ls_kernel_passed(const struct lockstep_gradcheck_layer *layer, double limit)
{
	return layer->n_outside == 0 && layer->kernel_error <= layer->kernel_bound && layer->kernel_bound <= limit;
}

/* NOLINTEND(clang-analyzer-core.NullDereference) */
