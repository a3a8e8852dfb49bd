/* SPDX-License-Identifier: MIT
 *
 * function_digests sample|all [WAY ...]: SHA-256 of the results of every fp32
 * function over a sample of its inputs (function_inputs.h), or over all 2^32 in
 * the order of their bits, in the form in which doc/numerics.md has it. By the
 * reference and by every table that this CPU runs, or by those of them that are
 * named: what they give must be the same, else this fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arith_tables.h"
#include "base/sha256.h"
#include "fp32_functions.h"
#include "function_inputs.h"
#include "pieces.h"

#define CHUNK 65536
#define ALL_CHUNKS (((uint64_t)UINT32_MAX + 1) / CHUNK)
#define WAYS_MAX (ARITH_TABLES_MAX + 1)

/* Who computes: a table; the reference where it is NULL. */
static const struct ls_arith *ways[WAYS_MAX];
static size_t n_ways;
static uint32_t *sample; /* NULL: all inputs */
static size_t n_sample;

static const char *way_name(size_t i_way)
{
	return ways[i_way] ? ways[i_way]->name : "reference";
}

/* ---- One function, one way ------------------------------------------- */

/* Inputs first .. of the list or of all there are; returns how many. */
static size_t fill_inputs(uint64_t first, float in[CHUNK])
{
	size_t n = sample && n_sample - first < CHUNK ? n_sample - first : CHUNK;
	for (size_t i = 0; i < n; i++)
		in[i] = float_of_bits(sample ? sample[first + i] : (uint32_t)(first + i));
	return n;
}

static void run_piece(void *shared, size_t i_piece)
{
	static float in[CHUNK], out[CHUNK];
	const struct fp32_function *function = &fp32_functions[i_piece % N_FP32_FUNCTIONS];
	const struct ls_arith *table = ways[i_piece / N_FP32_FUNCTIONS];
	uint64_t end = sample ? n_sample : CHUNK * ALL_CHUNKS;
	struct ls_sha256 *hash = ls_sha256_create();
	if (!hash)
		abort();
	for (uint64_t first = 0; first < end; first += CHUNK) {
		size_t n = fill_inputs(first, in);
		if (table)
			function->of(table)(n, in, out);
		for (size_t i = 0; !table && i < n; i++)
			out[i] = function->reference(in[i]);
		ls_sha256_add(hash, out, n * sizeof *out); /* every machine that has a table is little-endian */
		pieces_step();
	}
	ls_sha256_finish(hash, ((char(*)[LS_SHA256_DIGITS + 1]) shared)[i_piece]);
}

/* ---- All of them ----------------------------------------------------- */

/* The line of a function; non-zero when not all ways give the same. */
static int print(size_t i_function, char (*digests)[LS_SHA256_DIGITS + 1])
{
	int failed = 0;
	const char *expected = digests[i_function];
	printf("| %-8s | `%s` |\n", fp32_functions[i_function].name, expected);
	for (size_t way = 1; way < n_ways; way++) {
		const char *digest = digests[way * N_FP32_FUNCTIONS + i_function];
		if (strcmp(digest, expected) == 0)
			continue;
		printf("%s by %s: %s\n", fp32_functions[i_function].name, way_name(way), digest);
		failed = 1;
	}
	return failed;
}

static int run(void)
{
	size_t steps = sample ? (n_sample + CHUNK - 1) / CHUNK : ALL_CHUNKS;
	struct pieces pieces = {
	    .what = "results of the fp32 functions", .n = n_ways * N_FP32_FUNCTIONS, .steps = steps, .run = run_piece};
	pieces.shared = pieces_shared(pieces.n * (LS_SHA256_DIGITS + 1));
	int failed = pieces_run(&pieces);
	printf("| function | SHA-256 of %-55s |\n", sample ? "the sample's results" : "all results");
	printf("| -------- | ------------------------------------------------------------------ |\n");
	for (size_t i = 0; i < N_FP32_FUNCTIONS; i++)
		failed |= print(i, pieces.shared);
	return failed;
}

/* The named ways, or all. */
static int choose_ways(int n_names, char **names)
{
	lockstep_error error;
	if (n_names == 0)
		n_ways = 1 + arith_tables(ways + 1);
	for (int i = 0; i < n_names; i++, n_ways++)
		if (strcmp(names[i], "reference") != 0 && ls_arith_select(&ways[n_ways], names[i], &error)) {
			fprintf(stderr, "function_digests: %s\n", error.message);
			return -1;
		}
	return 0;
}

int main(int argc, char **argv)
{
	int is_sample = argc > 1 && strcmp(argv[1], "sample") == 0;
	if (argc < 2 || argc > 2 + WAYS_MAX || (!is_sample && strcmp(argv[1], "all") != 0)) {
		fputs("usage: function_digests sample|all [WAY ...]\n", stderr);
		return 2;
	}
	if (choose_ways(argc - 2, argv + 2))
		return 2;
	if (is_sample) {
		sample = calloc(FP32_SAMPLE_MAX, sizeof *sample);
		if (!sample)
			abort();
		n_sample = fp32_sample(sample);
	}
	int failed = run();
	free(sample);
	return failed;
}
