/* SPDX-License-Identifier: MIT
 *
 * Sections 3 and 8: slices, the gradient's tree, the update, learning rates,
 * and the loop over epochs with early stopping and divergence.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Slices ----------------------------------------------------------- */

static size_t power_of_two_not_above(size_t n)
{
	size_t power = 1;
	while (power <= n / 2)
		power *= 2;
	return power;
}

size_t reference_default_slices(size_t batch)
{
	static const struct {
		size_t below, slices;
	} rule[] = {{4, 1}, {32, 2}, {128, 4}, {512, 8}, {1024, 16}};
	for (size_t i = 0; i < sizeof rule / sizeof rule[0]; i++)
		if (batch < rule[i].below)
			return rule[i].slices;
	size_t power = power_of_two_not_above(batch / 32);
	return power < 128 ? power : 128;
}

size_t reference_slices(const struct reference_job *job, size_t n_rows)
{
	size_t slices = job->slices ? job->slices : reference_default_slices(job->batch);
	return n_rows < slices ? power_of_two_not_above(n_rows) : slices;
}

size_t reference_slice_begin(size_t n_rows, size_t slices, size_t i)
{
	size_t longer = n_rows % slices;
	return i * (n_rows / slices) + (i < longer ? i : longer);
}

/* ---- Gradient --------------------------------------------------------- */

struct gradient {
	const struct reference_job *job;
	const float *parameters;
	const struct reference_batch *batch;
	size_t slices, n_parameters;
	struct reference_row row;
};

static void add_outer_product(const struct reference_job *job, const struct reference_row *row, float *g)
{
	for (size_t l = 0; l + 1 < job->n_sizes; l++) {
		for (size_t j = 0; j < job->sizes[l + 1]; j++) {
			float *weights = &g[reference_weight_at(job, l, j, 0)];
			float *bias = &g[reference_bias_at(job, l, j)];
			float delta = row->delta[l][j];
			for (size_t k = 0; k < job->sizes[l]; k++) {
				if (job->skip_zeros && row->input[l][k] == 0.0f)
					continue;
				weights[k] = fmaf(row->input[l][k], delta, weights[k]);
			}
			*bias = *bias + delta;
		}
	}
}

static double slice_gradient(struct gradient *work, size_t i_slice, float *g)
{
	const struct reference_batch *batch = work->batch;
	struct reference_row *row = &work->row;
	double total = 0.0;
	size_t end = reference_slice_begin(batch->n_rows, work->slices, i_slice + 1);
	for (size_t r = reference_slice_begin(batch->n_rows, work->slices, i_slice); r < end; r++) {
		uint32_t i_row = batch->rows[r];
		reference_scaling_apply(batch->scaling, batch->data, i_row, row->input[0]);
		reference_forward(work->job, work->parameters, i_row, batch->epoch, 1, row);
		reference_row_loss(work->job, batch->data, i_row, row);
		reference_backward(work->job, work->parameters, i_row, batch->epoch, row);
		add_outer_product(work->job, row, g);
		total = total + (double)row->loss;
	}
	return total;
}

/* node(lo, hi): g, which comes zeroed, and the returned loss total. */
static double node(struct gradient *work, size_t lo, size_t hi, float *g)
{
	if (hi - lo == 1)
		return slice_gradient(work, lo, g);
	size_t mid = (lo + hi) / 2;
	float *right = reference_alloc(work->n_parameters, sizeof *right);
	double left_total = node(work, lo, mid, g);
	double right_total = node(work, mid, hi, right);
	for (size_t i = 0; i < work->n_parameters; i++)
		g[i] = g[i] + right[i];
	free(right);
	return left_total + right_total;
}

double reference_gradient(const struct reference_job *job, const float *parameters, const struct reference_batch *batch,
                          float *gradient)
{
	struct gradient work = {.job = job, .parameters = parameters, .batch = batch};
	work.slices = reference_slices(job, batch->n_rows);
	work.n_parameters = reference_n_parameters(job);
	reference_row_init(&work.row, job);
	memset(gradient, 0, work.n_parameters * sizeof *gradient);
	double total = node(&work, 0, work.slices, gradient);
	for (size_t i = 0; i < work.n_parameters; i++)
		gradient[i] = gradient[i] + 0.0f;
	reference_row_fini(&work.row, job);
	return total;
}

