/* SPDX-License-Identifier: MIT
 *
 * Terms become inputs. Of a signed sum HUGE is 2^60 and a unit 1. Sums of
 * losses take no negative terms; there a unit lies between a quarter and half
 * of HUGE's unit in the last place, so that one is rounded away and two are
 * not.
 */
#include "kernel_sums.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arith/philox.h"
#include "lockstep/train.h"

#define WIDTH_MAX 64
#define COPIES 17 /* rows or inputs with the same terms: more than a tile */

static float signed_term(enum summation_term term)
{
	static const float values[] = {0.0f, 1.0f, 0x1p60f, -0x1p60f};
	return values[term];
}

/* The value that all n have in common; -1, which no probe may find, when they
 * differ. */
static double common_value(const float *x, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (x[i] != x[0])
			return -1;
	return (double)x[0];
}

/* ---- Kernels --------------------------------------------------------- */

static double sum_product(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	static float in[COPIES * SUMMATION_MAX], panel[SUMMATION_MAX * WIDTH_MAX], start[WIDTH_MAX],
	    out[COPIES * WIDTH_MAX];
	for (size_t r = 0; r < COPIES; r++)
		for (size_t k = 1; k < sum->n; k++)
			in[r * SUMMATION_MAX + k - 1] = signed_term(terms[k]);
	for (size_t i = 0; i < SUMMATION_MAX * WIDTH_MAX; i++)
		panel[i] = 1.0f;
	for (size_t j = 0; j < sum->width; j++)
		start[j] = signed_term(terms[0]);
	sum->table->product(&(struct ls_product){.n_rows = COPIES,
	                                         .n_k = sum->n - 1,
	                                         .in = in,
	                                         .ld_in = SUMMATION_MAX,
	                                         .panel = panel,
	                                         .start = start,
	                                         .width = sum->width,
	                                         .out = out,
	                                         .ld_out = sum->width});
	return common_value(out, COPIES * sum->width);
}

void product_sum(struct kernel_sum *sum, struct summation *summation, size_t n_k)
{
	sum->n = n_k + 1;
	*summation = (struct summation){sum->n, 1, sum_product, sum};
}

static double sum_gradient(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	static float in[SUMMATION_MAX * COPIES], delta[SUMMATION_MAX * WIDTH_MAX], out[COPIES * WIDTH_MAX];
	for (size_t r = 0; r < sum->n; r++) {
		for (size_t k = 0; k < COPIES; k++)
			in[r * COPIES + k] = 1.0f;
		for (size_t j = 0; j < sum->width; j++)
			delta[r * sum->width + j] = signed_term(terms[r]);
	}
	sum->table->gradient(&(struct ls_gradient){.n_k = COPIES,
	                                           .in = in,
	                                           .ld_in = COPIES,
	                                           .delta = delta,
	                                           .ld_delta = sum->width,
	                                           .width = sum->width,
	                                           .slices = sum->slices,
	                                           .n_slices = sum->n_slices,
	                                           .out = out});
	return common_value(out, COPIES * sum->width);
}

void gradient_sum(struct kernel_sum *sum, struct summation *summation)
{
	sum->n = sum->slices[sum->n_slices];
	*summation = (struct summation){sum->n, 1, sum_gradient, sum};
}

static double sum_reduction(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	static float values[SUMMATION_MAX][COPIES * WIDTH_MAX], out[COPIES * WIDTH_MAX];
	static const struct ls_update update = {.scale = 1, .store_only = 1};
	const float *nodes[SUMMATION_MAX];
	for (size_t i = 0; i < sum->n; i++) {
		for (size_t at = 0; at < COPIES * sum->width; at++)
			values[i][at] = signed_term(terms[i]);
		nodes[i] = values[i];
	}
	sum->table->reduce(&(struct ls_reduction){
	    COPIES, sum->width, nodes, sum->partition->n_merges, sum->partition->n_nodes, {out, NULL, NULL}, &update});
	return common_value(out, COPIES * sum->width);
}

void reduction_sum(struct kernel_sum *sum, struct summation *summation)
{
	sum->n = sum->partition->n_nodes;
	*summation = (struct summation){sum->n, 1, sum_reduction, sum};
}

/* ---- Row sums -------------------------------------------------------- */

/* Pre-activations that make a term 0, a unit and HUGE, by loss: exp(z), its
 * maximum being HUGE = 1; softplus(z) = z; the square of sigmoid(z). */
static const float pre_activations[][3] = {[LOCKSTEP_SOFTMAX] = {-200.0f, -16.923f, 0.0f},
                                           [LOCKSTEP_MULTILABEL] = {-200.0f, 32.0f, 0x1p29f},
                                           [LOCKSTEP_QUADRATIC] = {-200.0f, -8.4616f, 200.0f}};
/* What is returned when no unit is left: the largest probability, or the loss. */
static const float without_units[] = {1.0f, 0x1p29f, 0.5f};

