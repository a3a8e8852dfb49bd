/* SPDX-License-Identifier: MIT
 *
 * The tables are flattened into getopt_long()'s, whose `val` is the option's
 * position. Its own messages are off: ours name the option, the value and what
 * is allowed.
 */
#include "options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/print/message.h"
#include "values.h"

#define OPTIONS_MAX 64
#define FIRST 256                  /* `val` of the first option, above every letter */
#define HELP (FIRST + OPTIONS_MAX) /* `val` of --help */

struct parser {
	const struct ls_usage *usage;
	size_t n_options;
	const struct ls_option *options[OPTIONS_MAX];
	void *targets[OPTIONS_MAX];
	struct option long_options[OPTIONS_MAX + 2];
	char letters[2 * OPTIONS_MAX + 4];
};

static void add_letter(struct parser *parser, char letter, int takes_argument)
{
	size_t n = strlen(parser->letters);
	parser->letters[n++] = letter;
	if (takes_argument)
		parser->letters[n] = ':';
}

static void add_option(struct parser *parser, const struct ls_option *option, void *target)
{
	size_t i = parser->n_options++;
	assert(i < OPTIONS_MAX);
	int takes_argument = option->kind != LS_OPTION_FLAG;
	parser->options[i] = option;
	parser->targets[i] = target;
	parser->long_options[i] = (struct option){option->name, takes_argument, NULL, FIRST + (int)i};
	if (option->letter)
		add_letter(parser, option->letter, takes_argument);
}

static void flatten(struct parser *parser, const struct ls_usage *usage, const struct ls_option_group *groups)
{
	*parser = (struct parser){.usage = usage, .letters = ":h"};
	for (; groups->heading; groups++)
		for (const struct ls_option *option = groups->options; option->name; option++)
			add_option(parser, option, groups->target);
	parser->long_options[parser->n_options] = (struct option){"help", no_argument, NULL, HELP};
}

/* The `val` of an option that may have been given by its letter. */
static int value_of(const struct parser *parser, int letter)
{
	if (letter == 'h')
		return HELP;
	for (size_t i = 0; i < parser->n_options; i++)
		if (parser->options[i]->letter == letter)
			return FIRST + (int)i;
	return letter;
}

static int explain_unknown_name(const struct parser *parser, const char *name, size_t length)
{
	const char *command = parser->usage->command;
	char typed[64];
	snprintf(typed, sizeof typed, "%.*s", (int)length, name);
	struct ls_nearest nearest;
	ls_nearest_init(&nearest, typed);
	size_t n_matches = 0;
	for (const struct option *option = parser->long_options; option->name; option++) {
		ls_nearest_consider(&nearest, option->name);
		n_matches += strncmp(option->name, name, length) == 0;
	}
	if (n_matches > 1)
		return ls_message_usage(command, "option '--%s' is ambiguous", typed);
	if (nearest.name)
		return ls_message_usage(command, "unknown option '--%s'; did you mean '--%s'?", typed, nearest.name);
	return ls_message_usage(command, "unknown option '--%s'", typed);
}

/* getopt_long() answered '?' for `word`; optopt is 0 for a long name that it
 * does not know, else the letter or the flag that was given a value. */
static int explain_refused(const struct parser *parser, const char *word)
{
	if (optopt >= FIRST)
		return ls_message_usage(parser->usage->command, "--%.*s takes no value", (int)strcspn(word + 2, "="),
		                        word + 2);
	if (optopt)
		return ls_message_usage(parser->usage->command, "unknown option '-%c'", optopt);
	return explain_unknown_name(parser, word + 2, strcspn(word + 2, "="));
}

static int explain_missing(const struct parser *parser)
{
	const struct ls_option *option = parser->options[value_of(parser, optopt) - FIRST];
	assert(option); /* what getopt_long() found is in the list */
	return ls_message_usage(parser->usage->command, "--%s needs a value: %s", option->name, option->argument);
}

static int store(const struct parser *parser, int i, const char *text)
{
	const struct ls_option *option = parser->options[i];
	assert(option);
	const char *allowed = ls_value_store(option, text, parser->targets[i]);
	if (!allowed)
		return LS_OPTIONS_PARSED;
	return ls_message_usage(parser->usage->command, "--%s '%s': expected %s", option->name, text, allowed);
}

/* The n-th word of "MODEL FILE"; its length in *length, 0 when there is none. */
static const char *operand_name(const char *operands, int n, int *length)
{
	for (; n > 0; n--) {
		operands += strcspn(operands, " ");
		operands += *operands == ' ';
	}
	*length = (int)strcspn(operands, " ");
	return operands;
}

static int is_repeated(const char *name, int length)
{
	return length > 3 && memcmp(name + length - 3, "...", 3) == 0;
}

static int take_operands(const struct ls_usage *usage, int argc, char **argv, const char **operands)
{
	int length = 0, i = 0;
	const char *name = "";
	for (; i < LS_OPERANDS_MAX; i++) {
		if (!is_repeated(name, length))
			name = operand_name(usage->operands, i, &length);
		if (length == 0)
			break;
		if (i >= argc && *name != '[')
			return ls_message_usage(usage->command, "%.*s is missing", length, name);
		operands[i] = i < argc ? argv[i] : NULL;
	}
	if (argc > i)
		return ls_message_usage(usage->command, "unexpected argument '%s'", argv[i]);
	return LS_OPTIONS_PARSED;
}

/* Looked for before anything is stored, since --help shows the targets' values
 * as the defaults. An error before it is left to the second pass. */
static int asks_for_help(const struct parser *parser, int argc, char **argv)
{
	int value;
	optind = 0; /* glibc: start afresh */
	do
		value = getopt_long(argc, argv, parser->letters, parser->long_options, NULL);
	while (value != -1 && value != '?' && value != ':' && value_of(parser, value) != HELP);
	return value != -1 && value_of(parser, value) == HELP;
}

int ls_options_parse(const struct ls_usage *usage, const struct ls_option_group *groups, int argc, char **argv,
                     const char *operands[LS_OPERANDS_MAX])
{
	struct parser parser;
	flatten(&parser, usage, groups);
	opterr = 0;
	if (asks_for_help(&parser, argc, argv)) {
		ls_options_help(usage, groups);
		return LS_EXIT_DONE;
	}
	optind = 0;
	for (;;) {
		int value = getopt_long(argc, argv, parser.letters, parser.long_options, NULL);
		if (value == -1)
			return take_operands(usage, argc - optind, argv + optind, operands);
		if (value == ':')
			return explain_missing(&parser);
		if (value == '?')
			return explain_refused(&parser, argv[optind - 1]);
		int status = store(&parser, value_of(&parser, value) - FIRST, optarg);
		if (status != LS_OPTIONS_PARSED)
			return status;
	}
}

char *ls_options_join(int argc, char **argv)
{
	size_t size = sizeof "lockstep";
	for (int i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	char *line = malloc(size);
	size_t at = line ? (size_t)sprintf(line, "lockstep") : 0;
	for (int i = 0; line && i < argc; i++)
		at += (size_t)sprintf(line + at, " %s", argv[i]);
	return line;
}
