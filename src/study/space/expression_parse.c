/* SPDX-License-Identifier: MIT
 *
 * A recursive-descent parser that writes steps in postfix order. It fails once: what
 * follows sees the end of the text, and nothing that it emits is kept.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/name.h"
#include "base/nearest.h"
#include "expression_steps.h"

#define NESTING_MAX 32 /* of ( ), not and minus */

/* ---- Words ----------------------------------------------------------------- */

enum token { TOKEN_END, TOKEN_NUMBER, TOKEN_WORD, TOKEN_QUOTED, TOKEN_SYMBOL };

struct parser {
	struct ls_expression *expression;
	const char *const *names;
	size_t n_names;
	lockstep_error *error;
	lockstep_status status;
	const char *at; /* behind the token */
	unsigned nesting;
	size_t depth; /* of the stack, where the steps so far have come */
	enum token token;
	const char *begin; /* of the token */
	size_t length;
	double number;
};

/* What an operand can be used for. */
enum kind { KIND_CONDITION, KIND_PARAMETER, KIND_NUMBER, KIND_WORD, KIND_QUOTED, KIND_BOOLEAN, KIND_NULL };

struct term {
	enum kind kind;
	int uses_parameter;
	const char *begin; /* in the text */
	size_t length;     /* of a word */
};

static void fail_with(struct parser *parser, lockstep_status status)
{
	parser->status = status;
	parser->token = TOKEN_END;
	parser->at += strlen(parser->at);
}

/* In characters, from 1. */
static size_t column_of(const struct parser *parser, const char *place)
{
	size_t n = 1;
	for (const char *at = parser->expression->text; at < place; at++)
		n += ((unsigned char)*at & 0xc0) != 0x80;
	return n;
}

/* "column 7: expected a number"; only the first failure counts. */
__attribute__((format(printf, 3, 4))) static void fail_at(struct parser *parser, const char *place, const char *format,
                                                          ...)
{
	char cause[256];
	va_list arguments;
	if (parser->status)
		return;
	va_start(arguments, format);
	vsnprintf(cause, sizeof cause, format, arguments);
	va_end(arguments);
	fail_with(parser, ls_error_set(parser->error, LOCKSTEP_ERROR_ARGUMENT, "column %zu: %s",
	                               column_of(parser, place), cause));
}

/* How much of a word is quoted. */
static int shown(size_t length)
{
	return length < 40 ? (int)length : 40;
}

static void fail_expecting(struct parser *parser, const char *expected)
{
	if (parser->token == TOKEN_END)
		fail_at(parser, parser->begin, "%s is missing", expected);
	else
		fail_at(parser, parser->begin, "expected %s, not '%.*s'", expected, shown(parser->length),
		        parser->begin);
}

static int is_word_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
	       c == '-' || (unsigned char)c >= 128;
}

/* 1e+3 is one word as well. */
static size_t word_length(const char *text)
{
	size_t n = 0;
	int is_number = *text == '.' || (*text >= '0' && *text <= '9');
	while (is_word_character(text[n]) ||
	       (is_number && text[n] == '+' && n && (text[n - 1] == 'e' || text[n - 1] == 'E')))
		n++;
	return n;
}

static void take_word(struct parser *parser)
{
	char text[64];
	parser->length = word_length(parser->begin);
	parser->token = TOKEN_WORD;
	if (parser->length < sizeof text) {
		snprintf(text, sizeof text, "%.*s", (int)parser->length, parser->begin);
		if (ls_value_read_number(text, &parser->number))
			parser->token = TOKEN_NUMBER;
	}
	if (parser->token == TOKEN_NUMBER && !isfinite(parser->number))
		fail_at(parser, parser->begin, "the number '%.*s' is not finite", shown(parser->length), parser->begin);
}

static void take_quoted(struct parser *parser, char quote)
{
	const char *end = strchr(parser->begin + 1, quote);
	if (!end) {
		fail_at(parser, parser->begin, "the quote is not closed");
		return;
	}
	parser->token = TOKEN_QUOTED;
	parser->length = (size_t)(end + 1 - parser->begin);
}

