/* SPDX-License-Identifier: MIT
 *
 * The fp32 functions of doc/numerics.md, section 4, one element at a time and
 * without branches, so that the loops over them are vectorised. Every step is
 * written as the page has it; the constants are Taylor coefficients.
 */
#ifndef LS_ARITH_FUNCTIONS_H
#define LS_ARITH_FUNCTIONS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define FUNCTION static inline __attribute__((always_inline))

#define LOG2E 0x1.715476p+0f
#define LN2_HI 0x1.62e4p-1f
#define LN2_LO 0x1.7f7d1cp-20f
#define MAGIC 12582912.0f /* 1.5 * 2^23: adding it leaves the integer in the low bits */

FUNCTION int32_t float_bits(float x)
{
	int32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

FUNCTION float bits_float(int32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* 2^n for n of -126 .. 127. */
FUNCTION float power_of_two(int32_t n)
{
	return bits_float((int32_t)((uint32_t)(n + 127) << 23));
}

FUNCTION float nan_or(float x, float result)
{
	return x == x ? result : bits_float(0x7fc00000);
}

/* x = n ln 2 + r; returns q close to e^r - 1. */
FUNCTION float exp_reduce(float x, int32_t *n)
{
	float shifted = fmaf(x, LOG2E, MAGIC);
	float whole = shifted - MAGIC;
	float r = fmaf(whole, -LN2_LO, fmaf(whole, -LN2_HI, x));
	float h = fmaf(0x1.a01a02p-13f, r, 0x1.6c16c2p-10f);
	h = fmaf(h, r, 0x1.111112p-7f);
	h = fmaf(h, r, 0x1.555556p-5f);
	h = fmaf(h, r, 0x1.555556p-3f);
	h = fmaf(h, r, 0x1p-1f);
	*n = float_bits(shifted) - float_bits(MAGIC);
	return fmaf(r * r, h, r);
}

FUNCTION float function_exp(float x)
{
	int32_t n;
	/* NaN is clamped too (either comparison is false for it), so that the
	 * exponent arithmetic below stays in range. */
	float clamped = x > -104.0f ? x : -104.0f;
	clamped = clamped < 104.0f ? clamped : 104.0f;
	float q = exp_reduce(clamped, &n);
	int32_t half = n >> 1;
	return nan_or(x, ((1.0f + q) * power_of_two(half)) * power_of_two(n - half));
}

FUNCTION float function_sigmoid(float x)
{
	float e = function_exp(-fabsf(x));
	return nan_or(x, (x < 0 ? e : 1.0f) / (1.0f + e));
}

FUNCTION float function_tanh(float x)
{
	int32_t n;
	float y = 2.0f * fabsf(x);
	y = y < 40.0f ? y : 40.0f;
	float q = exp_reduce(y, &n);
	float s = power_of_two(n);
	float e = fmaf(q, s, s - 1.0f);
	return nan_or(x, copysignf(e / (e + 2.0f), x));
}

FUNCTION float function_log(float x)
{
	int subnormal = x < 0x1p-126f;
	uint32_t bits = (uint32_t)float_bits(subnormal ? x * 0x1p23f : x);
	int32_t i = (int32_t)(bits - 0x3f3504f3u); /* wraps for negative x, whose result is NaN */
	float e = (float)((i >> 23) - (subnormal ? 23 : 0));
	float f = bits_float((i & 0x7fffff) + 0x3f3504f3) - 1.0f;
	float s = f / (2.0f + f);
	float z = s * s;
	float r = fmaf(z, 0x1.c71c72p-3f, 0x1.24924ap-2f);
	r = fmaf(z, r, 0x1.99999ap-2f);
	r = fmaf(z, r, 0x1.555556p-1f);
	r = z * r;
	float h = (0.5f * f) * f;
	float result = fmaf(e, LN2_HI, f - (h - fmaf(e, LN2_LO, s * (h + r))));
	result = x == INFINITY ? INFINITY : result;
	result = x == 0 ? -INFINITY : result;
	return nan_or(x < 0 ? NAN : x, result);
}

FUNCTION float function_softplus(float t)
{
	float u = function_exp(-fabsf(t));
	float w = 1.0f + u;
	float c = u - (w - 1.0f);
	return nan_or(t, (t < 0 ? 0 : t) + (function_log(w) + c / w));
}

#endif
