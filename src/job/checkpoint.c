/* SPDX-License-Identifier: MIT
 *
 * Writing a checkpoint: the texts that go into the metadata, and up to three
 * sets of tensors of the network's shape.
 */
#include "checkpoint.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "lockstep/version.h"
#include "model/json_text.h"
#include "model/model.h"

/* Texts made for the file; NULL: memory was short. */
struct made_texts {
	char *history, *origin, *standing;
};

/* JSON has no infinity; a loss that is one says that there is none yet. */
static json_t *loss_or_null(double loss)
{
	return isfinite(loss) ? json_real(loss) : json_null();
}

static json_t *standing_object(const struct ls_standing *standing)
{
	const struct ls_best *best = &standing->best;
	return json_pack("{s:I, s:f, s:b, s:o, s:I, s:I}", "step", (json_int_t)standing->step, "epoch_loss",
	                 standing->epoch_loss, "found", best->found, "best_loss", loss_or_null(best->loss), "best_rows",
	                 (json_int_t)best->n_exact, "epochs_without", (json_int_t)best->epochs_without);
}

static json_t *origin_object(const struct ls_origin *origin)
{
	return json_pack("{s:s*, s:s*, s:s*, s:s*, s:s*}", "data", origin->data, "test", origin->test, "label",
	                 origin->label, "labels", origin->labels, "test_labels", origin->test_labels);
}

static char *text_of(json_t *object)
{
	char *text = object ? ls_json_write(object, NULL) : NULL;
	json_decref(object);
	return text;
}

static lockstep_status make_texts(struct made_texts *texts, const struct ls_checkpoint_contents *contents,
                                  lockstep_error *error)
{
	texts->standing = text_of(standing_object(&contents->standing));
	texts->origin = text_of(origin_object(contents->origin));
	if (!texts->standing || !texts->origin)
		return ls_error_memory(error, "a checkpoint");
	return ls_history_text(&texts->history, contents->history, error);
}

static void free_texts(struct made_texts *texts)
{
	ls_memory_free(texts->standing);
	ls_memory_free(texts->origin);
	ls_memory_free(texts->history);
}

static void list_tensors(struct ls_model_tensors *list, const struct ls_checkpoint_contents *contents)
{
	struct ls_model_shape shape;
	ls_model_get_shape(&shape, contents->parameters);
	list->n = 0;
	ls_model_add_parameters(list, &shape, "");
	struct ls_tensor *next = ls_model_attach_parameters(list->tensors, contents->parameters);
	if (contents->velocity) {
		ls_model_add_parameters(list, &shape, LS_CHECKPOINT_VELOCITY);
		next = ls_model_attach_parameters(next, contents->velocity);
	}
	if (contents->best) {
		ls_model_add_parameters(list, &shape, LS_CHECKPOINT_BEST);
		ls_model_attach_parameters(next, contents->best);
	}
}

lockstep_status ls_checkpoint_save(const struct ls_checkpoint_contents *contents, const char *path,
                                   lockstep_error *error)
{
	struct made_texts texts = {NULL, NULL, NULL};
	struct ls_model_tensors list;
	char arithmetic[16];
	lockstep_status status = make_texts(&texts, contents, error);
	if (!status) {
		snprintf(arithmetic, sizeof arithmetic, "%d", LOCKSTEP_ARITHMETIC);
		list_tensors(&list, contents);
		struct ls_metadata metadata[] = {
		    {"format", LS_CHECKPOINT_FORMAT}, {"lockstep", lockstep_version()}, {"arithmetic", arithmetic},
		    {"job", contents->job},           {"history", texts.history},       {"origin", texts.origin},
		    {"standing", texts.standing},
		};
		struct ls_safetensors file = {list.n, list.tensors, sizeof metadata / sizeof *metadata, metadata};
		status = ls_safetensors_save(&file, path, error);
	}
	free_texts(&texts);
	return status;
}
