/* SPDX-License-Identifier: MIT
 *
 * For each parameter the divergence between the density of its values in the best trials and that in
 * all: PED-ANOVA has the importance for the best gamma' in the region of the best gamma as (gamma' / gamma)^2 times
 * Pearson's divergence of the one from the other. Here gamma is 1 and gamma' a tenth, and the factor, which is the same
 * for all parameters, is left out. A parameter that is not always active counts by how often it is: of the best
 * in a part a and of all in a part b, its divergence among those is taken a^2 / b times ("Conditional
 * PED-ANOVA", arXiv 2601.20800). Both are what Optuna 5.0 computes.
 *
 * As with Optuna's evaluate_on_local, the region is described by the trials that were made and not by the
 * space that they were drawn from: what the search itself preferred is not taken for important.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "arith/philox.h"
#include "base/error.h"
#include "base/memory.h"
#include "cells.h"
#include "density.h"
#include "study/spec/spec.h"

#define REASON_MAX 160
#define N_CHOICES 200 /* at random, that the best are held against */

struct reading {
	struct lockstep_importance importance; /* first, so that it is the whole */
	struct ls_arena arena;
	struct lockstep_importance_parameter *parameters; /* the importance's, which can be written here */
};

/* A trial that is compared; the smaller its loss the better. */
struct compared {
	double loss;
	size_t trial;
};

/* ---- Which trials ----------------------------------------------------------- */

static int is_compared(const struct lockstep_runs_trial *trial)
{
	return trial->state == LOCKSTEP_TRIAL_DONE && isfinite(trial->objective);
}

static int compare(const void *a, const void *b)
{
	const struct compared *x = a, *y = b;
	int order = (x->loss > y->loss) - (x->loss < y->loss);
	return order ? order : (x->trial > y->trial) - (x->trial < y->trial);
}

/* Those that are compared, the best first, in `compared` [n_trials]. The best are a tenth, rounded up, and
 * what is as good as the last of it. */
static void rank(const struct lockstep_runs_study *study, struct compared *compared,
                 struct lockstep_importance *importance)
{
	size_t n = 0, n_best = 0;
	for (size_t i = 0; i < study->n_trials; i++) {
		const struct lockstep_runs_trial *trial = &study->trials[i];
		if (is_compared(trial))
			compared[n++] = (struct compared){study->maximize ? -trial->objective : trial->objective, i};
	}
	qsort(compared, n, sizeof *compared, compare);
	while (n_best < n && compared[n_best].loss <= compared[(n + 9) / 10 - 1].loss)
		n_best++;
	importance->n_trials = n;
	importance->n_best = n_best;
}

static const char *reason_without(struct ls_arena *arena, const struct lockstep_importance *importance, size_t n_trials)
{
	char text[REASON_MAX];
	if (importance->n_trials < LOCKSTEP_IMPORTANCE_MIN)
		snprintf(text, sizeof text, "%zu of %zu trials are done; %d are needed, so that the best tenth is five",
		         importance->n_trials, n_trials, LOCKSTEP_IMPORTANCE_MIN);
	else if (importance->n_best > importance->n_trials / 2)
		snprintf(text, sizeof text, "%zu of %zu trials are equally good: there is no best tenth",
		         importance->n_best, importance->n_trials);
	else
		return NULL;
	return ls_arena_copy(arena, text, strlen(text));
}

/* ---- One parameter ---------------------------------------------------------- */

struct comparison {
	const struct ls_cells *cells;
	size_t n, n_best, n_active;
	size_t *places;     /* [n]: cells of the trials that are compared; the first n_best are the best */
	uint32_t *counts;   /* [cells->n] */
	double *all, *best; /* [cells->n]: densities */
};

static void describe(const struct comparison *comparison, double *density)
{
	if (comparison->cells->parameter_out->scale == LOCKSTEP_AXIS_LISTED)
		ls_density_of_choices(comparison->counts, comparison->cells->n, density);
	else
		ls_density_of_numbers(comparison->counts, comparison->cells->n, density);
}

