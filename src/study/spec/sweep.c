/* SPDX-License-Identifier: MIT
 *
 * The public face of a specification: what a sweep will do, as numbers and texts
 * that are made when it is read.
 */
#include "sweep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "study/space/multiple.h"

#define N_DRAWS 3 /* low, high, in the middle */

/* What is said of a parameter without listed values. */
struct described {
	char *range;                    /* owned */
	struct ls_value draws[N_DRAWS]; /* texts owned */
};

struct lockstep_sweep {
	struct ls_spec *spec;
	struct described *described; /* [n_parameters] */
	char **warnings;             /* [n_warnings]: with their places */
	struct ls_plan *brackets;    /* [n_brackets]: one round */
	size_t n_brackets;
	uint64_t n_points;
};

/* ---- Texts ------------------------------------------------------------------ */

static void add_number(char *text, size_t size, const char *before, double x)
{
	char number[LS_VALUE_TEXT_MAX];
	size_t at = strlen(text);
	ls_value_format(x, number);
	snprintf(text + at, size - at, "%s%s", before, number);
}

static void write_range(const struct ls_distribution *distribution, char *text, size_t size)
{
	text[0] = '\0';
	if (distribution->kind >= LS_BETA) {
		add_number(text, size, "a ", distribution->a);
		add_number(text, size, ", b ", distribution->b);
	} else if (distribution->kind >= LS_NORMAL) {
		add_number(text, size, "mu ", distribution->mu);
		add_number(text, size, ", sigma ", distribution->sigma);
	} else {
		add_number(text, size, "", distribution->min);
		add_number(text, size, " .. ", distribution->max);
	}
	if (ls_distribution_has_q(distribution))
		add_number(text, size, ", q ", distribution->q);
}

static lockstep_status describe_one(struct described *described, const struct ls_distribution *distribution,
                                    lockstep_error *error)
{
	/* The ends where there are ends; else what every sixteenth draw is beyond. */
	static const double ends[N_DRAWS] = {0x1p-32, 1 - 0x1p-32, 0.5}, inner[N_DRAWS] = {0x1p-5, 1 - 0x1p-5, 0.5};
	int has_ends = distribution->kind < LS_NORMAL || distribution->kind >= LS_BETA;
	const double *at = has_ends ? ends : inner;
	char range[4 * LS_VALUE_TEXT_MAX];
	lockstep_status status = LOCKSTEP_OK;
	if (ls_distribution_is_listed(distribution))
		return status;
	write_range(distribution, range, sizeof range);
	described->range = ls_memory_copy_text(range);
	if (!described->range)
		return ls_error_memory(error, "a parameter's range");
	for (int i = 0; i < N_DRAWS && !status; i++)
		status = ls_distribution_value(distribution, ls_distribution_quantile(distribution, at[i]),
		                               &described->draws[i], error);
	return status;
}

static lockstep_status describe_parameters(lockstep_sweep *sweep, lockstep_error *error)
{
	const struct ls_space *space = &sweep->spec->space;
	lockstep_status status = LOCKSTEP_OK;
	sweep->described = ls_memory_allocate(space->n, sizeof *sweep->described);
	if (!sweep->described)
		return ls_error_memory(error, "parameters");
	for (size_t i = 0; i < space->n && !status; i++)
		status = describe_one(&sweep->described[i], &space->parameters[i].distribution, error);
	return status;
}

static lockstep_status write_warnings(lockstep_sweep *sweep, lockstep_error *error)
{
	const struct ls_spec *spec = sweep->spec;
	char line[sizeof error->message];
	sweep->warnings = ls_memory_allocate(spec->n_warnings, sizeof *sweep->warnings);
	for (size_t i = 0; sweep->warnings && i < spec->n_warnings; i++) {
		lockstep_error made;
		ls_document_refuse(spec->file, spec->warnings[i].place, &made, "%s", spec->warnings[i].text);
		snprintf(line, sizeof line, "%s", made.message);
		sweep->warnings[i] = ls_memory_copy_text(line);
		if (!sweep->warnings[i])
			return ls_error_memory(error, "a warning");
	}
	return sweep->warnings ? LOCKSTEP_OK : ls_error_memory(error, "warnings");
}

/* ---- Numbers ---------------------------------------------------------------- */

