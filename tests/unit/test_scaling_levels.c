/* SPDX-License-Identifier: MIT
 *
 * Levels of a scaling study: medians and their intervals, paired ratios, orders, and the figures made of a
 * ratio, against tables, examples worked by hand, and simulation.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "arith/functions64.h"
#include "arith/philox.h"
#include "base/memory.h"
#include "lockstep/scaling.h"
#include "reference.h"
#include "study/functions/median.h"

TestSuite(scaling_levels);

#define N(list) (sizeof(list) / sizeof(list)[0])

/* NaN fails. */
static void expect_close(double x, double exact, double tolerance, const char *what)
{
	cr_assert(fabs(x - exact) <= tolerance * fmax(1, fabs(exact)), "%s: %.17g, not %.17g", what, x, exact);
}

static struct lockstep_scaling_summary summary_of(const double *values, size_t n)
{
	struct lockstep_scaling_summary summary;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(lockstep_scaling_summarise(values, n, &summary, &error), LOCKSTEP_OK, "%s", error.message);
	return summary;
}

/* ---- Medians --------------------------------------------------------------- */

/* Lower ranks (Hoefler & Belli, SC'15); the larger n by the binomial distribution in integers of any length. */
Test(scaling_levels, ranks_of_the_median)
{
	static const size_t known[][2] = {{0, 0},   {1, 0},    {5, 0},      {6, 1},      {7, 1},      {8, 1},
	                                  {9, 2},   {10, 2},   {12, 3},     {15, 4},     {20, 6},     {30, 10},
	                                  {99, 40}, {100, 40}, {1000, 469}, {1001, 470}, {1100, 518}, {5000, 2431}};
	for (size_t i = 0; i < N(known); i++)
		cr_assert_eq(ls_median_rank(known[i][0]), known[i][1], "n = %zu: %zu", known[i][0],
		             ls_median_rank(known[i][0]));
}

Test(scaling_levels, interval_has_the_values_of_these_ranks)
{
	/* 1 .. n, not in order */
	static const size_t known[][3] = {{6, 1, 6},   {7, 1, 7},   {8, 1, 8},   {9, 2, 8},   {10, 2, 9},
	                                  {12, 3, 10}, {15, 4, 12}, {20, 6, 15}, {30, 10, 21}};
	for (size_t i = 0; i < N(known); i++) {
		double values[30] = {0}, kept[30], middle = ((double)known[i][0] + 1) / 2;
		for (size_t k = 0; k < known[i][0]; k++)
			values[k] = 1 + (double)((k * 11 + 3) % known[i][0]);
		memcpy(kept, values, sizeof kept);
		struct lockstep_scaling_summary summary = summary_of(values, known[i][0]);
		cr_assert_eq(memcmp(kept, values, known[i][0] * sizeof *kept), 0, "they were moved");
		cr_assert(summary.n == known[i][0] && summary.median == middle && summary.low == (double)known[i][1] &&
		              summary.high == (double)known[i][2],
		          "n = %zu: %g in %g, %g", known[i][0], summary.median, summary.low, summary.high);
	}
}

Test(scaling_levels, up_to_five_have_no_interval)
{
	static const double values[] = {3, 1, 2, 5, 4};
	for (size_t n = 1; n <= 5; n++) {
		struct lockstep_scaling_summary summary = summary_of(values, n);
		cr_assert(isnan(summary.low) && isnan(summary.high) && isnan(summary.half_width));
		cr_assert_not(lockstep_scaling_is_within(&summary, 1e9));
	}
	cr_assert_eq(summary_of(values, 1).median, 3);
	cr_assert_eq(summary_of(values, 2).median, 2);
	cr_assert_eq(summary_of(values, 5).median, 3);
}

/* 100 is in the middle of 99, 99, 99, 101, 102, 103: low 99, high 103, so 3 on the longer side. */
Test(scaling_levels, half_width_is_that_of_the_longer_side)
{
	struct lockstep_scaling_summary summary = summary_of((double[]){103, 99, 101, 99, 102, 99}, 6);
	cr_assert(summary.median == 100 && summary.low == 99 && summary.high == 103);
	expect_close(summary.half_width, 0.03, 1e-15, "half width");
	cr_assert(lockstep_scaling_is_within(&summary, 0.031) && !lockstep_scaling_is_within(&summary, 0.02));
	summary = summary_of((double[]){97, 101, 99, 101, 98, 101}, 6);
	expect_close(summary.half_width, 0.03, 1e-15, "half width");
}

