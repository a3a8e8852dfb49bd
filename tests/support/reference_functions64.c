/* SPDX-License-Identifier: MIT
 *
 * Section 5: the functions of double, which initialisation and schedules use.
 */
#include "reference.h"

#include <math.h>
#include <string.h>

#define LOG2E 0x1.71547652b82fep+0
#define LN2_HI 0x1.62e42feep-1
#define LN2_LO 0x1.a39ef35793c76p-33
#define PI 0x1.921fb54442d18p+1
#define MAGIC 6755399441055744.0
#define SQRT_HALF_BITS INT64_C(0x3fe6a09e667f3bcd)

/* 1/k!, k <= 17: the factorial is exact in double. */
static double inverse_factorial(int k)
{
	double factorial = 1.0;
	for (int i = 2; i <= k; i++)
		factorial *= i;
	return 1.0 / factorial;
}

static double from_bits(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* 2^n for -1022 <= n <= 1023. */
static double power_of_two(int n)
{
	return from_bits((uint64_t)(n + 1023) << 52);
}

double reference_exp64(double x)
{
	x = x < -746.0 ? -746.0 : x;
	x = x > 710.0 ? 710.0 : x;
	double n = fma(x, LOG2E, MAGIC) - MAGIC;
	double r = fma(n, -LN2_LO, fma(n, -LN2_HI, x));
	double h = inverse_factorial(13);
	for (int k = 12; k >= 2; k--)
		h = fma(h, r, inverse_factorial(k));
	double q = fma(r * r, h, r);
	int n1 = (int)floor(n / 2.0);
	int n2 = (int)n - n1;
	return ((1.0 + q) * power_of_two(n1)) * power_of_two(n2);
}

double reference_log64(double x)
{
	int64_t i;
	memcpy(&i, &x, sizeof i);
	i -= SQRT_HALF_BITS;
	double e = (double)(i >> 52);
	double m = from_bits((uint64_t)((i & INT64_C(0xfffffffffffff)) + SQRT_HALF_BITS));
	double f = m - 1.0;
	double s = f / (2.0 + f);
	double z = s * s;
	double p = 2.0 / 21.0;
	for (int k = 9; k >= 1; k--)
		p = fma(z, p, 2.0 / (2.0 * k + 1.0));
	double r = z * p;
	double h = (0.5 * f) * f;
	return fma(e, LN2_HI, f - (h - fma(e, LN2_LO, s * (h + r))));
}

/* The alternating Taylor series in -w, from 1/k! down in steps of two. */
static double alternating(double w, int k)
{
	double p = inverse_factorial(k);
	for (k -= 2; k >= 0; k -= 2)
		p = fma(-w, p, inverse_factorial(k));
	return p;
}

double reference_cospi64(double t)
{
	if (t > 0.5)
		return -reference_cospi64(1.0 - t);
	if (t <= 0.25) {
		double y = PI * t;
		return alternating(y * y, 16);
	}
	double y = PI * (0.5 - t);
	return y * alternating(y * y, 17);
}

static const double A[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                            1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                            3.3430575583588128105e4, 2.5090809287301226727e3};
static const double B[8] = {1.0,
                            4.2313330701600911252e1,
                            6.8718700749205790830e2,
                            5.3941960214247511077e3,
                            2.1213794301586595867e4,
                            3.9307895800092710610e4,
                            2.8729085735721942674e4,
                            5.2264952788528545610e3};
static const double C[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                            3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                            2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double D[8] = {1.0,
                            2.05319162663775882187e0,
                            1.67638483018380384940e0,
                            6.89767334985100004550e-1,
                            1.48103976427480074590e-1,
                            1.51986665636164571966e-2,
                            5.47593808499534494600e-4,
                            1.05075007164441684324e-9};

static double horner(const double coefficients[8], double r)
{
	double sum = coefficients[7];
	for (int k = 6; k >= 0; k--)
		sum = fma(sum, r, coefficients[k]);
	return sum;
}

double reference_normal64(double p)
{
	double q = p - 0.5;
	if (fabs(q) <= 0.425) {
		double r = fma(-q, q, 0.180625);
		return q * (horner(A, r) / horner(B, r));
	}
	double r = sqrt(-reference_log64(q < 0.0 ? p : 1.0 - p)) - 1.6;
	double x = horner(C, r) / horner(D, r);
	return q < 0.0 ? -x : x;
}
