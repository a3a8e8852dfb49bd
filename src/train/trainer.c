/* SPDX-License-Identifier: MIT
 *
 * The coordinator: prepares a job on a data set and a team, and runs its steps.
 * Whole jobs, with epochs, evaluation and decisions, are in run.c.
 */
#include "trainer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "job/job.h"
#include "job/options.h"
#include "workers.h"

/* ---- Preparation ----------------------------------------------------- */

static uint64_t steps_per_epoch(const struct lockstep_trainer *trainer)
{
	uint64_t rows = trainer->split.n_train, batch = trainer->options.batch;
	return trainer->options.drop_last ? rows / batch : (rows + batch - 1) / batch;
}

static lockstep_status prepare_data(struct lockstep_trainer *trainer, lockstep_error *error)
{
	const struct ls_table *table = &trainer->dataset->parts[LOCKSTEP_TRAIN];
	lockstep_status status = ls_split_create(&trainer->split, (uint32_t)table->n_rows, trainer->options.validation,
	                                         trainer->options.seed, error);
	if (status)
		return status;
	if (steps_per_epoch(trainer) == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%u training rows give no whole mini-batch of %u, and a short one is left out",
		                    trainer->split.n_train, trainer->options.batch);
	trainer->order = ls_memory_allocate(trainer->split.n_train, sizeof *trainer->order);
	if (!trainer->order)
		return ls_error_memory(error, "the row order");
	status = ls_scaling_fit(&trainer->scaling, trainer->options.scale, table, trainer->split.train,
	                        trainer->split.n_train, error);
	trainer->options.scale = trainer->scaling.kind;
	return status;
}

static lockstep_status prepare_parameters(struct lockstep_trainer *trainer, lockstep_error *error)
{
	int with_velocity = trainer->options.momentum != 0;
	lockstep_status status =
	    ls_packed_create(&trainer->packed, trainer->network, trainer->arith, with_velocity, error);
	if (status)
		return status;
	ls_packed_load(trainer->packed, trainer->network);
	status = ls_history_init(&trainer->history, trainer->options.epochs, error);
	if (!status)
		status = ls_trainer_record_epoch(trainer, error);
	return status ? status : ls_blocks_init(&trainer->blocks, trainer->packed, error);
}

/* ---- Create and destroy ---------------------------------------------- */

static lockstep_status prepare_steps(struct lockstep_trainer *trainer, lockstep_error *error)
{
	uint32_t slices = ls_train_slices(&trainer->options);
	trainer->slice_losses = ls_memory_allocate(slices, 2 * sizeof *trainer->slice_losses);
	if (!trainer->slice_losses)
		return ls_error_memory(error, "the losses");
	trainer->steps = (struct ls_steps){
	    .team = trainer->team,
	    .packed = trainer->packed,
	    .target = trainer->packed,
	    .blocks = &trainer->blocks,
	    .source = {&trainer->dataset->parts[LOCKSTEP_TRAIN], &trainer->scaling, trainer->arith},
	    .network = &trainer->network->options,
	    .options = &trainer->options,
	    .slices = slices,
	    .steps_per_epoch = steps_per_epoch(trainer),
	    .order = trainer->order,
	    .n_order = trainer->split.n_train,
	    .slice_losses = {trainer->slice_losses, trainer->slice_losses + slices},
	    .stop_request = &trainer->stop_request,
	};
	return ls_workers_ensure(trainer, error);
}

static lockstep_status prepare(struct lockstep_trainer *trainer, lockstep_error *error)
{
	lockstep_status status = ls_arith_select(&trainer->arith, trainer->options.isa, error);
	if (!status)
		status = prepare_data(trainer, error);
	if (!status)
		status = prepare_parameters(trainer, error);
	if (!status)
		status = ls_workers_start(trainer, error);
	if (!status)
		status = prepare_steps(trainer, error);
	return status;
}

static lockstep_status create(lockstep_trainer **out, lockstep_network *network, const lockstep_dataset *dataset,
                              const struct lockstep_train_options *options, lockstep_error *error)
{
	static const struct lockstep_train_options defaults = LOCKSTEP_TRAIN_OPTIONS_INIT;
	const struct ls_table *table = &dataset->parts[LOCKSTEP_TRAIN];
	lockstep_status status = ls_train_check_options(options ? options : &defaults, error);
	if (!status)
		status = ls_network_check_features(network, table, error);
	if (!status)
		status = ls_network_check_labels(network, table, error);
	if (status)
		return status;

	struct lockstep_trainer *trainer = ls_memory_allocate(1, sizeof *trainer);
	if (!trainer)
		return ls_error_memory(error, "a trainer");
	trainer->network = network;
	trainer->dataset = dataset;
	trainer->options = options ? *options : defaults;
	if (trainer->options.checkpoint_every.n == 0)
		trainer->options.checkpoint_every = (struct lockstep_interval){60, LOCKSTEP_SECONDS};
	trainer->best = (struct ls_best){.loss = INFINITY, .n_exact = -1};
	status = prepare(trainer, error);
	if (status) {
		lockstep_trainer_destroy(trainer);
		return status;
	}
	*out = trainer;
	return LOCKSTEP_OK;
}

