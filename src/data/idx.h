/* SPDX-License-Identifier: MIT
 *
 * IDX, the format of MNIST: two zero bytes, a type byte, the rank, that many
 * big-endian 32-bit sizes, then the values, big-endian, row-major.
 */
#ifndef LS_DATA_IDX_H
#define LS_DATA_IDX_H

#include "array.h"

/* Reads a whole file of rank 1 to 4 from its first byte on. Caller owns what
 * *out holds; it is untouched on failure. */
lockstep_status ls_idx_read(struct ls_array *out, struct ls_bytes *stream, lockstep_error *error);

#endif
