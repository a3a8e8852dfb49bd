/* SPDX-License-Identifier: MIT
 *
 * What was measured comes first, in words, then the series, and last the answer.
 */
#include "scale_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/print/wrapped.h"
#include "lockstep/dataset.h"
#include "lockstep/version.h"
#include "scale_answer.h"
#include "scale_run.h"

/* ---- Lines -------------------------------------------------------------------- */

void ls_scale_print_line(const char *label, const char *format, ...)
{
	char text[LS_SCALE_ANSWER];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	printf("%-*s", LS_SCALE_LABEL, label);
	ls_print_wrapped(text, LS_SCALE_LABEL, LS_SCALE_LABEL);
}

const char *ls_scale_time(double seconds, char text[LS_SCALE_TIME])
{
	if (seconds >= 1)
		snprintf(text, LS_SCALE_TIME, "%.3g s", seconds);
	else if (seconds >= 1e-3)
		snprintf(text, LS_SCALE_TIME, "%.3g ms", 1e3 * seconds);
	else
		snprintf(text, LS_SCALE_TIME, "%.3g us", 1e6 * seconds);
	return text;
}

const char *ls_scale_interval(const struct lockstep_scaling_interval *interval, double unit,
                              char text[LS_SCALE_INTERVAL])
{
	int n = snprintf(text, LS_SCALE_INTERVAL, "%.4g", interval->value / unit);
	if (!isnan(interval->low) && !isnan(interval->high))
		snprintf(text + n, LS_SCALE_INTERVAL - (size_t)n, " (%.4g to %.4g)", interval->low / unit,
		         interval->high / unit);
	return text;
}

/* ---- What was measured -------------------------------------------------------- */

static void print_kind(const struct ls_scale_result *result)
{
	const char *where = ls_scale_has_batches(result->study) ? "within a series " : "";
	if (result->study->kind == LOCKSTEP_SCALING_STRONG)
		ls_scale_print_line("strong", "%severy level has the same mini-batch: how much sooner is it done?",
		                    where);
	else
		ls_scale_print_line(
		    "weak", "k workers have k times the rows in a mini-batch: is it still done in the same time?");
}

static void print_job(const struct ls_scale_result *result)
{
	const struct ls_job_options *job = result->job;
	size_t n_rows = lockstep_dataset_rows(result->dataset, LOCKSTEP_TRAIN);
	ls_scale_print_line("job", "%s on %s, %zu row%s, scale %s", job->layers, job->data.data, n_rows,
	                    n_rows == 1 ? "" : "s", lockstep_scale_name(result->study->scale));
}

static void print_machine(const struct ls_scale_result *result)
{
	struct lockstep_topology_summary machine;
	lockstep_topology_describe(result->topology, &machine);
	ls_scale_print_line("machine", "%s, %u core%s, %u hardware thread%s",
	                    *machine.cpu_model ? machine.cpu_model : "unknown CPU", machine.cores,
	                    machine.cores == 1 ? "" : "s", machine.pus, machine.pus == 1 ? "" : "s");
	ls_scale_print_line("lockstep", "%s, %s kernels, built by %s", lockstep_version(), result->study->isa,
	                    lockstep_compiler());
}

/* Those that were measured, each once. */
static size_t count_levels(const struct lockstep_scaling_study *study, size_t *n_precise)
{
	size_t n = 0;
	*n_precise = 0;
	for (size_t i = 0; i < study->n; i++)
		for (size_t j = 0; j < study->series[i].n; j++) {
			const struct lockstep_scaling_level *level = &study->series[i].levels[j];
			if (level->excluded || level->measured_in != i)
				continue;
			n++;
			*n_precise += level->is_precise != 0;
		}
	return n;
}

