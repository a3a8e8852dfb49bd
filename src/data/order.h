/* SPDX-License-Identifier: MIT
 *
 * Which rows train and which validate, and in which order an epoch takes them
 * (doc/numerics.md, sections 6 and 7).
 */
#ifndef LS_DATA_ORDER_H
#define LS_DATA_ORDER_H

#include <stdint.h>

#include "lockstep/status.h"

struct ls_split {
	uint32_t n_train, n_validation;
	uint32_t *train;      /* ascending indices in the file */
	uint32_t *validation; /* ascending; NULL when there are none */
};

/* Splits n_rows rows; `validation` is a fraction below 1 or a number of rows.
 * At least one row must stay on each side that was asked for. */
lockstep_status ls_split_create(struct ls_split *out, uint32_t n_rows, double validation, uint64_t seed,
                                lockstep_error *error);
void ls_split_fini(struct ls_split *split);

/* Writes the training rows in the order of an epoch, counted from 0, into
 * order [n_train]. */
void ls_split_order(const struct ls_split *split, uint32_t epoch, uint64_t seed, uint32_t *order);

#endif
