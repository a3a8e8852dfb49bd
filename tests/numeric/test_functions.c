/* SPDX-License-Identifier: MIT
 *
 * The functions of every table: bit for bit those of the reference, at any
 * length and place, and close to libm. All 2^32 inputs are the business of
 * function_digests.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arith/functions64.h"
#include "arith_tables.h"
#include "fp32_functions.h"
#include "reference.h"

#define CHUNK 4096
#define STRIDE 1009 /* a prime, so that all low bits occur */

static const struct ls_arith *tables[ARITH_TABLES_MAX];
static size_t n_tables;

static void find_tables(void)
{
	n_tables = arith_tables(tables);
}

TestSuite(functions, .init = find_tables);

/* ---- Values ---------------------------------------------------------- */

static void expect_values(const struct fp32_function *function, const float *in, size_t n)
{
	float out[CHUNK], expected[CHUNK];
	for (size_t i = 0; i < n; i++)
		expected[i] = function->reference(in[i]);
	for (size_t t = 0; t < n_tables; t++) {
		function->of(tables[t])(n, in, out);
		size_t at = first_difference(out, expected, n);
		cr_assert_eq(at, n, "%s of %a by %s is %a and must be %a", function->name, (double)in[at],
		             tables[t]->name, (double)out[at], (double)expected[at]);
	}
}

static void expect_close(const struct fp32_function *function, const float *in, size_t n)
{
	float out[CHUNK];
	function->of(tables[0])(n, in, out);
	for (size_t i = 0; i < n; i++) {
		double error = ulp_error(out[i], function->truth((double)in[i]));
		cr_assert(error <= function->bound, "%s of %a is %a, %.3f ulp off", function->name, (double)in[i],
		          (double)out[i], error);
	}
}

static void expect_all(const float *in, size_t n)
{
	for (size_t f = 0; f < N_FP32_FUNCTIONS; f++) {
		expect_values(&fp32_functions[f], in, n);
		expect_close(&fp32_functions[f], in, n);
	}
}

Test(functions, every_table_equals_the_reference_over_a_stride_of_all_floats)
{
	float in[CHUNK];
	for (uint64_t bits = 0; bits <= UINT32_MAX;) {
		size_t n = 0;
		for (; n < CHUNK && bits <= UINT32_MAX; bits += STRIDE)
			in[n++] = float_of_bits((uint32_t)bits);
		expect_all(in, n);
	}
}

/* Zeros, subnormals, powers of two, the bounds of log's reduction, infinities
 * and NaNs with payloads are among them. */
Test(functions, every_table_equals_the_reference_around_every_exponent)
{
	static const uint32_t mantissas[] = {0,        1,        2,        0x3504f2, 0x3504f3, 0x3504f4,
	                                     0x3fffff, 0x400000, 0x400001, 0x7ffffe, 0x7fffff};
	for (uint32_t exponent = 0; exponent < 256; exponent++) {
		float in[2 * sizeof mantissas / sizeof *mantissas];
		size_t n = 0;
		for (size_t m = 0; m < sizeof mantissas / sizeof *mantissas; m++) {
			in[n++] = float_of_bits(exponent << 23 | mantissas[m]);
			in[n++] = float_of_bits(0x80000000 | exponent << 23 | mantissas[m]);
		}
		expect_all(in, n);
	}
}

Test(functions, every_table_equals_the_reference_around_clamps_and_limits)
{
	static const float centres[] = {104.0f, 103.97208f, 103.27893f, 88.72284f,  87.33654f,  40.0f,
	                                20.0f,  17.328680f, 0.6931472f, 0.3465736f, 1.0397208f, 1.0f};
	for (size_t i = 0; i < sizeof centres / sizeof *centres; i++) {
		float in[2 * 65];
		for (uint32_t k = 0; k < 65; k++) {
			in[k] = float_of_bits(bits_of_float(centres[i]) - 32 + k);
			in[65 + k] = -in[k];
		}
		expect_all(in, 2 * 65);
	}
}

