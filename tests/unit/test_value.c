/* SPDX-License-Identifier: MIT
 *
 * Values: texts of numbers, and what plain scalars say.
 */
#include <criterion/criterion.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "study/space/value.h"

static void expect_format(double x, const char *expected)
{
	char text[LS_VALUE_TEXT_MAX];
	ls_value_format(x, text);
	cr_expect_str_eq(text, expected, "%a: %s, not %s", x, text, expected);
}

/* By hand, and as Python 3.11's repr() has the digits. */
Test(value, numbers_have_their_shortest_text)
{
	expect_format(0, "0");
	expect_format(-0.0, "-0");
	expect_format(1, "1");
	expect_format(-30, "-30");
	expect_format(0.1, "0.1");
	expect_format(1e-3, "0.001");
	expect_format(1e-4, "0.0001");
	expect_format(1e-5, "1e-5");
	expect_format(1.5e-5, "1.5e-5");
	expect_format(-2.5, "-2.5");
	expect_format(1.0 / 3, "0.3333333333333333");
	expect_format(0.1 + 0.2, "0.30000000000000004");
	expect_format(123456.789, "123456.789");
	expect_format(0x1p53, "9007199254740992");
	expect_format(0x1p53 - 1, "9007199254740991");
	expect_format(0x1p54, "1.8014398509481984e16");
	expect_format(1e22, "1e22");
	expect_format(1e23, "1e23");
	expect_format(DBL_MAX, "1.7976931348623157e308");
	expect_format(DBL_MIN, "2.2250738585072014e-308");
	expect_format(0x1p-1074, "5e-324");
	/* The spacing changes here: the nearest 16 digits, ...801e-14, read back as the number
	 * below, and ...802e-14 as this one. */
	expect_format(0x1p-44, "5.684341886080802e-14");
}

/* Powers of two, around them, and random bits read back; one digit less would not. */
static void expect_shortest(double x)
{
	char text[LS_VALUE_TEXT_MAX], shorter[64];
	ls_value_format(x, text);
	cr_assert_eq(strtod(text, NULL), x, "%a: %s", x, text);
	if (fabs(x) <= 0x1p53 && x == floor(x))
		return;
	int n_digits = 0, leading = 1;
	for (const char *at = text; *at && *at != 'e'; at++) {
		leading = leading && (*at == '0' || *at == '.' || *at == '-');
		n_digits += !leading && *at != '.';
	}
	for (int n = 1; n < n_digits; n++) {
		snprintf(shorter, sizeof shorter, "%.*e", n - 1, x);
		cr_assert_neq(strtod(shorter, NULL), x, "%s: %s is shorter", text, shorter);
	}
}

Test(value, texts_read_back_and_none_is_shorter)
{
	uint64_t state = 1;
	for (int i = -1074; i < 1024; i++) {
		expect_shortest(ldexp(1, i));
		expect_shortest(nextafter(ldexp(1, i), 0));
		expect_shortest(-nextafter(ldexp(1, i), INFINITY));
	}
	for (int i = 0; i < 20000; i++) {
		double x;
		state = state * 6364136223846793005u + 1442695040888963407u;
		memcpy(&x, &state, sizeof x);
		if (isfinite(x))
			expect_shortest(x);
	}
}

Test(value, the_locale_changes_nothing)
{
	double x = 0;
	if (!setlocale(LC_ALL, "de_DE.UTF-8"))
		cr_skip_test("no locale with a decimal comma");
	expect_format(0.5, "0.5");
	expect_format(1.5e-9, "1.5e-9");
	cr_expect(ls_value_read_number("1.25", &x));
	cr_expect_eq(x, 1.25);
	cr_expect_not(ls_value_read_number("1,25", &x));
}

/* ---- Plain scalars ---------------------------------------------------------- */

static void expect_value(const char *text, enum ls_value_kind kind, int64_t integer, double real, const char *expected)
{
	struct ls_value value;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_value_parse(&value, text, &error), LOCKSTEP_OK, "'%s': %s", text, error.message);
	cr_expect_eq(value.kind, kind, "'%s' is %d", text, (int)value.kind);
	cr_expect_eq(value.integer, integer, "'%s'", text);
	cr_expect_eq(value.real, real, "'%s'", text);
	cr_expect_str_eq(value.text, expected, "'%s': %s", text, value.text);
	ls_value_fini(&value);
}

