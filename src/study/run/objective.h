/* SPDX-License-Identifier: MIT
 *
 * From epochs to the number that a sweep compares. A job's value is that of the
 * epoch whose parameters it would keep: the best one under early stopping, else
 * the last.
 */
#ifndef LS_STUDY_OBJECTIVE_H
#define LS_STUDY_OBJECTIVE_H

#include "lockstep/train.h"
#include "study/spec/spec.h"
#include "study/store/store.h"

enum ls_metric {
	LS_METRIC_LOSS = 0,
	LS_METRIC_VALIDATION_LOSS,
	LS_METRIC_VALIDATION_ACCURACY,
	LS_METRIC_VALIDATION_LABEL_ACCURACY,
	LS_METRIC_TEST_LOSS,
	LS_METRIC_TEST_ACCURACY,
	LS_METRIC_TEST_LABEL_ACCURACY,
	LS_N_METRICS
};

/* "loss", "validation_loss" and so on, as in the log. */
const char *ls_metric_name(enum ls_metric metric);
/* enum ls_metric of a name; -2 when there is none. */
int ls_metric_parse(const char *name);

/* Will a job with these options on these data have the metric? */
lockstep_status ls_metric_check(enum ls_metric metric, const lockstep_dataset *dataset,
                                const struct lockstep_train_options *options, lockstep_error *error);

/* The member of that name, which all jobs may have; NULL: there is none. */
double *ls_objective_member(struct ls_store_epoch *epoch, const char *name);

/* What the store keeps of an epoch; what does not exist is NaN. */
struct ls_store_epoch ls_objective_epoch(const struct lockstep_epoch *epoch, const lockstep_dataset *dataset);

/* A job's value, epoch by epoch. */
struct ls_score {
	enum ls_metric metric;
	int keeps_best;
	enum lockstep_monitor monitor;
	double best;                /* of what is monitored */
	int found;                  /* a best one */
	uint32_t patience, without; /* epochs since the best one */
	double value;               /* NaN before the first epoch */
};

void ls_score_init(struct ls_score *score, enum ls_metric metric, const struct lockstep_train_options *options);
void ls_score_add(struct ls_score *score, const struct ls_store_epoch *epoch);
/* Has early stopping ended the job with the last epoch? */
int ls_score_is_over(const struct ls_score *score);

/* What the values [n] of a trial's runs come to; NaN when one of them is, or n is 0.
 * The median of an even number is the mean of the middle two. Reorders values. */
double ls_objective_together(enum ls_aggregate aggregate, double *values, size_t n);

#endif
