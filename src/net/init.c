/* SPDX-License-Identifier: MIT
 *
 * One counter a parameter: the value depends on its place and the seed alone.
 */
#include "init.h"

#include <math.h>

#include "arith/fpcontrol.h"
#include "arith/functions64.h"
#include "arith/philox.h"

static double normal(uint32_t word)
{
	return ls_normal64(((double)word + 0.5) * 0x1p-32);
}

static float weight(enum lockstep_init init, const struct ls_layer *layer, uint32_t word)
{
	switch (init) {
	case LOCKSTEP_INIT_GLOROT:
		return (float)((((double)word + 0.5) * 0x1p-31 - 1.0) *
		               sqrt(6.0 / (double)(layer->n_in + layer->n_out)));
	case LOCKSTEP_INIT_HE:
		return (float)(normal(word) * sqrt(2.0 / (double)layer->n_in));
	case LOCKSTEP_INIT_NORMAL:
		break;
	}
	return (float)normal(word);
}

/* `draw` is that of the row's first weight. */
static void init_row(const struct ls_layer *layer, enum lockstep_init init, struct ls_draw draw, uint64_t seed,
                     float *weights)
{
	uint32_t words[4 * LS_DRAWS_BATCH];
	for (uint32_t k = 0; k < layer->n_in; k++, draw.unit++) {
		if (k % LS_DRAWS_BATCH == 0)
			ls_draws(&draw, seed, LS_DRAWS_BATCH, words);
		weights[k] = weight(init, layer, words[k % LS_DRAWS_BATCH * 4]);
	}
}

static void init_layer(struct lockstep_network *network, uint32_t i_layer)
{
	struct ls_layer *layer = &network->layers[i_layer];
	enum lockstep_init init = network->options.init;
	uint64_t seed = network->options.seed;
	uint32_t words[4];

	for (uint32_t j = 0; j < layer->n_out; j++) {
		init_row(layer, init, (struct ls_draw){.purpose = LS_PURPOSE_WEIGHT, .layer = i_layer, .row = j}, seed,
		         layer->weight + (size_t)j * layer->n_in);
		ls_draw(&(struct ls_draw){.purpose = LS_PURPOSE_BIAS, .layer = i_layer, .unit = j}, seed, words);
		layer->bias[j] = init == LOCKSTEP_INIT_NORMAL ? (float)normal(words[0]) : 0;
	}
}

void ls_network_init(struct lockstep_network *network)
{
	uint64_t saved = ls_fpcontrol_enter();
	for (uint32_t i = 0; i < network->n_layers; i++)
		init_layer(network, i);
	ls_fpcontrol_leave(saved);
}
