/* SPDX-License-Identifier: MIT
 *
 * Central differences against the double backward pass: they agree for every
 * loss and activation, and they reject every wrong gradient that is put before
 * them, above all the quadratic loss' delta in the place of cross-entropy's.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "support/double_case.h"
#include "check/differences.h"

#define SAMPLES 200

static const enum lockstep_loss losses[] = {LOCKSTEP_SOFTMAX, LOCKSTEP_MULTILABEL, LOCKSTEP_QUADRATIC};
static const enum lockstep_activation activations[] = {LOCKSTEP_SIGMOID, LOCKSTEP_TANH, LOCKSTEP_RELU,
                                                       LOCKSTEP_LEAKY_RELU};

/* Compares one tensor, with gradient_max as the kernels' comparison sets it. */
static struct lockstep_gradcheck_layer compare(struct ls_double_net *net, size_t tensor)
{
	struct lockstep_gradcheck_layer layer = {.n_parameters = net->tensor_n[tensor]};
	const double *gradient = net->gradient + net->tensor_at[tensor];
	for (size_t i = 0; i < layer.n_parameters; i++)
		layer.gradient_max = fmax(layer.gradient_max, fabs(gradient[i]));
	cr_assert_eq(ls_differences_compare(net, tensor, SAMPLES, &layer, NULL), LOCKSTEP_OK);
	return layer;
}

static int passed(const struct lockstep_gradcheck_layer *layer)
{
	return ls_differences_passed(layer, SAMPLES, 1e-6);
}

static void check_every_tensor(struct ls_double_net *net)
{
	for (size_t tensor = 0; tensor < 2 * net->n_layers; tensor++) {
		struct lockstep_gradcheck_layer layer = compare(net, tensor);
		cr_assert(passed(&layer), "%s, %s, tensor %zu: error %g, %zu of %zu", lockstep_loss_name(net->loss),
		          lockstep_activation_name(net->hidden), tensor, layer.difference_error, layer.n_sampled,
		          layer.n_parameters);
		cr_assert_eq(layer.n_sampled + layer.n_replaced, layer.n_parameters);
	}
}

Test(differences, agree_for_every_loss_and_activation_with_and_without_dropout)
{
	static const size_t sizes[] = {5, 7, 6, 3};
	const uint32_t rows[] = {0, 1, 2, 3, 4, 5, 6};
	for (size_t i = 0; i < 24; i++) {
		struct ls_double_net *net = double_case(sizes, 3, activations[i / 3 % 4], losses[i % 3], 7);
		if (i >= 12)
			ls_double_net_drop(net, 0.3, 1, 0, rows);
		double_case_run(net);
		check_every_tensor(net);
		ls_double_net_destroy(net);
	}
}

Test(differences, agree_without_hidden_layers_and_with_one_unit_of_each_kind)
{
	static const size_t narrow[] = {1, 1, 1}, flat[] = {4, 3};
	for (size_t i = 0; i < 3; i++) {
		struct ls_double_net *one = double_case(narrow, 2, LOCKSTEP_TANH, losses[i], 2);
		struct ls_double_net *none = double_case(flat, 1, LOCKSTEP_TANH, losses[i], 5);
		check_every_tensor(one);
		check_every_tensor(none);
		ls_double_net_destroy(none);
		ls_double_net_destroy(one);
	}
}

Test(differences, agree_for_inputs_of_any_size)
{
	static const size_t sizes[] = {4, 6, 3};
	for (size_t i = 0; i < 4; i++) {
		struct ls_double_net *net = double_case(sizes, 2, activations[i], LOCKSTEP_SOFTMAX, 5);
		for (size_t k = 0; k < 20; k++)
			net->inputs[0][k] *= k % 2 ? 255 : 1e-3;
		for (size_t k = 0; k < net->tensor_n[0]; k++)
			net->parameters[k] /= 100;
		double_case_run(net);
		check_every_tensor(net);
		ls_double_net_destroy(net);
	}
}

/* The largest error over all tensors when the backward pass takes the delta of
 * one loss, and the differences are of another one. */
static double error_of_wrong_delta(enum lockstep_loss backward, enum lockstep_loss differences)
{
	static const size_t sizes[] = {6, 5, 4};
	struct ls_double_net *net = double_case(sizes, 2, LOCKSTEP_SIGMOID, LOCKSTEP_MULTILABEL, 8);
	net->loss = backward;
	double_case_run(net);
	net->loss = differences;
	double worst = 0, least = INFINITY;
	for (size_t tensor = 0; tensor < 4; tensor++) {
		struct lockstep_gradcheck_layer layer = compare(net, tensor);
		worst = fmax(worst, layer.difference_error);
		least = fmin(least, layer.difference_error);
		cr_assert_eq(passed(&layer), backward == differences);
	}
	ls_double_net_destroy(net);
	cr_log_info("delta of %-10s, differences of %-10s: errors %.2g to %.2g", lockstep_loss_name(backward),
	            lockstep_loss_name(differences), least, worst);
	return worst;
}