Test(functions, give_one_nan_for_every_nan)
{
	static const uint32_t nans[] = {0x7fc00000, 0xffc00000, 0x7f800001, 0xff800001,
	                                0x7fffffff, 0xffffffff, 0x7fc12345};
	for (size_t t = 0; t < n_tables; t++)
		for (size_t f = 0; f < N_FP32_FUNCTIONS; f++)
			for (size_t i = 0; i < sizeof nans / sizeof *nans; i++) {
				float x = float_of_bits(nans[i]);
				fp32_functions[f].of(tables[t])(1, &x, &x);
				cr_assert_eq(bits_of_float(x), 0x7fc00000, "%s of %08x by %s is %08x",
				             fp32_functions[f].name, nans[i], tables[t]->name, bits_of_float(x));
			}
}

static float one(fp32_map *map, float x)
{
	map(1, &x, &x);
	return x;
}

Test(functions, have_the_values_worked_by_hand)
{
	for (size_t t = 0; t < n_tables; t++) {
		const struct ls_arith *table = tables[t];
		cr_assert_eq(one(table->exp, 0.0f), 1.0f);
		cr_assert_eq(bits_of_float(one(table->exp, -INFINITY)), 0);
		cr_assert_eq(one(table->exp, INFINITY), INFINITY);
		cr_assert_eq(one(table->exp, 88.8f), INFINITY);
		cr_assert_eq(one(table->log, 1.0f), 0.0f);
		cr_assert_eq(one(table->log, 0.0f), -INFINITY);
		cr_assert_eq(one(table->log, -0.0f), -INFINITY);
		cr_assert_eq(one(table->log, INFINITY), INFINITY);
		cr_assert_eq(bits_of_float(one(table->log, -1.0f)), 0x7fc00000);
		cr_assert_eq(bits_of_float(one(table->log, -INFINITY)), 0x7fc00000);
		cr_assert_eq(bits_of_float(one(table->tanh, -0.0f)), 0x80000000);
		cr_assert_eq(one(table->tanh, INFINITY), 1.0f);
		cr_assert_eq(one(table->tanh, -INFINITY), -1.0f);
		cr_assert_eq(one(table->sigmoid, -0.0f), 0.5f);
		cr_assert_eq(bits_of_float(one(table->sigmoid, -INFINITY)), 0);
		cr_assert_eq(one(table->sigmoid, INFINITY), 1.0f);
		cr_assert_eq(one(table->softplus, 1024.0f), 1024.0f);
		cr_assert_eq(one(table->softplus, INFINITY), INFINITY);
		cr_assert_eq(bits_of_float(one(table->softplus, -INFINITY)), 0);
	}
}

/* ---- Length and place ------------------------------------------------ */

#define GUARD 0x7fabcdefu
#define PLACES 96

static void expect_place(const struct fp32_function *function, const struct ls_arith *table, size_t n, size_t offset,
                         size_t offset_out)
{
	float in[PLACES], out[PLACES], expected[PLACES];
	fill_ordinary(in, PLACES, n * 97 + offset);
	fill_with(out, PLACES, float_of_bits(GUARD));
	fill_with(expected, PLACES, float_of_bits(GUARD));
	for (size_t i = 0; i < n; i++)
		expected[offset_out + i] = function->reference(in[offset + i]);
	function->of(table)(n, in + offset, out + offset_out);
	cr_assert_eq(first_difference(out, expected, PLACES), PLACES, "%s by %s of %zu floats, %zu and %zu in",
	             function->name, table->name, n, offset, offset_out);
}

static void expect_in_place(const struct fp32_function *function, const struct ls_arith *table, size_t n, size_t offset)
{
	float values[PLACES], expected[PLACES];
	fill_ordinary(values, PLACES, n * 89 + offset);
	for (size_t i = 0; i < PLACES; i++)
		expected[i] = i >= offset && i < offset + n ? function->reference(values[i]) : values[i];
	function->of(table)(n, values + offset, values + offset);
	cr_assert_eq(first_difference(values, expected, PLACES), PLACES, "%s by %s of %zu floats in place, %zu in",
	             function->name, table->name, n, offset);
}

