/* SPDX-License-Identifier: MIT
 *
 * Numbers of fields are those of tensorboard/plugins/hparams/{api,plugin_data}.proto,
 * tensorboard/compat/proto/summary.proto and google/protobuf/struct.proto.
 */
#include "export_hparams.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/print/message.h"

#define CHOICES_MAX 64 /* a text with more values is any text */

enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum { METADATA_PLUGIN = 1, PLUGIN_NAME = 1, PLUGIN_CONTENT = 2 };
enum { DATA_EXPERIMENT = 2, DATA_START = 3, DATA_END = 4 };
enum { EXPERIMENT_CREATED = 3, EXPERIMENT_HPARAMS = 4, EXPERIMENT_METRICS = 5 };
enum { HPARAM_NAME = 1, HPARAM_TYPE = 4, HPARAM_CHOICES = 5, HPARAM_INTERVAL = 6 };
enum { METRIC_NAME = 1, METRIC_NAME_TAG = 2 };
enum { START_HPARAMS = 1, START_GROUP = 4, START_TIME = 5, END_STATUS = 1, END_TIME = 2 };
enum { JSON_NUMBER = 2, JSON_TEXT = 3, JSON_BOOLEAN = 4 };
enum { STATUS_UNKNOWN = 0, STATUS_SUCCESS = 1, STATUS_FAILURE = 2, STATUS_RUNNING = 3 };

/* ---- Types --------------------------------------------------------------------------- */

static size_t place_of(const struct lockstep_runs_study *study, const char *parameter)
{
	size_t i = 0;
	while (i < study->n_parameters && strcmp(study->parameters[i], parameter) != 0)
		i++;
	return i;
}

static enum ls_hparam_type type_of(const struct lockstep_runs_value *value)
{
	switch (value->kind) {
	case LOCKSTEP_VALUE_BOOLEAN:
		return LS_HPARAM_BOOLEAN;
	case LOCKSTEP_VALUE_INTEGER:
	case LOCKSTEP_VALUE_REAL:
		return LS_HPARAM_NUMBER;
	default:
		return LS_HPARAM_STRING;
	}
}

static void take_value(struct ls_hparam *hparam, const struct lockstep_runs_value *value)
{
	if (value->kind == LOCKSTEP_VALUE_ABSENT)
		return;
	enum ls_hparam_type type = type_of(value);
	if (hparam->type != LS_HPARAM_NONE && hparam->type != type)
		type = LS_HPARAM_STRING;
	hparam->type = type;
	if (type == LS_HPARAM_NUMBER) {
		hparam->low = fmin(hparam->low, value->real);
		hparam->high = fmax(hparam->high, value->real);
	}
}

int ls_hparams_create(struct ls_hparam **out, const struct ls_export *export)
{
	struct ls_hparam *hparams = calloc(export->parameters.n + 1, sizeof *hparams);
	if (!hparams)
		return ls_message_failed(LS_RUNS_COMMAND, "out of memory for the result");
	for (size_t i = 0; i < export->parameters.n; i++) {
		hparams[i] = (struct ls_hparam){export->parameters.names[i], LS_HPARAM_NONE, INFINITY, -INFINITY};
		for (size_t s = 0; s < export->n_studies; s++) {
			const struct lockstep_runs_study *study = export->studies[s];
			size_t own = place_of(study, hparams[i].name);
			for (size_t k = 0; own < study->n_parameters && k < study->n_trials; k++)
				take_value(&hparams[i], &study->trials[k].values[own]);
		}
	}
	*out = hparams;
	return LS_EXIT_DONE;
}

/* ---- Parts --------------------------------------------------------------------------- */

/* A tensor of no numbers: of type float (1), with a shape (2) of one dimension (2) of 0. */
static const unsigned char no_tensor[] = {0x08, 0x01, 0x12, 0x02, 0x12, 0x00};

/* Takes `part` over, which is field `field` of the plugin's data. */
static struct ls_protobuf summary_of(const char *tag, uint32_t field, struct ls_protobuf *part)
{
	struct ls_protobuf data = {.n = 0}, plugin = {.n = 0}, metadata = {.n = 0}, value = {.n = 0},
			   summary = {.n = 0};
	ls_protobuf_message(&data, field, part);
	ls_protobuf_text(&plugin, PLUGIN_NAME, "hparams");
	ls_protobuf_message(&plugin, PLUGIN_CONTENT, &data);
	ls_protobuf_message(&metadata, METADATA_PLUGIN, &plugin);
	ls_protobuf_text(&value, VALUE_TAG, tag);
	ls_protobuf_bytes(&value, VALUE_TENSOR, no_tensor, sizeof no_tensor);
	ls_protobuf_message(&value, VALUE_METADATA, &metadata);
	ls_protobuf_message(&summary, SUMMARY_VALUE, &value);
	return summary;
}

/* A google.protobuf.Value. */
static struct ls_protobuf json_value(const struct ls_hparam *hparam, const struct lockstep_runs_value *value)
{
	struct ls_protobuf json = {.n = 0};
	if (hparam->type == LS_HPARAM_NUMBER)
		ls_protobuf_double(&json, JSON_NUMBER, value->real);
	else if (hparam->type == LS_HPARAM_BOOLEAN)
		ls_protobuf_varint(&json, JSON_BOOLEAN, (uint64_t)value->integer);
	else
		ls_protobuf_text(&json, JSON_TEXT, value->text);
	return json;
}

