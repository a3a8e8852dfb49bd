/* SPDX-License-Identifier: MIT
 *
 * A study from a file. What the file says becomes the texts that the command line would have had, before that is parsed
 * over it: so both are read by one reader, and the command line wins.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "cli/sweep/sweep_check.h"
#include "scale_run.h"

#define COMMAND LS_SCALE_COMMAND

static int no_memory(const char *path)
{
	return ls_message_failed(COMMAND, "out of memory for %s", path);
}

/* ---- The job ------------------------------------------------------------------ */

/* What a setting has is said in the block, where it may be a list. */
static int is_of_the_block(const char *name)
{
	static const char *const names[] = {"workers", "engine", "bind", "split"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return 1;
	return 0;
}

static int set_job(struct ls_job_options *job, const struct lockstep_scaling_spec *spec)
{
	lockstep_error error;
	for (size_t i = 0; i < spec->n_options; i++) {
		const struct lockstep_scaling_option *option = &spec->options[i];
		if (is_of_the_block(option->name))
			return ls_message_failed(COMMAND,
			                         "%s:%u:%u: '%s' is no parameter: it belongs into lockstep.scaling",
			                         spec->file, option->line, option->column, option->name);
		if (ls_sweep_try(option->name, option->text, &error) ||
		    ls_sweep_set(job, option->name, option->text, &error))
			return ls_message_failed(COMMAND, "%s:%u:%u: %s", spec->file, option->value_line,
			                         option->value_column, error.message);
	}
	return LS_EXIT_DONE;
}

/* ---- Lists -------------------------------------------------------------------- */

/* Words with commas between them; NULL: no word, or no memory. */
struct list {
	char *text;
	size_t n;
	int failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct list *list, const char *format, ...)
{
	va_list arguments;
	char word[256];
	va_start(arguments, format);
	int n = vsnprintf(word, sizeof word, format, arguments);
	va_end(arguments);
	char *text = realloc(list->text, list->n + (size_t)n + 2);
	list->failed |= !text || n >= (int)sizeof word;
	if (!text)
		return;
	list->text = text;
	list->n += (size_t)sprintf(text + list->n, "%s%.255s", list->n ? "," : "", word);
}

/* Takes the list over, if it has words. */
static int keep(struct ls_scale_options *options, const struct list *list, const char **out)
{
	if (list->text) {
		options->spec_texts[options->n_spec_texts++] = list->text;
		*out = list->text;
	}
	return list->failed;
}

/* A most alone may be below the least there is by default. */
static uint32_t least_blocks(const struct lockstep_scaling_spec *spec, uint32_t standard)
{
	if (spec->blocks_min)
		return spec->blocks_min;
	return spec->blocks_max < standard ? spec->blocks_max : standard;
}

static int set_lists(struct ls_scale_options *options, const struct lockstep_scaling_spec *spec)
{
	struct list workers = {NULL, 0, 0}, engines = workers, splits = workers, batches = workers, rates = workers,
		    blocks = workers;
	if (spec->all_workers)
		add(&workers, "all");
	for (size_t i = 0; i < spec->n_workers; i++)
		add(&workers, "%u", spec->workers[i]);
	for (size_t i = 0; i < spec->n_engines; i++)
		add(&engines, "%s", lockstep_engine_name(spec->engines[i]));
	for (size_t i = 0; i < spec->n_splits; i++)
		add(&splits, "%s", lockstep_split_name(spec->splits[i]));
	for (size_t i = 0; i < spec->n_batches; i++)
		add(&batches, "%u", spec->batches[i]);
	for (size_t i = 0; i < spec->n_learning_rates; i++)
		add(&rates, "%.17g", spec->learning_rates[i]);
	if (spec->blocks_min || spec->blocks_max)
		add(&blocks, "%u", least_blocks(spec, options->study.blocks_min));
	if (spec->blocks_max)
		add(&blocks, "%u", spec->blocks_max);
	return keep(options, &workers, &options->worker_list) | keep(options, &engines, &options->engine_list) |
	       keep(options, &splits, &options->split_list) | keep(options, &batches, &options->batch_list) |
	       keep(options, &rates, &options->rate_list) | keep(options, &blocks, &options->block_range);
}

/* ---- Numbers ------------------------------------------------------------------ */

static void set_numbers(struct ls_scale_options *options, const struct lockstep_scaling_spec *spec)
{
	options->weak = spec->kind == LOCKSTEP_SCALING_WEAK;
	options->name = spec->name;
	options->steps = spec->steps;
	options->warmup_steps = spec->warmup_steps;
	options->study.seconds = spec->seconds;
	options->target_part = spec->target_part < 0 ? -1 : spec->target_part;
	if (spec->slices)
		options->job.train.slices = spec->slices;
	if (spec->run_seconds > 0)
		options->run_seconds = spec->run_seconds;
	if (spec->precision > 0)
		options->precision = 100 * spec->precision;
	if (spec->has_seed)
		options->study.seed = spec->seed;
	if (spec->target_loss > 0)
		options->target_loss = spec->target_loss;
	if (spec->max_epochs > 0)
		options->max_epochs = spec->max_epochs;
}

/* As they are, since "list:0,2" has a comma of its own. */
static void set_binds(struct ls_scale_options *options, const struct lockstep_scaling_spec *spec)
{
	for (size_t i = 0; i < spec->n_binds; i++)
		options->binds[options->n_binds++] = spec->binds[i];
	if (spec->n_binds)
		options->bind_list = NULL;
}

static void set_predictions(struct ls_scale_options *options, const struct lockstep_scaling_spec *spec)
{
	for (size_t i = 0; i < spec->n_predict && i < LS_OPTION_TEXTS_MAX; i++)
		options->predict.texts[options->predict.n++] = spec->predict[i];
}

int ls_scale_spec_load(struct ls_scale_options *options, const char *path)
{
	lockstep_error error;
	if (lockstep_scaling_spec_load(&options->spec, path, &error))
		return ls_message_failed(COMMAND, "%s", error.message);
	set_numbers(options, options->spec);
	set_predictions(options, options->spec);
	if (set_lists(options, options->spec))
		return no_memory(path);
	set_binds(options, options->spec);
	return set_job(&options->job, options->spec);
}

/* ---- What is found later ------------------------------------------------------ */

/* Does the command line have the option, in full or shortened? */
static int is_given(const struct ls_scale_options *options, const char *name)
{
	for (int i = 1; i < options->n_words; i++) {
		const char *word = options->words[i];
		size_t length = strcspn(word, "=");
		if (length > 2 && strncmp(word, "--", 2) == 0 && strncmp(word + 2, name, length - 2) == 0)
			return 1;
	}
	return 0;
}

static int is_any_given(const struct ls_scale_options *options)
{
	const struct ls_option *const tables[] = {ls_scale_study_table, ls_data_option_table, ls_network_option_table,
	                                          ls_scale_training_table()};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct ls_option *option = tables[i]; option->name; option++)
			if (is_given(options, option->name))
				return 1;
	return 0;
}

int ls_scale_spec_failed(const struct ls_scale_options *options, const char *name, const lockstep_error *error)
{
	const struct lockstep_scaling_spec *spec = options->spec;
	const char *message = error->message, *plain = strncmp(message, "--", 2) == 0 ? message + 2 : message;
	char word[LS_WORD_MAX];
	uint32_t line, column;
	if (!spec || (error->status != LOCKSTEP_ERROR_ARGUMENT && plain == message))
		return ls_message_error(COMMAND, error);
	snprintf(word, sizeof word, "%.*s", (int)strcspn(plain, " "), plain);
	if (plain != message)
		name = word; /* its own value is wrong, whatever the others */
	int is_said = lockstep_scaling_spec_find(spec, name ? name : word, &line, &column);
	if (name ? is_given(options, name) || !is_said : is_any_given(options))
		return ls_message_error(COMMAND, error);
	if (is_said)
		return ls_message_failed(COMMAND, "%s:%u:%u: %s", spec->file, line, column, plain);
	return ls_message_failed(COMMAND, "%s: %s", spec->file, plain);
}
