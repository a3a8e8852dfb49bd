/* SPDX-License-Identifier: MIT
 *
 * A round is a row of turns: turn t tries way t % n_ways.
 */
#include "tuning.h"

#define N_TURNS_A_WAY 2
#define TRIAL_SECONDS 0.004
#define FAR_BEHIND 0.75 /* of the best rate: not worth a second trial */

/* Once settled: how often to look at the speed, what counts as another one, and
 * how many looks in a row must find it. */
#define LOOK_SECONDS 0.25
#define SLOWER 0.8
#define FASTER 1.25
#define N_LOOKS 2

/* A round comes again when this many times its cost has passed, and no sooner
 * than the minimum: the job pays at most a hundredth. Making the ways' workers
 * belongs to it: of 784-512-512-10 that is a fifth. */
#define ROUND_INTERVAL 100
#define ROUND_SECONDS_MIN 5

void ls_tuning_add(struct ls_tuning *tuning, struct ls_way way)
{
	if (tuning->n_ways < LS_WAYS_MAX)
		tuning->ways[tuning->n_ways++] = way;
}

static int is_settled(const struct ls_tuning *tuning)
{
	return tuning->i_turn == tuning->n_ways * N_TURNS_A_WAY;
}

static uint32_t best_way(const struct ls_tuning *tuning)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < tuning->n_ways; i++)
		best = tuning->rates[i] > tuning->rates[best] ? i : best;
	return best;
}

/* Steps that take about so long, at the speed seen in this trial. */
static uint64_t steps_for(const struct ls_tuning *tuning, double seconds)
{
	double step_seconds = tuning->seconds / (double)(tuning->n_steps > 1 ? tuning->n_steps - 1 : 1);
	double n = step_seconds > 0 ? seconds / step_seconds : 1;
	return n < 1 ? 1 : n > 1e9 ? 1000000000 : (uint64_t)n;
}

uint64_t ls_tuning_steps(const struct ls_tuning *tuning)
{
	if (tuning->n_ways < 2)
		return UINT64_MAX;
	if (tuning->n_steps < 2)
		return 1;
	if (is_settled(tuning))
		return steps_for(tuning, LOOK_SECONDS);
	double left = TRIAL_SECONDS - tuning->seconds;
	return steps_for(tuning, left < TRIAL_SECONDS ? left : TRIAL_SECONDS);
}

static void begin_trial(struct ls_tuning *tuning)
{
	tuning->n_steps = 0;
	tuning->seconds = tuning->rows = 0;
}

static void begin_round(struct ls_tuning *tuning)
{
	for (uint32_t i = 0; i < tuning->n_ways; i++)
		tuning->rates[i] = 0;
	tuning->i_turn = 0;
	tuning->i_way = 0;
	tuning->round_seconds = 0;
	tuning->n_off = 0;
	begin_trial(tuning);
}

/* The next turn whose way is still in the running. */
static int next_turn(struct ls_tuning *tuning)
{
	double limit = tuning->rates[best_way(tuning)] * FAR_BEHIND;
	do
		tuning->i_turn++;
	while (!is_settled(tuning) && tuning->i_turn >= tuning->n_ways &&
	       tuning->rates[tuning->i_turn % tuning->n_ways] < limit);
	begin_trial(tuning);
	if (!is_settled(tuning)) {
		tuning->i_way = tuning->i_turn % tuning->n_ways;
		return 0;
	}
	tuning->i_way = best_way(tuning);
	tuning->round_cost = tuning->round_seconds;
	tuning->round_seconds = 0;
	return 1;
}

static int end_trial(struct ls_tuning *tuning)
{
	double rate = tuning->rows / tuning->seconds;
	if (rate > tuning->rates[tuning->i_way])
		tuning->rates[tuning->i_way] = rate;
	return next_turn(tuning);
}

/* A round again: the speed is another one, or it is time. */
static void look(struct ls_tuning *tuning)
{
	double ratio = tuning->rows / tuning->seconds / tuning->rates[tuning->i_way];
	double interval = ROUND_INTERVAL * tuning->round_cost;
	interval = interval < ROUND_SECONDS_MIN ? ROUND_SECONDS_MIN : interval;
	tuning->n_off = ratio < SLOWER || ratio > FASTER ? tuning->n_off + 1 : 0;
	if (tuning->n_off >= N_LOOKS || tuning->round_seconds > interval)
		begin_round(tuning);
	else
		begin_trial(tuning);
}

/* Those of the choice are made when its round has ended. */
void ls_tuning_charge(struct ls_tuning *tuning, double seconds)
{
	if (is_settled(tuning))
		tuning->round_cost += seconds;
	else
		tuning->round_seconds += seconds;
}

int ls_tuning_record(struct ls_tuning *tuning, uint64_t n_steps, uint64_t n_rows, double seconds)
{
	if (tuning->n_ways < 2)
		return 0;
	if (tuning->n_steps > 0) {
		tuning->rows += (double)n_rows;
		tuning->seconds += seconds;
	}
	tuning->n_steps += n_steps;
	tuning->round_seconds += seconds;
	if (tuning->n_steps < 2)
		return 0;
	if (is_settled(tuning)) {
		if (tuning->seconds >= LOOK_SECONDS)
			look(tuning);
		return 0;
	}
	return tuning->seconds >= TRIAL_SECONDS ? end_trial(tuning) : 0;
}
