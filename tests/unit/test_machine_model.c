/* SPDX-License-Identifier: MIT
 *
 * The machine model: predictions worked by hand from a made-up model on machines that are only described, and what a
 * calibration holds. No test depends on how fast this machine is.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "faults/small_job.h"
#include "lockstep/machine_model.h"
#include "team/neighbours.h"
#include "team/topology.h"
#include "train/trainer.h"

TestSuite(machine_model);

#define N(list) (sizeof(list) / sizeof(list)[0])

/* Eight cores of one thread, a NUMA node, no caches: everybody is a neighbour. */
static const char flat[] = "pack:1 core:8 pu:1";

/* Whole seconds, for sums by hand. */
static struct lockstep_machine_shard shards[] = {
    {8, 1, 1, 4, 3, 8},
    {16, 2, 2, 8, 6, 12},
    {32, 4, 4, 16, 12, 20},
    {64, 8, 8, 32, 24, 40},
};

static struct lockstep_machine_model made_model(void)
{
	return (struct lockstep_machine_model){
	    .batch = 64,
	    .slices = 8,
	    .n_shards = N(shards),
	    .shards = shards,
	    .update = 16,
	    .sum = 2,
	    .parameter_bytes = 6400,
	    .read_bytes = 12800,
	    .update_bytes = 25600,
	    .row_bytes = 100,
	    .ring_bytes = 200,
	    .n_blocks = 5,
	    .core_gigabytes = 1e-6,
	    .node_gigabytes = 1e-7,
	    .n_all = 4,
	    .barrier_2 = 2,
	    .barrier_all = 5,
	    .handover = 1,
	    .line = 0.5,
	    .far_cache = 2,
	    .far_node = 3,
	    .far_package = 5,
	};
}

static lockstep_topology *open_topology(const char *description)
{
	lockstep_topology *topology = NULL;
	lockstep_error error = {0};
	cr_assert_eq(lockstep_topology_create(&topology, description, &error), LOCKSTEP_OK, "%s", error.message);
	return topology;
}

static struct lockstep_machine_step predict_on(const struct lockstep_machine_model *model,
                                               const lockstep_topology *topology, uint32_t workers, const char *bind)
{
	struct lockstep_machine_step step;
	lockstep_error error = {0};
	cr_assert_eq(lockstep_machine_model_predict(model, topology, workers, bind, &step, &error), LOCKSTEP_OK, "%s",
	             error.message);
	return step;
}

static struct lockstep_machine_step predict(const struct lockstep_machine_model *model, const char *description,
                                            uint32_t workers, const char *bind)
{
	lockstep_topology *topology = open_topology(description);
	struct lockstep_machine_step step = predict_on(model, topology, workers, bind);
	lockstep_topology_destroy(topology);
	return step;
}

/* NaN fails. */
static void expect_close(double x, double exact, const char *what)
{
	cr_assert(fabs(x - exact) <= 1e-12 * fmax(1, fabs(exact)), "%s: %.17g, not %.17g", what, x, exact);
}

static void expect_step(struct lockstep_machine_step step, double compute, double reduction, double meeting)
{
	char what[64];
	snprintf(what, sizeof what, "%u workers, compute", step.workers);
	expect_close(step.compute, compute, what);
	expect_close(step.reduction, reduction, "reduction");
	expect_close(step.meeting, meeting, "meeting");
	expect_close(step.seconds, compute + reduction + meeting, "seconds");
}

/* ---- Numbers of workers ----------------------------------------------------- */

Test(machine_model, lone_worker_reduces_nothing_and_meets_nobody)
{
	struct lockstep_machine_model model = made_model();
	struct lockstep_machine_step step = predict(&model, flat, 1, "close");
	expect_step(step, 8 + 32 + 24 + 40, 0, 0);
	cr_assert_eq(step.workers, 1);
	cr_assert_eq(step.is_memory_bound, 0);
}

/* Work of a share, then lines from others: (T - 1) / T (sums / T + 1) 6400 bytes. */
Test(machine_model, workers_that_divide_the_slices)
{
	struct lockstep_machine_model model = made_model();
	expect_step(predict(&model, flat, 2, "close"), 32 + 20, 16 / 2.0 + 6400 / 64.0 / 2, 2 + 1 + 10 * 0.5);
	expect_step(predict(&model, flat, 4, "close"), 16 + 12, 20 / 4.0 + 9600 / 64.0 / 2, 5 + 1 + 30 * 0.5);
	/* Beyond the barrier that was measured: 1.5 s more each. */
	expect_step(predict(&model, flat, 8, "close"), 8 + 8, 28 / 8.0 + 11200 / 64.0 / 2, 11 + 1 + 70 * 0.5);
}

