/* SPDX-License-Identifier: MIT
 *
 * What lies in the other workers' shards is copied once, in the order of the
 * mini-batch's rows, and then read from the worker's own cache.
 */
#include "owners.h"

#include <string.h>

#include "panel.h"

/* Those inputs of all rows into worker->owned. */
static void collect_inputs(const struct ls_steps *steps, struct ls_worker *worker, size_t i_layer,
                           struct ls_range inputs)
{
	float *to = worker->owned;
	for (uint32_t i = 0; i < steps->n_workers; i++) {
		const struct ls_shard *shard = steps->workers[i]->shard;
		const struct ls_shard_layer *below = i_layer ? &shard->layers[i_layer - 1] : NULL;
		const float *from = (below ? below->out : shard->inputs) + inputs.begin;
		size_t ld = below ? below->ld : shard->ld_inputs;
		struct ls_range rows = ls_partition_rows(&worker->partition, i);
		for (uint32_t r = rows.begin; r < rows.end; r++, to += worker->ld_owned, from += ld)
			memcpy(to, from, (inputs.end - inputs.begin) * sizeof *to);
	}
}

static void collect_deltas(const struct ls_steps *steps, struct ls_worker *worker, const struct ls_panel_view *view)
{
	for (uint32_t i = 0; i < steps->n_workers; i++) {
		struct ls_range rows = ls_partition_rows(&worker->partition, i);
		ls_panel_collect_deltas(view, steps->workers[i]->shard, rows.end - rows.begin,
		                        worker->deltas + rows.begin * view->panel.width);
	}
}

static const struct ls_zeros *find_zeros(struct ls_worker *worker, struct ls_range inputs)
{
	if (!worker->owned_zeros)
		return NULL;
	ls_zeros_find(worker->owned_zeros, &(struct ls_zeros_input){
					       .in = worker->owned,
					       .ld = worker->ld_owned,
					       .n_rows = worker->partition.n_rows,
					       .n_columns = inputs.end - inputs.begin,
					       .slices = worker->batch_slices,
					       .n_slices = worker->partition.n_slices,
					   });
	return worker->owned_zeros;
}

static int update_layer(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, size_t i_layer)
{
	struct ls_panel_view view = ls_panel_view(steps->target, worker, i_layer, 0);
	struct ls_range inputs = ls_tiles_part(view.n_k, steps->packed->arith->tile, steps->n_workers, i_worker);
	struct ls_panel_rows rows = {.in = worker->owned,
	                             .first_input = inputs.begin,
	                             .ld_in = worker->ld_owned,
	                             .deltas = worker->deltas,
	                             .slices = worker->batch_slices,
	                             .n_slices = worker->partition.n_slices};
	int not_finite = 0;
	collect_inputs(steps, worker, i_layer, inputs);
	if (i_layer == 0)
		rows.zeros = find_zeros(worker, inputs);
	for (size_t p = 0; p < ls_panels_count(&view.layer->panels); p++) {
		view = ls_panel_view(steps->target, worker, i_layer, p);
		ls_panel_pack_inputs(worker, &view, inputs, &rows, worker->partition.n_rows);
		collect_deltas(steps, worker, &view);
		not_finite |= ls_panel_weight_gradient(worker, &view, inputs, &rows, NULL);
		if (p % steps->n_workers == i_worker)
			not_finite |= ls_panel_bias_gradient(worker, &view, &rows, NULL);
		not_finite |= ls_panel_update_rest(worker, &view, steps->n_workers, i_worker);
	}
	return not_finite;
}

int ls_owners_walk(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker)
{
	int not_finite = 0;
	ls_steps_meet(steps, worker);
	for (size_t i = 0; i < steps->target->n_layers; i++)
		not_finite |= update_layer(steps, worker, i_worker, i);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_GRADIENT);
	return not_finite;
}
