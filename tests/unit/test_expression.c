/* SPDX-License-Identifier: MIT
 *
 * Conditions: what holds, worked by hand, and what is refused, with its column.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "study/space/expression.h"

#define N_NAMES 7
static const char *const names[N_NAMES] = {"batch", "slices", "schedule", "momentum", "nesterov", "model.depth", "off"};

static char cosine[] = "cosine";
static const struct ls_value batch = {LS_VALUE_INTEGER, 12, 12, NULL}, slices = {LS_VALUE_INTEGER, 4, 4, NULL},
			     schedule = {LS_VALUE_TEXT, 0, 0, cosine}, momentum = {LS_VALUE_REAL, 0, 0.9, NULL},
			     nesterov = {LS_VALUE_BOOLEAN, 1, 0, NULL}, depth = {LS_VALUE_NULL, 0, 0, NULL};
/* The last is inactive. */
static const struct ls_value *const values[N_NAMES] = {&batch, &slices, &schedule, &momentum, &nesterov, &depth, NULL};

static int holds(const char *text)
{
	struct ls_expression *expression = NULL;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_expression_create(&expression, text, names, N_NAMES, &error), LOCKSTEP_OK, "%s: %s", text,
	             error.message);
	cr_assert_str_eq(ls_expression_text(expression), text);
	int result = ls_expression_holds(expression, values);
	ls_expression_destroy(expression);
	return result;
}

static void expect_true(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(holds(texts[i]), 1, "%s", texts[i]);
}

static void expect_false(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		cr_expect_eq(holds(texts[i]), 0, "%s", texts[i]);
}

