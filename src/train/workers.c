/* SPDX-License-Identifier: MIT
 *
 * The workers of a trainer: its team, what each works in, and the ways that their
 * number and their split allow.
 */
#include "workers.h"

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "job/options.h"

/* ---- The team -------------------------------------------------------- */

static struct ls_team_options team_options(const struct lockstep_train_options *options)
{
	return (struct ls_team_options){
	    .n_workers = options->workers,
	    .max_workers = ls_train_slices(options),
	    .engine = options->engine,
	    .bind = options->bind,
	    .smt = options->smt,
	    .on_warning = options->on_warning,
	    .context = options->context,
	};
}

lockstep_status ls_workers_start(struct lockstep_trainer *trainer, lockstep_error *error)
{
	struct ls_team_options team = team_options(&trainer->options);
	lockstep_status status = ls_team_create(&trainer->team, &team, error);
	ls_fpcontrol_enter(); /* the callback may have changed it */
	return status;
}

/* ---- Their memory ---------------------------------------------------- */

/* What the workers' threads share while they make their own memory. */
struct making {
	struct ls_worker_shape shape;
	struct ls_worker **workers;
	uint32_t n_delivered;
	_Atomic int failed;
};

static void make_worker(void *context, uint32_t i_worker, uint32_t n_workers)
{
	struct making *making = context;
	if (i_worker == 0)
		making->n_delivered = n_workers;
	if (i_worker < making->shape.n_workers && n_workers == making->shape.n_workers &&
	    ls_worker_create(&making->workers[i_worker], &making->shape, i_worker, NULL))
		atomic_store_explicit(&making->failed, 1, memory_order_relaxed);
}

void ls_workers_destroy(struct lockstep_trainer *trainer)
{
	for (uint32_t i = 0; i < trainer->n_workers; i++)
		ls_worker_destroy(trainer->workers[i]);
	ls_memory_free(trainer->workers);
	trainer->workers = NULL;
	trainer->n_workers = 0;
	trainer->steps.workers = NULL;
	trainer->steps.n_workers = 0;
}

/* Makes the memory of the way's workers, each in its own thread.
 * *n_delivered is how many the team ran; when it differs, nothing was made. */
static lockstep_status make_workers(struct lockstep_trainer *trainer, struct ls_way way, uint32_t *n_delivered,
                                    lockstep_error *error)
{
	uint32_t batch = trainer->options.batch, n_train = trainer->split.n_train;
	struct making making = {
	    .shape = {.packed = trainer->packed,
	              .blocks = &trainer->blocks,
	              .batch = batch < n_train ? batch : n_train,
	              .slices = ls_train_slices(&trainer->options),
	              .n_workers = way.n_workers,
	              .with_dropout = trainer->options.dropout > 0,
	              .with_zeros = trainer->scaling.shift == NULL,
	              .split = way.split},
	};
	ls_workers_destroy(trainer);
	trainer->workers = making.workers = ls_memory_allocate(way.n_workers, sizeof *making.workers);
	if (!making.workers)
		return ls_error_memory(error, "the workers");
	trainer->n_workers = way.n_workers;

	lockstep_status status = ls_team_run_first(trainer->team, way.n_workers, make_worker, &making, error);
	if (status)
		return status;
	if (making.failed)
		return ls_error_memory(error, "the workers' buffers");
	*n_delivered = making.n_delivered;
	trainer->steps.workers = trainer->workers;
	trainer->steps.n_workers = way.n_workers;
	trainer->steps.split = way.split;
	trainer->steps.n_walks = 0;
	return LOCKSTEP_OK;
}

lockstep_status ls_workers_fit(struct lockstep_trainer *trainer, struct ls_way way, lockstep_error *error)
{
	for (;;) {
		uint32_t n_delivered = 0;
		if (way.n_workers == 1)
			way.split = LOCKSTEP_SPLIT_ROWS;
		lockstep_status status = make_workers(trainer, way, &n_delivered, error);
		if (status)
			ls_workers_destroy(trainer);
		if (status || n_delivered == way.n_workers)
			return status;
		way.n_workers = n_delivered;
	}
}

/* ---- Ways to run the steps ------------------------------------------- */

static int can_split(const struct lockstep_trainer *trainer, enum lockstep_split split, uint32_t n_workers)
{
	if (split == LOCKSTEP_SPLIT_ROWS)
		return 1;
	return !ls_team_is_serial(trainer->team) &&
	       (split == LOCKSTEP_SPLIT_OWNERS || ls_worker_can_split_units(trainer->packed, n_workers));
}

