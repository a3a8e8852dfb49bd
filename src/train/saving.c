/* SPDX-License-Identifier: MIT
 *
 * Intervals of steps and epochs are counted from the job's first step, so that
 * a job that was resumed writes its checkpoints at the same places.
 */
#include "saving.h"

#include "arith/fpcontrol.h"
#include "base/clock.h"
#include "lockstep/checkpoint.h"

static int has_unit(const struct ls_saving *saving, enum lockstep_unit unit)
{
	const struct lockstep_train_options *options = &saving->trainer->options;
	return options->checkpoint && options->checkpoint_every.unit == unit;
}

static uint64_t interval(const struct ls_saving *saving)
{
	return saving->trainer->options.checkpoint_every.n;
}

void ls_saving_begin(struct ls_saving *saving, struct lockstep_trainer *trainer)
{
	*saving = (struct ls_saving){.trainer = trainer, .last = ls_clock_seconds()};
}

uint64_t ls_saving_distance(const struct ls_saving *saving)
{
	return has_unit(saving, LOCKSTEP_STEPS) ? interval(saving) - saving->trainer->next_step % interval(saving)
	                                        : UINT64_MAX;
}

int ls_saving_by_time(const struct ls_saving *saving)
{
	return has_unit(saving, LOCKSTEP_SECONDS);
}

int ls_saving_notice(struct ls_saving *saving, double now)
{
	saving->is_due = ls_saving_by_time(saving) && now - saving->last >= (double)interval(saving);
	return saving->is_due;
}

static void save(struct ls_saving *saving)
{
	struct lockstep_trainer *trainer = saving->trainer;
	const struct lockstep_train_options *options = &trainer->options;
	lockstep_error failure;
	double started = ls_clock_seconds();
	lockstep_status status = lockstep_trainer_save(trainer, options->checkpoint, &failure);
	saving->last = ls_clock_seconds();
	saving->is_due = 0;
	struct lockstep_saved saved = {
	    .path = options->checkpoint,
	    .step = trainer->next_step,
	    .epochs = (uint32_t)(trainer->next_step / trainer->steps.steps_per_epoch),
	    .seconds = saving->last - started,
	    .failure = status ? failure.message : NULL,
	};
	if (options->on_checkpoint)
		options->on_checkpoint(&saved, options->context);
	else if (status && options->on_warning)
		options->on_warning(failure.message, options->context);
	ls_fpcontrol_enter(); /* the callback may have changed it */
}

void ls_saving_consider(struct ls_saving *saving, int epoch_end)
{
	const struct lockstep_trainer *trainer = saving->trainer;
	uint64_t n_epochs = trainer->next_step / trainer->steps.steps_per_epoch;
	if ((has_unit(saving, LOCKSTEP_STEPS) && trainer->next_step % interval(saving) == 0) ||
	    (has_unit(saving, LOCKSTEP_EPOCHS) && epoch_end && n_epochs % interval(saving) == 0) ||
	    ls_saving_notice(saving, ls_clock_seconds()))
		save(saving);
}

void ls_saving_finish(struct ls_saving *saving)
{
	if (saving->trainer->options.checkpoint)
		save(saving);
}
