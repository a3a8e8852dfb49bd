/* SPDX-License-Identifier: MIT
 *
 * The walk: gradients, reduction and update of one panel of a layer after the
 * other. A worker's deltas of a panel are copied together first, so that the
 * kernel reads them in a row, however wide the layer is.
 */
#include "walk.h"

#include "panel.h"

/* Where the inputs of a panel's layer stand, for all rows of the worker. */
static struct ls_panel_rows shard_rows(const struct ls_worker *worker, const struct ls_panel_view *view)
{
	const struct ls_shard *shard = worker->shard;
	const struct ls_shard_layer *below = view->i_layer ? &shard->layers[view->i_layer - 1] : NULL;
	return (struct ls_panel_rows){
	    /* An element's address is not NULL. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
	    .in = below ? below->out : shard->inputs,
	    .ld_in = below ? below->ld : shard->ld_inputs,
	    .deltas = worker->deltas,
	    .zeros = below ? NULL : worker->pass.zeros,
	};
}

/* Those of one subtree. */
static struct ls_panel_rows subtree_rows(const struct ls_worker *worker, const struct ls_panel_view *view,
                                         struct ls_subtree subtree)
{
	struct ls_panel_rows rows = shard_rows(worker, view);
	rows.first_slice = subtree.first - worker->first_slice;
	rows.slices = worker->slice_rows + rows.first_slice;
	rows.n_slices = 1u << subtree.level;
	return rows;
}

static struct ls_range all_inputs(const struct ls_panel_view *view)
{
	return (struct ls_range){0, (uint32_t)view->n_k};
}

/* Before a panel's gradients. */
static void prepare_panel(struct ls_worker *worker, const struct ls_panel_view *view)
{
	struct ls_panel_rows rows = shard_rows(worker, view);
	ls_panel_pack_inputs(worker, view, all_inputs(view), &rows, worker->pass.n_rows);
	ls_panel_collect_deltas(view, worker->shard, worker->pass.n_rows, worker->deltas);
}

/* ---- Alone ----------------------------------------------------------- */

int ls_walk_alone(struct ls_worker *worker, struct ls_packed *target)
{
	int not_finite = 0;
	for (size_t i = 0; i < target->n_layers; i++)
		for (size_t p = 0; p < ls_panels_count(&target->layers[i].panels); p++) {
			struct ls_panel_view view = ls_panel_view(target, worker, i, p);
			struct ls_panel_rows rows = subtree_rows(worker, &view, worker->subtrees[0]);
			prepare_panel(worker, &view);
			not_finite |= ls_panel_weight_gradient(worker, &view, all_inputs(&view), &rows, NULL);
			not_finite |= ls_panel_bias_gradient(worker, &view, &rows, NULL);
			not_finite |= ls_panel_update_rest(worker, &view, 1, 0);
		}
	return not_finite;
}

/* ---- Together -------------------------------------------------------- */

static float *ring_slot(const struct ls_worker *worker, uint64_t sequence)
{
	return worker->ring + sequence % LS_RING_SLOTS * worker->slot_floats;
}

/* What a block has of a panel. */
struct piece {
	struct ls_panel_view view;
	struct ls_range inputs;
	int is_first, is_last; /* part of the panel; the last has its biases */
};

static struct piece piece_of(const struct ls_steps *steps, const struct ls_worker *worker,
                             const struct ls_param_block *block, size_t i_panel)
{
	struct ls_panel_view view = ls_panel_view(steps->target, worker, block->i_layer, i_panel);
	return (struct piece){.view = view,
	                      .inputs =
	                          ls_tiles_part(view.n_k, steps->packed->arith->tile, block->n_parts, block->i_part),
	                      .is_first = block->i_part == 0,
	                      .is_last = block->i_part + 1 == block->n_parts};
}

/* Where a piece's bias sums stand, behind those of its weights. */
static size_t bias_offset(const struct piece *piece)
{
	return (piece->inputs.end - piece->inputs.begin) * piece->view.panel.width;
}

/* Writes the worker's sums of the block into its ring. */
static void produce_block(const struct ls_steps *steps, struct ls_worker *worker, size_t i_block, uint64_t sequence)
{
	const struct ls_param_block *block = &steps->blocks->blocks[i_block];
	for (size_t p = block->first_panel; p < block->first_panel + block->n_panels; p++) {
		struct piece piece = piece_of(steps, worker, block, p);
		float *out = ring_slot(worker, sequence) + ls_block_offset(steps->packed, block, p);
		if (piece.is_first)
			prepare_panel(worker, &piece.view);
		for (uint32_t i = 0; i < worker->n_subtrees; i++, out += worker->subtree_floats) {
			struct ls_panel_rows rows = subtree_rows(worker, &piece.view, worker->subtrees[i]);
			ls_panel_weight_gradient(worker, &piece.view, piece.inputs, &rows, out);
			if (piece.is_last)
				ls_panel_bias_gradient(worker, &piece.view, &rows, out + bias_offset(&piece));
		}
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

/* The worker's share of a piece: a run of its inputs, and the biases of every
 * n_workers-th panel. Its sums stand `offset` floats into a subtree's. */
static int reduce_piece(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker,
                        const struct piece *piece, uint64_t sequence, size_t offset)
{
	const struct ls_panel_view *view = &piece->view;
	uint32_t n_workers = steps->n_workers;
	size_t width = view->panel.width;
	struct ls_range share = ls_part(piece->inputs.end - piece->inputs.begin, n_workers, i_worker);

	find_nodes(steps, worker, sequence, offset + share.begin * width);
	int not_finite = reduce_rows(steps, worker, ls_panel_weights(view, piece->inputs.begin + share.begin),
	                             share.end - share.begin, width, &worker->update);
	if (!piece->is_last)
		return not_finite;
	if (view->i_panel % n_workers == i_worker) {
		struct ls_update update = ls_panel_bias_update(worker);
		find_nodes(steps, worker, sequence, offset + bias_offset(piece));
		not_finite |= reduce_rows(steps, worker, ls_panel_biases(view), 1, width, &update);
	}
	return not_finite | ls_panel_update_rest(worker, view, n_workers, i_worker);
}

static int reduce_block(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, size_t i_block,
                        uint64_t sequence)
{
	const struct ls_param_block *block = &steps->blocks->blocks[i_block];
	int not_finite = 0;
	for (size_t p = block->first_panel; p < block->first_panel + block->n_panels; p++) {
		struct piece piece = piece_of(steps, worker, block, p);
		not_finite |=
		    reduce_piece(steps, worker, i_worker, &piece, sequence, ls_block_offset(steps->packed, block, p));
	}
	return not_finite;
}

static int reduce_when_ready(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, size_t i_block,
                             uint64_t sequence)
{
	ls_steps_wait_produced(steps, sequence);
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
				ls_steps_wait_consumed(steps, sequence - LS_RING_SLOTS);
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

static void produce_alone(const struct ls_steps *steps, struct ls_worker *worker, size_t i_block, uint64_t sequence)
{
	ls_worker_begin_phases(worker, worker->times_phases);
	produce_block(steps, worker, i_block, sequence);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_GRADIENT);
}

static int reduce_alone(const struct ls_steps *steps, uint32_t i_worker, size_t i_block, uint64_t sequence)
{
	struct ls_worker *worker = steps->workers[i_worker];
	ls_worker_begin_phases(worker, worker->times_phases);
	int not_finite = reduce_block(steps, worker, i_worker, i_block, sequence);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_UPDATE);
	return not_finite;
}

int ls_walk_serially(const struct ls_steps *steps, uint64_t before)
{
	int not_finite = 0;
	for (size_t b = 0; b < steps->blocks->n; b++) {
		uint64_t sequence = before + b + 1;
		for (uint32_t i = 0; i < steps->n_workers; i++)
			produce_alone(steps, steps->workers[i], b, sequence);
		for (uint32_t i = 0; i < steps->n_workers; i++)
			not_finite |= reduce_alone(steps, i, b, sequence);
	}
	return not_finite;
}
