/* SPDX-License-Identifier: MIT
 *
 * A team from the options of a measurement, and one timed run of it.
 */
#include "team.h"

#include "base/clock.h"
#include "base/error.h"
#include "figure.h"

lockstep_status ls_bench_team(struct ls_team **out, uint32_t n_workers, const struct lockstep_bench_options *options,
                              lockstep_error *error)
{
	const struct ls_team_options team = {.n_workers = n_workers,
	                                     .engine = options->engine,
	                                     .bind = options->bind,
	                                     .smt = options->smt,
	                                     .on_warning = options->on_warning,
	                                     .context = options->context};
	if (n_workers == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "a measurement needs a worker");
	lockstep_status status = ls_bench_check(options, error);
	return status ? status : ls_team_create(out, &team, error);
}

lockstep_status ls_bench_run(struct ls_team *team, ls_team_body *body, void *context, double *seconds,
                             lockstep_error *error)
{
	double started = ls_clock_seconds();
	lockstep_status status = ls_team_run(team, body, context, error);
	*seconds = ls_clock_seconds() - started;
	return status;
}
