/* SPDX-License-Identifier: MIT
 *
 * Curves through the levels of a scaling study: against published values, against mpmath and SciPy, by the
 * properties of a least-squares fit, and over random data.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arith/functions64.h"
#include "arith/philox.h"
#include "base/memory.h"
#include "lockstep/scaling.h"
#include "scaling_curves.h"

TestSuite(scaling_fit, .timeout = 120);

#define N(list) (sizeof(list) / sizeof(list)[0])

/* ---- Published values ------------------------------------------------------ */

static const double made_workers[] = {1, 2, 4, 6, 8, 10};
static const double made[] = {1, 1.8868, 3.0769, 3.5294, 3.5398, 3.3557};

/* As printed: half a unit of the last digit. */
static void expect_printed(double x, double printed, double unit)
{
	cr_assert(fabs(x - printed) <= 0.5 * unit, "%.12g, not %.12g", x, printed);
}

/* R's package usl prints alpha 0.0277285, beta 0.0001044, gamma 89.9952330 and a peak at 96.52. nls(algorithm =
 * "port") stops 1e-9 short of the minimum, whose gamma is 89.99523310. */
Test(scaling_fit, sdm91)
{
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, sdm_workers, sdm, N(sdm));
	expect_printed(value(&curve, SERIAL), 0.0277285, 1e-7);
	expect_printed(value(&curve, BETA), 0.0001044, 1e-7);
	expect_printed(value(&curve, GAMMA), 89.9952330, 4e-7);
	expect_printed(curve.peak, 96.52, 1e-2);
}

/* The table of doc/scaling.md. */
Test(scaling_fit, sdm91_of_the_page)
{
	static const double page[] = {90.0, 1077.6, 1541.3, 1850.1, 1878.9, 1821.6, 1646.2};
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, sdm_workers, sdm, N(sdm));
	struct lockstep_scaling_interval x;
	for (size_t i = 0; i < N(page); i++) {
		cr_assert_eq(lockstep_scaling_predict(&curve, sdm_workers[i], &x, NULL), LOCKSTEP_OK);
		expect_printed(x.value, page[i], 0.1);
	}
	expect_printed(curve.parameters[GAMMA].low, 50.5, 0.1);
	expect_printed(curve.parameters[GAMMA].high, 129.5, 0.1);
	expect_printed(curve.parameters[SERIAL].high, 0.0531, 1e-4);
	expect_printed(curve.parameters[BETA].low, 0.000049, 1e-6);
	expect_printed(curve.parameters[BETA].high, 0.000160, 1e-6);
}

Test(scaling_fit, ray_tracer_of_six_points)
{
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, ray_workers, ray, 6);
	expect_printed(value(&curve, SERIAL), 0.02444, 1e-5);
	expect_printed(value(&curve, BETA), 0.00163, 1e-5);
	expect_printed(value(&curve, GAMMA), 20.85605, 1e-5);
}

Test(scaling_fit, ray_tracer_of_all_points_has_no_peak)
{
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, ray_workers, ray, N(ray));
	const struct lockstep_scaling_parameter *beta = &curve.parameters[BETA];
	cr_assert(beta->is_at_bound && beta->value == 0 && isnan(curve.peak));
	cr_assert(isnan(beta->standard_error) && isnan(beta->low) && isnan(beta->high));
	cr_assert_eq(curve.degrees_of_freedom, 9, "beta takes none");
	cr_assert(!curve.parameters[SERIAL].is_at_bound && !curve.parameters[GAMMA].is_at_bound);
	/* What is left is Amdahl's law. */
	struct lockstep_scaling_curve amdahl = fit(LOCKSTEP_SCALING_AMDAHL, ray_workers, ray, N(ray));
	for (size_t i = 0; i < 2; i++) {
		expect_close(value(&curve, i), value(&amdahl, i), 1e-13, "value");
		expect_close(curve.parameters[i].high, amdahl.parameters[i].high, 1e-12, "high");
	}
}

/* By alpha = beta = 0.02 and gamma = 1, rounded to 5 digits. */
Test(scaling_fit, made_points)
{
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, made_workers, made, N(made));
	expect_printed(value(&curve, SERIAL), 0.02, 2e-5);
	expect_printed(value(&curve, BETA), 0.02, 2e-5);
	expect_printed(value(&curve, GAMMA), 1, 2e-5);
	expect_close(curve.peak, 7, 1e-5, "peak");
}

