/* SPDX-License-Identifier: MIT
 *
 * What the fuzz targets share. A target is one file that defines
 * ls_fuzz_one(), and a line in each of the two lists of local.mk. It is linked
 * with libFuzzer (configure --enable-fuzzing), or else with a main() that
 * replays files, so that every build checks the corpus.
 *
 * A target hands its input to a reader and checks what the reader's header
 * promises: a status, on failure one line of text and outputs untouched, on
 * success values that keep their contract.
 */
#ifndef LS_TESTS_FUZZ_H
#define LS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

/* The target: takes any input, and always returns 0. */
int ls_fuzz_one(const uint8_t *bytes, size_t n);

/* Ends the process with a message unless the claim holds. */
void ls_fuzz_check(int holds, const char *claim);

/* A text from a file that may stand in a line. */
void ls_fuzz_check_plain(const char *text);

/* A text for people that may be printed: not empty, one line, no control
 * characters. */
void ls_fuzz_check_line(const char *text);

/* What every failure has to be: a status that is known and is not a shortage
 * of memory (no input of ours is large), its line of text, and `out` NULL as
 * it was before the call. */
void ls_fuzz_check_failure(lockstep_status status, const lockstep_error *error, const void *out);

/* ---- Scratch files ---------------------------------------------------- */

#define LS_FUZZ_PATH 256

/* The path of a file in a folder that is made at the first call, in memory
 * where there is such a file system, and removed when the process ends. */
void ls_fuzz_path(char path[LS_FUZZ_PATH], const char *name);

void ls_fuzz_write(const char *path, const void *bytes, size_t n);

/* A whole file, with a NUL behind it; to be freed. */
uint8_t *ls_fuzz_read(const char *path, size_t *n);

/* ---- Taking an input apart -------------------------------------------- */

struct ls_fuzz_input {
	const uint8_t *at, *end;
};

/* The next byte, 0 when there is none. */
uint8_t ls_fuzz_take_byte(struct ls_fuzz_input *input);

/* The next four bytes, lowest first; missing ones are 0. */
uint32_t ls_fuzz_take_word(struct ls_fuzz_input *input);

/* The bytes up to the next `mark`, which is passed over, or up to the end. */
struct ls_fuzz_input ls_fuzz_take_part(struct ls_fuzz_input *input, const char *mark);

size_t ls_fuzz_left(const struct ls_fuzz_input *input);

/* All that is left, as a text that ends at the first NUL; to be freed. */
char *ls_fuzz_take_text(struct ls_fuzz_input *input);

#endif