/* Is it worth a try when the split is ours to choose? */
static int is_promising(const struct lockstep_trainer *trainer, enum lockstep_split split, uint32_t n_workers)
{
	if (split == LOCKSTEP_SPLIT_UNITS && !ls_worker_may_gain_from_units(trainer->packed))
		return 0;
	return split == LOCKSTEP_SPLIT_ROWS || n_workers > 1;
}

/* The ways of so many workers that the options allow. */
static void add_ways(struct lockstep_trainer *trainer, uint32_t n_workers)
{
	static const enum lockstep_split splits[] = {LOCKSTEP_SPLIT_ROWS, LOCKSTEP_SPLIT_OWNERS, LOCKSTEP_SPLIT_UNITS};
	const struct lockstep_train_options *options = &trainer->options;
	for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
		int is_wanted = options->split == LOCKSTEP_SPLIT_AUTO ? is_promising(trainer, splits[i], n_workers)
		                                                      : splits[i] == options->split;
		if (is_wanted && can_split(trainer, splits[i], n_workers))
			ls_tuning_add(&trainer->tuning, (struct ls_way){n_workers, splits[i]});
	}
}

/* All workers, and when their number is ours to choose, halves of it. */
static lockstep_status list_ways(struct lockstep_trainer *trainer, lockstep_error *error)
{
	uint32_t most = ls_team_size(trainer->team);
	int is_auto = trainer->options.workers == 0 && !ls_team_is_serial(trainer->team);
	add_ways(trainer, most);
	for (uint32_t n = most / 2; is_auto && n > 0; n /= 2)
		add_ways(trainer, n);
	if (trainer->tuning.n_ways > 0)
		return LOCKSTEP_OK;
	if (ls_team_is_serial(trainer->team))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "split %s: the serial engine splits rows only",
		                    lockstep_split_name(trainer->options.split));
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
	                    "split units: %u worker%s need%s %u unit%s or more in the first of at least two layers",
	                    most, most == 1 ? "" : "s", most == 1 ? "s" : "", (most - 1) * LS_ROW_ALIGNMENT + 1,
	                    most == 1 ? "" : "s");
}

static lockstep_status make_all(struct lockstep_trainer *trainer, lockstep_error *error)
{
	trainer->tuning = (struct ls_tuning){0};
	trainer->way_made = 0;
	lockstep_status status = list_ways(trainer, error);
	if (!status)
		status = ls_workers_fit(trainer, trainer->tuning.ways[0], error);
	if (status)
		return status;
	return ls_evaluator_create(&trainer->evaluator, trainer->packed, &trainer->network->options,
	                           lockstep_dataset_rows(trainer->dataset, LOCKSTEP_TEST) +
	                               lockstep_dataset_rows(trainer->dataset, LOCKSTEP_TRAIN),
	                           trainer->team, error);
}

lockstep_status ls_workers_ensure(struct lockstep_trainer *trainer, lockstep_error *error)
{
	return trainer->evaluator ? LOCKSTEP_OK : make_all(trainer, error);
}

/* ---- Others ---------------------------------------------------------- */

/* The new workers' memory is made where they run, when the old one's is given back. */
static lockstep_status set_workers(struct lockstep_trainer *trainer, uint32_t workers, const char *bind,
                                   lockstep_error *error)
{
	struct lockstep_train_options options = trainer->options;
	options.workers = workers;
	options.bind = bind;
	lockstep_status status = ls_train_check_options(&options, error);
	if (status)
		return status;
	struct ls_team_options team = team_options(&options);
	status = ls_team_replace(&trainer->team, &team, error);
	ls_fpcontrol_enter(); /* the callback may have changed it */
	if (status)
		return status;
	trainer->options = options;
	trainer->steps.team = trainer->team;
	ls_workers_destroy(trainer);
	ls_evaluator_destroy(trainer->evaluator);
	trainer->evaluator = NULL;
	return ls_workers_ensure(trainer, error);
}

lockstep_status lockstep_trainer_set_workers(lockstep_trainer *trainer, uint32_t workers, const char *bind,
                                             lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = set_workers(trainer, workers, bind, error);
	ls_fpcontrol_leave(saved);
	return status;
}
