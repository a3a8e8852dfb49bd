/* SPDX-License-Identifier: MIT
 *
 * The team, by every engine of the build: who runs, in which order phases are
 * seen, and what is left when something fails. Teams larger than the machine
 * are part of every loop.
 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <hwloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/ranges.h"
#include "lockstep/version.h"
#include "team/team.h"
#include "team/topology.h"

#define SIZE_MAX_TESTED 9

static struct ls_team *create(uint32_t n_workers, enum lockstep_engine engine)
{
	struct ls_team *team = NULL;
	struct ls_team_options options = {.n_workers = n_workers, .engine = engine};
	lockstep_error error = {0};
	cr_assert_eq(ls_team_create(&team, &options, &error), LOCKSTEP_OK, "%s", error.message);
	return team;
}

/* Calls the test once for every size and every engine whose workers run at the
 * same time. */
static void with_every_team(void (*test)(struct ls_team *team))
{
	for (int engine = LOCKSTEP_PTHREADS; engine <= LOCKSTEP_OPENMP; engine++)
		for (uint32_t n = 1; n <= SIZE_MAX_TESTED; n++) {
			if (engine == LOCKSTEP_OPENMP && !lockstep_has_openmp())
				continue;
			struct ls_team *team = create(n, (enum lockstep_engine)engine);
			test(team);
			ls_team_destroy(team);
		}
}

static void run(struct ls_team *team, ls_team_body *body, void *context)
{
	lockstep_error error = {0};
	cr_assert_eq(ls_team_run(team, body, context, &error), LOCKSTEP_OK, "%s", error.message);
}

static uint32_t count_entries(const char *folder)
{
	uint32_t n = 0;
	DIR *entries = opendir(folder);
	cr_assert(entries);
	for (struct dirent *entry; (entry = readdir(entries));)
		n += entry->d_name[0] != '.';
	closedir(entries);
	return n;
}

/* A joined thread may be listed for a moment longer: up to five seconds here. */
static void expect_threads(uint32_t n_threads)
{
	uint32_t n = 0;
	for (int i = 0; i < 500; i++, usleep(10000)) {
		n = count_entries("/proc/self/task");
		if (n == n_threads)
			return;
	}
	cr_assert_fail("%u threads instead of %u", n, n_threads);
}

/* ---- Runs ------------------------------------------------------------ */

struct roll {
	uint32_t n_calls[SIZE_MAX_TESTED];
	uint32_t n_workers[SIZE_MAX_TESTED];
	pthread_t thread[SIZE_MAX_TESTED];
};

static void sign(void *context, uint32_t worker, uint32_t n_workers)
{
	struct roll *roll = context;
	roll->n_calls[worker]++;
	roll->n_workers[worker] = n_workers;
	roll->thread[worker] = pthread_self();
}

/* OpenMP may deliver fewer workers than asked for, so the number comes from
 * the run itself. */
static void expect_every_worker_once_a_run(struct ls_team *team)
{
	struct roll roll = {0};
	for (int i = 0; i < 200; i++)
		run(team, sign, &roll);
	uint32_t n = roll.n_workers[0];
	cr_assert(n >= 1 && n <= ls_team_size(team));
	for (uint32_t i = 0; i < SIZE_MAX_TESTED; i++) {
		cr_assert_eq(roll.n_calls[i], i < n ? 200 : 0, "worker %u of %u: %u", i, n, roll.n_calls[i]);
		cr_assert_eq(roll.n_workers[i], i < n ? n : 0);
		cr_assert_eq(i < n && pthread_equal(roll.thread[i], pthread_self()), i == 0);
	}
}

Test(team, every_worker_runs_once_a_run)
{
	with_every_team(expect_every_worker_once_a_run);
}

