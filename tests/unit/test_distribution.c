/* SPDX-License-Identifier: MIT
 *
 * Distributions: cases by hand, the property that a bounded one stays inside, and exact
 * bits, which every compiler and instruction set must give.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "arith/functions64.h"
#include "base/memory.h"
#include "study/space/distribution.h"
#include "study/space/multiple.h"

TestSuite(distribution);

#define N(list) (sizeof(list) / sizeof(list)[0])
#define LEAST 0x1p-53 /* the least and the greatest u that a search draws */
#define MOST (1 - 0x1p-53)

static struct ls_distribution bounded(enum ls_distribution_kind kind, double min, double max, double q)
{
	return (struct ls_distribution){.kind = kind, .min = min, .max = max, .q = q};
}

static struct ls_distribution normal(enum ls_distribution_kind kind, double mu, double sigma, double q)
{
	return (struct ls_distribution){.kind = kind, .mu = mu, .sigma = sigma, .q = q};
}

static struct ls_distribution beta(enum ls_distribution_kind kind, double a, double b, double q)
{
	return (struct ls_distribution){.kind = kind, .a = a, .b = b, .q = q};
}

static void expect(struct ls_distribution d, double u, double exact)
{
	double x = ls_distribution_quantile(&d, u);
	cr_assert(x == exact && !signbit(x) == !signbit(exact), "%s at %a: %.17g, not %.17g",
	          ls_distribution_name(d.kind), u, x, exact);
}

static void expect_close(struct ls_distribution d, double u, double exact, double tolerance)
{
	double x = ls_distribution_quantile(&d, u);
	cr_assert(fabs(x - exact) <= tolerance * fabs(exact), "%s at %a: %.17g, not %.17g",
	          ls_distribution_name(d.kind), u, x, exact);
}

static void expect_fault(struct ls_distribution d, const char *fault)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	lockstep_status status = ls_distribution_check(&d, &error);
	cr_assert_eq(status, fault ? LOCKSTEP_ERROR_ARGUMENT : LOCKSTEP_OK);
	cr_assert_str_eq(error.message, fault ? fault : "");
}

Test(distribution, names)
{
	for (int kind = 0; kind < LS_N_DISTRIBUTIONS; kind++)
		cr_assert_eq(ls_distribution_parse(ls_distribution_name((enum ls_distribution_kind)kind)), kind);
	cr_assert_eq(ls_distribution_parse("inv_log_uniform_values"), LS_INV_LOG_UNIFORM_VALUES);
	cr_assert_eq(ls_distribution_parse("categorical_w_probabilities"), LS_CATEGORICAL_W_PROBABILITIES);
	cr_assert_eq(ls_distribution_parse("gamma"), -2);
	cr_assert_eq(ls_distribution_parse(""), -2);
}

Test(distribution, faults_are_said)
{
	expect_fault(bounded(LS_UNIFORM, 1, 2, 0), NULL);
	expect_fault(bounded(LS_UNIFORM, 2, 2, 0), NULL);
	expect_fault(bounded(LS_UNIFORM, 2, 1, 0), "min 2 is above max 1");
	expect_fault(bounded(LS_UNIFORM, NAN, 1, 0), "min is not a finite number");
	expect_fault(bounded(LS_UNIFORM, 0, HUGE_VAL, 0), "max is not a finite number");
	expect_fault(bounded(LS_Q_UNIFORM, 0, 1, 0), "q 0 is not above 0");
	expect_fault(bounded(LS_Q_UNIFORM, 0, 1, NAN), "q not a finite number is not above 0");
	expect_fault(bounded(LS_INT_UNIFORM, 0.5, 1, 0), "min 0.5 is no integer of at most 2^53");
	expect_fault(bounded(LS_INT_UNIFORM, 0, 0x1p54, 0), "max 1.8014398509481984e16 is no integer of at most 2^53");
	expect_fault(bounded(LS_INT_UNIFORM, -0x1p53, 0x1p53, 0), NULL);
	expect_fault(bounded(LS_LOG_UNIFORM, -709, 0, 0), "min -709 as an exponent of e is not between -708 and 708");
	expect_fault(bounded(LS_LOG_UNIFORM_VALUES, 0, 1, 0), "min 0 is not above 0");
	expect_fault(bounded(LS_INV_LOG_UNIFORM_VALUES, 1e-5, 1, 0), NULL);
	expect_fault(normal(LS_NORMAL, 0, 0, 0), "sigma 0 is not above 0");
	expect_fault(normal(LS_NORMAL, NAN, 1, 0), "mu is not a finite number");
	expect_fault(normal(LS_Q_NORMAL, 0, 1, -1), "q -1 is not above 0");
	expect_fault(beta(LS_BETA, 0, 1, 0), "a 0 is not between 1 / 1024 and 1048576");
	expect_fault(beta(LS_Q_BETA, 1, 1e7, 1), "b 10000000 is not between 1 / 1024 and 1048576");
}

