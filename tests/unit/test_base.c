/* SPDX-License-Identifier: MIT
 *
 * The base: ranges over all small cases, memory, error text, SHA-256.
 */
#include <criterion/criterion.h>

#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/ranges.h"
#include "base/sha256.h"

#define B_MAX 70
#define T_MAX 20

/* ---- Slices -------------------------------------------------------------- */

Test(slices, default_rule_is_the_table_of_the_contract)
{
	static const struct {
		uint32_t batch, slices;
	} rule[] = {{0, 1},     {1, 1},      {3, 1},      {4, 2},       {31, 2},          {32, 4},    {127, 4},
	            {128, 8},   {511, 8},    {512, 16},   {1023, 16},   {1024, 32},       {2047, 32}, {2048, 64},
	            {4095, 64}, {4096, 128}, {8192, 128}, {60000, 128}, {UINT32_MAX, 128}};
	for (size_t i = 0; i < sizeof rule / sizeof *rule; i++)
		cr_expect_eq(ls_default_slices(rule[i].batch), rule[i].slices, "batch %u", rule[i].batch);
}

Test(slices, default_never_exceeds_the_batch)
{
	for (uint32_t batch = 1; batch <= 10000; batch++)
		cr_assert_leq(ls_default_slices(batch), batch);
}

Test(slices, short_batch_takes_the_largest_power_of_two)
{
	for (uint32_t slices = 1; slices <= 256; slices *= 2)
		for (uint32_t rows = 1; rows <= 600; rows++) {
			uint32_t wanted = 1;
			while (2 * wanted <= rows && 2 * wanted <= slices)
				wanted *= 2;
			cr_assert_eq(ls_effective_slices(rows, slices), wanted, "%u rows, %u slices", rows, slices);
		}
}

/* Consecutive parts cover 0 .. n; the first n mod parts are one longer. */
static void expect_even_parts(struct ls_range (*part)(uint32_t, uint32_t, uint32_t), uint32_t n, uint32_t parts)
{
	uint32_t next = 0;
	for (uint32_t i = 0; i < parts; i++) {
		struct ls_range range = part(n, parts, i);
		cr_assert_eq(range.begin, next, "part %u of %u over %u", i, parts, n);
		cr_assert_eq(range.end - range.begin, n / parts + (i < n % parts), "part %u of %u over %u", i, parts,
		             n);
		next = range.end;
	}
	cr_assert_eq(next, n);
}

Test(slices, rows_are_covered_and_the_first_are_longer)
{
	for (uint32_t rows = 1; rows <= B_MAX; rows++)
		for (uint32_t slices = 1; slices <= rows; slices *= 2)
			expect_even_parts(ls_slice_rows, rows, slices);
}

Test(shards, slices_are_covered_even_by_more_workers_than_slices)
{
	for (uint32_t slices = 1; slices <= 128; slices *= 2)
		for (uint32_t workers = 1; workers <= 2 * T_MAX; workers++)
			expect_even_parts(ls_shard_slices, slices, workers);
}

Test(shards, largest_numbers_do_not_overflow)
{
	expect_even_parts(ls_shard_slices, LS_SLICES_MAX, 1024);
	struct ls_range last = ls_slice_rows(UINT32_MAX, LS_SLICES_MAX, LS_SLICES_MAX - 1);
	cr_assert_eq(last.end, UINT32_MAX);
	cr_assert_eq(last.begin, UINT32_MAX - UINT32_MAX / LS_SLICES_MAX);
}

/* ---- Subtrees -------------------------------------------------------------- */

/* A subtree is maximal when the aligned node twice its size leaves the shard. */
static int is_maximal(struct ls_subtree subtree, struct ls_range shard)
{
	uint32_t parent = 2u << subtree.level, first = subtree.first / parent * parent;
	return first < shard.begin || first + parent > shard.end;
}

static void expect_subtrees(struct ls_range shard)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t n = ls_shard_subtrees(shard, subtrees), next = shard.begin;
	cr_assert_leq(n, LS_SUBTREES_MAX);
	for (uint32_t i = 0; i < n; i++) {
		cr_assert_eq(subtrees[i].first, next, "ascending, without gaps");
		cr_assert_eq(subtrees[i].first % (1u << subtrees[i].level), 0, "aligned");
		cr_assert(is_maximal(subtrees[i], shard), "[%u, %u): %u level %u", shard.begin, shard.end,
		          subtrees[i].first, subtrees[i].level);
		next += 1u << subtrees[i].level;
	}
	cr_assert_eq(next, shard.end);
}

Test(subtrees, every_range_is_cut_into_maximal_aligned_runs)
{
	for (uint32_t begin = 0; begin <= 130; begin++)
		for (uint32_t end = begin; end <= 130; end++)
			expect_subtrees((struct ls_range){begin, end});
}

Test(subtrees, one_a_worker_when_workers_divide_slices)
{
	for (uint32_t slices = 1; slices <= 128; slices *= 2)
		for (uint32_t workers = 1; workers <= slices; workers *= 2)
			for (uint32_t i = 0; i < workers; i++) {
				struct ls_subtree subtrees[LS_SUBTREES_MAX];
				cr_assert_eq(ls_shard_subtrees(ls_shard_slices(slices, workers, i), subtrees), 1);
			}
}

