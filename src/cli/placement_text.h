/* SPDX-License-Identifier: MIT
 *
 * A machine and where its workers would go, as text with the reasons, or as
 * JSON.
 */
#ifndef LS_CLI_PLACEMENT_TEXT_H
#define LS_CLI_PLACEMENT_TEXT_H

#include <stdint.h>

#include "lockstep/environment.h"
#include "lockstep/topology.h"

struct ls_placement {
	const struct lockstep_topology_summary *machine;
	const struct lockstep_environment *environment; /* NULL: the machine is not this one */
	const char *bind;
	int smt;
	int automatic; /* the number of workers was left to the machine */
	uint32_t n_workers;
	const struct lockstep_place *places; /* [n_workers] */
};

void ls_placement_print(const struct ls_placement *placement);

/* Non-zero when memory is short. */
int ls_placement_print_json(const struct ls_placement *placement);

#endif
