/* SPDX-License-Identifier: MIT
 *
 * The machine as the library sees it, and where workers would go.
 */
#ifndef LOCKSTEP_TOPOLOGY_H
#define LOCKSTEP_TOPOLOGY_H

#include <stdint.h>

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lockstep_topology lockstep_topology;

/* This machine, restricted to what the process may use; or, with `synthetic`
 * not NULL, the machine that hwloc's synthetic description names
 * ("pack:2 numa:2 core:16 pu:2"), or the XML file it names ("xml:FILE").
 * Caller owns *out. */
LOCKSTEP_API lockstep_status lockstep_topology_create(lockstep_topology **out, const char *synthetic,
                                                      lockstep_error *error);
LOCKSTEP_API void lockstep_topology_destroy(lockstep_topology *topology);

/* What tells CPUs of one name apart: a virtual machine's often says the vendor
 * and no more. Texts are empty, numbers -1 and sizes 0 where not known. */
struct lockstep_processor {
	char vendor[32];                        /* "AuthenticAMD" */
	int32_t family, model, stepping;        /* as the vendor counts them */
	uint64_t l1d_bytes, l2_bytes, l3_bytes; /* of one cache of each level, above a core of the fastest kind */
};

struct lockstep_topology_summary {
	uint32_t packages, numa_nodes, cores, pus; /* usable by this process */
	uint32_t kinds;                            /* kinds of core (1 unless hybrid) */
	uint32_t preferred_cores;                  /* cores of the fastest kind */
	double cpu_quota;                          /* CPUs the control group grants, fractions included; 0: no limit */
	const char *quota_file; /* where the quota was read; NULL without one; owned by the topology */
	uint32_t auto_workers;  /* workers that "auto" takes before the slices limit it, bind and smt left out */
	char cpu_model[128];    /* empty when unknown */
	struct lockstep_processor processor;
};
LOCKSTEP_API void lockstep_topology_describe(const lockstep_topology *topology,
                                             struct lockstep_topology_summary *summary);

/* Where one worker goes. Package, NUMA node and core are hwloc's logical
 * numbers (L#), the PU is the operating system's (P#); -1: not bound or unknown. */
struct lockstep_place {
	uint32_t worker;
	int32_t package, numa_node, core, pu;
	char cpuset[64]; /* the PUs it is bound to as a list, "2"; empty when not bound */
	int shared;      /* non-zero: another worker sits on the same core (with smt or a list: the same PU) */
};

/* Workers that "auto" takes under `bind` and `smt`, before the slices limit it:
 * one a core of the fastest kind (with smt one a hardware thread, under "list:"
 * one a PU of the list), but not above the control group's quota rounded down. */
LOCKSTEP_API lockstep_status lockstep_topology_auto_workers(const lockstep_topology *topology, const char *bind,
                                                            int smt, uint32_t *n_workers, lockstep_error *error);

/* Placement of n_workers (0: lockstep_topology_auto_workers()) under `bind` and
 * `smt`: a pure function of its arguments. `places` [n_workers] is the
 * caller's.
 *
 * "close" (NULL) fills cores in topology order; "spread" distributes workers
 * evenly over packages, NUMA nodes, caches and cores; "list:0,2,4-7" takes
 * these PUs in turn, by the operating system's numbers; "none" binds nobody.
 * One worker goes to each core, on its first PU; with `smt` non-zero every PU
 * is a place of its own. Slower kinds of core follow when the fastest kind is
 * taken, and with more workers than places a second round begins. */
LOCKSTEP_API lockstep_status lockstep_topology_place(const lockstep_topology *topology, uint32_t n_workers,
                                                     const char *bind, int smt, struct lockstep_place *places,
                                                     lockstep_error *error);

/* The tree of the machine as indented text, one object a line; the text is
 * owned by the topology and lives as long as it does. */
LOCKSTEP_API lockstep_status lockstep_topology_text(lockstep_topology *topology, const char **text,
                                                    lockstep_error *error);

/* The machine in hwloc's XML, which lockstep_topology_create() reads back from a file
 * ("xml:FILE") and hwloc's own programs do; without the names of host, process and
 * control group. Owned by the topology as the text above is. */
LOCKSTEP_API lockstep_status lockstep_topology_xml(lockstep_topology *topology, const char **xml,
                                                   lockstep_error *error);

#ifdef __cplusplus
}
#endif

#endif