/* Three workers have 3, 3 and 2 slices in subtrees of 2 + 1, 1 + 2 and 2: five sums. */
Test(machine_model, workers_that_do_not_divide_the_slices)
{
	struct lockstep_machine_model model = made_model();
	double foreign = 2 / 3.0 * (5 / 3.0 + 1) * 6400;
	expect_step(predict(&model, flat, 3, "close"), (16 + 32) / 2.0 + 12 + 8, 22 / 3.0 + foreign / 64 / 2,
	            3.5 + 1 + 20 * 0.5);
	/* Five: 2, 2, 2, 1, 1 slices; the second and the fourth worker begin at an even slice: five subtrees. */
	cr_assert_eq(predict(&model, flat, 5, "close").compute, 16 + 12);
	/* The busiest of seven has two slices yet, as of four. */
	cr_assert_eq(predict(&model, flat, 7, "close").compute, predict(&model, flat, 4, "close").compute);
}

/* A worker's two slices make one subtree where they begin at an even one, else two. */
Test(machine_model, unaligned_slices_take_a_sum_each)
{
	struct lockstep_machine_model model = made_model();
	model.slices = 4;
	model.batch = 32;
	model.n_shards = 3;
	/* 2, 1, 1 */
	cr_assert_eq(predict(&model, flat, 3, "close").compute, 16 + 12);
	model.slices = 8;
	model.batch = 64;
	model.n_shards = 4;
	/* Of six workers 2, 2, 1, 1, 1, 1; of three the second has slice 3, then 4 and 5. */
	cr_assert_eq(predict(&model, flat, 6, "close").compute, 16 + 12);
	cr_assert_eq(predict(&model, flat, 3, "close").compute, 24 + 20);
}

/* Shards below the smallest that was measured take as long as that one. */
Test(machine_model, few_shards_measured)
{
	struct lockstep_machine_model model = made_model();
	model.shards = shards + 2;
	model.n_shards = 2;
	cr_assert_eq(predict(&model, flat, 8, "close").compute, 32 + 20);
}

/* ---- Machines --------------------------------------------------------------- */

static void expect_distance(const char *description, uint32_t workers, const char *bind, double away)
{
	struct lockstep_machine_model model = made_model();
	struct lockstep_machine_step near = predict(&model, flat, workers, "close");
	struct lockstep_machine_step far = predict(&model, description, workers, bind);
	expect_close(far.meeting, away * near.meeting, description);
	double work = (16 + (workers - 2) * 2) / (double)workers;
	expect_close(far.reduction, work + away * (near.reduction - work), description);
	cr_assert_eq(far.compute, near.compute);
}

Test(machine_model, distances)
{
	expect_distance("pack:1 l3:1 core:8 pu:1", 8, "close", 1);
	expect_distance("pack:1 l3:2 core:4 pu:1", 2, "close", 1);
	expect_distance("pack:1 l3:2 core:4 pu:1", 2, "spread", 2);
	expect_distance("pack:1 numa:4 core:2 pu:1", 4, "spread", 3);
	expect_distance("pack:4 core:2 pu:1", 4, "spread", 5);
	/* Of six pairs two share a cache. */
	expect_distance("pack:1 l3:2 core:2 pu:1", 4, "close", (2 + 4 * 2) / 6.0);
	/* Two packages of two nodes of one core: two pairs in a package. */
	expect_distance("pack:2 numa:2 core:1 pu:1", 4, "close", (2 * 3 + 4 * 5) / 6.0);
}

Test(machine_model, unbound_workers_are_spread)
{
	expect_distance("pack:1 numa:4 core:2 pu:1", 4, NULL, 3);
	expect_distance("pack:1 numa:4 core:2 pu:1", 4, "none", 3);
	expect_distance("pack:1 numa:2 core:4 pu:1", 2, "list:1,5", 3);
}