/* Symbols of other languages are explained. */
static void take_symbol(struct parser *parser)
{
	static const char *const symbols[] = {"==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-",
	                                      "*",  "/",  "%",  "(",  ")",  "[",  "]", ",", "=", "!"};
	static const char *const foreign[] = {"&&", "||", "=", "!"}, *const own[] = {"and", "or", "==", "not"};
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
		parser->length = strlen(symbols[i]);
		if (strncmp(parser->begin, symbols[i], parser->length) != 0)
			continue;
		parser->token = TOKEN_SYMBOL;
		int found = ls_name_find(symbols[i], foreign, sizeof foreign / sizeof *foreign);
		if (found >= 0)
			fail_at(parser, parser->begin, "write '%s' for '%s'", own[found], symbols[i]);
		return;
	}
	fail_at(parser, parser->begin, "'%.1s' has no meaning here", parser->begin);
}

static void advance(struct parser *parser)
{
	if (parser->status)
		return;
	parser->at += strspn(parser->at, " \t\r\n");
	parser->begin = parser->at;
	parser->length = 0;
	parser->token = TOKEN_END;
	if (!*parser->at)
		return;
	if (*parser->at == '\'' || *parser->at == '"')
		take_quoted(parser, *parser->at);
	else if (*parser->at != '-' && is_word_character(*parser->at))
		take_word(parser);
	else
		take_symbol(parser);
	if (!parser->status)
		parser->at = parser->begin + parser->length;
}

static int is_at(const struct parser *parser, const char *text)
{
	return (parser->token == TOKEN_SYMBOL || parser->token == TOKEN_WORD) && parser->length == strlen(text) &&
	       strncmp(parser->begin, text, parser->length) == 0;
}

/* Passes over the word or symbol if it is the next. */
static int accept(struct parser *parser, const char *text)
{
	if (!is_at(parser, text))
		return 0;
	advance(parser);
	return 1;
}

static void expect(struct parser *parser, const char *text)
{
	char quoted[8];
	snprintf(quoted, sizeof quoted, "'%s'", text);
	if (!accept(parser, text))
		fail_expecting(parser, quoted);
}

/* ---- Steps ----------------------------------------------------------------- */

static int grow_steps(struct ls_expression *expression)
{
	size_t n = expression->n_allocated ? 2 * expression->n_allocated : 8;
	struct step *steps = ls_memory_grow(expression->steps, expression->n * sizeof *steps, n, sizeof *steps);
	if (!steps)
		return 0;
	expression->steps = steps;
	expression->n_allocated = n;
	return 1;
}

static struct step *emit(struct parser *parser, enum op op)
{
	struct ls_expression *expression = parser->expression;
	if (parser->status)
		return NULL;
	if (expression->n == expression->n_allocated && !grow_steps(expression)) {
		fail_with(parser, ls_error_memory(parser->error, "a condition"));
		return NULL;
	}
	struct step *step = &expression->steps[expression->n++];
	*step = (struct step){.op = op};
	if (op <= OP_PARAMETER)
		parser->depth++;
	else if (op >= OP_FIRST_OF_TWO && op <= OP_IN_ITEM)
		parser->depth--;
	if (parser->depth > LS_EXPRESSION_STACK)
		fail_at(parser, parser->begin, "too much is nested here");
	return step;
}

static void emit_text(struct parser *parser, const char *text, size_t length)
{
	struct step *step = emit(parser, OP_TEXT);
	if (!step)
		return;
	step->text = ls_memory_allocate(length + 1, 1);
	if (step->text)
		memcpy(step->text, text, length);
	else
		fail_with(parser, ls_error_memory(parser->error, "a condition"));
}

static void emit_number(struct parser *parser, enum op op, double number)
{
	struct step *step = emit(parser, op);
	if (step)
		step->number = number;
}

/* ---- Kinds ----------------------------------------------------------------- */

static size_t find_name(const struct parser *parser, const char *text, size_t length)
{
	size_t i = 0;
	while (i < parser->n_names && (strncmp(parser->names[i], text, length) != 0 || parser->names[i][length]))
		i++;
	return i;
}

static void fail_unknown(struct parser *parser, const struct term *term)
{
	char word[64];
	struct ls_nearest nearest;
	snprintf(word, sizeof word, "%.*s", term->length < sizeof word ? (int)term->length : 0, term->begin);
	ls_nearest_init(&nearest, word);
	for (size_t i = 0; i < parser->n_names; i++)
		ls_nearest_consider(&nearest, parser->names[i]);
	if (nearest.name)
		fail_at(parser, term->begin, "'%.*s' is no parameter; did you mean '%.48s'?", shown(term->length),
		        term->begin, nearest.name);
	else
		fail_at(parser, term->begin, "'%.*s' is no parameter", shown(term->length), term->begin);
}

