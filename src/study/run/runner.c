/* SPDX-License-Identifier: MIT
 *
 * The coordinator's loop. An item goes from its start to its report; in between its
 * trial has cores, and one of its runs trains while the others are there or wait.
 */
#include "runner.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "commands.h"
#include "job/options.h"
#include "net/network.h"

#define TICK_SECONDS 0.2
#define PATH_SIZE 4096

static void advance(struct ls_runner *runner, struct ls_trial *trial);

void ls_runner_fail(struct ls_runner *runner, lockstep_status status, const lockstep_error *error)
{
	runner->is_stopping = 1;
	if (runner->status)
		return;
	runner->status = status;
	runner->error = *error;
}

/* ---- Legs -------------------------------------------------------------- */

static uint32_t workers_of(const struct ls_run *run)
{
	uint32_t slices = ls_train_slices(&run->job.options);
	return run->trial->n_cores < slices ? run->trial->n_cores : slices;
}

static lockstep_status start_training(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	char path[PATH_SIZE], bind[LS_BIND_MAX];
	struct ls_leg_job job = {run->job.dataset, run->job.network, run->job.options, path, run->resume > 0};
	ls_runner_checkpoint(runner, run, path, sizeof path);
	job.options.workers = workers_of(run);
	ls_cores_bind(runner, run->trial, job.options.workers, bind, sizeof bind);
	job.options.bind = bind;
	return ls_leg_start(&run->leg, &job, runner->mailbox, run, error);
}

static lockstep_status start_leg(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	lockstep_status status =
	    run->command ? ls_command_start(runner, run, error) : start_training(runner, run, error);
	if (status)
		return status;
	run->state = LOCKSTEP_JOB_RUNNING;
	run->first_core = run->trial->first_core;
	run->n_cores = run->trial->n_cores;
	run->beside = runner->n_running;
	if (!run->started[0])
		ls_store_now(run->started);
	ls_runner_write_job(runner, run, NULL);
	ls_runner_tell(runner, LOCKSTEP_STUDY_MOVED, run->trial);
	return LOCKSTEP_OK;
}

static void answer(struct ls_runner *runner, struct ls_run *run)
{
	char bind[LS_BIND_MAX];
	const struct ls_trial *trial = run->trial;
	ls_cores_adjust(runner, run->trial);
	run->waits = 0;
	run->beside = runner->n_running;
	if (run->first_core == trial->first_core && run->n_cores == trial->n_cores) {
		ls_leg_answer(run->leg, LS_LEG_GO_ON, 0, NULL);
		return;
	}
	run->first_core = trial->first_core;
	run->n_cores = trial->n_cores;
	ls_cores_bind(runner, trial, workers_of(run), bind, sizeof bind);
	ls_leg_answer(run->leg, LS_LEG_MOVE, workers_of(run), bind);
	ls_runner_tell(runner, LOCKSTEP_STUDY_MOVED, trial);
}

/* Ends what waits; returns how many legs there still are. */
static uint32_t pause_legs(struct ls_trial *trial)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < trial->n_runs; i++) {
		struct ls_run *run = &trial->runs[i];
		n += run->leg != NULL;
		if (run->waits) {
			run->waits = 0;
			ls_leg_answer(run->leg, LS_LEG_PAUSE, 0, NULL);
		}
	}
	return n;
}

/* The trial of an earlier item that trains the same job now, or NULL. */
static const struct ls_trial *other_trial(const struct ls_runner *runner, const struct ls_run *run)
{
	for (uint32_t i = 0; i < runner->n_running; i++) {
		const struct ls_trial *other = runner->running[i];
		for (uint32_t r = 0; other->item < run->trial->item && r < other->n_runs; r++)
			if (other->runs[r].id == run->id)
				return other;
	}
	return NULL;
}

/* A trial whose runs can all be left where they are, since it has come to its end. */
static int is_over(const struct ls_trial *trial)
{
	int is_over = trial->is_pruned || trial->is_failed;
	for (uint32_t i = 0; i < trial->n_runs; i++)
		is_over |= ls_run_has_failed(&trial->runs[i]);
	return is_over;
}

