/* SPDX-License-Identifier: MIT
 *
 * The options of a scaling study, and what they come to as far as the command line says it.
 */
#ifndef LS_CLI_SCALE_OPTIONS_H
#define LS_CLI_SCALE_OPTIONS_H

#include "cli/options/job_options.h"
#include "cli/options/options.h"
#include "lockstep/scaling_spec.h"
#include "lockstep/scaling_study.h"
#include "lockstep/time_to_loss.h"

#define LS_SCALE_LEVELS_MAX LOCKSTEP_SCALING_SPEC_LEVELS_MAX
#define LS_SCALE_LIST_MAX LOCKSTEP_SCALING_SPEC_LIST_MAX
#define LS_SCALE_WORKERS_MAX LOCKSTEP_SCALING_SPEC_WORKERS_MAX
#define LS_SCALE_BINDS_MAX LOCKSTEP_SCALING_SPEC_BINDS_MAX
#define LS_SCALE_SPEC_TEXTS 7

struct ls_scale_options {
	/* As given. */
	struct ls_job_options job; /* but for the mini-batch, and what a setting has */
	const char *worker_list, *bind_list, *engine_list, *split_list, *batch_list;
	size_t steps, warmup_steps;
	double run_seconds;      /* NaN: not given */
	double precision;        /* in percent */
	double target_loss;      /* NaN: no time to a loss */
	double max_epochs;       /* NaN: not given */
	int target_part;         /* enum lockstep_target_part; -1: settled by the data */
	const char *block_range; /* MIN[,MAX] */
	const char *time_limit, *rate_list;
	int weak, quiet;
	struct ls_option_texts predict;
	const char *json, *csv, *extrap, *database, *name;

	/* Of a specification; texts above may be its. Owned. */
	struct lockstep_scaling_spec *spec; /* NULL: there is none */
	int n_words;                        /* of the command line beside it, borrowed */
	char **words;
	char *spec_texts[LS_SCALE_SPEC_TEXTS];
	size_t n_spec_texts;

	/* Settled by ls_scale_options_settle(). */
	size_t n_workers, n_binds, n_engines, n_splits, n_batches, n_rates; /* n_workers 0: as many as auto */
	uint32_t workers[LS_SCALE_LEVELS_MAX], batches[LS_SCALE_LIST_MAX];
	const char *binds[LS_SCALE_BINDS_MAX];
	int engines[3], splits[3];
	double rates[LS_SCALE_LIST_MAX];
	struct lockstep_scaling_setting *settings; /* [study.n_settings], owned */
	struct lockstep_scaling_study_options study;
	struct lockstep_time_to_loss_options loss; /* but for its part */
};

extern const struct ls_option ls_scale_study_table[];
extern const struct ls_option ls_scale_measure_table[];
extern const struct ls_option ls_scale_more_table[];
extern const struct ls_option ls_scale_output_table[];

/* The options of train that decide the result, without those that are lists here. Of a struct ls_job_options. */
const struct ls_option *ls_scale_training_table(void);

void ls_scale_options_init(struct ls_scale_options *options);
void ls_scale_options_fini(struct ls_scale_options *options);

/* Reads the lists and looks for what does not go together. Returns the exit status. */
int ls_scale_options_settle(struct ls_scale_options *options);

/* Makes the settings: every way of running the job with every other choice, for a network of so many layers. Returns the
 * exit status. */
int ls_scale_options_cross(struct ls_scale_options *options, size_t n_layers);

#endif
