/* SPDX-License-Identifier: MIT
 *
 * lockstep sweep: reads what a sweep would do and, with --check, shows it. What
 * training would refuse is found here, with its place in the specification.
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/print/message.h"
#include "cli/print/paths.h"
#include "lockstep/sweep.h"
#include "sweep_check.h"
#include "sweep_print.h"
#include "sweep_run.h"

#define COMMAND "sweep"

struct sweep_options {
	struct ls_option_texts sets;
	int check, json;
	struct ls_sweep_run run;
};

#define AT(field) offsetof(struct sweep_options, field)

static const struct ls_option own_options[] = {
    {0, "set", "NAME=VALUE,...", LS_OPTION_TEXTS, AT(sets), NULL,
     "values of an option of train, instead of a specification; several make a grid"},
    {0, "check", NULL, LS_OPTION_FLAG, AT(check), NULL, "show what the sweep would do, and train nothing"},
    {0, "json", NULL, LS_OPTION_FLAG, AT(json), NULL, "with --check, as one JSON object"},
    {0, "db", "FILE", LS_OPTION_TEXT, AT(run.database), NULL, "database that all results go to"},
    {0, "name", "NAME", LS_OPTION_TEXT, AT(run.name), NULL,
     "of the study in the database (default: the specification's)"},
    {'q', "quiet", NULL, LS_OPTION_FLAG, AT(run.quiet), NULL, "print the result only"},
    {0},
};

static const struct ls_option run_options[] = {
    {0, "cores", "N", LS_OPTION_U32, AT(run.cores), NULL,
     "at most so many for all trials together; with --bind none exactly so many (default: all)"},
    {0, "engine", "pthreads|openmp|serial", LS_OPTION_CHOICE, AT(run.job.train.engine), lockstep_engine_parse,
     "what runs a trial's workers"},
    {0, "isa", "auto|portable|avx2|avx512|neon", LS_OPTION_TEXT, AT(run.job.train.isa), NULL,
     "instruction set of the kernels"},
    {0, "bind", "close|spread|none|list:CPUS", LS_OPTION_TEXT, AT(run.job.train.bind), NULL,
     "which cores trials are packed on; CPUS such as 0,2,4-7"},
    {0, "smt", NULL, LS_OPTION_FLAG, AT(run.job.train.smt), NULL, "hardware threads count as cores of their own"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "[SPEC]",
    .summary = "Runs a sweep over hyperparameters, read from a file in the W&B sweep schema, YAML or JSON, or a "
	       "grid of sets: trials at once on cores of their own, with all results in a database. The same sweep "
	       "finds the same winner on any cores, of another program as far as that does; called again after an "
	       "interruption it goes on.",
    .closing = "Options that decide the result are those of train; parameters of the sweep take their place.\n\n"
	       "Exit status: 0 done, 1 failed, 2 wrong usage, 129, 130 or 143 interrupted.",
};

static int load(lockstep_sweep **sweep, const struct sweep_options *options, const char *spec)
{
	lockstep_error error;
	lockstep_status status = spec ? lockstep_sweep_load(sweep, spec, &error)
	                              : lockstep_sweep_create(sweep, options->sets.texts, options->sets.n, &error);
	return status ? ls_message_error(COMMAND, &error) : LS_EXIT_DONE;
}

/* --epochs is what a scheduler gives out, unless the specification says; the default says
 * nothing against that. */
static int settle_epochs(const struct sweep_options *options, lockstep_sweep *sweep)
{
	static const struct lockstep_train_options defaults = LOCKSTEP_TRAIN_OPTIONS_INIT;
	struct lockstep_sweep_plan plan;
	lockstep_error error;
	uint32_t epochs = options->run.job.train.epochs;
	lockstep_sweep_describe(sweep, &plan);
	if (!plan.built_in || !plan.max_epochs)
		return LS_EXIT_DONE;
	if (lockstep_sweep_set_epochs(sweep, epochs, &error) && epochs != defaults.epochs)
		return ls_message_usage(COMMAND, "--epochs %u: %s", epochs, error.message);
	return LS_EXIT_DONE;
}

static int check(const struct sweep_options *options, const lockstep_sweep *sweep)
{
	struct lockstep_sweep_plan plan;
	lockstep_error error;
	lockstep_sweep_describe(sweep, &plan);
	for (size_t i = 0; i < plan.n_warnings; i++)
		ls_message_note(COMMAND, "%s", lockstep_sweep_warning(sweep, i));
	if (plan.built_in && ls_sweep_check(sweep, &error))
		return ls_message_error(COMMAND, &error);
	if (!options->check)
		return ls_sweep_run(sweep, &options->run);
	if (options->json)
		return ls_sweep_print_json(sweep);
	ls_sweep_print(sweep);
	return LS_EXIT_DONE;
}

int ls_command_sweep(int argc, char **argv)
{
	struct sweep_options options = {.run = {.database = "runs.db", .argc = argc, .argv = argv}};
	struct ls_job_options *job = &options.run.job;
	const struct ls_option_group groups[] = {
	    {"Options", own_options, &options},
	    {LS_HEADING_DATA, ls_data_option_table, &job->data},
	    {LS_HEADING_NETWORK, ls_network_option_table, job},
	    {LS_HEADING_TRAINING, ls_training_option_table, job},
	    {LS_HEADING_RUN, run_options, &options},
	    {0},
	};
	ls_job_options_init(job);
	const char *operands[LS_OPERANDS_MAX];
	lockstep_sweep *sweep = NULL;
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	if (status != LS_OPTIONS_PARSED)
		return status;
	if (operands[0] && options.sets.n)
		return ls_message_usage(COMMAND, "SPEC and --set exclude each other");
	if (!operands[0] && !options.sets.n)
		return ls_message_usage(COMMAND, "SPEC is missing, or --set");
	status = ls_paths_check_database(options.run.database, COMMAND);
	if (status == LS_EXIT_DONE)
		status = load(&sweep, &options, operands[0]);
	if (status == LS_EXIT_DONE)
		status = settle_epochs(&options, sweep);
	if (status == LS_EXIT_DONE)
		status = check(&options, sweep);
	lockstep_sweep_destroy(sweep);
	return status;
}
