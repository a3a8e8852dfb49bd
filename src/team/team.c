/* SPDX-License-Identifier: MIT
 *
 * What all engines share: making and freeing a team, the binding of its
 * workers, and the barrier.
 *
 * The barrier has one counter that all raise and one that the last to come
 * publishes. How many barriers it has met, a worker knows by itself, so that
 * the sum it waits for needs no division and nothing is reset inside a run.
 */
#include "team.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/ranges.h"
#include "launch.h"
#include "placement.h"
#include "topology.h"

#define BIND_BYTES 65536

/* ---- Binding --------------------------------------------------------- */

/* hwloc makes some small allocations for a call, and writes into one without a
 * look whether it got it. Where memory is short each of them takes pages of its
 * own; those that were freed just now are there for it. */
static int has_memory(void)
{
	void *probe = ls_memory_allocate(1, BIND_BYTES);
	ls_memory_free(probe);
	return probe != NULL;
}

static int bind_thread(hwloc_topology_t hwloc, unsigned pu)
{
	if (!has_memory())
		return ENOMEM;
	hwloc_bitmap_t wanted = hwloc_bitmap_alloc(), found = hwloc_bitmap_alloc();
	int code = 0;
	if (!wanted || !found || hwloc_bitmap_only(wanted, pu))
		code = ENOMEM;
	else if (hwloc_set_cpubind(hwloc, wanted, HWLOC_CPUBIND_THREAD) ||
	         hwloc_get_cpubind(hwloc, found, HWLOC_CPUBIND_THREAD))
		code = errno ? errno : ENOSYS;
	else if (!hwloc_bitmap_isequal(wanted, found))
		code = EBUSY;
	hwloc_bitmap_free(found);
	hwloc_bitmap_free(wanted);
	return code;
}

void ls_team_bind(struct ls_team *team, uint32_t worker)
{
	int32_t pu = team->places[worker].pu;
	if (team->old_binding && pu >= 0)
		team->members[worker].bind_error = bind_thread(team->topology->hwloc, (unsigned)pu);
}

void ls_team_unbind(struct ls_team *team)
{
	if (team->old_binding && has_memory())
		hwloc_set_cpubind(team->topology->hwloc, team->old_binding, HWLOC_CPUBIND_THREAD);
}

/* Remembers the caller's binding; where that cannot be read, the whole machine
 * (as far as the process may use it) takes its place. */
static lockstep_status save_binding(struct ls_team *team, lockstep_error *error)
{
	if (team->places[0].pu < 0)
		return LOCKSTEP_OK;
	hwloc_topology_t hwloc = team->topology->hwloc;
	team->old_binding = hwloc_bitmap_alloc();
	if (!team->old_binding)
		return ls_error_memory(error, "the binding of workers");
	if (hwloc_get_cpubind(hwloc, team->old_binding, HWLOC_CPUBIND_THREAD) &&
	    hwloc_bitmap_copy(team->old_binding, hwloc_topology_get_topology_cpuset(hwloc)))
		return ls_error_memory(error, "the binding of workers");
	return LOCKSTEP_OK;
}

/* One line for all: where binding is forbidden it is to every worker. */
static void warn_of_unbound(const struct ls_team *team, const struct ls_team_options *options)
{
	uint32_t n_unbound = 0, first = 0;
	char message[200];
	for (uint32_t i = team->size; i-- > 0;)
		if (team->members[i].bind_error) {
			n_unbound++;
			first = i;
		}
	if (!n_unbound || !options->on_warning)
		return;
	int code = team->members[first].bind_error;
	int n = snprintf(message, sizeof message, "worker %u could not be bound to PU %d: %s", first,
	                 team->places[first].pu, code == EBUSY ? "the binding did not take effect" : strerror(code));
	if (n_unbound > 1 && n < (int)sizeof message)
		snprintf(message + n, sizeof message - (size_t)n, "; nor could %u other%s", n_unbound - 1,
		         n_unbound > 2 ? "s" : "");
	options->on_warning(message, options->context);
}

/* ---- Create and destroy ---------------------------------------------- */

static const char *bind_of(const struct ls_team_options *options)
{
	return options->bind ? options->bind : "none";
}

