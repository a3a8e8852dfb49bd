/* SPDX-License-Identifier: MIT
 *
 * The double net against networks worked out by hand. Their parameters are
 * such that every sigmoid is 3/4 (of ln 3) or 1/2 (of 0), and every number
 * below a fraction.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "arith/philox.h"
#include "support/double_case.h"
#include "check/double_net.h"

static const double tolerance = 1e-14;

static void assert_near(const double *values, const double *expected, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++) {
		double error = fabs(values[i] - expected[i]);
		cr_assert(error <= tolerance, "%s[%zu] is %.17g, not %.17g", what, i, values[i], expected[i]);
	}
}

/* A 2-2-2 sigmoid network on one row x = (1, 2):
 *
 *	W0 = (ln 3    0)  b0 = (0)   z0 = (ln 3)  a = (3/4)
 *	     (   1 -1/2)       (0)        (   0)      (1/2)
 *	W1 = ( 2     -1)  b1 = (ln 3 - 1)   W1 a = ( 1)   z1 = (ln 3)
 *	     (-2      1)       (       1)          (-1)        (   0)
 */
static struct ls_double_net *hand_net(enum lockstep_loss loss, uint8_t y0, uint8_t y1)
{
	static const size_t sizes[] = {2, 2, 2};
	struct ls_double_net *net = double_case(sizes, 2, LOCKSTEP_SIGMOID, loss, 1);
	const double parameters[] = {log(3), 0, 1, -0.5, 0, 0, 2, -1, -2, 1, log(3) - 1, 1};
	for (size_t i = 0; i < net->n_parameters; i++)
		net->parameters[i] = parameters[i];
	net->inputs[0][0] = 1;
	net->inputs[0][1] = 2;
	net->targets[0] = y0;
	net->targets[1] = y1;
	double_case_run(net);
	return net;
}

static void check_hand_net(enum lockstep_loss loss, const double outputs[2], double value, const double gradient[12])
{
	struct ls_double_net *net = hand_net(loss, 0, 1);
	double found = ls_double_net_loss(net);
	assert_near(net->outputs, outputs, 2, "outputs");
	assert_near(&found, &value, 1, "loss");
	assert_near(net->gradient, gradient, 12, "gradient");
	ls_double_net_destroy(net);
}

/* p = (3, 1) / 4; loss -log(1/4); delta1 = p - y = (3/4, -3/4);
 * W1^T delta1 = (3, -3/2); times a (1 - a) = (3/16, 1/4): delta0 = (9/16, -3/8). */
Test(double_net, softmax_network_worked_by_hand)
{
	const double outputs[] = {3. / 4, 1. / 4};
	const double gradient[] = {9. / 16, 9. / 8, -3. / 8,  -3. / 4, 9. / 16, -3. / 8,
	                           9. / 16, 3. / 8, -9. / 16, -3. / 8, 3. / 4,  -3. / 4};
	check_hand_net(LOCKSTEP_SOFTMAX, outputs, log(4), gradient);
}

/* p = (3/4, 1/2); loss -log(1/4) - log(1/2) = log 8; delta1 = (3/4, -1/2);
 * W1^T delta1 = (5/2, -5/4): delta0 = (15/32, -5/16). */
Test(double_net, multilabel_network_worked_by_hand)
{
	const double outputs[] = {3. / 4, 1. / 2};
	const double gradient[] = {15. / 32, 15. / 16, -5. / 16, -5. / 8, 15. / 32, -5. / 16,
	                           9. / 16,  3. / 8,   -3. / 8,  -1. / 4, 3. / 4,   -1. / 2};
	check_hand_net(LOCKSTEP_MULTILABEL, outputs, log(8), gradient);
}

/* a = (3/4, 1/2); loss (9/16 + 1/4) / 2; delta1 = (3/4 3/16, -1/2 1/4) = (9/64, -1/8);
 * W1^T delta1 = (17/32, -17/64): delta0 = (51/512, -17/256). */
Test(double_net, quadratic_network_worked_by_hand)
{
	const double outputs[] = {3. / 4, 1. / 2};
	const double gradient[] = {51. / 512, 51. / 256, -17. / 256, -17. / 128, 51. / 512, -17. / 256,
	                           27. / 256, 9. / 128,  -3. / 32,   -1. / 16,   9. / 64,   -1. / 8};
	check_hand_net(LOCKSTEP_QUADRATIC, outputs, 13. / 32, gradient);
}

/* One hidden unit with z = x of rows -1, 0, 2, output weight 1, multi-label,
 * target 0: the hidden delta is f'(x) sigmoid(f(x)). */
