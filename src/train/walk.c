/* SPDX-License-Identifier: MIT
 *
 * The walk: gradients, reduction and update of one panel of a layer after the
 * other. A worker's deltas of a panel are copied together first, so that the
 * kernel reads them in a row, however wide the layer is.
 */
#include "walk.h"

#include <string.h>

/* One panel, as gradient and reduction see it. */
struct panel_view {
	size_t i_layer, i_panel;
	struct ls_packed_layer *layer;
	struct ls_panel panel;
	size_t n_k;              /* inputs in use */
	const uint32_t *columns; /* NULL: all of them */
	size_t offset;           /* in a subtree's sum of the block */
};

static struct panel_view view_panel(struct ls_packed *target, const struct ls_worker *worker, size_t i_layer,
                                    size_t i_panel)
{
	struct ls_packed_layer *layer = &target->layers[i_layer];
	struct panel_view view = {.i_layer = i_layer,
	                          .layer = layer,
	                          .i_panel = i_panel,
	                          .panel = ls_panels_get(&layer->forward, i_panel),
	                          .n_k = layer->forward.n_k};
	if (i_layer == 0 && worker->pass.columns) {
		view.n_k = worker->columns.n;
		view.columns = worker->columns.index;
	}
	return view;
}

static struct panel_view view_in_block(const struct ls_steps *steps, const struct ls_worker *worker,
                                       const struct ls_param_block *block, size_t i_panel)
{
	struct panel_view view = view_panel(steps->target, worker, block->i_layer, i_panel);
	view.offset = ls_block_offset(steps->packed, block, i_panel);
	return view;
}

/* Rows of a panel's weights from `first` on. */
static struct ls_target weight_target(const struct panel_view *view, const uint32_t *index, size_t first)
{
	size_t at = view->panel.offset + (index ? 0 : first * view->panel.width);
	return (struct ls_target){.weight = view->layer->weight + at,
	                          .velocity = view->layer->weight_velocity ? view->layer->weight_velocity + at : NULL,
	                          .index = index ? index + first : NULL};
}

static struct ls_target bias_target(const struct panel_view *view)
{
	float *velocity = view->layer->bias_velocity;
	return (struct ls_target){.weight = view->layer->bias + view->panel.column,
	                          .velocity = velocity ? velocity + view->panel.column : NULL};
}

/* Biases decay neither by l2; otherwise they are weights of a constant input. */
static struct ls_update bias_update(const struct ls_worker *worker)
{
	struct ls_update update = worker->update;
	update.l2 = 0;
	return update;
}

/* The panel's deltas of all the worker's rows, one behind the other. */
static const float *collect_deltas(const struct ls_worker *worker, const struct panel_view *view)
{
	const struct ls_shard_layer *layer = &worker->shard->layers[view->i_layer];
	const float *delta = layer->delta + view->panel.column;
	size_t width = view->panel.width;
	if (layer->ld == width)
		return delta;
	for (size_t r = 0; r < worker->pass.n_rows; r++)
		memcpy(worker->deltas + r * width, delta + r * layer->ld, width * sizeof *delta);
	return worker->deltas;
}

/* The gradient of a panel over one subtree, into `out` or, with out NULL,
 * straight into the weights. */
static int panel_gradient(const struct ls_arith *arith, const struct ls_worker *worker, const struct panel_view *view,
                          const float *deltas, struct ls_subtree subtree, float *out)
{
	static const float one = 1;
	const struct ls_shard *shard = worker->shard;
	const struct ls_shard_layer *below = view->i_layer ? &shard->layers[view->i_layer - 1] : NULL;
	const uint32_t *slices = worker->slice_rows + (subtree.first - worker->first_slice);
	struct ls_update for_bias = bias_update(worker);
	struct ls_gradient gradient = {
	    .n_k = view->n_k,
	    .in = below ? below->out : shard->inputs,
	    .ld_in = below ? below->ld : shard->ld_inputs,
	    .delta = deltas,
	    .ld_delta = view->panel.width,
	    .width = view->panel.width,
	    .slices = slices,
	    .n_slices = 1u << subtree.level,
	    .out = out,
	    .target = weight_target(view, view->columns, 0),
	    .update = &worker->update,
	};
	const struct ls_zeros *zeros = below ? NULL : worker->pass.zeros;
	if (zeros && zeros->for_gradient && view->panel.width == arith->panel) {
		gradient.rows = zeros->rows;
		gradient.slices = zeros->slices + (subtree.first - worker->first_slice);
		gradient.tile_stride = zeros->tile_stride;
	}
	int not_finite = arith->gradient(&gradient);

	gradient.rows = NULL;
	gradient.slices = slices;
	gradient.tile_stride = 0;
	gradient.n_k = 1;
	gradient.in = &one;
	gradient.ld_in = 0;
	gradient.out = out ? out + view->layer->forward.n_k * view->panel.width : NULL;
	gradient.target = bias_target(view);
	gradient.update = &for_bias;
	return arith->gradient(&gradient) | not_finite;
}

