/* SPDX-License-Identifier: MIT
 *
 * The benchmark networks: that of the founding text, and three that grow from
 * a step of microseconds to one that fills a large machine.
 */
#include <assert.h>
#include <stdlib.h>

#include "arith/arith.h"
#include "base/ranges.h"
#include "lockstep/bench.h"

static const struct lockstep_bench_network networks[LOCKSTEP_BENCH_N_NETWORKS] = {
    {.layers = "784-30-10", .hidden = LOCKSTEP_SIGMOID, .batch = 10, .learning_rate = 0.5},
    {.layers = "784-128-10", .hidden = LOCKSTEP_RELU, .batch = 32, .learning_rate = 0.05},
    {.layers = "784-512-512-10", .hidden = LOCKSTEP_RELU, .batch = 128, .learning_rate = 0.05},
    {.layers = "784-2048-2048-10", .hidden = LOCKSTEP_RELU, .batch = 512, .learning_rate = 0.05},
};

/* Of one row: forward and gradient of every layer, the backward product of all
 * but the first, two operations a multiply-add. */
static void count(struct lockstep_bench_network *network)
{
	char *at;
	double n_in = (double)strtoul(network->layers, &at, 10);
	while (*at == '-') {
		double n_out = (double)strtoul(at + 1, &at, 10);
		if (network->n_layers == 0 && *at == '-')
			network->unit_groups = ((uint32_t)n_out + LS_ROW_ALIGNMENT - 1) / LS_ROW_ALIGNMENT;
		network->flops_per_row += (network->n_layers ? 6 : 4) * n_in * n_out;
		network->n_layers++;
		n_in = n_out;
	}
}

void lockstep_bench_network_get(size_t i_network, struct lockstep_bench_network *network)
{
	assert(i_network < LOCKSTEP_BENCH_N_NETWORKS);
	*network = networks[i_network];
	network->slices = ls_default_slices(network->batch);
	count(network);
}

void lockstep_bench_shard_get(const struct lockstep_bench_network *network, uint32_t workers,
                              struct lockstep_bench_shard *shard)
{
	assert(workers > 0 && workers <= network->slices);
	struct ls_range slices = ls_shard_slices(network->slices, workers, 0);
	*shard = (struct lockstep_bench_shard){
	    .workers = workers,
	    .rows = ls_slice_rows(network->batch, network->slices, slices.end - 1).end,
	    .slices = slices.end,
	};
}
