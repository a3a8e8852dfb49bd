/* SPDX-License-Identifier: MIT
 *
 * Specifications: what they come to, member by member.
 */
#include <criterion/criterion.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "study/spec/spec.h"

static struct ls_spec *parse(const char *text)
{
	struct ls_spec *spec = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_spec_parse(&spec, text, strlen(text), "spec", &error), LOCKSTEP_OK, "%s", error.message);
	return spec;
}

static const struct ls_distribution *distribution(const struct ls_spec *spec, const char *name)
{
	for (size_t i = 0; i < spec->space.n; i++)
		if (strcmp(spec->space.parameters[i].name, name) == 0)
			return &spec->space.parameters[i].distribution;
	cr_assert_fail("no parameter %s", name);
	return NULL;
}

/* ---- The schema ------------------------------------------------------------- */

Test(spec, every_key_of_the_top_level)
{
	struct ls_spec *spec =
	    parse("name: a sweep\n"
	          "description: >\n  of two\n  lines\n"
	          "program: train.py\n"
	          "method: random\n"
	          "metric:\n  name: val_loss\n  goal: maximize\n  target: 0.5\n"
	          "run_cap: 7\n"
	          "command: [\"${env}\", \"${interpreter}\", \"${program}\", \"--dir=${envvar:HOME}/x\", "
	          "\"${args}\", \"${args_no_hyphens}\", \"${args_no_boolean_flags}\", \"${args_json}\", "
	          "\"${args_json_file}\", $HOME, 12]\n"
	          "parameters:\n  x: {value: 1}\n");
	cr_expect_str_eq(spec->name, "a sweep");
	cr_expect_str_eq(spec->description, "of two lines\n");
	cr_expect_str_eq(spec->program, "train.py");
	cr_expect_eq(spec->n_command, 11);
	cr_expect_str_eq(spec->command[3], "--dir=${envvar:HOME}/x");
	cr_expect_str_eq(spec->command[10], "12");
	cr_expect_not(ls_spec_is_built_in(spec));
	cr_expect_str_eq(spec->metric, "val_loss");
	cr_expect(spec->maximize && spec->has_target && spec->target == 0.5);
	cr_expect_eq(spec->sampler.kind, LS_SAMPLER_RANDOM);
	cr_expect_eq(spec->scheduler.trials, 7);
	cr_expect_eq(spec->n_warnings, 0);
	ls_spec_destroy(spec);
}

Test(spec, defaults)
{
	struct ls_spec *spec = parse("{method: grid, parameters: {x: {value: 1}}}");
	cr_expect_null(spec->name);
	cr_expect_null(spec->metric);
	cr_expect(ls_spec_is_built_in(spec));
	cr_expect_not(spec->maximize);
	cr_expect_eq(spec->sampler.kind, LS_SAMPLER_GRID);
	cr_expect_eq(spec->sampler.seed, 1);
	cr_expect_eq(spec->sampler.startup, 10);
	cr_expect_eq(spec->scheduler.kind, LS_SCHEDULER_NONE);
	cr_expect_eq(spec->scheduler.window, 8);
	cr_expect_eq(spec->scheduler.trials, UINT64_MAX);
	cr_expect_eq(spec->n_seeds, 0);
	cr_expect_eq(spec->aggregate, LS_AGGREGATE_MEDIAN);
	cr_expect_eq(spec->cores_per_trial, 0);
	cr_expect_eq(spec->concurrent, 0);
	cr_expect_eq(spec->wall_seconds, 0);
	ls_spec_destroy(spec);
}

Test(spec, every_key_of_the_block)
{
	struct ls_spec *spec =
	    parse("method: grid\n"
	          "metric: {name: loss}\n"
	          "run_cap: 40\n"
	          "parameters:\n  x: {min: 0.0, max: 1.0}\n  y: {values: [1, 2]}\n  z: {values: [3, 4]}\n"
	          "lockstep:\n"
	          "  sampler: {type: tpe, seed: 5, startup: 6}\n"
	          "  scheduler: {type: hyperband, resource: epoch, min: 2, max: 81, eta: 4}\n"
	          "  repeats: {seeds: [3, 1, 2], aggregate: mean}\n"
	          "  when: {x: y == 1}\n"
	          "  constraints: ['x < y', z > 0]\n"
	          "  zip: [[y, z]]\n"
	          "  cores: {per_trial: 2, concurrent: 3}\n"
	          "  window: 4\n"
	          "  budget: {trials: 40, wall: 1.5h}\n");
	cr_expect(spec->sampler.kind == LS_SAMPLER_TPE && spec->sampler.seed == 5 && spec->sampler.startup == 6);
	cr_expect_eq(spec->scheduler.kind, LS_SCHEDULER_HYPERBAND);
	cr_expect(spec->scheduler.min == 2 && spec->scheduler.max == 81 && spec->scheduler.eta == 4);
	cr_expect(spec->n_seeds == 3 && spec->seeds[0] == 3 && spec->seeds[1] == 1 && spec->seeds[2] == 2);
	cr_expect_eq(spec->aggregate, LS_AGGREGATE_MEAN);
	cr_expect_str_eq(ls_expression_text(spec->space.parameters[0].when), "y == 1");
	cr_expect_eq(spec->space.n_constraints, 2);
	cr_expect_str_eq(ls_expression_text(spec->space.constraints[0]), "x < y");
	cr_expect_eq(spec->space.parameters[2].follows, 1);
	cr_expect_eq(spec->space.parameters[1].follows, LS_LEADS);
	cr_expect(spec->cores_per_trial == 2 && spec->concurrent == 3);
	cr_expect_eq(spec->scheduler.window, 4);
	cr_expect_eq(spec->scheduler.trials, 40);
	cr_expect_eq(spec->wall_seconds, 5400);
	ls_spec_destroy(spec);
}

