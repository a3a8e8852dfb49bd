/* SPDX-License-Identifier: MIT
 *
 * Densities of one parameter over a few cells, from how many trials fall into each. They are those of
 * Optuna's PedAnovaImportanceEvaluator (5.0), so that both say the same of the same trials.
 */
#ifndef LS_STUDY_DENSITY_H
#define LS_STUDY_DENSITY_H

#include <stddef.h>
#include <stdint.h>

#define LS_CELLS_MAX 50 /* of a parameter that is a number */

/* Of numbers, cells in order, 2 <= n <= LS_CELLS_MAX: every trial is a normal kernel of its cell's number, of
 * Scott's bandwidth h = 1.059 min(sigma, IQR / 1.34) m^(-1/5) of m trials, 0.5 / 1.64 at least, cut off at
 * the first and last cell; one more, n wide and in the middle, is the prior. density [n] has the sum 1. */
void ls_density_of_numbers(const uint32_t *counts, size_t n, double *density);

/* Of listed values, in any order: every trial is 1 for its own cell, and 1 / (k + 1) more for each, where k cells
 * have a trial, divided by their sum; one more, the prior, is even. */
void ls_density_of_choices(const uint32_t *counts, size_t n, double *density);

/* Pearson's: the sum of q (p / q - 1)^2. */
double ls_density_divergence(const double *p, const double *q, size_t n);

#endif
