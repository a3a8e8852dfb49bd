/* SPDX-License-Identifier: MIT
 *
 * Kernels are summed axis by axis over all observations, in loops that a compiler can do in vectors: nothing
 * is looked up there but the observations' coordinates. Cells that are not narrow against the bandwidth need a
 * difference of normal probabilities; observations on such an axis have few values, so each is
 * computed once a candidate and remembered.
 */
#include "parzen.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "arith/functions64.h"
#include "base/error.h"
#include "base/memory.h"
#include "study/functions/normal.h"

#define BANDWIDTH 0.2
#define RAMP_AFTER 25
#define CLIP_MAX 100.0
#define NEGLIGIBLE 45 /* what is below the largest term by a factor of e to this is less than its rounding */

/* ---- Fitting --------------------------------------------------------------- */

lockstep_status ls_parzen_init(struct ls_parzen *parzen, const struct ls_axis *axes, size_t n_axes, size_t n,
                               lockstep_error *error)
{
	struct ls_parzen made = {.axes = axes, .n_axes = n_axes, .n = n};
	made.coordinates = ls_memory_allocate(n_axes * n, sizeof(double));
	made.weights = ls_memory_allocate(n + 1, sizeof(double));
	made.offsets = ls_memory_allocate(n + 1, sizeof(double));
	made.sigmas = ls_memory_allocate(n_axes, sizeof(double));
	made.distances = ls_memory_allocate(n_axes, sizeof *made.distances);
	if (!made.coordinates || !made.weights || !made.offsets || !made.sigmas || !made.distances) {
		ls_parzen_fini(&made);
		return ls_error_memory(error, "a density of trials");
	}
	*parzen = made;
	return LOCKSTEP_OK;
}

void ls_parzen_fini(struct ls_parzen *parzen)
{
	ls_memory_free(parzen->coordinates);
	ls_memory_free(parzen->weights);
	ls_memory_free(parzen->offsets);
	ls_memory_free(parzen->sigmas);
	for (size_t i = 0; parzen->distances && i < parzen->n_axes; i++)
		ls_memory_free(parzen->distances[i]);
	ls_memory_free(parzen->distances);
	*parzen = (struct ls_parzen){.n = 0};
}

static double range(const struct ls_axis *axis)
{
	return axis->high - axis->low;
}

static double prior_middle(const struct ls_axis *axis)
{
	return 0.5 * (axis->low + axis->high);
}

static void set_weights(struct ls_parzen *parzen)
{
	size_t n = parzen->n, n_ramp = n > RAMP_AFTER ? n - RAMP_AFTER : 0;
	double first = n ? 1.0 / (double)n : 1, step = n_ramp > 1 ? (1 - first) / (double)(n_ramp - 1) : 0, sum = 0;
	for (size_t i = 0; i <= n; i++) {
		parzen->weights[i] = i < n_ramp ? first + (double)i * step : 1;
		sum += parzen->weights[i];
	}
	for (size_t i = 0; i <= n; i++)
		parzen->weights[i] /= sum;
}

static void set_sigmas(struct ls_parzen *parzen)
{
	double n = (double)parzen->n;
	double scott = BANDWIDTH * ls_exp64(-ls_log64(fmax(n, 1)) / ((double)parzen->n_axes + 4));
	double part = fmin(fmax(scott, 1 / fmin(CLIP_MAX, n + 2)), 1);
	for (size_t i = 0; i < parzen->n_axes; i++)
		parzen->sigmas[i] = part * range(&parzen->axes[i]);
}

/* Multiplies what is left of every kernel by what axis i's bounds leave of it. */
static void cut_off(const struct ls_parzen *parzen, size_t i, const struct ls_table64 *table, double *left)
{
	const struct ls_axis *axis = &parzen->axes[i];
	const double *middles = parzen->coordinates + i * parzen->n;
	double inverse = 1 / parzen->sigmas[i];
	for (size_t k = 0; k < parzen->n; k++) {
		double below = ls_table64_tail(table, (middles[k] - axis->low) * inverse);
		double above = ls_table64_tail(table, (axis->high - middles[k]) * inverse);
		left[k] *= 1 - (below + above);
	}
	left[parzen->n] *= 1 - 2 * ls_table64_tail(table, 0.5);
}

#define DISTANCES_MAX 4096

