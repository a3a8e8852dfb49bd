/* SPDX-License-Identifier: MIT
 *
 * A run's folder is named by its trial and seed, so that people find its logs. A job
 * that is new to the database gets an empty one: a checkpoint that another database's
 * trial left there would be taken up.
 */
#include "commands.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/memory.h"
#include "runner.h"
#include "study/command/folder.h"
#include "study/command/text.h"
#include "study/command/words.h"

#define NUMBER_MAX 24

extern char **environ;

struct ls_command {
	struct ls_words words;
	char *path;         /* of the program */
	char *folder;       /* LOCKSTEP_TRIAL_DIR */
	char *json_file;    /* in it */
	char **environment; /* [n] and a NULL, of the leg that runs; ours are the first n_own, owned */
	size_t n_own;
	char cpus[LS_BIND_MAX];
};

/* ---- Before the study --------------------------------------------------------- */

static const char *interpreter(void)
{
	char *path = NULL;
	lockstep_status status = ls_words_find_program(&path, "python", NULL);
	ls_memory_free(path);
	return status ? "python3" : "python";
}

static struct ls_words_source source_of(const struct ls_spec *spec, const char *json_file)
{
	return (struct ls_words_source){spec->program, spec->command, spec->n_command, interpreter(), json_file};
}

lockstep_status ls_command_check(struct ls_runner *runner, lockstep_error *error)
{
	const struct ls_spec *spec = runner->spec;
	const struct ls_words_source source = source_of(spec, "");
	lockstep_error cause;
	if (!spec->metric)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%s: metric is missing: the name of the number in the program's lines of JSON",
		                    spec->file);
	lockstep_status status = ls_words_check(&source, &cause);
	return status ? ls_error_set(error, status, "%s: %s", spec->file, cause.message) : LOCKSTEP_OK;
}

/* ---- Folders --------------------------------------------------------------------- */

/* "DATABASE-trials/NUMBER-STUDY", in full. */
static lockstep_status make_trials(struct ls_runner *runner, lockstep_error *error)
{
	struct ls_text text = {0};
	char number[NUMBER_MAX], *full = NULL;
	if (runner->trial_folders)
		return LOCKSTEP_OK;
	ls_text_add(&text, runner->options->database);
	ls_text_add(&text, "-trials");
	lockstep_status status = text.has_failed ? ls_error_memory(error, "a path") : ls_folder_make(text.bytes, error);
	if (!status && !(full = realpath(text.bytes, NULL)))
		status = ls_error_set(error, LOCKSTEP_ERROR_IO, "%s: %s", text.bytes, strerror(errno));
	text.n = 0;
	snprintf(number, sizeof number, "/%lld-", (long long)runner->study);
	ls_text_add(&text, full ? full : "");
	ls_text_add(&text, number);
	ls_folder_add_name(&text, runner->name);
	free(full);
	if (!status && text.has_failed)
		status = ls_error_memory(error, "a path");
	if (!status)
		status = ls_folder_make(text.bytes, error);
	if (status)
		ls_text_fini(&text);
	else
		runner->trial_folders = text.bytes;
	return status;
}

static lockstep_status name_files(struct ls_runner *runner, const struct ls_run *run, struct ls_command *command,
                                  lockstep_error *error)
{
	char name[2 * NUMBER_MAX];
	lockstep_status status = make_trials(runner, error);
	if (status)
		return status;
	int n = snprintf(name, sizeof name, "/%llu", (unsigned long long)run->trial->number);
	if (runner->seeds)
		snprintf(name + n, sizeof name - (size_t)n, "-%llu", (unsigned long long)runner->seeds[run->number]);
	command->folder = ls_folder_join(runner->trial_folders, name);
	command->json_file = command->folder ? ls_folder_join(command->folder, "/args.json") : NULL;
	return command->json_file ? LOCKSTEP_OK : ls_error_memory(error, "a path");
}