Test(spec, methods_and_the_sampler_that_overrides_them)
{
	static const struct {
		const char *text;
		enum ls_sampler_kind kind;
	} cases[] = {
	    {"{method: grid, ", LS_SAMPLER_GRID},
	    {"{method: random, ", LS_SAMPLER_RANDOM},
	    {"{method: bayes, ", LS_SAMPLER_TPE},
	    {"{method: bayes, lockstep: {sampler: {type: sobol}}, ", LS_SAMPLER_SOBOL},
	    {"{lockstep: {sampler: {type: random}}, ", LS_SAMPLER_RANDOM},
	    {"{method: random, lockstep: {sampler: {seed: 3}}, ", LS_SAMPLER_RANDOM},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text, "%smetric: {name: l}, parameters: {x: {value: 1}}}", cases[i].text);
		struct ls_spec *spec = parse(text);
		cr_expect_eq(spec->sampler.kind, cases[i].kind, "%s", text);
		ls_spec_destroy(spec);
	}
}

/* ---- Parameters ------------------------------------------------------------- */

Test(spec, distributions_are_inferred_as_wandb_does)
{
	struct ls_spec *spec = parse("{method: random, parameters: {a: {value: x}, b: {values: [1, x]}, "
	                             "c: {min: 2, max: 5}, d: {min: 2, max: 5.0}, e: {min: 2.0, max: 5}, "
	                             "f: {values: [1, 2], probabilities: [0.25, 0.75]}, g: {min: 1e-3, max: 1e-1}}}");
	cr_expect_eq(distribution(spec, "a")->kind, LS_CONSTANT);
	cr_expect_eq(distribution(spec, "b")->kind, LS_CATEGORICAL);
	cr_expect_eq(distribution(spec, "c")->kind, LS_INT_UNIFORM);
	cr_expect_eq(distribution(spec, "d")->kind, LS_UNIFORM);
	cr_expect_eq(distribution(spec, "e")->kind, LS_UNIFORM);
	cr_expect_eq(distribution(spec, "f")->kind, LS_CATEGORICAL_W_PROBABILITIES);
	cr_expect_eq(distribution(spec, "f")->probabilities[1], 0.75);
	cr_expect_eq(distribution(spec, "g")->kind, LS_UNIFORM);
	cr_expect_eq(distribution(spec, "g")->min, 0.001);
	ls_spec_destroy(spec);
}

