/* SPDX-License-Identifier: MIT
 *
 * lockstep predict: the network's output for every row of a file, and the
 * label that it comes to.
 */
#include <stdint.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/print/message.h"
#include "cli/print/output.h"
#include "lockstep/dataset.h"
#include "lockstep/network.h"
#include "lockstep/version.h"
#include "prediction.h"

#define COMMAND "predict"

enum { FORMAT_CSV, FORMAT_JSON };

struct predict_options {
	struct lockstep_dataset_options files;
	const char *isa, *output;
	int labelled, format;
};

#define AT(field) offsetof(struct predict_options, field)

static const struct ls_option own_options[] = {
    {0, "labelled", NULL, LS_OPTION_FLAG, AT(labelled), NULL,
     "the file has labels too, in its last column; they are not used"},
    {0, "label", "COLUMN[,COLUMN...]", LS_OPTION_TEXT, AT(files.label), NULL,
     "label columns of a CSV file, to be left out"},
    {0, "format", "csv|json", LS_OPTION_CHOICE, AT(format), NULL, "form of the result"},
    {'o', "output", "FILE", LS_OPTION_TEXT, AT(output), NULL,
     "write to this file, whole or not at all (default: standard output)"},
    {0, "isa", "auto|portable|avx2|avx512|neon", LS_OPTION_TEXT, AT(isa), NULL, "instruction set of the kernels"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "MODEL FILE",
    .summary = "Prints the probability of every label, and the predicted label, for each row of an IDX, CSV or NPY "
	       "file of features.",
};

static int write_predictions(const struct predict_options *options, const struct ls_prediction *prediction)
{
	struct ls_output output;
	if (ls_output_open(&output, options->output, COMMAND))
		return LS_EXIT_FAILED;
	int status = options->format == FORMAT_JSON ? ls_prediction_write_json(prediction, output.file)
	                                            : ls_prediction_write_csv(prediction, output.file);
	if (status) {
		ls_output_abandon(&output);
		return ls_message_failed(COMMAND, "out of memory for the result");
	}
	return ls_output_commit(&output, COMMAND);
}

static int predict_rows(const struct predict_options *options, const lockstep_network *network,
                        const lockstep_dataset *dataset)
{
	const struct lockstep_run_options run = {options->isa};
	size_t n_rows = lockstep_dataset_rows(dataset, LOCKSTEP_TRAIN);
	size_t n_labels = lockstep_network_size(network, lockstep_network_n_layers(network));
	lockstep_error error;
	float *probabilities = calloc(n_rows, n_labels * sizeof *probabilities);
	if (!probabilities)
		return ls_message_failed(COMMAND, "out of memory for %zu predictions", n_rows);
	const struct ls_prediction prediction = {network, n_rows, n_labels, probabilities};
	int status = lockstep_network_predict(network, dataset, LOCKSTEP_TRAIN, &run, probabilities, &error)
	                 ? ls_message_error(COMMAND, &error)
	                 : write_predictions(options, &prediction);
	free(probabilities);
	return status;
}

static int predict(const struct predict_options *options, const char *model, const char *file)
{
	lockstep_network *network = NULL;
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	int status;
	if (lockstep_isa_check(options->isa, &error) || lockstep_network_load(&network, model, &error) ||
	    lockstep_dataset_open_with(&dataset, file, &options->files, &error))
		status = ls_message_error(COMMAND, &error);
	else
		status = predict_rows(options, network, dataset);
	lockstep_dataset_destroy(dataset);
	lockstep_network_destroy(network);
	return status;
}

int ls_command_predict(int argc, char **argv)
{
	struct predict_options options = {.files = LOCKSTEP_DATASET_OPTIONS_INIT, .isa = "auto"};
	const struct ls_option_group groups[] = {{"Options", own_options, &options}, {0}};
	const char *operands[LS_OPERANDS_MAX];
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	options.files.unlabelled = !options.labelled && !options.files.label;
	return status == LS_OPTIONS_PARSED ? predict(&options, operands[0], operands[1]) : status;
}