/* ---- The job ------------------------------------------------------------------------ */

static uint64_t seed_of(const struct ls_runner *runner, const struct ls_run *run)
{
	return runner->seeds ? runner->seeds[run->number] : 0;
}

static lockstep_status make_words(struct ls_runner *runner, const struct ls_run *run, struct ls_command *command,
                                  lockstep_error *error)
{
	const struct ls_space *space = &runner->spec->space;
	struct ls_store_value *values;
	size_t n;
	char seed[NUMBER_MAX];
	lockstep_status status = ls_runner_values(space, run->trial->point, &values, &n, error);
	struct ls_argument *arguments = ls_memory_allocate(n + 1, sizeof *arguments);
	if (!status && !arguments)
		status = ls_error_memory(error, "the arguments of a command");
	for (size_t i = 0; !status && i < n; i++)
		arguments[i] = (struct ls_argument){space->parameters[values[i].parameter].name, values[i].value.kind,
		                                    values[i].value.text};
	snprintf(seed, sizeof seed, "%llu", (unsigned long long)seed_of(runner, run));
	if (!status) {
		const struct ls_words_source source = source_of(runner->spec, command->json_file);
		if (runner->seeds)
			arguments[n] = (struct ls_argument){"seed", LS_VALUE_INTEGER, seed};
		status = ls_words_init(&command->words, &source, arguments, n + (runner->seeds != NULL), error);
	}
	ls_memory_free(arguments);
	ls_runner_free_values(values, n);
	return status;
}

/* One line that has all that decides the job. */
static char *make_record(const struct ls_runner *runner, const struct ls_run *run)
{
	struct ls_text text = {0};
	char points[NUMBER_MAX];
	snprintf(points, sizeof points, "%u", runner->whole);
	ls_text_add(&text, "{\"study\":");
	ls_text_add_json(&text, runner->name);
	ls_text_add(&text, ",\"metric\":");
	ls_text_add_json(&text, runner->metric_name);
	ls_text_add(&text, ",\"points\":");
	ls_text_add(&text, runner->whole ? points : "null");
	ls_text_add(&text, ",\"command\":");
	ls_text_add(&text, run->command->words.command);
	if (runner->seeds) {
		snprintf(points, sizeof points, ",\"seed\":%llu", (unsigned long long)seed_of(runner, run));
		ls_text_add(&text, points);
	}
	ls_text_add(&text, "}");
	if (text.has_failed)
		ls_text_fini(&text);
	return text.bytes;
}

lockstep_status ls_command_prepare(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	if (run->command)
		return LOCKSTEP_OK;
	struct ls_command *command = ls_memory_allocate(1, sizeof *command);
	if (!command)
		return ls_error_memory(error, "a command");
	lockstep_status status = name_files(runner, run, command, error);
	if (!status)
		status = make_words(runner, run, command, error);
	if (!status)
		status = ls_words_find_program(&command->path, command->words.words[0], error);
	if (status) {
		ls_command_destroy(command);
		return status;
	}
	run->command = command;
	run->job.options.epochs = runner->whole ? runner->whole : UINT32_MAX;
	return run->id ? LOCKSTEP_OK : ls_runner_learn(runner, run, error);
}

/* ---- What is known --------------------------------------------------------------------- */

struct known {
	struct ls_run *run;
	const char *metric;
	double value, key;
	int has_step;
	lockstep_status status;
	lockstep_error *error;
};

static void take_epoch(void *context, const struct ls_store_epoch *epoch)
{
	struct known *known = context;
	struct ls_store_epoch copy = *epoch;
	const double *value = ls_objective_member(&copy, known->metric);
	if (!known->status && epoch->epoch == known->run->epoch + 1)
		known->status = ls_command_keep(known->run, value ? *value : NAN, NAN, known->error);
}