/* Tells the scheduler of the epochs that all runs have behind them. */
static void tell_epochs(struct ls_runner *runner, struct ls_trial *trial)
{
	lockstep_error error;
	uint32_t n = ls_trial_epochs(trial);
	while (runner->by_epoch && trial->told < n && !trial->is_pruned) {
		double value = ls_trial_value(trial, runner->spec->aggregate, trial->told + 1);
		lockstep_status status = ls_scheduler_epoch(runner->scheduler, trial->item, trial->told + 1,
		                                            ls_runner_told(runner, value), &error);
		if (status) {
			ls_runner_fail(runner, status, &error);
			return;
		}
		trial->told++;
		if (ls_scheduler_prunes(runner->scheduler, trial->item)) {
			trial->is_pruned = 1;
			trial->until = trial->told;
		}
	}
}

/* Once no other trial trains the same job, and there is a core. Where it stands is asked for
 * again when a leg has ended since, which may have been of another trial with the same job. */
static lockstep_status begin_run(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	if (other_trial(runner, run))
		return LOCKSTEP_OK;
	if (run->known_at != runner->n_legs_ended) {
		lockstep_status status = ls_runner_learn(runner, run, error);
		if (!status)
			advance(runner, run->trial);
		return status;
	}
	if (!run->trial->n_cores && !ls_cores_take(runner, run->trial))
		return LOCKSTEP_OK;
	return start_leg(runner, run, error);
}

/* The next thing that the trial does, unless a run of it trains. */
static void advance(struct ls_runner *runner, struct ls_trial *trial)
{
	lockstep_error error;
	tell_epochs(runner, trial);
	if (runner->is_stopping) {
		pause_legs(trial);
		return;
	}
	struct ls_run *next = is_over(trial) ? NULL : ls_trial_next(trial, runner->by_epoch);
	if (!next) {
		if (!pause_legs(trial))
			ls_runner_complete(runner, trial);
		return;
	}
	if (next->waits) {
		answer(runner, next);
	} else if (!next->leg) {
		lockstep_status status = begin_run(runner, next, &error);
		if (status)
			ls_runner_fail(runner, status, &error);
	}
}

/* ---- Letters ------------------------------------------------------------ */

static void keep_epoch(struct ls_runner *runner, struct ls_run *run, const struct lockstep_epoch *epoch)
{
	const struct ls_store_epoch values = ls_objective_epoch(epoch, run->job.dataset);
	if (epoch->epoch == run->epoch + 1) {
		ls_score_add(&run->score, &values);
		run->values[run->epoch++] = run->score.value;
		snprintf(run->fingerprint, sizeof run->fingerprint, "%s", epoch->fingerprint);
	}
	run->seconds += epoch->train_seconds;
	ls_runner_write_job(runner, run, &values);
	if (run->beside == runner->n_running)
		ls_packing_note(&runner->packing, runner->n_running,
		                epoch->samples_per_second * (double)run->job.network->n_parameters);
}

static void keep_point(struct ls_runner *runner, struct ls_run *run, const struct ls_point *point)
{
	struct ls_store_metric metrics[LS_POINT_NUMBERS_MAX];
	lockstep_error error;
	const struct ls_store_epoch values = ls_command_point(point, metrics);
	lockstep_status status = ls_command_keep(run, point->value, point->key, &error);
	run->seconds += point->seconds;
	if (status)
		ls_runner_fail(runner, status, &error);
	else
		ls_runner_write_job(runner, run, &values);
}

static void take_epoch(struct ls_runner *runner, struct ls_run *run, const struct ls_leg_letter *letter)
{
	struct ls_trial *trial = run->trial;
	run->waits = 1;
	if (letter->point)
		keep_point(runner, run, letter->point);
	else
		keep_epoch(runner, run, &letter->epoch);
	trial->epochs = ls_trial_epochs(trial);
	trial->objective = ls_trial_value(trial, runner->spec->aggregate, trial->epochs);
	ls_runner_tell(runner, LOCKSTEP_STUDY_EPOCH, trial);
	advance(runner, trial);
}