Test(functions, take_any_length_and_alignment_and_touch_nothing_else)
{
	for (size_t t = 0; t < n_tables; t++)
		for (size_t f = 0; f < N_FP32_FUNCTIONS; f++)
			for (size_t n = 0; n <= 40; n++)
				for (size_t offset = 0; offset < 17; offset++) {
					expect_place(&fp32_functions[f], tables[t], n, offset, 16 - offset);
					expect_in_place(&fp32_functions[f], tables[t], n, offset);
				}
}

/* ---- The checker ----------------------------------------------------- */

Test(functions, error_measure_rejects_what_is_wrong)
{
	cr_assert_eq(ulp_error(1.0f, 1.0), 0);
	cr_assert_eq(ulp_error(0x1.000002p0f, 1.0), 1);
	cr_assert_eq(ulp_error(0x1p-149f, 0), 1);
	cr_assert_eq(ulp_error(INFINITY, INFINITY), 0);
	cr_assert_eq(ulp_error(float_of_bits(0x7fc00000), NAN), 0);
	cr_assert_eq(ulp_error(float_of_bits(0x7fc00001), NAN), INFINITY);
	cr_assert_eq(ulp_error(NAN, 1.0), INFINITY);
	cr_assert_eq(ulp_error(1.0f, NAN), INFINITY);
	cr_assert_eq(ulp_error(FLT_MAX, INFINITY), INFINITY);
	cr_assert_eq(ulp_error(-INFINITY, INFINITY), INFINITY);
	cr_assert(ulp_error(-INFINITY, 0x1p130) > 1e6);
	cr_assert(ulp_error(INFINITY, 1.0) > 1e6);
	cr_assert(ulp_error(0.0f, 1.0) > 1e6);
}

/* ---- Gathering ------------------------------------------------------- */

#define COLUMNS 83 /* not a multiple of any vector */

static uint32_t column_index[256 + LS_ROW_ALIGNMENT], column_starts[256 + 1];
static uint64_t column_bits[LS_BIT_WORDS(256)];
static struct ls_used_columns columns = {.bits = column_bits, .index = column_index, .starts = column_starts};

/* Lists of n columns those whose number is no multiple of `step`, and (for
 * whole vectors without any) none of 32 .. 64. */
static void list_columns(const struct ls_arith *table, size_t n, size_t step)
{
	size_t count = 0;
	memset(column_bits, 0, sizeof column_bits);
	for (size_t i = 0; i < n; i++)
		column_bits[i / 64] |= (uint64_t)(i % step != 0 && (i < 32 || 65 <= i)) << i % 64;
	table->list_columns(n, &columns);
	for (uint32_t i = 0; i < n; i++)
		if (column_bits[i / 64] >> i % 64 & 1)
			cr_assert_eq(column_index[count++], i, "%s", table->name);
	cr_assert_eq(columns.n, count, "%s", table->name);
	cr_assert(0 < count && count < n);
}

Test(functions, byte_quotients_are_rounded_correctly)
{
	uint8_t bytes[256];
	float out[256 + LS_ROW_ALIGNMENT];
	for (uint32_t i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	for (size_t t = 0; t < n_tables; t++) {
		tables[t]->gather_bytes(&(struct ls_gather){.n = 256, .by_255 = 1}, bytes, out);
		for (uint32_t i = 0; i < 256; i++)
			cr_assert_eq(out[i], (float)i / 255.0f, "%s: %u / 255", tables[t]->name, i);
	}
}

/* What a value of column k becomes. */
static float expected_input(const struct ls_gather *gather, float x, size_t k)
{
	if (gather->by_255)
		return x / 255.0f;
	return gather->shift ? (x - gather->shift[k]) * gather->scale[k] : x;
}

/* Gathers a row of bytes and one of floats, and compares every bit. */
static void expect_gathered(const struct ls_arith *table, const struct ls_gather *gather)
{
	uint8_t bytes[COLUMNS];
	float floats[COLUMNS], out[COLUMNS + LS_ROW_ALIGNMENT], expected[2][COLUMNS];
	size_t n_out = gather->columns ? gather->columns->n : COLUMNS;
	fill_sparse(floats, COLUMNS, 1);
	for (uint32_t i = 0; i < COLUMNS; i++)
		bytes[i] = (uint8_t)(i * 77);
	for (size_t j = 0; j < n_out; j++) {
		size_t k = gather->columns ? column_index[j] : j;
		expected[0][j] = expected_input(gather, bytes[k], k);
		expected[1][j] = expected_input(gather, floats[k], k);
	}
	table->gather_bytes(gather, bytes, out);
	cr_assert_eq(first_difference(out, expected[0], n_out), n_out, "%s, bytes", table->name);
	table->gather_floats(gather, floats, out);
	cr_assert_eq(first_difference(out, expected[1], n_out), n_out, "%s, floats", table->name);
}

Test(functions, gathered_rows_are_the_formula_of_all_columns_or_those_in_use)
{
	float shift[COLUMNS], scale[COLUMNS];
	fill_ordinary(shift, COLUMNS, 2);
	fill_ordinary(scale, COLUMNS, 3);
	struct ls_gather kinds[] = {
	    {.n = COLUMNS}, {.n = COLUMNS, .by_255 = 1}, {.n = COLUMNS, .shift = shift, .scale = scale}};
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
			kinds[i].columns = NULL;
			expect_gathered(tables[t], &kinds[i]);
			kinds[i].columns = &columns;
			for (size_t step = 2; step < 20; step++) {
				list_columns(tables[t], COLUMNS, step);
				expect_gathered(tables[t], &kinds[i]);
				columns.packs = 0; /* as on processors without the instruction */
				expect_gathered(tables[t], &kinds[i]);
			}
		}
}

