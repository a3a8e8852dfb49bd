/* SPDX-License-Identifier: MIT
 *
 * Sweeps as programs see them: sets, warnings, parameters, trials and brackets.
 */
#include <criterion/criterion.h>

#include <fenv.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lockstep/sweep.h"
#include "study/spec/spec.h"

#define X "parameters: {x: {value: 1}}"

/* ---- Warnings --------------------------------------------------------------- */

static void expect_warnings(const char *text, size_t n, const char *place_and_part)
{
	lockstep_sweep *sweep = NULL;
	struct lockstep_sweep_plan plan;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_sweep_parse(&sweep, text, strlen(text), "spec", &error), LOCKSTEP_OK, "%s",
	             error.message);
	lockstep_sweep_describe(sweep, &plan);
	cr_expect_eq(plan.n_warnings, n, "%s: %zu warnings", text, plan.n_warnings);
	size_t length = strcspn(place_and_part, "|");
	if (n && plan.n_warnings) {
		const char *warning = lockstep_sweep_warning(sweep, 0);
		cr_expect_eq(strncmp(warning, place_and_part, length), 0, "%s", warning);
		cr_expect(strstr(warning, place_and_part + length + 1), "%s", warning);
	}
	lockstep_sweep_destroy(sweep);
}

#define RANDOM(parameter) "{method: random, parameters: {x: {" parameter "}}}"

Test(sweep, traps_are_warned_of)
{
	expect_warnings(RANDOM("distribution: log_uniform, min: 0.001, max: 0.1"), 1, "spec:1:67: x: |exponents of e");
	expect_warnings(RANDOM("distribution: log_uniform, min: 16, max: 256"), 1, "spec:1:67: |log_uniform_values");
	expect_warnings(RANDOM("distribution: q_log_uniform, min: 0.5, max: 3"), 1, "spec:1:69: |q_log_uniform_values");
	expect_warnings(RANDOM("distribution: inv_log_uniform, min: 0.5, max: 3"), 1, "spec:|inv_log_uniform_values");
	expect_warnings(RANDOM("distribution: log_uniform, min: -9, max: -2"), 0, "");
	expect_warnings(RANDOM("distribution: log_uniform, min: 1, max: 6"), 0, "");
	expect_warnings(RANDOM("distribution: log_uniform_values, min: 0.001, max: 0.1"), 0, "");
	expect_warnings(RANDOM("min: 0, max: 1"), 1, "spec:1:40: |0.0 and 1.0 make it uniform");
	expect_warnings(RANDOM("min: 0, max: 2"), 0, "");
	expect_warnings(RANDOM("min: 0, max: 1, distribution: int_uniform"), 0, "");
	expect_warnings(RANDOM("values: [yes, 'no']"), 1, "spec:1:44: |boolean to parsers of YAML 1.1");
	expect_warnings(RANDOM("value: 010"), 1, "spec:1:42: |octal");
	expect_warnings(RANDOM("value: 1_000"), 1, "spec:1:42: |a number to parsers of YAML 1.1");
	expect_warnings(RANDOM("values: [1, 2, 1.0]"), 1, "spec:1:50: x: |the value 1 is there already");
	expect_warnings("{method: grid, parameters: {x: {values: [1, 1]}, y: {values: [1, 2]}}, "
	                "lockstep: {zip: [[x, y]]}}",
	                0, "");
	expect_warnings("{method: random, parameters: {x: {value: 1}}, project: p, entity: e}", 2,
	                "spec:1:47: |project");
	expect_warnings("{method: random, metric: {name: l, impute: worst}, parameters: {x: {value: 1}}}", 1,
	                "spec:1:36: |impute");
	expect_warnings("{method: random, metric: {name: l}, early_terminate: {type: hyperband, min_iter: 3}, " X "}",
	                1, "spec:1:37: |logged points to W&B");
	expect_warnings("{method: random, metric: {name: l}, "
	                "early_terminate: {type: hyperband, min_iter: 3, strict: false}, " X "}",
	                2, "spec:1:93: |strict");
}

static const struct ls_distribution *distribution(const struct ls_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->space.n; i++)
		if (strcmp(spec->space.parameters[i].name, name) == 0)
			return &spec->space.parameters[i].distribution;
	cr_assert_fail("no parameter %s", name);
	return NULL;
}

/* ---- Sets ------------------------------------------------------------------- */

