/* SPDX-License-Identifier: MIT
 *
 * Specifications of scaling studies: what is read, what is left open, and what is wrong, by the whole message.
 */
#include "lockstep/scaling_spec.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../support/data_files.h"
#include "base/memory.h"

static struct lockstep_scaling_spec *spec;
static lockstep_error error;

static void teardown(void)
{
	lockstep_scaling_spec_destroy(spec);
	data_teardown();
}

TestSuite(scaling_spec, .init = data_setup, .fini = teardown, .timeout = 60);

static void parse(const char *text)
{
	lockstep_scaling_spec_destroy(spec);
	spec = NULL;
	cr_assert_eq(lockstep_scaling_spec_parse(&spec, text, strlen(text), "spec", &error), LOCKSTEP_OK, "%s",
	             error.message);
}

static const char whole[] = "name: n\n"
			    "description: all of it\n"
			    "parameters:\n"
			    "  layers: {value: 784-30-10}\n"
			    "  lr: 1e-1\n"
			    "  nesterov: true\n"
			    "  momentum: '0.5'\n"
			    "lockstep:\n"
			    "  scaling:\n"
			    "    type: strong\n"
			    "    workers: [4, 1, 2]\n"
			    "    bind: [close, 'list:0,2']\n"
			    "    engine: [openmp, serial]\n"
			    "    split: [units, rows]\n"
			    "    batch: [32, 128]\n"
			    "    slices: 8\n"
			    "    steps: 100\n"
			    "    warmup_steps: 0\n"
			    "    blocks: {min: 10, max: 50}\n"
			    "    precision: 0.02\n"
			    "    seconds: 60\n"
			    "    seed: 0\n"
			    "    target_loss: 0.1\n"
			    "    target_part: validation\n"
			    "    learning_rates: [0.1, 1]\n"
			    "    max_epochs: 2.5\n"
			    "    predict: ['pack:2 core:4', 'core:8']\n";

static void expect_option(size_t i, const char *name, const char *text, uint32_t line, uint32_t value_column)
{
	const struct lockstep_scaling_option *option = &spec->options[i];
	cr_expect_str_eq(option->name, name);
	cr_expect_str_eq(option->text, text);
	cr_expect(option->line == line && option->column == 3);
	cr_expect(option->value_line == line && option->value_column == value_column);
}

static void expect_whole(void)
{
	cr_expect_str_eq(spec->name, "n");
	cr_expect_str_eq(spec->description, "all of it");
	cr_assert_eq(spec->n_options, 4);
	expect_option(0, "layers", "784-30-10", 4, 19);
	expect_option(1, "lr", "0.1", 5, 7);
	expect_option(2, "nesterov", "true", 6, 13);
	expect_option(3, "momentum", "0.5", 7, 13);
	cr_expect_eq(spec->kind, LOCKSTEP_SCALING_STRONG);
	cr_assert_eq(spec->n_workers, 3);
	cr_expect(!spec->all_workers && spec->workers[0] == 1 && spec->workers[1] == 2 && spec->workers[2] == 4);
	cr_assert_eq(spec->n_binds, 2);
	cr_expect_str_eq(spec->binds[0], "close");
	cr_expect_str_eq(spec->binds[1], "list:0,2");
	cr_assert_eq(spec->n_engines, 2);
	cr_expect(spec->engines[0] == LOCKSTEP_OPENMP && spec->engines[1] == LOCKSTEP_SERIAL);
	cr_assert_eq(spec->n_splits, 2);
	cr_expect(spec->splits[0] == LOCKSTEP_SPLIT_UNITS && spec->splits[1] == LOCKSTEP_SPLIT_ROWS);
	cr_assert_eq(spec->n_batches, 2);
	cr_expect(spec->batches[0] == 32 && spec->batches[1] == 128);
	cr_expect(spec->slices == 8 && spec->steps == 100 && spec->has_warmup_steps && spec->warmup_steps == 0);
	cr_expect(spec->run_seconds == 0 && spec->blocks_min == 10 && spec->blocks_max == 50);
	cr_expect(spec->precision == 0.02 && spec->seconds == 60 && spec->has_seed && spec->seed == 0);
	cr_expect(spec->target_loss == 0.1 && spec->target_part == LOCKSTEP_TARGET_VALIDATION);
	cr_assert_eq(spec->n_learning_rates, 2);
	cr_expect(spec->learning_rates[0] == 0.1 && spec->learning_rates[1] == 1 && spec->max_epochs == 2.5);
	cr_assert_eq(spec->n_predict, 2);
	cr_expect_str_eq(spec->predict[0], "pack:2 core:4");
	cr_expect_str_eq(spec->predict[1], "core:8");
}

