/* SPDX-License-Identifier: MIT
 *
 * Specifications of sweeps, and sets of the command line where the first byte is
 * odd: words with a NUL between them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lockstep/sweep.h"
#include "study/spec/spec.h"

#define SETS_MAX 8

/* ---- What was read ------------------------------------------------------------ */

static void check_distribution(const struct ls_distribution *distribution)
{
	lockstep_error error = {0};
	ls_fuzz_check((unsigned)distribution->kind < LS_N_DISTRIBUTIONS, "a distribution is one of its list");
	ls_fuzz_check(!ls_distribution_check(distribution, &error), "a distribution's numbers are right");
	ls_fuzz_check(isfinite(distribution->min) && isfinite(distribution->max) && distribution->q > 0 &&
	                  isfinite(distribution->mu) && isfinite(distribution->sigma),
	              "numbers are finite");
	ls_fuzz_check(ls_distribution_is_listed(distribution) == (distribution->n_values > 0),
	              "listed ones have values");
	for (size_t i = 0; i < distribution->n_values; i++)
		ls_fuzz_check(distribution->values[i].text != NULL, "a value has a text");
}

static void check_space(const struct ls_space *space)
{
	char *seen = calloc(space->n, 1);
	ls_fuzz_check(space->n >= 1 && space->n <= LS_PARAMETERS_MAX, "there are parameters, not too many");
	for (size_t k = 0; k < space->n; k++) {
		size_t i = space->order[k];
		const struct ls_parameter *parameter = &space->parameters[i];
		ls_fuzz_check(i < space->n && !seen[i], "the order has every parameter once");
		ls_fuzz_check(parameter->follows == LS_LEADS || (parameter->follows < i && seen[parameter->follows]),
		              "a follower comes after its leader");
		for (size_t other = 0; parameter->when && other < space->n; other++)
			ls_fuzz_check(!ls_expression_uses(parameter->when, other) || seen[other],
			              "a condition comes after what it asks");
		check_distribution(&parameter->distribution);
		seen[i] = 1;
	}
	free(seen);
}

/* A point of low draws. */
static void check_point(const struct ls_space *space)
{
	double *point = calloc(space->n, sizeof *point);
	lockstep_error error = {0};
	int holds = -1;
	for (size_t i = 0; i < space->n; i++)
		point[i] = ls_distribution_quantile(&space->parameters[i].distribution, 0x1p-20);
	ls_fuzz_check(!ls_space_settle(space, point, &holds, &error), "a point can be settled");
	ls_fuzz_check(holds == 0 || holds == 1, "constraints hold or they do not");
	for (size_t i = 0; i < space->n; i++)
		ls_fuzz_check(!isnan(point[i]) || space->parameters[i].when || space->parameters[i].follows != LS_LEADS,
		              "what has no condition is active");
	free(point);
}

static void check_spec(const struct ls_spec *spec)
{
	struct ls_plan plan;
	lockstep_error error = {0};
	check_space(&spec->space);
	check_point(&spec->space);
	ls_fuzz_check(!ls_scheduler_plan(&plan, &spec->scheduler, 0, &error), "the scheduler's options are right");
	ls_fuzz_check(spec->concurrent <= spec->scheduler.window, "not more run at once than the window has");
	ls_fuzz_check(spec->wall_seconds >= 0 && isfinite(spec->wall_seconds), "a time is one");
	for (size_t i = 0; i < spec->n_warnings; i++)
		ls_fuzz_check(*spec->warnings[i].text != '\0', "a warning says something");
}

static void check_sweep(const lockstep_sweep *sweep)
{
	struct lockstep_sweep_plan plan;
	lockstep_sweep_describe(sweep, &plan);
	ls_fuzz_check(plan.n_points > 0 && plan.n_trials > 0, "there is something to try");
	for (size_t i = 0; i < plan.n_warnings; i++)
		ls_fuzz_check_line(lockstep_sweep_warning(sweep, i));
	for (size_t i = 0; i < plan.n_parameters; i++) {
		struct lockstep_sweep_parameter parameter;
		lockstep_sweep_get_parameter(sweep, i, &parameter);
		ls_fuzz_check_line(parameter.name);
		for (size_t k = 0; k < parameter.n_values; k++) {
			struct lockstep_sweep_value value;
			lockstep_sweep_get_value(sweep, i, k, &value);
			ls_fuzz_check(value.text != NULL, "a value has a text");
			ls_fuzz_check(!parameter.line == !value.line, "a value of a file has a place");
		}
	}
	for (size_t bracket = 0; bracket < plan.n_brackets; bracket++)
		ls_fuzz_check(lockstep_sweep_n_rungs(sweep, bracket) > 0, "a bracket has rungs");
}

/* ---- ---------------------------------------------------------------------------- */

static void read_text(const char *text, size_t n)
{
	struct ls_spec *spec = NULL;
	lockstep_sweep *sweep = NULL;
	lockstep_error error = {0}, again = {0};
	lockstep_status status = ls_spec_parse(&spec, text, n, "spec", &error);
	lockstep_status second = lockstep_sweep_parse(&sweep, text, n, "spec", &again);
	if (status) {
		ls_fuzz_check(status == LOCKSTEP_ERROR_FORMAT, "a bad text is a bad format");
		ls_fuzz_check(strncmp(error.message, "spec:", 5) == 0, "an error names the file");
		ls_fuzz_check(second == status && strcmp(error.message, again.message) == 0,
		              "an error is the same twice");
		ls_fuzz_check_failure(status, &error, spec);
	} else {
		check_spec(spec);
	}
	if (second)
		ls_fuzz_check_failure(second, &again, sweep);
	else
		check_sweep(sweep);
	lockstep_sweep_destroy(sweep);
	ls_spec_destroy(spec);
}

static void read_sets(struct ls_fuzz_input input)
{
	char *sets[SETS_MAX];
	size_t n = 0;
	lockstep_sweep *sweep = NULL;
	lockstep_error error = {0};
	do {
		const uint8_t *end = memchr(input.at, '\0', ls_fuzz_left(&input));
		struct ls_fuzz_input word = {input.at, end ? end : input.end};
		sets[n++] = ls_fuzz_take_text(&word);
		input.at = end ? end + 1 : input.end;
	} while (n < SETS_MAX && input.at < input.end);
	lockstep_status status = lockstep_sweep_create(&sweep, (const char *const *)sets, n, &error);
	if (status) {
		ls_fuzz_check(status == LOCKSTEP_ERROR_ARGUMENT, "a bad set is a bad argument");
		ls_fuzz_check_failure(status, &error, sweep);
	} else {
		check_sweep(sweep);
	}
	lockstep_sweep_destroy(sweep);
	while (n > 0)
		free(sets[--n]);
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	struct ls_fuzz_input input = {bytes, bytes + n};
	if (ls_fuzz_take_byte(&input) & 1)
		read_sets(input);
	else
		read_text((const char *)input.at, ls_fuzz_left(&input));
	return 0;
}
