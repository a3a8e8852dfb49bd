/* SPDX-License-Identifier: MIT
 *
 * lockstep scale: how many cores a job should have, and why not more. From the command line to the result:
 * options, what would fail, the study, and what is asked of it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "cli/print/message.h"
#include "cli/train/stop_signals.h"
#include "scale_run.h"

#define COMMAND LS_SCALE_COMMAND

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "[SPEC]",
    .summary = "Measures one job with different numbers of workers, over and over in random order, and says how "
	       "many cores it should have and why not more: speed-up, efficiency and serial fraction with their 95 "
	       "% intervals, where the time of a step goes, what the machine could do, and curves through the "
	       "levels. All levels must end with the same fingerprint.",
    .closing =
	"LIST is values with commas between; every bind, engine, split and mini-batch with each of the others "
	"is a series. SPEC is a study in a file, YAML or JSON, in the dialect of a sweep's; what the command "
	"line says as well is taken from there. Of the options of train that decide the result --epochs, --patience, --monitor, "
	"--keep-last and --drop-last are taken and say nothing to a study.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 diverged, 129, 130 or 143 interrupted.",
};

/* ---- What is heard on the way ----------------------------------------------- */

static int on_progress(const struct lockstep_scaling_progress *progress, void *context)
{
	struct ls_scale_run *run = context;
	ls_scale_watch_study(&run->watch, progress);
	return ls_scale_watch_is_stopped();
}

static int on_loss(const struct lockstep_time_to_loss_progress *progress, void *context)
{
	struct ls_scale_run *run = context;
	ls_scale_watch_loss(&run->watch, progress);
	return ls_scale_watch_is_stopped();
}

static void on_warning(const char *message, void *context)
{
	struct ls_scale_run *run = context;
	ls_scale_watch_clear(&run->watch);
	ls_message_note(COMMAND, "%s", message);
}

/* ---- The environment ---------------------------------------------------------- */

static void note_line(const char *line, void *context)
{
	(void)context;
	ls_message_note(COMMAND, "%s", line);
}

/* Memory that is short costs a warning. */
static void keep_line(const char *line, void *context)
{
	struct ls_scale_result *result = context;
	char **lines = realloc(result->warnings, (result->n_warnings + 1) * sizeof *lines);
	if (!lines)
		return;
	result->warnings = lines;
	lines[result->n_warnings] = strdup(line);
	result->n_warnings += lines[result->n_warnings] != NULL;
}

/* Workers of a setting: those of the serial engine take turns on one CPU. */
static void add_use(struct lockstep_environment_use *use, const struct lockstep_scaling_setting *setting,
                    uint32_t workers)
{
	uint32_t n = setting->engine == LOCKSTEP_SERIAL ? 1 : workers;
	use->workers = n > use->workers ? n : use->workers;
	use->is_bound |= setting->bind && strcmp(setting->bind, "none") != 0;
}

static struct lockstep_environment_use asked_use(const struct lockstep_scaling_study_options *options)
{
	struct lockstep_environment_use use = {.workers = 0};
	for (size_t i = 0; i < options->n_settings; i++)
		add_use(&use, &options->settings[i], options->workers[options->n_workers - 1]);
	return use;
}

/* Levels that were left out ran nowhere. */
static struct lockstep_environment_use measured_use(const struct lockstep_scaling_study *study)
{
	struct lockstep_environment_use use = {.workers = 0};
	for (size_t i = 0; i < study->n; i++)
		for (size_t k = 0; k < study->series[i].n; k++)
			if (!study->series[i].levels[k].excluded)
				add_use(&use, &study->series[i].setting, study->series[i].levels[k].workers);
	return use;
}

/* Before the study, so that people may end it. */
static void look_around(struct ls_scale_run *run)
{
	struct lockstep_environment_use use = asked_use(&run->options.study);
	lockstep_environment_read(&run->result.before);
	if (!run->options.quiet)
		lockstep_environment_judge(&run->result.before, NULL, &use, note_line, NULL);
}

static void look_back(struct ls_scale_run *run)
{
	struct lockstep_environment_use use = measured_use(run->study);
	lockstep_environment_read(&run->result.after);
	lockstep_environment_judge(&run->result.before, &run->result.after, &use, keep_line, &run->result);
}

/* ---- The measurements --------------------------------------------------------- */

/* Steps to a loss are the same on any workers: the trainer chooses. */
static void measure_loss(struct ls_scale_run *run)
{
	lockstep_error error;
	if (isnan(run->options.target_loss) || ls_scale_watch_is_stopped())
		return;
	run->options.loss.context = run;
	run->options.loss.on_progress = on_loss;
	run->options.loss.on_warning = on_warning;
	lockstep_status status = lockstep_time_to_loss_measure(&run->loss, &run->job, &run->options.loss, &error);
	ls_scale_watch_clear(&run->watch);
	if (status && status != LOCKSTEP_STOPPED)
		run->late = ls_message_failed(COMMAND, "no time to a loss: %s", error.message);
}

static lockstep_status measure(struct ls_scale_run *run, lockstep_error *error)
{
	struct lockstep_scaling_study_options *options = &run->options.study;
	options->context = run;
	options->on_progress = on_progress;
	options->on_warning = on_warning;
	look_around(run);
	lockstep_status status = lockstep_scaling_study_run(&run->study, &run->job, options, error);
	ls_scale_watch_clear(&run->watch);
	if (status)
		return status;
	look_back(run);
	if (run->n_machines && !ls_scale_watch_is_stopped())
		ls_scale_predict(run);
	measure_loss(run);
	return LOCKSTEP_OK;
}