Test(scaling_spec, all_of_it)
{
	parse(whole);
	cr_expect_str_eq(spec->file, "spec");
	expect_whole();
}

Test(scaling_spec, from_a_file)
{
	const char *path = data_write("spec.yaml", whole, strlen(whole));
	cr_assert_eq(lockstep_scaling_spec_load(&spec, path, &error), LOCKSTEP_OK, "%s", error.message);
	cr_expect_str_eq(spec->file, path);
	expect_whole();
	struct lockstep_scaling_spec *none = NULL;
	cr_assert_eq(lockstep_scaling_spec_load(&none, data_path("none.yaml"), &error), LOCKSTEP_ERROR_IO);
	cr_expect_not_null(strstr(error.message, "none.yaml: "));
	cr_expect_null(none);
}

static void expect_nothing_said(void)
{
	cr_expect(!spec->name && !spec->description && spec->n_options == 0);
	cr_expect(spec->kind == -1 && spec->target_part == -1);
	cr_expect(!spec->all_workers && spec->n_workers == 0 && spec->n_binds == 0 && spec->n_engines == 0);
	cr_expect(spec->n_splits == 0 && spec->n_batches == 0 && spec->n_learning_rates == 0 && spec->n_predict == 0);
	cr_expect(spec->slices == 0 && spec->steps == 0 && !spec->has_warmup_steps && !spec->has_seed);
	cr_expect(spec->run_seconds == 0 && spec->blocks_min == 0 && spec->blocks_max == 0 && spec->precision == 0);
	cr_expect(spec->seconds == 0 && spec->target_loss == 0 && spec->max_epochs == 0);
}

Test(scaling_spec, what_is_not_said_is_left_open)
{
	parse("{}");
	expect_nothing_said();
	parse("{parameters: {}, lockstep: {scaling: {}}}");
	expect_nothing_said();
}

#define S(block) "{lockstep: {scaling: {" block "}}}"

Test(scaling_spec, a_scalar_is_a_list_of_one)
{
	parse(S(
	    "workers: 3, bind: none, engine: serial, split: owners, batch: 5, target_loss: 1, learning_rates: 2, predict: 'core:2'"));
	cr_assert(spec->n_workers == 1 && spec->n_binds == 1 && spec->n_engines == 1 && spec->n_splits == 1);
	cr_assert(spec->n_batches == 1 && spec->n_learning_rates == 1 && spec->n_predict == 1);
	cr_expect(spec->workers[0] == 3 && spec->engines[0] == LOCKSTEP_SERIAL);
	cr_expect(spec->splits[0] == LOCKSTEP_SPLIT_OWNERS && spec->batches[0] == 5 && spec->learning_rates[0] == 2);
	parse(S("workers: all"));
	cr_expect(spec->all_workers && spec->n_workers == 0);
}

Test(scaling_spec, what_excludes_another)
{
	parse(S("steps: 0, run_seconds: 2, seed: 18446744073709551615"));
	cr_expect(spec->steps == 0 && spec->run_seconds == 2 && spec->seed == UINT64_MAX);
	parse(S("type: weak, run_seconds: 0.5, batch: 1073741824"));
	cr_expect(spec->kind == LOCKSTEP_SCALING_WEAK && spec->run_seconds == 0.5 && spec->batches[0] == 1u << 30);
}

