/* SPDX-License-Identifier: MIT
 *
 * Sums in a fixed order, and the contract's functions.
 */
#include "density.h"

#include <math.h>

#include "arith/functions64.h"
#include "study/functions/normal.h"

#define SCOTT 1.059
#define NORMAL_IQR 1.34
#define BANDWIDTH_MIN (0.5 / 1.64) /* nine tenths of a kernel are in its own cell */
#define EMPTY 1e-12                /* of a cell without a density */

/* ---- Numbers ---------------------------------------------------------------- */

static uint64_t sum_of(const uint32_t *counts, size_t n)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += counts[i];
	return sum;
}

static double deviation(const uint32_t *counts, size_t n, uint64_t m)
{
	double mean = 0, squares = 0;
	for (size_t i = 0; i < n; i++)
		mean += (double)counts[i] * (double)i;
	mean /= (double)m;
	for (size_t i = 0; i < n; i++)
		squares += (double)counts[i] * ((double)i - mean) * ((double)i - mean);
	return sqrt(squares / (double)(m > 2 ? m - 1 : 1));
}

/* The first cell with a trial up to which there are `at_least`; the last with one when there are not so many. */
static size_t quantile(const uint32_t *counts, size_t n, uint64_t at_least)
{
	size_t last = 0;
	uint64_t sum = 0;
	for (size_t i = 0; i < n; i++) {
		if (counts[i] == 0)
			continue;
		sum += counts[i];
		last = i;
		if (sum >= at_least)
			break;
	}
	return last;
}

static double bandwidth(const uint32_t *counts, size_t n, uint64_t m)
{
	size_t lower = quantile(counts, n, m / 4), upper = quantile(counts, n, m * 3 / 4 + 1);
	double spread = fmin((double)(upper - lower) / NORMAL_IQR, deviation(counts, n, m));
	return fmax(SCOTT * spread * ls_exp64(-0.2 * ls_log64((double)m)), BANDWIDTH_MIN);
}

/* P(X > x - 1/2) of a kernel. */
static double tail(double x, double sigma)
{
	return ls_normal_cdf((0.5 - x) / sigma);
}

/* Tails [n + 1] from each distance on: all kernels of a parameter are alike, but for where they are cut off. */
static void add_kernels(const uint32_t *counts, size_t n, double sigma, double weight, double *density)
{
	double tails[LS_CELLS_MAX + 1];
	for (size_t i = 0; i <= n; i++)
		tails[i] = i == 0 ? 0.5 : tail((double)i, sigma);
	for (size_t k = 0; k < n; k++) {
		if (counts[k] == 0)
			continue;
		double factor = weight * (double)counts[k] / (1 - (tails[k + 1] + tails[n - k]));
		for (size_t i = 0; i < n; i++) {
			size_t distance = i < k ? k - i : i - k;
			double mass = distance ? tails[distance] - tails[distance + 1] : 1 - 2 * tails[1];
			density[i] += factor * mass;
		}
	}
}

static void add_prior(size_t n, double weight, double *density)
{
	double middle = 0.5 * (double)(n - 1), sigma = (double)n, whole = 1 - 2 * tail((double)n - middle, sigma);
	for (size_t i = 0; i < n; i++) {
		double distance = fabs((double)i - middle);
		density[i] += weight * (tail(distance, sigma) - tail(distance + 1, sigma)) / whole;
	}
}

void ls_density_of_numbers(const uint32_t *counts, size_t n, double *density)
{
	uint64_t m = sum_of(counts, n);
	double part = 1 / ((double)m + 1);
	for (size_t i = 0; i < n; i++)
		density[i] = 0;
	add_prior(n, part, density);
	if (m)
		add_kernels(counts, n, bandwidth(counts, n, m), part, density);
}

/* ---- Choices ---------------------------------------------------------------- */

void ls_density_of_choices(const uint32_t *counts, size_t n, double *density)
{
	uint64_t m = sum_of(counts, n), k = 0;
	for (size_t i = 0; i < n; i++)
		k += counts[i] != 0;
	double part = 1 / ((double)m + 1), extra = 1 / ((double)k + 1), sum = 1 + extra * (double)n;
	for (size_t i = 0; i < n; i++)
		density[i] = part * (((double)counts[i] + (double)m * extra) / sum + 1 / (double)n);
}

double ls_density_divergence(const double *p, const double *q, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double difference = (p[i] + EMPTY) / (q[i] + EMPTY) - 1;
		sum += (q[i] + EMPTY) * (difference * difference);
	}
	return sum;
}
