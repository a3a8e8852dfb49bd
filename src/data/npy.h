/* SPDX-License-Identifier: MIT
 *
 * NPY, the file of one NumPy array, versions 1 to 3: a magic, the length of a
 * header, the header (a Python dictionary as text), then the values.
 */
#ifndef LS_DATA_NPY_H
#define LS_DATA_NPY_H

#include "array.h"

/* Reads a whole file from its first byte on. Caller owns what *out holds; it
 * is untouched on failure. Arrays in Fortran order must have rank 1 or 2. */
lockstep_status ls_npy_read(struct ls_array *out, struct ls_bytes *stream, lockstep_error *error);

#endif