#if HWLOC_API_VERSION >= 0x00020500 /* hwloc_distances_add_create() */
Test(machine_model, distances_that_the_system_tells)
{
	struct lockstep_machine_model model = made_model();
	lockstep_topology *topology = open_topology("pack:2 numa:1 core:2 pu:1");
	hwloc_uint64_t values[] = {10, 21, 21, 10};
	hwloc_obj_t nodes[2];
	for (unsigned i = 0; i < 2; i++)
		nodes[i] = hwloc_get_obj_by_type(topology->hwloc, HWLOC_OBJ_NUMANODE, i);
	double without = predict_on(&model, topology, 2, "spread").meeting;
	hwloc_distances_add_handle_t handle = hwloc_distances_add_create(
	    topology->hwloc, NULL, HWLOC_DISTANCES_KIND_FROM_USER | HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0);
	cr_assert(handle && hwloc_distances_add_values(topology->hwloc, handle, 2, nodes, values, 0) == 0);
	cr_assert_eq(hwloc_distances_add_commit(topology->hwloc, handle, 0), 0);
	double with = predict_on(&model, topology, 2, "spread").meeting;
	expect_close(without, 5 * 8, "assumed");
	expect_close(with, 2 * 2.1 * 8, "told");
	lockstep_topology_destroy(topology);
}
#endif

/* Two workers on a core take twice as long for their own work, the meetings what they took. */
Test(machine_model, hardware_threads_share_a_core)
{
	struct lockstep_machine_model model = made_model();
	struct lockstep_machine_step alone = predict(&model, flat, 8, "close");
	struct lockstep_machine_step pairs = predict(&model, "pack:1 core:4 pu:2", 8, "close");
	expect_step(pairs, 2 * alone.compute, alone.reduction + 28 / 8.0, alone.meeting);
	expect_step(predict(&model, "pack:1 core:4 pu:2", 4, "close"), 28, 80, 21);
	/* A core that two share holds up all. */
	cr_assert_eq(predict(&model, "pack:1 core:4 pu:2", 5, "close").compute, 2 * 28);
}

/* With smt hardware threads are places: the first two workers have one core, and all of the same cache. */
Test(machine_model, hardware_threads_as_places)
{
	static const char caches[] = "pack:1 l3:4 core:1 pu:2";
	struct lockstep_machine_model model = made_model();
	double cores = predict(&model, caches, 2, "close").meeting;
	model.smt = 1;
	expect_step(predict(&model, "pack:1 core:4 pu:2", 2, "close"), 2 * 52, 2 * 8 + 50, 8);
	expect_step(predict(&model, "pack:1 core:4 pu:2", 2, "spread"), 52, 8 + 50, 8);
	expect_step(predict(&model, "pack:1 core:4 pu:2", 2, "none"), 52, 8 + 50, 8);
	expect_close(cores, 2 * 8, "two caches");
	cr_assert_eq(predict(&model, caches, 2, "close").meeting, 8);
}

Test(machine_model, recorded_machine)
{
	struct lockstep_machine_model model = made_model();
	const char *srcdir = getenv("srcdir");
	char source[4096];
	snprintf(source, sizeof source, "xml:%s/tests/support/topology/hybrid.xml", srcdir ? srcdir : ".");
	struct lockstep_machine_step known = predict(&model, flat, 8, "close");
	expect_step(predict(&model, source, 8, "close"), known.compute, known.reduction, known.meeting);
}

/* ---- Memory ----------------------------------------------------------------- */

/* Two workers of 32 rows behind a cache of 8,000 bytes hold 6400 + 6400 + 400 and move 12800 + 6400 + 25600 of them
 * past it; one of them 6400 + 3200 + 200, and 12800 + 3200 + 12800. */
static const double both = 44800 * (1 - 8000 / 13200.0), single = 28800 * (1 - 8000 / 9800.0);

Test(machine_model, bandwidth_of_a_node_is_shared)
{
	struct lockstep_machine_model model = made_model();
	model.cache_bytes = 8000;
	struct lockstep_machine_step step = predict(&model, flat, 2, "close");
	expect_step(step, both / 100, 58, 8);
	cr_assert(step.is_memory_bound);
	/* Two nodes have a cache and a bandwidth each. */
	step = predict(&model, "pack:1 numa:2 core:4 pu:1", 2, "spread");
	expect_close(step.compute, single / 100, "two nodes");
	cr_assert(step.is_memory_bound);
	/* Two caches of a node have one bandwidth. */
	step = predict(&model, "pack:1 numa:1 l3:2(size=8000) core:4 pu:1", 2, "spread");
	expect_close(step.compute, 2 * single / 100, "two caches");
}

