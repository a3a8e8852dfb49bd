/* SPDX-License-Identifier: MIT
 *
 * Steps to a loss. The trainer evaluates on its team, which has the bits of any other evaluation; the steps between
 * two evaluations are done in portions of a tenth of a second, for the sake of whoever watches, which changes no bit
 * either.
 */
#include "lockstep/time_to_loss.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"
#include "job/options.h"
#include "train/trainer.h"

#define EPOCHS_MAX 1e6
#define PORTION_SECONDS 0.1
#define UNKNOWN (-2)

static const char *const part_names[LOCKSTEP_N_TARGET_PARTS] = {"train", "test", "validation"};

const char *lockstep_target_part_name(enum lockstep_target_part part)
{
	return part_names[part];
}

int lockstep_target_part_parse(const char *name)
{
	int found = ls_name_find(name, part_names, LOCKSTEP_N_TARGET_PARTS);
	return found < 0 ? UNKNOWN : found;
}

/* What all runs of a call share. */
struct search {
	const struct lockstep_scaling_job *job;
	const struct lockstep_time_to_loss_options *options;
	struct lockstep_time_to_loss *result;
	char warned[sizeof(lockstep_error)]; /* the last warning, which is not repeated */
};

struct run {
	struct search *search;
	struct lockstep_time_to_loss_run *out; /* steps and loss as they stand */
	lockstep_network *network;
	lockstep_trainer *trainer;
	uint64_t steps_per_epoch, n_steps; /* n_steps: at most */
	uint64_t best_steps;               /* of the mini-batch so far; UINT64_MAX: none */
	uint64_t portion;                  /* steps */
};

/* ---- Options --------------------------------------------------------- */

static lockstep_status refuse(lockstep_error *error, const char *name, double value, const char *range)
{
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s %g: it must be %s", name, value, range);
}

static lockstep_status check_part(const struct search *search, lockstep_error *error)
{
	enum lockstep_target_part part = search->options->part;
	if ((unsigned)part >= LOCKSTEP_N_TARGET_PARTS)
		return refuse(error, "part", part, "one of its names");
	if (part == LOCKSTEP_TARGET_TEST && lockstep_dataset_rows(search->job->dataset, LOCKSTEP_TEST) == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "the target loss is of the test part, and the data have none");
	if (part == LOCKSTEP_TARGET_VALIDATION && !(search->job->train.validation > 0))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "the target loss is of the validation rows, and the job keeps none");
	return LOCKSTEP_OK;
}

static lockstep_status check_numbers(const struct lockstep_time_to_loss_options *o, lockstep_error *error)
{
	if (!(o->target > 0 && isfinite(o->target)))
		return refuse(error, "target loss", o->target, "above 0 and finite");
	if (!(o->max_epochs > 0 && o->max_epochs <= EPOCHS_MAX))
		return refuse(error, "epochs at most", o->max_epochs, "above 0, up to 1000000");
	if (!(o->evaluations_per_epoch > 0 && isfinite(o->evaluations_per_epoch)))
		return refuse(error, "evaluations an epoch", o->evaluations_per_epoch, "above 0 and finite");
	if (o->n_batches == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "a time to a loss needs a mini-batch");
	return LOCKSTEP_OK;
}

static size_t rates_of(const struct search *search)
{
	return search->options->n_rates ? search->options->n_rates : 1;
}

static void on_warning(const char *message, void *context)
{
	struct search *search = context;
	if (!search->options->on_warning || strncmp(message, search->warned, sizeof search->warned - 1) == 0)
		return;
	snprintf(search->warned, sizeof search->warned, "%s", message);
	search->options->on_warning(message, search->options->context);
}

/* The options of the i-th run. */
static struct lockstep_train_options train_options(struct search *search, size_t i_run)
{
	const struct lockstep_time_to_loss_options *options = search->options;
	struct lockstep_train_options train = search->job->train;
	train.batch = options->batches[i_run / rates_of(search)];
	if (options->n_rates)
		train.learning_rate = options->learning_rates[i_run % options->n_rates];
	train.epochs = (uint32_t)ceil(options->max_epochs);
	train.patience = 0;
	uint32_t slices = ls_train_slices(&train);
	if (train.workers > slices)
		train.workers = slices;
	train.checkpoint = NULL;
	train.time_phases = 0;
	train.on_epoch = NULL;
	train.on_progress = NULL;
	train.on_choice = NULL;
	train.on_checkpoint = NULL;
	train.on_warning = on_warning;
	train.context = search;
	return train;
}

