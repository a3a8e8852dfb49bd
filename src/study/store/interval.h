/* SPDX-License-Identifier: MIT
 *
 * What the objectives of several seeds come to.
 */
#ifndef LS_STUDY_INTERVAL_H
#define LS_STUDY_INTERVAL_H

#include <stddef.h>

/* The aggregate, by its name, of the values [n] that are not NaN, which are
 * sorted on the way; NaN without one. An unknown name is the median. */
double ls_aggregate_values(const char *aggregate, double *values, size_t n);

/* The 95 % interval of an aggregate, by its name, of the values [n], which are sorted on
 * the way: of the median by ls_median_rank(); of the mean Student's, for which the values
 * have to be more or less normal, and two at least. NaN: none, as of a minimum and a
 * maximum, and where a value is NaN. */
void ls_aggregate_interval(const char *aggregate, double *values, size_t n, double *low, double *high);

#endif