Test(machine_model, bandwidth_of_a_core)
{
	struct lockstep_machine_model model = made_model();
	model.cache_bytes = 8000;
	model.node_gigabytes = 1;
	model.core_gigabytes = 1e-7;
	struct lockstep_machine_step step = predict(&model, flat, 2, "close");
	expect_close(step.compute, single / 100, "a core");
	cr_assert(step.is_memory_bound);
}

Test(machine_model, memory_is_no_limit_where_caches_hold_all)
{
	struct lockstep_machine_model model = made_model();
	model.cache_bytes = 13200;
	cr_assert_eq(predict(&model, flat, 2, "close").compute, 52);
	cr_assert_eq(predict(&model, flat, 2, "close").is_memory_bound, 0);
	model.cache_bytes = 8000;
	cr_assert_eq(predict(&model, "pack:1 l3:1(size=1MB) core:8 pu:1", 2, "close").compute, 52,
	             "the topology's own cache counts");
	model.node_gigabytes = model.core_gigabytes = 1;
	cr_assert_eq(predict(&model, flat, 2, "close").compute, 52, "there is bandwidth enough");
}

/* ---- Last-level caches -------------------------------------------------------- */

static void expect_caches(const char *description, const char *bind, double bytes, int n_caches)
{
	enum { WORKERS = 4 };
	struct lockstep_place places[WORKERS];
	struct ls_neighbour neighbours[WORKERS];
	lockstep_topology *topology = open_topology(description);
	int n = 0;
	cr_assert_eq(lockstep_topology_place(topology, WORKERS, bind, 0, places, NULL), LOCKSTEP_OK);
	cr_expect_eq(ls_neighbours_cache_bytes(topology, places, WORKERS), bytes, "%s", description);
	ls_neighbours_find(topology, places, WORKERS, neighbours);
	for (int i = 0; i < WORKERS; i++)
		n += neighbours[i].cache >= 0 && (i == 0 || neighbours[i].cache != neighbours[i - 1].cache);
	cr_expect_eq(n, n_caches, "%s: %d caches", description, n);
	lockstep_topology_destroy(topology);
}

Test(machine_model, the_last_cache_of_data_counts)
{
	expect_caches("pack:1 l3:2(size=3000) l2:1(size=700) core:2 pu:1", "close", 6000, 2);
	expect_caches("pack:1 l2:1(size=8000) core:4 pu:1", "close", 8000, 1);
	expect_caches("pack:1 l2:2(size=8000) l1:2(size=90) core:1 pu:2", "close", 16000, 2);
	expect_caches("pack:1 core:4 l1:1(size=90) pu:1", "close", 360, 4);
	expect_caches("pack:1 l1i:1(size=50) core:4 pu:1", "close", 0, 0);
	expect_caches("pack:1 core:4 pu:1", "close", 0, 0);
	/* Workers that are not bound may be anywhere. */
	expect_caches("pack:1 l2:4(size=8000) core:2 pu:2", "none", 32000, 0);
	expect_caches("pack:2 l3:2(size=3000) l2:2(size=700) core:1 pu:1", "none", 12000, 0);
	expect_caches("pack:1 core:8 pu:1", "none", 0, 0);
}

Test(machine_model, a_shared_l2_is_near_and_holds)
{
	struct lockstep_machine_model model = made_model();
	model.cache_bytes = 10;
	expect_distance("pack:1 l2:2 core:4 pu:1", 2, "close", 1);
	expect_distance("pack:1 l2:2 core:4 pu:1", 2, "spread", 2);
	cr_assert_eq(predict(&model, "pack:1 l2:1(size=1000000) core:8 pu:1", 2, "close").compute, 52);
}

/* A lone worker has no ring: 6400 + 6400 bytes, and 44800 that move. */
Test(machine_model, lone_worker_beyond_its_cache)
{
	struct lockstep_machine_model model = made_model();
	model.cache_bytes = 6400;
	expect_close(predict(&model, flat, 1, "close").compute, 44800 / 2.0 / 100, "alone");
}

