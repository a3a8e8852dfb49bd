/* SPDX-License-Identifier: MIT
 *
 * Running a sweep. Every trial is the command line's job with its parameters put in;
 * data that several trials read are opened once.
 */
#include "sweep_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "cli/train/log.h"
#include "cli/train/stop_signals.h"
#include "lockstep/study.h"
#include "sweep_check.h"
#include "sweep_watch.h"

#define COMMAND "sweep"

/* A data set that is open, by its options as text. */
struct opened {
	struct opened *next;
	char *key, *name; /* the name is for people: "a.csv --label kind" */
	lockstep_dataset *dataset;
};

struct running {
	const struct ls_sweep_run *run;
	struct lockstep_sweep_plan plan;
	const char *metric;
	struct opened *data;
	struct ls_sweep_watch watch;
};

/* ---- Jobs ---------------------------------------------------------------- */

static lockstep_status no_memory(lockstep_error *error)
{
	error->status = LOCKSTEP_ERROR_MEMORY;
	snprintf(error->message, sizeof error->message, "out of memory for a data set's name");
	return LOCKSTEP_ERROR_MEMORY;
}

static const struct opened *find_data(const struct running *running, const char *key)
{
	const struct opened *opened = running->data;
	while (opened && strcmp(opened->key, key) != 0)
		opened = opened->next;
	return opened;
}

/* The options as they were given, --data itself without its name; to be freed. */
static char *name_of(const struct ls_data_options *options)
{
	const char *const texts[][2] = {{"", options->data},
	                                {" --test ", options->files.test},
	                                {" --label ", options->files.label},
	                                {" --labels ", options->files.labels},
	                                {" --test-labels ", options->files.test_labels}};
	const size_t n = sizeof texts / sizeof *texts;
	size_t size = 1;
	for (size_t i = 0; i < n; i++)
		size += texts[i][1] ? strlen(texts[i][0]) + strlen(texts[i][1]) : 0;
	char *name = malloc(size), *at = name;
	for (size_t i = 0; name && i < n; i++)
		if (texts[i][1])
			at += sprintf(at, "%s%s", texts[i][0], texts[i][1]);
	return name;
}

static void close_one(struct opened *opened)
{
	lockstep_dataset_destroy(opened->dataset);
	free(opened->name);
	free(opened->key);
	free(opened);
}

/* Takes the key over. */
static lockstep_status add_data(struct running *running, char *key, const struct ls_data_options *options,
                                const struct opened **out, lockstep_error *error)
{
	struct opened *opened = calloc(1, sizeof *opened);
	if (!opened) {
		free(key);
		return no_memory(error);
	}
	opened->key = key;
	opened->name = name_of(options);
	lockstep_status status = opened->name ? ls_dataset_open(&opened->dataset, options, error) : no_memory(error);
	if (status) {
		close_one(opened);
		return status;
	}
	opened->next = running->data;
	running->data = opened;
	*out = opened;
	return LOCKSTEP_OK;
}

static lockstep_status open_data(struct running *running, const struct ls_data_options *options,
                                 const struct opened **out, lockstep_error *error)
{
	char *key = ls_log_data_text(options);
	if (!key)
		return no_memory(error);
	const struct opened *opened = find_data(running, key);
	if (opened) {
		free(key);
		*out = opened;
		return LOCKSTEP_OK;
	}
	return add_data(running, key, options, out, error);
}

static void close_data(struct running *running)
{
	while (running->data) {
		struct opened *opened = running->data;
		running->data = opened->next;
		close_one(opened);
	}
}

static lockstep_status prepare(const struct lockstep_study_trial *trial, struct lockstep_study_job *out, void *context,
                               lockstep_error *error)
{
	struct running *running = context;
	struct ls_job_options job = running->run->job;
	const struct opened *data = NULL;
	lockstep_network *network;
	lockstep_status status = LOCKSTEP_OK;
	if (trial->has_seed)
		job.train.seed = trial->seed;
	if (trial->epochs)
		job.train.epochs = trial->epochs;
	for (size_t i = 0; i < trial->n && !status; i++)
		status = ls_sweep_set(&job, trial->names[i], trial->texts[i], error);
	if (!status)
		status = open_data(running, &job.data, &data, error);
	if (!status)
		status = lockstep_train_check(&job.train, error);
	if (!status)
		status = ls_job_make_network(&job, data->dataset, &network, error);
	if (status)
		return status;
	out->dataset = data->dataset;
	out->data = data->name;
	out->network = network;
	out->options = job.train;
	return LOCKSTEP_OK;
}

/* ---- What is said ---------------------------------------------------------- */

static void on_trial(const struct lockstep_study_trial *trial, void *context)
{
	struct running *running = context;
	ls_sweep_watch_trial(&running->watch, trial);
}