/* Of the first n places; returns how many there are. */
static size_t count(const struct comparison *comparison, size_t n)
{
	size_t n_active = 0;
	memset(comparison->counts, 0, comparison->cells->n * sizeof *comparison->counts);
	for (size_t i = 0; i < n; i++)
		if (comparison->places[i] != LS_CELLS_NONE) {
			comparison->counts[comparison->places[i]]++;
			n_active++;
		}
	return n_active;
}

/* Of those that stand first from all, whose density is known. */
static double diverge(const struct comparison *comparison)
{
	size_t n_active = count(comparison, comparison->n_best);
	if (n_active == 0 || comparison->n_active < 2)
		return 0;
	double a = (double)n_active / (double)comparison->n_best;
	double b = (double)comparison->n_active / (double)comparison->n;
	describe(comparison, comparison->best);
	return a * a / b * ls_density_divergence(comparison->best, comparison->all, comparison->cells->n);
}

/* Puts others, taken at random, first. */
static void shuffle(struct comparison *comparison, uint32_t round)
{
	for (size_t i = 0; i < comparison->n_best; i++) {
		uint32_t words[4];
		const uint32_t counter[] = {(uint32_t)i, round, 0, 0};
		ls_philox(counter, 0, words);
		size_t other = i + (size_t)(((uint64_t)words[0] * (comparison->n - i)) >> 32);
		size_t place = comparison->places[i];
		comparison->places[i] = comparison->places[other];
		comparison->places[other] = place;
	}
}

static int compare_reals(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* What 95 of 100 choices at random do not exceed. */
static double find_chance(struct comparison *comparison)
{
	double divergences[N_CHOICES];
	for (uint32_t round = 0; round < N_CHOICES; round++) {
		shuffle(comparison, round);
		divergences[round] = diverge(comparison);
	}
	qsort(divergences, N_CHOICES, sizeof *divergences, compare_reals);
	return divergences[N_CHOICES * 95 / 100 - 1];
}

static void place_all(struct comparison *comparison, const struct compared *compared)
{
	const struct lockstep_runs_study *study = comparison->cells->study;
	for (size_t i = 0; i < comparison->n; i++)
		comparison->places[i] = ls_cells_place(comparison->cells, &study->trials[compared[i].trial]);
}

static lockstep_status compare_parameter(const struct ls_cells *cells, const struct lockstep_importance *importance,
                                         const struct compared *compared, lockstep_error *error)
{
	struct lockstep_importance_parameter *parameter = cells->parameter_out;
	struct comparison comparison = {.cells = cells, .n = importance->n_trials, .n_best = importance->n_best};
	lockstep_status status = LOCKSTEP_OK;
	comparison.places = ls_memory_allocate(comparison.n, sizeof *comparison.places);
	comparison.counts = ls_memory_allocate(cells->n, sizeof *comparison.counts);
	comparison.all = ls_memory_allocate(2 * cells->n, sizeof *comparison.all);
	if (!comparison.places || !comparison.counts || !comparison.all) {
		status = ls_error_memory(error, "the importance of parameters");
		goto end;
	}
	comparison.best = comparison.all + cells->n;
	place_all(&comparison, compared);
	parameter->n_trials = comparison.n_active = count(&comparison, comparison.n);
	if (cells->n >= 2 && !parameter->follows && !importance->reason) {
		describe(&comparison, comparison.all);
		parameter->divergence = diverge(&comparison);
		parameter->chance = find_chance(&comparison);
	}
end:
	ls_memory_free(comparison.places);
	ls_memory_free(comparison.counts);
	ls_memory_free(comparison.all);
	return status;
}

/* ---- All -------------------------------------------------------------------- */

static const struct ls_parameter *find_parameter(const struct ls_spec *spec, const char *name)
{
	for (size_t i = 0; spec && i < spec->space.n; i++)
		if (strcmp(spec->space.parameters[i].name, name) == 0)
			return &spec->space.parameters[i];
	return NULL;
}

static lockstep_status compare_all(struct reading *reading, const struct lockstep_runs_study *study,
                                   const struct ls_spec *spec, const struct compared *compared, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; !status && i < study->n_parameters; i++) {
		struct ls_cells cells;
		const struct ls_parameter *found = find_parameter(spec, study->parameters[i]);
		reading->parameters[i].divergence = reading->parameters[i].chance = reading->parameters[i].share = NAN;
		if (found && found->follows != LS_LEADS) {
			const char *leader = spec->space.parameters[found->follows].name;
			reading->parameters[i].follows = ls_arena_copy(&reading->arena, leader, strlen(leader));
			if (!reading->parameters[i].follows)
				return ls_error_memory(error, "the importance of parameters");
		}
		if (!ls_cells_init(&cells, study, i, found ? &found->distribution : NULL, &reading->parameters[i],
		                   &reading->arena))
			return ls_error_memory(error, "the importance of parameters");
		status = compare_parameter(&cells, &reading->importance, compared, error);
	}
	return status;
}

