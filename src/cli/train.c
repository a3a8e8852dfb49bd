/* SPDX-License-Identifier: MIT
 *
 * lockstep train: one job from options to fingerprint. Everything that can be
 * wrong is looked at before the first step; a failure to write the table or
 * the log in mid-training is reported at the end, so that it costs no result.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "choice.h"
#include "command.h"
#include "epoch_table.h"
#include "job_options.h"
#include "lockstep/topology.h"
#include "log.h"
#include "message.h"
#include "output.h"
#include "progress.h"
#include "stop_signals.h"
#include "summary.h"

#define COMMAND "train"

struct train_options {
	struct ls_job_options job;
	const char *save, *log;
	int quiet, report_bindings;
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
	double started;
};

#define AT(field) offsetof(struct train_options, field)

static const struct ls_option output_options[] = {
    {0, "save", "MODEL", LS_OPTION_TEXT, AT(save), NULL, "write the trained network to this safetensors file"},
    {0, "log", "FILE", LS_OPTION_TEXT, AT(log), NULL, "write one JSON object a line for start, epochs and end"},
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
    .closing = "Exit status: 0 done, 1 failed, 2 wrong usage, 3 diverged, 130 or 143 interrupted.",
};

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* ---- Callbacks, in the coordinator's thread ------------------------------ */

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct run *run = context;
	ls_progress_clear(&run->progress);
	if (!run->options->quiet && run->summary.n_epochs == 0)
		ls_epoch_table_heading(&run->table);
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
	ls_log_start(&run->log, &(struct ls_log_start){&job, run->dataset, run->network, &run->plan, &machine});
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
		status = ls_log_open(&run->log, run->options->log, COMMAND);
	if (status == LS_EXIT_DONE && run->log.file) {
		run->log.multilabel = run->table.multilabel;
		log_start(run, topology);
	}
	lockstep_topology_destroy(topology);
	return status;
}

static int prepare(struct run *run)
{
	struct train_options *options = run->options;
	lockstep_error error;
	if (options->save && ls_output_check(options->save, COMMAND))
		return LS_EXIT_FAILED;
	if (ls_job_open(&options->job, &run->dataset, &run->network, &error) ||
	    lockstep_trainer_create(&run->trainer, run->network, run->dataset, &options->job.train, &error))
		return ls_message_error(COMMAND, &error);
	lockstep_trainer_plan(run->trainer, &run->plan);
	run->table = (struct ls_epoch_table){
	    .validation = run->plan.validation_rows > 0,
	    .test = lockstep_dataset_rows(run->dataset, LOCKSTEP_TEST) > 0,
	    .multilabel = lockstep_dataset_label_kind(run->dataset) == LOCKSTEP_LABELS_MULTI,
	};
	int status = describe_machine(run);
	if (status == LS_EXIT_DONE && !options->quiet)
		ls_job_explain(&options->job, COMMAND);
	return status;
}

/* ---- After the last step --------------------------------------------------- */

static int finish_unsuccessful(struct run *run, const lockstep_error *error, int signal_number)
{
	const char *outcome = error->status == LOCKSTEP_STOPPED    ? "stopped"
	                      : error->status == LOCKSTEP_DIVERGED ? "diverged"
	                                                           : "failed";
	ls_log_end(&run->log, outcome, NULL, error->message, seconds_now() - run->started);
	if (error->status != LOCKSTEP_STOPPED)
		return ls_message_error(COMMAND, error);

	const char *model = run->options->save;
	ls_message_note(COMMAND, "interrupted after %u of %u epochs%s%s%s", run->summary.n_epochs,
	                run->options->job.train.epochs, model ? "; " : "", model ? model : "",
	                model ? " is not written" : "");
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
					    .seconds = seconds,
					});
}

static int finish(struct run *run)
{
	char fingerprint[65];
	double seconds = seconds_now() - run->started;
	int status = save(run);
	lockstep_network_fingerprint(run->network, fingerprint);
	ls_log_end(&run->log, status == LS_EXIT_DONE ? "done" : "failed", fingerprint, NULL, seconds);
	if (!run->options->quiet)
		print_summary(run, status == LS_EXIT_DONE, seconds);
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

int ls_command_train(int argc, char **argv)
{
	struct train_options options = {.save = NULL};
	ls_job_options_init(&options.job);
	const struct ls_option_group groups[] = {
	    {LS_HEADING_DATA, ls_data_option_table, &options.job.data},
	    {LS_HEADING_NETWORK, ls_network_option_table, &options.job},
	    {LS_HEADING_TRAINING, ls_training_option_table, &options.job},
	    {LS_HEADING_RUN, ls_run_option_table, &options.job},
	    {"Output", output_options, &options},
	    {0},
	};
	int status = ls_options_parse(&usage, groups, argc, argv, NULL);
	return status == LS_OPTIONS_PARSED ? train(&options) : status;
}
