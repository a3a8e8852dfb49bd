/* SPDX-License-Identifier: MIT
 *
 * The data-parallel step. Phases are functions of (steps, worker, step), so
 * that the serial engine runs the same phases as loops over the workers.
 */
#include "step.h"

#include <math.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "schedule.h"

/* ---- The mini-batch -------------------------------------------------- */

uint32_t ls_steps_batch(const struct ls_steps *steps, uint64_t step, const uint32_t **rows)
{
	uint64_t first = step % steps->steps_per_epoch * steps->options->batch;
	uint64_t left = steps->n_order - first;
	*rows = steps->order + first;
	return left < steps->options->batch ? (uint32_t)left : steps->options->batch;
}

static struct ls_dropout dropout_of(const struct ls_steps *steps)
{
	double p = steps->options->dropout;
	return (struct ls_dropout){.threshold = (uint32_t)floor(p * 0x1p32),
	                           .scale = (float)(1.0 / (1.0 - p)),
	                           .seed = steps->options->seed,
	                           .epoch = steps->epoch};
}

/* Does a weight change although its gradient is 0? */
static int updates_at_rest(const struct ls_update *update)
{
	return !update->store_only && (update->momentum != 0 || update->l2 != 0);
}

/* Columns of the whole mini-batch, not of the shard: all workers must walk the
 * same ones. */
static void find_columns(const struct ls_steps *steps, struct ls_worker *worker, const uint32_t *rows, uint32_t n_rows)
{
	size_t n_in = steps->packed->layers[0].forward.n_k;
	worker->n_columns = ls_source_columns(&steps->source, rows, n_rows, worker->columns);
	worker->n_rest = 0;
	if (!updates_at_rest(&worker->update) || worker->n_columns == n_in)
		return;
	for (uint32_t k = 0, used = 0; k < n_in; k++) {
		if (used < worker->n_columns && worker->columns[used] == k)
			used++;
		else
			worker->rest[worker->n_rest++] = k;
	}
}

static void set_update(const struct ls_steps *steps, struct ls_worker *worker, uint64_t step, uint32_t n_rows)
{
	const struct lockstep_train_options *options = steps->options;
	worker->update = (struct ls_update){
	    .scale = 1.0f / (float)n_rows,
	    .rate = (float)ls_schedule_rate(options, step, steps->steps_per_epoch),
	    .momentum = (float)options->momentum,
	    .l2 = (float)options->l2,
	    .nesterov = options->nesterov,
	    .store_only = steps->store_only,
	};
}

static void set_partition(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint32_t n_rows)
{
	struct ls_partition *partition = &worker->partition;
	if (partition->n_rows == n_rows)
		return;
	ls_partition_set(partition, n_rows, steps->slices);
	struct ls_range slices = ls_partition_slices(partition, i_worker);
	uint32_t first = ls_partition_rows(partition, i_worker).begin;
	worker->first_slice = slices.begin;
	worker->n_subtrees = ls_shard_subtrees(slices, worker->subtrees);
	worker->slice_rows[0] = 0;
	for (uint32_t i = slices.begin; i < slices.end; i++)
		worker->slice_rows[i - slices.begin + 1] = ls_slice_rows(n_rows, partition->n_slices, i).end - first;
}

static void begin_step(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t step)
{
	const uint32_t *rows;
	uint32_t n_rows = ls_steps_batch(steps, step, &rows);
	const struct ls_table *table = steps->source.table;

	set_update(steps, worker, step, n_rows);
	set_partition(steps, worker, i_worker, n_rows);
	find_columns(steps, worker, rows, n_rows);
	struct ls_range shard = ls_partition_rows(&worker->partition, i_worker);
	int all = worker->n_columns == steps->packed->layers[0].forward.n_k;
	worker->pass = (struct ls_pass){
	    .packed = steps->packed,
	    .options = steps->network,
	    .n_rows = shard.end - shard.begin,
	    .rows = rows + shard.begin,
	    .columns = all ? NULL : worker->columns,
	    .n_columns = worker->n_columns,
	    .targets = {.rows = rows + shard.begin, .classes = table->classes, .flags = table->flags},
	    .dropout = dropout_of(steps),
	};
}

/* ---- Forward, losses, deltas ----------------------------------------- */

static void report_divergence(struct ls_steps *steps, uint64_t step)
{
	atomic_store_explicit(&steps->diverged[step % 2], step + 1, memory_order_relaxed);
}

