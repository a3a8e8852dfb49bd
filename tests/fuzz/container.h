/* SPDX-License-Identifier: MIT
 *
 * Files in the layout of model files, for the targets that read them.
 */
#ifndef LS_TESTS_FUZZ_CONTAINER_H
#define LS_TESTS_FUZZ_CONTAINER_H

#include "fuzz.h"

/* Makes a file whose digest is right from an input: the header behind the
 * digest up to the first NUL, then the data. So `,"format":"x"},"t":{...}}`
 * follows `{"__metadata__":{"digest":"..."`, which no mutation has to find. To
 * be freed. */
uint8_t *ls_fuzz_frame(struct ls_fuzz_input input, size_t *n);

/* Where the data of such a file begin. */
size_t ls_fuzz_frame_data(const uint8_t *file);

/* Writes the digest of a file's bytes into it. */
void ls_fuzz_sign(uint8_t *file, size_t n);

/* Opens a file as a container and checks what comes; one that is taken is read,
 * saved again and compared. */
void ls_fuzz_container(const char *path);

#endif
