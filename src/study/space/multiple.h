/* SPDX-License-Identifier: MIT
 *
 * Multiples of q, the step of the q_ distributions.
 */
#ifndef LS_STUDY_MULTIPLE_H
#define LS_STUDY_MULTIPLE_H

/* k q, k an integer: where q is a decimal of up to 15 places, such as 0.1, the double nearest to that
 * multiple of the decimal, so that 3 * 0.1 is 0.3; never -0. */
double ls_multiple(double q, double k);

/* The multiple nearest to x, half-way ones to the even side; x itself where q is lost in x's rounding. */
double ls_multiple_round(double q, double x);

/* Those in [min, max] are k q, first <= k <= last; none when last < first. Bounds so large that q is lost
 * in their rounding have more than 2^53 multiples, and are not settled exactly. */
struct ls_multiples {
	double first, last;
};
struct ls_multiples ls_multiples_within(double q, double min, double max);

#endif
