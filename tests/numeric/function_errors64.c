/* SPDX-License-Identifier: MIT
 *
 * function_errors64 sample|all: the largest error of every function of double of
 * the contract, in units in double's last place, against MPFR, and where it is:
 * over special points (function_inputs.h; the worst are among them) and all of
 * ten million others, or every thousandth of these, in the form in which
 * doc/numerics.md has it. The library's and the reference's must be one.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith/functions64.h"
#include "exact.h"
#include "function_inputs.h"
#include "pieces.h"
#include "reference.h"

#define PIECE_POINTS 50000
#define SAMPLE_STRIDE 1000

struct function {
	const char *name;
	double (*library)(double x), (*reference)(double x);
	enum exact_function truth;
	double bound; /* in ulp */
};

static const struct function functions[N_FUNCTIONS64] = {
    [FUNCTION_EXP64] = {"exp64", ls_exp64, reference_exp64, EXACT_EXP, 2},
    [FUNCTION_LOG64] = {"log64", ls_log64, reference_log64, EXACT_LOG, 2},
    [FUNCTION_COSPI64] = {"cospi64", ls_cospi64, reference_cospi64, EXACT_COSPI, 4},
    [FUNCTION_NORMAL64] = {"normal64", ls_normal64, reference_normal64, EXACT_NORMAL, 16},
};

/* Of some points: the largest error, and the smallest point that has it. */
struct worst {
	double error, at;
	int differs;
};

static int is_worse(const struct worst *a, const struct worst *b)
{
	return !(a->error <= b->error) || (a->error == b->error && a->at < b->at);
}

static void look(const struct function *function, double x, struct worst *worst)
{
	double y = function->library(x), reference = function->reference(x);
	struct worst here = {.at = x, .error = exact_error(function->truth, &exact_double, x, y)};
	worst->differs |= memcmp(&y, &reference, sizeof y) != 0;
	if (is_worse(&here, worst)) {
		worst->error = here.error;
		worst->at = x;
	}
}

static void run_special(void *shared, size_t i_piece)
{
	static double points[FUNCTION64_SPECIAL_MAX];
	size_t n = function64_special((enum function64)i_piece, points);
	struct worst *worst = (struct worst *)shared + i_piece;
	worst->at = points[0];
	for (size_t i = 0; i < n; i++)
		look(&functions[i_piece], points[i], worst);
	for (uint64_t i = 0; i < FUNCTION64_POINTS; i += SAMPLE_STRIDE)
		look(&functions[i_piece], function64_point((enum function64)i_piece, i), worst);
	pieces_step();
	exact_end();
}

static void run_points(void *shared, size_t i_piece)
{
	struct worst *worst = (struct worst *)shared + i_piece;
	enum function64 function = (enum function64)(i_piece % N_FUNCTIONS64);
	uint64_t first = i_piece / N_FUNCTIONS64 * PIECE_POINTS;
	for (uint64_t i = first; i < first + PIECE_POINTS; i++)
		look(&functions[function], function64_point(function, i), worst);
	pieces_step();
	exact_end();
}

static int run_all(struct worst *worst)
{
	struct pieces pieces = {.what = "errors of the functions of double",
	                        .n = FUNCTION64_POINTS / PIECE_POINTS * N_FUNCTIONS64,
	                        .steps = 1,
	                        .run = run_points};
	struct worst *found = pieces.shared = pieces_shared(pieces.n * sizeof *found);
	for (size_t i = 0; i < pieces.n; i++)
		found[i] = worst[i % N_FUNCTIONS64];
	int failed = pieces_run(&pieces);
	for (size_t i = 0; i < pieces.n; i++) {
		int differs = worst[i % N_FUNCTIONS64].differs | found[i].differs;
		if (is_worse(&found[i], &worst[i % N_FUNCTIONS64]))
			worst[i % N_FUNCTIONS64] = found[i];
		worst[i % N_FUNCTIONS64].differs = differs;
	}
	return failed;
}

static int print(const struct function *function, const struct worst *worst)
{
	printf("| %-8s | %-13.4f | %-23a |\n", function->name, worst->error, worst->at);
	if (worst->differs)
		printf("%s: the library's and the reference's differ\n", function->name);
	if (!exact_is_settled(worst->error))
		printf("%s: %.17g is too near to other digits\n", function->name, worst->error);
	return worst->differs || !exact_is_settled(worst->error) || !(worst->error <= function->bound);
}

int main(int argc, char **argv)
{
	int is_all = argc == 2 && strcmp(argv[1], "all") == 0;
	if (argc != 2 || (!is_all && strcmp(argv[1], "sample") != 0)) {
		fputs("usage: function_errors64 sample|all\n", stderr);
		return 2;
	}
	struct pieces pieces = {
	    .what = "errors of the functions of double, sample", .n = N_FUNCTIONS64, .steps = 1, .run = run_special};
	struct worst *worst = pieces.shared = pieces_shared(pieces.n * sizeof *worst);
	int failed = pieces_run(&pieces);
	if (is_all)
		failed |= run_all(worst);
	puts("| function | largest error | at                      |\n"
	     "| -------- | ------------- | ----------------------- |");
	for (size_t i = 0; i < N_FUNCTIONS64; i++)
		failed |= print(&functions[i], &worst[i]);
	return failed;
}