Test(scaling_spec, places)
{
	uint32_t line = 7, column = 8;
	parse(whole);
	cr_expect(lockstep_scaling_spec_find(spec, "bind", &line, &column) && line == 12 && column == 11);
	cr_expect(lockstep_scaling_spec_find(spec, "target-part", &line, &column) && line == 24 && column == 18);
	cr_expect(lockstep_scaling_spec_find(spec, "layers", &line, &column) && line == 4 && column == 19);
	cr_expect(!lockstep_scaling_spec_find(spec, "run_seconds", &line, &column) && line == 4 && column == 19);
	cr_expect(!lockstep_scaling_spec_find(spec, "data", &line, &column));
}

/* ---- What is wrong ------------------------------------------------------------ */

static void expect_refusal(const char *text, const char *message)
{
	struct lockstep_scaling_spec *const untouched = (void *)&error, *out = untouched;
	cr_assert_eq(lockstep_scaling_spec_parse(&out, text, strlen(text), "spec", &error), LOCKSTEP_ERROR_FORMAT, "%s",
	             text);
	cr_expect_str_eq(error.message, message, "%s:\n%s", text, error.message);
	cr_expect_eq(out, untouched);
}

Test(scaling_spec, keys)
{
	expect_refusal("[1]", "spec:1:1: here is a sequence: expected a mapping");
	expect_refusal("{nmae: x}", "spec:1:2: unknown key 'nmae': did you mean 'name'?");
	expect_refusal("{method: grid}",
	               "spec:1:2: unknown key 'method': expected one of name, description, parameters, lockstep");
	expect_refusal("{lockstep: {sacling: {}}}", "spec:1:13: unknown key 'sacling': did you mean 'scaling'?");
	expect_refusal("{lockstep: 1}", "spec:1:12: lockstep '1': expected a mapping");
	expect_refusal("{lockstep: {scaling: }}", "spec:1:22: scaling is nothing: expected a mapping");
	expect_refusal(S("wokers: 1"), "spec:1:23: unknown key 'wokers': did you mean 'workers'?");
	expect_refusal(S("blocks: {mix: 1}"), "spec:1:32: unknown key 'mix': did you mean 'min'?");
	expect_refusal("{name: }", "spec:1:8: name is nothing: expected a text");
	expect_refusal("{name: a, name: b}", "spec:1:11: the key 'name' is there already, in line 1");
}

Test(scaling_spec, parameters)
{
	expect_refusal("{parameters: 1}", "spec:1:14: parameters '1': expected a mapping of names");
	expect_refusal("{parameters: {lr: {values: [1]}}}", "spec:1:20: unknown key 'values': did you mean 'value'?");
	expect_refusal("{parameters: {lr: {}}}", "spec:1:19: value is missing: expected one value");
	expect_refusal("{parameters: {lr: [1]}}",
	               "spec:1:19: lr is a sequence: expected one value: a number, a text, true, false or null");
	expect_refusal("{parameters: {lr: }}", "spec:1:19: lr is nothing: expected a number, a text, true or false");
	expect_refusal("{parameters: {--lr: 1}}", "spec:1:15: parameter '--lr': expected the name of an option of "
	                                          "train, without dashes before it");
	expect_refusal("{parameters: {leaky-slope: 1, leaky_slope: 1}}",
	               "spec:1:31: the parameter 'leaky_slope' is there already, as 'leaky-slope'");
	expect_refusal("{parameters: {batch: 1}, lockstep: {scaling: {batch: 2}}}",
	               "spec:1:47: batch is a parameter as well: expected one of the two");
	expect_refusal("{parameters: {slices: 1}, lockstep: {scaling: {slices: 2}}}",
	               "spec:1:48: slices is a parameter as well: expected one of the two");
}

