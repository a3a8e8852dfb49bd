/* SPDX-License-Identifier: MIT
 *
 * Words are added one by one, each to three lists: those of the process, the JSON
 * that identifies the job, and the line for people.
 */
#include "words.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "text.h"

#define ENVVAR "${envvar:"

static const char *const usual_command[] = {"${env}", "${interpreter}", "${program}", "${args}"};
#define N_USUAL (sizeof usual_command / sizeof *usual_command)

struct building {
	struct ls_words words;
	size_t room;
	struct ls_text command, line;
	const struct ls_words_source *source;
	const struct ls_argument *arguments;
	size_t n_arguments;
	lockstep_status status;
	lockstep_error *error;
};

/* ---- Words --------------------------------------------------------------- */

static void fail(struct building *building)
{
	if (!building->status)
		building->status = ls_error_memory(building->error, "the words of a command");
}

/* In quotes where a shell would want some, so that the line can be tried there. */
static void add_to_line(struct ls_text *line, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%^";
	if (line->n)
		ls_text_add(line, " ");
	if (*word && word[strspn(word, plain)] == '\0') {
		ls_text_add(line, word);
		return;
	}
	ls_text_add(line, "'");
	for (const char *quote; (quote = strchr(word, '\'')); word = quote + 1) {
		ls_text_add_bytes(line, word, (size_t)(quote - word));
		ls_text_add(line, "'\\''");
	}
	ls_text_add(line, word);
	ls_text_add(line, "'");
}

/* `json`: what identifies the word; NULL: itself. */
static void add_word(struct building *building, const char *word, const char *json)
{
	struct ls_words *words = &building->words;
	if (building->status)
		return;
	if (!ls_utf8_check(word, strlen(word))) {
		building->status = ls_error_set(building->error, LOCKSTEP_ERROR_ARGUMENT,
		                                "word %zu of the command is not UTF-8", words->n + 1);
		return;
	}
	if (words->n + 1 >= building->room) {
		size_t room = 2 * building->room + 8;
		char **grown =
		    ls_memory_grow(words->words, words->n * sizeof *grown, room, sizeof *grown); /* and a NULL */
		if (!grown) {
			fail(building);
			return;
		}
		words->words = grown;
		building->room = room;
	}
	words->words[words->n] = ls_memory_copy_text(word);
	if (!words->words[words->n]) {
		fail(building);
		return;
	}
	ls_text_add(&building->command, words->n ? "," : "");
	if (json)
		ls_text_add(&building->command, json);
	else
		ls_text_add_json(&building->command, word);
	add_to_line(&building->line, word);
	words->n++;
}

static void take_word(struct building *building, struct ls_text *text)
{
	if (text->has_failed)
		fail(building);
	add_word(building, text->bytes ? text->bytes : "", NULL);
	ls_text_fini(text);
}

/* ---- Arguments ------------------------------------------------------------ */

/* A whole number that is no integer to the sweep is none to the program. */
static int needs_point(const struct ls_argument *argument)
{
	return argument->kind == LS_VALUE_REAL && !strpbrk(argument->text, ".eE");
}

static const char *spell(const struct ls_argument *argument)
{
	if (argument->kind == LS_VALUE_BOOLEAN)
		return *argument->text == 't' ? "True" : "False";
	return argument->kind == LS_VALUE_NULL ? "None" : argument->text;
}

static void add_argument(struct building *building, const struct ls_argument *argument, const char *hyphens)
{
	struct ls_text text = {0};
	ls_text_add(&text, hyphens);
	ls_text_add(&text, argument->name);
	ls_text_add(&text, "=");
	ls_text_add(&text, spell(argument));
	ls_text_add(&text, needs_point(argument) ? ".0" : "");
	take_word(building, &text);
}

static void add_flag(struct building *building, const struct ls_argument *argument)
{
	struct ls_text text = {0};
	if (*argument->text != 't')
		return;
	ls_text_add(&text, "--");
	ls_text_add(&text, argument->name);
	take_word(building, &text);
}

static void add_arguments(struct building *building, const char *hyphens, int with_flags)
{
	for (size_t i = 0; i < building->n_arguments; i++) {
		const struct ls_argument *argument = &building->arguments[i];
		if (with_flags && argument->kind == LS_VALUE_BOOLEAN)
			add_flag(building, argument);
		else
			add_argument(building, argument, hyphens);
	}
}

