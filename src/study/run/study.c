/* SPDX-License-Identifier: MIT
 *
 * A study from its specification: what it needs is made, its past is replayed, and
 * it runs.
 */
#include "lockstep/study.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arith/fpcontrol.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "commands.h"
#include "lockstep/version.h"
#include "runner.h"
#include "study/spec/sweep.h"

/* ---- What the specification comes to ------------------------------------ */

static lockstep_status choose_metric(struct ls_runner *runner, lockstep_error *error)
{
	runner->metric_name = runner->spec->metric;
	if (!ls_spec_is_built_in(runner->spec))
		return ls_command_check(runner, error);
	const char *name = runner->spec->metric ? runner->spec->metric : ls_metric_name(LS_METRIC_VALIDATION_LOSS);
	int metric = ls_metric_parse(name);
	if (metric < 0)
		return ls_error_set(
		    error, LOCKSTEP_ERROR_ARGUMENT,
		    "metric '%.80s': training has loss, validation_loss, validation_accuracy, test_loss "
		    "and test_accuracy, and of multi-label data validation_label_accuracy and "
		    "test_label_accuracy",
		    name);
	runner->metric = (enum ls_metric)metric;
	runner->metric_name = name;
	return LOCKSTEP_OK;
}

static lockstep_status make_search(struct ls_runner *runner, lockstep_error *error)
{
	const struct ls_spec *spec = runner->spec;
	struct ls_scheduler_options schedule = spec->scheduler;
	lockstep_status status = ls_sampler_create(&runner->sampler, &spec->space, &spec->sampler, error);
	if (status)
		return status;
	uint64_t n_points = ls_sampler_count(runner->sampler);
	schedule.trials = schedule.trials < n_points ? schedule.trials : n_points;
	if (schedule.trials == UINT64_MAX && spec->wall_seconds <= 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "the sweep has no end: it needs run_cap, or a budget of trials or time");
	runner->progress.n_trials = schedule.trials;
	runner->window = schedule.window;
	runner->by_epoch = schedule.kind == LS_SCHEDULER_MEDIAN;
	runner->whole = schedule.kind == LS_SCHEDULER_NONE ? 0 : schedule.max;
	runner->forecast = ls_forecast_init(&schedule);
	return ls_scheduler_create(&runner->scheduler, &schedule, error);
}

/* ---- The machine ---------------------------------------------------------- */

/* Speeds of commands are not known: as many trials as have the cores that they want, or one each. */
static uint32_t concurrent(const struct ls_spec *spec, uint32_t n_cores)
{
	uint32_t per_trial = spec->cores_per_trial ? spec->cores_per_trial : 1;
	uint32_t most = per_trial < n_cores ? n_cores / per_trial : 1;
	if (ls_spec_is_built_in(spec))
		return spec->concurrent;
	return spec->concurrent && spec->concurrent < most ? spec->concurrent : most;
}

static lockstep_status place(struct ls_runner *runner, const lockstep_topology *topology, lockstep_error *error)
{
	const struct lockstep_study_options *options = runner->options;
	const char *bind = options->bind ? options->bind : "close";
	uint32_t n;
	lockstep_status status = lockstep_topology_auto_workers(topology, bind, options->smt, &n, error);
	if (status)
		return status;
	int is_bound = strcmp(bind, "none") != 0;
	if (options->cores && (options->cores < n || !is_bound))
		n = options->cores;
	runner->n_cores = runner->progress.n_cores = n;
	runner->places = ls_memory_allocate(n, sizeof *runner->places);
	runner->taken = ls_memory_allocate(n, 1);
	if (!runner->places || !runner->taken)
		return ls_error_memory(error, "the cores");
	ls_packing_init(&runner->packing, n, runner->spec->cores_per_trial, concurrent(runner->spec, n),
	                runner->window);
	return lockstep_topology_place(topology, n, bind, options->smt, runner->places, error);
}

/* ---- The database --------------------------------------------------------- */

static lockstep_status make_folder(struct ls_runner *runner, lockstep_error *error)
{
	const char *database = runner->options->database;
	size_t size = strlen(database) + sizeof "-jobs";
	runner->folder = ls_memory_allocate(size, 1);
	if (!runner->folder)
		return ls_error_memory(error, "a path");
	snprintf(runner->folder, size, "%s-jobs", database);
	if (mkdir(runner->folder, 0777) && errno != EEXIST)
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", runner->folder, strerror(errno));
	return LOCKSTEP_OK;
}

static lockstep_status add_study(struct ls_runner *runner, const char *name, const char *text, lockstep_error *error)
{
	const struct ls_spec *spec = runner->spec;
	const char **parameters = ls_memory_allocate(spec->space.n, sizeof *parameters);
	static const uint64_t own_seed[1];
	if (!parameters)
		return ls_error_memory(error, "the names of parameters");
	for (size_t i = 0; i < spec->space.n; i++)
		parameters[i] = spec->space.parameters[i].name;
	const struct ls_store_study study = {
	    .name = name,
	    .description = spec->description,
	    .spec = text,
	    .method = ls_sampler_kind_name(spec->sampler.kind),
	    .sampler = ls_sampler_kind_name(spec->sampler.kind),
	    .scheduler = ls_scheduler_kind_name(spec->scheduler.kind),
	    .metric = runner->metric_name,
	    .aggregate = ls_aggregate_name(spec->aggregate),
	    .maximize = spec->maximize,
	    .seed = spec->sampler.seed,
	    .seeds = spec->n_seeds ? spec->seeds : own_seed,
	    .n_seeds = runner->n_runs,
	    .parameters = parameters,
	    .n_parameters = spec->space.n,
	};
	lockstep_status status = ls_store_add_study(runner->store, &study, &runner->study, error);
	ls_memory_free(parameters);
	return status;
}

