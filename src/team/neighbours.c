/* SPDX-License-Identifier: MIT
 *
 * hwloc's caches and distances in plain numbers.
 */
#include "neighbours.h"

#include "base/error.h"
#include "base/memory.h"
#include "topology.h"

static double bytes_of(hwloc_obj_t cache)
{
	return (double)cache->attr->cache.size;
}

/* The last cache of data on the way from a PU to memory; NULL: there is none. */
static hwloc_obj_t last_cache(hwloc_obj_t pu)
{
	hwloc_obj_t last = NULL;
	for (hwloc_obj_t above = pu; above; above = above->parent)
		if (hwloc_obj_type_is_dcache(above->type))
			last = above;
	return last;
}

static hwloc_obj_t cache_above(const lockstep_topology *topology, const struct lockstep_place *place)
{
	if (place->pu < 0)
		return NULL;
	return last_cache(hwloc_get_pu_obj_by_os_index(topology->hwloc, (unsigned)place->pu));
}

void ls_neighbours_find(const lockstep_topology *topology, const struct lockstep_place *places, uint32_t n,
                        struct ls_neighbour *neighbours)
{
	for (uint32_t i = 0; i < n; i++) {
		hwloc_obj_t cache = cache_above(topology, &places[i]);
		neighbours[i] = (struct ls_neighbour){.cache = -1};
		if (cache)
			neighbours[i] =
			    (struct ls_neighbour){.cache = (int64_t)cache->gp_index, .cache_bytes = bytes_of(cache)};
	}
}

/* PUs below one cache follow one another. */
static double all_cache_bytes(const lockstep_topology *topology)
{
	double bytes = 0;
	hwloc_obj_t before = NULL;
	for (hwloc_obj_t pu = NULL; (pu = hwloc_get_next_obj_by_type(topology->hwloc, HWLOC_OBJ_PU, pu));) {
		hwloc_obj_t cache = last_cache(pu);
		if (!cache)
			return 0;
		bytes += cache == before ? 0 : bytes_of(cache);
		before = cache;
	}
	return bytes;
}

double ls_neighbours_cache_bytes(const lockstep_topology *topology, const struct lockstep_place *places, uint32_t n)
{
	double bytes = 0;
	if (n && places[0].pu < 0)
		return all_cache_bytes(topology);
	for (uint32_t i = 0; i < n; i++) {
		hwloc_obj_t cache = cache_above(topology, &places[i]);
		uint32_t first = 0;
		while (first < i && cache_above(topology, &places[first]) != cache)
			first++;
		if (!cache)
			return 0;
		bytes += first == i ? bytes_of(cache) : 0;
	}
	return bytes;
}

/* A matrix that leaves a node out, or has a distance to itself of 0, tells nothing. */
static int is_whole(const struct hwloc_distances_s *matrix, uint32_t n)
{
	if (matrix->nbobjs != n)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		if (!matrix->objs[i] || matrix->objs[i]->logical_index >= n || matrix->values[i * n + i] == 0)
			return 0;
	return 1;
}

static lockstep_status copy_ratios(struct ls_distances *distances, const struct hwloc_distances_s *matrix,
                                   lockstep_error *error)
{
	uint32_t n = matrix->nbobjs;
	double *ratios = ls_memory_allocate((size_t)n * n, sizeof *ratios);
	if (!ratios)
		return ls_error_memory(error, "the distances between NUMA nodes");
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++) {
			size_t from = matrix->objs[i]->logical_index, to = matrix->objs[j]->logical_index;
			ratios[from * n + to] = (double)matrix->values[i * n + j] / (double)matrix->values[i * n + i];
		}
	*distances = (struct ls_distances){n, ratios};
	return LOCKSTEP_OK;
}

lockstep_status ls_distances_init(struct ls_distances *distances, const lockstep_topology *topology,
                                  lockstep_error *error)
{
	struct hwloc_distances_s *matrix = NULL;
	unsigned n_matrices = 1;
	int n = hwloc_get_nbobjs_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE);
	lockstep_status status = LOCKSTEP_OK;

	*distances = (struct ls_distances){0, NULL};
	if (hwloc_distances_get_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE, &n_matrices, &matrix,
	                                HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) ||
	    n_matrices == 0 || !matrix)
		return LOCKSTEP_OK;
	if (n > 0 && is_whole(matrix, (uint32_t)n))
		status = copy_ratios(distances, matrix, error);
	hwloc_distances_release(topology->hwloc, matrix);
	return status;
}

void ls_distances_fini(struct ls_distances *distances)
{
	ls_memory_free(distances->ratios);
	*distances = (struct ls_distances){0, NULL};
}

double ls_distances_get(const struct ls_distances *distances, int32_t from, int32_t to)
{
	return distances->ratios[(size_t)from * distances->n + (size_t)to];
}
