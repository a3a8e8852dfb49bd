/* SPDX-License-Identifier: MIT
 *
 * Conditions on parameters, as texts of the spec file: `batch % slices == 0`,
 * `schedule == cosine or momentum > 0`.
 *
 *	or, and, not, == != < <= > >= in, + - * / %, - x, ( ), [a, b]
 *
 * A word is the parameter of that name, and a text otherwise; texts may stand in
 * single or double quotes. Words go over letters, digits, _ . and -, so that
 * `leaky-relu` is one, and a difference has blanks around its minus. Numbers are
 * doubles; the remainder has the sign of its first operand, as in C. A parameter
 * alone is a condition: true, or a number other than 0.
 *
 * What refers to an inactive parameter is false as a comparison, and so is what has
 * no number where one is needed, as 1 % 0 or a text that is below another.
 */
#ifndef LS_STUDY_EXPRESSION_H
#define LS_STUDY_EXPRESSION_H

#include <stddef.h>

#include "lockstep/status.h"
#include "value.h"

struct ls_expression;

/* Parses `text`. Parameters are known by name: [n]. An error message has the column
 * in the text, from 1, and what was expected. Caller owns *out. */
lockstep_status ls_expression_create(struct ls_expression **out, const char *text, const char *const *names, size_t n,
                                     lockstep_error *error);
void ls_expression_destroy(struct ls_expression *expression);

/* As it was written. */
const char *ls_expression_text(const struct ls_expression *expression);

/* Does it refer to that parameter? */
int ls_expression_uses(const struct ls_expression *expression, size_t parameter);

/* values [n]: by parameter; NULL: inactive. */
int ls_expression_holds(const struct ls_expression *expression, const struct ls_value *const *values);

#endif
