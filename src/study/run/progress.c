/* SPDX-License-Identifier: MIT
 *
 * What callers hear of a study: the trial that changed, the study as a whole, its best
 * trial and the time that is left.
 */
#include <math.h>

#include "base/clock.h"
#include "runner.h"

#define FORECAST_SECONDS 0.25 /* from one to the next, which looks at all trials */

static int is_better(const struct ls_runner *runner, double objective, int is_done)
{
	double best = runner->progress.best_objective;
	if (isnan(best) || is_done != runner->best_is_done)
		return isnan(best) || is_done;
	return runner->spec->maximize ? objective > best : objective < best;
}

void ls_runner_consider_best(struct ls_runner *runner, const struct ls_trial *trial)
{
	int is_done = trial->state == LOCKSTEP_TRIAL_DONE;
	if (isnan(trial->objective) || !is_better(runner, trial->objective, is_done))
		return;
	runner->best_is_done = is_done;
	runner->progress.best = trial->number;
	runner->progress.best_objective = trial->objective;
}

static void look_ahead(struct ls_runner *runner)
{
	struct ls_forecast *forecast = &runner->forecast;
	struct lockstep_study_progress *progress = &runner->progress;
	double wall = runner->spec->wall_seconds, seconds = progress->seconds;
	if (seconds - forecast->looked_at < FORECAST_SECONDS)
		return;
	forecast->looked_at = seconds;
	progress->seconds_left = ls_forecast_left(runner, seconds);
	if (wall > 0)
		progress->seconds_left = fmin(progress->seconds_left, fmax(wall - seconds, 0));
}

static void tell_of(struct lockstep_study_progress *progress, const struct ls_trial *trial)
{
	uint32_t until = trial->until ? trial->until : trial->runs[0].job.options.epochs; /* 0: its job is not there */
	progress->trial = trial->number;
	progress->state = trial->state;
	progress->epoch = trial->epochs;
	progress->until = until == UINT32_MAX ? 0 : until;
	progress->workers = trial->n_cores;
	progress->objective = trial->objective;
	progress->message = ls_trial_message(trial);
}

void ls_runner_tell(struct ls_runner *runner, enum lockstep_study_change change, const struct ls_trial *trial)
{
	struct lockstep_study_progress *progress = &runner->progress;
	progress->change = change;
	progress->message = NULL;
	if (trial)
		tell_of(progress, trial);
	progress->n_started = runner->n_trials;
	progress->n_running = runner->n_running;
	progress->n_busy = 0;
	for (uint32_t i = 0; i < runner->n_cores; i++)
		progress->n_busy += runner->taken[i];
	progress->seconds = ls_clock_seconds() - runner->started;
	look_ahead(runner);
	if (runner->options->on_progress && runner->options->on_progress(progress, runner->options->context))
		runner->is_stopping = 1;
}

void ls_runner_set_state(struct ls_runner *runner, struct ls_trial *trial, enum lockstep_trial_state state)
{
	runner->progress.n_in_state[trial->state]--;
	trial->state = state;
	runner->progress.n_in_state[state]++;
}
