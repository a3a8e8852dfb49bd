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
#include "data/scaling.h"
#include "lockstep/train.h"

#define WIDTH_MAX 64
#define COPIES 17 /* rows or inputs with the same terms: more than a tile */

static float signed_term(enum summation_term term)
{
	static const float values[] = {0.0f, 1.0f, 0x1p60f, -0x1p60f};
	return values[term];
}

static void fill_with_nan(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = NAN;
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

/* ---- Products -------------------------------------------------------- */

/* A list takes every second column, and row, of twice as many. */
static uint32_t listed(const struct kernel_sum *sum, size_t i)
{
	return (uint32_t)(sum->inputs == SUM_LISTED ? 2 * i + 1 : i);
}

/* The first terms that are products: all, or those after the start value. */
static double run_product(const struct kernel_sum *sum, const enum summation_term *factors, size_t n_k,
                          const float *start)
{
	static float in[COPIES * 2 * SUMMATION_MAX], panel[2 * SUMMATION_MAX * WIDTH_MAX], out[COPIES * WIDTH_MAX];
	uint32_t list[SUMMATION_MAX];
	const uint32_t *read = sum->inputs == SUM_LISTED ? list : NULL;
	if (read) {
		fill_with_nan(in, sizeof in / sizeof *in);
		fill_with_nan(panel, sizeof panel / sizeof *panel);
	}
	for (size_t k = 0; k < n_k; k++) {
		list[k] = listed(sum, k);
		for (size_t r = 0; r < COPIES; r++)
			in[r * 2 * SUMMATION_MAX + list[k]] = signed_term(factors[k]);
		for (size_t j = 0; j < sum->width; j++)
			panel[list[k] * sum->width + j] = 1.0f;
	}
	sum->table->product(&(struct ls_product){.n_rows = COPIES,
	                                         .n_k = n_k,
	                                         .in = in,
	                                         .ld_in = 2 * SUMMATION_MAX,
	                                         .panel = panel,
	                                         .index = read,
	                                         .position = read,
	                                         .start = start,
	                                         .width = sum->width,
	                                         .out = out,
	                                         .ld_out = sum->width});
	return common_value(out, COPIES * sum->width);
}

static double sum_product(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	float start[WIDTH_MAX];
	for (size_t j = 0; j < sum->width; j++)
		start[j] = signed_term(terms[0]);
	return run_product(sum, terms + 1, sum->n - 1, start);
}

void product_sum(struct kernel_sum *sum, struct summation *summation, size_t n_k)
{
	sum->n = n_k + 1;
	*summation = (struct summation){sum->n, 1, sum_product, sum};
}

/* Weights are 1, and NaN where the last panel is padded. */
static double run_in_lanes(const struct kernel_sum *sum, const enum summation_term *terms)
{
	static float weight[COPIES * (SUMMATION_MAX + WIDTH_MAX)], delta[SUMMATION_MAX * WIDTH_MAX];
	static float out[COPIES * WIDTH_MAX];
	size_t wide = sum->table->panel, vector = sum->table->vector;
	fill_with_nan(weight, sizeof weight / sizeof *weight);
	for (size_t j = 0; j < sum->n; j++) {
		size_t column = j / wide * wide, left = (sum->n - column + vector - 1) / vector * vector;
		size_t width = left < wide ? left : wide;
		for (size_t k = 0; k < COPIES; k++)
			weight[column * COPIES + k * width + j - column] = 1.0f;
		for (size_t r = 0; r < sum->width; r++)
			delta[j * sum->width + r] = signed_term(terms[j]);
	}
	sum->table->back_product(&(struct ls_back_product){.weight = weight,
	                                                   .n_k = COPIES,
	                                                   .n_out = sum->n,
	                                                   .n = COPIES,
	                                                   .delta = delta,
	                                                   .width = sum->width,
	                                                   .out = out});
	return common_value(out, COPIES * sum->width);
}

static double sum_backward(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	return sum->inputs == SUM_IN_LANES ? run_in_lanes(sum, terms) : run_product(sum, terms, sum->n, NULL);
}

void backward_sum(struct kernel_sum *sum, struct summation *summation, size_t n_k)
{
	sum->n = n_k;
	*summation = (struct summation){sum->n, 1, sum_backward, sum};
}

/* ---- Gradients and reductions ---------------------------------------- */

/* From parameters of 0, the new ones are the sum itself. */
static struct ls_update plain_update(const struct kernel_sum *sum)
{
	return (struct ls_update){
	    .scale = 1, .rate = -1, .momentum = sum->result == SUM_UPDATES_WITH_MOMENTUM ? 0.5f : 0};
}

/* Rows of a gradient's terms, and what its inputs are. */
struct gradient_rows {
	float in[2 * SUMMATION_MAX * COPIES], packed[SUMMATION_MAX * (COPIES + LS_TILE_MAX)];
	float delta[2 * SUMMATION_MAX * WIDTH_MAX];
	uint32_t list[SUMMATION_MAX], slices[COPIES * (SUMMATION_MAX + 1)];
};

static void fill_rows(const struct kernel_sum *sum, const enum summation_term *terms, struct gradient_rows *rows)
{
	if (sum->inputs == SUM_LISTED) {
		fill_with_nan(rows->in, sizeof rows->in / sizeof *rows->in);
		fill_with_nan(rows->delta, sizeof rows->delta / sizeof *rows->delta);
	}
	for (size_t i = 0; i < sum->n; i++) {
		size_t r = rows->list[i] = listed(sum, i);
		for (size_t k = 0; k < COPIES; k++)
			rows->in[r * COPIES + k] = 1.0f;
		for (size_t j = 0; j < sum->width; j++)
			rows->delta[r * sum->width + j] = signed_term(terms[i]);
	}
}

/* Changes the reading of all rows into that of sum->inputs. */
static void choose_inputs(const struct kernel_sum *sum, struct gradient_rows *rows, struct ls_gradient *gradient)
{
	static const float one = 1;
	size_t stride = sum->n_slices + 1;
	switch (sum->inputs) {
	case SUM_LISTED:
		for (size_t i = 0; i < COPIES * stride; i++)
			rows->slices[i] = sum->slices[i % stride];
		gradient->rows = rows->list;
		gradient->slices = rows->slices;
		gradient->tile_stride = stride;
		break;
	case SUM_PACKED:
		sum->table->pack(&(struct ls_packing){.n_rows = sum->n,
		                                      .n_columns = COPIES,
		                                      .width = sum->width,
		                                      .in = rows->in,
		                                      .ld_in = COPIES,
		                                      .out = rows->packed});
		gradient->in = rows->packed;
		gradient->packed_rows = sum->n;
		break;
	case SUM_BIAS:
		gradient->n_k = 1;
		gradient->in = &one;
		gradient->ld_in = 0;
		break;
	case SUM_ALL:
	case SUM_IN_LANES: /* of no gradient */
		break;
	}
}

static double sum_gradient(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	static struct gradient_rows rows;
	float weights[COPIES * WIDTH_MAX] = {0}, velocities[COPIES * WIDTH_MAX] = {0};
	struct ls_update update = plain_update(sum);
	struct ls_gradient gradient = {.n_k = COPIES,
	                               .in = rows.in,
	                               .ld_in = COPIES,
	                               .delta = rows.delta,
	                               .ld_delta = sum->width,
	                               .width = sum->width,
	                               .slices = sum->slices,
	                               .n_slices = sum->n_slices,
	                               .out = sum->result == SUM_STORED ? weights : NULL,
	                               .target = {weights, velocities, NULL},
	                               .update = &update};
	fill_rows(sum, terms, &rows);
	choose_inputs(sum, &rows, &gradient);
	sum->table->gradient(&gradient);
	return common_value(weights, gradient.n_k * sum->width);
}

void gradient_sum(struct kernel_sum *sum, struct summation *summation)
{
	sum->n = sum->slices[sum->n_slices];
	*summation = (struct summation){sum->n, 1, sum_gradient, sum};
}

static double sum_reduction(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	static float values[SUMMATION_MAX][COPIES * WIDTH_MAX];
	float weights[COPIES * WIDTH_MAX] = {0}, velocities[COPIES * WIDTH_MAX] = {0};
	struct ls_update update = plain_update(sum);
	const float *nodes[SUMMATION_MAX];
	update.store_only = sum->result == SUM_STORED;
	for (size_t i = 0; i < sum->n; i++) {
		for (size_t at = 0; at < COPIES * sum->width; at++)
			values[i][at] = signed_term(terms[i]);
		nodes[i] = values[i];
	}
	sum->table->reduce(&(struct ls_reduction){.n_k = COPIES,
	                                          .width = sum->width,
	                                          .nodes = nodes,
	                                          .n_merges = sum->partition->n_merges,
	                                          .n_nodes = sum->partition->n_nodes,
	                                          .target = {weights, velocities, NULL},
	                                          .update = &update});
	return common_value(weights, COPIES * sum->width);
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

static int take_loss(const struct lockstep_epoch *epoch, void *context)
{
	*(double *)context = epoch->loss;
	return 0;
}

static double sum_epoch(void *context, const enum summation_term *terms)
{
	const struct kernel_sum *sum = context;
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	uint32_t order[SUMMATION_MAX];
	float inputs[SUMMATION_MAX];
	double loss = 0;
	ls_permutation((uint32_t)sum->n, order, LS_PURPOSE_SHUFFLE, 0, 1);
	for (size_t i = 0; i < sum->n; i++)
		inputs[order[i]] = loss_term(terms[i]);
	lockstep_network *network = create_network();
	lockstep_dataset *dataset = create_dataset(inputs, sum->n);
	options.batch = options.epochs = 1;
	options.learning_rate = 0x1p-100; /* moves the weight by less than half a unit in its last place */
	options.workers = 1;
	options.engine = LOCKSTEP_SERIAL;
	options.isa = sum->table->name;
	options.on_epoch = take_loss;
	options.context = &loss;
	if (lockstep_train(network, dataset, &options, NULL))
		abort();
	lockstep_dataset_destroy(dataset);
	lockstep_network_destroy(network);
	return loss != HUGE_LOSS / (double)sum->n;
}

void epoch_loss_sum(struct kernel_sum *sum, struct summation *summation, size_t n)
{
	sum->n = n;
	*summation = (struct summation){n, 0, sum_epoch, sum};
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

/* ---- Standardising --------------------------------------------------- */

/* The sum of a column, in double, shows in its mean; that of the squares comes
 * out rounded to fp32, where no term of it can be seen that another swallowed. */
static double sum_column(void *context, const enum summation_term *terms)
{
	static const float values[] = {0.0f, 1.0f, 0x1p100f, -0x1p100f};
	const struct kernel_sum *sum = context;
	float column[SUMMATION_MAX];
	struct ls_table table = {.n_rows = sum->n, .n_features = 1, .floats = column};
	struct ls_scaling scaling;
	for (size_t i = 0; i < sum->n; i++)
		column[i] = values[terms[i]];
	if (ls_scaling_fit(&scaling, LOCKSTEP_SCALE_STANDARDISE, &table, NULL, sum->n, NULL))
		abort();
	double units = round((double)scaling.shift[0] * (double)sum->n);
	ls_scaling_fini(&scaling);
	return units;
}

void column_sum(struct kernel_sum *sum, struct summation *summation, size_t n)
{
	sum->n = n;
	*summation = (struct summation){n, 1, sum_column, sum};
}
