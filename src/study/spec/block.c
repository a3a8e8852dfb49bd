/* SPDX-License-Identifier: MIT
 *
 * The block `lockstep:`, and what the top level says of the same things: how
 * points are found, how far trials train, how often, and how long all may take.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lockstep/train.h"
#include "reader.h"

#define DEFAULT_WINDOW 8
#define DEFAULT_SEED 1
#define DEFAULT_TPE_STARTUP 10
#define DEFAULT_MEDIAN_STARTUP 5
#define DEFAULT_ETA 3

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { SAMPLER, SCHEDULER, REPEATS, WHEN, CONSTRAINTS, ZIP, CORES, WINDOW, BUDGET, N_BLOCK };
const char *const ls_block_keys[] = {"sampler", "scheduler", "repeats", "when",  "constraints",
                                     "zip",     "cores",     "window",  "budget"};
const size_t ls_block_n_keys = N_BLOCK;

static const char *const samplers[] = {"grid", "random", "sobol", "tpe"};
static const char *const schedulers[] = {"none", "median", "successive-halving", "hyperband"};
static const char *const aggregates[] = {"median", "mean", "min", "max"};

const char *ls_aggregate_name(enum ls_aggregate aggregate)
{
	return aggregates[aggregate];
}

const char *ls_sampler_kind_name(enum ls_sampler_kind kind)
{
	return samplers[kind];
}

const char *ls_scheduler_kind_name(enum ls_scheduler_kind kind)
{
	return schedulers[kind];
}

static struct ls_place place_of(const struct ls_node *node, const struct ls_node *otherwise)
{
	return (node ? node : otherwise)->place;
}

/* ---- Sampler ---------------------------------------------------------------- */

static void read_method(struct ls_reader *reader, const struct ls_course *course, int has_type)
{
	static const char *const methods[] = {"grid", "random", "bayes"};
	static const enum ls_sampler_kind kinds[] = {LS_SAMPLER_GRID, LS_SAMPLER_RANDOM, LS_SAMPLER_TPE};
	int method = 0;
	if (!course->method && !has_type)
		ls_reader_refuse(reader, course->top->place, "method is missing: expected grid, random or bayes");
	ls_read_choice(reader, course->method, methods, COUNT(methods), &method);
	reader->spec->sampler.kind = kinds[method];
}

static void check_grid(struct ls_reader *reader)
{
	const struct ls_spec *spec = reader->spec;
	for (size_t i = 0; i < spec->space.n && !reader->status; i++) {
		const struct ls_parameter *parameter = &spec->space.parameters[i];
		const struct ls_parameter_places *places = &spec->places[i];
		enum ls_distribution_kind kind = parameter->distribution.kind;
		struct ls_place place = places->distribution.line ? places->distribution : places->name;
		if (!ls_distribution_is_listed(&parameter->distribution) && kind != LS_INT_UNIFORM &&
		    kind != LS_Q_UNIFORM)
			ls_reader_refuse(reader, place,
			                 "%.64s is %s, which a grid cannot take: expected value, values, int_uniform "
			                 "or q_uniform",
			                 parameter->name, ls_distribution_name(kind));
		else if (!ls_distribution_n_grid(&parameter->distribution))
			ls_reader_refuse(reader, place, "%.64s: expected a grid of 1 to 2^31 points", parameter->name);
	}
}

