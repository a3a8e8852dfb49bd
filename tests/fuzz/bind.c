/* SPDX-License-Identifier: MIT
 *
 * Texts of --bind on machines that are only described. A second reader says
 * which lists are right.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lockstep/topology.h"

#define WORKERS_MAX 128
#define PUS_MAX 64

static const char *const machines[] = {"pack:2 numa:2 core:4 pu:2", "core:3 pu:1", "pu:5", "pack:4 l3:2 core:4 pu:2"};
#define N_MACHINES (sizeof machines / sizeof *machines)

static const lockstep_topology *machine(size_t i)
{
	static lockstep_topology *topologies[N_MACHINES];
	if (!topologies[i])
		ls_fuzz_check(!lockstep_topology_create(&topologies[i], machines[i], NULL), "a machine is described");
	return topologies[i];
}

static uint64_t take_number(const char **text)
{
	uint64_t number = 0;
	for (; isdigit((unsigned char)**text); (*text)++)
		number = number > PUS_MAX ? number : number * 10 + (uint64_t)(**text - '0');
	return number;
}

/* PUs of a list that is right for a machine, where numbers count from 0. */
static uint32_t count_listed(const char *text, uint32_t n_pus)
{
	char seen[PUS_MAX] = {0};
	uint32_t n = 0;

	for (;; text++) {
		if (!isdigit((unsigned char)*text))
			return 0;
		uint64_t first = take_number(&text), last = first;
		if (*text == '-') {
			if (!isdigit((unsigned char)*++text))
				return 0;
			last = take_number(&text);
		}
		if (last < first || last >= n_pus)
			return 0;
		for (; first <= last; first++, n++)
			if (seen[first]++)
				return 0;
		if (*text != ',')
			return *text ? 0 : n;
	}
}

/* Workers that have a place to themselves; 0 for a text that is wrong. */
static uint32_t count_places(const char *bind, const struct lockstep_topology_summary *summary, int smt)
{
	if (!strncmp(bind, "list:", 5))
		return count_listed(bind + 5, summary->pus);
	if (strcmp(bind, "close") && strcmp(bind, "spread") && strcmp(bind, "none"))
		return 0;
	return smt ? summary->pus : summary->cores;
}

static void check_places(const struct lockstep_place *places, uint32_t n, uint32_t n_places, uint32_t n_pus)
{
	uint32_t users[PUS_MAX] = {0};
	for (uint32_t i = 0; i < n; i++) {
		ls_fuzz_check(places[i].worker == i, "places come in the order of workers");
		ls_fuzz_check(places[i].pu >= 0 && places[i].pu < (int32_t)n_pus, "a worker is on a PU of the machine");
		ls_fuzz_check(atoi(places[i].cpuset) == places[i].pu, "a worker is bound to its PU");
		ls_fuzz_check(n > n_places || !users[places[i].pu]++, "no PU is used twice while others are free");
		ls_fuzz_check(n > n_places || !places[i].shared, "nobody shares while there is room");
	}
}

static void check_unbound(const struct lockstep_place *places, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ls_fuzz_check(places[i].pu == -1 && !*places[i].cpuset && !places[i].shared, "nobody is bound");
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	struct ls_fuzz_input input = {bytes, bytes + n};
	struct lockstep_place places[WORKERS_MAX];
	struct lockstep_topology_summary summary;
	lockstep_error error = {0};
	uint32_t n_auto = 0;

	uint8_t choice = ls_fuzz_take_byte(&input);
	const lockstep_topology *topology = machine(choice % N_MACHINES);
	int smt = choice >> 2 & 1;
	uint32_t n_workers = 1 + ls_fuzz_take_byte(&input) % WORKERS_MAX;
	char *bind = ls_fuzz_take_text(&input);

	lockstep_topology_describe(topology, &summary);
	uint32_t n_places = count_places(bind, &summary, smt);
	lockstep_status status = lockstep_topology_place(topology, n_workers, bind, smt, places, &error);
	ls_fuzz_check(!status == !!n_places, "the texts taken are those that are right");
	if (status)
		ls_fuzz_check_failure(status, &error, NULL);
	else if (!strcmp(bind, "none"))
		check_unbound(places, n_workers);
	else
		check_places(places, n_workers, n_places, summary.pus);

	ls_fuzz_check(lockstep_topology_auto_workers(topology, bind, smt, &n_auto, &error) == status,
	              "auto takes the texts that placement takes");
	ls_fuzz_check(status || n_auto == n_places, "auto is one worker a place");
	free(bind);
	return 0;
}
