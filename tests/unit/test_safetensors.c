/* SPDX-License-Identifier: MIT
 *
 * The container: what it writes, byte by byte, and what it refuses. Damaged
 * files must fail the digest; files with a right digest and a wrong header must
 * fail at the header.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/signed_file.h"
#include "base/memory.h"
#include "model/safetensors.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
/* The header's start with a digest still to be signed, and one pair. */
#define START TEST_PREFIX ZEROS "\",\"kind\":\"test\"}"
#define TENSOR_A "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"
#define TENSOR_B "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[24,28]}"
#define N_DATA 28

static const char *folder;
static char path[8192];
static float a[] = {1, -2, 0.5f, 3e-41f, 1e30f, -0.0f}, b[] = {7};
static struct ls_tensor tensors[] = {{"a", 2, {2, 3}, a}, {"b", 1, {1}, b}};
static struct ls_metadata metadata[] = {{"kind", "test"}, {"text", "\"quotes\" \\ \xc3\xa9"}};
static const struct ls_safetensors contents = {2, tensors, 2, metadata};

static void setup(void)
{
	folder = test_make_folder();
	snprintf(path, sizeof path, "%s/file", folder);
}

static void teardown(void)
{
	test_remove_folder(folder);
}

TestSuite(safetensors, .init = setup, .fini = teardown);

/* Opens and reads everything into scratch memory. */
static lockstep_status load(lockstep_error *error)
{
	static float scratch[64];
	struct ls_safetensors_reader *reader = NULL;
	lockstep_status status = ls_safetensors_open(&reader, path, error);
	if (status) {
		cr_assert_null(reader, "*out was touched");
		return status;
	}
	struct ls_safetensors *found = ls_safetensors_contents(reader);
	for (size_t i = 0; i < found->n_tensors; i++) {
		cr_assert_leq(ls_tensor_elements(&found->tensors[i]), 64);
		found->tensors[i].data = scratch;
	}
	status = ls_safetensors_read(reader, error);
	ls_safetensors_close(reader);
	return status;
}

static void expect_refusal(lockstep_status wanted, const char *cause)
{
	lockstep_error error = {LOCKSTEP_OK, ""};
	lockstep_status status = load(&error);
	cr_assert_eq(status, wanted, "status %d, message '%s', wanted '%s'", status, error.message, cause);
	cr_assert_eq(error.status, wanted);
	cr_assert(strstr(error.message, path), "no path in '%s'", error.message);
	cr_assert(strstr(error.message, cause), "no '%s' in '%s'", cause, error.message);
	cr_assert_null(strchr(error.message, '\n'));
}

static void expect_header_refused(const char *header, size_t n_data, const char *cause)
{
	static const unsigned char data[4096];
	struct test_bytes bytes = test_frame(header, data, n_data);
	test_write_file(path, bytes);
	expect_refusal(LOCKSTEP_ERROR_FORMAT, cause);
	free(bytes.data);
}

/* ---- What is written ----------------------------------------------------- */

Test(safetensors, writes_the_layout_byte_by_byte)
{
	static const char header[] = TEST_PREFIX ZEROS
	    "\",\"kind\":\"test\",\"text\":\"\\\"quotes\\\" \\\\ \xc3\xa9\"}," TENSOR_A "," TENSOR_B "}";
	static const unsigned char data[N_DATA] = {0, 0, 0x80, 0x3f, 0,    0,    0, 0xc0, 0, 0,    0, 0x3f, 0xa1, 0x53,
	                                           0, 0, 0xca, 0xf2, 0x49, 0x71, 0, 0,    0, 0x80, 0, 0,    0xe0, 0x40};
	struct test_bytes wanted = test_frame(header, data, sizeof data);

	cr_assert_eq(ls_safetensors_save(&contents, path, NULL), LOCKSTEP_OK);
	struct test_bytes found = test_read_file(path);
	cr_assert_eq(found.n, wanted.n, "%zu bytes, not %zu:\n%s", found.n, wanted.n, (char *)found.data + 8);
	for (size_t i = 0; i < found.n; i++)
		cr_assert_eq(found.data[i], wanted.data[i], "byte %zu", i);
	cr_assert_eq((found.n - N_DATA) % 8, 0);
	cr_assert_eq(test_count_entries(folder), 1);
	free(found.data);
	free(wanted.data);
}