static void sum_losses(struct ls_steps *steps, const struct ls_worker *worker, uint64_t step)
{
	double *losses = steps->slice_losses[step % 2] + worker->first_slice;
	for (uint32_t slice = 0, row = 0; row < worker->pass.n_rows; slice++) {
		double total = 0;
		for (; row < worker->slice_rows[slice + 1]; row++)
			total += (double)worker->shard->losses[row];
		if (!isfinite(total))
			report_divergence(steps, step);
		losses[slice] = total;
	}
}

static void find_deltas(struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t step)
{
	begin_step(steps, worker, i_worker, step);
	const struct ls_pass *pass = &worker->pass;
	ls_source_gather(&steps->source, pass->rows, pass->n_rows, pass->columns, pass->n_columns,
	                 worker->shard->inputs, worker->shard->ld_inputs);
	ls_forward(worker->shard, pass);
	ls_loss(worker->shard, pass);
	sum_losses(steps, worker, step);
	ls_backward(worker->shard, pass);
}

/* ---- The walk over parameter blocks ---------------------------------- */

/* One panel, as gradient and reduction see it. */
struct panel_view {
	struct ls_packed_layer *layer;
	struct ls_panel panel;
	size_t i_panel;
	size_t n_k;              /* inputs in use */
	const uint32_t *columns; /* NULL: all of them */
	size_t offset;           /* in a subtree's sum of the block */
};

