/* SPDX-License-Identifier: MIT
 *
 * lockstep gradcheck: the gradients of a job's first mini-batch, from the
 * kernels, from a pass in double, and from finite differences, as a table.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/options/job_options.h"
#include "cli/print/message.h"
#include "lockstep/gradcheck.h"

#define COMMAND "gradcheck"

struct gradcheck_options {
	struct ls_job_options job;
	struct lockstep_gradcheck_options check;
};

#define KERNEL_LIMIT 0.1 /* the library's default */

#define AT(field) offsetof(struct gradcheck_options, field)

static const struct ls_option own_options[] = {
    {0, "difference-bound", "X", LS_OPTION_REAL, AT(check.difference_bound), NULL,
     "largest difference error that passes (default 1e-06)"},
    {0, "samples", "N", LS_OPTION_SIZE, AT(check.samples), NULL,
     "parameters to compare with differences, of a tensor with more than 10,000 (default 200)"},
    {0},
};

static const struct ls_usage usage = {
    .command = COMMAND,
    .operands = "",
    .summary = "Compares three gradients of a job's first mini-batch: the kernels' in fp32, one in double from "
	       "the formulas, and central differences of the loss.",
    .closing = "Errors are the largest difference over the largest gradient of a tensor. The kernel error may "
	       "come to its bound, the worst case that an error analysis of the sums allows; a bound above 0.1 "
	       "proves nothing, and fails too.\n"
	       "\n"
	       "Exit status: 0 all tensors passed, 1 one failed, 2 wrong usage.",
};

static void print_table(const struct lockstep_gradcheck_layer *layers, size_t n)
{
	printf("%-17s %10s %8s %8s  %10s  %10s  %10s  %10s\n", "", "", "", "", "max", "difference", "kernel", "kernel");
	printf("%-17s %10s %8s %8s  %10s  %10s  %10s  %10s\n", "tensor", "parameters", "compared", "replaced",
	       "|gradient|", "error", "error", "bound");
	for (size_t i = 0; i < n; i++) {
		const struct lockstep_gradcheck_layer *layer = &layers[i];
		printf("%-17s %10zu %8zu %8zu  %10.3e  %10.3e  %10.3e  %10.3e  %s\n", layer->name, layer->n_parameters,
		       layer->n_sampled, layer->n_replaced, layer->gradient_max, layer->difference_error,
		       layer->kernel_error, layer->kernel_bound, layer->passed ? "ok" : "FAILED");
	}
}

/* Does some tensor fail for no more than a bound too wide to prove anything? */
static int bound_is_useless(const struct lockstep_gradcheck_layer *layers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!layers[i].passed && layers[i].n_outside == 0 && layers[i].kernel_bound > KERNEL_LIMIT)
			return 1;
	return 0;
}

static int check(const struct gradcheck_options *options, lockstep_network *network, const lockstep_dataset *dataset)
{
	size_t n = 2 * lockstep_network_n_layers(network);
	struct lockstep_gradcheck_layer *layers = calloc(n, sizeof *layers);
	lockstep_error error;
	int passed = 0, status = LS_EXIT_DONE;
	if (!layers)
		return ls_message_failed(COMMAND, "out of memory for %zu tensors", n);
	if (lockstep_gradcheck(network, dataset, &options->job.train, &options->check, layers, &passed, &error))
		status = ls_message_error(COMMAND, &error);
	else
		print_table(layers, n);
	if (status == LS_EXIT_DONE && !passed)
		status = ls_message_failed(COMMAND, bound_is_useless(layers, n)
		                                        ? "the kernels' bound is too wide to prove a gradient right"
		                                        : "a gradient is wrong");
	free(layers);
	return status;
}

static int gradcheck(struct gradcheck_options *options)
{
	lockstep_dataset *dataset;
	lockstep_network *network;
	lockstep_error error;
	if (ls_job_open(&options->job, &dataset, &network, &error))
		return ls_message_error(COMMAND, &error);
	ls_job_explain(&options->job, COMMAND);
	int status = check(options, network, dataset);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
	return status;
}

int ls_command_gradcheck(int argc, char **argv)
{
	struct gradcheck_options options = {.check = {.samples = 0}};
	ls_job_options_init(&options.job);
	const struct ls_option_group groups[] = {
	    {"Check", own_options, &options},
	    {LS_HEADING_DATA, ls_data_option_table, &options.job.data},
	    {LS_HEADING_NETWORK, ls_network_option_table, &options.job},
	    {LS_HEADING_TRAINING, ls_training_option_table, &options.job},
	    {LS_HEADING_RUN, ls_run_option_table, &options.job},
	    {0},
	};
	int status = ls_options_parse(&usage, groups, argc, argv, NULL);
	return status == LS_OPTIONS_PARSED ? gradcheck(&options) : status;
}