static lockstep_status check(struct search *search, lockstep_error *error)
{
	lockstep_status status = check_numbers(search->options, error);
	if (!status)
		status = check_part(search, error);
	for (size_t i = 0; !status && i < search->options->n_batches * rates_of(search); i++) {
		struct lockstep_train_options train = train_options(search, i);
		status = lockstep_train_check(&train, error);
	}
	return status ? status : lockstep_network_check(search->job->layers, &search->job->network, error);
}

/* ---- Steps ----------------------------------------------------------- */

static lockstep_status tell(const struct run *run, lockstep_error *error)
{
	const struct search *search = run->search;
	const struct lockstep_time_to_loss_run *out = run->out;
	struct lockstep_time_to_loss_progress progress = {
	    .i_run = (size_t)(out - search->result->runs),
	    .n_runs = search->result->n,
	    .batch = out->batch,
	    .learning_rate = out->learning_rate,
	    .step = out->steps,
	    .n_steps = run->n_steps,
	    .loss = out->loss,
	};
	if (!search->options->on_progress || !search->options->on_progress(&progress, search->options->context))
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_STOPPED, "stopped after step %llu with mini-batches of %u rows",
	                    (unsigned long long)out->steps, out->batch);
}

/* Steps up to `end`, in portions. LOCKSTEP_DIVERGED: out->steps are those before the step that diverged. */
static lockstep_status advance(struct run *run, uint64_t end, lockstep_error *error)
{
	while (run->out->steps < end) {
		uint64_t left = end - run->out->steps;
		double started = ls_clock_seconds();
		lockstep_status status =
		    lockstep_trainer_step(run->trainer, left < run->portion ? left : run->portion, NULL, error);
		run->out->steps = run->trainer->next_step;
		if (status)
			return status;
		if (left > run->portion)
			status = tell(run, error);
		if (status)
			return status;
		if (left > run->portion && ls_clock_seconds() - started < PORTION_SECONDS / 2)
			run->portion *= 2;
	}
	return LOCKSTEP_OK;
}

/* The step of the k-th evaluation, which comes after step `last`. */
static uint64_t evaluation_step(const struct run *run, double k, uint64_t last)
{
	double step = ceil(k * (double)run->steps_per_epoch / run->search->options->evaluations_per_epoch);
	if (!(step < (double)run->n_steps))
		return run->n_steps;
	return step > (double)last ? (uint64_t)step : last + 1;
}

static lockstep_status evaluate(struct run *run, lockstep_error *error)
{
	static const enum ls_job_rows rows[] = {
	    [LOCKSTEP_TARGET_TRAIN] = LS_ROWS_TRAINED,
	    [LOCKSTEP_TARGET_TEST] = LS_ROWS_TEST,
	    [LOCKSTEP_TARGET_VALIDATION] = LS_ROWS_VALIDATION,
	};
	struct lockstep_metrics metrics;
	lockstep_status status = ls_trainer_evaluate(run->trainer, rows[run->search->options->part], &metrics, error);
	if (status)
		return status;
	run->out->loss = metrics.loss;
	run->out->is_reached = metrics.loss <= run->search->options->target;
	run->out->is_beaten = !run->out->is_reached && run->out->steps >= run->best_steps;
	return tell(run, error);
}

static lockstep_status train(struct run *run, lockstep_error *error)
{
	struct lockstep_time_to_loss_run *out = run->out;
	lockstep_status status = tell(run, error);
	for (double k = 1; !status && !out->is_reached && !out->is_beaten && out->steps < run->n_steps; k++) {
		status = advance(run, evaluation_step(run, k, out->steps), error);
		if (!status)
			status = evaluate(run, error);
	}
	return status;
}

/* ---- Runs ------------------------------------------------------------ */

static lockstep_status begin(struct run *run, size_t i_run, lockstep_error *error)
{
	const struct lockstep_scaling_job *job = run->search->job;
	struct lockstep_train_options options = train_options(run->search, i_run);
	struct lockstep_plan plan;
	lockstep_status status = lockstep_network_create(&run->network, job->layers, &job->network, error);
	if (!status)
		status = lockstep_trainer_create(&run->trainer, run->network, job->dataset, &options, error);
	if (status)
		return status;
	lockstep_trainer_plan(run->trainer, &plan);
	run->steps_per_epoch = plan.steps_per_epoch;
	run->n_steps = (uint64_t)(run->search->options->max_epochs * (double)plan.steps_per_epoch);
	run->n_steps += run->n_steps == 0;
	*run->out = (struct lockstep_time_to_loss_run){
	    .batch = options.batch, .slices = plan.slices, .learning_rate = options.learning_rate, .loss = NAN};
	return LOCKSTEP_OK;
}

