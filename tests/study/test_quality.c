/* SPDX-License-Identifier: MIT
 *
 * Does TPE find better points than random search? The best of 100 trials on five functions with known minima,
 * over 20 seeds, by a one-sided Mann-Whitney test at 0.01: with all earlier trials seen, and with a window of
 * eight, as when eight trials run at a time. All five must pass in either setting (the
 * largest p that was seen is 2.6e-5); all p are printed. Random against random must not pass.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/functions/normal.h"
#include "study/search/sampler.h"
#include "search_space.h"

TestSuite(quality);

#define N_SEEDS 20
#define N_TRIALS 100
#define N_MAX 6
#define LEVEL 0.01
#define PI 3.14159265358979323846

/* ---- Functions ------------------------------------------------------------- */

static double branin(const double *x)
{
	double a = x[1] - 5.1 / (4 * PI * PI) * x[0] * x[0] + 5 / PI * x[0] - 6;
	return a * a + 10 * (1 - 1 / (8 * PI)) * cos(x[0]) + 10;
}

static double hartmann(const double *x, size_t n, const double *a, const double *p)
{
	static const double alpha[4] = {1, 1.2, 3, 3.2};
	double sum = 0;
	for (size_t i = 0; i < 4; i++) {
		double square = 0;
		for (size_t j = 0; j < n; j++)
			square += a[i * n + j] * (x[j] - p[i * n + j]) * (x[j] - p[i * n + j]);
		sum -= alpha[i] * exp(-square);
	}
	return sum;
}

static double hartmann3(const double *x)
{
	static const double a[] = {3, 10, 30, 0.1, 10, 35, 3, 10, 30, 0.1, 10, 35};
	static const double p[] = {0.3689, 0.117,  0.2673, 0.4699, 0.4387, 0.747,
	                           0.1091, 0.8732, 0.5547, 0.0381, 0.5743, 0.8828};
	return hartmann(x, 3, a, p);
}

static double hartmann6(const double *x)
{
	static const double a[] = {10, 3,   17,  3.5, 1.7, 8, 0.05, 10, 17,   0.1, 8,   14,
	                           3,  3.5, 1.7, 10,  17,  8, 17,   8,  0.05, 10,  0.1, 14};
	static const double p[] = {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886, 0.2329, 0.4135,
	                           0.8307, 0.3736, 0.1004, 0.9991, 0.2348, 0.1451, 0.3522, 0.2883,
	                           0.3047, 0.665,  0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381};
	return hartmann(x, 6, a, p);
}

static double rosenbrock(const double *x)
{
	double sum = 0;
	for (size_t i = 0; i + 1 < 4; i++)
		sum += 100 * (x[i + 1] - x[i] * x[i]) * (x[i + 1] - x[i] * x[i]) + (1 - x[i]) * (1 - x[i]);
	return sum;
}

static double ackley(const double *x)
{
	double squares = 0, cosines = 0;
	for (size_t i = 0; i < 5; i++) {
		squares += x[i] * x[i];
		cosines += cos(2 * PI * x[i]);
	}
	return -20 * exp(-0.2 * sqrt(squares / 5)) - exp(cosines / 5) + 20 + exp(1);
}

static const struct function {
	const char *name;
	double (*evaluate)(const double *x);
	size_t n;
	double bounds[2][2]; /* of x[0], and of the others */
	double at[N_MAX], minimum, tolerance;
} functions[] = {
    {"Branin", branin, 2, {{-5, 10}, {0, 15}}, {PI, 2.275}, 0.397887, 1e-6},
    {"Hartmann3", hartmann3, 3, {{0, 1}, {0, 1}}, {0.114614, 0.555649, 0.852547}, -3.86278, 1e-5},
    {"Hartmann6",
     hartmann6,
     6,
     {{0, 1}, {0, 1}},
     {0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573},
     -3.32237,
     1e-5},
    {"Rosenbrock", rosenbrock, 4, {{-5, 10}, {-5, 10}}, {1, 1, 1, 1}, 0, 1e-12},
    {"Ackley", ackley, 5, {{-32.768, 32.768}, {-32.768, 32.768}}, {0}, 0, 1e-12},
};
#define N_FUNCTIONS (sizeof functions / sizeof *functions)

Test(quality, functions_have_their_minima)
{
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		double y = functions[i].evaluate(functions[i].at);
		cr_assert(fabs(y - functions[i].minimum) <= functions[i].tolerance, "%s: %.17g", functions[i].name, y);
	}
}

/* ---- Sweeps ---------------------------------------------------------------- */

static struct ls_space space_of(const struct function *function)
{
	static const char *const names[N_MAX] = {"a", "b", "c", "d", "e", "f"};
	struct test_parameter parameters[N_MAX];
	for (size_t i = 0; i < function->n; i++) {
		const double *bounds = function->bounds[i > 0];
		parameters[i] =
		    (struct test_parameter){.name = names[i], .kind = LS_UNIFORM, .min = bounds[0], .max = bounds[1]};
	}
	return test_space(parameters, function->n, NULL);
}

