/* SPDX-License-Identifier: MIT
 *
 * Everything comes from the error function's rational approximations of W. J. Cody (Mathematics of
 * Computation 23, 1969; coefficients of his CALERF, netlib specfun), whose exp(-x^2) is a factor
 * of its own, so that logarithms need no exp. Quantiles are AS 241 (Wichura, Applied Statistics 37, 1988).
 * A cell's mass is a series in its width, by the cumulants of a uniform number.
 */
#include "normal.h"

#include <math.h>

#include "arith/functions64.h"
#include "log1p.h"

#define SQRT_HALF 0x1.6a09e667f3bcdp-1
#define INVERSE_SQRT_PI 0x1.20dd750429b6dp-1
#define CENTRE 0.46875                  /* up to here by erf, which is small there */
#define CENTRE_Z 0.66291260736238830413 /* the same as a normal deviate: CENTRE * sqrt(2) */

/* Coefficients from the highest power down. */
static double horner(const double *c, int n, double x)
{
	double y = c[0];
	for (int i = 1; i < n; i++)
		y = y * x + c[i];
	return y;
}

/* |x| <= CENTRE */
static double small_erf(double x)
{
	static const double top[] = {1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2,
	                             3.77485237685302021e2, 3.20937758913846947e3};
	static const double bottom[] = {1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
	                                2.84423683343917062e3};
	double square = x * x;
	return x * (horner(top, 5, square) / horner(bottom, 5, square));
}

/* exp(x^2) erfc(x), CENTRE <= x <= 4 */
static double middle_erfcx(double x)
{
	static const double top[] = {2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0,
	                             6.61191906371416295e1,  2.98635138197400131e2,  8.81952221241769090e2,
	                             1.71204761263407058e3,  2.05107837782607147e3,  1.23033935479799725e3};
	static const double bottom[] = {1,
	                                1.57449261107098347e1,
	                                1.17693950891312499e2,
	                                5.37181101862009858e2,
	                                1.62138957456669019e3,
	                                3.29079923573345963e3,
	                                4.36261909014324716e3,
	                                3.43936767414372164e3,
	                                1.23033935480374942e3};
	return horner(top, 9, x) / horner(bottom, 9, x);
}

/* The same, x >= 4 */
static double far_erfcx(double x)
{
	static const double top[] = {1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
	                             1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4};
	static const double bottom[] = {1,
	                                2.56852019228982242e0,
	                                1.87295284992346725e0,
	                                5.27905102951428412e-1,
	                                6.05183413124413191e-2,
	                                2.33520497626869185e-3};
	double z = 1 / (x * x);
	return (INVERSE_SQRT_PI - z * (horner(top, 6, z) / horner(bottom, 6, z))) / x;
}

/* P(X > z) / exp(-z^2 / 2), z >= CENTRE_Z */
static double scaled_tail(double z)
{
	double x = z * SQRT_HALF;
	return 0.5 * (x <= 4 ? middle_erfcx(x) : far_erfcx(x));
}

/* P(X > z), z >= CENTRE_Z. What rounding z^2 loses would be multiplied by z^2. */
static double tail(double z)
{
	if (z > 39)
		return 0;
	double square = z * z, lost = fma(z, z, -square);
	double h = ls_exp64(-0.5 * square);
	return fma(-0.5 * lost, h, h) * scaled_tail(z);
}

/* P(0 < X < z), z >= 0 */
static double half_mass(double z)
{
	return z <= CENTRE_Z ? 0.5 * small_erf(z * SQRT_HALF) : 0.5 - tail(z);
}

double ls_normal_cdf(double x)
{
	if (x < -CENTRE_Z)
		return tail(-x);
	return x < 0 ? 0.5 - half_mass(-x) : 0.5 + half_mass(x);
}

double ls_normal_log_cdf(double x)
{
	if (x < -CENTRE_Z)
		return ls_log64(scaled_tail(-x)) - 0.5 * (x * x);
	return x <= 0 ? ls_log64(ls_normal_cdf(x)) : ls_log1p64(-ls_normal_cdf(-x));
}

