/* SPDX-License-Identifier: MIT
 *
 * What the machine and the data decide is left open here, and settled in scale_prepare.c.
 */
#include "scale_options.h"
#include "scale_result.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "cli/print/paths.h"
#include "scale_lists.h"

#define COMMAND LS_SCALE_COMMAND
#define AT(field) offsetof(struct ls_scale_options, field)
#define MAX_EPOCHS 30
#define EVALUATIONS_PER_EPOCH 4
#define BLOCKS_MAX LOCKSTEP_SCALING_SPEC_BLOCKS_MAX
#define RUN_SECONDS_MAX LOCKSTEP_SCALING_SPEC_RUN_SECONDS_MAX
#define STEPS_MAX LOCKSTEP_SCALING_SPEC_STEPS_MAX
#define EPOCHS_MAX LOCKSTEP_SCALING_SPEC_EPOCHS_MAX

const struct ls_option ls_scale_study_table[] = {
    {0, "workers", "LIST|all", LS_OPTION_TEXT, AT(worker_list), NULL,
     "numbers of workers, such as 1-4,8; the least is the baseline (default: all up to what "
     "auto allows and the slices)"},
    {0, "weak", NULL, LS_OPTION_FLAG, AT(weak), NULL,
     "k workers have k times the rows in a mini-batch, instead of all levels the same"},
    {0, "batch", "LIST", LS_OPTION_TEXT, AT(batch_list), NULL,
     "rows of a mini-batch, with --weak of one worker's (default: 10)"},
    {0, "bind", "LIST|list:CPUS", LS_OPTION_TEXT, AT(bind_list), NULL,
     "where workers are pinned: of close, spread and none; or CPUS such as 0,2,4-7"},
    {0, "engine", "LIST", LS_OPTION_TEXT, AT(engine_list), NULL,
     "what runs the workers: of pthreads, openmp and serial"},
    {0, "split", "LIST", LS_OPTION_TEXT, AT(split_list), NULL,
     "what a step splits over the workers: of rows, owners and units (default: all that the job, the engine and the "
     "baseline can)"},
    {0, "isa", "auto|portable|avx2|avx512|neon", LS_OPTION_TEXT, AT(job.train.isa), NULL,
     "instruction set of the kernels"},
    {0, "smt", NULL, LS_OPTION_FLAG, AT(job.train.smt), NULL, "hardware threads count as places of their own"},
    {0},
};

const struct ls_option ls_scale_measure_table[] = {
    {0, "steps", "N", LS_OPTION_SIZE, AT(steps), NULL,
     "that count in a run, not with --run-seconds; 0, the default: as many as take that"},
    {0, "warmup-steps", "N", LS_OPTION_SIZE, AT(warmup_steps), NULL,
     "before them, in every run; 0, the default: a tenth, and 2 at least"},
    {0, "run-seconds", "S", LS_OPTION_REAL, AT(run_seconds), NULL,
     "length of a run of the baseline, not with --steps (default 1)"},
    {0, "blocks", "MIN[,MAX]", LS_OPTION_TEXT, AT(block_range), NULL,
     "how often every level is measured; below 6 there are no intervals (default 10,50)"},
    {0, "precision", "PERCENT", LS_OPTION_REAL, AT(precision), NULL,
     "measure until the 95 % intervals are within so much of the medians"},
    {0, "time-limit", "TIME", LS_OPTION_TEXT, AT(time_limit), NULL,
     "begin no block after the first later than this: 90s, 15m or 1.5h (default: none)"},
    {0, "order-seed", "N", LS_OPTION_U64, AT(study.seed), NULL, "of the random order in a block"},
    {0, "skip-phases", NULL, LS_OPTION_FLAG, AT(study.skip_phases), NULL, "do not measure where the time goes"},
    {0, "skip-limits", NULL, LS_OPTION_FLAG, AT(study.skip_limits), NULL, "do not measure what the machine could do"},
    {0},
};

const struct ls_option ls_scale_more_table[] = {
    {0, "predict", "TOPOLOGY|this", LS_OPTION_TEXTS, AT(predict), NULL,
     "what a model calibrated here says of the levels, and of a machine in hwloc's synthetic description, xml:FILE, or "
     "only of this one; may be given several times"},
    {0, "target-loss", "X", LS_OPTION_REAL, AT(target_loss), NULL,
     "train until this loss as well, with every mini-batch, for the time to it"},
    {0, "target-part", "train|test|validation", LS_OPTION_CHOICE, AT(target_part), lockstep_target_part_parse,
     "rows that the loss is taken over (default: the test rows where there are some, else those of --validation, else "
     "those that are trained on)"},
    {0, "rates", "LIST", LS_OPTION_TEXT, AT(rate_list), NULL,
     "learning rates to try for it, of which the best counts (default: that of --lr)"},
    {0, "max-epochs", "X", LS_OPTION_REAL, AT(max_epochs), NULL, "give it up after so many epochs (default 30)"},
    {0},
};

