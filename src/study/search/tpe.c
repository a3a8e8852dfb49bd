/* SPDX-License-Identifier: MIT
 *
 * Tree-structured Parzen estimator (Bergstra et al., NIPS 2011) as Optuna 3.1 has it with multivariate, group and
 * constant_liar: the first trials are random. After that trials are divided into a better and a worse part, a
 * density is made of each, candidates are drawn from the better one, and the one where the better one exceeds the
 * worse one most is proposed. Of n trials with an objective the min(ceil(n / 10), 25) best are the better part.
 *
 * Order: complete trials by objective, then pruned ones by how far they came and then by objective; of equals
 * the earlier one is better. Pending trials and failed ones are worse than all. (Optuna does not look at failed ones.)
 *
 * Parameters that were active in the same trials are a group, with densities of their own, of the trials that had
 * them; those that no trial had make one as well, of the prior alone. All groups are drawn, and settling the point
 * then says which are active. Followers and parameters with one value are in no group.
 *
 * Constraints: each group's best candidate makes the point; if constraints leave it out, candidate 0 of all groups
 * makes a point, and so on for each, and the best of those that hold is taken, by the sum over the groups;
 * if none holds, there are new candidates, LS_TPE_ATTEMPTS times, and then random points.
 */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "draw.h"
#include "method.h"
#include "parzen.h"

#define N_CANDIDATES 24
#define BETTER_MAX 25
#define LS_TPE_ATTEMPTS 100
#define NO_GROUP SIZE_MAX

/* ---- Which trials are better ----------------------------------------------- */

struct history {
	const struct ls_observation *trials; /* [n], borrowed */
	size_t n;
	char *is_better; /* [n] */
};

static int has_objective(const struct ls_observation *trial)
{
	int is_seen = trial->state == LS_OBSERVED_DONE || trial->state == LS_OBSERVED_PRUNED;
	return is_seen && !isnan(trial->objective);
}

static int precedes(const struct ls_observation *a, const struct ls_observation *b)
{
	if (a->state != b->state)
		return a->state == LS_OBSERVED_DONE;
	if (a->state == LS_OBSERVED_PRUNED && a->resource != b->resource)
		return a->resource > b->resource;
	return a->objective < b->objective;
}

static size_t count_objectives(const struct ls_observation *trials, size_t n)
{
	size_t n_objectives = 0;
	for (size_t k = 0; k < n; k++)
		n_objectives += (size_t)has_objective(&trials[k]);
	return n_objectives;
}

static void find_better(const struct history *history)
{
	size_t best[BETTER_MAX + 1], n_best = 0;
	size_t n_better = (count_objectives(history->trials, history->n) + 9) / 10;
	n_better = n_better < BETTER_MAX ? n_better : BETTER_MAX;
	for (size_t k = 0; k < history->n; k++) {
		if (!has_objective(&history->trials[k]))
			continue;
		size_t place = n_best;
		for (; place > 0 && precedes(&history->trials[k], &history->trials[best[place - 1]]); place--)
			best[place] = best[place - 1];
		best[place] = k;
		n_best += n_best < n_better;
	}
	for (size_t i = 0; i < n_best; i++)
		history->is_better[best[i]] = 1;
}

/* ---- Groups ---------------------------------------------------------------- */

/* What create() knows of the space. */
struct tpe {
	struct ls_axis *axes; /* [space->n] */
	char *is_searched;    /* [space->n]: leads, and has more than one value */
	struct ls_table64 table;
};

struct group {
	size_t n_axes;
	size_t *parameters;   /* [n_axes] */
	struct ls_axis *axes; /* [n_axes] */
	struct ls_parzen better, worse;
	double *candidates; /* [N_CANDIDATES][n_axes] */
	double *scores;     /* [N_CANDIDATES] */
};

static int same_trials(const struct history *history, size_t a, size_t b)
{
	for (size_t k = 0; k < history->n; k++)
		if (isnan(history->trials[k].point[a]) != isnan(history->trials[k].point[b]))
			return 0;
	return 1;
}

