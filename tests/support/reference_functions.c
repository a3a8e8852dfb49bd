/* SPDX-License-Identifier: MIT
 *
 * Section 4: exp, log, tanh, sigmoid and softplus of fp32, each the stated
 * sequence of operations. Compiled without contraction, so that only the
 * written fma are fused.
 */
#include "reference.h"

#include <math.h>
#include <string.h>

#define LOG2E 0x1.715476p+0f
#define LN2_HI 0x1.62e4p-1f
#define LN2_LO 0x1.7f7d1cp-20f
#define MAGIC 12582912.0f
#define E2 0x1p-1f
#define E3 0x1.555556p-3f
#define E4 0x1.555556p-5f
#define E5 0x1.111112p-7f
#define E6 0x1.6c16c2p-10f
#define E7 0x1.a01a02p-13f
#define L1 0x1.555556p-1f
#define L2 0x1.99999ap-2f
#define L3 0x1.24924ap-2f
#define L4 0x1.c71c72p-3f

#define SQRT_HALF_BITS 0x3f3504f3

static float from_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

static uint32_t to_bits(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static float quiet_nan(void)
{
	return from_bits(0x7fc00000);
}

/* 2^n for -126 <= n <= 127. */
static float power_of_two(int n)
{
	return from_bits((uint32_t)(n + 127) << 23);
}

/* n, and q close to e^(x - n ln 2) - 1. */
static int reduce(float x, float *q)
{
	float n = fmaf(x, LOG2E, MAGIC) - MAGIC;
	float r = fmaf(n, -LN2_LO, fmaf(n, -LN2_HI, x));
	float h = fmaf(fmaf(fmaf(fmaf(fmaf(E7, r, E6), r, E5), r, E4), r, E3), r, E2);
	*q = fmaf(r * r, h, r);
	return (int)n;
}

float reference_exp(float x)
{
	if (isnan(x))
		return quiet_nan();
	x = x < -104.0f ? -104.0f : x;
	x = x > 104.0f ? 104.0f : x;
	float q;
	int n = reduce(x, &q);
	int n1 = (int)floor(n / 2.0);
	int n2 = n - n1;
	return ((1.0f + q) * power_of_two(n1)) * power_of_two(n2);
}

float reference_sigmoid(float x)
{
	if (isnan(x))
		return quiet_nan();
	float e = reference_exp(-fabsf(x));
	return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

float reference_tanh(float x)
{
	if (isnan(x))
		return quiet_nan();
	float y = 2.0f * fabsf(x);
	y = y > 40.0f ? 40.0f : y;
	float q;
	float s = power_of_two(reduce(y, &q));
	float e = fmaf(q, s, s - 1.0f);
	return copysignf(e / (e + 2.0f), x);
}

/* log of 2^e m, m in [sqrt(1/2), sqrt(2)). */
static float log_of_parts(float e, float m)
{
	float f = m - 1.0f;
	float s = f / (2.0f + f);
	float z = s * s;
	float r = z * fmaf(z, fmaf(z, fmaf(z, L4, L3), L2), L1);
	float h = (0.5f * f) * f;
	return fmaf(e, LN2_HI, f - (h - fmaf(e, LN2_LO, s * (h + r))));
}

float reference_log(float x)
{
	if (isnan(x) || x < 0.0f)
		return quiet_nan();
	if (x == 0.0f)
		return -INFINITY;
	if (isinf(x))
		return INFINITY;
	int e0 = 0;
	if (x < 0x1p-126f) {
		x = x * 0x1p23f;
		e0 = -23;
	}
	int32_t i = (int32_t)to_bits(x) - SQRT_HALF_BITS;
	float e = (float)(e0 + (i >> 23));
	return log_of_parts(e, from_bits((uint32_t)((i & 0x7fffff) + SQRT_HALF_BITS)));
}

float reference_softplus(float t)
{
	if (isnan(t))
		return quiet_nan();
	float u = reference_exp(-fabsf(t));
	float w = 1.0f + u;
	float c = u - (w - 1.0f);
	return (t < 0.0f ? 0.0f : t) + (reference_log(w) + c / w);
}
