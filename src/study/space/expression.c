/* SPDX-License-Identifier: MIT
 *
 * Conditions as they are asked: a loop over the steps with a stack of known size,
 * without memory and without recursion.
 */
#include "expression.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "expression_steps.h"

#define TEXT_MAX 4096

lockstep_status ls_expression_create(struct ls_expression **out, const char *text, const char *const *names, size_t n,
                                     lockstep_error *error)
{
	if (strlen(text) > TEXT_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "column %d: a condition has %d bytes at most",
		                    TEXT_MAX, TEXT_MAX);
	struct ls_expression *expression = ls_memory_allocate(1, sizeof *expression);
	if (!expression)
		return ls_error_memory(error, "a condition");
	expression->text = ls_memory_copy_text(text);
	lockstep_status status =
	    expression->text ? ls_expression_parse(expression, names, n, error) : ls_error_memory(error, "a condition");
	if (status)
		ls_expression_destroy(expression);
	else
		*out = expression;
	return status;
}

void ls_expression_destroy(struct ls_expression *expression)
{
	if (!expression)
		return;
	for (size_t i = 0; i < expression->n; i++)
		ls_memory_free(expression->steps[i].text);
	ls_memory_free(expression->steps);
	ls_memory_free(expression->text);
	ls_memory_free(expression);
}

const char *ls_expression_text(const struct ls_expression *expression)
{
	return expression->text;
}

int ls_expression_uses(const struct ls_expression *expression, size_t parameter)
{
	for (size_t i = 0; i < expression->n; i++)
		if (expression->steps[i].op == OP_PARAMETER && expression->steps[i].parameter == parameter)
			return 1;
	return 0;
}

/* ---- Values ---------------------------------------------------------------- */

enum operand_kind { NOTHING, NULL_VALUE, BOOLEAN, NUMBER, TEXT };
enum found { NOT_FOUND = 0, FOUND, UNKNOWN };

struct operand {
	double number; /* 0 or 1 of a boolean */
	const char *text;
	enum operand_kind kind; /* NOTHING: of an inactive parameter, or no number */
	enum found found;       /* among the items of a list so far */
};

static struct operand number_of(double x)
{
	return isnan(x) ? (struct operand){.kind = NOTHING} : (struct operand){.kind = NUMBER, .number = x};
}

static struct operand boolean_of(int holds)
{
	return (struct operand){.kind = BOOLEAN, .number = holds != 0};
}

static struct operand operand_of(const struct ls_value *value)
{
	if (!value)
		return (struct operand){.kind = NOTHING};
	switch (value->kind) {
	case LS_VALUE_NULL:
		return (struct operand){.kind = NULL_VALUE};
	case LS_VALUE_BOOLEAN:
		return boolean_of(value->integer != 0);
	case LS_VALUE_INTEGER:
	case LS_VALUE_REAL:
		return number_of(value->real);
	case LS_VALUE_TEXT:
		break;
	}
	return (struct operand){.kind = TEXT, .text = value->text};
}

static int is_true(const struct operand *operand)
{
	return (operand->kind == BOOLEAN || operand->kind == NUMBER) && operand->number != 0;
}

static int is_equal(const struct operand *a, const struct operand *b)
{
	if (a->kind != b->kind)
		return 0;
	return a->kind == TEXT ? strcmp(a->text, b->text) == 0 : a->number == b->number;
}

static double compute(enum op op, double a, double b)
{
	switch (op) {
	case OP_ADD:
		return a + b;
	case OP_SUBTRACT:
		return a - b;
	case OP_MULTIPLY:
		return a * b;
	case OP_DIVIDE:
		return a / b;
	default:
		return fmod(a, b); /* exact */
	}
}

static int is_ordered(enum op op, double a, double b)
{
	switch (op) {
	case OP_LESS:
		return a < b;
	case OP_LESS_EQUAL:
		return a <= b;
	case OP_GREATER:
		return a > b;
	default:
		return a >= b;
	}
}

static struct operand join(enum op op, const struct operand *a, const struct operand *b)
{
	int numbers = a->kind == NUMBER && b->kind == NUMBER, known = a->kind != NOTHING && b->kind != NOTHING;
	if (op == OP_AND)
		return boolean_of(is_true(a) && is_true(b));
	if (op == OP_OR)
		return boolean_of(is_true(a) || is_true(b));
	if (op == OP_EQUAL || op == OP_UNEQUAL)
		return boolean_of(known && is_equal(a, b) == (op == OP_EQUAL));
	if (op >= OP_LESS)
		return boolean_of(numbers && is_ordered(op, a->number, b->number));
	return number_of(numbers ? compute(op, a->number, b->number) : NAN);
}

static void look_at_item(struct operand *value, const struct operand *item)
{
	if (value->kind == NOTHING || item->kind == NOTHING)
		value->found = UNKNOWN;
	else if (value->found == NOT_FOUND && is_equal(value, item))
		value->found = FOUND;
}

static struct operand push_of(const struct step *step, const struct ls_value *const *values)
{
	switch (step->op) {
	case OP_NULL:
		return (struct operand){.kind = NULL_VALUE};
	case OP_BOOLEAN:
		return boolean_of(step->number != 0);
	case OP_NUMBER:
		return number_of(step->number);
	case OP_TEXT:
		return (struct operand){.kind = TEXT, .text = step->text};
	default:
		return operand_of(values[step->parameter]);
	}
}

/* Changes the operand on top of the stack. */
static void change(enum op op, struct operand *top)
{
	if (op == OP_NOT)
		*top = boolean_of(!is_true(top));
	else if (op == OP_NEGATE)
		*top = number_of(top->kind == NUMBER ? -top->number : NAN);
	else
		*top = boolean_of(top->found == (op == OP_IN ? FOUND : NOT_FOUND));
}

int ls_expression_holds(const struct ls_expression *expression, const struct ls_value *const *values)
{
	struct operand stack[LS_EXPRESSION_STACK + 1] = {{.kind = NOTHING}};
	size_t n = 0;
	for (size_t i = 0; i < expression->n; i++) {
		const struct step *step = &expression->steps[i];
		if (step->op <= OP_PARAMETER) {
			stack[n++] = push_of(step, values);
		} else if (step->op == OP_IN_ITEM) {
			n--;
			look_at_item(&stack[n - 1], &stack[n]);
		} else if (step->op >= OP_FIRST_OF_TWO && step->op < OP_IN_ITEM) {
			n--;
			stack[n - 1] = join(step->op, &stack[n - 1], &stack[n]);
		} else {
			change(step->op, &stack[n - 1]);
		}
	}
	return is_true(&stack[0]);
}