/* Columns first .. end - 1 of those not in use, when they need an update too. */
static int update_rest(const struct ls_steps *steps, const struct ls_worker *worker, const struct panel_view *view,
                       size_t first, size_t end)
{
	if (view->i_layer > 0 || first == end)
		return 0;
	struct ls_reduction reduction = {.n_k = end - first,
	                                 .width = view->panel.width,
	                                 .target = weight_target(view, worker->rest, first),
	                                 .update = &worker->update};
	return steps->packed->arith->reduce(&reduction);
}

int ls_walk_alone(const struct ls_steps *steps, struct ls_worker *worker, struct ls_packed *target)
{
	struct ls_subtree root = worker->subtrees[0];
	int not_finite = 0;
	for (size_t i = 0; i < target->n_layers; i++)
		for (size_t p = 0; p < ls_panels_count(&target->layers[i].forward); p++) {
			struct panel_view view = view_panel(target, worker, i, p);
			const float *deltas = collect_deltas(worker, &view);
			not_finite |= panel_gradient(target->arith, worker, &view, deltas, root, NULL);
			not_finite |= update_rest(steps, worker, &view, 0, worker->n_rest);
			ls_packed_transpose(view.layer, target->arith, p, 0, view.n_k);
		}
	return not_finite;
}

/* ---- Together -------------------------------------------------------- */

static float *ring_slot(const struct ls_worker *worker, uint64_t sequence)
{
	return worker->ring + sequence % LS_RING_SLOTS * worker->slot_floats;
}

/* Writes the worker's sums of the block into its ring. */
static void produce_block(const struct ls_steps *steps, struct ls_worker *worker, size_t i_block, uint64_t sequence)
{
	const struct ls_param_block *block = &steps->blocks->blocks[i_block];
	for (size_t p = block->first_panel; p < block->first_panel + block->n_panels; p++) {
		struct panel_view view = view_in_block(steps, worker, block, p);
		const float *deltas = collect_deltas(worker, &view);
		for (uint32_t i = 0; i < worker->n_subtrees; i++)
			panel_gradient(steps->packed->arith, worker, &view, deltas, worker->subtrees[i],
			               ring_slot(worker, sequence) + i * worker->subtree_floats + view.offset);
	}
}

/* Points the reduction at every subtree's sum, `offset` floats into it. */
static void find_nodes(const struct ls_steps *steps, struct ls_worker *worker, uint64_t sequence, size_t offset)
{
	const struct ls_partition *partition = &worker->partition;
	for (uint32_t i = 0; i < partition->n_nodes; i++) {
		const struct ls_worker *from = steps->workers[partition->nodes[i].worker];
		worker->nodes[i] =
		    ring_slot(from, sequence) + partition->nodes[i].i_subtree * from->subtree_floats + offset;
	}
}

static int reduce_rows(const struct ls_steps *steps, struct ls_worker *worker, struct ls_target target, size_t n_k,
                       size_t width, const struct ls_update *update)
{
	struct ls_reduction reduction = {.n_k = n_k,
	                                 .width = width,
	                                 .nodes = worker->nodes,
	                                 .n_merges = worker->partition.n_merges,
	                                 .n_nodes = worker->partition.n_nodes,
	                                 .target = target,
	                                 .update = update};
	return steps->packed->arith->reduce(&reduction);
}

