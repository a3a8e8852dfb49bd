/* SPDX-License-Identifier: MIT
 *
 * From a machine model to the time of a step. Nothing is measured here: shards and subtrees are those of the trainer's
 * own arithmetic (base/ranges.h), places those of its placement, and the rest is multiplication. doc/scaling.md, "The
 * machine model", has the formulas.
 */
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/ranges.h"
#include "model.h"
#include "team/neighbours.h"

#define LINE_BYTES 64

/* A team on a topology. */
struct seating {
	const struct lockstep_machine_model *model;
	uint32_t n;                      /* workers */
	struct lockstep_place *places;   /* [n] */
	struct ls_neighbour *neighbours; /* [n] */
	struct ls_distances distances;
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* ---- Where they sit -------------------------------------------------- */

static void leave(struct seating *seating)
{
	ls_distances_fini(&seating->distances);
	ls_memory_free(seating->neighbours);
	ls_memory_free(seating->places);
}

/* A system leaves threads that nobody binds some distance from each other. */
static const char *policy_of(const char *bind)
{
	return bind && strcmp(bind, "none") != 0 ? bind : "spread";
}

static lockstep_status take_seats(struct seating *seating, const lockstep_topology *topology, const char *bind,
                                  lockstep_error *error)
{
	seating->places = ls_memory_allocate(seating->n, sizeof *seating->places);
	seating->neighbours = ls_memory_allocate(seating->n, sizeof *seating->neighbours);
	if (!seating->places || !seating->neighbours)
		return ls_error_memory(error, "the predicted workers");
	lockstep_status status =
	    lockstep_topology_place(topology, seating->n, policy_of(bind), seating->model->smt, seating->places, error);
	if (status)
		return status;
	ls_neighbours_find(topology, seating->places, seating->n, seating->neighbours);
	return ls_distances_init(&seating->distances, topology, error);
}

/* Workers on the same core, who share its units; this one included. */
static uint32_t core_users(const struct seating *seating, uint32_t i)
{
	const struct lockstep_place *place = &seating->places[i];
	uint32_t n = 0;
	for (uint32_t j = 0; j < seating->n; j++) {
		const struct lockstep_place *other = &seating->places[j];
		n += place->core < 0 ? other->pu == place->pu : other->core == place->core;
	}
	return n;
}

static double node_distance(const struct seating *seating, int32_t from, int32_t to)
{
	const struct ls_distances *distances = &seating->distances;
	if (from < 0 || to < 0 || (uint32_t)from >= distances->n || (uint32_t)to >= distances->n)
		return 0;
	return ls_distances_get(distances, from, to);
}

/* How many times as far as to a neighbour. A topology without caches has one a NUMA node. */
static double distance(const struct seating *seating, uint32_t i, uint32_t j)
{
	const struct lockstep_machine_model *model = seating->model;
	const struct lockstep_place *from = &seating->places[i], *to = &seating->places[j];
	if (from->numa_node == to->numa_node && from->package == to->package)
		return seating->neighbours[i].cache == seating->neighbours[j].cache ? 1 : model->far_cache;
	double ratio = node_distance(seating, from->numa_node, to->numa_node);
	if (ratio > 0)
		return model->far_cache * ratio;
	return from->package == to->package ? model->far_node : model->far_package;
}

/* The mean over all pairs: a worker reads from all others alike. */
static double mean_distance(const struct seating *seating)
{
	double sum = 0;
	for (uint32_t i = 0; i < seating->n; i++)
		for (uint32_t j = 0; j < seating->n; j++)
			sum += i == j ? 0 : distance(seating, i, j);
	return sum / ((double)seating->n * (seating->n - 1));
}

/* ---- Compute --------------------------------------------------------- */

static double activations(const struct lockstep_machine_shard *shard)
{
	return shard->gather + shard->forward + shard->backward;
}

/* Along straight lines between the shards that were measured; below the smallest one as long as that. */
static double activations_of(const struct lockstep_machine_model *model, uint32_t slices)
{
	size_t i = 0;
	while (i + 1 < model->n_shards && model->shards[i].slices < slices)
		i++;
	const struct lockstep_machine_shard *above = &model->shards[i];
	if (i == 0 || above->slices == slices)
		return activations(above);
	double along = (double)(slices - above[-1].slices) / (double)(above->slices - above[-1].slices);
	return activations(&above[-1]) + along * (activations(above) - activations(&above[-1]));
}

/* A worker writes one sum a subtree, and a subtree has as many slices as some shard that was measured. */
static double gradient_of(const struct lockstep_machine_model *model, struct ls_subtree subtree)
{
	size_t i = 0;
	while (i + 1 < model->n_shards && model->shards[i].slices < 1u << subtree.level)
		i++;
	return model->shards[i].gradient;
}

static double shard_seconds(const struct lockstep_machine_model *model, struct ls_range shard)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t n = ls_shard_subtrees(shard, subtrees);
	double seconds = activations_of(model, shard.end - shard.begin);
	for (uint32_t i = 0; i < n; i++)
		seconds += gradient_of(model, subtrees[i]);
	return seconds;
}

