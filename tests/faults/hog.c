/* SPDX-License-Identifier: MIT
 *
 * hog CPU SECONDS: keeps one processor busy with the lowest real-time priority,
 * so that no ordinary thread runs there, for at most five seconds. Status 77
 * where that is not allowed.
 */
#define _GNU_SOURCE /* processor sets */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_MAX 5
#define EXIT_SKIP 77

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

int main(int argc, char **argv)
{
	struct sched_param priority = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
	cpu_set_t set;
	if (argc != 3)
		return EXIT_FAILURE;
	double seconds = atof(argv[2]);
	if (!(seconds > 0 && seconds <= SECONDS_MAX))
		return EXIT_FAILURE;
	CPU_ZERO(&set);
	CPU_SET((unsigned)atoi(argv[1]), &set);
	alarm(SECONDS_MAX + 1);
	if (sched_setaffinity(0, sizeof set, &set) || sched_setscheduler(0, SCHED_FIFO, &priority)) {
		perror("hog");
		return EXIT_SKIP;
	}
	for (double end = now() + seconds; now() < end;)
		;
	return EXIT_SUCCESS;
}