/* ---- Update ----------------------------------------------------------- */

static float updated(const struct reference_job *job, float rate, float g, float *velocity, float w)
{
	float mu = (float)job->momentum;
	float u = g;
	if ((float)job->momentum != 0.0f) {
		*velocity = fmaf(mu, *velocity, g);
		u = job->nesterov ? fmaf(mu, *velocity, g) : *velocity;
	}
	return fmaf(-rate, u, w);
}

void reference_update(const struct reference_job *job, float rate, size_t n_rows, const float *gradient,
                      float *velocity, float *parameters)
{
	float inverse = 1.0f / (float)n_rows;
	for (size_t l = 0; l + 1 < job->n_sizes; l++) {
		size_t bias = reference_bias_at(job, l, 0);
		size_t end = reference_bias_at(job, l, job->sizes[l + 1]);
		for (size_t i = reference_weight_at(job, l, 0, 0); i < end; i++) {
			float g = gradient[i] * inverse;
			if (i < bias && (float)job->l2 != 0.0f)
				g = fmaf((float)job->l2, parameters[i], g);
			parameters[i] = updated(job, rate, g, &velocity[i], parameters[i]);
		}
	}
}

/* ---- Learning rate ---------------------------------------------------- */

static double schedule_period(const struct reference_job *job)
{
	if (job->period != 0.0)
		return job->period;
	switch (job->schedule) {
	case REFERENCE_STEP:
		return 10.0;
	case REFERENCE_COSINE:
		return (double)job->epochs;
	default:
		return 1.0;
	}
}

static double schedule_factor(const struct reference_job *job, double t, double steps_per_epoch)
{
	double span = steps_per_epoch * schedule_period(job);
	double w = t / span;
	double f = 1.0;
	switch (job->schedule) {
	case REFERENCE_STEP:
		for (double times = floor(w); times > 0.0; times -= 1.0)
			f = f * job->gamma;
		return f;
	case REFERENCE_EXPONENTIAL:
		return reference_exp64(reference_log64(job->gamma) * w);
	case REFERENCE_COSINE:
		return 0.5 * (1.0 + reference_cospi64(w - floor(w)));
	default:
		return 1.0;
	}
}

float reference_rate(const struct reference_job *job, uint64_t step, size_t steps_per_epoch)
{
	double t = (double)step;
	double warm = floor(job->warmup * (double)steps_per_epoch);
	double f = schedule_factor(job, t, (double)steps_per_epoch);
	double u = t < warm ? (t + 1.0) / warm : 1.0;
	return (float)(job->lr * f * u);
}

size_t reference_steps_per_epoch(const struct reference_job *job, size_t n_train)
{
	return job->drop_last ? n_train / job->batch : (n_train + job->batch - 1) / job->batch;
}

/* ---- The job ---------------------------------------------------------- */

struct run {
	const struct reference_job *job;
	const struct reference_data *data;
	struct reference_result *result;
	struct reference_split split;
	struct reference_scaling scaling;
	size_t n_steps_epoch;
	float *parameters, *velocity, *gradient, *best;
	uint32_t *order;
	double best_loss;
	int64_t best_right;
	uint32_t waited; /* epochs without improvement, in a row */
};

static void run_init(struct run *run)
{
	const struct reference_job *job = run->job;
	size_t n = reference_n_parameters(job);
	reference_split_make(&run->split, run->data->n_rows, job->validation, job->seed);
	reference_scaling_fit(&run->scaling, job->scale, run->data, run->split.train, run->split.n_train);
	run->n_steps_epoch = reference_steps_per_epoch(job, run->split.n_train);
	run->parameters = reference_alloc(n, sizeof(float));
	run->velocity = reference_alloc(n, sizeof(float));
	run->gradient = reference_alloc(n, sizeof(float));
	run->best = reference_alloc(n, sizeof(float));
	run->order = reference_alloc(run->split.n_train, sizeof(uint32_t));
	run->best_loss = INFINITY;
	run->best_right = -1;
	reference_initialise(job, run->parameters);
}

static void run_fini(struct run *run)
{
	free(run->order);
	free(run->best);
	free(run->gradient);
	free(run->velocity);
	free(run->parameters);
	reference_scaling_free(&run->scaling);
	reference_split_free(&run->split);
}

