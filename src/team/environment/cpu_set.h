/* SPDX-License-Identifier: MIT
 *
 * Sets of CPUs by the operating system's numbers, and its lists of them ("0-3,8").
 */
#ifndef LS_TEAM_CPU_SET_H
#define LS_TEAM_CPU_SET_H

#include <stdint.h>

#define LS_CPU_SET_MAX 8192 /* as many as Linux can be built for */

struct ls_cpu_set {
	uint64_t words[LS_CPU_SET_MAX / 64];
};

int ls_cpu_set_has(const struct ls_cpu_set *set, uint32_t cpu);
void ls_cpu_set_add(struct ls_cpu_set *set, uint32_t cpu);
uint32_t ls_cpu_set_count(const struct ls_cpu_set *set);
int ls_cpu_set_meets(const struct ls_cpu_set *a, const struct ls_cpu_set *b);
/* Whether all of `part` is in `set`. */
int ls_cpu_set_covers(const struct ls_cpu_set *set, const struct ls_cpu_set *part);

/* A list up to the end of its line; anything else gives the empty set, and 0. */
int ls_cpu_set_parse(struct ls_cpu_set *set, const char *list);

/* The CPUs that the calling thread may use; 0: the system does not tell. */
int ls_cpu_set_own(struct ls_cpu_set *set);

#endif
