/* SPDX-License-Identifier: MIT
 *
 * A plan as one JSON object. What there is no limit of is null.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/print/message.h"
#include "sweep_print.h"

#define COMMAND "sweep"

static json_t *limit(uint64_t n)
{
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_null();
}

/* Null for 0. */
static json_t *n_or_null(uint32_t n)
{
	return n ? json_integer(n) : json_null();
}

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* Numbers are numbers again, with the digits of their texts. */
static json_t *value_object(const lockstep_sweep *sweep, size_t parameter, size_t i)
{
	struct lockstep_sweep_value value;
	lockstep_sweep_get_value(sweep, parameter, i, &value);
	if (value.kind == LOCKSTEP_SWEEP_TEXT)
		return json_string(value.text);
	return json_loads(value.text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL * (value.kind == LOCKSTEP_SWEEP_REAL),
	                  NULL);
}

static json_t *values_array(const lockstep_sweep *sweep, size_t parameter, size_t n)
{
	json_t *values = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(values, value_object(sweep, parameter, i));
	return values;
}

static json_t *probabilities_array(const lockstep_sweep *sweep, size_t parameter, size_t n)
{
	json_t *probabilities = json_array();
	for (size_t i = 0; i < n; i++) {
		struct lockstep_sweep_value value;
		lockstep_sweep_get_value(sweep, parameter, i, &value);
		json_array_append_new(probabilities, json_real(value.probability));
	}
	return probabilities;
}

static json_t *parameter_object(const lockstep_sweep *sweep, size_t i)
{
	struct lockstep_sweep_parameter parameter;
	lockstep_sweep_get_parameter(sweep, i, &parameter);
	json_t *object =
	    json_pack("{s:s, s:s, s:o, s:o}", "name", parameter.name, "distribution", parameter.distribution, "when",
	              text_or_null(parameter.when), "follows", text_or_null(parameter.follows));
	if (parameter.range)
		json_object_set_new(object, "range", json_string(parameter.range));
	else
		json_object_set_new(object, "values", values_array(sweep, i, parameter.n_values));
	if (strcmp(parameter.distribution, "categorical_w_probabilities") == 0)
		json_object_set_new(object, "probabilities", probabilities_array(sweep, i, parameter.n_values));
	return object;
}

static json_t *texts_array(const lockstep_sweep *sweep, size_t n, const char *text(const lockstep_sweep *, size_t))
{
	json_t *texts = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(texts, json_string(text(sweep, i)));
	return texts;
}

static json_t *epochs(uint32_t n)
{
	return n == UINT32_MAX ? json_null() : json_integer(n);
}

static json_t *bracket_array(const lockstep_sweep *sweep, size_t bracket)
{
	json_t *rungs = json_array();
	for (size_t i = 0; i < lockstep_sweep_n_rungs(sweep, bracket); i++) {
		struct lockstep_sweep_rung rung;
		lockstep_sweep_get_rung(sweep, bracket, i, &rung);
		json_array_append_new(
		    rungs, json_pack("{s:o, s:o}", "epochs", epochs(rung.epochs), "trials", limit(rung.n_trials)));
	}
	return rungs;
}

static json_t *scheduler_object(const lockstep_sweep *sweep, const struct lockstep_sweep_plan *plan)
{
	json_t *object = json_pack("{s:s}", "type", plan->scheduler);
	if (plan->max_epochs)
		json_object_set_new(object, "max", epochs(plan->max_epochs));
	if (plan->eta) {
		json_t *brackets = json_array();
		for (size_t i = 0; i < plan->n_brackets; i++)
			json_array_append_new(brackets, bracket_array(sweep, i));
		json_object_set_new(object, "min", json_integer(plan->min_epochs));
		json_object_set_new(object, "eta", json_integer(plan->eta));
		json_object_set_new(object, "brackets", brackets);
	} else if (plan->max_epochs) {
		json_object_set_new(object, "startup", json_integer(plan->median_startup));
		json_object_set_new(object, "warmup", json_integer(plan->median_warmup));
	}
	return object;
}

static json_t *sampler_object(const struct lockstep_sweep_plan *plan)
{
	json_t *object = json_pack("{s:s, s:I}", "type", plan->sampler, "seed", (json_int_t)plan->seed);
	if (plan->startup)
		json_object_set_new(object, "startup", json_integer(plan->startup));
	return object;
}

static json_t *metric_object(const struct lockstep_sweep_plan *plan)
{
	if (!plan->metric)
		return json_null();
	return json_pack("{s:s, s:s, s:o}", "name", plan->metric, "goal", plan->maximize ? "maximize" : "minimize",
	                 "target", plan->has_target ? json_real(plan->target) : json_null());
}

static json_t *repeats_object(const struct lockstep_sweep_plan *plan)
{
	json_t *seeds = json_array();
	if (!plan->n_repeat_seeds) {
		json_decref(seeds);
		return json_null();
	}
	for (size_t i = 0; i < plan->n_repeat_seeds; i++)
		json_array_append_new(seeds, json_integer((json_int_t)plan->repeat_seeds[i]));
	return json_pack("{s:o, s:s}", "seeds", seeds, "aggregate", plan->aggregate);
}

static json_t *plan_object(const lockstep_sweep *sweep, const struct lockstep_sweep_plan *plan)
{
	json_t *parameters = json_array();
	for (size_t i = 0; i < plan->n_parameters; i++)
		json_array_append_new(parameters, parameter_object(sweep, i));
	return json_pack(
	    "{s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:b, s:o}",
	    "file", plan->file, "name", text_or_null(plan->name), "description", text_or_null(plan->description),
	    "built_in", plan->built_in, "program", text_or_null(plan->program), "command",
	    texts_array(sweep, plan->n_command, lockstep_sweep_command), "metric", metric_object(plan), "sampler",
	    sampler_object(plan), "points", limit(plan->n_points), "trials", limit(plan->n_trials), "scheduler",
	    scheduler_object(sweep, plan), "repeats", repeats_object(plan), "parameters", parameters, "constraints",
	    texts_array(sweep, plan->n_constraints, lockstep_sweep_constraint), "window", (json_int_t)plan->window,
	    "cores_per_trial", n_or_null(plan->cores_per_trial), "concurrent", n_or_null(plan->concurrent),
	    "wall_seconds", plan->wall_seconds > 0 ? json_real(plan->wall_seconds) : json_null(), "reproducible",
	    plan->built_in && plan->wall_seconds <= 0, "warnings",
	    texts_array(sweep, plan->n_warnings, lockstep_sweep_warning));
}

int ls_sweep_print_json(const lockstep_sweep *sweep)
{
	struct lockstep_sweep_plan plan;
	lockstep_sweep_describe(sweep, &plan);
	json_t *object = plan_object(sweep, &plan);
	if (!object)
		return ls_message_failed(COMMAND, "out of memory for the plan");
	int failed = json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
	/* What stdout refuses, main() says. */
	return failed && !ferror(stdout) ? ls_message_failed(COMMAND, "out of memory for the plan") : LS_EXIT_DONE;
}