static void need_number(struct parser *parser, const struct term *term)
{
	if (term->kind == KIND_WORD)
		fail_unknown(parser, term);
	else if (term->kind != KIND_NUMBER && term->kind != KIND_PARAMETER)
		fail_at(parser, term->begin, "expected a number or a parameter");
}

static void need_condition(struct parser *parser, const struct term *term)
{
	if (term->kind == KIND_WORD)
		fail_unknown(parser, term);
	else if (term->kind != KIND_CONDITION && term->kind != KIND_PARAMETER && term->kind != KIND_BOOLEAN)
		fail_at(parser, term->begin, "expected a condition, such as a == b");
}

/* Of two operands, neither of which is a parameter, one is misspelled. */
static void need_parameter(struct parser *parser, const struct term *left, const struct term *right)
{
	if (left->uses_parameter || right->uses_parameter)
		return;
	if (left->kind == KIND_WORD)
		fail_unknown(parser, left);
	else
		fail_at(parser, left->begin, "expected a parameter on one side");
}

/* ---- Grammar --------------------------------------------------------------- */

static struct term parse_or(struct parser *parser);
static struct term parse_unary(struct parser *parser);

static int enter(struct parser *parser)
{
	if (++parser->nesting > NESTING_MAX)
		fail_at(parser, parser->begin, "too much is nested here");
	return !parser->status;
}

static struct term parse_word(struct parser *parser)
{
	struct term term = {KIND_WORD, 0, parser->begin, parser->length};
	size_t length = strcspn(parser->begin, "-"), parameter = find_name(parser, parser->begin, parser->length);
	if (accept(parser, "true") || accept(parser, "false")) {
		term.kind = KIND_BOOLEAN;
		emit_number(parser, OP_BOOLEAN, *term.begin == 't');
	} else if (accept(parser, "null")) {
		term.kind = KIND_NULL;
		emit(parser, OP_NULL);
	} else if (parameter < parser->n_names) {
		term.kind = KIND_PARAMETER;
		term.uses_parameter = 1;
		struct step *step = emit(parser, OP_PARAMETER);
		if (step)
			step->parameter = parameter;
		advance(parser);
	} else if (length < term.length && find_name(parser, term.begin, length) < parser->n_names) {
		fail_at(parser, term.begin, "'%.*s': write blanks around the minus, or quotes around the text",
		        shown(term.length), term.begin);
	} else {
		emit_text(parser, term.begin, term.length);
		advance(parser);
	}
	return term;
}

static int is_operator(const struct parser *parser)
{
	return is_at(parser, "and") || is_at(parser, "or") || is_at(parser, "not") || is_at(parser, "in");
}

static struct term parse_primary(struct parser *parser)
{
	struct term term = {KIND_NUMBER, 0, parser->begin, parser->length};
	if (parser->token == TOKEN_NUMBER) {
		emit_number(parser, OP_NUMBER, parser->number);
		advance(parser);
	} else if (parser->token == TOKEN_QUOTED) {
		term.kind = KIND_QUOTED;
		emit_text(parser, parser->begin + 1, parser->length - 2);
		advance(parser);
	} else if (parser->token == TOKEN_WORD && !is_operator(parser)) {
		return parse_word(parser);
	} else if (is_at(parser, "(") && enter(parser)) {
		advance(parser);
		term = parse_or(parser);
		expect(parser, ")");
		parser->nesting--;
	} else {
		fail_expecting(parser, "a value");
	}
	return term;
}

static struct term parse_unary(struct parser *parser)
{
	if (!is_at(parser, "-") || !enter(parser))
		return parse_primary(parser);
	struct term term = {KIND_NUMBER, 0, parser->begin, 1};
	advance(parser);
	struct term operand = parse_unary(parser);
	need_number(parser, &operand);
	emit(parser, OP_NEGATE);
	term.uses_parameter = operand.uses_parameter;
	parser->nesting--;
	return term;
}

struct operator
{
	const char *text;
	enum op op;
};

static const struct operator* accept_one(struct parser *parser, const struct operator* operators)
{
	for (; operators->text; operators++)
		if (accept(parser, operators->text))
			return operators;
	return NULL;
}

