/* SPDX-License-Identifier: MIT
 *
 * Model files as bytes, for tests that damage them: files are read whole,
 * changed, and, to get past the digest to the checks behind it, signed again.
 */
#ifndef TEST_SIGNED_FILE_H
#define TEST_SIGNED_FILE_H

#include <stddef.h>

/* First bytes of the header, up to the digest's digits. */
#define TEST_PREFIX "{\"__metadata__\":{\"digest\":\""
#define TEST_DIGEST_AT (8 + sizeof TEST_PREFIX - 1)

struct test_bytes {
	unsigned char *data; /* from malloc() */
	size_t n;
};

/* A new empty folder of this test; test_remove_folder() removes it with all files in it. */
const char *test_make_folder(void);
void test_remove_folder(const char *folder);
/* Number of entries in a folder. */
int test_count_entries(const char *folder);

struct test_bytes test_read_file(const char *path);
void test_write_file(const char *path, struct test_bytes bytes);

/* Puts the right digest at its place. */
void test_sign(struct test_bytes bytes);

/* A signed file of a header, which gets its length word and padding, and of data. */
struct test_bytes test_frame(const char *header, const void *data, size_t n_data);

/* The file with the first `from` in its header replaced by `to`, signed. */
struct test_bytes test_replace(struct test_bytes bytes, const char *from, const char *to);

#endif