Test(safetensors, reads_back_what_it_wrote)
{
	float a_read[6], b_read[1];
	struct ls_safetensors_reader *reader = NULL;
	cr_assert_eq(ls_safetensors_save(&contents, path, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_safetensors_open(&reader, path, NULL), LOCKSTEP_OK);

	struct ls_safetensors *found = ls_safetensors_contents(reader);
	cr_assert_eq(found->n_tensors, 2);
	cr_assert_str_eq(found->tensors[0].name, "a");
	cr_assert_eq(found->tensors[0].rank, 2);
	cr_assert_eq(found->tensors[0].shape[0], 2);
	cr_assert_eq(found->tensors[0].shape[1], 3);
	cr_assert_null(found->tensors[0].data);
	cr_assert_str_eq(found->tensors[1].name, "b");
	cr_assert_eq(found->n_metadata, 2);
	cr_assert_str_eq(ls_safetensors_value(found, "text"), metadata[1].value);
	cr_assert_null(ls_safetensors_value(found, "digest"));
	cr_assert_null(ls_safetensors_value(found, "other"));

	found->tensors[0].data = a_read;
	found->tensors[1].data = b_read;
	cr_assert_eq(ls_safetensors_read(reader, NULL), LOCKSTEP_OK);
	cr_assert_arr_eq(a_read, a, sizeof a);
	cr_assert_arr_eq(b_read, b, sizeof b);
	ls_safetensors_close(reader);
}

/* More than one block, and not a multiple of it. */
Test(safetensors, carries_tensors_of_several_blocks)
{
	enum { N = 3 * 65536 + 17 };
	float *written = malloc(N * sizeof *written), *read = malloc(N * sizeof *read);
	struct ls_tensor tensor = {"long", 1, {N}, written};
	struct ls_safetensors one = {1, &tensor, 0, NULL};
	struct ls_safetensors_reader *reader = NULL;

	cr_assert(written && read);
	for (size_t i = 0; i < N; i++)
		written[i] = (float)i;
	cr_assert_eq(ls_safetensors_save(&one, path, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_safetensors_open(&reader, path, NULL), LOCKSTEP_OK);
	ls_safetensors_contents(reader)->tensors[0].data = read;
	cr_assert_eq(ls_safetensors_read(reader, NULL), LOCKSTEP_OK);
	cr_assert_arr_eq(read, written, N * sizeof *read);
	ls_safetensors_close(reader);
	free(written);
	free(read);
}

Test(safetensors, refuses_to_write_text_that_is_not_utf8)
{
	lockstep_error error;
	struct ls_metadata bad = {"key", "\xe9t\xe9"};
	struct ls_safetensors one = {2, tensors, 1, &bad};
	cr_assert_eq(ls_safetensors_save(&one, path, &error), LOCKSTEP_ERROR_MEMORY);
	cr_assert(strstr(error.message, "UTF-8"), "%s", error.message);
	cr_assert_eq(test_count_entries(folder), 0);
}

/* ---- Damage -------------------------------------------------------------- */

Test(safetensors, refuses_every_flipped_bit)
{
	cr_assert_eq(ls_safetensors_save(&contents, path, NULL), LOCKSTEP_OK);
	struct test_bytes bytes = test_read_file(path);
	cr_assert_eq(load(NULL), LOCKSTEP_OK);
	for (size_t i = 0; i < 8 * bytes.n; i++) {
		bytes.data[i / 8] ^= (unsigned char)(1 << i % 8);
		test_write_file(path, bytes);
		cr_assert_eq(load(NULL), LOCKSTEP_ERROR_FORMAT, "bit %zu of byte %zu", i % 8, i / 8);
		bytes.data[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	test_write_file(path, bytes);
	cr_assert_eq(load(NULL), LOCKSTEP_OK);
	free(bytes.data);
}

Test(safetensors, refuses_every_truncation_and_extra_bytes)
{
	cr_assert_eq(ls_safetensors_save(&contents, path, NULL), LOCKSTEP_OK);
	struct test_bytes bytes = test_read_file(path);
	for (size_t n = 0; n < bytes.n; n++) {
		test_write_file(path, (struct test_bytes){bytes.data, n});
		cr_assert_eq(load(NULL), LOCKSTEP_ERROR_FORMAT, "%zu bytes", n);
	}
	test_write_file(path, (struct test_bytes){bytes.data, bytes.n + 1});
	expect_refusal(LOCKSTEP_ERROR_FORMAT, "digest");
	free(bytes.data);
}

/* The flip of one bit turns 'a' into 'A', the same number to a lenient reader. */
Test(safetensors, refuses_a_digest_in_upper_case)
{
	int n_letters = 0;
	cr_assert_eq(ls_safetensors_save(&contents, path, NULL), LOCKSTEP_OK);
	struct test_bytes bytes = test_read_file(path);
	for (size_t i = TEST_DIGEST_AT; i < TEST_DIGEST_AT + 64; i++) {
		if (bytes.data[i] < 'a')
			continue;
		n_letters++;
		bytes.data[i] ^= 0x20;
		test_write_file(path, bytes);
		expect_refusal(LOCKSTEP_ERROR_FORMAT, "do not match its digest");
		bytes.data[i] ^= 0x20;
	}
	cr_assert_gt(n_letters, 0);
	free(bytes.data);
}

/* ---- Files of other makers, and no files ----------------------------------- */

Test(safetensors, names_a_file_without_digest)
{
	static const char no_digest[] = "not a Lockstep model or checkpoint (no digest in its header)";
	expect_header_refused("{}", 0, no_digest);
	expect_header_refused("{\"__metadata__\":{\"format\":\"pt\"}," TENSOR_A "}", 24, no_digest);
	expect_header_refused("{" TENSOR_A "," TENSOR_B "}", 28, no_digest);
	expect_header_refused("{\"__metadata__\":{\"other\":\"x\",\"digest\":\"" ZEROS "\"}}", 0, no_digest);
	expect_header_refused(TEST_PREFIX "00\"}}", 0, no_digest);
	expect_header_refused(TEST_PREFIX ZEROS "0\"}}", 0, no_digest);
	expect_header_refused(TEST_PREFIX ZEROS, 0, no_digest);
}

Test(safetensors, refuses_lengths_that_do_not_fit)
{
	static const uint64_t lengths[] = {
	    1, 7, 9, 1 << 20, (1 << 26) + 8, UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63};
	struct test_bytes bytes = test_frame(START "}", "", 0);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		for (int k = 0; k < 8; k++)
			bytes.data[k] = (unsigned char)(lengths[i] >> 8 * k);
		test_sign(bytes);
		test_write_file(path, bytes);
		expect_refusal(LOCKSTEP_ERROR_FORMAT, "no length of a header");
	}
	free(bytes.data);
}

/* A length that reaches into the data, or leaves some of the header to them. */
Test(safetensors, refuses_a_lying_length_under_a_right_digest)
{
	struct test_bytes bytes = test_frame(START "," TENSOR_A "}", a, 24);
	bytes.data[0] += 8;
	test_sign(bytes);
	test_write_file(path, bytes);
	expect_refusal(LOCKSTEP_ERROR_FORMAT, "header");
	bytes.data[0] -= 16;
	test_sign(bytes);
	test_write_file(path, bytes);
	expect_refusal(LOCKSTEP_ERROR_FORMAT, "header");
	free(bytes.data);
}

Test(safetensors, opens_regular_files_only, .timeout = 30)
{
	expect_refusal(LOCKSTEP_ERROR_IO, "No such file");
	cr_assert(!mkfifo(path, 0600));
	expect_refusal(LOCKSTEP_ERROR_IO, "not a regular file");
	cr_assert(!unlink(path));
	cr_assert(!symlink("/dev/zero", path));
	expect_refusal(LOCKSTEP_ERROR_IO, "not a regular file");
	cr_assert(!unlink(path));
	cr_assert(!symlink(folder, path));
	expect_refusal(LOCKSTEP_ERROR_IO, "directory");
	cr_assert(!unlink(path));
	test_write_file(path, (struct test_bytes){(unsigned char[1]){0}, 0});
	expect_refusal(LOCKSTEP_ERROR_FORMAT, "0 bytes are too few");
}

Test(safetensors, takes_no_memory_for_a_huge_hole)
{
	static const unsigned char word[8] = {0, 0, 0, 4}; /* 64 MiB */
	int file = open(path, O_WRONLY | O_CREAT, 0600);
	cr_assert(file >= 0 && write(file, word, 8) == 8);
	cr_assert(!ftruncate(file, (off_t)1 << 40));
	close(file);
	expect_refusal(LOCKSTEP_ERROR_FORMAT, "no digest");
}

/* ---- Wrong headers under a right digest ------------------------------------ */

Test(safetensors, accepts_the_header_that_the_next_tests_spoil)
{
	struct test_bytes bytes =
	    test_frame(START "," TENSOR_A "," TENSOR_B "}", "0123456789012345678901234567", N_DATA);
	test_write_file(path, bytes);
	cr_assert_eq(load(NULL), LOCKSTEP_OK);
	free(bytes.data);
}

Test(safetensors, refuses_wrong_json)
{
	expect_header_refused(START ",", 0, "byte");
	expect_header_refused(START "} x", 0, "end of file expected");
	expect_header_refused(START "," TENSOR_A "," TENSOR_A "}", 24, "duplicate");
	expect_header_refused(START ",\"__metadata__\":{}}", 0, "duplicate");
	expect_header_refused(TEST_PREFIX ZEROS "\",\"digest\":\"x\"}}", 0, "duplicate");
	expect_header_refused(
	    START ",\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "duplicate");
	expect_header_refused(START ",\n\"a\":1}", 0, "control character");
	expect_header_refused(START ",\"\xff\":1}", 0, "unable to decode");
}

Test(safetensors, refuses_metadata_that_are_no_lines_of_text)
{
	expect_header_refused(TEST_PREFIX ZEROS "\",\"kind\":1}}", 0, "metadata 'kind' is not a line of text");
	expect_header_refused(TEST_PREFIX ZEROS "\",\"kind\":null}}", 0, "metadata 'kind' is not a line of text");
	expect_header_refused(TEST_PREFIX ZEROS "\",\"kind\":\"a\\nb\"}}", 0, "metadata 'kind' is not a line of text");
	expect_header_refused(TEST_PREFIX ZEROS "\",\"k\\u001b\":\"b\"}}", 0, "metadata '?' is not a line of text");
	expect_header_refused(TEST_PREFIX ZEROS "\",\"k\\u0000\":\"b\"}}", 0, "header");
}

Test(safetensors, refuses_wrong_tensors)
{
	static const struct {
		const char *tensor, *cause;
	} cases[] = {
	    {"\"a\":7", "is not described by"},
	    {"\"a\":{}", "is not described by"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1]}", "is not described by"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":0}", "is not described by"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"offsets\":[0,4]}", "two integers"},
	    {"\"a\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}", "dtype"},
	    {"\"a\":{\"dtype\":32,\"shape\":[1],\"data_offsets\":[0,4]}", "dtype"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[\"1\"],\"data_offsets\":[0,4]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}", "4 dimensions"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[2147483648,2147483648,4],\"data_offsets\":[0,0]}", "shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}", "do not agree with its shape"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}", "does not start"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,-4]}", "two integers"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}", "two integers"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}", "does not start"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[8],\"data_offsets\":[0,32]}", "beyond the end"},
	    {"\"a\":{\"dtype\":\"F32\",\"shape\":[1000000000000],\"data_offsets\":[0,4000000000000]}",
	     "beyond the end"},
	    {"\"a\\u0007\":{\"dtype\":\"F32\",\"shape\":[7],\"data_offsets\":[0,28]}", "control character"},
	    {TENSOR_A, "tensors of 24 bytes, but the file has 28"},
	    {TENSOR_B, "does not start"},
	    {TENSOR_B "," TENSOR_A, "does not start"},
	    {TENSOR_A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[20,28]}", "does not start"},
	};
	char header[512];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(header, sizeof header, START ",%s}", cases[i].tensor);
		expect_header_refused(header, N_DATA, cases[i].cause);
	}
}

