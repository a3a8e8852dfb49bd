/* SPDX-License-Identifier: MIT
 *
 * The bound on what fp32 rounding may do to a gradient: it holds for an fp32
 * pass written here as plain loops, it lies far below the signal, and it lets
 * no wrong gradient through.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/double_case.h"
#include "check/kernel_bound.h"

#define LIMIT 0.1
#define ROWS 12
#define SLICES 4
#define WIDEST 17
#define PARAMETERS_MAX 1000

static const size_t sizes[] = {17, 13, 11, 5};
static const size_t n_layers = 3;

/* ---- An fp32 pass ------------------------------------------------------ */

/* Functions in float, a little less accurate than the kernels' own. */
static float activation(const struct ls_double_net *net, float z)
{
	if (net->hidden == LOCKSTEP_SIGMOID)
		return 1 / (1 + expf(-z));
	if (net->hidden == LOCKSTEP_TANH)
		return tanhf(z);
	return z < 0 ? (net->hidden == LOCKSTEP_RELU ? 0 : (float)net->leaky_slope * z) : z;
}

static float with_derivative(const struct ls_double_net *net, float a, float c)
{
	if (net->hidden == LOCKSTEP_SIGMOID)
		return c * (a * (1 - a));
	if (net->hidden == LOCKSTEP_TANH)
		return c * fmaf(-a, a, 1);
	return a > 0 ? c : (net->hidden == LOCKSTEP_RELU ? 0 : (float)net->leaky_slope * c);
}

static void float_outputs(const struct ls_double_net *net, const float *z, float *p)
{
	size_t n = net->sizes[net->n_layers];
	float largest = z[0], sum = 0;
	for (size_t j = 1; j < n; j++)
		largest = fmaxf(largest, z[j]);
	for (size_t j = 0; j < n; j++)
		sum += expf(z[j] - largest);
	for (size_t j = 0; j < n; j++)
		p[j] = net->loss == LOCKSTEP_SOFTMAX ? expf(z[j] - largest) / sum : 1 / (1 + expf(-z[j]));
}

struct float_row {
	float a[4][WIDEST], z[3][WIDEST], delta[3][WIDEST], p[WIDEST];
};

static float weight(const struct ls_double_net *net, size_t l, size_t j, size_t k)
{
	return (float)net->parameters[net->tensor_at[2 * l] + j * sizes[l] + k];
}

static void float_forward(const struct ls_double_net *net, size_t row, struct float_row *f)
{
	for (size_t k = 0; k < sizes[0]; k++)
		f->a[0][k] = (float)net->inputs[0][row * sizes[0] + k];
	for (size_t l = 0; l < n_layers; l++)
		for (size_t j = 0; j < sizes[l + 1]; j++) {
			float z = (float)net->parameters[net->tensor_at[2 * l + 1] + j];
			for (size_t k = 0; k < sizes[l]; k++)
				z = fmaf(f->a[l][k], weight(net, l, j, k), z);
			f->z[l][j] = z;
			f->a[l + 1][j] = activation(net, z);
		}
	float_outputs(net, f->z[n_layers - 1], f->p);
}

static void float_backward(const struct ls_double_net *net, size_t row, struct float_row *f)
{
	for (size_t j = 0; j < sizes[n_layers]; j++) {
		float d = f->p[j] - net->targets[row * sizes[n_layers] + j];
		f->delta[n_layers - 1][j] = net->loss == LOCKSTEP_QUADRATIC ? d * (f->p[j] * (1 - f->p[j])) : d;
	}
	for (size_t l = n_layers - 1; l > 0; l--)
		for (size_t k = 0; k < sizes[l]; k++) {
			float c = 0;
			for (size_t j = 0; j < sizes[l + 1]; j++)
				c = fmaf(f->delta[l][j], weight(net, l, j, k), c);
			f->delta[l - 1][k] = with_derivative(net, f->a[l][k], c);
		}
}

/* Rows in slices, the slices in a tree: here in fp32 throughout. */
static void float_gradient(const struct ls_double_net *net, float *gradient)
{
	static float slices[SLICES][PARAMETERS_MAX];
	memset(slices, 0, sizeof slices);
	for (size_t row = 0; row < ROWS; row++) {
		struct float_row f;
		float *g = slices[row / (ROWS / SLICES)];
		float_forward(net, row, &f);
		float_backward(net, row, &f);
		for (size_t l = 0; l < n_layers; l++)
			for (size_t j = 0; j < sizes[l + 1]; j++) {
				g[net->tensor_at[2 * l + 1] + j] += f.delta[l][j];
				for (size_t k = 0; k < sizes[l]; k++) {
					float *sum = &g[net->tensor_at[2 * l] + j * sizes[l] + k];
					*sum = fmaf(f.a[l][k], f.delta[l][j], *sum);
				}
			}
	}
	for (size_t i = 0; i < net->n_parameters; i++)
		gradient[i] = ((slices[0][i] + slices[1][i]) + (slices[2][i] + slices[3][i])) * (1.0f / ROWS);
}