Test(distribution, faults_of_lists_are_said)
{
	struct ls_value values[2] = {{.kind = LS_VALUE_NULL}};
	double even[2] = {0.5, 0.5}, short_of[2] = {0.5, 0.25}, negative[2] = {1.5, -0.5};
	struct ls_distribution d = {.kind = LS_CATEGORICAL};
	expect_fault(d, "no values");
	d = (struct ls_distribution){.kind = LS_CONSTANT, .values = values, .n_values = 2};
	expect_fault(d, "2 values instead of one");
	d = (struct ls_distribution){
	    .kind = LS_CATEGORICAL_W_PROBABILITIES, .values = values, .n_values = 2, .probabilities = even};
	expect_fault(d, NULL);
	d.probabilities = short_of;
	expect_fault(d, "probabilities sum to 0.75, not 1");
	d.probabilities = negative;
	expect_fault(d, "probability 1.5 is not between 0 and 1");
}

Test(distribution, listed_ones_give_places)
{
	struct ls_value values[4] = {{.kind = LS_VALUE_NULL}};
	struct ls_distribution d = {.kind = LS_CONSTANT, .values = values, .n_values = 1};
	expect(d, MOST, 0);
	d = (struct ls_distribution){.kind = LS_CATEGORICAL, .values = values, .n_values = 4};
	expect(d, LEAST, 0);
	expect(d, 0.25 - LEAST, 0);
	expect(d, 0.25, 1);
	expect(d, MOST, 3);
	/* The sums from the left are 0, 0.1, 0.1 + 0.7 = 0.7999999999999999 and one ulp below 1. */
	double probabilities[4] = {0, 0.1, 0.7, 0.2};
	d = (struct ls_distribution){
	    .kind = LS_CATEGORICAL_W_PROBABILITIES, .values = values, .n_values = 4, .probabilities = probabilities};
	expect(d, LEAST, 1);
	expect(d, nextafter(0.1, 0), 1);
	expect(d, 0.1, 2);
	expect(d, nextafter(0.1 + 0.7, 0), 2);
	expect(d, 0.1 + 0.7, 3);
	expect(d, MOST, 3);
	/* Nothing is left for what has no probability, whatever the rounding. */
	double ends[4] = {0.1, 0.7, 0.2 - 1e-10, 0};
	d.probabilities = ends;
	expect(d, MOST, 2);
}

Test(distribution, integers)
{
	struct ls_distribution d = bounded(LS_INT_UNIFORM, -1, 2, 0);
	expect(d, LEAST, -1);
	expect(d, 0.25, 0);
	expect(d, 0.75 - LEAST, 1);
	expect(d, MOST, 2);
	expect(bounded(LS_INT_UNIFORM, 7, 7, 0), 0.3, 7);
	d = bounded(LS_INT_UNIFORM, -0x1p53, 0x1p53, 0);
	expect(d, LEAST, -0x1p53 + 2);
	expect(d, 0.5, 0);
	expect(d, MOST, 0x1p53 - 2);
	d = bounded(LS_INT_UNIFORM, 0x1p53 - 1, 0x1p53, 0);
	expect(d, LEAST, 0x1p53 - 1);
	expect(d, MOST, 0x1p53);
}

Test(distribution, uniform_ones)
{
	expect(bounded(LS_UNIFORM, -1, 3, 0), 0.25, 0);
	expect(bounded(LS_UNIFORM, 0.1, 0.1, 0), 0.7, 0.1);
	expect(bounded(LS_UNIFORM, -DBL_MAX, DBL_MAX, 0), 0.5, 0);
	expect(bounded(LS_UNIFORM, -DBL_MAX, DBL_MAX, 0), 0.75, DBL_MAX / 2);
	expect(bounded(LS_Q_UNIFORM, 0, 1, 0.25), 0.4, 0.5);
	expect(bounded(LS_Q_UNIFORM, 0, 1, 0.25), 0.125, 0); /* half-way, to the even one */
	expect(bounded(LS_Q_UNIFORM, -0.1, 1, 1), 0.01, 0);  /* not -0 */
	expect(bounded(LS_Q_UNIFORM, 0.3, 9, 1), LEAST, 1);  /* 0 is outside */
	expect(bounded(LS_Q_UNIFORM, 0.3, 8.7, 1), MOST, 8);
	expect(bounded(LS_Q_UNIFORM, 0.3, 0.4, 1), 0.5, 0.3); /* no multiple inside */
	expect(bounded(LS_Q_UNIFORM, 0.8, 0.9, 1), 0.5, 0.9);
	expect(bounded(LS_Q_UNIFORM, 0.1, 0.3, 0.1), MOST, 0.3);
	expect(bounded(LS_Q_UNIFORM, 1e17, 2e17, 1), 0.5, 1.5e17); /* q is lost in rounding */
}

