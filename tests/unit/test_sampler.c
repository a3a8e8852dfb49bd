/* SPDX-License-Identifier: MIT
 *
 * Grid, random and Sobol samplers: products by hand, Sobol's points against scipy 1.10.1, how even they are
 * against random ones, exact bits, and failing allocations.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "study/search/draw.h"
#include "study/search/sampler.h"
#include "study/search/sobol.h"
#include "search_space.h"

TestSuite(sampler);

#define N(list) (sizeof(list) / sizeof(list)[0])
#define SPACE(list, constraint) test_space(list, N(list), constraint)

static struct ls_sampler *create(const struct ls_space *space, enum ls_sampler_kind kind, uint64_t seed)
{
	struct ls_sampler *sampler = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	struct ls_sampler_options options = {.kind = kind, .seed = seed, .startup = 10};
	cr_assert_eq(ls_sampler_create(&sampler, space, &options, &error), LOCKSTEP_OK, "%s", error.message);
	return sampler;
}

static void expect_refusal(const struct ls_space *space, enum ls_sampler_kind kind, const char *message)
{
	struct ls_sampler *sampler = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	struct ls_sampler_options options = {.kind = kind};
	cr_assert_eq(ls_sampler_create(&sampler, space, &options, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, message);
	cr_assert(!sampler);
}

static void propose(const struct ls_sampler *sampler, uint64_t k, double *point)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_sampler_propose(sampler, k, NULL, point, &error), LOCKSTEP_OK, "%s", error.message);
}

/* exact [n][space->n], NAN: inactive */
static void expect_grid(const struct ls_space *space, const double *exact, size_t n)
{
	struct ls_sampler *sampler = create(space, LS_SAMPLER_GRID, 1);
	cr_assert_eq(ls_sampler_count(sampler), n, "%llu points", (unsigned long long)ls_sampler_count(sampler));
	for (size_t k = 0; k < n; k++) {
		double point[8];
		propose(sampler, k, point);
		for (size_t i = 0; i < space->n; i++) {
			double x = exact[k * space->n + i];
			cr_assert(point[i] == x || (isnan(point[i]) && isnan(x)), "point %zu, parameter %zu: %g", k, i,
			          point[i]);
		}
	}
	ls_sampler_destroy(sampler);
}

Test(sampler, grid_is_the_product_with_the_last_one_fastest)
{
	static const struct test_parameter parameters[] = {
	    {.name = "a", .kind = LS_CATEGORICAL, .values = "x y"},
	    {.name = "b", .kind = LS_CONSTANT, .values = "7"},
	    {.name = "c", .kind = LS_INT_UNIFORM, .min = -1, .max = 1},
	    {.name = "d", .kind = LS_Q_UNIFORM, .min = 0.1, .max = 0.2, .q = 0.1},
	};
	static const double exact[][4] = {{0, 0, -1, 0.1}, {0, 0, -1, 0.2}, {0, 0, 0, 0.1},  {0, 0, 0, 0.2},
	                                  {0, 0, 1, 0.1},  {0, 0, 1, 0.2},  {1, 0, -1, 0.1}, {1, 0, -1, 0.2},
	                                  {1, 0, 0, 0.1},  {1, 0, 0, 0.2},  {1, 0, 1, 0.1},  {1, 0, 1, 0.2}};
	struct ls_space space = SPACE(parameters, NULL);
	expect_grid(&space, exact[0], N(exact));
	ls_space_fini(&space);
}

Test(sampler, grid_has_each_point_once)
{
	static const struct test_parameter parameters[] = {
	    {.name = "depth", .kind = LS_INT_UNIFORM, .min = 0, .max = 2, .when = "schedule == step"},
	    {.name = "schedule", .kind = LS_CATEGORICAL, .values = "constant step"},
	    {.name = "gamma", .kind = LS_CATEGORICAL, .values = "0.5 0.1", .when = "depth > 0"},
	};
	static const double exact[][3] = {{NAN, 0, NAN}, {0, 1, NAN}, {1, 1, 0}, {1, 1, 1}, {2, 1, 0}, {2, 1, 1}};
	struct ls_space space = SPACE(parameters, NULL);
	expect_grid(&space, exact[0], N(exact));
	ls_space_fini(&space);
}