static void read_sampler(struct ls_reader *reader, const struct ls_node *node, const struct ls_course *course)
{
	enum { TYPE, SEED, STARTUP, N_FIELDS };
	static const char *const names[] = {"type", "seed", "startup"};
	const struct ls_node *fields[N_FIELDS] = {NULL};
	struct ls_sampler_options *sampler = &reader->spec->sampler;
	if (node)
		ls_read_fields(reader, node, names, N_FIELDS, fields);
	read_method(reader, course, fields[TYPE] != NULL);
	int kind = (int)sampler->kind;
	ls_read_choice(reader, fields[TYPE], samplers, COUNT(samplers), &kind);
	sampler->kind = (enum ls_sampler_kind)kind;
	ls_read_u64(reader, fields[SEED], 0, &sampler->seed);
	ls_read_u32(reader, fields[STARTUP], 1, &sampler->startup);
	if (fields[STARTUP] && sampler->kind != LS_SAMPLER_TPE)
		ls_reader_refuse(reader, fields[STARTUP]->key->place, "startup has no meaning for %s: it is of tpe",
		                 samplers[sampler->kind]);
	if (sampler->kind == LS_SAMPLER_GRID)
		check_grid(reader);
	if (sampler->kind == LS_SAMPLER_TPE && !reader->spec->metric)
		ls_reader_refuse(reader, place_of(course->method, course->top), "metric is missing: tpe needs one");
}

/* ---- Scheduler -------------------------------------------------------------- */

enum { TYPE, RESOURCE, LEAST, MOST, ETA, STARTUP, WARMUP, N_SCHEDULER };
static const char *const scheduler_keys[] = {"type", "resource", "min", "max", "eta", "startup", "warmup"};

/* Keys that a type takes, by their bits. */
static unsigned taken_by(enum ls_scheduler_kind kind)
{
	if (kind == LS_SCHEDULER_NONE)
		return 1u << TYPE;
	if (kind == LS_SCHEDULER_MEDIAN)
		return 1u << TYPE | 1u << RESOURCE | 1u << MOST | 1u << STARTUP | 1u << WARMUP;
	return 1u << TYPE | 1u << RESOURCE | 1u << LEAST | 1u << MOST | 1u << ETA;
}

static void read_scheduler(struct ls_reader *reader, const struct ls_node *node)
{
	static const char *const resources[] = {"epoch"};
	struct ls_scheduler_options *scheduler = &reader->spec->scheduler;
	const struct ls_node *fields[N_SCHEDULER];
	int kind = LS_SCHEDULER_NONE, resource = 0;
	ls_read_fields(reader, node, scheduler_keys, N_SCHEDULER, fields);
	if (!reader->status && !fields[TYPE])
		ls_reader_refuse(reader, node->place,
		                 "type is missing: expected none, median, successive-halving or hyperband");
	ls_read_choice(reader, fields[TYPE], schedulers, COUNT(schedulers), &kind);
	scheduler->kind = (enum ls_scheduler_kind)kind;
	for (unsigned i = 0; i < N_SCHEDULER; i++)
		if (fields[i] && !(taken_by(scheduler->kind) & 1u << i))
			ls_reader_refuse(reader, fields[i]->key->place, "%s has no meaning for %s", scheduler_keys[i],
			                 schedulers[kind]);
	ls_read_choice(reader, fields[RESOURCE], resources, COUNT(resources), &resource);
	ls_read_u32(reader, fields[LEAST], 1, &scheduler->min);
	ls_read_u32(reader, fields[MOST], 1, &scheduler->max);
	ls_read_u32(reader, fields[ETA], 2, &scheduler->eta);
	ls_read_u32(reader, fields[STARTUP], 1, &scheduler->startup);
	ls_read_u32(reader, fields[WARMUP], 0, &scheduler->warmup);
}

/* max / eta^s, 1 at least. */
static uint32_t lowest_rung(uint32_t max, uint32_t eta, uint32_t s)
{
	for (; s > 0 && max >= eta; s--)
		max /= eta;
	return max;
}

static void warn_of_early_terminate(struct ls_reader *reader, const struct ls_node *node, const struct ls_node *strict)
{
	int is_strict = 1;
	ls_read_flag(reader, strict, &is_strict);
	if (!is_strict)
		ls_reader_warn(reader, strict->place, "strict: of a rung the best 1 / eta go on, in any case");
	ls_reader_warn(
	    reader, node->key->place, "early_terminate: %strials are paused, not ended, and the best of a rung go on",
	    ls_spec_is_built_in(reader->spec) ? "iterations are epochs here, and logged points to W&B; " : "");
}

