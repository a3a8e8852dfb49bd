/* SPDX-License-Identifier: MIT
 *
 * Command lines: words with a NUL between them, over the tables of `train`.
 * What the command prints goes to buffers here, and is part of the contract.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options/job_options.h"
#include "cli/print/message.h"
#include "cli/options/options.h"
#include "fuzz.h"
#include "job/options.h"

#define WORDS_MAX 64
#define WIDTH 80

/* ---- Words ------------------------------------------------------------------ */

struct words {
	int n;
	char *texts[WORDS_MAX + 1];
};

static void take_words(struct words *words, struct ls_fuzz_input input)
{
	words->texts[0] = strdup("train");
	for (words->n = 1; words->n < WORDS_MAX && input.at < input.end; words->n++) {
		const uint8_t *end = memchr(input.at, '\0', ls_fuzz_left(&input));
		struct ls_fuzz_input word = {input.at, end ? end : input.end};
		words->texts[words->n] = ls_fuzz_take_text(&word);
		input.at = end ? end + 1 : input.end;
	}
	words->texts[words->n] = NULL;
}

/* getopt_long() changes their order. */
static void free_words(struct words *words)
{
	for (int i = 0; i < words->n; i++)
		free(words->texts[i]);
}

/* ---- What is printed ----------------------------------------------------------- */

struct printed {
	char *text;
	size_t n;
	FILE *stream, *before;
};

static void begin_printing(struct printed *printed, FILE **stream)
{
	if (!printed->stream)
		printed->stream = open_memstream(&printed->text, &printed->n);
	ls_fuzz_check(printed->stream != NULL, "a stream in memory can be opened");
	rewind(printed->stream);
	printed->before = *stream;
	*stream = printed->stream;
}

static void end_printing(struct printed *printed, FILE **stream)
{
	*stream = printed->before;
	putc('\0', printed->stream);
	fflush(printed->stream);
}

/* Lines of text, each with its newline; returns how many. */
static int count_lines(const char *text, size_t width)
{
	int n = 0;
	for (; *text; n++) {
		size_t length = strcspn(text, "\n");
		ls_fuzz_check(text[length] == '\n', "a line ends");
		ls_fuzz_check(length <= width, "a line is not too long");
		for (size_t i = 0; i < length; i++)
			ls_fuzz_check((unsigned char)text[i] >= ' ' && text[i] != 127,
			              "lines have no control characters");
		text += length + 1;
	}
	return n;
}

/* ---- What is stored ------------------------------------------------------------- */

static void check_value(const struct ls_option *option, const void *target)
{
	const void *value = (const char *)target + option->offset;
	char word[LS_WORD_MAX];

	if (option->kind == LS_OPTION_FLAG)
		ls_fuzz_check(*(const int *)value == 0 || *(const int *)value == 1, "a flag is 0 or 1");
	if (option->kind == LS_OPTION_REAL)
		ls_fuzz_check(isfinite(*(const double *)value), "a number is finite");
	if (option->kind == LS_OPTION_ROWS) {
		double rows = *(const double *)value;
		ls_fuzz_check(rows >= 0 && rows <= 0x1p53 && (rows < 1 || rows == floor(rows)),
		              "rows are whole, or a fraction");
	}
	if (option->kind == LS_OPTION_TEXT && *(const char *const *)value)
		ls_fuzz_check(**(const char *const *)value != '\0', "a text is not empty");
	if (option->kind == LS_OPTION_CHOICE && *(const int *)value >= 0)
		ls_fuzz_check(ls_options_word(option, target, word) != NULL, "a choice is one of its words");
}

static void check_stored(const struct ls_option_group *groups, const struct ls_job_options *job)
{
	lockstep_error error = {0};
	for (; groups->heading; groups++)
		for (const struct ls_option *option = groups->options; option->name; option++)
			check_value(option, groups->target);
	lockstep_status status = ls_train_check_options(&job->train, &error);
	if (status)
		ls_fuzz_check_failure(status, &error, NULL);
}

/* ---- ---------------------------------------------------------------------------- */

static int parse(const struct ls_usage *usage, const struct ls_option_group *groups, struct words *words,
                 const char *operands[LS_OPERANDS_MAX])
{
	static struct printed out, err;
	begin_printing(&out, &stdout);
	begin_printing(&err, &stderr);
	int status = ls_options_parse(usage, groups, words->n, words->texts, operands);
	end_printing(&err, &stderr);
	end_printing(&out, &stdout);

	int n_out = count_lines(out.text, WIDTH), n_err = count_lines(err.text, SIZE_MAX);
	if (status == LS_OPTIONS_PARSED)
		ls_fuzz_check(!n_out && !n_err, "nothing is said when all is well");
	else if (status == LS_EXIT_DONE)
		ls_fuzz_check(n_out > 60 && !n_err, "help comes on stdout");
	else
		ls_fuzz_check(status == LS_EXIT_USAGE && !n_out && n_err == 2 &&
		                  !strncmp(err.text, "lockstep train: ", 16) &&
		                  strstr(err.text, "\nTry 'lockstep train --help'\n"),
		              "one line says what is wrong, and one where to look");
	return status;
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	static const char *const operand_names[] = {"", "MODEL", "MODEL FILE"};
	struct ls_fuzz_input input = {bytes, bytes + n};
	const char *operands[LS_OPERANDS_MAX] = {NULL};
	struct ls_job_options job;
	struct words words;

	int n_operands = ls_fuzz_take_byte(&input) % 3;
	const struct ls_usage usage = {"train", operand_names[n_operands], "Trains a network.", "An end."};
	const struct ls_option_group groups[] = {
	    {LS_HEADING_DATA, ls_data_option_table, &job.data},
	    {LS_HEADING_NETWORK, ls_network_option_table, &job},
	    {LS_HEADING_TRAINING, ls_training_option_table, &job},
	    {LS_HEADING_RUN, ls_run_option_table, &job},
	    {0},
	};
	ls_job_options_init(&job);
	take_words(&words, input);
	if (parse(&usage, groups, &words, operands) == LS_OPTIONS_PARSED) {
		for (int i = 0; i < LS_OPERANDS_MAX; i++)
			ls_fuzz_check(!operands[i] == (i >= n_operands), "the operands are those that the usage names");
		check_stored(groups, &job);
	}
	free_words(&words);
	return 0;
}