Test(distribution, multiples_of_decimals)
{
	cr_assert(ls_multiple(0.1, 3) == 0.3 && ls_multiple(0.1, 7) == 0.7 && ls_multiple(0.05, 19) == 0.95);
	cr_assert(ls_multiple(0.3, 3) == 0.9 && ls_multiple(1e-5, 12) == 12e-5 && ls_multiple(2.5, -3) == -7.5);
	cr_assert(ls_multiple(1.0 / 3, 2) == 2.0 / 3 && ls_multiple(32, 5) == 160 && !signbit(ls_multiple(1, -0.0)));
	struct ls_multiples inside = ls_multiples_within(0.1, 0.1, 0.3);
	cr_assert(inside.first == 1 && inside.last == 3);
	inside = ls_multiples_within(1, 0.3, 0.4);
	cr_assert(inside.last < inside.first);
	cr_assert(ls_multiple_round(0.1, 0.26) == 0.3 && ls_multiple_round(1e-300, 1e300) == 1e300);
}

Test(distribution, logarithmic_ones)
{
	expect_close(bounded(LS_LOG_UNIFORM, -2, 4, 0), 0.5, 2.718281828459045, 3e-16);
	expect_close(bounded(LS_LOG_UNIFORM_VALUES, 1e-4, 1, 0), 0.25, 1e-3, 1e-14);
	expect_close(bounded(LS_LOG_UNIFORM_VALUES, 1e-4, 1, 0), MOST, 1, 2e-15);
	expect(bounded(LS_LOG_UNIFORM_VALUES, 0.1, 0.1, 0), 0.4, 0.1);
	expect_close(bounded(LS_LOG_UNIFORM_VALUES, DBL_MIN, DBL_MAX, 0), LEAST, DBL_MIN, 1e-12);
	expect(bounded(LS_Q_LOG_UNIFORM, 0, 3, 1), MOST, 20); /* e^3 is 20.09 */
	expect(bounded(LS_Q_LOG_UNIFORM_VALUES, 1, 100, 5), LEAST, 5);
	expect(bounded(LS_Q_LOG_UNIFORM_VALUES, 0.1, 100, 5), LEAST, 5);
	expect(bounded(LS_Q_LOG_UNIFORM_VALUES, 1, 100, 5), 0.5, 10);
	expect_close(bounded(LS_INV_LOG_UNIFORM, -4, 2, 0), 0.25, exp(2.5), 4e-16);
	expect_close(bounded(LS_INV_LOG_UNIFORM_VALUES, 1e-4, 1, 0), 0.25, 0.1, 1e-14);
}

Test(distribution, normal_and_beta_ones)
{
	expect(normal(LS_NORMAL, 3, 2, 0), 0.5, 3);
	expect_close(normal(LS_NORMAL, 1, 2, 0), LEAST, 1 - 2 * 8.2095361516013868556, 1e-15);
	expect_close(normal(LS_NORMAL, 1, 2, 0), MOST, 1 + 2 * 8.2095361516013868556, 1e-15);
	expect(normal(LS_Q_NORMAL, 0, 1, 0.5), 0.9, 1.5); /* 1.28 */
	expect(normal(LS_Q_NORMAL, 0, 1, 10), 0.1, 0);
	expect_close(normal(LS_LOG_NORMAL, 2, 1, 0), 0.5, exp(2), 4e-16);
	expect(normal(LS_Q_LOG_NORMAL, 2, 1, 1), 0.5, 7);
	expect_close(normal(LS_LOG_NORMAL, 0, 1e6, 0), MOST, exp(708), 1e-13);
	expect_close(beta(LS_BETA, 1, 1, 0), 0.375, 0.375, 1e-14);
	expect_close(beta(LS_BETA, 2, 1, 0), 0.25, 0.5, 1e-15);
	expect(beta(LS_Q_BETA, 2, 1, 0.25), 0.3, 0.5); /* 0.548 */
	expect(beta(LS_Q_BETA, 2, 2, 1), MOST, 1);
}