static void read_early_terminate(struct ls_reader *reader, const struct ls_node *node)
{
	enum { KIND, MIN_ITER, MAX_ITER, S, FACTOR, STRICT, N_FIELDS };
	static const char *const names[] = {"type", "min_iter", "max_iter", "s", "eta", "strict"};
	static const char *const types[] = {"hyperband"};
	struct ls_scheduler_options *scheduler = &reader->spec->scheduler;
	const struct ls_node *fields[N_FIELDS];
	uint32_t s = 1;
	int type = 0;
	ls_read_fields(reader, node, names, N_FIELDS, fields);
	if (!reader->status && !fields[KIND])
		ls_reader_refuse(reader, node->place, "type is missing: expected hyperband");
	ls_read_choice(reader, fields[KIND], types, COUNT(types), &type);
	if (fields[MIN_ITER] && fields[MAX_ITER])
		ls_reader_refuse(reader, fields[MAX_ITER]->key->place, "max_iter has no meaning beside min_iter");
	if (fields[S] && !fields[MAX_ITER])
		ls_reader_refuse(reader, fields[S]->key->place, "s has no meaning without max_iter");
	if (fields[MAX_ITER] && !fields[S])
		ls_reader_refuse(reader, fields[MAX_ITER]->key->place, "s is missing: max_iter needs it");
	if (!reader->status && !fields[MIN_ITER] && !fields[MAX_ITER])
		ls_reader_refuse(reader, node->place, "expected min_iter, or max_iter and s");
	scheduler->kind = LS_SCHEDULER_HALVING;
	ls_read_u32(reader, fields[FACTOR], 2, &scheduler->eta);
	ls_read_u32(reader, fields[MIN_ITER], 1, &scheduler->min);
	ls_read_u32(reader, fields[MAX_ITER], 1, &scheduler->max);
	ls_read_u32(reader, fields[S], 1, &s);
	if (fields[MAX_ITER])
		scheduler->min = lowest_rung(scheduler->max, scheduler->eta, s);
	else if (!ls_spec_is_built_in(reader->spec))
		scheduler->max = UINT32_MAX; /* as long as the program prints points */
	warn_of_early_terminate(reader, node, fields[STRICT]);
}

/* ---- Epochs of a whole trial ------------------------------------------------- */

static const struct ls_value *constant(const struct ls_spec *spec, const char *name, int *is_there)
{
	for (size_t i = 0; i < spec->space.n; i++)
		if (strcmp(spec->space.parameters[i].name, name) == 0) {
			const struct ls_distribution *distribution = &spec->space.parameters[i].distribution;
			*is_there = 1;
			return distribution->n_values == 1 ? &distribution->values[0] : NULL;
		}
	*is_there = 0;
	return NULL;
}

/* What the built-in trainer's option `epochs` says; 0: not known. */
static uint32_t epochs_of(struct ls_reader *reader, struct ls_place place)
{
	static const struct lockstep_train_options defaults = LOCKSTEP_TRAIN_OPTIONS_INIT;
	int is_there;
	if (!ls_spec_is_built_in(reader->spec))
		return 0;
	const struct ls_value *epochs = constant(reader->spec, "epochs", &is_there);
	if (!is_there) {
		reader->spec->max_is_open = !reader->spec->scheduler.max;
		return reader->spec->max_is_open ? defaults.epochs : 0;
	}
	if (epochs && epochs->kind == LS_VALUE_INTEGER && epochs->integer >= 1 && epochs->integer <= UINT32_MAX)
		return (uint32_t)epochs->integer;
	ls_reader_refuse(reader, place,
	                 "epochs are what the scheduler gives out: expected the parameter epochs to have "
	                 "one value, an integer of 1 and more");
	return 0;
}

