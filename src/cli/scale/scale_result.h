/* SPDX-License-Identifier: MIT
 *
 * All that a scaling study came to, for those who write it.
 */
#ifndef LS_CLI_SCALE_RESULT_H
#define LS_CLI_SCALE_RESULT_H

#include <stdio.h>

#include "cli/options/job_options.h"
#include "lockstep/environment.h"
#include "lockstep/machine_model.h"
#include "lockstep/scaling_study.h"
#include "lockstep/time_to_loss.h"
#include "lockstep/topology.h"

#define LS_SCALE_SCHEMA 1

/* Of one series on one machine. */
struct ls_scale_prediction {
	const char *topology; /* hwloc's description; NULL: this machine, for the series' own levels */
	size_t series;
	size_t n;
	struct lockstep_machine_step *steps; /* [n]; on this machine one a level, workers 0 where there is none */
	const struct lockstep_machine_model *model;
};

struct ls_scale_result {
	const char *command; /* the command line */
	const char *name;    /* of the study */
	char created[32];    /* UTC, "2026-01-31T12:00:00Z" */
	const struct ls_job_options *job;
	const lockstep_dataset *dataset;
	const struct lockstep_scaling_study_options *options;
	const struct lockstep_scaling_study *study;
	struct lockstep_environment before, after;
	char **warnings; /* [n_warnings] what spoils the measurement, a line each */
	size_t n_warnings;
	lockstep_topology *topology;
	struct ls_scale_prediction *predictions; /* [n_predictions] */
	size_t n_predictions;
	const struct lockstep_time_to_loss *time_to_loss; /* NULL: not asked for */
	const struct lockstep_time_to_loss_options *time_to_loss_options;
};

#define LS_SCALE_COMMAND "scale"

/* The whole as one JSON object, and a line's end (doc/scaling.md has its members); the raw points as CSV; the same
 * points in the JSON that Extra-P 4 reads. Write errors stay in the FILE. Each returns the exit status, having said
 * why: memory may be short, or nothing be there that Extra-P could read. */
int ls_scale_write_json(const struct ls_scale_result *result, FILE *file);
int ls_scale_write_csv(const struct ls_scale_result *result, FILE *file);
int ls_scale_write_extrap(const struct ls_scale_result *result, FILE *file);

/* ---- Of the document ------------------------------------------------------- */

struct ls_json;

/* A series of it, as one object. */
int ls_scale_write_series(const struct ls_scale_result *result, size_t series, struct ls_json *json);

#endif