lockstep_status lockstep_trainer_create(lockstep_trainer **out, lockstep_network *network,
                                        const lockstep_dataset *dataset, const struct lockstep_train_options *options,
                                        lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = create(out, network, dataset, options, error);
	ls_fpcontrol_leave(saved);
	return status;
}

void lockstep_trainer_destroy(lockstep_trainer *trainer)
{
	if (!trainer)
		return;
	lockstep_network_destroy(trainer->snapshot.velocity);
	lockstep_network_destroy(trainer->snapshot.parameters);
	ls_history_fini(&trainer->history);
	lockstep_network_destroy(trainer->best_network);
	ls_workers_destroy(trainer);
	ls_evaluator_destroy(trainer->evaluator);
	ls_memory_free(trainer->slice_losses);
	ls_team_destroy(trainer->team);
	ls_blocks_fini(&trainer->blocks);
	ls_packed_destroy(trainer->packed);
	ls_scaling_fini(&trainer->scaling);
	ls_memory_free(trainer->order);
	ls_split_fini(&trainer->split);
	ls_memory_free(trainer);
}

void lockstep_trainer_plan(const lockstep_trainer *trainer, struct lockstep_plan *plan)
{
	*plan = (struct lockstep_plan){
	    .slices = trainer->steps.slices,
	    .workers = trainer->n_workers,
	    .steps_per_epoch = trainer->steps.steps_per_epoch,
	    .train_rows = trainer->split.n_train,
	    .validation_rows = trainer->split.n_validation,
	    .scale = trainer->options.scale,
	    .isa = trainer->arith->name,
	};
}

/* ---- Steps ----------------------------------------------------------- */

uint64_t ls_trainer_job_steps(const struct lockstep_trainer *trainer)
{
	return trainer->steps.steps_per_epoch * trainer->options.epochs;
}

void ls_trainer_draw_order(struct lockstep_trainer *trainer, uint32_t epoch)
{
	if (trainer->order_epoch != epoch + 1)
		ls_split_order(&trainer->split, epoch, trainer->options.seed, trainer->order);
	trainer->order_epoch = epoch + 1;
}

static void set_epoch(struct lockstep_trainer *trainer, uint32_t epoch)
{
	ls_trainer_draw_order(trainer, epoch);
	trainer->steps.epoch = epoch;
}

lockstep_status ls_trainer_record_epoch(struct lockstep_trainer *trainer, lockstep_error *error)
{
	uint64_t next = trainer->next_step, n = trainer->steps.steps_per_epoch;
	if (next > 0 && next % n)
		return LOCKSTEP_OK;
	lockstep_status status = ls_packed_fingerprint(trainer->packed, trainer->fingerprint, error);
	if (!status)
		ls_history_add(&trainer->history, next ? (uint32_t)(next / n) : 0, trainer->fingerprint);
	return status;
}

/* Runs the prepared steps, on as many workers as the team delivers. */
static lockstep_status run_steps(struct lockstep_trainer *trainer, lockstep_error *error)
{
	for (;;) {
		lockstep_status status = ls_steps_run(&trainer->steps, error);
		if (status || trainer->steps.n_delivered == trainer->steps.n_workers)
			return status;
		struct ls_way fewer = {trainer->steps.n_delivered, trainer->steps.split};
		status = ls_workers_fit(trainer, fewer, error);
		if (status)
			return status;
	}
}

static lockstep_status take_way(struct lockstep_trainer *trainer, lockstep_error *error)
{
	struct ls_way way = trainer->tuning.ways[trainer->tuning.i_way];
	if (trainer->workers && trainer->way_made == trainer->tuning.i_way)
		return LOCKSTEP_OK;
	double started = ls_clock_seconds();
	lockstep_status status = ls_workers_fit(trainer, way, error);
	if (status)
		return status;
	ls_tuning_charge(&trainer->tuning, ls_clock_seconds() - started);
	trainer->way_made = trainer->tuning.i_way;
	return LOCKSTEP_OK;
}

