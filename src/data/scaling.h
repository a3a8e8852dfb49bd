/* SPDX-License-Identifier: MIT
 *
 * Input scaling: what a column's values become before they enter a network.
 * Fitted on the training rows, stored in the model (doc/numerics.md).
 *
 *   none         x as fp32
 *   unit         uint8: x / 255, correctly rounded; floats: (x - shift) * scale
 *   standardise  (x - shift) * scale
 *
 * Both operations are fp32. A constant column has scale 0 and becomes 0, and so
 * does one whose scale is not finite in fp32.
 */
#ifndef LS_DATA_SCALING_H
#define LS_DATA_SCALING_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"
#include "lockstep/train.h"
#include "table.h"

struct ls_scaling {
	enum lockstep_scale kind; /* auto is resolved */
	size_t n;                 /* features */
	float *shift, *scale;     /* [n], or NULL where the kind needs none */
};

/* The kind with auto resolved for the table. */
enum lockstep_scale ls_scaling_kind(enum lockstep_scale kind, const struct ls_table *table);

/* Fits the scaling to `rows` [n_rows] of the table (NULL: all rows), in that
 * order. A column whose largest difference is not finite in fp32 is an error.
 * Caller owns what *out holds; it is untouched on failure. */
lockstep_status ls_scaling_fit(struct ls_scaling *out, enum lockstep_scale kind, const struct ls_table *table,
                               const uint32_t *rows, size_t n_rows, lockstep_error *error);

/* A copy of a scaling; caller owns what *out holds, untouched on failure. */
lockstep_status ls_scaling_copy(struct ls_scaling *out, const struct ls_scaling *scaling, lockstep_error *error);

/* Frees what the scaling owns and zeroes it. */
void ls_scaling_fini(struct ls_scaling *scaling);

#endif
