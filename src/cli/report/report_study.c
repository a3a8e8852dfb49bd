/* SPDX-License-Identifier: MIT
 *
 * Studies as the page wants them: everything that is known of a trial in one object, with the curves of its
 * jobs as columns, shortened to what can be drawn.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/print/message.h"
#include "lockstep/importance.h"
#include "report.h"

#define COMMAND LS_REPORT_COMMAND

/* ---- Small things --------------------------------------------------------------- */

/* JavaScript's integers end at 2^53. */
static void put_seed(struct ls_json *json, uint64_t seed)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
	ls_json_text(json, text);
}

static void put_texts(struct ls_json *json, const char *key, const char *const *texts, size_t n)
{
	ls_json_key(json, key);
	ls_json_open(json, '[');
	for (size_t i = 0; i < n; i++)
		ls_json_text(json, texts[i]);
	ls_json_close(json, ']');
}

static void put_reals(struct ls_json *json, const char *key, const double *values, size_t n)
{
	ls_json_key(json, key);
	ls_json_open(json, '[');
	for (size_t i = 0; i < n; i++)
		ls_json_real(json, values[i]);
	ls_json_close(json, ']');
}

/* ---- Jobs ------------------------------------------------------------------------ */

/* What another trial made of the same job later is not this one's. */
static size_t n_own_epochs(const struct lockstep_runs_trial *trial, const struct lockstep_runs_epochs *epochs)
{
	size_t n = 0;
	while (n < epochs->n && (trial->state == LOCKSTEP_TRIAL_RUNNING || epochs->epochs[n].epoch <= trial->epochs))
		n++;
	return n;
}

/* Epochs, and a column a metric. */
static void write_curves(struct ls_json *json, const struct lockstep_runs_study *study,
                         const struct lockstep_runs_epochs *epochs, size_t n)
{
	ls_json_key(json, "at");
	ls_json_open(json, '[');
	for (size_t i = 0; i < n; i++)
		ls_json_integer(json, epochs->epochs[i].epoch);
	ls_json_close(json, ']');
	ls_json_key(json, "curves");
	ls_json_open(json, '[');
	for (size_t k = 0; k < study->n_metrics; k++) {
		ls_json_open(json, '[');
		for (size_t i = 0; i < n; i++)
			ls_json_short(json, epochs->epochs[i].metrics[k]);
		ls_json_close(json, ']');
	}
	ls_json_close(json, ']');
}

static void write_job_facts(struct ls_json *json, const struct lockstep_runs_job *job)
{
	ls_json_key(json, "seed");
	put_seed(json, job->seed);
	ls_json_put_text(json, "state", lockstep_job_state_name(job->state));
	ls_json_put_real(json, "objective", job->objective);
	ls_json_put_integer(json, "epoch", job->epoch);
	ls_json_put_text(json, "message", job->message);
	ls_json_put_text(json, "fingerprint", job->fingerprint);
	ls_json_put_text(json, "sha256", job->sha256);
	ls_json_put_text(json, "command", job->command);
	ls_json_put_text(json, "started", job->started);
	ls_json_put_text(json, "ended", job->ended);
	ls_json_key(json, "seconds");
	ls_json_short(json, job->seconds);
	ls_json_key(json, "samples_per_second");
	ls_json_short(json, job->samples_per_second);
	ls_json_put_integer(json, "workers", job->workers);
	ls_json_put_text(json, "cores", job->cores);
}

static int write_job(struct ls_json *json, lockstep_runs *runs, const struct lockstep_runs_study *study,
                     const struct lockstep_runs_trial *trial, const struct lockstep_runs_job *job)
{
	struct lockstep_runs_epochs *epochs;
	lockstep_error error;
	if (lockstep_runs_read_epochs(runs, study, job, &epochs, &error))
		return ls_message_error(COMMAND, &error);
	ls_json_open(json, '{');
	write_job_facts(json, job);
	write_curves(json, study, epochs, n_own_epochs(trial, epochs));
	ls_json_close(json, '}');
	lockstep_runs_epochs_destroy(epochs);
	return LS_EXIT_DONE;
}

