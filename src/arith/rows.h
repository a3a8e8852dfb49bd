/* SPDX-License-Identifier: MIT
 *
 * What is neither a product nor a gathering of inputs: elementwise functions,
 * activations and their derivatives, losses with their deltas.
 * Plain loops, compiled once per instruction set (isa_*.c include it) and
 * vectorised by the compiler; row sums keep the 8 lanes of the contract.
 */
#ifndef LS_ARITH_ROWS_H
#define LS_ARITH_ROWS_H

#include "arith.h"
#include "functions.h"

#define LANES 8

/* ---- Elementwise functions ------------------------------------------- */

static void map_exp(size_t n, const float *in, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = function_exp(in[i]);
}

static void map_log(size_t n, const float *in, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = function_log(in[i]);
}

static void map_tanh(size_t n, const float *in, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = function_tanh(in[i]);
}

static void map_sigmoid(size_t n, const float *in, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = function_sigmoid(in[i]);
}

static void map_softplus(size_t n, const float *in, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = function_softplus(in[i]);
}

/* ---- Activations ----------------------------------------------------- */

/* Rows are handled up to the row alignment: padding holds no numbers that
 * anyone reads. */
static size_t padded(const struct ls_block *block)
{
	return ls_round_up(block->n, LS_ROW_ALIGNMENT);
}

static void activate(const struct ls_block *block, enum lockstep_activation activation, float slope)
{
	size_t n = padded(block);
	for (size_t r = 0; r < block->n_rows; r++) {
		float *z = block->values + r * block->ld;
		switch (activation) {
		case LOCKSTEP_SIGMOID:
			map_sigmoid(n, z, z);
			break;
		case LOCKSTEP_TANH:
			map_tanh(n, z, z);
			break;
		case LOCKSTEP_RELU:
			for (size_t i = 0; i < n; i++)
				z[i] = z[i] < 0 ? 0 : z[i];
			break;
		case LOCKSTEP_LEAKY_RELU:
			for (size_t i = 0; i < n; i++)
				z[i] = z[i] < 0 ? slope * z[i] : z[i];
			break;
		}
	}
}

static void derive_row(size_t n, float *restrict c, const float *restrict a, enum lockstep_activation activation,
                       float slope)
{
	switch (activation) {
	case LOCKSTEP_SIGMOID:
		for (size_t i = 0; i < n; i++)
			c[i] = c[i] * (a[i] * (1.0f - a[i]));
		break;
	case LOCKSTEP_TANH:
		for (size_t i = 0; i < n; i++)
			c[i] = c[i] * fmaf(-a[i], a[i], 1.0f);
		break;
	case LOCKSTEP_RELU:
		for (size_t i = 0; i < n; i++)
			c[i] = a[i] > 0 ? c[i] : 0;
		break;
	case LOCKSTEP_LEAKY_RELU:
		for (size_t i = 0; i < n; i++)
			c[i] = a[i] > 0 ? c[i] : slope * c[i];
		break;
	}
}

static void derive(const struct ls_block *block, const float *a, enum lockstep_activation activation, float slope)
{
	for (size_t r = 0; r < block->n_rows; r++)
		derive_row(block->n, block->values + r * block->ld, a + r * block->ld, activation, slope);
}

/* ---- Losses ---------------------------------------------------------- */

/* The row's targets, as a view of either kind. */
struct target {
	const uint8_t *flags;
	uint32_t class;
};

static inline struct target row_target(const struct ls_targets *targets, size_t r, size_t n)
{
	size_t row = targets->rows[r];
	if (targets->flags)
		return (struct target){targets->flags + row * n, 0};
	return (struct target){NULL, targets->classes[row]};
}

static inline float target_value(struct target target, size_t j)
{
	return target.flags ? (float)target.flags[j] : (float)(j == target.class);
}

static inline float combine_lanes(const float s[LANES])
{
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static float row_sum(size_t n, const float *terms)
{
	float lanes[LANES] = {0};
	for (size_t j = 0; j < n; j++)
		lanes[j % LANES] += terms[j];
	return combine_lanes(lanes);
}

static float row_max(size_t n, const float *z)
{
	float max = z[0];
	for (size_t j = 1; j < n; j++)
		max = z[j] > max ? z[j] : max;
	return max;
}

static float softmax_row(size_t n, size_t n_padded, float *z, struct target target)
{
	float max = row_max(n, z);
	float at_class = z[target.class] - max;
	for (size_t j = 0; j < n_padded; j++)
		z[j] = function_exp(z[j] - max);
	float sum = row_sum(n, z);
	for (size_t j = 0; j < n_padded; j++)
		z[j] = z[j] / sum;
	return function_log(sum) - at_class;
}

/* The terms of a row sum are made LANES at a time, so that no row-sized
 * buffer is needed. */
static float multilabel_row(size_t n, size_t n_padded, float *z, struct target target)
{
	float lanes[LANES] = {0};
	for (size_t first = 0; first < n; first += LANES) {
		size_t width = n - first < LANES ? n - first : LANES;
		float terms[LANES] = {0};
		for (size_t i = 0; i < width; i++)
			terms[i] = target_value(target, first + i) != 0 ? -z[first + i] : z[first + i];
		map_softplus(LANES, terms, terms);
		for (size_t i = 0; i < width; i++)
			lanes[i] += terms[i];
	}
	map_sigmoid(n_padded, z, z);
	return combine_lanes(lanes);
}

static float quadratic_row(size_t n, size_t n_padded, float *z, struct target target)
{
	float lanes[LANES] = {0};
	map_sigmoid(n_padded, z, z);
	for (size_t j = 0; j < n; j++) {
		float d = z[j] - target_value(target, j);
		lanes[j % LANES] = fmaf(d, d, lanes[j % LANES]);
	}
	return 0.5f * combine_lanes(lanes);
}

static void outputs(const struct ls_block *z, enum lockstep_loss loss, const struct ls_targets *targets, float *losses)
{
	static float (*const rows[])(size_t, size_t, float *, struct target) = {[LOCKSTEP_SOFTMAX] = softmax_row,
	                                                                        [LOCKSTEP_MULTILABEL] = multilabel_row,
	                                                                        [LOCKSTEP_QUADRATIC] = quadratic_row};
	for (size_t r = 0; r < z->n_rows; r++) {
		struct target target = targets ? row_target(targets, r, z->n) : (struct target){NULL, 0};
		float row_loss = rows[loss](z->n, padded(z), z->values + r * z->ld, target);
		if (targets)
			losses[r] = row_loss;
	}
}

static void deltas(const struct ls_block *block, enum lockstep_loss loss, const struct ls_targets *targets)
{
	for (size_t r = 0; r < block->n_rows; r++) {
		float *a = block->values + r * block->ld;
		struct target target = row_target(targets, r, block->n);
		for (size_t j = 0; j < block->n; j++) {
			float d = a[j] - target_value(target, j);
			a[j] = loss == LOCKSTEP_QUADRATIC ? d * (a[j] * (1.0f - a[j])) : d;
		}
		for (size_t j = block->n; j < padded(block); j++)
			a[j] = 0;
	}
}

#endif