static struct ls_range slices_of(const struct seating *seating, uint32_t i)
{
	uint32_t slices = ls_effective_slices(seating->model->batch, seating->model->slices);
	return ls_shard_slices(slices, seating->n, i);
}

static double busiest_compute(const struct seating *seating)
{
	double most = 0;
	for (uint32_t i = 0; i < seating->n; i++)
		most = larger(most, core_users(seating, i) * shard_seconds(seating->model, slices_of(seating, i)));
	return most;
}

/* ---- Memory ---------------------------------------------------------- */

static int share_cache(const struct seating *seating, uint32_t i, uint32_t j)
{
	const struct lockstep_place *a = &seating->places[i], *b = &seating->places[j];
	return a->package == b->package && a->numa_node == b->numa_node &&
	       seating->neighbours[i].cache == seating->neighbours[j].cache;
}

static double rows_of(const struct seating *seating, uint32_t i)
{
	const struct lockstep_machine_model *model = seating->model;
	struct ls_range slices = slices_of(seating, i);
	uint32_t n_slices = ls_effective_slices(model->batch, model->slices);
	return ls_slice_rows(model->batch, n_slices, slices.end - 1).end -
	       ls_slice_rows(model->batch, n_slices, slices.begin).begin;
}

/* Bytes that n workers with so many rows, behind one cache, move from and to memory in a step: of all they touch, the
 * part that the cache cannot hold. They walk the same weights at the same time, and bring them in once. */
static double traffic(const struct seating *seating, uint32_t n, double rows, double cache_bytes)
{
	const struct lockstep_machine_model *model = seating->model;
	double part = (double)n / seating->n;
	double rings = seating->n > 1 ? n * model->ring_bytes : 0;
	double held = model->parameter_bytes + rows * model->row_bytes + rings;
	double moved = model->read_bytes + rows * model->row_bytes + part * model->update_bytes;
	if (cache_bytes <= 0 || held <= cache_bytes)
		return 0;
	return moved * (1 - cache_bytes / held);
}

static double cache_of(const struct seating *seating, uint32_t i)
{
	double bytes = seating->neighbours[i].cache_bytes;
	return bytes > 0 ? bytes : seating->model->cache_bytes;
}

/* Of all workers behind worker i's cache; 0 unless it is the first of them, so that each cache counts once. */
static double cache_traffic(const struct seating *seating, uint32_t i)
{
	uint32_t n = 0;
	double rows = 0;
	for (uint32_t j = 0; j < seating->n; j++) {
		if (!share_cache(seating, i, j))
			continue;
		if (j < i)
			return 0;
		n++;
		rows += rows_of(seating, j);
	}
	return traffic(seating, n, rows, cache_of(seating, i));
}

/* Of all workers on worker i's node; 0 likewise unless it is the first of them. */
static double node_traffic(const struct seating *seating, uint32_t i)
{
	double bytes = 0;
	for (uint32_t j = 0; j < seating->n; j++) {
		if (seating->places[j].numa_node != seating->places[i].numa_node)
			continue;
		if (j < i)
			return 0;
		bytes += cache_traffic(seating, j);
	}
	return bytes;
}

/* The node that has longest to deliver what its caches ask for. */
static double node_seconds(const struct seating *seating)
{
	double most = 0;
	for (uint32_t i = 0; i < seating->n; i++)
		most = larger(most, node_traffic(seating, i));
	return most * 1e-9 / seating->model->node_gigabytes;
}