Test(scaling_spec, lists)
{
	expect_refusal(S("workers: some"), "spec:1:32: workers 'some': expected all, or a list of numbers of workers");
	expect_refusal(S("workers: []"), "spec:1:32: the list is empty: expected a list of numbers of workers");
	expect_refusal(S("workers: {}"), "spec:1:32: workers is a mapping: expected a list of numbers of workers");
	expect_refusal(S("workers: [1, all]"), "spec:1:36: 'all': expected an integer from 1 to 65536");
	expect_refusal(S("workers: 0"), "spec:1:32: workers '0': expected an integer from 1 to 65536");
	expect_refusal(S("workers: 65537"), "spec:1:32: workers '65537': expected an integer from 1 to 65536");
	expect_refusal(S("workers: [1, 2, 1]"), "spec:1:39: '1' is there already");
	expect_refusal(S("batch: [32, 0x20]"), "spec:1:35: '0x20' is there already");
	expect_refusal(S("batch: [-1]"), "spec:1:31: '-1': expected an integer from 1 to 1073741824");
	expect_refusal(S("batch: ['1']"), "spec:1:31: '1': expected an integer from 1 to 1073741824");
	expect_refusal(S("batch: [1.5]"), "spec:1:31: '1.5': expected an integer from 1 to 1073741824");
	expect_refusal(S("batch: [[1]]"), "spec:1:31: here is a sequence: expected an integer from 1 to 1073741824");
	expect_refusal(S("bind: near"),
	               "spec:1:29: bind 'near': expected close, spread, none or list: with numbers of PUs");
	expect_refusal(S("bind: [close, close]"), "spec:1:37: 'close' is there already");
	expect_refusal(S("engine: mpi"), "spec:1:31: engine 'mpi': expected pthreads, openmp or serial");
	expect_refusal(S("engine: [openmp, openmp]"), "spec:1:40: 'openmp' is there already");
	expect_refusal(S("engine: [openmp, serial, pthreads, openmp]"), "spec:1:31: 4 engines: expected 3 at most");
	expect_refusal(S("split: auto"), "spec:1:30: split 'auto': expected rows, owners or units");
	expect_refusal(S("learning_rates: [0]"), "spec:1:40: '0': expected a number above 0");
	expect_refusal(S("learning_rates: [1, 1.0]"), "spec:1:43: '1.0' is there already");
	expect_refusal(S("learning_rates: x"), "spec:1:39: learning_rates 'x': expected a number");
	expect_refusal(S("predict: [[a]]"), "spec:1:33: here is a sequence: expected a text");
	expect_refusal(S("predict: ['a b', 'a b']"), "spec:1:40: 'a b' is there already");
}

