/* SPDX-License-Identifier: MIT
 *
 * What the parts of the benchmark have in common.
 */
#include "bench_run.h"

#include <stdio.h>
#include <string.h>

#include "cli/print/message.h"

/* Every measurement makes its own team, which would warn anew. */
void ls_bench_on_warning(const char *message, void *context)
{
	struct ls_bench_run *run = context;
	if (strcmp(message, run->warning.message) == 0)
		return;
	snprintf(run->warning.message, sizeof run->warning.message, "%s", message);
	ls_progress_clear(&run->progress);
	ls_message_note(LS_BENCH_COMMAND, "%s", message);
}

/* Short enough for any terminal. */
void ls_bench_say(struct ls_bench_run *run, const char *part, const char *layers, uint32_t workers)
{
	if (!run->progress.live)
		return;
	ls_progress_clear(&run->progress);
	fprintf(stderr, "%s%s%s", part, *layers ? ", " : "", layers);
	if (workers)
		fprintf(stderr, ", %u worker%s", workers, workers == 1 ? "" : "s");
	fflush(stderr);
	run->progress.drawn = 1;
}

int ls_bench_failed(struct ls_bench_run *run, const lockstep_error *error)
{
	ls_progress_clear(&run->progress);
	return ls_message_error(LS_BENCH_COMMAND, error);
}

const struct ls_bench_report *ls_bench_reporter(struct ls_bench_run *run)
{
	ls_progress_clear(&run->progress);
	return run->report;
}

int ls_bench_reported(int no_memory)
{
	return no_memory ? ls_message_failed(LS_BENCH_COMMAND, "out of memory for the result") : LS_EXIT_DONE;
}

int ls_bench_find_peak(struct ls_bench_run *run, uint32_t workers)
{
	lockstep_error error;
	if (run->peaks[workers] > 0)
		return LS_EXIT_DONE;
	ls_bench_say(run, "FMA peak", "", workers);
	return lockstep_bench_peak(workers, &run->options.measure, &run->peaks[workers], &error)
	           ? ls_bench_failed(run, &error)
	           : LS_EXIT_DONE;
}
