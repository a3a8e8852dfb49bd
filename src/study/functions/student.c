/* SPDX-License-Identifier: MIT
 *
 * By the beta distribution: T^2 / (n + T^2) has shapes 1/2 and n/2, what is left to 1 the
 * same shapes turned round. The smaller of the two is looked up, so that neither comes from a
 * difference.
 */
#include "student.h"

#include <math.h>

#include "beta.h"
#include "normal.h"

double ls_student_quantile(double p, double n)
{
	double inside = 2 * p - 1, beyond = 2 * (1 - p);
	if (inside <= 0)
		return 0;
	if (n > 2 * LS_BETA_SHAPE_MAX)
		return ls_normal_quantile(p);
	double square = ls_beta_quantile(inside, 0.5, n / 2);
	if (square <= 0.5)
		return sqrt(n * (square / (1 - square)));
	double rest = ls_beta_quantile(beyond, n / 2, 0.5);
	return sqrt(n * ((1 - rest) / rest));
}