Test(scaling_spec, lists_that_are_too_long)
{
	static char text[16384];
	size_t at = (size_t)snprintf(text, sizeof text, "{lockstep: {scaling: {workers: [");
	for (int i = 1; i <= 1025; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%d,", i);
	snprintf(text + at, sizeof text - at, "]}}}");
	expect_refusal(text, "spec:1:32: 1025 numbers of workers: expected 1024 at most");
	at = (size_t)snprintf(text, sizeof text, "{lockstep: {scaling: {batch: [");
	for (int i = 1; i <= 65; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "%d,", i);
	snprintf(text + at, sizeof text - at, "]}}}");
	expect_refusal(text, "spec:1:30: 65 mini-batches: expected 64 at most");
	at = (size_t)snprintf(text, sizeof text, "{lockstep: {scaling: {bind: [");
	for (int i = 1; i <= 17; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "'list:%d',", i);
	snprintf(text + at, sizeof text - at, "]}}}");
	expect_refusal(text, "spec:1:29: 17 placements: expected 16 at most");
	at = (size_t)snprintf(text, sizeof text, "parameters:\n");
	for (int i = 1; i <= 257; i++)
		at += (size_t)snprintf(text + at, sizeof text - at, "  p%d: 1\n", i);
	expect_refusal(text, "spec:258:3: too many parameters: expected 256 at most");
}

Test(scaling_spec, single_values)
{
	expect_refusal(S("type: week"), "spec:1:29: type 'week': expected strong or weak");
	expect_refusal(S("slices: 3"), "spec:1:31: slices '3': expected a power of two");
	expect_refusal(S("slices: 131072"), "spec:1:31: slices '131072': expected an integer from 1 to 65536");
	expect_refusal(S("steps: -1"), "spec:1:30: steps '-1': expected an integer from 0 to 4294967295");
	expect_refusal(S("seed: 18446744073709551616"),
	               "spec:1:29: '18446744073709551616': the integer does not fit 64 bits");
	expect_refusal(S("warmup_steps: -1"), "spec:1:37: warmup_steps '-1': expected an integer from 0 to 4294967295");
	expect_refusal(S("run_seconds: 3601"), "spec:1:36: run_seconds '3601': expected a number above 0, up to 3600");
	expect_refusal(S("blocks: 3"), "spec:1:31: blocks '3': expected a mapping");
	expect_refusal(S("blocks: {min: 0}"), "spec:1:37: min '0': expected an integer from 1 to 10000");
	expect_refusal(S("blocks: {min: 9, max: 8}"), "spec:1:45: max 8: expected at least the min, 9");
	expect_refusal(S("precision: 2"), "spec:1:34: precision '2': expected a number above 0 and below 1");
	expect_refusal(S("precision: 1"), "spec:1:34: precision '1': expected a number above 0 and below 1");
	expect_refusal(S("blocks: {max: 20000}"), "spec:1:37: max '20000': expected an integer from 1 to 10000");
	expect_refusal(S("seconds: 0"), "spec:1:32: seconds '0': expected a number above 0");
	expect_refusal(S("seconds: [1]"), "spec:1:32: seconds is a sequence: expected a number");
	expect_refusal(S("seed: -1"), "spec:1:29: seed '-1': expected an integer of 0 and more");
	expect_refusal(S("target_loss: 0"), "spec:1:36: target_loss '0': expected a number above 0");
	expect_refusal(S("target_part: tset"), "spec:1:36: target_part 'tset': expected train, test or validation");
	expect_refusal(S("max_epochs: 1e7"), "spec:1:35: max_epochs '1e7': expected a number above 0, up to 1000000");
}

Test(scaling_spec, company)
{
	expect_refusal(S("run_seconds: 1, steps: 3"), "spec:1:23: run_seconds and steps exclude each other");
	expect_refusal(S("target_part: test"), "spec:1:23: target_part needs target_loss");
	expect_refusal(S("learning_rates: [1, 2]"), "spec:1:23: learning_rates needs target_loss");
	expect_refusal(S("seed: 1, max_epochs: 1"), "spec:1:32: max_epochs needs target_loss");
	expect_refusal(S("predict: this, type: weak"),
	               "spec:1:23: predict and type weak exclude each other: a model is of one mini-batch");
	expect_refusal(S("type: weak, target_loss: 1"),
	               "spec:1:35: target_loss and type weak exclude each other: a weak level is a job of its own");
}

/* ---- Memory -------------------------------------------------------------------- */

Test(scaling_spec, every_allocation_that_fails)
{
	struct lockstep_scaling_spec *const untouched = (void *)&error, *out = untouched;
	const char *path = data_write("spec.yaml", whole, strlen(whole));
	for (long n = 1;; n++) {
		ls_memory_fail_at(n);
		lockstep_status status = lockstep_scaling_spec_load(&out, path, &error);
		if (ls_memory_fail_at(0) < n) {
			cr_assert_eq(status, LOCKSTEP_OK);
			cr_assert_gt(n, 20);
			spec = out;
			expect_whole();
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY, "allocation %ld: %s", n, error.message);
		cr_assert_eq(out, untouched);
	}
}
