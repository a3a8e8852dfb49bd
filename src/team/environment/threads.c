/* SPDX-License-Identifier: MIT
 *
 * Threads of other processes that are bound to CPUs of ours. Each costs a read of its `status`, some 10 us, so there is
 * a limit; the newest processes are looked at first, since kernel threads and the system's services have low numbers.
 *
 * A container's or a system's setting may confine all processes alike, and a shell under taskset confines what it
 * starts. That binds nobody against us: a thread counts if it may use less than process 1 may, and is not of
 * a process that we descend from.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "read.h"
#include "system_file.h"

#define STATUS_SIZE 8192 /* its lists of groups and CPUs may be long */
#define N_ANCESTORS 32

struct scan {
	const char *root;
	const struct ls_cpu_set *cpus;
	struct ls_cpu_set everywhere; /* what processes may use by default */
	double end;
	long family[N_ANCESTORS]; /* the process and those that it descends from */
	size_t n_family;
	struct lockstep_environment *environment;
	char status[STATUS_SIZE];
};

/* The process's number, or 0. */
static long number_of(const char *name)
{
	double number = ls_system_file_number(name);
	return name[strspn(name, "0123456789")] == '\0' && number >= 1 && number < 1e9 ? (long)number : 0;
}

static int is_family(const struct scan *scan, long pid)
{
	for (size_t i = 0; i < scan->n_family; i++)
		if (scan->family[i] == pid)
			return 1;
	return 0;
}

static void find_family(struct scan *scan)
{
	char path[4096], name[32];
	if (snprintf(path, sizeof path, "%s/proc/self", scan->root) >= (int)sizeof path)
		return;
	ssize_t n = readlink(path, name, sizeof name - 1);
	name[n > 0 ? n : 0] = '\0';
	long pid = number_of(name);
	while (pid > 0 && scan->n_family < N_ANCESTORS && !is_family(scan, pid)) {
		scan->family[scan->n_family++] = pid;
		ls_system_file_read(scan->status, STATUS_SIZE, "%s/proc/%ld/status", scan->root, pid);
		const char *parent = ls_system_file_field(scan->status, "PPid:");
		double number = parent ? ls_system_file_number(parent) : 0;
		pid = number < 1e9 ? (long)number : 0;
	}
}

/* CPUs that are online, as far as process 1 may use them; unknown: none, and nobody counts as bound. */
static void find_everywhere(struct scan *scan)
{
	struct ls_cpu_set first;
	char list[4096];
	ls_system_file_line(list, sizeof list, "%s/sys/devices/system/cpu/online", scan->root);
	ls_cpu_set_parse(&scan->everywhere, list);
	ls_system_file_read(scan->status, STATUS_SIZE, "%s/proc/1/status", scan->root);
	const char *allowed = ls_system_file_field(scan->status, "Cpus_allowed_list:");
	if (!allowed || !ls_cpu_set_parse(&first, allowed))
		return;
	for (uint32_t cpu = 0; cpu < LS_CPU_SET_MAX; cpu++)
		if (ls_cpu_set_has(&scan->everywhere, cpu) && !ls_cpu_set_has(&first, cpu))
			scan->everywhere.words[cpu / 64] &= ~(UINT64_C(1) << cpu % 64);
}

/* Reads a status; 0 when the time is up, the thread is gone, or the kernel's (it has no memory of its own). */
static int read_status(struct scan *scan, const char *path)
{
	if (ls_clock_seconds() > scan->end) {
		scan->environment->pinned_is_partial = 1;
		return 0;
	}
	return ls_system_file_read(scan->status, STATUS_SIZE, "%s", path) &&
	       ls_system_file_field(scan->status, "VmSize:");
}

/* Of the status that was read last. */
static void count_thread(struct scan *scan, long pid)
{
	struct lockstep_environment *environment = scan->environment;
	struct ls_cpu_set allowed;
	char name[64] = "", list[48];
	const char *text = ls_system_file_field(scan->status, "Cpus_allowed_list:");
	if (!text || !ls_cpu_set_parse(&allowed, text) || !ls_cpu_set_meets(&allowed, scan->cpus) ||
	    ls_cpu_set_covers(&allowed, &scan->everywhere))
		return;
	if (environment->n_pinned++)
		return;
	ls_system_file_copy(list, sizeof list, text);
	text = ls_system_file_field(scan->status, "Name:");
	if (text)
		ls_system_file_copy(name, sizeof name, text);
	snprintf(environment->pinned, sizeof environment->pinned, "%ld %s on %s", pid, name, list);
}

static void count_tasks(struct scan *scan, long pid)
{
	char folder[4096], path[4096 + 300];
	if (snprintf(folder, sizeof folder, "%s/proc/%ld/task", scan->root, pid) >= (int)sizeof folder)
		return;
	DIR *tasks = opendir(folder);
	if (!tasks)
		return;
	for (struct dirent *task; !scan->environment->pinned_is_partial && (task = readdir(tasks));) {
		if (!number_of(task->d_name))
			continue;
		snprintf(path, sizeof path, "%s/%s/status", folder, task->d_name);
		if (read_status(scan, path))
			count_thread(scan, pid);
	}
	closedir(tasks);
}

static void count_process(struct scan *scan, long pid)
{
	char path[4096];
	if (is_family(scan, pid) ||
	    snprintf(path, sizeof path, "%s/proc/%ld/status", scan->root, pid) >= (int)sizeof path ||
	    !read_status(scan, path))
		return;
	const char *n_threads = ls_system_file_field(scan->status, "Threads:");
	if (n_threads && ls_system_file_number(n_threads) == 1)
		count_thread(scan, pid);
	else
		count_tasks(scan, pid);
}

static int newest_first(const void *a, const void *b)
{
	long left = *(const long *)a, right = *(const long *)b;
	return (left < right) - (left > right);
}

/* All processes, newest first; caller frees. */
static long *list_processes(const char *root, size_t *n)
{
	char path[4096];
	long *pids = NULL;
	size_t capacity = 0;
	*n = 0;
	DIR *folder = snprintf(path, sizeof path, "%s/proc", root) < (int)sizeof path ? opendir(path) : NULL;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		long pid = number_of(entry->d_name);
		if (pid && *n == capacity) {
			long *larger = ls_memory_grow(pids, capacity * sizeof *pids, 2 * capacity + 512, sizeof *pids);
			if (!larger)
				break;
			pids = larger;
			capacity = 2 * capacity + 512;
		}
		if (pid)
			pids[(*n)++] = pid;
	}
	if (folder)
		closedir(folder);
	if (*n)
		qsort(pids, *n, sizeof *pids, newest_first);
	return pids;
}

void ls_environment_read_threads(const char *root, const struct ls_cpu_set *cpus, double seconds,
                                 struct lockstep_environment *environment)
{
	size_t n;
	struct scan *scan = ls_memory_allocate(1, sizeof *scan);
	if (!scan)
		return;
	scan->root = root;
	scan->cpus = cpus;
	scan->environment = environment;
	scan->end = ls_clock_seconds() + seconds;
	find_family(scan);
	find_everywhere(scan);
	long *pids = list_processes(root, &n);
	for (size_t i = 0; i < n && !environment->pinned_is_partial; i++)
		count_process(scan, pids[i]);
	ls_memory_free(pids);
	ls_memory_free(scan);
}
