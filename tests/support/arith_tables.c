/* SPDX-License-Identifier: MIT
 *
 * Tables are asked for by name, as a job does it; one that is missing in this
 * build or on this CPU is left out.
 */
#include "arith_tables.h"

#include <string.h>

size_t arith_tables(const struct ls_arith *tables[ARITH_TABLES_MAX])
{
	static const char *const names[ARITH_TABLES_MAX] = {"portable", "avx2", "avx512", "neon"};
	size_t n = 0;
	for (size_t i = 0; i < ARITH_TABLES_MAX; i++)
		if (ls_arith_select(&tables[n], names[i], NULL) == LOCKSTEP_OK)
			n++;
	return n;
}

float float_of_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

uint32_t bits_of_float(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

size_t first_difference(const float *a, const float *b, size_t n)
{
	size_t i = 0;
	while (i < n && bits_of_float(a[i]) == bits_of_float(b[i]))
		i++;
	return i;
}

uint64_t next_number(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static float ordinary(uint64_t number)
{
	uint32_t sign = (uint32_t)(number >> 63) << 31;
	uint32_t exponent = 121 + (uint32_t)(number % 6);
	return float_of_bits(sign | exponent << 23 | ((uint32_t)(number >> 32) & 0x7fffff));
}

static float awkward(uint64_t number)
{
	uint32_t sign = (uint32_t)(number >> 63) << 31;
	return float_of_bits(number & 8 ? sign | ((uint32_t)(number >> 32) & 0x7fffff) : sign);
}

void fill_ordinary(float *x, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++)
		x[i] = ordinary(next_number(&seed));
}

void fill_sparse(float *x, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t number = next_number(&seed);
		x[i] = number % 3 ? awkward(number) : ordinary(number);
	}
}

void fill_with(float *x, size_t n, float value)
{
	for (size_t i = 0; i < n; i++)
		x[i] = value;
}