/* The best of a sweep's trials, each of which sees those that are `window` or more before it. */
static double best_of_sweep(const struct ls_space *space, const struct function *function, enum ls_sampler_kind kind,
                            uint64_t seed, size_t window)
{
	struct ls_sampler_options options = {.kind = kind, .seed = seed, .startup = 10};
	struct ls_sampler *sampler;
	cr_assert_eq(ls_sampler_create(&sampler, space, &options, NULL), LOCKSTEP_OK);
	double points[N_TRIALS][N_MAX], best = HUGE_VAL;
	struct ls_observation trials[N_TRIALS];
	for (size_t k = 0; k < N_TRIALS; k++) {
		for (size_t i = 0; i < k; i++)
			trials[i].state = i + window <= k ? LS_OBSERVED_DONE : LS_OBSERVED_PENDING;
		cr_assert_eq(ls_sampler_propose(sampler, k, trials, points[k], NULL), LOCKSTEP_OK);
		trials[k] = (struct ls_observation){.point = points[k], .objective = function->evaluate(points[k])};
		best = fmin(best, trials[k].objective);
	}
	ls_sampler_destroy(sampler);
	return best;
}

static void sweeps(const struct function *function, enum ls_sampler_kind kind, uint64_t seed, size_t window,
                   double best[N_SEEDS])
{
	struct ls_space space = space_of(function);
	for (size_t i = 0; i < N_SEEDS; i++)
		best[i] = best_of_sweep(&space, function, kind, seed + i, window);
	ls_space_fini(&space);
}

/* ---- Statistics ------------------------------------------------------------ */

/* P of a U as small as this one if both are alike, where U counts pairs with a[i] > b[j] and half the equal ones: by
 * the normal approximation with continuity correction, which is good to some per cent at this size. */
static double mann_whitney(const double a[N_SEEDS], const double b[N_SEEDS])
{
	double u = 0, n = N_SEEDS;
	for (size_t i = 0; i < N_SEEDS; i++)
		for (size_t j = 0; j < N_SEEDS; j++)
			u += a[i] > b[j] ? 1 : a[i] == b[j] ? 0.5 : 0;
	return ls_normal_cdf((u + 0.5 - n * n / 2) / sqrt(n * n * (2 * n + 1) / 12));
}

/* scipy 1.10.1, mannwhitneyu(a, b, alternative="less", method="asymptotic"), of a = 0 .. 19 and b = a + shift. */
Test(quality, statistics)
{
	static const double shifts[] = {0.5, 3.5, 4.5, 8.5},
			    exact[] = {0.398598709635, 0.0429274399752, 0.0157585510373, 0.000152399458351};
	double a[N_SEEDS], b[N_SEEDS];
	for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
		for (size_t k = 0; k < N_SEEDS; k++) {
			a[k] = (double)k;
			b[k] = (double)k + shifts[i];
		}
		double p = mann_whitney(a, b);
		cr_assert(fabs(p - exact[i]) <= 1e-9 * exact[i], "shift %g: %.12g", shifts[i], p);
		cr_assert(mann_whitney(b, a) > 0.5);
	}
	cr_assert(mann_whitney(a, a) > 0.5);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double best[N_SEEDS])
{
	qsort(best, N_SEEDS, sizeof *best, compare);
	return 0.5 * (best[N_SEEDS / 2 - 1] + best[N_SEEDS / 2]);
}

/* With LOCKSTEP_SHORT the first two: a check of the build, not of the method. */
static size_t n_functions(void)
{
	return getenv("LOCKSTEP_SHORT") ? 2 : N_FUNCTIONS;
}

/* On how many functions TPE is better. */
static size_t compare_all(size_t window)
{
	size_t n_better = 0;
	for (size_t i = 0; i < n_functions(); i++) {
		double tpe[N_SEEDS], other[N_SEEDS];
		sweeps(&functions[i], LS_SAMPLER_TPE, 0, window, tpe);
		sweeps(&functions[i], LS_SAMPLER_RANDOM, 1000, window, other);
		double p = mann_whitney(tpe, other);
		fprintf(stderr, "window %zu, %-10s median %9.5f, random %9.5f, minimum %9.5f: p = %.3g\n", window,
		        functions[i].name, median(tpe), median(other), functions[i].minimum, p);
		n_better += p < LEVEL;
	}
	return n_better;
}

Test(quality, tpe_beats_random)
{
	cr_assert_eq(compare_all(1), n_functions());
}

Test(quality, tpe_beats_random_with_a_window_of_eight)
{
	cr_assert_eq(compare_all(8), n_functions());
}

Test(quality, random_does_not_beat_random)
{
	for (size_t i = 0; i < N_FUNCTIONS; i++) {
		double one[N_SEEDS], other[N_SEEDS];
		sweeps(&functions[i], LS_SAMPLER_RANDOM, 0, 1, one);
		sweeps(&functions[i], LS_SAMPLER_RANDOM, 1000, 1, other);
		cr_assert(mann_whitney(one, other) > LEVEL && mann_whitney(other, one) > LEVEL, "%s",
		          functions[i].name);
	}
}
