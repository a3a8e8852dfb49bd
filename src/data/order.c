/* SPDX-License-Identifier: MIT
 *
 * Split and shuffle: permutations drawn from the seed, without state.
 */
#include "order.h"

#include <math.h>
#include <stdlib.h>

#include "arith/philox.h"
#include "base/error.h"
#include "base/memory.h"

static lockstep_status validation_rows(uint32_t n_rows, double validation, uint32_t *n, lockstep_error *error)
{
	double rows = validation < 1 ? floor(validation * n_rows) : validation;
	if (!(rows >= 0) || rows != floor(rows) || rows >= n_rows || (validation > 0 && rows == 0))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "validation %g of %u rows: it must leave at least one row on each side, and be a "
		                    "fraction below 1 or a whole number of rows",
		                    validation, n_rows);
	*n = (uint32_t)rows;
	return LOCKSTEP_OK;
}

static int compare_rows(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

lockstep_status ls_split_create(struct ls_split *out, uint32_t n_rows, double validation, uint64_t seed,
                                lockstep_error *error)
{
	uint32_t n_validation = 0;
	lockstep_status status = validation_rows(n_rows, validation, &n_validation, error);
	if (status)
		return status;

	uint32_t *rows = ls_memory_allocate(n_rows, sizeof *rows);
	if (!rows)
		return ls_error_memory(error, "the row order");
	uint32_t n_train = n_rows - n_validation;
	if (n_validation) {
		ls_permutation(n_rows, rows, LS_PURPOSE_SPLIT, 0, seed);
		qsort(rows, n_train, sizeof *rows, compare_rows);
		qsort(rows + n_train, n_validation, sizeof *rows, compare_rows);
	} else {
		for (uint32_t i = 0; i < n_rows; i++)
			rows[i] = i;
	}
	*out = (struct ls_split){n_train, n_validation, rows, n_validation ? rows + n_train : NULL};
	return LOCKSTEP_OK;
}

void ls_split_fini(struct ls_split *split)
{
	ls_memory_free(split->train);
	*split = (struct ls_split){0};
}

void ls_split_order(const struct ls_split *split, uint32_t epoch, uint64_t seed, uint32_t *order)
{
	ls_permutation(split->n_train, order, LS_PURPOSE_SHUFFLE, epoch, seed);
	for (uint32_t i = 0; i < split->n_train; i++)
		order[i] = split->train[order[i]];
}