/* ---- The result --------------------------------------------------------------- */

static void describe(struct ls_scale_run *run)
{
	struct ls_scale_result *result = &run->result;
	const struct ls_scale_options *options = &run->options;
	time_t now = time(NULL);
	struct tm utc;
	if (gmtime_r(&now, &utc))
		strftime(result->created, sizeof result->created, "%Y-%m-%dT%H:%M:%SZ", &utc);
	result->command = run->command;
	result->name = options->name ? options->name : options->job.layers;
	result->job = &options->job;
	result->dataset = run->dataset;
	result->options = &options->study;
	result->topology = run->topology;
	result->time_to_loss_options = &options->loss;
}

static int interrupted(int number, const struct lockstep_scaling_study *study)
{
	if (!number)
		return LS_EXIT_DONE;
	if (study)
		ls_message_note(COMMAND, "interrupted after %u block%s", study->n_blocks,
		                study->n_blocks == 1 ? "" : "s");
	else
		ls_message_note(COMMAND, "interrupted before one block was whole; there is no result");
	return LS_EXIT_SIGNAL + number;
}

static int execute(struct ls_scale_run *run)
{
	lockstep_error error;
	describe(run);
	int opened = ls_scale_database_open(run);
	if (opened != LS_EXIT_DONE)
		return opened;
	ls_scale_watch_init(&run->watch, &run->options.study, run->options.quiet);
	ls_stop_signals_begin(NULL);
	lockstep_status status = measure(run, &error);
	int number = ls_stop_signals_end();
	if (status == LOCKSTEP_STOPPED)
		return interrupted(number, NULL);
	if (status)
		return ls_scale_spec_failed(&run->options, NULL, &error);
	run->result.study = run->study;
	run->result.time_to_loss = run->loss;
	int written = ls_scale_output_write(&run->options, &run->result);
	int added = ls_scale_database_add(run);
	written = added != LS_EXIT_DONE ? added : written;
	int stopped = interrupted(number, run->study);
	return stopped != LS_EXIT_DONE ? stopped : written != LS_EXIT_DONE ? written : run->late;
}

static void fini(struct ls_scale_run *run)
{
	for (size_t i = 0; i < run->result.n_warnings; i++)
		free(run->result.warnings[i]);
	free(run->result.warnings);
	ls_scale_predict_fini(run);
	lockstep_scaling_store_close(run->store);
	lockstep_time_to_loss_destroy(run->loss);
	lockstep_scaling_study_destroy(run->study);
	lockstep_topology_destroy(run->topology);
	lockstep_dataset_destroy(run->dataset);
	ls_scale_options_fini(&run->options);
	free(run->command);
	free(run);
}

static int scale(struct ls_scale_run *run, int argc, char **argv)
{
	int status = ls_scale_options_settle(&run->options);
	if (status == LS_EXIT_DONE)
		status = ls_scale_prepare(run);
	if (status != LS_EXIT_DONE)
		return status;
	run->command = ls_options_join(argc, argv);
	if (!run->command)
		return ls_message_failed(COMMAND, "out of memory for the command line");
	return execute(run);
}

/* What the command line says instead of the file and a second parse would only add to. */
static void drop_overruled(struct ls_scale_options *options, const struct ls_scale_options *given)
{
	if (given->steps)
		options->run_seconds = NAN;
	if (!isnan(given->run_seconds))
		options->steps = 0;
	if (given->predict.n)
		options->predict.n = 0;
}

/* Parses once more, over what the specification says. */
static int parse_over(struct ls_scale_options *options, const struct ls_option_group *groups, int argc, char **argv,
                      const char *spec)
{
	const char *operands[LS_OPERANDS_MAX];
	const struct ls_scale_options given = *options;
	ls_scale_options_init(options);
	int status = ls_scale_spec_load(options, spec);
	if (status != LS_EXIT_DONE)
		return status;
	options->n_words = argc;
	options->words = argv;
	drop_overruled(options, &given);
	return ls_options_parse(&usage, groups, argc, argv, operands);
}

int ls_command_scale(int argc, char **argv)
{
	struct ls_scale_run *run = calloc(1, sizeof *run);
	if (!run)
		return ls_message_failed(COMMAND, "out of memory for the options");
	struct ls_scale_options *options = &run->options;
	const struct ls_option_group groups[] = {
	    {"What is compared", ls_scale_study_table, options},
	    {"How it is measured", ls_scale_measure_table, options},
	    {"What else is asked", ls_scale_more_table, options},
	    {"Output", ls_scale_output_table, options},
	    {LS_HEADING_DATA, ls_data_option_table, &options->job.data},
	    {LS_HEADING_NETWORK, ls_network_option_table, &options->job},
	    {LS_HEADING_TRAINING, ls_scale_training_table(), &options->job},
	    {0},
	};
	const char *operands[LS_OPERANDS_MAX];
	ls_scale_options_init(options);
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	if (status == LS_OPTIONS_PARSED && operands[0])
		status = parse_over(options, groups, argc, argv, operands[0]);
	if (status == LS_OPTIONS_PARSED)
		status = scale(run, argc, argv);
	fini(run);
	return status;
}