static void settle_resource(struct ls_reader *reader, struct ls_place place)
{
	struct ls_scheduler_options *scheduler = &reader->spec->scheduler;
	if (scheduler->kind == LS_SCHEDULER_NONE) {
		scheduler->min = scheduler->max = 1;
		return;
	}
	uint32_t epochs = epochs_of(reader, place);
	if (!scheduler->max && !epochs)
		ls_reader_refuse(reader, place, "max is missing: expected the epochs of a whole trial");
	else if (scheduler->max && epochs && scheduler->max != epochs)
		ls_reader_refuse(reader, place,
		                 "a whole trial has %u epochs here, and %u by the parameter epochs: "
		                 "expected the same",
		                 scheduler->max, epochs);
	if (!scheduler->max)
		scheduler->max = epochs;
	if (scheduler->kind == LS_SCHEDULER_MEDIAN)
		scheduler->min = scheduler->max;
	if (scheduler->min > scheduler->max)
		ls_reader_refuse(reader, place,
		                 "the first rung has %u epochs: expected at most the %u of a whole trial",
		                 scheduler->min, scheduler->max);
	if (!reader->spec->metric)
		ls_reader_refuse(reader, place, "metric is missing: %s needs one", schedulers[scheduler->kind]);
}

static void settle_scheduler(struct ls_reader *reader, const struct ls_node *node, const struct ls_course *course)
{
	if (node)
		read_scheduler(reader, node);
	else if (course->early_terminate)
		read_early_terminate(reader, course->early_terminate);
	settle_resource(reader, place_of(node ? node : course->early_terminate, course->top));
}

/* ---- Repeats, cores, budget -------------------------------------------------- */

static void read_seed(struct ls_reader *reader, const struct ls_node *node)
{
	struct ls_spec *spec = reader->spec;
	uint64_t seed = 0;
	ls_read_u64(reader, node, 0, &seed);
	for (size_t i = 0; i < spec->n_seeds; i++)
		if (seed == spec->seeds[i])
			ls_reader_refuse(reader, node->place, "the seed %.64s is there already", node->text);
	if (!reader->status)
		spec->seeds[spec->n_seeds++] = seed;
}

static void read_seeds(struct ls_reader *reader, const struct ls_node *node)
{
	int is_there;
	if (!ls_read_is_list(reader, node, "seeds"))
		return;
	if (node->n > LS_SEEDS_MAX)
		ls_reader_refuse(reader, node->place, "%zu seeds: expected %d at most", node->n, LS_SEEDS_MAX);
	(void)constant(reader->spec, "seed", &is_there);
	if (is_there)
		ls_reader_refuse(reader, node->place, "seed is a parameter as well: expected one of the two");
	reader->spec->seeds = ls_reader_allocate(reader, node->n, sizeof *reader->spec->seeds);
	for (const struct ls_node *item = node->first; item && !reader->status; item = item->next)
		read_seed(reader, item);
}

static void read_repeats(struct ls_reader *reader, const struct ls_node *node)
{
	enum { SEEDS, AGGREGATE, N_FIELDS };
	static const char *const names[] = {"seeds", "aggregate"};
	const struct ls_node *fields[N_FIELDS];
	int aggregate = LS_AGGREGATE_MEDIAN;
	ls_read_fields(reader, node, names, N_FIELDS, fields);
	if (fields[SEEDS])
		read_seeds(reader, fields[SEEDS]);
	else
		ls_reader_refuse(reader, node->place, "seeds is missing: expected a list of seeds");
	ls_read_choice(reader, fields[AGGREGATE], aggregates, COUNT(aggregates), &aggregate);
	reader->spec->aggregate = (enum ls_aggregate)aggregate;
}

static void read_n_or_auto(struct ls_reader *reader, const struct ls_node *node, uint32_t *out)
{
	if (reader->status || !node)
		return;
	if (node->kind == LS_NODE_SCALAR && strcmp(node->text, "auto") == 0)
		*out = 0;
	else if (ls_read_is_integer(reader, node))
		ls_read_u32(reader, node, 1, out);
	else
		ls_reader_expected(reader, node, "auto, or an integer of 1 and more");
}

