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
#include "scale_run.h"

/* ---- Lines -------------------------------------------------------------------- */

void ls_scale_print_line(const char *label, const char *format, ...)
{
	char text[1024];
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
	if (result->study->kind == LOCKSTEP_SCALING_STRONG)
		ls_scale_print_line("strong", "every level has the same mini-batch: how much sooner is it done?");
	else
		ls_scale_print_line(
		    "weak", "k workers have k times the rows in a mini-batch: is it still done in the same time?");
}

static void print_job(const struct ls_scale_result *result)
{
	const struct ls_job_options *job = result->job;
	size_t n_rows = lockstep_dataset_rows(result->dataset, LOCKSTEP_TRAIN);
	ls_scale_print_line("job", "%s on %s, %zu rows, scale %s", job->layers, job->data.data, n_rows,
	                    lockstep_scale_name(result->study->scale));
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
	                    "%zu levels within %g %%",
	                    study->n_blocks, study->n_blocks == 1 ? "" : "s", n, n == 1 ? "" : "s",
	                    (unsigned long long)result->options->seed, ls_scale_time(study->seconds, time),
	                    ends[study->outcome], n_precise, n, 100 * result->options->precision);
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

/* The fastest level of all series with this mini-batch; NULL: there is none. */
static const struct lockstep_scaling_level *fastest(const struct lockstep_scaling_study *study, uint32_t batch,
                                                    size_t *i_series)
{
	const struct lockstep_scaling_level *best = NULL;
	for (size_t i = 0; i < study->n; i++)
		for (size_t j = 0; j < study->series[i].n; j++) {
			const struct lockstep_scaling_level *level = &study->series[i].levels[j];
			if (level->excluded || (batch && study->series[i].setting.batch != batch))
				continue;
			if (!best || level->samples_per_second > best->samples_per_second) {
				best = level;
				*i_series = i;
			}
		}
	return best;
}

/* "4 workers (bind spread)" */
static const char *way_of(const struct ls_scale_result *result, size_t i_series, uint32_t workers, char *text,
                          size_t size)
{
	char name[LS_SCALE_SERIES_NAME];
	ls_scale_series_name(result->options, i_series, name);
	snprintf(text, size, "%u worker%s%s%s%s", workers, workers == 1 ? "" : "s", *name ? " (" : "", name,
	         *name ? ")" : "");
	return text;
}

static void print_loss_times(const struct ls_scale_result *result)
{
	const struct lockstep_time_to_loss *loss = result->time_to_loss;
	for (size_t i = 0; i < loss->n_batches; i++) {
		char time[LS_SCALE_TIME], way[256];
		size_t i_series;
		if (loss->best[i] >= loss->n)
			continue;
		const struct lockstep_time_to_loss_run *run = &loss->runs[loss->best[i]];
		const struct lockstep_scaling_level *level = fastest(result->study, run->batch, &i_series);
		if (level)
			printf("        mini-batch %u: %s of steps with %s\n", run->batch,
			       ls_scale_time((double)run->steps * level->step.median, time),
			       way_of(result, i_series, level->workers, way, sizeof way));
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
		print_loss_run(&loss->runs[i], is_best);
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

static int has_batches(const struct lockstep_scaling_study *study)
{
	for (size_t i = 1; i < study->n; i++)
		if (study->series[i].setting.batch != study->series[0].setting.batch)
			return 1;
	return 0;
}

/* With several mini-batches, of the one that comes to the loss first; 0: throughput decides. */
static uint32_t best_batch(const struct ls_scale_result *result)
{
	const struct lockstep_time_to_loss *loss = result->time_to_loss;
	double least = INFINITY;
	uint32_t batch = 0;
	for (size_t i = 0; loss && i < loss->n_batches; i++) {
		size_t i_series;
		if (loss->best[i] >= loss->n)
			continue;
		const struct lockstep_time_to_loss_run *run = &loss->runs[loss->best[i]];
		const struct lockstep_scaling_level *level = fastest(result->study, run->batch, &i_series);
		if (!level || !((double)run->steps * level->step.median < least))
			continue;
		least = (double)run->steps * level->step.median;
		batch = run->batch;
	}
	return batch;
}

/* "2.24 (1.83 to 2.44) times its baseline" */
static const char *compare(const struct lockstep_scaling_series *series, const struct lockstep_scaling_level *best,
                           char *text, size_t size)
{
	const struct lockstep_scaling_interval *speedup = &best->figures.speedup;
	if (best == ls_scale_baseline(series))
		snprintf(text, size, "and no level is faster than this baseline");
	else if (isnan(speedup->low) || isnan(speedup->high))
		snprintf(text, size, "%.2f times its baseline", speedup->value);
	else
		snprintf(text, size, "%.2f (%.2f to %.2f) times its baseline", speedup->value, speedup->low,
		         speedup->high);
	return text;
}

static void print_answer(const struct ls_scale_result *result)
{
	char way[256], times[96];
	size_t i_series = 0;
	uint32_t batch = best_batch(result);
	const struct lockstep_scaling_level *best = fastest(result->study, batch, &i_series);
	if (!best) {
		ls_scale_print_line("answer", "no level could be measured");
		return;
	}
	const struct lockstep_scaling_series *series = &result->study->series[i_series];
	const struct lockstep_scaling_level *enough = &series->levels[series->enough];
	ls_scale_print_line(
	    "answer", "%s, %s of all %s: %.0f samples/s, %s.", way_of(result, i_series, best->workers, way, sizeof way),
	    batch ? "the soonest at the loss" : "the fastest", result->study->n > 1 ? "series" : "levels",
	    best->samples_per_second, compare(series, best, times, sizeof times));
	if (best->figures.speedup.value > 1 && best->figures.speedup.low <= 1)
		ls_scale_print_line("", "The interval reaches 1: it may be no faster than the baseline.");
	if (enough->workers < best->workers)
		ls_scale_print_line("", "%u worker%s come to within %.1f %% of that.", enough->workers,
		                    enough->workers == 1 ? "" : "s",
		                    100 * (1 - enough->samples_per_second / best->samples_per_second));
	if (!batch && has_batches(result->study))
		ls_scale_print_line("", "Mini-batches differ, and samples/s are not progress: see --target-loss.");
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
