/* SPDX-License-Identifier: MIT
 *
 * Specifications that are wrong: the whole message, with its place; and limits.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "study/spec/spec.h"

#define X "parameters: {x: {value: 1}}"
#define E27 "parameters: {epochs: {value: 27}}"

static void expect_taken(const char *text)
{
	struct ls_spec *spec = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_expect_eq(ls_spec_parse(&spec, text, strlen(text), "spec", &error), LOCKSTEP_OK, "%s", error.message);
	ls_spec_destroy(spec);
}

static void expect_refusal(const char *text, const char *message)
{
	struct ls_spec *const untouched = (struct ls_spec *)(void *)&(char[1]){0}, *spec = untouched;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_spec_parse(&spec, text, strlen(text), "spec", &error), LOCKSTEP_ERROR_FORMAT, "%s", text);
	cr_expect_eq(error.status, LOCKSTEP_ERROR_FORMAT);
	cr_expect_str_eq(error.message, message, "%s:\n%s", text, error.message);
	cr_expect_eq(spec, untouched);
}

Test(spec_errors, top_level_errors)
{
	expect_refusal("[1]", "spec:1:1: here is a sequence: expected a mapping");
	expect_refusal("x", "spec:1:1: 'x': expected a mapping");
	expect_refusal("{" X "}", "spec:1:1: method is missing: expected grid, random or bayes");
	expect_refusal("{method: grid}", "spec:1:1: parameters is missing: expected a mapping of names");
	expect_refusal("{method: gird, " X "}", "spec:1:10: method 'gird': expected grid, random or bayes");
	expect_refusal("{method: [grid], " X "}", "spec:1:10: method is a sequence: expected grid, random or bayes");
	expect_refusal("{metod: grid, " X "}", "spec:1:2: unknown key 'metod': did you mean 'method'?");
	expect_refusal(
	    "{method: grid, xyzzyxyzzy: 1, " X "}",
	    "spec:1:16: unknown key 'xyzzyxyzzy': expected one of name, description, method, metric, parameters, "
	    "early_terminate, run_cap, program, command, lockstep, project, entity, apiVersion, kind, controller");
	expect_refusal("{method: grid, window: 3, " X "}", "spec:1:16: 'window' belongs into the block lockstep");
	expect_refusal("{method: grid, name: , " X "}", "spec:1:22: name is nothing: expected a text");
	expect_refusal("{method: grid, name: [a], " X "}", "spec:1:22: name is a sequence: expected a text");
	expect_refusal("{method: grid, run_cap: 0, " X "}",
	               "spec:1:25: run_cap '0': expected an integer of 1 and more");
	expect_refusal("{method: grid, run_cap: '3', " X "}",
	               "spec:1:25: run_cap '3': expected an integer of 1 and more");
	expect_refusal("{method: grid, run_cap: 3.0, " X "}",
	               "spec:1:25: run_cap '3.0': expected an integer of 1 and more");
	expect_refusal("{method: grid, metric: {goal: minimize}, " X "}",
	               "spec:1:24: name is missing: expected what to optimise");
	expect_refusal("{method: grid, metric: loss, " X "}", "spec:1:24: metric 'loss': expected a mapping");
	expect_refusal("{method: grid, metric: {name: l, goal: min}, " X "}",
	               "spec:1:40: goal 'min': expected minimize or maximize");
	expect_refusal("{method: grid, metric: {name: l, target: x}, " X "}",
	               "spec:1:42: target 'x': expected a number");
	expect_refusal("{method: grid, metric: {name: l, gaol: x}, " X "}",
	               "spec:1:34: unknown key 'gaol': did you mean 'goal'?");
	expect_refusal("{method: bayes, " X "}", "spec:1:10: metric is missing: tpe needs one");
	expect_refusal("{method: grid, run_cap: 3, lockstep: {budget: {trials: 4}}, " X "}",
	               "spec:1:56: trials 4: expected 3, which run_cap says");
}

Test(spec_errors, command_errors)
{
	expect_refusal("{method: grid, command: [], " X "}", "spec:1:25: the list is empty: expected a list of words");
	expect_refusal("{method: grid, command: python, " X "}",
	               "spec:1:25: command 'python': expected a list of words");
	expect_refusal("{method: grid, command: [[a]], " X "}",
	               "spec:1:26: here is a sequence: expected a word of the command");
	expect_refusal("{method: grid, command: ['${program}'], " X "}",
	               "spec:1:26: '${program}': the key program is missing");
	expect_refusal("{method: grid, command: [x, '${arg}'], " X "}",
	               "spec:1:29: unknown macro '${arg}': did you mean '${args}'?");
	expect_refusal("{method: grid, command: ['--x=${args}'], " X "}",
	               "spec:1:26: '--x=${args}': expected ${args} as a word of its own");
	expect_refusal("{method: grid, command: ['${args'], " X "}", "spec:1:26: '${args': '}' is missing");
	expect_refusal(
	    "{method: grid, command: ['${envvar:}'], " X "}",
	    "spec:1:26: unknown macro '${envvar:}': expected ${env}, ${interpreter}, ${program}, ${args}, "
	    "${args_no_boolean_flags}, ${args_no_hyphens}, ${args_json}, ${args_json_file} or ${envvar:NAME}");
	expect_refusal(
	    "{method: grid, command: ['${something_else}'], " X "}",
	    "spec:1:26: unknown macro '${something_else}': expected ${env}, ${interpreter}, ${program}, ${args}, "
	    "${args_no_boolean_flags}, ${args_no_hyphens}, ${args_json}, ${args_json_file} or ${envvar:NAME}");
}

#define PARAMETER(text) "{method: random, parameters: {x: " text "}}"

Test(spec_errors, parameter_errors)
{
	expect_refusal("{method: grid, parameters: {}}",
	               "spec:1:28: parameters is a mapping: expected a mapping of names, with one parameter at least");
	expect_refusal("{method: grid, parameters: [x]}",
	               "spec:1:28: parameters is a sequence: expected a mapping of names, with one parameter at least");
	expect_refusal(PARAMETER("0.1"), "spec:1:34: x '0.1': expected a mapping");
	expect_refusal(PARAMETER("{}"),
	               "spec:1:31: x: expected value, values, min and max, parameters, or distribution");
	expect_refusal(PARAMETER("{mu: 1}"),
	               "spec:1:31: x: expected value, values, min and max, parameters, or distribution");
	expect_refusal(PARAMETER("{min: 1}"), "spec:1:31: x: max is missing");
	expect_refusal(PARAMETER("{max: 1}"), "spec:1:31: x: min is missing");
	expect_refusal(PARAMETER("{vaule: 1}"), "spec:1:35: unknown key 'vaule': did you mean 'value'?");
	expect_refusal(PARAMETER("{value: 1, values: [1]}"),
	               "spec:1:45: x: values has no meaning for constant: expected value");
	expect_refusal(PARAMETER("{min: 1, max: 2, q: 1}"),
	               "spec:1:51: x: q has no meaning for int_uniform: expected min, max");
	expect_refusal(PARAMETER("{distribution: normal, min: 1, mu: 2}"),
	               "spec:1:57: x: min has no meaning for normal: expected mu, sigma");
	expect_refusal(PARAMETER("{distribution: log_uniform, min: 1}"),
	               "spec:1:31: x: max is missing: log_uniform needs it");
	expect_refusal(PARAMETER("{distribution: categorical}"),
	               "spec:1:31: x: values is missing: categorical needs it");
	expect_refusal(PARAMETER("{distribution: unifrom, min: 1, max: 2}"),
	               "spec:1:49: unknown distribution 'unifrom': did you mean 'uniform'?");
	expect_refusal(
	    PARAMETER("{distribution: gaussian}"),
	    "spec:1:49: unknown distribution 'gaussian': expected uniform, log_uniform_values, normal or another of "
	    "the schema");
	expect_refusal(PARAMETER("{distribution: [normal]}"),
	               "spec:1:49: distribution is a sequence: expected the name of a distribution");
	expect_refusal(PARAMETER("{distribution: int_uniform, min: 1.0, max: 2}"),
	               "spec:1:67: min '1.0': expected an integer, of int_uniform");
	expect_refusal(PARAMETER("{min: a, max: 2}"), "spec:1:40: min 'a': expected a number");
	expect_refusal(PARAMETER("{min: '1', max: 2}"), "spec:1:40: min '1': expected a number");
	expect_refusal(PARAMETER("{min: .inf, max: 2}"), "spec:1:40: '.inf': the number is not finite");
	expect_refusal(PARAMETER("{min: 1e999, max: 2}"), "spec:1:40: '1e999': the number is not finite");
	expect_refusal(PARAMETER("{value: 99999999999999999999}"),
	               "spec:1:42: '99999999999999999999': the integer does not fit 64 bits");
	expect_refusal(PARAMETER("{value: [1]}"),
	               "spec:1:42: value is a sequence: expected one value: a number, a text, true, false or null");
	expect_refusal(PARAMETER("{values: 1}"), "spec:1:43: values '1': expected a list of values");
	expect_refusal(PARAMETER("{values: []}"), "spec:1:43: the list is empty: expected a list of values");
	expect_refusal(PARAMETER("{values: [1, {a: 1}]}"),
	               "spec:1:47: here is a mapping: expected one value: a number, a text, true, false or null");
	expect_refusal(PARAMETER("{values: [1, 2], probabilities: [1]}"),
	               "spec:1:66: 1 probabilities: expected as many as values, 2");
	expect_refusal(PARAMETER("{values: [1, 2], probabilities: [2, -1]}"),
	               "spec:1:70: '-1': expected a probability of 0 and more");
	expect_refusal(PARAMETER("{values: [1, 2], probabilities: [0, [1]]}"),
	               "spec:1:70: here is a sequence: expected a number");
	expect_refusal(PARAMETER("{parameters: {y: {value: 1}}, min: 3}"),
	               "spec:1:64: x: min has no meaning beside parameters");
	expect_refusal(
	    "{method: grid, parameters: {1x: {value: 1}}}",
	    "spec:1:29: parameter '1x': expected a name of letters, digits, _ . and -, the first a letter or _");
	expect_refusal(
	    "{method: grid, parameters: {a b: {value: 1}}}",
	    "spec:1:29: parameter 'a b': expected a name of letters, digits, _ . and -, the first a letter or _");
	expect_refusal("{method: grid, parameters: {a.b: {value: 1}, a: {parameters: {b: {value: 2}}}}}",
	               "spec:1:63: the parameter 'a.b' is there already, as 'a.b'");
	expect_refusal("{method: grid, parameters: {a_b: {value: 1}, a-b: {value: 2}}}",
	               "spec:1:46: the parameter 'a-b' is there already, as 'a_b'");
}

Test(spec_errors, grids_take_what_has_a_grid)
{
	expect_refusal(
	    "{method: grid, parameters: {x: {min: 1.0, max: 2}}}",
	    "spec:1:29: x is uniform, which a grid cannot take: expected value, values, int_uniform or q_uniform");
	expect_refusal(
	    "{method: grid, parameters: {x: {distribution: normal}}}",
	    "spec:1:47: x is normal, which a grid cannot take: expected value, values, int_uniform or q_uniform");
	expect_refusal(
	    "{method: random, lockstep: {sampler: {type: grid}}, parameters: {x: {distribution: beta}}}",
	    "spec:1:84: x is beta, which a grid cannot take: expected value, values, int_uniform or q_uniform");
	expect_refusal("{method: grid, parameters: {x: {min: 0, max: 9999999999}}}",
	               "spec:1:29: x: expected a grid of 1 to 2^31 points");
	expect_taken("{method: grid, parameters: {a: {value: 1}, b: {values: [1]}, c: {min: 1, max: 2}, "
	             "d: {values: [1, 2], probabilities: [0.5, 0.5]}, "
	             "e: {distribution: q_uniform, min: 0, max: 1, q: 0.1}}}");
}

#define BLOCK(text)                                                                                                    \
	"{method: grid, metric: {name: l}, parameters: {x: {values: [1, 2]}, y: {values: [1, 2]}}, lockstep: {" text   \
	"}}"

Test(spec_errors, block_errors)
{
	expect_refusal(BLOCK("sampeler: 1"), "spec:1:102: unknown key 'sampeler': did you mean 'sampler'?");
	expect_refusal(BLOCK("sampler: {type: tpee}"), "spec:1:118: type 'tpee': expected grid, random, sobol or tpe");
	expect_refusal(BLOCK("sampler: {seed: -1}"), "spec:1:118: seed '-1': expected an integer of 0 and more");
	expect_refusal(BLOCK("sampler: {startup: 3}"), "spec:1:112: startup has no meaning for grid: it is of tpe");
	expect_refusal(BLOCK("scheduler: {min: 1}"),
	               "spec:1:113: type is missing: expected none, median, successive-halving or hyperband");
	expect_refusal(BLOCK("scheduler: {type: asha}"),
	               "spec:1:120: type 'asha': expected none, median, successive-halving or hyperband");
	expect_refusal(BLOCK("scheduler: {type: none, eta: 3}"), "spec:1:126: eta has no meaning for none");
	expect_refusal(BLOCK("scheduler: {type: median, min: 3}"), "spec:1:128: min has no meaning for median");
	expect_refusal(BLOCK("scheduler: {type: hyperband, warmup: 3}"),
	               "spec:1:131: warmup has no meaning for hyperband");
	expect_refusal(BLOCK("scheduler: {type: hyperband, resource: step}"),
	               "spec:1:141: resource 'step': expected epoch");
	expect_refusal(BLOCK("scheduler: {type: hyperband, eta: 1}"),
	               "spec:1:136: eta '1': expected an integer from 2 to 4294967295");
	expect_refusal(BLOCK("scheduler: {type: hyperband, min: 40}"),
	               "spec:1:113: the first rung has 40 epochs: expected at most the 30 of a whole trial");
	expect_refusal(BLOCK("repeats: {aggregate: mean}"), "spec:1:111: seeds is missing: expected a list of seeds");
	expect_refusal(BLOCK("repeats: {seeds: 3}"), "spec:1:119: seeds '3': expected a list of seeds");
	expect_refusal(BLOCK("repeats: {seeds: [1, 1]}"), "spec:1:123: the seed 1 is there already");
	expect_refusal(BLOCK("repeats: {seeds: [1], aggregate: mode}"),
	               "spec:1:135: aggregate 'mode': expected median, mean, min or max");
	expect_refusal(BLOCK("when: {z: x == 1}"), "spec:1:109: 'z' is no parameter: did you mean 'x'?");
	expect_refusal(BLOCK("when: {x: yy == 1}"),
	               "spec:1:112: 'yy == 1', column 1: 'yy' is no parameter; did you mean 'y'?");
	expect_refusal(BLOCK("when: [x]"),
	               "spec:1:108: when is a sequence: expected a mapping of parameters to conditions");
	expect_refusal(BLOCK("when: {x: [1]}"), "spec:1:112: x is a sequence: expected a condition, such as a == b");
	expect_refusal(BLOCK("constraints: x < y"), "spec:1:115: constraints 'x < y': expected a list of conditions");
	expect_refusal(BLOCK("constraints: [x < ]"), "spec:1:116: 'x <', column 4: a value is missing");
	expect_refusal(BLOCK("zip: [x, y]"), "spec:1:108: 'x': expected a list of parameters to zip");
	expect_refusal(BLOCK("zip: [[x]]"), "spec:1:108: one parameter: expected two or more to zip");
	expect_refusal(BLOCK("zip: [[x, x]]"), "spec:1:112: 'x' is zipped already");
	expect_refusal(BLOCK("zip: [[x, w]]"), "spec:1:112: 'w' is no parameter: did you mean 'x'?");
	expect_refusal(BLOCK("cores: {per_trial: 0}"),
	               "spec:1:121: per_trial '0': expected an integer from 1 to 4294967295");
	expect_refusal(BLOCK("cores: {concurrent: all}"),
	               "spec:1:122: concurrent 'all': expected auto, or an integer of 1 and more");
	expect_refusal(BLOCK("cores: {concurrent: 9}"), "spec:1:122: concurrent 9: expected at most the window, 8");
	expect_refusal(BLOCK("window: 0"), "spec:1:110: window '0': expected an integer from 1 to 4294967295");
	expect_refusal(BLOCK("window: 65537"), "spec:1:110: window '65537': expected an integer from 1 to 65536");
	expect_refusal(BLOCK("budget: {trials: 0}"), "spec:1:119: trials '0': expected an integer of 1 and more");
	expect_refusal(BLOCK("budget: {wall: 2w}"),
	               "spec:1:117: wall '2w': expected seconds above 0, or a time such as 90s, 10m, 2h or 1d");
	expect_refusal(BLOCK("budget: {wall: 0}"),
	               "spec:1:117: wall '0': expected seconds above 0, or a time such as 90s, 10m, 2h or 1d");
}

Test(spec_errors, errors_of_what_is_said_twice)
{
	expect_refusal(
	    "{method: random, lockstep: {zip: [[x, y]]}, parameters: {x: {min: 1, max: 2}, y: {values: [1, 2]}}}",
	    "spec:1:36: 'x' is int_uniform: expected a parameter with values to zip");
	expect_refusal(
	    "{method: random, lockstep: {zip: [[x, y]]}, parameters: {x: {values: [1]}, y: {values: [1, 2]}}}",
	    "spec:1:39: 'y' has 2 values: expected 1, as many as 'x' has");
	expect_refusal(
	    "{method: random, metric: {name: l}, lockstep: {scheduler: {type: median}}, "
	    "parameters: {epochs: {values: [1, 2]}}}",
	    "spec:1:59: epochs are what the scheduler gives out: expected the parameter epochs to have one value, "
	    "an integer of 1 and more");
	expect_refusal("{method: random, metric: {name: l}, lockstep: {scheduler: {type: median, max: 9}}, " E27 "}",
	               "spec:1:59: a whole trial has 9 epochs here, and 27 by the parameter epochs: expected the same");
	expect_refusal("{method: random, lockstep: {scheduler: {type: median}}, " X "}",
	               "spec:1:40: metric is missing: median needs one");
	expect_refusal("{method: random, program: p, metric: {name: l}, lockstep: {scheduler: {type: median}}, " X "}",
	               "spec:1:71: max is missing: expected the epochs of a whole trial");
	expect_refusal("{method: random, lockstep: {repeats: {seeds: [1]}}, parameters: {seed: {values: [1, 2]}}}",
	               "spec:1:46: seed is a parameter as well: expected one of the two");
	expect_refusal("{method: random, early_terminate: {min_iter: 3}, " X "}",
	               "spec:1:35: type is missing: expected hyperband");
	expect_refusal("{method: random, early_terminate: {type: hyperband}, " X "}",
	               "spec:1:35: expected min_iter, or max_iter and s");
	expect_refusal("{method: random, early_terminate: {type: hyperband, max_iter: 9}, " X "}",
	               "spec:1:53: s is missing: max_iter needs it");
	expect_refusal("{method: random, early_terminate: {type: hyperband, min_iter: 9, s: 2}, " X "}",
	               "spec:1:66: s has no meaning without max_iter");
	expect_refusal("{method: random, early_terminate: {type: hyperband, min_iter: 9, max_iter: 2}, " X "}",
	               "spec:1:66: max_iter has no meaning beside min_iter");
	expect_refusal("{method: random, early_terminate: {type: hyperband, min_iter: 0}, " X "}",
	               "spec:1:63: min_iter '0': expected an integer from 1 to 4294967295");
	expect_refusal("{method: random, early_terminate: {type: hyperband, min_iter: 2, eta: 1.5}, " X "}",
	               "spec:1:71: eta '1.5': expected an integer from 2 to 4294967295");
	expect_refusal(
	    "{method: random, early_terminate: {type: hyperband, min_iter: 2, strict: maybe}, metric: {name: l}, " X
	    "}",
	    "spec:1:74: strict 'maybe': expected true or false");
}

/* ---- Limits ----------------------------------------------------------------- */

Test(spec_errors, numbers_of_things_are_limited, .timeout = 60)
{
	static char text[400000], *at;
	at = text + sprintf(text, "method: grid\nparameters:\n");
	for (int i = 0; i <= LS_PARAMETERS_MAX; i++)
		at += sprintf(at, "  p%d: {value: 1}\n", i);
	expect_refusal(text, "spec:259:3: too many parameters: expected 256 at most");
	at = text + sprintf(text, "{method: grid, parameters: {x: {values: [0");
	for (int i = 1; i <= LS_VALUES_MAX; i++)
		at += sprintf(at, ", %d", i);
	strcpy(at, "]}}}");
	expect_refusal(text, "spec:1:41: 4097 values: expected 4096 at most");
}
