/* SPDX-License-Identifier: MIT
 *
 * Homes are collected into one array, fastest kind first, each kind in the
 * order of the topology tree, where neighbours share caches, NUMA nodes and
 * packages. "close" takes them in turn. "spread" puts worker j of n on home
 * floor(j * homes / n): the homes below any object are consecutive, so each
 * object gets its share rounded up or down at every level at once: packages,
 * NUMA nodes, caches, cores. Neighbouring workers stay neighbours.
 */
#include "placement.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

enum policy { CLOSE, SPREAD, NONE, LIST };

struct home {
	hwloc_obj_t object;          /* core or PU */
	int kind;                    /* of its cores; higher is faster */
	struct lockstep_place *user; /* the worker placed here last */
};

struct homes {
	struct home *items;
	uint32_t n;
};

static lockstep_status parse_policy(const char *bind, enum policy *policy, lockstep_error *error)
{
	if (!bind || !strcmp(bind, "close"))
		*policy = CLOSE;
	else if (!strcmp(bind, "spread"))
		*policy = SPREAD;
	else if (!strcmp(bind, "none"))
		*policy = NONE;
	else if (!strncmp(bind, "list:", 5))
		*policy = LIST;
	else
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "bind '%.64s' is unknown: allowed are close, spread, none and list:0,2,4-7", bind);
	return LOCKSTEP_OK;
}

/* ---- Homes ----------------------------------------------------------- */

/* A topology may know PUs only (some virtual machines): those are the cores. */
static int home_depth(hwloc_topology_t hwloc, int smt)
{
	int depth = hwloc_get_type_depth(hwloc, smt ? HWLOC_OBJ_PU : HWLOC_OBJ_CORE);
	return depth >= 0 ? depth : hwloc_get_type_depth(hwloc, HWLOC_OBJ_PU);
}

uint32_t ls_placement_homes(hwloc_topology_t hwloc, int smt)
{
	return hwloc_get_nbobjs_by_depth(hwloc, home_depth(hwloc, smt));
}

uint32_t ls_placement_kinds(hwloc_topology_t hwloc)
{
	int efficiency = -1;
	int n = hwloc_cpukinds_get_nr(hwloc, 0);
	if (n < 2 || hwloc_cpukinds_get_info(hwloc, 0, NULL, &efficiency, NULL, NULL, 0) || efficiency < 0)
		return 1;
	return (uint32_t)n;
}

/* hwloc numbers kinds by rising performance. A core of no kind counts as one
 * of the slowest. */
static int kind_of(hwloc_topology_t hwloc, hwloc_obj_t object, uint32_t n_kinds)
{
	int kind = n_kinds > 1 ? hwloc_cpukinds_get_by_cpuset(hwloc, object->cpuset, 0) : 0;
	return kind < 0 ? 0 : kind;
}

static lockstep_status collect_homes(struct homes *homes, hwloc_topology_t hwloc, int smt, lockstep_error *error)
{
	uint32_t n_kinds = ls_placement_kinds(hwloc);
	int depth = home_depth(hwloc, smt);
	homes->n = 0;
	homes->items = ls_memory_allocate(ls_placement_homes(hwloc, smt), sizeof *homes->items);
	if (!homes->items)
		return ls_error_memory(error, "the placement of workers");

	for (int kind = (int)n_kinds - 1; kind >= 0; kind--)
		for (hwloc_obj_t object = NULL; (object = hwloc_get_next_obj_by_depth(hwloc, depth, object));)
			if (kind_of(hwloc, object, n_kinds) == kind)
				homes->items[homes->n++] = (struct home){object, kind, NULL};
	return LOCKSTEP_OK;
}