/* log E exp(-m t - t^2 / 2) with t uniform over the width, by powers of width^2 and m^2:
 * cumulants, whose next term is below 1e-14 within LS_NORMAL_NARROW. */
void ls_normal_cell_series(double width, double series[LS_NORMAL_CELL_TERMS])
{
	double s = width * width;
	series[0] = s * (-1.0 / 24 + s * (1.0 / 1440 + s * (-1.0 / 181440 + s * (-1.0 / 14515200 + s / 479001600))));
	series[1] = s * (1.0 / 24 + s * (-1.0 / 720 + s * (1.0 / 60480 + s * (1.0 / 3628800 - s / 95800320)))) - 0.5;
	series[2] = s * s * (-1.0 / 2880 + s * (1.0 / 30240 + s * (-1.0 / 806400 + s / 68428800)));
	series[3] = s * s * s * (1.0 / 181440 + s * (-1.0 / 1209600 + s / 19160064));
	series[4] = s * s * s * s * (-1.0 / 9676800 + s / 47900160);
	series[5] = s * s * s * s * s / 479001600;
	series[0] += ls_log64(width) - LS_NORMAL_LOG_SQRT_2PI;
}

double ls_normal_log_cell(double middle, double width)
{
	double series[LS_NORMAL_CELL_TERMS];
	ls_normal_cell_series(width, series);
	double square = middle * middle, sum = series[LS_NORMAL_CELL_TERMS - 1];
	for (int i = LS_NORMAL_CELL_TERMS - 2; i >= 0; i--)
		sum = sum * square + series[i];
	return sum;
}

/* Of bounds on both sides of 0; a is the left one's distance. */
static double log_mass_around(double a, double b)
{
	if (a > CENTRE_Z && b > CENTRE_Z)
		return ls_log1p64(-(tail(a) + tail(b)));
	return ls_log64(half_mass(a) + half_mass(b));
}

double ls_normal_log_mass(double a, double b)
{
	double width = b - a, middle = 0.5 * (a + b);
	if (width * fmax(1, fabs(middle)) <= LS_NORMAL_NARROW)
		return ls_normal_log_cell(middle, width);
	if (a < 0 && b > 0)
		return log_mass_around(-a, b);
	double near = a < 0 ? ls_normal_log_cdf(b) : ls_normal_log_cdf(-a);
	double far = a < 0 ? ls_normal_log_cdf(a) : ls_normal_log_cdf(-b);
	return near + ls_log1p64(-ls_exp64(far - near));
}

/* p below ls_normal64()'s domain. */
static double quantile_far(double p)
{
	static const double top[] = {2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
	                             2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
	                             5.46378491116411436990e0,  6.65790464350110377720e0};
	static const double bottom[] = {
	    2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
	    1.48753612908506148525e-2,  1.36929880922735805310e-1, 5.99832206555887937690e-1, 1};
	double r = sqrt(-ls_log64(p)) - 5;
	return -(horner(top, 8, r) / horner(bottom, 8, r));
}

double ls_normal_quantile(double p)
{
	if (p > 0.5)
		return 1 - p < 0x1p-33 ? -quantile_far(1 - p) : ls_normal64(p);
	return p < 0x1p-33 ? quantile_far(p) : ls_normal64(p);
}

/* Of a <= 0. The probability that is looked up is the nearer tail's. */
static double truncated_left(double u, double a, double b)
{
	double below = ls_normal_cdf(a), above = ls_normal_cdf(-b);
	double mass = b > 0 ? half_mass(-a) + half_mass(b) : ls_normal_cdf(b) - below;
	double p = below + u * mass;
	if (p < 0x1p-1022)
		return a;
	return p <= 0.5 ? ls_normal_quantile(p) : -ls_normal_quantile(fmax(0x1p-1022, above + (1 - u) * mass));
}

double ls_normal_truncated(double u, double a, double b)
{
	double x = a <= 0 ? truncated_left(u, a, b) : -truncated_left(1 - u, -b, -a);
	return fmin(fmax(x, a), b);
}
