/* SPDX-License-Identifier: MIT
 *
 * The names form a column as wide as "fingerprint", the line that follows.
 */
#include "summary.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/options/choice.h"

void ls_summary_add(struct ls_summary *summary, const struct lockstep_epoch *epoch)
{
	summary->last = *epoch;
	if (summary->n_epochs == 0 || epoch->test.accuracy > summary->best_test.test.accuracy)
		summary->best_test = *epoch;
	if (epoch->best)
		summary->best_validation = *epoch;
	summary->n_epochs++;
	summary->train_seconds += epoch->train_seconds;
	summary->samples += epoch->samples_per_second * epoch->train_seconds;
}

static void print_line(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void print_line(const char *name, const char *format, ...)
{
	va_list arguments;
	printf("%-11s ", name);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void print_network(const struct ls_summary_job *job)
{
	const struct lockstep_network_options *network = &job->job->network;
	print_line("network", "%s, %s, %s loss, %zu parameters", job->job->layers,
	           lockstep_activation_name(network->hidden), lockstep_loss_name(network->loss),
	           lockstep_network_n_parameters(job->network));
}

static void print_data(const struct ls_summary_job *job)
{
	char validation[48] = "", test[48] = "";
	size_t n_test = lockstep_dataset_rows(job->dataset, LOCKSTEP_TEST);
	if (job->plan->validation_rows)
		snprintf(validation, sizeof validation, ", %zu for validation", job->plan->validation_rows);
	if (n_test)
		snprintf(test, sizeof test, ", %zu for testing", n_test);
	print_line("data", "%s: %zu rows%s%s", job->job->data.data, job->plan->train_rows, validation, test);
}

static void print_run(const struct ls_summary *summary, const struct ls_summary_job *job)
{
	const struct lockstep_plan *plan = job->plan;
	print_line("batch", "%u rows in %u slice%s, %llu step%s an epoch", job->job->train.batch, plan->slices,
	           plan->slices == 1 ? "" : "s", (unsigned long long)plan->steps_per_epoch,
	           plan->steps_per_epoch == 1 ? "" : "s");
	const char *engine = lockstep_engine_name(job->job->train.engine);
	char way[LS_CHOICE_TEXT];
	if (job->choice) {
		ls_choice_way(job->choice, way);
		print_line("workers", "%s (the fastest here), %s, %s", way, engine, plan->isa);
	} else {
		print_line("workers", "%u, %s, %s", plan->workers, engine, plan->isa);
	}
	print_line("time", "%.3f s for %u epoch%s, %.3f s of it in steps", job->seconds, summary->n_epochs,
	           summary->n_epochs == 1 ? "" : "s", summary->train_seconds);
	if (summary->train_seconds > 0)
		print_line("speed", "%.0f samples/s", summary->samples / summary->train_seconds);
}

static void print_validation(const struct ls_summary *summary)
{
	const struct lockstep_epoch *best = &summary->best_validation;
	if (best->validation.n_rows)
		print_line("validation", "best after epoch %u: %.2f %%, loss %#.6g", best->epoch,
		           100 * best->validation.accuracy, best->validation.loss);
}

static void print_test(const struct ls_summary *summary, const struct ls_summary_job *job)
{
	const struct lockstep_run_options options = {job->job->train.isa};
	const struct lockstep_epoch *best = &summary->best_test;
	struct lockstep_metrics test;
	char labels[48] = "", at_best[64] = "";
	if (lockstep_dataset_rows(job->dataset, LOCKSTEP_TEST) == 0 ||
	    lockstep_network_evaluate(job->network, job->dataset, LOCKSTEP_TEST, &options, &test, NULL))
		return;
	if (lockstep_dataset_label_kind(job->dataset) == LOCKSTEP_LABELS_MULTI)
		snprintf(labels, sizeof labels, " exact, %.2f %% of labels", 100 * test.label_accuracy);
	if (best->test.n_rows)
		snprintf(at_best, sizeof at_best, " (best %.2f %% after epoch %u)", 100 * best->test.accuracy,
		         best->epoch);
	print_line("test", "%.2f %%%s, loss %#.6g%s", 100 * test.accuracy, labels, test.loss, at_best);
}

void ls_summary_print(const struct ls_summary *summary, const struct ls_summary_job *job)
{
	putchar('\n');
	print_network(job);
	print_data(job);
	print_run(summary, job);
	print_validation(summary);
	print_test(summary, job);
	if (job->resumed)
		print_line("resumed", "%s, at step %llu", job->resumed, (unsigned long long)job->resumed_step);
	if (job->saved)
		print_line("saved", "%s", job->saved);
}
