/* SPDX-License-Identifier: MIT
 *
 * Throughput decides, unless mini-batches were run to a loss: then the least time to it does.
 */
#include "scale_answer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "scale_name.h"

/* ---- Levels ------------------------------------------------------------------------- */

const struct lockstep_scaling_level *ls_scale_baseline(const struct lockstep_scaling_series *series)
{
	for (size_t i = 0; i < series->n; i++)
		if (!series->levels[i].excluded)
			return &series->levels[i];
	return NULL;
}

/* Samples a second by the paired speed-up: the medians of two levels may be of other blocks. Series with one job have
 * one baseline, so it compares them as well. */
static double speed_of(const struct lockstep_scaling_series *series, const struct lockstep_scaling_level *level)
{
	return ls_scale_baseline(series)->samples_per_second * level->figures.speedup.value;
}

const struct lockstep_scaling_level *ls_scale_fastest(const struct lockstep_scaling_study *study,
                                                      const struct lockstep_time_to_loss_run *run, size_t *i_series)
{
	const struct lockstep_scaling_level *best = NULL;
	double most = 0;
	for (size_t i = 0; i < study->n; i++)
		for (size_t j = 0; j < study->series[i].n; j++) {
			const struct lockstep_scaling_level *level = &study->series[i].levels[j];
			if (level->excluded || (run && (level->batch != run->batch || level->slices != run->slices)))
				continue;
			if (!best || speed_of(&study->series[i], level) > most) {
				most = speed_of(&study->series[i], level);
				best = level;
				*i_series = i;
			}
		}
	return best;
}

/* The level that comes to the loss first; NULL: none does. */
static const struct lockstep_scaling_level *find_soonest(const struct ls_scale_result *result, size_t *i_series)
{
	const struct lockstep_time_to_loss *loss = result->time_to_loss;
	const struct lockstep_scaling_level *best = NULL;
	double least = INFINITY;
	for (size_t i = 0; loss && i < loss->n_batches; i++) {
		size_t i_own;
		if (loss->best[i] >= loss->n)
			continue;
		const struct lockstep_time_to_loss_run *run = &loss->runs[loss->best[i]];
		const struct lockstep_scaling_level *level = ls_scale_fastest(result->study, run, &i_own);
		if (!level || !((double)run->steps * level->step.median < least))
			continue;
		least = (double)run->steps * level->step.median;
		best = level;
		*i_series = i_own;
	}
	return best;
}

int ls_scale_has_batches(const struct lockstep_scaling_study *study)
{
	for (size_t i = 1; i < study->n; i++)
		if (study->series[i].setting.batch != study->series[0].setting.batch)
			return 1;
	return 0;
}

/* ---- Words -------------------------------------------------------------------------- */

const char *ls_scale_way(const struct ls_scale_result *result, size_t i_series, uint32_t workers,
                         char text[LS_SCALE_WAY])
{
	char name[LS_SCALE_SERIES_NAME];
	ls_scale_series_name(result->options, i_series, name);
	snprintf(text, LS_SCALE_WAY, "%u worker%s%s%s%s", workers, workers == 1 ? "" : "s", *name ? " (" : "", name,
	         *name ? ")" : "");
	return text;
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

__attribute__((format(printf, 2, 3))) static void add_line(struct ls_scale_answer *answer, const char *format, ...)
{
	size_t used = strlen(answer->text);
	va_list arguments;
	if (used > 0 && used + 1 < sizeof answer->text)
		answer->text[used++] = '\n';
	va_start(arguments, format);
	vsnprintf(answer->text + used, sizeof answer->text - used, format, arguments);
	va_end(arguments);
}

/* Why throughput decides between mini-batches. */
static const char *loss_advice(const struct ls_scale_result *result)
{
	const struct lockstep_time_to_loss_options *asked = result->time_to_loss_options;
	if (result->time_to_loss)
		return result->time_to_loss->n_finished < result->time_to_loss->n
		           ? "none of those that were run to the end reached the loss"
		           : "none of them reached the loss";
	return asked && asked->n_batches ? "the steps to the loss were not counted" : "see --target-loss";
}

static void put_words(const struct ls_scale_result *result, int is_by_loss, struct ls_scale_answer *answer)
{
	char way[LS_SCALE_WAY], times[96];
	const struct lockstep_scaling_level *best = answer->level;
	const struct lockstep_scaling_series *series = &result->study->series[answer->series];
	const struct lockstep_scaling_level *enough = &series->levels[series->enough];
	add_line(answer, "%s, %s of all %s: %.0f samples/s, %s.",
	         ls_scale_way(result, answer->series, best->workers, way),
	         is_by_loss ? "the soonest at the loss" : "the fastest", result->study->n > 1 ? "series" : "levels",
	         best->samples_per_second, compare(series, best, times, sizeof times));
	if (best->figures.speedup.value > 1 && best->figures.speedup.low <= 1)
		add_line(answer, "The interval reaches 1: it may be no faster than the baseline.");
	if (best != ls_scale_baseline(series) && isnan(best->figures.speedup.low))
		add_line(answer, "%zu block%s, so there is no interval: that is a hint and no proof.", best->n,
		         best->n == 1 ? " was measured" : "s were measured");
	if (enough->workers < best->workers)
		add_line(answer, "%u worker%s to within %.1f %% of that.", enough->workers,
		         enough->workers == 1 ? " comes" : "s come",
		         100 * (1 - enough->figures.speedup.value / best->figures.speedup.value));
	if (!is_by_loss && ls_scale_has_batches(result->study))
		add_line(answer, "Mini-batches differ, and samples/s are not progress: %s.", loss_advice(result));
}

void ls_scale_answer(const struct ls_scale_result *result, struct ls_scale_answer *answer)
{
	*answer = (struct ls_scale_answer){.level = NULL};
	answer->level = find_soonest(result, &answer->series);
	int is_by_loss = answer->level != NULL;
	if (!is_by_loss)
		answer->level = ls_scale_fastest(result->study, NULL, &answer->series);
	if (answer->level) {
		answer->by = is_by_loss ? "loss" : "samples";
		put_words(result, is_by_loss, answer);
	} else {
		add_line(answer, "no level could be measured");
	}
}
