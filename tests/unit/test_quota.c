/* SPDX-License-Identifier: MIT
 *
 * Control group quotas, read from folder trees made for each test.
 */
#define _GNU_SOURCE /* nftw() */
#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "team/quota.h"

static char root[64];

static void make_root(void)
{
	strcpy(root, "/tmp/lockstep-quota-XXXXXX");
	cr_assert(mkdtemp(root));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the root, with the folders that lead to it. */
static void put(const char *path, const char *text)
{
	char full[512];
	snprintf(full, sizeof full, "%s%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	FILE *file = fopen(full, "w");
	cr_assert(file, "%s", full);
	fputs(text, file);
	fclose(file);
}

/* `file` is expected behind the root; empty: none. */
static void expect_quota(double cpus, const char *file)
{
	struct ls_quota quota;
	memset(&quota, 0x5a, sizeof quota);
	ls_quota_read(root, &quota);
	cr_assert_eq(quota.cpus, cpus, "%g instead of %g", quota.cpus, cpus);
	if (*file)
		cr_assert_str_eq(quota.file + strlen(root), file);
	else
		cr_assert_str_empty(quota.file);
}

TestSuite(quota, .init = make_root, .fini = remove_root);

Test(quota, empty_tree_has_no_limit)
{
	expect_quota(0, "");
}

Test(quota, unified_group_is_read)
{
	put("/proc/self/cgroup", "0::/user.slice/job\n");
	put("/sys/fs/cgroup/user.slice/job/cpu.max", "250000 100000\n");
	expect_quota(2.5, "/sys/fs/cgroup/user.slice/job/cpu.max");
}

Test(quota, unified_max_is_no_limit)
{
	put("/proc/self/cgroup", "0::/job\n");
	put("/sys/fs/cgroup/job/cpu.max", "max 100000\n");
	expect_quota(0, "");
}

Test(quota, tightest_level_wins)
{
	put("/proc/self/cgroup", "0::/a/b/c\n");
	put("/sys/fs/cgroup/a/cpu.max", "300000 100000\n");
	put("/sys/fs/cgroup/a/b/cpu.max", "50000 50000\n");
	put("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
	expect_quota(1, "/sys/fs/cgroup/a/b/cpu.max");
	put("/sys/fs/cgroup/cpu.max", "50000 100000\n");
	expect_quota(0.5, "/sys/fs/cgroup/cpu.max");
}

Test(quota, group_at_the_root_is_read_once)
{
	put("/proc/self/cgroup", "0::/\n");
	put("/sys/fs/cgroup/cpu.max", "400000 100000\n");
	expect_quota(4, "/sys/fs/cgroup/cpu.max");
}

Test(quota, container_sees_its_group_at_the_mount)
{
	put("/proc/self/cgroup", "0::/system.slice/container-1234.scope\n");
	put("/sys/fs/cgroup/cpu.max", "150000 100000\n");
	expect_quota(1.5, "/sys/fs/cgroup/cpu.max");
}

Test(quota, group_outside_of_the_namespace_falls_back_to_the_mount)
{
	put("/proc/self/cgroup", "0::/../../other\n");
	put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	put("/sys/other/cpu.max", "1000 100000\n");
	expect_quota(2, "/sys/fs/cgroup/cpu.max");
}

Test(quota, version_1_is_read)
{
	put("/proc/self/cgroup", "5:memory:/m\n4:cpuacct,cpu:/job\n3:cpuset:/s\n0::/\n");
	put("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "350000\n");
	put("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
	expect_quota(3.5, "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us");
}

Test(quota, version_1_mounted_under_its_full_name_is_read)
{
	put("/proc/self/cgroup", "4:cpu,cpuacct:/job\n");
	put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "100000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "50000\n");
	expect_quota(2, "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us");
}

Test(quota, version_1_minus_one_is_no_limit)
{
	put("/proc/self/cgroup", "4:cpu:/\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	expect_quota(0, "");
}

Test(quota, cpuset_and_cpuacct_are_not_cpu)
{
	put("/proc/self/cgroup", "4:cpuset,cpuacct:/\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000\n");
	put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	expect_quota(0, "");
}

Test(quota, nonsense_is_no_limit)
{
	static const char *const texts[] = {"",         "\n",         "0 100000", "-5 100000",
	                                    "100000 0", "nan 100000", "inf 1",    "100000 nan"};
	put("/proc/self/cgroup", "nothing\n:\n::\n0:\n0::relative\n0::/\n");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		put("/sys/fs/cgroup/cpu.max", texts[i]);
		expect_quota(0, "");
	}
}

Test(quota, very_long_group_names_are_left_out)
{
	char line[6000] = "0::/";
	memset(line + 4, 'x', sizeof line - 6);
	put("/proc/self/cgroup", line);
	expect_quota(0, "");
}
