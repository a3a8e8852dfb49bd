/* SPDX-License-Identifier: MIT
 *
 * What a trial came to: its jobs are written down as they go on, and at the end of an item
 * its result, which the scheduler and later trials then know.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "runner.h"

#define PATH_SIZE 4096

static void write_progress(struct ls_runner *runner, struct ls_run *run, lockstep_error *error, lockstep_status *status)
{
	char bind[LS_BIND_MAX], now[LS_STORE_TIME_MAX];
	const struct ls_trial *trial = run->trial;
	struct ls_store_progress progress = LS_STORE_PROGRESS_INIT;
	ls_cores_bind(runner, trial, trial->n_cores, bind, sizeof bind);
	ls_store_now(now);
	progress.state = run->state;
	progress.epoch = run->epoch;
	progress.message = run->message;
	progress.workers = trial->n_cores;
	progress.cores = strncmp(bind, "list:", 5) ? NULL : bind + 5;
	progress.started = run->started;
	progress.ended = run->state == LOCKSTEP_JOB_RUNNING ? NULL : now;
	progress.seconds = run->seconds;
	progress.fingerprint = *run->fingerprint ? run->fingerprint : NULL;
	progress.exit_status = run->exit_status;
	if (!*status)
		*status = ls_store_update_job(runner->store, run->id, &progress, error);
}

void ls_runner_write_job(struct ls_runner *runner, struct ls_run *run, const struct ls_store_epoch *epoch)
{
	lockstep_error error;
	lockstep_status status = ls_store_begin(runner->store, &error);
	int is_open = !status;
	if (!status && epoch)
		status = ls_store_add_epoch(runner->store, run->id, epoch, &error);
	write_progress(runner, run, &error, &status);
	if (!status)
		status = ls_store_commit(runner->store, &error);
	else if (is_open)
		ls_store_rollback(runner->store);
	if (status)
		ls_runner_fail(runner, status, &error);
}

/* ---- The end of an item ------------------------------------------------ */

static enum lockstep_trial_state state_of(const struct ls_trial *trial)
{
	int all_end = 1;
	for (uint32_t i = 0; i < trial->n_runs; i++) {
		const struct ls_run *run = &trial->runs[i];
		if (ls_run_has_failed(run))
			return run->state == LOCKSTEP_JOB_DIVERGED ? LOCKSTEP_TRIAL_DIVERGED : LOCKSTEP_TRIAL_FAILED;
		all_end &= ls_run_ends_there(run);
	}
	if (trial->is_failed)
		return LOCKSTEP_TRIAL_FAILED;
	if (trial->is_pruned)
		return LOCKSTEP_TRIAL_PRUNED;
	return all_end ? LOCKSTEP_TRIAL_DONE : LOCKSTEP_TRIAL_PAUSED;
}

/* Epochs that an objective is looked at after. */
static uint32_t last_epoch(const struct ls_trial *trial)
{
	return trial->until ? trial->until : UINT32_MAX;
}

static lockstep_status write_report(struct ls_runner *runner, struct ls_trial *trial, double told,
                                    lockstep_error *error)
{
	double *runs = ls_memory_allocate(trial->n_runs, sizeof *runs);
	struct ls_store_told *epochs = ls_memory_allocate(trial->told, sizeof *epochs);
	lockstep_status status = runs && epochs ? LOCKSTEP_OK : ls_error_memory(error, "a report");
	for (uint32_t i = 0; !status && i < trial->n_runs; i++)
		runs[i] = ls_run_value(&trial->runs[i], last_epoch(trial));
	for (uint32_t i = 0; !status && i < trial->told; i++)
		epochs[i] = (struct ls_store_told){
		    i + 1, ls_runner_told(runner, ls_trial_value(trial, runner->spec->aggregate, i + 1))};
	const struct ls_store_report report = {
	    .item = trial->item,
	    .told = told,
	    .ended = trial->state != LOCKSTEP_TRIAL_PAUSED,
	    .epochs = epochs,
	    .n_epochs = trial->told,
	    .state = trial->state,
	    .objective = trial->objective,
	    .epochs_done = trial->epochs,
	    .message = ls_trial_message(trial),
	    .runs = runs,
	    .n_runs = trial->is_failed && !trial->runs[0].id ? 0 : trial->n_runs,
	};
	if (!status)
		status = ls_store_report(runner->store, runner->study, &report, error);
	ls_memory_free(epochs);
	ls_memory_free(runs);
	return status;
}

static void remove_running(struct ls_runner *runner, const struct ls_trial *trial)
{
	uint32_t i = 0;
	while (runner->running[i] != trial)
		i++;
	runner->n_running--;
	memmove(runner->running + i, runner->running + i + 1, (runner->n_running - i) * sizeof(struct ls_trial *));
}

void ls_runner_remove_checkpoint(const struct ls_runner *runner, const struct ls_run *run)
{
	char path[PATH_SIZE];
	ls_runner_checkpoint(runner, run, path, sizeof path);
	unlink(path);
}

/* Those that nothing goes on from. */
static void remove_checkpoints(const struct ls_runner *runner, struct ls_trial *trial)
{
	for (uint32_t i = 0; i < trial->n_runs; i++) {
		struct ls_run *run = &trial->runs[i];
		ls_run_destroy_job(run);
		if (trial->state != LOCKSTEP_TRIAL_PAUSED || ls_run_has_ended(run))
			ls_runner_remove_checkpoint(runner, run);
	}
}

static lockstep_status report(struct ls_runner *runner, struct ls_trial *trial, lockstep_error *error)
{
	int has_value = trial->state != LOCKSTEP_TRIAL_DIVERGED && trial->state != LOCKSTEP_TRIAL_FAILED;
	trial->epochs = ls_trial_epochs(trial);
	trial->objective = has_value ? ls_trial_value(trial, runner->spec->aggregate, last_epoch(trial)) : NAN;
	double told = ls_runner_told(runner, trial->objective);
	const struct ls_result result = {
	    .item = trial->item,
	    .state = isnan(told)                           ? LS_OBSERVED_FAILED
	             : trial->state == LOCKSTEP_TRIAL_DONE ? LS_OBSERVED_DONE
	                                                   : LS_OBSERVED_PRUNED,
	    .told = told,
	    .epochs = trial->epochs,
	};
	lockstep_status status = write_report(runner, trial, told, error);
	if (!status)
		status = ls_runner_keep_result(trial, &result, error);
	if (!status)
		status = ls_scheduler_report(runner->scheduler, trial->item, told,
		                             trial->state != LOCKSTEP_TRIAL_PAUSED, error);
	return status;
}

void ls_runner_complete(struct ls_runner *runner, struct ls_trial *trial)
{
	lockstep_error error;
	ls_runner_set_state(runner, trial, state_of(trial));
	lockstep_status status = report(runner, trial, &error);
	if (status)
		ls_runner_fail(runner, status, &error);
	remove_checkpoints(runner, trial);
	ls_cores_give_back(runner, trial);
	remove_running(runner, trial);
	ls_runner_consider_best(runner, trial);
	ls_runner_tell(runner, LOCKSTEP_STUDY_REPORTED, trial);
}
