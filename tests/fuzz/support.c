/* SPDX-License-Identifier: MIT
 *
 * Checks end in abort(), which a debugger, libFuzzer and a shell all see.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw, memmem */
#endif
#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ls_fuzz_check(int holds, const char *claim)
{
	if (holds)
		return;
	dprintf(STDERR_FILENO, "This does not hold: %s\n", claim);
	abort();
}

void ls_fuzz_check_plain(const char *text)
{
	for (; *text; text++)
		ls_fuzz_check((unsigned char)*text >= ' ', "a text of a file is one line");
}

void ls_fuzz_check_line(const char *text)
{
	ls_fuzz_check(*text != '\0', "a message is not empty");
	for (; *text; text++)
		ls_fuzz_check((unsigned char)*text >= ' ' && *text != 127, "a message has no control characters");
}

void ls_fuzz_check_failure(lockstep_status status, const lockstep_error *error, const void *out)
{
	ls_fuzz_check(status > LOCKSTEP_OK && status <= LOCKSTEP_STOPPED, "a failure has a status of its list");
	ls_fuzz_check(status == error->status, "the error has the status that was returned");
	ls_fuzz_check(memchr(error->message, '\0', sizeof error->message) != NULL, "a message ends");
	ls_fuzz_check_line(error->message);
	ls_fuzz_check(status != LOCKSTEP_ERROR_MEMORY, "a small input does not use up the memory");
	ls_fuzz_check(!out, "outputs are untouched on failure");
}

/* ---- Scratch files ---------------------------------------------------- */

static char folder[LS_FUZZ_PATH];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
	(void)info, (void)kind, (void)walk;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* FUZZ_SCRATCH is what run.sh names, which removes it after a crash too. */
static void make_folder(void)
{
	const char *const parents[] = {getenv("FUZZ_SCRATCH"), "/dev/shm", getenv("TMPDIR"), "/tmp"};
	for (size_t i = 0; i < sizeof parents / sizeof *parents; i++) {
		if (!parents[i] || snprintf(folder, 128, "%s/lockstep-fuzz-XXXXXX", parents[i]) >= 128)
			continue;
		if (mkdtemp(folder)) {
			atexit(remove_folder);
			return;
		}
	}
	ls_fuzz_check(0, "a scratch folder can be made");
}

void ls_fuzz_path(char path[LS_FUZZ_PATH], const char *name)
{
	if (!*folder)
		make_folder();
	snprintf(path, LS_FUZZ_PATH, "%.128s/%.100s", folder, name);
}

void ls_fuzz_write(const char *path, const void *bytes, size_t n)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ls_fuzz_check(file >= 0 && write(file, bytes, n) == (ssize_t)n && !close(file),
	              "a scratch file can be written");
}

uint8_t *ls_fuzz_read(const char *path, size_t *n)
{
	struct stat info;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ls_fuzz_check(file >= 0 && !fstat(file, &info), "a file can be opened");
	*n = (size_t)info.st_size;
	uint8_t *bytes = malloc(*n + 1);
	ls_fuzz_check(bytes && read(file, bytes, *n) == (ssize_t)*n && !close(file), "a file can be read");
	bytes[*n] = '\0';
	return bytes;
}

/* ---- Taking an input apart -------------------------------------------- */

uint8_t ls_fuzz_take_byte(struct ls_fuzz_input *input)
{
	return input->at < input->end ? *input->at++ : 0;
}

uint32_t ls_fuzz_take_word(struct ls_fuzz_input *input)
{
	uint32_t word = 0;
	for (int i = 0; i < 4; i++)
		word |= (uint32_t)ls_fuzz_take_byte(input) << 8 * i;
	return word;
}

struct ls_fuzz_input ls_fuzz_take_part(struct ls_fuzz_input *input, const char *mark)
{
	const uint8_t *found = memmem(input->at, ls_fuzz_left(input), mark, strlen(mark));
	struct ls_fuzz_input part = {input->at, found ? found : input->end};
	input->at = found ? found + strlen(mark) : input->end;
	return part;
}

size_t ls_fuzz_left(const struct ls_fuzz_input *input)
{
	return (size_t)(input->end - input->at);
}

char *ls_fuzz_take_text(struct ls_fuzz_input *input)
{
	char *text = strndup((const char *)input->at, ls_fuzz_left(input));
	ls_fuzz_check(text != NULL, "a text can be copied");
	input->at = input->end;
	return text;
}
