/* SPDX-License-Identifier: MIT
 *
 * What a model says of the levels that were measured comes first: whoever reads a prediction sees how far off it was
 * where there is something to compare.
 */
#include <stdlib.h>

#include "cli/print/message.h"
#include "scale_run.h"

#define COMMAND LS_SCALE_COMMAND

/* A level that the model has no answer for, such as one with more workers than cores, has none. */
static void predict_levels(const struct ls_scale_run *run, struct ls_scale_prediction *prediction)
{
	const struct lockstep_scaling_series *series = &run->study->series[prediction->series];
	for (size_t i = 0; i < prediction->n; i++)
		if (!series->levels[i].excluded &&
		    lockstep_machine_model_predict(prediction->model, run->topology, series->levels[i].workers,
		                                   series->setting.bind, &prediction->steps[i], NULL))
			prediction->steps[i].workers = 0;
}

static lockstep_status predict_all(const struct ls_scale_machine *machine, const char *bind,
                                   struct ls_scale_prediction *prediction, lockstep_error *error)
{
	lockstep_status status = LOCKSTEP_OK;
	for (size_t i = 0; i < prediction->n && !status; i++)
		status = lockstep_machine_model_predict(prediction->model, machine->topology, (uint32_t)i + 1, bind,
		                                        &prediction->steps[i], error);
	return status;
}

/* On another machine as many workers as it has cores for, or with --smt hardware threads, and slices. */
static lockstep_status count_steps(const struct ls_scale_run *run, const struct ls_scale_machine *machine,
                                   const struct ls_scale_prediction *prediction, size_t *n, lockstep_error *error)
{
	const struct lockstep_scaling_series *series = &run->study->series[prediction->series];
	uint32_t most;
	*n = series->n;
	if (!machine->name)
		return LOCKSTEP_OK;
	lockstep_status status = lockstep_topology_auto_workers(machine->topology, series->setting.bind,
	                                                        prediction->model->smt, &most, error);
	if (!status)
		*n = most < prediction->model->slices ? most : prediction->model->slices;
	return status;
}

static lockstep_status predict_on(struct ls_scale_run *run, size_t i_series, const struct ls_scale_machine *machine,
                                  lockstep_error *error)
{
	struct ls_scale_prediction *prediction = &run->result.predictions[run->result.n_predictions];
	*prediction = (struct ls_scale_prediction){
	    .topology = machine->name, .series = i_series, .model = &run->models[i_series]};
	lockstep_status status = count_steps(run, machine, prediction, &prediction->n, error);
	if (status)
		return status;
	prediction->steps = calloc(prediction->n, sizeof *prediction->steps);
	if (!prediction->steps) {
		*error = (lockstep_error){LOCKSTEP_ERROR_MEMORY, "out of memory for predictions"};
		return LOCKSTEP_ERROR_MEMORY;
	}
	const char *bind = run->study->series[i_series].setting.bind;
	if (machine->name)
		status = predict_all(machine, bind, prediction, error);
	else
		predict_levels(run, prediction);
	if (status)
		free(prediction->steps);
	else
		run->result.n_predictions++;
	return status;
}

static lockstep_status predict_series(struct ls_scale_run *run, size_t i, lockstep_error *error)
{
	ls_scale_watch_say(&run->watch, "a model of this machine is calibrated");
	lockstep_status status =
	    lockstep_machine_model_calibrate(&run->models[i], &run->job, &run->options.settings[i], error);
	if (status)
		return status;
	for (size_t j = 0; j < run->n_machines && !status; j++)
		status = predict_on(run, i, &run->machines[j], error);
	return status;
}

/* Series that the model does not know, as those of other splits than rows, go without; that not all do was looked at
 * before. */
void ls_scale_predict(struct ls_scale_run *run)
{
	lockstep_error error;
	lockstep_status status = LOCKSTEP_OK;
	run->models = calloc(run->study->n, sizeof *run->models);
	run->result.predictions = calloc(run->study->n * run->n_machines, sizeof *run->result.predictions);
	if (!run->models || !run->result.predictions) {
		run->late = ls_message_failed(COMMAND, "out of memory for predictions");
		return;
	}
	run->n_models = run->study->n;
	for (size_t i = 0; i < run->study->n && !ls_scale_watch_is_stopped(); i++) {
		status = predict_series(run, i, &error);
		if (status && status != LOCKSTEP_ERROR_ARGUMENT)
			break;
	}
	ls_scale_watch_clear(&run->watch);
	if (status && (status != LOCKSTEP_ERROR_ARGUMENT || !run->result.n_predictions))
		run->late = ls_message_failed(COMMAND, "no prediction: %s", error.message);
}

void ls_scale_predict_fini(struct ls_scale_run *run)
{
	for (size_t i = 0; i < run->result.n_predictions; i++)
		free(run->result.predictions[i].steps);
	free(run->result.predictions);
	for (size_t i = 0; i < run->n_models; i++)
		lockstep_machine_model_fini(&run->models[i]);
	free(run->models);
	for (size_t i = 1; i < run->n_machines; i++)
		lockstep_topology_destroy(run->machines[i].topology);
}
