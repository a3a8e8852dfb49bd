/* SPDX-License-Identifier: MIT
 *
 * A sweep keeps its command line's options with the specification, in a last line
 * "# with: {...}" that log.c wrote; what it does not say has its default.
 */
#include "runs_data.h"

#include <jansson.h>
#include <string.h>

#include "cli/options/job_options.h"
#include "cli/sweep/sweep_check.h"

#define BEFORE_OPTIONS "\n# with: "

/* Borrows its texts from `options`. */
static lockstep_status take_options(struct ls_job_options *job, const json_t *options, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (const struct ls_option *option = ls_data_option_table; option->name && !status; option++) {
		const char *text = json_string_value(json_object_get(options, option->name));
		if (text)
			status = ls_sweep_set(job, option->name, text, error);
	}
	return status;
}

static json_t *read_options(const char *spec)
{
	const char *line = NULL;
	for (const char *next = spec; (next = strstr(next, BEFORE_OPTIONS)); next++)
		line = next + strlen(BEFORE_OPTIONS);
	return line ? json_loads(line, 0, NULL) : NULL;
}

static lockstep_status take_parameters(struct ls_job_options *job, const struct lockstep_runs_study *study,
                                       const struct lockstep_runs_trial *trial, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < study->n_parameters && !status; i++)
		if (ls_sweep_is_data(study->parameters[i]) && trial->values[i].kind != LOCKSTEP_VALUE_ABSENT)
			status = ls_sweep_set(job, study->parameters[i], trial->values[i].text, error);
	return status;
}

/* Other data come with their own files for tests and labels. */
static void take_own(struct ls_data_options *data, const struct ls_data_options *own)
{
	if (own->data) {
		const char *label = data->files.label;
		*data = (struct ls_data_options){.data = own->data, .files = LOCKSTEP_DATASET_OPTIONS_INIT};
		data->files.label = label;
	}
	data->files.test = own->files.test ? own->files.test : data->files.test;
	data->files.label = own->files.label ? own->files.label : data->files.label;
	data->files.labels = own->files.labels ? own->files.labels : data->files.labels;
	data->files.test_labels = own->files.test_labels ? own->files.test_labels : data->files.test_labels;
}

lockstep_status ls_runs_open_data(lockstep_dataset **out, const struct ls_data_options *own,
                                  const struct lockstep_runs_study *study, const struct lockstep_runs_trial *trial,
                                  lockstep_error *error)
{
	struct ls_job_options job;
	json_t *options = read_options(study->spec);
	ls_job_options_init(&job);
	lockstep_status status = take_options(&job, options, error);
	if (!status)
		status = take_parameters(&job, study, trial, error);
	if (!status) {
		take_own(&job.data, own);
		status = ls_dataset_open(out, &job.data, error);
	}
	json_decref(options);
	return status;
}
