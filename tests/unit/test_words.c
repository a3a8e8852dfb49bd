/* SPDX-License-Identifier: MIT
 *
 * Macros of a command: words of the process, JSON that identifies it, and a line for people.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "data_files.h"
#include "study/command/words.h"

static lockstep_error error;
static struct ls_words words;

static void setup(void)
{
	data_setup();
	setenv("WORD", "w", 1);
	setenv("EMPTY", "", 1);
	unsetenv("ABSENT");
}

static void teardown(void)
{
	ls_words_fini(&words);
	data_teardown();
}

TestSuite(words, .init = setup, .fini = teardown, .timeout = 60);

static const struct ls_argument arguments[] = {
    {"x", LS_VALUE_REAL, "0.5"},          {"whole", LS_VALUE_REAL, "2"},    {"tiny", LS_VALUE_REAL, "1e-9"},
    {"n", LS_VALUE_INTEGER, "-3"},        {"on", LS_VALUE_BOOLEAN, "true"}, {"off", LS_VALUE_BOOLEAN, "false"},
    {"a.b", LS_VALUE_TEXT, "it's \"q\""}, {"none", LS_VALUE_NULL, "null"},
};
#define N (sizeof arguments / sizeof *arguments)

static const char json[] =
    "{\"x\":0.5,\"whole\":2.0,\"tiny\":1e-9,\"n\":-3,\"on\":true,\"off\":false,\"a.b\":\"it's \\\"q\\\"\",\"none\":null}";

/* The words as a specification has them. */
static char *const *copy_of(const char *const *command, size_t n)
{
	static char copies[8][128], *words_of[8];
	for (size_t i = 0; i < n; i++) {
		snprintf(copies[i], sizeof copies[i], "%s", command[i]);
		words_of[i] = copies[i];
	}
	return words_of;
}

static lockstep_status make(const char *const *command, size_t n)
{
	const struct ls_words_source source = {"prog.py", copy_of(command, n), n, "python", "/tmp/args.json"};
	ls_words_fini(&words);
	return ls_words_init(&words, &source, arguments, N, &error);
}