static size_t share(size_t n, uint32_t n_workers, uint32_t i_worker)
{
	return (size_t)((unsigned __int128)n * i_worker / n_workers);
}

/* The worker's share of a panel: a run of its inputs, and the biases of every
 * n_workers-th panel. */
static int reduce_panel(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker,
                        const struct panel_view *view, uint64_t sequence)
{
	uint32_t n_workers = steps->n_workers;
	size_t width = view->panel.width;
	size_t first = share(view->n_k, n_workers, i_worker), end = share(view->n_k, n_workers, i_worker + 1);

	find_nodes(steps, worker, sequence, view->offset + first * width);
	int not_finite =
	    reduce_rows(steps, worker, weight_target(view, view->columns, first), end - first, width, &worker->update);
	if (view->i_panel % n_workers == i_worker) {
		struct ls_update update = bias_update(worker);
		find_nodes(steps, worker, sequence, view->offset + view->layer->forward.n_k * width);
		not_finite |= reduce_rows(steps, worker, bias_target(view), 1, width, &update);
	}
	ls_packed_transpose(view->layer, steps->packed->arith, view->i_panel, first, end);
	return not_finite;
}

static int reduce_block(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, size_t i_block,
                        uint64_t sequence)
{
	const struct ls_param_block *block = &steps->blocks->blocks[i_block];
	int not_finite = 0;
	for (size_t p = block->first_panel; p < block->first_panel + block->n_panels; p++) {
		struct panel_view view = view_in_block(steps, worker, block, p);
		not_finite |= reduce_panel(steps, worker, i_worker, &view, sequence);
		not_finite |= update_rest(steps, worker, &view, share(worker->n_rest, steps->n_workers, i_worker),
		                          share(worker->n_rest, steps->n_workers, i_worker + 1));
	}
	return not_finite;
}

/* Waits until every worker's counter (produced, or consumed) has come to
 * `value`. */
static void wait_for_all(const struct ls_steps *steps, size_t member, uint64_t value)
{
	for (uint32_t i = 0; i < steps->n_workers; i++)
		ls_counter_wait(steps->team, (struct ls_counter *)((char *)steps->workers[i] + member), value);
}

static int reduce_when_ready(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, size_t i_block,
                             uint64_t sequence)
{
	wait_for_all(steps, offsetof(struct ls_worker, produced), sequence);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_WAIT);
	int not_finite = reduce_block(steps, worker, i_worker, i_block, sequence);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_UPDATE);
	ls_counter_publish(steps->team, &worker->consumed, sequence);
	return not_finite;
}

/* Blocks are numbered through all steps, from 1, so that counters only grow.
 * Slot s is written again when all have consumed what it held. */
int ls_walk_together(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t before)
{
	size_t n = steps->blocks->n;
	int not_finite = 0;

	for (size_t b = 0; b < n + LS_RING_AHEAD; b++) {
		uint64_t sequence = before + b + 1;
		if (b < n) {
			if (sequence > LS_RING_SLOTS)
				wait_for_all(steps, offsetof(struct ls_worker, consumed), sequence - LS_RING_SLOTS);
			ls_worker_end_phase(worker, LOCKSTEP_PHASE_WAIT);
			produce_block(steps, worker, b, sequence);
			ls_worker_end_phase(worker, LOCKSTEP_PHASE_GRADIENT);
			ls_counter_publish(steps->team, &worker->produced, sequence);
		}
		if (b >= LS_RING_AHEAD)
			not_finite |=
			    reduce_when_ready(steps, worker, i_worker, b - LS_RING_AHEAD, sequence - LS_RING_AHEAD);
	}
	return not_finite;
}

int ls_walk_serially(const struct ls_steps *steps, uint64_t before)
{
	int not_finite = 0;
	for (size_t b = 0; b < steps->blocks->n; b++) {
		uint64_t sequence = before + b + 1;
		for (uint32_t i = 0; i < steps->n_workers; i++)
			produce_block(steps, steps->workers[i], b, sequence);
		for (uint32_t i = 0; i < steps->n_workers; i++)
			not_finite |= reduce_block(steps, steps->workers[i], i, b, sequence);
	}
	return not_finite;
}
