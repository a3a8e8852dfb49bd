/* SPDX-License-Identifier: MIT
 *
 * The inside of a lockstep_topology, for this folder only.
 */
#ifndef LS_TEAM_TOPOLOGY_H
#define LS_TEAM_TOPOLOGY_H

#include <hwloc.h>

#include "lockstep/topology.h"
#include "quota.h"

struct lockstep_topology {
	hwloc_topology_t hwloc;
	struct ls_quota quota; /* no limit on a machine that is only described */
	char *text;            /* of lockstep_topology_text(), once asked for */
	char *xml;             /* of lockstep_topology_xml() */
};

#endif
