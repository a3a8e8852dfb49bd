/* SPDX-License-Identifier: MIT
 *
 * A value that a parameter can have: a scalar of the spec file, and the text
 * that a trial's option gets.
 */
#ifndef LS_STUDY_VALUE_H
#define LS_STUDY_VALUE_H

#include <stdint.h>

#include "lockstep/status.h"

enum ls_value_kind { LS_VALUE_NULL = 0, LS_VALUE_BOOLEAN, LS_VALUE_INTEGER, LS_VALUE_REAL, LS_VALUE_TEXT };

struct ls_value {
	enum ls_value_kind kind;
	int64_t integer; /* of LS_VALUE_INTEGER; 0 or 1 of LS_VALUE_BOOLEAN */
	double real;     /* of LS_VALUE_REAL and LS_VALUE_INTEGER */
	char *text;      /* owned; of a number the shortest decimal that reads back as the same double */
};

#define LS_VALUE_TEXT_MAX 32 /* of a number's text, with the 0 at its end */

/* The shortest decimal that reads back as x, which is finite; an integer up to 2^53
 * has neither point nor exponent. The C locale, whatever the program's. */
void ls_value_format(double x, char text[LS_VALUE_TEXT_MAX]);

/* Is the text a decimal number, [+-] digits with a point and an exponent where one
 * likes? *x, correctly rounded, may be infinite. */
int ls_value_read_number(const char *text, double *x);

/* What a plain scalar says by the core schema of YAML 1.2: null (or ~, or nothing),
 * true, a decimal, octal (0o17) or hexadecimal integer, a number such as 1e-3, or
 * else a text. LOCKSTEP_ERROR_ARGUMENT with one clause for what is not finite and for
 * integers beyond int64_t. Caller owns out->text; out is untouched on failure. */
lockstep_status ls_value_parse(struct ls_value *out, const char *text, lockstep_error *error);

/* The text as it is, as that of a quoted scalar. */
lockstep_status ls_value_of_text(struct ls_value *out, const char *text, lockstep_error *error);

/* Do both say the same? Numbers by value, so that 1 and 1.0 are equal. */
int ls_value_equal(const struct ls_value *a, const struct ls_value *b);

void ls_value_fini(struct ls_value *value);

#endif
