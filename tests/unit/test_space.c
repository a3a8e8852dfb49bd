/* SPDX-License-Identifier: MIT
 *
 * Spaces: the order of parameters, points made whole, and points counted. Spaces
 * are read from specifications, which is how they are made.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "study/spec/spec.h"

static struct ls_spec *spec_of(const char *parameters, const char *block)
{
	char text[4096];
	struct ls_spec *spec = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	int n = snprintf(text, sizeof text, "{method: grid, parameters: {%s}, lockstep: {%s}}", parameters, block);
	cr_assert_eq(ls_spec_parse(&spec, text, (size_t)n, "spec", &error), LOCKSTEP_OK, "%s", error.message);
	return spec;
}

static void expect_order(const char *parameters, const char *block, const char *expected)
{
	struct ls_spec *spec = spec_of(parameters, block);
	char order[256] = "";
	for (size_t k = 0; k < spec->space.n; k++)
		strcat(strcat(order, *order ? " " : ""), spec->space.parameters[spec->space.order[k]].name);
	cr_expect_str_eq(order, expected, "%s: %s", block, order);
	ls_spec_destroy(spec);
}

Test(space, conditions_come_after_what_they_ask)
{
	const char *abc = "a: {values: [1, 2]}, b: {values: [1, 2]}, c: {values: [1, 2]}";
	expect_order(abc, "", "a b c");
	expect_order(abc, "when: {a: c == 1}", "b c a");
	expect_order(abc, "when: {a: b == 1, b: c == 1}", "c b a");
	expect_order(abc, "when: {b: a == 1}", "a b c");
	expect_order(abc, "zip: [[c, a]]", "a b c");
	expect_order(abc, "zip: [[a, c]], when: {a: b == 1}", "b a c");
	expect_order(abc, "constraints: [a < b]", "a b c");
}

static void expect_circle(const char *block, const char *name)
{
	char text[512], expected[160];
	struct ls_spec *spec = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	int n = snprintf(text, sizeof text,
	                 "{method: grid, parameters: {a: {value: 1}, b: {value: 1}, c: {value: 1}, d: {value: 1}}, "
	                 "lockstep: {%s}}",
	                 block);
	cr_assert_eq(ls_spec_parse(&spec, text, (size_t)n, "spec", &error), LOCKSTEP_ERROR_FORMAT);
	snprintf(expected, sizeof expected, "whether '%s' is active depends on itself, directly or through others",
	         name);
	cr_expect(strstr(error.message, expected), "%s", error.message);
	cr_expect_null(spec);
}

Test(space, circles_are_refused_with_one_of_their_members)
{
	expect_circle("when: {b: b == 1}", "b");
	expect_circle("when: {a: b == 1, b: c == 1, c: c == 1}", "c");
	expect_circle("when: {b: c == 1, c: d == 1, d: c == 1}", "d");
	expect_circle("zip: [[a, b]], when: {a: b == 1}", "a");
}

/* ---- Points ----------------------------------------------------------------- */

static int settle(const struct ls_spec *spec, double *point)
{
	int holds = -1;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_space_settle(&spec->space, point, &holds, &error), LOCKSTEP_OK, "%s", error.message);
	return holds;
}

Test(space, followers_take_their_leader_s_place)
{
	struct ls_spec *spec =
	    spec_of("a: {values: [x, y, z]}, b: {values: [1, 2, 3]}, c: {values: [1, 2]}", "zip: [[b, a]]");
	double point[] = {2, 0, 1};
	cr_expect_eq(settle(spec, point), 1);
	cr_expect_eq(point[0], 2);
	cr_expect_eq(point[1], 2);
	cr_expect_eq(point[2], 1);
	ls_spec_destroy(spec);
}