static enum lockstep_job_state job_state(const struct ls_runner *runner, const struct ls_run *run,
                                         lockstep_status status)
{
	switch (status) {
	case LOCKSTEP_OK:
		return LOCKSTEP_JOB_DONE;
	case LOCKSTEP_STOPPED:
		return runner->is_stopping && !ls_run_is_there(run) ? LOCKSTEP_JOB_INTERRUPTED : LOCKSTEP_JOB_PAUSED;
	case LOCKSTEP_DIVERGED:
		return LOCKSTEP_JOB_DIVERGED;
	default:
		return LOCKSTEP_JOB_FAILED;
	}
}

/* What is no result of the job ends the study, and the job is begun anew with it. */
static void take_loss(struct ls_runner *runner, struct ls_leg_letter *letter)
{
	if (!letter->is_lost)
		return;
	ls_runner_fail(runner, letter->status, &letter->error);
	letter->status = LOCKSTEP_STOPPED;
}

static void take_end(struct ls_runner *runner, struct ls_run *run, struct ls_leg_letter *letter)
{
	take_loss(runner, letter);
	lockstep_status status = letter->status;
	run->state = job_state(runner, run, status);
	run->resume = status == LOCKSTEP_STOPPED ? run->epoch + 1 : 0;
	run->exit_status = letter->exit_status;
	if (run->command)
		run->seconds = run->seconds_before + letter->seconds;
	if (!status && run->job.network)
		lockstep_network_fingerprint(run->job.network, run->fingerprint);
	if (status == LOCKSTEP_DIVERGED)
		run->fingerprint[0] = '\0';
	if (status && status != LOCKSTEP_STOPPED) {
		ls_memory_free(run->message);
		run->message = ls_memory_copy_text(letter->error.message);
	}
	if (letter->warning.status && runner->options->on_warning)
		runner->options->on_warning(letter->warning.message, runner->options->context);
	ls_leg_join(run->leg);
	run->leg = NULL;
	runner->n_legs_ended++;
	ls_runner_write_job(runner, run, NULL);
	advance(runner, run->trial);
}

static void take_letter(struct ls_runner *runner, struct ls_leg_letter *letter)
{
	struct ls_run *run = ls_leg_owner(letter->leg);
	if (letter->event == LS_LEG_EPOCH)
		take_epoch(runner, run, letter);
	else
		take_end(runner, run, letter);
}

/* ---- The loop ----------------------------------------------------------- */

static lockstep_status begin_trial(struct ls_runner *runner, const struct ls_item *item, lockstep_error *error)
{
	struct ls_trial *trial;
	lockstep_status status = LOCKSTEP_OK;
	if (item->action == LS_ACTION_START)
		status = ls_runner_add_trial(runner, item, 1, &trial, error);
	else {
		trial = runner->trials[item->trial];
		status = ls_store_add_item(runner->store, runner->study, item, NULL, 0, error);
	}
	return status ? status : ls_runner_begin(runner, trial, item, error);
}

lockstep_status ls_runner_begin(struct ls_runner *runner, struct ls_trial *trial, const struct ls_item *item,
                                lockstep_error *error)
{
	trial->item = item->number;
	trial->until = runner->whole ? item->until : 0;
	lockstep_status status = ls_runner_prepare(runner, trial, error);
	if (status)
		return status;
	ls_runner_set_state(runner, trial, LOCKSTEP_TRIAL_RUNNING);
	runner->running[runner->n_running++] = trial;
	return LOCKSTEP_OK;
}

/* By a trial that the next item may see, so that where the sweep ends is as much a part
 * of it as how it goes on. */
static int is_target_reached(const struct ls_runner *runner)
{
	const struct ls_spec *spec = runner->spec;
	uint64_t seen = ls_scheduler_seen(runner->scheduler, runner->next_item);
	double target = ls_runner_told(runner, spec->target);
	for (size_t i = 0; spec->has_target && i < runner->n_trials; i++) {
		const struct ls_trial *trial = runner->trials[i];
		for (size_t r = 0; r < trial->n_results && trial->results[r].item < seen; r++)
			if (trial->results[r].state == LS_OBSERVED_DONE && trial->results[r].told <= target)
				return 1;
	}
	return 0;
}

