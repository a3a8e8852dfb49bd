/* SPDX-License-Identifier: MIT
 *
 * The order of results, and heaps of them. Room is made first, by calls that can
 * fail; what fills it then cannot.
 */
#ifndef LS_STUDY_RANK_H
#define LS_STUDY_RANK_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

struct ls_rank {
	double objective;
	uint64_t trial;
	int ended; /* does not count in the order */
};

/* Is a better than b? A number before NaN, the smaller first, then the smaller trial number: a total
 * order, whatever was added when. */
int ls_rank_before(const struct ls_rank *a, const struct ls_rank *b);

/* A list, or a heap whose first entry is the best one, or the worst. All zero: empty, the best first. */
struct ls_ranks {
	struct ls_rank *entries; /* [capacity], owned */
	size_t n, capacity;
	int worst_first;
};

void ls_ranks_fini(struct ls_ranks *ranks);

/* Room for one more. */
lockstep_status ls_ranks_reserve(struct ls_ranks *ranks, lockstep_error *error);

/* As a list. */
void ls_ranks_append(struct ls_ranks *ranks, struct ls_rank rank);
void ls_ranks_sort(struct ls_ranks *ranks);

/* As a heap; the first of one that is not empty is entries[0]. */
void ls_ranks_push(struct ls_ranks *heap, struct ls_rank rank);
struct ls_rank ls_ranks_pop(struct ls_ranks *heap);

#endif