static lockstep_status add_listed(struct homes *homes, hwloc_topology_t hwloc, const char *bind, uint32_t os_index,
                                  lockstep_error *error)
{
	hwloc_obj_t pu = hwloc_get_pu_obj_by_os_index(hwloc, os_index);
	if (!pu) {
		char allowed[128];
		hwloc_bitmap_list_snprintf(allowed, sizeof allowed, hwloc_topology_get_topology_cpuset(hwloc));
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "bind '%.64s': PU %u is not among those this process may use: %s", bind, os_index,
		                    allowed);
	}
	for (uint32_t i = 0; i < homes->n; i++)
		if (homes->items[i].object == pu)
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "bind '%.64s' names PU %u twice", bind,
			                    os_index);
	homes->items[homes->n++] = (struct home){pu, 0, NULL};
	return LOCKSTEP_OK;
}

/* Digits at *text, which moves behind them; -1 when there are none or the
 * number is beyond any PU's. */
static int64_t parse_pu(const char **text)
{
	int64_t number = isdigit((unsigned char)**text) ? 0 : -1;
	while (isdigit((unsigned char)**text)) {
		number = number * 10 + (*(*text)++ - '0');
		if (number > INT32_MAX)
			return -1;
	}
	return number;
}

/* Adds the entries of "0,2,4-7". A range ends at its first PU that does not
 * exist, so its length is bounded by the machine. */
static lockstep_status add_list(struct homes *homes, hwloc_topology_t hwloc, const char *bind, lockstep_error *error)
{
	const char *text = bind + strlen("list:");
	for (;;) {
		int64_t first = parse_pu(&text), last = first;
		if (first >= 0 && *text == '-') {
			text++;
			last = parse_pu(&text);
		}
		if (first < 0 || last < first || (*text && *text != ','))
			return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
			                    "bind '%.64s' is no list of PU numbers such as list:0,2,4-7", bind);
		for (int64_t i = first; i <= last; i++) {
			lockstep_status status = add_listed(homes, hwloc, bind, (uint32_t)i, error);
			if (status)
				return status;
		}
		if (!*text++)
			return LOCKSTEP_OK;
	}
}

static lockstep_status list_homes(struct homes *homes, hwloc_topology_t hwloc, const char *bind, lockstep_error *error)
{
	homes->n = 0;
	homes->items = ls_memory_allocate(ls_placement_homes(hwloc, 1), sizeof *homes->items);
	if (!homes->items)
		return ls_error_memory(error, "the placement of workers");
	lockstep_status status = add_list(homes, hwloc, bind, error);
	if (status)
		ls_memory_free(homes->items);
	return status;
}

/* Homes under a policy; on success the caller frees homes->items. */
static lockstep_status find_homes(struct homes *homes, enum policy *policy, hwloc_topology_t hwloc, const char *bind,
                                  int smt, lockstep_error *error)
{
	lockstep_status status = parse_policy(bind, policy, error);
	if (status)
		return status;
	return *policy == LIST ? list_homes(homes, hwloc, bind, error) : collect_homes(homes, hwloc, smt, error);
}

/* End of the run of homes of one kind that begins at `begin`. */
static uint32_t kind_end(const struct homes *homes, uint32_t begin)
{
	uint32_t end = begin;
	while (end < homes->n && homes->items[end].kind == homes->items[begin].kind)
		end++;
	return end;
}

uint32_t ls_placement_preferred(hwloc_topology_t hwloc, int smt)
{
	uint32_t n_kinds = ls_placement_kinds(hwloc), n = 0;
	int depth = home_depth(hwloc, smt);
	for (int kind = (int)n_kinds - 1; kind >= 0 && n == 0; kind--)
		for (hwloc_obj_t object = NULL; (object = hwloc_get_next_obj_by_depth(hwloc, depth, object));)
			n += kind_of(hwloc, object, n_kinds) == kind;
	return n;
}

lockstep_status ls_placement_auto(hwloc_topology_t hwloc, const char *bind, int smt, double cpu_quota,
                                  uint32_t *n_workers, lockstep_error *error)
{
	enum policy policy;
	lockstep_status status = parse_policy(bind, &policy, error);
	if (status)
		return status;

	uint32_t n;
	if (policy == LIST) {
		struct homes homes;
		status = list_homes(&homes, hwloc, bind, error);
		if (status)
			return status;
		n = homes.n;
		ls_memory_free(homes.items);
	} else {
		n = ls_placement_preferred(hwloc, smt);
	}
	if (cpu_quota > 0 && cpu_quota < n)
		n = cpu_quota < 1 ? 1 : (uint32_t)cpu_quota;
	*n_workers = n;
	return LOCKSTEP_OK;
}