const struct ls_option ls_scale_output_table[] = {
    {0, "json", "FILE", LS_OPTION_TEXT, AT(json), NULL, "the whole study as JSON; '-' is standard output"},
    {0, "csv", "FILE", LS_OPTION_TEXT, AT(csv), NULL, "the raw measurements as CSV"},
    {0, "extrap", "FILE", LS_OPTION_TEXT, AT(extrap), NULL, "the measurements for Extra-P"},
    {0, "db", "FILE", LS_OPTION_TEXT, AT(database), NULL,
     "add the study to this database, which 'runs' and 'report' read; made where there is none"},
    {0, "name", "NAME", LS_OPTION_TEXT, AT(name), NULL, "of the study (default: its layers)"},
    {'q', "quiet", NULL, LS_OPTION_FLAG, AT(quiet), NULL, "no progress, and no warning before the result"},
    {0},
};

const struct ls_option *ls_scale_training_table(void)
{
	static struct ls_option table[32];
	size_t n = 0;
	for (const struct ls_option *option = ls_training_option_table; option->name; option++)
		if (strcmp(option->name, "batch") != 0)
			table[n++] = *option;
	table[n] = (struct ls_option){0};
	return table;
}

void ls_scale_options_init(struct ls_scale_options *options)
{
	*options = (struct ls_scale_options){
	    .bind_list = "close",
	    .engine_list = "pthreads",
	    .precision = 2,
	    .run_seconds = NAN,
	    .target_loss = NAN,
	    .max_epochs = NAN,
	    .target_part = -1,
	    .study = LOCKSTEP_SCALING_STUDY_OPTIONS_INIT,
	};
	ls_job_options_init(&options->job);
}

void ls_scale_options_fini(struct ls_scale_options *options)
{
	free(options->settings);
	options->settings = NULL;
	for (size_t i = 0; i < options->n_spec_texts; i++)
		free(options->spec_texts[i]);
	options->n_spec_texts = 0;
	lockstep_scaling_spec_destroy(options->spec);
	options->spec = NULL;
}

/* ---- Lists ------------------------------------------------------------------ */

static int refuse(const char *option, const char *text, const char *expected)
{
	return ls_message_usage(COMMAND, "--%s '%s': expected %s", option, text, expected);
}

#define N_BIND_NAMES 3
static const char *const bind_names[N_BIND_NAMES] = {"close", "spread", "none"};

static int parse_bind(const char *word)
{
	for (int i = 0; i < N_BIND_NAMES; i++)
		if (strcmp(word, bind_names[i]) == 0)
			return i;
	return -2;
}

/* Auto is rows in a study, which is better said. */
static int parse_split(const char *word)
{
	int split = lockstep_split_parse(word);
	return split == LOCKSTEP_SPLIT_AUTO ? -2 : split;
}

static int settle_binds(struct ls_scale_options *options)
{
	int values[N_BIND_NAMES];
	if (!options->bind_list)
		return LS_EXIT_DONE; /* a specification's */
	options->binds[0] = options->bind_list;
	options->n_binds = 1;
	if (strncmp(options->bind_list, "list:", 5) == 0)
		return LS_EXIT_DONE;
	const char *wrong = ls_list_words(options->bind_list, parse_bind, "close, spread and none, or list:CPUS alone",
	                                  values, N_BIND_NAMES, &options->n_binds);
	if (wrong)
		return refuse("bind", options->bind_list, wrong);
	for (size_t i = 0; i < options->n_binds; i++)
		options->binds[i] = bind_names[values[i]];
	return LS_EXIT_DONE;
}

static int settle_workers(struct ls_scale_options *options)
{
	if (!options->worker_list || strcmp(options->worker_list, "all") == 0)
		return LS_EXIT_DONE;
	const char *wrong = ls_list_sorted(options->worker_list, LS_SCALE_WORKERS_MAX, options->workers,
	                                   LS_SCALE_LEVELS_MAX, &options->n_workers);
	return wrong ? refuse("workers", options->worker_list, wrong) : LS_EXIT_DONE;
}

