/* SPDX-License-Identifier: MIT
 *
 * Runs of other programs, on the coordinator's side: from a trial's values to a
 * process, and from its points to the database.
 *
 * The job of a command is its words, the points of a whole job and the metric, in one
 * study: another study may run another program under the same name, so that nothing is
 * taken over from there.
 */
#ifndef LS_STUDY_COMMANDS_H
#define LS_STUDY_COMMANDS_H

#include "study/command/point.h"
#include "study/store/store.h"

struct ls_command;
struct ls_run;
struct ls_runner;

/* Is there a metric, and can the command be started? LOCKSTEP_ERROR_ARGUMENT or _IO when not. */
lockstep_status ls_command_check(struct ls_runner *runner, lockstep_error *error);

/* Makes the run's command, and finds what the database knows of it. */
lockstep_status ls_command_prepare(struct ls_runner *runner, struct ls_run *run, lockstep_error *error);
lockstep_status ls_command_learn(struct ls_runner *runner, struct ls_run *run, lockstep_error *error);
/* On the trial's cores. */
lockstep_status ls_command_start(struct ls_runner *runner, struct ls_run *run, lockstep_error *error);

/* What the store keeps of a point, whose names it borrows. */
struct ls_store_epoch ls_command_point(const struct ls_point *point,
                                       struct ls_store_metric metrics[LS_POINT_NUMBERS_MAX]);
/* The run's next value. */
lockstep_status ls_command_keep(struct ls_run *run, double value, double key, lockstep_error *error);

/* NULL is allowed. */
void ls_command_destroy(struct ls_command *command);

#endif
