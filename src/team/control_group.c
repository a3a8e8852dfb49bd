/* SPDX-License-Identifier: MIT
 *
 * Every level from the process's group to the root of the mount is visited. Inside a container /proc/self/cgroup may
 * name folders that are not mounted there; they hold no files, and the mount's root is then the container's own group.
 */
#include "control_group.h"

#include <stdio.h>
#include <string.h>

/* Where systemd and the container runtimes mount the hierarchies. */
static const char *const mounts[LS_N_CONTROL_GROUP_MOUNTS] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified",
                                                              "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"};
#define UNIFIED_MOUNT 0
#define CPU_MOUNT 2

struct walk {
	const char *root;
	void (*visit)(const struct ls_control_group *group, void *context);
	void *context;
};

/* Visits the group below the mount and every group above it. */
static void walk_up(const struct walk *walk, int mount, const char *group)
{
	char folder[4096];
	const struct ls_control_group visited = {folder, mount < CPU_MOUNT, mount};
	int top = snprintf(folder, sizeof folder, "%s%s", walk->root, mounts[mount]);
	int end = snprintf(folder, sizeof folder, "%s%s%s", walk->root, mounts[mount], group);
	if (end >= (int)sizeof folder)
		return;
	while (end > top && folder[end - 1] == '/')
		folder[--end] = '\0';
	for (;;) {
		walk->visit(&visited, walk->context);
		if (end <= top)
			return;
		while (end > top && folder[end] != '/')
			end--;
		folder[end] = '\0';
	}
}

static int names_cpu(const char *controllers)
{
	for (const char *name = controllers; name; name = strchr(name, ',')) {
		name += *name == ',';
		if (!strncmp(name, "cpu", 3) && (name[3] == ',' || name[3] == '\0'))
			return 1;
	}
	return 0;
}

/* One line of /proc/self/cgroup: "ID:CONTROLLERS:/PATH", with no controllers
 * for the unified hierarchy. A path that leaves its mount ("/..", a group
 * outside the namespace) leaves the mount's root to read. */
static void read_membership(const struct walk *walk, char *line)
{
	char *controllers = strchr(line, ':');
	char *group = controllers ? strchr(controllers + 1, ':') : NULL;
	if (!group)
		return;
	*controllers++ = '\0';
	*group++ = '\0';
	group[strcspn(group, "\n")] = '\0';
	if (group[0] != '/' || strstr(group, "/.."))
		group[0] = '\0';

	int mount = *controllers ? CPU_MOUNT : UNIFIED_MOUNT;
	if (*controllers && !names_cpu(controllers))
		return;
	walk_up(walk, mount, group);
	walk_up(walk, mount + 1, group);
}

void ls_control_group_walk(const char *root, void (*visit)(const struct ls_control_group *group, void *context),
                           void *context)
{
	const struct walk walk = {root, visit, context};
	char path[4096], line[4096];
	if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path)
		return;
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof line, file))
		read_membership(&walk, line);
	fclose(file);
}
