/* SPDX-License-Identifier: MIT
 *
 * Every value comes from a 32-bit mix of its row and column. A row's class is
 * a threshold on an integer sum over its values, so that it can be learnt.
 */
#include "golden_rows.h"

#include <string.h>

static uint32_t mix(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x85ebca6bu;
	x = (x ^ (x >> 13)) * 0xc2b2ae35u;
	return x ^ (x >> 16);
}

static float subnormal(uint32_t hash)
{
	uint32_t bits = (hash & 0x80000000u) | ((hash >> 4) & 0x007fffffu);
	float x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* The value in units of 2^-12, where it has one; else 0. */
static int32_t ordinary(uint32_t hash)
{
	return (hash & 7u) >= 4u ? (int32_t)((hash >> 8) & 0x7fffu) - 0x4000 : 0;
}

static float value_of(uint32_t hash, size_t column)
{
	if (column == 0)
		return 0.75f;
	if (column == 1)
		return (hash & 1u) ? subnormal(hash) : 0.0f;
	switch (hash & 7u) {
	case 0:
	case 1:
		return 0.0f;
	case 2:
		return -0.0f;
	case 3:
		return subnormal(hash);
	default:
		return (float)ordinary(hash) / 4096.0f;
	}
}

static uint32_t class_of(int32_t score)
{
	if (score < 0)
		return score < -0x4000 ? 0 : 1;
	return score < 0x4000 ? 2 : 3;
}

void golden_rows_fill(size_t n_rows, size_t n_features, float *values, uint32_t *classes)
{
	for (size_t i = 0; i < n_rows; i++) {
		int32_t score = 0;
		for (size_t k = 0; k < n_features; k++) {
			uint32_t hash = mix((uint32_t)i * 0x9e3779b9u + (uint32_t)k * 0x7f4a7c15u + 1u);
			values[i * n_features + k] = value_of(hash, k);
			if (k >= 2)
				score += k % 2 ? ordinary(hash) : -ordinary(hash);
		}
		classes[i] = class_of(score);
	}
}

void golden_rows_fill_flags(size_t n_rows, size_t n_flags, const uint32_t *classes, uint8_t *flags)
{
	for (size_t i = 0; i < n_rows; i++)
		for (size_t j = 0; j < n_flags; j++) {
			uint32_t own = mix(classes[i] * 0x9e3779b9u + (uint32_t)j + 1u) & 1u;
			uint32_t noise = mix((uint32_t)i * 0x7f4a7c15u + (uint32_t)j + 1u);
			flags[i * n_flags + j] = (uint8_t)(own ^ (noise % 8u == 0));
		}
}