/* Held between the bounds, and in order. */
static void expect_inside(struct ls_distribution d, double min, double max, int falls)
{
	double last = falls ? max : min;
	for (int i = -1; i <= 1000; i++) {
		double u = i < 0 ? LEAST : i == 1000 ? MOST : (i + 0.5) / 1000, x = ls_distribution_quantile(&d, u);
		cr_assert(x >= min && x <= max && (falls ? x <= last : x >= last), "%s [%g, %g] at %a: %a",
		          ls_distribution_name(d.kind), d.min, d.max, u, x);
		last = x;
	}
}

Test(distribution, bounded_ones_stay_inside_and_rise)
{
	static const double bounds[][2] = {{1e-8, 1e-8}, {1e-8, 0.1},        {0.1, 0.3},
	                                   {3, 1e15},    {DBL_MIN, DBL_MAX}, {1, 1 + DBL_EPSILON}};
	static const double steps[] = {1e-9, 0.1, 1, 7};
	for (size_t i = 0; i < N(bounds); i++) {
		double min = bounds[i][0], max = bounds[i][1];
		expect_inside(bounded(LS_UNIFORM, min, max, 0), min, max, 0);
		expect_inside(bounded(LS_LOG_UNIFORM_VALUES, min, max, 0), min, max, 0);
		expect_inside(bounded(LS_INV_LOG_UNIFORM_VALUES, min, max, 0), min, max, 1);
		for (size_t j = 0; j < N(steps); j++) {
			expect_inside(bounded(LS_Q_UNIFORM, min, max, steps[j]), min, max, 0);
			expect_inside(bounded(LS_Q_LOG_UNIFORM_VALUES, min, max, steps[j]), min, max, 0);
		}
	}
	static const double exponents[][2] = {{-708, 708}, {-5, -5}, {-3, 0}, {0.1, 0.3}};
	for (size_t i = 0; i < N(exponents); i++) {
		double min = exponents[i][0], max = exponents[i][1];
		expect_inside(bounded(LS_LOG_UNIFORM, min, max, 0), ls_exp64(min), ls_exp64(max), 0);
		expect_inside(bounded(LS_INV_LOG_UNIFORM, min, max, 0), ls_exp64(-max), ls_exp64(-min), 1);
		expect_inside(bounded(LS_Q_LOG_UNIFORM, min, max, 0.1), ls_exp64(min), ls_exp64(max), 0);
	}
	expect_inside(beta(LS_BETA, 0.01, 0.02, 0), 0, 1, 0);
	expect_inside(beta(LS_Q_BETA, 3, 2, 0.3), 0, 0.9, 0);
}

Test(distribution, grids)
{
	struct ls_value values[3] = {{.kind = LS_VALUE_NULL}};
	struct ls_distribution d = {.kind = LS_CATEGORICAL, .values = values, .n_values = 3};
	cr_assert(ls_distribution_n_grid(&d) == 3 && ls_distribution_grid(&d, 2) == 2);
	d = bounded(LS_INT_UNIFORM, -2, 2, 0);
	cr_assert(ls_distribution_n_grid(&d) == 5 && ls_distribution_grid(&d, 0) == -2 &&
	          ls_distribution_grid(&d, 4) == 2);
	d = bounded(LS_INT_UNIFORM, 1, 0x1p31, 0);
	cr_assert_eq(ls_distribution_n_grid(&d), (size_t)1 << 31);
	d = bounded(LS_INT_UNIFORM, 0, 0x1p31, 0);
	cr_assert_eq(ls_distribution_n_grid(&d), 0);
	d = bounded(LS_Q_UNIFORM, 0.1, 0.3, 0.1);
	cr_assert(ls_distribution_n_grid(&d) == 3 && ls_distribution_grid(&d, 0) == 0.1 &&
	          ls_distribution_grid(&d, 2) == 0.3);
	d = bounded(LS_Q_UNIFORM, 0.3, 0.4, 1);
	cr_assert_eq(ls_distribution_n_grid(&d), 0);
	d = bounded(LS_Q_UNIFORM, 0, 1e300, 1e-300);
	cr_assert_eq(ls_distribution_n_grid(&d), 0);
	d = bounded(LS_UNIFORM, 0, 1, 0);
	cr_assert_eq(ls_distribution_n_grid(&d), 0);
	d = bounded(LS_LOG_UNIFORM_VALUES, 1, 1, 0);
	cr_assert_eq(ls_distribution_n_grid(&d), 0);
}