Test(sets, are_a_grid_in_their_order)
{
	static const char *const sets[] = {"lr=0.1,1e-3,1", "layers=784-30-10,784-100-10", "nesterov=true",
	                                   "label=a=b"};
	struct ls_spec *spec = NULL;
	lockstep_error error;
	cr_assert_eq(ls_spec_from_sets(&spec, sets, 4, &error), LOCKSTEP_OK, "%s", error.message);
	cr_expect_eq(spec->sampler.kind, LS_SAMPLER_GRID);
	cr_assert_eq(spec->space.n, 4);
	cr_expect_str_eq(spec->space.parameters[0].name, "lr");
	cr_expect_str_eq(distribution(spec, "lr")->values[1].text, "0.001");
	cr_expect_eq(distribution(spec, "lr")->values[2].kind, LS_VALUE_INTEGER);
	cr_expect_str_eq(distribution(spec, "layers")->values[1].text, "784-100-10");
	cr_expect_eq(distribution(spec, "nesterov")->values[0].kind, LS_VALUE_BOOLEAN);
	cr_expect_str_eq(distribution(spec, "label")->values[0].text, "a=b");
	ls_spec_destroy(spec);
}

Test(sets, that_are_none_are_refused)
{
	static const struct {
		const char *sets[2], *message;
	} cases[] = {
	    {{"lr"}, "--set: 'lr': expected NAME=VALUE,VALUE,..."},
	    {{"lr="}, "--set: 'lr=': a value is empty"},
	    {{"lr=1,,2"}, "--set: 'lr=1,,2': a value is empty"},
	    {{"lr=1,"}, "--set: 'lr=1,': a value is empty"},
	    {{"=1"}, "--set: parameter '': expected a name of letters, digits, _ . and -, the first a letter or _"},
	    {{"l r=1"},
	     "--set: parameter 'l r': expected a name of letters, digits, _ . and -, the first a letter or _"},
	    {{"lr=1", "lr=2"}, "--set: the parameter 'lr' is there already, as 'lr'"},
	    {{"lr=.inf"}, "--set: '.inf': the number is not finite"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ls_spec *spec = NULL;
		lockstep_error error = {LOCKSTEP_OK, ""};
		cr_expect_eq(ls_spec_from_sets(&spec, cases[i].sets, cases[i].sets[1] ? 2 : 1, &error),
		             LOCKSTEP_ERROR_ARGUMENT);
		cr_expect_str_eq(error.message, cases[i].message);
		cr_expect_null(spec);
	}
}

/* ---- The public face -------------------------------------------------------- */

Test(sweep, hyperband_s_brackets_are_those_of_the_paper)
{
	const char *text =
	    "{method: random, metric: {name: l}, lockstep: {scheduler: {type: hyperband, max: 81}}, " X "}";
	static const uint64_t trials[5] = {81, 34, 15, 8, 5};
	static const uint32_t first[5] = {1, 3, 9, 27, 81};
	lockstep_sweep *sweep = NULL;
	struct lockstep_sweep_plan plan;
	struct lockstep_sweep_rung rung;
	cr_assert_eq(lockstep_sweep_parse(&sweep, text, strlen(text), "spec", NULL), LOCKSTEP_OK);
	lockstep_sweep_describe(sweep, &plan);
	cr_assert_eq(plan.n_brackets, 5);
	for (size_t i = 0; i < 5; i++) {
		cr_expect_eq(lockstep_sweep_n_rungs(sweep, i), 5 - i);
		lockstep_sweep_get_rung(sweep, i, 0, &rung);
		cr_expect_eq(rung.epochs, first[i]);
		cr_expect_eq(rung.n_trials, trials[i]);
		lockstep_sweep_get_rung(sweep, i, 4 - i, &rung);
		cr_expect_eq(rung.epochs, 81);
	}
	lockstep_sweep_destroy(sweep);
}

Test(sweep, parameters_have_texts_and_places)
{
	const char *text = "method: random\nparameters:\n  lr: {distribution: q_normal, mu: 1.5, q: 0.25}\n"
			   "  n: {min: 1, max: 9}\n  c:\n    values: [a, 2]\n    probabilities: [0.25, 0.75]\n"
			   "lockstep:\n  when: {n: lr > 1}\n";
	lockstep_sweep *sweep = NULL;
	struct lockstep_sweep_parameter parameter;
	struct lockstep_sweep_value value;
	cr_assert_eq(lockstep_sweep_parse(&sweep, text, strlen(text), "spec", NULL), LOCKSTEP_OK);
	lockstep_sweep_get_parameter(sweep, 0, &parameter);
	cr_expect_str_eq(parameter.range, "mu 1.5, sigma 1, q 0.25");
	cr_expect(parameter.line == 3 && parameter.column == 3 && parameter.n_values == 3 && !parameter.when);
	lockstep_sweep_get_parameter(sweep, 1, &parameter);
	cr_expect_str_eq(parameter.distribution, "int_uniform");
	cr_expect_str_eq(parameter.range, "1 .. 9");
	cr_expect_str_eq(parameter.when, "lr > 1");
	static const struct {
		const char *text;
		uint32_t line, column;
	} draws[] = {{"1", 4, 12}, {"9", 4, 20}, {"5", 4, 3}};
	for (size_t i = 0; i < 3; i++) {
		lockstep_sweep_get_value(sweep, 1, i, &value);
		cr_expect_str_eq(value.text, draws[i].text);
		cr_expect(value.kind == LOCKSTEP_SWEEP_INTEGER && value.line == draws[i].line &&
		          value.column == draws[i].column);
	}
	lockstep_sweep_get_parameter(sweep, 2, &parameter);
	cr_expect_null(parameter.range);
	lockstep_sweep_get_value(sweep, 2, 1, &value);
	cr_expect(value.kind == LOCKSTEP_SWEEP_INTEGER && value.probability == 0.75 && value.line == 6 &&
	          value.column == 17);
	lockstep_sweep_destroy(sweep);
}

/* Bounds are those of the values, not of what was written. */
Test(sweep, parameters_have_bounds)
{
	static const struct {
		const char *text;
		double low, high, q;
		int is_log;
	} cases[] = {
	    {"{min: 1, max: 9}", 1, 9, 0, 0},
	    {"{min: 0.5, max: 9.5}", 0.5, 9.5, 0, 0},
	    {"{distribution: q_uniform, min: 0.05, max: 0.99, q: 0.1}", 0.1, 0.9, 0.1, 0},
	    {"{distribution: q_uniform, min: 0.2, max: 0.3, q: 1}", 0.2, 0.3, 0, 0},
	    {"{distribution: log_uniform, min: 0, max: 0}", 1, 1, 0, 1},
	    {"{distribution: log_uniform_values, min: 0.01, max: 10}", 0.01, 10, 0, 1},
	    {"{distribution: inv_log_uniform_values, min: 0.01, max: 10}", 0.01, 10, 0, 1},
	    {"{distribution: q_log_uniform_values, min: 3, max: 100, q: 8}", 8, 96, 8, 1},
	    {"{distribution: beta, a: 2, b: 5}", 0, 1, 0, 0},
	    {"{distribution: q_beta, a: 2, b: 5, q: 0.3}", 0, 0.9, 0.3, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		lockstep_sweep *sweep = NULL;
		struct lockstep_sweep_parameter parameter;
		lockstep_error error = {.message = ""};
		snprintf(text, sizeof text, "{method: random, parameters: {x: %s}}", cases[i].text);
		cr_assert_eq(lockstep_sweep_parse(&sweep, text, strlen(text), "spec", &error), LOCKSTEP_OK, "%s",
		             error.message);
		lockstep_sweep_get_parameter(sweep, 0, &parameter);
		cr_expect(parameter.low == cases[i].low && parameter.high == cases[i].high &&
		              parameter.q == cases[i].q && parameter.is_log == cases[i].is_log,
		          "%s: %.17g .. %.17g, q %g, log %d", cases[i].text, parameter.low, parameter.high, parameter.q,
		          parameter.is_log);
		lockstep_sweep_destroy(sweep);
	}
}

/* Three standard deviations and a little. */
Test(sweep, normal_parameters_are_bounded_far_out)
{
	static const char text[] = "{method: random, parameters: {x: {distribution: normal, mu: 5, sigma: 2}, "
				   "y: {distribution: log_normal}, z: {values: [1, 2]}}}";
	lockstep_sweep *sweep = NULL;
	struct lockstep_sweep_parameter parameter;
	cr_assert_eq(lockstep_sweep_parse(&sweep, text, strlen(text), "spec", NULL), LOCKSTEP_OK);
	lockstep_sweep_get_parameter(sweep, 0, &parameter);
	cr_expect(fabs((5 - parameter.low) / 2 - 3.097269078198784) < 1e-9 &&
	          fabs((parameter.high - 5) / 2 - 3.097269078198784) < 1e-9 && !parameter.is_log);
	lockstep_sweep_get_parameter(sweep, 1, &parameter);
	cr_expect(fabs(log(parameter.high) - 3.097269078198784) < 1e-9 && parameter.is_log);
	lockstep_sweep_get_parameter(sweep, 2, &parameter);
	cr_expect(isnan(parameter.low) && isnan(parameter.high) && parameter.q == 0 && !parameter.is_log);
	lockstep_sweep_destroy(sweep);
}

Test(sweep, trials_are_bounded_by_points_and_budget)
{
	static const struct {
		const char *text;
		uint64_t n_points, n_trials;
	} cases[] = {
	    {"{method: grid, parameters: {x: {values: [1, 2, 3]}}}", 3, 3},
	    {"{method: grid, run_cap: 2, parameters: {x: {values: [1, 2, 3]}}}", 3, 2},
	    {"{method: grid, run_cap: 9, parameters: {x: {values: [1, 2, 3]}}}", 3, 3},
	    {"{method: random, run_cap: 9, parameters: {x: {values: [1, 2, 3]}}}", UINT64_MAX, 9},
	    {"{method: random, parameters: {x: {values: [1, 2, 3]}}}", UINT64_MAX, UINT64_MAX},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lockstep_sweep *sweep = NULL;
		struct lockstep_sweep_plan plan;
		cr_assert_eq(lockstep_sweep_parse(&sweep, cases[i].text, strlen(cases[i].text), "spec", NULL),
		             LOCKSTEP_OK);
		lockstep_sweep_describe(sweep, &plan);
		cr_expect_eq(plan.n_points, cases[i].n_points, "%s", cases[i].text);
		cr_expect_eq(plan.n_trials, cases[i].n_trials, "%s", cases[i].text);
		lockstep_sweep_destroy(sweep);
	}
}

/* The host program may round upwards. */
Test(sweep, numbers_do_not_depend_on_the_rounding_mode)
{
	static const char *const sets[] = {"lr=0.1,0.7,1e-5,123456.789"};
	lockstep_sweep *sweep = NULL;
	struct lockstep_sweep_value value;
	fesetround(FE_UPWARD);
	lockstep_status status = lockstep_sweep_create(&sweep, sets, 1, NULL);
	int mode = fegetround();
	fesetround(FE_TONEAREST);
	cr_assert_eq(status, LOCKSTEP_OK);
	cr_expect_eq(mode, FE_UPWARD);
	static const char *const texts[] = {"0.1", "0.7", "1e-5", "123456.789"};
	for (size_t i = 0; i < 4; i++) {
		lockstep_sweep_get_value(sweep, 0, i, &value);
		cr_expect_str_eq(value.text, texts[i]);
	}
	lockstep_sweep_destroy(sweep);
}

Test(sweep, sets_are_arguments_also_when_they_are_too_many)
{
	static char set[3][512];
	const char *const sets[] = {set[0], set[1], set[2]};
	lockstep_sweep *sweep = NULL;
	lockstep_error error;
	for (int i = 0; i < 3; i++) {
		char *at = set[i] + sprintf(set[i], "p%d=0", i);
		for (int k = 1; k < 101; k++)
			at += sprintf(at, ",%d", k);
	}
	cr_expect_eq(lockstep_sweep_create(&sweep, sets, 3, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_expect_eq(error.status, LOCKSTEP_ERROR_ARGUMENT);
	cr_expect_eq(strncmp(error.message, "--set: the product", 18), 0, "%s", error.message);
	cr_expect_eq(lockstep_sweep_create(&sweep, sets, 3, NULL), LOCKSTEP_ERROR_ARGUMENT);
	cr_expect_null(sweep);
}

Test(sweep, a_grid_without_points_is_refused)
{
	const char *text =
	    "{method: grid, parameters: {x: {values: [1, 2]}, y: {values: [1, 2]}}, lockstep: {constraints: [x > 5]}}";
	lockstep_sweep *sweep = NULL;
	lockstep_error error;
	cr_expect_eq(lockstep_sweep_parse(&sweep, text, strlen(text), "spec", &error), LOCKSTEP_ERROR_FORMAT);
	cr_expect_str_eq(error.message, "spec: no point of the grid's 4 meets the constraints");
	cr_expect_null(sweep);
}
