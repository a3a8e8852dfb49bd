/* SPDX-License-Identifier: MIT
 *
 * Reading a checkpoint. The container has compared the tensors' sizes with the
 * file's; the job says which tensors there must be, and only when they are
 * those is room made for them, so that no allocation is larger than the file.
 */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "arith/fpcontrol.h"
#include "base/error.h"
#include "base/memory.h"
#include "checkpoint.h"
#include "model/model.h"
#include "model/texts.h"
#include "options.h"

#define VALUES_MAX 32 /* of origin and standing */

static const struct ls_text_key keys[] = {
    {"format", 1}, {"lockstep", 1}, {"arithmetic", 1}, {"job", 1}, {"history", 1}, {"origin", 1}, {"standing", 1},
};

/* ---- Texts ----------------------------------------------------------- */

static int are_plausible(json_int_t step, double epoch_loss, json_int_t n_exact, json_int_t without)
{
	return step >= 0 && isfinite(epoch_loss) && n_exact >= -1 && n_exact <= UINT32_MAX && without >= 0 &&
	       without <= UINT32_MAX;
}

static lockstep_status read_standing(const struct ls_texts *texts, struct ls_standing *standing, lockstep_error *error)
{
	json_t *object = NULL, *loss = NULL;
	json_int_t step = 0, n_exact = 0, without = 0;
	struct ls_best *best = &standing->best;
	lockstep_status status = ls_texts_parse(texts, "standing", VALUES_MAX, &object, error);
	if (status)
		return status;
	int is_right = !json_unpack_ex(object, NULL, JSON_STRICT, "{s:I, s:F, s:b, s:o, s:I, s:I}", "step", &step,
	                               "epoch_loss", &standing->epoch_loss, "found", &best->found, "best_loss", &loss,
	                               "best_rows", &n_exact, "epochs_without", &without) &&
	               are_plausible(step, standing->epoch_loss, n_exact, without) &&
	               (json_is_null(loss) || json_is_real(loss));
	best->loss = json_is_real(loss) ? json_real_value(loss) : INFINITY;
	best->n_exact = n_exact;
	best->epochs_without = (uint32_t)without;
	standing->step = (uint64_t)step;
	json_decref(object);
	return is_right ? LOCKSTEP_OK : ls_texts_refuse(texts, "standing", "not where a job can stand", error);
}

static lockstep_status read_origin(const struct ls_texts *texts, struct ls_origin *origin, lockstep_error *error)
{
	struct lockstep_dataset_options options = LOCKSTEP_DATASET_OPTIONS_INIT;
	const char *data = NULL;
	json_t *object = NULL;
	lockstep_status status = ls_texts_parse(texts, "origin", VALUES_MAX, &object, error);
	if (status)
		return status;
	if (json_unpack_ex(object, NULL, JSON_STRICT, "{s?s, s?s, s?s, s?s, s?s}", "data", &data, "test", &options.test,
	                   "label", &options.label, "labels", &options.labels, "test_labels", &options.test_labels))
		status = ls_texts_refuse(texts, "origin", "not where data come from", error);
	else
		status = ls_origin_copy(origin, data, &options, error);
	json_decref(object);
	return status;
}

/* ---- Tensors --------------------------------------------------------- */

static int has_velocity(const lockstep_checkpoint *checkpoint)
{
	return checkpoint->record.job.train.momentum != 0;
}

static int has_best(const lockstep_checkpoint *checkpoint)
{
	return ls_train_keeps_best(&checkpoint->record.job.train) && checkpoint->standing.best.found;
}

static lockstep_status check_tensors(const struct ls_texts *texts, const lockstep_checkpoint *checkpoint,
                                     const struct ls_model_shape *shape, lockstep_error *error)
{
	struct ls_model_tensors list = {.n = 0};
	ls_model_add_parameters(&list, shape, "");
	if (has_velocity(checkpoint))
		ls_model_add_parameters(&list, shape, LS_CHECKPOINT_VELOCITY);
	if (has_best(checkpoint))
		ls_model_add_parameters(&list, shape, LS_CHECKPOINT_BEST);
	return ls_model_compare_tensors(texts->contents, &list, texts->path, error);
}

