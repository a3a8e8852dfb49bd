/* SPDX-License-Identifier: MIT
 *
 * Points: lines of a program's output that are a JSON object with the metric in it.
 *
 * NaN, Infinity and -Infinity, which Python prints, are numbers here. Objects in the
 * object are looked into, with names joined by '.'. Of what is no number nothing is kept.
 */
#ifndef LS_STUDY_COMMAND_POINT_H
#define LS_STUDY_COMMAND_POINT_H

#include <stddef.h>
#include <stdint.h>

#include "text.h"

#define LS_POINT_NUMBERS_MAX 256 /* those after it are left out */

struct ls_point_number {
	size_t name; /* where it begins in `names` */
	double value;
};

/* A point. Zeroed before its first use, and used again for the next. */
struct ls_point {
	uint32_t number; /* from 1; the reader's */
	double seconds;  /* since the point before; the reader's */
	double value;    /* of the metric */
	double key;      /* its "step", or else its "epoch"; NaN: it has neither */
	struct ls_point_number numbers[LS_POINT_NUMBERS_MAX];
	size_t n_numbers;
	struct ls_text names, scratch;
};

enum ls_point_kind {
	LS_POINT_NONE = 0, /* the line is none */
	LS_POINT_READ,
	LS_POINT_NO_MEMORY
};

enum ls_point_kind ls_point_read(struct ls_point *point, const char *line, size_t length, const char *metric);
const char *ls_point_name(const struct ls_point *point, size_t i);
void ls_point_fini(struct ls_point *point);

/* The value of `name` that decides which point it is: of "step" before "epoch". */
void ls_point_note_key(double *key, int *has_step, const char *name, double value);

#endif