static int settle_words(struct ls_scale_options *options)
{
	const char *wrong = ls_list_words(options->engine_list, lockstep_engine_parse, "pthreads, openmp and serial",
	                                  options->engines, 3, &options->n_engines);
	if (wrong)
		return refuse("engine", options->engine_list, wrong);
	const char *splits = options->split_list ? options->split_list : "rows,owners,units";
	wrong = ls_list_words(splits, parse_split, "rows, owners and units", options->splits, 3, &options->n_splits);
	return wrong ? refuse("split", splits, wrong) : LS_EXIT_DONE;
}

static int settle_batches(struct ls_scale_options *options)
{
	options->batches[0] = options->job.train.batch;
	options->n_batches = 1;
	const char *wrong = options->batch_list
	                        ? ls_list_integers(options->batch_list, LOCKSTEP_SCALING_SPEC_BATCH_MAX,
	                                           options->batches, LS_SCALE_LIST_MAX, &options->n_batches)
	                        : NULL;
	if (wrong)
		return refuse("batch", options->batch_list, wrong);
	options->job.train.batch = options->batches[0];
	return LS_EXIT_DONE;
}

static int settle_rates(struct ls_scale_options *options)
{
	const char *wrong =
	    options->rate_list ? ls_list_reals(options->rate_list, options->rates, LS_SCALE_LIST_MAX, &options->n_rates)
			       : NULL;
	return wrong ? refuse("rates", options->rate_list, wrong) : LS_EXIT_DONE;
}

/* MIN, or MIN,MAX with MAX not below it. */
static int settle_blocks(struct ls_scale_options *options)
{
	static const char expected[] = "MIN or MIN,MAX, integers from 1 to 10000, MAX not below MIN";
	struct lockstep_scaling_study_options *study = &options->study;
	char item[LS_LIST_ITEM];
	uint32_t least, most;
	size_t n;
	if (!options->block_range)
		return LS_EXIT_DONE;
	const char *rest = ls_list_next(options->block_range, item);
	if (strchr(options->block_range, '-') || ls_list_integers(item, BLOCKS_MAX, &least, 1, &n))
		return refuse("blocks", options->block_range, expected);
	most = least > study->blocks_max ? least : study->blocks_max;
	if (rest && (ls_list_integers(rest, BLOCKS_MAX, &most, 1, &n) || most < least))
		return refuse("blocks", options->block_range, expected);
	study->blocks_min = least;
	study->blocks_max = most;
	return LS_EXIT_DONE;
}

/* ---- Numbers, and what goes together --------------------------------------- */

static int check_steps(const char *option, size_t steps)
{
	return steps <= STEPS_MAX
	           ? LS_EXIT_DONE
	           : ls_message_usage(COMMAND, "--%s %zu: expected an integer up to %u", option, steps, STEPS_MAX);
}

static int settle_measure(struct ls_scale_options *options)
{
	struct lockstep_scaling_study_options *study = &options->study;
	const char *wrong = options->time_limit ? ls_list_time(options->time_limit, &study->seconds) : NULL;
	if (wrong)
		return refuse("time-limit", options->time_limit, wrong);
	if (check_steps("steps", options->steps) || check_steps("warmup-steps", options->warmup_steps))
		return LS_EXIT_USAGE;
	int is_given = !isnan(options->run_seconds);
	if (is_given && !(options->run_seconds > 0 && options->run_seconds <= RUN_SECONDS_MAX))
		return ls_message_usage(COMMAND, "--run-seconds %g: expected a number above 0, at most %d",
		                        options->run_seconds, RUN_SECONDS_MAX);
	if (is_given && options->steps)
		return ls_message_usage(COMMAND, "--steps and --run-seconds exclude each other");
	if (!(options->precision > 0 && options->precision < 100))
		return ls_message_usage(COMMAND, "--precision %g: expected a number above 0 and below 100",
		                        options->precision);
	study->kind = options->weak ? LOCKSTEP_SCALING_WEAK : LOCKSTEP_SCALING_STRONG;
	study->precision = options->precision / 100;
	study->steps = options->steps;
	study->warmup_steps = options->warmup_steps;
	if (is_given)
		study->run_seconds = options->run_seconds;
	return LS_EXIT_DONE;
}

