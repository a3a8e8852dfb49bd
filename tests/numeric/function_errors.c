/* SPDX-License-Identifier: MIT
 *
 * function_errors sample|all: the largest error of every fp32 function, in units
 * in the last place, and where it is, over a sample of its inputs
 * (function_inputs.h; the worst of all are among them) or over all 2^32, in the
 * form in which doc/numerics.md has it.
 *
 * An error is measured against libm's double first. That one's own error is
 * taken to be below LIBM_ERROR of its value: thousands of times what glibc
 * documents, and looked at by MPFR for every LIBM_STRIDE-th input (what is below
 * 2^-1000 is 0 to an fp32 and not looked at). With it and
 * the unit in the last place of the smallest value that the true one can have,
 * there is an upper bound of the error. Where that is below an error that is
 * proven, the input cannot be the worst; everywhere else MPFR decides. So the
 * largest error is MPFR's to all digits shown, whatever libm rounds wrongly.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith_tables.h"
#include "exact.h"
#include "fp32_functions.h"
#include "function_inputs.h"
#include "pieces.h"

#define CHUNK 65536
#define RANGES 256 /* of all inputs: pieces of a function */
#define RANGE_CHUNKS (((uint64_t)UINT32_MAX + 1) / RANGES / CHUNK)
#define LIBM_ERROR 0x1p-40
#define LIBM_STRIDE 4099
#define LIBM_STRIDE_SAMPLE (4099 * 61) /* most of the sample are multiples of 4099 */

static const enum exact_function exact_functions[N_FP32_FUNCTIONS] = {EXACT_EXP, EXACT_LOG, EXACT_TANH, EXACT_SIGMOID,
                                                                      EXACT_SOFTPLUS};
static const struct ls_arith *table;
static uint32_t libm_stride = LIBM_STRIDE_SAMPLE;

/* The largest error that is proven, and the first input that has it. */
struct worst {
	double error;
	uint32_t bits;
	int libm_failed;
};

static int is_worse(const struct worst *a, const struct worst *b)
{
	return a->error > b->error || (a->error == b->error && a->bits < b->bits);
}

/* ---- Some inputs ----------------------------------------------------- */

/* Not below the true error of y, when the truth's is below LIBM_ERROR. */
static double upper_bound(float y, double truth)
{
	double least = truth * (1 - LIBM_ERROR);
	if (!isfinite(truth) || !isfinite(y) || fabs(truth) >= 0x1p128)
		return INFINITY;
	return (fabs((double)y - truth) + fabs(truth) * LIBM_ERROR) * ulps_in_one(least);
}

static void look(size_t i_function, float x, float y, struct worst *worst)
{
	struct worst here = {.bits = bits_of_float(x)};
	here.error = exact_error(exact_functions[i_function], &exact_fp32, (double)x, (double)y);
	if (is_worse(&here, worst)) {
		worst->error = here.error;
		worst->bits = here.bits;
	}
}

/* Infinite results and those that are none are not for libm to judge, but of
 * these there are many: MPFR is asked where they are anything but plain. */
static int is_plainly_right(float y, double truth)
{
	if (isnan(truth) || isinf(truth))
		return isnan(truth) ? isnan(y) : (double)y == truth;
	return truth > 0x1.0001p128 && (double)y == INFINITY;
}

static void look_at_all(size_t i_function, size_t n, const float *in, struct worst *worst)
{
	static float out[CHUNK];
	const struct fp32_function *function = &fp32_functions[i_function];
	function->of(table)(n, in, out);
	for (size_t i = 0; i < n; i++) {
		double truth = function->truth((double)in[i]);
		if (bits_of_float(in[i]) % libm_stride == 0 && isfinite(truth) && fabs(truth) >= 0x1p-1000)
			worst->libm_failed |=
			    !(exact_relative(exact_functions[i_function], (double)in[i], truth) <= LIBM_ERROR / 64);
		if (!is_plainly_right(out[i], truth) && upper_bound(out[i], truth) >= worst->error)
			look(i_function, in[i], out[i], worst);
	}
}