Test(spec, every_distribution_is_read)
{
	static const char *const members[LS_N_DISTRIBUTIONS] = {
	    [LS_CONSTANT] = "value: 3",
	    [LS_CATEGORICAL] = "values: [3]",
	    [LS_CATEGORICAL_W_PROBABILITIES] = "values: [3], probabilities: [1]",
	    [LS_INT_UNIFORM] = "min: 1, max: 2",
	    [LS_UNIFORM] = "min: 1, max: 2",
	    [LS_Q_UNIFORM] = "min: 1, max: 2, q: 0.5",
	    [LS_LOG_UNIFORM] = "min: 1, max: 2",
	    [LS_LOG_UNIFORM_VALUES] = "min: 1, max: 2",
	    [LS_Q_LOG_UNIFORM] = "min: 1, max: 2, q: 0.5",
	    [LS_Q_LOG_UNIFORM_VALUES] = "min: 1, max: 2, q: 0.5",
	    [LS_INV_LOG_UNIFORM] = "min: 1, max: 2",
	    [LS_INV_LOG_UNIFORM_VALUES] = "min: 1, max: 2",
	    [LS_NORMAL] = "mu: 1, sigma: 2",
	    [LS_Q_NORMAL] = "mu: 1, sigma: 2, q: 0.5",
	    [LS_LOG_NORMAL] = "mu: 1, sigma: 2",
	    [LS_Q_LOG_NORMAL] = "mu: 1, sigma: 2, q: 0.5",
	    [LS_BETA] = "a: 1, b: 2",
	    [LS_Q_BETA] = "a: 1, b: 2, q: 0.5",
	};
	for (int kind = 0; kind < LS_N_DISTRIBUTIONS; kind++) {
		char text[256];
		const char *name = ls_distribution_name((enum ls_distribution_kind)kind);
		snprintf(text, sizeof text, "{method: random, parameters: {x: {distribution: %s, %s}}}", name,
		         members[kind]);
		struct ls_spec *spec = parse(text);
		const struct ls_distribution *found = distribution(spec, "x");
		cr_expect_eq((int)found->kind, kind, "%s", name);
		if (strstr(members[kind], "min"))
			cr_expect(found->min == 1 && found->max == 2, "%s", name);
		if (strstr(members[kind], "mu"))
			cr_expect(found->mu == 1 && found->sigma == 2, "%s", name);
		if (strstr(members[kind], "a: 1"))
			cr_expect(found->a == 1 && found->b == 2, "%s", name);
		cr_expect_eq(found->q, strstr(members[kind], "q:") ? 0.5 : 1, "%s", name);
		ls_spec_destroy(spec);
	}
}

Test(spec, members_have_the_schema_s_defaults)
{
	struct ls_spec *spec =
	    parse("{method: random, parameters: {n: {distribution: q_normal}, b: {distribution: beta}, "
	          "u: {distribution: q_uniform, min: 1, max: 9}}}");
	cr_expect(distribution(spec, "n")->mu == 0 && distribution(spec, "n")->sigma == 1 &&
	          distribution(spec, "n")->q == 1);
	cr_expect(distribution(spec, "b")->a == 1 && distribution(spec, "b")->b == 1);
	cr_expect_eq(distribution(spec, "u")->q, 1);
	ls_spec_destroy(spec);
}

Test(spec, values_have_types_and_nested_names_are_joined)
{
	struct ls_spec *spec = parse("method: grid\n"
	                             "parameters:\n"
	                             "  v: {values: [1, '1', 1e-3, true, 'true', null, text, 784-30-10, -0x10, 2.0]}\n"
	                             "  optimiser:\n"
	                             "    parameters:\n"
	                             "      lr: {value: 0.1}\n"
	                             "      adam: {parameters: {beta-1: {value: 0.9}}}\n");
	static const struct {
		enum ls_value_kind kind;
		const char *text;
	} expected[] = {{LS_VALUE_INTEGER, "1"},    {LS_VALUE_TEXT, "1"},         {LS_VALUE_REAL, "0.001"},
	                {LS_VALUE_BOOLEAN, "true"}, {LS_VALUE_TEXT, "true"},      {LS_VALUE_NULL, "null"},
	                {LS_VALUE_TEXT, "text"},    {LS_VALUE_TEXT, "784-30-10"}, {LS_VALUE_TEXT, "-0x10"},
	                {LS_VALUE_REAL, "2"}};
	const struct ls_distribution *values = distribution(spec, "v");
	cr_assert_eq(values->n_values, 10);
	for (size_t i = 0; i < 10; i++) {
		cr_expect_eq(values->values[i].kind, expected[i].kind, "%zu", i);
		cr_expect_str_eq(values->values[i].text, expected[i].text);
	}
	cr_expect_eq(spec->space.n, 3);
	cr_expect_str_eq(spec->space.parameters[1].name, "optimiser.lr");
	cr_expect_str_eq(spec->space.parameters[2].name, "optimiser.adam.beta-1");
	cr_expect_eq(spec->places[2].name.line, 7);
	cr_expect_eq(spec->places[2].name.column, 27);
	ls_spec_destroy(spec);
}

Test(spec, json_says_the_same)
{
	struct ls_spec *spec =
	    parse("{\n\t\"method\": \"bayes\",\n\t\"metric\": {\"name\": \"loss\", \"goal\": \"minimize\"},\n"
	          "\t\"parameters\": {\n\t\t\"lr\": {\"min\": 1e-4, \"max\": 0.1},\n"
	          "\t\t\"batch\": {\"values\": [16, 32]},\n\t\t\"nesterov\": {\"value\": true}}\n}\n");
	cr_expect_eq(spec->sampler.kind, LS_SAMPLER_TPE);
	cr_expect_eq(distribution(spec, "lr")->min, 1e-4);
	cr_expect_eq(distribution(spec, "batch")->values[1].integer, 32);
	cr_expect_eq(distribution(spec, "nesterov")->values[0].kind, LS_VALUE_BOOLEAN);
	ls_spec_destroy(spec);
}

