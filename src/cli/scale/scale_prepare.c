/* SPDX-License-Identifier: MIT
 *
 * A trainer of one worker is made and thrown away for every mini-batch: it refuses what training would, and
 * knows the slices.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/print/message.h"
#include "lockstep/version.h"
#include "scale_run.h"

#define COMMAND LS_SCALE_COMMAND

static int failed(const struct ls_scale_run *run, const lockstep_error *error)
{
	return ls_scale_spec_failed(&run->options, NULL, error);
}

/* "--NAME what is wrong". */
__attribute__((format(printf, 3, 4))) static int refuse(const struct ls_scale_run *run, const char *name,
                                                        const char *format, ...)
{
	lockstep_error error = {.status = LOCKSTEP_ERROR_ARGUMENT};
	va_list arguments;
	int n = snprintf(error.message, sizeof error.message, "--%s ", name);
	va_start(arguments, format);
	vsnprintf(error.message + n, sizeof error.message - (size_t)n, format, arguments);
	va_end(arguments);
	return ls_scale_spec_failed(&run->options, name, &error);
}

static lockstep_status plan_batch(struct ls_scale_run *run, lockstep_network *network, size_t i, lockstep_error *error)
{
	struct lockstep_train_options train = run->options.job.train;
	struct lockstep_plan plan;
	lockstep_trainer *trainer;
	train.batch = run->options.batches[i];
	train.workers = 1;
	train.split = LOCKSTEP_SPLIT_ROWS;
	train.bind = "none";
	lockstep_status status = lockstep_trainer_create(&trainer, network, run->dataset, &train, error);
	if (status)
		return status;
	lockstep_trainer_plan(trainer, &plan);
	run->slices[i] = plan.slices;
	lockstep_trainer_destroy(trainer);
	return LOCKSTEP_OK;
}

static void describe_job(struct ls_scale_run *run)
{
	const struct ls_job_options *job = &run->options.job;
	run->job = (struct lockstep_scaling_job){
	    .dataset = run->dataset,
	    .layers = job->layers,
	    .network = job->network,
	    .train = job->train,
	};
}

static int open_job(struct ls_scale_run *run)
{
	struct ls_job_options *job = &run->options.job;
	lockstep_network *network;
	lockstep_error error;
	if (lockstep_train_check(&job->train, &error) || ls_job_open(job, &run->dataset, &network, &error))
		return failed(run, &error);
	ls_job_explain(job, COMMAND);
	describe_job(run);
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < run->options.n_batches && !status; i++)
		status = plan_batch(run, network, i, &error);
	int crossed =
	    status ? failed(run, &error) : ls_scale_options_cross(&run->options, lockstep_network_n_layers(network));
	lockstep_network_destroy(network);
	return crossed;
}

/* The most workers that any placement leaves a core of their own. */
static int find_most(struct ls_scale_run *run)
{
	const struct ls_scale_options *options = &run->options;
	lockstep_error error;
	run->most_workers = 1;
	for (size_t i = 0; i < options->n_binds; i++) {
		uint32_t n;
		if (lockstep_topology_auto_workers(run->topology, options->binds[i], options->job.train.smt, &n,
		                                   &error))
			return ls_scale_spec_failed(options, "bind", &error);
		run->most_workers = n > run->most_workers ? n : run->most_workers;
	}
	return LS_EXIT_DONE;
}

/* Those of the list; without one all that have cores, and slices. */
static int settle_workers(struct ls_scale_run *run)
{
	struct ls_scale_options *options = &run->options;
	uint32_t most = run->most_workers, most_slices = 1;
	for (size_t i = 0; i < options->n_batches; i++)
		most_slices = run->slices[i] > most_slices ? run->slices[i] : most_slices;
	if (!options->weak && most > most_slices)
		most = most_slices;
	if (most > LS_SCALE_LEVELS_MAX)
		most = LS_SCALE_LEVELS_MAX;
	for (uint32_t i = 0; i < most && options->n_workers == i; i++)
		options->workers[options->n_workers++] = i + 1;
	options->study.workers = options->workers;
	options->study.n_workers = options->n_workers;
	return LS_EXIT_DONE;
}