Test(sampler, grid_leaves_out_what_constraints_forbid)
{
	static const struct test_parameter parameters[] = {
	    {.name = "batch", .kind = LS_CATEGORICAL, .values = "10 16 32"},
	    {.name = "slices", .kind = LS_CATEGORICAL, .values = "2 4 8"},
	};
	static const double exact[][2] = {{0, 0}, {1, 0}, {1, 1}, {1, 2}, {2, 0}, {2, 1}, {2, 2}};
	struct ls_space space = SPACE(parameters, "batch % slices == 0");
	expect_grid(&space, exact[0], N(exact));
	ls_space_fini(&space);
	space = SPACE(parameters, "batch > 32");
	expect_refusal(&space, LS_SAMPLER_GRID, "no point of the grid's 9 meets the constraints");
	ls_space_fini(&space);
}

Test(sampler, grid_takes_zipped_ones_together_and_equal_values_once)
{
	static const struct test_parameter parameters[] = {
	    {.name = "a", .kind = LS_CATEGORICAL, .values = "1 1.0 2 1 2"},
	    {.name = "b", .kind = LS_CATEGORICAL, .values = "x x x y x", .follows_plus = 1},
	};
	static const double exact[][2] = {{0, 0}, {2, 2}, {3, 3}};
	struct ls_space space = SPACE(parameters, NULL);
	expect_grid(&space, exact[0], N(exact));
	ls_space_fini(&space);
	/* One that follows and is not active tells no points apart. */
	static const struct test_parameter conditional[] = {
	    {.name = "a", .kind = LS_CATEGORICAL, .values = "1 1 2"},
	    {.name = "b", .kind = LS_CATEGORICAL, .values = "x y x", .follows_plus = 1, .when = "c == on"},
	    {.name = "c", .kind = LS_CATEGORICAL, .values = "off on"},
	};
	static const double once[][3] = {{0, NAN, 0}, {0, 0, 1}, {1, 1, 1}, {2, NAN, 0}, {2, 2, 1}};
	space = SPACE(conditional, NULL);
	expect_grid(&space, once[0], N(once));
	ls_space_fini(&space);
}

Test(sampler, grid_refuses_what_has_none_and_what_is_too_large)
{
	static const struct test_parameter uniform[] = {{.name = "lr", .kind = LS_UNIFORM, .min = 0, .max = 1}};
	struct ls_space space = SPACE(uniform, NULL);
	expect_refusal(&space, LS_SAMPLER_GRID, "parameter lr: uniform has no grid");
	ls_space_fini(&space);
	static const struct test_parameter wide[] = {{.name = "n", .kind = LS_INT_UNIFORM, .min = 1, .max = 1000001}};
	space = SPACE(wide, NULL);
	expect_refusal(&space, LS_SAMPLER_GRID, "parameter n: 1000001 values, and a grid has up to 1000000 points");
	ls_space_fini(&space);
	static const struct test_parameter product[] = {{.name = "a", .kind = LS_INT_UNIFORM, .min = 1, .max = 1000},
	                                                {.name = "b", .kind = LS_INT_UNIFORM, .min = 1, .max = 1001}};
	space = SPACE(product, NULL);
	expect_refusal(
	    &space, LS_SAMPLER_GRID,
	    "the product of the values of all parameters up to b is 1001000, and a grid has up to 1000000 points");
	ls_space_fini(&space);
}

/* ---- Random ---------------------------------------------------------------- */

static const struct test_parameter mixed[] = {
    {.name = "lr", .kind = LS_LOG_UNIFORM_VALUES, .min = 1e-5, .max = 0.1},
    {.name = "batch", .kind = LS_Q_LOG_UNIFORM_VALUES, .min = 8, .max = 512, .q = 8},
    {.name = "hidden", .kind = LS_INT_UNIFORM, .min = 10, .max = 200},
    {.name = "act", .kind = LS_CATEGORICAL, .values = "relu tanh sigmoid"},
    {.name = "init", .kind = LS_CATEGORICAL, .values = "he glorot normal", .follows_plus = 4},
    {.name = "momentum", .kind = LS_BETA, .min = 5, .max = 1.5, .when = "act == relu"},
    {.name = "l2", .kind = LS_LOG_NORMAL, .min = -9, .max = 2},
};

