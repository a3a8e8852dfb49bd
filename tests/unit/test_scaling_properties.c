/* SPDX-License-Identifier: MIT
 *
 * Curves through levels by the properties that a least-squares fit has: invariance, that nothing is better, how often
 * intervals hold the truth, and that no data end in nonsense.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arith/functions64.h"
#include "arith/philox.h"
#include "lockstep/scaling.h"
#include "scaling_curves.h"

TestSuite(scaling_properties, .timeout = 120);

#define N(list) (sizeof(list) / sizeof(list)[0])

/* ---- Properties ------------------------------------------------------------ */

static uint32_t word(uint32_t stream, uint32_t i, uint32_t k)
{
	uint32_t words[4];
	ls_philox((uint32_t[]){i, k, stream, 0xfeed}, 2024, words);
	return words[0];
}

static double uniform(uint32_t stream, uint32_t i, uint32_t k)
{
	return ((double)word(stream, i, k) + 0.5) * 0x1p-32;
}

static double normal(uint32_t stream, uint32_t i, uint32_t k)
{
	return ls_normal64(uniform(stream, i, k));
}

/* Throughputs by powers of two are the same points: all is scaled without a rounding. */
Test(scaling_properties, scale_changes_no_digit)
{
	static const int exponents[] = {-990, -40, 3, 1000};
	for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
		struct lockstep_scaling_curve curve = fit(model, sdm_workers, sdm, N(sdm));
		for (size_t k = 0; k < N(exponents); k++) {
			double scaled[N(sdm)];
			for (size_t i = 0; i < N(sdm); i++)
				scaled[i] = ldexp(sdm[i], exponents[k]);
			struct lockstep_scaling_curve other = fit(model, sdm_workers, scaled, N(sdm));
			cr_assert_eq(value(&other, GAMMA), ldexp(value(&curve, GAMMA), exponents[k]));
			cr_assert_eq(other.parameters[GAMMA].high, ldexp(curve.parameters[GAMMA].high, exponents[k]));
			cr_assert_eq(other.residual_error, ldexp(curve.residual_error, exponents[k]));
			for (size_t i = 1; i < curve.n_parameters; i++)
				cr_assert_eq(
				    memcmp(&other.parameters[i], &curve.parameters[i], sizeof curve.parameters[i]), 0);
			cr_assert_eq(other.r_squared, curve.r_squared);
		}
	}
}

Test(scaling_properties, order_of_the_points_changes_no_bit)
{
	double workers[N(ray)], throughput[N(ray)];
	for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
		struct lockstep_scaling_curve curve = fit(model, ray_workers, ray, N(ray)), other;
		for (uint32_t block = 0; block < 20; block++) {
			uint32_t order[N(ray)];
			lockstep_scaling_order(5, block, N(ray), order);
			for (size_t i = 0; i < N(ray); i++) {
				workers[i] = ray_workers[order[i]];
				throughput[i] = ray[order[i]];
			}
			other = fit(model, workers, throughput, N(ray));
			for (size_t i = 0; i < curve.n_parameters; i++) {
				cr_assert_eq(value(&other, i), value(&curve, i));
				cr_assert(curve.parameters[i].is_at_bound ||
				          other.parameters[i].high == curve.parameters[i].high);
			}
			cr_assert_eq(other.residual_error, curve.residual_error);
		}
	}
}

/* The sum of squares about a curve of given parameters. */
static double squares_of(enum lockstep_scaling_model model, const double *p, const double *workers, const double *x,
                         size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		double residual = curve_at(model, p, workers[i]) - x[i];
		sum += residual * residual;
	}
	return sum;
}

/* No neighbour within the bounds is better, near or far. */
static void expect_minimum(const struct lockstep_scaling_curve *curve, const double *workers, const double *x, size_t n,
                           uint32_t stream)
{
	double least = sum_of_squares(curve), p[3];
	for (uint32_t i = 0; i < 60; i++) {
		double reach = ls_exp64(-14 * uniform(stream, i, 0));
		for (uint32_t k = 0; k < 3; k++) {
			double step = reach * normal(stream, i, k + 1), size = k == BETA ? 1 / workers[n - 1] : 0.1;
			p[k] = k < curve->n_parameters ? value(curve, k) : 0;
			p[k] = fmax(p[k] + step * (k == GAMMA || i % 2 ? p[k] : size), 0);
		}
		if (curve->model != LOCKSTEP_SCALING_USL)
			p[SERIAL] = fmin(p[SERIAL], 1);
		double found = squares_of(curve->model, p, workers, x, n);
		cr_assert(found >= least * (1 - 1e-9) - 1e-20, "%.17g below %.17g by %g %g %g, not %g %g %g", found,
		          least, p[0], p[1], p[2], value(curve, 0), value(curve, 1),
		          curve->n_parameters > 2 ? value(curve, 2) : 0);
	}
}

