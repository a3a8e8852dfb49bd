/* SPDX-License-Identifier: MIT
 *
 * Asynchronous successive halving (ASHA: Li et al., arXiv 1810.05934, algorithm 2),
 * with trials that pause at a rung and go on from there. An item takes, from the
 * highest rung but the last down, the best trial that is paused there, if it is
 * among the best floor(n / eta) of the n that are seen there; where there is none,
 * it starts another trial.
 *
 * A trial that ended counts in n, at the rung that it was on its way to: with the
 * others' rank when it stopped early, so that nobody goes on in its place, and last
 * when it diverged. It never goes on itself.
 *
 * A rung parts what is seen in the best floor(n / eta) and the rest, each a heap
 * that has the one next to the border first, and has the paused ones in a third. A
 * new result moves the border by one place at most, so all costs log(n). For the
 * same reason, and since each item sees one result more than the one before, no
 * two trials ever could go on at once: the order of rungs is a definition only.
 */
#include "base/error.h"
#include "base/memory.h"
#include "kind.h"
#include "plan.h"
#include "rank.h"

struct rung {
	struct ls_ranks best; /* floor(n / eta), the worst first */
	struct ls_ranks rest; /* the best first */
	struct ls_ranks paused;
};

struct halving {
	struct ls_starts starts;
	uint32_t eta, n_rungs;
	uint32_t until[LS_RUNGS_MAX];
	struct rung rungs[LS_RUNGS_MAX]; /* the last one stays empty: trials are whole there */
};

static lockstep_status create(void **out, const struct ls_scheduler_options *options, lockstep_error *error)
{
	struct ls_plan plan;
	struct halving *halving = ls_memory_allocate(1, sizeof *halving);
	if (!halving)
		return ls_error_memory(error, "a schedule");
	ls_plan_bracket(&plan, options, 0);
	halving->starts.most = options->trials;
	halving->eta = options->eta;
	halving->n_rungs = plan.n_rungs;
	for (uint32_t i = 0; i < plan.n_rungs; i++) {
		halving->until[i] = plan.rungs[i].until;
		halving->rungs[i].best.worst_first = 1;
	}
	*out = halving;
	return LOCKSTEP_OK;
}

static void destroy(void *state)
{
	struct halving *halving = state;
	for (uint32_t i = 0; i < halving->n_rungs; i++) {
		ls_ranks_fini(&halving->rungs[i].best);
		ls_ranks_fini(&halving->rungs[i].rest);
		ls_ranks_fini(&halving->rungs[i].paused);
	}
	ls_memory_free(halving);
}

static void place(struct rung *rung, struct ls_rank rank, uint32_t eta)
{
	int is_better = rung->best.n && ls_rank_before(&rank, &rung->best.entries[0]);
	ls_ranks_push(is_better ? &rung->best : &rung->rest, rank);
	size_t n = (rung->best.n + rung->rest.n) / eta;
	if (rung->best.n > n)
		ls_ranks_push(&rung->rest, ls_ranks_pop(&rung->best));
	if (rung->best.n < n)
		ls_ranks_push(&rung->best, ls_ranks_pop(&rung->rest));
}

static lockstep_status see(void *state, const struct ls_result *result, lockstep_error *error)
{
	struct halving *halving = state;
	struct rung *rung = &halving->rungs[result->item.rung];
	struct ls_rank rank = {result->objective, result->item.trial, result->ended};
	lockstep_status status = LOCKSTEP_OK;

	if (result->item.rung == halving->n_rungs - 1)
		return LOCKSTEP_OK;
	if ((status = ls_ranks_reserve(&rung->best, error)) || (status = ls_ranks_reserve(&rung->rest, error)) ||
	    (status = ls_ranks_reserve(&rung->paused, error)))
		return status;
	place(rung, rank, halving->eta);
	if (!rank.ended)
		ls_ranks_push(&rung->paused, rank);
	return LOCKSTEP_OK;
}

/* Is the best paused trial among the best of all? If not, no other is. */
static int can_promote(const struct rung *rung)
{
	return rung->best.n && rung->paused.n && !ls_rank_before(&rung->best.entries[0], &rung->paused.entries[0]);
}

static lockstep_status next(void *state, struct ls_item *item, lockstep_error *error)
{
	struct halving *halving = state;
	(void)error;
	for (uint32_t i = halving->n_rungs; i-- > 1;)
		if (can_promote(&halving->rungs[i - 1])) {
			item->action = LS_ACTION_PROMOTE;
			item->trial = ls_ranks_pop(&halving->rungs[i - 1].paused).trial;
			item->rung = i;
			item->until = halving->until[i];
			return LOCKSTEP_OK;
		}
	ls_starts_next(&halving->starts, item, halving->until[0]);
	return LOCKSTEP_OK;
}

const struct ls_kind ls_kind_halving = {create, destroy, see, next, NULL};
