/* SPDX-License-Identifier: MIT
 *
 * One SGD step in data parallel (doc/numerics.md says what it computes):
 *
 *   every worker   gathers its shard's rows, forward, losses, deltas
 *   every worker   walks the parameter blocks in one order and writes its
 *                  shard's gradient of each into its ring
 *   every worker   once all have written a block, sums its share of the block
 *                  in tree order and updates those weights, while the others
 *                  are on later blocks
 *   barrier
 *
 * Instead of the walk the parameters may have owners (owners.h), and instead of
 * the rows the first layer's units may be split (units.h); no bit differs.
 *
 * That all have written a block means that all have their deltas, so the old
 * weights are no longer needed: one barrier a step is enough. A lone worker
 * has no ring: gradient, tree and update of a tile happen in registers.
 */
#ifndef LS_TRAIN_STEP_H
#define LS_TRAIN_STEP_H

#include <stdatomic.h>
#include <stdint.h>

#include "blocks.h"
#include "data/input.h"
#include "net/packed.h"
#include "team/team.h"
#include "worker.h"

/* What steps came to. */
struct ls_account {
	double loss;       /* sum of the steps' loss totals, in step order, since it was set to 0 */
	double epoch_loss; /* the same since the epoch began */
	uint64_t n_rows;   /* rows of those steps, since it was set to 0 */
	uint64_t n_done;   /* steps completed without divergence, since it was set to 0 */
};

/* What all workers of a run of steps share. Set up by the coordinator before
 * the run; read-only in it, but for the marked members. */
struct ls_steps {
	struct ls_team *team;
	struct ls_packed *packed; /* weights: read by all, written each by the worker whose share it is */
	struct ls_packed *target; /* where updates go: `packed`, or a copy that takes the gradients */
	const struct ls_blocks *blocks;
	struct ls_worker **workers; /* [n_workers] */
	uint32_t n_workers;
	enum lockstep_split split; /* not auto */
	struct ls_source source;
	const struct lockstep_network_options *network;
	const struct lockstep_train_options *options;
	uint32_t slices;
	uint64_t steps_per_epoch;
	const uint32_t *order; /* [n_order] rows of the running epoch */
	uint32_t n_order;
	uint32_t epoch;                /* from 0 */
	uint64_t first_step, end_step; /* of the job; all in this epoch */
	uint64_t goal_step;            /* where several runs shall come to: end_step, or later */
	uint64_t n_walks;              /* steps walked before this run, since the counters were 0 */
	int store_only;                /* gradients only, no update */
	int times_shards;              /* with the serial engine too: every worker's phases, as if it never waited */

	/* Called by worker 0 after every step but that before the goal; non-zero
	 * ends the run. */
	int (*on_step)(void *context, uint64_t step);
	void *context;

	/* Kept twice, by the parity of the step; written before the barrier, read
	 * after it. `diverged` and `stopped` hold step + 1 of the step that ended. */
	double *slice_losses[2];      /* [slices], each by the slice's worker */
	_Atomic uint64_t diverged[2]; /* by whoever sees it */
	_Atomic uint64_t stopped[2];  /* by worker 0 */
	_Atomic int *stop_request;    /* by anyone, at any time; taken back by worker 0 when it ends a run */

	/* By worker 0: */
	uint32_t n_delivered; /* workers that ran; if not n_workers, nothing was done */
	struct ls_account account;
	uint64_t diverged_step; /* from 1; 0: none */
};

/* Are the phases of this run kept? Those of gradients alone are not, for they are no steps of the job. */
int ls_steps_times_phases(const struct ls_steps *steps);

/* Rows of a step's mini-batch: their number, and the first of them in the
 * epoch's order. */
uint32_t ls_steps_batch(const struct ls_steps *steps, uint64_t step, const uint32_t **rows);

/* ---- Parts of a step ------------------------------------------------- */

/* The worker's view of the step's mini-batch: update, slices, columns in use,
 * and the inputs of its rows. i_worker counts those that the rows are shared by. */
void ls_steps_gather(const struct ls_steps *steps, struct ls_worker *worker, uint32_t i_worker, uint64_t step);

/* The loss totals of the worker's slices; tells when one is not finite. */
void ls_steps_sum_losses(struct ls_steps *steps, const struct ls_worker *worker, uint64_t step);

/* Every worker's counter has come to `value`; what each wrote before is seen. */
void ls_steps_wait_produced(const struct ls_steps *steps, uint64_t value);
void ls_steps_wait_consumed(const struct ls_steps *steps, uint64_t value);

/* All workers have come to the same number of meetings in this run; what each
 * wrote before is seen by all after. */
void ls_steps_meet(const struct ls_steps *steps, struct ls_worker *worker);

/* By anyone: a loss or a parameter of this step is not finite. */
void ls_steps_report_divergence(struct ls_steps *steps, uint64_t step);

/* By worker 0, before the workers meet: what it has heard of a stop. A request
 * is not heard in the step before the goal, where the run ends anyway. */
void ls_steps_publish_stop(struct ls_steps *steps, uint64_t step);

/* By every worker, when all have met after the step: true when the run ends
 * with it, the same for all. Worker 0 keeps the account. */
int ls_steps_settle(struct ls_steps *steps, uint32_t i_worker, uint64_t step);

/* ---- Runs ------------------------------------------------------------ */

/* Runs steps first_step .. end_step - 1 on the whole team. LOCKSTEP_DIVERGED
 * and LOCKSTEP_STOPPED end a run early. When OpenMP delivers another number of
 * workers than n_workers, nothing is done and n_delivered says how many. A team
 * of more than n_workers lends its first ones. */
lockstep_status ls_steps_run(struct ls_steps *steps, lockstep_error *error);

#endif