/* A product of three conditions leaves about a tenth of the points. */
#define TENTH "hidden % 2 == 0 and batch < 64 and lr < 0.01"

static void expect_bits(const struct ls_space *space, enum ls_sampler_kind kind, const double *exact, size_t n)
{
	struct ls_sampler *sampler = create(space, kind, 20240229);
	cr_assert_eq(ls_sampler_count(sampler), UINT64_MAX);
	for (size_t k = 0; k < n; k++) {
		double point[N(mixed)];
		propose(sampler, k, point);
		for (size_t i = 0; i < space->n; i++) {
			double x = exact[k * space->n + i];
			cr_assert(point[i] == x || (isnan(point[i]) && isnan(x)), "point %zu, parameter %zu: %a", k, i,
			          point[i]);
		}
	}
	ls_sampler_destroy(sampler);
}

/* Against Philox written down again in Python, from the counters as draw.h has them. */
Test(sampler, draws)
{
	struct ls_search_draw draw = {LS_SEARCH_RANDOM, ((uint64_t)5 << 32) + 9, 3, 2, 1};
	uint64_t bits = ls_search_bits(&draw, 42);
	cr_assert_eq(bits, 0x96449ace36b0b, "%#llx", (unsigned long long)bits);
	cr_assert(ls_search_uniform(0) == 0x1p-53 && ls_search_uniform(((uint64_t)1 << 52) - 1) == 1 - 0x1p-53);
	cr_assert(ls_search_uniform(1) == 0x1.8p-52);
}

Test(sampler, random_points_have_their_bits)
{
	static const double exact[][N(mixed)] = {
	    {0x1.7e9f63ddbf784p-13, 0x1.8p+4, 0x1p+7, 0x0p+0, 0x0p+0, 0x1.38534baeee217p-1, 0x1.fd6ea1142e4a5p-15},
	    {0x1.9172008662211p-13, 0x1p+5, 0x1.2cp+7, 0x0p+0, 0x0p+0, 0x1.9fea2e2746126p-1, 0x1.837a8746508f9p-18},
	    {0x1.713a3413c700ep-15, 0x1p+4, 0x1.2p+6, 0x0p+0, 0x0p+0, 0x1.631d8a02f0d13p-1, 0x1.8d580fd05778p-14},
	};
	struct ls_space space = SPACE(mixed, TENTH);
	expect_bits(&space, LS_SAMPLER_RANDOM, exact[0], N(exact));
	ls_space_fini(&space);
}

static void expect_settled(const struct ls_space *space, enum ls_sampler_kind kind)
{
	struct ls_sampler *sampler = create(space, kind, 3);
	for (uint64_t k = 0; k < 300; k++) {
		double p[N(mixed)];
		propose(sampler, k, p);
		cr_assert(p[0] >= 1e-5 && p[0] < 0.01 && p[1] >= 8 && p[1] < 64 && fmod(p[1], 8) == 0);
		cr_assert(p[2] >= 10 && p[2] <= 200 && fmod(p[2], 2) == 0 && p[3] == p[4] && p[3] <= 2);
		cr_assert(p[3] == 0 ? p[5] >= 0 && p[5] <= 1 : isnan(p[5]));
		cr_assert(p[6] > 0);
	}
	ls_sampler_destroy(sampler);
}

Test(sampler, points_are_settled_and_constraints_hold)
{
	struct ls_space space = SPACE(mixed, TENTH);
	expect_settled(&space, LS_SAMPLER_RANDOM);
	expect_settled(&space, LS_SAMPLER_SOBOL);
	ls_space_fini(&space);
}

Test(sampler, constraints_that_cannot_be_met_are_an_error)
{
	struct ls_space space = SPACE(mixed, "lr > 1");
	for (int kind = LS_SAMPLER_RANDOM; kind <= LS_SAMPLER_TPE; kind++) {
		struct ls_sampler *sampler = create(&space, (enum ls_sampler_kind)kind, 3);
		double point[N(mixed)] = {-1, -1};
		lockstep_error error = {LOCKSTEP_OK, ""};
		cr_assert_eq(ls_sampler_propose(sampler, 0, NULL, point, &error), LOCKSTEP_ERROR_ARGUMENT);
		cr_assert_str_eq(error.message, "no point of 10000 met the constraints");
		cr_assert(point[0] == -1 && point[1] == -1);
		ls_sampler_destroy(sampler);
	}
	ls_space_fini(&space);
}

