/* SPDX-License-Identifier: MIT
 *
 * Defaults are the library's; the command differs in one: it binds workers
 * ("close"), which a library must not do unasked.
 */
#include "job_options.h"

#include <stdio.h>
#include <string.h>

#include "cli/print/message.h"

#define AT(field) offsetof(struct ls_job_options, field)
#define FOUNDING_LAYERS "784-30-10"

const struct ls_option ls_network_option_table[] = {
    {0, "scale", "none|unit|standardise", LS_OPTION_CHOICE, AT(train.scale), lockstep_scale_parse,
     "how inputs are scaled (default: unit for bytes, none for floats)"},
    {0, "layers", "SIZES", LS_OPTION_TEXT, AT(layers), NULL,
     "inputs, hidden layers and outputs (default: 784-30-10, or what fits the data with 30 hidden units)"},
    {0, "hidden", "sigmoid|tanh|relu|leaky-relu", LS_OPTION_CHOICE, AT(network.hidden), lockstep_activation_parse,
     "activation of the hidden layers"},
    {0, "leaky-slope", "X", LS_OPTION_REAL, AT(network.leaky_slope), NULL, "slope of leaky-relu below 0"},
    {0, "loss", "softmax|multilabel|quadratic", LS_OPTION_CHOICE, AT(loss), lockstep_loss_parse,
     "loss, and the output activation with it (default: softmax, or multilabel for such data)"},
    {0, "init", "normal|glorot|he", LS_OPTION_CHOICE, AT(network.init), lockstep_init_parse,
     "distribution of the initial parameters"},
    {0},
};

const struct ls_option ls_training_option_table[] = {
    {0, "seed", "N", LS_OPTION_U64, AT(train.seed), NULL, "of initialisation, shuffle, split and dropout"},
    {0, "epochs", "N", LS_OPTION_U32, AT(train.epochs), NULL, "passes over the training rows"},
    {0, "batch", "ROWS", LS_OPTION_U32, AT(train.batch), NULL, "rows of a mini-batch"},
    {0, "slices", "N", LS_OPTION_U32, AT(train.slices), NULL,
     "parts of a mini-batch, a power of two; as many workers at most (default: by the batch)"},
    {0, "lr", "X", LS_OPTION_REAL, AT(train.learning_rate), NULL, "learning rate"},
    {0, "momentum", "X", LS_OPTION_REAL, AT(train.momentum), NULL, "momentum, below 1 (default 0)"},
    {0, "nesterov", NULL, LS_OPTION_FLAG, AT(train.nesterov), NULL, "Nesterov's form of momentum"},
    {0, "l2", "X", LS_OPTION_REAL, AT(train.l2), NULL, "weight decay, of weights only (default 0)"},
    {0, "dropout", "P", LS_OPTION_REAL, AT(train.dropout), NULL, "probability of dropping a hidden unit (default 0)"},
    {0, "schedule", "constant|step|exponential|cosine", LS_OPTION_CHOICE, AT(train.schedule), lockstep_schedule_parse,
     "course of the learning rate"},
    {0, "schedule-gamma", "X", LS_OPTION_REAL, AT(train.schedule_gamma), NULL,
     "factor a period, of step and exponential"},
    {0, "schedule-period", "EPOCHS", LS_OPTION_REAL, AT(train.schedule_period), NULL,
     "period (default: 10 for step, 1 for exponential, all epochs for cosine)"},
    {0, "warmup", "EPOCHS", LS_OPTION_REAL, AT(train.warmup), NULL,
     "epochs over which the rate rises linearly (default 0)"},
    {0, "validation", "ROWS|FRACTION", LS_OPTION_ROWS, AT(train.validation), NULL,
     "training rows kept for validation: a number, or a fraction below 1 (default: none)"},
    {0, "patience", "EPOCHS", LS_OPTION_U32, AT(train.patience), NULL,
     "stop after so many epochs without improvement and keep the best; needs --validation (default: never)"},
    {0, "monitor", "loss|accuracy", LS_OPTION_CHOICE, AT(train.monitor), lockstep_monitor_parse,
     "what must improve on the validation rows"},
    {0, "keep-last", NULL, LS_OPTION_FLAG, AT(train.keep_last), NULL,
     "with --patience, keep the last parameters, not the best epoch's"},
    {0, "drop-last", NULL, LS_OPTION_FLAG, AT(train.drop_last), NULL,
     "leave out the short mini-batch at an epoch's end"},
    {0},
};

