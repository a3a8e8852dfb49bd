/* SPDX-License-Identifier: MIT
 *
 * Decimal numbers in text files, correctly rounded to fp32, whatever locale
 * the host program has set.
 */
#ifndef LS_DATA_NUMBER_H
#define LS_DATA_NUMBER_H

#include <stddef.h>

enum ls_number {
	LS_NUMBER_WORD,       /* no number */
	LS_NUMBER_EMPTY,      /* nothing but blanks */
	LS_NUMBER_NOT_FINITE, /* nan, inf, or beyond fp32 */
	LS_NUMBER_FINITE
};

/* What the NUL-terminated text is; *value is set when it is finite. Blanks
 * around it are allowed; hexadecimal numbers are words. */
enum ls_number ls_number_parse(const char *text, float *value);

#endif
