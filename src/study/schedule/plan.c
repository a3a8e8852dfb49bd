/* SPDX-License-Identifier: MIT
 *
 * Halving has one bracket, whose rungs are at min, min eta, min eta^2, ... as far
 * as they are below max, and at max: where max is no min eta^i, the last step is
 * shorter than the others.
 *
 * Hyperband's rungs are counted down from max: a bracket of s + 1 rungs has them
 * at max / eta^s, ... max / eta, max, each rounded down. With R = max / min, s goes
 * from s_max = floor(log_eta R) to 0 in a round, and the bracket starts
 * ceil((s_max + 1) / (s + 1) eta^s) trials, of which floor(n / eta^i) get to rung i.
 * max / eta^s_max is min at least, and rungs differ, since x >= 1 makes floor(eta x)
 * larger than floor(x).
 *
 * When fewer trials are left for the last bracket, it loses as many of its first
 * rungs as it must for one trial at least to get to max: s = floor(log_eta n). That
 * takes less than eta times what a whole bracket takes.
 *
 * Sizes: R < 2^32, so s_max < 32, and (s_max + 1) eta^s < 2^37.
 */
#include "plan.h"

#include "base/error.h"

uint32_t ls_floor_log(uint64_t x, uint32_t base)
{
	uint32_t s = 0;
	while (x >= base) {
		x /= base;
		s++;
	}
	return s;
}

uint64_t ls_power(uint32_t base, uint32_t s)
{
	uint64_t power = 1;
	while (s--)
		power *= base;
	return power;
}

/* ---- Options ----------------------------------------------------------- */

static lockstep_status check_rungs(const struct ls_scheduler_options *options, lockstep_error *error)
{
	if (!options->min || options->min > options->max)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "min %u is not from 1 to max, which is %u",
		                    options->min, options->max);
	if (options->eta < 2)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "eta %u is below 2", options->eta);
	return LOCKSTEP_OK;
}

lockstep_status ls_scheduler_check(const struct ls_scheduler_options *options, lockstep_error *error)
{
	if ((unsigned)options->kind > LS_SCHEDULER_HYPERBAND)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "there is no scheduler %u", options->kind);
	if (!options->window || options->window > LS_WINDOW_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "window %u is not from 1 to %d", options->window,
		                    LS_WINDOW_MAX);
	if (!options->max)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "max is 0 epochs");
	int has_rungs = options->kind == LS_SCHEDULER_HALVING || options->kind == LS_SCHEDULER_HYPERBAND;
	return has_rungs ? check_rungs(options, error) : LOCKSTEP_OK;
}

/* ---- Brackets ---------------------------------------------------------- */

static void add_rung(struct ls_plan *plan, uint64_t trials, uint32_t until)
{
	plan->rungs[plan->n_rungs++] = (struct ls_plan_rung){trials, until};
}

static void plan_halving(struct ls_plan *plan, const struct ls_scheduler_options *options)
{
	uint64_t trials = plan->trials;
	for (uint64_t until = options->min; until < options->max; until *= options->eta) {
		add_rung(plan, trials, (uint32_t)until);
		trials /= options->eta;
	}
	add_rung(plan, trials, options->max);
}

static uint64_t bracket_size(uint32_t s, uint32_t s_max, uint32_t eta)
{
	return ((s_max + 1) * ls_power(eta, s) + s) / (s + 1);
}

/* How many trials start before bracket `i` of round `round`; UINT64_MAX: that many or more. */
static uint64_t trials_before(uint64_t round, uint32_t i, uint32_t s_max, uint32_t eta)
{
	uint64_t a_round = 0, before = 0, sum;
	for (uint32_t k = 0; k <= s_max; k++) {
		uint64_t size = bracket_size(s_max - k, s_max, eta);
		a_round += size;
		before += k < i ? size : 0;
	}
	if (__builtin_mul_overflow(round, a_round, &sum) || __builtin_add_overflow(sum, before, &sum))
		return UINT64_MAX;
	return sum;
}

static void plan_hyperband(struct ls_plan *plan, const struct ls_scheduler_options *options, uint64_t bracket)
{
	uint32_t eta = options->eta, s_max = ls_floor_log(options->max / options->min, eta);
	uint32_t i = (uint32_t)(bracket % (s_max + 1)), s = s_max - i;
	uint64_t before = trials_before(bracket / (s_max + 1), i, s_max, eta), size = bracket_size(s, s_max, eta);

	plan->per_round = s_max + 1;
	if (before >= options->trials) {
		plan->trials = 0;
		return;
	}
	uint64_t trials = options->trials - before < size ? options->trials - before : size;
	uint32_t s_fitting = ls_floor_log(trials, eta);
	plan->trials = trials;
	s = s < s_fitting ? s : s_fitting;
	for (uint32_t rung = 0; rung <= s; rung++, trials /= eta)
		add_rung(plan, trials, (uint32_t)(options->max / ls_power(eta, s - rung)));
}

void ls_plan_bracket(struct ls_plan *out, const struct ls_scheduler_options *options, uint64_t bracket)
{
	*out = (struct ls_plan){.per_round = 1};
	if (options->kind == LS_SCHEDULER_HYPERBAND) {
		plan_hyperband(out, options, bracket);
		return;
	}
	out->trials = bracket ? 0 : options->trials;
	if (!out->trials)
		return;
	if (options->kind == LS_SCHEDULER_HALVING)
		plan_halving(out, options);
	else
		add_rung(out, out->trials, options->max);
}

lockstep_status ls_scheduler_plan(struct ls_plan *out, const struct ls_scheduler_options *options, uint64_t bracket,
                                  lockstep_error *error)
{
	lockstep_status status = ls_scheduler_check(options, error);
	if (!status)
		ls_plan_bracket(out, options, bracket);
	return status;
}
