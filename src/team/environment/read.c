/* SPDX-License-Identifier: MIT
 *
 * Every fact has a file of its own and nothing depends on another, so whatever cannot be read, or is no text or
 * number of its kind, is not known, and the rest is. Nothing is an error.
 */
#include "read.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "system_file.h"
#include "team/control_group.h"
#include "team/quota.h"

#define CPU_FOLDER "/sys/devices/system/cpu"
#define THREADS_SECONDS 0.02 /* enough for some 1500 */

/* ---- Clock, hardware threads ------------------------------------------- */

/* Adds a name to a list with ',' unless it is there. */
static void add_name(char *list, size_t size, const char *name)
{
	size_t length = strlen(list), n = strlen(name);
	for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ','))
		if (strcspn(at, ",") == n && !strncmp(at, name, n))
			return;
	if (length + n + 2 <= size)
		snprintf(list + length, size - length, "%s%s", length ? "," : "", name);
}

static void read_names(const char *root, uint32_t cpu, const char *file, char list[64])
{
	char name[32];
	if (!ls_system_file_line(name, sizeof name, "%s" CPU_FOLDER "/cpu%u/cpufreq/%s", root, cpu, file))
		return;
	name[strcspn(name, ", ")] = '\0';
	if (*name)
		add_name(list, 64, name);
}

/* The content of a file that is a truth value; -1: it is not. */
static int read_switch(const char *root, const char *file)
{
	char line[16];
	ls_system_file_line(line, sizeof line, "%s" CPU_FOLDER "/%s", root, file);
	return strcmp(line, "0") == 0 ? 0 : strcmp(line, "1") == 0 ? 1 : -1;
}

static int read_boost(const char *root)
{
	int is_off = read_switch(root, "intel_pstate/no_turbo");
	return is_off >= 0 ? !is_off : read_switch(root, "cpufreq/boost");
}

/* Whether the CPU is the first one of ours on its core; -1: not known. */
static int begins_core(const char *root, const struct ls_cpu_set *cpus, uint32_t cpu)
{
	struct ls_cpu_set siblings;
	char list[256];
	ls_system_file_line(list, sizeof list, "%s" CPU_FOLDER "/cpu%u/topology/thread_siblings_list", root, cpu);
	if (!ls_cpu_set_parse(&siblings, list))
		return -1;
	for (uint32_t i = 0; i < cpu; i++)
		if (ls_cpu_set_has(&siblings, i) && ls_cpu_set_has(cpus, i))
			return 0;
	return 1;
}

static void read_cpus(const char *root, const struct ls_cpu_set *cpus, struct lockstep_environment *environment)
{
	struct ls_cpu_set online;
	char list[4096];
	int is_known = 1;
	ls_system_file_line(list, sizeof list, "%s" CPU_FOLDER "/online", root);
	ls_cpu_set_parse(&online, list);
	environment->n_online = ls_cpu_set_count(&online);
	environment->n_cpus = ls_cpu_set_count(cpus);
	for (uint32_t cpu = 0; cpu < LS_CPU_SET_MAX; cpu++) {
		if (!ls_cpu_set_has(cpus, cpu))
			continue;
		read_names(root, cpu, "scaling_governor", environment->governor);
		read_names(root, cpu, "scaling_driver", environment->driver);
		int begins = is_known ? begins_core(root, cpus, cpu) : -1;
		is_known = begins >= 0;
		environment->n_cores += begins > 0;
	}
	if (!is_known)
		environment->n_cores = 0;
	environment->boost = read_boost(root);
	environment->smt = read_switch(root, "smt/active");
}

/* ---- Hypervisor and kernel --------------------------------------------- */

/* What the firmware of a guest says of its machine. Amazon's is that of its whole machines too. */
static void name_guest(const char *root, char name[32])
{
	static const char *const folder = "/sys/class/dmi/id";
	static const struct {
		const char *text, *name;
	} known[] = {
	    {"QEMU", "kvm"},
	    {"KVM", "kvm"},
	    {"Google", "kvm"},
	    {"OpenStack", "kvm"},
	    {"VMware", "vmware"},
	    {"VirtualBox", "virtualbox"},
	    {"Parallels", "parallels"},
	    {"HVM domU", "xen"},
	    {"Virtual Machine", "hyper-v"},
	    {"BHYVE", "bhyve"},
	};
	char vendor[64], product[64], both[130];
	ls_system_file_line(vendor, sizeof vendor, "%s%s/sys_vendor", root, folder);
	ls_system_file_line(product, sizeof product, "%s%s/product_name", root, folder);
	snprintf(both, sizeof both, "%s %s", vendor, product);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strstr(both, known[i].text)) {
			snprintf(name, 32, "%s", known[i].name);
			return;
		}
	if (strstr(vendor, "Amazon EC2") && !strstr(product, "metal"))
		snprintf(name, 32, "nitro");
}

/* Where the CPUs have flags, one of them says whether there is a hypervisor, so whole machines with the
 * firmware of a cloud are not taken for guests. The first CPU's are read: the file is long. */