static void look_at_clock(struct ls_runner *runner)
{
	double wall = runner->spec->wall_seconds;
	if (wall > 0 && ls_clock_seconds() - runner->started >= wall)
		runner->is_stopping = 1;
}

/* Begins an item, if one can be; returns whether to look for another. */
static int begin_one(struct ls_runner *runner)
{
	struct ls_item item;
	lockstep_error error;
	look_at_clock(runner); /* trials whose jobs are there take no time, and may be many */
	if (runner->is_stopping || runner->has_ended || !ls_cores_any(runner) ||
	    runner->n_running >= ls_packing_concurrent(&runner->packing) || !ls_scheduler_is_ready(runner->scheduler))
		return 0;
	if (is_target_reached(runner)) {
		runner->has_ended = 1;
		return 0;
	}
	lockstep_status status = ls_scheduler_next(runner->scheduler, &item, &error);
	if (!status && item.action == LS_ACTION_END) {
		runner->has_ended = 1;
		return 0;
	}
	runner->next_item = item.number + 1;
	if (!status && item.action == LS_ACTION_IDLE)
		status = ls_store_add_item(runner->store, runner->study, &item, NULL, 0, &error);
	else if (!status)
		status = begin_trial(runner, &item, &error);
	if (status) {
		ls_runner_fail(runner, status, &error);
		return 0;
	}
	if (item.action != LS_ACTION_IDLE) {
		struct ls_trial *trial = runner->running[runner->n_running - 1];
		ls_runner_tell(runner, LOCKSTEP_STUDY_STARTED, trial);
		advance(runner, trial);
	}
	return 1;
}

static uint32_t n_legs(const struct ls_runner *runner)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < runner->n_running; i++)
		for (uint32_t r = 0; r < runner->running[i]->n_runs; r++)
			n += runner->running[i]->runs[r].leg != NULL;
	return n;
}

static void stop_legs(const struct ls_runner *runner)
{
	for (uint32_t i = 0; i < runner->n_running; i++) {
		pause_legs(runner->running[i]);
		for (uint32_t r = 0; r < runner->running[i]->n_runs; r++)
			if (runner->running[i]->runs[r].leg)
				ls_leg_stop(runner->running[i]->runs[r].leg);
	}
}

/* Trials that wait for another's job, or have nothing to train. From the last on: one may
 * leave the list. */
static void advance_all(struct ls_runner *runner)
{
	for (uint32_t i = runner->n_running; i-- > 0;) {
		struct ls_trial *trial = runner->running[i];
		uint32_t n = 0;
		for (uint32_t r = 0; r < trial->n_runs; r++)
			n += trial->runs[r].leg != NULL;
		if (n == 0 && !runner->is_stopping)
			advance(runner, trial);
	}
}

lockstep_status ls_runner_run(struct ls_runner *runner, lockstep_error *error)
{
	runner->forecast.before = ls_forecast_done(runner);
	for (;;) {
		while (begin_one(runner))
			;
		advance_all(runner);
		if (runner->is_stopping)
			stop_legs(runner);
		if (runner->is_stopping ? n_legs(runner) == 0 : runner->has_ended && runner->n_running == 0)
			break;
		struct ls_leg_letter *letter = (struct ls_leg_letter *)ls_mailbox_take(runner->mailbox, TICK_SECONDS);
		if (letter)
			take_letter(runner, letter);
		else
			ls_runner_tell(runner, LOCKSTEP_STUDY_TICK, NULL);
	}
	if (runner->status)
		return ls_error_set(error, runner->status, "%s", runner->error.message);
	for (size_t i = 0; runner->has_ended && i < runner->n_trials; i++)
		for (uint32_t r = 0; r < runner->trials[i]->n_runs; r++)
			ls_runner_remove_checkpoint(runner, &runner->trials[i]->runs[r]);
	return runner->has_ended ? LOCKSTEP_OK : ls_error_set(error, LOCKSTEP_STOPPED, "the study was interrupted");
}