static int on_progress(const struct lockstep_study_progress *progress, void *context)
{
	struct running *running = context;
	ls_sweep_watch_progress(&running->watch, progress);
	return ls_stop_signals_caught() != 0;
}

static void on_warning(const char *message, void *context)
{
	struct running *running = context;
	ls_sweep_watch_clear(&running->watch);
	ls_message_note(COMMAND, "%s", message);
}

static void print_result(const struct running *running, const struct lockstep_study_progress *last)
{
	printf("trials      %llu", (unsigned long long)last->n_started);
	for (int state = 0; state < LOCKSTEP_N_TRIAL_STATES; state++)
		if (last->n_in_state[state])
			printf(", %llu %s", (unsigned long long)last->n_in_state[state],
			       lockstep_trial_state_name((enum lockstep_trial_state)state));
	printf("\nseconds     %.1f\n", last->seconds);
	if (isnan(last->best_objective))
		printf("best        none\n");
	else
		printf("best        trial %llu, %s %.9g\n            %s\n", (unsigned long long)last->best,
		       running->metric, last->best_objective, ls_sweep_watch_parameters(&running->watch, last->best));
	if (!running->plan.built_in)
		puts("same again  as far as the program does");
}

/* ---- The whole -------------------------------------------------------------- */

/* Data that no parameter chooses are opened first: where they are not to be had, that is
 * no result of a trial. */
static lockstep_status open_base(struct running *running, const lockstep_sweep *sweep, lockstep_error *error)
{
	const struct opened *data;
	if (!running->plan.built_in)
		return LOCKSTEP_OK;
	for (size_t i = 0; i < running->plan.n_parameters; i++) {
		struct lockstep_sweep_parameter parameter;
		lockstep_sweep_get_parameter(sweep, i, &parameter);
		if (ls_sweep_is_data(parameter.name))
			return LOCKSTEP_OK;
	}
	return open_data(running, &running->run->job.data, &data, error);
}

/* What would be left unheard. */
static lockstep_status check(const struct running *running, char *job, lockstep_error *error)
{
	struct ls_job_options usual;
	ls_job_options_init(&usual);
	char *text = ls_log_job_text(&usual);
	int is_usual = running->plan.built_in || (text && job && strcmp(text, job) == 0);
	free(text);
	if (is_usual)
		return LOCKSTEP_OK;
	error->status = LOCKSTEP_ERROR_ARGUMENT;
	snprintf(error->message, sizeof error->message,
	         "%s: options of train say nothing to another program: give them to its command", running->plan.file);
	return error->status;
}

static int finish(struct running *running, lockstep_status status, const struct lockstep_study_progress *last,
                  const lockstep_error *error)
{
	int number = ls_stop_signals_end();
	ls_sweep_watch_clear(&running->watch);
	if (status && status != LOCKSTEP_STOPPED)
		return ls_message_error(COMMAND, error);
	print_result(running, last);
	if (!status)
		return LS_EXIT_DONE;
	ls_message_note(COMMAND, "interrupted after %llu trials; the same command goes on",
	                (unsigned long long)ls_sweep_n_ended(last));
	return number ? LS_EXIT_SIGNAL + number : LS_EXIT_DONE;
}

int ls_sweep_run(const lockstep_sweep *sweep, const struct ls_sweep_run *run)
{
	struct running running = {.run = run};
	struct lockstep_study_progress last = {.best_objective = NAN};
	lockstep_error error;
	lockstep_sweep_describe(sweep, &running.plan);
	running.metric = running.plan.metric ? running.plan.metric : "validation_loss";
	ls_sweep_watch_init(&running.watch, sweep, running.metric, run->quiet);
	char *base = ls_log_job_text(&run->job), *command = ls_options_join(run->argc, run->argv);
	if (check(&running, base, &error) || open_base(&running, sweep, &error)) {
		free(command);
		free(base);
		return ls_message_error(COMMAND, &error);
	}
	const struct lockstep_study_options options = {
	    .database = run->database,
	    .base = running.plan.built_in ? base : NULL,
	    .command = command,
	    .name = run->name,
	    .bind = run->job.train.bind,
	    .smt = run->job.train.smt,
	    .cores = run->cores,
	    .context = &running,
	    .prepare = prepare,
	    .on_trial = on_trial,
	    .on_progress = on_progress,
	    .on_warning = on_warning,
	};
	ls_stop_signals_begin(NULL);
	lockstep_status status = lockstep_study_run(sweep, &options, &last, &error);
	int result = finish(&running, status, &last, &error);
	ls_sweep_watch_fini(&running.watch);
	close_data(&running);
	free(command);
	free(base);
	return result;
}