Test(subtrees, most_possible_fit)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	expect_subtrees((struct ls_range){1, LS_SLICES_MAX - 1});
	cr_assert_eq(ls_shard_subtrees((struct ls_range){1, LS_SLICES_MAX - 1}, subtrees), 30);
	cr_assert_eq(ls_shard_subtrees((struct ls_range){5, 5}, subtrees), 0);
}

/* ---- Memory -------------------------------------------------------------- */

static int is_zero(const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return 0;
	return 1;
}

Test(memory, is_zeroed_and_aligned)
{
	for (size_t n = 0; n < 200; n += 13) {
		unsigned char *block = ls_memory_allocate(n, 3);
		cr_assert_not_null(block);
		cr_assert_eq((uintptr_t)block % 64, 0);
		cr_assert(is_zero(block, 3 * n));
		ls_memory_free(block);
	}
}

Test(memory, product_that_overflows_fails)
{
	cr_assert_null(ls_memory_allocate(SIZE_MAX / 2 + 1, 2));
	cr_assert_null(ls_memory_allocate(SIZE_MAX / 4, 4));
	cr_assert_null(ls_memory_allocate(SIZE_MAX, 1));
	cr_assert_null(ls_memory_allocate((size_t)1 << 33, (size_t)1 << 33));
}

Test(memory, nth_allocation_fails_once)
{
	ls_memory_fail_at(3);
	void *blocks[4];
	for (int i = 0; i < 4; i++) {
		blocks[i] = ls_memory_allocate(1, 1);
		cr_expect_eq(!blocks[i], i == 2, "allocation %d", i + 1);
	}
	cr_expect_eq(ls_memory_fail_at(0), 4, "allocations are counted, failed ones too");
	for (int i = 0; i < 4; i++)
		ls_memory_free(blocks[i]);
}

Test(memory, growing_keeps_the_bytes_and_zeroes_the_rest)
{
	char *block = ls_memory_copy_text("abc");
	char *larger = ls_memory_grow(block, 4, 100, 2);
	cr_assert_not_null(larger);
	cr_assert_str_eq(larger, "abc");
	cr_assert(is_zero((unsigned char *)larger + 3, 197));
	ls_memory_free(larger);
}

Test(memory, growing_that_fails_leaves_the_block)
{
	char *block = ls_memory_copy_text("abc");
	ls_memory_fail_at(1);
	cr_assert_null(ls_memory_grow(block, 4, 100, 1));
	cr_assert_null(ls_memory_grow(block, 4, SIZE_MAX, 8));
	cr_assert_str_eq(block, "abc");
	ls_memory_free(block);
}

/* ---- Errors -------------------------------------------------------------- */

Test(errors, message_and_status_are_set)
{
	lockstep_error error;
	cr_assert_eq(ls_error_set(&error, LOCKSTEP_ERROR_IO, "%s:%d: no", "file", 7), LOCKSTEP_ERROR_IO);
	cr_assert_eq(error.status, LOCKSTEP_ERROR_IO);
	cr_assert_str_eq(error.message, "file:7: no");
}

Test(errors, a_message_is_one_line)
{
	lockstep_error error;
	ls_error_set(&error, LOCKSTEP_ERROR_FORMAT, "%s", "a\nb\x1b[2J\x7f\t\xc3\xbc");
	cr_assert_str_eq(error.message, "a?b?[2J??\xc3\xbc");
}

Test(errors, no_error_object_is_fine)
{
	cr_assert_eq(ls_error_set(NULL, LOCKSTEP_ERROR_FORMAT, "%d", 1), LOCKSTEP_ERROR_FORMAT);
	cr_assert_eq(ls_error_memory(NULL, "rows"), LOCKSTEP_ERROR_MEMORY);
}

Test(errors, long_message_ends_in_dots_and_a_full_one_does_not)
{
	lockstep_error error;
	size_t room = sizeof error.message;
	char text[sizeof error.message + 2];
	for (size_t length = room - 2; length <= room + 1; length++) {
		memset(text, 'x', length);
		text[length] = '\0';
		ls_error_set(&error, LOCKSTEP_ERROR_IO, "%s", text);
		cr_assert_eq(strlen(error.message), length < room ? length : room - 1);
		cr_assert_eq(strcmp(error.message + room - 4, "...") == 0, length >= room, "length %zu", length);
	}
}

Test(errors, every_status_has_a_name_of_its_own)
{
	for (int i = LOCKSTEP_OK; i <= LOCKSTEP_STOPPED; i++)
		for (int j = i + 1; j <= LOCKSTEP_STOPPED + 1; j++)
			cr_assert_str_neq(lockstep_status_name(i), lockstep_status_name(j));
}

/* ---- SHA-256 -------------------------------------------------------------- */

#define DIGEST_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define DIGEST_MILLION "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

Test(sha256, known_answers)
{
	char digest[LS_SHA256_DIGITS + 1];
	ls_sha256("", 0, digest);
	cr_expect_str_eq(digest, DIGEST_EMPTY);
	ls_sha256("abc", 3, digest);
	cr_expect_str_eq(digest, DIGEST_ABC);
}

Test(sha256, stream_in_pieces_gives_the_same)
{
	char digest[LS_SHA256_DIGITS + 1], as[1000];
	memset(as, 'a', sizeof as);
	struct ls_sha256 *hash = ls_sha256_create();
	cr_assert_not_null(hash);
	for (int i = 0; i < 1000; i++)
		ls_sha256_add(hash, as, sizeof as);
	ls_sha256_finish(hash, digest);
	cr_expect_str_eq(digest, DIGEST_MILLION);
}