/* Newton's method with 50 digits, mpmath 1.4.1: values, standard errors, residual error, R^2, predictions with
 * their standard errors, and Student's quantiles. */
Test(scaling_fit, sdm91_to_all_digits)
{
	static const double known[][2] = {{89.99523310433222, 14.213489422585051},
	                                  {0.0277284756186343893, 0.0091217318082153985},
	                                  {0.000104365483844090878, 1.9875270907268455e-5}};
	static const double places[][3] = {{1, 89.99523310433222, 14.21348942258505},
	                                   {50, 1721.151159661109, 52.73900462849566},
	                                   {100, 1883.400564193596, 50.69175943370306},
	                                   {400, 1253.398351828453, 125.5289877897296}};
	double t = 2.7764451051977934; /* of 4 degrees of freedom */
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, sdm_workers, sdm, N(sdm));
	for (size_t i = 0; i < 3; i++) {
		const struct lockstep_scaling_parameter *parameter = &curve.parameters[i];
		expect_close(parameter->value, known[i][0], 1e-13, "value");
		expect_close(parameter->standard_error, known[i][1], 1e-12, "standard error");
		expect_close(parameter->low, known[i][0] - t * known[i][1], 1e-11, "low");
		expect_close(parameter->high, known[i][0] + t * known[i][1], 1e-12, "high");
	}
	expect_close(curve.correlation[SERIAL][BETA], -0.467165528803411, 1e-11, "alpha, beta");
	expect_close(curve.correlation[GAMMA][SERIAL], 0.963554754266791, 1e-12, "gamma, alpha");
	expect_close(curve.correlation[BETA][GAMMA], -0.242947987580278, 1e-11, "beta, gamma");
	expect_close(curve.residual_error, 82.845820027381892, 1e-14, "residual error");
	expect_close(curve.r_squared, 0.9895614780531269, 1e-14, "R^2");
	expect_close(curve.peak, 96.5195609666094, 1e-13, "peak");
	for (size_t i = 0; i < N(places); i++) {
		struct lockstep_scaling_interval x;
		cr_assert_eq(lockstep_scaling_predict(&curve, places[i][0], &x, NULL), LOCKSTEP_OK);
		expect_close(x.value, places[i][1], 1e-13, "prediction");
		expect_close(x.low, places[i][1] - t * places[i][2], 1e-11, "low");
		expect_close(x.high, places[i][1] + t * places[i][2], 1e-12, "high");
	}
}

Test(scaling_fit, ray_tracer_to_all_digits)
{
	static const double places[][3] = {{1, 21.84884286568225, 1.257778678968674},
	                                   {50, 285.1757324408568, 4.858488910499051},
	                                   {128, 335.455088243624, 9.13456720407942}};
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, ray_workers, ray, N(ray));
	expect_close(value(&curve, GAMMA), 21.8488428656822494, 1e-13, "gamma");
	expect_close(value(&curve, SERIAL), 0.0577707807395694004, 1e-13, "alpha");
	expect_close(curve.parameters[GAMMA].standard_error, 1.2577786789686735, 1e-12, "gamma");
	expect_close(curve.parameters[SERIAL].standard_error, 0.0052579788414900286, 1e-12, "alpha");
	expect_close(curve.correlation[GAMMA][SERIAL], 0.974638158546037, 1e-12, "correlation");
	cr_assert(curve.correlation[GAMMA][BETA] == 0 && curve.correlation[BETA][BETA] == 0);
	expect_close(curve.residual_error, 8.8017536115690673, 1e-14, "residual error");
	expect_close(curve.r_squared, 0.990694924054598, 1e-14, "R^2");
	for (size_t i = 0; i < N(places); i++) {
		struct lockstep_scaling_interval x;
		cr_assert_eq(lockstep_scaling_predict(&curve, places[i][0], &x, NULL), LOCKSTEP_OK);
		expect_close(x.value, places[i][1], 1e-13, "prediction");
		expect_close(x.high, places[i][1] + 2.262157162798205 * places[i][2], 1e-12, "high");
	}
}

/* ---- SciPy ----------------------------------------------------------------- */

/* scipy.optimize.least_squares of SciPy 1.17.1 (PyPI), method "trf", three-point derivatives, bounds as here, xtol =
 * ftol = gtol = 1e-15, the best from three starts: gamma, s or alpha, beta (0: below 1e-18), sum of squares. Of
 * throughputs with five digits, which are curves with normal noise of 1 to 5 % and a power of N. */