Test(team, pthreads_delivers_the_size_asked_for)
{
	for (uint32_t n = 1; n <= SIZE_MAX_TESTED; n++) {
		struct ls_team *team = create(n, LOCKSTEP_PTHREADS);
		struct roll roll = {0};
		run(team, sign, &roll);
		cr_assert_eq(ls_team_size(team), n);
		cr_assert_eq(roll.n_workers[n - 1], n);
		cr_assert_not(ls_team_is_serial(team));
		ls_team_destroy(team);
	}
}

static void run_first(struct ls_team *team, uint32_t max_workers, ls_team_body *body, void *context)
{
	lockstep_error error = {0};
	cr_assert_eq(ls_team_run_first(team, max_workers, body, context, &error), LOCKSTEP_OK, "%s", error.message);
}

/* Workers that a run of the whole team delivers. */
static uint32_t delivered(struct ls_team *team)
{
	struct roll roll = {0};
	run(team, sign, &roll);
	return roll.n_workers[0];
}

static void expect_first_workers_alone(struct ls_team *team)
{
	uint32_t size = delivered(team);
	for (uint32_t max = 1; max <= SIZE_MAX_TESTED + 1; max++) {
		uint32_t n = max < size ? max : size;
		struct roll roll = {0}, all = {0};
		for (int i = 0; i < 10; i++)
			run_first(team, max, sign, &roll);
		for (uint32_t i = 0; i < SIZE_MAX_TESTED; i++) {
			cr_assert_eq(roll.n_calls[i], i < n ? 10 : 0, "worker %u of the first %u: %u", i, n,
			             roll.n_calls[i]);
			cr_assert_eq(roll.n_workers[i], i < n ? n : 0);
		}
		cr_assert(pthread_equal(roll.thread[0], pthread_self()));
		run(team, sign, &all);
		for (uint32_t i = 0; i < SIZE_MAX_TESTED; i++)
			cr_assert_eq(all.n_calls[i], i < size, "after a run of the first %u", n);
	}
}

Test(team, first_workers_run_alone_and_all_after_them)
{
	with_every_team(expect_first_workers_alone);
}

struct order {
	uint32_t n;
	uint32_t workers[SIZE_MAX_TESTED];
	pthread_t caller;
	int elsewhere;
};

static void append(void *context, uint32_t worker, uint32_t n_workers)
{
	struct order *order = context;
	order->elsewhere |= !pthread_equal(order->caller, pthread_self()) || n_workers != SIZE_MAX_TESTED;
	order->workers[order->n++] = worker;
}

Test(team, serial_runs_bodies_in_order)
{
	struct ls_team *team = create(SIZE_MAX_TESTED, LOCKSTEP_SERIAL);
	struct order order = {.caller = pthread_self()};
	run(team, append, &order);
	cr_assert(ls_team_is_serial(team));
	cr_assert_eq(order.n, SIZE_MAX_TESTED);
	cr_assert_not(order.elsewhere);
	for (uint32_t i = 0; i < SIZE_MAX_TESTED; i++)
		cr_assert_eq(order.workers[i], i);
	ls_team_destroy(team);
}

Test(team, serial_starts_no_thread)
{
	uint32_t before = count_entries("/proc/self/task");
	struct ls_team *team = create(SIZE_MAX_TESTED, LOCKSTEP_SERIAL);
	expect_threads(before);
	ls_team_destroy(team);
}

static void append_first(void *context, uint32_t worker, uint32_t n_workers)
{
	struct order *order = context;
	order->elsewhere |= n_workers != 3;
	order->workers[order->n++] = worker;
}

Test(team, serial_runs_the_first_bodies_in_order)
{
	struct ls_team *team = create(SIZE_MAX_TESTED, LOCKSTEP_SERIAL);
	struct order order = {.caller = pthread_self()}, all = order;
	run_first(team, 3, append_first, &order);
	cr_assert_eq(order.n, 3);
	cr_assert_not(order.elsewhere);
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(order.workers[i], i);
	run(team, append, &all);
	cr_assert_eq(all.n, SIZE_MAX_TESTED);
	ls_team_destroy(team);
}

struct nested {
	struct ls_team *team;
	lockstep_status status;
};

