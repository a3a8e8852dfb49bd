/* SPDX-License-Identifier: MIT
 *
 * The options of a job, shared by the subcommands that make one, and what they
 * leave open settled from the data: layers and loss.
 */
#ifndef LS_CLI_JOB_OPTIONS_H
#define LS_CLI_JOB_OPTIONS_H

#include "dataset_path.h"
#include "lockstep/network.h"
#include "lockstep/train.h"
#include "options.h"

struct ls_job_options {
	struct ls_data_options data;
	const char *layers;                      /* NULL: from the data */
	int loss;                                /* enum lockstep_loss; -1: from the data */
	struct lockstep_network_options network; /* but for loss and seed, until the job is opened */
	struct lockstep_train_options train;
	char own_layers[64]; /* what `layers` points to when it came from the data */
	int own_loss;        /* the loss came from the data */
	int own_init_seed;   /* the network's seed is not the training's, as a program may have it */
};

/* Of a struct ls_job_options. The first two decide the bits, the third never does. */
extern const struct ls_option ls_network_option_table[];
extern const struct ls_option ls_training_option_table[];
extern const struct ls_option ls_run_option_table[];

#define LS_HEADING_DATA "Options that decide the result (data)"
#define LS_HEADING_NETWORK "Options that decide the result (network)"
#define LS_HEADING_TRAINING "Options that decide the result (training)"
#define LS_HEADING_RUN "Options that never do"

void ls_job_options_init(struct ls_job_options *job);

/* Opens the data set and creates the network, and settles what the options
 * left open. Caller owns both results, untouched on failure. */
lockstep_status ls_job_open(struct ls_job_options *job, lockstep_dataset **dataset, lockstep_network **network,
                            lockstep_error *error);

/* The network alone, for a data set that is open. */
lockstep_status ls_job_make_network(struct ls_job_options *job, const lockstep_dataset *dataset,
                                    lockstep_network **network, lockstep_error *error);

/* Says on stderr what was settled and is not the founding job. */
void ls_job_explain(const struct ls_job_options *job, const char *command);

#endif
