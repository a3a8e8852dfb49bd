/* SPDX-License-Identifier: MIT
 *
 * The CPU quota of the process's control group: how many CPUs' worth of time
 * it may use, whatever number of CPUs it sees. Control groups 1 and 2.
 */
#ifndef LS_TEAM_QUOTA_H
#define LS_TEAM_QUOTA_H

struct ls_quota {
	double cpus;     /* fractions included; 0: no limit */
	char file[4096]; /* where it was read; empty without a limit */
};

/* The tightest quota on the way from the process's groups up to the roots.
 * `root` is put before every path ("": the machine itself), so that a test can
 * bring a tree of its own. A missing or unreadable file is no limit. */
void ls_quota_read(const char *root, struct ls_quota *quota);

#endif