static void run_again(void *context, uint32_t worker, uint32_t n_workers)
{
	struct nested *nested = context;
	if (worker == 0)
		nested->status = ls_team_run(nested->team, run_again, nested, NULL);
	(void)n_workers;
}

Test(team, refuses_to_run_inside_of_its_own_run)
{
	struct nested nested = {create(2, LOCKSTEP_PTHREADS), LOCKSTEP_OK};
	run(nested.team, run_again, &nested);
	cr_assert_eq(nested.status, LOCKSTEP_ERROR_ARGUMENT);
	ls_team_destroy(nested.team);
}

static void read_signals(void *context, uint32_t worker, uint32_t n_workers)
{
	sigset_t *masks = context;
	pthread_sigmask(SIG_BLOCK, NULL, &masks[worker]);
	(void)n_workers;
}

Test(team, created_threads_take_no_signals)
{
	sigset_t masks[3], after;
	struct ls_team *team = create(3, LOCKSTEP_PTHREADS);
	run(team, read_signals, masks);
	pthread_sigmask(SIG_BLOCK, NULL, &after);
	cr_assert(sigismember(&masks[1], SIGINT) && sigismember(&masks[2], SIGTERM));
	cr_assert_not(sigismember(&masks[0], SIGINT));
	cr_assert_not(sigismember(&after, SIGINT));
	ls_team_destroy(team);
}

/* ---- Barrier and counters -------------------------------------------- */

#define N_PHASES 300

/* In each phase a worker writes its number of the phase, meets the others, and
 * must then read that of all. */
struct phases {
	struct ls_team *team;
	uint32_t written[2][SIZE_MAX_TESTED];
	uint32_t n_wrong[SIZE_MAX_TESTED];
};

static void walk_phases(void *context, uint32_t worker, uint32_t n_workers)
{
	struct phases *phases = context;
	for (uint32_t phase = 1; phase <= N_PHASES; phase++) {
		uint32_t *written = phases->written[phase % 2];
		written[worker] = phase * 100 + worker;
		ls_team_barrier(phases->team, worker);
		for (uint32_t i = 0; i < n_workers; i++)
			phases->n_wrong[worker] += written[i] != phase * 100 + i;
	}
}

static void expect_phases_in_order(struct ls_team *team)
{
	struct phases phases = {.team = team};
	for (int i = 0; i < 5; i++)
		run(team, walk_phases, &phases);
	for (uint32_t i = 0; i < SIZE_MAX_TESTED; i++)
		cr_assert_eq(phases.n_wrong[i], 0, "worker %u of %u", i, ls_team_size(team));
}

Test(team, barrier_orders_phases)
{
	with_every_team(expect_phases_in_order);
}

/* A barrier of some must not wait for those that rest, nor count them later. */
static void expect_phases_of_the_first_in_order(struct ls_team *team)
{
	struct phases phases = {.team = team};
	uint32_t size = ls_team_size(team);
	run_first(team, (size + 1) / 2, walk_phases, &phases);
	run(team, walk_phases, &phases);
	run_first(team, 1, walk_phases, &phases);
	run_first(team, size > 2 ? size - 1 : 1, walk_phases, &phases);
	for (uint32_t i = 0; i < SIZE_MAX_TESTED; i++)
		cr_assert_eq(phases.n_wrong[i], 0, "worker %u of %u", i, ls_team_size(team));
}

Test(team, barrier_orders_phases_of_the_first_workers)
{
	with_every_team(expect_phases_of_the_first_in_order);
}

/* A ring: worker 0 sends a value round, each worker adds one to what its
 * neighbour wrote. The values are plain memory; only counters order them. */
struct ring {
	struct ls_team *team;
	struct ls_counter counters[SIZE_MAX_TESTED];
	uint64_t values[SIZE_MAX_TESTED];
	uint64_t n_laps;
	uint32_t n_wrong;
};

