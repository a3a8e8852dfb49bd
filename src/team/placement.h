/* SPDX-License-Identifier: MIT
 *
 * Where workers go: a pure function of a topology, their number, a policy and
 * whether hardware threads count. It binds nothing.
 *
 * A home is what one worker gets to itself: a core, or a hardware thread (PU)
 * with `smt` and under "list:". Homes of the fastest kind of core come first;
 * the other kinds follow when those are taken, and a second round begins when
 * all are.
 *
 * `bind` is "close", "spread", "none" or "list:0,2,4-7"; NULL is "close".
 */
#ifndef LS_TEAM_PLACEMENT_H
#define LS_TEAM_PLACEMENT_H

#include <hwloc.h>
#include <stdint.h>

#include "lockstep/topology.h"

/* Workers that auto takes: one a home of the fastest kind, or one a PU of the
 * list, but not above `cpu_quota` rounded down (0: no limit); at least 1. Only
 * a list can fail. */
lockstep_status ls_placement_auto(hwloc_topology_t hwloc, const char *bind, int smt, double cpu_quota,
                                  uint32_t *n_workers, lockstep_error *error);

/* Homes of all kinds, policies aside. */
uint32_t ls_placement_homes(hwloc_topology_t hwloc, int smt);

/* Homes of the fastest kind of core. */
uint32_t ls_placement_preferred(hwloc_topology_t hwloc, int smt);

/* Kinds of core that can be told apart by speed; at least 1. */
uint32_t ls_placement_kinds(hwloc_topology_t hwloc);

/* Fills places[n_workers], n_workers at least 1. */
lockstep_status ls_placement_fill(hwloc_topology_t hwloc, uint32_t n_workers, const char *bind, int smt,
                                  struct lockstep_place *places, lockstep_error *error);

#endif
