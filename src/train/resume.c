/* SPDX-License-Identifier: MIT
 *
 * From a trainer to a checkpoint and back. Everything a step reads is either
 * in the job (order, scaling, rates and draws are made anew from it) or here:
 * parameters, velocity, the step's number, the running epoch's loss and what
 * early stopping knows.
 */
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "job/job.h"
#include "job/options.h"
#include "trainer.h"

/* ---- Save ------------------------------------------------------------ */

static lockstep_status take_snapshot(struct lockstep_trainer *trainer, lockstep_error *error)
{
	struct ls_snapshot *snapshot = &trainer->snapshot;
	int with_velocity = trainer->options.momentum != 0;
	lockstep_status status = LOCKSTEP_OK;
	if (!snapshot->parameters)
		status = ls_network_clone(&snapshot->parameters, trainer->network, error);
	if (!status && with_velocity && !snapshot->velocity)
		status = ls_network_clone(&snapshot->velocity, trainer->network, error);
	if (status)
		return status;
	ls_packed_store(trainer->packed, snapshot->parameters);
	if (with_velocity)
		ls_packed_store_velocity(trainer->packed, snapshot->velocity);
	return LOCKSTEP_OK;
}

static lockstep_status save(struct lockstep_trainer *trainer, const char *path, lockstep_error *error)
{
	char *job = NULL;
	int in_epoch = trainer->next_step % trainer->steps.steps_per_epoch != 0;
	lockstep_status status = ls_trainer_check_not_ended(trainer, error);
	if (!status)
		status = ls_job_text(&job, trainer->network, trainer->dataset, &trainer->options, error);
	if (!status)
		status = take_snapshot(trainer, error);
	if (!status)
		status = ls_checkpoint_save(
		    &(struct ls_checkpoint_contents){
			.job = job,
			.history = &trainer->history,
			.origin = &trainer->dataset->origin,
			.standing = {trainer->next_step, in_epoch ? trainer->steps.account.epoch_loss : 0,
		                     trainer->best},
			.parameters = trainer->snapshot.parameters,
			.velocity = trainer->snapshot.velocity,
			.best = trainer->best.found ? trainer->best_network : NULL,
		    },
		    path, error);
	ls_memory_free(job);
	return status;
}

lockstep_status lockstep_trainer_save(lockstep_trainer *trainer, const char *path, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter(); /* numbers are written rounded to nearest */
	lockstep_status status = save(trainer, path, error);
	ls_fpcontrol_leave(saved);
	return status;
}

/* ---- Resume ---------------------------------------------------------- */

static lockstep_status check_job(const struct lockstep_trainer *trainer, const lockstep_checkpoint *checkpoint,
                                 lockstep_error *error)
{
	char *job = NULL;
	lockstep_status status = ls_job_text(&job, trainer->network, trainer->dataset, &trainer->options, error);
	if (!status)
		status = ls_job_compare(job, checkpoint->record.text, "this is not the checkpoint's job: ", error);
	ls_memory_free(job);
	return status;
}

/* The number of the step, the history and the best epoch must fit together. */
static lockstep_status check_standing(const struct lockstep_trainer *trainer, const lockstep_checkpoint *checkpoint,
                                      lockstep_error *error)
{
	const struct ls_history *history = &checkpoint->record.history;
	uint64_t step = checkpoint->standing.step, epoch = step / trainer->steps.steps_per_epoch;
	int fits = step <= ls_trainer_job_steps(trainer) && history->n <= trainer->history.capacity &&
	           ls_history_last(history) == epoch / history->every * history->every;
	if (fits)
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_FORMAT,
	                    "the checkpoint stands at step %llu, which does not go with its job and its history",
	                    (unsigned long long)step);
}

static lockstep_status resume(struct lockstep_trainer *trainer, const lockstep_checkpoint *checkpoint,
                              lockstep_error *error)
{
	lockstep_status status = check_job(trainer, checkpoint, error);
	if (!status)
		status = check_standing(trainer, checkpoint, error);
	if (!status && checkpoint->best && !trainer->best_network)
		status = ls_network_clone(&trainer->best_network, trainer->network, error);
	if (status)
		return status;

	const struct ls_standing *standing = &checkpoint->standing;
	ls_packed_load(trainer->packed, checkpoint->parameters);
	if (checkpoint->velocity)
		ls_packed_load_velocity(trainer->packed, checkpoint->velocity);
	if (checkpoint->best)
		memcpy(trainer->best_network->parameters, checkpoint->best->parameters,
		       checkpoint->best->n_parameters * sizeof *checkpoint->best->parameters);
	ls_history_copy(&trainer->history, &checkpoint->record.history);
	trainer->best = standing->best;
	trainer->next_step = standing->step;
	trainer->steps.account.epoch_loss = standing->epoch_loss;
	trainer->ended = 0;
	return LOCKSTEP_OK;
}

lockstep_status lockstep_trainer_resume(lockstep_trainer *trainer, const lockstep_checkpoint *checkpoint,
                                        lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = resume(trainer, checkpoint, error);
	ls_fpcontrol_leave(saved);
	return status;
}