/* ---- Trials ---------------------------------------------------------------------- */

/* A number where its axis has numbers, else its text; null where it is not active. */
static void write_value(struct ls_json *json, const struct lockstep_runs_value *value, enum lockstep_axis_scale scale)
{
	int is_number = value->kind == LOCKSTEP_VALUE_INTEGER || value->kind == LOCKSTEP_VALUE_REAL;
	if (value->kind == LOCKSTEP_VALUE_ABSENT)
		ls_json_text(json, NULL);
	else if (is_number && scale != LOCKSTEP_AXIS_LISTED)
		ls_json_real(json, value->real);
	else
		ls_json_text(json, value->kind == LOCKSTEP_VALUE_NULL ? "null" : value->text);
}

static int write_trial(struct ls_json *json, lockstep_runs *runs, const struct lockstep_runs_study *study,
                       const struct lockstep_runs_trial *trial, const struct lockstep_importance *importance)
{
	int status = LS_EXIT_DONE;
	ls_json_open(json, '{');
	ls_json_put_integer(json, "number", trial->number);
	ls_json_put_text(json, "state", lockstep_trial_state_name(trial->state));
	ls_json_put_real(json, "objective", trial->objective);
	ls_json_put_real(json, "low", trial->low);
	ls_json_put_real(json, "high", trial->high);
	ls_json_put_integer(json, "epochs", trial->epochs);
	ls_json_put_text(json, "message", trial->message);
	ls_json_key(json, "values");
	ls_json_open(json, '[');
	for (size_t i = 0; i < study->n_parameters; i++)
		write_value(json, &trial->values[i], importance->parameters[i].scale);
	ls_json_close(json, ']');
	put_reals(json, "last", trial->last, study->n_metrics);
	ls_json_key(json, "jobs");
	ls_json_open(json, '[');
	for (size_t i = 0; !status && i < trial->n_jobs; i++)
		status = write_job(json, runs, study, trial, &trial->jobs[i]);
	ls_json_close(json, ']');
	ls_json_close(json, '}');
	return status;
}

/* ---- Studies --------------------------------------------------------------------- */