/* ---- Sobol ----------------------------------------------------------------- */

Test(sampler, sobol_starts_with_the_known_points)
{
	static const double exact[][3] = {{0, 0, 0},
	                                  {0.5, 0.5, 0.5},
	                                  {0.75, 0.25, 0.25},
	                                  {0.25, 0.75, 0.75},
	                                  {0.375, 0.375, 0.625},
	                                  {0.875, 0.875, 0.125},
	                                  {0.625, 0.125, 0.875},
	                                  {0.125, 0.625, 0.375}};
	for (size_t i = 0; i < 3; i++) {
		uint64_t directions[LS_SOBOL_BITS];
		ls_sobol_directions(i, directions);
		for (size_t k = 0; k < N(exact); k++)
			cr_assert_eq((double)ls_sobol_coordinate(directions, k) * 0x1p-52, exact[k][i]);
	}
}

/* FNV-1a over the first 1,024 points in 128 dimensions, times 1,024, of scipy 1.10.1's
 * qmc.Sobol(128, scramble=False), and its point 123,456 in some of them. */
Test(sampler, sobol_equals_scipy)
{
	static uint64_t directions[LS_SOBOL_DIMENSIONS][LS_SOBOL_BITS];
	for (size_t i = 0; i < LS_SOBOL_DIMENSIONS; i++)
		ls_sobol_directions(i, directions[i]);
	uint64_t hash = 0xcbf29ce484222325;
	for (uint64_t k = 0; k < 1024; k++)
		for (size_t i = 0; i < LS_SOBOL_DIMENSIONS; i++) {
			uint64_t x = ls_sobol_coordinate(directions[i], k);
			cr_assert_eq(x & (((uint64_t)1 << 42) - 1), 0);
			hash = (hash ^ x >> 42) * 0x100000001b3;
		}
	cr_assert_eq(hash, 0x3b2f7c5a66f50a25, "%#llx", (unsigned long long)hash);
	static const size_t dimensions[] = {0, 1, 2, 30, 63, 64, 100, 127};
	static const double exact[] = {0x1.b22p-6,  0x1.7644p-3, 0x1.3aa2p-2, 0x1.5941p-1,
	                               0x1.e77fp-1, 0x1.68p-12,  0x1.1029p-1, 0x1.28c3p-1};
	for (size_t i = 0; i < N(dimensions); i++)
		cr_assert_eq((double)ls_sobol_coordinate(directions[dimensions[i]], 123456) * 0x1p-52, exact[i]);
}

Test(sampler, sobol_points_have_their_bits)
{
	static const double exact[][N(mixed)] = {
	    {0x1.78d19088d7a2ep-14, 0x1p+5, 0x1.2p+4, 0x1p+0, 0x1p+0, NAN, 0x1.0f280cca5a35bp-8},
	    {0x1.1a8725b0e2addp-16, 0x1p+4, 0x1.68p+6, 0x0p+0, 0x0p+0, 0x1.dc4a3e312824p-1, 0x1.ab91942f07973p-10},
	    {0x1.955140847c00ap-16, 0x1p+4, 0x1.6p+7, 0x0p+0, 0x0p+0, 0x1.d234933dde6bdp-1, 0x1.075fca830101ep-15},
	};
	struct ls_space space = SPACE(mixed, TENTH);
	expect_bits(&space, LS_SAMPLER_SOBOL, exact[0], N(exact));
	ls_space_fini(&space);
}

static struct ls_space cube(size_t n)
{
	static char names[200][8];
	static struct test_parameter parameters[200];
	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof names[i], "x%zu", i);
		parameters[i] = (struct test_parameter){.name = names[i], .kind = LS_UNIFORM, .min = 0, .max = 1};
	}
	return test_space(parameters, n, NULL);
}

/* Warnock's formula for the square of the L2 star discrepancy. */
static double discrepancy(const double (*points)[5], size_t n)
{
	double one = 0, two = 0;
	for (size_t i = 0; i < n; i++) {
		double product = 1;
		for (size_t d = 0; d < 5; d++)
			product *= 1 - points[i][d] * points[i][d];
		one += product;
		for (size_t j = 0; j < n; j++) {
			product = 1;
			for (size_t d = 0; d < 5; d++)
				product *= 1 - fmax(points[i][d], points[j][d]);
			two += product;
		}
	}
	return 1.0 / 243 - one / (16 * (double)n) + two / ((double)n * (double)n);
}