/* ---- The experiment ------------------------------------------------------------------ */

/* Values that differ, in their order; returns how many, or CHOICES_MAX + 1. */
static size_t collect(const struct ls_export *export, const struct ls_hparam *hparam,
                      const struct lockstep_runs_value *choices[CHOICES_MAX])
{
	size_t n = 0;
	for (size_t s = 0; s < export->n_studies; s++) {
		const struct lockstep_runs_study *study = export->studies[s];
		const size_t own = place_of(study, hparam->name);
		for (size_t k = 0; own < study->n_parameters && k < study->n_trials; k++) {
			const struct lockstep_runs_value *value = &study->trials[k].values[own];
			size_t i = 0;
			while (i < n && strcmp(choices[i]->text, value->text) != 0)
				i++;
			if (value->kind == LOCKSTEP_VALUE_ABSENT || i < n)
				continue;
			if (n == CHOICES_MAX)
				return CHOICES_MAX + 1;
			choices[n++] = value;
		}
	}
	return n;
}

static void put_domain(struct ls_protobuf *info, const struct ls_export *export, const struct ls_hparam *hparam)
{
	const struct lockstep_runs_value *choices[CHOICES_MAX];
	struct ls_protobuf domain = {.n = 0};
	if (hparam->type == LS_HPARAM_NUMBER) {
		ls_protobuf_double(&domain, 1, hparam->low);
		ls_protobuf_double(&domain, 2, hparam->high);
		ls_protobuf_message(info, HPARAM_INTERVAL, &domain);
		return;
	}
	const size_t n = collect(export, hparam, choices);
	if (n > CHOICES_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		struct ls_protobuf json = json_value(hparam, choices[i]);
		ls_protobuf_message(&domain, 1, &json);
	}
	ls_protobuf_message(info, HPARAM_CHOICES, &domain);
}

static void put_hparam(struct ls_protobuf *experiment, const struct ls_export *export, const struct ls_hparam *hparam)
{
	struct ls_protobuf info = {.n = 0};
	if (hparam->type == LS_HPARAM_NONE)
		return;
	ls_protobuf_text(&info, HPARAM_NAME, hparam->name);
	ls_protobuf_varint(&info, HPARAM_TYPE, hparam->type);
	put_domain(&info, export, hparam);
	ls_protobuf_message(experiment, EXPERIMENT_HPARAMS, &info);
}

static void put_metric(struct ls_protobuf *experiment, const char *tag)
{
	struct ls_protobuf name = {.n = 0}, info = {.n = 0};
	ls_protobuf_text(&name, METRIC_NAME_TAG, tag);
	ls_protobuf_message(&info, METRIC_NAME, &name);
	ls_protobuf_message(experiment, EXPERIMENT_METRICS, &info);
}

struct ls_protobuf ls_hparams_experiment(const struct ls_export *export, const struct ls_hparam *hparams,
                                         double created)
{
	struct ls_protobuf experiment = {.n = 0};
	ls_protobuf_double(&experiment, EXPERIMENT_CREATED, created);
	for (size_t i = 0; i < export->parameters.n; i++)
		put_hparam(&experiment, export, &hparams[i]);
	put_metric(&experiment, LS_OBJECTIVE_TAG);
	for (size_t i = 0; i < export->metrics.n; i++)
		if (strcmp(export->metrics.names[i], LS_OBJECTIVE_TAG) != 0)
			put_metric(&experiment, export->metrics.names[i]);
	return summary_of("_hparams_/experiment", DATA_EXPERIMENT, &experiment);
}

/* ---- Sessions ------------------------------------------------------------------------ */

struct ls_protobuf ls_hparams_start(const struct ls_export *export, const struct ls_hparam *hparams,
                                    const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                                    const char *group, double started)
{
	struct ls_protobuf start = {.n = 0};
	for (size_t i = 0; i < export->parameters.n; i++) {
		const size_t own = place_of(study, hparams[i].name);
		if (own == study->n_parameters || trial->values[own].kind == LOCKSTEP_VALUE_ABSENT)
			continue;
		struct ls_protobuf entry = {.n = 0}, json = json_value(&hparams[i], &trial->values[own]);
		ls_protobuf_text(&entry, 1, hparams[i].name);
		ls_protobuf_message(&entry, 2, &json);
		ls_protobuf_message(&start, START_HPARAMS, &entry);
	}
	ls_protobuf_text(&start, START_GROUP, group);
	ls_protobuf_double(&start, START_TIME, started);
	return summary_of("_hparams_/session_start_info", DATA_START, &start);
}

static uint64_t status_of(enum lockstep_trial_state state)
{
	switch (state) {
	case LOCKSTEP_TRIAL_RUNNING:
		return STATUS_RUNNING;
	case LOCKSTEP_TRIAL_DONE:
	case LOCKSTEP_TRIAL_PRUNED:
		return STATUS_SUCCESS;
	case LOCKSTEP_TRIAL_DIVERGED:
	case LOCKSTEP_TRIAL_FAILED:
		return STATUS_FAILURE;
	default:
		return STATUS_UNKNOWN;
	}
}

struct ls_protobuf ls_hparams_end(enum lockstep_trial_state state, double ended)
{
	struct ls_protobuf end = {.n = 0};
	ls_protobuf_varint(&end, END_STATUS, status_of(state));
	ls_protobuf_double(&end, END_TIME, ended);
	return summary_of("_hparams_/session_end_info", DATA_END, &end);
}