static double sum_row(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	static const uint8_t flags[SUMMATION_MAX];
	static const uint32_t row;
	float z[SUMMATION_MAX] = {0}, result = 0;
	struct ls_targets targets = {&row, NULL, flags};
	for (size_t j = 0; j < sum->n; j++)
		z[j] = pre_activations[sum->loss][terms[j]];
	sum->table->outputs(&(struct ls_block){z, 1, sum->n, SUMMATION_MAX}, sum->loss, &targets, &result);
	if (sum->loss == LOCKSTEP_SOFTMAX)
		for (size_t j = 0; j < sum->n; j++)
			result = terms[j] == TERM_HUGE ? z[j] : result;
	return result != without_units[sum->loss];
}

void row_sum(struct kernel_sum *sum, struct summation *summation, size_t n)
{
	sum->n = n;
	*summation = (struct summation){n, 0, sum_row, sum};
}

/* ---- Losses of rows -------------------------------------------------- */

/* A network of one weight, 1, under multi-label data without a flag set: a
 * large input is its row's loss, and -200 is none. */
#define HUGE_LOSS 0x1p59 /* in double; its unit in the last place is 128 */

static float loss_term(enum summation_term term)
{
	static const float inputs[] = {-200.0f, 64.0f, (float)HUGE_LOSS};
	return inputs[term];
}

static lockstep_network *create_network(void)
{
	struct lockstep_network_options options = LOCKSTEP_NETWORK_OPTIONS_INIT;
	lockstep_network *network = NULL;
	float weight = 1, bias = 0;
	options.loss = LOCKSTEP_MULTILABEL;
	if (lockstep_network_create(&network, "1-1", &options, NULL) ||
	    lockstep_network_set(network, "layers.0.weight", &weight, 1, NULL) ||
	    lockstep_network_set(network, "layers.0.bias", &bias, 1, NULL))
		abort();
	return network;
}

static lockstep_dataset *create_dataset(const float *inputs, size_t n_rows)
{
	static const uint8_t flags[EVALUATED_ROWS_MAX];
	lockstep_dataset *dataset = NULL;
	struct lockstep_rows rows = {
	    .n_rows = n_rows, .n_features = 1, .n_labels = 1, .floats = inputs, .flags = flags};
	if (lockstep_dataset_from_rows(&dataset, &rows, NULL, NULL))
		abort();
	return dataset;
}

static double first_step_loss(lockstep_network *network, const lockstep_dataset *dataset, const struct kernel_sum *sum)
{
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_trainer *trainer = NULL;
	double loss = 0;
	options.batch = (uint32_t)sum->n;
	options.slices = sum->n_slices;
	options.learning_rate = 0x1p-100;
	options.workers = sum->n_workers;
	options.engine = LOCKSTEP_SERIAL;
	options.isa = sum->table->name;
	if (lockstep_trainer_create(&trainer, network, dataset, &options, NULL) ||
	    lockstep_trainer_step(trainer, 1, &loss, NULL))
		abort();
	lockstep_trainer_destroy(trainer);
	return loss;
}

static double sum_batch(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	uint32_t order[SUMMATION_MAX];
	float inputs[SUMMATION_MAX];
	ls_permutation((uint32_t)sum->n, order, LS_PURPOSE_SHUFFLE, 0, 1);
	for (size_t i = 0; i < sum->n; i++)
		inputs[order[i]] = loss_term(terms[i]);
	lockstep_network *network = create_network();
	lockstep_dataset *dataset = create_dataset(inputs, sum->n);
	double loss = first_step_loss(network, dataset, sum);
	lockstep_dataset_destroy(dataset);
	lockstep_network_destroy(network);
	return loss != HUGE_LOSS / (double)sum->n;
}

void batch_loss_sum(struct kernel_sum *sum, struct summation *summation, size_t n)
{
	sum->n = n;
	*summation = (struct summation){n, 0, sum_batch, sum};
}

static double sum_evaluation(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	static float inputs[EVALUATED_ROWS_MAX];
	struct lockstep_run_options options = {.isa = sum->table->name};
	struct lockstep_metrics metrics;
	for (size_t i = 0; i < sum->n_rows; i++)
		inputs[i] = loss_term(TERM_ZERO);
	for (size_t i = 0; i < sum->n; i++)
		inputs[sum->rows[i]] = loss_term(terms[i]);
	lockstep_network *network = create_network();
	lockstep_dataset *dataset = create_dataset(inputs, sum->n_rows);
	if (lockstep_network_evaluate(network, dataset, LOCKSTEP_TRAIN, &options, &metrics, NULL))
		abort();
	lockstep_dataset_destroy(dataset);
	lockstep_network_destroy(network);
	return metrics.loss != HUGE_LOSS / (double)sum->n_rows;
}

void evaluation_sum(struct kernel_sum *sum, struct summation *summation, const uint32_t *rows, size_t n)
{
	sum->rows = rows;
	sum->n = n;
	*summation = (struct summation){n, 0, sum_evaluation, sum};
}
