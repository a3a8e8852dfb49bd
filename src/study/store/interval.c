/* SPDX-License-Identifier: MIT
 *
 * Sums in a fixed order, so that they have the same bits everywhere.
 */
#include "interval.h"

#include <math.h>
#include <string.h>

#include "study/functions/median.h"
#include "study/functions/student.h"

static size_t drop_nan(double *values, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!isnan(values[i]))
			values[kept++] = values[i];
	return kept;
}

static double mean(const double *values, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum / (double)n;
}

double ls_aggregate_values(const char *aggregate, double *values, size_t n)
{
	n = drop_nan(values, n);
	if (n == 0)
		return NAN;
	if (strcmp(aggregate, "mean") == 0)
		return mean(values, n);
	ls_median_sort(values, n);
	if (strcmp(aggregate, "min") == 0)
		return values[0];
	if (strcmp(aggregate, "max") == 0)
		return values[n - 1];
	return n % 2 ? values[n / 2] : mean(values + n / 2 - 1, 2);
}

static double deviation(const double *values, size_t n, double middle)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (values[i] - middle) * (values[i] - middle);
	return sqrt(sum / (double)(n - 1));
}

void ls_aggregate_interval(const char *aggregate, double *values, size_t n, double *low, double *high)
{
	*low = *high = NAN;
	if (drop_nan(values, n) < n)
		return;
	ls_median_sort(values, n);
	size_t rank = strcmp(aggregate, "median") == 0 ? ls_median_rank(n) : 0;
	if (rank) {
		*low = values[rank - 1];
		*high = values[n - rank];
	} else if (strcmp(aggregate, "mean") == 0 && n > 1) {
		double middle = mean(values, n);
		double error = deviation(values, n, middle) / sqrt((double)n);
		double half = error > 0 ? ls_student_quantile(0.975, (double)(n - 1)) * error : error;
		*low = middle - half;
		*high = middle + half;
	}
}
