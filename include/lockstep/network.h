/* SPDX-License-Identifier: MIT
 *
 * A fully connected network: its shape, its parameters, and what belongs to
 * them in a model file (input scaling, names of the labels, the job that
 * trained it).
 *
 * A network is not safe to change from two threads at once; prediction and the
 * other const functions may run side by side.
 */
#ifndef LOCKSTEP_NETWORK_H
#define LOCKSTEP_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/dataset.h"
#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_network lockstep_network;

enum lockstep_activation { LOCKSTEP_SIGMOID = 0, LOCKSTEP_TANH, LOCKSTEP_RELU, LOCKSTEP_LEAKY_RELU };

/* The loss fixes the output activation: softmax, or sigmoid for the others. */
enum lockstep_loss {
	LOCKSTEP_SOFTMAX = 0, /* categorical cross-entropy of softmax outputs */
	LOCKSTEP_MULTILABEL,  /* binary cross-entropy, summed over sigmoid outputs */
	LOCKSTEP_QUADRATIC    /* half the squared distance of sigmoid outputs to the target */
};

enum lockstep_init {
	LOCKSTEP_INIT_NORMAL = 0, /* weights and biases N(0, 1), as in the founding text */
	LOCKSTEP_INIT_GLOROT,     /* weights U(-a, a), a = sqrt(6 / (inputs + outputs)); biases 0 */
	LOCKSTEP_INIT_HE          /* weights N(0, 2 / inputs); biases 0 */
};

/* Names as the command spells them ("leaky-relu", "softmax", ...); never NULL
 * for a valid value. The parsers return -1 for an unknown name. */
LOCKSTEP_API const char *lockstep_activation_name(enum lockstep_activation activation);
LOCKSTEP_API const char *lockstep_loss_name(enum lockstep_loss loss);
LOCKSTEP_API const char *lockstep_init_name(enum lockstep_init init);
LOCKSTEP_API int lockstep_activation_parse(const char *name);
LOCKSTEP_API int lockstep_loss_parse(const char *name);
LOCKSTEP_API int lockstep_init_parse(const char *name);

struct lockstep_network_options {
	enum lockstep_activation hidden;
	double leaky_slope; /* of leaky-relu, in [0, 1] */
	enum lockstep_loss loss;
	enum lockstep_init init;
	uint64_t seed; /* of the initial parameters */
};
#define LOCKSTEP_NETWORK_OPTIONS_INIT                                                                                  \
	{                                                                                                              \
		LOCKSTEP_SIGMOID, 0.01, LOCKSTEP_SOFTMAX, LOCKSTEP_INIT_NORMAL, 1                                      \
	}

/* A network of the given layer sizes, "784-30-10": inputs, hidden layers,
 * outputs; 2 to 64 sizes of 1 to 1,048,576. `options` may be NULL: the
 * defaults. Parameters are drawn as doc/numerics.md says. Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_network_create(lockstep_network **out, const char *layers,
                                                     const struct lockstep_network_options *options,
                                                     lockstep_error *error);
/* Would such a network be created, memory aside? LOCKSTEP_ERROR_ARGUMENT with the
 * same message otherwise. */
LOCKSTEP_API lockstep_status lockstep_network_check(const char *layers, const struct lockstep_network_options *options,
                                                    lockstep_error *error);
LOCKSTEP_API void lockstep_network_destroy(lockstep_network *network);

/* Layers with weights: one less than the sizes in the text. */
LOCKSTEP_API size_t lockstep_network_n_layers(const lockstep_network *network);
/* Size 0 is the inputs, size n_layers the outputs. */
LOCKSTEP_API size_t lockstep_network_size(const lockstep_network *network, size_t i_size);
LOCKSTEP_API void lockstep_network_get_options(const lockstep_network *network,
                                               struct lockstep_network_options *options);
/* Number of parameters in all. */
LOCKSTEP_API size_t lockstep_network_n_parameters(const lockstep_network *network);

/* Reads or writes one tensor by its name in the model file:
 * "layers.I.weight" [out][in] row-major, or "layers.I.bias" [out]; `n` must be
 * its number of elements. Values to be set must be finite. */
LOCKSTEP_API lockstep_status lockstep_network_get(const lockstep_network *network, const char *name, float *values,
                                                  size_t n, lockstep_error *error);
LOCKSTEP_API lockstep_status lockstep_network_set(lockstep_network *network, const char *name, const float *values,
                                                  size_t n, lockstep_error *error);

/* SHA-256 of all parameters in the model file's order (doc/numerics.md), as
 * 64 hex digits. */
LOCKSTEP_API void lockstep_network_fingerprint(const lockstep_network *network, char fingerprint[65]);

/* Name of an output; NULL when the training data gave none. Owned by the network. */
LOCKSTEP_API const char *lockstep_network_label_name(const lockstep_network *network, size_t i_label);

/* Kind of the labels it was trained on; LOCKSTEP_LABELS_NONE before. */
LOCKSTEP_API enum lockstep_label_kind lockstep_network_label_kind(const lockstep_network *network);

/* The job that trained the network, as one line of JSON; NULL when it was not
 * trained. Owned by the network. */
LOCKSTEP_API const char *lockstep_network_job(const lockstep_network *network);

/* Model file (safetensors). Saving writes a temporary file beside `path`,
 * syncs and renames it, so that a crash leaves the old file or the new one.
 * Loading refuses a file whose digest does not match its bytes. Caller owns
 * *out. */
LOCKSTEP_API lockstep_status lockstep_network_save(const lockstep_network *network, const char *path,
                                                   lockstep_error *error);
LOCKSTEP_API lockstep_status lockstep_network_load(lockstep_network **out, const char *path, lockstep_error *error);

struct lockstep_run_options {
	const char *isa; /* "auto", "portable", "avx2", "avx512" or "neon"; NULL: auto */
};

/* Output activations of every row of a part: probabilities [rows][outputs],
 * row-major, owned by the caller. The network's own input scaling is applied. */
LOCKSTEP_API lockstep_status lockstep_network_predict(const lockstep_network *network, const lockstep_dataset *dataset,
                                                      enum lockstep_part part,
                                                      const struct lockstep_run_options *options, float *probabilities,
                                                      lockstep_error *error);

/* Loss and accuracy over some rows. */
struct lockstep_metrics {
	size_t n_rows;
	double loss;           /* mean over the rows */
	size_t n_exact;        /* rows whose class, or whose every flag, is right */
	size_t n_flags;        /* right flags, over all rows and labels; multi-label data only */
	double accuracy;       /* n_exact / n_rows */
	double label_accuracy; /* n_flags / (n_rows * labels); multi-label data only, else 0 */
};

LOCKSTEP_API lockstep_status lockstep_network_evaluate(const lockstep_network *network, const lockstep_dataset *dataset,
                                                       enum lockstep_part part,
                                                       const struct lockstep_run_options *options,
                                                       struct lockstep_metrics *metrics, lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
