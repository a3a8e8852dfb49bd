/* SPDX-License-Identifier: MIT
 *
 * The data that a trial was trained on: what the study's command line said, over it
 * what the trial's parameters say, and over that what the user says now.
 */
#ifndef LS_CLI_RUNS_DATA_H
#define LS_CLI_RUNS_DATA_H

#include "cli/options/dataset_path.h"
#include "lockstep/runs.h"

/* Opens them; in `own` what was not given is NULL. A path is the one that the sweep was
 * given, so a relative one is looked for from here. Caller owns *out. */
lockstep_status ls_runs_open_data(lockstep_dataset **out, const struct ls_data_options *own,
                                  const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                                  lockstep_error *error);

#endif