#define TRUE_ARE(...)                                                                                                  \
	expect_true((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define FALSE_ARE(...)                                                                                                 \
	expect_false((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

Test(expression, compares_numbers)
{
	TRUE_ARE("batch == 12", "batch != 13", "batch < 12.5", "batch <= 12", "batch > 11", "batch >= 12",
	         "12 == batch", "momentum == 0.9", "momentum==.9", "momentum == 9e-1", "momentum == 9e-01",
	         "batch == 1.2e+1", "batch<13");
	FALSE_ARE("batch == 13", "batch != 12", "batch < 12", "batch <= 11", "batch > 12", "batch >= 12.5",
	          "momentum == 0.90001");
}

Test(expression, computes_with_the_usual_precedence)
{
	TRUE_ARE("batch % slices == 0", "batch + 2 * slices == 20", "(batch + 2) * slices == 56", "batch - 2 - 3 == 7",
	         "batch / 2 / 3 == 2", "-batch == -12", "- -batch == 12", "batch * -1 == -12", "batch / 8 == 1.5",
	         "-batch % 5 == -2", "batch % -5 == 2", "batch * slices % 7 == 6", "batch -1 == 11");
	FALSE_ARE("batch % 5 == 0", "batch - (2 - 3) == 7");
}

Test(expression, joins_conditions)
{
	TRUE_ARE("batch == 12 and slices == 4", "batch == 1 or slices == 4", "not batch == 1", "not not batch == 12",
	         "batch == 12 or batch == 1 and slices == 1", "(batch == 12 or batch == 1) and slices == 4",
	         "not batch == 1 and slices == 4", "nesterov", "nesterov and momentum", "not false", "nesterov == true",
	         "true");
	FALSE_ARE("batch == 12 and slices == 5", "batch == 1 or slices == 1",
	          "(batch == 12 or batch == 1) and slices == 1", "not nesterov", "nesterov == false", "false",
	          "schedule", "model.depth");
}

Test(expression, compares_texts)
{
	TRUE_ARE("schedule == cosine", "schedule == 'cosine'", "schedule == \"cosine\"", "cosine == schedule",
	         "schedule != step", "schedule != leaky-relu", "schedule != 12", "model.depth == null",
	         "schedule != null", "schedule != 'a == b'", "nesterov != 1", "schedule != na\xc3\xafve");
	FALSE_ARE("schedule == step", "schedule == ''", "batch == '12'", "schedule == null", "model.depth == 0");
}

Test(expression, looks_into_lists)
{
	TRUE_ARE("batch in [10, 12]", "batch not in [10, 14]", "schedule in [step, 'cosine']", "batch in [slices * 3]",
	         "not batch in [1]", "batch + 1 in [13]", "batch in [12]", "(batch in [12]) == true");
	FALSE_ARE("batch in [10, 14]", "batch not in [12]", "schedule in [12, null, true]");
}

/* Comparisons with it are false, whichever way they ask. */
Test(expression, inactive_parameters_make_comparisons_false)
{
	FALSE_ARE("off == 1", "off != 1", "off < 1", "off >= 1", "off in [1]", "off not in [1]", "batch in [off, 12]",
	          "batch not in [off]", "off", "off + batch == 12", "off == off", "not (off == 1 or batch == 12)");
	TRUE_ARE("not off == 1", "not off", "off == 1 or batch == 12");
}

Test(expression, what_has_no_number_is_false_too)
{
	FALSE_ARE("batch % 0 == 0", "batch % 0 != 0", "schedule < 1", "schedule >= 1", "schedule + 1 == 1",
	          "schedule + 1 != 1", "nesterov > 0", "-schedule == 0", "(batch - batch) / 0 == 0");
	TRUE_ARE("batch / 0 > 1e300", "-batch / 0 < -1e300");
}

static void expect_refusal(const char *text, const char *message)
{
	static char anything[8];
	struct ls_expression *const untouched = (struct ls_expression *)(void *)anything, *expression = untouched;
	lockstep_error error = {LOCKSTEP_OK, ""};
	cr_assert_eq(ls_expression_create(&expression, text, names, N_NAMES, &error), LOCKSTEP_ERROR_ARGUMENT, "%s",
	             text);
	cr_expect_str_eq(error.message, message, "%s: %s", text, error.message);
	cr_expect_eq(expression, untouched);
	cr_expect_eq(error.status, LOCKSTEP_ERROR_ARGUMENT);
}

Test(expression, refusals_have_columns)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	    {"", "column 1: a value is missing"},
	    {"   ", "column 4: a value is missing"},
	    {"batch ==", "column 9: a value is missing"},
	    {"batch == 12 and", "column 16: a value is missing"},
	    {"batch = 12", "column 7: write '==' for '='"},
	    {"batch == 1 && nesterov", "column 12: write 'and' for '&&'"},
	    {"batch == 1 || nesterov", "column 12: write 'or' for '||'"},
	    {"!nesterov", "column 1: write 'not' for '!'"},
	    {"batch == 12)", "column 12: expected an operator, not ')'"},
	    {"(batch == 12", "column 13: ')' is missing"},
	    {"batch 12", "column 7: expected an operator, not '12'"},
	    {"batch in 12", "column 10: expected '[', not '12'"},
	    {"batch in []", "column 11: expected a value, not ']'"},
	    {"batch in [1", "column 12: ']' is missing"},
	    {"batch in [1 2]", "column 13: expected ']', not '2'"},
	    {"batch not 12", "column 11: expected 'in', not '12'"},
	    {"1 < batch < 13", "column 11: comparisons are joined with 'and' or 'or'"},
	    {"batch == 12 == true", "column 13: comparisons are joined with 'and' or 'or'"},
	    {"schedul == cosine", "column 1: 'schedul' is no parameter; did you mean 'schedule'?"},
	    {"batch % slice == 0", "column 9: 'slice' is no parameter; did you mean 'slices'?"},
	    {"batch > xyzzy", "column 9: 'xyzzy' is no parameter"},
	    {"nestrov", "column 1: 'nestrov' is no parameter; did you mean 'nesterov'?"},
	    {"not nestrov", "column 5: 'nestrov' is no parameter; did you mean 'nesterov'?"},
	    {"nesterov and 1", "column 14: expected a condition, such as a == b"},
	    {"'batch'", "column 1: expected a condition, such as a == b"},
	    {"batch + 1", "column 1: expected a condition, such as a == b"},
	    {"null", "column 1: expected a condition, such as a == b"},
	    {"1 == 1", "column 1: expected a parameter on one side"},
	    {"1 in [batch]", "column 1: expected a parameter on one side"},
	    {"batch > 'a'", "column 9: expected a number or a parameter"},
	    {"batch + true == 1", "column 9: expected a number or a parameter"},
	    {"(batch == 1) + 1 == 1", "column 2: expected a number or a parameter"},
	    {"batch == batch-1", "column 10: 'batch-1': write blanks around the minus, or quotes around the text"},
	    {"batch == 'a", "column 10: the quote is not closed"},
	    {"batch == 1e999", "column 10: the number '1e999' is not finite"},
	    {"batch == #", "column 10: '#' has no meaning here"},
	    {"schedule == na\xc3\xafve and #", "column 23: '#' has no meaning here"},
	    {"batch == and", "column 10: expected a value, not 'and'"},
	    {"batch == not", "column 10: expected a value, not 'not'"},
	    {"batch == (1", "column 12: ')' is missing"},
	    {"%s%n == 1", "column 1: expected a value, not '%'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_refusal(cases[i].text, cases[i].message);
}

/* Deep ones and long ones end in an error or in an answer, not in a crash. */
Test(expression, depth_and_length_are_limited)
{
	static char text[8192];
	memset(text, '(', 5000);
	text[5000] = '\0';
	expect_refusal(text, "column 4096: a condition has 4096 bytes at most");
	text[40] = '\0';
	expect_refusal(text, "column 33: too much is nested here");
	memset(text, '-', 40);
	expect_refusal(text, "column 33: too much is nested here");
	text[0] = '\0';
	for (int i = 0; i < 200; i++)
		strcat(text, "batch == 1 or ");
	strcat(text, "batch == 12");
	cr_expect(holds(text));
	text[0] = '\0';
	for (int i = 0; i < 31; i++)
		strcat(text, "(batch == 1 or ");
	strcat(text, "batch == 12");
	for (int i = 0; i < 31; i++)
		strcat(text, ")");
	cr_expect(holds(text));
}

Test(expression, knows_what_it_refers_to)
{
	struct ls_expression *expression = NULL;
	cr_assert_eq(
	    ls_expression_create(&expression, "slices > 1 and (nesterov or schedule == batchy)", names, N_NAMES, NULL),
	    LOCKSTEP_OK);
	for (size_t i = 0; i < N_NAMES; i++)
		cr_expect_eq(ls_expression_uses(expression, i), i == 1 || i == 2 || i == 4, "%s", names[i]);
	ls_expression_destroy(expression);
}

Test(expression, every_allocation_can_fail)
{
	for (long n = 1;; n++) {
		struct ls_expression *expression = NULL;
		lockstep_error error = {LOCKSTEP_OK, ""};
		ls_memory_fail_at(n);
		lockstep_status status = ls_expression_create(
		    &expression, "batch in [1, 'a', b, 2] or batch == c and slices == d or batch == e", names, N_NAMES,
		    &error);
		long count = ls_memory_fail_at(0);
		if (count < n) {
			cr_assert_eq(status, LOCKSTEP_OK);
			cr_assert_gt(n, 4);
			ls_expression_destroy(expression);
			return;
		}
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY, "allocation %ld", n);
		cr_assert_null(expression);
	}
}