static long n_json_bytes_max, n_json_bytes;

static void *count_bytes(size_t n)
{
	n_json_bytes += (long)n;
	if (n_json_bytes > n_json_bytes_max)
		n_json_bytes_max = n_json_bytes;
	size_t *block = malloc(n + 16);
	if (block)
		*block = n;
	return block ? block + 2 : NULL;
}

static void count_free(void *pointer)
{
	size_t *block = pointer;
	if (!block)
		return;
	n_json_bytes -= (long)block[-2];
	free(block - 2);
}

/* A megabyte of "[],[],..." would become fifty of JSON values. */
Test(safetensors, memory_for_the_header_stays_in_proportion)
{
	enum { N = 1 << 20 };
	char *header = malloc(N + 512);
	cr_assert(header);
	size_t length = (size_t)sprintf(header, START ",\"a\":[");
	while (length < N)
		length += (size_t)sprintf(header + length, "[],");
	sprintf(header + length, "0]}");
	json_set_alloc_funcs(count_bytes, count_free);
	expect_header_refused(header, 0, "more than 65536 values");
	cr_assert_leq(n_json_bytes_max, 4 * N);
	free(header);
}

/* ---- Changes under way, and failures ---------------------------------------- */

static lockstep_status read_after_change(void (*change)(void), lockstep_error *error)
{
	float scratch[2][8];
	struct ls_safetensors_reader *reader = NULL;
	cr_assert_eq(ls_safetensors_save(&contents, path, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_safetensors_open(&reader, path, NULL), LOCKSTEP_OK);
	for (size_t i = 0; i < 2; i++)
		ls_safetensors_contents(reader)->tensors[i].data = scratch[i];
	change();
	lockstep_status status = ls_safetensors_read(reader, error);
	ls_safetensors_close(reader);
	return status;
}

static void change_last_byte(void)
{
	struct test_bytes bytes = test_read_file(path);
	bytes.data[bytes.n - 1] ^= 1;
	test_write_file(path, bytes);
	free(bytes.data);
}

static void cut_last_byte(void)
{
	struct stat status;
	cr_assert(!stat(path, &status) && !truncate(path, status.st_size - 1));
}

Test(safetensors, sees_a_change_between_check_and_read)
{
	lockstep_error error;
	cr_assert_eq(read_after_change(change_last_byte, &error), LOCKSTEP_ERROR_FORMAT);
	cr_assert(strstr(error.message, "changed while it was read"), "%s", error.message);
	cr_assert_eq(read_after_change(cut_last_byte, &error), LOCKSTEP_ERROR_IO);
	cr_assert(strstr(error.message, "became shorter"), "%s", error.message);
}

static long n_json_allocations, failing_json_allocation, n_json_live;

static void *allocate_or_fail(size_t n)
{
	if (++n_json_allocations == failing_json_allocation)
		return NULL;
	n_json_live++;
	return malloc(n);
}

static void count_live_free(void *pointer)
{
	n_json_live -= pointer != NULL;
	free(pointer);
}

static void fail_json_at(long n)
{
	n_json_allocations = 0;
	failing_json_allocation = n;
}

static lockstep_status save(lockstep_error *error)
{
	return ls_safetensors_save(&contents, path, error);
}

/* Fails the n-th allocation, of the library or of jansson, until none fails.
 * jansson takes some failures for a fault of the text. */
static void fail_each(lockstep_status (*call)(lockstep_error *), void (*fail_at)(long))
{
	lockstep_status status = LOCKSTEP_ERROR_MEMORY;
	long n = 0;
	while (status) {
		lockstep_error error = {LOCKSTEP_OK, ""};
		fail_at(++n);
		status = call(&error);
		fail_at(0);
		cr_assert_eq(n_json_live, 0, "allocation %ld: leak of JSON values", n);
		cr_assert(!status || status == LOCKSTEP_ERROR_MEMORY ||
		              (status == LOCKSTEP_ERROR_FORMAT && fail_at == fail_json_at),
		          "allocation %ld: %s", n, error.message);
		cr_assert_eq(error.status, status);
	}
	cr_assert_gt(n, 3);
}

static void fail_library_at(long n)
{
	ls_memory_fail_at(n);
}

Test(safetensors, fails_cleanly_when_memory_is_short)
{
	json_set_alloc_funcs(allocate_or_fail, count_live_free);
	fail_each(save, fail_library_at);
	cr_assert(!unlink(path));
	fail_each(save, fail_json_at);
	cr_assert_eq(test_count_entries(folder), 1);
	fail_each(load, fail_library_at);
	fail_each(load, fail_json_at);
}
