/* SPDX-License-Identifier: MIT
 *
 * lockstep train: one job from options to fingerprint. Everything that can be
 * wrong is looked at before the first step; a failure to write the table, the
 * log or a checkpoint in mid-training costs no result.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/options/choice.h"
#include "cli/options/job_options.h"
#include "cli/print/message.h"
#include "cli/print/output.h"
#include "cli/print/paths.h"
#include "epoch_table.h"
#include "lockstep/topology.h"
#include "log.h"
#include "progress.h"
#include "resume.h"
#include "stop_signals.h"
#include "summary.h"

#define COMMAND "train"

struct train_options {
	struct ls_job_options job;
	const char *save, *log, *resume;
	int quiet, report_bindings;
	lockstep_checkpoint *checkpoint; /* of the file `resume`; its texts are used by the job */
};

struct run {
	struct train_options *options;
	lockstep_dataset *dataset;
	lockstep_network *network;
	lockstep_trainer *trainer;
	struct lockstep_plan plan;
	struct ls_progress progress;
	struct ls_epoch_table table;
	struct ls_summary summary;
	struct ls_log log;
	struct lockstep_trial choice; /* of the ways tried; workers 0: none yet */
	uint32_t n_epochs;            /* of the job that are done */
	int table_begun;
	uint64_t resumed_step;
	uint64_t step_saved;  /* steps in the checkpoint file; 0: it is not there */
	int checkpoint_fails; /* the last one could not be written */
	double started;
};

#define AT(field) offsetof(struct train_options, field)