const struct ls_option ls_run_option_table[] = {
    {0, "workers", "N|auto", LS_OPTION_WORKERS, AT(train.workers), NULL,
     "threads; auto: the fastest number up to one a core, at most the slices"},
    {0, "split", "auto|rows|owners|units", LS_OPTION_CHOICE, AT(train.split), lockstep_split_parse,
     "what a step splits over the workers: rows; rows, then parameters; or units; auto: the fastest"},
    {0, "engine", "pthreads|openmp|serial", LS_OPTION_CHOICE, AT(train.engine), lockstep_engine_parse,
     "what runs the workers"},
    {0, "isa", "auto|portable|avx2|avx512|neon", LS_OPTION_TEXT, AT(train.isa), NULL, "instruction set of the kernels"},
    {0, "bind", "close|spread|none|list:CPUS", LS_OPTION_TEXT, AT(train.bind), NULL,
     "where workers are pinned; CPUS such as 0,2,4-7"},
    {0, "smt", NULL, LS_OPTION_FLAG, AT(train.smt), NULL, "hardware threads count as places of their own"},
    {0},
};

void ls_job_options_init(struct ls_job_options *job)
{
	*job = (struct ls_job_options){
	    .data = LS_DATA_OPTIONS_INIT,
	    .loss = -1,
	    .network = LOCKSTEP_NETWORK_OPTIONS_INIT,
	    .train = LOCKSTEP_TRAIN_OPTIONS_INIT,
	};
	job->train.isa = "auto";
	job->train.bind = "close";
}

/* The founding shape where it fits the data, else one like it that does. */
static void settle_layers(struct ls_job_options *job, const lockstep_dataset *dataset)
{
	if (job->layers)
		return;
	snprintf(job->own_layers, sizeof job->own_layers, "%zu-30-%zu", lockstep_dataset_features(dataset),
	         lockstep_dataset_labels(dataset));
	job->layers = job->own_layers;
}

static void settle_loss(struct ls_job_options *job, const lockstep_dataset *dataset)
{
	int multilabel = lockstep_dataset_label_kind(dataset) == LOCKSTEP_LABELS_MULTI;
	job->own_loss = job->loss < 0;
	if (job->own_loss)
		job->loss = multilabel ? LOCKSTEP_MULTILABEL : LOCKSTEP_SOFTMAX;
	job->network.loss = (enum lockstep_loss)job->loss;
}

lockstep_status ls_job_make_network(struct ls_job_options *job, const lockstep_dataset *dataset,
                                    lockstep_network **network, lockstep_error *error)
{
	settle_layers(job, dataset);
	settle_loss(job, dataset);
	if (!job->own_init_seed)
		job->network.seed = job->train.seed;
	return lockstep_network_create(network, job->layers, &job->network, error);
}

lockstep_status ls_job_open(struct ls_job_options *job, lockstep_dataset **dataset, lockstep_network **network,
                            lockstep_error *error)
{
	lockstep_dataset *data;
	lockstep_status status = ls_dataset_open(&data, &job->data, error);
	if (status)
		return status;
	status = ls_job_make_network(job, data, network, error);
	if (status) {
		lockstep_dataset_destroy(data);
		return status;
	}
	*dataset = data;
	return LOCKSTEP_OK;
}

void ls_job_explain(const struct ls_job_options *job, const char *command)
{
	if (job->layers == job->own_layers && strcmp(job->layers, FOUNDING_LAYERS) != 0)
		ls_message_note(command, "layers %s, to fit the data (--layers)", job->layers);
	if (job->own_loss && job->loss == LOCKSTEP_MULTILABEL)
		ls_message_note(command, "loss multilabel, since rows have several labels (--loss)");
}
