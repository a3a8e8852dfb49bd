/* SPDX-License-Identifier: MIT
 *
 * The few vector operations that the kernels are written in, for the
 * instruction set that the including file is compiled for. `vec` holds VEC
 * floats; loads and stores need no alignment.
 */
#ifndef LS_ARITH_VEC_H
#define LS_ARITH_VEC_H

/* clang-format off: one operation a line */

#define INLINE static inline __attribute__((always_inline))

#if defined LS_ISA_AVX512

#include <immintrin.h>

#define VEC 16
#define TILE 14 /* 28 accumulators, 2 weights, of 32 registers */
typedef __m512 vec;

INLINE vec vec_load(const float *p)
{
	return _mm512_loadu_ps(p);
}
INLINE void vec_store(float *p, vec a)
{
	_mm512_storeu_ps(p, a);
}
INLINE vec vec_all(float x)
{
	return _mm512_set1_ps(x);
}
INLINE vec vec_add(vec a, vec b)
{
	return _mm512_add_ps(a, b);
}
INLINE vec vec_mul(vec a, vec b)
{
	return _mm512_mul_ps(a, b);
}
INLINE vec vec_fma(vec a, vec b, vec c)
{
	return _mm512_fmadd_ps(a, b, c);
}

#elif defined LS_ISA_AVX2

#include <immintrin.h>

#define VEC 8
#define TILE 6 /* 12 accumulators, 2 weights, 1 input, of 16 registers */
typedef __m256 vec;

INLINE vec vec_load(const float *p)
{
	return _mm256_loadu_ps(p);
}
INLINE void vec_store(float *p, vec a)
{
	_mm256_storeu_ps(p, a);
}
INLINE vec vec_all(float x)
{
	return _mm256_set1_ps(x);
}
INLINE vec vec_add(vec a, vec b)
{
	return _mm256_add_ps(a, b);
}
INLINE vec vec_mul(vec a, vec b)
{
	return _mm256_mul_ps(a, b);
}
INLINE vec vec_fma(vec a, vec b, vec c)
{
	return _mm256_fmadd_ps(a, b, c);
}

#elif defined LS_ISA_NEON

#include <arm_neon.h>

#define VEC 4
#define TILE 12 /* 24 accumulators, 2 weights, of 32 registers */
typedef float32x4_t vec;

INLINE vec vec_load(const float *p)
{
	return vld1q_f32(p);
}
INLINE void vec_store(float *p, vec a)
{
	vst1q_f32(p, a);
}
INLINE vec vec_all(float x)
{
	return vdupq_n_f32(x);
}
INLINE vec vec_add(vec a, vec b)
{
	return vaddq_f32(a, b);
}
INLINE vec vec_mul(vec a, vec b)
{
	return vmulq_f32(a, b);
}
INLINE vec vec_fma(vec a, vec b, vec c)
{
	return vfmaq_f32(c, a, b);
}

#else

#include <math.h>

#define VEC 4
#define TILE 4
typedef struct {
	float lane[VEC];
} vec;

INLINE vec vec_load(const float *p)
{
	return (vec){{p[0], p[1], p[2], p[3]}};
}

INLINE void vec_store(float *p, vec a)
{
	for (int i = 0; i < VEC; i++)
		p[i] = a.lane[i];
}

INLINE vec vec_all(float x)
{
	return (vec){{x, x, x, x}};
}

INLINE vec vec_add(vec a, vec b)
{
	for (int i = 0; i < VEC; i++)
		a.lane[i] += b.lane[i];
	return a;
}

INLINE vec vec_mul(vec a, vec b)
{
	for (int i = 0; i < VEC; i++)
		a.lane[i] *= b.lane[i];
	return a;
}

INLINE vec vec_fma(vec a, vec b, vec c)
{
	for (int i = 0; i < VEC; i++)
		c.lane[i] = fmaf(a.lane[i], b.lane[i], c.lane[i]);
	return c;
}

#endif

#endif