/* Longer than what is packed at a time. */
Test(functions, long_rows_are_gathered_whole)
{
	enum { LONG = 3 * 4096 + 77 };
	static uint32_t index[LONG + LS_ROW_ALIGNMENT], starts[LONG + 1];
	static uint64_t bits[LS_BIT_WORDS(LONG)];
	static uint8_t bytes[LONG];
	static float out[LONG + LS_ROW_ALIGNMENT];
	for (uint32_t i = 0; i < LONG; i++)
		bytes[i] = i % 5 && i % 4096 > 70 ? (uint8_t)(i * 77 | 1) : 0;
	for (size_t t = 0; t < n_tables; t++) {
		struct ls_used_columns used = {.bits = bits, .index = index, .starts = starts};
		memset(bits, 0, sizeof bits);
		tables[t]->mark_bytes(LONG, bytes, bits);
		tables[t]->list_columns(LONG, &used);
		tables[t]->gather_bytes(&(struct ls_gather){.n = LONG, .columns = &used}, bytes, out);
		size_t n = 0;
		for (uint32_t i = 0; i < LONG; i++)
			if (bytes[i])
				cr_assert_eq(out[n++], bytes[i], "%s: column %u", tables[t]->name, i);
		cr_assert_eq(used.n, n, "%s", tables[t]->name);
	}
}

static void expect_marks(const struct ls_arith *table, const uint64_t *marks, uint32_t n)
{
	for (uint32_t i = 0; i < 64 * LS_BIT_WORDS(COLUMNS); i++)
		cr_assert_eq(marks[i / 64] >> i % 64 & 1, (i % 3 == 0 && i < n) || i == 1, "%s: %u of %u", table->name,
		             i, n);
}

/* For every number of columns, since the last ones go another way. */
Test(functions, marked_columns_are_those_with_another_value_than_zero)
{
	uint8_t bytes[COLUMNS];
	float floats[COLUMNS];
	for (uint32_t i = 0; i < COLUMNS; i++) {
		bytes[i] = i % 3 ? 0 : (uint8_t)(i * 77 | 1);
		floats[i] = i % 3 == 0 ? 0x1p-149f : i % 3 == 1 ? -0.0f : 0.0f;
	}
	for (size_t t = 0; t < n_tables; t++)
		for (uint32_t n = 1; n <= COLUMNS; n++) {
			uint64_t of_bytes[LS_BIT_WORDS(COLUMNS)] = {1 << 1},
				 of_floats[LS_BIT_WORDS(COLUMNS)] = {1 << 1};
			tables[t]->mark_bytes(n, bytes, of_bytes);
			tables[t]->mark_floats(n, floats, of_floats);
			expect_marks(tables[t], of_bytes, n);
			expect_marks(tables[t], of_floats, n);
		}
}

/* ---- Functions of double --------------------------------------------- */