static void read_hypervisor(const char *root, char name[32])
{
	char text[8192];
	if (ls_system_file_line(name, 32, "%s/sys/hypervisor/type", root))
		return;
	ls_system_file_read(text, sizeof text, "%s/proc/cpuinfo", root);
	const char *flags = ls_system_file_field(text, "flags");
	const char *end = flags ? strchr(flags, '\n') : NULL;
	const char *flag = flags ? strstr(flags, " hypervisor") : NULL;
	if (flags && (!flag || (end && flag > end)))
		return;
	name_guest(root, name);
	if (flags && !*name)
		snprintf(name, 32, "unnamed");
}

static void read_kernel(const char *root, char kernel[128])
{
	char name[32], release[90];
	ls_system_file_line(name, sizeof name, "%s/proc/sys/kernel/ostype", root);
	ls_system_file_line(release, sizeof release, "%s/proc/sys/kernel/osrelease", root);
	snprintf(kernel, 128, "%s%s%s", name, *name && *release ? " " : "", release);
}

/* ---- Time that was taken ----------------------------------------------- */

struct throttles {
	uint64_t n[LS_N_CONTROL_GROUP_MOUNTS];
	double seconds[LS_N_CONTROL_GROUP_MOUNTS];
};

static double read_count(const char *text, const char *name)
{
	const char *field = ls_system_file_field(text, name);
	double count = field ? ls_system_file_number(field) : 0;
	return count > 0 && count < 1e18 ? count : 0;
}

static void add_throttles(const struct ls_control_group *group, void *context)
{
	struct throttles *throttles = context;
	char text[2048];
	if (!ls_system_file_read(text, sizeof text, "%s/cpu.stat", group->folder))
		return;
	throttles->n[group->mount] += (uint64_t)read_count(text, "nr_throttled ");
	throttles->seconds[group->mount] +=
	    group->is_unified ? read_count(text, "throttled_usec ") * 1e-6 : read_count(text, "throttled_time ") * 1e-9;
}

/* A group is held up with every group above it, so they add up; two mounts may show the same ones. */
static void read_throttles(const char *root, struct lockstep_environment *environment)
{
	struct throttles throttles = {{0}, {0}};
	ls_control_group_walk(root, add_throttles, &throttles);
	for (size_t i = 0; i < LS_N_CONTROL_GROUP_MOUNTS; i++) {
		if (throttles.n[i] > environment->n_throttled)
			environment->n_throttled = throttles.n[i];
		if (throttles.seconds[i] > environment->throttled_seconds)
			environment->throttled_seconds = throttles.seconds[i];
	}
}

/* The eighth number behind "cpuN"; 0 where there is none. */
static double stolen_ticks(const char *line)
{
	for (int i = 0; i < 8 && *line; i++) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	double ticks = ls_system_file_number(line);
	return ticks > 0 && ticks < 1e18 ? ticks : 0;
}

static double read_stolen(const char *root, const struct ls_cpu_set *cpus)
{
	char path[4096], line[512];
	double ticks = 0;
	if (snprintf(path, sizeof path, "%s/proc/stat", root) >= (int)sizeof path)
		return 0;
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof line, file) && !strncmp(line, "cpu", 3)) {
		double cpu = ls_system_file_number(line + 3);
		if (cpu >= 0 && cpu < LS_CPU_SET_MAX && ls_cpu_set_has(cpus, (uint32_t)cpu))
			ticks += stolen_ticks(line);
	}
	fclose(file);
	return ticks / (double)sysconf(_SC_CLK_TCK);
}

static void read_load(const char *root, double load[3])
{
	char line[128];
	const char *at = line;
	ls_system_file_line(line, sizeof line, "%s/proc/loadavg", root);
	for (int i = 0; i < 3; i++) {
		load[i] = ls_system_file_number(at);
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
}

static double read_uptime(const char *root)
{
	char line[64];
	ls_system_file_line(line, sizeof line, "%s/proc/uptime", root);
	double seconds = ls_system_file_number(line);
	return seconds > 0 ? seconds : 0;
}

void ls_environment_read(const char *root, const struct ls_cpu_set *cpus, double seconds,
                         struct lockstep_environment *environment)
{
	struct ls_quota quota;
	memset(environment, 0, sizeof *environment);
	read_cpus(root, cpus, environment);
	read_hypervisor(root, environment->hypervisor);
	read_kernel(root, environment->kernel);
	ls_quota_read(root, &quota);
	environment->cpu_quota = quota.cpus;
	read_throttles(root, environment);
	environment->stolen_seconds = read_stolen(root, cpus);
	read_load(root, environment->load);
	environment->uptime = read_uptime(root);
	ls_environment_read_threads(root, cpus, seconds, environment);
}

void lockstep_environment_read(struct lockstep_environment *environment)
{
	struct ls_cpu_set cpus;
	ls_cpu_set_own(&cpus);
	ls_environment_read("", &cpus, THREADS_SECONDS, environment);
}
