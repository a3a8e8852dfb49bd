/* SPDX-License-Identifier: MIT
 *
 * What workers share, and how far apart they are, for those who reckon with it.
 */
#ifndef LS_TEAM_NEIGHBOURS_H
#define LS_TEAM_NEIGHBOURS_H

#include "lockstep/topology.h"

/* The last-level cache above a place: of those of data, or of data and instructions, the highest, be it an L3 or, as on
 * many Arm boards, an L2. */
struct ls_neighbour {
	int64_t cache;      /* hwloc's number of the object; -1: the topology names none there */
	double cache_bytes; /* 0: not known */
};

/* neighbours[n] of places[n], which lockstep_topology_place() filled on the same topology. */
void ls_neighbours_find(const lockstep_topology *topology, const struct lockstep_place *places, uint32_t n,
                        struct ls_neighbour *neighbours);

/* All last-level caches above places[n], each counted once, and all there are where workers are not
 * bound; 0: the topology does not name them all. */
double ls_neighbours_cache_bytes(const lockstep_topology *topology, const struct lockstep_place *places, uint32_t n);

/* Latencies between NUMA nodes as the system tells them (ACPI's SLIT), if it does. */
struct ls_distances {
	uint32_t n;     /* nodes; 0: not known */
	double *ratios; /* [n][n] by logical number, 1 from a node to itself; owned */
};
lockstep_status ls_distances_init(struct ls_distances *distances, const lockstep_topology *topology,
                                  lockstep_error *error);
void ls_distances_fini(struct ls_distances *distances);

/* From node to node, both below n. */
double ls_distances_get(const struct ls_distances *distances, int32_t from, int32_t to);

#endif
