/* SPDX-License-Identifier: MIT
 *
 * See data_files.h.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif
#include "data_files.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"

#define PATHS 32
#define PATH_BYTES 512
#define ALLOCATIONS_MAX 10000

static char folder[PATH_BYTES / 2];
static char paths[PATHS][PATH_BYTES];
static unsigned n_paths;

void data_setup(void)
{
	const char *base = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/lockstep-data-XXXXXX", base ? base : "/tmp");
	cr_assert_not_null(mkdtemp(folder));
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *position)
{
	(void)info;
	(void)type;
	(void)position;
	return remove(path);
}

void data_teardown(void)
{
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

const char *data_path(const char *name)
{
	char *path = paths[n_paths++ % PATHS];
	snprintf(path, PATH_BYTES, *name ? "%s/%s" : "%s", folder, name);
	return path;
}

const char *data_write(const char *name, const void *bytes, size_t n)
{
	const char *path = data_path(name);
	FILE *file = fopen(path, "wb");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, n, file), n);
	cr_assert_eq(fclose(file), 0);
	return path;
}

const char *data_write_text(const char *name, const char *text)
{
	return data_write(name, text, strlen(text));
}

const char *data_write_gzip(const char *name, const void *bytes, size_t n)
{
	const char *path = data_path(name);
	gzFile file = gzopen(path, "wb");
	cr_assert_not_null(file);
	cr_assert_eq(gzwrite(file, bytes, (unsigned)n), (int)n);
	cr_assert_eq(gzclose(file), Z_OK);
	return path;
}

void data_put(struct data_bytes *content, const void *bytes, size_t n)
{
	cr_assert_leq(n, DATA_BYTES_MAX - content->n);
	memcpy(content->bytes + content->n, bytes, n);
	content->n += n;
}

void data_put_be32(struct data_bytes *content, uint32_t word)
{
	uint8_t bytes[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8), (uint8_t)word};
	data_put(content, bytes, sizeof bytes);
}

void data_put_idx(struct data_bytes *content, uint8_t type, uint8_t rank, const uint32_t *sizes)
{
	data_put(content, (uint8_t[]){0, 0, type, rank}, 4);
	for (uint8_t i = 0; i < rank; i++)
		data_put_be32(content, sizes[i]);
}

void data_put_npy(struct data_bytes *content, const char *dictionary)
{
	size_t n = strlen(dictionary);
	data_put(content, "\x93NUMPY\1", 8);
	data_put(content, (uint8_t[]){(uint8_t)n, (uint8_t)(n >> 8)}, 2);
	data_put(content, dictionary, n);
}

void data_expect_error(data_opener *opener, const char *path, lockstep_status status, const char *cause)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	lockstep_status got = opener(path, &error);
	cr_assert_eq(got, status, "%s, not %s: %s", lockstep_status_name(got), lockstep_status_name(status),
	             error.message);
	cr_assert_eq(error.status, status);
	cr_assert_not_null(strstr(error.message, folder), "the file is not named: %s", error.message);
	cr_assert_not_null(strstr(error.message, cause), "the cause is not '%s': %s", cause, error.message);
	cr_assert_null(strchr(error.message, '\n'), "more than one line: %s", error.message);
	cr_assert_eq(opener(path, NULL), status, "without a place for the text");
}

void data_try_truncated(data_opener *opener, const void *bytes, size_t n)
{
	for (size_t length = 0; length < n; length++)
		data_expect_error(opener, data_write("truncated", bytes, length), LOCKSTEP_ERROR_FORMAT, ": ");
}

static void try_one_change(data_opener *opener, const uint8_t *bytes, size_t n, size_t i_byte)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	const char *path = data_write("changed", bytes, n);
	lockstep_status status = opener(path, &error);
	cr_assert(status == LOCKSTEP_OK || status == LOCKSTEP_ERROR_FORMAT || status == LOCKSTEP_ERROR_ARGUMENT,
	          "byte %zu: %s", i_byte, error.message);
	cr_assert(!status || strstr(error.message, folder), "byte %zu: %s", i_byte, error.message);
}

void data_try_changed(data_opener *opener, const void *bytes, size_t n)
{
	static const uint8_t changes[] = {0x01, 0x20, 0x80, 0xff};
	uint8_t *copy = malloc(n);
	cr_assert_not_null(copy);

	memcpy(copy, bytes, n);
	for (size_t i = 0; i < n; i++) {
		uint8_t original = copy[i];
		for (size_t j = 0; j < sizeof changes; j++) {
			copy[i] = original ^ changes[j];
			try_one_change(opener, copy, n, i);
		}
		copy[i] = original;
	}
	free(copy);
}

void data_try_short_of_memory(data_opener *opener, const char *path)
{
	lockstep_error error = {LOCKSTEP_OK, ""};

	cr_assert_eq(opener(path, &error), LOCKSTEP_OK, "%s", error.message);
	ls_memory_fail_at(0);
	cr_assert_eq(opener(path, &error), LOCKSTEP_OK);
	long n = ls_memory_fail_at(0);
	cr_assert(n > 0 && n < ALLOCATIONS_MAX);
	for (long i = 1; i <= n; i++) {
		ls_memory_fail_at(i);
		lockstep_status status = opener(path, &error);
		ls_memory_fail_at(0);
		cr_assert_eq(status, LOCKSTEP_ERROR_MEMORY, "allocation %ld of %ld: %s", i, n,
		             lockstep_status_name(status));
	}
}

long data_peak_memory(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}
