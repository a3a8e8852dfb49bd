/* SPDX-License-Identifier: MIT
 *
 * A sweep that runs: trials of the built-in trainer, with what they come to on
 * stderr as it happens, and the best on stdout.
 */
#ifndef LS_CLI_SWEEP_RUN_H
#define LS_CLI_SWEEP_RUN_H

#include "cli/options/job_options.h"
#include "lockstep/sweep.h"

struct ls_sweep_run {
	struct ls_job_options job; /* of every trial, beside its parameters */
	const char *database, *name;
	uint32_t cores; /* 0: all */
	int quiet;
	int argc; /* the command line, which the study keeps */
	char **argv;
};

/* Returns the exit status. */
int ls_sweep_run(const lockstep_sweep *sweep, const struct ls_sweep_run *run);

#endif
