/* SPDX-License-Identifier: MIT
 *
 * Metrics by name, a job's value, and several runs' values together.
 */
#include "objective.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "job/options.h"

enum part { TRAINING, VALIDATION, TEST };

#define AT(field) offsetof(struct ls_store_epoch, field)

static const struct {
	const char *name;
	size_t offset; /* in struct ls_store_epoch */
	enum part part;
	int of_labels; /* multi-label data only */
} metrics[LS_N_METRICS] = {
    [LS_METRIC_LOSS] = {"loss", AT(loss), TRAINING, 0},
    [LS_METRIC_VALIDATION_LOSS] = {"validation_loss", AT(validation_loss), VALIDATION, 0},
    [LS_METRIC_VALIDATION_ACCURACY] = {"validation_accuracy", AT(validation_accuracy), VALIDATION, 0},
    [LS_METRIC_VALIDATION_LABEL_ACCURACY] = {"validation_label_accuracy", AT(validation_label_accuracy), VALIDATION, 1},
    [LS_METRIC_TEST_LOSS] = {"test_loss", AT(test_loss), TEST, 0},
    [LS_METRIC_TEST_ACCURACY] = {"test_accuracy", AT(test_accuracy), TEST, 0},
    [LS_METRIC_TEST_LABEL_ACCURACY] = {"test_label_accuracy", AT(test_label_accuracy), TEST, 1},
};

const char *ls_metric_name(enum ls_metric metric)
{
	return metrics[metric].name;
}

int ls_metric_parse(const char *name)
{
	for (int i = 0; i < LS_N_METRICS; i++)
		if (!strcmp(name, metrics[i].name))
			return i;
	return -2;
}

double *ls_objective_member(struct ls_store_epoch *epoch, const char *name)
{
	int metric = ls_metric_parse(name);
	if (metric >= 0)
		return (double *)((char *)epoch + metrics[metric].offset);
	return strcmp(name, "learning_rate") == 0 ? &epoch->learning_rate : NULL;
}

static int is_multilabel(const lockstep_dataset *dataset)
{
	return lockstep_dataset_label_kind(dataset) == LOCKSTEP_LABELS_MULTI;
}

lockstep_status ls_metric_check(enum ls_metric metric, const lockstep_dataset *dataset,
                                const struct lockstep_train_options *options, lockstep_error *error)
{
	const char *lack = NULL;
	if (metrics[metric].part == VALIDATION && options->validation == 0)
		lack = "no rows are kept for validation";
	else if (metrics[metric].part == TEST && lockstep_dataset_rows(dataset, LOCKSTEP_TEST) == 0)
		lack = "the data have no test part";
	else if (metrics[metric].of_labels && !is_multilabel(dataset))
		lack = "the data are not multi-label";
	return lack ? ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "metric %s: %s", metrics[metric].name, lack)
	            : LOCKSTEP_OK;
}

static double or_none(int is_there, double value)
{
	return is_there ? value : NAN;
}

struct ls_store_epoch ls_objective_epoch(const struct lockstep_epoch *epoch, const lockstep_dataset *dataset)
{
	const struct lockstep_metrics *validation = &epoch->validation, *test = &epoch->test;
	const int has_validation = validation->n_rows > 0, has_test = test->n_rows > 0, multi = is_multilabel(dataset);
	return (struct ls_store_epoch){
	    .epoch = epoch->epoch,
	    .loss = epoch->loss,
	    .validation_loss = or_none(has_validation, validation->loss),
	    .validation_accuracy = or_none(has_validation, validation->accuracy),
	    .validation_label_accuracy = or_none(has_validation && multi, validation->label_accuracy),
	    .test_loss = or_none(has_test, test->loss),
	    .test_accuracy = or_none(has_test, test->accuracy),
	    .test_label_accuracy = or_none(has_test && multi, test->label_accuracy),
	    .learning_rate = epoch->learning_rate,
	    .train_seconds = epoch->train_seconds,
	    .samples_per_second = epoch->samples_per_second,
	    .fingerprint = epoch->fingerprint,
	};
}

void ls_score_init(struct ls_score *score, enum ls_metric metric, const struct lockstep_train_options *options)
{
	int by_loss = options->monitor == LOCKSTEP_MONITOR_LOSS;
	*score = (struct ls_score){
	    .metric = metric,
	    .keeps_best = ls_train_keeps_best(options),
	    .monitor = options->monitor,
	    .best = by_loss ? INFINITY : -1,
	    .patience = options->patience,
	    .value = NAN,
	};
}

/* Strictly better than all before, as early stopping has it. */
static int improves(struct ls_score *score, const struct ls_store_epoch *epoch)
{
	int by_loss = score->monitor == LOCKSTEP_MONITOR_LOSS;
	double now = by_loss ? epoch->validation_loss : epoch->validation_accuracy;
	if (!(by_loss ? now < score->best : now > score->best))
		return 0;
	score->best = now;
	return 1;
}

void ls_score_add(struct ls_score *score, const struct ls_store_epoch *epoch)
{
	int is_best = improves(score, epoch);
	score->found |= is_best;
	score->without = is_best ? 0 : score->without + 1;
	if (is_best || !score->keeps_best || !score->found)
		memcpy(&score->value, (const char *)epoch + metrics[score->metric].offset, sizeof score->value);
}

int ls_score_is_over(const struct ls_score *score)
{
	return score->patience && score->without >= score->patience;
}

static void sort(double *values, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && values[j - 1] > values[j]; j--) {
			double larger = values[j - 1];
			values[j - 1] = values[j];
			values[j] = larger;
		}
}

/* Added from the smallest on, so that the order of seeds does not matter. */
static double mean(const double *values, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum / (double)n;
}

double ls_objective_together(enum ls_aggregate aggregate, double *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(values[i]))
			return NAN;
	if (n == 0)
		return NAN;
	sort(values, n);
	switch (aggregate) {
	case LS_AGGREGATE_MEAN:
		return mean(values, n);
	case LS_AGGREGATE_MIN:
		return values[0];
	case LS_AGGREGATE_MAX:
		return values[n - 1];
	case LS_AGGREGATE_MEDIAN:
		break;
	}
	return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}
