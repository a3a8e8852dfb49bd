/* SPDX-License-Identifier: MIT
 *
 * Sobol's sequence in base 2 with the direction numbers of Joe and Kuo, as whole numbers of 52 bits. Points
 * come in the order of the Gray code, as in their program and in scipy, and each is computed alone.
 */
#ifndef LS_STUDY_SOBOL_H
#define LS_STUDY_SOBOL_H

#include <stddef.h>
#include <stdint.h>

#define LS_SOBOL_DIMENSIONS 128
#define LS_SOBOL_BITS 52

/* The 52 direction numbers of a dimension, counted from 0, which is van der Corput's. */
void ls_sobol_directions(size_t dimension, uint64_t directions[LS_SOBOL_BITS]);
/* Point k's coordinate in that dimension, times 2^52; k < 2^52. */
uint64_t ls_sobol_coordinate(const uint64_t directions[LS_SOBOL_BITS], uint64_t k);

/* Of dimensions 1 and on: a primitive polynomial's degree and inner coefficients, and the first odd numbers. */
#define LS_SOBOL_DEGREE_MAX 10
struct ls_sobol_dimension {
	uint16_t degree, coefficients, first[LS_SOBOL_DEGREE_MAX];
};
extern const struct ls_sobol_dimension ls_sobol_dimensions[LS_SOBOL_DIMENSIONS - 1];

#endif
