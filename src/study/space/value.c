/* SPDX-License-Identifier: MIT
 *
 * Numbers and their texts. The characters of a text are checked before strtod_l()
 * sees it. The shortest decimal is looked for by length: printf()'s digits are
 * correctly rounded in glibc and musl, and only they are taken from what it
 * prints, since the point is the locale's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strtod_l */
#endif
#include "value.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"

#define DIGITS_MAX 17 /* of a double's decimal */

/* ---- Reading --------------------------------------------------------------- */

static const char *skip_digits(const char *text)
{
	return text + strspn(text, "0123456789");
}

static const char *skip_sign(const char *text)
{
	return text + (*text == '+' || *text == '-');
}

static int is_decimal(const char *text)
{
	text = skip_sign(text);
	const char *end = skip_digits(text);
	size_t n_digits = (size_t)(end - text);
	if (*end == '.') {
		text = end + 1;
		end = skip_digits(text);
		n_digits += (size_t)(end - text);
	}
	if (n_digits == 0)
		return 0;
	if (*end == 'e' || *end == 'E') {
		text = skip_sign(end + 1);
		end = skip_digits(text);
		if (end == text)
			return 0;
	}
	return *end == '\0';
}

/* The C library hands out one static object for the C locale. Should it ever fail
 * to, numbers are refused: never a wrong value. */
static double read_decimal(const char *text)
{
	locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!locale)
		return NAN;
	double x = strtod_l(text, NULL, locale);
	freelocale(locale);
	return x;
}

int ls_value_read_number(const char *text, double *x)
{
	if (!is_decimal(text))
		return 0;
	double number = read_decimal(text);
	if (isnan(number))
		return 0;
	*x = number;
	return 1;
}

/* The base of an integer's text, and where its digits begin; 0: it is none. */
static int integer_base(const char *text, const char **digits)
{
	if (text[0] == '0' && text[1] == 'x') {
		*digits = text + 2;
		return text[2] && !text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] ? 16 : 0;
	}
	if (text[0] == '0' && text[1] == 'o') {
		*digits = text + 2;
		return text[2] && !text[2 + strspn(text + 2, "01234567")] ? 8 : 0;
	}
	const char *first = skip_sign(text);
	*digits = text;
	return *first && !*skip_digits(first) ? 10 : 0;
}

static int is_not_finite(const char *text)
{
	static const char *const words[] = {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"};
	return ls_name_find(skip_sign(text), words, sizeof words / sizeof *words) >= 0;
}

static lockstep_status finish_number(struct ls_value *out, const struct ls_value *number, const char *text,
                                     lockstep_error *error)
{
	char *copy = ls_memory_copy_text(text);
	if (!copy)
		return ls_error_memory(error, "a value");
	*out = *number;
	out->text = copy;
	return LOCKSTEP_OK;
}

static lockstep_status parse_integer(struct ls_value *out, const char *digits, int base, lockstep_error *error)
{
	char text[LS_VALUE_TEXT_MAX];
	errno = 0;
	long long integer = strtoll(digits, NULL, base);
	if (errno || integer < INT64_MIN || integer > INT64_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "the integer does not fit 64 bits");
	snprintf(text, sizeof text, "%lld", integer);
	struct ls_value value = {LS_VALUE_INTEGER, integer, (double)integer, NULL};
	return finish_number(out, &value, text, error);
}

static lockstep_status parse_real(struct ls_value *out, const char *text, lockstep_error *error)
{
	char shortest[LS_VALUE_TEXT_MAX];
	double x = read_decimal(text);
	if (!isfinite(x))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "the number is not finite");
	ls_value_format(x, shortest);
	struct ls_value value = {LS_VALUE_REAL, 0, x, NULL};
	return finish_number(out, &value, shortest, error);
}

/* 0 or 1; -1: it is no boolean. */
static int boolean_of(const char *text)
{
	static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE"};
	int i = ls_name_find(text, words, sizeof words / sizeof *words);
	return i < 0 ? -1 : i % 2;
}

lockstep_status ls_value_parse(struct ls_value *out, const char *text, lockstep_error *error)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	const char *digits;
	int base = integer_base(text, &digits), boolean = boolean_of(text);
	if (ls_name_find(text, nulls, sizeof nulls / sizeof *nulls) >= 0)
		return finish_number(out, &(struct ls_value){.kind = LS_VALUE_NULL}, "null", error);
	if (boolean >= 0)
		return finish_number(out, &(struct ls_value){LS_VALUE_BOOLEAN, boolean, 0, NULL},
		                     boolean ? "true" : "false", error);
	if (base)
		return parse_integer(out, digits, base, error);
	if (is_not_finite(text))
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "the number is not finite");
	if (is_decimal(text))
		return parse_real(out, text, error);
	return ls_value_of_text(out, text, error);
}

