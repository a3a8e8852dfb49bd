/* SPDX-License-Identifier: MIT
 *
 * The control group's files, in a tree of their own: membership and the limits
 * of three groups, with a mark between them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "team/quota.h"

#define MARK "\x1e"

static const char *const folders[] = {
    "proc", "proc/self", "sys", "sys/fs", "sys/fs/cgroup", "sys/fs/cgroup/a", "sys/fs/cgroup/a/b", "sys/fs/cgroup/cpu"};

static const char *const files[] = {
    "proc/self/cgroup",
    "sys/fs/cgroup/cpu.max",
    "sys/fs/cgroup/a/cpu.max",
    "sys/fs/cgroup/a/b/cpu.max",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void make_folders(void)
{
	static int made;
	char path[LS_FUZZ_PATH];
	for (size_t i = 0; !made && i < COUNT(folders); i++) {
		ls_fuzz_path(path, folders[i]);
		ls_fuzz_check(!mkdir(path, 0700), "a scratch folder can be made");
	}
	made = 1;
}

int ls_fuzz_one(const uint8_t *bytes, size_t n)
{
	struct ls_fuzz_input input = {bytes, bytes + n};
	char path[LS_FUZZ_PATH];
	struct ls_quota quota;

	make_folders();
	for (size_t i = 0; i < COUNT(files); i++) {
		struct ls_fuzz_input part = ls_fuzz_take_part(&input, MARK);
		ls_fuzz_path(path, files[i]);
		ls_fuzz_write(path, part.at, ls_fuzz_left(&part));
	}
	ls_fuzz_path(path, "");
	ls_quota_read(path, &quota);
	ls_fuzz_check(quota.cpus >= 0 && isfinite(quota.cpus), "a quota is a finite number of CPUs, or none");
	ls_fuzz_check(memchr(quota.file, '\0', sizeof quota.file) != NULL, "a file's name ends");
	ls_fuzz_check(!*quota.file == (quota.cpus == 0), "a quota has its file");
	ls_fuzz_check(!*quota.file || !access(quota.file, R_OK), "the file of a quota is there");
	return 0;
}
