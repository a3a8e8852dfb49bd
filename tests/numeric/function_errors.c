/* SPDX-License-Identifier: MIT
 *
 * function_errors: maximal error, in units in the last place, of the fp32
 * functions of the arithmetic contract against libm's in double, as the
 * reference trainer computes them.
 *
 *	function_errors          every 257th float
 *	function_errors --all    all 2^32 of them, with the SHA-256 of the results
 *	                         (little-endian, in the order of the inputs' bits)
 *
 * Double's own error is below 2^-28 ulp of fp32. A result that is NaN where
 * it should not be (or the other way round), that is a NaN other than
 * 0x7fc00000, or that is infinite where the true value is far from it, counts
 * as an infinite error and fails the program.
 */
#include "reference.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRIDE 257
#define CHUNK 65536

struct function {
	const char *name;
	float (*measured)(float);
	double (*truth)(double);
	double bound; /* in ulp */
};

static double sigmoid_truth(double x)
{
	return x < 0.0 ? exp(x) / (1.0 + exp(x)) : 1.0 / (1.0 + exp(-x));
}

static double softplus_truth(double x)
{
	return (x < 0.0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}

static const struct function functions[] = {{"exp", reference_exp, exp, 1.1},
                                            {"log", reference_log, log, 0.9},
                                            {"sigmoid", reference_sigmoid, sigmoid_truth, 2.5},
                                            {"tanh", reference_tanh, tanh, 2.5},
                                            {"softplus", reference_softplus, softplus_truth, 2.0}};
#define N_FUNCTIONS (sizeof functions / sizeof functions[0])

/* Distance of two fp32 at the size of x; 2^-149 below the normal numbers. */
static double ulp_at(double x)
{
	int exponent = x == 0.0 ? -126 : ilogb(x);
	exponent = exponent < -126 ? -126 : exponent > 127 ? 127 : exponent;
	return ldexp(1.0, exponent - 23);
}

static double error_of(float y, double truth)
{
	if (isnan(y) || isnan(truth)) {
		uint32_t bits;
		memcpy(&bits, &y, sizeof bits);
		return isnan(truth) && bits == 0x7fc00000 ? 0.0 : INFINITY;
	}
	if (isinf(truth))
		return (double)y == truth ? 0.0 : INFINITY;
	/* Infinity stands for 2^128 and all above, in its own direction. */
	double value = isinf(y) ? copysign(0x1p128, y) : (double)y;
	double target = fabs(truth) > 0x1p128 ? copysign(0x1p128, truth) : truth;
	return fabs(value - target) / ulp_at(target);
}

struct measurement {
	double worst;
	float worst_at;
};

static void compare(const struct function *function, uint32_t bits, float *result, struct measurement *measurement)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	*result = function->measured(x);
	double error = error_of(*result, function->truth((double)x));
	if (error > measurement->worst) {
		measurement->worst = error;
		measurement->worst_at = x;
	}
}

/* Non-zero when the error is above the function's bound. */
static int report(const struct function *function, const struct measurement *measurement, const char *digest)
{
	int failed = !(measurement->worst <= function->bound);
	printf("%-8s %.4f ulp at %a%s%s%s\n", function->name, measurement->worst, (double)measurement->worst_at, digest,
	       failed ? "  above the bound" : "", failed ? "!" : "");
	fflush(stdout);
	return failed;
}

static int sample(const struct function *function)
{
	struct measurement measurement = {0.0, 0.0f};
	float result;
	for (uint64_t bits = 0; bits <= UINT32_MAX; bits += STRIDE)
		compare(function, (uint32_t)bits, &result, &measurement);
	return report(function, &measurement, "");
}

static int all(const struct function *function)
{
	static float results[CHUNK];
	struct measurement measurement = {0.0, 0.0f};
	char digest[REFERENCE_HEX + 2] = "  ";
	void *hash = reference_hash_begin();
	for (uint64_t chunk = 0; chunk <= UINT32_MAX; chunk += CHUNK) {
		for (uint32_t i = 0; i < CHUNK; i++)
			compare(function, (uint32_t)chunk + i, &results[i], &measurement);
		reference_hash_add_floats(hash, results, CHUNK);
	}
	reference_hash_finish(hash, digest + 2);
	return report(function, &measurement, digest);
}

/* Every second function from `first` on. */
static int all_of_half(size_t first)
{
	int failed = 0;
	for (size_t i = first; i < N_FUNCTIONS; i += 2)
		failed |= all(&functions[i]);
	return failed;
}

static int all_in_two_processes(void)
{
	int status;
	pid_t child = fork();
	if (child < 0) {
		perror("function_errors: fork");
		return 1;
	}
	if (child == 0)
		_exit(all_of_half(1));
	int failed = all_of_half(0);
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status))
		failed = 1;
	return failed;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--all") == 0)
		return all_in_two_processes();
	if (argc != 1) {
		fputs("usage: function_errors [--all]\n", stderr);
		return 2;
	}
	int failed = 0;
	for (size_t i = 0; i < N_FUNCTIONS; i++)
		failed |= sample(&functions[i]);
	return failed;
}
