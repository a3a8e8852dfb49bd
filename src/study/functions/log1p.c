/* SPDX-License-Identifier: MIT
 *
 * What rounding 1 + x lost comes back as the first term of the logarithm's series.
 */
#include "log1p.h"

#include "arith/functions64.h"

double ls_log1p64(double x)
{
	double sum = 1 + x;
	double lost = x > 1 ? 1 - (sum - x) : x - (sum - 1);
	return ls_log64(sum) + lost / sum;
}
