/* SPDX-License-Identifier: MIT
 *
 * Parameters, rows and targets from one integer hash.
 */
#include "double_case.h"

#include <stdlib.h>

static uint32_t hash(uint32_t i)
{
	i = (i ^ i >> 16) * 0x45d9f3b;
	i = (i ^ i >> 16) * 0x45d9f3b;
	return i ^ i >> 16;
}

float irregular(uint32_t i)
{
	return (float)(hash(i + 1) >> 8) * 0x1p-23f - 1.0f;
}

static void set_targets(struct ls_double_net *net)
{
	size_t n = net->sizes[net->n_layers];
	for (size_t row = 0; row < net->n_rows; row++)
		for (size_t j = 0; j < n; j++)
			net->targets[row * n + j] =
			    net->loss == LOCKSTEP_SOFTMAX ? j == row % n : hash(500 + (uint32_t)(row * n + j)) % 2;
}

struct ls_double_net *double_case(const size_t *sizes, size_t n_layers, enum lockstep_activation hidden,
                                  enum lockstep_loss loss, size_t n_rows)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	struct ls_double_net *net = NULL;
	options.hidden = hidden;
	options.loss = loss;
	if (ls_double_net_create(&net, sizes, n_layers, &options, n_rows, NULL))
		abort();

	for (size_t i = 0; i < net->n_parameters; i++)
		net->parameters[i] = irregular((uint32_t)i);
	for (size_t i = 0; i < n_rows * sizes[0]; i++)
		net->inputs[0][i] = i % 5 ? irregular(100000 + (uint32_t)i) : 0;
	set_targets(net);
	double_case_run(net);
	return net;
}

void double_case_run(struct ls_double_net *net)
{
	ls_double_net_forward(net);
	ls_double_net_backward(net);
}