static void read_cores(struct ls_reader *reader, const struct ls_node *node)
{
	enum { PER_TRIAL, CONCURRENT, N_FIELDS };
	static const char *const names[] = {"per_trial", "concurrent"};
	struct ls_spec *spec = reader->spec;
	const struct ls_node *fields[N_FIELDS];
	ls_read_fields(reader, node, names, N_FIELDS, fields);
	read_n_or_auto(reader, fields[PER_TRIAL], &spec->cores_per_trial);
	read_n_or_auto(reader, fields[CONCURRENT], &spec->concurrent);
	if (spec->concurrent > spec->scheduler.window)
		ls_reader_refuse(reader, fields[CONCURRENT]->place, "concurrent %u: expected at most the window, %u",
		                 spec->concurrent, spec->scheduler.window);
}

/* "90", "90s", "1.5h"; 0: it is no time. */
static double seconds_of(const char *text)
{
	static const struct {
		char letter;
		double seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	char number[64];
	double x, unit = 1;
	size_t n = strlen(text);
	for (size_t i = 0; n && i < COUNT(units); i++)
		if (text[n - 1] == units[i].letter) {
			unit = units[i].seconds;
			n--;
			break;
		}
	if (n >= sizeof number)
		return 0;
	snprintf(number, sizeof number, "%.*s", (int)n, text);
	return ls_value_read_number(number, &x) && x > 0 && isfinite(x * unit) ? x * unit : 0;
}

static void read_wall(struct ls_reader *reader, const struct ls_node *node)
{
	if (reader->status || !node)
		return;
	double seconds = node->kind == LS_NODE_SCALAR ? seconds_of(node->text) : 0;
	if (seconds > 0)
		reader->spec->wall_seconds = seconds;
	else
		ls_reader_expected(reader, node, "seconds above 0, or a time such as 90s, 10m, 2h or 1d");
}

/* run_cap says the same as budget.trials. */
static void read_budget(struct ls_reader *reader, const struct ls_node *node, const struct ls_node *run_cap)
{
	enum { TRIALS, WALL, N_FIELDS };
	static const char *const names[] = {"trials", "wall"};
	const struct ls_node *fields[N_FIELDS] = {NULL};
	uint64_t *trials = &reader->spec->scheduler.trials, cap = UINT64_MAX;
	if (node)
		ls_read_fields(reader, node, names, N_FIELDS, fields);
	ls_read_u64(reader, run_cap, 1, &cap);
	ls_read_u64(reader, fields[TRIALS], 1, trials);
	if (fields[TRIALS] && run_cap && *trials != cap)
		ls_reader_refuse(reader, fields[TRIALS]->place, "trials %s: expected %s, which run_cap says",
		                 fields[TRIALS]->text, run_cap->text);
	if (run_cap)
		*trials = cap;
	read_wall(reader, fields[WALL]);
}

void ls_read_block(struct ls_reader *reader, const struct ls_node *block, const struct ls_course *course)
{
	const struct ls_node *fields[N_BLOCK] = {NULL};
	struct ls_spec *spec = reader->spec;
	spec->sampler = (struct ls_sampler_options){LS_SAMPLER_GRID, DEFAULT_SEED, DEFAULT_TPE_STARTUP};
	spec->scheduler = (struct ls_scheduler_options){.window = DEFAULT_WINDOW,
	                                                .trials = UINT64_MAX,
	                                                .min = 1,
	                                                .eta = DEFAULT_ETA,
	                                                .startup = DEFAULT_MEDIAN_STARTUP};
	if (block)
		ls_read_fields(reader, block, ls_block_keys, N_BLOCK, fields);
	ls_read_conditions(reader, fields[WHEN], fields[CONSTRAINTS], fields[ZIP]);
	read_sampler(reader, fields[SAMPLER], course);
	settle_scheduler(reader, fields[SCHEDULER], course);
	ls_read_u32(reader, fields[WINDOW], 1, &spec->scheduler.window);
	if (spec->scheduler.window > LS_WINDOW_MAX)
		ls_reader_expected(reader, fields[WINDOW], "an integer from 1 to 65536");
	if (fields[REPEATS])
		read_repeats(reader, fields[REPEATS]);
	if (fields[CORES])
		read_cores(reader, fields[CORES]);
	read_budget(reader, fields[BUDGET], course->run_cap);
}