#define POINTS_MAX 12
static const struct {
	size_t n;
	double workers[POINTS_MAX], throughput[POINTS_MAX];
	double known[LOCKSTEP_N_SCALING_MODELS][4];
} scipy[] = {
    {8,
     {1, 2, 3, 4, 6, 8, 12, 16},
     {120.29, 236.02, 329.22, 432.08, 620.64, 761.76, 996.96, 1163.7},
     {{125.499631, 0.0474495131, 0, 662.3136467},
      {198.311497, 0.647687183, 0, 26376.03046},
      {119.354382, 0.02883869, 0.000875171665, 176.7987616}}},
    {8,
     {1, 2, 4, 8, 16, 32, 64, 128},
     {3391300, 6765400, 14286000, 28215000, 52799000, 104810000, 161080000, 251700000},
     {{3790442.16, 0.00737339643, 0, 6.382599998e+13},
      {16734418, 0.881654036, 0, 1.806447351e+15},
      {3790442.16, 0.00737339643, 0, 6.382599998e+13}}},
    {7,
     {3, 5, 7, 11, 13, 17, 19},
     {0.031523, 0.045468, 0.054968, 0.068648, 0.074363, 0.08179, 0.085276},
     {{0.0126855375, 0.101948418, 0, 5.307532432e-07},
      {0.0320209114, 0.899932295, 0, 0.000119900389},
      {0.0126855375, 0.101948418, 0, 5.307532432e-07}}},
    {12,
     {1, 1, 2, 2, 4, 4, 8, 8, 12, 12, 24, 24},
     {41.231, 40.301, 72.01, 73.038, 137.76, 134.12, 258.03, 274.22, 401.58, 398.42, 789.89, 811.57},
     {{33.6163437, 0.000361819492, 0, 558.8583167},
      {37.9111081, 0.127421765, 0, 439.2223941},
      {33.6163437, 0.000361819492, 0, 558.8583167}}},
    {8,
     {2, 4, 6, 8, 10, 12, 14, 16},
     {10.979, 14.591, 17.503, 18.602, 20.007, 20.697, 19.871, 19.845},
     {{7.23862523, 0.305656158, 0, 2.575193342},
      {13.0262083, 0.954556359, 0, 20.40836658},
      {6.46617855, 0.221822525, 0.00334998005, 1.452265529}}},
    {7,
     {1, 2, 4, 8, 16, 32, 48},
     {10.713, 20.969, 36.779, 73.684, 128.8, 249.23, 361.26},
     {{8.6850111, 0.00337137058, 0, 76.62889266},
      {15.4837834, 0.519939112, 0, 92.76063672},
      {8.6850111, 0.00337137056, 0, 76.62889266}}},
};

Test(scaling_fit, agrees_with_scipy)
{
	for (size_t i = 0; i < N(scipy); i++) {
		for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
			struct lockstep_scaling_curve curve =
			    fit(model, scipy[i].workers, scipy[i].throughput, scipy[i].n);
			const double *known = scipy[i].known[model];
			expect_close(value(&curve, GAMMA), known[0], 1e-7, "gamma");
			expect_close(value(&curve, SERIAL), known[1], 1e-7, "s or alpha");
			cr_assert_eq(curve.n_parameters, model == LOCKSTEP_SCALING_USL ? 3 : 2);
			if (known[2] > 0)
				expect_close(value(&curve, BETA), known[2], 1e-6, "beta");
			else if (model == LOCKSTEP_SCALING_USL)
				cr_assert(curve.parameters[BETA].is_at_bound);
			expect_close(sum_of_squares(&curve), known[3], 1e-8, "sum of squares");
		}
	}
}

/* ---- Exact recovery -------------------------------------------------------- */

static const double gaps[][8] = {{1, 2, 3, 4, 5, 6, 7, 8},
                                 {1, 2, 4, 8, 16, 32, 64, 128},
                                 {3, 4, 9, 27, 28, 90, 200, 1000},
                                 {2, 6, 7, 10, 12, 24, 25, 48}};

/* Points without noise give their parameters back, to what rounding of the points leaves: a parameter's part in X may
 * be small, and the others can make up for most of it. */
