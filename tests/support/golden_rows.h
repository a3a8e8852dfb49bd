/* SPDX-License-Identifier: MIT
 *
 * Rows of floats made by integer arithmetic alone, the same on every machine:
 * awkward ones, for golden values and for tests. They hold zeros of both signs,
 * subnormals, a constant column and a column of subnormals only; what else
 * there is are multiples of 2^-12 in [-4, 4).
 */
#ifndef GOLDEN_ROWS_H
#define GOLDEN_ROWS_H

#include <stddef.h>
#include <stdint.h>

#define GOLDEN_ROWS_CLASSES 4

/* Fills values [n_rows][n_features] and classes [n_rows], each below
 * GOLDEN_ROWS_CLASSES; a row depends on its index only. n_features >= 3:
 * column 0 is constant, column 1 subnormal or zero. */
void golden_rows_fill(size_t n_rows, size_t n_features, float *values, uint32_t *classes);

/* Fills flags [n_rows][n_flags] of rows of these classes: a class's own flags,
 * but for about one in eight. */
void golden_rows_fill_flags(size_t n_rows, size_t n_flags, const uint32_t *classes, uint8_t *flags);

#endif