static void pass_round(void *context, uint32_t worker, uint32_t n_workers)
{
	struct ring *ring = context;
	uint32_t before = (worker + n_workers - 1) % n_workers;
	uint64_t first = ring->n_laps;
	for (uint64_t lap = first + 1; lap <= first + N_PHASES; lap++) {
		if (worker > 0)
			ls_counter_wait(ring->team, &ring->counters[before], lap);
		ring->values[worker] = worker ? ring->values[before] + 1 : 1000 * lap;
		ls_counter_publish(ring->team, &ring->counters[worker], lap);
		if (worker > 0)
			continue;
		ls_counter_wait(ring->team, &ring->counters[before], lap);
		ring->n_wrong += ring->values[before] != 1000 * lap + n_workers - 1;
	}
}

static void expect_values_handed_over(struct ls_team *team)
{
	struct ring ring = {.team = team};
	for (int i = 0; i < 5; i++, ring.n_laps += N_PHASES)
		run(team, pass_round, &ring);
	cr_assert_eq(ring.n_wrong, 0);
}

Test(team, counters_hand_values_over)
{
	with_every_team(expect_values_handed_over);
}

Test(team, counter_lies_alone_in_its_cache_lines)
{
	cr_assert_eq(sizeof(struct ls_counter), 128);
	cr_assert_eq(_Alignof(struct ls_counter), 64);
}

static void wait_for_a_sleeper(void *context, uint32_t worker, uint32_t n_workers)
{
	struct ring *ring = context;
	if (worker > 0)
		ls_counter_wait(ring->team, &ring->counters[0], 1);
	ring->values[worker] = 1;
	if (worker == 0) {
		usleep(50000); /* far longer than they spin: the others are asleep now */
		ls_counter_publish(ring->team, &ring->counters[0], 1);
	}
	(void)n_workers;
}

static void expect_sleepers_woken(struct ls_team *team)
{
	struct ring ring = {.team = team};
	run(team, wait_for_a_sleeper, &ring);
	cr_assert_eq(ring.values[0], 1);
}

Test(team, sleepers_are_woken)
{
	with_every_team(expect_sleepers_woken);
}

/* ---- Size and binding ------------------------------------------------ */

