/* SPDX-License-Identifier: MIT
 *
 * One meeting a step: when all have shown the activations of a step, all have
 * also left those of the step before, whose place by parity may be written
 * again, and have said whether that step's update went well.
 */
#include "units.h"

#include <string.h>

#include "walk.h"

static void show_activations(struct ls_worker *worker, uint64_t step)
{
	ls_forward_first(worker->shard, &worker->pass, worker->shown[step % 2], worker->ld_shown);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_FORWARD);
}

static void take_activations(const struct ls_steps *steps, struct ls_worker *worker, uint64_t step)
{
	struct ls_shard_layer *layer = &worker->shard->layers[0];
	for (uint32_t i = 0; i < steps->n_workers; i++) {
		const struct ls_worker *from = steps->workers[i];
		float *to = layer->a + from->replica->layers[0].first_out;
		for (size_t r = 0; r < worker->pass.n_rows; r++)
			memcpy(to + r * layer->ld, from->shown[step % 2] + r * from->ld_shown,
			       from->ld_shown * sizeof *to);
	}
}

static void finish_step(struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t step)
{
	take_activations(steps, worker, step);
	ls_forward_rest(worker->shard, &worker->pass);
	ls_loss(worker->shard, &worker->pass);
	if (i_worker == 0)
		ls_steps_sum_losses(steps, worker, step);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_FORWARD);
	ls_backward(worker->shard, &worker->pass);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_BACKWARD);
	if (steps->store_only)
		ls_packed_clear(worker->replica);
	if (ls_walk_alone(worker, worker->replica))
		ls_steps_report_divergence(steps, step);
	ls_worker_end_phase(worker, LOCKSTEP_PHASE_GRADIENT);
	if (i_worker == 0)
		ls_steps_publish_stop(steps, step);
}

/* True when the run ended before its last step. */
static int run_steps(struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker)
{
	for (uint64_t step = steps->first_step; step < steps->end_step; step++) {
		ls_steps_gather(steps, worker, 0, step);
		show_activations(worker, step);
		ls_steps_meet(steps, worker);
		if (step > steps->first_step && ls_steps_settle(steps, i_worker, step - 1))
			return 1;
		finish_step(steps, worker, i_worker, step);
	}
	return 0;
}

/* Every worker its units; worker 0 the layers that all have. */
static void give_back(const struct ls_steps *steps, const struct ls_worker *worker, uint32_t i_worker)
{
	ls_packed_copy_layer(steps->target, worker->replica, 0);
	for (size_t i = 1; i_worker == 0 && i < steps->target->n_layers; i++)
		ls_packed_copy_layer(steps->target, worker->replica, i);
}

void ls_units_run(struct ls_steps *steps, uint32_t i_worker)
{
	struct ls_worker *worker = steps->workers[i_worker];
	for (size_t i = 0; i < steps->packed->n_layers; i++)
		ls_packed_copy_layer(worker->replica, steps->packed, i);
	ls_worker_begin_phases(worker, ls_steps_times_phases(steps));
	if (!run_steps(steps, worker, i_worker)) {
		ls_steps_meet(steps, worker);
		ls_steps_settle(steps, i_worker, steps->end_step - 1);
	}
	give_back(steps, worker, i_worker);
}
