/* SPDX-License-Identifier: MIT
 *
 * Command lines as data. A subcommand describes its options in tables, each
 * with a heading and the struct that its values go to; parsing, error text and
 * --help come from the tables, and the log writes a job by walking them.
 *
 * Parsing is strict: a whole argument is consumed, numbers are plain decimal
 * and correctly rounded, in the C locale. Ranges are the library's business.
 */
#ifndef LS_CLI_OPTIONS_H
#define LS_CLI_OPTIONS_H

#include <stddef.h>

enum ls_option_kind {
	LS_OPTION_FLAG,    /* int: 1 when given; takes no argument */
	LS_OPTION_TEXT,    /* const char *, borrowed from argv */
	LS_OPTION_TEXTS,   /* struct ls_option_texts: may be given several times */
	LS_OPTION_U32,     /* uint32_t */
	LS_OPTION_U64,     /* uint64_t */
	LS_OPTION_SIZE,    /* size_t */
	LS_OPTION_REAL,    /* double */
	LS_OPTION_CHOICE,  /* int: one of the words of `argument` */
	LS_OPTION_WORKERS, /* uint32_t: "auto" (0), or 1 and more */
	LS_OPTION_ROWS,    /* double: rows, an integer; or a fraction below 1, with '.' or 'e' */
	LS_OPTION_INTERVAL /* struct lockstep_interval: a number of 1 and more, joined to its unit */
};

#define LS_OPTION_TEXTS_MAX 64
struct ls_option_texts {
	const char *texts[LS_OPTION_TEXTS_MAX]; /* [n], borrowed from argv */
	size_t n;
};

struct ls_option {
	char letter;          /* short form, or 0 */
	const char *name;     /* without "--"; NULL ends a table */
	const char *argument; /* what --help calls it; of a choice its words, "one|two|three" */
	enum ls_option_kind kind;
	size_t offset;                   /* of the value in the group's target */
	int (*choice)(const char *word); /* value of a word; NULL: its position */
	const char *help;                /* the default is added by --help where it is a number or a word */
};

/* Options under one heading, with the struct they fill. The target holds the
 * defaults when the command line is parsed. */
struct ls_option_group {
	const char *heading; /* NULL ends the list of groups */
	const struct ls_option *options;
	void *target;
};

struct ls_usage {
	const char *command;  /* "train" */
	const char *operands; /* "MODEL FILE", or ""; "[MODEL]" may be missing, "[MODEL]..." repeated */
	const char *summary;  /* what the subcommand does */
	const char *closing;  /* last paragraphs of --help, or NULL */
};

#define LS_OPTIONS_PARSED (-1)
#define LS_OPERANDS_MAX 16

/* Parses argv[1..] (argv[0] is the subcommand) into the groups' targets, and
 * the operands that `usage` names into `operands`; one that may be missing and is
 * becomes NULL; those behind the last of repeated ones too.
 * Returns LS_OPTIONS_PARSED, or the exit status when there is nothing more to
 * do: --help was printed, or one line said what is wrong. */
int ls_options_parse(const struct ls_usage *usage, const struct ls_option_group *groups, int argc, char **argv,
                     const char *operands[LS_OPERANDS_MAX]);

/* The word of a choice's present value; NULL when no word has it. The text is
 * written into `word`. */
#define LS_WORD_MAX 32
const char *ls_options_word(const struct ls_option *option, const void *target, char word[LS_WORD_MAX]);

/* The words of the command line after "lockstep", which is added, in one line; to be freed. NULL: there is no
 * memory. */
char *ls_options_join(int argc, char **argv);

/* Prints the whole --help text to stdout. */
void ls_options_help(const struct ls_usage *usage, const struct ls_option_group *groups);

#endif