static struct panel_view view_panel(const struct ls_steps *steps, const struct ls_worker *worker,
                                    const struct ls_param_block *block, size_t i_panel)
{
	struct ls_packed_layer *layer = &steps->target->layers[block->i_layer];
	struct panel_view view = {.layer = layer,
	                          .panel = ls_panels_get(&layer->forward, i_panel),
	                          .i_panel = i_panel,
	                          .n_k = layer->forward.n_k,
	                          .offset = ls_block_offset(steps->packed, block, i_panel)};
	if (block->i_layer == 0) {
		view.n_k = worker->n_columns;
		view.columns = worker->pass.columns;
	}
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

static void transpose_rows(const struct panel_view *view, size_t first, size_t end)
{
	if (!view->layer->transposed)
		return;
	for (size_t k = first; k < end; k++)
		ls_packed_transpose(view->layer, view->i_panel, k);
}

/* Biases decay neither by l2; otherwise they are weights of a constant input. */
static struct ls_update bias_update(const struct ls_worker *worker)
{
	struct ls_update update = worker->update;
	update.l2 = 0;
	return update;
}

/* The gradient of a panel over one subtree, into `out` or, with out NULL,
 * straight into the weights. */
static int panel_gradient(const struct ls_steps *steps, const struct ls_worker *worker, const struct panel_view *view,
                          size_t i_layer, struct ls_subtree subtree, float *out)
{
	static const float one = 1;
	const struct ls_shard *shard = worker->shard;
	const struct ls_shard_layer *outputs = &shard->layers[i_layer];
	struct ls_update for_bias = bias_update(worker);
	struct ls_gradient gradient = {
	    .n_k = view->n_k,
	    .in = i_layer ? shard->layers[i_layer - 1].out : shard->inputs,
	    .ld_in = i_layer ? shard->layers[i_layer - 1].ld : shard->ld_inputs,
	    .delta = outputs->delta + view->panel.column,
	    .ld_delta = outputs->ld,
	    .width = view->panel.width,
	    .slices = worker->slice_rows + (subtree.first - worker->first_slice),
	    .n_slices = 1u << subtree.level,
	    .out = out,
	    .target = weight_target(view, view->columns, 0),
	    .update = &worker->update,
	};
	int not_finite = steps->packed->arith->gradient(&gradient);

	gradient.n_k = 1;
	gradient.in = &one;
	gradient.ld_in = 0;
	gradient.out = out ? out + view->layer->forward.n_k * view->panel.width : NULL;
	gradient.target = bias_target(view);
	gradient.update = &for_bias;
	return steps->packed->arith->gradient(&gradient) | not_finite;
}

static int update_rest(const struct ls_steps *steps, const struct ls_worker *worker, const struct panel_view *view,
                       size_t first, size_t end)
{
	struct ls_reduction reduction = {.n_k = end - first,
	                                 .width = view->panel.width,
	                                 .target = weight_target(view, worker->rest, first),
	                                 .update = &worker->update};
	return steps->packed->arith->reduce(&reduction);
}

/* A lone worker's step of the walk. */
static int update_block(const struct ls_steps *steps, struct ls_worker *worker, const struct ls_param_block *block)
{
	struct ls_subtree root = worker->subtrees[0];
	int not_finite = 0;
	for (size_t p = block->first_panel; p < block->first_panel + block->n_panels; p++) {
		struct panel_view view = view_panel(steps, worker, block, p);
		not_finite |= panel_gradient(steps, worker, &view, block->i_layer, root, NULL);
		if (block->i_layer == 0)
			not_finite |= update_rest(steps, worker, &view, 0, worker->n_rest);
		transpose_rows(&view, 0, view.n_k);
	}
	return not_finite;
}

static float *ring_slot(const struct ls_worker *worker, uint64_t sequence)
{
	return worker->ring + sequence % LS_RING_SLOTS * worker->slot_floats;
}

/* Writes the worker's sums of the block into its ring. */
static void produce_block(const struct ls_steps *steps, struct ls_worker *worker, size_t i_block, uint64_t sequence)
{
	const struct ls_param_block *block = &steps->blocks->blocks[i_block];
	for (size_t p = block->first_panel; p < block->first_panel + block->n_panels; p++) {
		struct panel_view view = view_panel(steps, worker, block, p);
		for (uint32_t i = 0; i < worker->n_subtrees; i++)
			panel_gradient(steps, worker, &view, block->i_layer, worker->subtrees[i],
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
	transpose_rows(view, first, end);
	return not_finite;
}

static int reduce_block(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, size_t i_block,
                        uint64_t sequence)
{
	const struct ls_param_block *block = &steps->blocks->blocks[i_block];
	int not_finite = 0;
	for (size_t p = block->first_panel; p < block->first_panel + block->n_panels; p++) {
		struct panel_view view = view_panel(steps, worker, block, p);
		not_finite |= reduce_panel(steps, worker, i_worker, &view, sequence);
		if (block->i_layer == 0)
			not_finite |=
			    update_rest(steps, worker, &view, share(worker->n_rest, steps->n_workers, i_worker),
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
	int not_finite = reduce_block(steps, worker, i_worker, i_block, sequence);
	ls_counter_publish(steps->team, &worker->consumed, sequence);
	return not_finite;
}

/* Blocks are numbered through all steps, from 1, so that counters only grow.
 * Slot s is written again when all have consumed what it held. */
static int walk_blocks(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t before)
{
	size_t n = steps->blocks->n;
	int not_finite = 0;

	for (size_t b = 0; b < n + LS_RING_AHEAD; b++) {
		uint64_t sequence = before + b + 1;
		if (b < n) {
			if (sequence > LS_RING_SLOTS)
				wait_for_all(steps, offsetof(struct ls_worker, consumed), sequence - LS_RING_SLOTS);
			produce_block(steps, worker, b, sequence);
			ls_counter_publish(steps->team, &worker->produced, sequence);
		}
		if (b >= LS_RING_AHEAD)
			not_finite |=
			    reduce_when_ready(steps, worker, i_worker, b - LS_RING_AHEAD, sequence - LS_RING_AHEAD);
	}
	return not_finite;
}

/* ---- Verdict --------------------------------------------------------- */

static double tree_total(const double *losses, uint32_t n)
{
	return n == 1 ? losses[0] : tree_total(losses, n / 2) + tree_total(losses + n / 2, n / 2);
}

/* Worker 0, before the barrier: what it has heard of a stop. */
static void publish_stop(struct ls_steps *steps, uint64_t step)
{
	int asked = steps->stop_request && atomic_load_explicit(steps->stop_request, memory_order_relaxed);
	if (!asked && steps->on_step && step + 1 < steps->end_step)
		asked = steps->on_step(steps->context, step);
	if (asked)
		atomic_store_explicit(&steps->stopped[step % 2], step + 1, memory_order_relaxed);
}

/* Worker 0, after the barrier. */
static void account(struct ls_steps *steps, uint64_t step, int diverged)
{
	const struct ls_partition *partition = &steps->workers[0]->partition;
	if (diverged) {
		steps->diverged_step = step + 1;
		return;
	}
	steps->loss += tree_total(steps->slice_losses[step % 2], partition->n_slices);
	steps->n_rows += partition->n_rows;
	steps->n_done++;
}

static int has_diverged(const struct ls_steps *steps, uint64_t step)
{
	return atomic_load_explicit(&steps->diverged[step % 2], memory_order_relaxed) == step + 1;
}

/* The same for every worker: true when the run ends after this step. */
static int ends_here(const struct ls_steps *steps, uint64_t step)
{
	return has_diverged(steps, step) ||
	       atomic_load_explicit(&steps->stopped[step % 2], memory_order_relaxed) == step + 1;
}

/* ---- Runs ------------------------------------------------------------ */

static void one_worker_step(struct ls_steps *steps, uint64_t step)
{
	struct ls_worker *worker = steps->workers[0];
	int not_finite = 0;
	find_deltas(steps, worker, 0, step);
	for (size_t b = 0; b < steps->blocks->n; b++)
		not_finite |= update_block(steps, worker, &steps->blocks->blocks[b]);
	if (not_finite)
		report_divergence(steps, step);
	publish_stop(steps, step);
	account(steps, step, has_diverged(steps, step));
}

/* Several workers' phases, one after the other in the caller's thread. */
static void serial_step(struct ls_steps *steps, uint64_t step)
{
	uint64_t sequence = (steps->n_walks + (step - steps->first_step)) * steps->blocks->n;
	int not_finite = 0;
	for (uint32_t i = 0; i < steps->n_workers; i++)
		find_deltas(steps, steps->workers[i], i, step);
	for (size_t b = 0; b < steps->blocks->n; b++) {
		sequence++;
		for (uint32_t i = 0; i < steps->n_workers; i++)
			produce_block(steps, steps->workers[i], b, sequence);
		for (uint32_t i = 0; i < steps->n_workers; i++)
			not_finite |= reduce_block(steps, steps->workers[i], i, b, sequence);
	}
	if (not_finite)
		report_divergence(steps, step);
	publish_stop(steps, step);
	account(steps, step, has_diverged(steps, step));
}

static void team_step(struct ls_steps *steps, uint32_t i_worker, uint64_t step)
{
	struct ls_worker *worker = steps->workers[i_worker];
	uint64_t before = (steps->n_walks + (step - steps->first_step)) * steps->blocks->n;
	find_deltas(steps, worker, i_worker, step);
	if (walk_blocks(steps, worker, i_worker, before))
		report_divergence(steps, step);
	if (i_worker == 0)
		publish_stop(steps, step);
	ls_team_barrier(steps->team, i_worker);
	if (i_worker == 0)
		account(steps, step, has_diverged(steps, step));
}

static void run_body(void *context, uint32_t i_worker, uint32_t n_workers)
{
	struct ls_steps *steps = context;
	if (i_worker == 0)
		steps->n_delivered = n_workers;
	if (n_workers != steps->n_workers)
		return;
	int serial = ls_team_is_serial(steps->team);
	if (serial && i_worker > 0)
		return;

	uint64_t saved = ls_fpcontrol_enter();
	for (uint64_t step = steps->first_step; step < steps->end_step; step++) {
		if (n_workers == 1)
			one_worker_step(steps, step);
		else if (serial)
			serial_step(steps, step);
		else
			team_step(steps, i_worker, step);
		if (ends_here(steps, step))
			break;
	}
	ls_fpcontrol_leave(saved);
}

lockstep_status ls_steps_run(struct ls_steps *steps, lockstep_error *error)
{
	steps->loss = 0;
	steps->n_rows = steps->n_done = steps->diverged_step = 0;
	for (int parity = 0; parity < 2; parity++) {
		atomic_store_explicit(&steps->diverged[parity], 0, memory_order_relaxed);
		atomic_store_explicit(&steps->stopped[parity], 0, memory_order_relaxed);
	}
	lockstep_status status = ls_team_run(steps->team, run_body, steps, error);
	steps->n_walks += steps->n_done + (steps->diverged_step != 0);
	if (status || steps->n_delivered != steps->n_workers)
		return status;
	if (steps->diverged_step)
		return ls_error_set(error, LOCKSTEP_DIVERGED,
		                    "the job diverged at step %llu (epoch %u): the loss or a parameter is not finite; "
		                    "a smaller learning rate may help",
		                    (unsigned long long)steps->diverged_step, steps->epoch + 1);
	if (steps->first_step + steps->n_done < steps->end_step)
		return ls_error_set(error, LOCKSTEP_STOPPED, "stopped after step %llu",
		                    (unsigned long long)(steps->first_step + steps->n_done));
	return LOCKSTEP_OK;
}
