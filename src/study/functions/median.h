/* SPDX-License-Identifier: MIT
 *
 * Values in order, and the ranks of a median's interval.
 */
#ifndef LS_STUDY_MEDIAN_H
#define LS_STUDY_MEDIAN_H

#include <stddef.h>

/* Sorts values [n], without NaN, from the smallest up. */
void ls_median_sort(double *values, size_t n);

/* The 95 % interval of the median: of n values in order those of ranks k, which is
 * returned, and n + 1 - k, from 1, by the binomial distribution (Hoefler & Belli, SC'15);
 * 0 when n is below 6, and no interval has that level. */
size_t ls_median_rank(size_t n);

#endif