static int add_machine(struct ls_scale_run *run, const char *name)
{
	struct ls_scale_machine *machine = &run->machines[run->n_machines];
	lockstep_error error;
	uint32_t n;
	if (strcmp(name, "this") == 0)
		return LS_EXIT_DONE;
	if (lockstep_topology_create(&machine->topology, name, &error))
		return refuse(run, "predict", "'%s': %s", name, error.message);
	machine->name = name;
	run->n_machines++;
	for (size_t i = 0; i < run->options.n_binds; i++)
		if (lockstep_topology_auto_workers(machine->topology, run->options.binds[i], run->options.job.train.smt,
		                                   &n, &error))
			return refuse(run, "predict", "'%s': %s", name, error.message);
	return LS_EXIT_DONE;
}

static int open_others(struct ls_scale_run *run)
{
	int status = LS_EXIT_DONE;
	if (run->options.predict.n)
		run->machines[run->n_machines++] = (struct ls_scale_machine){.topology = run->topology};
	for (size_t i = 0; i < run->options.predict.n && status == LS_EXIT_DONE; i++)
		status = add_machine(run, run->options.predict.texts[i]);
	return status;
}

/* Splits that nobody named are left out where the baseline has too many workers for them. Rows stay: what forbids them is
 * an error. */
static int drop_impossible(struct ls_scale_run *run)
{
	struct ls_scale_options *options = &run->options;
	size_t n = 0;
	for (size_t i = 0; i < options->study.n_settings; i++) {
		const struct lockstep_scaling_setting setting = options->settings[i];
		int may_lack = !options->split_list && setting.split != LOCKSTEP_SPLIT_ROWS;
		if (!may_lack || lockstep_scaling_level_check(&run->job, options->study.kind, &setting,
		                                              options->workers[0], NULL) != LOCKSTEP_ERROR_ARGUMENT)
			options->settings[n++] = setting;
	}
	options->study.n_settings = n;
	return LS_EXIT_DONE;
}

/* Series that the model does not know go without, but one must be that it knows. */
static int check_model(struct ls_scale_run *run)
{
	const struct lockstep_scaling_study_options *study = &run->options.study;
	lockstep_error error, first = {0};
	for (size_t i = 0; run->n_machines && i < study->n_settings; i++) {
		if (!lockstep_machine_model_check(&study->settings[i], run->topology, run->options.job.train.smt,
		                                  &error))
			return LS_EXIT_DONE;
		first = i ? first : error;
	}
	return run->n_machines ? refuse(run, "predict", "is not possible: %s", first.message) : LS_EXIT_DONE;
}

static int settle_part(struct ls_scale_run *run)
{
	struct ls_scale_options *options = &run->options;
	int has_test = lockstep_dataset_rows(run->dataset, LOCKSTEP_TEST) > 0;
	int has_validation = options->job.train.validation > 0;
	int part = options->target_part;
	if (part < 0)
		part = has_test         ? LOCKSTEP_TARGET_TEST
		       : has_validation ? LOCKSTEP_TARGET_VALIDATION
		                        : LOCKSTEP_TARGET_TRAIN;
	if (part == LOCKSTEP_TARGET_TEST && !has_test)
		return refuse(run, "target-part", "test: the data have no test part");
	if (part == LOCKSTEP_TARGET_VALIDATION && !has_validation)
		return refuse(run, "target-part", "validation: the job keeps no rows for it (--validation)");
	options->loss.part = (enum lockstep_target_part)part;
	return LS_EXIT_DONE;
}

static int open_machine(struct ls_scale_run *run)
{
	lockstep_error error;
	return lockstep_isa_check(run->options.job.train.isa, &error) ||
	               lockstep_topology_create(&run->topology, NULL, &error)
	           ? failed(run, &error)
	           : LS_EXIT_DONE;
}

int ls_scale_prepare(struct ls_scale_run *run)
{
	static int (*const steps[])(struct ls_scale_run *) = {
	    open_machine, find_most, open_others, open_job, settle_workers, drop_impossible, check_model, settle_part,
	};
	int status = ls_scale_output_check(&run->options);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && status == LS_EXIT_DONE; i++)
		status = steps[i](run);
	return status;
}
