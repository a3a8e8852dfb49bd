/* SPDX-License-Identifier: MIT
 *
 * Items that begin: their trial's point, and the jobs of its runs.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "commands.h"
#include "data/scaling.h"
#include "job/job.h"
#include "lockstep/checkpoint.h"
#include "runner.h"

double ls_runner_told(const struct ls_runner *runner, double objective)
{
	return runner->spec->maximize ? -objective : objective;
}

void ls_runner_checkpoint(const struct ls_runner *runner, const struct ls_run *run, char *path, size_t size)
{
	snprintf(path, size, "%s/%.32s", runner->folder, run->sha256);
}

lockstep_status ls_runner_keep_result(struct ls_trial *trial, const struct ls_result *result, lockstep_error *error)
{
	size_t n = trial->n_results;
	struct ls_result *results = ls_memory_grow(trial->results, n * sizeof *results, n + 1, sizeof *results);
	if (!results)
		return ls_error_memory(error, "a trial's results");
	results[n] = *result;
	trial->results = results;
	trial->n_results = n + 1;
	return LOCKSTEP_OK;
}

/* ---- Points ------------------------------------------------------------ */

/* A trial, as the item that sees results of those before `seen` has to see it. */
static struct ls_observation observe(const struct ls_trial *trial, uint64_t seen)
{
	struct ls_observation observation = {trial->point, LS_OBSERVED_PENDING, NAN, 0};
	for (size_t i = 0; i < trial->n_results && trial->results[i].item < seen; i++) {
		observation.state = trial->results[i].state;
		observation.objective = trial->results[i].told;
		observation.resource = trial->results[i].epochs;
	}
	return observation;
}

static lockstep_status propose(const struct ls_runner *runner, const struct ls_item *item, double *point,
                               lockstep_error *error)
{
	uint64_t seen = ls_scheduler_seen(runner->scheduler, item->number);
	uint64_t n = runner->spec->sampler.kind == LS_SAMPLER_TPE ? item->trial : 0; /* others do not look */
	struct ls_observation *observations = ls_memory_allocate(n, sizeof *observations);
	if (!observations)
		return ls_error_memory(error, "what a trial sees");
	for (uint64_t k = 0; k < n; k++)
		observations[k] = observe(runner->trials[k], seen);
	lockstep_error cause;
	lockstep_status status = ls_sampler_propose(runner->sampler, item->trial, observations, point, &cause);
	ls_memory_free(observations);
	if (!status || status == LOCKSTEP_ERROR_MEMORY)
		return status ? ls_error_memory(error, "a trial's point") : LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: trial %llu: %s", runner->spec->file,
	                    (unsigned long long)item->trial, cause.message);
}

/* ---- Values ------------------------------------------------------------- */

lockstep_status ls_runner_values(const struct ls_space *space, const double *point, struct ls_store_value **out,
                                 size_t *n_values, lockstep_error *error)
{
	struct ls_store_value *values = ls_memory_allocate(space->n, sizeof *values);
	lockstep_status status = values ? LOCKSTEP_OK : ls_error_memory(error, "a trial's values");
	size_t n = 0;
	for (size_t i = 0; !status && i < space->n; i++) {
		if (isnan(point[i]))
			continue;
		status = ls_distribution_value(&space->parameters[i].distribution, point[i], &values[n].value, error);
		if (status)
			break;
		values[n].parameter = i;
		values[n++].draw = point[i];
	}
	*out = values;
	*n_values = n;
	return status;
}

void ls_runner_free_values(struct ls_store_value *values, size_t n)
{
	for (size_t i = 0; values && i < n; i++)
		ls_value_fini(&values[i].value);
	ls_memory_free(values);
}

/* A trial as callers are told of it. */
struct description {
	struct lockstep_study_trial trial;
	struct ls_store_value *values; /* [n_values] */
	size_t n_values;
	const char **names, **texts; /* [n_values] */
};

static void free_description(struct description *description)
{
	ls_memory_free(description->texts);
	ls_memory_free(description->names);
	ls_runner_free_values(description->values, description->n_values);
}

/* To be freed when that was no failure. */
static lockstep_status describe(const struct ls_runner *runner, const struct ls_trial *trial, struct description *out,
                                lockstep_error *error)
{
	const struct ls_space *space = &runner->spec->space;
	struct description made = {0};
	lockstep_status status = ls_runner_values(space, trial->point, &made.values, &made.n_values, error);
	made.names = ls_memory_allocate(made.n_values, sizeof *made.names);
	made.texts = ls_memory_allocate(made.n_values, sizeof *made.texts);
	if (!status && (!made.names || !made.texts))
		status = ls_error_memory(error, "a trial's values");
	if (status) {
		free_description(&made);
		return status;
	}
	for (size_t i = 0; i < made.n_values; i++) {
		made.names[i] = space->parameters[made.values[i].parameter].name;
		made.texts[i] = made.values[i].value.text;
	}
	made.trial = (struct lockstep_study_trial){
	    .number = trial->number,
	    .n = made.n_values,
	    .names = made.names,
	    .texts = made.texts,
	    .epochs = runner->whole,
	};
	*out = made;
	return LOCKSTEP_OK;
}

