/* SPDX-License-Identifier: MIT
 *
 * Reading the environment of a measurement (lockstep/environment.h), of this machine or of a tree of files.
 */
#ifndef LS_TEAM_ENVIRONMENT_READ_H
#define LS_TEAM_ENVIRONMENT_READ_H

#include "cpu_set.h"
#include "lockstep/environment.h"

/* As lockstep_environment_read(), for a process that may use `cpus`. `root` is put before every path ("": the machine
 * itself), so that a test can bring a tree of its own; the process is whom its /proc/self links to. No thread is looked
 * at later than `seconds` after the look at threads began. */
void ls_environment_read(const char *root, const struct ls_cpu_set *cpus, double seconds,
                         struct lockstep_environment *environment);

/* The part of it that looks at other processes' threads: n_pinned, pinned, pinned_is_partial. */
void ls_environment_read_threads(const char *root, const struct ls_cpu_set *cpus, double seconds,
                                 struct lockstep_environment *environment);

#endif
