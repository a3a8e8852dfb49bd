/* SPDX-License-Identifier: MIT
 *
 * Plain stdio and one-shot SHA-256: no code of what is tested, save the hash.
 */
#include "signed_file.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sha256.h"

const char *test_make_folder(void)
{
	static char folder[4096];
	const char *parent = getenv("TMPDIR");
	snprintf(folder, sizeof folder, "%s/lockstep-test-XXXXXX", parent ? parent : "/tmp");
	cr_assert(mkdtemp(folder), "cannot make %s", folder);
	return folder;
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

void test_remove_folder(const char *folder)
{
	struct dirent *entry;
	DIR *stream = opendir(folder);
	cr_assert(stream);
	while ((entry = readdir(stream)))
		if (is_entry(entry))
			unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
	cr_assert(!rmdir(folder));
}

int test_count_entries(const char *folder)
{
	int count = 0;
	struct dirent *entry;
	DIR *stream = opendir(folder);
	cr_assert(stream);
	while ((entry = readdir(stream)))
		count += is_entry(entry);
	closedir(stream);
	return count;
}

static struct test_bytes make_bytes(size_t n)
{
	struct test_bytes bytes = {malloc(n + 1), n};
	cr_assert(bytes.data);
	bytes.data[n] = '\0';
	return bytes;
}

struct test_bytes test_read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	cr_assert(file, "cannot open %s", path);
	fseek(file, 0, SEEK_END);
	struct test_bytes bytes = make_bytes((size_t)ftell(file));
	rewind(file);
	cr_assert(fread(bytes.data, 1, bytes.n, file) == bytes.n);
	fclose(file);
	return bytes;
}

void test_write_file(const char *path, struct test_bytes bytes)
{
	FILE *file = fopen(path, "wb");
	cr_assert(file, "cannot open %s", path);
	cr_assert(fwrite(bytes.data, 1, bytes.n, file) == bytes.n);
	cr_assert(!fclose(file));
}

void test_sign(struct test_bytes bytes)
{
	char digest[LS_SHA256_DIGITS + 1];
	if (bytes.n < TEST_DIGEST_AT + LS_SHA256_DIGITS)
		return;
	memset(bytes.data + TEST_DIGEST_AT, '0', LS_SHA256_DIGITS);
	ls_sha256(bytes.data, bytes.n, digest);
	memcpy(bytes.data + TEST_DIGEST_AT, digest, LS_SHA256_DIGITS);
}

struct test_bytes test_frame(const char *header, const void *data, size_t n_data)
{
	size_t length = strlen(header), padded = (length + 7) / 8 * 8;
	struct test_bytes bytes = make_bytes(8 + padded + n_data);

	for (int i = 0; i < 8; i++)
		bytes.data[i] = (unsigned char)((uint64_t)padded >> 8 * i);
	memset(bytes.data + 8, ' ', padded);
	memcpy(bytes.data + 8, header, length);
	memcpy(bytes.data + 8 + padded, data, n_data);
	test_sign(bytes);
	return bytes;
}

struct test_bytes test_replace(struct test_bytes bytes, const char *from, const char *to)
{
	size_t length = 0;
	for (int i = 0; i < 8; i++)
		length |= (size_t)bytes.data[i] << 8 * i;

	char *old = strndup((const char *)bytes.data + 8, length);
	char *new = malloc(length + strlen(to) + 1);
	cr_assert(old && new);
	char *at = strstr(old, from);
	cr_assert(at, "'%s' is not in %s", from, old);
	sprintf(new, "%.*s%s%s", (int)(at - old), old, to, at + strlen(from));
	struct test_bytes result = test_frame(new, bytes.data + 8 + length, bytes.n - 8 - length);
	free(old);
	free(new);
	return result;
}
