/* SPDX-License-Identifier: MIT
 *
 * Calibration, blocks and their median.
 */
#include "figure.h"

#include <stdlib.h>

#include "base/error.h"

#define SECONDS_MAX 3600

lockstep_status ls_bench_check(const struct lockstep_bench_options *options, lockstep_error *error)
{
	if (options->seconds > 0 && options->seconds <= SECONDS_MAX)
		return LOCKSTEP_OK;
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%g seconds: a measurement takes more than 0, at most %d",
	                    options->seconds, SECONDS_MAX);
}

/* The first trials are cold, and too slow: n grows by a factor of 10 at most, so
 * that no later block is much longer than was asked for; and by a fifth more
 * than it seems to take, so that the next trial is likely the last. */
lockstep_status ls_bench_calibrate(ls_bench_repeat *repeat, void *context, double seconds, uint64_t *n,
                                   lockstep_error *error)
{
	uint64_t trial = 1;
	for (;;) {
		double taken;
		lockstep_status status = repeat(context, trial, &taken, error);
		if (status)
			return status;
		if (taken >= seconds)
			break;
		double factor = taken > seconds / 8 ? 1.2 * seconds / taken : 10;
		trial = (uint64_t)((double)trial * factor) + 1;
	}
	*n = trial;
	return LOCKSTEP_OK;
}

lockstep_status ls_bench_measure(ls_bench_repeat *repeat, void *context, double seconds,
                                 struct lockstep_bench_figure *figure, lockstep_error *error)
{
	double values[LS_BENCH_BLOCKS];
	uint64_t n;
	lockstep_status status = ls_bench_calibrate(repeat, context, seconds / LS_BENCH_BLOCKS, &n, error);
	for (size_t i = 0; i < LS_BENCH_BLOCKS && !status; i++) {
		status = repeat(context, n, &values[i], error);
		values[i] /= (double)n;
	}
	if (!status)
		*figure = ls_bench_figure(values, LS_BENCH_BLOCKS);
	return status;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct lockstep_bench_figure ls_bench_figure(double *values, size_t n)
{
	qsort(values, n, sizeof *values, compare);
	return (struct lockstep_bench_figure){values[n / 2], values[0], values[n - 1]};
}

struct lockstep_bench_figure ls_bench_rate(struct lockstep_bench_figure seconds, double amount)
{
	return (struct lockstep_bench_figure){amount / seconds.median, amount / seconds.high, amount / seconds.low};
}
