/* SPDX-License-Identifier: MIT
 *
 * Batch, slices and workers as numbers: what the options' check lets through
 * must divide rows into slices, slices into shards, shards into subtrees.
 */
#include "base/ranges.h"
#include "fuzz.h"
#include "job/options.h"

#define LOOKED_AT_MAX 2048 /* parts, to keep one input short */

static int is_power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* Part i + 1 begins where part i ends, and lengths differ by one at most. */
static void check_part(struct ls_range part, struct ls_range next, uint32_t n, uint32_t parts)
{
	uint32_t length = part.end - part.begin;
	ls_fuzz_check(part.begin <= part.end && part.end <= n && part.end == next.begin, "parts follow each other");
	ls_fuzz_check(length == n / parts || length == n / parts + 1, "parts are even");
}

static void check_subtrees(struct ls_range shard)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t n = ls_shard_subtrees(shard, subtrees), at = shard.begin;

	ls_fuzz_check(n <= LS_SUBTREES_MAX, "subtrees are at most so many");
	for (uint32_t i = 0; i < n; i++) {
		ls_fuzz_check(subtrees[i].first == at && at % (1u << subtrees[i].level) == 0,
		              "subtrees are aligned and follow each other");
		at += 1u << subtrees[i].level;
	}
	ls_fuzz_check(at == shard.end, "subtrees cover their shard");
}

static void check_division(uint32_t rows, uint32_t slices, uint32_t workers)
{
	uint32_t taken = ls_effective_slices(rows, slices);

	ls_fuzz_check(is_power_of_two(taken) && taken <= slices && taken <= rows, "a slice has a row");
	ls_fuzz_check(ls_slice_rows(rows, taken, 0).begin == 0 && ls_slice_rows(rows, taken, taken - 1).end == rows,
	              "slices cover the rows");
	for (uint32_t i = 0; i + 1 < taken && i < LOOKED_AT_MAX; i++)
		check_part(ls_slice_rows(rows, taken, i), ls_slice_rows(rows, taken, i + 1), rows, taken);
	ls_fuzz_check(ls_shard_slices(taken, workers, 0).begin == 0 &&
	                  ls_shard_slices(taken, workers, workers - 1).end == taken,
	              "shards cover the slices");
	for (uint32_t i = 0; i < workers && i < LOOKED_AT_MAX; i++) {
		if (i + 1 < workers)
			check_part(ls_shard_slices(taken, workers, i), ls_shard_slices(taken, workers, i + 1), taken,
			           workers);
		check_subtrees(ls_shard_slices(taken, workers, i));
	}
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	struct ls_fuzz_input input = {bytes, bytes + n};
	struct lockstep_train_options options = LOCKSTEP_TRAIN_OPTIONS_INIT;
	lockstep_error error = {0};

	options.batch = ls_fuzz_take_word(&input);
	options.slices = ls_fuzz_take_word(&input);
	options.workers = ls_fuzz_take_word(&input);
	uint32_t rows = ls_fuzz_take_word(&input);
	lockstep_status status = ls_train_check_options(&options, &error);
	if (status) {
		ls_fuzz_check_failure(status, &error, NULL);
		return 0;
	}
	uint32_t slices = ls_train_slices(&options);
	ls_fuzz_check(is_power_of_two(slices) && slices <= LS_SLICES_MAX && slices <= options.batch,
	              "slices are a power of two, not above the batch");
	ls_fuzz_check(options.workers <= slices, "workers are at most the slices");
	rows = rows % options.batch + 1;
	check_division(rows, slices, options.workers ? options.workers : 1 + rows % slices);
	return 0;
}
