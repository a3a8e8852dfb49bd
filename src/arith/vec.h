/* SPDX-License-Identifier: MIT
 *
 * The few vector operations that the kernels are written in, for the
 * instruction set that the including file is compiled for. `vec` holds VEC
 * floats; loads and stores need no alignment. A panel is PANEL vectors wide; a
 * tile of n vectors' width keeps up to TILE_n rows of sums in registers, and
 * TILE_VECTORS vectors in all; a full panel's tiles are TILE rows high.
 *
 * vec_bytes       VEC bytes as floats
 * nonzero_lanes   bit i is set where lane i is not 0
 * vec_permute     lane i is lane index[i] % VEC of a
 * vec_transpose   a square of SQUARE rows and columns
 * nonzero_bytes   bit i is set where byte i of BYTES is not 0
 * vec_hold        a itself, from a register from here on: what is used often is not
 *                 read from memory each time
 * list_lanes      writes the numbers, counted from `first`, of those of VEC
 *                 lanes whose bits are set (and VEC words in all); returns how
 *                 many
 * pick_lanes      the same with the words of `from` in place of the lanes' numbers
 * mark_lanes      sets a bit of those of VEC words whose lane is not 0
 * marked_lanes    bit i is set where word i has a bit of the mask
 * pack_bytes      writes those of 64 bytes whose bits are set (and 64 bytes in
 *                 all), and reads no others; returns how many. Only where
 *                 PACKING, the attribute of functions that call it, is defined,
 *                 and only on processors with PACKS_BYTES
 */
#ifndef LS_ARITH_VEC_H
#define LS_ARITH_VEC_H

#include <stddef.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

#if defined LS_ISA_AVX512

#include <immintrin.h>

#define VEC 16
#define PANEL 4
/* Accumulators, weights and an input: 28 + 2 + 1, 27 + 3 + 1, 24 + 4 + 1 of 32
 * registers. */
#define TILE_1 14
#define TILE_2 14
#define TILE_3 9
#define TILE_4 6
#define TILE TILE_4
#define TILE_VECTORS 28
typedef __m512 vec;

INLINE vec vec_load(const float *p)
{
	return _mm512_loadu_ps(p);
}
INLINE vec vec_hold(vec a)
{
	__asm__("" : "+v"(a));
	return a;
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
INLINE vec vec_subtract(vec a, vec b)
{
	return _mm512_sub_ps(a, b);
}
INLINE vec vec_or(vec a, vec b)
{
	return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}
INLINE vec vec_bytes(const uint8_t *p)
{
	return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
INLINE uint32_t nonzero_lanes(vec a)
{
	return _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
typedef __m512i words;
INLINE words words_none(void)
{
	return _mm512_setzero_si512();
}
INLINE void words_store(uint32_t *p, words a)
{
	_mm512_storeu_si512(p, a);
}
INLINE words mark_lanes(vec a, uint32_t bit, words marks)
{
	return _mm512_mask_or_epi32(marks, (__mmask16)nonzero_lanes(a), marks, _mm512_set1_epi32((int)bit));
}
INLINE uint32_t marked_lanes(const uint32_t *p, uint32_t mask)
{
	return _mm512_test_epi32_mask(_mm512_loadu_si512(p), _mm512_set1_epi32((int)mask));
}
INLINE vec vec_permute(vec a, const uint32_t *index)
{
	return _mm512_permutexvar_ps(_mm512_loadu_si512(index), a);
}
#define BYTES 64
INLINE uint64_t nonzero_bytes(const uint8_t *p)
{
	__m512i bytes = _mm512_loadu_si512(p);
	return _mm512_test_epi8_mask(bytes, bytes);
}
/* Those of VEC words whose bits are set. */
INLINE uint32_t pack_words(uint32_t bits, __m512i from, uint32_t *to)
{
	_mm512_storeu_si512(to, _mm512_maskz_compress_epi32((__mmask16)bits, from));
	return (uint32_t)__builtin_popcount(bits & 0xffff);
}
INLINE uint32_t list_lanes(uint32_t bits, uint32_t first, uint32_t *index)
{
	__m512i iota = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	return pack_words(bits, _mm512_add_epi32(iota, _mm512_set1_epi32((int)first)), index);
}
INLINE uint32_t pick_lanes(uint32_t bits, const uint32_t *from, uint32_t *to)
{
	return pack_words(bits, _mm512_loadu_si512(from), to);
}
/* Not every processor with AVX-512 has it. */
#define PACKS_BYTES (__builtin_cpu_supports("avx512vbmi2") != 0)
#define PACKING __attribute__((target("avx512vbmi2")))
PACKING static inline size_t pack_bytes(const uint8_t *in, uint64_t bits, uint8_t *out)
{
	_mm512_storeu_si512(out, _mm512_maskz_compress_epi8(bits, _mm512_maskz_loadu_epi8(bits, in)));
	return (size_t)__builtin_popcountll(bits);
}

#elif defined LS_ISA_AVX2

#include <immintrin.h>

#define VEC 8
#define PANEL 2
/* 12 accumulators, 2 weights, 1 input, of 16 registers. */
#define TILE_1 12
#define TILE_2 6
#define TILE TILE_2
#define TILE_VECTORS 12
typedef __m256 vec;

INLINE vec vec_load(const float *p)
{
	return _mm256_loadu_ps(p);
}
INLINE vec vec_hold(vec a)
{
	__asm__("" : "+x"(a));
	return a;
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
INLINE vec vec_subtract(vec a, vec b)
{
	return _mm256_sub_ps(a, b);
}
INLINE vec vec_or(vec a, vec b)
{
	return _mm256_or_ps(a, b);
}
INLINE vec vec_bytes(const uint8_t *p)
{
	return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
INLINE uint32_t nonzero_lanes(vec a)
{
	return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_UQ));
}
#define BYTES 32
INLINE uint64_t nonzero_bytes(const uint8_t *p)
{
	__m256i zero = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)p), _mm256_setzero_si256());
	return (uint32_t)~_mm256_movemask_epi8(zero);
}
typedef __m256i words;
INLINE words words_none(void)
{
	return _mm256_setzero_si256();
}
INLINE void words_store(uint32_t *p, words a)
{
	_mm256_storeu_si256((__m256i *)p, a);
}
INLINE words mark_lanes(vec a, uint32_t bit, words marks)
{
	__m256i lanes = _mm256_castps_si256(_mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_UQ));
	return _mm256_or_si256(marks, _mm256_and_si256(lanes, _mm256_set1_epi32((int)bit)));
}
INLINE uint32_t marked_lanes(const uint32_t *p, uint32_t mask)
{
	__m256i marks = _mm256_and_si256(_mm256_loadu_si256((const __m256i *)p), _mm256_set1_epi32((int)mask));
	__m256i none = _mm256_cmpeq_epi32(marks, _mm256_setzero_si256());
	return ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(none)) & 0xff;
}
INLINE vec vec_permute(vec a, const uint32_t *index)
{
	return _mm256_permutevar8x32_ps(a, _mm256_loadu_si256((const __m256i *)index));
}

