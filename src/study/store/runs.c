/* SPDX-License-Identifier: MIT
 *
 * A database opened to be read: its studies in short, and which trials of a study
 * are best.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "reader.h"

/* ---- Numbers --------------------------------------------------------------- */

const char *lockstep_number_text(double x, char text[LOCKSTEP_NUMBER_MAX])
{
	_Static_assert(LOCKSTEP_NUMBER_MAX >= LS_VALUE_TEXT_MAX, "a number's text fits");
	if (isfinite(x))
		ls_value_format(x, text);
	else
		strcpy(text, isnan(x) ? "nan" : x > 0 ? "inf" : "-inf");
	return text;
}

/* ---- Studies in short ------------------------------------------------------ */

static int is_better(double a, double b, int maximize)
{
	return maximize ? a > b : a < b;
}

/* The best of trials that are done comes before the best of all. */
static void consider(struct lockstep_runs_summary *summary, const struct ls_trial_record *trial, int *best_is_done)
{
	int is_done = trial->state == LOCKSTEP_TRIAL_DONE;
	if (isnan(trial->objective) || (*best_is_done && !is_done))
		return;
	if (!isnan(summary->best_objective) && is_done == *best_is_done &&
	    !is_better(trial->objective, summary->best_objective, summary->maximize))
		return;
	summary->best = trial->number;
	summary->best_objective = trial->objective;
	*best_is_done = is_done;
}

static lockstep_status count_trials(struct lockstep_runs *runs, const struct ls_study_record *study,
                                    struct lockstep_runs_summary *summary, lockstep_error *error)
{
	struct ls_row row;
	struct ls_arena messages = {NULL};
	struct ls_trial_record trial;
	int is_there = 0, best_is_done = 0;
	lockstep_status status = ls_row_select(&row, runs->database, LS_GET_TRIALS, &messages, error);
	if (status)
		return status;
	ls_row_key(&row, study->id);
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		status = ls_trial_read(&row, &trial, error);
		if (status)
			break;
		summary->n_trials++;
		summary->n_in_state[trial.state]++;
		consider(summary, &trial, &best_is_done);
	}
	ls_arena_fini(&messages);
	return status;
}

static lockstep_status summarise(struct lockstep_runs *runs, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	runs->summaries = ls_arena_allocate(&runs->arena, runs->n, sizeof *runs->summaries);
	if (!runs->summaries)
		return ls_error_memory(error, "a list of studies");
	for (size_t i = 0; !status && i < runs->n; i++) {
		const struct ls_study_record *study = &runs->studies[i];
		runs->summaries[i] = (struct lockstep_runs_summary){.name = study->name,
		                                                    .metric = study->metric,
		                                                    .method = study->method,
		                                                    .sampler = study->sampler,
		                                                    .scheduler = study->scheduler,
		                                                    .created = study->created,
		                                                    .maximize = study->maximize,
		                                                    .best_objective = NAN};
		status = count_trials(runs, study, &runs->summaries[i], error);
	}
	return status;
}

static lockstep_status list_studies(struct lockstep_runs *runs, lockstep_error *error)
{
	struct ls_row row;
	size_t room = 0;
	int is_there = 0;
	lockstep_status status = ls_row_select(&row, runs->database, LS_GET_STUDIES, &runs->arena, error);
	if (status)
		return status;
	while (!(status = ls_row_next(&row, &is_there, error)) && is_there) {
		runs->studies = ls_arena_grow(&runs->arena, runs->studies, runs->n, &room, sizeof *runs->studies);
		if (!runs->studies) {
			ls_row_end(&row);
			return ls_error_memory(error, "a list of studies");
		}
		status = ls_study_read(&row, &runs->studies[runs->n], error);
		if (status)
			return status;
		runs->n++;
	}
	return status;
}

lockstep_status lockstep_runs_open(lockstep_runs **out, const char *path, lockstep_error *error)
{
	struct lockstep_runs *runs = ls_memory_allocate(1, sizeof *runs);
	if (!runs)
		return ls_error_memory(error, "a database");
	lockstep_status status = ls_database_open_to_read(&runs->database, path, error);
	if (!status)
		status = list_studies(runs, error);
	if (!status)
		status = summarise(runs, error);
	if (!status)
		status = ls_reader_scalings(runs, error);
	if (status)
		lockstep_runs_close(runs);
	else
		*out = runs;
	return status;
}

void lockstep_runs_close(lockstep_runs *runs)
{
	if (!runs)
		return;
	ls_database_close(runs->database);
	ls_arena_fini(&runs->arena);
	ls_memory_free(runs);
}

size_t lockstep_runs_n_studies(const lockstep_runs *runs)
{
	return runs->n;
}

const struct lockstep_runs_summary *lockstep_runs_get_summary(const lockstep_runs *runs, size_t i)
{
	return &runs->summaries[i];
}

/* ---- The best of a study --------------------------------------------------- */

static int has_rank(const struct lockstep_runs_trial *trial, int only_done)
{
	return !isnan(trial->objective) && (!only_done || trial->state == LOCKSTEP_TRIAL_DONE);
}

static int comes_before(const struct lockstep_runs_study *study, size_t a, size_t b)
{
	double x = study->trials[a].objective, y = study->trials[b].objective;
	return x == y ? a < b : is_better(x, y, study->maximize);
}

/* Heap sort, in place and with no state but its arguments. */
static void sift(const struct lockstep_runs_study *study, size_t *order, size_t i, size_t n)
{
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && comes_before(study, order[child], order[child + 1]))
			child++;
		if (!comes_before(study, order[i], order[child]))
			return;
		size_t swapped = order[i];
		order[i] = order[child];
		order[child] = swapped;
	}
}

static void sort(const struct lockstep_runs_study *study, size_t *order, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(study, order, i, n);
	for (size_t last = n; last-- > 1;) {
		size_t swapped = order[0];
		order[0] = order[last];
		order[last] = swapped;
		sift(study, order, 0, last);
	}
}

size_t lockstep_runs_rank(const struct lockstep_runs_study *study, size_t *order)
{
	size_t n = 0;
	int only_done = 0;
	for (size_t i = 0; i < study->n_trials; i++)
		only_done |= has_rank(&study->trials[i], 1);
	for (size_t i = 0; i < study->n_trials; i++)
		if (has_rank(&study->trials[i], only_done))
			order[n++] = i;
	sort(study, order, n);
	return n;
}