/* ---- Trials ------------------------------------------------------------- */

static lockstep_status allocate(const struct ls_runner *runner, struct ls_trial **out, lockstep_error *error)
{
	struct ls_trial *trial = ls_memory_allocate(1, sizeof *trial);
	if (!trial)
		return ls_error_memory(error, "a trial");
	trial->n_runs = runner->n_runs;
	trial->objective = NAN;
	trial->point = ls_memory_allocate(runner->spec->space.n, sizeof *trial->point);
	trial->runs = ls_memory_allocate(trial->n_runs, sizeof *trial->runs);
	if (!trial->point || !trial->runs) {
		ls_trial_destroy(trial);
		return ls_error_memory(error, "a trial");
	}
	for (uint32_t i = 0; i < trial->n_runs; i++) {
		trial->runs[i].trial = trial;
		trial->runs[i].number = i;
		trial->runs[i].is_of_command = !ls_spec_is_built_in(runner->spec);
		trial->runs[i].exit_status = -1;
	}
	*out = trial;
	return LOCKSTEP_OK;
}

static lockstep_status append(struct ls_runner *runner, struct ls_trial *trial, lockstep_error *error)
{
	if (runner->n_trials == runner->capacity) {
		size_t old = runner->capacity, new = old ? 2 * old : 64;
		struct ls_trial **trials =
		    ls_memory_grow(runner->trials, old * sizeof *trials, new, sizeof(struct ls_trial *));
		if (!trials)
			return ls_error_memory(error, "the trials");
		runner->trials = trials;
		runner->capacity = new;
	}
	trial->number = runner->n_trials;
	runner->trials[runner->n_trials++] = trial;
	runner->progress.n_in_state[trial->state]++;
	return LOCKSTEP_OK;
}

static lockstep_status write_item(struct ls_runner *runner, const struct ls_item *item, const struct ls_trial *trial,
                                  lockstep_error *error)
{
	struct ls_store_value *values;
	size_t n;
	lockstep_status status = ls_runner_values(&runner->spec->space, trial->point, &values, &n, error);
	if (!status)
		status = ls_store_add_item(runner->store, runner->study, item, values, n, error);
	ls_runner_free_values(values, n);
	return status;
}

static lockstep_status tell_of(const struct ls_runner *runner, const struct ls_trial *trial, lockstep_error *error)
{
	const struct lockstep_study_options *options = runner->options;
	struct description description;
	if (!options->on_trial)
		return LOCKSTEP_OK;
	lockstep_status status = describe(runner, trial, &description, error);
	if (status)
		return status;
	options->on_trial(&description.trial, options->context);
	free_description(&description);
	return LOCKSTEP_OK;
}

lockstep_status ls_runner_add_trial(struct ls_runner *runner, const struct ls_item *item, int is_new,
                                    struct ls_trial **out, lockstep_error *error)
{
	struct ls_trial *trial = NULL;
	lockstep_status status = allocate(runner, &trial, error);
	if (status)
		return status;
	status = propose(runner, item, trial->point, error);
	if (!status && is_new)
		status = write_item(runner, item, trial, error);
	if (!status)
		status = append(runner, trial, error);
	if (status) {
		ls_trial_destroy(trial);
		return status;
	}
	*out = trial;
	return tell_of(runner, trial, error);
}

/* ---- Jobs ---------------------------------------------------------------- */

static lockstep_status ask_for_job(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	struct description description;
	lockstep_status status = describe(runner, run->trial, &description, error);
	if (status)
		return status;
	description.trial.has_seed = runner->seeds != NULL;
	description.trial.seed = runner->seeds ? runner->seeds[run->number] : 0;
	status = runner->options->prepare(&description.trial, &run->job, runner->options->context, error);
	ls_fpcontrol_enter(); /* the callback may have changed it */
	free_description(&description);
	return status;
}

struct known {
	struct ls_run *run;
	uint32_t capacity;
};

static void take_known_epoch(void *context, const struct ls_store_epoch *epoch)
{
	struct known *known = context;
	struct ls_run *run = known->run;
	if (run->epoch == known->capacity || epoch->epoch != run->epoch + 1)
		return;
	ls_score_add(&run->score, epoch);
	run->values[run->epoch++] = run->score.value;
}

/* Why the job failed, when somebody else found out. */
static lockstep_status learn_message(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	char *message = NULL;
	if (run->state != LOCKSTEP_JOB_FAILED && run->state != LOCKSTEP_JOB_DIVERGED)
		return LOCKSTEP_OK;
	lockstep_status status = ls_store_read_message(runner->store, run->id, &message, error);
	if (status)
		return status;
	ls_memory_free(run->message);
	run->message = message;
	return LOCKSTEP_OK;
}