/* What diverges is a result; the parameters are none. */
static lockstep_status finish(struct run *run, lockstep_status status, lockstep_error *error)
{
	run->out->epochs = (double)run->out->steps / (double)run->steps_per_epoch;
	run->out->is_diverged = status == LOCKSTEP_DIVERGED;
	if (status)
		return status == LOCKSTEP_DIVERGED ? LOCKSTEP_OK : status;
	return ls_packed_fingerprint(run->trainer->packed, run->out->fingerprint, error);
}

static int is_better(const struct lockstep_time_to_loss_run *a, const struct lockstep_time_to_loss_run *b)
{
	return a->is_reached && (a->steps < b->steps || (a->steps == b->steps && a->loss < b->loss));
}

static lockstep_status do_run(struct search *search, size_t i_run, lockstep_error *error)
{
	struct lockstep_time_to_loss *result = search->result;
	size_t *best = &result->best[i_run / rates_of(search)];
	struct run run = {.search = search,
	                  .out = &result->runs[i_run],
	                  .best_steps = *best < result->n ? result->runs[*best].steps : UINT64_MAX,
	                  .portion = 1};
	lockstep_error cause;
	lockstep_status status = begin(&run, i_run, error);
	if (!status) {
		status = train(&run, &cause);
		if (status && status != LOCKSTEP_DIVERGED)
			ls_error_set(error, status, "%s", cause.message);
		status = finish(&run, status, error);
	}
	if (!status && (*best < result->n ? is_better(run.out, &result->runs[*best]) : run.out->is_reached))
		*best = i_run;
	lockstep_trainer_destroy(run.trainer);
	lockstep_network_destroy(run.network);
	return status;
}

static void forget_unfinished(struct search *search)
{
	struct lockstep_time_to_loss *result = search->result;
	for (size_t i = result->n_finished; i < result->n; i++) {
		struct lockstep_train_options train = train_options(search, i);
		result->runs[i] = (struct lockstep_time_to_loss_run){
		    .batch = train.batch, .learning_rate = train.learning_rate, .loss = NAN};
	}
}

static struct lockstep_time_to_loss *create_result(const struct search *search)
{
	struct lockstep_time_to_loss *result = ls_memory_allocate(1, sizeof *result);
	if (!result)
		return NULL;
	result->n_batches = search->options->n_batches;
	result->n = result->n_batches * rates_of(search);
	result->runs = ls_memory_allocate(result->n, sizeof *result->runs);
	result->best = ls_memory_allocate(result->n_batches, sizeof *result->best);
	if (!result->runs || !result->best) {
		lockstep_time_to_loss_destroy(result);
		return NULL;
	}
	for (size_t i = 0; i < result->n_batches; i++)
		result->best[i] = result->n;
	return result;
}

/* A stop keeps what is finished, if anything is. */
static lockstep_status do_runs(struct search *search, lockstep_error *error)
{
	struct lockstep_time_to_loss *result = search->result;
	lockstep_error stop;
	lockstep_status status = LOCKSTEP_OK;
	while (!status && result->n_finished < result->n) {
		status = do_run(search, result->n_finished, &stop);
		result->n_finished += !status;
	}
	if (status == LOCKSTEP_STOPPED && result->n_finished) {
		forget_unfinished(search);
		return LOCKSTEP_OK;
	}
	return status ? ls_error_set(error, status, "%s", stop.message) : LOCKSTEP_OK;
}

lockstep_status lockstep_time_to_loss_measure(struct lockstep_time_to_loss **out,
                                              const struct lockstep_scaling_job *job,
                                              const struct lockstep_time_to_loss_options *options,
                                              lockstep_error *error)
{
	struct search search = {.job = job, .options = options};
	assert(job->dataset && job->layers);
	lockstep_status status = check(&search, error);
	if (status)
		return status;
	search.result = create_result(&search);
	if (!search.result)
		return ls_error_memory(error, "the steps to a loss");
	status = do_runs(&search, error);
	if (status)
		lockstep_time_to_loss_destroy(search.result);
	else
		*out = search.result;
	return status;
}

void lockstep_time_to_loss_destroy(struct lockstep_time_to_loss *result)
{
	if (!result)
		return;
	ls_memory_free(result->best);
	ls_memory_free(result->runs);
	ls_memory_free(result);
}