/* ---- Directions ------------------------------------------------------------- */

static const char *const machines[] = {flat, "pack:2 numa:2 l3:2(size=8KB) core:1 pu:1", "pack:1 core:4 pu:2"};

/* Of every machine and number of workers: no step is shorter, and some are longer. */
static void expect_slower(const struct lockstep_machine_model *model, const char *what)
{
	struct lockstep_machine_model base = made_model();
	int some = 0;
	base.cache_bytes = 8000;
	for (size_t i = 0; i < N(machines); i++)
		for (uint32_t workers = 1; workers <= 8; workers++) {
			double before = predict(&base, machines[i], workers, "close").seconds;
			double after = predict(model, machines[i], workers, "close").seconds;
			cr_assert(after >= before, "%s, %s, %u workers: %g after %g", what, machines[i], workers, after,
			          before);
			some |= after > before;
		}
	cr_assert(some, "%s changes nothing", what);
}

Test(machine_model, more_of_anything_is_slower)
{
	static const struct {
		const char *name;
		size_t offset;
		double factor;
	} members[] = {
	    {"update", offsetof(struct lockstep_machine_model, update), 2},
	    {"sum", offsetof(struct lockstep_machine_model, sum), 2},
	    {"parameters", offsetof(struct lockstep_machine_model, parameter_bytes), 2},
	    {"reads", offsetof(struct lockstep_machine_model, read_bytes), 2},
	    {"updates", offsetof(struct lockstep_machine_model, update_bytes), 2},
	    {"rows", offsetof(struct lockstep_machine_model, row_bytes), 2},
	    {"rings", offsetof(struct lockstep_machine_model, ring_bytes), 2},
	    {"node", offsetof(struct lockstep_machine_model, node_gigabytes), 0.5},
	    {"core", offsetof(struct lockstep_machine_model, core_gigabytes), 0.01},
	    {"cache", offsetof(struct lockstep_machine_model, cache_bytes), 0.5},
	    {"barrier", offsetof(struct lockstep_machine_model, barrier_all), 2},
	    {"handover", offsetof(struct lockstep_machine_model, handover), 2},
	    {"line", offsetof(struct lockstep_machine_model, line), 2},
	    {"far cache", offsetof(struct lockstep_machine_model, far_cache), 2},
	    {"far node", offsetof(struct lockstep_machine_model, far_node), 2},
	    {"far package", offsetof(struct lockstep_machine_model, far_package), 2},
	};
	for (size_t i = 0; i < N(members); i++) {
		struct lockstep_machine_model model = made_model();
		model.cache_bytes = 8000;
		*(double *)((char *)&model + members[i].offset) *= members[i].factor;
		expect_slower(&model, members[i].name);
	}
}

Test(machine_model, slower_phases_are_slower)
{
	for (size_t i = 0; i < N(shards); i++)
		for (size_t k = 0; k < 4; k++) {
			struct lockstep_machine_shard slow[N(shards)];
			struct lockstep_machine_model model = made_model();
			memcpy(slow, shards, sizeof slow);
			*(&slow[i].gather + k) *= 100;
			model.shards = slow;
			model.cache_bytes = 8000;
			expect_slower(&model, "a phase");
		}
}

Test(machine_model, same_arguments_same_step)
{
	struct lockstep_machine_model model = made_model();
	struct lockstep_machine_step first = predict(&model, machines[1], 7, "spread");
	struct lockstep_machine_step second = predict(&model, machines[1], 7, "spread");
	cr_assert(first.seconds == second.seconds && first.compute == second.compute &&
	          first.reduction == second.reduction && first.meeting == second.meeting);
}

/* ---- Refusals --------------------------------------------------------------- */

static void expect_refusal(const struct lockstep_machine_model *model, const char *description, uint32_t workers,
                           const char *bind, const char *in_message)
{
	struct lockstep_machine_step step, before;
	lockstep_topology *topology = open_topology(description);
	lockstep_error error = {0};
	memset(&step, 0x5a, sizeof step);
	memcpy(&before, &step, sizeof step);
	cr_assert_eq(lockstep_machine_model_predict(model, topology, workers, bind, &step, &error),
	             LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, in_message), "'%s' does not say '%s'", error.message, in_message);
	cr_assert_eq(memcmp(&step, &before, sizeof step), 0);
	lockstep_topology_destroy(topology);
}

