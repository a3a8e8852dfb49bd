/* SPDX-License-Identifier: MIT
 *
 * lockstep runs: what studies found, from the database that they were written to.
 * Reads the database only.
 */
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/print/message.h"
#include "cli/print/paths.h"
#include "runs_verbs.h"

#define AT(field) offsetof(struct ls_runs, field)

static const struct ls_option own_options[] = {
    {0, "db", "FILE", LS_OPTION_TEXT, AT(path), NULL, "the database"},
    {0, "format", "table|csv|json|optuna-journal|tensorboard", LS_OPTION_CHOICE, AT(format), NULL,
     "form of the result (default table; of export, which alone has the last two, csv)"},
    {0},
};

static const struct ls_option best_options[] = {
    {'n', "trials", "N", LS_OPTION_U32, AT(n), NULL, "how many trials; 0: all (default 10)"},
    {0},
};

static const struct ls_option save_options[] = {
    {0, "save", "MODEL", LS_OPTION_TEXT, AT(save), NULL,
     "train the best trial, or the one that show names, again, compare its fingerprints with the database's, and write "
     "the model to this safetensors file"},
    {0, "seed", "N", LS_OPTION_TEXT, AT(seed), NULL,
     "of several seeds, the run of this one (default: the run nearest to the objective of all)"},
    {'q', "quiet", NULL, LS_OPTION_FLAG, AT(quiet), NULL, "print the fingerprint only"},
    {0},
};

static const struct ls_option export_options[] = {
    {0, "epochs", NULL, LS_OPTION_FLAG, AT(epochs), NULL, "a row an epoch, not a trial"},
    {0, "no-times", NULL, LS_OPTION_FLAG, AT(no_times), NULL,
     "leave out when, where and how fast: what is left is the same for the same results, byte for byte"},
    {'o', "output", "FILE|FOLDER", LS_OPTION_TEXT, AT(output), NULL,
     "write to this file, whole or not at all (default: standard output); of tensorboard a new folder"},
    {0},
};

static const struct ls_usage usage = {
    .command = LS_RUNS_COMMAND,
    .operands = "VERB [STUDY|TRIAL]...",
    .summary = "Shows what studies found, from the database that they are written to. A study may run meanwhile.",
    .closing = "Verbs:\n"
	       "list                  the studies, with their trials by state\n"
	       "show STUDY [TRIAL]    a study, or one trial of it, with all that is known\n"
	       "best [STUDY]          the best trials\n"
	       "compare TRIAL...      trials side by side: parameters that differ, metrics\n"
	       "export [STUDY]        all trials, of one study or of all\n"
	       "\n"
	       "A trial is NUMBER, when there is one study only, or STUDY:NUMBER. STUDY may be left out when there "
	       "is only one.\n"
	       "\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage.",
};

static const struct verb {
	const char *name;
	int (*run)(struct ls_runs *runs);
	int least, most; /* operands */
	const char *operands;
} verbs[] = {
    {"list", ls_runs_list, 0, 0, ""},
    {"show", ls_runs_show, 0, 2, "STUDY [TRIAL]"},
    {"best", ls_runs_best, 0, 1, "[STUDY]"},
    {"compare", ls_runs_compare, 2, LS_OPERANDS_MAX - 1, "TRIAL TRIAL..."},
    {"export", ls_runs_export, 0, 1, "[STUDY]"},
};
#define N_VERBS (sizeof verbs / sizeof *verbs)