/* ---- Schedulers ------------------------------------------------------------- */

static struct ls_scheduler_options scheduler_of(const char *rest)
{
	char text[512];
	snprintf(text, sizeof text, "{method: random, metric: {name: loss}, %s}", rest);
	struct ls_spec *spec = parse(text);
	struct ls_scheduler_options options = spec->scheduler;
	ls_spec_destroy(spec);
	return options;
}

static void expect_scheduler(const char *rest, enum ls_scheduler_kind kind, uint32_t min, uint32_t max, uint32_t eta)
{
	struct ls_scheduler_options options = scheduler_of(rest);
	cr_expect_eq(options.kind, kind, "%s", rest);
	cr_expect_eq(options.min, min, "%s: %u", rest, options.min);
	cr_expect_eq(options.max, max, "%s: %u", rest, options.max);
	cr_expect_eq(options.eta, eta, "%s: %u", rest, options.eta);
}

#define X "parameters: {x: {value: 1}}"
#define E27 "parameters: {epochs: {value: 27}}"

Test(spec, early_terminate_becomes_successive_halving)
{
	expect_scheduler("early_terminate: {type: hyperband, min_iter: 3}, " E27, LS_SCHEDULER_HALVING, 3, 27, 3);
	expect_scheduler("early_terminate: {type: hyperband, min_iter: 3, eta: 2, strict: true}, " X,
	                 LS_SCHEDULER_HALVING, 3, 30, 2);
	expect_scheduler("early_terminate: {type: hyperband, max_iter: 27, s: 2}, " E27, LS_SCHEDULER_HALVING, 3, 27,
	                 3);
	expect_scheduler("early_terminate: {type: hyperband, max_iter: 27, s: 2}, " X, LS_SCHEDULER_HALVING, 3, 27, 3);
	expect_scheduler("early_terminate: {type: hyperband, max_iter: 27, s: 9}, " X, LS_SCHEDULER_HALVING, 1, 27, 3);
	expect_scheduler("early_terminate: {type: hyperband, max_iter: 100, s: 3, eta: 4}, " X, LS_SCHEDULER_HALVING, 1,
	                 100, 4);
	expect_scheduler("program: p, early_terminate: {type: hyperband, max_iter: 27, s: 1}, " X, LS_SCHEDULER_HALVING,
	                 9, 27, 3);
	expect_scheduler("early_terminate: {type: hyperband, min_iter: 3}, lockstep: {scheduler: {type: none}}, " X,
	                 LS_SCHEDULER_NONE, 1, 1, 3);
}

Test(spec, a_whole_trial_has_the_epochs_of_its_job)
{
	expect_scheduler("lockstep: {scheduler: {type: successive-halving}}, " X, LS_SCHEDULER_HALVING, 1, 30, 3);
	expect_scheduler("lockstep: {scheduler: {type: successive-halving}}, " E27, LS_SCHEDULER_HALVING, 1, 27, 3);
	expect_scheduler("lockstep: {scheduler: {type: hyperband, max: 81}}, " X, LS_SCHEDULER_HYPERBAND, 1, 81, 3);
	expect_scheduler("lockstep: {scheduler: {type: hyperband, max: 27}}, " E27, LS_SCHEDULER_HYPERBAND, 1, 27, 3);
	expect_scheduler("lockstep: {scheduler: {type: median}}, " E27, LS_SCHEDULER_MEDIAN, 27, 27, 3);
	struct ls_scheduler_options median = scheduler_of("lockstep: {scheduler: {type: median}}, " X);
	cr_expect(median.startup == 5 && median.warmup == 0);
	median = scheduler_of("lockstep: {scheduler: {type: median, startup: 2, warmup: 3}}, " X);
	cr_expect(median.startup == 2 && median.warmup == 3);
}

Test(spec, budgets_agree_and_have_units)
{
	static const struct {
		const char *text;
		double seconds;
	} cases[] = {{"90", 90},    {"90s", 90},    {"10m", 600},   {"2h", 7200},
	             {"1d", 86400}, {"0.5h", 1800}, {"'1e3'", 1000}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[160];
		snprintf(text, sizeof text, "{method: grid, lockstep: {budget: {wall: %s}}, " X "}", cases[i].text);
		struct ls_spec *spec = parse(text);
		cr_expect_eq(spec->wall_seconds, cases[i].seconds, "%s", text);
		ls_spec_destroy(spec);
	}
	cr_expect_eq(scheduler_of("run_cap: 5, " X).trials, 5);
	cr_expect_eq(scheduler_of("lockstep: {budget: {trials: 6}}, " X).trials, 6);
	cr_expect_eq(scheduler_of("run_cap: 6, lockstep: {budget: {trials: 6}}, " X).trials, 6);
}