static void tell_choice(const struct lockstep_trainer *trainer)
{
	const struct ls_tuning *tuning = &trainer->tuning;
	struct lockstep_trial trials[LS_WAYS_MAX];
	for (uint32_t i = 0; i < tuning->n_ways; i++)
		trials[i] = (struct lockstep_trial){
		    tuning->ways[i].n_workers,
		    tuning->ways[i].split,
		    tuning->rates[i],
		};
	if (trainer->options.on_choice)
		trainer->options.on_choice(trials, tuning->n_ways, tuning->i_way, trainer->options.context);
	ls_fpcontrol_enter(); /* the callback may have changed it */
}

/* Steps first .. end - 1 of one epoch, in the ways that tuning tries. */
static lockstep_status run_range(struct lockstep_trainer *trainer, uint64_t first, uint64_t end, lockstep_error *error)
{
	struct ls_steps *steps = &trainer->steps;
	struct ls_account *account = &steps->account;
	account->loss = 0;
	account->n_rows = account->n_done = 0;
	for (uint64_t step = first; step < end; step = trainer->next_step) {
		uint64_t n = ls_tuning_steps(&trainer->tuning), n_rows = account->n_rows;
		lockstep_status status = take_way(trainer, error);
		if (status)
			return status;
		steps->first_step = step;
		steps->end_step = n < end - step ? step + n : end;
		steps->goal_step = end;
		double started = ls_clock_seconds();
		status = run_steps(trainer, error);
		trainer->next_step = first + account->n_done;
		if (status)
			return status;
		if (ls_tuning_record(&trainer->tuning, trainer->next_step - step, account->n_rows - n_rows,
		                     ls_clock_seconds() - started))
			tell_choice(trainer);
	}
	return LOCKSTEP_OK;
}

lockstep_status ls_trainer_check_not_ended(const struct lockstep_trainer *trainer, lockstep_error *error)
{
	if (!trainer->ended)
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_DIVERGED, "the job diverged at step %llu and cannot go on",
	                    (unsigned long long)trainer->next_step + 1);
}

lockstep_status ls_trainer_advance(struct lockstep_trainer *trainer, uint64_t n_steps, lockstep_error *error)
{
	struct ls_steps *steps = &trainer->steps;
	lockstep_status status = ls_trainer_check_not_ended(trainer, error);
	if (!status)
		status = ls_workers_ensure(trainer, error);
	if (status)
		return status;
	if (trainer->next_step >= ls_trainer_job_steps(trainer))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "the job's %llu steps are done",
		                    (unsigned long long)ls_trainer_job_steps(trainer));

	uint32_t epoch = (uint32_t)(trainer->next_step / steps->steps_per_epoch);
	uint64_t epoch_end = (epoch + 1) * steps->steps_per_epoch;
	set_epoch(trainer, epoch);
	uint64_t first = trainer->next_step;
	if (first % steps->steps_per_epoch == 0)
		steps->account.epoch_loss = 0;
	status = run_range(trainer, first, n_steps < epoch_end - first ? first + n_steps : epoch_end, error);
	trainer->ended = status == LOCKSTEP_DIVERGED;
	return status;
}

/* n_steps steps, across epochs. */
static lockstep_status advance_by(struct lockstep_trainer *trainer, uint64_t n_steps, double *loss,
                                  lockstep_error *error)
{
	double total = 0;
	uint64_t n_rows = 0;

	while (n_steps > 0) {
		lockstep_status status = ls_trainer_advance(trainer, n_steps, error);
		if (!status)
			status = ls_trainer_record_epoch(trainer, error);
		if (status)
			return status;
		total += trainer->steps.account.loss;
		n_rows += trainer->steps.account.n_rows;
		n_steps -= trainer->steps.account.n_done;
	}
	if (loss)
		*loss = n_rows ? total / (double)n_rows : 0;
	return LOCKSTEP_OK;
}

lockstep_status lockstep_trainer_step(lockstep_trainer *trainer, uint64_t n_steps, double *loss, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = advance_by(trainer, n_steps, loss, error);
	ls_fpcontrol_leave(saved);
	return status;
}

void lockstep_trainer_stop(lockstep_trainer *trainer)
{
	atomic_store_explicit(&trainer->stop_request, 1, memory_order_relaxed);
}

