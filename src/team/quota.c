/* SPDX-License-Identifier: MIT
 *
 * A group's limit binds all groups below it, so every level from the process's
 * group to the root of the mount is read and the tightest one kept. Inside a
 * container /proc/self/cgroup may name folders that are not mounted there;
 * they are skipped, and the mount's root is then the container's own group.
 *
 * Nothing here is an error: a file that is missing or says something else is
 * no limit.
 */
#include "quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where systemd and the container runtimes mount the hierarchies. */
static const char *const unified_mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
static const char *const cpu_mounts[] = {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"};

typedef double read_group(const char *folder, char file[4096]);

/* The file's first line; 0 when there is none. */
static int read_line(const char *folder, const char *name, char path[4096], char line[128])
{
	if (snprintf(path, 4096, "%s/%s", folder, name) >= 4096)
		return 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	int found = fgets(line, 128, file) != NULL;
	fclose(file);
	return found;
}

/* "QUOTA PERIOD" in microseconds as CPUs; 0 for "max", "-1" or nonsense. */
static double cpus_of(const char *quota_text, const char *period_text)
{
	double quota = strtod(quota_text, NULL), period = strtod(period_text, NULL);
	return quota > 0 && quota < 1e15 && period >= 1 ? quota / period : 0;
}

static double read_unified_group(const char *folder, char file[4096])
{
	char line[128];
	if (!read_line(folder, "cpu.max", file, line) || !strncmp(line, "max", 3))
		return 0;
	const char *period = strchr(line, ' ');
	return cpus_of(line, period ? period : "100000");
}

static double read_cpu_group(const char *folder, char file[4096])
{
	char quota[128], period[128];
	if (!read_line(folder, "cpu.cfs_period_us", file, period) ||
	    !read_line(folder, "cpu.cfs_quota_us", file, quota))
		return 0;
	return cpus_of(quota, period);
}

static void keep_tighter(struct ls_quota *quota, double cpus, const char *file)
{
	if (cpus <= 0 || (quota->cpus > 0 && quota->cpus <= cpus))
		return;
	quota->cpus = cpus;
	snprintf(quota->file, sizeof quota->file, "%s", file);
}

/* Reads the group of `mount` and every group above it. */
static void walk_up(struct ls_quota *quota, const char *root, const char *mount, const char *group, read_group *read)
{
	char folder[4096], file[4096];
	int top = snprintf(folder, sizeof folder, "%s%s", root, mount);
	int end = snprintf(folder, sizeof folder, "%s%s%s", root, mount, group);
	if (end >= (int)sizeof folder)
		return;
	while (end > top && folder[end - 1] == '/')
		folder[--end] = '\0';
	for (;;) {
		keep_tighter(quota, read(folder, file), file);
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
static void read_membership(struct ls_quota *quota, const char *root, char *line)
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

	if (!*controllers) {
		walk_up(quota, root, unified_mounts[0], group, read_unified_group);
		walk_up(quota, root, unified_mounts[1], group, read_unified_group);
	} else if (names_cpu(controllers)) {
		walk_up(quota, root, cpu_mounts[0], group, read_cpu_group);
		walk_up(quota, root, cpu_mounts[1], group, read_cpu_group);
	}
}

void ls_quota_read(const char *root, struct ls_quota *quota)
{
	char path[4096], line[4096];
	quota->cpus = 0;
	quota->file[0] = '\0';
	if (snprintf(path, sizeof path, "%s/proc/self/cgroup", root) >= (int)sizeof path)
		return;
	FILE *file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof line, file))
		read_membership(quota, root, line);
	fclose(file);
}