/* ---- Cases -------------------------------------------------------------- */

static struct ls_double_net *make_case(enum lockstep_activation hidden, enum lockstep_loss loss)
{
	struct ls_double_net *net = double_case(sizes, n_layers, hidden, loss, ROWS);
	cr_assert(net->n_parameters <= PARAMETERS_MAX);
	return net;
}

static int compare(const struct ls_double_net *net, size_t tensor, const float *kernel, const double *bound,
                   struct lockstep_gradcheck_layer *layer)
{
	size_t at = net->tensor_at[tensor];
	ls_kernel_compare(kernel + at, net->gradient + at, bound + at, net->tensor_n[tensor], layer);
	return ls_kernel_passed(layer, LIMIT);
}

Test(kernel_bound, holds_and_lies_far_below_the_signal)
{
	float kernel[PARAMETERS_MAX];
	double bound[PARAMETERS_MAX];
	for (size_t i = 0; i < 12; i++) {
		struct ls_double_net *net = make_case((enum lockstep_activation)(i % 4), (enum lockstep_loss)(i / 4));
		float_gradient(net, kernel);
		cr_assert_eq(ls_kernel_bound(net, SLICES, bound, NULL), LOCKSTEP_OK);
		for (size_t tensor = 0; tensor < 6; tensor++) {
			struct lockstep_gradcheck_layer layer = {0};
			cr_assert(compare(net, tensor, kernel, bound, &layer),
			          "%s, %s, tensor %zu: %zu outside, %g of %g", lockstep_loss_name(net->loss),
			          lockstep_activation_name(net->hidden), tensor, layer.n_outside, layer.kernel_error,
			          layer.kernel_bound);
			cr_assert(layer.kernel_error > 0, "a bound that nothing tests");
			cr_assert(layer.kernel_bound < 1e-3, "tensor %zu: %g", tensor, layer.kernel_bound);
		}
		ls_double_net_destroy(net);
	}
}

Test(kernel_bound, of_exact_arithmetic_is_next_to_nothing)
{
	static const size_t one[] = {1, 1};
	struct ls_double_net *net = double_case(one, 1, LOCKSTEP_SIGMOID, LOCKSTEP_QUADRATIC, 1);
	double bound[2];
	net->parameters[0] = net->parameters[1] = net->inputs[0][0] = 0;
	double_case_run(net);
	cr_assert_eq(ls_kernel_bound(net, 1, bound, NULL), LOCKSTEP_OK);
	cr_assert(bound[0] <= 0x1p-140, "an input of 0 has no gradient and no error: %g", bound[0]);
	cr_assert(bound[1] <= 0x1p-20 * fabs(net->gradient[1]));
	ls_double_net_destroy(net);
}

/* What is done to a right gradient; each must be found. */
struct mutation {
	const char *name;
	size_t tensor;
	void (*apply)(const struct ls_double_net *net, float *tensor, size_t n);
};

static size_t median_element(const float *tensor, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t n_smaller = 0;
		for (size_t k = 0; k < n; k++)
			n_smaller += fabsf(tensor[k]) < fabsf(tensor[i]);
		if (n_smaller >= n / 2)
			return i;
	}
	return 0;
}

static void one_wrong_sign(const struct ls_double_net *net, float *tensor, size_t n)
{
	(void)net;
	tensor[median_element(tensor, n)] *= -1;
}

static void one_zero(const struct ls_double_net *net, float *tensor, size_t n)
{
	(void)net;
	tensor[median_element(tensor, n)] = 0;
}

static void all_zero(const struct ls_double_net *net, float *tensor, size_t n)
{
	(void)net;
	memset(tensor, 0, n * sizeof *tensor);
}

static void one_nan(const struct ls_double_net *net, float *tensor, size_t n)
{
	(void)net;
	tensor[n / 2] = NAN;
}

static void all_nan(const struct ls_double_net *net, float *tensor, size_t n)
{
	(void)net;
	for (size_t i = 0; i < n; i++)
		tensor[i] = NAN;
}

static void one_infinite(const struct ls_double_net *net, float *tensor, size_t n)
{
	(void)net;
	tensor[n - 1] = INFINITY;
}

static void moved_by_one_place(const struct ls_double_net *net, float *tensor, size_t n)
{
	(void)net;
	memmove(tensor, tensor + 1, (n - 1) * sizeof *tensor);
}

static void sum_for_mean(const struct ls_double_net *net, float *tensor, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tensor[i] *= (float)net->n_rows;
}

