/* SPDX-License-Identifier: MIT
 *
 * lockstep runs: what studies found, from the database that they were written to.
 * Reads only.
 */
#include <string.h>

#include "command.h"
#include "message.h"
#include "base/nearest.h"
#include "options.h"
#include "runs_verbs.h"

#define AT(field) offsetof(struct ls_runs, field)

static const struct ls_option own_options[] = {
    {0, "db", "FILE", LS_OPTION_TEXT, AT(path), NULL, "the database"},
    {0, "format", "table|csv|json", LS_OPTION_CHOICE, AT(format), NULL,
     "form of the result (default table; of export csv)"},
    {0},
};

static const struct ls_option best_options[] = {
    {'n', "trials", "N", LS_OPTION_U32, AT(n), NULL, "how many trials (default 10)"},
    {0},
};

static const struct ls_option export_options[] = {
    {0, "epochs", NULL, LS_OPTION_FLAG, AT(epochs), NULL, "a row an epoch, not a trial"},
    {0, "no-times", NULL, LS_OPTION_FLAG, AT(no_times), NULL,
     "leave out when, where and how fast: what is left is the same for the same results, byte for byte"},
    {'o', "output", "FILE", LS_OPTION_TEXT, AT(output), NULL,
     "write to this file, whole or not at all (default: standard output)"},
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
	int (*run)(const struct ls_runs *runs);
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

/* Options that the verb would not look at. */
static int check_options(const struct ls_runs *runs, const struct verb *verb)
{
	if (verb->run != ls_runs_best && runs->n)
		return ls_message_usage(LS_RUNS_COMMAND, "--trials belongs to best, not to %s", verb->name);
	if (verb->run != ls_runs_export && (runs->epochs || runs->no_times || runs->output))
		return ls_message_usage(LS_RUNS_COMMAND, "--%s belongs to export, not to %s",
		                        runs->epochs     ? "epochs"
		                        : runs->no_times ? "no-times"
		                                         : "output",
		                        verb->name);
	if (verb->run == ls_runs_export && runs->format == LS_FORMAT_TABLE)
		return ls_message_usage(LS_RUNS_COMMAND, "--format 'table': export has csv|json");
	return LS_EXIT_DONE;
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
	struct ls_runs runs = {.path = "runs.db", .format = -1};
	const struct ls_option_group groups[] = {
	    {"Options", own_options, &runs},
	    {"Of best", best_options, &runs},
	    {"Of export", export_options, &runs},
	    {0},
	};
	const char *operands[LS_OPERANDS_MAX + 1] = {NULL};
	lockstep_error error;
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	if (status != LS_OPTIONS_PARSED)
		return status;
	const struct verb *verb = find_verb(operands[0]);
	if (!verb)
		return unknown_verb(operands[0]);
	runs.operands = operands + 1;
	status = check_operands(&runs, verb);
	if (status)
		return status;
	if (lockstep_runs_open(&runs.runs, runs.path, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	status = verb->run(&runs);
	lockstep_runs_close(runs.runs);
	return status;
}