/* Nor anything on a grid over the whole quadrant, with the gamma that fits best there. */
static void expect_lowest_valley(const struct lockstep_scaling_curve *curve, const double *workers, const double *x,
                                 size_t n)
{
	double least = sum_of_squares(curve);
	for (int i = 0; i < 40; i++) {
		for (int j = 0; j < 40; j++) {
			double p[] = {1, i ? ls_exp64(-12 + 0.5 * i) : 0, j ? ls_exp64(-18 + 0.6 * j) : 0}, ff = 0,
			       fx = 0;
			for (size_t k = 0; k < n; k++) {
				double f = curve_at(curve->model, p, workers[k]);
				ff += f * f;
				fx += f * x[k];
			}
			p[GAMMA] = fx / ff;
			double found = squares_of(curve->model, p, workers, x, n);
			cr_assert(found >= least * (1 - 1e-9) - 1e-20, "%.17g below %.17g by %g %g %g", found, least,
			          p[0], p[1], p[2]);
		}
	}
}

/* Curves, flat, falling, and pure noise. */
static void random_points(uint32_t i, double *workers, double *x, size_t n)
{
	double shape[] = {1, uniform(1, i, 0), uniform(1, i, 1) * uniform(1, i, 1) * 0.2};
	double noise = ls_exp64(-9 * uniform(1, i, 2)), n_workers = 0;
	for (uint32_t k = 0; k < n; k++) {
		n_workers += 1 + floor(uniform(2, i, k) * (i % 3 == 0 ? 1 : 20));
		workers[k] = n_workers;
		x[k] = i % 5 == 0 ? ls_exp64(2 * normal(3, i, k)) : curve_at(LOCKSTEP_SCALING_USL, shape, n_workers);
		x[k] = fmax(x[k] * (1 + noise * normal(4, i, k)), 1e-3);
	}
}

Test(scaling_properties, nothing_is_better)
{
	int n_refused = 0;
	for (uint32_t i = 0; i < 600; i++) {
		double workers[12], x[12];
		size_t n = 6 + i % 7;
		random_points(i, workers, x, n);
		for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
			struct lockstep_scaling_curve curve;
			if (lockstep_scaling_fit(&curve, model, workers, x, n, NULL)) {
				n_refused++;
				continue;
			}
			expect_minimum(&curve, workers, x, n, 100 + i);
			if (model == LOCKSTEP_SCALING_USL)
				expect_lowest_valley(&curve, workers, x, n);
		}
	}
	cr_assert_lt(n_refused, 60, "%d", n_refused);
}

/* Noise whose sum of squares has more than one valley; the lowest is narrow, and at alpha = 0, inside, at alpha = 0. */
static const struct {
	size_t n;
	double workers[13], throughput[13];
} valleys[] = {
    {13,
     {1, 15, 19, 30, 36, 53, 58, 70, 90, 92, 102, 115, 134},
     {1.175, 0.6765, 2.465, 0.6215, 4.719, 1.237, 2.721, 2.563, 0.2636, 2.457, 2.708, 0.388, 2.1}},
    {12,
     {1, 14, 29, 31, 33, 45, 52, 54, 67, 84, 86, 89},
     {1.286, 1.369, 4.77, 0.7347, 2.274, 0.5284, 0.4014, 2.654, 1.814, 0.2361, 1.367, 0.1294}},
    {6, {1, 10, 26, 44, 47, 61}, {3.938, 8.564, 3.125, 23.94, 11.88, 5.028}},
};

Test(scaling_properties, lowest_of_several_valleys)
{
	for (size_t i = 0; i < N(valleys); i++) {
		struct lockstep_scaling_curve curve =
		    fit(LOCKSTEP_SCALING_USL, valleys[i].workers, valleys[i].throughput, valleys[i].n);
		expect_lowest_valley(&curve, valleys[i].workers, valleys[i].throughput, valleys[i].n);
	}
}

/* ---- Coverage -------------------------------------------------------------- */

struct coverage {
	int parameter[3], inside, beyond; /* how often intervals had the truth */
};

static int holds(double low, double high, double truth)
{
	return low <= truth && truth <= high;
}

static void count_coverage(enum lockstep_scaling_model model, const double *p, uint32_t i, struct coverage *coverage)
{
	static const double workers[] = {1, 2, 4, 6, 8, 12, 16, 24, 32};
	double x[N(workers)];
	struct lockstep_scaling_interval at;
	for (uint32_t k = 0; k < N(workers); k++)
		x[k] = curve_at(model, p, workers[k]) + 0.1 * normal(50 + (uint32_t)model, i, k);
	struct lockstep_scaling_curve curve = fit(model, workers, x, N(workers));
	for (size_t k = 0; k < curve.n_parameters; k++)
		coverage->parameter[k] += holds(curve.parameters[k].low, curve.parameters[k].high, p[k]);
	lockstep_scaling_predict(&curve, 10, &at, NULL);
	coverage->inside += holds(at.low, at.high, curve_at(model, p, 10));
	lockstep_scaling_predict(&curve, 64, &at, NULL);
	coverage->beyond += holds(at.low, at.high, curve_at(model, p, 64));
}

