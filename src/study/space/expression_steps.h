/* SPDX-License-Identifier: MIT
 *
 * What a condition becomes: steps in postfix order. Between its parser and those who
 * ask it alone.
 */
#ifndef LS_STUDY_EXPRESSION_STEPS_H
#define LS_STUDY_EXPRESSION_STEPS_H

#include "expression.h"

#define LS_EXPRESSION_STACK 64 /* the most operands that wait */

enum op {
	OP_NULL,
	OP_BOOLEAN,
	OP_NUMBER,
	OP_TEXT,
	OP_PARAMETER,
	OP_NEGATE,
	OP_NOT,
	OP_FIRST_OF_TWO,
	OP_ADD = OP_FIRST_OF_TWO,
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_REMAINDER,
	OP_EQUAL,
	OP_UNEQUAL,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_AND,
	OP_OR,
	OP_IN_ITEM, /* is the value below equal to this one? kept beside it */
	OP_IN,
	OP_NOT_IN
};

struct step {
	enum op op;
	double number;    /* of OP_NUMBER; 0 or 1 of OP_BOOLEAN */
	char *text;       /* owned; of OP_TEXT */
	size_t parameter; /* of OP_PARAMETER */
};

struct ls_expression {
	char *text;         /* owned */
	struct step *steps; /* [n], owned */
	size_t n, n_allocated;
};

/* Appends the steps of expression->text, which has none yet; some are there on failure
 * too. LOCKSTEP_ERROR_ARGUMENT with "column 7: ..." when the text is no condition. */
lockstep_status ls_expression_parse(struct ls_expression *expression, const char *const *names, size_t n,
                                    lockstep_error *error);

#endif
