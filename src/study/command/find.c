/* SPDX-License-Identifier: MIT
 *
 * Programs, looked for before anything runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "text.h"
#include "words.h"

static const char usual_path[] = "/usr/local/bin:/usr/bin:/bin";

/* 0, or errno. */
static int try_file(const char *path)
{
	struct stat state;
	if (stat(path, &state))
		return errno;
	if (!S_ISREG(state.st_mode))
		return EACCES;
	return access(path, X_OK) ? errno : 0;
}

static lockstep_status not_found(const char *name, int code, lockstep_error *error)
{
	if (code == ENOENT && !strchr(name, '/'))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "'%.200s': no such program in PATH", name);
	return ls_error_set(error, LOCKSTEP_ERROR_IO, "'%.200s': %s", name, strerror(code));
}

/* The file `name` in a folder; an empty one is the present folder. */
static char *in_folder(const char *folder, size_t length, const char *name)
{
	struct ls_text text = {0};
	ls_text_add_bytes(&text, length ? folder : ".", length ? length : 1);
	ls_text_add(&text, "/");
	ls_text_add(&text, name);
	if (text.has_failed)
		ls_text_fini(&text);
	return text.bytes;
}

lockstep_status ls_words_find_program(char **out, const char *name, lockstep_error *error)
{
	const char *path = getenv("PATH");
	int code = ENOENT;
	if (strchr(name, '/') || !*name) {
		code = try_file(name);
		char *copy = code ? NULL : ls_memory_copy_text(name);
		if (!copy)
			return code ? not_found(name, code, error) : ls_error_memory(error, "a path");
		*out = copy;
		return LOCKSTEP_OK;
	}
	for (const char *at = path ? path : usual_path;; at++) {
		size_t length = strcspn(at, ":");
		char *file = in_folder(at, length, name);
		if (!file)
			return ls_error_memory(error, "a path");
		int found = try_file(file);
		if (!found) {
			*out = file;
			return LOCKSTEP_OK;
		}
		ls_memory_free(file);
		code = found == EACCES ? EACCES : code;
		at += length;
		if (!*at)
			return not_found(name, code, error);
	}
}

static lockstep_status check_program(const char *name, lockstep_error *error)
{
	char *path = NULL;
	lockstep_status status = ls_words_find_program(&path, name, error);
	ls_memory_free(path);
	return status;
}

/* What follows the interpreter is a file, unless it is an option. */
static lockstep_status check_script(const struct ls_words_source *source, lockstep_error *error)
{
	int follows = source->n_command == 0;
	for (size_t i = 1; i < source->n_command; i++)
		follows |=
		    !strcmp(source->command[i - 1], "${interpreter}") && !strcmp(source->command[i], "${program}");
	if (follows && access(source->program, R_OK))
		return ls_error_set(error, LOCKSTEP_ERROR_IO, "program '%.200s': %s", source->program, strerror(errno));
	return LOCKSTEP_OK;
}

lockstep_status ls_words_check(const struct ls_words_source *source, lockstep_error *error)
{
	struct ls_words words;
	lockstep_status status = ls_words_init(&words, source, NULL, 0, error);
	if (status)
		return status;
	status = check_program(words.words[0], error);
	int by_env = !strcmp(words.words[0], "/usr/bin/env") && words.n > 1;
	if (!status && by_env && words.words[1][0] != '-' && !strchr(words.words[1], '='))
		status = check_program(words.words[1], error);
	if (!status)
		status = check_script(source, error);
	ls_words_fini(&words);
	return status;
}