/* Numbers the groups by their first parameters; returns how many. groups [n]. */
static size_t find_groups(const struct tpe *tpe, const struct history *history, size_t n, size_t *groups)
{
	size_t n_groups = 0;
	for (size_t i = 0; i < n; i++) {
		groups[i] = NO_GROUP;
		for (size_t earlier = 0; tpe->is_searched[i] && groups[i] == NO_GROUP && earlier < i; earlier++)
			if (groups[earlier] != NO_GROUP && same_trials(history, earlier, i))
				groups[i] = groups[earlier];
		if (tpe->is_searched[i] && groups[i] == NO_GROUP)
			groups[i] = n_groups++;
	}
	return n_groups;
}

static void group_fini(struct group *group)
{
	ls_memory_free(group->parameters);
	ls_memory_free(group->axes);
	ls_memory_free(group->candidates);
	ls_memory_free(group->scores);
	ls_parzen_fini(&group->better);
	ls_parzen_fini(&group->worse);
}

static lockstep_status list_axes(struct group *group, const struct tpe *tpe, const size_t *groups, size_t number,
                                 size_t n)
{
	for (size_t i = 0; i < n; i++)
		group->n_axes += groups[i] == number;
	group->parameters = ls_memory_allocate(group->n_axes, sizeof *group->parameters);
	group->axes = ls_memory_allocate(group->n_axes, sizeof *group->axes);
	group->candidates = ls_memory_allocate(group->n_axes, N_CANDIDATES * sizeof *group->candidates);
	group->scores = ls_memory_allocate(N_CANDIDATES, sizeof *group->scores);
	if (!group->parameters || !group->axes || !group->candidates || !group->scores)
		return LOCKSTEP_ERROR_MEMORY;
	for (size_t i = 0, axis = 0; i < n; i++)
		if (groups[i] == number) {
			group->parameters[axis] = i;
			group->axes[axis++] = tpe->axes[i];
		}
	return LOCKSTEP_OK;
}

/* Is trial k one of those that the density is of? */
static int belongs(const struct history *history, const struct group *group, size_t k, int is_better)
{
	return history->is_better[k] == is_better && !isnan(history->trials[k].point[group->parameters[0]]);
}

static double coordinate(const struct ls_axis *axis, double draw)
{
	return axis->kind == LS_AXIS_CHOICE ? draw : ls_axis_cell(axis, draw).middle;
}

static lockstep_status fit(struct ls_parzen *parzen, const struct history *history, const struct group *group,
                           int is_better, const struct ls_table64 *table, lockstep_error *error)
{
	size_t n = 0;
	for (size_t k = 0; k < history->n; k++)
		n += (size_t)belongs(history, group, k, is_better);
	lockstep_status status = ls_parzen_init(parzen, group->axes, group->n_axes, n, error);
	if (status)
		return status;
	for (size_t i = 0; i < group->n_axes; i++) {
		double *coordinates = parzen->coordinates + i * n;
		for (size_t k = 0; k < history->n; k++)
			if (belongs(history, group, k, is_better))
				*coordinates++ =
				    coordinate(&group->axes[i], history->trials[k].point[group->parameters[i]]);
	}
	return ls_parzen_fit(parzen, table, error);
}

/* ---- Candidates ------------------------------------------------------------ */

/* One proposal on its way. */
struct proposal {
	const struct ls_sampler *sampler;
	uint64_t k;
	struct history history;
	size_t *group_of;     /* [space->n] */
	struct group *groups; /* [n_groups] */
	size_t n_groups;
	double *scratch;       /* [k + 1] */
	struct ls_cell *cells; /* [space->n] */
};

static double uniform(const struct proposal *proposal, enum ls_search_purpose purpose, size_t parameter,
                      uint32_t attempt, uint32_t candidate)
{
	struct ls_search_draw draw = {purpose, proposal->k, (uint32_t)parameter, attempt, candidate};
	return ls_search_uniform(ls_search_bits(&draw, proposal->sampler->options.seed));
}