/* ---- Places ---------------------------------------------------------- */

static int32_t index_of(hwloc_topology_t hwloc, hwloc_obj_type_t type, hwloc_obj_t pu)
{
	hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(hwloc, type, pu);
	return object ? (int32_t)object->logical_index : -1;
}

/* With several nodes near a PU (HBM beside DRAM) the first is named. */
static int32_t numa_node_of(hwloc_topology_t hwloc, hwloc_obj_t pu)
{
	int first = pu->nodeset ? hwloc_bitmap_first(pu->nodeset) : -1;
	hwloc_obj_t node = first < 0 ? NULL : hwloc_get_numanode_obj_by_os_index(hwloc, (unsigned)first);
	return node ? (int32_t)node->logical_index : -1;
}

static struct lockstep_place unbound_place(uint32_t worker)
{
	return (struct lockstep_place){.worker = worker, .package = -1, .numa_node = -1, .core = -1, .pu = -1};
}

/* Puts a worker on a home: on its first PU, in the second round on its second. */
static void settle(struct lockstep_place *place, uint32_t worker, struct home *home, uint32_t round,
                   hwloc_topology_t hwloc)
{
	hwloc_const_cpuset_t cpuset = home->object->cpuset;
	unsigned n_pus = (unsigned)hwloc_get_nbobjs_inside_cpuset_by_type(hwloc, cpuset, HWLOC_OBJ_PU);
	hwloc_obj_t pu = hwloc_get_obj_inside_cpuset_by_type(hwloc, cpuset, HWLOC_OBJ_PU, round % n_pus);

	*place = (struct lockstep_place){
	    .worker = worker,
	    .package = index_of(hwloc, HWLOC_OBJ_PACKAGE, pu),
	    .numa_node = numa_node_of(hwloc, pu),
	    .core = index_of(hwloc, HWLOC_OBJ_CORE, pu),
	    .pu = (int32_t)pu->os_index,
	    .shared = home->user != NULL,
	};
	snprintf(place->cpuset, sizeof place->cpuset, "%u", pu->os_index);
	if (home->user)
		home->user->shared = 1;
	home->user = place;
}

/* One round over all homes for every pass, and in it one kind after the other. */
static void settle_all(struct homes *homes, enum policy policy, hwloc_topology_t hwloc, uint32_t n_workers,
                       struct lockstep_place *places)
{
	uint32_t done = 0;
	for (uint32_t round = 0; done < n_workers; round++)
		for (uint32_t begin = 0, end; begin < homes->n && done < n_workers; begin = end) {
			end = kind_end(homes, begin);
			uint32_t size = end - begin, left = n_workers - done;
			uint32_t n = left < size ? left : size;
			for (uint32_t j = 0; j < n; j++, done++) {
				uint32_t step = policy == SPREAD ? (uint32_t)((uint64_t)j * size / n) : j;
				settle(&places[done], done, &homes->items[begin + step], round, hwloc);
			}
		}
}

lockstep_status ls_placement_fill(hwloc_topology_t hwloc, uint32_t n_workers, const char *bind, int smt,
                                  struct lockstep_place *places, lockstep_error *error)
{
	struct homes homes;
	enum policy policy;
	lockstep_status status = find_homes(&homes, &policy, hwloc, bind, smt, error);
	if (status)
		return status;

	if (policy == NONE)
		for (uint32_t i = 0; i < n_workers; i++)
			places[i] = unbound_place(i);
	else
		settle_all(&homes, policy, hwloc, n_workers, places);
	ls_memory_free(homes.items);
	return LOCKSTEP_OK;
}
