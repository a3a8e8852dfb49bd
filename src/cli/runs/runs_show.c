/* SPDX-License-Identifier: MIT
 *
 * runs list and runs show. In CSV, show is what it has most of: a study's trials,
 * or a trial's epochs.
 */
#include <math.h>
#include <string.h>

#include "cli/print/message.h"
#include "runs_verbs.h"

/* ---- list --------------------------------------------------------------------- */

/* "9 done, 3 diverged" for people, a column a state for programs. */
static void add_states(struct ls_rows *rows, const struct lockstep_runs_summary *summary)
{
	char text[32 * LOCKSTEP_N_TRIAL_STATES] = "";
	size_t length = 0;
	for (int state = 0; state < LOCKSTEP_N_TRIAL_STATES; state++) {
		const unsigned long long n = summary->n_in_state[state];
		if (rows->format != LS_FORMAT_TABLE)
			ls_rows_integer(rows, n);
		else if (n > 0)
			length += (size_t)snprintf(text + length, sizeof text - length, "%s%llu %s", length ? ", " : "",
			                           n, lockstep_trial_state_name((enum lockstep_trial_state)state));
	}
	if (rows->format == LS_FORMAT_TABLE)
		ls_rows_text(rows, length ? text : NULL);
}

static void add_state_columns(struct ls_rows *rows)
{
	if (rows->format == LS_FORMAT_TABLE) {
		ls_rows_column(rows, NULL, "states");
		return;
	}
	for (int state = 0; state < LOCKSTEP_N_TRIAL_STATES; state++)
		ls_rows_column(rows, NULL, lockstep_trial_state_name((enum lockstep_trial_state)state));
}

static void add_summary(struct ls_rows *rows, const struct lockstep_runs_summary *summary)
{
	ls_rows_text(rows, summary->name);
	ls_rows_text(rows, "sweep");
	ls_rows_integer(rows, summary->n_trials);
	add_states(rows, summary);
	if (isnan(summary->best_objective))
		ls_rows_absent(rows);
	else
		ls_rows_integer(rows, summary->best);
	ls_rows_real(rows, summary->best_objective);
	ls_rows_text(rows, summary->metric);
	ls_rows_text(rows, summary->created);
}

/* Which has no trials. */
static void add_scaling(struct ls_rows *rows, const struct lockstep_runs_scaling *scaling)
{
	size_t n_absent = rows->n_columns - 3;
	ls_rows_text(rows, scaling->name);
	ls_rows_text(rows, ls_runs_scaling_kind(scaling));
	for (size_t i = 0; i < n_absent; i++)
		ls_rows_absent(rows);
	ls_rows_text(rows, scaling->created);
}

int ls_runs_list(struct ls_runs *runs)
{
	static const char *const before[] = {"study", "kind", "trials", NULL};
	static const char *const after[] = {"best", "objective", "metric", "created", NULL};
	struct ls_rows rows;
	enum ls_format format = ls_runs_format(runs);
	size_t n = lockstep_runs_n_studies(runs->runs), n_scalings = lockstep_runs_n_scalings(runs->runs);
	if (n + n_scalings == 0 && format == LS_FORMAT_TABLE) {
		puts("no study yet");
		return LS_EXIT_DONE;
	}
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, before);
	add_state_columns(&rows);
	ls_runs_columns(&rows, after);
	for (size_t i = 0; i < n; i++)
		add_summary(&rows, lockstep_runs_get_summary(runs->runs, i));
	for (size_t i = 0; i < n_scalings; i++)
		add_scaling(&rows, lockstep_runs_get_scaling(runs->runs, i));
	int status = ls_rows_end(&rows, LS_RUNS_COMMAND);
	if (format == LS_FORMAT_JSON)
		putchar('\n');
	return status;
}

/* ---- Parts of show ------------------------------------------------------------- */