static int unknown_verb(const char *name)
{
	struct ls_nearest nearest;
	ls_nearest_init(&nearest, name);
	for (size_t i = 0; i < N_VERBS; i++)
		ls_nearest_consider(&nearest, verbs[i].name);
	if (nearest.name)
		return ls_message_usage(LS_RUNS_COMMAND, "unknown verb '%s'; did you mean '%s'?", name, nearest.name);
	return ls_message_usage(LS_RUNS_COMMAND, "unknown verb '%s'", name);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < N_VERBS; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

/* Is there one of how to run, as far as that shows? */
static int has_run_options(const struct ls_runs *runs)
{
	const struct lockstep_train_options *train = &runs->job.train;
	return train->workers || train->split || train->engine || train->smt || strcmp(train->isa, "auto") != 0 ||
	       strcmp(train->bind, "close") != 0;
}

static int has_data_options(const struct ls_data_options *data)
{
	return data->data || data->files.test || data->files.label || data->files.labels || data->files.test_labels;
}

static int check_save(const struct ls_runs *runs, const struct verb *verb)
{
	const int can_save = verb->run == ls_runs_best || verb->run == ls_runs_show;
	if (runs->save && !can_save)
		return ls_message_usage(LS_RUNS_COMMAND, "--save belongs to best and show, not to %s", verb->name);
	if (runs->save && verb->run == ls_runs_show && !(runs->operands[0] && runs->operands[1]))
		return ls_message_usage(LS_RUNS_COMMAND, "show --save needs STUDY TRIAL");
	int has_n = runs->n != LS_RUNS_N_DEFAULT;
	if (runs->save && (has_n || runs->format >= 0))
		return ls_message_usage(LS_RUNS_COMMAND, "--%s does not go with --save", has_n ? "trials" : "format");
	if (!runs->save && (runs->seed || runs->quiet || has_run_options(runs) || has_data_options(&runs->job.data)))
		return ls_message_usage(LS_RUNS_COMMAND, "%s without --save",
		                        runs->seed              ? "--seed"
		                        : runs->quiet           ? "--quiet"
		                        : has_run_options(runs) ? "options of how to run"
		                                                : "options of data");
	return LS_EXIT_DONE;
}

static int check_format(const struct ls_runs *runs, const struct verb *verb)
{
	const char *name = runs->format == LS_FORMAT_OPTUNA ? "optuna-journal" : "tensorboard";
	const int is_export = verb->run == ls_runs_export, is_rows = runs->format < LS_N_ROW_FORMATS;
	if (is_export && runs->format == LS_FORMAT_TABLE)
		return ls_message_usage(LS_RUNS_COMMAND,
		                        "--format 'table': export has csv|json|optuna-journal|tensorboard");
	if (!is_export && !is_rows)
		return ls_message_usage(LS_RUNS_COMMAND, "--format '%s' belongs to export, not to %s", name,
		                        verb->name);
	if (!is_rows && (runs->epochs || runs->no_times))
		return ls_message_usage(LS_RUNS_COMMAND, "--%s does not go with --format %s",
		                        runs->epochs ? "epochs" : "no-times", name);
	if (runs->format == LS_FORMAT_TENSORBOARD && !runs->output)
		return ls_message_usage(LS_RUNS_COMMAND, "--format tensorboard needs --output: a new folder");
	return LS_EXIT_DONE;
}

/* Options that the verb would not look at. */
static int check_options(const struct ls_runs *runs, const struct verb *verb)
{
	if (verb->run != ls_runs_best && runs->n != LS_RUNS_N_DEFAULT)
		return ls_message_usage(LS_RUNS_COMMAND, "--trials belongs to best, not to %s", verb->name);
	if (verb->run != ls_runs_export && (runs->epochs || runs->no_times || runs->output))
		return ls_message_usage(LS_RUNS_COMMAND, "--%s belongs to export, not to %s",
		                        runs->epochs     ? "epochs"
		                        : runs->no_times ? "no-times"
		                                         : "output",
		                        verb->name);
	int status = check_format(runs, verb);
	if (status)
		return status;
	return check_save(runs, verb);
}

static int check_files(const struct ls_runs *runs)
{
	const struct ls_named_path outputs[] = {{"--output", runs->output}, {"--save", runs->save}, {NULL, NULL}};
	const struct ls_named_path inputs[] = {{"--db", runs->path}, {NULL, NULL}};
	return ls_paths_check(outputs, inputs, LS_RUNS_COMMAND);
}

static int check_operands(const struct ls_runs *runs, const struct verb *verb)
{
	int n = 0;
	while (n < LS_OPERANDS_MAX - 1 && runs->operands[n])
		n++;
	if (n > verb->most)
		return ls_message_usage(LS_RUNS_COMMAND, "unexpected argument '%s'", runs->operands[verb->most]);
	if (n < verb->least)
		return ls_message_usage(LS_RUNS_COMMAND, "%s needs %s", verb->name, verb->operands);
	return check_options(runs, verb);
}

int ls_command_runs(int argc, char **argv)
{
	struct ls_runs runs = {.path = "runs.db", .format = -1, .n = LS_RUNS_N_DEFAULT};
	const struct ls_option_group groups[] = {
	    {"Options", own_options, &runs},
	    {"Of best", best_options, &runs},
	    {"Of export", export_options, &runs},
	    {"Of best and show, to save a model", save_options, &runs},
	    {"Of --save: the data, where they are not those of the sweep's command line", ls_data_option_table,
	     &runs.job.data},
	    {"Of --save: how to run, which never decides the result", ls_run_option_table, &runs.job},
	    {0},
	};
	const char *operands[LS_OPERANDS_MAX + 1] = {NULL};
	lockstep_error error;
	ls_job_options_init(&runs.job);
	runs.job.data.data = NULL; /* as all others that are not given */
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	if (status != LS_OPTIONS_PARSED)
		return status;
	const struct verb *verb = find_verb(operands[0]);
	if (!verb)
		return unknown_verb(operands[0]);
	runs.operands = operands + 1;
	status = check_operands(&runs, verb);
	if (!status)
		status = check_files(&runs);
	if (status)
		return status;
	if (lockstep_runs_open(&runs.runs, runs.path, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	status = verb->run(&runs);
	lockstep_runs_close(runs.runs);
	return status;
}
