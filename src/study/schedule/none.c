/* SPDX-License-Identifier: MIT
 *
 * Every trial is trained whole.
 */
#include "base/error.h"
#include "base/memory.h"
#include "kind.h"

struct none {
	struct ls_starts starts;
	uint32_t max;
};

static lockstep_status create(void **out, const struct ls_scheduler_options *options, lockstep_error *error)
{
	struct none *none = ls_memory_allocate(1, sizeof *none);
	if (!none)
		return ls_error_memory(error, "a schedule");
	none->starts.most = options->trials;
	none->max = options->max;
	*out = none;
	return LOCKSTEP_OK;
}

static lockstep_status next(void *state, struct ls_item *item, lockstep_error *error)
{
	struct none *none = state;
	(void)error;
	ls_starts_next(&none->starts, item, none->max);
	return LOCKSTEP_OK;
}

const struct ls_kind ls_kind_none = {.create = create, .destroy = ls_memory_free, .next = next};