/* A heading, or in JSON the member's name. */
static void begin_part(enum ls_format format, const char *name, int is_first)
{
	if (format == LS_FORMAT_JSON)
		printf("%s\"%s\":", is_first ? "{" : ",\n", name);
	else if (format == LS_FORMAT_TABLE && !is_first)
		printf("\n%s\n", name);
}

static void end_parts(enum ls_format format)
{
	if (format == LS_FORMAT_JSON)
		puts("}");
}

/* ---- show STUDY ----------------------------------------------------------------- */

static void add_lists(struct ls_rows *rows, const struct lockstep_runs_study *study)
{
	ls_rows_list(rows, LS_CELL_WORDS);
	for (size_t i = 0; i < study->n_seeds; i++)
		ls_rows_add_integer(rows, study->seeds[i]);
	ls_rows_list(rows, LS_CELL_TEXTS);
	for (size_t i = 0; i < study->n_parameters; i++)
		ls_rows_add(rows, study->parameters[i]);
}

static int print_study(const struct lockstep_runs_study *study, enum ls_format format)
{
	static const char *const names[] = {
	    "study", "description", "created",   "method",      "sampler", "scheduler", "metric",   "goal", "seed",
	    "seeds", "parameters",  "aggregate", "spec_sha256", "trials",  "items",     "reported", NULL};
	struct ls_rows rows;
	ls_rows_begin_record(&rows, stdout, format);
	ls_runs_columns(&rows, names);
	if (format == LS_FORMAT_JSON)
		ls_rows_column(&rows, NULL, "spec");
	const char *const texts[] = {
	    study->name,    study->description, study->created, study->method,
	    study->sampler, study->scheduler,   study->metric,  study->maximize ? "maximize" : "minimize"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		ls_rows_text(&rows, texts[i]);
	ls_rows_integer(&rows, study->seed);
	add_lists(&rows, study);
	ls_rows_text(&rows, study->n_seeds > 1 ? study->aggregate : NULL);
	ls_rows_text(&rows, study->spec_sha256);
	ls_rows_integer(&rows, study->n_trials);
	ls_rows_integer(&rows, study->n_items);
	ls_rows_integer(&rows, study->n_reported);
	if (format == LS_FORMAT_JSON)
		ls_rows_text(&rows, study->spec);
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

static int print_trials(const struct lockstep_runs_study *study, enum ls_format format)
{
	static const char *const names[] = {"trial", "state", "objective", "epochs", NULL};
	struct ls_rows rows;
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, names);
	ls_runs_parameter_columns(&rows, study);
	for (size_t i = 0; i < study->n_trials; i++) {
		const struct lockstep_runs_trial *trial = &study->trials[i];
		ls_rows_integer(&rows, trial->number);
		ls_rows_text(&rows, lockstep_trial_state_name(trial->state));
		ls_rows_real(&rows, trial->objective);
		ls_rows_integer(&rows, trial->epochs);
		ls_runs_parameters(&rows, study, trial);
	}
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

static int print_data(const struct lockstep_runs_study *study, enum ls_format format)
{
	static const char *const names[] = {"data", "part", "digest", NULL};
	struct ls_rows rows;
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, names);
	for (size_t i = 0; i < study->n_data; i++) {
		ls_rows_text(&rows, study->data[i].name);
		ls_rows_text(&rows, study->data[i].part);
		ls_rows_text(&rows, study->data[i].digest);
	}
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

/* Whole for programs; people are told that it is there. */
static void add_topology(struct ls_rows *rows, const char *topology)
{
	char text[48];
	snprintf(text, sizeof text, "%zu bytes of XML", strlen(topology));
	ls_rows_text(rows, !*topology ? NULL : rows->format == LS_FORMAT_JSON ? topology : text);
}

static int print_sessions(const struct lockstep_runs_study *study, enum ls_format format)
{
	static const char *const names[] = {"started", "ended", "outcome",   "version", "commit",   "compiler", "isa",
	                                    "cpu",     "cores", "cpu_quota", "command", "topology", NULL};
	struct ls_rows rows;
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, names);
	for (size_t i = 0; i < study->n_sessions; i++) {
		const struct lockstep_runs_session *session = &study->sessions[i];
		const char *const texts[] = {session->started, session->ended,    session->outcome, session->version,
		                             session->commit,  session->compiler, session->isa,     session->cpu};
		for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
			ls_rows_text(&rows, texts[j]);
		ls_rows_integer(&rows, session->cores);
		ls_rows_real(&rows, session->cpu_quota);
		ls_rows_text(&rows, session->command);
		add_topology(&rows, session->topology);
	}
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

static int show_study(const struct lockstep_runs_study *study, enum ls_format format)
{
	int status = LS_EXIT_DONE;
	if (format == LS_FORMAT_CSV)
		return print_trials(study, format);
	begin_part(format, "study", 1);
	status = print_study(study, format);
	begin_part(format, "trials", 0);
	if (!status)
		status = print_trials(study, format);
	begin_part(format, "data", 0);
	if (!status)
		status = print_data(study, format);
	begin_part(format, "sessions", 0);
	if (!status)
		status = print_sessions(study, format);
	end_parts(format);
	return status;
}

/* ---- show STUDY TRIAL ------------------------------------------------------------ */

static int print_trial(const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                       enum ls_format format)
{
	static const char *const names[] = {"study", "trial",  "state",   "objective", "low",
	                                    "high",  "epochs", "message", NULL};
	struct ls_rows rows;
	ls_rows_begin_record(&rows, stdout, format);
	ls_runs_columns(&rows, names);
	ls_runs_parameter_columns(&rows, study);
	ls_runs_metric_columns(&rows, study);
	ls_rows_text(&rows, study->name);
	ls_rows_integer(&rows, trial->number);
	ls_rows_text(&rows, lockstep_trial_state_name(trial->state));
	ls_rows_real(&rows, trial->objective);
	ls_rows_real(&rows, trial->low);
	ls_rows_real(&rows, trial->high);
	ls_rows_integer(&rows, trial->epochs);
	ls_rows_text(&rows, trial->message);
	ls_runs_parameters(&rows, study, trial);
	ls_runs_metrics(&rows, study, trial->last);
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

static void integer_or_absent(struct ls_rows *rows, int is_there, uint64_t value)
{
	if (is_there)
		ls_rows_integer(rows, value);
	else
		ls_rows_absent(rows);
}

static void add_job(struct ls_rows *rows, const struct lockstep_runs_study *study, const struct lockstep_runs_job *job)
{
	ls_rows_integer(rows, job->seed);
	ls_rows_text(rows, lockstep_job_state_name(job->state));
	ls_rows_real(rows, job->objective);
	ls_rows_integer(rows, job->epoch);
	integer_or_absent(rows, job->state == LOCKSTEP_JOB_DIVERGED, job->step);
	ls_rows_text(rows, job->fingerprint);
	ls_runs_metrics(rows, study, job->last);
	ls_rows_text(rows, job->started);
	ls_rows_text(rows, job->ended);
	ls_rows_real(rows, job->seconds);
	ls_rows_real(rows, job->samples_per_second);
	integer_or_absent(rows, job->workers > 0, job->workers);
	ls_rows_text(rows, job->cores);
	integer_or_absent(rows, job->exit_status >= 0, (uint64_t)job->exit_status);
	ls_rows_text(rows, job->message);
	ls_rows_text(rows, job->sha256);
	ls_rows_text(rows, job->command);
}

static int print_jobs(const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                      enum ls_format format)
{
	static const char *const before[] = {"seed", "state", "objective", "epoch", "step", "fingerprint", NULL};
	static const char *const after[] = {"started", "ended",   "seconds",     "samples_per_second",
	                                    "workers", "cores",   "exit_status", "message",
	                                    "job",     "command", NULL};
	struct ls_rows rows;
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, before);
	ls_runs_metric_columns(&rows, study);
	ls_runs_columns(&rows, after);
	if (format == LS_FORMAT_JSON)
		ls_rows_column(&rows, NULL, "record");
	for (size_t i = 0; i < trial->n_jobs; i++) {
		add_job(&rows, study, &trial->jobs[i]);
		if (format == LS_FORMAT_JSON)
			ls_rows_text(&rows, trial->jobs[i].record);
	}
	return ls_rows_end(&rows, LS_RUNS_COMMAND);
}

static int add_epochs(const struct ls_runs *runs, struct ls_rows *rows, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_job *job)
{
	struct lockstep_runs_epochs *epochs;
	lockstep_error error;
	if (lockstep_runs_read_epochs(runs->runs, study, job, &epochs, &error))
		return ls_message_error(LS_RUNS_COMMAND, &error);
	for (size_t i = 0; i < epochs->n; i++) {
		const struct lockstep_runs_epoch *epoch = &epochs->epochs[i];
		ls_rows_integer(rows, job->seed);
		ls_rows_integer(rows, epoch->epoch);
		ls_runs_metrics(rows, study, epoch->metrics);
		ls_rows_real(rows, epoch->train_seconds);
		ls_rows_real(rows, epoch->samples_per_second);
	}
	lockstep_runs_epochs_destroy(epochs);
	return LS_EXIT_DONE;
}

static int print_epochs(const struct ls_runs *runs, const struct lockstep_runs_study *study,
                        const struct lockstep_runs_trial *trial, enum ls_format format)
{
	static const char *const before[] = {"seed", "epoch", NULL};
	static const char *const after[] = {"train_seconds", "samples_per_second", NULL};
	struct ls_rows rows;
	int status = LS_EXIT_DONE;
	ls_rows_begin(&rows, stdout, format);
	ls_runs_columns(&rows, before);
	ls_runs_metric_columns(&rows, study);
	ls_runs_columns(&rows, after);
	for (size_t i = 0; !status && i < trial->n_jobs; i++)
		status = add_epochs(runs, &rows, study, &trial->jobs[i]);
	int ended = ls_rows_end(&rows, LS_RUNS_COMMAND);
	return status ? status : ended;
}

static int show_trial(const struct ls_runs *runs, const struct lockstep_runs_study *study,
                      const struct lockstep_runs_trial *trial, enum ls_format format)
{
	if (format == LS_FORMAT_CSV)
		return print_epochs(runs, study, trial, format);
	begin_part(format, "trial", 1);
	int status = print_trial(study, trial, format);
	begin_part(format, "runs", 0);
	if (!status)
		status = print_jobs(study, trial, format);
	begin_part(format, "epochs", 0);
	if (!status)
		status = print_epochs(runs, study, trial, format);
	end_parts(format);
	return status;
}

int ls_runs_show(struct ls_runs *runs)
{
	struct lockstep_runs_study *study = NULL;
	const struct lockstep_runs_trial *trial = NULL;
	const char *number = runs->operands[0] ? runs->operands[1] : NULL;
	uint64_t wanted = 0;
	if (number && !ls_runs_number(number, &wanted))
		return ls_message_usage(LS_RUNS_COMMAND, "TRIAL '%s': expected a number of 0 and more", number);
	const struct lockstep_runs_scaling *scaling = ls_runs_find_scaling(runs, runs->operands[0]);
	if (scaling && !number && !runs->save)
		return ls_runs_show_scaling(runs, scaling);
	int status = ls_runs_read(runs, runs->operands[0], &study);
	if (!status && number)
		status = ls_runs_find_trial(study, wanted, &trial);
	if (!status && runs->save)
		status = ls_runs_save(runs, study, trial);
	else if (!status)
		status = trial ? show_trial(runs, study, trial, ls_runs_format(runs))
		               : show_study(study, ls_runs_format(runs));
	lockstep_runs_study_destroy(study);
	return status;
}