Test(differences, tell_the_quadratic_delta_from_that_of_cross_entropy)
{
	cr_assert(error_of_wrong_delta(LOCKSTEP_MULTILABEL, LOCKSTEP_MULTILABEL) < 1e-8);
	cr_assert(error_of_wrong_delta(LOCKSTEP_QUADRATIC, LOCKSTEP_QUADRATIC) < 1e-8);
	cr_assert(error_of_wrong_delta(LOCKSTEP_QUADRATIC, LOCKSTEP_MULTILABEL) > 0.5);
	cr_assert(error_of_wrong_delta(LOCKSTEP_MULTILABEL, LOCKSTEP_QUADRATIC) > 0.5);
}

/* Changes one element of the gradient and says whether the comparison passed. */
static int passes_with(double (*change)(double gradient))
{
	static const size_t sizes[] = {5, 7, 6, 3};
	struct ls_double_net *net = double_case(sizes, 3, LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, 7);
	double *element = net->gradient + net->tensor_at[2] + 11;
	*element = change(*element);
	struct lockstep_gradcheck_layer layer = compare(net, 2);
	ls_double_net_destroy(net);
	return passed(&layer);
}

static double same(double gradient)
{
	return gradient;
}

static double negated(double gradient)
{
	return -gradient;
}

static double zeroed(double gradient)
{
	return 0 * gradient;
}

static double shifted(double gradient)
{
	return gradient + 1e-5;
}

static double not_a_number(double gradient)
{
	return gradient * NAN;
}

Test(differences, reject_one_wrong_element)
{
	cr_assert(passes_with(same));
	cr_assert(!passes_with(negated));
	cr_assert(!passes_with(zeroed));
	cr_assert(!passes_with(shifted));
	cr_assert(!passes_with(not_a_number));
}

Test(differences, reject_a_gradient_of_zeros)
{
	static const size_t sizes[] = {3, 2};
	struct ls_double_net *net = double_case(sizes, 1, LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, 2);
	for (size_t i = 0; i < net->n_parameters; i++)
		net->gradient[i] = 0;
	struct lockstep_gradcheck_layer layer = compare(net, 0);
	cr_assert(!passed(&layer));
	ls_double_net_destroy(net);
}

/* Rows of zeros through biases of 0: every hidden unit sits on its kink, so
 * that the first bias has no derivative. Its coordinates are counted, and what
 * could not be compared does not pass. */
Test(differences, leave_out_coordinates_at_a_kink)
{
	static const size_t sizes[] = {3, 4, 2};
	struct ls_double_net *net = double_case(sizes, 2, LOCKSTEP_RELU, LOCKSTEP_SOFTMAX, 2);
	for (size_t i = 0; i < 6; i++)
		net->inputs[0][i] = 0;
	for (size_t i = 0; i < net->tensor_n[1]; i++)
		net->parameters[net->tensor_at[1] + i] = 0;
	double_case_run(net);

	struct lockstep_gradcheck_layer weight = compare(net, 0), bias = compare(net, 1);
	cr_assert_eq(weight.n_sampled, 12);
	cr_assert(passed(&weight));
	cr_assert_eq(bias.n_sampled, 0);
	cr_assert_eq(bias.n_replaced, 4);
	cr_assert(!passed(&bias));
	ls_double_net_destroy(net);
}

/* Steps shrink until they stay on one side: a kink close by costs no coordinate. */
Test(differences, step_around_a_kink_close_by)
{
	static const size_t sizes[] = {1, 1, 2};
	struct ls_double_net *net = double_case(sizes, 2, LOCKSTEP_RELU, LOCKSTEP_SOFTMAX, 1);
	net->inputs[0][0] = 1;
	net->parameters[0] = 0.5;
	net->parameters[1] = -0.4999;
	double_case_run(net);
	check_every_tensor(net);
	struct lockstep_gradcheck_layer layer = compare(net, 0);
	cr_assert_eq(layer.n_sampled, 1);
	ls_double_net_destroy(net);
}

Test(differences, sample_large_tensors_and_never_miss_the_largest_gradients)
{
	static const size_t sizes[] = {1260, 8, 2};
	struct ls_double_net *net = double_case(sizes, 2, LOCKSTEP_RELU, LOCKSTEP_SOFTMAX, 3);
	struct lockstep_gradcheck_layer layer = compare(net, 0);
	cr_assert_eq(layer.n_sampled, SAMPLES);
	cr_assert(passed(&layer), "%g", layer.difference_error);

	size_t largest = 0;
	for (size_t i = 0; i < net->tensor_n[0]; i++)
		if (fabs(net->gradient[i]) > fabs(net->gradient[largest]))
			largest = i;
	net->gradient[largest] *= -1;
	layer = compare(net, 0);
	cr_assert(!passed(&layer));
	ls_double_net_destroy(net);
}
