/* SPDX-License-Identifier: MIT
 *
 * What meeting costs: the barrier of a team, and a counter handed from worker
 * to worker. Timed by worker 0 inside the run, so that starting the run does
 * not count.
 */
#include "base/clock.h"
#include "base/error.h"
#include "figure.h"
#include "team.h"

struct meeting {
	struct ls_counter there, back; /* of a hand-over; never reset */
	struct ls_team *team;
	uint64_t n_rounds, n_before; /* of this run, and of those before it */
	double seconds;              /* by worker 0 */
	uint32_t n_delivered;        /* by worker 0 */
};

static lockstep_status run_meeting(struct meeting *meeting, ls_team_body *body, uint64_t n, double *seconds,
                                   lockstep_error *error)
{
	meeting->n_rounds = n;
	lockstep_status status = ls_team_run(meeting->team, body, meeting, error);
	meeting->n_before += n;
	*seconds = meeting->seconds;
	return status;
}

static lockstep_status measure_meeting(uint32_t n_workers, ls_bench_repeat *repeat, struct meeting *meeting,
                                       const struct lockstep_bench_options *options,
                                       struct lockstep_bench_figure *seconds, lockstep_error *error)
{
	if (options->engine == LOCKSTEP_SERIAL)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "workers of the serial engine run one after the other and never meet");
	lockstep_status status = ls_bench_team(&meeting->team, n_workers, options, error);
	if (status)
		return status;
	status = ls_bench_measure(repeat, meeting, options->seconds, seconds, error);
	ls_team_destroy(meeting->team);
	return status;
}

/* ---- The barrier ------------------------------------------------------ */

static void barrier_body(void *context, uint32_t worker, uint32_t n_workers)
{
	struct meeting *meeting = context;
	ls_team_barrier(meeting->team, worker);
	double started = ls_clock_seconds();
	for (uint64_t i = 0; i < meeting->n_rounds; i++)
		ls_team_barrier(meeting->team, worker);
	if (worker)
		return;
	meeting->seconds = ls_clock_seconds() - started;
	meeting->n_delivered = n_workers;
}

static lockstep_status repeat_barrier(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	return run_meeting(context, barrier_body, n, seconds, error);
}

lockstep_status lockstep_bench_barrier(uint32_t n_workers, const struct lockstep_bench_options *options,
                                       struct lockstep_bench_barrier *barrier, lockstep_error *error)
{
	struct meeting meeting = {.n_delivered = 0};
	struct lockstep_bench_figure seconds;
	lockstep_status status = measure_meeting(n_workers, repeat_barrier, &meeting, options, &seconds, error);
	if (!status)
		*barrier = (struct lockstep_bench_barrier){
		    meeting.n_delivered, {seconds.median * 1e9, seconds.low * 1e9, seconds.high * 1e9}};
	return status;
}

/* ---- The hand-over ---------------------------------------------------- */

static void handover_body(void *context, uint32_t worker, uint32_t n_workers)
{
	struct meeting *meeting = context;
	uint64_t first = meeting->n_before + 1, end = first + meeting->n_rounds;
	if (worker == 0)
		meeting->n_delivered = n_workers;
	if (n_workers < 2)
		return;
	ls_team_barrier(meeting->team, worker);
	double started = ls_clock_seconds();
	for (uint64_t i = first; i < end; i++)
		if (worker == 0) {
			ls_counter_publish(meeting->team, &meeting->there, i);
			ls_counter_wait(meeting->team, &meeting->back, i);
		} else {
			ls_counter_wait(meeting->team, &meeting->there, i);
			ls_counter_publish(meeting->team, &meeting->back, i);
		}
	if (worker == 0)
		meeting->seconds = ls_clock_seconds() - started;
}

static lockstep_status repeat_handover(void *context, uint64_t n, double *seconds, lockstep_error *error)
{
	struct meeting *meeting = context;
	lockstep_status status = run_meeting(meeting, handover_body, n, seconds, error);
	if (!status && meeting->n_delivered < 2)
		status = ls_error_set(error, LOCKSTEP_ERROR_SYSTEM, "the team has one worker instead of two");
	return status;
}

lockstep_status lockstep_bench_handover(const struct lockstep_bench_options *options, struct lockstep_bench_figure *ns,
                                        lockstep_error *error)
{
	struct meeting meeting = {.n_delivered = 0};
	struct lockstep_bench_figure seconds;
	lockstep_status status = measure_meeting(2, repeat_handover, &meeting, options, &seconds, error);
	if (!status)
		*ns = (struct lockstep_bench_figure){seconds.median * 0.5e9, seconds.low * 0.5e9, seconds.high * 0.5e9};
	return status;
}
