/* SPDX-License-Identifier: MIT
 *
 * A set of fixed size, so that reading the environment allocates nothing for it.
 */
#define _GNU_SOURCE /* sched_getaffinity() */
#include "cpu_set.h"

#include <ctype.h>
#include <sched.h>
#include <stdlib.h>

#define N_WORDS (LS_CPU_SET_MAX / 64)

int ls_cpu_set_has(const struct ls_cpu_set *set, uint32_t cpu)
{
	return cpu < LS_CPU_SET_MAX && (set->words[cpu / 64] >> cpu % 64 & 1);
}

void ls_cpu_set_add(struct ls_cpu_set *set, uint32_t cpu)
{
	if (cpu < LS_CPU_SET_MAX)
		set->words[cpu / 64] |= UINT64_C(1) << cpu % 64;
}

uint32_t ls_cpu_set_count(const struct ls_cpu_set *set)
{
	uint32_t n = 0;
	for (size_t i = 0; i < N_WORDS; i++)
		n += (uint32_t)__builtin_popcountll(set->words[i]);
	return n;
}

int ls_cpu_set_meets(const struct ls_cpu_set *a, const struct ls_cpu_set *b)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (a->words[i] & b->words[i])
			return 1;
	return 0;
}

int ls_cpu_set_covers(const struct ls_cpu_set *set, const struct ls_cpu_set *part)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (part->words[i] & ~set->words[i])
			return 0;
	return 1;
}

/* Moves past a CPU's number; -1: there is none. */
static long take_number(const char **at)
{
	char *end;
	if (!isdigit((unsigned char)**at))
		return -1;
	unsigned long number = strtoul(*at, &end, 10);
	*at = end;
	return number < LS_CPU_SET_MAX ? (long)number : -1;
}

/* Moves past "4-7" or "4"; 0: it is neither. */
static int take_range(const char **at, struct ls_cpu_set *set)
{
	long first = take_number(at), last = first;
	if (**at == '-') {
		++*at;
		last = take_number(at);
	}
	if (first < 0 || last < first)
		return 0;
	for (long cpu = first; cpu <= last; cpu++)
		ls_cpu_set_add(set, (uint32_t)cpu);
	return 1;
}

int ls_cpu_set_parse(struct ls_cpu_set *set, const char *list)
{
	int is_list;
	*set = (struct ls_cpu_set){{0}};
	do
		is_list = take_range(&list, set);
	while (is_list && *list == ',' && list++);
	if (is_list && (*list == '\0' || *list == '\n'))
		return 1;
	*set = (struct ls_cpu_set){{0}};
	return 0;
}

int ls_cpu_set_own(struct ls_cpu_set *set)
{
	*set = (struct ls_cpu_set){{0}};
	cpu_set_t *cpus = CPU_ALLOC(LS_CPU_SET_MAX);
	if (!cpus)
		return 0;
	size_t size = CPU_ALLOC_SIZE(LS_CPU_SET_MAX);
	CPU_ZERO_S(size, cpus);
	int found = sched_getaffinity(0, size, cpus) == 0;
	for (uint32_t cpu = 0; found && cpu < LS_CPU_SET_MAX; cpu++)
		if (CPU_ISSET_S(cpu, size, cpus))
			ls_cpu_set_add(set, cpu);
	CPU_FREE(cpus);
	return found;
}
