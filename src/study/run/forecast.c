/* SPDX-License-Identifier: MIT
 *
 * How long a study will go on: what is left of its work takes as long as what was done
 * since the call. Work is counted in epochs where the scheduler has rungs, else in
 * trials, of which those that run count for as far as they are.
 */
#include <math.h>

#include "runner.h"

#define BRACKETS_MAX 100000 /* that are added up; of a longer study nothing is said */

static double planned_epochs(const struct ls_scheduler_options *options)
{
	double epochs = 0;
	for (uint64_t bracket = 0; bracket < BRACKETS_MAX; bracket++) {
		struct ls_plan plan;
		if (ls_scheduler_plan(&plan, options, bracket, NULL) || !plan.trials)
			return epochs;
		uint32_t before = 0;
		for (uint32_t i = 0; i < plan.n_rungs; i++) {
			epochs += (double)plan.rungs[i].trials * (plan.rungs[i].until - before);
			before = plan.rungs[i].until;
		}
	}
	return NAN;
}

struct ls_forecast ls_forecast_init(const struct ls_scheduler_options *options)
{
	struct ls_forecast forecast = {.planned = NAN};
	forecast.in_epochs = options->kind == LS_SCHEDULER_HALVING || options->kind == LS_SCHEDULER_HYPERBAND;
	if (options->trials != UINT64_MAX)
		forecast.planned = forecast.in_epochs ? planned_epochs(options) : (double)options->trials;
	return forecast;
}

/* Of a trial that runs: the mean of its runs. */
static double running_work(const struct ls_runner *runner, const struct ls_trial *trial)
{
	double work = 0;
	for (uint32_t i = 0; i < trial->n_runs; i++) {
		const struct ls_run *run = &trial->runs[i];
		double whole = runner->forecast.in_epochs ? 1 : run->job.options.epochs;
		if (whole > 0)
			work += run->epoch / whole;
	}
	return work / trial->n_runs;
}

double ls_forecast_done(const struct ls_runner *runner)
{
	double work = 0;
	for (size_t i = 0; i < runner->n_trials; i++) {
		const struct ls_trial *trial = runner->trials[i];
		if (trial->state == LOCKSTEP_TRIAL_RUNNING)
			work += running_work(runner, trial);
		else
			work += runner->forecast.in_epochs ? trial->epochs : 1;
	}
	return work;
}

/* Of the items that run: halving may send more trials on than planned. */
static double epochs_ahead(const struct ls_runner *runner)
{
	double epochs = 0;
	for (uint32_t i = 0; runner->forecast.in_epochs && i < runner->n_running; i++)
		epochs += runner->running[i]->until - running_work(runner, runner->running[i]);
	return epochs;
}

double ls_forecast_left(const struct ls_runner *runner, double seconds)
{
	const struct ls_forecast *forecast = &runner->forecast;
	double done = ls_forecast_done(runner), since = done - forecast->before;
	if (isnan(forecast->planned) || !(since > 0))
		return NAN;
	return seconds * fmax(forecast->planned - done, epochs_ahead(runner)) / since;
}