static void print_measuring(const struct ls_scale_result *result)
{
	static const char *const ends[] = {
	    [LOCKSTEP_SCALING_PRECISE] = "all levels are known well enough",
	    [LOCKSTEP_SCALING_BLOCKS_UP] = "the most blocks were reached",
	    [LOCKSTEP_SCALING_TIME_UP] = "the time was up",
	    [LOCKSTEP_SCALING_STOPPED] = "it was interrupted",
	};
	const struct lockstep_scaling_study *study = result->study;
	char time[LS_SCALE_TIME];
	size_t n_precise, n = count_levels(study, &n_precise);
	ls_scale_print_line("measured",
	                    "%u block%s of %zu run%s in random order (seed %llu), in %s, until %s; %zu of "
	                    "%zu level%s within %g %%",
	                    study->n_blocks, study->n_blocks == 1 ? "" : "s", n, n == 1 ? "" : "s",
	                    (unsigned long long)result->options->seed, ls_scale_time(study->seconds, time),
	                    ends[study->outcome], n_precise, n, n == 1 ? "" : "s", 100 * result->options->precision);
	for (size_t i = 0; i < result->n_warnings; i++)
		ls_scale_print_line("warning", "%s", result->warnings[i]);
}

/* ---- Time to a loss ------------------------------------------------------------- */

static void print_loss_run(const struct lockstep_time_to_loss_run *run, int is_best)
{
	printf("%7u %6u %9g %10llu %8.2f %9.4g", run->batch, run->slices, run->learning_rate,
	       (unsigned long long)run->steps, run->epochs, run->loss);
	puts(run->is_diverged   ? "  diverged"
	     : run->is_beaten   ? "  beaten"
	     : !run->is_reached ? "  not reached"
	     : is_best          ? "  the fewest steps"
	                        : "");
}

static void print_loss_times(const struct ls_scale_result *result)
{
	const struct lockstep_time_to_loss *loss = result->time_to_loss;
	for (size_t i = 0; i < loss->n_batches; i++) {
		char time[LS_SCALE_TIME], way[LS_SCALE_WAY];
		size_t i_series;
		if (loss->best[i] >= loss->n)
			continue;
		const struct lockstep_time_to_loss_run *run = &loss->runs[loss->best[i]];
		const struct lockstep_scaling_level *level = ls_scale_fastest(result->study, run, &i_series);
		if (level)
			printf("        mini-batch %u: %s of steps with %s\n", run->batch,
			       ls_scale_time((double)run->steps * level->step.median, time),
			       ls_scale_way(result, i_series, level->workers, way));
	}
}

static void print_loss(const struct ls_scale_result *result)
{
	const struct lockstep_time_to_loss *loss = result->time_to_loss;
	const struct lockstep_time_to_loss_options *options = result->time_to_loss_options;
	if (!loss)
		return;
	printf("\nTo a loss of %g on the %s rows\n%7s %6s %9s %10s %8s %9s\n", options->target,
	       options->part == LOCKSTEP_TARGET_TRAIN ? "training" : lockstep_target_part_name(options->part), "batch",
	       "slices", "rate", "steps", "epochs", "loss");
	for (size_t i = 0; i < loss->n; i++) {
		int is_best = 0;
		for (size_t j = 0; j < loss->n_batches; j++)
			is_best |= loss->best[j] == i;
		if (i < loss->n_finished)
			print_loss_run(&loss->runs[i], is_best);
		else
			printf("%7u %6s %9g  not run\n", loss->runs[i].batch, "", loss->runs[i].learning_rate);
	}
	print_loss_times(result);
}

/* ---- The answer ------------------------------------------------------------------ */

static void print_limits(const struct ls_scale_result *result)
{
	putchar('\n');
	for (size_t i = 0; i < result->study->n; i++) {
		char label[32] = "limit";
		if (ls_scale_original(result->study, i) != i)
			continue;
		if (result->study->n > 1)
			snprintf(label, sizeof label, "limit %zu", i + 1);
		ls_scale_print_line(label, "%s", result->study->series[i].limit.text);
	}
}

static void print_answer(const struct ls_scale_result *result)
{
	struct ls_scale_answer answer;
	ls_scale_answer(result, &answer);
	ls_scale_print_line("answer", "%s", answer.text);
}

void ls_scale_print(const struct ls_scale_result *result)
{
	print_kind(result);
	print_job(result);
	print_machine(result);
	print_measuring(result);
	for (size_t i = 0; i < result->study->n; i++)
		ls_scale_print_series(result, i);
	print_loss(result);
	print_limits(result);
	print_answer(result);
}
