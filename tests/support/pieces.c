/* SPDX-License-Identifier: MIT
 *
 * One counter hands out the pieces, another counts the steps done; both only
 * grow, and nothing else is shared by the processes, so relaxed atomics do.
 */
#include "pieces.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES_MAX 64

struct progress {
	_Atomic size_t next_piece, steps;
};

static struct progress *progress;

void *pieces_shared(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("pieces: mmap");
		exit(99);
	}
	return memory;
}

void pieces_step(void)
{
	atomic_fetch_add_explicit(&progress->steps, 1, memory_order_relaxed);
}

static void work(const struct pieces *pieces)
{
	size_t i;
	while ((i = atomic_fetch_add_explicit(&progress->next_piece, 1, memory_order_relaxed)) < pieces->n)
		pieces->run(pieces->shared, i);
}

/* Per cent done, and minutes left at the speed so far. On a terminal the line is
 * written over; elsewhere there is one whenever another tenth is done. */
static void report(const struct pieces *pieces, time_t began, int ended)
{
	static size_t last_tenth;
	size_t all = pieces->n * pieces->steps, done = atomic_load_explicit(&progress->steps, memory_order_relaxed);
	double seconds = difftime(time(NULL), began), share = (double)done / (double)all;
	int terminal = isatty(STDERR_FILENO);
	size_t tenth = 10 * done / all;
	if (!terminal && !ended && tenth == last_tenth)
		return;
	last_tenth = ended ? 0 : tenth;
	fprintf(stderr, "%s%s: %3.0f %%, %.0f s", terminal ? "\r" : "", pieces->what, 100 * share, seconds);
	if (!ended && share > 0)
		fprintf(stderr, ", about %.0f s left   ", seconds / share - seconds);
	if (!terminal || ended)
		fputc('\n', stderr);
}

/* Waits for all processes; non-zero when one failed. */
static int wait_for_all(const struct pieces *pieces, size_t n_processes, time_t began)
{
	int failed = 0;
	while (n_processes > 0) {
		int status;
		pid_t child = waitpid(-1, &status, WNOHANG);
		if (child > 0) {
			failed |= !WIFEXITED(status) || WEXITSTATUS(status);
			n_processes--;
			continue;
		}
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
		report(pieces, began, 0);
	}
	report(pieces, began, 1);
	return failed;
}

static size_t count_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > PROCESSES_MAX ? PROCESSES_MAX : (size_t)n;
}

int pieces_run(const struct pieces *pieces)
{
	size_t n_processes = count_processors(), n_started = 0;
	time_t began = time(NULL);
	progress = pieces_shared(sizeof *progress);
	fflush(NULL); /* or every process would write what waits in stdout */
	for (; n_started < n_processes; n_started++) {
		pid_t child = fork();
		if (child == 0) {
			work(pieces);
			exit(0);
		}
		if (child < 0)
			break;
	}
	int failed = n_started == 0 || wait_for_all(pieces, n_started, began);
	failed |= atomic_load_explicit(&progress->next_piece, memory_order_relaxed) < pieces->n;
	munmap(progress, sizeof *progress);
	return failed;
}
