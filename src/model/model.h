/* SPDX-License-Identifier: MIT
 *
 * What saving and loading of the model file share: its name, and the tensors
 * that a shape comes to, in the file's order: layers.I.weight [out][in] and
 * layers.I.bias [out] for each layer, then, when the input scaling has vectors,
 * input.shift and input.scale [in].
 */
#ifndef LS_TRAIN_MODEL_H
#define LS_TRAIN_MODEL_H

#include <stddef.h>

#include "net/network.h"
#include "safetensors.h"

#define LS_MODEL_FORMAT "lockstep-model-1"
/* Three sets of parameters, as a checkpoint has them, or one with its scaling. */
#define LS_MODEL_TENSORS_MAX (3 * 2 * LS_LAYERS_MAX)
#define LS_MODEL_NAME 40
/* Text of the sizes: at most 7 digits each, the marks between them and a NUL. */
#define LS_MODEL_LAYERS_TEXT ((LS_LAYERS_MAX + 1) * 8)

struct ls_model_shape {
	size_t n_layers;
	size_t sizes[LS_LAYERS_MAX + 1]; /* inputs, hidden layers, outputs */
	int scaled;                      /* the input scaling has vectors */
};

struct ls_model_tensors {
	size_t n;
	struct ls_tensor tensors[LS_MODEL_TENSORS_MAX];
	char names[LS_MODEL_TENSORS_MAX][LS_MODEL_NAME];
};

/* Names and shapes of the tensors; their data stay NULL. */
void ls_model_list(struct ls_model_tensors *list, const struct ls_model_shape *shape);

/* Points tensors in that order at the network's memory. */
void ls_model_attach(struct ls_tensor *tensors, const struct lockstep_network *network);

/* The same for the parameters alone, whose names begin with `prefix`: added to
 * what is listed already; and the tensor after those attached. */
void ls_model_add_parameters(struct ls_model_tensors *list, const struct ls_model_shape *shape, const char *prefix);
struct ls_tensor *ls_model_attach_parameters(struct ls_tensor *tensors, const struct lockstep_network *network);

/* Are a file's tensors those of the list, in its order? */
lockstep_status ls_model_compare_tensors(const struct ls_safetensors *contents, const struct ls_model_tensors *list,
                                         const char *path, lockstep_error *error);

/* Refuses NaN and infinity with the status `refusal`. */
lockstep_status ls_model_check_finite(const struct ls_safetensors *contents, const char *path, lockstep_status refusal,
                                      lockstep_error *error);

/* The shape of a network. */
void ls_model_get_shape(struct ls_model_shape *shape, const struct lockstep_network *network);

/* "784-30-10" */
void ls_model_write_layers(char text[LS_MODEL_LAYERS_TEXT], const struct ls_model_shape *shape);

/* Name of a label kind in the file; the parser returns -1 for an unknown one. */
const char *ls_model_label_kind_name(enum lockstep_label_kind kind);
int ls_model_label_kind_parse(const char *name);

#endif