static double unit_draw(uint64_t *state)
{
	return (double)(next_number(state) >> 11) * 0x1p-53;
}

#define N_DOUBLES 200000

Test(functions, exp64_and_log64_equal_the_reference_and_are_close_to_libm)
{
	uint64_t state = 5;
	for (size_t i = 0; i < N_DOUBLES; i++) {
		double x = unit_draw(&state) * 1456 - 746;
		cr_assert_eq(ls_exp64(x), reference_exp64(x), "exp64(%a)", x);
		if (x > -708 && x < 709)
			cr_assert(fabs(ls_exp64(x) - exp(x)) <= 0x1p-51 * exp(x), "exp64(%a)", x);
		double y = ldexp(1 + unit_draw(&state), (int)(next_number(&state) % 2046) - 1022);
		cr_assert_eq(ls_log64(y), reference_log64(y), "log64(%a)", y);
		cr_assert(fabs(ls_log64(y) - log(y)) <= 0x1p-51 * fabs(log(y)), "log64(%a)", y);
		y = 0.5 + unit_draw(&state);
		cr_assert_eq(ls_log64(y), reference_log64(y), "log64(%a)", y);
		cr_assert(fabs(ls_log64(y) - log(y)) <= 0x1p-51 * fabs(log(y)), "log64(%a)", y);
	}
}

Test(functions, exp64_is_clamped)
{
	cr_assert_eq(ls_exp64(0), 1);
	cr_assert_eq(ls_exp64(-INFINITY), 0);
	cr_assert_eq(ls_exp64(-746), 0);
	cr_assert_eq(ls_exp64(-1e300), 0);
	cr_assert_eq(ls_exp64(710), INFINITY);
	cr_assert_eq(ls_exp64(1e300), INFINITY);
	cr_assert_eq(ls_log64(1), 0);
}

Test(functions, cospi64_equals_the_reference_and_is_close_to_libm)
{
	const long double pi = 3.14159265358979323846264338327950288L;
	uint64_t state = 6;
	for (size_t i = 0; i < N_DOUBLES; i++) {
		double t = unit_draw(&state);
		cr_assert_eq(ls_cospi64(t), reference_cospi64(t), "cospi64(%a)", t);
		double truth = (double)cosl(pi * (long double)t);
		cr_assert(fabs(ls_cospi64(t) - truth) <= 0x1p-51 * fabs(truth) + 0x1p-60, "cospi64(%a)", t);
	}
	static const double points[] = {0, 0.25, 0.5, 0.75, 1, 0x1p-1074, 0x1.fffffffffffffp-3, 0x1.0000000000001p-2};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		cr_assert_eq(ls_cospi64(points[i]), reference_cospi64(points[i]), "cospi64(%a)", points[i]);
	cr_assert_eq(ls_cospi64(0), 1);
	cr_assert_eq(ls_cospi64(0.5), 0);
	cr_assert_eq(ls_cospi64(1), -1);
}

/* AS 241 states about 1 part in 10^16; the comparison goes through the normal
 * distribution, which is libm's erfc. */
static void expect_normal(uint32_t word)
{
	double p = ((double)word + 0.5) * 0x1p-32, z = ls_normal64(p);
	cr_assert_eq(z, reference_normal64(p), "normal64(%a)", p);
	double back = 0.5 * erfc(-z / sqrt(2.0)), density = exp(-z * z / 2) / sqrt(8 * atan(1.0));
	double error = fabs(back - p) / density;
	cr_assert(error <= 2e-15 * (1 + fabs(z)), "normal64(%a) is %g off", p, error);
}

Test(functions, normal64_equals_the_reference_and_inverts_the_distribution)
{
	for (uint64_t word = 0; word <= UINT32_MAX; word += 20011)
		expect_normal((uint32_t)word);
	for (uint32_t i = 0; i < 100; i++) {
		expect_normal(i);
		expect_normal(0x80000000u - 50 + i);
		expect_normal((uint32_t)(0.075 * 0x1p32) - 50 + i);
		expect_normal((uint32_t)(0.925 * 0x1p32) - 50 + i);
	}
	cr_assert_eq(ls_normal64(0.5), 0);
}
