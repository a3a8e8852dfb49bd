/* SPDX-License-Identifier: MIT
 *
 * What else on this machine may show in a measurement: clock, hardware threads, quota, other work. Read before
 * and after measuring, and judged. What the lines mean is in doc/scaling.md.
 */
#ifndef LOCKSTEP_ENVIRONMENT_H
#define LOCKSTEP_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

#include "lockstep/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Texts are printable ASCII. They are empty, and numbers as said, where the system does not tell. */
struct lockstep_environment {
	uint32_t n_cpus;          /* hardware threads that the calling thread may use; 0: not known */
	uint32_t n_cores;         /* that they are on; 0: not known */
	uint32_t n_online;        /* hardware threads of the machine; 0: not known */
	char governor[64];        /* of the clocks of n_cpus; several with ',' */
	char driver[64];          /* of their clocks, likewise */
	int boost;                /* clocks above the nominal one: 1 allowed, 0 not, -1 not known */
	int smt;                  /* hardware threads share cores: 1 on, 0 off or there are none, -1 not known */
	char hypervisor[32];      /* that the machine is a guest of, "kvm"; "unnamed" if only that is known */
	char kernel[128];         /* name and release */
	double cpu_quota;         /* CPUs the control group grants, fractions included; 0: no limit */
	uint64_t n_throttled;     /* periods in which the control group or one above was held up, since they began */
	double throttled_seconds; /* by which, of all CPUs */
	double stolen_seconds;    /* in which the hypervisor ran something else on n_cpus, since the machine began */
	double load[3];           /* averages over 1, 5 and 15 minutes, of the whole machine; -1: not known */
	uint32_t n_pinned;        /* threads of other processes that are bound to some of n_cpus: see below */
	int pinned_is_partial;    /* there are so many threads that not all were looked at */
	char pinned[128];         /* of one of them: "PID NAME on 0-3" */
	double uptime;            /* seconds, for differences; 0: not known */
};

/* Reads what there is; nothing in it can fail. It takes milliseconds: no thread of others is looked at later than 20 ms
 * after the first.
 *
 * Bound are threads that may use fewer CPUs than process 1 of this system or container. Kernel threads are left out,
 * and the processes that this one descends from, whose binding it may have inherited. What the system hides, as a
 * container does, is not counted. */
LOCKSTEP_API void lockstep_environment_read(struct lockstep_environment *environment);

/* What the measuring was like, for judging. */
struct lockstep_environment_use {
	uint32_t workers; /* most at once */
	int is_bound;     /* they were */
};

/* Tells, a line each, what spoils a measurement that was taken between two readings (`after` may be NULL: not yet),
 * the worst first. Returns the number of lines. What is not known is not told.
 *
 * The lines, in order: the control group was throttled meanwhile; there are more workers than its quota; the hypervisor
 * took more than 1 % of the workers' CPU time; the load average before was more than half of the CPUs that the workers
 * leave free (and 0.25); the governor is not "performance"; others are bound to CPUs of this process; with
 * SMT, workers are on all cores; boost is on; the machine is a guest. A line is borrowed for the call of tell(), has no
 * end of line and fits into 512 bytes. A pure function of its arguments. `tell` may be NULL. */
LOCKSTEP_API size_t lockstep_environment_judge(const struct lockstep_environment *before,
                                               const struct lockstep_environment *after,
                                               const struct lockstep_environment_use *use,
                                               void (*tell)(const char *line, void *context), void *context);

#ifdef __cplusplus
}
#endif

#endif