Test(value, plain_scalars_are_of_yaml_1_2)
{
	expect_value("", LS_VALUE_NULL, 0, 0, "null");
	expect_value("~", LS_VALUE_NULL, 0, 0, "null");
	expect_value("Null", LS_VALUE_NULL, 0, 0, "null");
	expect_value("true", LS_VALUE_BOOLEAN, 1, 0, "true");
	expect_value("FALSE", LS_VALUE_BOOLEAN, 0, 0, "false");
	expect_value("0", LS_VALUE_INTEGER, 0, 0, "0");
	expect_value("-12", LS_VALUE_INTEGER, -12, -12, "-12");
	expect_value("+12", LS_VALUE_INTEGER, 12, 12, "12");
	expect_value("010", LS_VALUE_INTEGER, 10, 10, "10");
	expect_value("0o17", LS_VALUE_INTEGER, 15, 15, "15");
	expect_value("0x1f", LS_VALUE_INTEGER, 31, 31, "31");
	expect_value("9223372036854775807", LS_VALUE_INTEGER, INT64_MAX, 0x1p63, "9223372036854775807");
	expect_value("-9223372036854775808", LS_VALUE_INTEGER, INT64_MIN, -0x1p63, "-9223372036854775808");
	expect_value("1e-3", LS_VALUE_REAL, 0, 0.001, "0.001");
	expect_value("1E3", LS_VALUE_REAL, 0, 1000, "1000");
	expect_value(".5", LS_VALUE_REAL, 0, 0.5, "0.5");
	expect_value("5.", LS_VALUE_REAL, 0, 5, "5");
	expect_value("-1.50", LS_VALUE_REAL, 0, -1.5, "-1.5");
	expect_value("1e-400", LS_VALUE_REAL, 0, 0, "0");
	static const char *const texts[] = {"yes", "on",  "784-30-10", "1_000", "0x",   "0o8",   "0xg",
	                                    "1e",  "e3",  ".",         "-",     "+-1",  "1.2.3", "tRue",
	                                    "inf", "nan", "NULLS",     "1 2",   "0b11", "-0x1"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_value(texts[i], LS_VALUE_TEXT, 0, 0, texts[i]);
}

Test(value, what_no_number_holds_is_refused)
{
	static const char *const texts[] = {
	    ".inf", "-.INF", ".nan", "1e999", "9223372036854775808", "0xffffffffffffffff", "0o7777777777777777777777"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct ls_value value = {.text = NULL};
		lockstep_error error = {LOCKSTEP_OK, ""};
		cr_expect_eq(ls_value_parse(&value, texts[i], &error), LOCKSTEP_ERROR_ARGUMENT, "%s", texts[i]);
		cr_expect_str_eq(error.message,
		                 i < 4 ? "the number is not finite" : "the integer does not fit 64 bits");
		cr_expect_null(value.text);
	}
}

static struct ls_value parsed(const char *text)
{
	struct ls_value value;
	cr_assert_eq(ls_value_parse(&value, text, NULL), LOCKSTEP_OK);
	return value;
}

static int are_equal(const char *a, const char *b)
{
	struct ls_value first = parsed(a), second = parsed(b);
	int equal = ls_value_equal(&first, &second);
	cr_expect_eq(equal, ls_value_equal(&second, &first));
	ls_value_fini(&first);
	ls_value_fini(&second);
	return equal;
}

Test(value, equality_is_of_what_is_said)
{
	cr_expect(are_equal("1", "1.0"));
	cr_expect(are_equal("0x10", "16"));
	cr_expect(are_equal("1e-3", "0.001"));
	cr_expect(are_equal("~", "null"));
	cr_expect(are_equal("true", "True"));
	cr_expect(are_equal("abc", "abc"));
	cr_expect_not(are_equal("abc", "abd"));
	cr_expect_not(are_equal("true", "false"));
	cr_expect_not(are_equal("true", "1"));
	cr_expect_not(are_equal("null", "0"));
	cr_expect_not(are_equal("1", "2"));
	cr_expect_not(are_equal("9007199254740992", "9007199254740993"), "integers are compared as integers");
}

Test(value, memory_may_be_short)
{
	static const char *const texts[] = {"null", "true", "1", "1.5", "text"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct ls_value value = {.text = NULL};
		ls_memory_fail_at(1);
		cr_expect_eq(ls_value_parse(&value, texts[i], NULL), LOCKSTEP_ERROR_MEMORY);
		ls_memory_fail_at(0);
		cr_expect_null(value.text);
	}
}
