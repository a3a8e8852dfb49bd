/* SPDX-License-Identifier: MIT
 *
 * Section 2 and the row's part of section 3: initial parameters, and the
 * forward pass, loss and deltas of one row.
 */
#include "reference.h"

#include <math.h>
#include <stdlib.h>

#define LANES 8

/* ---- Parameters ------------------------------------------------------- */

size_t reference_weight_at(const struct reference_job *job, size_t layer, size_t output, size_t input)
{
	size_t at = 0;
	for (size_t l = 0; l < layer; l++)
		at += (job->sizes[l] + 1) * job->sizes[l + 1];
	return at + output * job->sizes[layer] + input;
}

size_t reference_bias_at(const struct reference_job *job, size_t layer, size_t output)
{
	return reference_weight_at(job, layer, job->sizes[layer + 1], 0) + output;
}

size_t reference_n_parameters(const struct reference_job *job)
{
	return reference_weight_at(job, job->n_sizes - 1, 0, 0);
}

static float initial_weight(const struct reference_job *job, size_t l, uint32_t x)
{
	double n_in = (double)job->sizes[l], n_out = (double)job->sizes[l + 1];
	switch (job->init) {
	case REFERENCE_HE:
		return (float)(reference_normal64(((double)x + 0.5) * 0x1p-32) * sqrt(2.0 / n_in));
	case REFERENCE_GLOROT:
		return (float)((((double)x + 0.5) * 0x1p-31 - 1.0) * sqrt(6.0 / (n_in + n_out)));
	default:
		return (float)reference_normal64(((double)x + 0.5) * 0x1p-32);
	}
}

static float initial_bias(const struct reference_job *job, uint32_t x)
{
	return job->init == REFERENCE_NORMAL ? (float)reference_normal64(((double)x + 0.5) * 0x1p-32) : 0.0f;
}

void reference_initialise(const struct reference_job *job, float *parameters)
{
	uint32_t words[4];
	for (size_t l = 0; l + 1 < job->n_sizes; l++) {
		for (size_t j = 0; j < job->sizes[l + 1]; j++) {
			for (size_t k = 0; k < job->sizes[l]; k++) {
				reference_philox(job->seed, (uint32_t)k, (uint32_t)j, 0, REFERENCE_WEIGHT, (uint32_t)l,
				                 words);
				parameters[reference_weight_at(job, l, j, k)] = initial_weight(job, l, words[0]);
			}
			reference_philox(job->seed, (uint32_t)j, 0, 0, REFERENCE_BIAS, (uint32_t)l, words);
			parameters[reference_bias_at(job, l, j)] = initial_bias(job, words[0]);
		}
	}
}

/* ---- One row ---------------------------------------------------------- */

void reference_row_init(struct reference_row *row, const struct reference_job *job)
{
	for (size_t l = 0; l + 1 < job->n_sizes; l++) {
		row->input[l] = reference_alloc(job->sizes[l], sizeof(float));
		row->active[l] = reference_alloc(job->sizes[l + 1], sizeof(float));
		row->delta[l] = reference_alloc(job->sizes[l + 1], sizeof(float));
	}
	row->z = reference_alloc(job->sizes[job->n_sizes - 1], sizeof(float));
	row->loss = 0.0f;
}

void reference_row_fini(struct reference_row *row, const struct reference_job *job)
{
	for (size_t l = 0; l + 1 < job->n_sizes; l++) {
		free(row->input[l]);
		free(row->active[l]);
		free(row->delta[l]);
	}
	free(row->z);
}

static float activation(const struct reference_job *job, float z)
{
	switch (job->hidden) {
	case REFERENCE_TANH:
		return reference_tanh(z);
	case REFERENCE_RELU:
		return z < 0.0f ? 0.0f : z;
	case REFERENCE_LEAKY_RELU:
		return z < 0.0f ? (float)job->slope * z : z;
	default:
		return reference_sigmoid(z);
	}
}

/* c times the derivative at the activation a. */
static float derivative(const struct reference_job *job, float a, float c)
{
	switch (job->hidden) {
	case REFERENCE_TANH:
		return c * fmaf(-a, a, 1.0f);
	case REFERENCE_RELU:
		return a > 0.0f ? c : 0.0f;
	case REFERENCE_LEAKY_RELU:
		return a > 0.0f ? c : (float)job->slope * c;
	default:
		return c * (a * (1.0f - a));
	}
}

static float dropout_scale(const struct reference_job *job)
{
	return (float)(1.0 / (1.0 - job->dropout));
}

static int is_dropped(const struct reference_job *job, size_t j, uint32_t i_row, uint32_t epoch, size_t layer)
{
	return reference_dropped(job->seed, job->dropout, (uint32_t)j, i_row, epoch, (uint32_t)layer);
}