static void draw_candidate(const struct proposal *proposal, struct group *group, uint32_t attempt, uint32_t candidate)
{
	double *draws = group->candidates + candidate * group->n_axes;
	double u = uniform(proposal, LS_SEARCH_COMPONENT, group->parameters[0], attempt, candidate);
	size_t component = ls_parzen_component(&group->better, u);
	for (size_t i = 0; i < group->n_axes; i++) {
		u = uniform(proposal, LS_SEARCH_COORDINATE, group->parameters[i], attempt, candidate);
		draws[i] = ls_parzen_draw(&group->better, component, i, u);
		if (group->axes[i].kind == LS_AXIS_CHOICE)
			proposal->cells[i].middle = draws[i];
		else
			proposal->cells[i] = ls_axis_cell(&group->axes[i], draws[i]);
	}
	group->scores[candidate] = ls_parzen_log_density(&group->better, proposal->cells, proposal->scratch) -
	                           ls_parzen_log_density(&group->worse, proposal->cells, proposal->scratch);
}

static size_t best_candidate(const struct group *group)
{
	size_t best = 0;
	for (size_t i = 1; i < N_CANDIDATES; i++)
		if (group->scores[i] > group->scores[best])
			best = i;
	return best;
}

static void put(const struct group *group, size_t candidate, double *point)
{
	for (size_t i = 0; i < group->n_axes; i++)
		point[group->parameters[i]] = group->candidates[candidate * group->n_axes + i];
}

/* Parameters of no group have one value, or another's. */
static void put_rest(const struct proposal *proposal, double *point)
{
	const struct ls_space *space = proposal->sampler->space;
	for (size_t i = 0; i < space->n; i++)
		if (proposal->group_of[i] == NO_GROUP)
			point[i] = ls_parameter_leads(space, i)
			               ? ls_distribution_quantile(&space->parameters[i].distribution, 0.5)
			               : 0;
}

static lockstep_status settle_candidate(const struct proposal *proposal, size_t candidate, double *point, int *holds,
                                        lockstep_error *error)
{
	for (size_t g = 0; g < proposal->n_groups; g++)
		put(&proposal->groups[g], candidate == N_CANDIDATES ? best_candidate(&proposal->groups[g]) : candidate,
		    point);
	put_rest(proposal, point);
	return ls_space_settle(proposal->sampler->space, point, holds, error);
}

static double total_score(const struct proposal *proposal, size_t candidate)
{
	double sum = 0;
	for (size_t g = 0; g < proposal->n_groups; g++)
		sum += proposal->groups[g].scores[candidate];
	return sum;
}

static lockstep_status choose(const struct proposal *proposal, double *point, int *holds, lockstep_error *error)
{
	lockstep_status status = settle_candidate(proposal, N_CANDIDATES, point, holds, error);
	if (status || *holds)
		return status;
	size_t best = N_CANDIDATES;
	for (size_t i = 0; i < N_CANDIDATES; i++) {
		if (best != N_CANDIDATES && !(total_score(proposal, i) > total_score(proposal, best)))
			continue;
		status = settle_candidate(proposal, i, point, holds, error);
		if (status)
			return status;
		if (*holds)
			best = i;
	}
	return best == N_CANDIDATES ? LOCKSTEP_OK : settle_candidate(proposal, best, point, holds, error);
}

static lockstep_status attempt_all(const struct proposal *proposal, double *point, lockstep_error *error)
{
	for (uint32_t attempt = 0; attempt < LS_TPE_ATTEMPTS; attempt++) {
		for (size_t g = 0; g < proposal->n_groups; g++)
			for (uint32_t i = 0; i < N_CANDIDATES; i++)
				draw_candidate(proposal, &proposal->groups[g], attempt, i);
		int holds = 0;
		lockstep_status status = choose(proposal, point, &holds, error);
		if (status || holds)
			return status;
	}
	return ls_random_propose(proposal->sampler, proposal->k, point, error);
}

