/* SPDX-License-Identifier: MIT
 *
 * A scaling study on its way from the command line to its result, and the parts of that way.
 */
#ifndef LS_CLI_SCALE_RUN_H
#define LS_CLI_SCALE_RUN_H

#include "lockstep/scaling_store.h"
#include "scale_options.h"
#include "scale_result.h"
#include "scale_watch.h"

/* A machine that --predict names. */
struct ls_scale_machine {
	const char *name;            /* hwloc's description; NULL: this machine */
	lockstep_topology *topology; /* borrowed where it is this machine's, else owned */
};

struct ls_scale_run {
	struct ls_scale_options options;
	struct ls_scale_watch watch;
	lockstep_dataset *dataset;
	lockstep_topology *topology;
	uint32_t most_workers;              /* that have cores of their own */
	uint32_t slices[LS_SCALE_LIST_MAX]; /* of every mini-batch */
	struct ls_scale_machine machines[LS_OPTION_TEXTS_MAX + 1];
	size_t n_machines; /* this one is the first; none: nothing is predicted */
	struct lockstep_scaling_job job;
	struct lockstep_scaling_study *study;
	struct lockstep_machine_model *models; /* [n_models], one a series */
	size_t n_models;
	struct lockstep_time_to_loss *loss;
	lockstep_scaling_store *store; /* NULL: none is asked for */
	char *command;
	struct ls_scale_result result;
	int late; /* the exit status of what failed after the study */
};

/* scale_spec.c: sets what a specification says, before the command line is parsed over it. Returns the exit status. */
int ls_scale_spec_load(struct ls_scale_options *options, const char *path);

/* scale_spec.c: says what was found wrong later, with topology and data at hand. Where the specification alone says the
 * option `name` (NULL: that which the message begins with, or several), the message has its file, the place too where
 * one value is to blame, and the status is 1; else it is the command line's. Returns the exit status. */
int ls_scale_spec_failed(const struct ls_scale_options *options, const char *name, const lockstep_error *error);

/* scale_prepare.c: opens what is needed and finds what would fail, before anything is measured. Returns the exit
 * status. */
int ls_scale_prepare(struct ls_scale_run *run);

/* scale_predict.c: calibrates a model a series, and asks it about all machines. What fails is said and
 * remembered in run->late: the measurements stay. */
void ls_scale_predict(struct ls_scale_run *run);
void ls_scale_predict_fini(struct ls_scale_run *run);

/* scale_output.c: whether the files can be written; writes them, each whole or not at all. Return the exit status. */
int ls_scale_output_check(const struct ls_scale_options *options);
int ls_scale_output_write(const struct ls_scale_options *options, const struct ls_scale_result *result);

/* scale_database.c: takes the database for this study, before anything is measured; adds it. Return the exit status. */
int ls_scale_database_open(struct ls_scale_run *run);
int ls_scale_database_add(struct ls_scale_run *run);

/* scale_text.c: the result for people, on stdout. */
void ls_scale_print(const struct ls_scale_result *result);

#endif