static lockstep_status choose_launcher(struct ls_team *team, enum lockstep_engine engine, lockstep_error *error)
{
	switch (engine) {
	case LOCKSTEP_PTHREADS:
		team->launcher = &ls_launcher_pthreads;
		return LOCKSTEP_OK;
	case LOCKSTEP_OPENMP:
		team->launcher = &ls_launcher_openmp;
		return LOCKSTEP_OK;
	case LOCKSTEP_SERIAL:
		team->launcher = &ls_launcher_serial;
		return LOCKSTEP_OK;
	}
	return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "engine %d is unknown", (int)engine);
}

static lockstep_status choose_size(struct ls_team *team, const struct ls_team_options *options, lockstep_error *error)
{
	if (options->n_workers > LS_SLICES_MAX)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "%u workers are more than the %d there can be",
		                    options->n_workers, LS_SLICES_MAX);
	team->size = options->n_workers;
	if (team->size)
		return LOCKSTEP_OK;
	lockstep_status status =
	    lockstep_topology_auto_workers(team->topology, bind_of(options), options->smt, &team->size, error);
	if (!status && options->max_workers && options->max_workers < team->size)
		team->size = options->max_workers;
	return status;
}

static lockstep_status place_members(struct ls_team *team, const struct ls_team_options *options, lockstep_error *error)
{
	team->places = ls_memory_allocate(team->size, sizeof *team->places);
	team->members = ls_memory_allocate(team->size, sizeof *team->members);
	if (!team->places || !team->members)
		return ls_error_memory(error, "the team");
	for (uint32_t i = 0; i < team->size; i++) {
		team->members[i].team = team;
		team->members[i].worker = i;
	}
	lockstep_status status =
	    ls_placement_fill(team->topology->hwloc, team->size, bind_of(options), options->smt, team->places, error);
	return status ? status : save_binding(team, error);
}

/* Whether some worker can only run while another does not: spinning then
 * keeps the awaited worker from its core. */
static int is_crowded(const struct ls_team *team, int smt)
{
	double quota = team->topology->quota.cpus;
	if (team->size > ls_placement_homes(team->topology->hwloc, smt) || (quota > 0 && quota < team->size))
		return 1;
	for (uint32_t i = 0; i < team->size; i++)
		if (team->places[i].shared)
			return 1;
	return 0;
}

static void do_nothing(void *context, uint32_t worker, uint32_t n_workers)
{
	(void)context, (void)worker, (void)n_workers;
}

static void fini_parkings(struct ls_team *team)
{
	ls_parking_fini(&team->resting);
	ls_parking_fini(&team->parking);
}

static lockstep_status init_parkings(struct ls_team *team, lockstep_error *error)
{
	lockstep_status status = ls_parking_init(&team->parking, error);
	if (status)
		return status;
	status = ls_parking_init(&team->resting, error);
	if (status)
		ls_parking_fini(&team->parking);
	return status;
}

/* When the first, empty run returns, every worker has tried to bind itself. */
static lockstep_status start_members(struct ls_team *team, const struct ls_team_options *options, lockstep_error *error)
{
	lockstep_status status = init_parkings(team, error);
	if (status)
		return status;
	if (is_crowded(team, options->smt))
		team->parking.n_spins = team->resting.n_spins = 0;
	status = team->launcher->start(team, error);
	if (status) {
		fini_parkings(team);
		return status;
	}
	ls_team_run(team, do_nothing, NULL, NULL);
	warn_of_unbound(team, options);
	return LOCKSTEP_OK;
}

static void free_team(struct ls_team *team)
{
	hwloc_bitmap_free(team->old_binding);
	ls_memory_free(team->members);
	ls_memory_free(team->places);
	ls_memory_free(team);
}

lockstep_status ls_team_create_on(struct ls_team **out, const struct ls_team_options *options,
                                  lockstep_topology *topology, lockstep_error *error)
{
	struct ls_team *team = ls_memory_allocate(1, sizeof *team);
	if (!team)
		return ls_error_memory(error, "the team");
	team->topology = topology;
	team->process = getpid();

	lockstep_status status = choose_launcher(team, options->engine, error);
	if (!status)
		status = choose_size(team, options, error);
	if (!status)
		status = place_members(team, options, error);
	if (!status)
		status = start_members(team, options, error);
	if (status)
		free_team(team);
	else
		*out = team;
	return status;
}

