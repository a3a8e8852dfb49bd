/* SPDX-License-Identifier: MIT
 *
 * Series in double, evaluated by fma from the smallest term up.
 */
#include "functions64.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LOG2E 0x1.71547652b82fep+0
#define LN2_HI 0x1.62e42feep-1
#define LN2_LO 0x1.a39ef35793c76p-33
#define PI 0x1.921fb54442d18p+1
#define MAGIC 6755399441055744.0 /* 1.5 * 2^52 */
#define SQRT_HALF_BITS 0x3fe6a09e667f3bcd

static double inverse_factorial(int k)
{
	int64_t factorial = 1;
	for (int i = 2; i <= k; i++)
		factorial *= i;
	return 1.0 / (double)factorial;
}

static double power_of_two(int n)
{
	uint64_t bits = (uint64_t)(n + 1023) << 52;
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

double ls_exp64(double x)
{
	x = x < -746 ? -746 : x;
	x = x > 710 ? 710 : x;
	double n = fma(x, LOG2E, MAGIC) - MAGIC;
	double r = fma(n, -LN2_LO, fma(n, -LN2_HI, x));
	double h = inverse_factorial(13);
	for (int k = 12; k >= 2; k--)
		h = fma(h, r, inverse_factorial(k));
	double q = fma(r * r, h, r);
	int half = (int)n >> 1;
	return ((1 + q) * power_of_two(half)) * power_of_two((int)n - half);
}

double ls_log64(double x)
{
	int64_t i;
	memcpy(&i, &x, sizeof i);
	i -= SQRT_HALF_BITS;
	double e = (double)(i >> 52);
	i = (i & 0xfffffffffffff) + SQRT_HALF_BITS;
	double m;
	memcpy(&m, &i, sizeof m);

	double f = m - 1;
	double s = f / (2 + f);
	double z = s * s;
	double p = 2.0 / 21;
	for (int k = 9; k >= 1; k--)
		p = fma(z, p, 2.0 / (2 * k + 1));
	double h = (0.5 * f) * f;
	return fma(e, LN2_HI, f - (h - fma(e, LN2_LO, s * (h + z * p))));
}

double ls_cospi64(double t)
{
	if (t > 0.5)
		return -ls_cospi64(1 - t);

	int sine = t > 0.25; /* cos(pi t) = sin(pi (0.5 - t)), whose series is short there */
	double y = PI * (sine ? 0.5 - t : t);
	double w = y * y;
	double p = inverse_factorial(16 + sine);
	for (int k = 14 + sine; k >= 0; k -= 2)
		p = fma(-w, p, inverse_factorial(k));
	return sine ? y * p : p;
}

static double polynomial(const double c[8], double x)
{
	double p = c[7];
	for (int k = 6; k >= 0; k--)
		p = fma(p, x, c[k]);
	return p;
}

/* Algorithm AS 241 (Wichura, Applied Statistics 37, 1988). Its third region,
 * p below e^-25, cannot occur with 32-bit draws. */
double ls_normal64(double p)
{
	static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
	                            1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
	                            3.3430575583588128105e4, 2.5090809287301226727e3};
	static const double b[8] = {1,
	                            4.2313330701600911252e1,
	                            6.8718700749205790830e2,
	                            5.3941960214247511077e3,
	                            2.1213794301586595867e4,
	                            3.9307895800092710610e4,
	                            2.8729085735721942674e4,
	                            5.2264952788528545610e3};
	static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
	                            3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
	                            2.27238449892691845833e-2, 7.74545014278341407640e-4};
	static const double d[8] = {1,
	                            2.05319162663775882187e0,
	                            1.67638483018380384940e0,
	                            6.89767334985100004550e-1,
	                            1.48103976427480074590e-1,
	                            1.51986665636164571966e-2,
	                            5.47593808499534494600e-4,
	                            1.05075007164441684324e-9};

	double q = p - 0.5;
	if (fabs(q) <= 0.425) {
		double r = fma(-q, q, 0.180625);
		return q * (polynomial(a, r) / polynomial(b, r));
	}
	double r = sqrt(-ls_log64(q < 0 ? p : 1 - p)) - 1.6;
	double z = polynomial(c, r) / polynomial(d, r);
	return q < 0 ? -z : z;
}
