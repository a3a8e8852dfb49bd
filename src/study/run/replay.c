/* SPDX-License-Identifier: MIT
 *
 * A study that was interrupted, brought back: its items are made again, in order, which
 * gives the same ones since nothing but recorded results decides; those with a result
 * get it back, the others are open and begin again.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "runner.h"

static lockstep_status make_again(struct ls_runner *runner, const struct ls_item *recorded, lockstep_error *error)
{
	struct ls_item item;
	lockstep_status status = ls_scheduler_next(runner->scheduler, &item, error);
	if (status)
		return status;
	if (item.number == recorded->number && item.action == recorded->action && item.until == recorded->until &&
	    (item.action >= LS_ACTION_IDLE || item.trial == recorded->trial))
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
	                    "item %llu of the study in the database is not the one that its results lead to",
	                    (unsigned long long)recorded->number);
}

/* What a trial that comes later is made of: the points are made again, and must be those
 * that the results belong to. */
static lockstep_status check_point(const struct ls_runner *runner, const struct ls_trial *trial,
                                   const struct lockstep_runs_trial *recorded, lockstep_error *error)
{
	for (size_t i = 0; i < runner->spec->space.n; i++) {
		double own = trial->point[i], theirs = recorded->values[i].draw;
		if (isnan(own) ? !isnan(theirs) : own != theirs)
			return ls_error_set(
			    error, LOCKSTEP_ERROR_FORMAT,
			    "trial %llu of the study in the database has another %s than this version of "
			    "Lockstep gives it: the study goes on with the version that began it",
			    (unsigned long long)trial->number, runner->spec->space.parameters[i].name);
	}
	return LOCKSTEP_OK;
}

static lockstep_status tell_scheduler(struct ls_runner *runner, const struct ls_store_item *item, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < item->n_epochs && !status; i++)
		status = ls_scheduler_epoch(runner->scheduler, item->item.number, item->epochs[i].epoch,
		                            item->epochs[i].objective, error);
	return status ? status
	              : ls_scheduler_report(runner->scheduler, item->item.number, item->told, item->ended, error);
}

/* What the item came to; `recorded` is where its trial stands in the end. */
static struct ls_result result_of(const struct ls_store_item *item, const struct lockstep_runs_trial *recorded)
{
	struct ls_result result = {item->item.number, LS_OBSERVED_PRUNED, item->told, item->item.until};
	if (item->ended) {
		result.epochs = recorded->epochs;
		if (recorded->state == LOCKSTEP_TRIAL_DONE)
			result.state = LS_OBSERVED_DONE;
	}
	if (isnan(item->told))
		result.state = LS_OBSERVED_FAILED;
	return result;
}

static lockstep_status take_result(struct ls_runner *runner, struct ls_trial *trial, const struct ls_store_item *item,
                                   const struct lockstep_runs_trial *recorded, lockstep_error *error)
{
	const struct ls_result result = result_of(item, recorded);
	lockstep_status status = tell_scheduler(runner, item, error);
	if (!status)
		status = ls_runner_keep_result(trial, &result, error);
	if (status)
		return status;
	for (size_t i = 0; i < trial->n_runs && i < recorded->n_jobs; i++) /* names its checkpoint */
		snprintf(trial->runs[i].sha256, sizeof trial->runs[i].sha256, "%s", recorded->jobs[i].sha256);
	trial->item = item->item.number;
	trial->epochs = result.epochs;
	trial->objective = ls_runner_told(runner, item->told);
	ls_runner_set_state(runner, trial, item->ended ? recorded->state : LOCKSTEP_TRIAL_PAUSED);
	ls_runner_consider_best(runner, trial);
	return LOCKSTEP_OK;
}

static lockstep_status replay_item(struct ls_runner *runner, const struct ls_store_item *item,
                                   const struct lockstep_runs_study *study, lockstep_error *error)
{
	struct ls_trial *trial = NULL;
	lockstep_status status = make_again(runner, &item->item, error);
	runner->next_item = item->item.number + 1;
	if (status || item->item.action >= LS_ACTION_IDLE)
		return status;
	if (item->item.trial >= study->n_trials)
		return ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "trial %llu of the study is not in the database",
		                    (unsigned long long)item->item.trial);
	if (item->item.action == LS_ACTION_START)
		status = ls_runner_add_trial(runner, &item->item, 0, &trial, error);
	else
		trial = runner->trials[item->item.trial];
	if (!status && item->item.action == LS_ACTION_START)
		status = check_point(runner, trial, &study->trials[item->item.trial], error);
	if (status)
		return status;
	return item->is_reported ? take_result(runner, trial, item, &study->trials[item->item.trial], error)
	                         : ls_runner_begin(runner, trial, &item->item, error);
}

/* The study among those of the file, whose names are its own each. */
static lockstep_status read_study(const struct ls_runner *runner, struct lockstep_runs_study **out,
                                  lockstep_error *error)
{
	lockstep_runs *runs;
	lockstep_status status = lockstep_runs_open(&runs, runner->options->database, error);
	if (status)
		return status;
	size_t i = 0, n = lockstep_runs_n_studies(runs);
	while (i < n && strcmp(lockstep_runs_get_summary(runs, i)->name, runner->name) != 0)
		i++;
	if (i < n)
		status = lockstep_runs_read_study(runs, i, out, error);
	else
		status = ls_error_set(error, LOCKSTEP_ERROR_FORMAT, "%s: the study is gone", runner->options->database);
	lockstep_runs_close(runs);
	return status;
}

lockstep_status ls_runner_replay(struct ls_runner *runner, lockstep_error *error)
{
	struct ls_store_items *items = NULL;
	struct lockstep_runs_study *study = NULL;
	lockstep_status status = ls_store_read_items(runner->store, runner->study, &items, error);
	if (!status && items->n > 0)
		status = read_study(runner, &study, error);
	for (size_t i = 0; !status && i < items->n; i++)
		status = replay_item(runner, &items->items[i], study, error);
	lockstep_runs_study_destroy(study);
	ls_store_items_destroy(items);
	return status;
}