void lockstep_trainer_phases(const lockstep_trainer *trainer, uint32_t worker, double seconds[LOCKSTEP_N_PHASES])
{
	assert(worker < trainer->n_workers);
	memcpy(seconds, trainer->workers[worker]->phases, sizeof trainer->workers[worker]->phases);
}

static lockstep_status sync_network(struct lockstep_trainer *trainer, lockstep_error *error)
{
	lockstep_network *network = trainer->network;
	struct ls_scaling scaling = {0};
	char *job = NULL, *history = NULL;
	/* An output without a label has no name, so names are all or none. */
	int named = lockstep_dataset_labels(trainer->dataset) == network->layers[network->n_layers - 1].n_out;

	lockstep_status status = ls_trainer_check_not_ended(trainer, error);
	if (!status)
		status = ls_job_text(&job, network, trainer->dataset, &trainer->options, error);
	if (!status)
		status = ls_history_text(&history, &trainer->history, error);
	if (!status)
		status = ls_scaling_copy(&scaling, &trainer->scaling, error);
	if (!status)
		status = ls_network_set_label_names(network, named ? trainer->dataset->label_names : NULL, error);
	if (status) {
		ls_scaling_fini(&scaling);
		ls_memory_free(history);
		ls_memory_free(job);
		return status;
	}
	ls_scaling_fini(&network->scaling);
	network->scaling = scaling;
	ls_memory_free(network->job);
	network->job = job;
	ls_memory_free(network->history);
	network->history = history;
	network->label_kind = trainer->dataset->parts[LOCKSTEP_TRAIN].label_kind;
	ls_packed_store(trainer->packed, network);
	return LOCKSTEP_OK;
}

lockstep_status lockstep_trainer_sync(lockstep_trainer *trainer, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = sync_network(trainer, error);
	ls_fpcontrol_leave(saved);
	return status;
}

/* ---- Gradients ------------------------------------------------------- */

/* Runs the next step with its updates going into `gradients`. It is no step of the
 * job, whose account stays as it was; but for the workers it was one, so n_walks goes on. */
static lockstep_status run_gradient(struct lockstep_trainer *trainer, struct ls_packed *gradients,
                                    lockstep_error *error)
{
	struct ls_steps *steps = &trainer->steps;
	uint64_t step = trainer->next_step < ls_trainer_job_steps(trainer) ? trainer->next_step : 0;
	set_epoch(trainer, (uint32_t)(step / steps->steps_per_epoch));
	steps->first_step = step;
	steps->end_step = steps->goal_step = step + 1;
	struct ls_account account = steps->account;
	steps->target = gradients;
	steps->store_only = 1;
	lockstep_status status = run_steps(trainer, error);
	steps->account = account;
	steps->target = trainer->packed;
	steps->store_only = 0;
	return status;
}

static lockstep_status copy_gradient(struct lockstep_trainer *trainer, const char *name, float *values, size_t n,
                                     lockstep_error *error)
{
	struct lockstep_network *shape = NULL;
	struct ls_packed *gradients = NULL;
	float *tensor;
	lockstep_status status = ls_trainer_check_not_ended(trainer, error);
	if (!status)
		status = ls_workers_ensure(trainer, error);
	if (!status)
		status = ls_network_clone(&shape, trainer->network, error);
	if (!status)
		status = ls_network_find(shape, name, n, &tensor, error);
	if (!status)
		status = ls_packed_create(&gradients, shape, trainer->arith, 0, error);
	if (!status)
		status = run_gradient(trainer, gradients, error);
	if (!status) {
		ls_packed_store(gradients, shape);
		memcpy(values, tensor, n * sizeof *values);
	}
	ls_packed_destroy(gradients);
	lockstep_network_destroy(shape);
	return status;
}

lockstep_status lockstep_trainer_gradient(lockstep_trainer *trainer, const char *name, float *values, size_t n,
                                          lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = copy_gradient(trainer, name, values, n, error);
	ls_fpcontrol_leave(saved);
	return status;
}

void ls_trainer_batch_inputs(struct lockstep_trainer *trainer, uint64_t step, uint32_t *n_rows, float *inputs,
                             uint32_t *rows)
{
	const struct ls_steps *steps = &trainer->steps;
	const uint32_t *batch;
	size_t n_features = trainer->network->layers[0].n_in;

	set_epoch(trainer, (uint32_t)(step / steps->steps_per_epoch));
	*n_rows = ls_steps_batch(steps, step, &batch);
	memcpy(rows, batch, *n_rows * sizeof *rows);
	ls_source_gather(&steps->source, (struct ls_row_list){rows, *n_rows}, NULL, NULL, inputs, n_features);
}
