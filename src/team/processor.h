/* SPDX-License-Identifier: MIT
 *
 * What hwloc knows of the CPU, for this folder only.
 */
#ifndef LS_TEAM_PROCESSOR_H
#define LS_TEAM_PROCESSOR_H

#include "lockstep/topology.h"

/* The first package's name; empty: not known. Borrowed from the topology. */
const char *ls_processor_name(const lockstep_topology *topology);

void ls_processor_describe(const lockstep_topology *topology, struct lockstep_processor *processor);

#endif
