/* SPDX-License-Identifier: MIT
 *
 * Taylor's series from the nearest entry. No division, which would take longer than all the rest.
 */
#include "table.h"

#include <stdint.h>
#include <string.h>

#include "arith/functions64.h"
#include "normal.h"

/* ln 2 / 32 in two parts, of which the first leaves room for 20 bits of a factor. */
#define STEPS_OF_E 0x1.71547652b82fep+5 /* 32 / ln 2 */
#define STEP_HI 0x1.62e42feep-6
#define STEP_LO 0x1.a39ef35793c76p-38

void ls_table64_fill(struct ls_table64 *table)
{
	for (int i = 0; i < LS_TAIL_ENTRIES; i++) {
		double z = (double)i / LS_TAIL_STEPS;
		table->tail[i] = ls_normal_cdf(-z);
		table->density[i] = ls_exp64(-0.5 * (z * z) - LS_NORMAL_LOG_SQRT_2PI);
	}
	for (int i = 0; i < LS_POWER_STEPS; i++)
		table->power[i] = ls_exp64(i * STEP_HI + i * STEP_LO);
}

/* The series' terms are the density times Hermite's polynomials. */
double ls_table64_tail(const struct ls_table64 *table, double z)
{
	if (!(z < LS_TAIL_MAX))
		return 0;
	int i = (int)(z * LS_TAIL_STEPS + 0.5);
	double x = i * (1.0 / LS_TAIL_STEPS), h = z - x, square = x * x;
	double he4 = (square - 6) * square + 3, he5 = x * ((square - 10) * square + 15);
	double sum = he4 * (1.0 / 120) - h * (he5 * (1.0 / 720));
	sum = h * sum - x * (square - 3) * (1.0 / 24);
	sum = h * sum + (square - 1) * (1.0 / 6);
	sum = h * sum - x * 0.5;
	sum = h * sum + 1;
	return table->tail[i] - h * table->density[i] * sum;
}

static double power_of_two(int n)
{
	uint64_t bits = (uint64_t)(n + 1023) << 52;
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

double ls_table64_exp(const struct ls_table64 *table, double x)
{
	int steps = -(int)(0.5 - x * STEPS_OF_E); /* <= 0 */
	int i = (int)((unsigned)steps % LS_POWER_STEPS), n = (steps - i) / LS_POWER_STEPS;
	double r = (x - steps * STEP_HI) - steps * STEP_LO;
	double sum = 1.0 / 120 + r * (1.0 / 720);
	sum = 1.0 / 24 + r * sum;
	sum = 1.0 / 6 + r * sum;
	sum = 0.5 + r * sum;
	double power = table->power[i];
	return (power + power * (r + r * r * sum)) * power_of_two(n);
}
