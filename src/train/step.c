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
#include "owners.h"
#include "units.h"
#include "walk.h"

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
	size_t n_in = steps->packed->layers[0].panels.n_k;
	ls_source_columns(&steps->source, rows, n_rows, &worker->columns);
	worker->n_rest = 0;
	if (worker->columns.n == n_in || !updates_at_rest(&worker->update))
		return;
	for (uint32_t k = 0; k < n_in; k++)
		if (!(worker->columns.bits[k / 64] >> k % 64 & 1))
			worker->rest[worker->n_rest++] = k;
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
	worker->n_slices = slices.end - slices.begin;
	worker->n_subtrees = ls_shard_subtrees(slices, worker->subtrees);
	for (uint32_t i = 0; worker->batch_slices && i < partition->n_slices; i++)
		worker->batch_slices[i + 1] = ls_slice_rows(n_rows, partition->n_slices, i).end;
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
	int all = worker->columns.n == steps->packed->layers[0].panels.n_k;
	worker->pass = (struct ls_pass){
	    .packed = worker->replica ? worker->replica : steps->packed,
	    .options = steps->network,
	    .n_rows = shard.end - shard.begin,
	    .rows = rows + shard.begin,
	    .columns = all ? NULL : &worker->columns,
	    .targets = {.rows = rows + shard.begin, .classes = table->classes, .flags = table->flags},
	    .dropout = dropout_of(steps),
	};
}

/* ---- Waiting for each other ------------------------------------------ */

void ls_steps_wait_produced(const struct ls_steps *steps, uint64_t value)
{
	for (uint32_t i = 0; i < steps->n_workers; i++)
		ls_counter_wait(steps->team, &steps->workers[i]->produced, value);
}

void ls_steps_wait_consumed(const struct ls_steps *steps, uint64_t value)
{
	for (uint32_t i = 0; i < steps->n_workers; i++)
		ls_counter_wait(steps->team, &steps->workers[i]->consumed, value);
}

/* The counters of all workers stand at the same number before a run. */
void ls_steps_meet(const struct ls_steps *steps, struct ls_worker *worker)
{
	uint64_t meeting = atomic_load_explicit(&worker->produced.value, memory_order_relaxed) + 1;
	ls_counter_publish(steps->team, &worker->produced, meeting);
	ls_steps_wait_produced(steps, meeting);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_WAIT);
}

/* ---- Forward, losses, deltas ----------------------------------------- */

void ls_steps_report_divergence(struct ls_steps *steps, uint64_t step)
{
	atomic_store_explicit(&steps->diverged[step % 2], step + 1, memory_order_relaxed);
}

void ls_steps_sum_losses(struct ls_steps *steps, const struct ls_worker *worker, uint64_t step)
{
	double *losses = steps->slice_losses[step % 2] + worker->first_slice;
	for (uint32_t slice = 0, row = 0; row < worker->pass.n_rows; slice++) {
		double total = 0;
		for (; row < worker->slice_rows[slice + 1]; row++)
			total += (double)worker->shard->losses[row];
		if (!isfinite(total))
			ls_steps_report_divergence(steps, step);
		losses[slice] = total;
	}
}

/* The shard's rows of the next step; NULL when that is not a full one. */
static const uint32_t *next_rows(const struct ls_steps *steps, const struct ls_pass *pass, uint64_t step)
{
	uint64_t i_next = (step % steps->steps_per_epoch + 1) * steps->options->batch;
	int is_full = i_next + steps->options->batch <= steps->n_order;
	return is_full ? pass->rows + steps->options->batch : NULL;
}

void ls_steps_gather(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t step)
{
	begin_step(steps, worker, i_worker, step);
	const struct ls_pass *pass = &worker->pass;
	ls_source_gather(&steps->source, (struct ls_row_list){pass->rows, pass->n_rows}, next_rows(steps, pass, step),
	                 pass->columns, worker->shard->inputs, worker->shard->ld_inputs);
	ls_shard_find_zeros(worker->shard, &worker->pass, worker->zeros, worker->slice_rows, worker->n_slices);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_GATHER);
}

/* Phases of several workers in one thread say nothing of a team, unless that is what is asked for. */
int ls_steps_times_phases(const struct ls_steps *steps)
{
	int is_alike = steps->n_workers == 1 || !ls_team_is_serial(steps->team) || steps->times_shards;
	return steps->options->time_phases && is_alike && !steps->store_only;
}

static void find_deltas(struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t step)
{
	ls_worker_begin_phases(worker, ls_steps_times_phases(steps));
	ls_steps_gather(steps, worker, i_worker, step);
	ls_forward(worker->shard, &worker->pass);
	ls_loss(worker->shard, &worker->pass);
	ls_steps_sum_losses(steps, worker, step);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_FORWARD);
	ls_backward(worker->shard, &worker->pass);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_BACKWARD);
}

/* ---- Verdict --------------------------------------------------------- */

static double tree_total(const double *losses, uint32_t n)
{
	return n == 1 ? losses[0] : tree_total(losses, n / 2) + tree_total(losses + n / 2, n / 2);
}

void ls_steps_publish_stop(struct ls_steps *steps, uint64_t step)
{
	if (step + 1 >= steps->goal_step)
		return;
	/* Mostly there is none, and a load leaves its line with all who read it. */
	int asked = atomic_load_explicit(steps->stop_request, memory_order_relaxed) &&
	            atomic_exchange_explicit(steps->stop_request, 0, memory_order_relaxed);
	if (!asked && steps->on_step)
		asked = steps->on_step(steps->context, step);
	if (asked)
		atomic_store_explicit(&steps->stopped[step % 2], step + 1, memory_order_relaxed);
}