static void expect_recovered(enum lockstep_scaling_model model, const double *p, const double *workers)
{
	double throughput[8], most = 0;
	for (size_t i = 0; i < 8; i++)
		throughput[i] = curve_at(model, p, workers[i]);
	struct lockstep_scaling_curve curve = fit(model, workers, throughput, 8);
	for (size_t i = 0; i < 8; i++)
		most = fmax(most, throughput[i]);
	cr_assert(curve.residual_error <= 1e-14 * most, "%g %g %g: %g of %g", p[0], p[1], p[2], curve.residual_error,
	          most);
	for (size_t i = 0; i < curve.n_parameters; i++) {
		double error = fabs(value(&curve, i) - p[i]);
		cr_assert(
		    error <= 1e-10 * p[i] + 1e-10 / (i == BETA ? workers[7] : 1) + 1e-10 * (i == GAMMA ? p[i] : 0),
		    "model %d, %g %g %g: parameter %zu is %.17g", (int)model, p[0], p[1], p[2], i, value(&curve, i));
		cr_assert_eq(curve.parameters[i].is_at_bound,
		             p[i] == 0 || (model != LOCKSTEP_SCALING_USL && i == SERIAL && p[i] == 1),
		             "model %d, %g %g %g: %zu", (int)model, p[0], p[1], p[2], i);
	}
	if (model == LOCKSTEP_SCALING_USL && p[BETA] > 0 && p[SERIAL] < 1)
		expect_close(curve.peak, sqrt((1 - p[SERIAL]) / p[BETA]), 1e-6, "peak");
}

Test(scaling_fit, recovers_what_points_were_made_of)
{
	static const double gammas[] = {0.003, 1, 52, 3e9};
	static const double serials[] = {0, 1e-5, 0.001, 0.02, 0.15, 0.5, 1};
	static const double betas[] = {0, 1e-6, 1e-4, 0.003, 0.1};
	for (size_t g = 0; g < N(gammas); g++)
		for (size_t s = 0; s < N(serials); s++)
			for (size_t k = 0; k < N(gaps); k++) {
				for (size_t b = 0; b < N(betas); b++)
					expect_recovered(LOCKSTEP_SCALING_USL,
					                 (double[]){gammas[g], serials[s], betas[b]}, gaps[k]);
				expect_recovered(LOCKSTEP_SCALING_AMDAHL, (double[]){gammas[g], serials[s], 0},
				                 gaps[k]);
				expect_recovered(LOCKSTEP_SCALING_GUSTAFSON, (double[]){gammas[g], serials[s], 0},
				                 gaps[k]);
			}
}

/* ---- Degenerate data ------------------------------------------------------- */

Test(scaling_fit, constant_throughput)
{
	static const double x[] = {5, 5, 5, 5, 5, 5}, tenths[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, made_workers, x, 6);
	cr_assert(isnan(curve.r_squared) && isnan(curve.peak) && curve.parameters[BETA].is_at_bound);
	expect_close(value(&curve, SERIAL), 1, 1e-13, "alpha");
	expect_close(value(&curve, GAMMA), 5, 1e-13, "gamma");
	cr_assert(isnan(fit(LOCKSTEP_SCALING_USL, sdm_workers, tenths, 7).r_squared), "the mean is rounded");
	for (int model = LOCKSTEP_SCALING_AMDAHL; model <= LOCKSTEP_SCALING_GUSTAFSON; model++) {
		curve = fit(model, made_workers, x, 6);
		cr_assert(curve.parameters[SERIAL].is_at_bound && value(&curve, SERIAL) == 1);
		expect_close(value(&curve, GAMMA), 5, 1e-15, "gamma");
	}
}

/* What s <= 1 allows at most is a throughput that does not rise: its mean. */
Test(scaling_fit, falling_throughput)
{
	static const double x[] = {6, 5, 4, 3, 2, 1};
	for (int model = LOCKSTEP_SCALING_AMDAHL; model <= LOCKSTEP_SCALING_GUSTAFSON; model++) {
		struct lockstep_scaling_curve curve = fit(model, made_workers, x, 6);
		cr_assert(curve.parameters[SERIAL].is_at_bound && value(&curve, SERIAL) == 1);
		expect_close(value(&curve, GAMMA), 3.5, 1e-14, "gamma");
	}
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, made_workers, x, 6);
	cr_assert(curve.peak < 2 && curve.r_squared > 0.9, "%g, %g", curve.peak, curve.r_squared);
	/* Alpha above 1: it falls from the first worker on. */
	double falling[6], p[] = {1, 1.5, 0.01};
	for (size_t i = 0; i < 6; i++)
		falling[i] = curve_at(LOCKSTEP_SCALING_USL, p, made_workers[i]);
	cr_assert_eq(fit(LOCKSTEP_SCALING_USL, made_workers, falling, 6).peak, 0);
}

