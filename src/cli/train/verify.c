/* SPDX-License-Identifier: MIT
 *
 * lockstep verify: trains a model again from its own record and compares the
 * fingerprints, a line an epoch. Exit status 0 says that all are equal.
 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/options/job_options.h"
#include "cli/print/message.h"
#include "lockstep/verify.h"
#include "progress.h"

#define COMMAND "verify"

struct verify_options {
	struct ls_job_options job; /* data, and how to run */
	const char *from;
	uint32_t until;
	int quiet;
};

struct run {
	const struct verify_options *options;
	const lockstep_record *record;
	struct ls_progress progress;
};

#define AT(field) offsetof(struct verify_options, field)

static const struct ls_option own_options[] = {
    {0, "from", "CHECKPOINT", LS_OPTION_TEXT, AT(from), NULL,
     "start from this checkpoint of the same job, not from the beginning"},
    {0, "until", "EPOCH", LS_OPTION_U32, AT(until), NULL,
     "stop after this epoch, without a look at the model's parameters (default: the whole job)"},
    {'q', "quiet", NULL, LS_OPTION_FLAG, AT(quiet), NULL, "print the result only"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "MODEL",
    .summary = "Trains a model file again from its own record, and compares the fingerprints after every epoch and "
	       "of the parameters. Says what was changed when they differ: data, an option, or a weight.",
    .closing = "Exit status: 0 all are equal, 1 they are not or could not be compared, 2 wrong usage.",
};

/* ---- While it trains ----------------------------------------------------- */

static int on_epoch(const struct lockstep_epoch *epoch, void *context)
{
	struct run *run = context;
	const char *fingerprint = lockstep_record_fingerprint(run->record, epoch->epoch);
	ls_progress_clear(&run->progress);
	if (!run->options->quiet && fingerprint) {
		printf("epoch %5u  %s  equal\n", epoch->epoch, fingerprint);
		fflush(stdout);
	}
	return 0;
}

static int on_progress(const struct lockstep_progress *progress, void *context)
{
	struct run *run = context;
	ls_progress_draw(&run->progress, progress, NULL);
	return 0;
}

static void on_warning(const char *message, void *context)
{
	struct run *run = context;
	ls_progress_clear(&run->progress);
	ls_message_note(COMMAND, "%s", message);
}

/* ---- The whole ------------------------------------------------------------- */

static int print_result(const char *model, const struct verify_options *options, const lockstep_network *network,
                        const struct lockstep_verification *result)
{
	char fingerprint[65];
	if (result->finding != LOCKSTEP_VERIFIED) {
		printf("not verified\n");
		return ls_message_failed(COMMAND, "%s: %s", model, result->message);
	}
	if (options->until && result->epoch <= options->until) {
		printf("verified until epoch %u\n", result->epoch);
		return LS_EXIT_DONE;
	}
	lockstep_network_fingerprint(network, fingerprint);
	printf("verified %s\n", fingerprint);
	return LS_EXIT_DONE;
}

static int compare(const struct verify_options *options, const char *model, const lockstep_network *network,
                   const lockstep_record *record, const lockstep_dataset *dataset, const lockstep_checkpoint *from)
{
	struct run run = {options, record, {0}};
	struct lockstep_verify_options verify = {from, options->until, options->job.train};
	struct lockstep_verification result;
	lockstep_error error;
	verify.train.context = &run;
	verify.train.on_epoch = on_epoch;
	verify.train.on_progress = on_progress;
	verify.train.on_warning = on_warning;
	ls_progress_init(&run.progress, options->quiet);
	lockstep_status status = lockstep_verify(network, dataset, &verify, &result, &error);
	ls_progress_clear(&run.progress);
	return status ? ls_message_error(COMMAND, &error) : print_result(model, options, network, &result);
}

static int verify(const struct verify_options *options, const char *model)
{
	lockstep_network *network = NULL;
	lockstep_record *record = NULL;
	lockstep_checkpoint *from = NULL;
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	int status;
	if (lockstep_network_load(&network, model, &error) ||
	    (options->from && lockstep_checkpoint_load(&from, options->from, &error)) ||
	    ls_dataset_open_for(&dataset, &options->job.data, network, &error))
		status = ls_message_error(COMMAND, &error);
	else if (lockstep_record_create(&record, network, &error))
		status = ls_message_failed(COMMAND, "%s: %s", model, error.message);
	else
		status = compare(options, model, network, record, dataset, from);
	lockstep_record_destroy(record);
	lockstep_dataset_destroy(dataset);
	lockstep_checkpoint_destroy(from);
	lockstep_network_destroy(network);
	return status;
}

int ls_command_verify(int argc, char **argv)
{
	struct verify_options options = {.from = NULL};
	ls_job_options_init(&options.job);
	const struct ls_option_group groups[] = {
	    {"Data", ls_data_option_table, &options.job.data},
	    {"What to compare", own_options, &options},
	    {LS_HEADING_RUN, ls_run_option_table, &options.job},
	    {0},
	};
	const char *operands[LS_OPERANDS_MAX];
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	return status == LS_OPTIONS_PARSED ? verify(&options, operands[0]) : status;
}
