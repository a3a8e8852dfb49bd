/* SPDX-License-Identifier: MIT
 *
 * The sentences follow from the same facts that decided the placement: policy,
 * kinds of core, quota, and whether workers share a place.
 */
#include "placement_text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "environment_text.h"
#include "processor_text.h"

static void print_machine(const struct lockstep_topology_summary *machine)
{
	char processor[LS_PROCESSOR_TEXT];
	ls_processor_text(&machine->processor, processor);
	if (*machine->cpu_model)
		printf("CPU         %s\n", machine->cpu_model);
	if (*processor)
		printf("processor   %s\n", processor);
	printf("packages    %u\n", machine->packages);
	printf("NUMA nodes  %u\n", machine->numa_nodes);
	printf("cores       %u", machine->cores);
	if (machine->kinds > 1)
		printf(" of %u kinds, %u of the fastest", machine->kinds, machine->preferred_cores);
	printf("\nPUs         %u\n", machine->pus);
	if (machine->cpu_quota > 0)
		printf("CPU quota   %g CPUs (%s)\n", machine->cpu_quota, machine->quota_file);
	else
		printf("CPU quota   none\n");
}

static void print_number(int32_t number, int width)
{
	if (number < 0)
		printf("  %*s", width, "-");
	else
		printf("  %*d", width, number);
}

static void print_places(const struct ls_placement *placement)
{
	printf("\nworker  package  NUMA  core    PU  cpuset\n");
	for (uint32_t i = 0; i < placement->n_workers; i++) {
		const struct lockstep_place *place = &placement->places[i];
		printf("%6u", place->worker);
		print_number(place->package, 7);
		print_number(place->numa_node, 4);
		print_number(place->core, 4);
		print_number(place->pu, 4);
		printf("  %s%s\n", *place->cpuset ? place->cpuset : "-", place->shared ? "  shared" : "");
	}
	putchar('\n');
}

static uint32_t count_shared(const struct ls_placement *placement)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < placement->n_workers; i++)
		n += placement->places[i].shared != 0;
	return n;
}

static int is_list(const struct ls_placement *placement)
{
	return strncmp(placement->bind, "list:", 5) == 0;
}

static void explain_places(const struct ls_placement *placement)
{
	if (strcmp(placement->bind, "none") == 0)
		printf("Workers are not bound: the operating system moves them as it likes.\n");
	else if (is_list(placement))
		printf("One worker a PU of the list, in its order.\n");
	else if (placement->smt)
		printf("One worker a hardware thread.\n");
	else
		printf("One worker a core, on the core's first hardware thread%s.\n",
		       placement->machine->pus > placement->machine->cores ? " (--smt uses all)" : "");
}

static void explain_number(const struct ls_placement *placement)
{
	const struct lockstep_topology_summary *machine = placement->machine;
	uint32_t slower = machine->cores - machine->preferred_cores;
	if (!placement->automatic)
		return;
	if (machine->kinds > 1 && !is_list(placement))
		printf("Auto uses the fastest kind of core only: %u slower cores stay free.\n", slower);
	if (machine->cpu_quota > 0)
		printf("Auto takes no more workers than the quota of %g CPUs allows.\n", machine->cpu_quota);
	printf("A job takes at most as many workers as its mini-batches have slices (train --slices).\n");
}

static void explain_excess(const struct ls_placement *placement)
{
	uint32_t n_shared = count_shared(placement);
	double quota = placement->machine->cpu_quota;
	if (n_shared)
		printf("There are more workers than places: %u of them share one.\n", n_shared);
	if (quota > 0 && placement->n_workers > quota)
		printf("The quota of %g CPUs is less than %u worker%s: expect to be throttled.\n", quota,
		       placement->n_workers, placement->n_workers == 1 ? "" : "s");
}

void ls_placement_print(const struct ls_placement *placement)
{
	print_machine(placement->machine);
	if (placement->environment)
		ls_environment_print(placement->environment);
	print_places(placement);
	explain_places(placement);
	explain_number(placement);
	explain_excess(placement);
}

static json_t *place_object(const struct lockstep_place *place)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:s, s:b}", "worker", (json_int_t)place->worker, "package",
	                 (json_int_t)place->package, "numa_node", (json_int_t)place->numa_node, "core",
	                 (json_int_t)place->core, "pu", (json_int_t)place->pu, "cpuset", place->cpuset, "shared",
	                 place->shared);
}

static json_t *machine_object(const struct lockstep_topology_summary *machine)
{
	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s*}", "cpu", machine->cpu_model, "processor",
	                 ls_processor_object(&machine->processor), "packages", (json_int_t)machine->packages,
	                 "numa_nodes", (json_int_t)machine->numa_nodes, "cores", (json_int_t)machine->cores, "pus",
	                 (json_int_t)machine->pus, "kinds", (json_int_t)machine->kinds, "preferred_cores",
	                 (json_int_t)machine->preferred_cores, "cpu_quota", machine->cpu_quota, "quota_file",
	                 machine->quota_file);
}

int ls_placement_print_json(const struct ls_placement *placement)
{
	json_t *workers = json_array();
	for (uint32_t i = 0; i < placement->n_workers; i++)
		json_array_append_new(workers, place_object(&placement->places[i]));
	json_t *result =
	    json_pack("{s:o, s:o, s:s, s:b, s:b, s:o}", "machine", machine_object(placement->machine), "environment",
	              placement->environment ? ls_environment_object(placement->environment) : json_null(), "bind",
	              placement->bind, "smt", placement->smt, "auto", placement->automatic, "workers", workers);
	if (!result)
		return -1;
	json_dumpf(result, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	putchar('\n');
	json_decref(result);
	return 0;
}