static void share(struct reading *reading)
{
	double sum = 0;
	for (size_t i = 0; i < reading->importance.n_parameters; i++)
		if (!isnan(reading->parameters[i].divergence))
			sum += reading->parameters[i].divergence;
	if (sum > 0)
		for (size_t i = 0; i < reading->importance.n_parameters; i++) {
			reading->parameters[i].share = reading->parameters[i].divergence / sum;
			reading->parameters[i].chance /= sum;
		}
	else if (!reading->importance.reason)
		reading->importance.reason = "no parameter has more than one value";
}

static lockstep_status fill(struct reading *reading, const struct lockstep_runs_study *study,
                            const struct ls_spec *spec, lockstep_error *error)
{
	struct lockstep_importance *importance = &reading->importance;
	struct compared *compared = ls_memory_allocate(study->n_trials, sizeof *compared);
	reading->parameters = ls_arena_allocate(&reading->arena, study->n_parameters + 1, sizeof *reading->parameters);
	lockstep_status status = LOCKSTEP_OK;
	if (!compared || !reading->parameters) {
		status = ls_error_memory(error, "the importance of parameters");
		goto end;
	}
	importance->n_parameters = study->n_parameters;
	importance->parameters = reading->parameters;
	rank(study, compared, importance);
	importance->reason = reason_without(&reading->arena, importance, study->n_trials);
	status = compare_all(reading, study, spec, compared, error);
	if (!status)
		share(reading);
end:
	ls_memory_free(compared);
	return status;
}

/* Of sets of values there is no specification to read; what is read without parameters says nothing. */
static lockstep_status read_spec(struct ls_spec **spec, const char *text, lockstep_error *error)
{
	lockstep_status status = ls_spec_parse(spec, text, strlen(text), "the specification", error);
	return status == LOCKSTEP_ERROR_MEMORY ? status : LOCKSTEP_OK;
}

lockstep_status lockstep_importance_create(struct lockstep_importance **out, const struct lockstep_runs_study *study,
                                           lockstep_error *error)
{
	struct ls_spec *spec = NULL;
	struct reading *reading = ls_memory_allocate(1, sizeof *reading);
	if (!reading)
		return ls_error_memory(error, "the importance of parameters");
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = read_spec(&spec, study->spec, error);
	if (!status)
		status = fill(reading, study, spec, error);
	ls_spec_destroy(spec);
	ls_fpcontrol_leave(saved);
	if (status)
		lockstep_importance_destroy(&reading->importance);
	else
		*out = &reading->importance;
	return status;
}

void lockstep_importance_destroy(struct lockstep_importance *importance)
{
	struct reading *reading = (struct reading *)importance;
	if (!reading)
		return;
	ls_arena_fini(&reading->arena);
	ls_memory_free(reading);
}