#elif defined LS_ISA_NEON

#include <arm_neon.h>

#define VEC 4
#define PANEL 2
/* 24 accumulators, 2 weights, of 32 registers. */
#define TILE_1 12
#define TILE_2 12
#define TILE TILE_2
#define TILE_VECTORS 24
typedef float32x4_t vec;

INLINE vec vec_load(const float *p)
{
	return vld1q_f32(p);
}
INLINE vec vec_hold(vec a)
{
	__asm__("" : "+w"(a));
	return a;
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
INLINE vec vec_subtract(vec a, vec b)
{
	return vsubq_f32(a, b);
}
INLINE vec vec_or(vec a, vec b)
{
	return vreinterpretq_f32_u32(vorrq_u32(vreinterpretq_u32_f32(a), vreinterpretq_u32_f32(b)));
}
INLINE vec vec_bytes(const uint8_t *p)
{
	float lanes[VEC];
	for (int i = 0; i < VEC; i++)
		lanes[i] = p[i];
	return vld1q_f32(lanes);
}
typedef uint32x4_t words;
INLINE words words_none(void)
{
	return vdupq_n_u32(0);
}
INLINE void words_store(uint32_t *p, words a)
{
	vst1q_u32(p, a);
}
INLINE words mark_lanes(vec a, uint32_t bit, words marks)
{
	return vorrq_u32(marks, vbicq_u32(vdupq_n_u32(bit), vceqzq_f32(a)));
}
INLINE vec vec_permute(vec a, const uint32_t *index)
{
	float lanes[VEC], out[VEC];
	vst1q_f32(lanes, a);
	for (int i = 0; i < VEC; i++)
		out[i] = lanes[index[i] % VEC];
	return vld1q_f32(out);
}

#else

#include <math.h>
#include <string.h>

#define VEC 4
#define PANEL 2
#define TILE_1 4
#define TILE_2 4
#define TILE TILE_2
#define TILE_VECTORS 8
typedef struct {
	float lane[VEC];
} vec;

INLINE vec vec_load(const float *p)
{
	return (vec){{p[0], p[1], p[2], p[3]}};
}

INLINE vec vec_hold(vec a)
{
	return a;
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
INLINE vec vec_subtract(vec a, vec b)
{
	for (int i = 0; i < VEC; i++)
		a.lane[i] -= b.lane[i];
	return a;
}

INLINE vec vec_or(vec a, vec b)
{
	uint32_t x[VEC], y[VEC];
	memcpy(x, &a, sizeof x);
	memcpy(y, &b, sizeof y);
	for (int i = 0; i < VEC; i++)
		x[i] |= y[i];
	memcpy(&a, x, sizeof a);
	return a;
}

INLINE vec vec_bytes(const uint8_t *p)
{
	return (vec){{p[0], p[1], p[2], p[3]}};
}

typedef struct {
	uint32_t lane[VEC];
} words;

INLINE words words_none(void)
{
	return (words){{0}};
}

INLINE void words_store(uint32_t *p, words a)
{
	for (int i = 0; i < VEC; i++)
		p[i] = a.lane[i];
}

INLINE words mark_lanes(vec a, uint32_t bit, words marks)
{
	for (int i = 0; i < VEC; i++)
		marks.lane[i] |= a.lane[i] != 0 ? bit : 0;
	return marks;
}

INLINE vec vec_permute(vec a, const uint32_t *index)
{
	vec out;
	for (int i = 0; i < VEC; i++)
		out.lane[i] = a.lane[index[i] % VEC];
	return out;
}

#endif

#if defined LS_ISA_AVX512 || defined LS_ISA_AVX2
#define SQUARE 8
INLINE void vec_transpose(const float *from, size_t ld_from, float *to, size_t ld_to)
{
	__m256 row[8], pair[8], quad[8];
	/* clang-format off */
#define EACH(i) for (int i = 0; i < 8; i++)
	EACH(i) row[i] = _mm256_loadu_ps(from + (size_t)i * ld_from);
	EACH(i) pair[i] = i % 2 ? _mm256_unpackhi_ps(row[i - 1], row[i]) : _mm256_unpacklo_ps(row[i], row[i + 1]);
	EACH(i) quad[i] = i % 2 ? _mm256_shuffle_ps(pair[i / 4 * 4 + i / 2 % 2], pair[i / 4 * 4 + i / 2 % 2 + 2], 0xee)
	                        : _mm256_shuffle_ps(pair[i / 4 * 4 + i / 2 % 2], pair[i / 4 * 4 + i / 2 % 2 + 2], 0x44);
	EACH(i) _mm256_storeu_ps(to + (size_t)i * ld_to, i < 4 ? _mm256_permute2f128_ps(quad[i], quad[i + 4], 0x20)
	                                                       : _mm256_permute2f128_ps(quad[i - 4], quad[i], 0x31));
#undef EACH
	/* clang-format on */
}
#else
#define SQUARE 4
INLINE void vec_transpose(const float *from, size_t ld_from, float *to, size_t ld_to)
{
	for (size_t i = 0; i < SQUARE; i++)
		for (size_t r = 0; r < SQUARE; r++)
			to[i * ld_to + r] = from[r * ld_from + i];
}
#endif

#if !defined LS_ISA_AVX512 && !defined LS_ISA_AVX2
#define BYTES 8
INLINE uint64_t nonzero_bytes(const uint8_t *p)
{
	uint64_t x = 0;
	for (int i = 0; i < BYTES; i++)
		x |= (uint64_t)p[i] << 8 * i;
	x |= (x & UINT64_C(0x7f7f7f7f7f7f7f7f)) + UINT64_C(0x7f7f7f7f7f7f7f7f); /* a byte's top bit: it is not 0 */
	x = x >> 7 & UINT64_C(0x0101010101010101);
	return x * UINT64_C(0x0102040810204080) >> 56; /* bit 8 i goes to bit 56 + i */
}
INLINE uint32_t nonzero_lanes(vec a)
{
	float lanes[VEC];
	uint32_t bits = 0;
	vec_store(lanes, a);
	for (int i = 0; i < VEC; i++)
		bits |= (uint32_t)(lanes[i] != 0) << i;
	return bits;
}
INLINE uint32_t marked_lanes(const uint32_t *p, uint32_t mask)
{
	uint32_t bits = 0;
	for (int i = 0; i < VEC; i++)
		bits |= (uint32_t)((p[i] & mask) != 0) << i;
	return bits;
}
#endif

#ifndef LS_ISA_AVX512
INLINE uint32_t list_lanes(uint32_t bits, uint32_t first, uint32_t *index)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < VEC; i++) {
		index[n] = first + i;
		n += bits >> i & 1;
	}
	return n;
}
INLINE uint32_t pick_lanes(uint32_t bits, const uint32_t *from, uint32_t *to)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < VEC; i++) {
		to[n] = from[i];
		n += bits >> i & 1;
	}
	return n;
}
#define PACKS_BYTES 0
#endif

#endif
