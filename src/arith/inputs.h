/* SPDX-License-Identifier: MIT
 *
 * The gathering of inputs: which columns some rows use, and rows as fp32, with
 * the unused columns left out. Compiled once per instruction set (isa_*.c
 * include it). Columns are dropped a vector at a time: the list of the columns
 * in use doubles as the permutation that moves a vector's used lanes to its
 * front; what lies behind them is overwritten by the next vector.
 */
#ifndef LS_ARITH_INPUTS_H
#define LS_ARITH_INPUTS_H

#include "arith.h"
#include "vec.h"

static void mark_bytes(size_t n, const uint8_t *restrict in, uint8_t *restrict used)
{
	for (size_t i = 0; i < n; i++)
		used[i] |= in[i];
}

static void mark_floats(size_t n, const float *restrict in, uint8_t *restrict used)
{
	for (size_t i = 0; i < n; i++)
		used[i] |= in[i] != 0;
}

static void list_columns(size_t n, struct ls_used_columns *columns)
{
	const uint8_t *used = columns->used;
	size_t i = 0;
	uint32_t count = 0;
	for (; i + VEC <= n; i += VEC) {
		columns->starts[i / VEC] = count;
		count += list_lanes(used + i, (uint32_t)i, columns->index + count);
	}
	columns->starts[i / VEC] = count;
	for (; i < n; i++) {
		columns->index[count] = (uint32_t)i;
		count += used[i] != 0;
	}
	columns->n = count;
}

static void nonzero_bits(size_t n, const float *in, uint64_t *words)
{
	for (size_t i = 0; i < n; i += 64) {
		uint64_t word = 0;
		size_t j = i;
		for (; j + VEC <= n && j < i + 64; j += VEC)
			word |= (uint64_t)nonzero_lanes(vec_load(in + j)) << (j - i);
		for (; j < n && j < i + 64; j++)
			word |= (uint64_t)(in[j] != 0) << (j - i);
		words[i / 64] = word;
	}
}

/* x / 255, correctly rounded for the integers 0 .. 255, by one step of
 * division on the reciprocal (tested for all of them against the quotient). */
INLINE vec byte_quotient(vec x)
{
	vec reciprocal = vec_all(1.0f / 255.0f);
	vec q = vec_mul(x, reciprocal);
	return vec_fma(vec_fma(vec_all(-255.0f), q, x), reciprocal, q);
}

/* The columns behind the last whole vector of them. */
static void gather_last_bytes(size_t n, const uint8_t *in, const struct ls_used_columns *columns, int by_255,
                              float *out)
{
	size_t first = n / VEC * VEC;
	size_t begin = columns ? columns->starts[n / VEC] : first, end = columns ? columns->n : n;
	for (size_t j = begin; j < end; j++) {
		float x = in[columns ? columns->index[j] : j];
		out[j] = by_255 ? x / 255.0f : x;
	}
}

static void gather_bytes(size_t n, const uint8_t *in, const struct ls_used_columns *columns, int by_255, float *out)
{
	for (size_t i = 0; i + VEC <= n; i += VEC) {
		vec x = vec_bytes(in + i);
		size_t to = i;
		if (by_255)
			x = byte_quotient(x);
		if (columns) {
			to = columns->starts[i / VEC];
			x = vec_permute(x, columns->index + to);
		}
		vec_store(out + to, x);
	}
	gather_last_bytes(n, in, columns, by_255, out);
}

static void gather_floats(size_t n, const float *in, const struct ls_used_columns *columns, int by_255, float *out)
{
	size_t n_out = columns ? columns->n : n;
	for (size_t j = 0; j < n_out; j++) {
		float x = in[columns ? columns->index[j] : j];
		out[j] = by_255 ? x / 255.0f : x;
	}
}

static void rescale(size_t n, const float *shift, const float *scale, float *values)
{
	for (size_t i = 0; i < n; i++)
		values[i] = (values[i] - shift[i]) * scale[i];
}

#endif