static char *json_of(const struct ls_argument *arguments, size_t n)
{
	struct ls_text text = {0};
	ls_text_add(&text, "{");
	for (size_t i = 0; i < n; i++) {
		ls_text_add(&text, i ? "," : "");
		ls_text_add_json(&text, arguments[i].name);
		ls_text_add(&text, ":");
		if (arguments[i].kind == LS_VALUE_TEXT)
			ls_text_add_json(&text, arguments[i].text);
		else
			ls_text_add(&text, arguments[i].kind == LS_VALUE_NULL ? "null" : arguments[i].text);
		ls_text_add(&text, needs_point(&arguments[i]) ? ".0" : "");
	}
	ls_text_add(&text, "}");
	if (text.has_failed)
		ls_text_fini(&text);
	return text.bytes;
}

/* ---- Macros ---------------------------------------------------------------- */

static const char *variable(struct building *building, const char *name, size_t length)
{
	char copy[256];
	const char *value = NULL;
	if (length < sizeof copy) {
		memcpy(copy, name, length);
		copy[length] = '\0';
		value = getenv(copy);
	}
	if (!value && !building->status)
		building->status =
		    ls_error_set(building->error, LOCKSTEP_ERROR_ARGUMENT,
		                 "${envvar:%.*s}: the environment has no such variable", (int)length, name);
	return value ? value : "";
}

/* Variables within a word; the specification's reader has seen to it that each is closed. */
static void add_text(struct building *building, const char *word)
{
	struct ls_text text = {0};
	for (const char *at; (at = strstr(word, ENVVAR));) {
		const char *name = at + sizeof ENVVAR - 1;
		size_t length = strcspn(name, "}");
		ls_text_add_bytes(&text, word, (size_t)(at - word));
		ls_text_add(&text, variable(building, name, length));
		word = name + length + (name[length] == '}');
	}
	ls_text_add(&text, word);
	take_word(building, &text);
}

static void add_file(struct building *building)
{
	struct ls_text text = {0};
	building->words.has_file = 1;
	ls_text_add(&text, "{\"args_json_file\":");
	ls_text_add(&text, building->words.json);
	ls_text_add(&text, "}");
	if (text.has_failed)
		fail(building);
	else
		add_word(building, building->source->json_file, text.bytes);
	ls_text_fini(&text);
}

static void add_macro(struct building *building, const char *word)
{
	const struct ls_words_source *source = building->source;
	if (!strcmp(word, "${env}"))
		add_word(building, "/usr/bin/env", NULL);
	else if (!strcmp(word, "${interpreter}"))
		add_word(building, source->interpreter, NULL);
	else if (!strcmp(word, "${program}"))
		add_word(building, source->program, NULL);
	else if (!strcmp(word, "${args}"))
		add_arguments(building, "--", 0);
	else if (!strcmp(word, "${args_no_hyphens}"))
		add_arguments(building, "", 0);
	else if (!strcmp(word, "${args_no_boolean_flags}"))
		add_arguments(building, "--", 1);
	else if (!strcmp(word, "${args_json}"))
		add_word(building, building->words.json, NULL);
	else if (!strcmp(word, "${args_json_file}"))
		add_file(building);
	else
		add_text(building, word);
}

static void finish(struct building *building)
{
	ls_text_add(&building->command, "]");
	building->words.command = building->command.bytes;
	building->words.line = building->line.bytes;
	if (!building->status && !building->words.n)
		building->status = ls_error_set(building->error, LOCKSTEP_ERROR_ARGUMENT, "the command has no words");
	else if (building->command.has_failed || building->line.has_failed)
		fail(building);
}

lockstep_status ls_words_init(struct ls_words *out, const struct ls_words_source *source,
                              const struct ls_argument *arguments, size_t n, lockstep_error *error)
{
	struct building building = {.source = source, .arguments = arguments, .n_arguments = n, .error = error};
	building.words.json = json_of(arguments, n);
	if (!building.words.json)
		return ls_error_memory(error, "the words of a command");
	ls_text_add(&building.command, "[");
	for (size_t i = 0; i < (source->n_command ? source->n_command : N_USUAL); i++)
		add_macro(&building, source->n_command ? source->command[i] : usual_command[i]);
	finish(&building);
	if (building.status)
		ls_words_fini(&building.words);
	else
		*out = building.words;
	return building.status;
}

void ls_words_fini(struct ls_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		ls_memory_free(words->words[i]);
	ls_memory_free(words->words);
	ls_memory_free(words->json);
	ls_memory_free(words->command);
	ls_memory_free(words->line);
	*words = (struct ls_words){0};
}
