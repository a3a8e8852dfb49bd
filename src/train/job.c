/* SPDX-License-Identifier: MIT
 *
 * The job as JSON, through jansson. Keys are the command's option names.
 */
#include "job.h"

#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "model/json_text.h"
#include "model/model.h"
#include "lockstep/version.h"
#include "options.h"

static json_t *layers_text(const lockstep_network *network)
{
	char text[LS_MODEL_LAYERS_TEXT];
	struct ls_model_shape shape;
	ls_model_get_shape(&shape, network);
	ls_model_write_layers(text, &shape);
	return json_string(text);
}

/* A 64-bit seed does not fit JSON's signed integers. */
static json_t *seed_text(uint64_t seed)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
	return json_string(text);
}

static int add_network(json_t *job, const lockstep_network *network)
{
	struct lockstep_network_options options;
	lockstep_network_get_options(network, &options);
	return json_object_set_new(job, "layers", layers_text(network)) ||
	       json_object_set_new(job, "hidden", json_string(lockstep_activation_name(options.hidden))) ||
	       json_object_set_new(job, "leaky_slope", json_real(options.leaky_slope)) ||
	       json_object_set_new(job, "loss", json_string(lockstep_loss_name(options.loss))) ||
	       json_object_set_new(job, "init", json_string(lockstep_init_name(options.init))) ||
	       json_object_set_new(job, "init_seed", seed_text(options.seed));
}

static int add_options(json_t *job, const struct lockstep_train_options *o)
{
	return json_object_set_new(job, "scale", json_string(lockstep_scale_name(o->scale))) ||
	       json_object_set_new(job, "seed", seed_text(o->seed)) ||
	       json_object_set_new(job, "epochs", json_integer(o->epochs)) ||
	       json_object_set_new(job, "batch", json_integer(o->batch)) ||
	       json_object_set_new(job, "slices", json_integer(ls_train_slices(o))) ||
	       json_object_set_new(job, "lr", json_real(o->learning_rate)) ||
	       json_object_set_new(job, "momentum", json_real(o->momentum)) ||
	       json_object_set_new(job, "nesterov", json_boolean(o->nesterov)) ||
	       json_object_set_new(job, "l2", json_real(o->l2)) ||
	       json_object_set_new(job, "dropout", json_real(o->dropout)) ||
	       json_object_set_new(job, "schedule", json_string(lockstep_schedule_name(o->schedule))) ||
	       json_object_set_new(job, "schedule_gamma", json_real(o->schedule_gamma)) ||
	       json_object_set_new(job, "schedule_period", json_real(ls_train_period(o))) ||
	       json_object_set_new(job, "warmup", json_real(o->warmup)) ||
	       json_object_set_new(job, "validation", json_real(o->validation)) ||
	       json_object_set_new(job, "patience", json_integer(o->patience)) ||
	       json_object_set_new(job, "monitor", json_string(lockstep_monitor_name(o->monitor))) ||
	       json_object_set_new(job, "keep_last", json_boolean(o->keep_last)) ||
	       json_object_set_new(job, "drop_last", json_boolean(o->drop_last));
}

static int add_data(json_t *job, const lockstep_dataset *dataset)
{
	char digest[65];
	lockstep_dataset_digest(dataset, LOCKSTEP_TRAIN, digest);
	return json_object_set_new(job, "arithmetic", json_integer(LOCKSTEP_ARITHMETIC)) ||
	       json_object_set_new(job, "data", json_string(digest));
}

lockstep_status ls_job_text(char **out, const lockstep_network *network, const lockstep_dataset *dataset,
                            const struct lockstep_train_options *options, lockstep_error *error)
{
	json_t *job = json_object();
	char *text = NULL;

	if (job && !add_data(job, dataset) && !add_network(job, network) && !add_options(job, options))
		text = ls_json_write(job, NULL);
	json_decref(job);
	if (!text)
		return ls_error_memory(error, "the job's record");
	*out = text;
	return LOCKSTEP_OK;
}
