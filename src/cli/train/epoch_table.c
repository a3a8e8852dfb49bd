/* SPDX-License-Identifier: MIT
 *
 * Columns of fixed width; of multi-label data every accuracy has two, rows
 * with every label right and labels that are right.
 */
#include "epoch_table.h"

#include <stdio.h>

static void print_metrics_heading(const struct ls_epoch_table *table, const char *name, const char *labels_name)
{
	printf("  %10s", name);
	if (table->multilabel)
		printf("  %10s", labels_name);
}

void ls_epoch_table_heading(const struct ls_epoch_table *table)
{
	printf("epoch  %11s", "loss");
	if (table->validation) {
		printf("  %11s", "valid. loss");
		print_metrics_heading(table, "validation", "labels");
	}
	if (table->test)
		print_metrics_heading(table, "test", "labels");
	printf("  %11s  %9s\n", "samples/s", "seconds");
}

static void print_metrics(const struct ls_epoch_table *table, const struct lockstep_metrics *metrics)
{
	printf("  %8.2f %%", 100 * metrics->accuracy);
	if (table->multilabel)
		printf("  %8.2f %%", 100 * metrics->label_accuracy);
}

void ls_epoch_table_row(const struct ls_epoch_table *table, const struct lockstep_epoch *epoch)
{
	printf("%5u  %#11.6g", epoch->epoch, epoch->loss);
	if (table->validation) {
		printf("  %#11.6g", epoch->validation.loss);
		print_metrics(table, &epoch->validation);
	}
	if (table->test)
		print_metrics(table, &epoch->test);
	printf("  %11.0f  %9.3f%s\n", epoch->samples_per_second, epoch->train_seconds,
	       table->validation && epoch->best ? " *" : "");
	fflush(stdout);
}