Test(machine_model, what_is_not_predicted)
{
	struct lockstep_machine_model model = made_model();
	expect_refusal(&model, flat, 0, "close", "needs a worker");
	expect_refusal(&model, "pack:1 core:16 pu:1", 9, "close", "9 workers for 8 slices");
	expect_refusal(&model, "pack:1 core:2 pu:2", 5, "close", "4 hardware threads");
	expect_refusal(&model, flat, 2, "sideways", "sideways");
	model.slices = model.batch = 512;
	expect_refusal(&model, "pack:1 core:512 pu:1", 257, "close", "up to 256");
}

Test(machine_model, short_of_memory)
{
	struct lockstep_machine_model model = made_model();
	lockstep_topology *topology = open_topology(flat);
	struct lockstep_machine_step step = {.workers = 77};
	ls_memory_fail_at(0);
	predict_on(&model, topology, 4, "close");
	long n = ls_memory_fail_at(0);
	cr_assert(n >= 2);
	for (long i = 1; i <= n; i++) {
		ls_memory_fail_at(i);
		lockstep_status status = lockstep_machine_model_predict(&model, topology, 4, "close", &step, NULL);
		ls_memory_fail_at(0);
		/* describe() does without what it cannot have. */
		cr_assert(status == LOCKSTEP_ERROR_MEMORY || status == LOCKSTEP_OK);
		if (status)
			cr_assert_eq(step.workers, 77);
		step.workers = 77;
	}
	lockstep_topology_destroy(topology);
}

/* ---- Shards alone ----------------------------------------------------------- */

/* Ten steps by the serial engine with two workers; returns their loss. */
static double step_serially(int times_shards, double phases[2][LOCKSTEP_N_PHASES])
{
	struct lockstep_train_options options = small_options();
	lockstep_dataset *dataset = small_data();
	lockstep_network *network = small_network();
	lockstep_trainer *trainer = NULL;
	double loss;
	options.engine = LOCKSTEP_SERIAL;
	options.workers = 2;
	options.time_phases = 1;
	cr_assert_eq(lockstep_trainer_create(&trainer, network, dataset, &options, NULL), LOCKSTEP_OK);
	trainer->steps.times_shards = times_shards;
	cr_assert_eq(lockstep_trainer_step(trainer, 10, &loss, NULL), LOCKSTEP_OK);
	for (uint32_t i = 0; i < 2; i++)
		lockstep_trainer_phases(trainer, i, phases[i]);
	lockstep_trainer_destroy(trainer);
	lockstep_network_destroy(network);
	lockstep_dataset_destroy(dataset);
	return loss;
}

Test(machine_model, serial_engine_times_shards_when_asked)
{
	double without[2][LOCKSTEP_N_PHASES], with[2][LOCKSTEP_N_PHASES];
	cr_assert_eq(step_serially(0, without), step_serially(1, with));
	for (int i = 0; i < 2; i++) {
		for (int phase = 0; phase < LOCKSTEP_N_PHASES; phase++)
			cr_assert_eq(without[i][phase], 0);
		for (int phase = 0; phase < LOCKSTEP_PHASE_WAIT; phase++)
			cr_assert_gt(with[i][phase], 0, "worker %d, phase %d", i, phase);
		cr_assert_eq(with[i][LOCKSTEP_PHASE_WAIT], 0);
	}
}

/* ---- Calibration ------------------------------------------------------------ */

static struct lockstep_scaling_job small_scaling_job(const lockstep_dataset *dataset)
{
	struct lockstep_scaling_job job = {.dataset = dataset,
	                                   .layers = "7-9-5-3",
	                                   .network = LOCKSTEP_NETWORK_OPTIONS_INIT,
	                                   .train = LOCKSTEP_TRAIN_OPTIONS_INIT};
	return job;
}

static uint32_t cores_of_this_process(void)
{
	uint32_t n;
	lockstep_topology *topology = open_topology(NULL);
	cr_assert_eq(lockstep_topology_auto_workers(topology, "close", 0, &n, NULL), LOCKSTEP_OK);
	lockstep_topology_destroy(topology);
	return n;
}

static void expect_time(double seconds, const char *what)
{
	cr_assert(isfinite(seconds) && seconds >= 0 && seconds < 60, "%s: %g", what, seconds);
}