static lockstep_status find_or_add(struct ls_runner *runner, const char *text, lockstep_error *error)
{
	const struct ls_spec *spec = runner->spec;
	char digest[65], found[65], name[32];
	ls_sha256(text, strlen(text), digest);
	snprintf(name, sizeof name, "sweep-%.8s", digest);
	const char *wanted = runner->options->name ? runner->options->name : spec->name ? spec->name : name;
	runner->name = ls_memory_copy_text(wanted);
	if (!runner->name)
		return ls_error_memory(error, "a study's name");
	lockstep_status status = ls_store_find_study(runner->store, wanted, &runner->study, found, error);
	if (status)
		return status;
	if (!runner->study)
		return add_study(runner, wanted, text, error);
	if (strcmp(digest, found) != 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%s has another study of the name '%.80s': name this one otherwise",
		                    runner->options->database, wanted);
	return LOCKSTEP_OK;
}

static lockstep_status find_study(struct ls_runner *runner, lockstep_error *error)
{
	static const char between[] = "\n# with: ";
	const char *spec = runner->spec->text, *base = runner->options->base;
	size_t size = strlen(spec) + sizeof between + (base ? strlen(base) : 0);
	char *text = ls_memory_allocate(size, 1);
	if (!text)
		return ls_error_memory(error, "the specification");
	snprintf(text, size, "%s%s%s", spec, base ? between : "", base ? base : "");
	lockstep_status status = find_or_add(runner, text, error);
	ls_memory_free(text);
	return status;
}

static lockstep_status add_session(struct ls_runner *runner, lockstep_topology *topology, lockstep_error *error)
{
	struct lockstep_topology_summary machine;
	const char *xml = "";
	lockstep_topology_describe(topology, &machine);
	lockstep_status status = lockstep_topology_xml(topology, &xml, error);
	if (status)
		return status;
	const struct lockstep_runs_session session = {
	    .version = lockstep_version(),
	    .commit = lockstep_commit(),
	    .compiler = lockstep_compiler(),
	    .isa = lockstep_isa(),
	    .command = runner->options->command ? runner->options->command : "",
	    .cpu = machine.cpu_model,
	    .cores = runner->n_cores,
	    .cpu_quota = machine.cpu_quota > 0 ? machine.cpu_quota : NAN,
	    .topology = xml,
	};
	return ls_store_add_session(runner->store, runner->study, &session, error);
}

/* ---- The whole ------------------------------------------------------------ */

static lockstep_status prepare(struct ls_runner *runner, lockstep_error *error)
{
	lockstep_topology *topology = NULL;
	lockstep_status status = choose_metric(runner, error);
	if (!status)
		status = make_search(runner, error);
	if (!status)
		status = lockstep_topology_create(&topology, NULL, error);
	if (!status)
		status = place(runner, topology, error);
	runner->running = ls_memory_allocate(runner->window, sizeof(struct ls_trial *));
	if (!status && !runner->running)
		status = ls_error_memory(error, "the running trials");
	if (!status)
		status = ls_mailbox_create(&runner->mailbox, error);
	if (!status)
		status = ls_store_open(&runner->store, runner->options->database, error);
	if (!status)
		status = make_folder(runner, error);
	if (!status)
		status = find_study(runner, error);
	if (!status)
		status = add_session(runner, topology, error);
	lockstep_topology_destroy(topology);
	return status;
}

static void clean_up(struct ls_runner *runner)
{
	for (size_t i = 0; i < runner->n_trials; i++)
		ls_trial_destroy(runner->trials[i]);
	ls_memory_free(runner->trials);
	ls_memory_free(runner->running);
	if (runner->folder)
		rmdir(runner->folder); /* which keeps it while there is something in it */
	ls_memory_free(runner->folder);
	ls_memory_free(runner->trial_folders);
	ls_memory_free(runner->name);
	ls_store_close(runner->store);
	ls_mailbox_destroy(runner->mailbox);
	ls_memory_free(runner->taken);
	ls_memory_free(runner->places);
	ls_scheduler_destroy(runner->scheduler);
	ls_sampler_destroy(runner->sampler);
}

static lockstep_status run(struct ls_runner *runner, lockstep_error *error)
{
	lockstep_status status = ls_runner_replay(runner, error);
	if (!status)
		status = ls_runner_run(runner, error);
	const char *outcome = status == LOCKSTEP_OK ? "done" : status == LOCKSTEP_STOPPED ? "interrupted" : "failed";
	lockstep_error cause;
	if (ls_store_end_session(runner->store, outcome, &cause) && !status)
		status = ls_error_set(error, cause.status, "%s", cause.message);
	return status;
}

lockstep_status lockstep_study_run(const lockstep_sweep *sweep, const struct lockstep_study_options *options,
                                   struct lockstep_study_progress *last, lockstep_error *error)
{
	const struct ls_spec *spec = ls_sweep_spec(sweep);
	struct ls_runner runner = {
	    .spec = spec,
	    .options = options,
	    .seeds = spec->n_seeds ? spec->seeds : NULL,
	    .n_runs = spec->n_seeds ? (uint32_t)spec->n_seeds : 1,
	    .progress = {.best_objective = NAN, .objective = NAN, .seconds_left = NAN},
	    .started = ls_clock_seconds(),
	};
	uint64_t saved = ls_fpcontrol_enter();
	lockstep_status status = prepare(&runner, error);
	if (!status)
		status = run(&runner, error);
	runner.progress.message = NULL;
	runner.progress.n_started = runner.n_trials;
	runner.progress.seconds = ls_clock_seconds() - runner.started;
	if (last)
		*last = runner.progress;
	clean_up(&runner);
	ls_fpcontrol_leave(saved);
	return status;
}