Test(space, inactive_ones_are_nan_and_so_are_those_that_depend_on_them)
{
	struct ls_spec *spec =
	    spec_of("schedule: {values: [constant, step]}, gamma: {values: [0.1, 0.5]}, period: {min: 1, max: 9},"
	            "twin: {values: [p, q]}",
	            "when: {gamma: schedule == step, period: gamma > 0.2}, zip: [[gamma, twin]]");
	double point[] = {0, 1, 3, 0};
	cr_expect_eq(settle(spec, point), 1);
	cr_expect(isnan(point[1]) && isnan(point[2]) && isnan(point[3]));
	double active[] = {1, 1, 3, 0};
	cr_expect_eq(settle(spec, active), 1);
	cr_expect(active[1] == 1 && active[2] == 3 && active[3] == 1);
	double half[] = {1, 0, 3, 0};
	cr_expect_eq(settle(spec, half), 1);
	cr_expect(half[1] == 0 && isnan(half[2]) && half[3] == 0);
	ls_spec_destroy(spec);
}

Test(space, constraints_see_values_not_places)
{
	struct ls_spec *spec = spec_of("batch: {values: [10, 16, 32]}, slices: {min: 1, max: 8}",
	                               "constraints: ['batch % slices == 0', slices != 1]");
	double good[] = {1, 4}, bad[] = {0, 4}, one[] = {1, 1};
	cr_expect_eq(settle(spec, good), 1);
	cr_expect_eq(settle(spec, bad), 0);
	cr_expect_eq(settle(spec, one), 0);
	ls_spec_destroy(spec);
}

Test(space, memory_may_be_short)
{
	struct ls_spec *spec = spec_of("a: {values: [1, 2]}", "constraints: [a == 1]");
	for (long n = 1; n <= 2; n++) {
		double point[] = {0};
		int holds = -1;
		lockstep_error error = {LOCKSTEP_OK, ""};
		ls_memory_fail_at(n);
		cr_expect_eq(ls_space_settle(&spec->space, point, &holds, &error), LOCKSTEP_ERROR_MEMORY);
		ls_memory_fail_at(0);
		cr_expect_eq(holds, -1);
		cr_expect_eq(point[0], 0);
	}
	ls_spec_destroy(spec);
}

/* ---- Counts ----------------------------------------------------------------- */

/* A grid's count is the sampler's; here are spaces with all that a specification can say. */
static void expect_count(const char *parameters, const char *block, uint64_t expected)
{
	struct ls_spec *spec = spec_of(parameters, block);
	struct ls_sampler *sampler = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_sampler_create(&sampler, &spec->space, &spec->sampler, &error), LOCKSTEP_OK, "%s",
	             error.message);
	cr_expect_eq(ls_sampler_count(sampler), expected, "%s: %llu", parameters,
	             (unsigned long long)ls_sampler_count(sampler));
	ls_sampler_destroy(sampler);
	ls_spec_destroy(spec);
}

Test(space, grid_points_are_counted)
{
	expect_count("a: {value: 1}", "", 1);
	expect_count("a: {values: [1, 2, 3]}, b: {min: 1, max: 4}", "", 12);
	expect_count("a: {values: [1, 2, 3]}, b: {distribution: q_uniform, min: 0, max: 1, q: 0.25}", "", 15);
	expect_count("a: {values: [1, 2, 3]}, b: {values: [x, y, z]}, c: {values: [1, 2]}", "zip: [[a, b]]", 6);
	/* b is there for a = 1 alone: 2 + 1 + 1. */
	expect_count("a: {values: [1, 2, 3]}, b: {values: [x, y]}", "when: {b: a == 1}", 4);
	expect_count("b: {values: [x, y]}, a: {values: [1, 2, 3]}", "when: {b: a == 1}", 4);
	expect_count("a: {min: 1, max: 12}, b: {min: 1, max: 12}", "constraints: [a % b == 0]", 35);
	/* The follower is there when its leader is: a = 1: b in 2 ways; else 1. */
	expect_count("a: {values: [1, 2]}, b: {values: [p, q]}, c: {values: [r, s]}",
	             "when: {b: a == 1}, zip: [[b, c]]", 3);
	expect_count("a: {values: [1, 2]}, b: {values: [p, q]}, c: {values: [r, s]}",
	             "when: {c: a == 1}, zip: [[b, c]]", 4);
}
