/* SPDX-License-Identifier: MIT
 *
 * Train options: ranges, and what their defaults come to on a given data set.
 */
#ifndef LS_JOB_OPTIONS_H
#define LS_JOB_OPTIONS_H

#include "lockstep/train.h"

/* Checks every range that does not depend on the data. */
lockstep_status ls_train_check_options(const struct lockstep_train_options *options, lockstep_error *error);

/* The job's slices: as asked for, or the default rule. */
uint32_t ls_train_slices(const struct lockstep_train_options *options);

/* The schedule's period in epochs, with its default resolved. */
double ls_train_period(const struct lockstep_train_options *options);

/* Does the job's result come from its best epoch, not its last? */
int ls_train_keeps_best(const struct lockstep_train_options *options);

/* Copies the members that decide the bits, and no others. */
void ls_train_copy_deciding(struct lockstep_train_options *to, const struct lockstep_train_options *from);

#endif
