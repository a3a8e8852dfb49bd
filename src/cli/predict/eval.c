/* SPDX-License-Identifier: MIT
 *
 * lockstep eval: loss and accuracy of a model over one part of a data set.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/options/dataset_path.h"
#include "cli/print/message.h"
#include "lockstep/network.h"
#include "lockstep/version.h"

#define COMMAND "eval"

enum { PART_AUTO = -1, PART_TRAIN = LOCKSTEP_TRAIN, PART_TEST = LOCKSTEP_TEST };
enum { FORMAT_TEXT, FORMAT_JSON };

struct eval_options {
	struct ls_data_options data;
	const char *isa;
	int part, format;
};

#define AT(field) offsetof(struct eval_options, field)

static const struct ls_option own_options[] = {
    {0, "part", "train|test", LS_OPTION_CHOICE, AT(part), NULL, "rows to look at (default: test where there is one)"},
    {0, "isa", "auto|portable|avx2|avx512|neon", LS_OPTION_TEXT, AT(isa), NULL, "instruction set of the kernels"},
    {0, "format", "text|json", LS_OPTION_CHOICE, AT(format), NULL, "form of the result"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "MODEL",
    .summary = "Prints loss and accuracy of a model file over a data set; MNIST if not said otherwise.",
};

static void print_text(const struct lockstep_metrics *metrics, const char *part, int multilabel)
{
	printf("part        %s\n", part);
	printf("rows        %zu\n", metrics->n_rows);
	printf("loss        %.9g\n", metrics->loss);
	printf("accuracy    %.2f %% (%zu of %zu)\n", 100 * metrics->accuracy, metrics->n_exact, metrics->n_rows);
	if (multilabel)
		printf("labels      %.2f %% (%zu right)\n", 100 * metrics->label_accuracy, metrics->n_flags);
}

static int print_json(const struct lockstep_metrics *metrics, const char *part, int multilabel)
{
	json_t *loss = isfinite(metrics->loss) ? json_real(metrics->loss) : json_null();
	json_t *result = json_pack("{s:s, s:I, s:o, s:f, s:I}", "part", part, "rows", (json_int_t)metrics->n_rows,
	                           "loss", loss, "accuracy", metrics->accuracy, "exact", (json_int_t)metrics->n_exact);
	if (multilabel) {
		json_object_set_new(result, "label_accuracy", json_real(metrics->label_accuracy));
		json_object_set_new(result, "flags", json_integer((json_int_t)metrics->n_flags));
	}
	if (!result)
		return ls_message_failed(COMMAND, "out of memory for the result");
	json_dumpf(result, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(result);
	return LS_EXIT_DONE;
}

static int evaluate(const struct eval_options *options, const lockstep_network *network,
                    const lockstep_dataset *dataset)
{
	const struct lockstep_run_options run = {options->isa};
	struct lockstep_metrics metrics;
	lockstep_error error;
	int part = options->part;
	if (part == PART_AUTO)
		part = lockstep_dataset_rows(dataset, LOCKSTEP_TEST) ? PART_TEST : PART_TRAIN;
	const char *name = part == PART_TEST ? "test" : "train";
	if (lockstep_dataset_rows(dataset, (enum lockstep_part)part) == 0)
		return ls_message_failed(COMMAND, "%s has no %s part", options->data.data, name);
	if (lockstep_network_evaluate(network, dataset, (enum lockstep_part)part, &run, &metrics, &error))
		return ls_message_error(COMMAND, &error);

	int multilabel = lockstep_dataset_label_kind(dataset) == LOCKSTEP_LABELS_MULTI;
	if (options->format == FORMAT_JSON)
		return print_json(&metrics, name, multilabel);
	print_text(&metrics, name, multilabel);
	return LS_EXIT_DONE;
}

static int eval(const struct eval_options *options, const char *model)
{
	lockstep_network *network = NULL;
	lockstep_dataset *dataset = NULL;
	lockstep_error error;
	int status;
	if (lockstep_isa_check(options->isa, &error) || lockstep_network_load(&network, model, &error) ||
	    ls_dataset_open_for(&dataset, &options->data, network, &error))
		status = ls_message_error(COMMAND, &error);
	else
		status = evaluate(options, network, dataset);
	lockstep_dataset_destroy(dataset);
	lockstep_network_destroy(network);
	return status;
}

int ls_command_eval(int argc, char **argv)
{
	struct eval_options options = {.data = LS_DATA_OPTIONS_INIT, .isa = "auto", .part = PART_AUTO};
	const struct ls_option_group groups[] = {
	    {"Data", ls_data_option_table, &options.data},
	    {"Options", own_options, &options},
	    {0},
	};
	const char *operands[LS_OPERANDS_MAX];
	int status = ls_options_parse(&usage, groups, argc, argv, operands);
	return status == LS_OPTIONS_PARSED ? eval(&options, operands[0]) : status;
}