static struct term parse_arithmetic(struct parser *parser, const struct operator* operators,
                                    struct term (*parse_operand)(struct parser *))
{
	struct term term = parse_operand(parser);
	for (const struct operator* found; (found = accept_one(parser, operators));) {
		struct term right = parse_operand(parser);
		need_number(parser, &term);
		need_number(parser, &right);
		emit(parser, found->op);
		term.kind = KIND_NUMBER;
		term.uses_parameter |= right.uses_parameter;
	}
	return term;
}

static struct term parse_product(struct parser *parser)
{
	static const struct operator operators[] = {
	    {"*", OP_MULTIPLY}, {"/", OP_DIVIDE}, {"%", OP_REMAINDER}, {NULL, OP_NULL}};
	return parse_arithmetic(parser, operators, parse_unary);
}

static struct term parse_sum(struct parser *parser)
{
	static const struct operator operators[] = {{"+", OP_ADD}, {"-", OP_SUBTRACT}, {NULL, OP_NULL}};
	return parse_arithmetic(parser, operators, parse_product);
}

static void parse_list(struct parser *parser, const struct term *left, enum op end)
{
	if (!left->uses_parameter)
		need_parameter(parser, left, left);
	expect(parser, "[");
	do {
		parse_sum(parser);
		emit(parser, OP_IN_ITEM);
	} while (accept(parser, ","));
	expect(parser, "]");
	emit(parser, end);
}

static void finish_comparison(struct parser *parser, enum op op, const struct term *left)
{
	struct term right = parse_sum(parser);
	if (op != OP_EQUAL && op != OP_UNEQUAL) {
		need_number(parser, left);
		need_number(parser, &right);
	}
	need_parameter(parser, left, &right);
	emit(parser, op);
}

static struct term parse_comparison(struct parser *parser)
{
	static const struct operator operators[] = {{"==", OP_EQUAL},      {"!=", OP_UNEQUAL}, {"<", OP_LESS},
	                                            {"<=", OP_LESS_EQUAL}, {">", OP_GREATER},  {">=", OP_GREATER_EQUAL},
	                                            {NULL, OP_NULL}};
	struct term term = parse_sum(parser);
	const struct operator* found = accept_one(parser, operators);
	if (found) {
		finish_comparison(parser, found->op, &term);
	} else if (accept(parser, "in")) {
		parse_list(parser, &term, OP_IN);
	} else if (accept(parser, "not")) {
		expect(parser, "in");
		parse_list(parser, &term, OP_NOT_IN);
	} else {
		return term;
	}
	const char *again = parser->begin;
	if (accept_one(parser, operators) || accept(parser, "in"))
		fail_at(parser, again, "comparisons are joined with 'and' or 'or'");
	return (struct term){KIND_CONDITION, 1, term.begin, 0};
}

static struct term parse_not(struct parser *parser)
{
	if (!is_at(parser, "not") || !enter(parser))
		return parse_comparison(parser);
	struct term term = {KIND_CONDITION, 1, parser->begin, 3};
	advance(parser);
	struct term operand = parse_not(parser);
	need_condition(parser, &operand);
	emit(parser, OP_NOT);
	parser->nesting--;
	return term;
}

static struct term parse_logical(struct parser *parser, const char *word, enum op op,
                                 struct term (*parse_operand)(struct parser *))
{
	struct term term = parse_operand(parser);
	while (accept(parser, word)) {
		struct term right = parse_operand(parser);
		need_condition(parser, &term);
		need_condition(parser, &right);
		emit(parser, op);
		term.kind = KIND_CONDITION;
		term.uses_parameter = 1;
	}
	return term;
}

static struct term parse_and(struct parser *parser)
{
	return parse_logical(parser, "and", OP_AND, parse_not);
}

static struct term parse_or(struct parser *parser)
{
	return parse_logical(parser, "or", OP_OR, parse_and);
}

/* ---- ----------------------------------------------------------------------- */

lockstep_status ls_expression_parse(struct ls_expression *expression, const char *const *names, size_t n,
                                    lockstep_error *error)
{
	struct parser parser = {
	    .expression = expression, .names = names, .n_names = n, .error = error, .at = expression->text};
	advance(&parser);
	struct term term = parse_or(&parser);
	if (!parser.status && parser.token != TOKEN_END)
		fail_expecting(&parser, "an operator");
	need_condition(&parser, &term);
	return parser.status;
}
