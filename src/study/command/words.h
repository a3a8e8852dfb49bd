/* SPDX-License-Identifier: MIT
 *
 * The words of a trial's command: a specification's, with the macros of W&B
 * (docs.wandb.ai, "Sweep configuration options", command macros) replaced.
 *
 *	${env}                    /usr/bin/env
 *	${interpreter}            python
 *	${program}                as the specification has it
 *	${args}                   --name=value for every parameter
 *	${args_no_hyphens}        name=value
 *	${args_no_boolean_flags}  --name where it is true, nothing where it is false
 *	${args_json}              one word, {"name":value}
 *	${args_json_file}         the path of a file that has this
 *	${envvar:NAME}            a variable of the environment, also within a word
 *
 * Values are spelt as Python does, as W&B has it: True, False, None, and 1.0 for a
 * number that is drawn from an interval; JSON has them as JSON does.
 */
#ifndef LS_STUDY_WORDS_H
#define LS_STUDY_WORDS_H

#include <stddef.h>

#include "lockstep/status.h"
#include "study/space/value.h"

struct ls_argument {
	const char *name;
	enum ls_value_kind kind;
	const char *text;
};

struct ls_words_source {
	const char *program; /* NULL: none */
	char *const *command;
	size_t n_command; /* 0: ${env} ${interpreter} ${program} ${args} */
	const char *interpreter;
	const char *json_file; /* what ${args_json_file} becomes */
};

struct ls_words {
	char **words; /* [n] and a NULL; owned, as all of it */
	size_t n;
	char *json;    /* all arguments as one JSON object */
	int has_file;  /* a word is the path of the file that has this */
	char *command; /* JSON: the list of words, but for files, which are the object they hold */
	char *line;    /* all words in one line, for people */
};

/* Caller owns what *out holds. LOCKSTEP_ERROR_ARGUMENT when the environment has not the
 * variable, or a word is not UTF-8. */
lockstep_status ls_words_init(struct ls_words *out, const struct ls_words_source *source,
                              const struct ls_argument *arguments, size_t n, lockstep_error *error);
void ls_words_fini(struct ls_words *words);

/* Where the program `name` is, as a shell finds it: with a '/' itself, else in the folders of PATH. The path, from
 * ls_memory_allocate(), into *out; LOCKSTEP_ERROR_IO when there is none or it cannot be executed. */
lockstep_status ls_words_find_program(char **out, const char *name, lockstep_error *error);

/* Can the command be started, as far as can be known without arguments? */
lockstep_status ls_words_check(const struct ls_words_source *source, lockstep_error *error);

#endif
