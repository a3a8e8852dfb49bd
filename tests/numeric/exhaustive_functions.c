/* SPDX-License-Identifier: MIT
 *
 * exhaustive_functions: all 2^32 inputs of every fp32 function, by every table
 * of this build that the CPU runs (or those named), in two processes.
 *
 *	exhaustive_functions FILE [TABLE ...]
 *
 * A line is SHA-256 of all results (little-endian, in the order of the inputs'
 * bits), function, table. FILE holds what the hashes must be, its lines being
 * the first two columns; any other hash, or a function without one, fails.
 * The first table's lines end with the largest error against libm's double in
 * ulp and where it is. That error is exact to a few of double's ulp, except
 * that no statement is made about an infinity's distance above 2^128.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arith_tables.h"
#include "base/sha256.h"
#include "fp32_functions.h"

#define CHUNK 65536
#define N_PROCESSES 2

struct worst {
	double error;
	float at;
};

static void find_worst(const struct fp32_function *function, const float *in, const float *out, struct worst *worst)
{
	for (size_t i = 0; i < CHUNK; i++) {
		double error = ulp_error(out[i], function->truth((double)in[i]));
		if (error > worst->error)
			*worst = (struct worst){error, in[i]};
	}
}

/* Runs all inputs; worst may be NULL. */
static void digest_all(const struct fp32_function *function, const struct ls_arith *table, struct worst *worst,
                       char digest[LS_SHA256_DIGITS + 1])
{
	static float in[CHUNK], out[CHUNK];
	struct ls_sha256 *hash = ls_sha256_create();
	if (!hash)
		abort();
	for (uint64_t first = 0; first <= UINT32_MAX; first += CHUNK) {
		for (size_t i = 0; i < CHUNK; i++)
			in[i] = float_of_bits((uint32_t)(first + i));
		function->of(table)(CHUNK, in, out);
		ls_sha256_add(hash, out, sizeof out);
		if (worst)
			find_worst(function, in, out, worst);
	}
	ls_sha256_finish(hash, digest);
}

/* Whether the file holds the digest for the function. */
static int is_expected(const char *path, const char *name, const char *digest)
{
	char found_digest[LS_SHA256_DIGITS + 1], found_name[16];
	int expected = 0;
	FILE *file = fopen(path, "r");
	while (file && fscanf(file, "%64s %15s", found_digest, found_name) == 2)
		expected |= strcmp(found_name, name) == 0 && strcmp(found_digest, digest) == 0;
	if (file)
		fclose(file);
	return expected;
}

/* Non-zero when it fails. */
static int run(const struct fp32_function *function, const struct ls_arith *table, int measure, const char *path)
{
	char digest[LS_SHA256_DIGITS + 1], measured[64] = "";
	struct worst worst = {0, 0};
	digest_all(function, table, measure ? &worst : NULL, digest);
	if (measure)
		snprintf(measured, sizeof measured, "  %.4f ulp at %a", worst.error, (double)worst.at);
	int failed = !(worst.error <= function->bound) || !is_expected(path, function->name, digest);
	printf("%s  %-8s  %-8s%s%s\n", digest, function->name, table->name, measured, failed ? "  FAILED" : "");
	fflush(stdout);
	return failed;
}

/* Every N_PROCESSES-th pair of a table and a function. */
static int run_share(const struct ls_arith *const *tables, size_t n_tables, const char *path, size_t i_process)
{
	int failed = 0;
	for (size_t i = i_process; i < n_tables * N_FP32_FUNCTIONS; i += N_PROCESSES) {
		size_t i_table = i / N_FP32_FUNCTIONS;
		failed |= run(&fp32_functions[i % N_FP32_FUNCTIONS], tables[i_table], i_table == 0, path);
	}
	return failed;
}

static int run_all(const struct ls_arith *const *tables, size_t n_tables, const char *path)
{
	int status, failed = 0;
	for (size_t i = 1; i < N_PROCESSES; i++) {
		pid_t child = fork();
		if (child < 0)
			abort();
		if (child == 0)
			_exit(run_share(tables, n_tables, path, i));
	}
	failed |= run_share(tables, n_tables, path, 0);
	while (wait(&status) > 0)
		failed |= !WIFEXITED(status) || WEXITSTATUS(status);
	return failed;
}

int main(int argc, char **argv)
{
	const struct ls_arith *tables[ARITH_TABLES_MAX];
	size_t n_tables = 0;
	lockstep_error error;

	if (argc < 2 || argc > 2 + ARITH_TABLES_MAX) {
		fputs("usage: exhaustive_functions FILE [TABLE ...]\n", stderr);
		return 2;
	}
	if (argc == 2)
		n_tables = arith_tables(tables);
	for (int i = 2; i < argc; i++)
		if (ls_arith_select(&tables[n_tables++], argv[i], &error)) {
			fprintf(stderr, "exhaustive_functions: %s\n", error.message);
			return 2;
		}
	return run_all(tables, n_tables, argv[1]);
}
