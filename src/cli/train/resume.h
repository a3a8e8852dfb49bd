/* SPDX-License-Identifier: MIT
 *
 * A job's options as a checkpoint has them, so that going on needs none on the
 * command line.
 */
#ifndef LS_CLI_RESUME_H
#define LS_CLI_RESUME_H

#include "cli/options/job_options.h"
#include "lockstep/checkpoint.h"

/* Sets what decides the bits, and where the data were, before the command line
 * is parsed over it. Texts are the checkpoint's. Data that are no longer there
 * are looked up by the last part of their path. */
void ls_resume_options(struct ls_job_options *job, const lockstep_checkpoint *checkpoint);

/* After that: where --data names others, the checkpoint's files beside the data
 * do not go with them. */
void ls_resume_settle_data(struct ls_job_options *job, const lockstep_checkpoint *checkpoint);

#endif
