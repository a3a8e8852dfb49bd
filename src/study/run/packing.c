/* SPDX-License-Identifier: MIT
 *
 * Packing: from as many jobs as there are cores to one on all of them, by halves,
 * until half as many jobs do less work together.
 */
#include "packing.h"

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void ls_packing_init(struct ls_packing *packing, uint32_t n_cores, uint32_t per_trial, uint32_t concurrent,
                     uint32_t window)
{
	*packing = (struct ls_packing){.n_cores = n_cores, .at_most = smaller(n_cores, window)};
	if (concurrent)
		packing->chosen = smaller(concurrent, packing->at_most);
	else if (per_trial)
		packing->chosen = smaller(per_trial < n_cores ? n_cores / per_trial : 1, packing->at_most);
	for (uint32_t n = packing->at_most; n > 0 && packing->n_candidates < LS_PACKINGS_MAX; n /= 2)
		packing->candidates[packing->n_candidates++] = n;
	if (packing->n_candidates == 1)
		packing->chosen = packing->at_most;
}

uint32_t ls_packing_concurrent(const struct ls_packing *packing)
{
	return packing->chosen ? packing->chosen : packing->candidates[packing->n_measured];
}

static uint32_t best_of(const struct ls_packing *packing)
{
	uint32_t best = 0;
	for (uint32_t i = 1; i < packing->n_measured; i++)
		if (packing->rates[i] > packing->rates[best])
			best = i;
	return best;
}

/* A measurement is over when every job that runs at once has told of an epoch. */
static void end_measurement(struct ls_packing *packing)
{
	packing->rates[packing->n_measured] =
	    packing->sum / packing->n_notes * packing->candidates[packing->n_measured];
	packing->n_measured++;
	packing->sum = 0;
	packing->n_notes = 0;
	uint32_t best = best_of(packing);
	if (best + 1 < packing->n_measured || packing->n_measured == packing->n_candidates)
		packing->chosen = packing->candidates[best];
}

void ls_packing_note(struct ls_packing *packing, uint32_t running, double rate)
{
	if (packing->chosen || running != packing->candidates[packing->n_measured])
		return;
	packing->sum += rate;
	packing->n_notes++;
	if (packing->n_notes >= running)
		end_measurement(packing);
}

struct ls_range ls_packing_share(const struct ls_packing *packing, uint32_t i, uint32_t n)
{
	return (struct ls_range){(uint32_t)((uint64_t)packing->n_cores * i / n),
	                         (uint32_t)((uint64_t)packing->n_cores * (i + 1) / n)};
}