Test(scaling_levels, magnitudes)
{
	struct lockstep_scaling_summary summary = summary_of((double[]){1.7e308, 1.6e308}, 2);
	expect_close(summary.median / 1e308, 1.65, 1e-15, "large");
	summary = summary_of((double[]){4e-300, 2e-300, 3e-300, 3e-300, 1e-300, 9e-300, 3e-300}, 7);
	expect_close(summary.half_width, 2, 1e-15, "small");
}

static void expect_refused(double bad)
{
	double good[] = {1, 2, 3}, values[] = {1, bad, 3};
	struct lockstep_scaling_summary kept, summary;
	lockstep_error error = {LOCKSTEP_OK, ""};
	memset(&summary, 0x5a, sizeof summary);
	kept = summary;
	cr_assert_eq(lockstep_scaling_summarise(values, 3, &summary, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "measurement 2 of 3"), "%s", error.message);
	cr_assert_eq(lockstep_scaling_compare(values, good, 3, &summary, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "baseline"), "%s", error.message);
	cr_assert_eq(lockstep_scaling_compare(good, values, 3, &summary, NULL), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(memcmp(&summary, &kept, sizeof kept), 0, "untouched on failure");
}

Test(scaling_levels, refuses_what_is_no_measurement)
{
	struct lockstep_scaling_summary summary;
	lockstep_error error;
	expect_refused(0);
	expect_refused(-1);
	expect_refused(NAN);
	expect_refused(HUGE_VAL);
	cr_assert_eq(lockstep_scaling_summarise(NULL, 0, &summary, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(lockstep_scaling_compare((double[]){1e300}, (double[]){1e-300}, 1, &summary, &error),
	             LOCKSTEP_ERROR_ARGUMENT, "an infinite ratio");
}

Test(scaling_levels, memory_that_is_short)
{
	struct lockstep_scaling_summary summary = {.n = 77};
	double values[] = {1, 2};
	ls_memory_fail_at(1);
	cr_assert_eq(lockstep_scaling_summarise(values, 2, &summary, NULL), LOCKSTEP_ERROR_MEMORY);
	ls_memory_fail_at(1);
	cr_assert_eq(lockstep_scaling_compare(values, values, 2, &summary, NULL), LOCKSTEP_ERROR_MEMORY);
	ls_memory_fail_at(0);
	cr_assert_eq(summary.n, 77);
}

/* The blocks differ tenfold, the ratio in each hardly: 2, 2.1, 1.9, 2, 2.2, 1.8. */
Test(scaling_levels, ratios_are_paired)
{
	static const double base[] = {2, 21, 38, 200, 4.4, 9}, times[] = {1, 10, 20, 100, 2, 5};
	struct lockstep_scaling_summary ratio;
	cr_assert_eq(lockstep_scaling_compare(base, times, 6, &ratio, NULL), LOCKSTEP_OK);
	expect_close(ratio.median, 2, 1e-15, "median");
	expect_close(ratio.low, 1.8, 1e-15, "low");
	expect_close(ratio.high, 2.2, 1e-15, "high");
	cr_assert_eq(lockstep_scaling_compare(base, base, 6, &ratio, NULL), LOCKSTEP_OK);
	cr_assert(ratio.median == 1 && ratio.low == 1 && ratio.high == 1 && ratio.half_width == 0);
}

static double uniform(uint32_t i, uint32_t k)
{
	uint32_t words[4];
	ls_philox((uint32_t[]){i, k, 0, 0xfeed}, 7, words);
	return ((double)words[0] + 0.5) * 0x1p-32;
}

/* Of exponential times, which are far from normal: of 10 values ranks 2 and 9 hold the median, log 2, with a
 * probability of 1 - 22/1024; 3 standard deviations of 4,000 repetitions are 0.0069. */
Test(scaling_levels, interval_covers_as_often_as_it_says)
{
	int n_inside = 0, n = 4000;
	for (int i = 0; i < n; i++) {
		double values[10], middle = ls_log64(2);
		for (uint32_t k = 0; k < 10; k++)
			values[k] = -ls_log64(uniform((uint32_t)i, k));
		struct lockstep_scaling_summary summary = summary_of(values, 10);
		n_inside += summary.low < middle && middle < summary.high;
	}
	expect_close((double)n_inside / n, 1 - 22.0 / 1024, 0.0069, "coverage");
}

/* ---- Orders ---------------------------------------------------------------- */

/* By a program of its own, in Python, from doc/numerics.md. */
Test(scaling_levels, orders_are_those_of_the_page)
{
	static const struct {
		uint64_t seed;
		uint32_t block, order[7];
	} known[] = {{1, 0, {1, 3, 0, 2, 5, 6, 4}},
	             {1, 1, {3, 4, 0, 5, 1, 6, 2}},
	             {1, UINT32_MAX, {5, 3, 6, 2, 0, 4, 1}},
	             {0x123456789abcdef0, 5, {2, 5, 6, 1, 3, 0, 4}}};
	for (size_t i = 0; i < N(known); i++) {
		uint32_t order[7];
		lockstep_scaling_order(known[i].seed, known[i].block, 7, order);
		cr_assert_eq(memcmp(order, known[i].order, sizeof order), 0, "order %zu", i);
	}
	uint32_t order[300], other[300];
	lockstep_scaling_order(3, 2, 300, order);
	reference_permutation(3, 320, 2, other, 300);
	cr_assert_eq(memcmp(order, other, sizeof order), 0);
	lockstep_scaling_order(3, 2, 1, order);
	cr_assert_eq(order[0], 0);
	lockstep_scaling_order(3, 2, 0, NULL);
}

/* Chi squared of the 24 orders of 4 levels: 23 degrees of freedom exceed 49.7 once in 1,000 times. */
Test(scaling_levels, every_order_is_as_likely)
{
	uint32_t counts[256] = {0}, order[4], n = 2400;
	double chi = 0;
	size_t n_seen = 0;
	for (uint32_t block = 0; block < n; block++) {
		lockstep_scaling_order(11, block, 4, order);
		counts[order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3]]++;
	}
	for (size_t i = 0; i < 256; i++) {
		n_seen += counts[i] > 0;
		chi += counts[i] ? (counts[i] - 100.0) * (counts[i] - 100.0) / 100 : 0;
	}
	cr_assert_eq(n_seen, 24);
	cr_assert(chi < 49.7 && chi > 5, "%g", chi);
}

/* ---- Figures --------------------------------------------------------------- */

static struct lockstep_scaling_figures strong(double value, double base, double workers)
{
	struct lockstep_scaling_summary ratio = {6, value, value * 0.9, value * 1.1, 0.1};
	struct lockstep_scaling_figures figures;
	cr_assert_eq(lockstep_scaling_strong(&ratio, base, workers, &figures, NULL), LOCKSTEP_OK);
	return figures;
}

/* By hand: 4 workers, speed-up 2 (1.8 to 2.2): efficiency 1/2, (1/2 - 1/4) / (3/4) = 1/3; the ends of the
 * fraction come from the other ends of the speed-up: (1/2.2 - 1/4) / (3/4) and (1/1.8 - 1/4) / (3/4). */
Test(scaling_levels, strong_by_hand)
{
	struct lockstep_scaling_figures figures = strong(2, 1, 4);
	cr_assert(figures.speedup.value == 2 && figures.efficiency.value == 0.5);
	expect_close(figures.efficiency.low, 0.45, 1e-15, "efficiency");
	expect_close(figures.serial_fraction.value, 1.0 / 3, 1e-15, "serial fraction");
	expect_close(figures.serial_fraction.low, (1 / 2.2 - 0.25) / 0.75, 1e-15, "low");
	expect_close(figures.serial_fraction.high, (1 / 1.8 - 0.25) / 0.75, 1e-15, "high");
	/* The same from a baseline of 3 workers to 12. */
	struct lockstep_scaling_figures other = strong(2, 3, 12);
	cr_assert_eq(memcmp(&figures, &other, sizeof figures), 0);
	/* More than linear. */
	cr_assert_lt(strong(5, 1, 4).serial_fraction.value, 0);
	cr_assert_gt(strong(5, 1, 4).efficiency.value, 1);
}

/* Two worked examples of Quinn, "Parallel programming in C with MPI and OpenMP", 2003, 7.5: a serial fraction of
 * 0.1 at all levels, and one that overhead makes grow from 0.070 to 0.100. Speed-ups have 3 digits. */
Test(scaling_levels, karp_flatt_of_a_textbook)
{
	static const double known[][4] = {{2, 1.82, 0.1, 0.07},  {3, 2.50, 0.1, 0.075}, {4, 3.08, 0.1, 0.079},
	                                  {5, 3.57, 0.1, 0.085}, {6, 4.00, 0.1, 0.090}, {7, 4.38, 0.1, 0.095},
	                                  {8, 4.71, 0.1, 0.1}};
	static const double second[] = {1.87, 2.61, 3.23, 3.73, 4.14, 4.46, 4.71};
	for (size_t i = 0; i < N(known); i++) {
		double first_value = strong(known[i][1], 1, known[i][0]).serial_fraction.value;
		double second_value = strong(second[i], 1, known[i][0]).serial_fraction.value;
		cr_assert(fabs(first_value - known[i][2]) < 0.0015, "%g: %g", known[i][0], first_value);
		cr_assert(fabs(second_value - known[i][3]) < 0.001, "%g: %g", known[i][0], second_value);
	}
}

/* Speed-ups by Amdahl's law give its fraction back, from any baseline and to fewer workers as well: the
 * fraction is that of the baseline. */
Test(scaling_levels, karp_flatt_inverts_amdahl)
{
	for (double s = 0; s <= 1; s += 0.0625) {
		for (double base = 1; base <= 16; base *= 2) {
			for (double workers = 1; workers <= 64; workers *= 2) {
				double k = workers / base;
				struct lockstep_scaling_figures figures = strong(1 / (s + (1 - s) / k), base, workers);
				if (k == 1) {
					cr_assert(isnan(figures.serial_fraction.value) &&
					          isnan(figures.serial_fraction.low));
					continue;
				}
				expect_close(figures.serial_fraction.value, s, 1e-14, "s");
				cr_assert(figures.serial_fraction.low < figures.serial_fraction.value &&
				          figures.serial_fraction.value < figures.serial_fraction.high);
			}
		}
	}
}

/* Gustafson 1988 has scaled speed-ups of 1,016 to 1,021 on 1,024 processors: 1,020 is a fraction of 4 / 1023. */
Test(scaling_levels, weak_by_hand_and_by_gustafson)
{
	struct lockstep_scaling_figures figures;
	struct lockstep_scaling_summary ratio = {6, 0.75, 0.5, 0.875, 0.3};
	cr_assert_eq(lockstep_scaling_weak(&ratio, 2, 10, &figures, NULL), LOCKSTEP_OK);
	cr_assert(figures.efficiency.value == 0.75 && figures.efficiency.low == 0.5);
	cr_assert(figures.speedup.value == 3.75 && figures.speedup.high == 4.375);
	expect_close(figures.serial_fraction.value, 1.25 / 4, 1e-15, "(5 - 3.75) / 4");
	expect_close(figures.serial_fraction.low, 0.625 / 4, 1e-15, "low");
	expect_close(figures.serial_fraction.high, 2.5 / 4, 1e-15, "high");
	ratio = (struct lockstep_scaling_summary){3, 1020.0 / 1024, NAN, NAN, NAN};
	cr_assert_eq(lockstep_scaling_weak(&ratio, 1, 1024, &figures, NULL), LOCKSTEP_OK);
	expect_close(figures.speedup.value, 1020, 1e-15, "speed-up");
	expect_close(figures.serial_fraction.value, 4.0 / 1023, 1e-14, "serial fraction");
	cr_assert(isnan(figures.speedup.low) && isnan(figures.efficiency.high) && isnan(figures.serial_fraction.low));
}

Test(scaling_levels, figures_refuse)
{
	static const double bad[][3] = {{1, 0, 1},   {1, 1, 0.5},    {1, NAN, 1},  {1, 1, HUGE_VAL},
	                                {0, 1, 2},   {-1, 1, 2},     {NAN, 1, 2},  {HUGE_VAL, 1, 2},
	                                {1, 1, 2e9}, {1e-290, 1, 2}, {1e290, 1, 2}};
	for (size_t i = 0; i < N(bad); i++) {
		struct lockstep_scaling_summary ratio = {6, bad[i][0], bad[i][0], bad[i][0], 0};
		struct lockstep_scaling_figures figures = {.speedup = {77, 0, 0}};
		cr_assert_eq(lockstep_scaling_strong(&ratio, bad[i][1], bad[i][2], &figures, NULL),
		             LOCKSTEP_ERROR_ARGUMENT, "%zu", i);
		cr_assert_eq(lockstep_scaling_weak(&ratio, bad[i][1], bad[i][2], &figures, NULL),
		             LOCKSTEP_ERROR_ARGUMENT, "%zu", i);
		cr_assert_eq(figures.speedup.value, 77);
	}
}
