/* SPDX-License-Identifier: MIT
 *
 * Cores of trials: neighbours where that can be, as many as the packing says while
 * more trials are to come, and all of them shared out when none is.
 */
#include <stdio.h>
#include <string.h>

#include "runner.h"

int ls_cores_any(const struct ls_runner *runner)
{
	return memchr(runner->taken, 0, runner->n_cores) != NULL;
}

/* Can another trial begin as soon as it has a core? */
static int one_waits(const struct ls_runner *runner)
{
	return !runner->has_ended && !runner->is_stopping &&
	       runner->n_running < ls_packing_concurrent(&runner->packing) && ls_scheduler_is_ready(runner->scheduler);
}

/* A command cannot be told of other cores on its way, and its results may depend on
 * how many it has: every trial has the same. */
static uint32_t of_command(const struct ls_runner *runner)
{
	uint32_t per_trial = runner->spec->cores_per_trial;
	if (!per_trial)
		per_trial = runner->n_cores / ls_packing_concurrent(&runner->packing);
	return per_trial < runner->n_cores ? per_trial : runner->n_cores;
}

/* What a trial should have: its share among those that run, or that could. */
static uint32_t wanted(const struct ls_runner *runner)
{
	if (!ls_spec_is_built_in(runner->spec))
		return of_command(runner);
	uint32_t n =
	    one_waits(runner) || runner->n_running == 0 ? ls_packing_concurrent(&runner->packing) : runner->n_running;
	uint32_t share = runner->n_cores / n;
	return share ? share : 1;
}

static uint32_t free_from(const struct ls_runner *runner, uint32_t first, uint32_t most)
{
	uint32_t n = 0;
	while (n < most && first + n < runner->n_cores && !runner->taken[first + n])
		n++;
	return n;
}

int ls_cores_take(struct ls_runner *runner, struct ls_trial *trial)
{
	uint32_t most = wanted(runner), best = 0;
	for (uint32_t i = 0; i < runner->n_cores; i++) {
		uint32_t n = free_from(runner, i, most);
		if (n <= best)
			continue;
		best = n;
		trial->first_core = i;
	}
	trial->n_cores = best;
	memset(runner->taken + trial->first_core, 1, best);
	return best > 0;
}

void ls_cores_give_back(struct ls_runner *runner, struct ls_trial *trial)
{
	memset(runner->taken + trial->first_core, 0, trial->n_cores);
	trial->n_cores = 0;
}

void ls_cores_adjust(struct ls_runner *runner, struct ls_trial *trial)
{
	uint32_t most = wanted(runner), first = trial->first_core, n = trial->n_cores;
	if (!ls_spec_is_built_in(runner->spec))
		return;
	if (n > most && one_waits(runner) && !ls_cores_any(runner)) {
		trial->n_cores = most;
		memset(runner->taken + first + most, 0, n - most);
		return;
	}
	while (trial->n_cores < most && free_from(runner, first + trial->n_cores, 1))
		runner->taken[first + trial->n_cores++] = 1;
	while (trial->n_cores < most && trial->first_core > 0 && !runner->taken[trial->first_core - 1]) {
		runner->taken[--trial->first_core] = 1;
		trial->n_cores++;
	}
}

void ls_cores_bind(const struct ls_runner *runner, const struct ls_trial *trial, uint32_t n_workers, char *bind,
                   size_t size)
{
	size_t at = (size_t)snprintf(bind, size, "list:");
	for (uint32_t i = 0; i < n_workers && at < size; i++) {
		int pu = runner->places[trial->first_core + i].pu;
		if (pu < 0) {
			snprintf(bind, size, "none");
			return;
		}
		at += (size_t)snprintf(bind + at, size - at, "%s%d", i ? "," : "", pu);
	}
}
