/* SPDX-License-Identifier: MIT
 *
 * Schedules of doc/numerics.md, section 8.
 */
#include "schedule.h"

#include <math.h>

#include "arith/functions64.h"
#include "job/options.h"

/* gamma multiplied floor(periods) times onto 1; the product of so many factors
 * comes to rest early, at 1, at 0 or at the smallest number. */
static double step_factor(double gamma, double periods)
{
	double factor = 1;
	for (double n = floor(periods); n > 0 && factor * gamma != factor; n--)
		factor *= gamma;
	return factor;
}

static double schedule_factor(const struct lockstep_train_options *options, double periods)
{
	switch (options->schedule) {
	case LOCKSTEP_SCHEDULE_STEP:
		return step_factor(options->schedule_gamma, periods);
	case LOCKSTEP_SCHEDULE_EXPONENTIAL:
		return ls_exp64(ls_log64(options->schedule_gamma) * periods);
	case LOCKSTEP_SCHEDULE_COSINE:
		return 0.5 * (1 + ls_cospi64(periods - floor(periods)));
	case LOCKSTEP_SCHEDULE_CONSTANT:
		break;
	}
	return 1;
}

double ls_schedule_rate(const struct lockstep_train_options *options, uint64_t step, uint64_t steps_per_epoch)
{
	double period_steps = (double)steps_per_epoch * ls_train_period(options);
	double factor = schedule_factor(options, (double)step / period_steps);
	double warmup_steps = floor(options->warmup * (double)steps_per_epoch);
	double warm = (double)step < warmup_steps ? (double)(step + 1) / warmup_steps : 1;
	return options->learning_rate * factor * warm;
}
