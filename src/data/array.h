/* SPDX-License-Identifier: MIT
 *
 * The body of a binary file (IDX or NPY): numbers of one type in rows, read
 * from a stream after the file's header was understood. uint8 stays uint8;
 * every other type becomes fp32, correctly rounded, and must be finite.
 */
#ifndef LS_DATA_ARRAY_H
#define LS_DATA_ARRAY_H

#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "lockstep/status.h"

#define LS_RANK_MAX 32

enum ls_element {
	LS_ELEMENT_U8,
	LS_ELEMENT_BOOL,
	LS_ELEMENT_I8,
	LS_ELEMENT_I16,
	LS_ELEMENT_I32,
	LS_ELEMENT_I64,
	LS_ELEMENT_U16,
	LS_ELEMENT_U32,
	LS_ELEMENT_U64,
	LS_ELEMENT_F16,
	LS_ELEMENT_F32,
	LS_ELEMENT_F64
};

struct ls_array {
	enum ls_element element;
	int big_endian;
	int column_major; /* rank 2: the file holds column after column */
	unsigned rank;
	size_t n_rows;    /* the first dimension */
	size_t n_columns; /* the product of the others; 1 for rank 1 */
	uint8_t *bytes;   /* [n_rows][n_columns] of LS_ELEMENT_U8, else NULL */
	float *floats;    /* [n_rows][n_columns] of every other type, else NULL */
};

/* Sets rank, n_rows and n_columns, or says why no table has these `sizes`. */
lockstep_status ls_array_set_shape(struct ls_array *array, const uint64_t *sizes, unsigned rank, const char *path,
                                   lockstep_error *error);

/* Reads the values of an array whose other fields are set; the stream must end
 * right behind them. Memory grows with the bytes that arrive, not with what
 * the header promised. On failure the array owns nothing. */
lockstep_status ls_array_read(struct ls_array *array, struct ls_bytes *stream, lockstep_error *error);

/* Frees what the array owns and zeroes it. */
void ls_array_fini(struct ls_array *array);

#endif
