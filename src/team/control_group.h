/* SPDX-License-Identifier: MIT
 *
 * The folders of the process's CPU control groups, from its own up to the roots. Control groups 1 and 2.
 */
#ifndef LS_TEAM_CONTROL_GROUP_H
#define LS_TEAM_CONTROL_GROUP_H

#define LS_N_CONTROL_GROUP_MOUNTS 4

struct ls_control_group {
	const char *folder; /* for the call only */
	int is_unified;     /* version 2 */
	int mount;          /* which of LS_N_CONTROL_GROUP_MOUNTS it is below; two may show the same groups */
};

/* Calls visit() for each of them. `root` is put before every path ("": the machine itself), so that a test can
 * bring a tree of its own. A folder need not exist. */
void ls_control_group_walk(const char *root, void (*visit)(const struct ls_control_group *group, void *context),
                           void *context);

#endif
