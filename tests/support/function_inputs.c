/* SPDX-License-Identifier: MIT
 *
 * The inputs of the largest errors stand here because the long form found them;
 * when it finds others, they belong here.
 */
#include "function_inputs.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "arith_tables.h"

#define STRIDE 4099 /* a prime */
#define AROUND 64
#define LN2 0x1.62e42fefa39efp-1
#define SIGN_BIT 0x80000000u

/* ---- fp32 ------------------------------------------------------------ */

struct sample {
	uint32_t *bits;
	size_t n;
};

static void add_around(struct sample *sample, uint32_t centre)
{
	for (uint32_t i = 0; i < AROUND; i++)
		sample->bits[sample->n++] = centre - AROUND / 2 + i;
}

static void add_both_signs(struct sample *sample, float centre)
{
	add_around(sample, bits_of_float(centre));
	add_around(sample, bits_of_float(centre) ^ SIGN_BIT);
}

static void add_worst(struct sample *sample)
{
	static const float worst[] = {-0x1.78e2fcp+2f, 0x1.665aa6p-1f, 0x1.fd0794p-8f, -0x1.0a111ap+2f,
	                              -0x1.78f4d8p+2f};
	for (size_t i = 0; i < sizeof worst / sizeof *worst; i++)
		sample->bits[sample->n++] = bits_of_float(worst[i]);
}

/* Where an exponent begins: zeros, subnormals, infinities and NaNs among them;
 * and where log takes the next one. */
static void add_exponents(struct sample *sample)
{
	for (uint32_t e = 0; e < 256; e++)
		for (uint32_t sign = 0; sign < 2; sign++) {
			add_around(sample, sign << 31 | e << 23);
			add_around(sample, (sign << 31 | e << 23) + 0x3504f3);
		}
}

/* Where n of reduce() goes to the next integer: of exp, and of tanh. */
static void add_reductions(struct sample *sample)
{
	for (int k = 0; k <= 150; k++) {
		double x = (k + 0.5) * LN2;
		add_both_signs(sample, (float)x);
		add_both_signs(sample, (float)(x / 2));
	}
}

/* Clamps; exp's largest and smallest results, normal and subnormal ones. */
static void add_limits(struct sample *sample)
{
	static const float limits[] = {104.0f, 40.0f, 20.0f, 88.72284f, 87.33654f, 103.97208f, 103.27893f, 17.32868f};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		add_both_signs(sample, limits[i]);
}

size_t fp32_sample(uint32_t bits[FP32_SAMPLE_MAX])
{
	struct sample sample = {bits, 0};
	add_worst(&sample);
	add_limits(&sample);
	add_reductions(&sample);
	add_exponents(&sample);
	for (uint64_t pattern = 0; pattern <= UINT32_MAX; pattern += STRIDE)
		bits[sample.n++] = (uint32_t)pattern;
	return sample.n;
}

/* ---- double ---------------------------------------------------------- */

static double double_of_bits(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* In [0, 1). */
static double fraction(uint64_t number)
{
	return (double)(number >> 11) * 0x1p-53;
}

/* 2^-below to 2^above in size, every exponent as likely. */
static double any_size(uint64_t *state, uint64_t below, uint64_t above)
{
	uint64_t exponent = 1023 - below + next_number(state) % (below + above);
	return double_of_bits(exponent << 52 | next_number(state) >> 12);
}

static double exp64_point(uint64_t i, uint64_t *state)
{
	if (i % 2)
		return fraction(next_number(state)) * 1456 - 746;
	double x = any_size(state, 60, 9);
	return i % 4 ? x : -x;
}

static double log64_point(uint64_t i, uint64_t *state)
{
	uint64_t number = next_number(state);
	if (i % 2)
		return double_of_bits((UINT64_C(1) << 52) + number % (UINT64_C(2046) << 52));
	return double_of_bits((UINT64_C(1022) << 52) + number % (UINT64_C(2) << 52)); /* 0.5 to 2 */
}

static double cospi64_point(uint64_t i, uint64_t *state)
{
	if (i % 2)
		return fraction(next_number(state));
	double t = any_size(state, 60, 0) / 2;
	return i % 4 ? t : i % 8 ? 0.5 - t : 1 - t;
}

static double normal64_argument(uint32_t draw)
{
	return ((double)draw + 0.5) * 0x1p-32;
}

double function64_point(enum function64 function, uint64_t i)
{
	uint64_t state = i * 2 + 1;
	switch (function) {
	case FUNCTION_EXP64:
		return exp64_point(i, &state);
	case FUNCTION_LOG64:
		return log64_point(i, &state);
	case FUNCTION_COSPI64:
		return cospi64_point(i, &state);
	default:
		return normal64_argument((uint32_t)(429 * i));
	}
}

struct points {
	double *x;
	size_t n;
};

/* A number and its two neighbours. */
static void add_neighbours(struct points *points, double x)
{
	points->x[points->n++] = nextafter(x, -INFINITY);
	points->x[points->n++] = x;
	points->x[points->n++] = nextafter(x, INFINITY);
}

static void add_exp64(struct points *points)
{
	static const double limits[] = {
	    0, -746, 710, 709.782712893384, -708.3964185322641, -745.1332191019412, -744.4400719213812};
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		add_neighbours(points, limits[i]);
	for (int k = -1075; k <= 1023; k++)
		add_neighbours(points, (k + 0.5) * LN2);
}

static void add_log64(struct points *points)
{
	points->x[points->n++] = DBL_MIN;
	points->x[points->n++] = DBL_MAX;
	for (int e = -1021; e <= 1023; e++) {
		add_neighbours(points, ldexp(1, e));
		add_neighbours(points, ldexp(double_of_bits(0x3fe6a09e667f3bcd), e));
	}
}

static void add_cospi64(struct points *points)
{
	static const double places[] = {0.25, 0.5, 0.75};
	points->x[points->n++] = 0;
	points->x[points->n++] = 1;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		add_neighbours(points, places[i]);
	for (int e = -60; e <= -2; e++) {
		points->x[points->n++] = ldexp(1, e);
		points->x[points->n++] = 0.5 - ldexp(1, e);
		points->x[points->n++] = 0.5 + ldexp(1, e);
	}
}

/* Around the ends, the middle, and 0.075 and 0.925, where the two regions meet. */
static void add_normal64(struct points *points)
{
	static const uint32_t draws[] = {0, 322122547, 0x80000000u, 3972844748u};
	for (size_t i = 0; i < sizeof draws / sizeof *draws; i++)
		for (uint32_t k = 0; k < 200; k++)
			points->x[points->n++] = normal64_argument(draws[i] + k - 100);
}

size_t function64_special(enum function64 function, double x[FUNCTION64_SPECIAL_MAX])
{
	static void (*const add[])(struct points *) = {add_exp64, add_log64, add_cospi64, add_normal64};
	static const double worst[N_FUNCTIONS64] = {-0x1.558b883117c7bp+9, 0x1.69040a44aa22bp-1, 0x1.29081edd3ecedp-1,
	                                            0x1.415820b6p-2};
	struct points points = {x, 0};
	points.x[points.n++] = worst[function];
	add[function](&points);
	return points.n;
}