static double core_seconds(const struct seating *seating)
{
	double most = 0;
	for (uint32_t i = 0; i < seating->n; i++)
		most = larger(most, traffic(seating, 1, rows_of(seating, i), cache_of(seating, i)));
	return most * 1e-9 / seating->model->core_gigabytes;
}

/* ---- Reduction and meetings ------------------------------------------ */

static uint32_t count_sums(const struct seating *seating)
{
	struct ls_subtree subtrees[LS_SUBTREES_MAX];
	uint32_t n = 0;
	for (uint32_t i = 0; i < seating->n; i++)
		n += ls_shard_subtrees(slices_of(seating, i), subtrees);
	return n;
}

/* A worker reduces its share of every block, and reads for it what the others summed; what they updated it reads in the
 * next step. */
static double reduction(const struct seating *seating, double away)
{
	const struct lockstep_machine_model *model = seating->model;
	double n = seating->n, n_sums = count_sums(seating), users = 0;
	for (uint32_t i = 0; i < seating->n; i++)
		users = larger(users, core_users(seating, i));
	double work = users * (model->update + (n_sums - 2) * model->sum) / n;
	double foreign = (n - 1) / n * (n_sums / n + 1) * model->parameter_bytes;
	return work + away * model->line * foreign / LINE_BYTES;
}

/* All workers add to one counter, one after the other. */
static double barrier(const struct lockstep_machine_model *model, uint32_t n)
{
	double each = model->barrier_2 / 2;
	if (model->n_all > 2)
		each = larger(0, (model->barrier_all - model->barrier_2) / (model->n_all - 2));
	return model->barrier_2 + (n - 2) * each;
}

/* The last block's sums are waited for, then the barrier; and every block has two rounds of looking at the others'
 * counters. */
static double meeting(const struct seating *seating, double away)
{
	const struct lockstep_machine_model *model = seating->model;
	double looks = 2.0 * model->n_blocks * (seating->n - 1);
	return away * (barrier(model, seating->n) + model->handover + looks * model->line);
}

/* ---- All of it ------------------------------------------------------- */

static void predict(const struct seating *seating, struct lockstep_machine_step *step)
{
	double compute = busiest_compute(seating);
	double memory = larger(node_seconds(seating), core_seconds(seating));
	double away = seating->n > 1 ? mean_distance(seating) : 0;
	*step = (struct lockstep_machine_step){
	    .workers = seating->n,
	    .compute = larger(compute, memory),
	    .reduction = seating->n > 1 ? reduction(seating, away) : 0,
	    .meeting = seating->n > 1 ? meeting(seating, away) : 0,
	    .is_memory_bound = memory > compute,
	};
	step->seconds = step->compute + step->reduction + step->meeting;
}

static lockstep_status check(const struct lockstep_machine_model *model, const lockstep_topology *topology,
                             uint32_t workers, lockstep_error *error)
{
	struct lockstep_topology_summary summary;
	uint32_t slices = ls_effective_slices(model->batch, model->slices);
	lockstep_topology_describe(topology, &summary);
	if (workers == 0)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "a prediction needs a worker");
	if (workers > slices)
		return ls_error_set(
		    error, LOCKSTEP_ERROR_ARGUMENT,
		    "%u workers for %u slices: some would have no rows, and no step is faster for them; "
		    "ask for more slices",
		    workers, slices);
	if (workers > summary.pus)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT,
		                    "%u workers: the topology has %u hardware threads, and what it costs to take turns "
		                    "is not predicted",
		                    workers, summary.pus);
	if (workers > LS_MODEL_WORKERS_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%u workers: steps are predicted for up to %d",
		                    workers, LS_MODEL_WORKERS_MAX);
	return LOCKSTEP_OK;
}

lockstep_status lockstep_machine_model_predict(const struct lockstep_machine_model *model,
                                               const lockstep_topology *topology, uint32_t workers, const char *bind,
                                               struct lockstep_machine_step *step, lockstep_error *error)
{
	struct seating seating = {.model = model, .n = workers};
	lockstep_status status = check(model, topology, workers, error);
	if (status)
		return status;
	status = take_seats(&seating, topology, bind, error);
	if (!status)
		predict(&seating, step);
	leave(&seating);
	return status;
}
