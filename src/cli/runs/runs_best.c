/* SPDX-License-Identifier: MIT
 *
 * runs best and runs compare.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"
#include "runs_verbs.h"

#define N_DEFAULT 10

/* ---- best ----------------------------------------------------------------------- */

static void add_trial(struct ls_rows *rows, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial, int has_seeds)
{
	ls_rows_integer(rows, trial->number);
	ls_rows_text(rows, lockstep_trial_state_name(trial->state));
	ls_rows_real(rows, trial->objective);
	if (has_seeds) {
		ls_rows_real(rows, trial->low);
		ls_rows_real(rows, trial->high);
		ls_rows_integer(rows, trial->n_jobs);
	}
	ls_rows_integer(rows, trial->epochs);
	ls_runs_parameters(rows, study, trial);
}

/* What the interval is, or why there is none. */
static void explain_interval(const struct lockstep_runs_study *study)
{
	const int is_mean = strcmp(study->aggregate, "mean") == 0;
	printf("\n%s of %s over %zu seeds", study->aggregate, study->metric, study->n_seeds);
	if (!is_mean && strcmp(study->aggregate, "median") != 0)
		printf("; of it there is no interval\n");
	else if (!is_mean && study->n_seeds < 6)
		printf("; a 95 %% interval needs 6\n");
	else
		printf(", with its 95 %% interval from low to high%s\n", is_mean ? " (Student's)" : "");
}

static int print_best(const struct ls_runs *runs, const struct lockstep_runs_study *study, const size_t *order,
                      size_t n)
{
	static const char *const before[] = {"trial", "state", "objective", NULL};
	static const char *const interval[] = {"low", "high", "runs", NULL};
	struct ls_rows rows;
	const enum ls_format format = ls_runs_format(runs);
	const int has_seeds = study->n_seeds > 1;
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, before);
	if (has_seeds)
		ls_runs_columns(&rows, interval);
	ls_rows_column(&rows, NULL, "epochs");
	ls_runs_parameter_columns(&rows, study);
	for (size_t i = 0; i < n; i++)
		add_trial(&rows, study, &study->trials[order[i]], has_seeds);
	int status = ls_rows_end(&rows, LS_RUNS_COMMAND);
	if (format == LS_FORMAT_JSON)
		putchar('\n');
	else if (format == LS_FORMAT_TABLE && has_seeds && !status)
		explain_interval(study);
	return status;
}

static int rank(struct ls_runs *runs, const struct lockstep_runs_study *study)
{
	size_t most = runs->n == LS_RUNS_N_DEFAULT ? N_DEFAULT : runs->n ? runs->n : SIZE_MAX;
	size_t *order = calloc(study->n_trials + 1, sizeof *order);
	if (!order)
		return ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
	size_t n = lockstep_runs_rank(study, order);
	int status;
	if (n == 0 && (runs->save || ls_runs_format(runs) == LS_FORMAT_TABLE))
		status = ls_message_failed(LS_RUNS_COMMAND, "study '%s' has no trial with an objective", study->name);
	else if (runs->save)
		status = ls_runs_save(runs, study, &study->trials[order[0]]);
	else
		status = print_best(runs, study, order, n < most ? n : most);
	free(order);
	return status;
}

int ls_runs_best(struct ls_runs *runs)
{
	struct lockstep_runs_study *study = NULL;
	int status = ls_runs_read(runs, runs->operands[0], &study);
	if (!status)
		status = rank(runs, study);
	lockstep_runs_study_destroy(study);
	return status;
}

/* ---- compare -------------------------------------------------------------------- */

#define TRIALS_MAX 16

struct side {
	struct lockstep_runs_study *study; /* owned */
	const struct lockstep_runs_trial *trial;
};

/* "NUMBER" or "STUDY:NUMBER". */
static int read_side(const struct ls_runs *runs, const char *text, struct side *side)
{
	const char *colon = strrchr(text, ':');
	uint64_t number;
	if (!ls_runs_number(colon ? colon + 1 : text, &number))
		return ls_message_usage(LS_RUNS_COMMAND, "'%s': expected a trial, NUMBER or STUDY:NUMBER", text);
	char *name = colon ? strndup(text, (size_t)(colon - text)) : NULL;
	if (colon && !name)
		return ls_message_failed(LS_RUNS_COMMAND, "out of memory for a name");
	int status = ls_runs_read(runs, name, &side->study);
	free(name);
	if (!status)
		status = ls_runs_find_trial(side->study, number, &side->trial);
	return status;
}

static const struct lockstep_runs_value *value_of(const struct side *side, const char *parameter)
{
	for (size_t i = 0; i < side->study->n_parameters; i++)
		if (strcmp(side->study->parameters[i], parameter) == 0)
			return &side->trial->values[i];
	return NULL;
}

