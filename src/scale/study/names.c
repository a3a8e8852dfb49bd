/* SPDX-License-Identifier: MIT
 *
 * The words for what a study says.
 */
#include <assert.h>
#include <string.h>

#include "scale.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const kinds[] = {"strong", "weak"};

const char *lockstep_scaling_kind_name(enum lockstep_scaling_kind kind)
{
	assert((unsigned)kind < COUNT(kinds));
	return kinds[kind];
}

int lockstep_scaling_kind_parse(const char *name)
{
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (strcmp(name, kinds[i]) == 0)
			return (int)i;
	return -2;
}

const char *lockstep_scaling_obstacle_name(enum lockstep_scaling_obstacle obstacle)
{
	static const char *const names[] = {"nothing",   "unknown", "imbalance", "waiting",
	                                    "reduction", "memory",  "clock",     "compute"};
	_Static_assert(COUNT(names) == LOCKSTEP_N_SCALING_OBSTACLES, "a name for every obstacle");
	assert((unsigned)obstacle < COUNT(names));
	return names[obstacle];
}

const char *lockstep_scaling_end_name(enum lockstep_scaling_end end)
{
	static const char *const names[] = {"open", "slices", "rows", "cores", "quota"};
	_Static_assert(COUNT(names) == LOCKSTEP_N_SCALING_ENDS, "a name for every end");
	assert((unsigned)end < COUNT(names));
	return names[end];
}

const char *lockstep_scaling_outcome_name(enum lockstep_scaling_outcome outcome)
{
	static const char *const names[] = {"precise", "blocks", "time", "stopped"};
	assert((unsigned)outcome < COUNT(names));
	return names[outcome];
}