lockstep_status ls_runner_claim(struct ls_runner *runner, struct ls_run *run, const struct ls_store_job *job,
                                int *is_new, lockstep_error *error)
{
	struct ls_store_claim claim;
	lockstep_status status =
	    ls_store_claim_job(runner->store, runner->study, run->trial->number, run->number, job, &claim, error);
	if (status)
		return status;
	int is_first = run->id == 0;
	run->id = claim.job;
	memcpy(run->sha256, claim.sha256, sizeof run->sha256);
	run->state = claim.state;
	run->epoch = 0;
	*is_new = claim.is_new;
	runner->progress.n_reused += !claim.is_new && is_first && ls_run_has_ended(run);
	return claim.is_new ? LOCKSTEP_OK : learn_message(runner, run, error);
}

static lockstep_status claim(struct ls_runner *runner, struct ls_run *run, const char *record, lockstep_error *error)
{
	const struct ls_store_job job = {.record = record, .seed = run->job.options.seed};
	int is_new;
	lockstep_status status = ls_runner_claim(runner, run, &job, &is_new, error);
	if (status)
		return status;
	ls_score_init(&run->score, runner->metric, &run->job.options);
	if (is_new)
		return LOCKSTEP_OK;
	struct known known = {run, run->job.options.epochs};
	status = ls_store_read_epochs(runner->store, run->id, take_known_epoch, &known, error);
	run->resume = ls_run_has_ended(run) ? 0 : run->epoch;
	return status;
}

static lockstep_status record_of(const struct ls_run *run, char **out, lockstep_error *error)
{
	struct lockstep_train_options options = run->job.options;
	options.scale = ls_scaling_kind(options.scale, &run->job.dataset->parts[LOCKSTEP_TRAIN]);
	return ls_job_text(out, run->job.network, run->job.dataset, &options, error);
}

/* A checkpoint that is not ahead of what the database knows of its job. */
static int is_usable(const struct ls_run *run, const char *path)
{
	lockstep_checkpoint *checkpoint;
	if (lockstep_checkpoint_load(&checkpoint, path, NULL))
		return 0;
	uint32_t epoch = lockstep_record_last_epoch(lockstep_checkpoint_record(checkpoint));
	lockstep_checkpoint_destroy(checkpoint);
	return epoch <= run->epoch;
}

lockstep_status ls_runner_learn(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	char path[4096], *record = NULL;
	run->known_at = runner->n_legs_ended;
	if (run->command)
		return ls_command_learn(runner, run, error);
	lockstep_status status = record_of(run, &record, error);
	if (!status)
		status = claim(runner, run, record, error);
	ls_memory_free(record);
	if (status || !run->resume)
		return status;
	ls_runner_checkpoint(runner, run, path, sizeof path);
	if (!is_usable(run, path))
		run->resume = 0;
	return LOCKSTEP_OK;
}

/* What the study's trials learn from. */
static lockstep_status note_data(struct ls_runner *runner, const struct lockstep_study_job *job, lockstep_error *error)
{
	static const char *const parts[] = {[LOCKSTEP_TRAIN] = "train", [LOCKSTEP_TEST] = "test"};
	lockstep_status status = LOCKSTEP_OK;
	if (job->dataset == runner->noted)
		return LOCKSTEP_OK;
	for (int part = LOCKSTEP_TRAIN; !status && part <= LOCKSTEP_TEST; part++) {
		char digest[65];
		const struct lockstep_runs_data data = {job->data ? job->data : "", parts[part], digest};
		if (lockstep_dataset_rows(job->dataset, (enum lockstep_part)part) == 0)
			continue;
		lockstep_dataset_digest(job->dataset, (enum lockstep_part)part, digest);
		status = ls_store_add_data(runner->store, runner->study, &data, error);
	}
	runner->noted = job->dataset;
	return status;
}

/* What cannot be prepared is the trial's failure. */
static lockstep_status prepare_run(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	lockstep_error cause;
	if (!ls_spec_is_built_in(runner->spec))
		return ls_command_prepare(runner, run, error);
	if (run->job.network)
		return LOCKSTEP_OK;
	lockstep_status status = ask_for_job(runner, run, &cause);
	if (status == LOCKSTEP_ERROR_MEMORY) /* which depends on what else there is, and is no result */
		return ls_error_set(error, status, "%s", cause.message);
	if (status) {
		run->trial->is_failed = 1;
		ls_memory_free(run->message);
		run->message = ls_memory_copy_text(cause.message);
		return LOCKSTEP_OK;
	}
	/* A study without figures to compare is no study. */
	status = ls_metric_check(runner->metric, run->job.dataset, &run->job.options, error);
	if (!status)
		status = note_data(runner, &run->job, error);
	if (status)
		return status;
	uint32_t epochs = run->job.options.epochs;
	if (!run->values)
		run->values = ls_memory_allocate(epochs, sizeof *run->values);
	if (!run->values)
		return ls_error_memory(error, "a run's epochs");
	return run->id ? LOCKSTEP_OK : ls_runner_learn(runner, run, error);
}

lockstep_status ls_runner_prepare(struct ls_runner *runner, struct ls_trial *trial, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (uint32_t i = 0; i < trial->n_runs && !status && !trial->is_failed; i++)
		if (!ls_run_has_ended(&trial->runs[i]))
			status = prepare_run(runner, &trial->runs[i], error);
	return status;
}
