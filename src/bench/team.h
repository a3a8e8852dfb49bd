/* SPDX-License-Identifier: MIT
 *
 * Teams of measurements without a trainer.
 */
#ifndef LS_BENCH_TEAM_H
#define LS_BENCH_TEAM_H

#include "lockstep/bench.h"
#include "team/team.h"

/* n_workers (1 and more) as the options place them, which are checked. Caller
 * owns *out. */
lockstep_status ls_bench_team(struct ls_team **out, uint32_t n_workers, const struct lockstep_bench_options *options,
                              lockstep_error *error);

/* Runs the body once; *seconds is what it took from call to return. */
lockstep_status ls_bench_run(struct ls_team *team, ls_team_body *body, void *context, double *seconds,
                             lockstep_error *error);

#endif