static void expect(const char *const *command, size_t n, const char *const *expected, size_t n_expected)
{
	cr_assert_eq(make(command, n), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(words.n, n_expected, "%zu words", words.n);
	for (size_t i = 0; i < n_expected; i++)
		cr_assert_str_eq(words.words[i], expected[i]);
	cr_assert_null(words.words[words.n]);
	cr_assert_str_eq(words.json, json);
}

#define EXPECT(command, ...)                                                                                           \
	do {                                                                                                           \
		static const char *const expected[] = {__VA_ARGS__};                                                   \
		expect((const char *const[]){command}, 1, expected, sizeof expected / sizeof *expected);               \
	} while (0)

Test(words, each_macro)
{
	EXPECT("${env}", "/usr/bin/env");
	EXPECT("${interpreter}", "python");
	EXPECT("${program}", "prog.py");
	EXPECT("${args}", "--x=0.5", "--whole=2.0", "--tiny=1e-9", "--n=-3", "--on=True", "--off=False",
	       "--a.b=it's \"q\"", "--none=None");
	EXPECT("${args_no_hyphens}", "x=0.5", "whole=2.0", "tiny=1e-9", "n=-3", "on=True", "off=False",
	       "a.b=it's \"q\"", "none=None");
	EXPECT("${args_no_boolean_flags}", "--x=0.5", "--whole=2.0", "--tiny=1e-9", "--n=-3", "--on",
	       "--a.b=it's \"q\"", "--none=None");
	EXPECT("${args_json}", json);
	EXPECT("${args_json_file}", "/tmp/args.json");
	EXPECT("-${envvar:WORD}-${envvar:EMPTY}${envvar:WORD}", "-w-w");
	EXPECT("${envvar:EMPTY}", "");
	EXPECT("plain $HOME `ls`", "plain $HOME `ls`");
}

Test(words, the_usual_command)
{
	cr_assert_eq(make(NULL, 0), LOCKSTEP_OK);
	cr_assert_eq(words.n, 3 + N);
	cr_assert_str_eq(words.words[0], "/usr/bin/env");
	cr_assert_str_eq(words.words[1], "python");
	cr_assert_str_eq(words.words[2], "prog.py");
	cr_assert_str_eq(words.words[3], "--x=0.5");
}

Test(words, a_file_counts_by_what_is_in_it)
{
	static const char *const command[] = {"run", "${args_json_file}", "it's"};
	char expected[512];
	cr_assert_eq(make(command, 3), LOCKSTEP_OK);
	snprintf(expected, sizeof expected, "[\"run\",{\"args_json_file\":%s},\"it's\"]", json);
	cr_assert_str_eq(words.command, expected);
	cr_assert_str_eq(words.line, "run /tmp/args.json 'it'\\''s'");
	cr_assert(words.has_file);
}

Test(words, without_arguments)
{
	static const char *const command[] = {"run", "${args}", "${args_json}"};
	const struct ls_words_source source = {NULL, copy_of(command, 3), 3, "python", ""};
	cr_assert_eq(ls_words_init(&words, &source, NULL, 0, &error), LOCKSTEP_OK);
	cr_assert_eq(words.n, 2);
	cr_assert_str_eq(words.words[1], "{}");
	static const char *const nothing[] = {"${args}"};
	const struct ls_words_source empty = {NULL, copy_of(nothing, 1), 1, "python", ""};
	ls_words_fini(&words);
	cr_assert_eq(ls_words_init(&words, &empty, NULL, 0, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "the command has no words");
}

Test(words, variables_that_are_not_there_and_bytes_that_are_no_text)
{
	static const char *const absent[] = {"a${envvar:ABSENT}"}, *const bytes[] = {"${envvar:WORD}"};
	cr_assert_eq(make(absent, 1), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "${envvar:ABSENT}: the environment has no such variable");
	setenv("WORD", "\xff", 1);
	cr_assert_eq(make(bytes, 1), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_str_eq(error.message, "word 1 of the command is not UTF-8");
}

Test(words, memory_that_is_short)
{
	static const char *const command[] = {"${env}", "${args}", "${args_json_file}", "${args_no_boolean_flags}",
	                                      "x${envvar:WORD}"};
	lockstep_status status = LOCKSTEP_ERROR_MEMORY;
	for (long n = 1; status; n++) {
		cr_assert(n < 1000);
		ls_memory_fail_at(n);
		status = make(command, 5);
		ls_memory_fail_at(0);
		cr_assert(status == LOCKSTEP_OK || status == LOCKSTEP_ERROR_MEMORY, "%s", error.message);
	}
	cr_assert_eq(words.n, 1 + N + 1 + N - 1 + 1);
}

/* ---- Programs ---------------------------------------------------------------- */

static void put_file(const char *name, mode_t mode)
{
	FILE *file = fopen(data_path(name), "w");
	cr_assert_not_null(file);
	fputs("#!/bin/sh\n", file);
	fclose(file);
	cr_assert_eq(chmod(data_path(name), mode), 0);
}

Test(words, programs_are_found_as_a_shell_finds_them)
{
	char folder[512], path[600], *found;
	put_file("there", 0755);
	put_file("plain", 0644);
	snprintf(folder, sizeof folder, "%s", data_path(""));
	snprintf(path, sizeof path, "/nowhere:%s", folder);
	setenv("PATH", path, 1);
	cr_assert_eq(ls_words_find_program(&found, "there", &error), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(access(found, X_OK), 0);
	ls_memory_free(found);
	cr_assert_eq(ls_words_find_program(&found, data_path("there"), &error), LOCKSTEP_OK);
	ls_memory_free(found);
	cr_assert_eq(ls_words_find_program(&found, "absent", &error), LOCKSTEP_ERROR_IO);
	cr_assert_str_eq(error.message, "'absent': no such program in PATH");
	cr_assert_eq(ls_words_find_program(&found, "plain", &error), LOCKSTEP_ERROR_IO);
	cr_assert_str_eq(error.message, "'plain': Permission denied");
	cr_assert_eq(ls_words_find_program(&found, folder, &error), LOCKSTEP_ERROR_IO);
	cr_assert_eq(ls_words_find_program(&found, "", &error), LOCKSTEP_ERROR_IO);
}

static lockstep_status check(const char *program, const char *const *command, size_t n)
{
	const struct ls_words_source source = {program, copy_of(command, n), n, "sh", ""};
	return ls_words_check(&source, &error);
}

Test(words, what_cannot_start_is_known_before)
{
	static const char *const by_env[] = {"${env}", "absent-program"},
				 *const variable[] = {"${env}", "A=1", "absent-program"},
				 *const module[] = {"${interpreter}", "-m", "${program}"},
				 *const script[] = {"${interpreter}", "${program}"};
	put_file("plain", 0644);
	cr_assert_eq(check(data_path("plain"), NULL, 0), LOCKSTEP_OK, "%s", error.message);
	cr_assert_eq(check("absent.py", NULL, 0), LOCKSTEP_ERROR_IO);
	cr_assert_str_eq(error.message, "program 'absent.py': No such file or directory");
	cr_assert_eq(check("absent.py", script, 2), LOCKSTEP_ERROR_IO);
	cr_assert_eq(check("a.module", module, 3), LOCKSTEP_OK);
	cr_assert_eq(check(NULL, by_env, 2), LOCKSTEP_ERROR_IO);
	cr_assert_str_eq(error.message, "'absent-program': no such program in PATH");
	cr_assert_eq(check(NULL, variable, 3), LOCKSTEP_OK);
}