static int settle_loss(struct ls_scale_options *options)
{
	int is_asked = !isnan(options->target_loss);
	const char *lonely = options->rate_list            ? "rates"
	                     : options->target_part >= 0   ? "target-part"
	                     : !isnan(options->max_epochs) ? "max-epochs"
	                                                   : NULL;
	if (!is_asked)
		return lonely ? ls_message_usage(COMMAND, "--%s needs --target-loss", lonely) : LS_EXIT_DONE;
	if (!(options->target_loss > 0))
		return ls_message_usage(COMMAND, "--target-loss %g: expected a number above 0", options->target_loss);
	if (options->max_epochs <= 0 || options->max_epochs > EPOCHS_MAX)
		return ls_message_usage(COMMAND, "--max-epochs %g: expected a number above 0, at most %d",
		                        options->max_epochs, EPOCHS_MAX);
	options->loss = (struct lockstep_time_to_loss_options){
	    .target = options->target_loss,
	    .batches = options->batches,
	    .n_batches = options->n_batches,
	    .learning_rates = options->rates,
	    .n_rates = options->n_rates,
	    .max_epochs = !isnan(options->max_epochs) ? options->max_epochs : MAX_EPOCHS,
	    .evaluations_per_epoch = EVALUATIONS_PER_EPOCH,
	};
	return LS_EXIT_DONE;
}

/* Of the data only what is a file's path is known yet. */
static int check_files(const struct ls_scale_options *options)
{
	const struct ls_data_options *data = &options->job.data;
	const struct ls_named_path outputs[] = {{"--json", options->json},
	                                        {"--csv", options->csv},
	                                        {"--extrap", options->extrap},
	                                        {"--db", options->database},
	                                        {NULL, NULL}};
	const struct ls_named_path inputs[] = {{"SPEC", options->spec ? options->spec->file : NULL},
	                                       {"--data", ls_data_file(data)},
	                                       {"--test", data->files.test},
	                                       {NULL, NULL}};
	int status = options->database ? ls_paths_check_database(options->database, COMMAND) : LS_EXIT_DONE;
	return status == LS_EXIT_DONE ? ls_paths_check(outputs, inputs, COMMAND) : status;
}

static int check_company(const struct ls_scale_options *options)
{
	if (options->weak && options->predict.n)
		return ls_message_usage(COMMAND,
		                        "--predict and --weak exclude each other: a model is of one mini-batch");
	if (options->weak && !isnan(options->target_loss))
		return ls_message_usage(
		    COMMAND, "--target-loss and --weak exclude each other: a weak level is a job of its own");
	return check_files(options);
}

/* Splits that nobody named are those that can be, as far as engine and network say. */
static int is_possible(const struct ls_scale_options *options, const struct lockstep_scaling_setting *setting,
                       size_t n_layers)
{
	return options->split_list || setting->split == LOCKSTEP_SPLIT_ROWS ||
	       (setting->engine != LOCKSTEP_SERIAL && (setting->split != LOCKSTEP_SPLIT_UNITS || n_layers > 1));
}

int ls_scale_options_cross(struct ls_scale_options *options, size_t n_layers)
{
	size_t n = options->n_batches * options->n_engines * options->n_splits * options->n_binds, n_settings = 0;
	options->settings = calloc(n, sizeof *options->settings);
	if (!options->settings)
		return ls_message_failed(COMMAND, "out of memory for %zu series", n);
	for (size_t i = 0; i < n; i++) {
		size_t bind = i % options->n_binds, rest = i / options->n_binds;
		size_t split = rest % options->n_splits, engine = rest / options->n_splits % options->n_engines;
		struct lockstep_scaling_setting setting = {
		    .bind = options->binds[bind],
		    .engine = (enum lockstep_engine)options->engines[engine],
		    .split = (enum lockstep_split)options->splits[split],
		    .batch = options->batches[rest / options->n_splits / options->n_engines],
		    .slices = options->job.train.slices,
		};
		if (is_possible(options, &setting, n_layers))
			options->settings[n_settings++] = setting;
	}
	options->study.settings = options->settings;
	options->study.n_settings = n_settings;
	return LS_EXIT_DONE;
}

int ls_scale_options_settle(struct ls_scale_options *options)
{
	static int (*const steps[])(struct ls_scale_options *) = {
	    settle_workers, settle_binds,  settle_words,   settle_batches,
	    settle_rates,   settle_blocks, settle_measure, settle_loss,
	};
	int status = LS_EXIT_DONE;
	for (size_t i = 0; i < sizeof steps / sizeof *steps && status == LS_EXIT_DONE; i++)
		status = steps[i](options);
	return status == LS_EXIT_DONE ? check_company(options) : status;
}