/* ---- The sample ------------------------------------------------------ */

static void look_at_sample(size_t i_function, struct worst *worst)
{
	static float in[FP32_SAMPLE_MAX];
	static uint32_t bits[FP32_SAMPLE_MAX];
	size_t n = fp32_sample(bits);
	for (size_t i = 0; i < n; i++)
		in[i] = float_of_bits(bits[i]);
	for (size_t first = 0; first < n; first += CHUNK)
		look_at_all(i_function, n - first < CHUNK ? n - first : CHUNK, in + first, worst);
}

static void run_sample(void *shared, size_t i_piece)
{
	look_at_sample(i_piece, (struct worst *)shared + i_piece);
	pieces_step();
	exact_end();
}

/* ---- All inputs ------------------------------------------------------ */

/* Starts from the sample's worst, which is proven: few inputs come near it. */
static void run_range(void *shared, size_t i_piece)
{
	static float in[CHUNK];
	struct worst *worst = (struct worst *)shared + i_piece;
	size_t i_function = i_piece % N_FP32_FUNCTIONS;
	uint64_t first = i_piece / N_FP32_FUNCTIONS * RANGE_CHUNKS * CHUNK;
	for (uint64_t chunk = 0; chunk < RANGE_CHUNKS; chunk++, first += CHUNK) {
		for (size_t i = 0; i < CHUNK; i++)
			in[i] = float_of_bits((uint32_t)(first + i));
		look_at_all(i_function, CHUNK, in, worst);
		pieces_step();
	}
	exact_end();
}

static int run_all(struct worst *worst)
{
	struct pieces pieces = {.what = "errors of the fp32 functions",
	                        .n = RANGES * N_FP32_FUNCTIONS,
	                        .steps = RANGE_CHUNKS,
	                        .run = run_range};
	struct worst *found = pieces.shared = pieces_shared(pieces.n * sizeof *found);
	libm_stride = LIBM_STRIDE;
	for (size_t i = 0; i < pieces.n; i++)
		found[i] = worst[i % N_FP32_FUNCTIONS];
	int failed = pieces_run(&pieces);
	for (size_t i = 0; i < pieces.n; i++) {
		int libm_failed = worst[i % N_FP32_FUNCTIONS].libm_failed | found[i].libm_failed;
		if (is_worse(&found[i], &worst[i % N_FP32_FUNCTIONS]))
			worst[i % N_FP32_FUNCTIONS] = found[i];
		worst[i % N_FP32_FUNCTIONS].libm_failed = libm_failed;
	}
	return failed;
}

/* ---- Report ---------------------------------------------------------- */

static int print(const struct fp32_function *function, const struct worst *worst)
{
	printf("| %-8s | %-13.4f | %-16a |\n", function->name, worst->error, (double)float_of_bits(worst->bits));
	if (worst->libm_failed)
		printf("%s of libm is too far from MPFR's\n", function->name);
	if (!exact_is_settled(worst->error))
		printf("%s: %.17g is too near to other digits\n", function->name, worst->error);
	return worst->libm_failed || !exact_is_settled(worst->error) || !(worst->error <= function->bound);
}

int main(int argc, char **argv)
{
	int is_all = argc == 2 && strcmp(argv[1], "all") == 0;
	if (argc != 2 || (!is_all && strcmp(argv[1], "sample") != 0)) {
		fputs("usage: function_errors sample|all\n", stderr);
		return 2;
	}
	if (ls_arith_select(&table, NULL, NULL))
		return 2;
	struct pieces pieces = {
	    .what = "errors of the fp32 functions, sample", .n = N_FP32_FUNCTIONS, .steps = 1, .run = run_sample};
	struct worst *worst = pieces.shared = pieces_shared(pieces.n * sizeof *worst);
	int failed = pieces_run(&pieces);
	if (is_all)
		failed |= run_all(worst);
	puts("| function | largest error | at               |\n| -------- | ------------- | ---------------- |");
	for (size_t i = 0; i < N_FP32_FUNCTIONS; i++)
		failed |= print(&fp32_functions[i], &worst[i]);
	return failed;
}