static void write_parameters(struct ls_json *json, const struct lockstep_runs_study *study,
                             const struct lockstep_importance *importance)
{
	static const char *const scales[] = {
	    [LOCKSTEP_AXIS_LISTED] = "listed", [LOCKSTEP_AXIS_LINEAR] = "linear", [LOCKSTEP_AXIS_LOG] = "log"};
	ls_json_key(json, "parameters");
	ls_json_open(json, '[');
	for (size_t i = 0; i < study->n_parameters; i++) {
		const struct lockstep_importance_parameter *parameter = &importance->parameters[i];
		ls_json_open(json, '{');
		ls_json_put_text(json, "name", study->parameters[i]);
		ls_json_put_text(json, "scale", scales[parameter->scale]);
		ls_json_put_text(json, "distribution", parameter->distribution);
		ls_json_put_text(json, "follows", parameter->follows);
		ls_json_put_real(json, "low", parameter->low);
		ls_json_put_real(json, "high", parameter->high);
		put_texts(json, "values", parameter->values, parameter->n_values);
		ls_json_put_integer(json, "trials", parameter->n_trials);
		ls_json_put_real(json, "share", parameter->share);
		ls_json_put_real(json, "chance", parameter->chance);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
	ls_json_key(json, "importance");
	ls_json_open(json, '{');
	ls_json_put_integer(json, "trials", importance->n_trials);
	ls_json_put_integer(json, "best", importance->n_best);
	ls_json_put_text(json, "reason", importance->reason);
	ls_json_close(json, '}');
}

static void write_sessions(struct ls_json *json, const struct lockstep_runs_study *study)
{
	ls_json_key(json, "sessions");
	ls_json_open(json, '[');
	for (size_t i = 0; i < study->n_sessions; i++) {
		const struct lockstep_runs_session *session = &study->sessions[i];
		ls_json_open(json, '{');
		ls_json_put_text(json, "started", session->started);
		ls_json_put_text(json, "ended", session->ended);
		ls_json_put_text(json, "outcome", session->outcome);
		ls_json_put_text(json, "version", session->version);
		ls_json_put_text(json, "commit", session->commit);
		ls_json_put_text(json, "compiler", session->compiler);
		ls_json_put_text(json, "isa", session->isa);
		ls_json_put_text(json, "command", session->command);
		ls_json_put_text(json, "cpu", session->cpu);
		ls_json_put_integer(json, "cores", session->cores);
		ls_json_put_real(json, "cpu_quota", session->cpu_quota);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
}

static void write_facts(struct ls_json *json, const struct lockstep_runs_study *study)
{
	ls_json_put_text(json, "name", study->name);
	ls_json_put_text(json, "description", study->description);
	ls_json_put_text(json, "spec", study->spec);
	ls_json_put_text(json, "spec_sha256", study->spec_sha256);
	ls_json_put_text(json, "method", study->method);
	ls_json_put_text(json, "sampler", study->sampler);
	ls_json_put_text(json, "scheduler", study->scheduler);
	ls_json_put_text(json, "metric", study->metric);
	ls_json_put_text(json, "goal", study->maximize ? "maximize" : "minimize");
	ls_json_put_text(json, "aggregate", study->aggregate);
	ls_json_put_text(json, "created", study->created);
	ls_json_key(json, "seed");
	put_seed(json, study->seed);
	ls_json_key(json, "seeds");
	ls_json_open(json, '[');
	for (size_t i = 0; i < study->n_seeds; i++)
		put_seed(json, study->seeds[i]);
	ls_json_close(json, ']');
	ls_json_key(json, "data");
	ls_json_open(json, '[');
	for (size_t i = 0; i < study->n_data; i++) {
		ls_json_open(json, '{');
		ls_json_put_text(json, "name", study->data[i].name);
		ls_json_put_text(json, "part", study->data[i].part);
		ls_json_put_text(json, "digest", study->data[i].digest);
		ls_json_close(json, '}');
	}
	ls_json_close(json, ']');
	put_texts(json, "metrics", study->metrics, study->n_metrics);
}

static int write_ranks(struct ls_json *json, const struct lockstep_runs_study *study)
{
	size_t *order = calloc(study->n_trials + 1, sizeof *order);
	if (!order)
		return ls_message_failed(COMMAND, "out of memory for the result");
	size_t n = lockstep_runs_rank(study, order);
	ls_json_key(json, "ranked");
	ls_json_open(json, '[');
	for (size_t i = 0; i < n; i++)
		ls_json_integer(json, order[i]);
	ls_json_close(json, ']');
	free(order);
	return LS_EXIT_DONE;
}

static int write_study(struct ls_json *json, lockstep_runs *runs, const struct lockstep_runs_study *study)
{
	struct lockstep_importance *importance;
	lockstep_error error;
	if (lockstep_importance_create(&importance, study, &error))
		return ls_message_error(COMMAND, &error);
	ls_json_open(json, '{');
	write_facts(json, study);
	write_sessions(json, study);
	write_parameters(json, study, importance);
	int status = write_ranks(json, study);
	ls_json_key(json, "trials");
	ls_json_open(json, '[');
	for (size_t i = 0; !status && i < study->n_trials; i++)
		status = write_trial(json, runs, study, &study->trials[i], importance);
	ls_json_close(json, ']');
	ls_json_close(json, '}');
	lockstep_importance_destroy(importance);
	return status;
}

int ls_report_studies_write(struct ls_report_studies *studies, struct ls_json *json)
{
	int status = LS_EXIT_DONE;
	ls_json_key(json, "studies");
	ls_json_open(json, '[');
	for (size_t i = 0; !status && i < studies->n; i++) {
		struct lockstep_runs_study *study;
		lockstep_error error;
		if (lockstep_runs_read_study(studies->runs, studies->chosen[i], &study, &error))
			return ls_message_error(COMMAND, &error);
		status = write_study(json, studies->runs, study);
		studies->n_trials += study->n_trials;
		lockstep_runs_study_destroy(study);
	}
	ls_json_close(json, ']');
	ls_json_key(json, "scalings");
	ls_json_open(json, '[');
	for (size_t i = 0; i < studies->n_scalings; i++)
		ls_json_value(json, studies->texts[i]);
	ls_json_close(json, ']');
	return status;
}

/* ---- Which of them ---------------------------------------------------------------- */

static int no_study(const struct ls_report_studies *studies, const char *name, const char *path)
{
	struct ls_nearest nearest;
	ls_nearest_init(&nearest, name);
	for (size_t i = 0; i < lockstep_runs_n_studies(studies->runs); i++)
		ls_nearest_consider(&nearest, lockstep_runs_get_summary(studies->runs, i)->name);
	for (size_t i = 0; i < lockstep_runs_n_scalings(studies->runs); i++)
		ls_nearest_consider(&nearest, lockstep_runs_get_scaling(studies->runs, i)->name);
	if (nearest.name)
		return ls_message_failed(COMMAND, "%s: no study '%s'; did you mean '%s'?", path, name, nearest.name);
	return ls_message_failed(COMMAND, "%s: no study '%s'", path, name);
}

/* Of either kind. */
static int choose_one(struct ls_report_studies *studies, const char *name, const char *path)
{
	for (size_t i = 0; i < lockstep_runs_n_studies(studies->runs); i++)
		if (strcmp(name, lockstep_runs_get_summary(studies->runs, i)->name) == 0) {
			studies->chosen[studies->n++] = i;
			return LS_EXIT_DONE;
		}
	for (size_t i = 0; i < lockstep_runs_n_scalings(studies->runs); i++)
		if (strcmp(name, lockstep_runs_get_scaling(studies->runs, i)->name) == 0) {
			studies->scalings[studies->n_scalings++] = i;
			return LS_EXIT_DONE;
		}
	return no_study(studies, name, path);
}

static void choose_all(struct ls_report_studies *studies)
{
	for (size_t i = 0; i < lockstep_runs_n_studies(studies->runs); i++)
		studies->chosen[studies->n++] = i;
	for (size_t i = 0; i < lockstep_runs_n_scalings(studies->runs); i++)
		studies->scalings[studies->n_scalings++] = i;
}

static int choose(struct ls_report_studies *studies, const struct ls_report *report)
{
	const struct ls_option_texts *names = &report->names;
	size_t n = lockstep_runs_n_studies(studies->runs) + lockstep_runs_n_scalings(studies->runs);
	int status = LS_EXIT_DONE;
	if (n == 0)
		return ls_message_failed(COMMAND, "%s: no study yet", report->input);
	n = names->n > n ? names->n : n;
	studies->chosen = calloc(n, sizeof *studies->chosen);
	studies->scalings = calloc(n, sizeof *studies->scalings);
	studies->texts = calloc(n, sizeof *studies->texts);
	if (!studies->chosen || !studies->scalings || !studies->texts)
		return ls_message_failed(COMMAND, "out of memory for the result");
	if (names->n == 0)
		choose_all(studies);
	for (size_t i = 0; !status && i < names->n; i++)
		status = choose_one(studies, names->texts[i], report->input);
	for (size_t i = 0; !status && i < studies->n_scalings; i++)
		status = ls_report_scaling_take(
		    &studies->texts[i], lockstep_runs_get_scaling(studies->runs, studies->scalings[i]), report->input);
	return status;
}

int ls_report_studies_open(struct ls_report_studies *studies, const struct ls_report *report)
{
	lockstep_error error;
	if (lockstep_runs_open(&studies->runs, report->input, &error))
		return ls_message_error(COMMAND, &error);
	int status = choose(studies, report);
	if (status)
		ls_report_studies_close(studies);
	return status;
}

void ls_report_studies_close(struct ls_report_studies *studies)
{
	lockstep_runs_close(studies->runs);
	free(studies->chosen);
	free(studies->scalings);
	for (size_t i = 0; studies->texts && i < studies->n_scalings; i++)
		free(studies->texts[i]);
	free(studies->texts);
	*studies = (struct ls_report_studies){.runs = NULL};
}
