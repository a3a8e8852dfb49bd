/* SPDX-License-Identifier: MIT
 *
 * Random numbers and what is drawn from them: Philox's published answers, the
 * counters of doc/numerics.md, permutations, splits and the order of an epoch.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arith/philox.h"
#include "data/order.h"
#include "reference.h"

#define N_MAX 1000

/* ---- Philox ---------------------------------------------------------- */

/* Known answers of the authors' Random123 distribution, philox4x32 10. */
Test(random, philox_gives_its_known_answers)
{
	static const struct {
		uint32_t counter[4];
		uint64_t seed;
		uint32_t words[4];
	} cases[] = {
	    {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
	    {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
	     UINT64_MAX,
	     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
	    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
	     0x299f31d0a4093822,
	     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t words[4];
		ls_philox(cases[i].counter, cases[i].seed, words);
		cr_assert_arr_eq(words, cases[i].words, sizeof words, "case %zu", i);
	}
}

Test(random, draw_lays_its_counter_out_as_the_contract_does)
{
	static const struct ls_draw draw = {LS_PURPOSE_DROPOUT, 62, 0x13198a2e, 0x85a308d3, 0x243f6a88};
	uint32_t words[4], expected[4];
	ls_draw(&draw, 0x299f31d0a4093822, words);
	ls_philox((const uint32_t[]){0x243f6a88, 0x85a308d3, 0x13198a2e, 5 << 16 | 62}, 0x299f31d0a4093822, expected);
	cr_assert_arr_eq(words, expected, sizeof words);
	reference_philox(0x299f31d0a4093822, 0x243f6a88, 0x85a308d3, 0x13198a2e, REFERENCE_DROPOUT, 62, expected);
	cr_assert_arr_eq(words, expected, sizeof words);
}

Test(random, draws_together_are_the_single_draws)
{
	enum { N_DRAWS = 3 * LS_DRAWS_BATCH + 1 };
	static const uint32_t first_units[] = {0, 7, 0xffffffc0};
	for (size_t i = 0; i < sizeof first_units / sizeof *first_units; i++)
		for (uint32_t n = 0; n <= N_DRAWS; n++) {
			struct ls_draw draw = {LS_PURPOSE_DROPOUT, 62, 0x13198a2e, 0x85a308d3, first_units[i]};
			uint32_t words[4 * N_DRAWS + 1], one[4];
			memset(words, 0xa5, sizeof words);
			ls_draws(&draw, 0x299f31d0a4093822, n, words);
			for (uint32_t d = 0; d < n; d++, draw.unit++) {
				ls_draw(&draw, 0x299f31d0a4093822, one);
				cr_assert_arr_eq(words + 4 * d, one, sizeof one, "draw %u of %u", d, n);
			}
			cr_assert_eq(words[4 * n], 0xa5a5a5a5, "%u draws wrote on", n);
		}
}

Test(random, purposes_have_the_numbers_of_the_contract)
{
	cr_assert_eq(LS_PURPOSE_WEIGHT, 1);
	cr_assert_eq(LS_PURPOSE_BIAS, 2);
	cr_assert_eq(LS_PURPOSE_SHUFFLE, 3);
	cr_assert_eq(LS_PURPOSE_SPLIT, 4);
	cr_assert_eq(LS_PURPOSE_DROPOUT, 5);
}

/* ---- Permutations ---------------------------------------------------- */

static void expect_permutation(const uint32_t *p, uint32_t n)
{
	uint8_t seen[N_MAX] = {0};
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_lt(p[i], n);
		cr_assert_eq(seen[p[i]]++, 0, "%u occurs twice of %u", p[i], n);
	}
}

Test(random, permutation_is_one_and_equals_the_reference_for_every_size)
{
	uint32_t p[N_MAX + 1], expected[N_MAX + 1];
	for (uint32_t n = 0; n <= N_MAX; n++) {
		memset(p, 0xff, sizeof p);
		memset(expected, 0xff, sizeof expected);
		ls_permutation(n, p, LS_PURPOSE_SHUFFLE, n % 5, n * 0x9e3779b97f4a7c15u);
		reference_permutation(n * 0x9e3779b97f4a7c15u, REFERENCE_SHUFFLE, n % 5, expected, n);
		expect_permutation(p, n);
		cr_assert_arr_eq(p, expected, sizeof p, "%u entries", n);
	}
}

/* For two entries, the draw of i = 1 decides: words 2 and 3 of unit 0. */
Test(random, permutation_of_two_is_the_draw_worked_by_hand)
{
	int swaps = 0;
	for (uint64_t seed = 0; seed < 64; seed++) {
		uint32_t p[2], words[4];
		ls_permutation(2, p, LS_PURPOSE_SPLIT, 0, seed);
		ls_philox((const uint32_t[]){0, 0, 0, 4 << 16}, seed, words);
		int swap = words[3] < 0x80000000;
		cr_assert_eq(p[0], swap ? 1 : 0);
		cr_assert_eq(p[1], swap ? 0 : 1);
		swaps += swap;
	}
	cr_assert(16 < swaps && swaps < 48);
}

Test(random, permutation_depends_on_seed_epoch_and_purpose)
{
	uint32_t p[64], other[64];
	ls_permutation(64, p, LS_PURPOSE_SHUFFLE, 0, 1);
	ls_permutation(64, other, LS_PURPOSE_SHUFFLE, 0, 2);
	cr_assert_arr_neq(p, other, sizeof p);
	ls_permutation(64, other, LS_PURPOSE_SHUFFLE, 0, 1 + (1ull << 32));
	cr_assert_arr_neq(p, other, sizeof p);
	ls_permutation(64, other, LS_PURPOSE_SHUFFLE, 1, 1);
	cr_assert_arr_neq(p, other, sizeof p);
	ls_permutation(64, other, LS_PURPOSE_SPLIT, 0, 1);
	cr_assert_arr_neq(p, other, sizeof p);
	ls_permutation(64, other, LS_PURPOSE_SHUFFLE, 0, 1);
	cr_assert_arr_eq(p, other, sizeof p);
}

/* Every entry goes everywhere about equally often: 7 places, 7000 seeds; six
 * standard deviations of a binomial with mean 1000. */
Test(random, permutations_are_even)
{
	unsigned counts[7][7] = {0};
	for (uint64_t seed = 0; seed < 7000; seed++) {
		uint32_t p[7];
		ls_permutation(7, p, LS_PURPOSE_SHUFFLE, 0, seed);
		for (uint32_t i = 0; i < 7; i++)
			counts[i][p[i]]++;
	}
	for (uint32_t i = 0; i < 7; i++)
		for (uint32_t j = 0; j < 7; j++)
			cr_assert(counts[i][j] > 824 && counts[i][j] < 1176, "%u at %u: %u times", j, i, counts[i][j]);
}

/* ---- Splits ---------------------------------------------------------- */

static void expect_split(uint32_t n_rows, double validation, uint32_t n_validation)
{
	struct ls_split split;
	struct reference_split expected;
	lockstep_error error;
	cr_assert_eq(ls_split_create(&split, n_rows, validation, 7, &error), LOCKSTEP_OK, "%s", error.message);
	reference_split_make(&expected, n_rows, validation, 7);
	cr_assert_eq(split.n_validation, n_validation, "%g of %u rows gives %u", validation, n_rows,
	             split.n_validation);
	cr_assert_eq(split.n_train, n_rows - n_validation);
	cr_assert_arr_eq(split.train, expected.train, split.n_train * sizeof *split.train);
	if (n_validation)
		cr_assert_arr_eq(split.validation, expected.validation, n_validation * sizeof *split.validation);
	else
		cr_assert_null(split.validation);
	reference_split_free(&expected);
	ls_split_fini(&split);
	cr_assert_null(split.train);
}

Test(random, split_takes_a_fraction_or_a_number_of_rows)
{
	expect_split(1, 0, 0);
	expect_split(1000, 0, 0);
	expect_split(1000, 0.1, 100);
	expect_split(1000, 0.0015, 1);
	expect_split(1000, 0.9999, 999);
	expect_split(1000, 1, 1);
	expect_split(1000, 999, 999);
	expect_split(7, 0.5, 3);
	expect_split(2, 1, 1);
	/* floor of the double product: 0.29 * 100 is below 29. */
	expect_split(100, 0.29, 28);
}

Test(random, split_sides_are_ascending_and_share_no_row)
{
	struct ls_split split;
	uint8_t seen[N_MAX] = {0};
	cr_assert_eq(ls_split_create(&split, N_MAX, 0.3, 1, NULL), LOCKSTEP_OK);
	for (uint32_t i = 0; i < split.n_train; i++) {
		cr_assert(i == 0 || split.train[i - 1] < split.train[i]);
		seen[split.train[i]]++;
	}
	for (uint32_t i = 0; i < split.n_validation; i++) {
		cr_assert(i == 0 || split.validation[i - 1] < split.validation[i]);
		seen[split.validation[i]]++;
	}
	for (uint32_t i = 0; i < N_MAX; i++)
		cr_assert_eq(seen[i], 1);
	ls_split_fini(&split);
}

static void expect_refusal(uint32_t n_rows, double validation)
{
	struct ls_split split, untouched;
	lockstep_error error = {0};
	memset(&split, 0x5a, sizeof split);
	memset(&untouched, 0x5a, sizeof untouched);
	cr_assert_eq(ls_split_create(&split, n_rows, validation, 1, &error), LOCKSTEP_ERROR_ARGUMENT, "%g of %u",
	             validation, n_rows);
	cr_assert_arr_eq(&split, &untouched, sizeof split);
	cr_assert(strstr(error.message, "validation"), "%s", error.message);
}

Test(random, split_refuses_to_leave_a_side_empty)
{
	expect_refusal(1000, 0.0009);
	expect_refusal(1000, 1000);
	expect_refusal(1000, 1001);
	expect_refusal(1000, 1e300);
	expect_refusal(1, 0.5);
	expect_refusal(1, 1);
}

Test(random, split_refuses_what_is_no_number_of_rows)
{
	expect_refusal(1000, 1.5);
	expect_refusal(1000, -1);
	expect_refusal(1000, -0.1);
	expect_refusal(1000, NAN);
	expect_refusal(1000, INFINITY);
	expect_refusal(1000, -INFINITY);
}

/* ---- Order ----------------------------------------------------------- */

Test(random, order_is_the_permuted_training_rows)
{
	struct ls_split split;
	uint32_t order[N_MAX], permutation[N_MAX];
	cr_assert_eq(ls_split_create(&split, N_MAX, 0.25, 3, NULL), LOCKSTEP_OK);
	for (uint32_t epoch = 0; epoch < 4; epoch++) {
		ls_split_order(&split, epoch, 3, order);
		reference_permutation(3, REFERENCE_SHUFFLE, epoch, permutation, split.n_train);
		for (uint32_t i = 0; i < split.n_train; i++)
			cr_assert_eq(order[i], split.train[permutation[i]]);
	}
	ls_split_fini(&split);
}
