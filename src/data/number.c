/* SPDX-License-Identifier: MIT
 *
 * strtof_l() in the C locale behind a check of the characters, and a short way
 * for the small integers that fill most files.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strtof_l */
#endif
#include "number.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXACT_DIGITS 7 /* 9,999,999 is below 2^24 */

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* True for up to EXACT_DIGITS digits and nothing else. */
static int parse_small_integer(const char *text, size_t length, float *value)
{
	int n = 0;

	if (length > EXACT_DIGITS)
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		n = n * 10 + (text[i] - '0');
	}
	*value = (float)n;
	return 1;
}

static int is_non_finite_word(const char *text, size_t length)
{
	if (*text == '+' || *text == '-') {
		text++;
		length--;
	}
	return (length == 3 && (!strncasecmp(text, "nan", 3) || !strncasecmp(text, "inf", 3))) ||
	       (length == 8 && !strncasecmp(text, "infinity", 8));
}

/* The C library hands out one static object for the C locale. Should it ever
 * fail to, every number is refused: an error, never a wrong value. */
static enum ls_number parse_decimal(const char *text, size_t length, float *value)
{
	locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	char *end;

	if (!locale || strspn(text, "+-.0123456789eE") < length)
		return LS_NUMBER_WORD;
	float number = strtof_l(text, &end, locale);
	freelocale(locale);
	if (end != text + length)
		return LS_NUMBER_WORD;
	if (!isfinite(number))
		return LS_NUMBER_NOT_FINITE;
	*value = number;
	return LS_NUMBER_FINITE;
}

enum ls_number ls_number_parse(const char *text, float *value)
{
	while (is_blank(*text))
		text++;
	size_t length = strlen(text);
	while (length && is_blank(text[length - 1]))
		length--;

	if (!length)
		return LS_NUMBER_EMPTY;
	if (parse_small_integer(text, length, value))
		return LS_NUMBER_FINITE;
	if (is_non_finite_word(text, length))
		return LS_NUMBER_NOT_FINITE;
	return parse_decimal(text, length, value);
}