/* Bounds cut no cell of a linear axis, so that its mass is a function of the distance. */
static lockstep_status make_distances(struct ls_parzen *parzen, size_t i, lockstep_error *error)
{
	const struct ls_axis *axis = &parzen->axes[i];
	double n = axis->half_step > 0 ? range(axis) / (2 * axis->half_step) : HUGE_VAL;
	if (!(n < DISTANCES_MAX))
		return LOCKSTEP_OK;
	parzen->distances[i] = ls_memory_allocate((size_t)n + 1, sizeof(double));
	if (!parzen->distances[i])
		return ls_error_memory(error, "a density of trials");
	for (size_t d = 0; d <= (size_t)n; d++)
		parzen->distances[i][d] = NAN;
	return LOCKSTEP_OK;
}

lockstep_status ls_parzen_fit(struct ls_parzen *parzen, const struct ls_table64 *table, lockstep_error *error)
{
	for (size_t i = 0; i < parzen->n_axes; i++) {
		lockstep_status status = make_distances(parzen, i, error);
		if (status)
			return status;
	}
	parzen->table = table;
	set_weights(parzen);
	set_sigmas(parzen);
	double *left = parzen->offsets;
	for (size_t k = 0; k <= parzen->n; k++)
		left[k] = 1;
	for (size_t i = 0; i < parzen->n_axes; i++)
		if (parzen->axes[i].kind != LS_AXIS_CHOICE)
			cut_off(parzen, i, table, left);
	/* A third or more is left on each axis, so this can be 0 with more than 600 axes only. */
	for (size_t k = 0; k <= parzen->n; k++)
		parzen->offsets[k] = ls_log64(parzen->weights[k] / fmax(left[k], 0x1p-1000));
	return LOCKSTEP_OK;
}

/* ---- Choices --------------------------------------------------------------- */

/* The prior of a choice, whose sum over the choices is 1. */
static double prior_choice(const struct ls_distribution *distribution, size_t choice)
{
	if (distribution->kind == LS_CATEGORICAL_W_PROBABILITIES)
		return distribution->probabilities[choice];
	return 1 / (double)distribution->n_values;
}

/* What an observed kernel gives a choice: the prior's weight among n + 1, spread over the choices so
 * that even ones get 1 / (n + 1) each, and 1 for the one that was observed. */
static double choice_probability(const struct ls_parzen *parzen, size_t i, size_t choice, int is_observed)
{
	const struct ls_distribution *distribution = parzen->axes[i].distribution;
	double smoothing = (double)distribution->n_values / ((double)parzen->n + 1);
	return ((is_observed ? 1 : 0) + smoothing * prior_choice(distribution, choice)) / (1 + smoothing);
}

static double draw_choice(const struct ls_parzen *parzen, size_t component, size_t i, double u)
{
	const struct ls_distribution *distribution = parzen->axes[i].distribution;
	if (component == parzen->n)
		return ls_distribution_quantile(distribution, u);
	size_t observed = (size_t)parzen->coordinates[i * parzen->n + component];
	double sum = 0;
	for (size_t choice = 0; choice < distribution->n_values; choice++) {
		sum += choice_probability(parzen, i, choice, choice == observed);
		if (u < sum)
			return (double)choice;
	}
	return (double)observed;
}

static double log_or_least(double p)
{
	return ls_log64(fmax(p, 0x1p-1022));
}

static void add_choice(const struct ls_parzen *parzen, size_t i, size_t choice, double *sums)
{
	const double *choices = parzen->coordinates + i * parzen->n;
	double same = log_or_least(choice_probability(parzen, i, choice, 1));
	double other = log_or_least(choice_probability(parzen, i, choice, 0));
	for (size_t k = 0; k < parzen->n; k++)
		sums[k] += choices[k] == (double)choice ? same : other;
	sums[parzen->n] += log_or_least(prior_choice(parzen->axes[i].distribution, choice));
}

/* ---- Numbers --------------------------------------------------------------- */

static void add_points(const double *middles, size_t n, double x, double sigma, double *sums)
{
	double inverse = 1 / sigma, top = -LS_NORMAL_LOG_SQRT_2PI - ls_log64(sigma);
	for (size_t k = 0; k < n; k++) {
		double z = (x - middles[k]) * inverse;
		sums[k] += top - 0.5 * (z * z);
	}
}

static void add_narrow_cells(const double *middles, size_t n, const struct ls_cell *cell, double sigma, double *sums)
{
	double inverse = 1 / sigma, c[LS_NORMAL_CELL_TERMS], x = 0.5 * (cell->lower + cell->upper);
	ls_normal_cell_series((cell->upper - cell->lower) * inverse, c);
	for (size_t k = 0; k < n; k++) {
		double z = (x - middles[k]) * inverse, y = z * z;
		sums[k] += c[0] + y * (c[1] + y * (c[2] + y * (c[3] + y * (c[4] + y * c[5]))));
	}
}

