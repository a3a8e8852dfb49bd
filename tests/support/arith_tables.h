/* SPDX-License-Identifier: MIT
 *
 * What every test of the arithmetic needs: the tables that this build and CPU
 * run, comparison of floats by their bits, and numbers from a seed.
 */
#ifndef ARITH_TABLES_H
#define ARITH_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "arith/arith.h"

#define ARITH_TABLES_MAX 4

/* Fills tables and returns their number, the portable one first. */
size_t arith_tables(const struct ls_arith *tables[ARITH_TABLES_MAX]);

float float_of_bits(uint32_t bits);
uint32_t bits_of_float(float x);

/* Index of the first of n floats whose bits differ; n when there is none. */
size_t first_difference(const float *a, const float *b, size_t n);

/* The next number of a small generator (splitmix64); *state is any seed. */
uint64_t next_number(uint64_t *state);
/* n floats of both signs, 2^-6 to 1 in size. */
void fill_ordinary(float *x, size_t n, uint64_t seed);
/* The same, but two in three are zeros of either sign or subnormals. */
void fill_sparse(float *x, size_t n, uint64_t seed);
void fill_with(float *x, size_t n, float value);

#endif
