/* SPDX-License-Identifier: MIT
 *
 * Where a trial's runs stand.
 */
#include "trial.h"

#include <math.h>

#include "base/memory.h"
#include "commands.h"

int ls_run_has_ended(const struct ls_run *run)
{
	return run->state == LOCKSTEP_JOB_DONE || run->state == LOCKSTEP_JOB_DIVERGED ||
	       run->state == LOCKSTEP_JOB_FAILED;
}

/* A job that another trial took further has not ended where this one's item ends: training
 * has where early stopping ended it there, a command, which is not waited for there, never. */
int ls_run_ends_there(const struct ls_run *run)
{
	uint32_t until = run->trial->until;
	if (!ls_run_has_ended(run) || !until || run->epoch < until)
		return ls_run_has_ended(run);
	return run->state == LOCKSTEP_JOB_DONE &&
	       ((run->epoch == until && !run->is_of_command) || until >= run->job.options.epochs);
}

/* The job's last epoch, by early stopping too, is not its end, which comes after it. */
int ls_run_is_there(const struct ls_run *run)
{
	uint32_t until = run->trial->until;
	if (ls_run_has_ended(run))
		return 1;
	if (!until || until >= run->job.options.epochs || run->epoch < until)
		return 0;
	return run->epoch > until || !ls_score_is_over(&run->score);
}

int ls_run_has_failed(const struct ls_run *run)
{
	return run->state != LOCKSTEP_JOB_DONE && ls_run_ends_there(run);
}

struct ls_run *ls_trial_next(struct ls_trial *trial, int by_epoch)
{
	struct ls_run *next = NULL;
	for (uint32_t i = 0; i < trial->n_runs; i++) {
		struct ls_run *run = &trial->runs[i];
		if (!ls_run_is_there(run) && (!next || (by_epoch && run->epoch < next->epoch)))
			next = run;
	}
	return next;
}

const char *ls_trial_message(const struct ls_trial *trial)
{
	if (trial->state != LOCKSTEP_TRIAL_FAILED && trial->state != LOCKSTEP_TRIAL_DIVERGED)
		return NULL;
	for (uint32_t i = 0; i < trial->n_runs; i++)
		if (trial->runs[i].message && (ls_run_has_failed(&trial->runs[i]) || !trial->runs[i].id))
			return trial->runs[i].message;
	return NULL;
}

double ls_run_value(const struct ls_run *run, uint32_t epoch)
{
	uint32_t known = epoch < run->epoch ? epoch : run->epoch;
	int failed = run->state == LOCKSTEP_JOB_DIVERGED || run->state == LOCKSTEP_JOB_FAILED;
	if (known == 0 || (failed && run->epoch < epoch))
		return NAN;
	return run->values[known - 1];
}

double ls_trial_value(const struct ls_trial *trial, enum ls_aggregate aggregate, uint32_t epoch)
{
	double values[LS_SEEDS_MAX]; /* a run a seed */
	for (uint32_t i = 0; i < trial->n_runs; i++)
		values[i] = ls_run_value(&trial->runs[i], epoch);
	return ls_objective_together(aggregate, values, trial->n_runs);
}

uint32_t ls_trial_epochs(const struct ls_trial *trial)
{
	uint32_t least = UINT32_MAX, most = 0;
	for (uint32_t i = 0; i < trial->n_runs; i++) {
		const struct ls_run *run = &trial->runs[i];
		if (!ls_run_has_ended(run) && run->epoch < least)
			least = run->epoch;
		most = run->epoch > most ? run->epoch : most;
	}
	least = least < most ? least : most;
	return trial->until && trial->until < least ? trial->until : least;
}

void ls_run_destroy_job(struct ls_run *run)
{
	lockstep_network_destroy(run->job.network);
	run->job.network = NULL;
	ls_command_destroy(run->command);
	run->command = NULL;
}

void ls_trial_destroy(struct ls_trial *trial)
{
	if (!trial)
		return;
	for (uint32_t i = 0; trial->runs && i < trial->n_runs; i++) {
		ls_run_destroy_job(&trial->runs[i]);
		ls_memory_free(trial->runs[i].values);
		ls_memory_free(trial->runs[i].message);
	}
	ls_memory_free(trial->results);
	ls_memory_free(trial->runs);
	ls_memory_free(trial->point);
	ls_memory_free(trial);
}