Test(scaling_fit, throughput_that_rises_faster_than_workers)
{
	double x[6];
	for (size_t i = 0; i < 6; i++)
		x[i] = made_workers[i] * made_workers[i];
	for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
		struct lockstep_scaling_curve curve = fit(model, made_workers, x, 6);
		cr_assert(curve.parameters[SERIAL].is_at_bound && value(&curve, SERIAL) == 0);
		expect_close(value(&curve, GAMMA), (1 + 8 + 64 + 216 + 512 + 1000) / 221.0, 1e-14, "gamma");
		cr_assert_eq(curve.degrees_of_freedom, 5);
	}
}

/* 1 / (N - 1) is the USL with an infinite gamma, and known from 2 workers on only. */
Test(scaling_fit, gamma_that_would_be_infinite_is_refused)
{
	static const double workers[] = {2, 3, 4, 5, 6, 7};
	double x[6];
	lockstep_error error;
	struct lockstep_scaling_curve curve = {.n_points = 77};
	for (size_t i = 0; i < 6; i++)
		x[i] = 1 / (workers[i] - 1);
	cr_assert_eq(lockstep_scaling_fit(&curve, LOCKSTEP_SCALING_USL, workers, x, 6, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "one worker") && strstr(error.message, "from 2 workers"), "%s", error.message);
	cr_assert_eq(curve.n_points, 77);
}

Test(scaling_fit, magnitudes)
{
	static const double factors[] = {1e-300, 1e-200, 1e200, 1e300};
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, made_workers, made, 6);
	for (size_t k = 0; k < N(factors); k++) {
		double x[6];
		struct lockstep_scaling_interval at;
		for (size_t i = 0; i < 6; i++)
			x[i] = made[i] * factors[k];
		struct lockstep_scaling_curve other = fit(LOCKSTEP_SCALING_USL, made_workers, x, 6);
		expect_close(value(&other, GAMMA), value(&curve, GAMMA) * factors[k], 1e-13, "gamma");
		expect_close(value(&other, BETA), value(&curve, BETA), 1e-12, "beta");
		expect_close(other.parameters[GAMMA].standard_error,
		             curve.parameters[GAMMA].standard_error * factors[k], 1e-8, "standard error");
		cr_assert_eq(lockstep_scaling_predict(&other, 64, &at, NULL), LOCKSTEP_OK);
		cr_assert(at.low > 0 && at.low < at.value && at.value < at.high && isfinite(at.high));
	}
	/* All in one. */
	double wide[] = {1e-300, 1e-200, 1e-100, 1, 1e100, 1e300};
	curve = fit(LOCKSTEP_SCALING_USL, made_workers, wide, 6);
	cr_assert(isfinite(value(&curve, GAMMA)) && value(&curve, GAMMA) > 0);
	double workers[] = {1, 2, 1000, 1e6, 1e8, 0x1p30};
	double amdahl[6];
	for (size_t i = 0; i < 6; i++)
		amdahl[i] = curve_at(LOCKSTEP_SCALING_AMDAHL, (double[]){3, 1e-5}, workers[i]);
	curve = fit(LOCKSTEP_SCALING_AMDAHL, workers, amdahl, 6);
	expect_close(value(&curve, SERIAL), 1e-5, 1e-9, "s of very many workers");
	for (size_t i = 0; i < 6; i++)
		amdahl[i] = curve_at(LOCKSTEP_SCALING_USL, (double[]){3, 1e-5, 1e-14}, workers[i]);
	curve = fit(LOCKSTEP_SCALING_USL, workers, amdahl, 6);
	expect_close(curve.peak, 1e7 * sqrt(1 - 1e-5), 1e-6, "peak of very many workers");
}

static void expect_refused(const double *workers, const double *x, size_t n, const char *part)
{
	for (int model = 0; model < LOCKSTEP_N_SCALING_MODELS; model++) {
		struct lockstep_scaling_curve curve = {.n_points = 77};
		lockstep_error error = {LOCKSTEP_OK, ""};
		cr_assert_eq(lockstep_scaling_fit(&curve, model, workers, x, n, &error), LOCKSTEP_ERROR_ARGUMENT);
		cr_assert(strstr(error.message, part), "%s", error.message);
		cr_assert_eq(curve.n_points, 77, "untouched on failure");
		cr_assert_eq(lockstep_scaling_fit(&curve, model, workers, x, n, NULL), LOCKSTEP_ERROR_ARGUMENT);
	}
}

