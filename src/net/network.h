/* SPDX-License-Identifier: MIT
 *
 * What a lockstep_network is made of: the canonical parameters, in the model
 * file's layout, and what belongs to them. Training works on packed copies
 * (packed.h) and writes back here.
 */
#ifndef LS_NET_NETWORK_H
#define LS_NET_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "data/scaling.h"
#include "data/table.h"
#include "lockstep/network.h"

#define LS_LAYERS_MAX 63

struct ls_layer {
	size_t n_in, n_out;
	float *weight; /* [n_out][n_in] */
	float *bias;   /* [n_out] */
};

struct lockstep_network {
	size_t n_layers;
	struct ls_layer layers[LS_LAYERS_MAX];
	struct lockstep_network_options options;
	float *parameters; /* all tensors in the model file's order; layers point into it */
	size_t n_parameters;
	struct ls_scaling scaling;           /* of the inputs; kind AUTO until trained: resolved from the data */
	enum lockstep_label_kind label_kind; /* of the training data; NONE until trained */
	char **label_names;                  /* [outputs], or NULL */
	char *job;                           /* one line of JSON, or NULL */
	char *history;                       /* fingerprints by epoch, likewise */
};

/* Reads sizes such as "784-30-10"; n_layers is one less than their number. */
lockstep_status ls_network_parse_layers(const char *text, size_t sizes[LS_LAYERS_MAX + 1], size_t *n_layers,
                                        lockstep_error *error);

/* A network of the given sizes with all parameters 0: what create and load
 * share. `sizes` has n_layers + 1 entries, checked by this function. */
lockstep_status ls_network_allocate(struct lockstep_network **out, const size_t *sizes, size_t n_layers,
                                    const struct lockstep_network_options *options, lockstep_error *error);

/* A copy of shape, options and parameters, without what belongs to them. */
lockstep_status ls_network_clone(struct lockstep_network **out, const struct lockstep_network *network,
                                 lockstep_error *error);

/* Checks the ranges of options and sizes that files and callers give. */
lockstep_status ls_network_check_options(const struct lockstep_network_options *options, lockstep_error *error);

/* Does a table have the features that the network reads, and labels that its
 * outputs and its loss can take? */
lockstep_status ls_network_check_features(const struct lockstep_network *network, const struct ls_table *table,
                                          lockstep_error *error);
lockstep_status ls_network_check_labels(const struct lockstep_network *network, const struct ls_table *table,
                                        lockstep_error *error);

/* Finds "layers.I.weight" or "layers.I.bias", which must have n elements;
 * *values points into the network. */
lockstep_status ls_network_find(const struct lockstep_network *network, const char *name, size_t n, float **values,
                                lockstep_error *error);

/* Replaces the label names by copies (NULL: none). Unchanged on failure. */
lockstep_status ls_network_set_label_names(struct lockstep_network *network, char *const *names, lockstep_error *error);

#endif