static uint64_t n_trials(const lockstep_sweep *sweep)
{
	uint64_t budget = sweep->spec->scheduler.trials;
	return budget < sweep->n_points ? budget : sweep->n_points;
}

/* What does not suit the sampler is said of the file. */
static lockstep_status count_points(lockstep_sweep *sweep, lockstep_error *error)
{
	const struct ls_spec *spec = sweep->spec;
	struct ls_sampler *sampler = NULL;
	lockstep_error cause;
	lockstep_status status = ls_sampler_create(&sampler, &spec->space, &spec->sampler, &cause);
	if (status == LOCKSTEP_ERROR_MEMORY)
		return ls_error_memory(error, "a sampler");
	if (status)
		return ls_document_refuse(spec->file, (struct ls_place){0}, error, "%s", cause.message);
	sweep->n_points = ls_sampler_count(sampler);
	ls_sampler_destroy(sampler);
	return LOCKSTEP_OK;
}

static lockstep_status plan_brackets(lockstep_sweep *sweep, lockstep_error *error)
{
	struct ls_scheduler_options options = sweep->spec->scheduler;
	struct ls_plan first = {.trials = 0};
	lockstep_status status = LOCKSTEP_OK;
	if (options.kind != LS_SCHEDULER_HALVING && options.kind != LS_SCHEDULER_HYPERBAND)
		return status;
	options.trials = n_trials(sweep);
	if ((status = ls_scheduler_plan(&first, &options, 0, error)))
		return status;
	struct ls_plan *brackets = ls_memory_allocate(first.per_round, sizeof *brackets);
	if (!brackets)
		return ls_error_memory(error, "brackets");
	size_t n = 0;
	for (uint32_t i = 0; i < first.per_round && !status; i++) {
		status = ls_scheduler_plan(&brackets[i], &options, i, error);
		n += !status && brackets[i].trials > 0;
	}
	ls_memory_free(sweep->brackets);
	sweep->brackets = brackets;
	sweep->n_brackets = n;
	return status;
}

/* ---- Creating --------------------------------------------------------------- */

/* Takes the spec over. */
static lockstep_status finish(lockstep_sweep **out, struct ls_spec *spec, lockstep_error *error)
{
	lockstep_sweep *sweep = ls_memory_allocate(1, sizeof *sweep);
	if (!sweep) {
		ls_spec_destroy(spec);
		return ls_error_memory(error, "a sweep");
	}
	sweep->spec = spec;
	lockstep_status status = describe_parameters(sweep, error);
	if (!status)
		status = write_warnings(sweep, error);
	if (!status)
		status = count_points(sweep, error);
	if (!status)
		status = plan_brackets(sweep, error);
	if (status)
		lockstep_sweep_destroy(sweep);
	else
		*out = sweep;
	return status;
}

lockstep_status lockstep_sweep_load(lockstep_sweep **out, const char *path, lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter(); /* numbers are read rounded to nearest */
	struct ls_spec *spec = NULL;
	lockstep_status status = ls_spec_load(&spec, path, error);
	if (!status)
		status = finish(out, spec, error);
	ls_fpcontrol_leave(saved);
	return status;
}

lockstep_status lockstep_sweep_parse(lockstep_sweep **out, const char *text, size_t length, const char *name,
                                     lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	struct ls_spec *spec = NULL;
	lockstep_status status = ls_spec_parse(&spec, text, length, name, error);
	if (!status)
		status = finish(out, spec, error);
	ls_fpcontrol_leave(saved);
	return status;
}

lockstep_status lockstep_sweep_create(lockstep_sweep **out, const char *const *sets, size_t n_sets,
                                      lockstep_error *error)
{
	uint64_t saved = ls_fpcontrol_enter();
	struct ls_spec *spec = NULL;
	lockstep_status status = ls_spec_from_sets(&spec, sets, n_sets, error);
	if (!status)
		status = finish(out, spec, error);
	ls_fpcontrol_leave(saved);
	if (status != LOCKSTEP_ERROR_FORMAT)
		return status;
	if (error)
		error->status = LOCKSTEP_ERROR_ARGUMENT; /* there is no file */
	return LOCKSTEP_ERROR_ARGUMENT;
}

