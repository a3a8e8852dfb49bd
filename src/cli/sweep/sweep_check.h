/* SPDX-License-Identifier: MIT
 *
 * Would `train` take what a sweep gives it?
 */
#ifndef LS_CLI_SWEEP_CHECK_H
#define LS_CLI_SWEEP_CHECK_H

#include "cli/options/job_options.h"
#include "lockstep/sweep.h"

/* Each parameter must be an option of train that decides the result, '_' and '-' alike,
 * and each of its values, or draws, must be one that train can take beside some values
 * of the other options. An error names the place in the specification. */
lockstep_status ls_sweep_check(const lockstep_sweep *sweep, lockstep_error *error);

/* Does a parameter of this name say which data to read? */
int ls_sweep_is_data(const char *name);

/* Would train take the text for the option that a parameter names, beside some values of the others? A boolean is true
 * or false. */
lockstep_status ls_sweep_try(const char *name, const char *text, lockstep_error *error);

/* Gives the option that a parameter names the text of a value, which is borrowed. */
lockstep_status ls_sweep_set(struct ls_job_options *job, const char *name, const char *text, lockstep_error *error);

#endif