static void take_metric(void *context, const struct ls_store_metric *metric)
{
	struct known *known = context;
	if (strcmp(metric->name, known->metric) == 0)
		known->value = metric->value;
	ls_point_note_key(&known->key, &known->has_step, metric->name, metric->value);
}

static lockstep_status read_points(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	struct known known = {.run = run, .metric = runner->metric_name, .error = error};
	lockstep_status status = ls_store_read_epochs(runner->store, run->id, take_epoch, &known, error);
	if (!status)
		status = known.status;
	for (uint32_t i = 0; !status && i < run->epoch; i++) {
		known.value = run->values[i];
		known.key = NAN;
		known.has_step = 0;
		status = ls_store_read_metrics(runner->store, run->id, i + 1, take_metric, &known, error);
		run->values[i] = known.value;
		run->key = known.key;
	}
	return status;
}

lockstep_status ls_command_learn(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	char *record = make_record(runner, run);
	if (!record)
		return ls_error_memory(error, "a command's record");
	const struct ls_store_job job = {record, run->command->words.line, seed_of(runner, run)};
	int is_new;
	lockstep_status status = ls_runner_claim(runner, run, &job, &is_new, error);
	ls_memory_free(record);
	if (status)
		return status;
	if (is_new)
		return ls_folder_clear(run->command->folder, error);
	return read_points(runner, run, error);
}

/* ---- Start -------------------------------------------------------------------------------- */

static const char *const own_variables[] = {
    "LOCKSTEP_TRIAL=",  "LOCKSTEP_SEED=",         "LOCKSTEP_TRIAL_DIR=",  "LOCKSTEP_CORES=",
    "LOCKSTEP_POINTS=", "LOCKSTEP_POINTS_UNTIL=", "LOCKSTEP_POINTS_MAX=", "OMP_NUM_THREADS="};
#define N_OWN (sizeof own_variables / sizeof *own_variables)

static int is_own(const char *variable)
{
	for (size_t i = 0; i < N_OWN; i++)
		if (strncmp(variable, own_variables[i], strlen(own_variables[i])) == 0)
			return 1;
	return 0;
}

static void add_variable(struct ls_command *command, const char *name, const char *value)
{
	char *variable = ls_folder_join(name, value);
	if (variable) /* the count that the caller expects tells of the others */
		command->environment[command->n_own++] = variable;
}

static void add_number(struct ls_command *command, const char *name, uint64_t number)
{
	char text[NUMBER_MAX];
	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	add_variable(command, name, text);
}

static void free_environment(struct ls_command *command)
{
	for (size_t i = 0; i < command->n_own; i++)
		ls_memory_free(command->environment[i]);
	ls_memory_free(command->environment);
	command->environment = NULL;
	command->n_own = 0;
}

static size_t add_own(const struct ls_runner *runner, const struct ls_run *run)
{
	struct ls_command *command = run->command;
	const struct ls_trial *trial = run->trial;
	size_t n = 5;
	add_number(command, "LOCKSTEP_TRIAL=", trial->number);
	add_variable(command, "LOCKSTEP_TRIAL_DIR=", command->folder);
	add_number(command, "LOCKSTEP_CORES=", trial->n_cores);
	add_number(command, "OMP_NUM_THREADS=", trial->n_cores);
	add_number(command, "LOCKSTEP_POINTS=", run->epoch);
	if (runner->seeds) {
		add_number(command, "LOCKSTEP_SEED=", seed_of(runner, run));
		n++;
	}
	if (trial->until && trial->until < UINT32_MAX) {
		add_number(command, "LOCKSTEP_POINTS_UNTIL=", trial->until);
		n++;
	}
	if (runner->whole && runner->whole < UINT32_MAX) {
		add_number(command, "LOCKSTEP_POINTS_MAX=", runner->whole);
		n++;
	}
	if (!getenv("PYTHONUNBUFFERED")) { /* or its points would come when it ends */
		add_variable(command, "PYTHONUNBUFFERED=", "1");
		n++;
	}
	return n;
}