#define N_REMEMBERED 256 /* a power of two */

static size_t slot_of(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return (size_t)(bits * 0x9e3779b97f4a7c15 >> 56);
}

static void add_wide_cells(const double *middles, size_t n, const struct ls_cell *cell, double sigma, double *sums)
{
	double remembered[N_REMEMBERED], masses[N_REMEMBERED];
	for (size_t slot = 0; slot < N_REMEMBERED; slot++) {
		remembered[slot] = NAN;
		masses[slot] = 0;
	}
	for (size_t k = 0; k < n; k++) {
		size_t slot = slot_of(middles[k]);
		if (remembered[slot] != middles[k]) {
			remembered[slot] = middles[k];
			masses[slot] =
			    ls_normal_log_mass((cell->lower - middles[k]) / sigma, (cell->upper - middles[k]) / sigma);
		}
		sums[k] += masses[slot];
	}
}

/* Of a linear axis; `known` are its distances. */
static void add_steps(const struct ls_axis *axis, const double *middles, size_t n, double x, double sigma,
                      double *known, double *sums)
{
	double step = 2 * axis->half_step, inverse = 1 / step;
	for (size_t k = 0; k < n; k++) {
		size_t distance = (size_t)(fabs(x - middles[k]) * inverse + 0.5);
		if (isnan(known[distance])) {
			double middle = (double)distance * step / sigma, half = axis->half_step / sigma;
			known[distance] = ls_normal_log_mass(middle - half, middle + half);
		}
		sums[k] += known[distance];
	}
}

static void add_numbers(const struct ls_axis *axis, const double *middles, size_t n, const struct ls_cell *cell,
                        double sigma, double *sums)
{
	double width = cell->upper - cell->lower;
	double farthest = fmax(1, range(axis) / sigma);
	if (!(width > 0))
		add_points(middles, n, cell->middle, sigma, sums);
	else if (width / sigma * farthest <= LS_NORMAL_NARROW)
		add_narrow_cells(middles, n, cell, sigma, sums);
	else
		add_wide_cells(middles, n, cell, sigma, sums);
}

static double log_sum_exp(const struct ls_table64 *table, const double *sums, size_t n)
{
	double max = sums[0], sum = 0;
	for (size_t k = 1; k < n; k++)
		max = sums[k] > max ? sums[k] : max;
	for (size_t k = 0; k < n; k++)
		if (sums[k] - max > -NEGLIGIBLE)
			sum += ls_table64_exp(table, sums[k] - max);
	return max + ls_log64(sum);
}

double ls_parzen_log_density(struct ls_parzen *parzen, const struct ls_cell *cells, double *scratch)
{
	size_t n = parzen->n;
	memcpy(scratch, parzen->offsets, (n + 1) * sizeof *scratch);
	for (size_t i = 0; i < parzen->n_axes; i++) {
		const struct ls_axis *axis = &parzen->axes[i];
		if (axis->kind == LS_AXIS_CHOICE) {
			add_choice(parzen, i, (size_t)cells[i].middle, scratch);
			continue;
		}
		double middle = prior_middle(axis);
		const double *middles = parzen->coordinates + i * n;
		if (parzen->distances[i])
			add_steps(axis, middles, n, cells[i].middle, parzen->sigmas[i], parzen->distances[i], scratch);
		else
			add_numbers(axis, middles, n, &cells[i], parzen->sigmas[i], scratch);
		add_numbers(axis, &middle, 1, &cells[i], range(axis), scratch + n);
	}
	return log_sum_exp(parzen->table, scratch, n + 1);
}

/* ---- Drawing --------------------------------------------------------------- */

size_t ls_parzen_component(const struct ls_parzen *parzen, double u)
{
	double sum = 0;
	for (size_t k = 0; k < parzen->n; k++) {
		sum += parzen->weights[k];
		if (u < sum)
			return k;
	}
	return parzen->n;
}

double ls_parzen_draw(const struct ls_parzen *parzen, size_t component, size_t i, double u)
{
	const struct ls_axis *axis = &parzen->axes[i];
	if (axis->kind == LS_AXIS_CHOICE)
		return draw_choice(parzen, component, i, u);
	int is_prior = component == parzen->n;
	double middle = is_prior ? prior_middle(axis) : parzen->coordinates[i * parzen->n + component];
	double sigma = is_prior ? range(axis) : parzen->sigmas[i];
	double z = ls_normal_truncated(u, (axis->low - middle) / sigma, (axis->high - middle) / sigma);
	return ls_axis_draw(axis, fmin(fmax(middle + z * sigma, axis->low), axis->high));
}
