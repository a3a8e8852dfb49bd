/* SPDX-License-Identifier: MIT
 *
 * A group's limit binds all groups below it, so the tightest one on the way from the
 * process's group to the root of the mount is kept.
 *
 * Nothing here is an error: a file that is missing or says something else is
 * no limit.
 */
#include "quota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_group.h"

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

static void read_group(const struct ls_control_group *group, void *context)
{
	char file[4096];
	double cpus = group->is_unified ? read_unified_group(group->folder, file) : read_cpu_group(group->folder, file);
	keep_tighter(context, cpus, file);
}

void ls_quota_read(const char *root, struct ls_quota *quota)
{
	quota->cpus = 0;
	quota->file[0] = '\0';
	ls_control_group_walk(root, read_group, quota);
}