lockstep_status lockstep_sweep_set_epochs(lockstep_sweep *sweep, uint32_t epochs, lockstep_error *error)
{
	struct ls_scheduler_options *scheduler = &sweep->spec->scheduler;
	const struct ls_scheduler_options before = *scheduler;
	if (scheduler->kind == LS_SCHEDULER_NONE || scheduler->max == epochs)
		return LOCKSTEP_OK;
	if (!sweep->spec->max_is_open)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s says that a whole trial has %u epochs",
		                    sweep->spec->file, scheduler->max);
	if (scheduler->kind == LS_SCHEDULER_MEDIAN)
		scheduler->min = epochs;
	if (scheduler->min > epochs)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s says that the first rung has %u epochs",
		                    sweep->spec->file, scheduler->min);
	scheduler->max = epochs;
	lockstep_status status = plan_brackets(sweep, error);
	if (status)
		*scheduler = before;
	return status;
}

const struct ls_spec *ls_sweep_spec(const lockstep_sweep *sweep)
{
	return sweep->spec;
}

void lockstep_sweep_destroy(lockstep_sweep *sweep)
{
	if (!sweep)
		return;
	for (size_t i = 0; sweep->described && i < sweep->spec->space.n; i++) {
		ls_memory_free(sweep->described[i].range);
		for (int k = 0; k < N_DRAWS; k++)
			ls_value_fini(&sweep->described[i].draws[k]);
	}
	for (size_t i = 0; sweep->warnings && i < sweep->spec->n_warnings; i++)
		ls_memory_free(sweep->warnings[i]);
	ls_memory_free(sweep->brackets);
	ls_memory_free(sweep->warnings);
	ls_memory_free(sweep->described);
	ls_spec_destroy(sweep->spec);
	ls_memory_free(sweep);
}

/* ---- Asking ----------------------------------------------------------------- */

static void describe_scheduler(const struct ls_scheduler_options *scheduler, struct lockstep_sweep_plan *plan)
{
	int has_rungs = scheduler->kind == LS_SCHEDULER_HALVING || scheduler->kind == LS_SCHEDULER_HYPERBAND;
	plan->scheduler = ls_scheduler_kind_name(scheduler->kind);
	if (scheduler->kind == LS_SCHEDULER_NONE)
		return;
	plan->min_epochs = scheduler->min;
	plan->max_epochs = scheduler->max;
	if (has_rungs) {
		plan->eta = scheduler->eta;
	} else {
		plan->median_startup = scheduler->startup;
		plan->median_warmup = scheduler->warmup;
	}
}

void lockstep_sweep_describe(const lockstep_sweep *sweep, struct lockstep_sweep_plan *plan)
{
	const struct ls_spec *spec = sweep->spec;
	*plan = (struct lockstep_sweep_plan){
	    .file = spec->file,
	    .name = spec->name,
	    .description = spec->description,
	    .built_in = ls_spec_is_built_in(spec),
	    .program = spec->program,
	    .n_command = spec->n_command,
	    .metric = spec->metric,
	    .maximize = spec->maximize,
	    .has_target = spec->has_target,
	    .target = spec->target,
	    .n_parameters = spec->space.n,
	    .n_constraints = spec->space.n_constraints,
	    .n_warnings = spec->n_warnings,
	    .sampler = ls_sampler_kind_name(spec->sampler.kind),
	    .seed = spec->sampler.seed,
	    .startup = spec->sampler.kind == LS_SAMPLER_TPE ? spec->sampler.startup : 0,
	    .n_points = sweep->n_points,
	    .n_trials = n_trials(sweep),
	    .n_brackets = sweep->n_brackets,
	    .repeat_seeds = spec->seeds,
	    .n_repeat_seeds = spec->n_seeds,
	    .aggregate = ls_aggregate_name(spec->aggregate),
	    .window = spec->scheduler.window,
	    .cores_per_trial = spec->cores_per_trial,
	    .concurrent = spec->concurrent,
	    .wall_seconds = spec->wall_seconds,
	};
	describe_scheduler(&spec->scheduler, plan);
}

const char *lockstep_sweep_command(const lockstep_sweep *sweep, size_t i)
{
	return sweep->spec->command[i];
}

const char *lockstep_sweep_constraint(const lockstep_sweep *sweep, size_t i)
{
	return ls_expression_text(sweep->spec->space.constraints[i]);
}

