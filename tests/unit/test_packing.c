/* SPDX-License-Identifier: MIT
 *
 * Packing: who runs beside whom, from figures.
 */
#include <criterion/criterion.h>

#include "study/run/packing.h"

static struct ls_packing packing;

static void init(uint32_t n_cores, uint32_t per_trial, uint32_t concurrent, uint32_t window)
{
	ls_packing_init(&packing, n_cores, per_trial, concurrent, window);
}

Test(packing, what_is_said_is_done)
{
	static const struct {
		uint32_t n_cores, per_trial, concurrent, window, expected;
	} cases[] = {
	    {16, 4, 0, 8, 4},  {16, 5, 0, 8, 3}, {16, 32, 0, 8, 1}, {16, 1, 0, 8, 8}, {16, 0, 3, 8, 3},
	    {16, 0, 20, 8, 8}, {4, 0, 9, 8, 4},  {1, 0, 0, 8, 1},   {8, 0, 0, 1, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		init(cases[i].n_cores, cases[i].per_trial, cases[i].concurrent, cases[i].window);
		cr_assert_eq(ls_packing_concurrent(&packing), cases[i].expected, "case %zu", i);
		ls_packing_note(&packing, cases[i].expected, 1);
		cr_assert_eq(ls_packing_concurrent(&packing), cases[i].expected, "case %zu", i);
	}
}

/* Tells of `n` jobs at once that do `rate` together. */
static void measure(uint32_t n, double rate)
{
	cr_assert_eq(ls_packing_concurrent(&packing), n);
	for (uint32_t i = 0; i < n; i++)
		ls_packing_note(&packing, n, rate / n);
}

Test(packing, many_jobs_of_a_core_each_stay_where_fewer_are_slower)
{
	init(8, 0, 0, 8);
	measure(8, 100);
	measure(4, 90);
	cr_assert_eq(ls_packing_concurrent(&packing), 8);
}

Test(packing, halves_are_tried_as_long_as_they_are_faster)
{
	init(8, 0, 0, 8);
	measure(8, 100);
	measure(4, 120);
	measure(2, 130);
	measure(1, 110);
	cr_assert_eq(ls_packing_concurrent(&packing), 2);
}

Test(packing, one_job_on_all_cores_may_be_the_fastest)
{
	init(4, 0, 0, 3);
	measure(3, 1);
	measure(1, 2);
	cr_assert_eq(ls_packing_concurrent(&packing), 1);
}

Test(packing, figures_of_other_numbers_of_jobs_do_not_count)
{
	init(4, 0, 0, 8);
	ls_packing_note(&packing, 2, 1e9);
	ls_packing_note(&packing, 3, 1e9);
	measure(4, 10);
	ls_packing_note(&packing, 4, 1e9);
	measure(2, 5);
	cr_assert_eq(ls_packing_concurrent(&packing), 4);
}

Test(packing, shares_are_disjoint_and_cover_all_cores)
{
	for (uint32_t n_cores = 1; n_cores <= 17; n_cores++)
		for (uint32_t n = 1; n <= n_cores; n++) {
			uint32_t at = 0;
			init(n_cores, 0, 0, 64);
			for (uint32_t i = 0; i < n; i++) {
				struct ls_range share = ls_packing_share(&packing, i, n);
				cr_assert_eq(share.begin, at);
				cr_assert(share.end - share.begin == n_cores / n ||
				          share.end - share.begin == n_cores / n + 1);
				at = share.end;
			}
			cr_assert_eq(at, n_cores);
		}
}