static const struct ls_option output_options[] = {
    {0, "save", "MODEL", LS_OPTION_TEXT, AT(save), NULL, "write the trained network to this safetensors file"},
    {0, "checkpoint", "FILE", LS_OPTION_TEXT, AT(job.train.checkpoint), NULL,
     "keep a checkpoint in this file, to resume from (default: the file of --resume)"},
    {0, "checkpoint-every", "N(steps|epochs|seconds)", LS_OPTION_INTERVAL, AT(job.train.checkpoint_every), NULL,
     "how often it is written, beside when the job ends or is interrupted (default 60seconds)"},
    {0, "resume", "FILE", LS_OPTION_TEXT, AT(resume), NULL,
     "go on with the job of this checkpoint; it needs no option that decides the result"},
    {0, "log", "FILE", LS_OPTION_TEXT, AT(log), NULL,
     "write one JSON object a line for start, epochs and end; a resumed job adds to the file"},
    {0, "report-bindings", NULL, LS_OPTION_FLAG, AT(report_bindings), NULL,
     "say on stderr where every worker is pinned"},
    {'q', "quiet", NULL, LS_OPTION_FLAG, AT(quiet), NULL, "print the fingerprint only"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "",
    .summary = "Trains a network by mini-batch gradient descent; with no option 784-30-10 on MNIST. The last "
	       "line of the output is the SHA-256 of the trained parameters.",
    .closing = "Exit status: 0 done, 1 failed, 2 wrong usage, 3 diverged, 129, 130 or 143 interrupted.",
};

static double seconds_now(void)
{
	struct timespec now = {0};
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Not below 0, even where a machine sets that clock back. */
static double seconds_since(double started)
{
	double seconds = seconds_now() - started;
	return seconds > 0 ? seconds : 0;
}

/* ---- Callbacks, in the coordinator's thread ------------------------------ */

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct run *run = context;
	ls_progress_clear(&run->progress);
	if (!run->options->quiet && !run->table_begun)
		ls_epoch_table_heading(&run->table);
	run->table_begun = 1;
	run->n_epochs = epoch->epoch;
	if (!run->options->quiet)
		ls_epoch_table_row(&run->table, epoch);
	ls_summary_add(&run->summary, epoch);
	ls_log_epoch(&run->log, epoch);
	return 0;
}

static int on_progress(const struct lockstep_progress *progress, void *context)
{
	struct run *run = context;
	ls_progress_draw(&run->progress, progress, run->summary.n_epochs ? &run->summary.last : NULL);
	return 0;
}

/* Said once, and again when it becomes another one. */
static void on_choice(const struct lockstep_trial *trials, size_t n, size_t i_chosen, void *context)
{
	struct run *run = context;
	const struct lockstep_trial *chosen = &trials[i_chosen];
	int is_known = run->choice.workers == chosen->workers && run->choice.split == chosen->split;
	run->choice = *chosen;
	ls_log_choice(&run->log, trials, n, i_chosen);
	if (is_known || run->options->quiet)
		return;
	ls_progress_clear(&run->progress);
	ls_choice_note(COMMAND, trials, n, i_chosen);
}

/* A failure is said when it begins, not at every try. */
static void on_checkpoint(const struct lockstep_saved *saved, void *context)
{
	struct run *run = context;
	ls_log_checkpoint(&run->log, saved);
	if (!saved->failure)
		run->step_saved = saved->step;
	if (saved->failure && !run->checkpoint_fails) {
		ls_progress_clear(&run->progress);
		ls_message_note(COMMAND, "no checkpoint at step %llu: %s", (unsigned long long)saved->step,
		                saved->failure);
	}
	run->checkpoint_fails = saved->failure != NULL;
}

static void on_warning(const char *message, void *context)
{
	struct run *run = context;
	ls_progress_clear(&run->progress);
	ls_message_note(COMMAND, "%s", message);
}

/* ---- Before the first step ------------------------------------------------ */

static int report_bindings(const struct run *run, const lockstep_topology *topology)
{
	const struct lockstep_train_options *job = &run->options->job.train;
	uint32_t n_workers = run->plan.workers;
	lockstep_error error;
	struct lockstep_place *places = calloc(n_workers, sizeof *places);
	if (!places)
		return ls_message_failed(COMMAND, "out of memory for %u places", n_workers);
	int status = lockstep_topology_place(topology, n_workers, job->bind, job->smt, places, &error)
	                 ? ls_message_error(COMMAND, &error)
	                 : LS_EXIT_DONE;
	for (uint32_t i = 0; status == LS_EXIT_DONE && i < n_workers; i++) {
		const struct lockstep_place *place = &places[i];
		if (*place->cpuset)
			ls_message_note(COMMAND, "worker %u: core %d, pu %d, numa %d, cpuset %s%s", place->worker,
			                place->core, place->pu, place->numa_node, place->cpuset,
			                place->shared ? " (shared)" : "");
		else
			ls_message_note(COMMAND, "worker %u: not bound", place->worker);
	}
	free(places);
	return status;
}

/* The first event, with nothing of the job left open. */
static void log_start(struct run *run, const lockstep_topology *topology)
{
	struct ls_job_options job = run->options->job;
	struct lockstep_topology_summary machine;
	job.train.scale = run->plan.scale;
	job.train.slices = run->plan.slices;
	lockstep_topology_describe(topology, &machine);
	ls_log_start(&run->log, &(struct ls_log_start){
				    .job = &job,
				    .dataset = run->dataset,
				    .network = run->network,
				    .plan = &run->plan,
				    .machine = &machine,
				    .resumed = run->options->resume,
				    .resumed_step = run->resumed_step,
				});
}

/* What needs the machine's description, which takes a while to get. */
static int describe_machine(struct run *run)
{
	lockstep_error error;
	lockstep_topology *topology;
	if (!run->options->log && !run->options->report_bindings)
		return LS_EXIT_DONE;
	if (lockstep_topology_create(&topology, NULL, &error))
		return ls_message_error(COMMAND, &error);
	int status = run->options->report_bindings ? report_bindings(run, topology) : LS_EXIT_DONE;
	if (status == LS_EXIT_DONE)
		status = ls_log_open(&run->log, run->options->log, run->options->resume != NULL, COMMAND);
	if (status == LS_EXIT_DONE && run->log.file) {
		run->log.multilabel = run->table.multilabel;
		log_start(run, topology);
	}
	lockstep_topology_destroy(topology);
	return status;
}

/* A checkpoint goes where the one that is resumed came from. */
static int check_files(const struct train_options *options)
{
	const struct ls_data_options *data = &options->job.data;
	const struct ls_named_path outputs[] = {{"--save", options->save},
	                                        {"--log", options->log},
	                                        {"--checkpoint", options->job.train.checkpoint},
	                                        {NULL, NULL}};
	const struct ls_named_path inputs[] = {
	    {"--data", ls_data_file(data)}, {"--test", data->files.test}, {NULL, NULL}};
	return ls_paths_check(outputs, inputs, COMMAND);
}

static int check_outputs(const struct train_options *options)
{
	const char *checkpoint = options->job.train.checkpoint;
	if (!checkpoint && options->job.train.checkpoint_every.n)
		return ls_message_usage(COMMAND, "--checkpoint-every without --checkpoint: which file?");
	int status = check_files(options);
	if (status != LS_EXIT_DONE)
		return status;
	if ((options->save && ls_output_check(options->save, COMMAND)) ||
	    (checkpoint && ls_output_check(checkpoint, COMMAND)))
		return LS_EXIT_FAILED;
	return LS_EXIT_DONE;
}

static lockstep_status open_job(struct run *run, lockstep_error *error)
{
	struct train_options *options = run->options;
	const lockstep_checkpoint *checkpoint = options->checkpoint;
	lockstep_status status = ls_job_open(&options->job, &run->dataset, &run->network, error);
	if (!status)
		status = lockstep_trainer_create(&run->trainer, run->network, run->dataset, &options->job.train, error);
	if (!status && checkpoint)
		status = lockstep_trainer_resume(run->trainer, checkpoint, error);
	if (status)
		return status;
	lockstep_trainer_plan(run->trainer, &run->plan);
	if (checkpoint) {
		run->resumed_step = lockstep_checkpoint_step(checkpoint);
		run->n_epochs = (uint32_t)(run->resumed_step / run->plan.steps_per_epoch);
		if (strcmp(options->resume, options->job.train.checkpoint) == 0)
			run->step_saved = run->resumed_step;
	}
	return status;
}

static int prepare(struct run *run)
{
	struct train_options *options = run->options;
	lockstep_error error;
	int status = check_outputs(options);
	if (status != LS_EXIT_DONE)
		return status;
	if (open_job(run, &error))
		return ls_message_error(COMMAND, &error);
	run->table = (struct ls_epoch_table){
	    .validation = run->plan.validation_rows > 0,
	    .test = lockstep_dataset_rows(run->dataset, LOCKSTEP_TEST) > 0,
	    .multilabel = lockstep_dataset_label_kind(run->dataset) == LOCKSTEP_LABELS_MULTI,
	};
	status = describe_machine(run);
	if (status == LS_EXIT_DONE && !options->quiet && !options->resume)
		ls_job_explain(&options->job, COMMAND);
	if (status == LS_EXIT_DONE && !options->quiet && options->resume)
		ls_message_note(COMMAND, "%s: going on after %u of %u epochs, at step %llu", options->resume,
		                run->n_epochs, options->job.train.epochs, (unsigned long long)run->resumed_step);
	return status;
}

/* ---- After the last step --------------------------------------------------- */

/* An option with its value, as the command line has it; empty without a value. */
static void format_option(char text[PATH_MAX], const char *name, const char *value)
{
	snprintf(text, PATH_MAX, "%s%s%s%s", value ? " --" : "", value ? name : "", value ? " " : "",
	         value ? value : "");
}

static void explain_interruption(const struct run *run)
{
	const struct train_options *options = run->options;
	const char *model = options->save, *checkpoint = options->job.train.checkpoint;
	char save[PATH_MAX], log[PATH_MAX];
	ls_message_note(COMMAND, "interrupted after %u of %u epochs%s%s%s", run->n_epochs, options->job.train.epochs,
	                model ? "; " : "", model ? model : "", model ? " is not written" : "");
	if (!checkpoint || !run->step_saved)
		return;
	format_option(save, "save", model);
	format_option(log, "log", options->log);
	ls_message_note(COMMAND, "%s is at step %llu; to go on: lockstep train --resume %s%s%s", checkpoint,
	                (unsigned long long)run->step_saved, checkpoint, save, log);
}

static int finish_unsuccessful(struct run *run, const lockstep_error *error, int signal_number)
{
	const char *outcome = error->status == LOCKSTEP_STOPPED    ? "stopped"
	                      : error->status == LOCKSTEP_DIVERGED ? "diverged"
	                                                           : "failed";
	ls_log_end(&run->log, outcome, NULL, error->message, seconds_since(run->started));
	if (error->status != LOCKSTEP_STOPPED)
		return ls_message_error(COMMAND, error);

	explain_interruption(run);
	return signal_number ? LS_EXIT_SIGNAL + signal_number : LS_EXIT_FAILED;
}

static int save(struct run *run)
{
	lockstep_error error;
	if (!run->options->save || !lockstep_network_save(run->network, run->options->save, &error))
		return LS_EXIT_DONE;
	ls_message_note(COMMAND, "%s", error.message);
	return LS_EXIT_FAILED;
}

static void print_summary(struct run *run, int saved, double seconds)
{
	ls_summary_print(&run->summary, &(struct ls_summary_job){
					    .job = &run->options->job,
					    .dataset = run->dataset,
					    .network = run->network,
					    .plan = &run->plan,
					    .choice = run->choice.workers ? &run->choice : NULL,
					    .saved = saved ? run->options->save : NULL,
					    .resumed = run->options->resume,
					    .resumed_step = run->resumed_step,
					    .seconds = seconds,
					});
}

static int finish(struct run *run)
{
	char fingerprint[65];
	double seconds = seconds_since(run->started);
	int status = save(run);
	lockstep_network_fingerprint(run->network, fingerprint);
	ls_log_end(&run->log, status == LS_EXIT_DONE ? "done" : "failed", fingerprint, NULL, seconds);
	if (!run->options->quiet)
		print_summary(run, status == LS_EXIT_DONE, seconds);
	if (run->checkpoint_fails && status == LS_EXIT_DONE)
		status = LS_EXIT_FAILED; /* which was said when it happened */
	printf("fingerprint %s\n", fingerprint);
	return status;
}

static int execute(struct run *run)
{
	lockstep_error error;
	run->started = seconds_now();
	ls_stop_signals_begin(run->trainer);
	lockstep_status status = lockstep_trainer_run(run->trainer, &error);
	int signal_number = ls_stop_signals_end();
	ls_progress_clear(&run->progress);
	if (!status)
		status = lockstep_trainer_sync(run->trainer, &error);
	return status ? finish_unsuccessful(run, &error, signal_number) : finish(run);
}

static int train(struct train_options *options)
{
	struct run run = {.options = options};
	struct lockstep_train_options *job = &options->job.train;
	job->context = &run;
	job->on_epoch = on_epoch;
	job->on_progress = on_progress;
	job->on_choice = on_choice;
	job->on_checkpoint = on_checkpoint;
	job->on_warning = on_warning;
	ls_progress_init(&run.progress, options->quiet);

	int status = prepare(&run);
	if (status == LS_EXIT_DONE)
		status = execute(&run);
	status = ls_log_close(&run.log, COMMAND, status);
	lockstep_trainer_destroy(run.trainer);
	lockstep_network_destroy(run.network);
	lockstep_dataset_destroy(run.dataset);
	return status;
}

static void init_options(struct train_options *options)
{
	*options = (struct train_options){.save = NULL};
	ls_job_options_init(&options->job);
}

/* Parses once more, over what the checkpoint says. */
static int parse_resumed(struct train_options *options, const struct ls_option_group *groups, int argc, char **argv)
{
	const char *path = options->resume;
	lockstep_checkpoint *checkpoint;
	lockstep_error error;
	if (lockstep_checkpoint_load(&checkpoint, path, &error))
		return ls_message_error(COMMAND, &error);
	init_options(options);
	options->checkpoint = checkpoint;
	ls_resume_options(&options->job, checkpoint);
	options->job.train.checkpoint = path;
	int status = ls_options_parse(&usage, groups, argc, argv, NULL);
	ls_resume_settle_data(&options->job, checkpoint);
	return status;
}

int ls_command_train(int argc, char **argv)
{
	struct train_options options;
	init_options(&options);
	const struct ls_option_group groups[] = {
	    {LS_HEADING_DATA, ls_data_option_table, &options.job.data},
	    {LS_HEADING_NETWORK, ls_network_option_table, &options.job},
	    {LS_HEADING_TRAINING, ls_training_option_table, &options.job},
	    {LS_HEADING_RUN, ls_run_option_table, &options.job},
	    {"Output", output_options, &options},
	    {0},
	};
	int status = ls_options_parse(&usage, groups, argc, argv, NULL);
	if (status == LS_OPTIONS_PARSED && options.resume)
		status = parse_resumed(&options, groups, argc, argv);
	if (status == LS_OPTIONS_PARSED)
		status = train(&options);
	lockstep_checkpoint_destroy(options.checkpoint);
	return status;
}