static void check_hidden_deltas(enum lockstep_activation hidden, const double derivatives[3], const double a[3])
{
	static const size_t sizes[] = {1, 1, 1};
	struct ls_double_net *net = double_case(sizes, 2, hidden, LOCKSTEP_MULTILABEL, 3);
	const double parameters[] = {1, 0, 1, 0};
	for (size_t i = 0; i < 4; i++)
		net->parameters[i] = parameters[i];
	for (size_t row = 0; row < 3; row++) {
		net->inputs[0][row] = row == 2 ? 2 : (double)row - 1;
		net->targets[row] = 0;
	}
	net->leaky_slope = 0.25;
	double_case_run(net);
	assert_near(net->inputs[1], a, 3, "activation");
	for (size_t row = 0; row < 3; row++) {
		double expected = derivatives[row] / (1 + exp(-a[row]));
		assert_near(&net->delta[0][row], &expected, 1, "delta");
	}
	ls_double_net_destroy(net);
}

Test(double_net, activations_and_their_derivatives_at_and_off_the_kink)
{
	double e = exp(1), t1 = (1 / e - e) / (1 / e + e), t2 = (exp(2) - exp(-2)) / (exp(2) + exp(-2));
	double s1 = 1 / (1 + e), s2 = 1 / (1 + exp(-2));
	const double sigmoids[] = {s1, 0.5, s2}, tanhs[] = {t1, 0, t2};
	check_hidden_deltas(LOCKSTEP_SIGMOID, (double[]){s1 - s1 * s1, 0.25, s2 - s2 * s2}, sigmoids);
	check_hidden_deltas(LOCKSTEP_TANH, (double[]){1 - t1 * t1, 1, 1 - t2 * t2}, tanhs);
	check_hidden_deltas(LOCKSTEP_RELU, (double[]){0, 0, 1}, (double[]){0, 0, 2});
	check_hidden_deltas(LOCKSTEP_LEAKY_RELU, (double[]){0.25, 0.25, 1}, (double[]){-0.25, 0, 2});
}

Test(double_net, gradient_is_the_mean_over_the_rows)
{
	static const size_t sizes[] = {3, 4, 2};
	struct ls_double_net *both = double_case(sizes, 2, LOCKSTEP_TANH, LOCKSTEP_SOFTMAX, 2);
	struct ls_double_net *one = double_case(sizes, 2, LOCKSTEP_TANH, LOCKSTEP_SOFTMAX, 1);
	double sum[3 * 4 + 4 + 4 * 2 + 2] = {0}, loss = 0;

	for (size_t row = 0; row < 2; row++) {
		for (size_t k = 0; k < 3; k++)
			one->inputs[0][k] = both->inputs[0][row * 3 + k];
		for (size_t j = 0; j < 2; j++)
			one->targets[j] = both->targets[row * 2 + j];
		double_case_run(one);
		loss += ls_double_net_loss(one) / 2;
		for (size_t i = 0; i < one->n_parameters; i++)
			sum[i] += one->gradient[i] / 2;
	}
	double found = ls_double_net_loss(both);
	assert_near(&found, &loss, 1, "loss");
	assert_near(both->gradient, sum, both->n_parameters, "gradient");
	ls_double_net_destroy(one);
	ls_double_net_destroy(both);
}

/* Saturated the wrong way: -log(a) would be infinite, the losses from logits are 1000. */
Test(double_net, losses_stay_finite_where_the_logarithm_of_the_output_does_not)
{
	static const size_t sizes[] = {1, 2};
	static const enum lockstep_loss losses[] = {LOCKSTEP_SOFTMAX, LOCKSTEP_MULTILABEL};
	for (size_t i = 0; i < 2; i++) {
		struct ls_double_net *net = double_case(sizes, 1, LOCKSTEP_SIGMOID, losses[i], 1);
		const double parameters[] = {0, 0, 1000, 0}, expected = i ? 1000 + log(2) : 1000;
		for (size_t k = 0; k < 4; k++)
			net->parameters[k] = parameters[k];
		net->targets[0] = 0;
		net->targets[1] = 1;
		double_case_run(net);
		double found = ls_double_net_loss(net), delta = net->delta[0][0], one = 1;
		cr_assert(fabs(found - expected) <= 1e-10, "%s: %.17g", lockstep_loss_name(losses[i]), found);
		assert_near(&delta, &one, 1, "delta");
		ls_double_net_destroy(net);
	}
}

Test(double_net, dropout_draws_by_file_row_layer_and_unit)
{
	static const size_t sizes[] = {2, 9, 9, 2};
	const uint32_t rows[] = {11, 3};
	struct ls_double_net *net = double_case(sizes, 3, LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, 2);
	size_t n_dropped = 0;

	ls_double_net_drop(net, 0.5, 77, 4, rows);
	for (uint32_t l = 0; l < 2; l++)
		for (uint32_t i = 0; i < 18; i++) {
			uint32_t unit = i % 9, words[4];
			ls_philox((uint32_t[]){unit / 4, rows[i / 9], 4, 5 * 65536 + l}, 77, words);
			int dropped = words[unit % 4] < 0x80000000u;
			n_dropped += (size_t)dropped;
			cr_assert_eq(net->keep[l][i], dropped ? 0 : 2, "layer %u, value %u", l, i);
		}
	cr_assert(n_dropped > 0 && n_dropped < 36);
	ls_double_net_destroy(net);
}