lockstep_status ls_value_of_text(struct ls_value *out, const char *text, lockstep_error *error)
{
	return finish_number(out, &(struct ls_value){.kind = LS_VALUE_TEXT}, text, error);
}

/* ---- Writing --------------------------------------------------------------- */

struct decimal {
	char digits[DIGITS_MAX + 1];
	int n;
	int exponent; /* digits are d.ddd times 10 to this */
};

/* The n digits nearest to x, which is above 0. */
static void round_to(struct decimal *decimal, double x, int n)
{
	char text[64];
	snprintf(text, sizeof text, "%.*e", n - 1, x);
	decimal->n = 0;
	char *at = text;
	for (; *at && *at != 'e'; at++)
		if (*at >= '0' && *at <= '9' && decimal->n < n)
			decimal->digits[decimal->n++] = *at;
	decimal->digits[decimal->n] = '\0';
	decimal->exponent = *at ? (int)strtol(at + 1, NULL, 10) : 0;
}

static int reads_back(const struct decimal *decimal, double x)
{
	char text[64];
	snprintf(text, sizeof text, "%c.%se%d", decimal->digits[0], decimal->digits + 1, decimal->exponent);
	return read_decimal(text) == x;
}

/* Numbers that read back as a power of two reach further up than down: there the
 * next decimal may do where the nearest does not. */
static int next_reads_back(struct decimal *decimal, double x)
{
	int exponent;
	char *last = &decimal->digits[decimal->n - 1];
	if (frexp(x, &exponent) > 0.5 || *last == '9')
		return 0;
	++*last;
	return reads_back(decimal, x);
}

static void find_shortest(struct decimal *decimal, double x)
{
	for (int n = 1; n <= DIGITS_MAX; n++) {
		round_to(decimal, x, n);
		if (reads_back(decimal, x) || (n < DIGITS_MAX && next_reads_back(decimal, x)))
			break;
	}
}

/* 0.001 and 1.5 are written out, 1e-5 and 1.5e20 are not. */
static void write_decimal(const struct decimal *decimal, char *text, size_t size)
{
	int n = decimal->n, exponent = decimal->exponent;
	const char *digits = decimal->digits;
	if (exponent < 0 && exponent >= -4)
		snprintf(text, size, "0.%.*s%s", -exponent - 1, "000", digits);
	else if (exponent >= 0 && exponent < n - 1)
		snprintf(text, size, "%.*s.%s", exponent + 1, digits, digits + exponent + 1);
	else
		snprintf(text, size, "%c%s%se%d", digits[0], n > 1 ? "." : "", digits + 1, exponent);
}

void ls_value_format(double x, char text[LS_VALUE_TEXT_MAX])
{
	struct decimal decimal;
	size_t sign = signbit(x) ? 1 : 0;
	double magnitude = fabs(x);
	text[0] = '-';
	if (magnitude <= 0x1p53 && magnitude == floor(magnitude)) {
		snprintf(text + sign, LS_VALUE_TEXT_MAX - sign, "%lld", (long long)magnitude);
		return;
	}
	find_shortest(&decimal, magnitude);
	write_decimal(&decimal, text + sign, LS_VALUE_TEXT_MAX - sign);
}

/* ---- ----------------------------------------------------------------------- */

static int is_number(const struct ls_value *value)
{
	return value->kind == LS_VALUE_INTEGER || value->kind == LS_VALUE_REAL;
}

int ls_value_equal(const struct ls_value *a, const struct ls_value *b)
{
	if (is_number(a) && is_number(b) && a->kind != b->kind)
		return a->real == b->real;
	if (a->kind != b->kind)
		return 0;
	switch (a->kind) {
	case LS_VALUE_NULL:
		return 1;
	case LS_VALUE_BOOLEAN:
	case LS_VALUE_INTEGER:
		return a->integer == b->integer;
	case LS_VALUE_REAL:
		return a->real == b->real;
	case LS_VALUE_TEXT:
		return strcmp(a->text, b->text) == 0;
	}
	return 0;
}

void ls_value_fini(struct ls_value *value)
{
	ls_memory_free(value->text);
	value->text = NULL;
}
