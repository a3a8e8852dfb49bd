/* SPDX-License-Identifier: MIT
 *
 * --help from the option tables: a column of names, a column of wrapped text,
 * 80 characters wide, and the default that the target holds before parsing.
 */
#include "options.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli/print/wrapped.h"

#define TEXT_COLUMN 28

const char *ls_options_word(const struct ls_option *option, const void *target, char word[LS_WORD_MAX])
{
	int value = *(const int *)((const char *)target + option->offset), position = 0;
	const char *next = option->argument;
	for (;; position++) {
		/* An option with choices names them. NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker) */
		size_t length = strcspn(next, "|");
		snprintf(word, LS_WORD_MAX, "%.*s", (int)length, next);
		if ((option->choice ? option->choice(word) : position) == value)
			return word;
		if (next[length] == '\0')
			return NULL;
		next += length + 1;
	}
}

/* The default as text; empty when it is what leaving the option out means. */
static void format_default(const struct ls_option *option, const void *target, char text[LS_WORD_MAX])
{
	const void *value = (const char *)target + option->offset;
	const char *word = NULL;
	text[0] = '\0';
	switch (option->kind) {
	case LS_OPTION_FLAG:
	case LS_OPTION_TEXTS:
	case LS_OPTION_INTERVAL: /* its help says it */
		break;
	case LS_OPTION_TEXT:
		word = *(const char *const *)value;
		break;
	case LS_OPTION_CHOICE:
		if (!ls_options_word(option, target, text))
			text[0] = '\0';
		break;
	case LS_OPTION_U32: /* one that has to know whether it was given says its default in its help */
		if (*(const uint32_t *)value && *(const uint32_t *)value != UINT32_MAX)
			snprintf(text, LS_WORD_MAX, "%lu", (unsigned long)*(const uint32_t *)value);
		break;
	case LS_OPTION_U64:
		snprintf(text, LS_WORD_MAX, "%llu", (unsigned long long)*(const uint64_t *)value);
		break;
	case LS_OPTION_SIZE:
		if (*(const size_t *)value)
			snprintf(text, LS_WORD_MAX, "%zu", *(const size_t *)value);
		break;
	case LS_OPTION_WORKERS:
		word = "auto";
		break;
	case LS_OPTION_REAL:
	case LS_OPTION_ROWS:
		if (*(const double *)value > 0)
			snprintf(text, LS_WORD_MAX, "%g", *(const double *)value);
		break;
	}
	if (word)
		snprintf(text, LS_WORD_MAX, "%s", word);
}

static void print_option(const struct ls_option *option, const void *target)
{
	char left[128], value[LS_WORD_MAX], text[512];
	char letter[] = {'-', option->letter, ',', '\0'};
	int n = snprintf(left, sizeof left, "  %3s --%s%s%s", option->letter ? letter : "", option->name,
	                 option->argument ? " " : "", option->argument ? option->argument : "");
	format_default(option, target, value);
	snprintf(text, sizeof text, "%s%s%s%s", option->help, *value ? " (default " : "", value, *value ? ")" : "");
	if (n + 2 > TEXT_COLUMN)
		printf("%s\n%*s", left, TEXT_COLUMN, "");
	else
		printf("%-*s", TEXT_COLUMN, left);
	ls_print_wrapped(text, TEXT_COLUMN, TEXT_COLUMN);
}

void ls_options_help(const struct ls_usage *usage, const struct ls_option_group *groups)
{
	printf("Usage: lockstep %s [OPTION]...%s%s\n\n", usage->command, *usage->operands ? " " : "", usage->operands);
	ls_print_wrapped(usage->summary, 0, 0);
	for (; groups->heading; groups++) {
		printf("\n%s:\n", groups->heading);
		for (const struct ls_option *option = groups->options; option->name; option++)
			print_option(option, groups->target);
	}
	printf("\n%-*sprint this text\n", TEXT_COLUMN, "  -h, --help");
	if (usage->closing) {
		putchar('\n');
		ls_print_wrapped(usage->closing, 0, 0);
	}
}
