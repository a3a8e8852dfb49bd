/* SPDX-License-Identifier: MIT
 *
 * Levels one by one: medians, paired ratios, and the figures that come from a ratio. Each
 * figure is a monotone function of the ratio, so that intervals are mapped end by end.
 */
#include "lockstep/scaling.h"

#include <math.h>
#include <string.h>

#include "arith/philox.h"
#include "base/error.h"
#include "base/memory.h"
#include "study/functions/median.h"

/* ---- Repeated measurements ------------------------------------------------- */

static int is_positive(double x)
{
	return isfinite(x) && x > 0;
}

static lockstep_status check_values(const double *values, size_t n, const char *what, lockstep_error *error)
{
	if (n == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%s: there is no measurement", what);
	for (size_t i = 0; i < n; i++)
		if (!is_positive(values[i]))
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
			                    "%s: measurement %zu of %zu is %g: it has to be finite and above 0", what,
			                    i + 1, n, values[i]);
	return LOCKSTEP_OK;
}

/* Halves first: the sum of two may be too large. */
static double median_of_sorted(const double *values, size_t n)
{
	return n % 2 ? values[n / 2] : values[n / 2 - 1] * 0.5 + values[n / 2] * 0.5;
}

/* Values are sorted on the way. */
static struct lockstep_scaling_summary summarise(double *values, size_t n)
{
	ls_median_sort(values, n);
	struct lockstep_scaling_summary summary = {
	    .n = n, .median = median_of_sorted(values, n), .low = NAN, .high = NAN, .half_width = NAN};
	size_t rank = ls_median_rank(n);
	if (rank) {
		summary.low = values[rank - 1];
		summary.high = values[n - rank];
		summary.half_width = fmax(summary.median - summary.low, summary.high - summary.median) / summary.median;
	}
	return summary;
}

lockstep_status lockstep_scaling_summarise(const double *values, size_t n, struct lockstep_scaling_summary *out,
                                           lockstep_error *error)
{
	lockstep_status status = check_values(values, n, "a median", error);
	if (status)
		return status;
	double *sorted = ls_memory_allocate(n, sizeof *sorted);
	if (!sorted)
		return ls_error_memory(error, "measurements");
	memcpy(sorted, values, n * sizeof *sorted);
	*out = summarise(sorted, n);
	ls_memory_free(sorted);
	return LOCKSTEP_OK;
}

int lockstep_scaling_is_within(const struct lockstep_scaling_summary *summary, double relative)
{
	return summary->half_width <= relative;
}

lockstep_status lockstep_scaling_compare(const double *base, const double *times, size_t n,
                                         struct lockstep_scaling_summary *out, lockstep_error *error)
{
	lockstep_status status = check_values(base, n, "a ratio's baseline", error);
	if (!status)
		status = check_values(times, n, "a ratio's level", error);
	if (status)
		return status;
	double *ratios = ls_memory_allocate(n, sizeof *ratios);
	if (!ratios)
		return ls_error_memory(error, "ratios");
	for (size_t b = 0; b < n; b++)
		ratios[b] = base[b] / times[b];
	status = check_values(ratios, n, "a ratio", error);
	if (!status)
		*out = summarise(ratios, n);
	ls_memory_free(ratios);
	return status;
}

void lockstep_scaling_order(uint64_t seed, uint32_t block, uint32_t n_levels, uint32_t *order)
{
	ls_permutation(n_levels, order, LS_PURPOSE_BLOCK, block, seed);
}

/* ---- Figures --------------------------------------------------------------- */

static struct lockstep_scaling_interval times(const struct lockstep_scaling_interval *x, double factor)
{
	return (struct lockstep_scaling_interval){x->value * factor, x->low * factor, x->high * factor};
}

static struct lockstep_scaling_interval over(const struct lockstep_scaling_interval *x, double divisor)
{
	return (struct lockstep_scaling_interval){x->value / divisor, x->low / divisor, x->high / divisor};
}

static double karp_flatt(double speedup, double k)
{
	return (1 / speedup - 1 / k) / (1 - 1 / k);
}

static double gustafson(double speedup, double k)
{
	return (k - speedup) / (k - 1);
}

/* Of k > 1 both fall as the speed-up rises; of k < 1 they rise. */
static struct lockstep_scaling_interval serial_fraction(double (*f)(double, double),
                                                        const struct lockstep_scaling_interval *speedup, double k)
{
	if (k == 1)
		return (struct lockstep_scaling_interval){NAN, NAN, NAN};
	struct lockstep_scaling_interval s = {f(speedup->value, k), f(speedup->low, k), f(speedup->high, k)};
	if (k > 1)
		s = (struct lockstep_scaling_interval){s.value, s.high, s.low};
	return s;
}

static int is_count(double workers)
{
	return workers >= 1 && workers <= LOCKSTEP_SCALING_WORKERS_MAX;
}

#define RATIO_MAX 0x1p900 /* beyond, or below its inverse, a figure may leave the finite numbers */

static int is_ratio(double x)
{
	return x >= 1 / RATIO_MAX && x <= RATIO_MAX;
}

static lockstep_status check_figures(const struct lockstep_scaling_summary *ratio, double base_workers, double workers,
                                     lockstep_error *error)
{
	if (!is_count(base_workers) || !is_count(workers))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%g workers against %g: numbers of workers are between 1 and 2^30", workers,
		                    base_workers);
	int has_interval = !isnan(ratio->low) || !isnan(ratio->high);
	if (!is_ratio(ratio->median) || (has_interval && !(is_ratio(ratio->low) && is_ratio(ratio->high))))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%g workers: a ratio of %g, %g to %g: it has to be above 0 and finite", workers,
		                    ratio->median, ratio->low, ratio->high);
	return LOCKSTEP_OK;
}

lockstep_status lockstep_scaling_strong(const struct lockstep_scaling_summary *ratio, double base_workers,
                                        double workers, struct lockstep_scaling_figures *out, lockstep_error *error)
{
	lockstep_status status = check_figures(ratio, base_workers, workers, error);
	if (status)
		return status;
	double k = workers / base_workers;
	struct lockstep_scaling_interval speedup = {ratio->median, ratio->low, ratio->high};
	out->speedup = speedup;
	out->efficiency = over(&speedup, k);
	out->serial_fraction = serial_fraction(karp_flatt, &speedup, k);
	return LOCKSTEP_OK;
}

lockstep_status lockstep_scaling_weak(const struct lockstep_scaling_summary *ratio, double base_workers, double workers,
                                      struct lockstep_scaling_figures *out, lockstep_error *error)
{
	lockstep_status status = check_figures(ratio, base_workers, workers, error);
	if (status)
		return status;
	double k = workers / base_workers;
	struct lockstep_scaling_interval efficiency = {ratio->median, ratio->low, ratio->high};
	out->speedup = times(&efficiency, k);
	out->efficiency = efficiency;
	out->serial_fraction = serial_fraction(gustafson, &out->speedup, k);
	return LOCKSTEP_OK;
}