const char *lockstep_sweep_warning(const lockstep_sweep *sweep, size_t i)
{
	return sweep->warnings[i];
}

size_t lockstep_sweep_n_rungs(const lockstep_sweep *sweep, size_t bracket)
{
	return sweep->brackets[bracket].n_rungs;
}

void lockstep_sweep_get_rung(const lockstep_sweep *sweep, size_t bracket, size_t i, struct lockstep_sweep_rung *rung)
{
	const struct ls_plan_rung *found = &sweep->brackets[bracket].rungs[i];
	int is_unlimited = sweep->brackets[bracket].trials == UINT64_MAX;
	*rung = (struct lockstep_sweep_rung){found->until, is_unlimited ? UINT64_MAX : found->trials};
}

/* Draws of a q_ one are the multiples inside its bounds, where there is one. */
static void snap(const struct ls_distribution *distribution, struct lockstep_sweep_parameter *parameter)
{
	double q = distribution->q;
	struct ls_multiples inside = ls_multiples_within(q, parameter->low, parameter->high);
	if (!ls_distribution_has_q(distribution) || inside.last < inside.first)
		return;
	parameter->low = ls_multiple(q, inside.first);
	parameter->high = ls_multiple(q, inside.last);
	parameter->q = q;
}

static void bound(const struct ls_distribution *distribution, struct lockstep_sweep_parameter *parameter)
{
	const enum ls_distribution_kind kind = distribution->kind;
	parameter->low = parameter->high = NAN;
	if (ls_distribution_is_listed(distribution))
		return;
	parameter->is_log =
	    (kind >= LS_LOG_UNIFORM && kind < LS_NORMAL) || kind == LS_LOG_NORMAL || kind == LS_Q_LOG_NORMAL;
	if (!ls_distribution_bounds(distribution, &parameter->low, &parameter->high)) {
		parameter->low = ls_distribution_quantile(distribution, 0x1p-10);
		parameter->high = ls_distribution_quantile(distribution, 1 - 0x1p-10);
	}
	snap(distribution, parameter);
}

void lockstep_sweep_get_parameter(const lockstep_sweep *sweep, size_t i, struct lockstep_sweep_parameter *parameter)
{
	const struct ls_parameter *found = &sweep->spec->space.parameters[i];
	struct ls_place place = sweep->spec->places[i].name;
	*parameter = (struct lockstep_sweep_parameter){
	    .name = found->name,
	    .line = place.line,
	    .column = place.column,
	    .distribution = ls_distribution_name(found->distribution.kind),
	    .range = sweep->described[i].range,
	    .n_values = sweep->described[i].range ? N_DRAWS : found->distribution.n_values,
	    .when = found->when ? ls_expression_text(found->when) : NULL,
	    .follows = found->follows == LS_LEADS ? NULL : sweep->spec->space.parameters[found->follows].name,
	};
	uint64_t saved = ls_fpcontrol_enter();
	bound(&found->distribution, parameter);
	ls_fpcontrol_leave(saved);
}

/* A draw's place is that of the bound that it is near to, of min and max in turn. */
static struct ls_place place_of_draw(const struct ls_parameter_places *places, size_t i)
{
	struct ls_place bound = i == 0 ? places->min : places->max;
	if (i == N_DRAWS - 1 || !bound.line)
		return places->distribution.line ? places->distribution : places->name;
	return bound;
}

void lockstep_sweep_get_value(const lockstep_sweep *sweep, size_t parameter, size_t i,
                              struct lockstep_sweep_value *value)
{
	const struct ls_distribution *distribution = &sweep->spec->space.parameters[parameter].distribution;
	const struct ls_parameter_places *places = &sweep->spec->places[parameter];
	int is_listed = ls_distribution_is_listed(distribution);
	const struct ls_value *found = is_listed ? &distribution->values[i] : &sweep->described[parameter].draws[i];
	struct ls_place place = is_listed ? places->values[i] : place_of_draw(places, i);
	*value = (struct lockstep_sweep_value){
	    .kind = (enum lockstep_sweep_kind)found->kind,
	    .text = found->text,
	    .probability = distribution->probabilities ? distribution->probabilities[i] : 0,
	    .line = place.line,
	    .column = place.column,
	};
}
