/* SPDX-License-Identifier: MIT
 *
 * A training run's table on stdout: a heading, then a line an epoch.
 */
#ifndef LS_CLI_EPOCH_TABLE_H
#define LS_CLI_EPOCH_TABLE_H

#include "lockstep/train.h"

/* Which columns there are. */
struct ls_epoch_table {
	int validation, test, multilabel;
};

void ls_epoch_table_heading(const struct ls_epoch_table *table);

/* One line; flushed, so that a reader of a pipe sees it at once. An epoch that
 * improved the monitored metric ends in "*". */
void ls_epoch_table_row(const struct ls_epoch_table *table, const struct lockstep_epoch *epoch);

#endif