lockstep_status ls_team_create(struct ls_team **out, const struct ls_team_options *options, lockstep_error *error)
{
	lockstep_topology *topology;
	lockstep_status status = lockstep_topology_create(&topology, NULL, error);
	if (status)
		return status;
	status = ls_team_create_on(out, options, topology, error);
	if (status)
		lockstep_topology_destroy(topology);
	return status;
}

/* In a forked child the team's threads are not there: to join them, or to
 * destroy a condition that they seem to wait for, would take for ever. */
static int has_lost_threads(const struct ls_team *team)
{
	return team->size > 1 && !ls_team_is_serial(team) && team->process != getpid();
}

void ls_team_destroy(struct ls_team *team)
{
	if (!team)
		return;
	int is_whole = !has_lost_threads(team);
	if (is_whole)
		team->launcher->stop(team);
	ls_team_unbind(team);
	if (is_whole)
		fini_parkings(team);
	lockstep_topology_destroy(team->topology);
	free_team(team);
}

/* Each team remembers the thread's own binding, and neither the other's. */
lockstep_status ls_team_replace(struct ls_team **team, const struct ls_team_options *options, lockstep_error *error)
{
	struct ls_team *old = *team;
	ls_team_unbind(old);
	lockstep_status status = ls_team_create(team, options, error);
	if (!status)
		ls_team_destroy(old);
	ls_team_bind(*team, 0);
	return status;
}

uint32_t ls_team_size(const struct ls_team *team)
{
	return team->size;
}

int ls_team_is_serial(const struct ls_team *team)
{
	return team->launcher == &ls_launcher_serial;
}

const struct lockstep_place *ls_team_places(const struct ls_team *team)
{
	return team->places;
}

/* ---- Run and meet ---------------------------------------------------- */

lockstep_status ls_team_run(struct ls_team *team, ls_team_body *body, void *context, lockstep_error *error)
{
	return ls_team_run_first(team, team->size, body, context, error);
}

lockstep_status ls_team_run_first(struct ls_team *team, uint32_t max_workers, ls_team_body *body, void *context,
                                  lockstep_error *error)
{
	if (team->body)
		return ls_error_set(error, LOCKSTEP_ERROR_ARGUMENT, "a team cannot run inside of its own run");
	if (has_lost_threads(team))
		return ls_error_set(error, LOCKSTEP_ERROR_SYSTEM,
		                    "the %u workers are threads of process %ld and did not come along when it forked: "
		                    "a child needs a trainer of its own",
		                    team->size, (long)team->process);
	team->body = body;
	team->context = context;
	team->max_running = max_workers;
	team->launcher->run(team);
	team->body = NULL;
	return LOCKSTEP_OK;
}

/* Relaxed stores: the launcher hands the team over to the workers. */
void ls_team_begin(struct ls_team *team, uint32_t n_workers)
{
	team->n_running = n_workers < team->max_running ? n_workers : team->max_running;
	team->i_run++;
	atomic_store_explicit(&team->arrived.value, 0, memory_order_relaxed);
	atomic_store_explicit(&team->released.value, 0, memory_order_relaxed);
}

void ls_team_work(struct ls_team *team, uint32_t worker)
{
	if (worker >= team->n_running)
		return;
	team->members[worker].n_barriers = 0;
	team->body(team->context, worker, team->n_running);
}

/* The additions to `arrived` form one release sequence, so the last to come
 * has acquired what all others wrote, and hands it on with `released`. */
void ls_team_barrier(struct ls_team *team, uint32_t worker)
{
	assert(!ls_team_is_serial(team) || team->n_running == 1);
	uint64_t i_barrier = ++team->members[worker].n_barriers;
	uint64_t arrived = atomic_fetch_add_explicit(&team->arrived.value, 1, memory_order_acq_rel) + 1;
	if (arrived == i_barrier * team->n_running)
		ls_counter_publish(team, &team->released, i_barrier);
	else
		ls_counter_wait(team, &team->released, i_barrier);
}
