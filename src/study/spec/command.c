/* SPDX-License-Identifier: MIT
 *
 * The command of a trial: words, some of them macros of W&B's. All are known
 * here, so that one that would be handed on as it is is an error before a trial
 * runs.
 */
#include <string.h>

#include "base/name.h"
#include "base/nearest.h"
#include "reader.h"

#define WORDS_MAX 1024

static const char *const macros[] = {"${env}",       "${interpreter}",           "${program}",
                                     "${args}",      "${args_no_boolean_flags}", "${args_no_hyphens}",
                                     "${args_json}", "${args_json_file}"};
#define N_MACROS (sizeof macros / sizeof *macros)
#define ENVVAR "${envvar:"

static void refuse_macro(struct ls_reader *reader, const struct ls_node *node, const char *macro, int length)
{
	struct ls_nearest nearest;
	char text[64] = "";
	if (length < (int)sizeof text)
		memcpy(text, macro, (size_t)length);
	ls_nearest_init(&nearest, text);
	for (size_t i = 0; i < N_MACROS; i++)
		ls_nearest_consider(&nearest, macros[i]);
	if (nearest.name && strcmp(nearest.name, text) == 0)
		ls_reader_refuse(reader, node->place, "'%.64s': expected %s as a word of its own", node->text, text);
	else if (nearest.name)
		ls_reader_refuse(reader, node->place, "unknown macro '%.*s': did you mean '%s'?",
		                 length < 64 ? length : 64, macro, nearest.name);
	else
		ls_reader_refuse(reader, node->place,
		                 "unknown macro '%.*s': expected ${env}, ${interpreter}, ${program}, ${args}, "
		                 "${args_no_boolean_flags}, ${args_no_hyphens}, ${args_json}, ${args_json_file} or "
		                 "${envvar:NAME}",
		                 length < 64 ? length : 64, macro);
}

/* A variable may stand within a word; other macros are words. */
static void check_word(struct ls_reader *reader, const struct ls_node *node)
{
	const char *at = node->text;
	if (ls_name_find(node->text, macros, N_MACROS) >= 0)
		return;
	while (!reader->status && (at = strstr(at, "${"))) {
		const char *end = strchr(at, '}');
		size_t length = end ? (size_t)(end + 1 - at) : strlen(at);
		if (!end)
			ls_reader_refuse(reader, node->place, "'%.64s': '}' is missing", node->text);
		else if (strncmp(at, ENVVAR, sizeof ENVVAR - 1) != 0 || length == sizeof ENVVAR)
			refuse_macro(reader, node, at, (int)length);
		at += length;
	}
}

static void read_word(struct ls_reader *reader, const struct ls_node *node)
{
	struct ls_spec *spec = reader->spec;
	if (node->kind != LS_NODE_SCALAR) {
		ls_reader_expected(reader, node, "a word of the command");
		return;
	}
	check_word(reader, node);
	if (!reader->status && !spec->program && strcmp(node->text, "${program}") == 0)
		ls_reader_refuse(reader, node->place, "'${program}': the key program is missing");
	char *copy = ls_reader_copy(reader, node->text);
	if (copy)
		spec->command[spec->n_command++] = copy;
}

void ls_read_command(struct ls_reader *reader, const struct ls_node *node)
{
	if (reader->status || !node || !ls_read_is_list(reader, node, "words"))
		return;
	if (node->n > WORDS_MAX) {
		ls_reader_refuse(reader, node->place, "%zu words: expected %d at most", node->n, WORDS_MAX);
		return;
	}
	reader->spec->command = ls_reader_allocate(reader, node->n, sizeof *reader->spec->command);
	for (const struct ls_node *word = node->first; word && !reader->status; word = word->next)
		read_word(reader, word);
}
