/* SPDX-License-Identifier: MIT
 *
 * hwloc's attributes of a package, and the caches above one core. A recorded
 * machine may say anything: what is no number is not known.
 */
#include "processor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology.h"

/* Of the first package, or of the machine where that has none; NULL: not known. */
static const char *attribute(const lockstep_topology *topology, const char *name)
{
	hwloc_obj_t package = hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_PACKAGE, 0);
	const char *text = package ? hwloc_obj_get_info_by_name(package, name) : NULL;
	return text ? text : hwloc_obj_get_info_by_name(hwloc_get_root_obj(topology->hwloc), name);
}

static int32_t number(const lockstep_topology *topology, const char *name)
{
	const char *text = attribute(topology, name);
	if (!text || !*text || text[strspn(text, "0123456789")])
		return -1;
	errno = 0;
	long value = strtol(text, NULL, 10);
	return errno || value > INT32_MAX ? -1 : (int32_t)value;
}

const char *ls_processor_name(const lockstep_topology *topology)
{
	const char *name = attribute(topology, "CPUModel");
	return name ? name : "";
}

/* A PU of the core that the first worker gets, one of the fastest kind; NULL: memory is short. */
static hwloc_obj_t first_pu(const lockstep_topology *topology)
{
	struct lockstep_place place;
	if (lockstep_topology_place(topology, 1, "close", 0, &place, NULL) || place.pu < 0)
		return NULL;
	return hwloc_get_pu_obj_by_os_index(topology->hwloc, (unsigned)place.pu);
}

static void measure_caches(const lockstep_topology *topology, struct lockstep_processor *processor)
{
	for (hwloc_obj_t above = first_pu(topology); above; above = above->parent)
		if (above->type == HWLOC_OBJ_L1CACHE)
			processor->l1d_bytes = above->attr->cache.size;
		else if (above->type == HWLOC_OBJ_L2CACHE)
			processor->l2_bytes = above->attr->cache.size;
		else if (above->type == HWLOC_OBJ_L3CACHE)
			processor->l3_bytes = above->attr->cache.size;
}

void ls_processor_describe(const lockstep_topology *topology, struct lockstep_processor *processor)
{
	const char *vendor = attribute(topology, "CPUVendor");
	*processor = (struct lockstep_processor){
	    .family = number(topology, "CPUFamilyNumber"),
	    .model = number(topology, "CPUModelNumber"),
	    .stepping = number(topology, "CPUStepping"),
	};
	snprintf(processor->vendor, sizeof processor->vendor, "%s", vendor ? vendor : "");
	measure_caches(topology, processor);
}