Test(double_net, dropped_units_pass_nothing_on_in_either_direction)
{
	static const size_t sizes[] = {2, 3, 2};
	struct ls_double_net *net = double_case(sizes, 2, LOCKSTEP_SIGMOID, LOCKSTEP_SOFTMAX, 1);
	net->keep[0][0] = 2;
	net->keep[0][1] = 0;
	double_case_run(net);
	double kept = 2 / (1 + exp(-net->z[0][0]));
	assert_near(&net->inputs[1][0], &kept, 1, "kept unit");
	cr_assert_eq(net->inputs[1][1], 0);
	cr_assert_eq(net->delta[0][1], 0);
	cr_assert_neq(net->delta[0][0], 0);
	ls_double_net_destroy(net);
}

Test(double_net, loss_with_a_moved_parameter_is_the_loss_of_the_moved_net)
{
	static const size_t sizes[] = {3, 4, 4, 2};
	struct ls_double_net *net = double_case(sizes, 3, LOCKSTEP_TANH, LOCKSTEP_MULTILABEL, 3);
	for (size_t tensor = 0; tensor < 6; tensor++)
		for (size_t i = 0; i < net->tensor_n[tensor]; i++) {
			double *parameter = net->parameters + net->tensor_at[tensor] + i, before = *parameter;
			int crossed = 0;
			double shortcut = ls_double_net_loss_at(net, tensor, i, before + 0.5, &crossed);
			cr_assert_eq(*parameter, before);
			*parameter += 0.5;
			ls_double_net_forward(net);
			double whole = ls_double_net_loss(net);
			*parameter = before;
			ls_double_net_forward(net);
			assert_near(&shortcut, &whole, 1, "loss");
			cr_assert_eq(crossed, 0);
		}
	ls_double_net_destroy(net);
}

/* The founding text's neuron: w = b = 2, x = 1, y = 0, rate 0.15. Fills the
 * output before each of n epochs. */
static void train_neuron(enum lockstep_loss loss, double *outputs, size_t n)
{
	static const size_t sizes[] = {1, 1};
	struct ls_double_net *net = double_case(sizes, 1, LOCKSTEP_SIGMOID, loss, 1);
	net->parameters[0] = net->parameters[1] = 2;
	net->inputs[0][0] = 1;
	net->targets[0] = 0;
	for (size_t epoch = 0; epoch < n; epoch++) {
		double_case_run(net);
		outputs[epoch] = net->outputs[0];
		net->parameters[0] -= 0.15 * net->gradient[0];
		net->parameters[1] -= 0.15 * net->gradient[1];
	}
	ls_double_net_destroy(net);
}

/* By hand: w and b move together, and z = w + b by -2 rate delta a step. At
 * z = 4 the quadratic delta is a a (1 - a) = 0.0173, the other a = 0.982: 57
 * times as much. The table is that of doc/derivation.md. */
Test(double_net, learning_slows_down_with_the_quadratic_loss_only)
{
	double quadratic[301], cross[301];
	train_neuron(LOCKSTEP_QUADRATIC, quadratic, 301);
	train_neuron(LOCKSTEP_MULTILABEL, cross, 301);
	cr_log_info("epoch, output and loss: quadratic, cross-entropy");
	for (size_t epoch = 0; epoch <= 300; epoch += epoch < 50 ? 10 : 50)
		cr_log_info("%3zu  %.4f %.4f  %.4f %.4f", epoch, quadratic[epoch],
		            quadratic[epoch] * quadratic[epoch] / 2, cross[epoch], -log1p(-cross[epoch]));

	double z_quadratic = 4, z_cross = 4;
	for (size_t epoch = 0; epoch < 301; epoch++) {
		double a = 1 / (1 + exp(-z_quadratic)), p = 1 / (1 + exp(-z_cross));
		assert_near(&quadratic[epoch], &a, 1, "quadratic");
		assert_near(&cross[epoch], &p, 1, "cross-entropy");
		z_quadratic -= 0.3 * a * a * (1 - a);
		z_cross -= 0.3 * p;
	}
	double ratio = (quadratic[0] - quadratic[1]) / (cross[0] - cross[1]);
	cr_assert(ratio < 0.02, "first steps: %g", ratio);
	cr_assert(quadratic[231] > 0.5 && quadratic[232] < 0.5 && cross[16] > 0.5 && cross[17] < 0.5);
}
