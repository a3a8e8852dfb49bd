/* SPDX-License-Identifier: MIT
 *
 * The gathering of inputs: which columns some rows use, and rows as fp32, with
 * the unused columns left out. Compiled once per instruction set (isa_*.c
 * include it). Columns are dropped a vector at a time: the list of the columns
 * in use doubles as the permutation that moves a vector's used lanes to its
 * front; what lies behind them is overwritten by the next vector. Where the
 * processor packs bytes, they are dropped 64 at a time, before the conversion.
 */
#ifndef LS_ARITH_INPUTS_H
#define LS_ARITH_INPUTS_H

#include <string.h>

#include "arith.h"
#include "vec.h"

/* Of bytes as of floats the last columns are taken from a whole vector that ends
 * with them. */
static void mark_bytes(size_t n, const uint8_t *in, uint64_t *bits)
{
	size_t i = 0;
	for (; i + BYTES <= n; i += BYTES)
		bits[i / 64] |= nonzero_bytes(in + i) << i % 64;
	if (i < n && n >= BYTES)
		bits[i / 64] |= nonzero_bytes(in + n - BYTES) >> (BYTES - (n - i)) << i % 64;
	else
		for (; i < n; i++)
			bits[i / 64] |= (uint64_t)(in[i] != 0) << i % 64;
}

static void mark_floats(size_t n, const float *in, uint64_t *bits)
{
	size_t i = 0;
	for (; i + VEC <= n; i += VEC)
		bits[i / 64] |= (uint64_t)nonzero_lanes(vec_load(in + i)) << i % 64;
	if (i < n && n >= VEC)
		bits[i / 64] |= (uint64_t)(nonzero_lanes(vec_load(in + n - VEC)) >> (VEC - (n - i))) << i % 64;
	else
		for (; i < n; i++)
			bits[i / 64] |= (uint64_t)(in[i] != 0) << i % 64;
}

static void list_columns(size_t n, struct ls_used_columns *columns)
{
	uint32_t count = 0;
	for (size_t i = 0; i < n; i += VEC) {
		columns->starts[i / VEC] = count;
		count += list_lanes((uint32_t)(columns->bits[i / 64] >> i % 64), (uint32_t)i, columns->index + count);
	}
	if (n % VEC == 0)
		columns->starts[n / VEC] = count;
	columns->n = count;
	columns->packs = PACKS_BYTES;
}

/* x / 255, correctly rounded for the integers 0 .. 255, by one step of
 * division on the reciprocal (tested for all of them against the quotient). */
INLINE vec byte_quotient(vec x)
{
	vec reciprocal = vec_all(1.0f / 255.0f);
	vec q = vec_mul(x, reciprocal);
	return vec_fma(vec_fma(vec_all(-255.0f), q, x), reciprocal, q);
}

INLINE vec scaled(const struct ls_gather *g, vec x, size_t first)
{
	if (g->by_255)
		return byte_quotient(x);
	if (g->shift)
		return vec_mul(vec_subtract(x, vec_load(g->shift + first)), vec_load(g->scale + first));
	return x;
}

/* Column k, of value x. */
INLINE float scaled_column(const struct ls_gather *g, float x, size_t k)
{
	if (g->by_255)
		return x / 255.0f;
	return g->shift ? (x - g->shift[k]) * g->scale[k] : x;
}

/* Outputs begin .. end - 1, one at a time. */
static void gather_single_bytes(const struct ls_gather *g, const uint8_t *in, size_t begin, size_t end, float *out)
{
	for (size_t j = begin; j < end; j++) {
		size_t k = g->columns ? g->columns->index[j] : j;
		out[j] = scaled_column(g, in[k], k);
	}
}

static void gather_all_bytes(const struct ls_gather *g, const uint8_t *in, float *out)
{
	size_t i = 0;
	for (; i + VEC <= g->n; i += VEC)
		vec_store(out + i, scaled(g, vec_bytes(in + i), i));
	gather_single_bytes(g, in, i, g->n, out);
}

static void gather_permuted_bytes(const struct ls_gather *g, const uint8_t *in, float *out)
{
	const struct ls_used_columns *columns = g->columns;
	size_t i = 0;
	for (; i + VEC <= g->n; i += VEC) {
		uint32_t to = columns->starts[i / VEC];
		vec_store(out + to, vec_permute(scaled(g, vec_bytes(in + i), i), columns->index + to));
	}
	gather_single_bytes(g, in, columns->starts[i / VEC], columns->n, out);
}

#ifdef PACKING
/* Unshifted bytes are packed first, so that only those in use are converted. */
#define PACKED 4096
PACKING static void gather_packed_bytes(const struct ls_gather *g, const uint8_t *in, float *out)
{
	uint8_t packed[PACKED + 64];
	for (size_t first = 0; first < g->n; first += PACKED) {
		size_t end = g->n - first < PACKED ? g->n : first + PACKED, n = 0;
		for (size_t i = first; i < end; i += 64)
			n += pack_bytes(in + i, g->columns->bits[i / 64], packed + n);
		for (size_t j = 0; j < n; j += VEC)
			vec_store(out + j, scaled(g, vec_bytes(packed + j), 0));
		out += n;
	}
}
#endif

static void gather_bytes(const struct ls_gather *g, const uint8_t *in, float *out)
{
	if (!g->columns)
		gather_all_bytes(g, in, out);
#ifdef PACKING
	else if (g->columns->packs && !g->shift)
		gather_packed_bytes(g, in, out);
#endif
	else
		gather_permuted_bytes(g, in, out);
}

static void gather_all_floats(const struct ls_gather *g, const float *restrict in, float *restrict out)
{
	const float *restrict shift = g->shift, *restrict scale = g->scale;
	if (g->by_255)
		for (size_t k = 0; k < g->n; k++)
			out[k] = in[k] / 255.0f;
	else if (shift)
		for (size_t k = 0; k < g->n; k++)
			out[k] = (in[k] - shift[k]) * scale[k];
	else
		memcpy(out, in, g->n * sizeof *out);
}

static void gather_floats(const struct ls_gather *g, const float *in, float *out)
{
	if (!g->columns) {
		gather_all_floats(g, in, out);
		return;
	}
	for (size_t j = 0; j < g->columns->n; j++) {
		size_t k = g->columns->index[j];
		out[j] = scaled_column(g, in[k], k);
	}
}

#endif