/* The output bias without the rows of the last slice. */
static void last_slice_missing(const struct ls_double_net *net, float *tensor, size_t n)
{
	for (size_t row = ROWS - ROWS / SLICES; row < ROWS; row++)
		for (size_t j = 0; j < n; j++)
			tensor[j] -= (float)net->delta[n_layers - 1][row * n + j] / ROWS;
}

static void one_row_counted_twice(const struct ls_double_net *net, float *tensor, size_t n)
{
	for (size_t j = 0; j < n; j++)
		tensor[j] += (float)net->delta[n_layers - 1][j] / ROWS;
}

Test(kernel_bound, lets_no_wrong_gradient_through)
{
	static const struct mutation mutations[] = {
	    {"one wrong sign", 0, one_wrong_sign},
	    {"one zero", 2, one_zero},
	    {"all zero", 0, all_zero},
	    {"one NaN", 4, one_nan},
	    {"all NaN", 4, all_nan},
	    {"one infinity", 1, one_infinite},
	    {"a bias shifted by one place", 3, moved_by_one_place},
	    {"weights shifted by one place", 2, moved_by_one_place},
	    {"the sum in the place of the mean", 1, sum_for_mean},
	    {"a missing slice", 5, last_slice_missing},
	    {"a row counted twice", 5, one_row_counted_twice},
	};
	float right[PARAMETERS_MAX], wrong[PARAMETERS_MAX];
	double bound[PARAMETERS_MAX];
	struct ls_double_net *net = make_case(LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX);
	float_gradient(net, right);
	cr_assert_eq(ls_kernel_bound(net, SLICES, bound, NULL), LOCKSTEP_OK);

	for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
		const struct mutation *mutation = &mutations[i];
		struct lockstep_gradcheck_layer layer = {0};
		memcpy(wrong, right, sizeof wrong);
		cr_assert(compare(net, mutation->tensor, wrong, bound, &layer));
		mutation->apply(net, wrong + net->tensor_at[mutation->tensor], net->tensor_n[mutation->tensor]);
		cr_assert(!compare(net, mutation->tensor, wrong, bound, &layer), "%s", mutation->name);
		cr_assert(layer.n_outside > 0, "%s", mutation->name);
	}
	ls_double_net_destroy(net);
}

/* fp32 may take the other piece where z is within its error of 0. */
Test(kernel_bound, allows_for_either_side_of_a_kink_in_reach)
{
	static const size_t narrow[] = {2, 1, 1};
	struct ls_double_net *net = double_case(narrow, 2, LOCKSTEP_RELU, LOCKSTEP_MULTILABEL, 1);
	const double parameters[] = {0x1.000002p0, 0x1.000002p0, -0x1.000002p1, 1, 0};
	double bound[5];
	for (size_t i = 0; i < 5; i++)
		net->parameters[i] = parameters[i];
	net->inputs[0][0] = net->inputs[0][1] = 1;
	double_case_run(net);
	cr_assert_eq(ls_kernel_bound(net, 1, bound, NULL), LOCKSTEP_OK);
	cr_assert(bound[0] >= 0.49, "%g", bound[0]);
	net->parameters[2] = -1;
	double_case_run(net);
	cr_assert_eq(ls_kernel_bound(net, 1, bound, NULL), LOCKSTEP_OK);
	cr_assert(bound[0] < 1e-5, "%g", bound[0]);
	ls_double_net_destroy(net);
}

Test(kernel_bound, above_the_limit_is_unusable_even_without_a_difference)
{
	const float kernel[] = {1, 2};
	const double gradient[] = {1, 2}, wide[] = {0.3, 0.3}, narrow[] = {0.1, 0.1};
	struct lockstep_gradcheck_layer layer = {0};
	ls_kernel_compare(kernel, gradient, wide, 2, &layer);
	cr_assert_eq(layer.n_outside, 0);
	cr_assert(!ls_kernel_passed(&layer, LIMIT));
	ls_kernel_compare(kernel, gradient, narrow, 2, &layer);
	cr_assert(ls_kernel_passed(&layer, LIMIT));
	ls_kernel_compare(kernel, gradient, (double[]){0.1, NAN}, 2, &layer);
	cr_assert(!ls_kernel_passed(&layer, LIMIT));
}

Test(kernel_bound, of_a_gradient_of_zeros_demands_zeros)
{
	const double zeros[2] = {0}, bound[] = {1e-3, 1e-3};
	struct lockstep_gradcheck_layer layer = {0};
	ls_kernel_compare((float[]){0, 0}, zeros, bound, 2, &layer);
	cr_assert(ls_kernel_passed(&layer, LIMIT));
	ls_kernel_compare((float[]){0, 1e-30f}, zeros, bound, 2, &layer);
	cr_assert(!ls_kernel_passed(&layer, LIMIT));
}
