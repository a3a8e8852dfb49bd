/* SPDX-License-Identifier: MIT
 *
 * A decimal q is m / s with a power of ten s, so its multiple (k m) / s is rounded once.
 */
#include "multiple.h"

#include <math.h>

#define EXACT 0x1p53 /* up to here every integer is a double */
#define PLACES 15

double ls_multiple(double q, double k)
{
	double scale = 1;
	for (int place = 0; place <= PLACES; place++, scale *= 10) {
		double m = rint(q * scale);
		if (fabs(k * m) > EXACT || fabs(m) > EXACT)
			break;
		if (m / scale == q)
			return (k * m) / scale + 0.0;
	}
	return k * q + 0.0;
}

double ls_multiple_round(double q, double x)
{
	double k = rint(x / q);
	return fabs(k) < EXACT ? ls_multiple(q, k) : x;
}

struct ls_multiples ls_multiples_within(double q, double min, double max)
{
	double first = rint(min / q), last = rint(max / q);
	if (fabs(first) < EXACT && fabs(last) < EXACT) {
		first += ls_multiple(q, first) < min;
		last -= ls_multiple(q, last) > max;
	}
	return (struct ls_multiples){first, last};
}