static lockstep_status make_environment(const struct ls_runner *runner, const struct ls_run *run, lockstep_error *error)
{
	struct ls_command *command = run->command;
	size_t n = 0;
	while (environ[n])
		n++;
	free_environment(command);
	command->environment = ls_memory_allocate(n + N_OWN + 2, sizeof(char *));
	if (!command->environment || add_own(runner, run) != command->n_own)
		return ls_error_memory(error, "the environment of a command");
	size_t at = command->n_own;
	for (size_t i = 0; i < n; i++)
		if (!is_own(environ[i]))
			command->environment[at++] = environ[i];
	return LOCKSTEP_OK;
}

static lockstep_status write_json(const struct ls_command *command, lockstep_error *error)
{
	struct ls_atomic_file *file;
	lockstep_status status = ls_atomic_file_create(&file, command->json_file, error);
	if (status)
		return status;
	status = ls_atomic_file_write(file, command->words.json, strlen(command->words.json), error);
	if (!status)
		return ls_atomic_file_commit(file, error);
	ls_atomic_file_discard(file);
	return status;
}

lockstep_status ls_command_start(struct ls_runner *runner, struct ls_run *run, lockstep_error *error)
{
	struct ls_command *command = run->command;
	lockstep_status status = ls_folder_make(command->folder, error);
	if (!status && command->words.has_file)
		status = write_json(command, error);
	if (!status)
		status = make_environment(runner, run, error);
	if (status)
		return status;
	ls_cores_bind(runner, run->trial, run->trial->n_cores, command->cpus, sizeof command->cpus);
	const struct ls_leg_command leg = {
	    .path = command->path,
	    .words = command->words.words,
	    .environment = command->environment,
	    .cpus = strncmp(command->cpus, "list:", 5) ? NULL : command->cpus + 5,
	    .folder = command->folder,
	    .metric = runner->metric_name,
	    .known = run->epoch,
	    .most = run->job.options.epochs,
	    .known_key = run->key,
	};
	run->seconds_before = run->seconds;
	return ls_leg_start_command(&run->leg, &leg, runner->mailbox, run, error);
}

/* ---- Points ----------------------------------------------------------------------------------- */

struct ls_store_epoch ls_command_point(const struct ls_point *point,
                                       struct ls_store_metric metrics[LS_POINT_NUMBERS_MAX])
{
	struct ls_store_epoch epoch = LS_STORE_EPOCH_INIT;
	epoch.epoch = point->number;
	epoch.train_seconds = point->seconds;
	epoch.metrics = metrics;
	for (size_t i = 0; i < point->n_numbers; i++) {
		const char *name = ls_point_name(point, i);
		double *member = ls_objective_member(&epoch, name);
		if (member)
			*member = point->numbers[i].value;
		else
			metrics[epoch.n_metrics++] = (struct ls_store_metric){name, point->numbers[i].value};
	}
	return epoch;
}

lockstep_status ls_command_keep(struct ls_run *run, double value, double key, lockstep_error *error)
{
	if (run->epoch == run->capacity) {
		uint32_t capacity = run->capacity < UINT32_MAX / 2 ? 2 * run->capacity + 16 : UINT32_MAX;
		double *values = ls_memory_grow(run->values, run->capacity * sizeof *values, capacity, sizeof *values);
		if (!values)
			return ls_error_memory(error, "a run's points");
		run->values = values;
		run->capacity = capacity;
	}
	run->values[run->epoch++] = value;
	run->key = key;
	return LOCKSTEP_OK;
}

void ls_command_destroy(struct ls_command *command)
{
	if (!command)
		return;
	free_environment(command);
	ls_words_fini(&command->words);
	ls_memory_free(command->path);
	ls_memory_free(command->folder);
	ls_memory_free(command->json_file);
	ls_memory_free(command);
}
