/* SPDX-License-Identifier: MIT
 *
 * True values by MPFR, and how far a result is from them in units in the last
 * place. With 160 bits, whose error is below 2^-90 of a double's unit: nothing
 * in a figure with four decimals, and exact_is_settled() makes sure of it.
 */
#ifndef EXACT_H
#define EXACT_H

enum exact_function {
	EXACT_EXP,
	EXACT_LOG,
	EXACT_TANH,
	EXACT_SIGMOID,
	EXACT_SOFTPLUS,
	EXACT_COSPI, /* 0 <= x <= 1 */
	EXACT_NORMAL /* the normal distribution's quantile, 0 < x < 1 */
};

/* Where a number's unit in the last place comes from. */
struct exact_format {
	int digits;      /* binary ones */
	int least, most; /* exponents of normal numbers */
};
extern const struct exact_format exact_fp32, exact_double;

/* Distance of the result y at x from the true value, in units in the last place
 * of the true value. As ulp_error() (fp32_functions.h): below the normal numbers
 * it is that of the smallest; an infinite y stands for all above the largest; a
 * NaN or an infinity that should not be, or is not there, is an infinite error. */
double exact_error(enum exact_function function, const struct exact_format *format, double x, double y);

/* How far y is from the true value, divided by it: of functions of a double. */
double exact_relative(enum exact_function function, double x, double y);

/* Whether the error's four decimals are proven: an error uncertain by 2^-40 of
 * itself, far more than it is, would have the same. */
int exact_is_settled(double error);

/* Frees what the library keeps. */
void exact_end(void);

#endif
