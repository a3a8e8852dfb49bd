/* SPDX-License-Identifier: MIT
 *
 * What is said of a training run when it is over: what was trained, how fast,
 * and how well.
 */
#ifndef LS_CLI_SUMMARY_H
#define LS_CLI_SUMMARY_H

#include "cli/options/job_options.h"
#include "lockstep/train.h"

/* Gathered epoch by epoch, of a resumed job from there on. */
struct ls_summary {
	uint32_t n_epochs;
	struct lockstep_epoch last;
	struct lockstep_epoch best_test;       /* the first of highest test accuracy */
	struct lockstep_epoch best_validation; /* the latest that improved the monitored metric */
	double train_seconds, samples;
};

struct ls_summary_job {
	const struct ls_job_options *job;
	const lockstep_dataset *dataset;
	const lockstep_network *network; /* trained */
	const struct lockstep_plan *plan;
	const struct lockstep_trial *choice; /* of automatic workers, or NULL */
	const char *saved;                   /* file, or NULL */
	const char *resumed;                 /* likewise, with the step it stood at */
	uint64_t resumed_step;
	double seconds; /* of the whole run */
};

void ls_summary_add(struct ls_summary *summary, const struct lockstep_epoch *epoch);

/* Prints to stdout, "name value" a line. The test accuracy is measured again,
 * since the parameters kept need not be the last epoch's. */
void ls_summary_print(const struct ls_summary *summary, const struct ls_summary_job *job);

#endif