/* Of 2,000 repetitions with normal noise 1,900 should hold the truth; 3 standard deviations are 29, and some is
 * left for curves that are not straight. */
Test(scaling_properties, intervals_hold_the_truth_as_often_as_they_say)
{
	static const double truth[][3] = {{1, 0.05, 0}, {1, 0.3, 0}, {1, 0.05, 0.002}};
	for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
		struct coverage coverage = {.inside = 0};
		for (uint32_t i = 0; i < 2000; i++)
			count_coverage(model, truth[model], i, &coverage);
		for (size_t k = 0; k < (model == LOCKSTEP_SCALING_USL ? 3 : 2); k++)
			cr_assert(abs(coverage.parameter[k] - 1900) < 35, "model %d, %zu: %d", model, k,
			          coverage.parameter[k]);
		cr_assert(abs(coverage.inside - 1900) < 35 && abs(coverage.beyond - 1900) < 35, "model %d: %d, %d",
		          model, coverage.inside, coverage.beyond);
	}
}

/* ---- Random data ----------------------------------------------------------- */

static void expect_sound(const struct lockstep_scaling_curve *curve)
{
	size_t n_free = 0;
	for (size_t k = 0; k < curve->n_parameters; k++) {
		const struct lockstep_scaling_parameter *p = &curve->parameters[k];
		cr_assert(isfinite(p->value) && p->value >= 0);
		cr_assert(k != SERIAL || curve->model == LOCKSTEP_SCALING_USL || p->value <= 1);
		cr_assert(p->is_at_bound ? isnan(p->low) && isnan(p->high) && isnan(p->standard_error)
		                         : p->low >= 0 && p->low <= p->value && p->value <= p->high &&
		                               isfinite(p->high) && p->standard_error >= 0);
		cr_assert(k != SERIAL || curve->model == LOCKSTEP_SCALING_USL || !(p->high > 1));
		n_free += !p->is_at_bound;
		for (size_t m = 0; m < curve->n_parameters; m++)
			cr_assert(fabs(curve->correlation[k][m]) <= 1 + 1e-12);
	}
	cr_assert(value(curve, GAMMA) > 0 && !curve->parameters[GAMMA].is_at_bound);
	cr_assert_eq(curve->degrees_of_freedom, curve->n_points - n_free);
	cr_assert(isfinite(curve->residual_error) && curve->residual_error >= 0);
	cr_assert(curve->r_squared <= 1 || isnan(curve->r_squared));
	int has_peak = curve->model == LOCKSTEP_SCALING_USL && !curve->parameters[BETA].is_at_bound;
	cr_assert(has_peak ? isfinite(curve->peak) && curve->peak >= 0 : isnan(curve->peak));
}

/* Numbers of workers and throughputs of any size, kinds mixed by the bits of i. */
static size_t wild_points(uint32_t i, double *workers, double *x)
{
	size_t n = 6 + word(10, i, 0) % 11;
	double width = i % 7 == 0 ? 600 : 0.01 + 8 * uniform(10, i, 1), middle = i % 11 == 0 ? 300 : 0;
	for (uint32_t k = 0; k < n; k++) {
		double wide = floor(ls_exp64(20.7 * uniform(11, i, k)));
		workers[k] = i & 1 ? 1 + word(12, i, k) % 16 : i & 2 ? wide : 1 + (double)k * (1 + i % 5);
		x[k] = ls_exp64(fmin(fmax(middle + width * (uniform(13, i, k) - 0.5), -700), 700));
		if (i & 4)
			x[k] *= workers[k];
		if (i & 8)
			x[k] /= workers[k] * workers[k];
	}
	return n;
}

Test(scaling_properties, random_data_never_end_in_nonsense)
{
	uint32_t n_fits = 0, n_unsettled = 0, n_repeats = 6000;
	for (uint32_t i = 0; i < n_repeats; i++) {
		double workers[16], x[16];
		size_t n = wild_points(i, workers, x);
		for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
			struct lockstep_scaling_curve curve;
			struct lockstep_scaling_interval at;
			lockstep_error error = {LOCKSTEP_OK, ""};
			lockstep_status status = lockstep_scaling_fit(&curve, model, workers, x, n, &error);
			if (status) {
				cr_assert_eq(status, LOCKSTEP_ERROR_ARGUMENT);
				n_unsettled += strstr(error.message, "determine") != NULL;
				continue;
			}
			n_fits++;
			expect_sound(&curve);
			if (!lockstep_scaling_predict(&curve, 1 + word(14, i, 0) % 100, &at, NULL))
				cr_assert(at.low >= 0 && at.low <= at.value && at.value <= at.high &&
				          isfinite(at.high));
		}
	}
	cr_assert_gt(n_fits, 2 * n_repeats, "%u", n_fits);
	cr_assert_lt(n_unsettled, n_repeats / 200, "%u", n_unsettled);
}