static void expect_shard(const struct lockstep_machine_shard *shard, uint32_t rows, uint32_t slices)
{
	cr_assert_eq(shard->rows, rows);
	cr_assert_eq(shard->slices, slices);
	expect_time(shard->gather, "gather");
	expect_time(shard->forward, "forward");
	expect_time(shard->backward, "backward");
	expect_time(shard->gradient, "gradient");
	cr_assert_gt(shard->forward + shard->gradient, 0);
}

/* 7-9-5-3 has 140 parameters, and 60 weights above the first layer. */
static void expect_bytes(const struct lockstep_machine_model *model)
{
	cr_assert_eq(model->parameter_bytes, 4 * 140);
	cr_assert_eq(model->read_bytes, 4 * (140 + 60));
	cr_assert_eq(model->update_bytes, 4 * 2 * 140);
	cr_assert_eq(model->row_bytes, 7 * (4 + 4) + 2 * 4 * (9 + 5 + 3));
	cr_assert_eq(model->n_blocks, 3);
	cr_assert_gt(model->ring_bytes, 0);
}

static void expect_machine(const struct lockstep_machine_model *model)
{
	expect_time(model->update, "update");
	expect_time(model->sum, "sum");
	expect_time(model->barrier_2, "barrier of two");
	expect_time(model->barrier_all, "barrier");
	expect_time(model->handover, "handover");
	expect_time(model->line, "line");
	cr_assert(model->update > 0 && model->barrier_2 > 0 && model->handover > 0);
	cr_assert(isfinite(model->core_gigabytes) && model->core_gigabytes > 0);
	cr_assert(isfinite(model->node_gigabytes) && model->node_gigabytes >= model->core_gigabytes);
	cr_assert_geq(model->n_all, 2);
	cr_assert(model->far_cache >= 1 && model->far_node >= 1 && model->far_package >= 1);
}

Test(machine_model, calibration)
{
	lockstep_dataset *dataset = small_data();
	struct lockstep_scaling_job job = small_scaling_job(dataset);
	/* 9 rows in 4 slices of 3, 2, 2, 2 */
	struct lockstep_scaling_setting setting = {.bind = "close", .batch = 9, .slices = 4};
	struct lockstep_machine_model model = {.slices = 77};
	lockstep_error error = {0};
	lockstep_status status = lockstep_machine_model_calibrate(&model, &job, &setting, &error);
	if (cores_of_this_process() < 2) {
		cr_assert(status == LOCKSTEP_ERROR_ARGUMENT && strstr(error.message, "two cores"));
		cr_assert_eq(model.slices, 77);
		lockstep_dataset_destroy(dataset);
		return;
	}
	cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
	cr_assert(model.batch == 9 && model.slices == 4 && model.n_shards == 3);
	expect_shard(&model.shards[0], 3, 1);
	expect_shard(&model.shards[1], 5, 2);
	expect_shard(&model.shards[2], 9, 4);
	expect_bytes(&model);
	expect_machine(&model);
	const struct lockstep_machine_shard *all = &model.shards[2];
	expect_close(predict(&model, flat, 1, "close").compute,
	             all->gather + all->forward + all->backward + all->gradient, "alone");
	expect_time(predict(&model, "pack:2 numa:4 l3:2 core:8 pu:2", 4, "spread").seconds, "a step");
	lockstep_machine_model_fini(&model);
	cr_assert(model.shards == NULL && model.n_shards == 0);
	lockstep_dataset_destroy(dataset);
}

/* A machine that the system is said to be, where nothing is bound. */
static void pretend(const char *description)
{
	cr_assert(!setenv("HWLOC_SYNTHETIC", description, 1) && !setenv("HWLOC_THISSYSTEM", "0", 1));
}