static double metric_of(const struct side *side, const char *metric)
{
	for (size_t i = 0; i < side->study->n_metrics; i++)
		if (strcmp(side->study->metrics[i], metric) == 0)
			return side->trial->last[i];
	return NAN;
}

static int is_same(const struct lockstep_runs_value *a, const struct lockstep_runs_value *b)
{
	return a == b || (a && b && a->kind == b->kind && strcmp(a->text, b->text) == 0);
}

static int differs(const struct side *sides, size_t n, const char *parameter)
{
	for (size_t i = 1; i < n; i++)
		if (!is_same(value_of(&sides[0], parameter), value_of(&sides[i], parameter)))
			return 1;
	return 0;
}

/* Did an earlier side list that name already? */
static int is_listed(const struct side *sides, size_t i, const char *name, int is_metric)
{
	for (size_t j = 0; j < i; j++) {
		const struct lockstep_runs_study *study = sides[j].study;
		const char *const *names = is_metric ? study->metrics : study->parameters;
		for (size_t k = 0; k < (is_metric ? study->n_metrics : study->n_parameters); k++)
			if (strcmp(names[k], name) == 0)
				return 1;
	}
	return 0;
}

static void begin_row(struct ls_rows *rows, const char *group, const char *name)
{
	char text[512];
	snprintf(text, sizeof text, "%s.%s", group, name);
	ls_rows_text(rows, text);
}

static void add_parameter(struct ls_rows *rows, const struct side *sides, size_t n, const char *name)
{
	if (!differs(sides, n, name))
		return;
	begin_row(rows, LS_PARAMETERS, name);
	for (size_t i = 0; i < n; i++) {
		const struct lockstep_runs_value *value = value_of(&sides[i], name);
		if (value)
			ls_rows_value(rows, value);
		else
			ls_rows_absent(rows);
	}
}

static void add_metric(struct ls_rows *rows, const struct side *sides, size_t n, const char *name)
{
	begin_row(rows, LS_METRICS, name);
	for (size_t i = 0; i < n; i++)
		ls_rows_real(rows, metric_of(&sides[i], name));
}

static void add_states(struct ls_rows *rows, const struct side *sides, size_t n)
{
	ls_rows_text(rows, "state");
	for (size_t i = 0; i < n; i++)
		ls_rows_text(rows, lockstep_trial_state_name(sides[i].trial->state));
	ls_rows_text(rows, "objective");
	for (size_t i = 0; i < n; i++)
		ls_rows_real(rows, sides[i].trial->objective);
	ls_rows_text(rows, "epochs");
	for (size_t i = 0; i < n; i++)
		ls_rows_integer(rows, sides[i].trial->epochs);
}

static int print_sides(const struct ls_runs *runs, const struct side *sides, size_t n)
{
	struct ls_rows rows;
	char label[LS_RUNS_LABEL_MAX];
	const enum ls_format format = ls_runs_format(runs);
	ls_rows_begin(&rows, stdout, format);
	ls_rows_column(&rows, NULL, "name");
	for (size_t i = 0; i < n; i++) {
		ls_runs_label(sides[i].study, sides[i].trial, label);
		ls_rows_column(&rows, NULL, label);
	}
	add_states(&rows, sides, n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sides[i].study->n_parameters; k++)
			if (!is_listed(sides, i, sides[i].study->parameters[k], 0))
				add_parameter(&rows, sides, n, sides[i].study->parameters[k]);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sides[i].study->n_metrics; k++)
			if (!is_listed(sides, i, sides[i].study->metrics[k], 1))
				add_metric(&rows, sides, n, sides[i].study->metrics[k]);
	int status = ls_rows_end(&rows, LS_RUNS_COMMAND);
	if (format == LS_FORMAT_JSON)
		putchar('\n');
	return status;
}

static int check_twice(const struct side *sides, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (sides[i].study->id == sides[j].study->id &&
			    sides[i].trial->number == sides[j].trial->number)
				return ls_message_usage(LS_RUNS_COMMAND, "trial %llu of '%s' is named twice",
				                        (unsigned long long)sides[i].trial->number,
				                        sides[i].study->name);
	return LS_EXIT_DONE;
}

int ls_runs_compare(struct ls_runs *runs)
{
	struct side sides[TRIALS_MAX] = {{NULL, NULL}};
	size_t n = 0;
	int status = LS_EXIT_DONE;
	for (; !status && n < TRIALS_MAX && runs->operands[n]; n++)
		status = read_side(runs, runs->operands[n], &sides[n]);
	for (size_t i = 0; i < n; i++)
		assert(status || (sides[i].study && sides[i].trial));
	if (!status)
		status = check_twice(sides, n);
	if (!status)
		status = print_sides(runs, sides, n);
	for (size_t i = 0; i < TRIALS_MAX; i++)
		lockstep_runs_study_destroy(sides[i].study);
	return status;
}