static void expect_value(struct ls_distribution d, double draw, enum ls_value_kind kind, const char *text)
{
	struct ls_value value;
	cr_assert_eq(ls_distribution_value(&d, draw, &value, NULL), LOCKSTEP_OK);
	cr_assert_eq(value.kind, kind);
	cr_assert_str_eq(value.text, text);
	if (kind == LS_VALUE_INTEGER)
		cr_assert(value.integer == (int64_t)draw && value.real == draw);
	ls_value_fini(&value);
}

Test(distribution, values)
{
	expect_value(bounded(LS_INT_UNIFORM, 0, 9, 0), 7, LS_VALUE_INTEGER, "7");
	expect_value(bounded(LS_UNIFORM, 0, 9, 0), 0.1, LS_VALUE_REAL, "0.1");
	expect_value(bounded(LS_Q_UNIFORM, 0, 90, 32), 64, LS_VALUE_REAL, "64");
	struct ls_distribution d = {
	    .kind = LS_CATEGORICAL, .n_values = 2, .values = ls_memory_allocate(2, sizeof *d.values)};
	d.values[0] = (struct ls_value){.kind = LS_VALUE_TEXT, .text = ls_memory_copy_text("relu")};
	d.values[1] =
	    (struct ls_value){.kind = LS_VALUE_INTEGER, .integer = 3, .real = 3, .text = ls_memory_copy_text("3")};
	expect_value(d, 0, LS_VALUE_TEXT, "relu");
	struct ls_value value = {.kind = LS_VALUE_NULL};
	ls_memory_fail_at(1);
	cr_assert_eq(ls_distribution_value(&d, 1, &value, NULL), LOCKSTEP_ERROR_MEMORY);
	cr_assert(value.kind == LS_VALUE_NULL && !value.text);
	ls_memory_fail_at(0);
	ls_distribution_fini(&d);
	cr_assert(!d.values && !d.n_values);
}

/* As computed by gcc 12 on x86-64; the operations are correctly rounded, so all others must agree. */
Test(distribution, bits)
{
	const struct ls_distribution cases[] = {
	    bounded(LS_UNIFORM, -0.3, 1.7, 0),
	    bounded(LS_LOG_UNIFORM, -7, 0.5, 0),
	    bounded(LS_LOG_UNIFORM_VALUES, 1e-5, 0.3, 0),
	    bounded(LS_INV_LOG_UNIFORM, -7, 0.5, 0),
	    bounded(LS_INV_LOG_UNIFORM_VALUES, 1e-5, 0.3, 0),
	    bounded(LS_Q_UNIFORM, 0, 1, 0.05),
	    normal(LS_NORMAL, 0.1, 3, 0),
	    normal(LS_LOG_NORMAL, -2, 1.5, 0),
	    beta(LS_BETA, 0.3, 2.5, 0),
	    beta(LS_BETA, 40, 300, 0),
	};
	static const double us[] = {0x1p-53, 0.1, 0.77};
	static const double exact[N(cases)][N(us)] = {
	    {-0x1.333333333332fp-2, -0x1.9999999999998p-4, 0x1.3d70a3d70a3d7p+0},
	    {0x1.de16b9c24a996p-11, 0x1.fa0e9586aebc7p-10, 0x1.2cced18f59d92p-2},
	    {0x1.4f8b588e368fap-17, 0x1.d65c9d58268cdp-16, 0x1.cafd764d5a256p-6},
	    {0x1.122885aaedda6p+10, 0x1.0301a43d1d8e3p+9, 0x1.b3bbb6d5de976p+1},
	    {0x1.333333333332dp-2, 0x1.b64c2e7f52d5dp-4, 0x1.c128177271231p-14},
	    {0x0p+0, 0x1.999999999999ap-4, 0x1.8p-1},
	    {-0x1.88752e239c5ep+4, -0x1.df50d8586d6ffp+1, 0x1.28846691ce013p+1},
	    {0x1.46058f8695acep-21, 0x1.44522096cb185p-6, 0x1.a3c8e55c8b252p-2},
	    {0x1.9f1b9dc5e7233p-179, 0x1.393fa2f17e8ecp-13, 0x1.4ce2d5f2df672p-3},
	    {0x1.7fb9ea2263e4ap-6, 0x1.8869589f76548p-4, 0x1.0a9d9fc0936a4p-3},
	};
	for (size_t i = 0; i < N(cases); i++)
		for (size_t j = 0; j < N(us); j++)
			expect(cases[i], us[j], exact[i][j]);
}
