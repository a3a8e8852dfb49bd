/* SPDX-License-Identifier: MIT
 *
 * Input scaling: cases worked by hand, and the properties it is for.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "data/scaling.h"

TestSuite(scaling);

static struct ls_table byte_table(uint8_t *values, size_t n_rows, size_t n_features)
{
	return (struct ls_table){.n_rows = n_rows, .n_features = n_features, .bytes = values};
}

static struct ls_table float_table(float *values, size_t n_rows, size_t n_features)
{
	return (struct ls_table){.n_rows = n_rows, .n_features = n_features, .floats = values};
}

static struct ls_scaling fit(enum lockstep_scale kind, const struct ls_table *table, const uint32_t *rows,
                             size_t n_rows)
{
	struct ls_scaling scaling = {.n = 0};
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_scaling_fit(&scaling, kind, table, rows, n_rows, &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(scaling.n, table->n_features);
	return scaling;
}

static void expect_column(const struct ls_scaling *scaling, size_t i, float shift, float scale)
{
	cr_assert(scaling->shift[i] == shift && scaling->scale[i] == scale, "column %zu: %a %a", i,
	          (double)scaling->shift[i], (double)scaling->scale[i]);
}

Test(scaling, auto_is_unit_for_bytes_and_none_for_floats)
{
	uint8_t bytes[] = {1, 2};
	float floats[] = {1, 2};
	struct ls_table byte = byte_table(bytes, 2, 1), other = float_table(floats, 2, 1);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_AUTO, &byte, NULL, 0);
	cr_assert(scaling.kind == LOCKSTEP_SCALE_UNIT && !scaling.shift && !scaling.scale);
	scaling = fit(LOCKSTEP_SCALE_AUTO, &other, NULL, 0);
	cr_assert(scaling.kind == LOCKSTEP_SCALE_NONE && !scaling.shift && !scaling.scale);
	scaling = fit(LOCKSTEP_SCALE_NONE, &byte, NULL, 0);
	cr_assert(scaling.kind == LOCKSTEP_SCALE_NONE && !scaling.shift && !scaling.scale);
}

Test(scaling, unit_maps_the_range_of_floats)
{
	float values[] = {-2, 7, 1, 6, 7, 0, 0, 7, 5};
	struct ls_table table = float_table(values, 3, 3);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_UNIT, &table, NULL, 0);
	expect_column(&scaling, 0, -2, 0.125f);
	expect_column(&scaling, 1, 7, 0);
	expect_column(&scaling, 2, 0, 0.2f);
	ls_scaling_fini(&scaling);
	cr_assert(!scaling.shift && !scaling.scale && !scaling.n);
}

Test(scaling, only_the_chosen_rows_count)
{
	float values[] = {100, 1, -100, 3};
	uint8_t bytes[] = {255, 10, 0, 20};
	uint32_t rows[] = {1, 3};
	struct ls_table table = float_table(values, 4, 1), byte = byte_table(bytes, 4, 1);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_UNIT, &table, rows, 2);
	expect_column(&scaling, 0, 1, 0.5f);
	ls_scaling_fini(&scaling);
	scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &table, rows, 2);
	expect_column(&scaling, 0, 2, 1);
	ls_scaling_fini(&scaling);
	scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &byte, rows, 2);
	expect_column(&scaling, 0, 15, 0.2f);
	ls_scaling_fini(&scaling);
}

Test(scaling, bytes_are_standardised_by_hand)
{
	uint8_t values[] = {0, 9, 255, 2, 9, 255, 4, 9, 0, 6, 9, 0};
	struct ls_table table = byte_table(values, 4, 3);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &table, NULL, 0);
	expect_column(&scaling, 0, 3, (float)(1.0 / sqrt(5.0)));
	expect_column(&scaling, 1, 9, 0);
	expect_column(&scaling, 2, 127.5f, (float)(1.0 / 127.5));
	ls_scaling_fini(&scaling);
}

Test(scaling, floats_are_standardised_by_hand)
{
	float values[] = {1, 0.1f, 3, 0.1f, 5, 0.1f, 7, 0.1f};
	struct ls_table table = float_table(values, 4, 2);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &table, NULL, 0);
	expect_column(&scaling, 0, 4, (float)(1.0 / sqrt(5.0)));
	expect_column(&scaling, 1, 0.1f, 0);
	ls_scaling_fini(&scaling);
}

Test(scaling, equal_values_whose_mean_rounds_are_constant)
{
	float values[7];
	for (size_t i = 0; i < 7; i++)
		values[i] = 0x1.fffffep100f;
	struct ls_table table = float_table(values, 7, 1);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &table, NULL, 0);
	cr_assert(scaling.scale[0] == 0);
	ls_scaling_fini(&scaling);
}

Test(scaling, a_scale_beyond_fp32_becomes_zero)
{
	float values[] = {0, 0x1p-149f};
	struct ls_table table = float_table(values, 2, 1);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_UNIT, &table, NULL, 0);
	expect_column(&scaling, 0, 0, 0);
	ls_scaling_fini(&scaling);
	scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &table, NULL, 0);
	cr_assert(scaling.scale[0] == 0);
	ls_scaling_fini(&scaling);
}

Test(scaling, a_range_beyond_fp32_is_refused)
{
	float values[] = {0, FLT_MAX, 0, -FLT_MAX};
	struct ls_table table = float_table(values, 2, 2);
	struct ls_scaling scaling = {.n = 77};
	lockstep_error error;
	for (int kind = LOCKSTEP_SCALE_UNIT; kind <= LOCKSTEP_SCALE_STANDARDISE; kind++) {
		cr_assert_eq(ls_scaling_fit(&scaling, (enum lockstep_scale)kind, &table, NULL, 0, &error),
		             LOCKSTEP_ERROR_ARGUMENT);
		cr_assert_not_null(strstr(error.message, "feature 2 cannot be scaled"));
		cr_assert_eq(scaling.n, 77, "*out was touched");
	}
}

static double mean_of(const double *values, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum / (double)n;
}

static double spread_of(const double *values, size_t n, double mean)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sqrt(sum / (double)n);
}

static void expect_standard(const struct ls_scaling *scaling, const double *values, size_t n)
{
	double scaled[64];
	for (size_t i = 0; i < n; i++)
		scaled[i] = (double)(((float)values[i] - scaling->shift[0]) * scaling->scale[0]);
	double mean = mean_of(scaled, n), spread = spread_of(scaled, n, mean);
	cr_assert(fabs(mean) <= 1e-6, "mean %g", mean);
	cr_assert(fabs(spread - 1) <= 1e-6, "spread %g", spread);
}

Test(scaling, standardised_columns_have_mean_0_and_deviation_1)
{
	enum { N = 61 };
	uint8_t bytes[N];
	float floats[N];
	double values[2][N];
	for (size_t i = 0; i < N; i++) {
		values[0][i] = bytes[i] = (uint8_t)(i * i * 7 + 3);
		floats[i] = sinf((float)i) * 3 + 5;
		values[1][i] = (double)floats[i];
	}
	struct ls_table byte = byte_table(bytes, N, 1), other = float_table(floats, N, 1);
	struct ls_scaling scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &byte, NULL, 0);
	expect_standard(&scaling, values[0], N);
	ls_scaling_fini(&scaling);
	scaling = fit(LOCKSTEP_SCALE_STANDARDISE, &other, NULL, 0);
	expect_standard(&scaling, values[1], N);
	ls_scaling_fini(&scaling);
}

Test(scaling, every_failed_allocation_is_reported)
{
	uint8_t bytes[] = {1, 2};
	float floats[] = {1, 2};
	struct ls_table tables[] = {byte_table(bytes, 2, 1), float_table(floats, 2, 1)};
	for (size_t i = 0; i < 2; i++)
		for (long n = 1; n <= (i ? 4 : 3); n++) {
			struct ls_scaling scaling = {.n = 77};
			ls_memory_fail_at(n);
			lockstep_status status =
			    ls_scaling_fit(&scaling, LOCKSTEP_SCALE_STANDARDISE, &tables[i], NULL, 0, NULL);
			ls_memory_fail_at(0);
			cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY);
			cr_assert_eq(scaling.n, 77, "*out was touched");
		}
}