/* One core with two threads is no machine to meet on, unless these are to be places. */
Test(machine_model, calibration_with_the_threads_of_one_core)
{
	lockstep_dataset *dataset = small_data();
	struct lockstep_scaling_job job = small_scaling_job(dataset);
	const struct lockstep_scaling_setting setting = {.batch = 8, .slices = 2};
	struct lockstep_machine_model model = {.slices = 77};
	lockstep_error error = {0};
	pretend("pack:1 l3:1(size=1000000) core:1 pu:2");
	cr_assert_eq(lockstep_machine_model_calibrate(&model, &job, &setting, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert_eq(model.slices, 77);
	job.train.smt = 1;
	cr_assert_eq(lockstep_machine_model_calibrate(&model, &job, &setting, &error), LOCKSTEP_OK, "%s",
	             error.message);
	cr_assert(model.smt == 1 && model.n_all == 2 && model.cache_bytes == 1000000);
	lockstep_machine_model_fini(&model);
	lockstep_dataset_destroy(dataset);
}

static void expect_no_calibration(const struct lockstep_scaling_job *job, struct lockstep_scaling_setting setting,
                                  lockstep_status expected, const char *in_message)
{
	struct lockstep_machine_model model = {.slices = 77};
	lockstep_error error = {0};
	lockstep_topology *topology = open_topology(flat);
	int is_known = lockstep_machine_model_check(&setting, topology, 0, &error) == LOCKSTEP_OK;
	lockstep_topology_destroy(topology);
	cr_assert(is_known || strstr(error.message, in_message), "'%s' does not say '%s'", error.message, in_message);
	cr_assert_eq(lockstep_machine_model_calibrate(&model, job, &setting, &error), expected, "%s", in_message);
	cr_assert(strstr(error.message, in_message), "'%s' does not say '%s'", error.message, in_message);
	cr_assert(model.slices == 77 && model.shards == NULL);
}

static void expect_check(const char *description, double quota, int smt, const char *message)
{
	const struct lockstep_scaling_setting setting = {.batch = 8};
	lockstep_topology *topology = open_topology(description);
	lockstep_error error = {0};
	topology->quota.cpus = quota;
	lockstep_status status = lockstep_machine_model_check(&setting, topology, smt, &error);
	cr_expect_eq(status, message ? LOCKSTEP_ERROR_ARGUMENT : LOCKSTEP_OK, "%s: %s", description, error.message);
	if (message)
		cr_expect_str_eq(error.message, message);
	lockstep_topology_destroy(topology);
}

/* What makes a calibration impossible is known without one. */
Test(machine_model, machines_without_a_model)
{
	static const char one[] =
	    "a machine model needs two cores, to measure what it costs to meet; this process has one";
	expect_check("pack:1 core:2 pu:1", 0, 0, NULL);
	expect_check("pack:1 core:2 pu:1", 2, 0, NULL);
	expect_check("pack:1 core:1 pu:2", 0, 1, NULL);
	expect_check("pack:1 core:1 pu:2", 0, 0, one);
	expect_check("pack:1 core:1 pu:1", 0, 1, one);
	expect_check("pack:1 core:1 pu:1", 1.5, 1, one);
	expect_check("pack:1 core:2 pu:1", 1.5, 0,
	             "a machine model needs two cores, to measure what it costs to meet; the control group grants 1.5 "
	             "CPUs");
	expect_check("pack:1 core:1 pu:2", 1, 1,
	             "a machine model needs two cores, to measure what it costs to meet; the control group grants 1 "
	             "CPU");
}

Test(machine_model, settings_without_a_model)
{
	lockstep_dataset *dataset = small_data();
	struct lockstep_scaling_job job = small_scaling_job(dataset);
	const struct lockstep_scaling_setting good = {.batch = 8};
	struct lockstep_scaling_setting bad = good;
	bad.engine = LOCKSTEP_SERIAL;
	expect_no_calibration(&job, bad, LOCKSTEP_ERROR_ARGUMENT, "serial engine");
	bad = good;
	bad.split = LOCKSTEP_SPLIT_UNITS;
	expect_no_calibration(&job, bad, LOCKSTEP_ERROR_ARGUMENT, "split units");
	bad.split = LOCKSTEP_SPLIT_OWNERS;
	expect_no_calibration(&job, bad, LOCKSTEP_ERROR_ARGUMENT, "split owners");
	bad = good;
	bad.slices = 3;
	expect_no_calibration(&job, bad, LOCKSTEP_ERROR_ARGUMENT, "slices");
	bad = good;
	bad.batch = SMALL_ROWS + 1;
	expect_no_calibration(&job, bad, LOCKSTEP_ERROR_ARGUMENT, "60");
	job.layers = "7-x-3";
	expect_no_calibration(&job, good, LOCKSTEP_ERROR_ARGUMENT, "7-x-3");
	lockstep_dataset_destroy(dataset);
}