static float pre_activation(const struct reference_job *job, const float *parameters, size_t l, size_t j,
                            const float *input)
{
	const float *weights = &parameters[reference_weight_at(job, l, j, 0)];
	float z = parameters[reference_bias_at(job, l, j)];
	for (size_t k = 0; k < job->sizes[l]; k++) {
		if (job->skip_zeros && input[k] == 0.0f)
			continue;
		z = fmaf(input[k], weights[k], z);
	}
	return z + 0.0f;
}

void reference_forward(const struct reference_job *job, const float *parameters, uint32_t i_row, uint32_t epoch,
                       int dropping, struct reference_row *row)
{
	size_t last = job->n_sizes - 2;
	for (size_t l = 0; l < last; l++) {
		for (size_t j = 0; j < job->sizes[l + 1]; j++) {
			float a = activation(job, pre_activation(job, parameters, l, j, row->input[l]));
			row->active[l][j] = a;
			if (dropping && job->dropout > 0.0)
				a = is_dropped(job, j, i_row, epoch, l) ? 0.0f : a * dropout_scale(job);
			row->input[l + 1][j] = a;
		}
	}
	for (size_t j = 0; j < job->sizes[last + 1]; j++)
		row->z[j] = pre_activation(job, parameters, last, j, row->input[last]);
}

/* ---- Losses ----------------------------------------------------------- */

static int target(const struct reference_data *data, uint32_t i_row, size_t j)
{
	if (data->classes)
		return data->classes[i_row] == j;
	return data->flags[(size_t)i_row * data->n_labels + j] != 0;
}

static float combine_lanes(const float s[LANES])
{
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static float softmax_loss(size_t n, const float *z, uint32_t class, float *delta)
{
	float m = z[0];
	for (size_t j = 1; j < n; j++)
		m = z[j] > m ? z[j] : m;
	float lanes[LANES] = {0.0f};
	for (size_t j = 0; j < n; j++) {
		delta[j] = reference_exp(z[j] - m);
		lanes[j % LANES] = lanes[j % LANES] + delta[j];
	}
	float s = combine_lanes(lanes);
	for (size_t j = 0; j < n; j++)
		delta[j] = delta[j] / s - (j == class ? 1.0f : 0.0f);
	return reference_log(s) - (z[class] - m);
}

static float multilabel_loss(size_t n, const float *z, const struct reference_data *data, uint32_t i_row, float *delta)
{
	float lanes[LANES] = {0.0f};
	for (size_t j = 0; j < n; j++) {
		int y = target(data, i_row, j);
		delta[j] = reference_sigmoid(z[j]) - (float)y;
		lanes[j % LANES] = lanes[j % LANES] + reference_softplus(y ? -z[j] : z[j]);
	}
	return combine_lanes(lanes);
}

static float quadratic_loss(size_t n, const float *z, const struct reference_data *data, uint32_t i_row, float *delta)
{
	float lanes[LANES] = {0.0f};
	for (size_t j = 0; j < n; j++) {
		float a = reference_sigmoid(z[j]);
		float d = a - (float)target(data, i_row, j);
		delta[j] = d * (a * (1.0f - a));
		lanes[j % LANES] = fmaf(d, d, lanes[j % LANES]);
	}
	return 0.5f * combine_lanes(lanes);
}

void reference_row_loss(const struct reference_job *job, const struct reference_data *data, uint32_t i_row,
                        struct reference_row *row)
{
	size_t n = job->sizes[job->n_sizes - 1];
	float *delta = row->delta[job->n_sizes - 2];
	switch (job->loss) {
	case REFERENCE_MULTILABEL:
		row->loss = multilabel_loss(n, row->z, data, i_row, delta);
		break;
	case REFERENCE_QUADRATIC:
		row->loss = quadratic_loss(n, row->z, data, i_row, delta);
		break;
	default:
		row->loss = softmax_loss(n, row->z, data->classes[i_row], delta);
	}
}

/* ---- Deltas ----------------------------------------------------------- */

static float chain_back(const struct reference_job *job, const float *parameters, size_t l, size_t k, const float *d)
{
	float c = 0.0f;
	for (size_t j = 0; j < job->sizes[l + 1]; j++) {
		if (job->skip_zeros && d[j] == 0.0f)
			continue;
		c = fmaf(d[j], parameters[reference_weight_at(job, l, j, k)], c);
	}
	return c;
}

void reference_backward(const struct reference_job *job, const float *parameters, uint32_t i_row, uint32_t epoch,
                        struct reference_row *row)
{
	for (size_t l = job->n_sizes - 2; l >= 1; l--) {
		for (size_t k = 0; k < job->sizes[l]; k++) {
			float *delta = &row->delta[l - 1][k];
			float c = chain_back(job, parameters, l, k, row->delta[l]);
			if (job->dropout > 0.0 && is_dropped(job, k, i_row, epoch, l - 1)) {
				*delta = 0.0f;
				continue;
			}
			if (job->dropout > 0.0)
				c = c * dropout_scale(job);
			*delta = derivative(job, row->active[l - 1][k], c);
		}
	}
}