Test(team, auto_size_is_limited_by_max_workers)
{
	struct ls_team_options options = {.max_workers = 3, .engine = LOCKSTEP_SERIAL};
	struct ls_team *team = NULL;
	lockstep_topology *topology = NULL;
	cr_assert_eq(lockstep_topology_create(&topology, "pack:1 core:8 pu:2", NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_team_create_on(&team, &options, topology, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_team_size(team), 3);
	cr_assert_eq(ls_team_places(team)[2].pu, -1);
	ls_team_destroy(team);

	options.max_workers = 0;
	cr_assert_eq(lockstep_topology_create(&topology, "pack:1 core:8 pu:2", NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_team_create_on(&team, &options, topology, NULL), LOCKSTEP_OK);
	cr_assert_eq(ls_team_size(team), 8);
	ls_team_destroy(team);
}

Test(team, impossible_options_are_refused)
{
	struct ls_team *team = NULL;
	lockstep_error error = {0};
	struct ls_team_options options = {.n_workers = LS_SLICES_MAX + 1};
	cr_assert_eq(ls_team_create(&team, &options, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "65537 workers"), "%s", error.message);
	options = (struct ls_team_options){.n_workers = 2, .engine = (enum lockstep_engine)9};
	cr_assert_eq(ls_team_create(&team, &options, &error), LOCKSTEP_ERROR_ARGUMENT);
	options = (struct ls_team_options){.n_workers = 2, .bind = "list:4000000"};
	cr_assert_eq(ls_team_create(&team, &options, &error), LOCKSTEP_ERROR_ARGUMENT);
	cr_assert(strstr(error.message, "PU 4000000"), "%s", error.message);
	cr_assert_null(team);
}

Test(team, openmp_is_there_or_refused)
{
	struct ls_team *team = NULL;
	struct ls_team_options options = {.n_workers = 2, .engine = LOCKSTEP_OPENMP};
	lockstep_status status = ls_team_create(&team, &options, NULL);
	cr_assert_eq(status, lockstep_has_openmp() ? LOCKSTEP_OK : LOCKSTEP_ERROR_UNSUPPORTED);
	ls_team_destroy(team);
}

/* The calling thread's binding. */
static hwloc_bitmap_t read_binding(void)
{
	hwloc_topology_t hwloc;
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	cr_assert_eq(hwloc_topology_init(&hwloc), 0);
	cr_assert_eq(hwloc_topology_load(hwloc), 0);
	cr_assert_eq(hwloc_get_cpubind(hwloc, set, HWLOC_CPUBIND_THREAD), 0);
	hwloc_topology_destroy(hwloc);
	return set;
}

static void record_binding(void *context, uint32_t worker, uint32_t n_workers)
{
	hwloc_bitmap_t *bindings = context;
	bindings[worker] = read_binding();
	(void)n_workers;
}

static void expect_bound_to_places(enum lockstep_engine engine)
{
	hwloc_bitmap_t bindings[3] = {NULL}, before = read_binding();
	struct ls_team_options options = {.n_workers = 3, .engine = engine, .bind = "close"};
	struct ls_team *team = NULL;
	cr_assert_eq(ls_team_create(&team, &options, NULL), LOCKSTEP_OK);
	run(team, record_binding, bindings);
	for (uint32_t i = 0; i < 3 && bindings[i]; i++) {
		cr_assert_eq(hwloc_bitmap_weight(bindings[i]), 1, "worker %u", i);
		cr_assert_eq(hwloc_bitmap_first(bindings[i]), ls_team_places(team)[i].pu, "worker %u", i);
		hwloc_bitmap_free(bindings[i]);
	}
	ls_team_destroy(team);
	hwloc_bitmap_t after = read_binding();
	cr_assert(hwloc_bitmap_isequal(before, after), "the caller stayed bound");
	hwloc_bitmap_free(after);
	hwloc_bitmap_free(before);
}

Test(team, workers_are_bound_while_the_team_exists)
{
	expect_bound_to_places(LOCKSTEP_PTHREADS);
	if (lockstep_has_openmp())
		expect_bound_to_places(LOCKSTEP_OPENMP);
}

Test(team, nobody_is_bound_unless_asked)
{
	hwloc_bitmap_t bindings[2] = {NULL}, before = read_binding();
	struct ls_team *team = create(2, LOCKSTEP_PTHREADS);
	run(team, record_binding, bindings);
	for (uint32_t i = 0; i < 2; i++) {
		cr_assert(hwloc_bitmap_isequal(before, bindings[i]));
		hwloc_bitmap_free(bindings[i]);
	}
	hwloc_bitmap_free(before);
	ls_team_destroy(team);
}

/* A machine of 4096 cores that claims to be this one: PUs 4000 and up cannot
 * be bound to. */
static lockstep_topology *create_boast(void)
{
	lockstep_topology *topology = NULL;
	cr_assert_eq(lockstep_topology_create(&topology, "core:1 pu:1", NULL), LOCKSTEP_OK);
	hwloc_topology_destroy(topology->hwloc);
	cr_assert_eq(hwloc_topology_init(&topology->hwloc), 0);
	cr_assert_eq(hwloc_topology_set_flags(topology->hwloc, HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM), 0);
	cr_assert_eq(hwloc_topology_set_synthetic(topology->hwloc, "core:4096 pu:1"), 0);
	cr_assert_eq(hwloc_topology_load(topology->hwloc), 0);
	return topology;
}

struct warnings {
	int n;
	char last[256];
	pthread_t thread;
};

static void take_warning(const char *message, void *context)
{
	struct warnings *warnings = context;
	warnings->n++;
	warnings->thread = pthread_self();
	snprintf(warnings->last, sizeof warnings->last, "%s", message);
}

static void expect_warnings(enum lockstep_engine engine)
{
	struct warnings warnings = {0};
	struct ls_team_options options = {.n_workers = 3,
	                                  .engine = engine,
	                                  .bind = "list:4000-4002",
	                                  .on_warning = take_warning,
	                                  .context = &warnings};
	struct ls_team *team = NULL;
	struct roll roll = {0};
	cr_assert_eq(ls_team_create_on(&team, &options, create_boast(), NULL), LOCKSTEP_OK);
	run(team, sign, &roll);
	cr_assert_eq(roll.n_calls[0], 1);
	cr_assert_eq(warnings.n, 1);
	cr_assert(pthread_equal(warnings.thread, pthread_self()));
	cr_assert(strstr(warnings.last, "could not be bound to PU 400"), "%s", warnings.last);
	if (roll.n_workers[0] == 3)
		cr_assert(strstr(warnings.last, "nor could 2 others"), "%s", warnings.last);
	ls_team_destroy(team);
}

Test(team, worker_that_cannot_be_bound_warns_and_works)
{
	expect_warnings(LOCKSTEP_PTHREADS);
	if (lockstep_has_openmp())
		expect_warnings(LOCKSTEP_OPENMP);
}

/* ---- Failure --------------------------------------------------------- */

/* Fails the first, second, ... allocation until one create gets through. */
static void expect_every_allocation_checked(enum lockstep_engine engine)
{
	struct ls_team_options options = {.n_workers = 4, .engine = engine, .bind = "close"};
	struct ls_team *team = NULL;
	lockstep_error error;
	lockstep_status status = LOCKSTEP_ERROR_MEMORY;
	uint32_t n_threads = count_entries("/proc/self/task");
	long n = 0;
	while (status == LOCKSTEP_ERROR_MEMORY) {
		cr_assert_null(team);
		cr_assert_lt(n, 100);
		ls_memory_fail_at(++n);
		status = ls_team_create(&team, &options, &error);
		if (status)
			expect_threads(n_threads);
	}
	ls_memory_fail_at(0);
	cr_assert_eq(status, LOCKSTEP_OK, "%s", error.message);
	cr_assert_gt(n, 3, "no allocation was made to fail");
	ls_team_destroy(team);
}

Test(team, failed_allocations_leave_nothing)
{
	expect_every_allocation_checked(LOCKSTEP_PTHREADS);
	expect_every_allocation_checked(LOCKSTEP_SERIAL);
	if (lockstep_has_openmp())
		expect_every_allocation_checked(LOCKSTEP_OPENMP);
}

Test(team, destroyed_team_leaves_no_thread)
{
	uint32_t before = count_entries("/proc/self/task");
	for (uint32_t n = 1; n <= SIZE_MAX_TESTED; n++)
		ls_team_destroy(create(n, LOCKSTEP_PTHREADS));
	expect_threads(before);
	ls_team_destroy(NULL);
}

/* There only under AddressSanitizer, whose own mappings need the address space. */
extern void __asan_describe_address(void *address) __attribute__((weak));

/* With an address space that some hundred stacks exceed together, one thread
 * cannot be created; those before it must end. */
Test(team, thread_that_cannot_be_created_is_named)
{
	struct rlimit limit;
	uint32_t before = count_entries("/proc/self/task");
	cr_assert_eq(getrlimit(RLIMIT_AS, &limit), 0);
	limit.rlim_cur = (rlim_t)2 << 30;
	if (__asan_describe_address || setrlimit(RLIMIT_AS, &limit))
		cr_skip_test("the address space cannot be limited");
	struct ls_team *team = NULL;
	struct ls_team_options options = {.n_workers = 4000};
	lockstep_error error = {0};
	cr_assert_eq(ls_team_create(&team, &options, &error), LOCKSTEP_ERROR_SYSTEM, "%s", error.message);
	cr_assert(strstr(error.message, " of 4000: its thread could not be created: "), "%s", error.message);
	cr_assert_null(team);
	expect_threads(before);
}