static int all_finite(const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return 0;
	return 1;
}

/* Non-zero when the job has diverged. */
static int run_step(struct run *run, const struct reference_batch *batch, double *total)
{
	*total = reference_gradient(run->job, run->parameters, batch, run->gradient);
	float rate = reference_rate(run->job, run->result->n_steps, run->n_steps_epoch);
	reference_update(run->job, rate, batch->n_rows, run->gradient, run->velocity, run->parameters);
	run->result->n_steps++;
	if (isfinite(*total) && all_finite(run->parameters, run->result->n_parameters))
		return 0;
	run->result->diverged_step = run->result->n_steps;
	return 1;
}

/* Non-zero when the job ends inside this epoch. */
static int run_steps(struct run *run, uint32_t epoch)
{
	const struct reference_job *job = run->job;
	struct reference_batch batch = {.data = run->data, .scaling = &run->scaling, .epoch = epoch};
	double sum = 0.0;
	size_t n_rows = 0;
	for (size_t i = 0; i < run->n_steps_epoch; i++) {
		if (job->steps && run->result->n_steps == job->steps)
			return 1;
		size_t left = run->split.n_train - i * job->batch;
		double total;
		batch.rows = &run->order[i * job->batch];
		batch.n_rows = left < job->batch ? left : job->batch;
		if (run_step(run, &batch, &total))
			return 1;
		sum = sum + total;
		n_rows += batch.n_rows;
	}
	run->result->losses[epoch] = sum / (double)n_rows;
	return 0;
}

static void shuffle(struct run *run, uint32_t epoch)
{
	reference_permutation(run->job->seed, REFERENCE_SHUFFLE, epoch, run->order, run->split.n_train);
	for (size_t i = 0; i < run->split.n_train; i++)
		run->order[i] = run->split.train[run->order[i]];
}

static int is_improvement(struct run *run, const struct reference_metrics *metrics)
{
	if (run->job->monitor == REFERENCE_MONITOR_ACCURACY) {
		int better = (int64_t)metrics->n_exact > run->best_right;
		run->best_right = better ? (int64_t)metrics->n_exact : run->best_right;
		return better;
	}
	int better = metrics->loss < run->best_loss;
	run->best_loss = better ? metrics->loss : run->best_loss;
	return better;
}

/* Non-zero when patience is at its end. */
static int judge_epoch(struct run *run, uint32_t epoch)
{
	struct reference_result *result = run->result;
	struct reference_metrics *metrics = &result->validation[epoch];
	if (!run->split.n_validation)
		return 0;
	reference_evaluate(run->job, run->parameters, run->data, &run->scaling, run->split.validation,
	                   run->split.n_validation, metrics);
	if (!run->job->patience)
		return 0;
	if (!is_improvement(run, metrics))
		return ++run->waited >= run->job->patience;
	run->waited = 0;
	result->best_epoch = epoch + 1;
	memcpy(run->best, run->parameters, result->n_parameters * sizeof(float));
	return 0;
}

static void keep_result(struct run *run)
{
	struct reference_result *result = run->result;
	int best = result->best_epoch && !run->job->keep_last;
	memcpy(result->parameters, best ? run->best : run->parameters, result->n_parameters * sizeof(float));
	if (!result->diverged_step)
		reference_fingerprint(result->parameters, result->n_parameters, result->fingerprint);
}

void reference_train(const struct reference_job *job, const struct reference_data *data,
                     struct reference_result *result)
{
	memset(result, 0, sizeof *result);
	result->n_parameters = reference_n_parameters(job);
	result->parameters = reference_alloc(result->n_parameters, sizeof(float));
	result->losses = reference_alloc(job->epochs, sizeof(double));
	result->validation = reference_alloc(job->epochs, sizeof(struct reference_metrics));

	struct run run = {.job = job, .data = data, .result = result};
	run_init(&run);
	for (uint32_t epoch = 0; epoch < job->epochs; epoch++) {
		shuffle(&run, epoch);
		if (run_steps(&run, epoch))
			break;
		result->n_epochs++;
		if (judge_epoch(&run, epoch))
			break;
	}
	keep_result(&run);
	run_fini(&run);
}

void reference_result_free(struct reference_result *result)
{
	free(result->parameters);
	free(result->losses);
	free(result->validation);
	memset(result, 0, sizeof *result);
}
