/* SPDX-License-Identifier: MIT
 *
 * The environment of a measurement: read from folder trees made for each test, and judged from structs.
 */
#define _GNU_SOURCE /* nftw() */
#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lockstep/environment.h"
#include "team/environment/read.h"
#include "team/environment/system_file.h"

#define LONG_ENOUGH 1e6 /* seconds for the look at threads */
#define CPU "/sys/devices/system/cpu"

static char root[64];
static struct lockstep_environment environment;

static void make_root(void)
{
	strcpy(root, "/tmp/lockstep-environment-XXXXXX");
	cr_assert(mkdtemp(root));
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status, (void)type, (void)walk;
	return remove(path);
}

static void remove_root(void)
{
	nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Makes the folders that lead to a path below the root, which is given whole. */
static void lead_to(const char *path, char full[512])
{
	snprintf(full, 512, "%s%s", root, path);
	for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
}

static void put_bytes(const char *path, const char *bytes, size_t n)
{
	char full[512];
	lead_to(path, full);
	remove(full); /* a file system may flush one that is written again */
	FILE *file = fopen(full, "w");
	cr_assert(file, "%s", full);
	fwrite(bytes, 1, n, file);
	fclose(file);
}

static void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

/* Thread `tid` of process `pid`, of `n_threads`; its status is the process's where both are the same. */
static void put_thread(long pid, long tid, int n_threads, const char *cpus)
{
	char path[128], text[256];
	snprintf(
	    text, sizeof text,
	    "Name:\tthread %ld\nState:\tS (sleeping)\nPPid:\t1\nVmSize:\t 1000 kB\nThreads:\t%d\nCpus_allowed:\tf\n"
	    "Cpus_allowed_list:\t%s\n",
	    tid, n_threads, cpus);
	snprintf(path, sizeof path, "/proc/%ld/task/%ld/status", pid, tid);
	put(path, text);
	snprintf(path, sizeof path, "/proc/%ld/status", pid);
	if (pid == tid)
		put(path, text);
}

static struct ls_cpu_set set_of(const char *list)
{
	struct ls_cpu_set set;
	cr_assert(ls_cpu_set_parse(&set, list), "%s", list);
	return set;
}

static void read_for(const char *list)
{
	struct ls_cpu_set cpus = set_of(list);
	memset(&environment, 0x5a, sizeof environment);
	ls_environment_read(root, &cpus, LONG_ENOUGH, &environment);
}

TestSuite(environment, .init = make_root, .fini = remove_root);

/* ---- Sets of CPUs ------------------------------------------------------ */

Test(environment, lists_of_cpus_are_read)
{
	struct ls_cpu_set set = set_of("0-3,8,8191\n");
	cr_assert_eq(ls_cpu_set_count(&set), 6);
	cr_assert(ls_cpu_set_has(&set, 0) && ls_cpu_set_has(&set, 3) && ls_cpu_set_has(&set, 8191));
	cr_assert(!ls_cpu_set_has(&set, 4) && !ls_cpu_set_has(&set, 8192));
}

Test(environment, what_is_no_list_is_the_empty_set)
{
	static const char *const texts[] = {"",     "\n",   "-1",  "3-1",   "0-8192", "8192", "0,",
	                                    ",0",   "0-",   "0x1", "0 1",   "a",      "0-3;", "99999999999999999999",
	                                    "0--1", "+1-2", "1-",  "1,-2,", " 1"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct ls_cpu_set set;
		memset(&set, 0x5a, sizeof set);
		cr_assert(!ls_cpu_set_parse(&set, texts[i]), "'%s'", texts[i]);
		cr_assert_eq(ls_cpu_set_count(&set), 0);
	}
}

Test(environment, numbers_do_not_ask_the_locale)
{
	cr_assert_eq(ls_system_file_number("0.98 0.26"), 0.98);
	cr_assert_eq(ls_system_file_number("25838.88"), 25838.88);
	cr_assert_eq(ls_system_file_number("7"), 7);
	cr_assert_eq(ls_system_file_number("-1"), -1);
	cr_assert_eq(ls_system_file_number(".5"), -1);
	cr_assert_eq(ls_system_file_number("nan"), -1);
	cr_assert_eq(ls_system_file_number(""), -1);
}

/* ---- Reading ----------------------------------------------------------- */

Test(environment, empty_tree_tells_nothing)
{
	read_for("0-1");
	const struct lockstep_environment nothing = {.n_cpus = 2, .boost = -1, .smt = -1, .load = {-1, -1, -1}};
	cr_assert_eq(memcmp(&environment, &nothing, sizeof nothing), 0);
}

Test(environment, clocks_of_the_processs_cpus_are_read)
{
	put(CPU "/online", "0-3\n");
	for (int i = 0; i < 4; i++) {
		char path[128];
		snprintf(path, sizeof path, CPU "/cpu%d/cpufreq/scaling_governor", i);
		put(path, i == 0 ? "performance\n" : i == 1 ? "performance" : i == 2 ? "schedutil\n" : "ondemand\n");
		snprintf(path, sizeof path, CPU "/cpu%d/cpufreq/scaling_driver", i);
		put(path, "intel_cpufreq\n");
		snprintf(path, sizeof path, CPU "/cpu%d/topology/thread_siblings_list", i);
		put(path, i % 2 ? "1,3\n" : "0,2\n");
	}
	read_for("0-1");
	cr_assert_str_eq(environment.governor, "performance");
	cr_assert_eq(environment.n_cores, 2);
	read_for("0-2");
	cr_assert_str_eq(environment.governor, "performance,schedutil");
	cr_assert_str_eq(environment.driver, "intel_cpufreq");
	cr_assert_eq(environment.n_cpus, 3);
	cr_assert_eq(environment.n_cores, 2);
	cr_assert_eq(environment.n_online, 4);
}

Test(environment, one_core_that_is_not_known_makes_their_number_unknown)
{
	put(CPU "/cpu0/topology/thread_siblings_list", "0\n");
	read_for("0-1");
	cr_assert_eq(environment.n_cores, 0);
}

Test(environment, boost_and_smt_are_switches)
{
	put(CPU "/cpufreq/boost", "0\n");
	put(CPU "/smt/active", "1\n");
	read_for("0");
	cr_assert_eq(environment.boost, 0);
	cr_assert_eq(environment.smt, 1);
	put(CPU "/intel_pstate/no_turbo", "0\n");
	read_for("0");
	cr_assert_eq(environment.boost, 1, "intel_pstate's is asked first");
	put(CPU "/intel_pstate/no_turbo", "1\n");
	put(CPU "/smt/active", "2\n");
	read_for("0");
	cr_assert_eq(environment.boost, 0);
	cr_assert_eq(environment.smt, -1);
}

Test(environment, kernel_load_and_time_are_read)
{
	put("/proc/sys/kernel/ostype", "Linux\n");
	put("/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
	put("/proc/loadavg", "0.98 12.26 0.71 5/118 13306\n");
	put("/proc/uptime", "25838.88 13745.31\n");
	read_for("0");
	cr_assert_str_eq(environment.kernel, "Linux 6.1.0-13-amd64");
	cr_assert_eq(environment.load[0], 0.98);
	cr_assert_eq(environment.load[1], 12.26);
	cr_assert_eq(environment.load[2], 0.71);
	cr_assert_eq(environment.uptime, 25838.88);
}

Test(environment, stolen_time_is_of_our_cpus)
{
	put("/proc/stat", "cpu  1 2 3 4 5 6 7 9000 0 0\ncpu0 1 2 3 4 5 6 7 200 0 0\ncpu1 1 2 3 4 5 6 7 400 0 0\n"
	                  "cpu2 1 2 3 4\nintr 5 cpu1 1 2 3 4 5 6 7 8\n");
	double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);
	read_for("1");
	cr_assert_float_eq(environment.stolen_seconds, 400 * tick, 1e-9);
	read_for("0-2");
	cr_assert_float_eq(environment.stolen_seconds, 600 * tick, 1e-9);
}

Test(environment, throttling_of_all_groups_above_adds_up)
{
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/b/cpu.max", "150000 100000\n");
	put("/sys/fs/cgroup/a/b/cpu.stat", "usage_usec 5\nnr_periods 9\nnr_throttled 4\nthrottled_usec 1500000\n");
	put("/sys/fs/cgroup/a/cpu.stat", "nr_throttled 3\nthrottled_usec 500000");
	put("/sys/fs/cgroup/other/cpu.stat", "nr_throttled 100\nthrottled_usec 500000");
	read_for("0");
	cr_assert_eq(environment.cpu_quota, 1.5);
	cr_assert_eq(environment.n_throttled, 7);
	cr_assert_float_eq(environment.throttled_seconds, 2, 1e-9);
}

Test(environment, version_1_is_read_once_though_mounted_twice)
{
	char to[512], from[512];
	put("/proc/self/cgroup", "4:cpu,cpuacct:/job\n0::/\n");
	put("/sys/fs/cgroup/cpu,cpuacct/job/cpu.stat", "nr_periods 9\nnr_throttled 5\nthrottled_time 2500000000\n");
	lead_to("/sys/fs/cgroup/cpu", from);
	snprintf(to, sizeof to, "%s/sys/fs/cgroup/cpu,cpuacct", root);
	cr_assert_eq(symlink(to, from), 0);
	read_for("0");
	cr_assert_eq(environment.n_throttled, 5);
	cr_assert_float_eq(environment.throttled_seconds, 2.5, 1e-9);
}

static void expect_hypervisor(const char *name)
{
	read_for("0");
	cr_assert_str_eq(environment.hypervisor, name);
}

Test(environment, a_flag_says_that_there_is_a_hypervisor)
{
	put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor lahf_lm\nbugs\t: x\n");
	expect_hypervisor("unnamed");
	put("/sys/class/dmi/id/sys_vendor", "QEMU\n");
	expect_hypervisor("kvm");
	put("/sys/class/dmi/id/sys_vendor", "Microsoft Corporation\n");
	put("/sys/class/dmi/id/product_name", "Virtual Machine\n");
	expect_hypervisor("hyper-v");
	put("/sys/hypervisor/type", "xen\n");
	expect_hypervisor("xen");
}

Test(environment, a_whole_machine_of_a_cloud_is_no_guest)
{
	put("/sys/class/dmi/id/sys_vendor", "Google\n");
	put("/proc/cpuinfo", "flags\t\t: fpu lahf_lm\nmodel name\t: hypervisor\n");
	expect_hypervisor("");
	put("/proc/cpuinfo", "Features\t: fp asimd\n");
	put("/sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
	put("/sys/class/dmi/id/product_name", "c6g.metal\n");
	expect_hypervisor("");
	put("/sys/class/dmi/id/product_name", "c6g.large\n");
	expect_hypervisor("nitro");
}

/* ---- Threads of others ------------------------------------------------- */

Test(environment, bound_threads_of_others_are_counted)
{
	put(CPU "/online", "0-7\n");
	put_thread(1, 1, 1, "0-7");
	put_thread(50, 50, 1, "0-3");  /* bound */
	put_thread(51, 51, 1, "4-7");  /* not to ours */
	put_thread(52, 52, 1, "0-15"); /* anywhere */
	put_thread(53, 53, 3, "0-7");  /* one of three is */
	put_thread(53, 54, 3, "2");
	put_thread(53, 55, 3, "0-7");
	read_for("0-3");
	cr_assert_eq(environment.n_pinned, 2, "%u", environment.n_pinned);
	cr_assert_eq(environment.pinned_is_partial, 0);
	cr_assert_str_eq(environment.pinned, "53 thread 54 on 2");
}

Test(environment, what_confines_all_binds_nobody)
{
	put(CPU "/online", "0-7\n");
	put_thread(1, 1, 1, "0-3");
	put_thread(50, 50, 1, "0-3");
	read_for("0-3");
	cr_assert_eq(environment.n_pinned, 0);
	put_thread(51, 51, 1, "0-1");
	read_for("0-3");
	cr_assert_eq(environment.n_pinned, 1);
}

Test(environment, the_process_and_those_above_it_are_not_others)
{
	char link[512];
	put(CPU "/online", "0-7\n");
	put("/proc/40/status", "Name:\tsh\nPPid:\t1\nVmSize:\t1 kB\nThreads:\t1\nCpus_allowed_list:\t0-3\n");
	put("/proc/41/status", "Name:\tlockstep\nPPid:\t40\nVmSize:\t1 kB\nThreads:\t1\nCpus_allowed_list:\t0\n");
	read_for("0-3");
	cr_assert_eq(environment.n_pinned, 2, "nobody is the process yet");
	lead_to("/proc/self", link);
	cr_assert_eq(symlink("41", link), 0);
	read_for("0-3");
	cr_assert_eq(environment.n_pinned, 0);
}

Test(environment, kernel_threads_are_left_out)
{
	put(CPU "/online", "0-7\n");
	put("/proc/12/status", "Name:\tkworker/0\nPPid:\t2\nThreads:\t1\nCpus_allowed_list:\t0\n");
	read_for("0-3");
	cr_assert_eq(environment.n_pinned, 0);
}

Test(environment, nobody_is_bound_where_all_cpus_are_not_known)
{
	put_thread(50, 50, 1, "0");
	read_for("0-3");
	cr_assert_eq(environment.n_pinned, 0);
}

Test(environment, a_look_that_takes_too_long_ends)
{
	struct ls_cpu_set cpus = set_of("0-3");
	put(CPU "/online", "0-7\n");
	put_thread(50, 50, 1, "0");
	ls_environment_read(root, &cpus, -1, &environment);
	cr_assert_eq(environment.n_pinned, 0);
	cr_assert_eq(environment.pinned_is_partial, 1);
}

Test(environment, unreadable_files_are_not_known)
{
	char full[512];
	put(CPU "/smt/active", "1\n");
	lead_to(CPU "/smt/active", full);
	if (geteuid() == 0) { /* who may read everything; a folder nobody can */
		remove(full);
		mkdir(full, 0700);
	} else {
		chmod(full, 0);
	}
	read_for("0");
	cr_assert_eq(environment.smt, -1);
}

/* ---- Hostile files ----------------------------------------------------- */

static const char *const files[] = {
    CPU "/online",
    CPU "/smt/active",
    CPU "/intel_pstate/no_turbo",
    CPU "/cpufreq/boost",
    CPU "/cpu0/cpufreq/scaling_governor",
    CPU "/cpu0/cpufreq/scaling_driver",
    CPU "/cpu0/topology/thread_siblings_list",
    "/proc/loadavg",
    "/proc/uptime",
    "/proc/stat",
    "/proc/cpuinfo",
    "/proc/sys/kernel/osrelease",
    "/proc/1/status",
    "/proc/50/status",
    "/proc/50/task/50/status",
    "/proc/self/cgroup",
    "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/cpu.stat",
    "/sys/fs/cgroup/cpu/cpu.stat",
    "/sys/hypervisor/type",
    "/sys/class/dmi/id/product_name",
};
#define N_FILES (sizeof files / sizeof *files)

static void expect_text(const char *text, size_t size)
{
	cr_assert(memchr(text, '\0', size), "a text ends");
	for (; *text; text++)
		cr_assert(*text >= ' ' && *text <= '~', "a text can be printed");
}

/* Holds for whatever the files say. */
static void expect_sane(void)
{
	expect_text(environment.governor, sizeof environment.governor);
	expect_text(environment.driver, sizeof environment.driver);
	expect_text(environment.hypervisor, sizeof environment.hypervisor);
	expect_text(environment.kernel, sizeof environment.kernel);
	expect_text(environment.pinned, sizeof environment.pinned);
	cr_assert(environment.boost >= -1 && environment.boost <= 1 && environment.smt >= -1 && environment.smt <= 1);
	cr_assert(isfinite(environment.cpu_quota) && environment.cpu_quota >= 0);
	cr_assert(isfinite(environment.throttled_seconds) && environment.throttled_seconds >= 0);
	cr_assert(isfinite(environment.stolen_seconds) && environment.stolen_seconds >= 0);
	cr_assert(isfinite(environment.uptime) && environment.uptime >= 0);
	for (int i = 0; i < 3; i++)
		cr_assert(isfinite(environment.load[i]) && (environment.load[i] >= 0 || environment.load[i] == -1));
	cr_assert(!environment.n_pinned == !*environment.pinned);
	cr_assert_leq(environment.n_cores, environment.n_cpus);
}

Test(environment, hostile_content_is_survived)
{
	static char line[70000];
	memset(line, '9', sizeof line - 1);
	const char *const texts[] = {"",
	                             "\n",
	                             "-1",
	                             "\xff\xfe\x1b[31m",
	                             "nan inf -5 1e999",
	                             "cpu0 1 2 3 4 5 6 7 99999999999999999999999999 0",
	                             "nr_throttled -3\nthrottled_usec 1e400\n",
	                             "nr_throttled 999999999999999999999999\nthrottled_time 99999999999999999999999\n",
	                             line};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (size_t k = 0; k < N_FILES; k++)
			put(files[k], texts[i]);
		read_for("0-1");
		expect_sane();
		cr_assert_eq(environment.n_throttled, 0);
		cr_assert_eq(environment.n_pinned, 0);
	}
}

Test(environment, control_characters_of_a_name_are_not_passed_on)
{
	put(CPU "/online", "0-7\n");
	put("/proc/50/status", "Name:\ta\x1b[31m\xc3(\nVmSize:\t1 kB\nThreads:\t1\nCpus_allowed_list:\t0\n");
	put(CPU "/cpu0/cpufreq/scaling_governor", "on\tde,mand more\n");
	read_for("0");
	cr_assert_str_eq(environment.pinned, "50 a?[31m?( on 0");
	cr_assert_str_eq(environment.governor, "on?de");
}

Test(environment, mangled_files_are_survived)
{
	static const char *const good[N_FILES] = {
	    "0-7\n",
	    "1\n",
	    "0\n",
	    "1\n",
	    "schedutil\n",
	    "intel_pstate\n",
	    "0,4\n",
	    "0.98 0.26 0.71 5/118 13306\n",
	    "25838.88 13745.31\n",
	    "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n",
	    "flags\t: fpu hypervisor\n",
	    "6.1.0\n",
	    "Name:\tinit\nPPid:\t0\nVmSize:\t1 kB\nThreads:\t1\nCpus_allowed_list:\t0-7\n",
	    "Name:\tother\nPPid:\t1\nVmSize:\t1 kB\nThreads:\t2\nCpus_allowed_list:\t0\n",
	    "Name:\tother\nPPid:\t1\nVmSize:\t1 kB\nThreads:\t2\nCpus_allowed_list:\t0\n",
	    "4:cpu:/\n0::/\n",
	    "150000 100000\n",
	    "nr_throttled 4\nthrottled_usec 1500000\n",
	    "nr_throttled 4\nthrottled_time 1500000\n",
	    "xen\n",
	    "KVM\n",
	};
	uint32_t state = 12345;
	for (int round = 0; round < 300; round++) {
		for (size_t k = 0; k < N_FILES; k++) {
			char text[256];
			size_t n = strlen(good[k]);
			memcpy(text, good[k], n);
			for (int hits = round % 4; hits > 0; hits--) {
				state = state * 1664525 + 1013904223;
				text[(state >> 8) % n] = (char)(state >> 24);
			}
			put_bytes(files[k], text, round % 3 ? n : n - state % n);
		}
		read_for("0-1,4");
		expect_sane();
	}
	for (size_t k = 0; k < N_FILES; k++)
		put(files[k], good[k]);
	read_for("0-1,4");
	cr_assert_eq(environment.n_pinned, 1, "unmangled they say something");
	cr_assert_eq(environment.n_throttled, 4);
}

Test(environment, this_machine_is_read)
{
	lockstep_environment_read(&environment);
	expect_sane();
	cr_assert_geq(environment.n_cpus, 1);
	cr_assert_str_not_empty(environment.kernel);
}

/* ---- Judging ----------------------------------------------------------- */

static struct lockstep_environment before, after;
static struct lockstep_environment_use use;
static char told[16][600];
static size_t n_told;

static void remember(const char *line, void *context)
{
	cr_assert_eq(context, &n_told);
	cr_assert_lt(n_told, 16);
	snprintf(told[n_told++], sizeof *told, "%s", line);
}

/* A quiet machine of 8 CPUs on 4 cores, looked at for 100 s; 2 workers. */
static void make_quiet(void)
{
	before =
	    (struct lockstep_environment){.n_cpus = 8, .n_cores = 4, .n_online = 8, .load = {0, 0, 0}, .uptime = 1000};
	strcpy(before.governor, "performance");
	strcpy(before.driver, "acpi-cpufreq");
	after = before;
	after.uptime = 1100;
	use = (struct lockstep_environment_use){2, 1};
}

static size_t judge(const struct lockstep_environment *second)
{
	n_told = 0;
	size_t n = lockstep_environment_judge(&before, second, &use, remember, &n_told);
	cr_assert_eq(n, n_told);
	cr_assert_eq(lockstep_environment_judge(&before, second, &use, NULL, NULL), n);
	for (size_t i = 0; i < n; i++) {
		expect_text(told[i], sizeof told[i]);
		cr_assert_lt(strlen(told[i]), 511, "a line is whole: %s", told[i]);
	}
	return n;
}

static void expect_quiet(void)
{
	size_t n = judge(&after);
	cr_assert_eq(n, 0, "%s", told[0]);
}

/* One line, which has these words. */
static void expect_line(const char *a, const char *b)
{
	cr_assert_eq(judge(&after), 1, "%zu: %s", n_told, told[0]);
	cr_assert(strstr(told[0], a), "%s", told[0]);
	cr_assert(strstr(told[0], b), "%s", told[0]);
}

TestSuite(judging, .init = make_quiet);

Test(judging, a_quiet_machine_is_told_nothing_of)
{
	expect_quiet();
	cr_assert_eq(judge(NULL), 0);
}

Test(judging, nothing_unknown_is_a_problem)
{
	before = (struct lockstep_environment){.boost = -1, .smt = -1, .load = {-1, -1, -1}};
	after = before;
	use.workers = 1000;
	expect_quiet();
	after.stolen_seconds = 1e9; /* of a time that is not known */
	expect_quiet();
}

Test(judging, throttling_is_the_difference)
{
	before.n_throttled = after.n_throttled = 40;
	before.throttled_seconds = after.throttled_seconds = 9;
	expect_quiet();
	cr_assert_eq(judge(NULL), 0);
	after.n_throttled = 77;
	after.throttled_seconds = 11.5;
	expect_line("37 periods", "2.5 s of CPU time");
	after.n_throttled = 41;
	expect_line("1 period ", "2.5 s");
	after.n_throttled = 3;
	expect_quiet();
}

Test(judging, more_workers_than_the_quota)
{
	before.cpu_quota = after.cpu_quota = 2;
	expect_quiet();
	use.workers = 3;
	expect_line("3 workers", "grants 2 CPUs");
	use.workers = 2;
	after.cpu_quota = 1.5;
	expect_line("grants 1.5 CPUs", "no more than 1");
	before.cpu_quota = 0;
	expect_line("grants 1.5 CPUs", "no more than 1");
}

Test(judging, stolen_time_above_1_per_cent)
{
	before.stolen_seconds = 50;
	after.stolen_seconds = 52; /* of 2 workers in 100 s */
	expect_quiet();
	after.stolen_seconds = 52.5;
	expect_line("2.5 s", "1.2 %");
	use.workers = 3;
	expect_quiet();
	use.workers = 64; /* there are 8 */
	after.stolen_seconds = 58;
	before.n_cores = after.n_cores = 0;
	expect_quiet();
	after.stolen_seconds = 59;
	expect_line("8 CPUs", "1.1 %");
	after.stolen_seconds = 10;
	expect_quiet();
}

Test(judging, load_that_competes)
{
	before.load[0] = 3; /* half of the 6 that are free */
	expect_quiet();
	before.load[0] = 3.01;
	expect_line("3.01", "6 of 8 CPUs");
	use.workers = 8;
	before.load[0] = 0.25;
	expect_quiet();
	before.load[0] = 0.26;
	expect_line("0.26", "0 of 8 CPUs");
	before.load[0] = 0;
	after.load[0] = 8; /* its own */
	expect_quiet();
}

Test(judging, governors_that_move_the_clock)
{
	strcpy(before.governor, "performance,schedutil");
	expect_line("performance,schedutil (driver acpi-cpufreq)", "follows the load");
	strcpy(before.governor, "powersave");
	expect_line("powersave", "lowest clock");
	strcpy(before.driver, "amd-pstate-epp");
	expect_line("powersave", "is dynamic");
	strcpy(before.driver, "intel_pstate");
	expect_line("powersave", "is dynamic");
	strcpy(before.governor, "performance");
	expect_quiet();
	strcpy(after.governor, "ondemand");
	expect_line("ondemand", "cpupower");
	strcpy(after.governor, "userspace");
	expect_line("userspace", "a program");
	after.governor[0] = '\0';
	expect_quiet();
}

Test(judging, bound_threads_of_others)
{
	before.n_pinned = 1;
	strcpy(before.pinned, "50 other on 0-3");
	expect_line("1 thread of other processes is bound", "(50 other on 0-3)");
	after.n_pinned = 3;
	after.pinned_is_partial = 1;
	strcpy(after.pinned, "51 more on 2");
	expect_line("at least 3 threads", "(51 more on 2)");
}

Test(judging, smt_matters_when_all_cores_are_taken)
{
	before.smt = after.smt = 1;
	use.workers = 3;
	expect_quiet();
	use.workers = 4;
	expect_line("4 workers take all 4 cores", "SMT");
	before.n_cores = 0;
	expect_quiet();
	before.n_cores = 4;
	before.smt = after.smt = 0;
	expect_quiet();
}

Test(judging, boost_is_told_with_its_switch)
{
	before.boost = 1;
	expect_line("boost is on", "echo 0 >/sys/devices/system/cpu/cpufreq/boost");
	strcpy(before.driver, "intel_cpufreq");
	expect_line("boost is on", "echo 1 >/sys/devices/system/cpu/intel_pstate/no_turbo");
	before.boost = 0;
	expect_quiet();
	after.boost = 1;
	expect_line("boost is on", "no_turbo");
}

Test(judging, the_worst_comes_first)
{
	static const char *const order[] = {"throttled in",     "grants",   "hypervisor took",
	                                    "load average",     "governor", "bound to",
	                                    "hardware threads", "boost",    "guest"};
	after.n_throttled = UINT64_MAX;
	after.throttled_seconds = 1e18;
	before.cpu_quota = 1;
	after.stolen_seconds = 150;
	before.load[0] = 100000;
	memset(before.governor, 'g', sizeof before.governor - 1);
	memset(before.driver, 'd', sizeof before.driver - 1);
	before.n_pinned = UINT32_MAX;
	before.pinned_is_partial = 1;
	memset(before.pinned, 'p', sizeof before.pinned - 1);
	before.smt = before.boost = 1;
	memset(before.hypervisor, 'h', sizeof before.hypervisor - 1);
	use.workers = UINT32_MAX;
	cr_assert_eq(judge(&after), sizeof order / sizeof *order);
	for (size_t i = 0; i < n_told; i++)
		cr_assert(strstr(told[i], order[i]), "%zu: %s", i, told[i]);
}