static lockstep_status make_room(lockstep_checkpoint *checkpoint, const struct ls_model_shape *shape,
                                 struct ls_tensor *tensors, lockstep_error *error)
{
	struct lockstep_network **sets[] = {
	    &checkpoint->parameters,
	    has_velocity(checkpoint) ? &checkpoint->velocity : NULL,
	    has_best(checkpoint) ? &checkpoint->best : NULL,
	};
	for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
		if (!sets[i])
			continue;
		lockstep_status status =
		    ls_network_allocate(sets[i], shape->sizes, shape->n_layers, &checkpoint->record.job.network, error);
		if (status)
			return status;
		tensors = ls_model_attach_parameters(tensors, *sets[i]);
	}
	return LOCKSTEP_OK;
}

static lockstep_status read_tensors(struct ls_safetensors_reader *reader, const struct ls_texts *texts,
                                    lockstep_checkpoint *checkpoint, lockstep_error *error)
{
	struct ls_model_shape shape = {0};
	lockstep_status status =
	    ls_network_parse_layers(checkpoint->record.job.layers, shape.sizes, &shape.n_layers, error);
	if (!status)
		status = check_tensors(texts, checkpoint, &shape, error);
	if (!status)
		status = make_room(checkpoint, &shape, texts->contents->tensors, error);
	if (!status)
		status = ls_safetensors_read(reader, error);
	if (!status)
		status = ls_model_check_finite(texts->contents, texts->path, LOCKSTEP_ERROR_FORMAT, error);
	return status;
}

/* ---- Files ----------------------------------------------------------- */

static lockstep_status read_file(lockstep_checkpoint *checkpoint, struct ls_safetensors_reader *reader,
                                 const char *path, lockstep_error *error)
{
	struct ls_texts texts = {path, ls_safetensors_contents(reader)};
	lockstep_status status = ls_texts_check(&texts, LS_CHECKPOINT_FORMAT, keys, sizeof keys / sizeof *keys, error);
	if (!status)
		status = ls_record_init(&checkpoint->record, ls_texts_get(&texts, "job"),
		                        ls_texts_get(&texts, "history"), path, error);
	if (!status)
		status = read_standing(&texts, &checkpoint->standing, error);
	if (!status)
		status = read_origin(&texts, &checkpoint->origin, error);
	if (!status)
		status = read_tensors(reader, &texts, checkpoint, error);
	return status;
}

lockstep_status lockstep_checkpoint_load(lockstep_checkpoint **out, const char *path, lockstep_error *error)
{
	struct ls_safetensors_reader *reader = NULL;
	lockstep_checkpoint *checkpoint = ls_memory_allocate(1, sizeof *checkpoint);
	if (!checkpoint)
		return ls_error_memory(error, "a checkpoint");
	uint64_t saved = ls_fpcontrol_enter(); /* numbers are read rounded to nearest */
	lockstep_status status = ls_safetensors_open(&reader, path, error);
	if (!status)
		status = read_file(checkpoint, reader, path, error);
	ls_fpcontrol_leave(saved);
	ls_safetensors_close(reader);
	if (status)
		lockstep_checkpoint_destroy(checkpoint);
	else
		*out = checkpoint;
	return status;
}

void lockstep_checkpoint_destroy(lockstep_checkpoint *checkpoint)
{
	if (!checkpoint)
		return;
	lockstep_network_destroy(checkpoint->best);
	lockstep_network_destroy(checkpoint->velocity);
	lockstep_network_destroy(checkpoint->parameters);
	ls_origin_fini(&checkpoint->origin);
	ls_record_fini(&checkpoint->record);
	ls_memory_free(checkpoint);
}

/* ---- What it says ---------------------------------------------------- */

const lockstep_record *lockstep_checkpoint_record(const lockstep_checkpoint *checkpoint)
{
	return &checkpoint->record;
}

uint64_t lockstep_checkpoint_step(const lockstep_checkpoint *checkpoint)
{
	return checkpoint->standing.step;
}

void lockstep_checkpoint_fingerprint(const lockstep_checkpoint *checkpoint, char fingerprint[65])
{
	lockstep_network_fingerprint(checkpoint->parameters, fingerprint);
}

const char *lockstep_checkpoint_data(const lockstep_checkpoint *checkpoint, struct lockstep_dataset_options *options)
{
	const struct ls_origin *origin = &checkpoint->origin;
	if (!origin->data)
		return NULL;
	options->test = origin->test;
	options->label = origin->label;
	options->labels = origin->labels;
	options->test_labels = origin->test_labels;
	return origin->data;
}
