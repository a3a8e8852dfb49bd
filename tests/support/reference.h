/* SPDX-License-Identifier: MIT
 *
 * The reference trainer: doc/numerics.md written down as plain loops. One
 * thread, no vectors, no blocks, and not a line of src/: it is the second
 * implementation, from which the golden values come. It is for tests only:
 * arguments are trusted, and a failed allocation ends the program.
 *
 * Section numbers in the reference's files are those of doc/numerics.md.
 * Parameters and gradients are one flat array in the model file's order:
 * layers.0.weight [outputs][inputs], layers.0.bias, layers.1.weight, ...
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <stddef.h>
#include <stdint.h>

#define REFERENCE_MAX_SIZES 8
#define REFERENCE_HEX 65 /* 64 hex digits and a NUL */

/* ---- Section 4: functions of fp32 ------------------------------------- */

float reference_exp(float x);
float reference_log(float x);
float reference_sigmoid(float x);
float reference_tanh(float x);
float reference_softplus(float t);

/* ---- Section 5: functions of double ----------------------------------- */

double reference_exp64(double x);
double reference_log64(double x);    /* x positive, finite and normal */
double reference_cospi64(double t);  /* 0 <= t <= 1 */
double reference_normal64(double p); /* 2^-33 <= p < 1 */

/* ---- Section 7: random numbers ---------------------------------------- */

enum reference_purpose { REFERENCE_WEIGHT = 1, REFERENCE_BIAS, REFERENCE_SHUFFLE, REFERENCE_SPLIT, REFERENCE_DROPOUT };

/* Philox4x32-10 of any counter and key. */
void reference_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);
/* The same with the counter laid out for a purpose. */
void reference_philox(uint64_t seed, uint32_t unit, uint32_t row, uint32_t epoch, uint32_t purpose, uint32_t layer,
                      uint32_t words[4]);
/* Fills p [n] with the permutation of a purpose and an epoch. */
void reference_permutation(uint64_t seed, uint32_t purpose, uint32_t epoch, uint32_t *p, size_t n);
/* Non-zero when unit j of layer l's output is dropped for a row in an epoch. */
int reference_dropped(uint64_t seed, double p, uint32_t j, uint32_t row, uint32_t epoch, uint32_t layer);

/* ---- Jobs and data ---------------------------------------------------- */

enum reference_hidden { REFERENCE_SIGMOID, REFERENCE_TANH, REFERENCE_RELU, REFERENCE_LEAKY_RELU };
enum reference_loss { REFERENCE_SOFTMAX, REFERENCE_MULTILABEL, REFERENCE_QUADRATIC };
enum reference_init { REFERENCE_NORMAL, REFERENCE_GLOROT, REFERENCE_HE };
enum reference_scale { REFERENCE_SCALE_AUTO, REFERENCE_NONE, REFERENCE_UNIT, REFERENCE_STANDARDISE };
enum reference_schedule { REFERENCE_CONSTANT, REFERENCE_STEP, REFERENCE_EXPONENTIAL, REFERENCE_COSINE };
enum reference_monitor { REFERENCE_MONITOR_LOSS, REFERENCE_MONITOR_ACCURACY };

/* What decides the bits. */
struct reference_job {
	size_t n_sizes; /* 2 and more: inputs, hidden layers, outputs */
	size_t sizes[REFERENCE_MAX_SIZES];
	enum reference_hidden hidden;
	double slope; /* of leaky-relu */
	enum reference_loss loss;
	enum reference_init init;
	uint64_t seed;
	enum reference_scale scale;
	uint32_t epochs;
	uint64_t steps; /* end after so many steps; 0: no limit */
	size_t batch;
	size_t slices; /* 0: the default rule */
	double lr, momentum;
	int nesterov;
	double l2, dropout;
	enum reference_schedule schedule;
	double gamma, period; /* period 0: the schedule's default */
	double warmup;
	double validation;
	uint32_t patience; /* 0: never stop early */
	enum reference_monitor monitor;
	int keep_last, drop_last;
	int skip_zeros; /* leave out terms whose input is 0: must change no bit */
};

/* Rows with their labels; exactly one of bytes and floats is not NULL, and
 * exactly one of classes [n_rows] and flags [n_rows][n_labels]. */
struct reference_data {
	size_t n_rows, n_features, n_labels;
	uint8_t *bytes;
	float *floats;
	uint32_t *classes;
	uint8_t *flags;
};

/* Reads PREFIX-images-idx3-ubyte and PREFIX-labels-idx1-ubyte (or, for
 * multi-label data, -idx2-) of a folder, each plain or with .gz. `n_classes`
 * is the number of classes; flags bring their own. -1 with a line on stderr
 * when they are not there or not what they should be. */
int reference_data_open(struct reference_data *data, const char *folder, const char *prefix, size_t n_classes);
void reference_data_free(struct reference_data *data);
void reference_data_digest(const struct reference_data *data, char hex[REFERENCE_HEX]);