/* ---- The method ------------------------------------------------------------ */

static lockstep_status prepare(struct proposal *proposal, lockstep_error *error)
{
	const struct tpe *tpe = proposal->sampler->state;
	size_t n = proposal->sampler->space->n;
	proposal->history.is_better = ls_memory_allocate(proposal->history.n, 1);
	proposal->group_of = ls_memory_allocate(n, sizeof *proposal->group_of);
	proposal->scratch = ls_memory_allocate(proposal->history.n + 1, sizeof *proposal->scratch);
	proposal->cells = ls_memory_allocate(n, sizeof *proposal->cells);
	if (!proposal->history.is_better || !proposal->group_of || !proposal->scratch || !proposal->cells)
		return ls_error_memory(error, "a proposal");
	find_better(&proposal->history);
	size_t n_groups = find_groups(tpe, &proposal->history, n, proposal->group_of);
	proposal->groups = ls_memory_allocate(n_groups, sizeof *proposal->groups);
	if (!proposal->groups)
		return ls_error_memory(error, "a proposal");
	proposal->n_groups = n_groups;
	for (size_t g = 0; g < n_groups; g++) {
		struct group *group = &proposal->groups[g];
		if (list_axes(group, tpe, proposal->group_of, g, n))
			return ls_error_memory(error, "a proposal");
		lockstep_status status = fit(&group->better, &proposal->history, group, 1, &tpe->table, error);
		if (status == LOCKSTEP_OK)
			status = fit(&group->worse, &proposal->history, group, 0, &tpe->table, error);
		if (status)
			return status;
	}
	return LOCKSTEP_OK;
}

static void proposal_fini(struct proposal *proposal)
{
	for (size_t g = 0; g < proposal->n_groups; g++)
		group_fini(&proposal->groups[g]);
	ls_memory_free(proposal->groups);
	ls_memory_free(proposal->group_of);
	ls_memory_free(proposal->history.is_better);
	ls_memory_free(proposal->scratch);
	ls_memory_free(proposal->cells);
}

static lockstep_status propose(const struct ls_sampler *sampler, uint64_t k, const struct ls_observation *trials,
                               double *point, lockstep_error *error)
{
	if (count_objectives(trials, k) < sampler->options.startup)
		return ls_random_propose(sampler, k, point, error);
	struct proposal proposal = {.sampler = sampler, .k = k, .history = {.trials = trials, .n = k}};
	lockstep_status status = prepare(&proposal, error);
	if (status == LOCKSTEP_OK)
		status = attempt_all(&proposal, point, error);
	proposal_fini(&proposal);
	return status;
}

static void destroy(void *state)
{
	struct tpe *tpe = state;
	if (!tpe)
		return;
	ls_memory_free(tpe->axes);
	ls_memory_free(tpe->is_searched);
	ls_memory_free(tpe);
}

static lockstep_status create(struct ls_sampler *sampler, lockstep_error *error)
{
	const struct ls_space *space = sampler->space;
	struct tpe *tpe = sampler->state = ls_memory_allocate(1, sizeof *tpe);
	if (!tpe)
		return ls_error_memory(error, "a sampler");
	tpe->axes = ls_memory_allocate(space->n, sizeof *tpe->axes);
	tpe->is_searched = ls_memory_allocate(space->n, 1);
	if (!tpe->axes || !tpe->is_searched)
		return ls_error_memory(error, "a sampler");
	for (size_t i = 0; i < space->n; i++) {
		tpe->axes[i] = ls_axis(&space->parameters[i].distribution);
		tpe->is_searched[i] = (char)(ls_parameter_leads(space, i) && !ls_axis_is_single(&tpe->axes[i]));
	}
	ls_table64_fill(&tpe->table);
	return LOCKSTEP_OK;
}

const struct ls_method ls_method_tpe = {.name = "tpe", .create = create, .destroy = destroy, .propose = propose};
