/* SPDX-License-Identifier: MIT
 *
 * Binomial coefficients from the lowest up, divided by 2^n only where they are compared.
 */
#include "median.h"

#include <math.h>
#include <stdlib.h>

#define STEP_DOWN 500 /* a power of two that keeps the coefficients far from the largest double */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

void ls_median_sort(double *values, size_t n)
{
	qsort(values, n, sizeof *values, compare);
}

/* Largest k with 2 P(X < k) <= 0.05, X binomial of n and 1/2. */
size_t ls_median_rank(size_t n)
{
	double term = 1, tail = 1; /* 2^left P(X = k), 2^left P(X <= k) */
	int left = n < 1 << 30 ? (int)n : 1 << 30;
	size_t k = 0;
	while (ldexp(2 * tail, -left) <= 0.05) {
		k++;
		term = term * (double)(n - k + 1) / (double)k;
		tail += term;
		if (tail > 0x1p500) {
			term = ldexp(term, -STEP_DOWN);
			tail = ldexp(tail, -STEP_DOWN);
			left -= STEP_DOWN;
		}
	}
	return k;
}
