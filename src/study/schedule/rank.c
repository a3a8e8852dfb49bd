/* SPDX-License-Identifier: MIT
 *
 * Binary heaps. As trials differ in a list, the order is total, and what a heap
 * gives does not depend on how it came about.
 */
#include "rank.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

#define CAPACITY_MIN 16

int ls_rank_before(const struct ls_rank *a, const struct ls_rank *b)
{
	int a_has_none = isnan(a->objective), b_has_none = isnan(b->objective);
	if (a_has_none != b_has_none)
		return b_has_none;
	if (a->objective < b->objective || a->objective > b->objective)
		return a->objective < b->objective;
	return a->trial < b->trial;
}

void ls_ranks_fini(struct ls_ranks *ranks)
{
	ls_memory_free(ranks->entries);
	*ranks = (struct ls_ranks){0};
}

lockstep_status ls_ranks_reserve(struct ls_ranks *ranks, lockstep_error *error)
{
	size_t size = sizeof *ranks->entries;
	if (ranks->n < ranks->capacity)
		return LOCKSTEP_OK;
	size_t capacity = ranks->capacity ? 2 * ranks->capacity : CAPACITY_MIN;
	struct ls_rank *entries = ls_memory_grow(ranks->entries, ranks->n * size, capacity, size);
	if (!entries)
		return ls_error_memory(error, "the results of a schedule");
	ranks->entries = entries;
	ranks->capacity = capacity;
	return LOCKSTEP_OK;
}

void ls_ranks_append(struct ls_ranks *ranks, struct ls_rank rank)
{
	ranks->entries[ranks->n++] = rank;
}

static int compare(const void *a, const void *b)
{
	return ls_rank_before(a, b) ? -1 : ls_rank_before(b, a);
}

void ls_ranks_sort(struct ls_ranks *ranks)
{
	if (ranks->n)
		qsort(ranks->entries, ranks->n, sizeof *ranks->entries, compare);
}

/* ---- Heaps ------------------------------------------------------------- */

/* Does entry i belong nearer to the first place than entry k? */
static int is_above(const struct ls_ranks *heap, size_t i, size_t k)
{
	const struct ls_rank *a = heap->entries + i, *b = heap->entries + k;
	return heap->worst_first ? ls_rank_before(b, a) : ls_rank_before(a, b);
}

static void swap(struct ls_ranks *heap, size_t i, size_t k)
{
	struct ls_rank rank = heap->entries[i];
	heap->entries[i] = heap->entries[k];
	heap->entries[k] = rank;
}

void ls_ranks_push(struct ls_ranks *heap, struct ls_rank rank)
{
	size_t i = heap->n++;
	heap->entries[i] = rank;
	for (; i && is_above(heap, i, (i - 1) / 2); i = (i - 1) / 2)
		swap(heap, i, (i - 1) / 2);
}

struct ls_rank ls_ranks_pop(struct ls_ranks *heap)
{
	struct ls_rank first = heap->entries[0];
	heap->entries[0] = heap->entries[--heap->n];
	for (size_t i = 0, child; (child = 2 * i + 1) < heap->n; i = child) {
		if (child + 1 < heap->n && is_above(heap, child + 1, child))
			child++;
		if (!is_above(heap, child, i))
			break;
		swap(heap, i, child);
	}
	return first;
}