/* In every seed, and by a factor that is far from chance: random points have an expected
 * square of (2^-5 - 3^-5) / n. Each dimension has one point in each of n intervals. */
Test(sampler, sobol_is_more_even_than_random)
{
	enum { n = 256 };
	static double points[n][5];
	struct ls_space space = cube(5);
	for (uint64_t seed = 0; seed < 5; seed++) {
		double square[2];
		for (int random = 0; random < 2; random++) {
			struct ls_sampler *sampler =
			    create(&space, random ? LS_SAMPLER_RANDOM : LS_SAMPLER_SOBOL, seed);
			for (uint64_t k = 0; k < n; k++)
				propose(sampler, k, points[k]);
			square[random] = discrepancy(points, n);
			for (size_t d = 0; d < 5 && !random; d++) {
				char is_met[n] = {0};
				for (size_t k = 0; k < n; k++)
					is_met[(size_t)(points[k][d] * n)]++;
				for (size_t k = 0; k < n; k++)
					cr_assert_eq(is_met[k], 1);
			}
			ls_sampler_destroy(sampler);
		}
		cr_assert(square[0] > 0 && square[0] < square[1] / 4, "seed %llu: %g, random %g",
		          (unsigned long long)seed, square[0], square[1]);
	}
	ls_space_fini(&space);
}

Test(sampler, sobol_refuses_more_parameters_than_dimensions)
{
	struct ls_space space = cube(LS_SOBOL_DIMENSIONS);
	ls_sampler_destroy(create(&space, LS_SAMPLER_SOBOL, 1));
	ls_space_fini(&space);
	space = cube(LS_SOBOL_DIMENSIONS + 1);
	expect_refusal(&space, LS_SAMPLER_SOBOL, "129 parameters, and Sobol's sequence is known here for up to 128");
	ls_space_fini(&space);
}

/* ---- All -------------------------------------------------------------------- */

Test(sampler, an_empty_space_has_one_point)
{
	struct ls_space space = test_space(NULL, 0, NULL);
	struct ls_sampler *sampler = create(&space, LS_SAMPLER_GRID, 1);
	cr_assert_eq(ls_sampler_count(sampler), 1);
	double point = 5;
	propose(sampler, 0, &point);
	cr_assert_eq(point, 5);
	ls_sampler_destroy(sampler);
	ls_space_fini(&space);
}

/* Creates a sampler and proposes once, with every allocation failing in turn. */
static void fail_each_allocation(const struct ls_space *space, enum ls_sampler_kind kind)
{
	struct ls_sampler_options options = {.kind = kind, .seed = 1};
	double point[N(mixed)];
	for (long n = 1;; n++) {
		struct ls_sampler *sampler = NULL;
		point[0] = -7;
		ls_memory_fail_at(n);
		lockstep_status status = ls_sampler_create(&sampler, space, &options, NULL);
		if (status == LOCKSTEP_OK)
			status = ls_sampler_propose(sampler, 0, NULL, point, NULL);
		long n_made = ls_memory_fail_at(0);
		ls_sampler_destroy(sampler);
		if (status == LOCKSTEP_OK) {
			cr_assert(n_made < n && n > 2, "%ld allocations", n);
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY);
		cr_assert_eq(point[0], -7);
	}
}

Test(sampler, every_allocation_may_fail)
{
	static const struct test_parameter small[] = {
	    {.name = "a", .kind = LS_CATEGORICAL, .values = "x y z"},
	    {.name = "b", .kind = LS_INT_UNIFORM, .min = 1, .max = 40, .when = "a == x"},
	    {.name = "c", .kind = LS_INT_UNIFORM, .min = 1, .max = 3},
	};
	struct ls_space space = SPACE(small, "c < 3");
	for (int kind = LS_SAMPLER_GRID; kind <= LS_SAMPLER_SOBOL; kind++)
		fail_each_allocation(&space, (enum ls_sampler_kind)kind);
	ls_space_fini(&space);
}