/* The training rows and the validation rows, both ascending (section 6). */
struct reference_split {
	uint32_t *train, *validation;
	size_t n_train, n_validation;
};
void reference_split_make(struct reference_split *split, size_t n_rows, double validation, uint64_t seed);
void reference_split_free(struct reference_split *split);

/* Input scaling, fitted on some rows; shift and factor have an entry a column
 * where `affine` is set. */
struct reference_scaling {
	int affine, quotient; /* (x - shift) * factor; x / 255; neither: x itself */
	float *shift, *factor;
};
void reference_scaling_fit(struct reference_scaling *scaling, enum reference_scale scale,
                           const struct reference_data *data, const uint32_t *rows, size_t n_rows);
void reference_scaling_apply(const struct reference_scaling *scaling, const struct reference_data *data, size_t row,
                             float *x);
void reference_scaling_free(struct reference_scaling *scaling);

/* ---- Network ---------------------------------------------------------- */

size_t reference_n_parameters(const struct reference_job *job);
size_t reference_weight_at(const struct reference_job *job, size_t layer, size_t output, size_t input);
size_t reference_bias_at(const struct reference_job *job, size_t layer, size_t output);
void reference_initialise(const struct reference_job *job, float *parameters);
void reference_fingerprint(const float *parameters, size_t n, char hex[REFERENCE_HEX]);

/* What one row leaves behind. Index l of `input` is what layer l reads (after
 * dropout), of `active` the activation of layer l's output before dropout,
 * of `delta` the delta of layer l's output. */
struct reference_row {
	float *input[REFERENCE_MAX_SIZES];
	float *active[REFERENCE_MAX_SIZES];
	float *delta[REFERENCE_MAX_SIZES];
	float *z; /* the output layer's pre-activations */
	float loss;
};
void reference_row_init(struct reference_row *row, const struct reference_job *job);
void reference_row_fini(struct reference_row *row, const struct reference_job *job);

/* One row: scaled input in row->input[0]; `dropping` is for training. */
void reference_forward(const struct reference_job *job, const float *parameters, uint32_t i_row, uint32_t epoch,
                       int dropping, struct reference_row *row);
/* Loss and output delta, from row->z. */
void reference_row_loss(const struct reference_job *job, const struct reference_data *data, uint32_t i_row,
                        struct reference_row *row);
/* Deltas of the hidden layers, from that of the output. */
void reference_backward(const struct reference_job *job, const float *parameters, uint32_t i_row, uint32_t epoch,
                        struct reference_row *row);

/* ---- Training --------------------------------------------------------- */

size_t reference_default_slices(size_t batch);
/* Slices of a mini-batch of n_rows, and where slice i of them begins. */
size_t reference_slices(const struct reference_job *job, size_t n_rows);
size_t reference_slice_begin(size_t n_rows, size_t slices, size_t i);
size_t reference_steps_per_epoch(const struct reference_job *job, size_t n_train);
float reference_rate(const struct reference_job *job, uint64_t step, size_t steps_per_epoch);

/* A mini-batch: rows of a data set in training order. */
struct reference_batch {
	const struct reference_data *data;
	const struct reference_scaling *scaling;
	const uint32_t *rows;
	size_t n_rows;
	uint32_t epoch;
};
/* G of section 3; returns the mini-batch's loss total. */
double reference_gradient(const struct reference_job *job, const float *parameters, const struct reference_batch *batch,
                          float *gradient);
void reference_update(const struct reference_job *job, float rate, size_t n_rows, const float *gradient,
                      float *velocity, float *parameters);

struct reference_metrics {
	size_t n_rows, n_exact, n_flags;
	double loss;
};
void reference_evaluate(const struct reference_job *job, const float *parameters, const struct reference_data *data,
                        const struct reference_scaling *scaling, const uint32_t *rows, size_t n_rows,
                        struct reference_metrics *metrics);
/* Combines chunk totals by the tree of section 9. */
double reference_chunk_tree(const double *totals, size_t n);

struct reference_result {
	float *parameters;
	size_t n_parameters;
	char fingerprint[REFERENCE_HEX]; /* empty when diverged */
	uint32_t n_epochs;               /* epochs that ran to their end */
	uint32_t best_epoch;             /* from 1; 0 without early stopping */
	uint64_t n_steps;
	uint64_t diverged_step;               /* from 1; 0: it did not */
	double *losses;                       /* [n_epochs] */
	struct reference_metrics *validation; /* [n_epochs]; n_rows 0 without a validation part */
};
void reference_train(const struct reference_job *job, const struct reference_data *data,
                     struct reference_result *result);
void reference_result_free(struct reference_result *result);

/* ---- Helpers ---------------------------------------------------------- */

/* Zeroed memory, or the end of the program. */
void *reference_alloc(size_t n, size_t size);
/* SHA-256 of some bytes as a stream; finish writes the digits and frees it. */
void *reference_hash_begin(void);
void reference_hash_add(void *hash, const void *bytes, size_t n);
void reference_hash_add_floats(void *hash, const float *x, size_t n); /* little-endian on every machine */
void reference_hash_finish(void *hash, char hex[REFERENCE_HEX]);

#endif