Test(scaling_fit, refusals)
{
	static const double five[] = {1, 2, 4, 8, 16, 16, 8}, same[] = {4, 4, 4, 4, 4, 4, 4};
	static const double bad[] = {0, -1, NAN, HUGE_VAL, -HUGE_VAL};
	expect_refused(five, sdm, 7, "there are 5 levels");
	expect_refused(same, sdm, 7, "all points have 4 workers");
	expect_refused(made_workers, made, 5, "there are 5 levels");
	expect_refused(NULL, NULL, 0, "there are 0 levels");
	for (size_t i = 0; i < N(bad); i++) {
		double x[6], workers[6];
		memcpy(x, made, sizeof x);
		memcpy(workers, made_workers, sizeof workers);
		x[3] = bad[i];
		expect_refused(made_workers, x, 6, "point 4 (6 workers)");
		workers[2] = bad[i];
		expect_refused(workers, made, 6, "point 3 has");
	}
	static const double half[] = {0.5, 1, 2, 3, 4, 5}, many[] = {1, 2, 3, 4, 5, 2e9};
	expect_refused(half, made, 6, "point 1 has 0.5 workers");
	expect_refused(many, made, 6, "point 6 has 2e+09 workers");
}

/* A million workers and five more, a thousand and five more: their curves are one straight line, or nearly so. */
Test(scaling_fit, levels_that_are_too_close)
{
	double workers[6], x[6];
	lockstep_error error;
	struct lockstep_scaling_curve curve = {.n_points = 77};
	for (size_t i = 0; i < 6; i++) {
		workers[i] = 1e6 + (double)i;
		x[i] = curve_at(LOCKSTEP_SCALING_USL, (double[]){1, 1e-6, 1e-12}, workers[i]);
	}
	expect_refused(workers, x, 6, "1e+06 to 1e+06 workers, are too close together");
	for (size_t i = 0; i < 6; i++) {
		workers[i] = 1e3 + (double)i;
		x[i] = curve_at(LOCKSTEP_SCALING_USL, (double[]){1, 0.5, 1e-6}, workers[i]);
	}
	cr_assert_eq(lockstep_scaling_fit(&curve, LOCKSTEP_SCALING_USL, workers, x, 6, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "too close together"), "%s", error.message);
	cr_assert_eq(curve.n_points, 77);
}

Test(scaling_fit, memory_that_is_short)
{
	struct lockstep_scaling_curve curve = {.n_points = 77};
	for (long n = 1; n <= 2; n++) {
		ls_memory_fail_at(n);
		cr_assert_eq(lockstep_scaling_fit(&curve, LOCKSTEP_SCALING_USL, made_workers, made, 6, NULL),
		             LOCKSTEP_ERROR_MEMORY, "%ld", n);
		cr_assert_eq(curve.n_points, 77);
	}
	ls_memory_fail_at(0);
	fit(LOCKSTEP_SCALING_USL, made_workers, made, 6);
}

Test(scaling_fit, names)
{
	cr_assert_str_eq(lockstep_scaling_parameter_name(LOCKSTEP_SCALING_USL, BETA), "beta");
	cr_assert_str_eq(lockstep_scaling_parameter_name(LOCKSTEP_SCALING_USL, SERIAL), "alpha");
	cr_assert_str_eq(lockstep_scaling_parameter_name(LOCKSTEP_SCALING_AMDAHL, SERIAL), "s");
	cr_assert_null(lockstep_scaling_parameter_name(LOCKSTEP_SCALING_AMDAHL, BETA));
	cr_assert_null(lockstep_scaling_parameter_name(LOCKSTEP_SCALING_USL, 3));
	cr_assert_null(lockstep_scaling_parameter_name(LOCKSTEP_N_SCALING_MODELS, 0));
}

Test(scaling_fit, predictions_refuse)
{
	static const double bad[] = {0, 0.5, -3, NAN, HUGE_VAL, 2e9};
	struct lockstep_scaling_curve curve = fit(LOCKSTEP_SCALING_USL, made_workers, made, 6);
	for (size_t i = 0; i < N(bad); i++) {
		struct lockstep_scaling_interval at = {77, 0, 0};
		cr_assert_eq(lockstep_scaling_predict(&curve, bad[i], &at, NULL), LOCKSTEP_ERROR_ARGUMENT);
		cr_assert_eq(at.value, 77);
	}
}