static void account(struct ls_steps *steps, uint64_t step, int diverged)
{
	const uint32_t *rows;
	uint32_t n_rows = ls_steps_batch(steps, step, &rows);
	if (diverged) {
		steps->diverged_step = step + 1;
		return;
	}
	double loss = tree_total(steps->slice_losses[step % 2], ls_effective_slices(n_rows, steps->slices));
	steps->account.loss += loss;
	steps->account.epoch_loss += loss;
	steps->account.n_rows += n_rows;
	steps->account.n_done++;
}

static int was_stopped(const struct ls_steps *steps, uint64_t step)
{
	return atomic_load_explicit(&steps->stopped[step % 2], memory_order_relaxed) == step + 1;
}

int ls_steps_settle(struct ls_steps *steps, uint32_t i_worker, uint64_t step)
{
	int diverged = atomic_load_explicit(&steps->diverged[step % 2], memory_order_relaxed) == step + 1;
	if (i_worker == 0)
		account(steps, step, diverged);
	return diverged || was_stopped(steps, step);
}

/* ---- Runs ------------------------------------------------------------ */

/* Blocks of the walks before this step's. */
static uint64_t blocks_before(const struct ls_steps *steps, uint64_t step)
{
	return (steps->n_walks + (step - steps->first_step)) * steps->blocks->n;
}

/* Each kind of step returns true when the run ends with it. */
static int one_worker_step(struct ls_steps *steps, uint64_t step)
{
	struct ls_worker *worker = steps->workers[0];
	find_deltas(steps, worker, 0, step);
	if (ls_walk_alone(worker, steps->target))
		ls_steps_report_divergence(steps, step);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_GRADIENT);
	ls_steps_publish_stop(steps, step);
	return ls_steps_settle(steps, 0, step);
}

/* Several workers' phases, one after the other in the caller's thread. */
static int serial_step(struct ls_steps *steps, uint64_t step)
{
	for (uint32_t i = 0; i < steps->n_workers; i++)
		find_deltas(steps, steps->workers[i], i, step);
	if (ls_walk_serially(steps, blocks_before(steps, step)))
		ls_steps_report_divergence(steps, step);
	ls_steps_publish_stop(steps, step);
	return ls_steps_settle(steps, 0, step);
}

static int team_step(struct ls_steps *steps, uint32_t i_worker, uint64_t step)
{
	struct ls_worker *worker = steps->workers[i_worker];
	find_deltas(steps, worker, i_worker, step);
	int not_finite = steps->split == LOCKSTEP_SPLIT_OWNERS
	                     ? ls_owners_walk(steps, worker, i_worker)
	                     : ls_walk_together(steps, worker, i_worker, blocks_before(steps, step));
	if (not_finite)
		ls_steps_report_divergence(steps, step);
	if (i_worker == 0)
		ls_steps_publish_stop(steps, step);
	ls_team_barrier(steps->team, i_worker);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_WAIT);
	return ls_steps_settle(steps, i_worker, step);
}

static void run_by_rows(struct ls_steps *steps, uint32_t i_worker)
{
	int serial = ls_team_is_serial(steps->team), ends = 0;
	if (serial && i_worker > 0)
		return;
	for (uint64_t step = steps->first_step; step < steps->end_step && !ends; step++) {
		if (steps->n_workers == 1)
			ends = one_worker_step(steps, step);
		else if (serial)
			ends = serial_step(steps, step);
		else
			ends = team_step(steps, i_worker, step);
	}
}

static void run_body(void *context, uint32_t i_worker, uint32_t n_workers)
{
	struct ls_steps *steps = context;
	if (i_worker == 0)
		steps->n_delivered = n_workers;
	if (n_workers != steps->n_workers)
		return;
	uint64_t saved = ls_fpcontrol_enter();
	if (steps->split == LOCKSTEP_SPLIT_UNITS)
		ls_units_run(steps, i_worker);
	else
		run_by_rows(steps, i_worker);
	ls_fpcontrol_leave(saved);
}

lockstep_status ls_steps_run(struct ls_steps *steps, lockstep_error *error)
{
	uint64_t n_done_before = steps->account.n_done;
	steps->diverged_step = 0;
	for (int parity = 0; parity < 2; parity++) {
		atomic_store_explicit(&steps->diverged[parity], 0, memory_order_relaxed);
		atomic_store_explicit(&steps->stopped[parity], 0, memory_order_relaxed);
	}
	lockstep_status status = ls_team_run_first(steps->team, steps->n_workers, run_body, steps, error);
	uint64_t n_done = steps->account.n_done - n_done_before;
	steps->n_walks += n_done + (steps->diverged_step != 0);
	if (status || steps->n_delivered != steps->n_workers)
		return status;
	if (steps->diverged_step)
		return ls_error_set(error, LOCKSTEP_DIVERGED,
		                    "the job diverged at step %llu (epoch %u): the loss or a parameter is not finite; "
		                    "a smaller learning rate may help",
		                    (unsigned long long)steps->diverged_step, steps->epoch + 1);
	uint64_t end = steps->first_step + n_done;
	if (was_stopped(steps, end - 1))
		return ls_error_set(error, LOCKSTEP_STOPPED, "stopped after step %llu", (unsigned long long)end);
	return LOCKSTEP_OK;
}
